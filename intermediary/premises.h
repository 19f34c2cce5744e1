/* The bank's premises: database, keys and the line to the central bank, opened for a command or for
 * the server. One a process; it is the context of cli. */
#ifndef DCEP_INTERMEDIARY_PREMISES_H
#define DCEP_INTERMEDIARY_PREMISES_H

#include "common/cli/cli.h"
#include "common/net/net.h"
#include "intermediary/branch.h"

struct premises {
    struct branch branch;
    char name[NAME_SIZE_MAX + 1];
    char listen[ADDRESS_SIZE_MAX + 1]; /* what wallets are told */
    char central_address[ADDRESS_SIZE_MAX + 1], central_name[64];
    struct secret client_key; /* TLS, of the line to the central bank */
    struct buffer client_certificate, central_authority;
    struct net_client *line;
    uint64_t timeout_ms;
    uint64_t loads;            /* how often premises_load read them */
    uint64_t resting_until_ms; /* a line that timed out is let alone for a moment */
    bool has_keys, is_server;
    bool is_broken; /* memory and database may differ: the server must stop */
};

/* For cli_program.open: no passphrase is needed. Exit code. */
int premises_open(struct cli *cli);
int premises_open_exclusive(struct cli *cli); /* the server's: nobody else may open it */
void premises_close(struct cli *cli);
struct premises *premises_of(const struct cli *cli);
/* Reads again what admission and fetches changed. */
int premises_load(struct cli *cli);

/* How to reach the central bank; borrowed until the next premises_load. */
struct net_client_options premises_line(const struct premises *premises);

/* The signing keys and the TLS key; asks for their passphrase if they are sealed. The passphrase is
 * given out if out is not NULL. */
int premises_open_keys(struct cli *cli, struct secret *out);

/* A command at work: env for branch_run and the modules. */
struct premises_job {
    struct arena arena;
    struct branch_env env;
};
enum premises_need { PREMISES_ROWS, PREMISES_ADMITTED, PREMISES_KEYS /* and admitted */ };
int premises_begin(struct cli *cli, struct premises_job *job, enum premises_need need);
/* The exit code of what was done: a failure, or a status that says no. */
int premises_end(struct cli *cli, enum err error, enum status status, const char *hint);
void premises_job_fini(struct premises_job *job);

#endif
