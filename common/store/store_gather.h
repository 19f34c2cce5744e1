/* A VFS that writes the log in large pieces: what a commit adds to it is gathered and goes to the
 * file with one call, where SQLite makes two for each page (docs/adr/0058). Private
 * to common/store.
 *
 * For a file that one connection writes to. Others of the process may read it, by the VFS below:
 * what they may see, whole transactions, is in the file when they may see it. */
#ifndef DCEP_COMMON_STORE_STORE_GATHER_H
#define DCEP_COMMON_STORE_STORE_GATHER_H

#include "common/base/err.h"

struct store_gather;
/* Around the VFS named below (NULL: the default). */
enum err store_gather_open(struct store_gather **out, const char *below) MUST_USE;
const char *store_gather_name(const struct store_gather *gather); /* for sqlite3_open_v2 */
void store_gather_close(struct store_gather **gather); /* once no database uses it; fit for AUTO */

#endif
