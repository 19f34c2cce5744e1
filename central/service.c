/* Calls in, replies out: who calls, was it called before, which handler. */
#include "central/service.h"

#include "central/authority.h"
#include "central/cases.h"
#include "central/refund.h"
#include "central/register_row.h"
#include "central/vault.h"

#include <stdlib.h>
#include <string.h>

static enum err read_revocations(struct service *service, struct trust *trust, struct arena *arena)
{
    struct register_env env = service_env(service, arena);
    struct cose list = {0};
    env.trust = trust;
    TRY(authority_revocations(&env, &list));
    return trust_set_revocations(trust, &list, arena);
}

enum err service_load_trust(struct service *service)
{
    struct arena fresh AUTO(arena_fini) = {0};
    struct trust trust = {0};
    struct cose directory = {0};
    struct register_env env = service_env(service, &fresh);
    TRY(authority_directory(&env, &directory));
    TRY(trust_open(&trust, service->network, &service->root_key, &directory, &fresh));
    TRY(read_revocations(service, &trust, &fresh));
    arena_fini(&service->trust_arena);
    service->trust_arena = fresh;
    fresh = (struct arena){0};
    service->trust = trust;
    return ERR_OK;
}

void service_fini(struct service *service)
{
    key_pair_wipe(&service->issuing_key);
    key_pair_wipe(&service->register_key);
    key_pair_wipe(&service->revocation_key);
    arena_fini(&service->trust_arena);
    service_forget_clones(service);
}

struct register_env service_env(struct service *service, struct arena *arena)
{
    return (struct register_env){
        .store = service->store,
        .trust = &service->trust,
        .issuing_key = &service->issuing_key,
        .register_key = &service->register_key,
        .revocation_key = &service->revocation_key,
        .now = service->now,
        .arena = arena,
    };
}

/* Every body and every reply of the verbs that banks may send. */
union body {
    struct fetch_body fetch;
    struct settle_body settle;
    struct order_body order;
    struct owned_body owned;
    struct issue_body issue;
    struct log_body log;
    struct revoke_body revoke;
    struct held_body held;
    struct refund_body refund;
    struct empty_body *none;
};
union answer {
    struct fetch_reply fetch;
    struct settle_reply settle;
    struct order_reply order;
    struct owned_reply owned;
    struct tokens_reply tokens;
    struct account_reply account;
    struct held_reply held;
    struct refund_reply refund;
};

struct desk {
    struct register_env env;
    const struct bank *bank;
    const union body *body;
    union answer *answer;
};

static enum err on_fetch(struct desk *desk, enum status *status)
{
    *status = STATUS_OK;
    return authority_fetch(&desk->env, &desk->answer->fetch, &desk->body->fetch);
}

static enum err on_settle(struct desk *desk, enum status *status)
{
    *status = STATUS_OK;
    return register_settle(&desk->env, &desk->answer->settle, &desk->body->settle);
}

static enum err on_exchange(struct desk *desk, enum status *status)
{
    return register_order(&desk->env, &desk->answer->order, status, VERB_EXCHANGE,
                          &desk->body->order, desk->bank->bank_id);
}

static enum err on_redeem(struct desk *desk, enum status *status)
{
    return register_order(&desk->env, &desk->answer->order, status, VERB_REDEEM, &desk->body->order,
                          desk->bank->bank_id);
}

static enum err on_owned(struct desk *desk, enum status *status)
{
    return register_owned(&desk->env, &desk->answer->owned, status, &desk->body->owned);
}

static enum err on_issue(struct desk *desk, enum status *status)
{
    return vault_issue(&desk->env, status, &desk->answer->tokens, &desk->body->issue, desk->bank);
}

/* A key may have paid twice before it is logged. */
static enum err on_log(struct desk *desk, enum status *status)
{
    const struct log_body *body = &desk->body->log;
    TRY(authority_log(&desk->env, status, body, desk->bank));
    for (size_t i = 0; *status == STATUS_OK && i < body->entries.count; i++) {
        struct wallet_certificate certificate = {0};
        TRY(wallet_certificate_decode(&certificate, body->entries.items[i].certificate.payload,
                                      desk->env.arena));
        TRY(cases_prove(&desk->env, &certificate.wallet_key));
    }
    return ERR_OK;
}

