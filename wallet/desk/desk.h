/* A wallet opened for one command: its lock, its master key (by PIN, or from the agent of an
 * unlocked wallet), its sealed database, the way to its bank. The shell around the core. */
#ifndef DCEP_WALLET_DESK_DESK_H
#define DCEP_WALLET_DESK_DESK_H

#include "common/cli/cli.h"
#include "common/net/net.h"
#include "wallet/keys/holder_tpm.h"
#include "wallet/keys/pin.h"
#include "wallet/state/wallet.h"

enum { DESK_KEYS_MAX = 32 };
struct desk {
    struct cli *cli;
    struct wallet wallet;
    bool is_looking;    /* changes nothing: a disk that cannot be written to is no hindrance */
    bool is_unwritable; /* and is one: said already */
    bool has_lock;
    int lock_fd;
    struct safe_key master;
    struct safe_key key_of_keys,
        key_of_element; /* derived: seals private keys; opens an element's */
    bool is_pin_shown;  /* a PIN that is right was given to this very command, or there is none */
    struct net_client *client;
    size_t step, step_count;    /* of a sync, for whoever watches; 0: no steps */
    struct holder holder;       /* the wallet's, if a secure element has its keys */
    struct holder_tpm *element; /* opened when a key is first needed */
    bool is_peer_refused; /* the last call: whoever answered is not the bank of the join file */
    int exit_code;        /* of a question that failed, with its error set; else CLI_OK */
    struct key_pair opened[DESK_KEYS_MAX]; /* so that each is loaded once */
    size_t opened_count;
    struct arena arena; /* for what a command keeps until its end */
};

/* Each gives an exit code, the error set. desk_open wants a wallet that has joined; desk_make makes
 * directory, PIN and database if there are none (--no-passphrase: no PIN, with a warning). */
int desk_open(struct desk *out, struct cli *cli) MUST_USE;
/* As desk_open, for what only looks: on a full or read-only disk too, where nothing else works. */
int desk_open_to_look(struct desk *out, struct cli *cli) MUST_USE;
int desk_make(struct desk *out, struct cli *cli) MUST_USE;
/* As desk_open, for what a restored wallet does not do before it synced. */
int desk_open_synced(struct desk *out, struct cli *cli) MUST_USE;
void desk_close(struct desk *desk); /* fit for AUTO */

/* While a command waits for somebody it does not hold the database: other commands can use the
 * wallet. Keys that were opened stay open. desk_wake waits a little for whoever has it. */
void desk_rest(struct desk *desk);
int desk_wake(struct desk *desk) MUST_USE;
/* desk_element.c. take: the wallet's keys are in a secure element. new: they are going to be. */
void desk_take_element(struct desk *desk);
int desk_new_element(struct desk *desk) MUST_USE;

/* A failure of the machinery as an exit code. */
int desk_fail(struct desk *desk, enum err error) MUST_USE;
/* A refusal as an exit code, with what to do next. */
int desk_refuse(struct desk *desk, enum status status) MUST_USE;

/* --- the PIN (desk_pin.c) --- */
/* The part of desk_open before the database: lock and master key. For commands that need no row. */
int desk_unlock(struct desk *out, struct cli *cli) MUST_USE;
/* Before what only the PIN's owner may do, even while the wallet is unlocked (raising a limit,
 * changing the PIN): asks for it and checks it, unless this command was given it already. CLI_OK:
 * it was right, or the wallet has none. */
int desk_demand_pin(struct desk *desk) MUST_USE;
/* A wallet that an earlier, failed init left without a PIN gets one, unless --no-passphrase. */
int desk_finish_pin(struct desk *desk) MUST_USE;
/* To the one in --new-pin-file, or asked for twice; the old one was demanded before. */
int desk_change_pin(struct desk *desk) MUST_USE;
/* A wallet, or the beginning of one. */
bool desk_is_there(const struct cli *cli);
bool desk_has_pin(const struct cli *cli);
/* Sealed, and nobody holds it unlocked: opening asks for the PIN. */
bool desk_is_locked(const struct cli *cli);
/* Whoever holds it unlocked forgets the master key. Waits for no other command. */
int desk_lock(struct desk *out, bool *was_unlocked, struct cli *cli) MUST_USE;

#endif
