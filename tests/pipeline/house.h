/* A central bank with its pipeline, in this process, and what banks send it. Every function CHECKs;
 * what is being tested is told to house_check. */
#ifndef DCEP_TESTS_PIPELINE_HOUSE_H
#define DCEP_TESTS_PIPELINE_HOUSE_H

#include "central/serve_pipeline.h"
#include "central/tables.h"
#include "tests/support/world.h"

/* LOG_PAGES: short, so that it is settled often, as a server does it. LATE_MAX: few, so that keys
 * arrive in the file with nearly every commit (docs/adr/0055). WAIT_MS: nothing takes so
 * long but what never ends. */
enum {
    PACKETS = 125,
    COIN_FEN = 10,
    PATH_SIZE = 128,
    WAIT_MS = 240000,
    LOG_PAGES = 640,
    LATE_MAX = 40
};

struct bank_house {
    struct world *world;
    struct store *store;
    struct service service;
    struct net_server *server;
    struct serve_pipeline *pipeline;
    char folder[PATH_SIZE / 2], address[PATH_SIZE];
};
void house_open(struct bank_house *house, struct world *world, size_t worker_count);
void house_open_with(struct bank_house *house, struct world *world, size_t worker_count,
                     const struct serve_batch_chores *chores);
void house_close(struct bank_house *house);
/* Fresh coins of one wallet; the pipeline is empty. */
void house_mint(struct bank_house *house, struct world_coin *coins, size_t count,
                struct world_wallet *owner);
uint64_t house_count(struct bank_house *house, const struct table *table);

void house_check(bool is_so, const char *what, size_t number);
void house_check_books(struct bank_house *house, size_t number);
void house_check_ahead(struct bank_house *house, size_t number);
bool house_passed(void); /* says how many; true: none failed */

/* A call, and the answer to it. */
struct wanted {
    struct buffer request, reply;
    struct nonce id;
    enum verb verb;
};
void house_seal(struct wanted *out, struct world *world, enum verb verb, const void *body,
                size_t bank);
/* All coins, at most PACKETS, paid to one payee. */
void house_settle(struct wanted *out, struct world *world, const struct world_coin *coins,
                  size_t count, struct world_wallet *payee, size_t bank);
void house_finish(struct wanted *calls, size_t count);

#endif
