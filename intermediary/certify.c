/* Give up, join, certify, log (contract in certify.h). */
#include "intermediary/certify.h"

#include "common/base/time.h"
#include "common/money/element.h"
#include "intermediary/certify_words.h"

#include <stdlib.h>

enum { REASON_BY_BANK = 3 }; /* docs/PROTOCOL.md section 4: a bank revoked it */

enum err certify_wallet(struct branch_env *env, bool *found, struct bank_wallet *out,
                        const struct public_key *key)
{
    *out = (struct bank_wallet){.key = *key};
    return branch_find(env, found, &bank_table_bank_wallet, out);
}

static int newest_last(const void *a, const void *b)
{
    const struct bank_wallet *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

enum err certify_wallets(struct branch_env *env, struct bank_wallet_list *out, uint64_t customer)
{
    const struct bank_wallet from = {.customer = customer};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_bank_wallet, customer == 0 ? -1 : 1,
                    customer == 0 ? 0 : 1, &from));
    *out = (struct bank_wallet_list){rows.items, rows.count};
    if (rows.count > 1)
        qsort(rows.items, rows.count, sizeof out->items[0], newest_last);
    return ERR_OK;
}

/* --- giving up --- */

static bool is_given_up(const struct bank_wallet *wallet)
{
    return wallet->state == BANK_WALLET_REVOKED || wallet->state == BANK_WALLET_VOID;
}

static bool is_handed_out(const struct bank_wallet *wallet)
{
    return wallet->state != BANK_WALLET_WAITING || wallet->was_active == 1;
}

static enum err find_wallet(struct branch_env *env, enum status *status, void *context)
{
    struct bank_wallet *wallet = context;
    const struct public_key key = wallet->key;
    bool found = false;
    TRY(certify_wallet(env, &found, wallet, &key));
    *status = found ? STATUS_OK : STATUS_UNKNOWN;
    return ERR_OK;
}

static enum err mark_revoked(struct branch_env *env, enum status *status, void *context)
{
    struct bank_wallet *wallet = context;
    *status = STATUS_OK;
    TRY(store_get(env->purse.store, &bank_table_bank_wallet, wallet, env->purse.arena));
    wallet->state = is_handed_out(wallet) ? BANK_WALLET_REVOKED : BANK_WALLET_VOID;
    return store_update(env->purse.store, &bank_table_bank_wallet, wallet);
}

/* A key that waits may be in the log, its answer lost, or not: then there is nothing to revoke. */
static enum err revoke(struct branch_env *env, enum status *status, struct bank_wallet *wallet)
{
    const struct revoke_body body = {.key = wallet->key, .reason = REASON_BY_BANK};
    struct empty_body none;
    TRY(branch_call(env, status, &none, VERB_REVOKE, &body));
    if (*status == STATUS_FORBIDDEN && !is_handed_out(wallet))
        *status = STATUS_OK;
    return *status == STATUS_OK ? branch_run(env, status, mark_revoked, wallet) : ERR_OK;
}

enum err certify_revoke(struct branch_env *env, enum status *status, const struct public_key *key)
{
    struct bank_wallet wallet = {.key = *key};
    TRY(branch_run(env, status, find_wallet, &wallet));
    return *status == STATUS_OK && wallet.state != BANK_WALLET_VOID ? revoke(env, status, &wallet)
                                                                    : ERR_OK;
}

struct giving_up {
    struct bank_wallet_list wallets;
    uint64_t customer, lost_at;
};

static enum err begin_giving_up(struct branch_env *env, enum status *status, void *context)
{
    struct giving_up *giving = context;
    struct customer customer = {0};
    bool found = false;
    *status = STATUS_OK;
    TRY(customers_get(env, &found, &customer, giving->customer));
    if (found && customer.lost_at < giving->lost_at) {
        customer.lost_at = giving->lost_at;
        TRY(store_update(env->purse.store, &bank_table_customer, &customer));
    }
    return certify_wallets(env, &giving->wallets, giving->customer);
}

static enum err give_up(struct branch_env *env, enum status *status, size_t *count,
                        uint64_t customer, uint64_t lost_at)
{
    struct giving_up giving = {.customer = customer, .lost_at = lost_at};
    const uint64_t today = time_day(env->purse.now);
    *count = 0;
    TRY(branch_run(env, status, begin_giving_up, &giving));
    for (size_t i = 0; i < giving.wallets.count && *status == STATUS_OK; i++) {
        struct bank_wallet *wallet = &giving.wallets.items[i];
        if (is_given_up(wallet))
            continue;
        if (wallet->not_after_day >= today)
            TRY(revoke(env, status, wallet));
        else
            TRY(branch_run(env, status, mark_revoked, wallet));
        *count += *status == STATUS_OK;
    }
    return ERR_OK;
}

