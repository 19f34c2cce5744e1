/* Keys and certificates: the first by a join file, one more at each sync.
 *
 * Invariants: 1 a key is kept, sealed, before anybody hears of it. 2 asked again, the bank hears
 * of the same key. 3 a certificate is kept only if a bank of the directory made it, for that key.
 * */
#include "wallet/sync/sync_step.h"

#include "common/base/time.h"
#include "common/money/element.h"
#include "common/purse/purse_row.h"
#include "wallet/state/wallet_file.h"

#include <string.h>

/* --- the join file --- */

struct joining {
    enum status *status;
    struct wire_wrapper wrapper;
    struct join join;
    const struct sync_words *words; /* NULL: none */
    bool has_file;
};

static bool is_proof(const struct joining *joining)
{
    return joining->words != NULL && joining->words->is_proof;
}

static enum status read_join(struct joining *joining, struct span file, uint64_t now,
                             struct arena *arena)
{
    if (file.size > FILE_SIZE_MAX)
        return STATUS_LIMIT;
    enum status status = record_status(wire_unwrap(&joining->wrapper, file));
    if (status == STATUS_OK && joining->wrapper.kind != KIND_JOIN)
        status = STATUS_KIND;
    if (status == STATUS_OK)
        status = record_status(join_decode(&joining->join, joining->wrapper.body, arena));
    if (status == STATUS_OK)
        status = record_status(crypto()->key_check(&joining->join.root_key));
    if (status == STATUS_OK && now > joining->join.expires_at && !is_proof(joining))
        status = STATUS_CODE;
    return status;
}

/* What a secure element says of the new key, bound to this network and key. */
static enum err attest(struct wallet *wallet, struct certificate_request *request,
                       struct arena *arena)
{
    const struct holder *element = wallet->element;
    if (element == NULL)
        return ERR_OK;
    const struct id qualifier = element_qualifier(wallet->trust.network, &request->new_key);
    request->holder = element->kind;
    request->has_element = true;
    return element->attest(element->context, &request->element, &request->new_key, &qualifier,
                           arena);
}

/* A new key, sealed, and what asks for its certificate. */
static enum err make_key(struct wallet *wallet, struct purse_env *env, struct new_key *row,
                         const struct key_pair *previous)
{
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct sealed_key sealed = {.made_at = wallet->now};
    TRY(wallet_make_key(wallet, &pair, &sealed.sealed, env->arena));
    sealed.key = pair.public_key;
    TRY(store_insert(env->store, &tables_table_sealed_key, &sealed));
    struct certificate_request request = {
        .new_key = pair.public_key,
        .has_previous_key = previous != NULL,
        .made_at = wallet->now,
    };
    if (previous != NULL)
        request.previous_key = previous->public_key;
    TRY(attest(wallet, &request, env->arena));
    *row =
        (struct new_key){.id = 1, .key = pair.public_key, .has_by_previous_key = previous != NULL};
    TRY(record_sign(&row->by_new_key, wallet->trust.network, KIND_CERTIFICATE_REQUEST, &request,
                    &pair, env->arena));
    if (previous != NULL)
        TRY(record_sign(&row->by_previous_key, wallet->trust.network, KIND_CERTIFICATE_REQUEST,
                        &request, previous, env->arena));
    return store_put(env->store, &tables_table_new_key, row);
}

/* "This key is mine too", by the key that the words stand for. */
static enum err sign_recovery(struct wallet *wallet, struct purse_env *env, struct cose *out,
                              const struct key_pair *words, const struct public_key *wallet_key)
{
    const struct recovery recovery = {
        .recovery_key = words->public_key, .wallet_key = *wallet_key, .made_at = wallet->now};
    return record_sign(out, wallet->trust.network, KIND_RECOVERY, &recovery, words, env->arena);
}

/* The key that waits for its certificate, made if there is none, with these words or none. */
static enum err first_key(struct wallet *wallet, struct purse_env *env,
                          const struct sync_words *words)
{
    struct new_key row = {.id = 1};
    bool found = false;
    TRY(purse_find(env, &found, &tables_table_new_key, &row));
    if (!found)
        TRY(make_key(wallet, env, &row, NULL));
    row.has_recovery = words != NULL;
    if (words != NULL)
        TRY(sign_recovery(wallet, env, &row.recovery, words->pair, &row.key));
    return store_put(env->store, &tables_table_new_key, &row);
}

