/* What a key owns, as the register sees it: unspent coins and unclaimed orphans, each with its
 * whole line, in pages. A coin that is too deep for anybody to take is passed over: else a
 * stranger could pay one to a key, and its owner would never get an answer again. */
#include "central/register_row.h"

struct page {
    struct coin coins[OWNED_LINES_MAX + 1];
    size_t count;
};

static bool is_before(const struct coin *a, const struct coin *b)
{
    if (a->serial != b->serial)
        return a->serial < b->serial;
    return span_compare(SPAN(a->coin_id), SPAN(b->coin_id)) < 0;
}

/* Sorted insertion; what does not fit any more is the largest. */
static void add_coin(struct page *page, const struct coin *coin)
{
    size_t at = page->count;
    while (at > 0 && is_before(coin, &page->coins[at - 1]))
        at--;
    if (at > OWNED_LINES_MAX)
        return;
    if (page->count <= OWNED_LINES_MAX)
        page->count++;
    for (size_t i = page->count - 1; i > at; i--)
        page->coins[i] = page->coins[i - 1];
    page->coins[at] = *coin;
}

static enum err read_state(struct register_env *env, struct page *page, const struct ownership *ask,
                           enum coin_state state)
{
    const struct coin from = {.serial = ask->after_serial,
                              .coin_id = ask->after_coin_id,
                              .owner_key = ask->key,
                              .state = state};
    const struct store_query query = {.table = &tables_table_coin,
                                      .index_number = 0,
                                      .prefix_count = 2,
                                      .after = ask->after_serial > 0,
                                      .count_max = OWNED_LINES_MAX + 1};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &query, &from, env->arena));
    const struct coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        add_coin(page, &coins[i]);
    return ERR_OK;
}

static enum err read_line(struct register_env *env, struct owned_line *out, const struct coin *coin)
{
    struct cose path[PACKET_PAYMENTS_MAX];
    struct coin at = *coin;
    size_t count = 0;
    void *memory = NULL;
    while (at.has_parent_payment_id && count < PACKET_PAYMENTS_MAX) {
        TRY(register_maker(env, &path[count++], &at));
        const struct id parent_id = at.parent_coin_id;
        TRY(register_coin(env, &at, coin->serial, &parent_id));
    }
    TRY(arena_alloc(env->arena, &memory, count + 1, sizeof(struct signed_item)));
    *out = (struct owned_line){
        .coin_id = coin->coin_id, .state = coin->state, .payments = {memory, count}};
    for (size_t i = 0; i < count; i++)
        out->payments.items[i].record = path[count - 1 - i];
    return at.has_token ? wire_decode_cose(&out->token, at.token) : ERR_INTEGRITY;
}

/* The lines of a page, and how far it went. */
static enum err read_page(struct register_env *env, struct owned_reply *reply,
                          struct ownership *ask)
{
    struct page page = {.count = 0};
    TRY(read_state(env, &page, ask, COIN_UNSPENT));
    TRY(read_state(env, &page, ask, COIN_ORPHAN));
    const size_t count = page.count > OWNED_LINES_MAX ? OWNED_LINES_MAX : page.count;
    reply->more = page.count > OWNED_LINES_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct coin *coin = &page.coins[i];
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
