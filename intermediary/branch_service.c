/* Calls in, replies out: who calls, was it called before, which desk (contract in branch.h). */
#include "intermediary/branch.h"

#include "intermediary/certify.h"
#include "intermediary/certify_words.h"
#include "intermediary/deposits.h"
#include "intermediary/recovery.h"
#include "intermediary/relay.h"
#include "intermediary/teller.h"

#include <string.h>

enum { PRUNED_PER_CALL = 2 }; /* rows looked at for one that is added: the table stays bounded */

/* Every body and every reply of the verbs that wallets may send. */
union body {
    struct fetch_body fetch;
    struct join_body join;
    struct certify_body certify;
    struct withdraw_body withdraw;
    struct settle_body settle;
    struct order_body order;
    struct owned_body owned;
    struct deposit_request_body deposit_request;
    struct deposit_body deposit;
    struct recovery_body recovery;
    struct empty_body empty;
};
union answer {
    struct fetch_reply fetch;
    struct certify_reply certify;
    struct tokens_reply tokens;
    struct settle_reply settle;
    struct order_reply order;
    struct owned_reply owned;
    struct deposit_request_reply deposit_request;
    struct deposit_reply deposit;
    struct account_reply account;
    struct lost_reply lost;
    struct empty_body empty;
};

struct visit {
    struct branch_env *env;
    const struct call_frame *frame;
    enum sender role;
    struct public_key sender_key;
    struct bank_wallet wallet; /* who calls; of a joiner: empty */
    union body body;
    union answer answer;
};

static enum err give_trust(struct branch_env *env, enum status *status, void *context)
{
    struct visit *visit = context;
    struct fetch_reply *reply = &visit->answer.fetch;
    const struct trust *trust = env->purse.trust;
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    *status = STATUS_OK;
    TRY(store_get(env->purse.store, &bank_table_bank_trust, &row, env->purse.arena));
    reply->now = env->purse.now;
    reply->has_directory = trust->directory.version > visit->body.fetch.directory_version;
    if (reply->has_directory)
        reply->directory = row.directory;
    reply->has_revocations =
        row.has_revocations && trust->revocations.version > visit->body.fetch.revocations_version;
    if (reply->has_revocations)
        reply->revocations = row.revocations;
    return ERR_OK;
}

static enum err on_fetch(struct visit *visit, enum status *status)
{
    return branch_run(visit->env, status, give_trust, visit);
}

static enum err on_join(struct visit *visit, enum status *status)
{
    return certify_join(visit->env, status, &visit->answer.certify, &visit->body.join);
}

static enum err on_certify(struct visit *visit, enum status *status)
{
    return certify_next(visit->env, status, &visit->answer.certify, &visit->body.certify,
                        &visit->wallet);
}

static enum err on_withdraw(struct visit *visit, enum status *status)
{
    return teller_withdraw(visit->env, status, &visit->answer.tokens, &visit->body.withdraw,
                           &visit->wallet);
}

static enum err on_settle(struct visit *visit, enum status *status)
{
    return relay_settle(visit->env, status, &visit->answer.settle, &visit->body.settle,
                        visit->wallet.customer);
}

static enum err on_exchange(struct visit *visit, enum status *status)
{
    return relay_exchange(visit->env, status, &visit->answer.order, &visit->body.order);
}

static enum err on_owned(struct visit *visit, enum status *status)
{
    return relay_owned(visit->env, status, &visit->answer.owned, &visit->body.owned);
}

static enum err on_deposit_request(struct visit *visit, enum status *status)
{
    return deposits_request(visit->env, status, &visit->answer.deposit_request,
                            &visit->body.deposit_request, visit->wallet.customer);
}

static enum err on_deposit(struct visit *visit, enum status *status)
{
    return deposits_deposit(visit->env, status, &visit->answer.deposit, &visit->body.deposit,
                            visit->wallet.customer);
}

static enum err give_account(struct branch_env *env, enum status *status, void *context)
{
    struct visit *visit = context;
    struct customer customer = {0};
    bool found = false;
    TRY(customers_get(env, &found, &customer, visit->wallet.customer));
    *status = found ? STATUS_OK : STATUS_UNKNOWN;
    visit->answer.account =
        (struct account_reply){.balance = customer.balance, .now = env->purse.now};
    return ERR_OK;
}