enum err certify_give_up(struct branch_env *env, enum status *status, size_t *count,
                         uint64_t customer)
{
    return give_up(env, status, count, customer, env->purse.now);
}

/* --- making a certificate --- */

/* What is asked, by whom, with which evidence. */
struct asking {
    struct certificate_request request;
    const struct cose *by_new_key, *by_previous_key; /* the latter NULL: a first key */
    const struct nonce *code;                        /* of a first key */
    const struct cose *words;                        /* of a first key: a recovery; NULL: none */
    struct recovery recovery;                        /* it, read */
    const struct bank_wallet *sender;                /* of a next key */
    uint64_t customer;
    struct id code_hash;
    bool may_use_element; /* the code was made for one, or the key before is in one */
    struct public_key attestor_key;
    struct bank_wallet wallet; /* out */
    struct nonce customer_id;  /* out */
};

static enum err sign_certificate(struct branch_env *env, enum status *status,
                                 struct bank_wallet *wallet, const struct customer *customer)
{
    const struct limits *limits = customers_limits(env, customer->tier);
    const uint64_t today = time_day(env->purse.now);
    if (limits == NULL) {
        *status = STATUS_STATE;
        return ERR_OK;
    }
    wallet->not_after_day = today + trust_policy(env->purse.trust)->certificate_days;
    const struct wallet_certificate certificate = {
        .bank_id = env->branch->bank_id,
        .wallet_key = wallet->key,
        .tier = customer->tier,
        .holder = wallet->has_attestor_key ? 1 : 0,
        .limits = *limits,
        .not_before_day = today,
        .not_after_day = wallet->not_after_day,
        .has_label = customer->has_label,
        .label = customer->label,
    };
    return record_sign(&wallet->certificate, env->branch->network, KIND_WALLET_CERTIFICATE,
                       &certificate, &env->branch->bank_key, env->purse.arena);
}

/* A row for the key, waiting for the log; a key of the same customer that is in date stays. */
static enum err certify_key(struct branch_env *env, enum status *status, struct asking *asking)
{
    struct customer customer = {0};
    bool found = false, is_known = false;
    TRY(customers_get(env, &found, &customer, asking->customer));
    if (!found)
        return ERR_INTEGRITY;
    asking->customer_id = customer.customer_id;
    TRY(certify_wallet(env, &is_known, &asking->wallet, &asking->request.new_key));
    if (is_known && asking->wallet.customer != asking->customer)
        *status = STATUS_CERTIFIED_ELSEWHERE;
    else if (is_known && is_given_up(&asking->wallet))
        *status = STATUS_FORBIDDEN;
    if (*status != STATUS_OK ||
        (is_known && asking->wallet.not_after_day > time_day(env->purse.now)))
        return ERR_OK;
    if (!is_known)
        asking->wallet = (struct bank_wallet){
            .key = asking->request.new_key,
            .key_id = crypto_key_id(&asking->request.new_key),
            .customer = asking->customer,
            .by_new_key = *asking->by_new_key,
            .has_by_previous_key = asking->by_previous_key != NULL,
            .has_attestor_key = asking->request.holder == 1,
            .attestor_key = asking->attestor_key,
            .has_code_hash = asking->code != NULL,
            .code_hash = asking->code_hash,
            .made_at = env->purse.now,
        };
    if (!is_known)
        TRY(branch_next_number(env, &asking->wallet.number));
    if (asking->by_previous_key != NULL)
        asking->wallet.by_previous_key = *asking->by_previous_key;
    asking->wallet.state = BANK_WALLET_WAITING;
    TRY(sign_certificate(env, status, &asking->wallet, &customer));
    return *status == STATUS_OK
               ? store_put(env->purse.store, &bank_table_bank_wallet, &asking->wallet)
               : ERR_OK;
}

static bool is_institution(const struct branch_env *env, const struct public_key *key)
{
    return key_equal(key, &env->branch->bank_key.public_key) ||
           trust_vault(env->purse.trust, key) != NULL;
}

static enum status read_request(struct asking *asking, const struct branch_env *env)
{
    const char *network = env->branch->network;
    struct certificate_request *request = &asking->request;
    enum err error =
        certificate_request_decode(request, asking->by_new_key->payload, env->purse.arena);
    if (error == ERR_OK && request->has_previous_key != (asking->by_previous_key != NULL))
        error = ERR_KIND;
    if (error == ERR_OK)
        error =
            record_verify(network, KIND_CERTIFICATE_REQUEST, asking->by_new_key, &request->new_key);
    if (error == ERR_OK && asking->by_previous_key != NULL)
        error = span_equal(asking->by_new_key->payload, asking->by_previous_key->payload)
                    ? record_verify(network, KIND_CERTIFICATE_REQUEST, asking->by_previous_key,
                                    &request->previous_key)
                    : ERR_SIGNATURE;
    if (error == ERR_OK && is_institution(env, &request->new_key))
        return STATUS_CERTIFIED_ELSEWHERE;
    return record_status(error);
}