static enum err on_revoke(struct desk *desk, enum status *status)
{
    return authority_revoke_call(&desk->env, status, &desk->body->revoke, desk->bank);
}

static enum err on_held(struct desk *desk, enum status *status)
{
    return refund_held(&desk->env, &desk->answer->held, status, &desk->body->held, desk->bank);
}

static enum err on_refund(struct desk *desk, enum status *status)
{
    *status = STATUS_OK;
    return refund_make(&desk->env, &desk->answer->refund, &desk->body->refund, desk->bank);
}

static enum err on_account(struct desk *desk, enum status *status)
{
    *status = STATUS_OK;
    desk->answer->account = (struct account_reply){
        .balance = desk->bank->reserve, .guarantee = desk->bank->guarantee, .now = desk->env.now};
    return ERR_OK;
}

static const struct {
    enum verb verb;
    enum err (*handle)(struct desk *desk, enum status *status);
} service_desks[] = {
    {VERB_FETCH, on_fetch},   {VERB_SETTLE, on_settle}, {VERB_EXCHANGE, on_exchange},
    {VERB_REDEEM, on_redeem}, {VERB_OWNED, on_owned},   {VERB_ISSUE, on_issue},
    {VERB_LOG, on_log},       {VERB_REVOKE, on_revoke}, {VERB_ACCOUNT, on_account},
    {VERB_HELD, on_held},     {VERB_REFUND, on_refund},
};

static enum err dispatch(struct desk *desk, enum status *status, enum verb verb)
{
    for (size_t i = 0; i < sizeof service_desks / sizeof service_desks[0]; i++)
        if (service_desks[i].verb == verb)
            return service_desks[i].handle(desk, status);
    *status = STATUS_FORBIDDEN;
    return ERR_OK;
}

static enum err find_sender(struct register_env *env, bool *found, struct bank *out,
                            const struct key_id *key_id)
{
    const struct bank from = {.bank_key_id = *key_id};
    struct list rows = {0};
    TRY(register_rows(env, &rows, &tables_table_bank, 0, 1, &from));
    *found = rows.count > 0;
    if (*found)
        *out = *(const struct bank *)rows.items;
    return ERR_OK;
}

/* The same id with the same body is answered again; with another it is refused. */
static enum err note_call(struct register_env *env, enum status *status,
                          const struct call_frame *frame)
{
    struct call_log row = {.sender = frame->call.sender_key_id, .call_id = frame->call.call_id};
    bool found = false;
    TRY(register_find(env, &found, &tables_table_call_log, &row));
    *status =
        found && !id_equal(&row.body_hash, &frame->body_hash) ? STATUS_CALL_REUSED : STATUS_OK;
    if (found)
        return ERR_OK;
    row.body_hash = frame->body_hash;
    row.made_at = frame->call.made_at;
    return store_insert(env->store, &tables_table_call_log, &row);
}

/* A revoked bank is told so, but nobody else in its name: SENDER and CALL_DATE come first. */
static enum err refuse_revoked(struct register_env *env, enum status *status,
                               const struct bank *bank)
{
    bool revoked = false;
    uint64_t version = 0;
    if (*status == STATUS_SENDER || *status == STATUS_CALL_DATE)
        return ERR_OK;
    TRY(authority_revoked_version(env, &revoked, &version, &bank->bank_key));
    if (revoked)
        *status = STATUS_FORBIDDEN;
    return ERR_OK;
}

static bool has_body(enum status status)
{
    return status == STATUS_OK || status == STATUS_PENDING;
}

/* ---- a call, in steps ---- */

enum { REPLY_SIZE_MAX = 2 * BODY_SIZE_MAX };

