/* The operator's office: the opened central bank that commands and the server work in. One a
 * process.
 *
 * A command is a function over one transaction (office_run): it reads and changes rows through a
 * register_env, fills the JSON result, and gives an exit code; nothing is kept unless it is 0 or
 * 8. What people see is said after the commit. */
#ifndef DCEP_CENTRAL_OFFICE_H
#define DCEP_CENTRAL_OFFICE_H

#include "central/service.h"
#include "common/cli/cli.h"

struct office {
    struct service service;
    char address[ADDRESS_SIZE_MAX + 1]; /* what banks connect to */
    bool is_server;
    bool has_keys; /* the signing keys of service are there */
    bool
        is_stale; /* directory or revocations changed: trust must be loaded anew after the commit */
    bool is_broken; /* memory and database may differ: the server must stop */
};

/* Opens the database of the data directory and what it trusts; no passphrase is needed. Exit code.
 * For cli_program.open: the office becomes the context of cli. */
int office_open(struct cli *cli);
int office_open_exclusive(struct cli *cli); /* the server's: nobody else may open it */
void office_close(struct cli *cli);
struct office *office_of(const struct cli *cli);

/* The signing keys; asks for their passphrase if they are sealed. Nothing to do if they are there.
 * */
int office_open_keys(struct cli *cli);
int office_open_keys_with(struct cli *cli, struct span passphrase);
/* Of a key file in the data directory; empty, and nobody asked, if that is not sealed. */
int office_passphrase(struct cli *cli, struct secret *out, const char *key_file,
                      const char *prompt);

enum office_need {
    OFFICE_READ,
    OFFICE_WRITE,
    OFFICE_SIGN /* write, and the signing keys */
};
int office_run(struct cli *cli, enum office_need need,
               enum err (*work)(struct cli *cli, int *code, struct register_env *env));
/* Directory and revocation list from the rows, in a transaction of its own. Needs the keys. */
enum err office_load_trust(struct office *office) MUST_USE;

#endif
