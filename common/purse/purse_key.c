/* My keys: which is current, which are old, which payments they may still sign. */
#include "common/purse/purse_row.h"

#include <stdlib.h>

static enum err keys_in(struct purse_env *env, struct list *out, enum purse_key_state state)
{
    const struct purse_key from = {.state = state};
    return purse_rows(env, out, &purse_table_purse_key, 0, 1, &from);
}

enum err purse_key_add(struct purse_env *env, const struct public_key *key, struct span certificate)
{
    struct list current = {0};
    uint64_t number = 0;
    TRY(keys_in(env, &current, PURSE_KEY_CURRENT));
    TRY(purse_next_number(env, &number));
    const struct purse_key *rows = current.items;
    for (size_t i = 0; i < current.count; i++) {
        struct purse_key old = rows[i];
        old.state = PURSE_KEY_OLD;
        TRY(store_update(env->store, &purse_table_purse_key, &old));
    }
    const struct purse_key row = {
        .key = *key,
        .number = number,
        .state = PURSE_KEY_CURRENT,
        .next_counter = 1,
        .has_certificate = certificate.size > 0,
        .certificate = certificate,
        .made_at = env->now,
    };
    return store_insert(env->store, &purse_table_purse_key, &row);
}

enum err purse_key_current(struct purse_env *env, struct purse_key *out)
{
    struct list current = {0};
    TRY(keys_in(env, &current, PURSE_KEY_CURRENT));
    if (current.count == 0)
        return ERR_MISSING;
    *out = *(const struct purse_key *)current.items;
    return ERR_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct purse_key *x = a, *y = b;
    return x->number > y->number ? -1 : x->number < y->number;
}

enum err purse_keys(struct purse_env *env, struct purse_key_list *out)
{
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &purse_table_purse_key, -1, 0, NULL));
    if (rows.count > 1)
        qsort(rows.items, rows.count, sizeof(struct purse_key), newest_first);
    *out = (struct purse_key_list){rows.items, rows.count};
    return ERR_OK;
}

enum err purse_key_is_mine(struct purse_env *env, bool *mine, const struct public_key *key)
{
    struct purse_key row = {.key = *key};
    return purse_find(env, mine, &purse_table_purse_key, &row);
}
