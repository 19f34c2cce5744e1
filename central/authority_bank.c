/* Enrolling banks and publishing directories: the root key signs elsewhere, here is what it should
 * sign and what came back; and what banks fetch of it. */
#include "central/authority.h"
#include "central/books.h"
#include "central/claims.h"
#include "central/register_row.h"
#include "common/base/time.h"

static enum err key_is_taken(struct register_env *env, bool *taken, const struct public_key *key)
{
    struct wallet_key wallet = {0};
    const struct trust *trust = env->trust;
    TRY(authority_wallet_key(env, taken, &wallet, key));
    *taken = *taken || key_equal(key, &trust->directory.register_key) ||
             key_equal(key, &trust->directory.revocation_key) || key_equal(key, &trust->root_key);
    for (size_t i = 0; i < trust->bank_count; i++)
        *taken = *taken || key_equal(key, &trust->banks[i].certificate.bank_key) ||
                 key_equal(key, &trust->banks[i].certificate.vault_key);
    const struct key_id id = crypto_key_id(key);
    *taken = *taken || trust_issuing_key(trust, &id) != NULL;
    return ERR_OK;
}

/* Both keys signed the same request: the bank holds both. */
static enum status read_request(struct register_env *env, struct bank_request *out,
                                struct span bytes)
{
    struct enrollment enrollment = {0};
    enum status status = record_status(enrollment_decode(&enrollment, bytes, env->arena));
    if (status == STATUS_OK)
        status =
            record_status(bank_request_decode(out, enrollment.by_bank_key.payload, env->arena));
    if (status != STATUS_OK)
        return status;
    if (crypto()->key_check(&out->bank_key) != ERR_OK ||
        crypto()->key_check(&out->vault_key) != ERR_OK)
        return STATUS_POINT;
    const char *network = env->trust->network;
    if (key_equal(&out->bank_key, &out->vault_key) ||
        !span_equal(enrollment.by_bank_key.payload, enrollment.by_vault_key.payload) ||
        record_verify(network, KIND_BANK_REQUEST, &enrollment.by_bank_key, &out->bank_key) !=
            ERR_OK ||
        record_verify(network, KIND_BANK_REQUEST, &enrollment.by_vault_key, &out->vault_key) !=
            ERR_OK)
        return STATUS_SIGNATURE;
    return STATUS_OK;
}

enum err authority_enrolment_read(struct register_env *env, enum status *status,
                                  struct authority_enrolment *out, struct span enrollment,
                                  uint64_t days)
{
    bool bank_taken = false, vault_taken = false;
    struct books books = {0};
    *out = (struct authority_enrolment){0};
    *status = read_request(env, &out->request, enrollment);
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(key_is_taken(env, &bank_taken, &out->request.bank_key));
    TRY(key_is_taken(env, &vault_taken, &out->request.vault_key));
    if (bank_taken || vault_taken) {
        *status = STATUS_CERTIFIED_ELSEWHERE;
        return ERR_OK;
    }
    TRY(books_get(env->store, &books));
    const uint64_t today = time_day(env->now);
    out->certificate = (struct bank_certificate){
        .bank_id = books.next_bank_id,
        .bank_key = out->request.bank_key,
        .vault_key = out->request.vault_key,
        .name = out->request.name,
        .not_before_day = today,
        .not_after_day = today + days,
    };
    return ERR_OK;
}

enum err authority_directory(struct register_env *env, struct cose *out)
{
    const struct store_query newest = {.table = &tables_table_directory_log,
                                       .index_number = -1,
                                       .descending = true,
                                       .count_max = 1};
    struct list rows = {0};
    TRY(store_list(env->store, &rows, &newest, NULL, env->arena));
    if (rows.count == 0)
        return ERR_MISSING;
    *out = ((const struct directory_log *)rows.items)->directory;
    return ERR_OK;
}

enum err authority_fetch(struct register_env *env, struct fetch_reply *reply,
                         const struct fetch_body *body)
{
    struct books books = {0};
    *reply = (struct fetch_reply){.now = env->now};
    TRY(books_get(env->store, &books));
    reply->has_revocations = books.revocations_version > body->revocations_version;
    if (reply->has_revocations)
        TRY(authority_revocations(env, &reply->revocations));
    if (env->trust->directory.version <= body->directory_version)
        return ERR_OK;
    reply->has_directory = true;
    return authority_directory(env, &reply->directory);
}

