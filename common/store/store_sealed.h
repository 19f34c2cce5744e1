/* A SQLite file whose pages are sealed: a VFS around the system's. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_SEALED_H
#define DCEP_COMMON_STORE_STORE_SEALED_H

#include "common/crypto/safe.h"

enum { STORE_SEALED_PAGE_SIZE = 4096 }; /* SAFE_OVERHEAD bytes of each are nonce and tag */

struct store_sealed; /* a VFS of its own, with its key */
enum err store_sealed_open(struct store_sealed **out, const struct safe_key *key) MUST_USE;
const char *store_sealed_name(const struct store_sealed *sealed); /* for sqlite3_open_v2 */
void store_sealed_close(struct store_sealed **sealed);            /* once no database uses it */

#endif
