/* Certificates logged, keys revoked. Enrolment, the directory and what a bank may fetch are in
 * authority_bank.c. */
#include "central/authority.h"

#include "central/books.h"
#include "central/register_row.h"
#include "common/base/time.h"

enum err authority_wallet_key(struct register_env *env, bool *found, struct wallet_key *out,
                              const struct public_key *key)
{
    *out = (struct wallet_key){.key = *key};
    return register_find(env, found, &tables_table_wallet_key, out);
}

/* --- revocations --- */

/* The list is signed when somebody asks for it, not at each entry: a wave of cases costs one
 * signature. */
static enum err sign_list(struct register_env *env, struct revocations_log *out, uint64_t version)
{
    struct list rows = {0};
    void *memory = NULL;
    TRY(register_rows(env, &rows, &tables_table_revoked_key, -1, 0,
                      NULL)); /* ascending by key id */
    TRY(arena_alloc(env->arena, &memory, rows.count + 1, sizeof(struct revocation)));
    struct revocations list = {
        .version = version, .entries = {memory, rows.count}, .made_at = env->now};
    const struct revoked_key *keys = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        list.entries.items[i] = (struct revocation){.key_id = keys[i].key_id,
                                                    .reason = keys[i].reason,
                                                    .since_day = keys[i].since_day,
                                                    .until_day = keys[i].until_day};
    *out = (struct revocations_log){.id = 1, .version = version};
    TRY(record_sign(&out->revocations, env->trust->network, KIND_REVOCATIONS, &list,
                    env->revocation_key, env->arena));
    return store_put(env->store, &tables_table_revocations_log, out);
}

enum err authority_revocations_open(struct register_env *env)
{
    struct books books = {0};
    TRY(books_get(env->store, &books));
    books.revocations_version = 1;
    return books_put(env->store, &books);
}

static enum err newest_list(struct register_env *env, struct revocations_log *out)
{
    struct books books = {0};
    bool found = false;
    *out = (struct revocations_log){.id = 1};
    TRY(books_get(env->store, &books));
    TRY(register_find(env, &found, &tables_table_revocations_log, out));
    if (found && out->version >= books.revocations_version)
        return ERR_OK;
    return sign_list(env, out, books.revocations_version);
}

enum err authority_revocations(struct register_env *env, struct cose *out)
{
    struct revocations_log row = {0};
    TRY(newest_list(env, &row));
    *out = row.revocations;
    return ERR_OK;
}

enum err authority_revoke(struct register_env *env, enum status *status,
                          const struct key_id *key_id, enum revocation_reason reason)
{
    struct revoked_key row = {.key_id = *key_id};
    struct books books = {0};
    bool found = false;
    *status = STATUS_OK;
    TRY(register_find(env, &found, &tables_table_revoked_key, &row));
    if (found)
        return ERR_OK;
    const struct policy *policy = trust_policy(env->trust);
    const uint64_t today = time_day(env->now);
    TRY(books_get(env->store, &books));
    books.revocations_version++;
    TRY(books_put(env->store, &books));
    /* until: no coin that the key can have signed for is taken offline any more after that */
    row = (struct revoked_key){
        .key_id = *key_id,
        .reason = reason,
        .since_day = today,
        .until_day = today + policy->spend_by_days + policy->redeem_by_days,
        .version = books.revocations_version,
    };
    return store_insert(env->store, &tables_table_revoked_key, &row);
}

enum err authority_revoked_version(struct register_env *env, bool *revoked, uint64_t *version,
                                   const struct public_key *key)
{
    struct revoked_key row = {.key_id = crypto_key_id(key)};
    TRY(register_find(env, revoked, &tables_table_revoked_key, &row));
    *version = row.version;
    return ERR_OK;
}

enum err authority_revoke_call(struct register_env *env, enum status *status,
                               const struct revoke_body *body, const struct bank *bank)
{
    struct wallet_key wallet = {0};
    bool found = false;
    TRY(authority_wallet_key(env, &found, &wallet, &body->key));
    if (!found || wallet.bank_id != bank->bank_id) {
        *status = STATUS_FORBIDDEN;
        return ERR_OK;
    }
    return authority_revoke(env, status, &wallet.key_id, REVOKED_BY_BANK);
}

/* --- the certificate log --- */

static bool is_institution_key(const struct trust *trust, const struct public_key *key)
{
    const struct directory *directory = &trust->directory;
    const struct key_id id = crypto_key_id(key);
    for (size_t i = 0; i < trust->bank_count; i++)
        if (key_equal(key, &trust->banks[i].certificate.bank_key) ||
            key_equal(key, &trust->banks[i].certificate.vault_key))
            return true;
    return key_equal(key, &directory->register_key) || key_equal(key, &directory->revocation_key) ||
           trust_issuing_key(trust, &id) != NULL;
}

static bool is_same_customer(const struct wallet_key *a, const struct wallet_key *b)
{
    return a->bank_id == b->bank_id && span_equal(SPAN(a->customer), SPAN(b->customer));
}

/* The row that an entry would become; nothing is written. */
static enum err read_entry(struct register_env *env, enum status *status, struct wallet_key *out,
                           const struct logged *entry, const struct bank *bank)
{
    struct wallet_certificate certificate = {0};
    struct wallet_key known = {0};
    bool found = false;
    *status = trust_certificate(&certificate, env->trust, &entry->certificate, env->arena);
    if (*status == STATUS_OK && certificate.bank_id != bank->bank_id)
        *status = STATUS_CERTIFICATE;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(authority_wallet_key(env, &found, &known, &certificate.wallet_key));
    *out = (struct wallet_key){
        .key = certificate.wallet_key,
        .key_id = crypto_key_id(&certificate.wallet_key),
        .bank_id = bank->bank_id,
        .customer = entry->customer,
        .certificate = entry->certificate,
        .logged_at = found ? known.logged_at : env->now,
    };
    if (is_institution_key(env->trust, &out->key) || (found && !is_same_customer(&known, out)))
        *status = STATUS_CERTIFIED_ELSEWHERE;
    return ERR_OK;
}

/* Two entries of one call may not give one key to two customers either. */
static bool contradicts(const struct wallet_key *rows, size_t count, const struct wallet_key *row)
{
    for (size_t i = 0; i < count; i++)
        if (key_equal(&rows[i].key, &row->key) && !is_same_customer(&rows[i], row))
            return true;
    return false;
}

/* First look at all, then keep all: all entries or none. */
enum err authority_log(struct register_env *env, enum status *status, const struct log_body *body,
                       const struct bank *bank)
{
    const size_t count = body->entries.count;
    void *memory = NULL;
    *status = STATUS_OK;
    TRY(arena_alloc(env->arena, &memory, count, sizeof(struct wallet_key)));
    struct wallet_key *rows = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(read_entry(env, status, &rows[i], &body->entries.items[i], bank));
        if (*status == STATUS_OK && contradicts(rows, i, &rows[i]))
            *status = STATUS_CERTIFIED_ELSEWHERE;
        if (*status != STATUS_OK)
            return ERR_OK;
    }
    for (size_t i = 0; i < count; i++)
        TRY(store_put(env->store, &tables_table_wallet_key, &rows[i]));
    return ERR_OK;
}