struct service_call {
    struct span request;
    struct arena arena;
    struct call_frame frame;
    enum status form;      /* of the frame */
    bool is_read;          /* the body below, with its verdict, and the packets in it */
    enum status body_form; /* of the body */
    union body body;
    struct register_prepared prepared;
    struct register_dues dues;
    struct register_env env; /* as the call was applied: for what is signed later */
    union answer answer;
    enum status status;
    struct buffer reply;
};

enum err service_call_open(struct service_call **out, struct span request)
{
    struct service_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return ERR_MEMORY;
    call->request = request;
    call->reply.limit = REPLY_SIZE_MAX;
    *out = call;
    return ERR_OK;
}

void service_call_close(struct service_call **call)
{
    if (*call == NULL)
        return;
    buffer_fini(&(*call)->reply);
    arena_fini(&(*call)->arena);
    free(*call);
    *call = NULL;
}

struct span service_call_reply(const struct service_call *call)
{
    return buffer_span(&call->reply);
}

static struct register_aids aids_of(const struct service_aids *aids)
{
    if (aids == NULL)
        return (struct register_aids){0};
    return (struct register_aids){&aids->proven, aids->store};
}

/* The packets of a settlement, with what the bank says of their signatures if that helps. */
static enum err prepare_settlement(struct service_call *call, const struct trust *trust,
                                   const struct service_aids *aids,
                                   const struct register_aids *help, uint64_t bank_id)
{
    struct settle_body body = call->body.settle;
    const size_t size = call_packets_size(&body);
    const bool is_told = body.commitments.count > 0;
    if (is_told && (aids == NULL || !aids->heeds(aids->context, bank_id, size)))
        body.commitments.count = 0;
    TRY(register_prepare(&call->prepared, trust, &body, help, &call->arena));
    if (call->prepared.is_misled)
        aids->misled(aids->context, bank_id, size);
    return ERR_OK;
}

/* The body of a call that its sender signed, and what its packets can prove alone. */
static enum err read_body(struct service_call *call, const struct trust *trust,
                          const struct service_aids *aids, uint64_t bank_id)
{
    const enum verb verb = call->frame.verb->verb;
    const struct register_aids help = aids_of(aids);
    call->is_read = (call->frame.verb->senders & SENDER_BANK) != 0;
    if (!call->is_read)
        return ERR_OK;
    call->body_form = call_body(&call->body, &call->frame, &call->arena);
    if (call->body_form != STATUS_OK)
        return ERR_OK;
    if (verb == VERB_SETTLE)
        return prepare_settlement(call, trust, aids, &help, bank_id);
    if (verb == VERB_EXCHANGE || verb == VERB_REDEEM)
        return register_prepare_order(&call->prepared, trust, &call->body.order, &help,
                                      &call->arena);
    return ERR_OK;
}

static const struct trust_bank *find_bank(const struct trust *trust, const struct key_id *key_id)
{
    for (size_t i = 0; i < trust->bank_count; i++)
        if (span_equal(SPAN(trust->banks[i].bank_key_id), SPAN(*key_id)))
            return &trust->banks[i];
    return NULL;
}

enum err service_call_prepare(struct service_call *call, const struct trust *trust,
                              const struct service_aids *aids)
{
    call->form = call_read(&call->frame, trust->network, call->request, &call->arena);
    if (call->form != STATUS_OK)
        return ERR_OK;
    const struct trust_bank *bank = find_bank(trust, &call->frame.call.sender_key_id);
    if (bank == NULL)
        return ERR_OK;
    call_prove(&call->frame, trust->network, &bank->certificate.bank_key);
    return call->frame.is_proved ? read_body(call, trust, aids, bank->certificate.bank_id) : ERR_OK;
}

