/* Makes the calls a bank sends to the register, in bulk: orders of money, exchanges, settlements.
 *
 * Coins that are issued belong to the bank's vault key, those of an exchange to a thousand keys in
 * turn, as they would to wallets. The payee is nobody's key. Every function CHECKs: a benchmark of
 * refusals would measure nothing. Coins live in the mill's arena. */
#ifndef DCEP_TOOLS_BENCH_MILL_H
#define DCEP_TOOLS_BENCH_MILL_H

#include "common/money/call.h"
#include "common/wire/message.h"

enum { MILL_OWNERS = 1024 };
struct mill {
    char network[NETWORK_SIZE_MAX + 1];
    struct key_pair bank_key, vault_key;
    struct public_key register_key, payee_key;
    struct key_pair owners[MILL_OWNERS];
    size_t next_owner;
    uint64_t now, directory_version; /* seconds */
    uint64_t counter;                /* of the payments */
    struct arena arena;
};
struct mill_coin {
    struct cose token;
    const struct key_pair *owner;
    uint64_t serial;
    struct amount amount;
    struct id coin_id;
};
struct mill_call {
    struct buffer bytes;
    struct nonce id;
    enum verb verb;
};
void mill_open(struct mill *mill); /* after network and keys are set */
void mill_fini(struct mill *mill);
void mill_call_fini(struct mill_call *call);

/* The order of that number: count coins of so many fen each. Its bytes never change, so that it can
 * be sent until it is approved. */
void mill_issue(struct mill_call *out, struct mill *mill, uint64_t number, size_t count,
                uint64_t fen);
/* A coin into so many equal ones. */
void mill_exchange(struct mill_call *out, struct mill *mill, const struct mill_coin *coin,
                   size_t output_count);
/* A packet for each coin: its token and one payment, part to the payee, the rest back. */
void mill_settle(struct mill_call *out, struct mill *mill, const struct mill_coin *coins,
                 size_t count);

/* The coins of an issue's or exchange's reply; false if it is PENDING. */
bool mill_take_coins(struct mill *mill, struct mill_coin *coins, size_t count,
                     const struct mill_call *call, struct span reply);
/* CHECKs that every packet settled. */
void mill_check_settled(const struct mill_call *call, size_t count, struct span reply);

#endif