static void note_words(struct wallet_state *row, const struct joining *joining)
{
    row->older_asks = 1; /* there may have been a wallet before this one */
    row->older_told_at = 0;
    row->has_join_code = joining->has_file && !is_proof(joining);
    row->join_code = joining->join.code;
    if (joining->words == NULL)
        return;
    row->has_recovery_key = true;
    row->recovery_key = joining->words->pair->public_key;
    row->words = is_proof(joining) ? WORDS_SEEN : WORDS_UNSEEN;
}

static enum err init_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct joining *joining = context;
    const struct join *join = &joining->join;
    struct wallet_state old = {.id = 1};
    bool found = false;
    TRY(purse_find(env, &found, &tables_table_wallet_state, &old));
    if (found && (old.is_joined || !span_equal(old.network, span_text(joining->wrapper.network)))) {
        *joining->status = STATUS_STATE;
        return ERR_OK;
    }
    struct wallet_state row = {
        .id = 1,
        .network = span_text(joining->wrapper.network),
        .root_key = join->root_key,
        .bank_id = join->bank_id,
        .bank_name = join->bank_name,
        .address = join->address,
        .tls_name = join->tls_name,
        .tls_certificate = join->tls_certificate,
        .holder = wallet->element != NULL ? HOLDER_ELEMENT : HOLDER_SOFTWARE,
        .element_index = wallet->element != NULL ? wallet->element->index : 0,
        .element_count = found ? old.element_count : 0,
        .has_element_attestor = wallet->element != NULL,
        .element_attestor = wallet->element != NULL ? wallet->element->attestor : span_of(NULL, 0),
    };
    note_words(&row, joining);
    TRY(store_put(env->store, &tables_table_wallet_state, &row));
    memcpy(wallet->trust.network, joining->wrapper.network, sizeof wallet->trust.network);
    return first_key(wallet, env, joining->words);
}

enum status sync_join_file_status(struct span join_file, uint64_t now, bool has_proof)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct sync_words words = {.is_proof = has_proof};
    struct joining joining = {.words = &words};
    return read_join(&joining, join_file, now, &arena);
}

enum err sync_init(struct wallet *wallet, enum status *status, struct span join_file,
                   const struct sync_words *words)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct joining joining = {.status = status, .words = words, .has_file = true};
    *status = read_join(&joining, join_file, wallet->now, &arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(wallet_transact(wallet, init_work, &joining, &arena));
    return *status == STATUS_OK ? wallet_load(wallet) : ERR_OK;
}

/* --- a restored wallet --- */

/* The same bank at perhaps another address: of a new join file, that counts too. */
static enum err restored_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct joining *joining = context;
    struct wallet_state row = wallet->state;
    note_words(&row, joining);
    if (joining->has_file) {
        row.address = joining->join.address;
        row.tls_name = joining->join.tls_name;
        row.tls_certificate = joining->join.tls_certificate;
    }
    TRY(store_update(env->store, &tables_table_wallet_state, &row));
    return first_key(wallet, env, joining->words);
}

enum err sync_restored(struct wallet *wallet, enum status *status, struct span join_file,
                       const struct sync_words *words)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct joining joining = {.status = status, .words = words, .has_file = join_file.size > 0};
    *status = STATUS_OK;
    if (joining.has_file)
        *status = read_join(&joining, join_file, wallet->now, &arena);
    if (*status == STATUS_OK && joining.has_file &&
        (joining.join.bank_id != wallet->state.bank_id ||
         !key_equal(&joining.join.root_key, &wallet->state.root_key) ||
         strcmp(joining.wrapper.network, wallet->trust.network) != 0))
        *status = STATUS_CERTIFICATE;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(wallet_transact(wallet, restored_work, &joining, &arena));
    return wallet_load(wallet);
}

/* --- other words --- */

struct renewing {
    const struct key_pair *words;
    struct cose recovery;
};

static enum err renew_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct renewing *renewing = context;
    struct purse_key current = {0};
    TRY(purse_key_current(env, &current));
    return sign_recovery(wallet, env, &renewing->recovery, renewing->words, &current.key);
}

static enum err renewed_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct renewing *renewing = context;
    (void)env;
    wallet->state.has_recovery_key = true;
    wallet->state.recovery_key = renewing->words->public_key;
    wallet->state.words = WORDS_UNSEEN;
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

