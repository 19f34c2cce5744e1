/* What the register reads: its rows, the payment that made a coin, and the verifier over them.
 *
 * 1. Within a packet a row is read once: env->memory holds it, and what a payment makes of it.
 * 2. A coin is spent if and only if it has a row of `spend`. */
#include "central/register_row.h"

#include "central/archive.h"
#include "common/money/evidence.h"

#include <string.h>

enum { MEMORY_CAPACITY_FIRST = 16 };

enum err register_find(struct register_env *env, bool *found, const struct table *table, void *row)
{
    const enum err error = store_get(env->store, table, row, env->arena);
    *found = error == ERR_OK;
    return error == ERR_MISSING ? ERR_OK : error;
}

enum err register_rows(struct register_env *env, struct list *out, const struct table *table,
                       int index_number, size_t prefix_count, const void *from)
{
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = prefix_count};
    return store_list(env->store, out, &query, from, env->arena);
}

/* --- the rows of one coin --- */

static enum err remember(struct register_env *env, struct register_kept *kept)
{
    struct register_memory *memory = env->memory;
    if (memory->count == memory->capacity) {
        const size_t capacity =
            memory->capacity == 0 ? MEMORY_CAPACITY_FIRST : 2 * memory->capacity;
        void *items = NULL;
        TRY(arena_alloc(env->arena, &items, capacity, sizeof(struct register_kept *)));
        if (memory->count > 0)
            memcpy(items, memory->items, memory->count * sizeof(struct register_kept *));
        memory->items = items;
        memory->capacity = capacity;
    }
    memory->items[memory->count++] = kept;
    return ERR_OK;
}

enum err register_keep(struct register_env *env, struct register_kept **out, uint64_t serial,
                       const struct id *coin_id)
{
    const struct register_memory *memory = env->memory;
    void *fresh = NULL;
    for (size_t i = 0; memory != NULL && i < memory->count; i++)
        if (memory->items[i]->serial == serial && id_equal(&memory->items[i]->coin_id, coin_id)) {
            *out = memory->items[i];
            return ERR_OK;
        }
    TRY(arena_alloc(env->arena, &fresh, 1, sizeof(struct register_kept)));
    *out = fresh;
    (*out)->serial = serial;
    (*out)->coin_id = *coin_id;
    return memory != NULL ? remember(env, *out) : ERR_OK;
}

static enum register_presence presence(bool found)
{
    return found ? REGISTER_PRESENT : REGISTER_ABSENT;
}

enum err register_read_coin(struct register_env *env, struct register_kept *kept)
{
    bool found = false;
    if (kept->has_coin != REGISTER_UNASKED)
        return ERR_OK;
    kept->coin = (struct coin){.serial = kept->serial, .coin_id = kept->coin_id};
    TRY(register_find(env, &found, &tables_table_coin, &kept->coin));
    kept->has_coin = presence(found);
    return ERR_OK;
}

enum err register_read_spend(struct register_env *env, struct register_kept *kept)
{
    bool found = false;
    if (kept->has_spend != REGISTER_UNASKED)
        return ERR_OK;
    kept->spend = (struct spend){.serial = kept->serial, .coin_id = kept->coin_id};
    TRY(register_find(env, &found, &tables_table_spend, &kept->spend));
    kept->has_spend = presence(found);
    return ERR_OK;
}

enum coin_state register_state(const struct register_kept *kept)
{
    const enum coin_state state = (enum coin_state)kept->coin.state;
    CHECK(kept->has_coin == REGISTER_PRESENT && kept->has_spend != REGISTER_UNASKED);
    if (kept->has_spend == REGISTER_ABSENT)
        return state;
    return state == COIN_UNSPENT ? COIN_SPENT : state == COIN_ORPHAN ? COIN_ORPHAN_SPENT : state;
}

enum err register_payment(struct register_env *env, struct cose *payment, struct id *payment_id,
                          const struct spend *spend)
{
    TRY(evidence_unpack(payment, spend->evidence, spend->serial, &spend->coin_id, env->arena));
    *payment_id = record_id(env->trust->network, KIND_PAYMENT, payment->payload);
    return ERR_OK;
}

enum err register_coin(struct register_env *env, struct coin *out, uint64_t serial,
                       const struct id *coin_id)
{
    struct register_kept kept = {.serial = serial, .coin_id = *coin_id};
    TRY(register_read_coin(env, &kept));
    TRY(register_read_spend(env, &kept));
    if (kept.has_coin != REGISTER_PRESENT)
        return ERR_MISSING;
    *out = kept.coin;
    out->state = register_state(&kept);
    return ERR_OK;
}

enum err register_insert(struct register_env *env, const struct coin *coin)
{
    TRY(store_insert(env->store, &tables_table_coin, coin));
    return register_owner_add(env, coin);
}