/* A code opens one wallet; for the very key that used it, it goes on to. */
static enum err use_code(struct branch_env *env, enum status *status, struct asking *asking)
{
    asking->code_hash = customers_code_hash(asking->code);
    struct join_code row = {.code_hash = asking->code_hash};
    bool found = false;
    TRY(branch_find(env, &found, &bank_table_join_code, &row));
    const bool is_mine =
        found && row.has_used_by && key_equal(&row.used_by, &asking->request.new_key);
    if (!found || (!is_mine && (row.has_used_by || env->purse.now > row.expires_at))) {
        *status = STATUS_CODE;
        return ERR_OK;
    }
    asking->customer = row.customer;
    asking->may_use_element = row.for_element == 1;
    row.has_used_by = true;
    row.used_by = asking->request.new_key;
    return store_update(env->purse.store, &bank_table_join_code, &row);
}

/* Who asks for a first key: by a code, with words or without; or by the words alone. */
static enum err find_joiner(struct branch_env *env, enum status *status, struct asking *asking)
{
    if (asking->code == NULL && asking->words == NULL)
        *status = STATUS_CODE;
    else if (asking->code == NULL)
        TRY(certify_words_find(env, status, &asking->customer, &asking->recovery.recovery_key));
    else
        TRY(use_code(env, status, asking));
    if (*status != STATUS_OK || asking->words == NULL)
        return ERR_OK;
    return certify_words_keep(env, status, asking->customer, &asking->recovery, asking->words);
}

/* A wallet stays in the element it is in: the same one attests each of its keys. */
static void follow_sender(struct asking *asking)
{
    asking->customer = asking->sender->customer;
    asking->may_use_element = asking->sender->has_attestor_key;
}

/* Software needs no leave. An element needs a code that was made for one (the bank saw the device),
 * its own word on the key, and to be the one that attested the key before. */
static enum status judge_element(const struct branch_env *env, struct asking *asking)
{
    const struct bank_wallet *before = asking->sender;
    if (asking->request.holder == 0)
        return before != NULL && before->has_attestor_key ? STATUS_ELEMENT : STATUS_OK;
    if (!asking->may_use_element)
        return STATUS_ELEMENT;
    const enum status status = element_verify(&asking->attestor_key, env->branch->network,
                                              &asking->request, env->purse.arena);
    if (status != STATUS_OK || before == NULL)
        return status;
    return key_equal(&asking->attestor_key, &before->attestor_key) ? STATUS_OK : STATUS_ELEMENT;
}

static enum err ask(struct branch_env *env, enum status *status, void *context)
{
    struct asking *asking = context;
    *status = STATUS_OK;
    if (asking->sender == NULL)
        TRY(find_joiner(env, status, asking));
    else
        follow_sender(asking);
    if (*status == STATUS_OK)
        *status = judge_element(env, asking);
    return *status == STATUS_OK ? certify_key(env, status, asking) : ERR_OK;
}

struct losing {
    const struct recovery *recovery;
    const struct public_key *new_key;
    uint64_t customer;
    bool is_done; /* the new key is known already: this is asked again */
};

/* The words are good for whoever has the paper; what they signed is in whichever phone they were
 * typed into. One that was lost since, and never got through, must not come after the next. */
static enum err find_loser(struct branch_env *env, enum status *status, void *context)
{
    struct losing *losing = context;
    const struct recovery *recovery = losing->recovery;
    struct bank_wallet wallet = {0};
    struct customer customer = {0};
    bool found = false;
    TRY(certify_words_find(env, status, &losing->customer, &recovery->recovery_key));
    TRY(certify_wallet(env, &losing->is_done, &wallet, losing->new_key));
    if (*status != STATUS_OK || losing->is_done)
        return ERR_OK;
    TRY(customers_get(env, &found, &customer, losing->customer));
    if (recovery->made_at < customer.lost_at ||
        recovery->made_at > env->purse.now + CALL_AHEAD_MAX_S)
        *status = STATUS_WORDS;
    return ERR_OK;
}

/* Whoever comes with his words alone has lost what he had: those keys are given up before the new
 * one is certified, so that what they own comes to it, and a thief's copy gets nothing new. */
static enum err give_up_lost(struct branch_env *env, enum status *status, struct asking *asking)
{
    struct losing losing = {.recovery = &asking->recovery, .new_key = &asking->request.new_key};
    size_t count = 0;
    TRY(branch_run(env, status, find_loser, &losing));
    return *status == STATUS_OK && !losing.is_done
               ? give_up(env, status, &count, losing.customer, asking->recovery.made_at)
               : ERR_OK;
}

/* --- after the log's answer --- */

