/* Keys and their y (contract in crypto_points.h): sets of four, the oldest of a set goes first.
 *
 * 1. Keys are compared whole: one that falls into the same set is another key.
 * 2. Each stripe of sets has a lock of its own, held for the copy of 32 bytes.
 *
 * Never asks the curve anything. */
#include "common/crypto/crypto_points.h"

#include <pthread.h>
#include <string.h>

enum { WAYS = 4, SETS = CRYPTO_POINTS_MAX / WAYS, STRIPES = 64 };

struct entry {
    struct public_key key; /* all zero, which is no key: empty */
    uint8_t y[CRYPTO_Y_SIZE];
};
struct set {
    struct entry entries[WAYS];
    uint8_t next;
};

static struct set sets[SETS];
static pthread_mutex_t locks[STRIPES];
static pthread_once_t locks_once = PTHREAD_ONCE_INIT;

static void make_locks(void)
{
    for (size_t i = 0; i < STRIPES; i++)
        (void)pthread_mutex_init(&locks[i], NULL); /* plain ones: it cannot fail */
}

static pthread_mutex_t *lock_of(size_t number)
{
    CHECK(pthread_once(&locks_once, make_locks) == 0);
    pthread_mutex_t *lock = &locks[number % STRIPES];
    pthread_mutex_lock(lock);
    return lock;
}

/* Who picks keys that share a set makes square roots for himself only. */
static size_t set_of(const struct public_key *key)
{
    const uint8_t *end = key->bytes + KEY_SIZE;
    return ((size_t)end[-3] << 16 | (size_t)end[-2] << 8 | end[-1]) % SETS;
}

static struct entry *find(struct set *set, const struct public_key *key)
{
    for (size_t i = 0; i < WAYS; i++)
        if (key_equal(&set->entries[i].key, key))
            return &set->entries[i];
    return NULL;
}

bool crypto_points_find(uint8_t y[CRYPTO_Y_SIZE], const struct public_key *key)
{
    const size_t number = set_of(key);
    if (key->bytes[0] == 0)
        return false;
    pthread_mutex_t *lock = lock_of(number);
    const struct entry *entry = find(&sets[number], key);
    if (entry != NULL)
        memcpy(y, entry->y, CRYPTO_Y_SIZE);
    pthread_mutex_unlock(lock);
    return entry != NULL;
}

void crypto_points_keep(const struct public_key *key, const uint8_t y[CRYPTO_Y_SIZE])
{
    const size_t number = set_of(key);
    struct set *set = &sets[number];
    pthread_mutex_t *lock = lock_of(number);
    if (find(set, key) == NULL) {
        struct entry *entry = &set->entries[set->next++ % WAYS];
        entry->key = *key;
        memcpy(entry->y, y, CRYPTO_Y_SIZE);
    }
    pthread_mutex_unlock(lock);
}
