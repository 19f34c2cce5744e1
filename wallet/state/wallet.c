/* The wallet's frame: state, trust, transactions, keys, history. */
#include "wallet/state/wallet.h"

#include "common/base/text.h"
#include "common/purse/purse_row.h"

#include <stdio.h>
#include <string.h>

static enum err load_rows(struct wallet *wallet, struct arena *arena)
{
    wallet->state = (struct wallet_state){.id = 1};
    TRY(store_begin(wallet->store, STORE_READ));
    const enum err error =
        store_get(wallet->store, &tables_table_wallet_state, &wallet->state, arena);
    store_rollback(wallet->store);
    return error;
}

enum err wallet_load(struct wallet *wallet)
{
    struct arena fresh AUTO(arena_fini) = {0};
    char network[NETWORK_SIZE_MAX + 1] = {0};
    TRY(load_rows(wallet, &fresh));
    memcpy(network, wallet->state.network.data, wallet->state.network.size);
    wallet->trust = (struct trust){0};
    memcpy(wallet->trust.network, network, sizeof network);
    if (wallet->state.has_directory)
        TRY(trust_open(&wallet->trust, network, &wallet->state.root_key, &wallet->state.directory,
                       &fresh));
    if (wallet->state.has_directory && wallet->state.has_revocations)
        TRY(trust_set_revocations(&wallet->trust, &wallet->state.revocations, &fresh));
    wallet->is_restored = wallet->state.is_restored == 1;
    arena_fini(&wallet->trust_arena);
    wallet->trust_arena = fresh;
    fresh = (struct arena){0};
    return ERR_OK;
}

void wallet_fini(struct wallet *wallet)
{
    arena_fini(&wallet->trust_arena);
}

enum err wallet_transact(struct wallet *wallet,
                         enum err (*work)(struct wallet *wallet, struct purse_env *env,
                                          void *context),
                         void *context, struct arena *arena)
{
    struct purse_env env = {
        .store = wallet->store,
        .trust = &wallet->trust,
        .now = wallet->now,
        .arena = arena,
        .context = wallet,
        .key = wallet_key,
    };
    const struct wallet_state before = wallet->state;
    TRY(store_begin(wallet->store, STORE_WRITE));
    enum err error = work(wallet, &env, context);
    if (error == ERR_OK)
        error = store_commit(wallet->store);
    if (error == ERR_OK)
        return ERR_OK;
    store_rollback(wallet->store);
    wallet->state = before;
    return error;
}

enum err wallet_key(void *context, struct key_pair *out, const struct public_key *key)
{
    struct wallet *wallet = context;
    struct arena arena AUTO(arena_fini) = {0};
    struct sealed_key row = {.key = *key};
    TRY(store_get(wallet->store, &tables_table_sealed_key, &row, &arena));
    return wallet->element != NULL
               ? wallet->element->open_key(wallet->element->context, out, row.sealed)
               : wallet->open_key(wallet->context, out, row.sealed);
}

enum err wallet_current_pair(struct wallet *wallet, struct purse_env *env, struct key_pair *out)
{
    struct purse_key current = {0};
    TRY(purse_key_current(env, &current));
    return wallet_key(wallet, out, &current.key);
}

static enum err pair_work(struct wallet *wallet, struct purse_env *env, struct key_pair *out,
                          const struct public_key *key)
{
    return key == NULL ? wallet_current_pair(wallet, env, out) : wallet_key(wallet, out, key);
}

enum err wallet_pair(struct wallet *wallet, struct key_pair *out, const struct public_key *key)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_env env = {.store = wallet->store, .trust = &wallet->trust, .arena = &arena};
    TRY(store_begin(wallet->store, STORE_READ));
    const enum err error = pair_work(wallet, &env, out, key);
    store_rollback(wallet->store);
    return error;
}

/* Nearly every 32 bytes are a scalar; those that are not are drawn again. */
static enum err draw_pair(struct wallet *wallet, struct key_pair *out)
{
    uint8_t scalar[32];
    enum err error = ERR_RANGE;
    for (int tries = 0; error == ERR_RANGE && tries < 8; tries++) {
        wallet->random(wallet->context, scalar, sizeof scalar);
        error = crypto()->key_load(out, scalar);
    }
    secret_wipe_bytes(scalar, sizeof scalar);
    return error;
}

enum err wallet_make_key(struct wallet *wallet, struct key_pair *out, struct span *kept,
                         struct arena *arena)
{
    if (wallet->element != NULL)
        return wallet->element->make_key(wallet->element->context, out, kept, arena);
    TRY(draw_pair(wallet, out));
    return wallet->seal_key(wallet->context, kept, out, arena);
}

/* --- the counter --- */

enum err wallet_count(struct wallet *wallet)
{
    if (wallet->element == NULL)
        return ERR_OK;
    wallet->state.element_count++;
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

enum err wallet_follow(struct wallet *wallet)
{
    return wallet->element == NULL
               ? ERR_OK
               : wallet->element->follow(wallet->element->context, wallet->state.element_count);
}

static enum err begin_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)env;
    (void)context;
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

