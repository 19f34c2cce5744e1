/* Requests by the vault's key, packets that answer them, credits (contract in deposits.h). */
#include "intermediary/deposits.h"

#include "intermediary/relay.h"
#include "intermediary/teller.h"

#include <string.h>

/* --- requests --- */

struct asking {
    const struct deposit_request_body *body;
    struct deposit_request_reply *reply;
    uint64_t customer;
};

static enum err make_request(struct branch_env *env, struct asking *asking)
{
    const struct policy *policy = trust_policy(env->purse.trust);
    struct request request = {
        .payee_key = env->branch->vault_key.public_key,
        .amount = asking->body->amount,
        .made_at = env->purse.now,
        .expires_at = env->purse.now + DEPOSITS_REQUEST_S,
        .memo = span_text(""),
        .directory_version = env->purse.trust->directory.version,
        .revocations_version = env->purse.trust->revocations.version,
        .hops_max = policy->hops_max,
        .coins_max = PACKET_COINS_MAX,
    };
    struct bank_deposit row = {
        .deposit_id = asking->body->deposit_id,
        .customer = asking->customer,
        .amount = asking->body->amount,
        .state = BANK_DEPOSIT_OPEN,
        .made_at = env->purse.now,
    };
    branch_random(env, request.nonce.bytes, sizeof request.nonce.bytes);
    TRY(record_sign(&asking->reply->request, env->branch->network, KIND_REQUEST, &request,
                    &env->branch->vault_key, env->purse.arena));
    TRY(purse_request_add(&env->purse, &row.request_id, &asking->reply->request));
    return store_insert(env->purse.store, &bank_table_bank_deposit, &row);
}

static enum err ask(struct branch_env *env, enum status *status, void *context)
{
    struct asking *asking = context;
    struct bank_deposit row = {.deposit_id = asking->body->deposit_id};
    struct purse_request request = {0};
    bool found = false;
    *status = STATUS_OK;
    TRY(branch_find(env, &found, &bank_table_bank_deposit, &row));
    if (!found)
        return make_request(env, asking);
    if (row.customer != asking->customer || amount_compare(row.amount, asking->body->amount) != 0) {
        *status = STATUS_REUSED;
        return ERR_OK;
    }
    TRY(purse_request_get(&env->purse, &request, &row.request_id));
    asking->reply->request = request.request;
    return ERR_OK;
}

enum err deposits_request(struct branch_env *env, enum status *status,
                          struct deposit_request_reply *reply,
                          const struct deposit_request_body *body, uint64_t customer)
{
    struct asking asking = {body, reply, customer};
    return branch_run(env, status, ask, &asking);
}

/* --- taking packets in --- */

bool deposits_may_pay(const struct branch_env *env, struct span packet)
{
    return memmem(packet.data, packet.size, env->branch->vault_key.public_key.bytes, KEY_SIZE) !=
           NULL;
}

/* The request that a packet answers, while it may still be answered by these payments. */
struct answered {
    bool found;
    struct purse_request row;
    struct request request;
};

static enum err mark_received(struct branch_env *env, const struct id *request_id)
{
    struct bank_deposit row = {.request_id = *request_id};
    bool found = false;
    TRY(branch_first(env, &found, &bank_table_bank_deposit, 0, 1, &row));
    if (!found || row.state != BANK_DEPOSIT_OPEN)
        return ERR_OK;
    row.state = BANK_DEPOSIT_RECEIVED;
    return store_update(env->purse.store, &bank_table_bank_deposit, &row);
}

static enum err judge(struct branch_env *env, enum status *verdict, const struct answered *answered,
                      const struct packet_view *view)
{
    const bool is_open = answered->found && answered->row.state == PURSE_REQUEST_OPEN;
    const struct packet_terms terms = {
        .now = env->purse.now,
        .newest_signed_time = trust_newest_time(env->purse.trust),
        .request = is_open ? &answered->request : NULL,
        .request_id = answered->row.request_id,
        .is_online = true,
        .context = &env->purse,
        .seen = purse_seen,
        .conflict = purse_conflict,
    };
    return packet_accept(verdict, view, env->purse.trust, &terms);
}

/* Kept whatever the verdict: as the vault's money, or aside until it settled. */
static enum err take_view(struct branch_env *env, enum status *verdict,
                          const struct packet_view *view, struct span packet)
{
    struct answered answered = {0};
    TRY(purse_request_of(&env->purse, &answered.found, &answered.row, &answered.request, view));
    if (answered.found && purse_request_is_duplicate(&answered.row, view)) {
        *verdict = STATUS_OK;
        return ERR_OK;
    }
    TRY(judge(env, verdict, &answered, view));
    const bool is_good = *verdict == STATUS_OK;
    TRY(purse_take_packet(&env->purse, view, packet, is_good ? PURSE_AVAILABLE : PURSE_QUARANTINED,
                          answered.found ? &answered.row.request_id : NULL));
    if (!is_good)
        return ERR_OK;
    TRY(purse_request_paid(&env->purse, &answered.row, view, NULL));
    return mark_received(env, &answered.row.request_id);
}