enum err register_token(struct register_env *env, struct cose *out, const struct coin *root)
{
    struct minted minted = {.serial = root->serial};
    if (root->has_token)
        return wire_decode_cose(out, root->token);
    bool is_due = false;
    TRY(register_due_token(env, &is_due, out, root->serial));
    if (is_due)
        return ERR_OK;
    TRY(store_get(env->store, &tables_table_minted, &minted, env->arena));
    *out = minted.token;
    return id_equal(&minted.coin_id, &root->coin_id) ? ERR_OK : ERR_INTEGRITY;
}

enum err register_token_of(struct register_env *env, enum status *status, struct cose *out,
                           uint64_t serial, const struct id *coin_id)
{
    struct coin coin = {0};
    bool held = false;
    const enum err error = register_coin(env, &coin, serial, coin_id);
    if (error == ERR_OK)
        return register_token(env, out, &coin);
    if (error == ERR_MISSING)
        TRY(archive_holds(env, &held, serial, 0));
    if (held)
        *status = STATUS_ARCHIVED;
    return held ? ERR_OK : error;
}

enum err register_maker(struct register_env *env, struct cose *payment, const struct coin *coin)
{
    struct spend spend = {.serial = coin->serial, .coin_id = coin->parent_coin_id};
    struct loser loser = {.serial = coin->serial, .payment_id = coin->loser_id};
    struct id payment_id = {{0}};
    bool found = false;
    if (!coin->has_parent_coin_id)
        return ERR_MISSING;
    if (!coin->has_loser_id) {
        TRY(register_find(env, &found, &tables_table_spend, &spend));
        return found ? register_payment(env, payment, &payment_id, &spend) : ERR_INTEGRITY;
    }
    TRY(register_find(env, &found, &tables_table_loser, &loser));
    *payment = loser.payment;
    return found ? ERR_OK : ERR_INTEGRITY;
}

/* --- the verifier over my rows --- */

static enum err known_coin(void *context, bool *found, struct packet_known_coin *out,
                           uint64_t serial, const struct id *coin_id)
{
    struct register_env *env = context;
    struct register_kept *kept = NULL;
    TRY(register_keep(env, &kept, serial, coin_id));
    TRY(register_read_coin(env, kept));
    *found = kept->has_coin == REGISTER_PRESENT;
    if (*found)
        *out = (struct packet_known_coin){.amount = kept->coin.amount,
                                          .owner_key = kept->coin.owner_key,
                                          .redeem_by_day = kept->coin.redeem_by_day};
    return ERR_OK;
}

/* The row holds the bytes that were verified; what is shown now under the same id is not stored
 * again. A coin without a first payment has no losers either. */
static enum err known_payment(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                              const struct id *payment_id)
{
    struct register_env *env = context;
    struct register_kept *kept = NULL;
    struct loser loser = {.serial = serial, .payment_id = *payment_id};
    struct cose payment = {0};
    struct id first_id = {{0}};
    TRY(register_keep(env, &kept, serial, coin_id));
    TRY(register_read_spend(env, kept));
    *found = kept->has_spend == REGISTER_PRESENT;
    if (!*found)
        return ERR_OK;
    TRY(register_payment(env, &payment, &first_id, &kept->spend));
    return id_equal(&first_id, payment_id) ? ERR_OK
                                           : register_find(env, found, &tables_table_loser, &loser);
}

/* --- lines that are in the archive --- */

/* The packet was refused: because a coin of it has left? Those that were looked for and not found
 * are in env->memory. */
static enum err is_one_held(struct register_env *env, bool *held)
{
    const struct register_memory *memory = env->memory;
    for (size_t i = 0; memory != NULL && i < memory->count && !*held; i++)
        if (memory->items[i]->has_coin == REGISTER_ABSENT)
            TRY(archive_holds(env, held, memory->items[i]->serial, 0));
    return ERR_OK;
}

/* What has left has no rows: it looks as if it were forged, or led from nowhere, or was made under
 * a key that is too old to be named. */
static enum err find_archived(struct register_env *env, enum status *status,
                              const struct packet_view *view)
{
    bool held = false;
    if (*status == STATUS_ISSUER || *status == STATUS_CHAIN)
        TRY(is_one_held(env, &held));
    for (size_t i = 0; *status == STATUS_OK && i < view->token_count && !held; i++)
        if (!view->tokens[i].is_known)
            TRY(archive_holds(env, &held, view->tokens[i].token.serial,
                              view->tokens[i].token.redeem_by_day));
    if (held)
        *status = STATUS_ARCHIVED;
    return ERR_OK;
}

enum err register_verify(struct register_env *env, struct packet_view *view, enum status *status,
                         struct packet_prepared *packet)
{
    const struct packet_known known = {
        .context = env, .coin = known_coin, .payment = known_payment};
    TRY(packet_judge(view, status, packet, env->trust, &known, env->arena));
    TRY(find_archived(env, status, view));
    if (*status == STATUS_ARCHIVED)
        *view = *packet_named(packet);
    return ERR_OK;
}
