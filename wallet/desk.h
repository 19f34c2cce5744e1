/* A wallet opened for one command: its database, held alone; its keys under the PIN, asked for only
 * when one is needed; the way to its bank. The shell around the core. */
#ifndef DCEP_WALLET_DESK_H
#define DCEP_WALLET_DESK_H

#include "common/cli/cli.h"
#include "common/net/net.h"
#include "wallet/holder_tpm.h"
#include "wallet/wallet.h"

enum { DESK_KEYS_MAX = 32 };
struct desk {
    struct cli *cli;
    struct wallet wallet;
    struct secret pin;
    bool has_pin, is_sealed; /* known once the first key was opened, or chosen by init */
    int exit_code;           /* of a question that failed, with its error set; else CLI_OK */
    struct net_client *client;
    struct holder holder;                  /* the wallet's, if a secure element has its keys */
    struct holder_tpm *element;            /* opened when a key is first needed */
    struct key_pair opened[DESK_KEYS_MAX]; /* so that a PIN is stretched once a key */
    size_t opened_count;
    struct arena arena; /* for what a command keeps until its end */
};

/* Each gives an exit code, the error set. desk_open wants a wallet that has joined; desk_make makes
 * the directory and the database if there are none. */
int desk_open(struct desk *out, struct cli *cli) MUST_USE;
int desk_make(struct desk *out, struct cli *cli) MUST_USE;
void desk_close(struct desk *desk); /* fit for AUTO */

/* desk_element.c. take: the wallet's keys are in a secure element. new: they are going to be. */
void desk_take_element(struct desk *desk);
int desk_new_element(struct desk *desk) MUST_USE;

/* A failure of the machinery as an exit code. */
int desk_fail(struct desk *desk, enum err error) MUST_USE;
/* A refusal as an exit code, with what to do next. */
int desk_refuse(struct desk *desk, enum status status) MUST_USE;
/* The PIN of a new wallet, or of one that init began; --no-passphrase: none, with a warning. */
int desk_choose_pin(struct desk *desk, bool is_new) MUST_USE;

#endif
