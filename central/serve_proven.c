/* Payments proved lately (contract in serve_proven.h): a table with one place for each; the newer
 * goes in.
 *
 * Never a payment that was not proved here. */
#include "central/serve_proven.h"

#include <pthread.h>
#include <stdlib.h>

struct entry {
    struct id payment_id; /* all zero, which is no hash of anything known: empty */
    struct signature signature;
};
struct serve_proven {
    pthread_mutex_t lock;
    struct entry entries[SERVE_PROVEN_MAX];
};

enum err serve_proven_open(struct serve_proven **out)
{
    struct serve_proven *proven = calloc(1, sizeof *proven);
    if (proven == NULL)
        return ERR_MEMORY;
    (void)pthread_mutex_init(&proven->lock, NULL); /* a plain one: it cannot fail */
    *out = proven;
    return ERR_OK;
}

void serve_proven_close(struct serve_proven **handle)
{
    struct serve_proven *proven = TAKE(*handle);
    if (proven == NULL)
        return;
    pthread_mutex_destroy(&proven->lock);
    free(proven);
}

static struct entry *place_of(struct serve_proven *proven, const struct id *payment_id)
{
    const uint8_t *bytes = payment_id->bytes;
    const size_t number = (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2];
    return &proven->entries[number % SERVE_PROVEN_MAX];
}

static bool has(void *context, const struct id *payment_id, const struct signature *signature)
{
    struct serve_proven *proven = context;
    pthread_mutex_lock(&proven->lock);
    const struct entry *entry = place_of(proven, payment_id);
    const bool is_same = id_equal(&entry->payment_id, payment_id) &&
                         span_equal(SPAN(entry->signature), SPAN(*signature));
    pthread_mutex_unlock(&proven->lock);
    return is_same;
}

static void keep(void *context, const struct id *payment_id, const struct signature *signature)
{
    struct serve_proven *proven = context;
    pthread_mutex_lock(&proven->lock);
    *place_of(proven, payment_id) = (struct entry){*payment_id, *signature};
    pthread_mutex_unlock(&proven->lock);
}

struct packet_proven serve_proven_memory(struct serve_proven *proven)
{
    return (struct packet_proven){proven, has, keep};
}
