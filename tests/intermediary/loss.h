/* A customer of the street's bank whose wallet is lost, and who has a new one, for tests. */
#ifndef DCEP_TESTS_INTERMEDIARY_LOSS_H
#define DCEP_TESTS_INTERMEDIARY_LOSS_H

#include "intermediary/recovery.h"
#include "tests/intermediary/street.h"

/* Alice has a coin in a wallet that is lost, and a new wallet. */
struct loss {
    struct street street;
    struct resident alice;
    struct world_wallet fresh;
    struct nonce code; /* that the new wallet joined by */
    struct world_coin coins[4];
    uint64_t day; /* on which the coins can be refunded */
};

/* fens: the lost wallet's coins, ended by 0. */
void loss_give_up(struct loss *loss, size_t expected);
void loss_open(struct loss *out, const uint64_t *fens);
void loss_close(struct loss *loss);
void loss_move_to(struct loss *loss, uint64_t day);
uint64_t loss_owned(struct loss *loss, const struct key_pair *pair);
enum status loss_refund(struct loss *loss, struct recovery_report *report);
enum status loss_advance(struct loss *loss, struct recovery_advance *out, uint64_t fen,
                         uint64_t customer_max, uint64_t bank_max);
struct advance_list loss_advances(struct loss *loss);

#endif
