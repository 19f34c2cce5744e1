/* A leaf that splits may leave its pages in another order than that of their numbers, and SQLite
 * exchanges the numbers: the one is parked under the number of the page that holds the locks, which
 * is never in a cache. In a file of less than 1 GiB that number is larger than all others, and at
 * the end of the transaction the cache looks through everything it holds for pages beyond the end
 * of the file: a walk through memory, by the one thread that writes (docs/adr/0052). Here the page
 * is parked under 0, which no page has either: keys begin at 1 (sqlite3_pcache_methods2, xFetch).
 */
#include "common/store/store_pages.h"

#include <sqlite3.h>

enum {
    LOCK_BYTE = 0x40000000, /* SQLite's file format, 1.3: the page that holds it is never used */
    PAGE_SIZE = 4096,       /* of all our databases; with another one nothing changes */
    LOCK_PAGE = LOCK_BYTE / PAGE_SIZE + 1,
    PARKED = 0,
};

static struct sqlite3_pcache_methods2 default_methods;

static unsigned parked(unsigned key)
{
    return key == LOCK_PAGE ? PARKED : key;
}

static void rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
    default_methods.xRekey(cache, page, parked(from), parked(to));
}

void store_pages_spare(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &default_methods) != SQLITE_OK)
        return;
    struct sqlite3_pcache_methods2 methods = default_methods;
    methods.xRekey = rekey;
    (void)sqlite3_config(SQLITE_CONFIG_PCACHE2, &methods);
}
