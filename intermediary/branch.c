/* What the bank's modules stand on: transactions, calls to the central bank, what is believed
 * (contract in branch.h). */
#include "intermediary/branch.h"

#include <string.h>

/* --- what is stored about this bank --- */

static enum err vault_pair(void *context, struct key_pair *out, const struct public_key *key)
{
    const struct branch *branch = context;
    if (!key_equal(key, &branch->vault_key.public_key))
        return ERR_MISSING;
    *out = branch->vault_key;
    return ERR_OK;
}

void branch_env_open(struct branch_env *out, struct branch *branch, struct arena *arena)
{
    *out = (struct branch_env){
        .branch = branch,
        .purse = {.store = branch->store,
                  .trust = &branch->trust,
                  .now = branch->now,
                  .arena = arena,
                  .context = branch,
                  .key = vault_pair},
    };
}

struct creation {
    const char *network, *name;
};

static enum err create(struct branch_env *env, enum status *status, void *context)
{
    const struct creation *creation = context;
    const struct branch *branch = env->branch;
    const struct bank_state row = {
        .id = BANK_NUMBER_ONE,
        .network = span_text(creation->network),
        .name = span_text(creation->name),
        .bank_key = branch->bank_key.public_key,
        .vault_key = branch->vault_key.public_key,
        .next_customer = 1,
        .next_number = 1,
        .made_at = branch->now,
    };
    *status = STATUS_OK;
    TRY(store_insert(env->purse.store, &bank_table_bank_state, &row));
    return purse_key_add(&env->purse, &branch->vault_key.public_key, (struct span){0});
}

enum err branch_create(struct branch *branch, const char *network, const char *name)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    struct creation creation = {network, name};
    branch_env_open(&env, branch, &arena);
    return branch_run(&env, &status, create, &creation);
}

/* Trust from its parts, into an arena of its own; only a whole one is ever put in place. */
static enum err make_trust(struct trust *out, struct arena *arena, const struct branch *branch,
                           const struct public_key *root_key, const struct cose *directory,
                           const struct cose *revocations)
{
    TRY(trust_open(out, branch->network, root_key, directory, arena));
    return revocations == NULL ? ERR_OK : trust_set_revocations(out, revocations, arena);
}

static void put_trust(struct branch *branch, struct arena *fresh, const struct trust *trust)
{
    arena_fini(&branch->trust_arena);
    branch->trust_arena = *fresh;
    *fresh = (struct arena){0};
    branch->trust = *trust;
}

static enum err load_trust(struct branch *branch, struct arena *fresh)
{
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    struct trust trust = {0};
    const enum err error = store_get(branch->store, &bank_table_bank_trust, &row, fresh);
    if (error == ERR_MISSING)
        return ERR_OK;
    TRY(error);
    TRY(make_trust(&trust, fresh, branch, &row.root_key, &row.directory,
                   row.has_revocations ? &row.revocations : NULL));
    branch->bank_id = row.bank_id;
    branch->root_key = row.root_key;
    put_trust(branch, fresh, &trust);
    return ERR_OK;
}

static enum err load_all(struct branch *branch)
{
    struct arena fresh AUTO(arena_fini) = {0};
    struct bank_state row = {.id = BANK_NUMBER_ONE};
    TRY(store_get(branch->store, &bank_table_bank_state, &row, &fresh));
    memset(branch->network, 0, sizeof branch->network);
    memcpy(branch->network, row.network.data, row.network.size);
    return load_trust(branch, &fresh);
}

enum err branch_load(struct branch *branch)
{
    TRY(store_begin(branch->store, STORE_READ));
    const enum err error = load_all(branch);
    store_rollback(branch->store);
    return error;
}

void branch_fini(struct branch *branch)
{
    key_pair_wipe(&branch->bank_key);
    key_pair_wipe(&branch->vault_key);
    arena_fini(&branch->trust_arena);
}

/* --- transactions --- */

bool branch_is_done(enum status status)
{
    return status == STATUS_OK || status == STATUS_PENDING;
}

enum err branch_run(struct branch_env *env, enum status *status,
                    enum err (*step)(struct branch_env *env, enum status *status, void *context),
                    void *context)
{
    struct store *store = env->purse.store;
    TRY(store_begin(store, STORE_WRITE));
    enum err error = step(env, status, context);
    if (error == ERR_OK && branch_is_done(*status))
        error = store_commit(store);
    if (error != ERR_OK || !branch_is_done(*status))
        store_rollback(store);
    return error;
}

enum err branch_find(struct branch_env *env, bool *found, const struct table *table, void *row)
{
    const enum err error = store_get(env->purse.store, table, row, env->purse.arena);
    *found = error == ERR_OK;
    return error == ERR_MISSING ? ERR_OK : error;
}

enum err branch_rows(struct branch_env *env, struct list *out, const struct table *table,
                     int index_number, size_t prefix_count, const void *from)
{
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = prefix_count};
    return store_list(env->purse.store, out, &query, from, env->purse.arena);
}

enum err branch_first(struct branch_env *env, bool *found, const struct table *table,
                      int index_number, size_t prefix_count, void *row)
{
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = prefix_count, .count_max = 1};
    struct list rows = {0};
    TRY(store_list(env->purse.store, &rows, &query, row, env->purse.arena));
    *found = rows.count > 0;
    if (*found)
        memcpy(row, rows.items, table->schema->struct_size);
    return ERR_OK;
}