/* Who calls, whether he may, and the body: asked already, or asked now. */
static enum err admit(struct service *service, struct service_call *call, struct bank *bank)
{
    bool found = false;
    call->status = STATUS_SENDER;
    TRY(find_sender(&call->env, &found, bank, &call->frame.call.sender_key_id));
    if (found)
        call->status =
            call_admit(&call->frame, service->network, &bank->bank_key, SENDER_BANK, service->now);
    if (call->status == STATUS_OK && !call->is_read)
        TRY(read_body(call, &service->trust, NULL, bank->bank_id));
    if (call->status == STATUS_OK)
        call->status = call->body_form;
    TRY(refuse_revoked(&call->env, &call->status, bank));
    return call->status == STATUS_OK ? note_call(&call->env, &call->status, &call->frame) : ERR_OK;
}

enum err service_call_apply(struct service *service, struct service_call *call,
                            const struct service_call *before)
{
    struct bank bank = {0};
    if (call->form != STATUS_OK)
        return ERR_OK;
    call->dues = (struct register_dues){
        .before = before == NULL ? NULL : (struct register_dues *)&before->dues};
    call->env = service_env(service, &call->arena);
    TRY(admit(service, call, &bank));
    if (call->status != STATUS_OK)
        return ERR_OK;
    call->env.dues = &call->dues;
    call->env.prepared = &call->prepared;
    struct desk desk = {call->env, &bank, &call->body, &call->answer};
    return dispatch(&desk, &call->status, call->frame.verb->verb);
}

enum err service_call_sign(struct service_call *call)
{
    return call->dues.first == NULL ? ERR_OK : register_dues_sign(&call->dues, &call->env);
}

enum err service_call_store(struct service *service, const struct service_call *call)
{
    return register_dues_store(&call->dues, service->store);
}

enum err service_call_seal(struct service_call *call)
{
    const bool is_read = call->form == STATUS_OK;
    const enum status status = is_read ? call->status : call->form;
    const bool is_full = is_read && has_body(status);
    const struct nonce nobody = {{0}};
    return call_seal_reply(&call->reply, is_read ? &call->frame.call.call_id : &nobody, status,
                           is_full ? call->frame.verb->reply : NULL, is_full ? &call->answer : NULL,
                           &call->arena);
}

enum err service_handle(struct service *service, struct buffer *reply, struct span request)
{
    struct service_call *call AUTO(service_call_close) = NULL;
    TRY(service_call_open(&call, request));
    TRY(service_call_prepare(call, &service->trust, NULL));
    TRY(service_call_apply(service, call, NULL));
    TRY(service_call_sign(call));
    TRY(service_call_store(service, call));
    TRY(service_call_seal(call));
    return buffer_put(reply, service_call_reply(call));
}

enum err service_refuse(struct service *service, struct buffer *reply, struct span request,
                        enum status status, uint64_t retry_ms)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct call_frame frame = {0};
    const enum status read = call_read(&frame, service->network, request, &arena);
    const struct nonce nobody = {{0}};
    const struct nonce *call_id = read == STATUS_OK ? &frame.call.call_id : &nobody;
    return status == STATUS_BUSY && retry_ms > 0
               ? call_seal_busy(reply, call_id, retry_ms, &arena)
               : call_seal_reply(reply, call_id, status, NULL, NULL, &arena);
}

/* A stretch of the table at a time, from where the last one ended, and round again. */
enum err service_prune(struct service *service, size_t count_max)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct list rows = {0};
    const struct store_query stretch = {
        .table = &tables_table_call_log, .index_number = -1, .after = true, .count_max = count_max};
    TRY(store_list(service->store, &rows, &stretch, &service->pruned_to, &arena));
    const struct call_log *calls = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (calls[i].made_at + CALL_AGE_MAX_S + CALL_AHEAD_MAX_S < service->now)
            TRY(store_delete(service->store, &tables_table_call_log, &calls[i]));
    service->pruned_to = rows.count == count_max ? calls[rows.count - 1] : (struct call_log){0};
    return ERR_OK;
}

enum err service_look_for_clones(struct service *service, bool *more, size_t count_min,
                                 size_t parts)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct register_env env = service_env(service, &arena);
    return clones_look(&env, &service->clones, more, count_min, parts);
}

void service_forget_clones(struct service *service)
{
    clones_round_forget(&service->clones);
}
