/* A bank as the load generators play it: its keys, its admission, lines to the central bank.
 *
 * The directory is one that tests/acceptance/bank_tool.c made. Every function CHECKs. */
#ifndef DCEP_TOOLS_BENCH_LOAD_BANK_H
#define DCEP_TOOLS_BENCH_LOAD_BANK_H

#include "common/money/call.h"
#include "common/money/trust.h"
#include "common/net/net.h"

enum { LOAD_CLIENTS_MAX = 64, LOAD_WAIT_MS = 60000 };
struct load_bank {
    struct arena arena;
    char network[NETWORK_SIZE_MAX + 1];
    struct key_pair bank_key;
    struct trust trust; /* of the directory in its admission */
    struct net_client *clients[LOAD_CLIENTS_MAX];
    size_t client_count;
};
void load_bank_open(struct load_bank *bank, const char *directory, const char *admission_file,
                    size_t client_count);
/* Only the trust is the bank's: the clients are wallets', at the address of a dcep-bank whose
 * certificate they pin. */
struct load_door {
    const char *address, *tls_name, *certificate_file;
};
void load_bank_open_door(struct load_bank *bank, const struct load_door *door,
                         const char *admission_file, size_t client_count);
void load_bank_fini(struct load_bank *bank);

struct load_answer {
    struct nonce call_id;
    struct buffer reply;
    enum err error; /* of the call: no reply if it is not ERR_OK */
};
/* Packets sealed as one call by that key and sent on one of the lines. Waits for the answer. */
void load_bank_settle(struct load_answer *out, const struct load_bank *bank, size_t client,
                      const struct settle_body *body, const struct key_pair *sender);
/* What the answer says: its status, and its body in arena. */
enum status load_bank_read(struct settle_reply *out, const struct load_answer *answer,
                           struct arena *arena);

#endif