enum err wallet_begin_count(struct wallet *wallet)
{
    struct arena arena AUTO(arena_fini) = {0};
    if (wallet->element == NULL || wallet->state.element_count > 0)
        return ERR_OK;
    const enum err error =
        wallet->element->begin(wallet->element->context, &wallet->state.element_count);
    return error == ERR_OK ? wallet_transact(wallet, begin_work, NULL, &arena) : error;
}

enum err wallet_history(struct wallet *wallet, enum history_kind kind, struct amount amount,
                        const struct id *reference, struct span counterparty, struct span memo)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct store_query newest = {
        .table = &tables_table_history, .index_number = -1, .descending = true, .count_max = 1};
    struct list rows = {0};
    TRY(store_list(wallet->store, &rows, &newest, NULL, &arena));
    const struct history row = {
        .number = rows.count == 0 ? 1 : ((const struct history *)rows.items)->number + 1,
        .kind = kind,
        .amount = amount,
        .reference = *reference,
        .counterparty = counterparty,
        .memo = memo,
        .at = wallet->now,
    };
    return store_insert(wallet->store, &tables_table_history, &row);
}

void wallet_name(char out[WALLET_NAME_SIZE], const struct wallet_certificate *certificate,
                 const struct trust_bank *bank)
{
    char who[80] = "?", where[80] = "?";
    if (bank != NULL)
        text_printable(where, sizeof where, bank->certificate.name);
    if (certificate == NULL) {
        snprintf(out, WALLET_NAME_SIZE, "%s", where);
        return;
    }
    if (certificate->has_label) {
        text_printable(who, sizeof who, certificate->label);
    } else {
        const struct key_id id = crypto_key_id(&certificate->wallet_key);
        char digits[2 * KEY_ID_SIZE + 1];
        hex_encode(digits, SPAN(id));
        digits[8] = '\0';
        snprintf(who, sizeof who, "%s", digits);
    }
    snprintf(out, WALLET_NAME_SIZE, "%s, %s", who, where);
}

bool wallet_is_refused(const struct wallet *wallet, const struct public_key *current)
{
    return wallet->state.is_refused != 0 || trust_is_revoked(&wallet->trust, current);
}

uint64_t wallet_newest_time(const struct wallet *wallet)
{
    const uint64_t trusted = wallet->state.has_directory ? trust_newest_time(&wallet->trust) : 0;
    return trusted > wallet->state.newest_signed_time ? trusted : wallet->state.newest_signed_time;
}

enum err wallet_note_time(struct wallet *wallet, uint64_t signed_time)
{
    if (signed_time > wallet->now || signed_time <= wallet->state.newest_signed_time)
        return ERR_OK;
    wallet->state.newest_signed_time = signed_time;
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

/* --- believing --- */

struct belief {
    const struct cose *directory, *revocations;
    struct arena arena; /* of the trust that would follow */
};

static enum err check_belief(struct wallet *wallet, struct belief *belief)
{
    struct trust next = {0};
    const struct cose *directory = belief->directory;
    const struct cose *list = belief->revocations;
    if (directory == NULL)
        directory = wallet->state.has_directory ? &wallet->state.directory : NULL;
    if (directory == NULL)
        return ERR_MISSING;
    TRY(trust_open(&next, wallet->trust.network, &wallet->state.root_key, directory,
                   &belief->arena));
    if (wallet->state.has_directory && next.directory.version < wallet->trust.directory.version)
        return ERR_VERSION;
    if (list == NULL) /* the one I hold must fit the new directory, or they come together */
        list = wallet->state.has_revocations ? &wallet->state.revocations : NULL;
    if (list == NULL)
        return ERR_OK;
    TRY(trust_set_revocations(&next, list, &belief->arena));
    return next.revocations.version < wallet->trust.revocations.version ? ERR_VERSION : ERR_OK;
}

static enum err keep_belief(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct belief *belief = context;
    struct wallet_state row = wallet->state;
    (void)env;
    if (belief->directory != NULL) {
        row.has_directory = true;
        row.directory = *belief->directory;
    }
    if (belief->revocations != NULL) {
        row.has_revocations = true;
        row.revocations = *belief->revocations;
    }
    return store_update(wallet->store, &tables_table_wallet_state, &row);
}

enum err wallet_believe(struct wallet *wallet, const struct cose *directory,
                        const struct cose *revocations)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct belief belief = {.directory = directory, .revocations = revocations};
    const enum err checked = check_belief(wallet, &belief);
    const enum err kept =
        checked == ERR_OK ? wallet_transact(wallet, keep_belief, &belief, &arena) : checked;
    arena_fini(&belief.arena);
    TRY(kept);
    return wallet_load(wallet);
}