/* One key of a wallet is the active one: the one before becomes old. */
static enum err activate(struct branch_env *env, enum status *status, void *context)
{
    struct asking *asking = context;
    struct bank_wallet before = {0};
    bool found = false;
    *status = STATUS_OK;
    asking->wallet.state = BANK_WALLET_ACTIVE;
    asking->wallet.was_active = 1;
    TRY(store_update(env->purse.store, &bank_table_bank_wallet, &asking->wallet));
    if (!asking->request.has_previous_key)
        return ERR_OK;
    TRY(certify_wallet(env, &found, &before, &asking->request.previous_key));
    if (!found || before.state != BANK_WALLET_ACTIVE)
        return ERR_OK;
    before.state = BANK_WALLET_OLD;
    return store_update(env->purse.store, &bank_table_bank_wallet, &before);
}

/* The central bank knows the key as somebody else's: it never was this customer's. */
static enum err withdraw_key(struct branch_env *env, enum status *status, void *context)
{
    struct asking *asking = context;
    struct join_code row = {.code_hash = asking->code_hash};
    bool found = false;
    *status = STATUS_OK;
    TRY(store_delete(env->purse.store, &bank_table_bank_wallet, &asking->wallet));
    if (asking->code != NULL)
        TRY(branch_find(env, &found, &bank_table_join_code, &row));
    row.has_used_by = false;
    return found ? store_update(env->purse.store, &bank_table_join_code, &row) : ERR_OK;
}

static enum err log_key(struct branch_env *env, enum status *status, struct asking *asking)
{
    struct logged entry = {.certificate = asking->wallet.certificate,
                           .customer = asking->customer_id};
    const struct log_body body = {.entries = {&entry, 1}};
    struct empty_body none;
    enum status kept = STATUS_OK;
    TRY(branch_call(env, status, &none, VERB_LOG, &body));
    if (*status == STATUS_OK)
        return branch_run(env, &kept, activate, asking);
    return *status == STATUS_CERTIFIED_ELSEWHERE ? branch_run(env, &kept, withdraw_key, asking)
                                                 : ERR_OK;
}

struct giving {
    struct certify_reply *reply;
    uint64_t customer;
};

static enum err give(struct branch_env *env, enum status *status, void *context)
{
    struct giving *giving = context;
    struct certify_reply *reply = giving->reply;
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    *status = STATUS_OK;
    TRY(store_get(env->purse.store, &bank_table_bank_trust, &row, env->purse.arena));
    reply->directory = row.directory;
    reply->revocations = row.revocations;
    TRY(certify_words_of(env, &reply->has_recovery_key, &reply->recovery_key, giving->customer));
    if (!row.has_revocations)
        *status = STATUS_UNREACHABLE; /* none was fetched yet: ask again */
    return ERR_OK;
}

static enum err answer(struct branch_env *env, enum status *status, struct certify_reply *reply,
                       struct asking *asking)
{
    *status = read_request(asking, env);
    if (*status == STATUS_OK && asking->words != NULL)
        *status =
            certify_words_read(env, &asking->recovery, asking->words, &asking->request.new_key);
    if (*status == STATUS_OK && asking->words != NULL && asking->code == NULL)
        TRY(give_up_lost(env, status, asking));
    if (*status == STATUS_OK)
        TRY(branch_run(env, status, ask, asking));
    if (*status == STATUS_OK && asking->wallet.state == BANK_WALLET_WAITING)
        TRY(log_key(env, status, asking));
    if (*status != STATUS_OK)
        return ERR_OK;
    struct giving giving = {.reply = reply, .customer = asking->customer};
    reply->certificate = asking->wallet.certificate;
    if (env->purse.trust->revocations.version == 0)
        TRY(branch_fetch(env->branch, status));
    return *status == STATUS_OK ? branch_run(env, status, give, &giving) : ERR_OK;
}

enum err certify_join(struct branch_env *env, enum status *status, struct certify_reply *reply,
                      const struct join_body *body)
{
    struct asking asking = {.by_new_key = &body->request,
                            .code = body->has_code ? &body->code : NULL,
                            .words = body->has_recovery ? &body->recovery : NULL};
    return answer(env, status, reply, &asking);
}

enum err certify_next(struct branch_env *env, enum status *status, struct certify_reply *reply,
                      const struct certify_body *body, const struct bank_wallet *sender)
{
    struct asking asking = {.by_new_key = &body->by_new_key,
                            .by_previous_key = &body->by_previous_key,
                            .sender = sender};
    struct certificate_request request = {0};
    const enum err error =
        certificate_request_decode(&request, body->by_new_key.payload, env->purse.arena);
    if (error == ERR_OK && request.has_previous_key &&
        !key_equal(&request.previous_key, &sender->key)) {
        *status = STATUS_FORBIDDEN;
        return ERR_OK;
    }
    return answer(env, status, reply, &asking);
}
