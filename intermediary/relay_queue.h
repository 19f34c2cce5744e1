/* Inside the relay: packets in the queue, from keeping to the register's word. Everything here is
 * done inside a transaction. Not for other files. */
#ifndef DCEP_INTERMEDIARY_RELAY_QUEUE_H
#define DCEP_INTERMEDIARY_RELAY_QUEUE_H

#include "common/money/packet.h"
#include "intermediary/relay.h"

/* Counters of one transaction, read at most once and written once, by relay_queue_put. One
 * customer's at a time: another's are written first. Zeroed = valid. */
struct relay_tally {
    bool has_count, has_customer;
    struct relay_count count;
    struct relay_customer customer;
    uint64_t next_number, numbers_left; /* of rows, taken many at a time */
};
enum err relay_queue_put(struct branch_env *env, struct relay_tally *tally) MUST_USE;
enum err relay_queue_count(struct branch_env *env, struct relay_count *out) MUST_USE;
/* May so many more wait, in the house and of this customer? STATUS_OK or STATUS_BUSY. */
enum err relay_queue_room(struct branch_env *env, enum status *status, struct relay_tally *tally,
                          uint64_t customer, size_t count) MUST_USE;

/* As the register would judge a packet, but for its rows: whether a line starts at a coin that it
 * knows, under which issuing key, can only be asked there. Who certified the signers it does not
 * ask either. view is empty where that was left open. */
enum err relay_queue_verdict(struct branch_env *env, enum status *verdict, struct packet_view *view,
                             struct span packet, struct arena *arena) MUST_USE;
/* The same without signatures and points, for what is handed on at once: as long as the register
 * answers it says so itself. Not for a customer who once handed in what was badly signed: that is
 * checked here, as everything is while the register is away. */
enum err relay_queue_look(struct branch_env *env, enum status *verdict, struct packet_view *view,
                          struct span packet, uint64_t customer, struct arena *arena) MUST_USE;
/* Once: *number is its row's, new or not. STATUS_OK, or STATUS_BUSY and nothing is kept. */
enum err relay_queue_keep(struct branch_env *env, enum status *status, uint64_t *number,
                          struct relay_tally *tally, struct span packet,
                          uint64_t customer) MUST_USE;

/* The register's word about a packet. */
struct relay_told {
    struct span packet;
    const struct packet_view *view; /* NULL: not at hand */
    uint64_t number;                /* of its row; 0: not at hand */
    uint64_t customer;              /* who handed it in; 0: not at hand */
    const struct settle_result *result;
    const struct settle_reply *reply; /* that it is a part of */
};
enum err relay_queue_learn(struct branch_env *env, struct relay_tally *tally,
                           const struct relay_told *told) MUST_USE;

#endif