enum err branch_next_numbers(struct branch_env *env, uint64_t *first, uint64_t count)
{
    struct bank_state row = {.id = BANK_NUMBER_ONE};
    TRY(store_get(env->purse.store, &bank_table_bank_state, &row, env->purse.arena));
    *first = row.next_number;
    row.next_number += count;
    return store_update(env->purse.store, &bank_table_bank_state, &row);
}

enum err branch_next_number(struct branch_env *env, uint64_t *number)
{
    return branch_next_numbers(env, number, 1);
}

enum err branch_next_customer(struct branch_env *env, uint64_t *number)
{
    struct bank_state row = {.id = BANK_NUMBER_ONE};
    TRY(store_get(env->purse.store, &bank_table_bank_state, &row, env->purse.arena));
    *number = row.next_customer++;
    return store_update(env->purse.store, &bank_table_bank_state, &row);
}

void branch_random(struct branch_env *env, void *out, size_t size)
{
    env->branch->random(env->branch->random_context, out, size);
}

/* --- the central bank --- */

/* These say nothing about what was asked, only that it could not be taken now. */
static bool is_later(enum status status)
{
    return status == STATUS_SENDER || status == STATUS_CALL_DATE || status == STATUS_CALL_REUSED ||
           status == STATUS_BUSY || status == STATUS_UNREACHABLE || status == STATUS_FAILED;
}

static enum err exchange_bytes(struct branch_env *env, enum status *status, void *reply,
                               enum verb verb, const void *body)
{
    struct buffer request AUTO(buffer_fini) = {0};
    struct buffer answer AUTO(buffer_fini) = {0};
    struct branch *branch = env->branch;
    struct nonce call_id = {{0}};
    struct span kept = {0};
    branch_random(env, call_id.bytes, sizeof call_id.bytes);
    TRY(call_seal(&request, branch->network, verb, body, &call_id, branch->now, &branch->bank_key,
                  env->purse.arena));
    if (branch->central == NULL)
        return ERR_UNREACHABLE;
    TRY(branch->central(branch->central_context, &answer, buffer_span(&request)));
    TRY(arena_copy(env->purse.arena, &kept, buffer_span(&answer)));
    return call_read_reply(status, reply, verb, &call_id, kept, env->purse.arena);
}

enum err branch_heard(struct branch *branch, enum status *status, enum err error)
{
    const enum status answer = *status;
    if (err_class(error) == ERR_CLASS_BROKEN && error != ERR_IO)
        return error;
    branch->central_status = error == ERR_OK ? answer : STATUS_UNREACHABLE;
    if (error == ERR_OK)
        branch->central_at = branch->now;
    *status = error != ERR_OK || is_later(answer) ? STATUS_UNREACHABLE : answer;
    return ERR_OK;
}

enum err branch_call(struct branch_env *env, enum status *status, void *reply, enum verb verb,
                     const void *body)
{
    memset(reply, 0, message_verb(verb)->reply->struct_size);
    *status = STATUS_UNREACHABLE;
    const enum err error = exchange_bytes(env, status, reply, verb, body);
    return branch_heard(env->branch, status, error);
}

/* --- directory and revocation list --- */

struct news {
    struct fetch_reply reply;
    struct trust trust;
    struct arena arena; /* of trust */
};

static enum err keep_news(struct branch_env *env, enum status *status, void *context)
{
    const struct news *news = context;
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    *status = STATUS_OK;
    TRY(store_get(env->purse.store, &bank_table_bank_trust, &row, env->purse.arena));
    row.fetched_at = env->purse.now;
    if (news->reply.has_directory)
        row.directory = news->reply.directory;
    if (news->reply.has_revocations) {
        row.has_revocations = true;
        row.revocations = news->reply.revocations;
    }
    return store_update(env->purse.store, &bank_table_bank_trust, &row);
}

static enum err check_news(struct branch_env *env, struct news *news)
{
    const struct branch *branch = env->branch;
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    TRY(store_begin(env->purse.store, STORE_READ));
    const enum err error =
        store_get(env->purse.store, &bank_table_bank_trust, &row, env->purse.arena);
    store_rollback(env->purse.store);
    TRY(error);
    const struct cose *directory =
        news->reply.has_directory ? &news->reply.directory : &row.directory;
    const struct cose *list = news->reply.has_revocations ? &news->reply.revocations
                              : row.has_revocations       ? &row.revocations
                                                          : NULL;
    TRY(make_trust(&news->trust, &news->arena, branch, &branch->root_key, directory, list));
    return news->trust.directory.version < branch->trust.directory.version ||
                   news->trust.revocations.version < branch->trust.revocations.version
               ? ERR_VERSION
               : ERR_OK;
}

enum err branch_fetch(struct branch *branch, enum status *status)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    struct news news = {0};
    branch_env_open(&env, branch, &arena);
    const struct fetch_body body = {.directory_version = branch->trust.directory.version,
                                    .revocations_version = branch->trust.revocations.version};
    TRY(branch_call(&env, status, &news.reply, VERB_FETCH, &body));
    if (*status != STATUS_OK)
        return ERR_OK;
    enum err error = check_news(&env, &news);
    if (err_class(error) == ERR_CLASS_MALFORMED)
        *status = record_status(error); /* not believed: what I hold stays */
    else if (error == ERR_OK)
        error = branch_run(&env, status, keep_news, &news);
    arena_fini(&news.arena);
    TRY(err_class(error) == ERR_CLASS_MALFORMED ? ERR_OK : error);
    return *status == STATUS_OK ? branch_load(branch) : ERR_OK;
}
