/* One file under a passphrase: a backup. Layout, version 1:
 *
 *   offset  size
 *   0       7       "dceparc"
 *   7       1       version, 1
 *   8       16      salt of Argon2id
 *   24      24      nonce
 *   48      n + 16  the content and the tag; all before is authenticated with it
 *
 * It opens as a whole or not at all: nothing of a damaged file is looked at. Stretching costs
 * 64 MiB and 3 passes: a backup lies where anybody may find it, and is opened once in years. */
#ifndef DCEP_COMMON_CRYPTO_ARCHIVE_H
#define DCEP_COMMON_CRYPTO_ARCHIVE_H

#include "common/base/span.h"

enum { ARCHIVE_SIZE_MAX = 256 * 1024 * 1024, ARCHIVE_OVERHEAD = 48 + 16 };

/* Appended to out, whose limit must do. passphrase: at least a byte. */
enum err archive_seal(struct buffer *out, struct span content, struct span passphrase) MUST_USE;
/* Does it look like such a file? ERR_PARSE, ERR_VERSION: it does not. */
enum err archive_check(struct span file) MUST_USE;
/* The same, and ERR_AUTH: another passphrase, or damaged. */
enum err archive_open(struct buffer *out, struct span file, struct span passphrase) MUST_USE;

#endif
