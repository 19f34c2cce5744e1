/* A street with a bank in it, for tests: bank A of the small world, over a memory store, calling
 * the real central bank of tests/central/hall.h; wallets that call it. Every act of the central
 * bank checks the law of the books; closing the street checks the bank's own: each account is what
 * its journal says, and no withdrawal is debited without its tokens or an order for them. */
#ifndef DCEP_TESTS_INTERMEDIARY_STREET_H
#define DCEP_TESTS_INTERMEDIARY_STREET_H

#include "central/service.h"
#include "intermediary/branch.h"
#include "intermediary/certify.h"
#include "intermediary/customers.h"
#include "intermediary/deposits.h"
#include "intermediary/relay.h"
#include "intermediary/teller.h"
#include "intermediary/vaultroom.h"
#include "tests/central/hall.h"

struct street {
    struct hall hall;
    struct service central;
    struct branch bank;
    /* The line between them: */
    bool is_cut;            /* nothing arrives */
    size_t calls_until_cut; /* so many arrive yet, then nothing; 0: not counted */
    size_t lost_replies;    /* the next ones are carried out, and their answers lost */
    bool is_empty;          /* an order's answer says OK and holds nothing */
    /* What becomes of an answer on its way; NULL: nothing. */
    void (*on_answer)(struct street *street, struct buffer *reply, struct span request);
    void *on_answer_context;
    size_t call_count;
    uint64_t chance; /* the state of the random numbers */
    struct arena arena;
};
void street_open(struct street *out);
void street_close(struct street *street);
void street_audit(struct street *street);

/* A customer with money in the account, and a wallet that has joined: its key is certified by the
 * bank. */
struct resident {
    struct world_wallet wallet; /* lives as long as its coins */
    uint64_t number;
};
void street_resident(struct resident *out, struct street *street, const char *name, uint64_t tier,
                     uint64_t fen);
uint64_t street_customer(struct street *street, const char *name, uint64_t tier, uint64_t fen);
struct nonce street_code(struct street *street, uint64_t customer);
enum status street_join(struct street *street, struct world_wallet *wallet,
                        const struct nonce *code);
struct customer street_get(struct street *street, uint64_t number);

/* Money into the vault: ordered and approved. */
void street_stock(struct street *street, uint64_t fen);
uint64_t street_vault(struct street *street); /* fen free to use */
/* The vault's key pays every coin that its orders name elsewhere, before they arrive. */
void street_rob(struct street *street);
void street_approve_all(struct street *street, bool approved);

/* One call of a wallet, signed by its key, and the status it got. reply as the verb's. */
enum status street_call(struct street *street, void *reply, enum verb verb, const void *body,
                        const struct key_pair *pair);
enum status street_call_id(struct street *street, void *reply, enum verb verb, const void *body,
                           const struct key_pair *pair, const struct nonce *call_id);
/* A withdrawal of these amounts (ended by 0). */
struct note_order {
    struct withdrawal withdrawal;
    struct amount_item amounts[WITHDRAWAL_AMOUNTS_MAX];
    struct cose cose;
};
void street_ask(struct note_order *out, struct street *street, struct resident *resident,
                const uint64_t *fens);
enum status street_withdraw(struct street *street, struct tokens_reply *reply,
                            const struct note_order *order, const struct resident *resident);
/* Withdrawn as one coin. */
void street_coin(struct world_coin *out, struct street *street, struct resident *resident,
                 uint64_t fen);
/* Packets of these coins' lines, handed in by a wallet. */
enum status street_settle(struct street *street, struct settle_reply *reply,
                          const struct span *packets, size_t count,
                          const struct resident *resident);
struct span street_packet(struct street *street, const struct world_coin *coin);

/* The bank's own work, once; what still waits. */
bool street_work(struct street *street);

/* A step of the core in a transaction of its own. */
struct branch_env street_begin(struct street *street);
void street_end(struct street *street);
struct branch_env street_env(struct street *street); /* for functions with their own */
size_t street_count(struct street *street, const struct table *table);

#endif
