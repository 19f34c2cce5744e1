/* Looking after a SQLite file: is it whole, and a copy of it. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_UPKEEP_H
#define DCEP_COMMON_STORE_STORE_UPKEEP_H

#include "common/store/store_sqlite.h"

enum err store_upkeep_check(struct store_sqlite *sqlite, char *text, size_t text_size) MUST_USE;
enum err store_upkeep_backup(struct store_sqlite *sqlite, const char *path) MUST_USE;
/* A name survives a power cut only once its directory is on disk. */
enum err store_upkeep_sync_directory(const char *path) MUST_USE;

#endif