enum err sync_new_words(struct wallet *wallet, enum status *status, const struct key_pair *recovery)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct renewing renewing = {.words = recovery};
    struct recovery_body body = {0};
    struct empty_body none;
    TRY(wallet_transact(wallet, renew_work, &renewing, &arena));
    body.recovery = renewing.recovery;
    TRY(sync_call(wallet, status, &none, VERB_RECOVERY, &body, NULL, &arena));
    return *status == STATUS_OK ? wallet_transact(wallet, renewed_work, &renewing, &arena) : ERR_OK;
}

static enum err seen_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)env;
    (void)context;
    wallet->state.words = WORDS_SEEN;
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

enum err sync_words_seen(struct wallet *wallet)
{
    struct arena arena AUTO(arena_fini) = {0};
    return wallet_transact(wallet, seen_work, NULL, &arena);
}

/* --- a certificate comes --- */

struct certifying {
    struct new_key row;
    bool has_row;
    struct cose certificate;
    const struct certify_reply *reply;
    enum status status;
};

static enum err find_new_key(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct certifying *certifying = context;
    (void)wallet;
    certifying->row.id = 1;
    return purse_find(env, &certifying->has_row, &tables_table_new_key, &certifying->row);
}

/* My bank's date on a key that was just made cannot be an old word repeated. It raises the floor of
 * my clock; and if the floor is above a clock that my bank, which dates calls, has just accepted,
 * it was a date to come, seen while my clock ran ahead: then it takes its place. */
static void set_clock_floor(struct wallet *wallet, const struct wallet_certificate *mine)
{
    uint64_t *floor = &wallet->state.newest_signed_time;
    const bool is_past = mine->not_before_day <= time_day(wallet->now);
    const uint64_t day = is_past ? mine->not_before_day * SECONDS_PER_DAY : 0;
    if (*floor > wallet->now || *floor < day)
        *floor = day;
}

/* The words in force at the bank are the customer's newest, whichever of his wallets made them. */
static void compare_words(struct wallet *wallet, const struct certify_reply *reply)
{
    struct wallet_state *state = &wallet->state;
    if (!state->has_recovery_key)
        return;
    if (!reply->has_recovery_key || !key_equal(&reply->recovery_key, &state->recovery_key))
        state->words = WORDS_VOID;
    else if (state->words == WORDS_VOID)
        state->words = WORDS_SEEN;
}

static enum err keep_certificate(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct certifying *certifying = context;
    struct wallet_certificate mine = {0};
    struct span bytes = {0};
    certifying->status =
        trust_certificate(&mine, &wallet->trust, &certifying->certificate, env->arena);
    if (certifying->status == STATUS_OK && (!key_equal(&mine.wallet_key, &certifying->row.key) ||
                                            mine.bank_id != wallet->state.bank_id))
        certifying->status = STATUS_CERTIFICATE;
    if (certifying->status != STATUS_OK)
        return ERR_OK;
    TRY(record_bytes(&bytes, &certifying->certificate, env->arena));
    TRY(purse_key_add(env, &certifying->row.key, bytes));
    TRY(store_delete(env->store, &tables_table_new_key, &certifying->row));
    set_clock_floor(wallet, &mine);
    compare_words(wallet, certifying->reply);
    wallet->state.is_joined = 1;
    return store_update(env->store, &tables_table_wallet_state, &wallet->state);
}

/* Directory and list come with the certificate: those that are older, or not signed well, are left,
 * and the certificate is judged by what I believe then. */
static enum err take_reply(struct wallet *wallet, struct certifying *certifying,
                           const struct certify_reply *reply, struct arena *arena)
{
    enum err error = wallet_believe(wallet, &reply->directory, &reply->revocations);
    if (err_class(error) == ERR_CLASS_MALFORMED)
        error = wallet_believe(wallet, &reply->directory, NULL);
    if (err_class(error) == ERR_CLASS_MALFORMED && wallet->state.has_directory)
        error = wallet_believe(wallet, NULL, &reply->revocations);
    if (err_class(error) != ERR_CLASS_MALFORMED)
        TRY(error);
    if (!wallet->state.has_directory) {
        certifying->status = STATUS_SIGNATURE;
        return ERR_OK;
    }
    certifying->certificate = reply->certificate;
    certifying->reply = reply;
    return wallet_transact(wallet, keep_certificate, certifying, arena);
}

/* The key that waits asks for its first certificate, by code, by words, or by both. None waits: the
 * bank gave up the last one. */