enum err deposits_take(struct branch_env *env, struct deposits_intake *out, struct span packet)
{
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    struct packet_view view = {0};
    struct amount mine = amount_zero();
    *out = (struct deposits_intake){.verdict = STATUS_OK};
    if (!deposits_may_pay(env, packet))
        return ERR_OK;
    TRY(packet_verify(&view, &out->verdict, packet, env->purse.trust, &options, env->purse.arena));
    if (out->verdict != STATUS_OK)
        return ERR_OK;
    if (packet_sum(&mine, &view, &env->branch->vault_key.public_key) != ERR_OK)
        out->verdict = STATUS_RANGE; /* forged: there is not that much money */
    if (out->verdict != STATUS_OK)
        return ERR_OK;
    out->pays_vault = !amount_is_zero(mine);
    return out->pays_vault ? take_view(env, &out->verdict, &view, packet) : ERR_OK;
}

/* --- credits --- */

enum err deposits_credit(struct branch_env *env, const struct payment *payment)
{
    struct bank_deposit row = {.request_id = payment->reference};
    struct amount mine = amount_zero();
    bool found = false;
    for (size_t i = 0; i < payment->outputs.count; i++)
        if (key_equal(&payment->outputs.items[i].key, &env->branch->vault_key.public_key))
            TRY(amount_add(&mine, mine, payment->outputs.items[i].amount));
    if (amount_is_zero(mine) || !payment->has_reference)
        return ERR_OK;
    TRY(branch_first(env, &found, &bank_table_bank_deposit, 0, 1, &row));
    if (!found)
        return ERR_OK; /* nobody asked for it: it stays the vault's */
    TRY(amount_add(&row.credited, row.credited, mine));
    row.state = BANK_DEPOSIT_CREDITED;
    TRY(store_update(env->purse.store, &bank_table_bank_deposit, &row));
    return teller_credit(env, row.customer, mine);
}

enum err deposits_found(struct branch_env *env, const struct cose *cose)
{
    const struct id id = record_id(env->branch->network, KIND_PAYMENT, cose->payload);
    struct payment payment = {0};
    bool fresh = false;
    TRY(payment_decode(&payment, cose->payload, env->purse.arena));
    TRY(relay_book(env, &fresh, &id));
    return fresh ? deposits_credit(env, &payment) : ERR_OK;
}

/* --- the call --- */

struct depositing {
    struct span packet;
    uint64_t customer;
    struct deposits_intake intake;
    struct amount credited;
};

/* What the vault keeps waits for the register from the same moment on: whoever brought it may never
 * come again. */
static enum err take(struct branch_env *env, enum status *status, void *context)
{
    struct depositing *depositing = context;
    *status = STATUS_OK;
    TRY(deposits_take(env, &depositing->intake, depositing->packet));
    return depositing->intake.pays_vault
               ? relay_keep(env, status, depositing->packet, depositing->customer)
               : ERR_OK;
}

/* What was credited for the request that the packet's first leaf names. */
static enum err look_up(struct branch_env *env, enum status *status, void *context)
{
    struct depositing *depositing = context;
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    struct packet_view view = {0};
    struct bank_deposit row = {0};
    bool found = false;
    TRY(packet_verify(&view, status, depositing->packet, env->purse.trust, &options,
                      env->purse.arena));
    *status = STATUS_OK;
    if (view.leaf_count == 0)
        return ERR_OK;
    row.request_id = view.payments[view.leaves[0]].payment.reference;
    TRY(branch_first(env, &found, &bank_table_bank_deposit, 0, 1, &row));
    if (found && row.customer == depositing->customer)
        depositing->credited = row.credited;
    return ERR_OK;
}

enum err deposits_deposit(struct branch_env *env, enum status *status, struct deposit_reply *reply,
                          const struct deposit_body *body, uint64_t customer)
{
    struct depositing depositing = {.packet = body->packet, .customer = customer};
    struct blob_item packet = {body->packet};
    const struct settle_body settle = {.packets = {&packet, 1}};
    struct settle_reply settled = {0};
    TRY(branch_run(env, status, take, &depositing));
    if (*status != STATUS_OK)
        return ERR_OK;
    const enum status verdict = depositing.intake.verdict;
    if (verdict != STATUS_OK && !depositing.intake.pays_vault) {
        *status = verdict;
        return ERR_OK;
    }
    TRY(relay_settle(env, status, &settled, &settle, customer));
    if (!branch_is_done(*status))
        return ERR_OK;
    reply->result = settled.results.items[0];
    reply->has_settled = settled.has_settled;
    reply->settled = settled.settled;
    if (*status == STATUS_OK) {
        TRY(branch_run(env, status, look_up, &depositing));
        reply->credited = depositing.credited;
    }
    if (*status == STATUS_OK && verdict != STATUS_OK && amount_is_zero(reply->credited))
        *status = verdict; /* kept all the same */
    return ERR_OK;
}
