/* What the files of the desk share. Of this room only. */
#ifndef DCEP_WALLET_DESK_DESK_INSIDE_H
#define DCEP_WALLET_DESK_DESK_INSIDE_H

#include "wallet/desk/desk.h"

#define DESK_DATABASE "wallet.db"
#define DESK_PIN_FILE "wallet.pin"
#define DESK_LOCK_FILE "wallet.lock"

void desk_prepare(struct desk *desk, struct cli *cli); /* first of all; nothing can fail */
/* The wallet is this process's alone; who has it is waited for. */
int desk_take_lock(struct desk *desk, int wait_ms) MUST_USE;
enum err desk_open_store(struct desk *desk, const char *path, bool create) MUST_USE;
/* desk_look.c: a copy of it where there is room. */
enum err desk_open_copy(struct desk *desk, const char *database) MUST_USE;
/* A disk that is full, or only to be read, and a command that only looks? Warns. */
bool desk_may_look(struct desk *desk, enum err error);
/* The wallet could not be opened: an exit code. */
int desk_fail_open(struct desk *desk, enum err error) MUST_USE;
/* desk_unlock for a wallet that may not be there yet: then its PIN is chosen and its master key
 * drawn. */
int desk_make_pin(struct desk *out, struct cli *cli) MUST_USE;

#endif