static enum err ask_first(struct wallet *wallet, enum status *status)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct certifying certifying = {0};
    struct certify_reply reply = {0};
    TRY(wallet_transact(wallet, find_new_key, &certifying, &arena));
    *status = STATUS_FORBIDDEN;
    if (!certifying.has_row)
        return ERR_OK;
    TRY(wallet_pair(wallet, &pair, &certifying.row.key));
    const struct join_body body = {.request = certifying.row.by_new_key,
                                   .has_code = wallet->state.has_join_code,
                                   .code = wallet->state.join_code,
                                   .has_recovery = certifying.row.has_recovery,
                                   .recovery = certifying.row.recovery};
    TRY(sync_call(wallet, status, &reply, VERB_JOIN, &body, &pair, &arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(take_reply(wallet, &certifying, &reply, &arena));
    *status = certifying.status;
    return ERR_OK;
}

struct replacing {
    const struct sync_words *words; /* NULL: they are not here */
    bool is_done;
};

/* Another key in place of the one that waits. If words vouched for that one, they must do so again:
 * without them there is none until they are typed in anew, or a join file comes. */
static enum err replace_key(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct replacing *replacing = context;
    struct new_key row = {.id = 1};
    bool found = false;
    TRY(purse_find(env, &found, &tables_table_new_key, &row));
    if (!found)
        return ERR_OK;
    TRY(store_delete(env->store, &tables_table_new_key, &row));
    replacing->is_done = !row.has_recovery || replacing->words != NULL;
    return replacing->is_done ? first_key(wallet, env, row.has_recovery ? replacing->words : NULL)
                              : ERR_OK;
}

/* A key that the bank gave up, since its owner said that his phone was lost, is never certified: an
 * old one of mine may stand in the way of a new code. If the code opens nothing for another key
 * either, it is this wallet that was given up: the first answer is the one that says so. */
static enum err ask_join(struct wallet *wallet, enum status *status, const struct sync_words *words)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct replacing replacing = {.words = words};
    enum status again = STATUS_OK;
    TRY(ask_first(wallet, status));
    if (*status == STATUS_FORBIDDEN)
        TRY(wallet_transact(wallet, replace_key, &replacing, &arena));
    if (!replacing.is_done)
        return ERR_OK;
    TRY(ask_first(wallet, &again));
    if (again != STATUS_CODE)
        *status = again;
    return ERR_OK;
}

enum err sync_join(struct wallet *wallet, enum status *status, const struct sync_words *words)
{
    *status = STATUS_OK;
    return wallet->state.is_joined ? ERR_OK : ask_join(wallet, status, words);
}

static enum err has_current(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_key current = {0};
    bool *has = context;
    (void)wallet;
    const enum err error = purse_key_current(env, &current);
    *has = error == ERR_OK;
    return error == ERR_MISSING ? ERR_OK : error;
}

/* Without a key that may sign there is nobody to ask as: whatever the bank says but yes, stops. */
enum err sync_rejoin(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    enum status status = STATUS_OK;
    bool has = false;
    TRY(wallet_transact(run->wallet, has_current, &has, &arena));
    if (has)
        return ERR_OK;
    TRY(ask_join(run->wallet, &status, NULL));
    sync_note(run, status);
    run->is_stopped = status != STATUS_OK;
    return ERR_OK;
}

/* --- one more key --- */

/* The one that waits already, unless it was asked for by another key than my current one. */
static enum err next_key(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct certifying *certifying = context;
    struct key_pair current AUTO(key_pair_wipe) = {0};
    struct certificate_request request = {0};
    bool found = false;
    certifying->row.id = 1;
    TRY(wallet_current_pair(wallet, env, &current));
    TRY(purse_find(env, &found, &tables_table_new_key, &certifying->row));
    if (found)
        TRY(certificate_request_decode(&request, certifying->row.by_new_key.payload, env->arena));
    if (found && certifying->row.has_by_previous_key &&
        key_equal(&request.previous_key, &current.public_key))
        return ERR_OK;
    return make_key(wallet, env, &certifying->row, &current);
}

enum err sync_certify(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct certifying certifying = {0};
    struct certify_reply reply = {0};
    enum status status = STATUS_OK;
    TRY(wallet_transact(run->wallet, next_key, &certifying, &arena));
    const struct certify_body body = {.by_new_key = certifying.row.by_new_key,
                                      .by_previous_key = certifying.row.by_previous_key};
    TRY(sync_call(run->wallet, &status, &reply, VERB_CERTIFY, &body, NULL, &arena));
    if (status == STATUS_OK) {
        TRY(take_reply(run->wallet, &certifying, &reply, &arena));
        status = certifying.status;
    }
    run->report->key_status = status;
    sync_note(run, status);
    return ERR_OK;
}
