/* A crowd for the load generators, made again from a few numbers wherever it is needed: wallets
 * whose keys follow from a seed, and tokens that register_preload put into the register's rows.
 *
 * Nothing secret is in it, and nothing of it is stored: the key of wallet N is a hash of the seed
 * and N, the token of coin N bears the serial first_serial + N, belongs to wallet N mod
 * wallet_count, and its signature is CROWD_SIGNATURE bytes: the register believes its rows, not the
 * signature of a token that has one. A bank has no rows, so for a bank they are signed. Every
 * function CHECKs. */
#ifndef DCEP_TOOLS_BENCH_CROWD_H
#define DCEP_TOOLS_BENCH_CROWD_H

#include "common/money/trust.h"

enum { CROWD_COIN_FEN = 1000, CROWD_SIGNATURE = 0x42, CROWD_LINE_MAX = 5, CROWD_THREADS_MAX = 16 };

struct crowd {
    uint64_t seed;
    size_t wallet_count;
    uint64_t first_serial, coin_count, issued_day; /* as register_preload told */
    struct key_pair *wallets;
    const struct trust *trust;
    const struct key_pair *issuing_key; /* NULL: tokens bear CROWD_SIGNATURE; else real ones */
};
void crowd_open(struct crowd *crowd); /* after the numbers are set: makes the keys */
void crowd_fini(struct crowd *crowd);

const struct key_pair *crowd_owner(const struct crowd *crowd, uint64_t coin);
/* The packet that pays a coin, appended to out: its token and a line of payments, each of all but a
 * fen to another wallet, the fen back as change. variant tells two payments of one coin apart.
 * counter: of the first payment; no payment of a wallet may have another's. */
void crowd_pay(struct buffer *out, const struct crowd *crowd, uint64_t coin, size_t line,
               uint64_t variant, uint64_t counter);

/* work(context, share, from, to) over parts of count, a thread for each core. */
void crowd_share_out(size_t count,
                     void (*work)(void *context, size_t share, size_t from, size_t to),
                     void *context);
size_t crowd_cores(void);

/* Signs tokens with CROWD_SIGNATURE and does everything else like libcrypto. */
const struct crypto *crowd_mint_crypto(void);

#endif
