/* Sightings and their tags (contract in sighting.h). */
#include "wallet/news/sighting.h"

#include "common/base/time.h"
#include "common/purse/purse_row.h"

#include <stdlib.h>
#include <string.h>

enum { COIN_TAG_SIZE = 6, PADDED_MIN = 16, FORGET_AT_ONCE = 64 };

/* --- keeping --- */

static enum err forget_old(struct purse_env *env, uint64_t today)
{
    const struct store_query oldest = {
        .table = &tables_table_sighting, .index_number = -1, .count_max = FORGET_AT_ONCE};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &oldest, NULL, env->arena));
    const struct sighting *sightings = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (sightings[i].day + SIGHTING_DAYS < today)
            TRY(store_delete(env->store, &tables_table_sighting, &sightings[i]));
    return ERR_OK;
}

static enum err make_secret(struct wallet *wallet, struct purse_env *env)
{
    struct sighting_secret row = {.id = 1};
    bool found = false;
    TRY(purse_find(env, &found, &tables_table_sighting_secret, &row));
    if (found)
        return ERR_OK;
    wallet->random(wallet->context, row.secret.bytes, sizeof row.secret.bytes);
    return store_insert(env->store, &tables_table_sighting_secret, &row);
}

enum err sighting_add(struct wallet *wallet, struct purse_env *env, const struct packet_view *view)
{
    const uint64_t today = time_day(env->now);
    TRY(make_secret(wallet, env));
    for (size_t i = 0; i < view->payment_count; i++) {
        const struct packet_payment *payment = &view->payments[i];
        const struct sighting row = {.day = today,
                                     .payment_id = payment->id,
                                     .serial = payment->payment.serial,
                                     .coin_id = payment->payment.coin_id};
        TRY(store_put(env->store, &tables_table_sighting, &row));
    }
    return forget_old(env, today);
}

/* Those of the last days, the newest first, each payment once. */
static enum err recent(struct purse_env *env, struct sighting_list *out)
{
    const uint64_t today = time_day(env->now);
    void *items = NULL;
    TRY(arena_alloc(env->arena, &items, SIGHTINGS_MAX, sizeof(struct sighting)));
    *out = (struct sighting_list){.items = items};
    for (uint64_t age = 0; age <= SIGHTING_DAYS && age <= today; age++) {
        const struct sighting from = {.day = today - age};
        struct list rows = {0};
        TRY(purse_rows(env, &rows, &tables_table_sighting, -1, 1, &from));
        const struct sighting *sightings = rows.items;
        for (size_t i = 0; i < rows.count && out->count < SIGHTINGS_MAX; i++)
            out->items[out->count++] = sightings[i];
    }
    return ERR_OK;
}

/* --- tags --- */

struct tag {
    uint8_t bytes[SIGHTING_SIZE];
};

static struct id salted(const char *what, struct span salt, struct span id)
{
    const struct span parts[] = {span_text(what), salt, id};
    return crypto_hash(parts, 3);
}

static struct tag tag_of(const struct nonce *salt, const struct sighting *sighting)
{
    const struct id coin = salted("dcep-sighting-coin", SPAN(*salt), SPAN(sighting->coin_id));
    const struct id payment =
        salted("dcep-sighting-payment", SPAN(*salt), SPAN(sighting->payment_id));
    struct tag tag;
    memcpy(tag.bytes, coin.bytes, COIN_TAG_SIZE);
    memcpy(tag.bytes + COIN_TAG_SIZE, payment.bytes, SIGHTING_SIZE - COIN_TAG_SIZE);
    return tag;
}

static int compare_tags(const void *a, const void *b)
{
    return memcmp(a, b, SIGHTING_SIZE);
}

static size_t drop_repeats(struct tag *tags, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_tags(&tags[kept - 1], &tags[i]) != 0)
            tags[kept++] = tags[i];
    return kept;
}

static enum err my_secret(struct purse_env *env, struct nonce *out)
{
    struct sighting_secret row = {.id = 1};
    TRY(store_get(env->store, &tables_table_sighting_secret, &row, env->arena));
    *out = row.secret;
    return ERR_OK;
}

/* Up to the next power of two: how busy I am is nobody's business. Nobody else can make these tags,
 * so nobody can tell them from the others. */