static enum err on_account(struct visit *visit, enum status *status)
{
    return branch_run(visit->env, status, give_account, visit);
}

static enum err on_recovery(struct visit *visit, enum status *status)
{
    return certify_words_new(visit->env, status, &visit->body.recovery.recovery, &visit->wallet);
}

static enum err on_lost(struct visit *visit, enum status *status)
{
    return recovery_tell(visit->env, status, &visit->answer.lost, visit->wallet.customer);
}

/* A revoked key may hand in, exchange and ask, but gets nothing new: revocation takes away
 * acceptance, never value. */
static const struct desk {
    enum verb verb;
    bool for_revoked;
    bool has_pending_body;
    enum err (*handle)(struct visit *visit, enum status *status);
} desks[] = {
    {VERB_FETCH, true, false, on_fetch},
    {VERB_JOIN, false, false, on_join},
    {VERB_CERTIFY, false, false, on_certify},
    {VERB_WITHDRAW, false, false, on_withdraw},
    {VERB_SETTLE, true, true, on_settle},
    {VERB_EXCHANGE, true, false, on_exchange},
    {VERB_OWNED, true, false, on_owned},
    {VERB_DEPOSIT_REQUEST, true, false, on_deposit_request},
    {VERB_DEPOSIT, true, true, on_deposit},
    {VERB_ACCOUNT, true, false, on_account},
    {VERB_RECOVERY, false, false, on_recovery},
    {VERB_LOST, false, false, on_lost},
};

static const struct desk *find_desk(enum verb verb)
{
    for (size_t i = 0; i < sizeof desks / sizeof desks[0]; i++)
        if (desks[i].verb == verb)
            return &desks[i];
    return NULL;
}

/* --- who calls --- */

/* A joiner's key is in its body: the signature is checked under it right after. */
static enum status joiner_key(struct visit *visit, struct arena *arena)
{
    struct join_body body = {0};
    struct certificate_request request = {0};
    enum err error = join_body_decode(&body, visit->frame->call.body, arena);
    if (error == ERR_OK)
        error = certificate_request_decode(&request, body.request.payload, arena);
    visit->sender_key = request.new_key;
    visit->role = SENDER_JOINER;
    return record_status(error);
}

/* A wallet whose certificate was handed out. */
static enum err find_wallet(struct branch_env *env, bool *found, struct bank_wallet *out,
                            const struct call_frame *frame)
{
    *out = (struct bank_wallet){.key_id = frame->call.sender_key_id};
    TRY(branch_first(env, found, &bank_table_bank_wallet, 0, 1, out));
    *found = *found && out->state != BANK_WALLET_WAITING && out->state != BANK_WALLET_VOID;
    return ERR_OK;
}

static void set_wallet(struct visit *visit, const struct bank_wallet *wallet)
{
    visit->wallet = *wallet;
    visit->sender_key = wallet->key;
    visit->role = SENDER_WALLET;
}

static enum err wallet_key(struct branch_env *env, enum status *status, struct visit *visit)
{
    struct bank_wallet wallet = {0};
    bool found = false;
    TRY(find_wallet(env, &found, &wallet, visit->frame));
    *status = found ? STATUS_OK : STATUS_SENDER;
    set_wallet(visit, &wallet);
    return ERR_OK;
}

static bool is_revoked(const struct visit *visit)
{
    return visit->role == SENDER_WALLET &&
           (visit->wallet.state == BANK_WALLET_REVOKED ||
            trust_is_revoked(visit->env->purse.trust, &visit->wallet.key));
}

/* The same id with the same body is answered again; with another it is refused. */
static enum err note_call(struct branch_env *env, enum status *status,
                          const struct call_frame *frame)
{
    struct bank_call row = {.sender = frame->call.sender_key_id, .call_id = frame->call.call_id};
    bool found = false;
    TRY(branch_find(env, &found, &bank_table_bank_call, &row));
    *status =
        found && !id_equal(&row.body_hash, &frame->body_hash) ? STATUS_CALL_REUSED : STATUS_OK;
    if (found)
        return ERR_OK;
    row.body_hash = frame->body_hash;
    row.made_at = frame->call.made_at;
    TRY(branch_prune(env, PRUNED_PER_CALL));
    return store_insert(env->purse.store, &bank_table_bank_call, &row);
}

