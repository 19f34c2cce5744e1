/* What a key owns, as the register sees it: unspent coins and unclaimed orphans, each with its
 * whole line, in pages. A coin that is too deep for anybody to take is passed over: else a
 * stranger could pay one to a key, and its owner would never get an answer again. */
#include "central/register_row.h"

#include <string.h>

struct page {
    struct coin *coins;
    size_t count, room;
};

static bool is_before(const struct coin *a, const struct coin *b)
{
    if (a->serial != b->serial)
        return a->serial < b->serial;
    return span_compare(SPAN(a->coin_id), SPAN(b->coin_id)) < 0;
}

/* Sorted insertion, once each; what does not fit any more is the largest. */
static void add_coin(struct page *page, const struct coin *coin)
{
    size_t at = page->count;
    for (size_t i = 0; i < page->count; i++)
        if (!is_before(coin, &page->coins[i]) && !is_before(&page->coins[i], coin))
            return;
    while (at > 0 && is_before(coin, &page->coins[at - 1]))
        at--;
    if (at == page->room)
        return;
    if (page->count < page->room)
        page->count++;
    for (size_t i = page->count - 1; i > at; i--)
        page->coins[i] = page->coins[i - 1];
    page->coins[at] = *coin;
}

/* --- what the index tells, as the rows have it --- */

struct reading {
    struct register_env *env;
    const struct register_holdings_query *ask;
    struct page *page;
};

static bool is_after(const struct register_holdings_query *ask, const struct coin *coin)
{
    const struct coin last = {.serial = ask->after_serial, .coin_id = ask->after_coin_id};
    return ask->after_serial == 0 || is_before(&last, coin);
}

/* Unspent coins and unclaimed orphans of this key. */
static enum err judge_coin(const struct reading *reading, struct arena *arena,
                           const struct coin *row)
{
    struct register_env env = *reading->env;
    struct coin coin = {0};
    env.arena = arena;
    if (!key_equal(&row->owner_key, reading->ask->key) || !is_after(reading->ask, row))
        return ERR_OK;
    TRY(register_coin(&env, &coin, row->serial, &row->coin_id));
    if (reading->ask->state != 0 ? coin.state == reading->ask->state
                                 : coin.state == COIN_UNSPENT || coin.state == COIN_ORPHAN)
        add_coin(reading->page, &coin);
    return ERR_OK;
}

/* The coins of a serial whose id begins like this: one, unless somebody went to great lengths.
 * Most of them may be spent long since, so what they need of memory is given back. */
static enum err read_entry(void *context, bool *enough, uint64_t serial,
                           const uint8_t coin_prefix[KEY_ID_SIZE])
{
    const struct reading *reading = context;
    const struct store_query next = {.table = &tables_table_coin,
                                     .index_number = -1,
                                     .prefix_count = 1,
                                     .after = true,
                                     .count_max = 1};
    const struct page *page = reading->page;
    struct arena arena AUTO(arena_fini) = {0};
    struct coin at = {.serial = serial};
    struct list rows = {0};
    *enough = page->count == page->room && serial > page->coins[page->room - 1].serial;
    memcpy(at.coin_id.bytes, coin_prefix, KEY_ID_SIZE);
    while (!*enough) {
        TRY(store_list(reading->env->store, &rows, &next, &at, &arena));
        if (rows.count == 0)
            return ERR_OK;
        at = *(const struct coin *)rows.items;
        if (memcmp(at.coin_id.bytes, coin_prefix, KEY_ID_SIZE) != 0)
            return ERR_OK;
        TRY(judge_coin(reading, &arena, &at));
    }
    return ERR_OK;
}

enum err register_holdings(struct register_env *env, struct coin *coins, size_t *count,
                           const struct register_holdings_query *query)
{
    struct page page = {.coins = coins, .room = *count};
    const struct reading reading = {env, query, &page};
    const struct register_owner_visitor visitor = {(void *)&reading, read_entry};
    TRY(register_owner_visit(env, query->key, query->after_serial, &visitor));
    *count = page.count;
    return ERR_OK;
}

static enum err read_line(struct register_env *env, struct owned_line *out, const struct coin *coin)
{
    struct cose path[PACKET_PAYMENTS_MAX];
    struct coin at = {0};
    size_t count = 0;
    void *memory = NULL;
    TRY(register_coin(env, &at, coin->serial, &coin->coin_id));
    while (at.has_parent_coin_id && count < PACKET_PAYMENTS_MAX) {
        TRY(register_maker(env, &path[count++], &at));
        const struct id parent_id = at.parent_coin_id;
        TRY(register_coin(env, &at, coin->serial, &parent_id));
    }
    TRY(arena_alloc(env->arena, &memory, count + 1, sizeof(struct signed_item)));
    *out = (struct owned_line){
        .coin_id = coin->coin_id, .state = coin->state, .payments = {memory, count}};
    for (size_t i = 0; i < count; i++)
        out->payments.items[i].record = path[count - 1 - i];
    return at.has_parent_coin_id ? ERR_INTEGRITY : register_token(env, &out->token, &at);
}

/* The lines of a page, and how far it went. */
static enum err read_page(struct register_env *env, struct owned_reply *reply,
                          struct ownership *ask)
{
    const struct register_holdings_query query = {
        .key = &ask->key, .after_serial = ask->after_serial, .after_coin_id = ask->after_coin_id};
    struct coin coins[OWNED_LINES_MAX + 1];
    size_t found = OWNED_LINES_MAX + 1;
    TRY(register_holdings(env, coins, &found, &query));
    const size_t count = found > OWNED_LINES_MAX ? OWNED_LINES_MAX : found;
    reply->more = found > OWNED_LINES_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct coin *coin = &coins[i];
        ask->after_serial = coin->serial;
        ask->after_coin_id = coin->coin_id;
        if (coin->depth <= PACKET_PAYMENTS_MAX)
            TRY(read_line(env, &reply->lines.items[reply->lines.count++], coin));
    }
    return ERR_OK;
}

enum err register_owned(struct register_env *env, struct owned_reply *reply, enum status *status,
                        const struct owned_body *body)
{
    struct ownership ask = {0};
    void *memory = NULL;
    *reply = (struct owned_reply){0};
    *status = record_status(ownership_decode(&ask, body->ownership.payload, env->arena));
    if (*status == STATUS_OK)
        *status = record_status(
            record_verify(env->trust->network, KIND_OWNERSHIP, &body->ownership, &ask.key));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(arena_alloc(env->arena, &memory, OWNED_LINES_MAX, sizeof(struct owned_line)));
    reply->lines = (struct owned_line_list){memory, 0};
    do
        TRY(read_page(env, reply, &ask));
    while (reply->more && reply->lines.count == 0);
    return ERR_OK;
}
