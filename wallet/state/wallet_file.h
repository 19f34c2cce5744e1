/* What a wallet gives to others and takes from them, as files of its network: wrapping and
 * unwrapping, with statuses for people. */
#ifndef DCEP_WALLET_STATE_WALLET_FILE_H
#define DCEP_WALLET_STATE_WALLET_FILE_H

#include "wallet/state/wallet.h"

/* A record of an unsigned kind (invoice, confirmation ...) as a wrapped file, in arena. */
enum err wallet_file_wrap(struct wallet *wallet, struct span *file, enum kind kind,
                          const void *value, struct arena *arena) MUST_USE;
/* Already encoded (a packet). */
enum err wallet_file_wrap_bytes(struct wallet *wallet, struct span *file, enum kind kind,
                                struct span body, struct arena *arena) MUST_USE;
/* What a file is about: the first message of a bundle, else the file itself. In file.
 * ERR_NETWORK, ERR_PARSE...: a bundle that is none of mine. */
enum err wallet_file_message(struct wallet *wallet, struct span *message, struct span file,
                             struct arena *arena) MUST_USE;
/* Of a bundle the first message. STATUS_OK, STATUS_LIMIT, STATUS_PARSE, STATUS_CANONICAL,
 * STATUS_VERSION, STATUS_NETWORK, STATUS_KIND. */
enum status wallet_file_unwrap(struct wallet *wallet, struct span *body, enum kind kind,
                               struct span file);

#endif