static size_t pad(struct tag *tags, size_t count, const struct nonce *secret, struct span salt)
{
    size_t padded = PADDED_MIN;
    while (padded < count)
        padded *= 2;
    for (size_t i = count; i < padded; i++) {
        const uint8_t number[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        const struct span parts[] = {SPAN(*secret), salt, span_of(number, sizeof number)};
        const struct id noise = crypto_hash(parts, 3);
        memcpy(tags[i].bytes, noise.bytes, SIGHTING_SIZE);
    }
    return padded;
}

/* What the packet shows, the payee sees without being told. */
static enum err leave_out(struct purse_env *env, struct sighting_list *seen, struct span bytes)
{
    struct packet packet = {0};
    size_t kept = 0;
    TRY(packet_decode(&packet, bytes, env->arena));
    for (size_t i = 0; i < packet.payments.count; i++) {
        const struct id id =
            record_id(env->trust->network, KIND_PAYMENT, packet.payments.items[i].record.payload);
        for (size_t j = kept = 0; j < seen->count; j++)
            if (!id_equal(&seen->items[j].payment_id, &id))
                seen->items[kept++] = seen->items[j];
        seen->count = kept;
    }
    return ERR_OK;
}

enum err sighting_tell(struct purse_env *env, bool *any, struct sightings *out,
                       const struct purse_plan *beside)
{
    struct sighting_list seen = {0};
    struct nonce secret = {{0}};
    void *memory = NULL;
    TRY(recent(env, &seen));
    TRY(leave_out(env, &seen, beside->packet));
    *any = seen.count > 0;
    if (!*any)
        return ERR_OK;
    TRY(my_secret(env, &secret));
    TRY(arena_alloc(env->arena, &memory, SIGHTINGS_MAX, sizeof(struct tag)));
    struct tag *tags = memory;
    const struct id salt = salted("dcep-sighting-salt", SPAN(secret), SPAN(beside->plan_id));
    memcpy(out->salt.bytes, salt.bytes, NONCE_SIZE);
    for (size_t i = 0; i < seen.count; i++)
        tags[i] = tag_of(&out->salt, &seen.items[i]);
    qsort(tags, seen.count, sizeof *tags, compare_tags);
    const size_t count = pad(tags, drop_repeats(tags, seen.count), &secret, SPAN(out->salt));
    qsort(tags, count, sizeof *tags, compare_tags);
    out->tags = span_of(tags, count * sizeof *tags);
    return ERR_OK;
}

/* --- matching --- */

static size_t first_not_below(const struct tag *tags, size_t count, const struct tag *wanted)
{
    size_t low = 0;
    while (count > 0) {
        const size_t half = count / 2;
        if (memcmp(tags[low + half].bytes, wanted->bytes, COIN_TAG_SIZE) < 0) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low;
}

/* They were shown this coin, and not by this payment. */
static bool differs(const struct tag *tags, size_t count, const struct tag *mine)
{
    bool coin = false;
    for (size_t i = first_not_below(tags, count, mine);
         i < count && memcmp(tags[i].bytes, mine->bytes, COIN_TAG_SIZE) == 0; i++) {
        if (compare_tags(&tags[i], mine) == 0)
            return false;
        coin = true;
    }
    return coin;
}

static enum err answer(struct purse_env *env, struct news_answers *answers,
                       const struct sighting *sighting)
{
    struct purse_payment row = {.payment_id = sighting->payment_id};
    bool found = false;
    TRY(purse_find(env, &found, &purse_table_purse_payment, &row));
    if (found)
        answers->payments[answers->count++] = row.payment;
    return ERR_OK;
}

enum err sighting_match(struct purse_env *env, struct news_answers *answers,
                        const struct sightings *heard)
{
    const size_t count = heard->tags.size / SIGHTING_SIZE;
    const struct tag *tags = (const struct tag *)(const void *)heard->tags.data;
    struct sighting_list mine = {0};
    if (heard->tags.size % SIGHTING_SIZE != 0)
        return ERR_CANONICAL;
    for (size_t i = 1; i < count; i++)
        if (compare_tags(&tags[i - 1], &tags[i]) > 0)
            return ERR_CANONICAL;
    TRY(recent(env, &mine));
    for (size_t i = 0; i < mine.count && answers->count < NEWS_ANSWERS_MAX; i++) {
        const struct tag tag = tag_of(&heard->salt, &mine.items[i]);
        if (differs(tags, count, &tag))
            TRY(answer(env, answers, &mine.items[i]));
    }
    return ERR_OK;
}