enum err authority_directory_draft(struct register_env *env, struct directory *out,
                                   const struct authority_draft_options *options)
{
    *out = env->trust->directory;
    out->version++;
    if (options->bank_certificates != NULL)
        out->bank_certificates = *options->bank_certificates;
    if (options->policy != NULL)
        out->policy = *options->policy;
    out->made_at = env->now;
    out->not_after = env->now + options->valid_days * SECONDS_PER_DAY;
    return ERR_OK;
}

static enum err add_bank(struct register_env *env, const struct trust_bank *named)
{
    struct bank row = {.bank_id = named->certificate.bank_id};
    struct books books = {0};
    bool found = false;
    TRY(register_find(env, &found, &tables_table_bank, &row));
    if (found) { /* a renewed certificate: reserve and guarantee stay */
        row.bank_key = named->certificate.bank_key;
        row.bank_key_id = named->bank_key_id;
        row.vault_key = named->certificate.vault_key;
        row.certificate = named->cose;
        return store_update(env->store, &tables_table_bank, &row);
    }
    row = (struct bank){
        .bank_id = named->certificate.bank_id,
        .name = named->certificate.name,
        .bank_key = named->certificate.bank_key,
        .bank_key_id = named->bank_key_id,
        .vault_key = named->certificate.vault_key,
        .certificate = named->cose,
        .enrolled_at = env->now,
    };
    TRY(books_get(env->store, &books));
    if (books.next_bank_id <= row.bank_id)
        books.next_bank_id = row.bank_id + 1;
    TRY(books_put(env->store, &books));
    return store_insert(env->store, &tables_table_bank, &row);
}

/* The new policy's cap may let through what waits. */
static enum err pay_waiting(struct register_env *env, const struct trust *next)
{
    struct register_env renewed = *env;
    renewed.trust = next;
    return claims_pay_waiting(&renewed);
}

enum err authority_directory_accept(struct register_env *env, enum status *status,
                                    const struct public_key *root_key, const char *network,
                                    const struct cose *cose)
{
    struct trust next = {0};
    struct books books = {0};
    TRY(books_get(env->store, &books));
    *status = record_status(trust_open(&next, network, root_key, cose, env->arena));
    if (*status == STATUS_OK && next.directory.version != books.directory_version + 1)
        *status = STATUS_VERSION;
    if (*status != STATUS_OK)
        return ERR_OK;
    books.directory_version = next.directory.version;
    TRY(books_put(env->store, &books));
    const struct directory_log row = {.version = next.directory.version, .directory = *cose};
    TRY(store_insert(env->store, &tables_table_directory_log, &row));
    for (size_t i = 0; i < next.bank_count; i++)
        TRY(add_bank(env, &next.banks[i]));
    return pay_waiting(env, &next);
}

/* --- the first policy --- */

struct tier_numbers {
    uint64_t held_fen, payment_fen, day_fen;
};

static enum err limits_from(struct limits *out, const struct tier_numbers *numbers)
{
    TRY(amount_from_fen(&out->held_max, numbers->held_fen));
    TRY(amount_from_fen(&out->payment_max, numbers->payment_fen));
    return amount_from_fen(&out->day_max, numbers->day_fen);
}

enum err authority_first_policy(struct policy *out, struct arena *arena)
{
    static const struct tier_numbers numbers[] = {
        {AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX}, /* 1: no limit */
        {50000000, 5000000, 10000000},        /* 2: 500,000 held, 50,000 a payment, 100,000 a day */
        {2000000, 500000, 1000000},           /* 3 */
        {1000000, 200000, 500000},            /* 4 */
    };
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    void *memory = NULL;
    TRY(arena_alloc(arena, &memory, COUNT, sizeof(struct tier)));
    *out = (struct policy){
        .payment_version_max = 1,
        .hops_max = 5,
        .depth_max = 16,
        .spend_by_days = 90,
        .redeem_by_days = 30,
        .certificate_days = 7,
        .archive_days = 365,
        .tiers = {memory, COUNT},
    };
    for (size_t i = 0; i < COUNT; i++) {
        out->tiers.items[i].tier = i + 1;
        TRY(limits_from(&out->tiers.items[i].limits, &numbers[i]));
    }
    TRY(amount_from_fen(&out->offline_payment_max, 50000));
    TRY(amount_from_fen(&out->offline_total_max, 100000));
    TRY(amount_from_fen(&out->element_payment_max, 200000));
    TRY(amount_from_fen(&out->element_total_max, 500000));
    return amount_from_fen(&out->compensation_max, 1000000);
}
