/* Inside the purse: the look-ups that its files share. Not for other rooms. */
#ifndef DCEP_COMMON_PURSE_PURSE_ROW_H
#define DCEP_COMMON_PURSE_PURSE_ROW_H

#include "common/purse/purse.h"

/* Rows equal in an index's first fields (index_number -1: the key's). */
enum err purse_rows(struct purse_env *env, struct list *out, const struct table *table,
                    int index_number, size_t prefix_count, const void *from) MUST_USE;
/* Is there a row of this key? *found false and ERR_OK if not; the row is filled if so. */
enum err purse_find(struct purse_env *env, bool *found, const struct table *table,
                    void *row) MUST_USE;
/* The next number of a row; one count for keys, plans, requests and packets. */
enum err purse_next_number(struct purse_env *env, uint64_t *number) MUST_USE;
enum err purse_coin_put(struct purse_env *env, const struct purse_coin *coin) MUST_USE;
/* The coin is gone by the register's word: its row deleted, a tomb set. Absent is fine. */
enum err purse_forget(struct purse_env *env, uint64_t serial, const struct id *coin_id) MUST_USE;
enum err purse_is_tombed(struct purse_env *env, bool *tombed, uint64_t serial,
                         const struct id *coin_id) MUST_USE;
enum err purse_items(struct purse_env *env, struct purse_plan_item_list *out,
                     const struct id *plan_id) MUST_USE;
/* The line of a coin: its token and its payments, root first, as COSE. ERR_INTEGRITY if a part is
 * missing. */
struct purse_line {
    struct purse_token token;
    struct purse_payment payments[PACKET_PAYMENTS_MAX];
    size_t payment_count;
};
enum err purse_line(struct purse_env *env, struct purse_line *out,
                    const struct purse_coin *coin) MUST_USE;
/* The register's word on every coin of the plan is here. */
enum err purse_settled(struct purse_env *env, struct purse_plan *plan) MUST_USE;
/* A packet to be handed in, once. */
enum err purse_inbox_put(struct purse_env *env, struct span bytes) MUST_USE;
/* The line of a coin as a packet for the register: without certificates. ERR_LIMIT: too deep. */
enum err purse_line_packet(struct purse_env *env, struct span *packet,
                           const struct purse_coin *coin) MUST_USE;
/* Can a payee be shown the line of this coin? What came from the register came without the signers'
 * certificates: it is exchanged at the next sync before it can be paid on. */
enum err purse_is_showable(struct purse_env *env, bool *showable,
                           const struct purse_coin *coin) MUST_USE;
/* The packet of a plan from its lines and the given payments of its items. */
enum err purse_build(struct purse_env *env, struct span *packet, const struct purse_plan *plan,
                     const struct purse_plan_item_list *items,
                     const struct cose *signed_items) MUST_USE;

#endif
