/* SQLite's page cache, spared a walk through all of it at each commit. Private to common/store. */
#ifndef DCEP_COMMON_STORE_STORE_PAGES_H
#define DCEP_COMMON_STORE_STORE_PAGES_H

/* For all databases of this process. Once, before SQLite's first use; after that it does nothing.
 */
void store_pages_spare(void);

#endif
