/* What the mob has gathered: keys, coins with their lines, certificates, orders overheard. */
#ifndef DCEP_TESTS_SIMULATION_MOB_LOOT_H
#define DCEP_TESTS_SIMULATION_MOB_LOOT_H

#include "tests/simulation/lookup.h"
#include "tests/simulation/mob.h"

enum { MOB_LINE_MAX = 24, MOB_ORDERS = 32, MOB_PAIRS = 2048 };

struct mob_pair {
    struct key_pair pair;
    size_t person;
};
struct mob_coin {
    struct cose token;
    struct cose payments[MOB_LINE_MAX + 1];
    struct public_key signers[MOB_LINE_MAX + 1];
    size_t payment_count;
    uint64_t serial;
    struct amount amount;
    struct public_key owner_key;
    struct id coin_id;
};
struct mob_order {
    enum verb verb;
    struct order_body body;
    size_t bank;
};
struct mob {
    struct sim *sim;
    struct mob_pair pairs[MOB_PAIRS];
    size_t pair_count;
    struct mob_coin *coins;
    size_t coin_count, coin_capacity;
    struct lookup known;     /* coin ids in coins */
    struct lookup by_key;    /* position + 1 in pairs */
    struct lookup certified; /* position + 1 in certificates, by signer's key */
    struct cose *certificates;
    size_t certificate_count, certificate_capacity;
    struct mob_order orders[MOB_ORDERS];
    size_t order_count;
};

const struct mob_pair *mob_pair_of(const struct mob *mob, const struct public_key *key);
/* Kept if it is a key's of the mob, new, and its line can still grow. */
void mob_loot_add(struct mob *mob, const struct mob_coin *coin);
void mob_loot_token(struct mob *mob, const struct cose *token);
/* The coins that the thieves' wallets hold now. */
void mob_loot_gather(struct mob *mob);
/* Any coin, more likely one of the last. NULL: none yet. Valid until something is added. */
const struct mob_coin *mob_loot_any(struct mob *mob);

/* The packet of these coins' lines, with the certificates that are known; in the run's arena. */
struct span mob_packet(struct mob *mob, const struct mob_coin *coins, size_t count);
/* Some of the leaves of a packet with their lines; false if it has but one. */
bool mob_packet_part(struct mob *mob, struct span *part, struct span packet, struct arena *arena);

/* --- what it does with them (mob.c) --- */
/* A payment of a coin, whatever was done with it before. Outputs of its own become loot. */
void mob_spend(struct mob *mob, struct mob_coin *paid, const struct mob_coin *coin,
               const struct output *outputs, size_t count, const struct id *reference);
/* Handed in at a thief's bank. */
void mob_settle(struct mob *mob, const struct mob_coin *coin, struct arena *arena);

#endif
