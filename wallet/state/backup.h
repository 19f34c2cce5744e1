/* What a backup holds: the wallet's rows, without a single private key (docs/adr/0025).
 *
 *   "dcepwal" 01, u64 made_at
 *   then for each row: u8 size of the table's name, the name, u32 size, the row as a record
 *   (common/wire), tables in their declared order, rows in the order of their keys
 *
 * The keys are left out because nobody may sign with them again: a restored wallet proves who it is
 * with words or a new join code, and gets a new key. So whoever steals a backup, and
 * its passphrase, reads a history and spends nothing.
 *
 * Pure: from rows to bytes and back. common/crypto/archive.h seals them. */
#ifndef DCEP_WALLET_STATE_BACKUP_H
#define DCEP_WALLET_STATE_BACKUP_H

#include "wallet/state/wallet.h"

enum { BACKUP_SIZE_MAX = 128 * 1024 * 1024 };

/* Appended to out; in a transaction of its own. */
enum err backup_write(struct wallet *wallet, struct buffer *out) MUST_USE;
/* Into an empty database, as a restored wallet: keys frozen, nothing spendable (purse_freeze), one
 * transaction. made_at: of the backup. ERR_PARSE, ERR_VERSION and others of malformed bytes: then
 * nothing was taken; ERR_EXISTS: the database is not empty. */
enum err backup_read(struct wallet *wallet, uint64_t *made_at, struct span bytes) MUST_USE;

#endif
