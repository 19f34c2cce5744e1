/* From no file, or an older one, to the tables of a schema. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_MIGRATIONS_H
#define DCEP_COMMON_STORE_STORE_MIGRATIONS_H

#include "common/store/store_sqlite.h"

/* ERR_VERSION if the file is not this application's, or is newer; changes nothing. */
enum err store_migrations_identify(struct store_sqlite *sqlite) MUST_USE;
/* Makes or migrates, then compares. ERR_MISSING (empty and !create), ERR_VERSION. */
enum err store_migrations_run(struct store_sqlite *sqlite, bool create) MUST_USE;
/* ERR_VERSION unless the file's tables and indexes are exactly the schema's; name: the first
 * that is not. */
enum err store_migrations_compare(struct store_sqlite *sqlite, const char **name) MUST_USE;

#endif