/* Whose key is known. */
static enum err admit_caller(struct branch_env *env, enum status *status, struct visit *visit)
{
    const struct desk *desk = find_desk(visit->frame->verb->verb);
    *status = call_open(&visit->body, visit->frame, env->branch->network, &visit->sender_key,
                        visit->role, env->purse.now, env->purse.arena);
    if (*status == STATUS_OK && (desk == NULL || (!desk->for_revoked && is_revoked(visit))))
        *status = STATUS_FORBIDDEN;
    return *status == STATUS_OK ? note_call(env, status, visit->frame) : ERR_OK;
}

static enum err admit(struct branch_env *env, enum status *status, void *context)
{
    struct visit *visit = context;
    if (visit->frame->verb->verb == VERB_JOIN)
        *status = joiner_key(visit, env->purse.arena);
    else
        TRY(wallet_key(env, status, visit));
    return *status == STATUS_OK ? admit_caller(env, status, visit) : ERR_OK;
}

enum err branch_meet_settle(struct branch_env *env, struct branch_caller *out,
                            const struct call_frame *frame)
{
    *out = (struct branch_caller){0};
    return frame->verb->verb == VERB_SETTLE && env->branch->bank_id != 0
               ? find_wallet(env, &out->is_known, &out->wallet, frame)
               : ERR_OK;
}

enum err branch_admit_settle(struct branch_env *env, bool *admitted, struct settle_body *body,
                             const struct branch_caller *caller, const struct call_frame *frame)
{
    enum status status = STATUS_SENDER;
    void *memory = NULL;
    CHECK(caller->is_known);
    TRY(arena_alloc(env->purse.arena, &memory, 1, sizeof(struct visit)));
    struct visit *visit = memory;
    visit->env = env;
    visit->frame = frame;
    set_wallet(visit, &caller->wallet);
    TRY(admit_caller(env, &status, visit));
    *admitted = status == STATUS_OK;
    *body = visit->body.settle;
    return ERR_OK;
}

/* --- calls --- */

static bool has_body(const struct desk *desk, enum status status)
{
    return status == STATUS_OK || (status == STATUS_PENDING && desk->has_pending_body);
}

static enum err answer_call(struct branch *branch, struct buffer *reply,
                            const struct call_frame *frame, struct arena *arena)
{
    struct branch_env env;
    void *memory = NULL;
    enum status status = STATUS_SENDER;
    branch_env_open(&env, branch, arena);
    TRY(arena_alloc(arena, &memory, 1, sizeof(struct visit)));
    struct visit *visit = memory;
    visit->env = &env;
    visit->frame = frame;
    TRY(branch_run(&env, &status, admit, visit));
    const struct desk *desk = find_desk(frame->verb->verb);
    if (status == STATUS_OK)
        TRY(desk->handle(visit, &status));
    const bool full = desk != NULL && has_body(desk, status);
    return call_seal_reply(reply, &frame->call.call_id, status, full ? frame->verb->reply : NULL,
                           full ? &visit->answer : NULL, arena);
}

enum err branch_handle(struct branch *branch, struct buffer *reply, struct span request)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct call_frame frame = {0};
    const enum status status = call_read(&frame, branch->network, request, &arena);
    if (status != STATUS_OK)
        return branch_refuse(branch, reply, request, status);
    if (branch->bank_id == 0)
        return branch_refuse(branch, reply, request, STATUS_BUSY); /* not a bank yet */
    return answer_call(branch, reply, &frame, &arena);
}

enum err branch_refuse(struct branch *branch, struct buffer *reply, struct span request,
                       enum status status)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct call_frame frame = {0};
    const struct nonce nobody = {{0}};
    const enum status read = call_read(&frame, branch->network, request, &arena);
    return call_seal_reply(reply, read == STATUS_OK ? &frame.call.call_id : &nobody, status, NULL,
                           NULL, &arena);
}
