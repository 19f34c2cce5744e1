/* Depositing: the bank's request, paid with settled coins, handed in. Each part of a deposit is a
 * row:
 *
 *   ASKED -> PAID (the signed packet is durable) -> CREDITED | FAILED
 *
 * Invariants: 1 a request is paid only if it is my bank's vault that signed it, for that amount. 2
 * the packet that is handed in is the plan's, the same each time. */
#include "wallet/sync/sync_step.h"

#include "common/base/time.h"
#include "common/purse/purse_row.h"
#include "wallet/handover/handover.h"
#include "wallet/state/wallet_file.h"

struct depositing {
    struct deposit_row row;
    struct handover_offer offer;
    struct purse_plan plan;
    bool has_plan;
    struct amount wanted, part, all; /* part: what the next request may ask for */
};

/* --- how much at a time --- */

/* As purse_choose will see it. */
static enum err is_fit(struct purse_env *env, bool *fit, const struct purse_coin *coin)
{
    *fit = coin->is_settled && !coin->has_purpose && time_day(env->now) <= coin->spend_by_day;
    return *fit ? purse_is_showable(env, fit, coin) : ERR_OK;
}

/* Moves the largest of the rest to the front. */
static void pick_largest(struct purse_coin *coins, size_t count)
{
    size_t largest = 0;
    for (size_t i = 1; i < count; i++)
        if (amount_compare(coins[i].amount, coins[largest].amount) > 0)
            largest = i;
    const struct purse_coin swap = coins[0];
    coins[0] = coins[largest];
    coins[largest] = swap;
}

static enum err payment_max(struct purse_env *env, struct amount *out)
{
    struct purse_key current = {0};
    struct cose cose = {0};
    struct wallet_certificate mine = {0};
    TRY(purse_key_current(env, &current));
    if (!current.has_certificate)
        return ERR_MISSING;
    TRY(wire_decode_cose(&cose, current.certificate));
    TRY(wallet_certificate_decode(&mine, cose.payload, env->arena));
    *out = mine.limits.payment_max;
    return ERR_OK;
}

/* What the largest coins that fit one packet hold, within the limit of one payment. */
static enum err measure(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct depositing *depositing = context;
    struct purse_coin_list coins = {0};
    struct amount most = amount_zero(), limit = amount_zero();
    size_t kept = 0;
    (void)wallet;
    depositing->all = amount_zero();
    TRY(payment_max(env, &limit));
    TRY(purse_coins(env, &coins, PURSE_AVAILABLE));
    for (size_t i = 0; i < coins.count; i++) {
        bool fit = false;
        TRY(is_fit(env, &fit, &coins.items[i]));
        if (!fit)
            continue;
        coins.items[kept++] = coins.items[i];
        TRY(amount_add(&depositing->all, depositing->all, coins.items[i].amount));
    }
    for (size_t i = 0; i < kept && i < PACKET_COINS_MAX; i++) {
        pick_largest(coins.items + i, kept - i);
        TRY(amount_add(&most, most, coins.items[i].amount));
    }
    depositing->part = amount_min(amount_min(depositing->wanted, most), limit);
    return ERR_OK;
}

enum err sync_depositable(struct wallet *wallet, struct amount *out)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct depositing depositing = {0};
    TRY(wallet_transact(wallet, measure, &depositing, &arena));
    *out = depositing.all;
    return ERR_OK;
}

/* --- one part --- */

static enum err keep_row(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct depositing *depositing = context;
    (void)wallet;
    return store_put(env->store, &tables_table_deposit_row, &depositing->row);
}

static enum err credit_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct depositing *depositing = context;
    TRY(keep_row(wallet, env, context));
    if (amount_is_zero(depositing->row.credited))
        return ERR_OK;
    return wallet_history(wallet, HISTORY_DEPOSITED, depositing->row.credited,
                          &depositing->row.request_id, wallet->state.bank_name, span_text(""));
}

static enum err move_row(struct wallet *wallet, struct depositing *depositing,
                         enum deposit_state state)
{
    struct arena arena AUTO(arena_fini) = {0};
    depositing->row.state = state;
    return wallet_transact(wallet, keep_row, depositing, &arena);
}

static enum err take_reply(struct wallet *wallet, enum status *status,
                           struct depositing *depositing, const struct deposit_reply *reply,
                           struct arena *arena)
{
    struct purse_news news = {0};
    const struct sync_result learned = {
        .packet = depositing->plan.packet,
        .result = &reply->result,
        .settled = reply->has_settled ? &reply->settled : NULL,
        .status = status,
        .news = &news,
    };
    TRY(sync_learn(wallet, &learned));
    if (*status != STATUS_OK) /* credited or not, the register's word is still to come */
        return ERR_OK;
    depositing->row.credited = reply->credited;
    depositing->row.state = amount_is_zero(reply->credited) ? DEPOSIT_FAILED : DEPOSIT_CREDITED;
    if (amount_is_zero(reply->credited))
        *status = STATUS_CONFLICT;
    return wallet_transact(wallet, credit_work, depositing, arena);
}

/* The plan's packet to the bank. What the bank refuses for good is FAILED here; the packet stays
 * in the outbox, and the register's word decides. */
static enum err send_packet(struct wallet *wallet, enum status *status,
                            struct depositing *depositing, struct arena *arena)
{
    struct deposit_reply reply = {0};
    const struct deposit_body body = {.packet = depositing->plan.packet};
    TRY(sync_call(wallet, status, &reply, VERB_DEPOSIT, &body, NULL, arena));
    if (*status == STATUS_OK)
        return take_reply(wallet, status, depositing, &reply, arena);
    return sync_is_transient(*status) ? ERR_OK : move_row(wallet, depositing, DEPOSIT_FAILED);
}

static enum err plan_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct depositing *depositing = context;
    (void)wallet;
    depositing->plan.plan_id = depositing->row.request_id;
    return purse_find(env, &depositing->has_plan, &purse_table_purse_plan, &depositing->plan);
}

/* The bank's request: signed by its vault, for what was asked. */
static enum err ask_request(struct wallet *wallet, enum status *status,
                            struct depositing *depositing, struct arena *arena)
{
    struct deposit_request_reply reply = {0};
    const struct trust_bank *bank = NULL;
    struct handover_offer *offer = &depositing->offer;
    const struct deposit_request_body body = {.deposit_id = depositing->row.deposit_id,
                                              .amount = depositing->row.amount};
    TRY(sync_call(wallet, status, &reply, VERB_DEPOSIT_REQUEST, &body, NULL, arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    *status = trust_request(&offer->request, &offer->request_id, &offer->payee, &bank,
                            &wallet->trust, &reply.request, NULL, arena);
    if (*status == STATUS_OK && bank->certificate.bank_id != wallet->state.bank_id)
        *status = STATUS_CERTIFICATE;
    if (*status == STATUS_OK && amount_compare(offer->request.amount, depositing->row.amount) != 0)
        *status = STATUS_REQUEST_AMOUNT;
    offer->request_cose = reply.request;
    return ERR_OK;
}

/* As far as the signed packet being durable. */
static enum err pay_part(struct wallet *wallet, enum status *status, struct depositing *depositing,
                         struct arena *arena)
{
    struct span file = {0};
    wallet->random(wallet->context, depositing->row.deposit_id.bytes, NONCE_SIZE);
    depositing->row.amount = depositing->part;
    depositing->row.made_at = wallet->now;
    TRY(move_row(wallet, depositing, DEPOSIT_ASKED));
    TRY(ask_request(wallet, status, depositing, arena));
    if (*status != STATUS_OK)
        return move_row(wallet, depositing, DEPOSIT_FAILED);
    depositing->row.has_request_id = true;
    depositing->row.request_id = depositing->offer.request_id;
    TRY(move_row(wallet, depositing, DEPOSIT_ASKED));
    TRY(handover_pay(wallet, &file, status, &depositing->offer, true, arena));
    if (*status != STATUS_OK)
        return move_row(wallet, depositing, DEPOSIT_FAILED);
    TRY(wallet_transact(wallet, plan_work, depositing, arena));
    return move_row(wallet, depositing, DEPOSIT_PAID);
}

enum err sync_deposit(struct wallet *wallet, enum status *status, struct amount *credited,
                      struct amount amount)
{
    struct depositing depositing = {.wanted = amount};
    struct arena first AUTO(arena_fini) = {0};
    *status = STATUS_OK;
    *credited = amount_zero();
    TRY(wallet_transact(wallet, measure, &depositing, &first));
    if (amount_compare(depositing.all, amount) < 0)
        *status = STATUS_FUNDS;
    while (*status == STATUS_OK && !amount_is_zero(depositing.part)) {
        struct arena arena AUTO(arena_fini) = {0};
        struct depositing part = {.part = depositing.part};
        TRY(pay_part(wallet, status, &part, &arena));
        if (*status == STATUS_OK)
            TRY(send_packet(wallet, status, &part, &arena));
        TRY(amount_add(credited, *credited, part.row.credited));
        TRY(amount_sub(&depositing.wanted, depositing.wanted, part.part));
        TRY(wallet_transact(wallet, measure, &depositing, &arena));
    }
    return ERR_OK;
}

enum err sync_deposit_packet(struct wallet *wallet, enum status *status, struct amount *credited,
                             struct span packet_file)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct handover_received received = {0};
    struct sync_report report = {0};
    struct sync_run run = {.wallet = wallet, .report = &report};
    struct span packet = {0};
    *credited = amount_zero();
    TRY(handover_receive(wallet, &received, packet_file, &arena));
    *status = received.status;
    if (received.result == HANDOVER_REFUSED)
        return ERR_OK;
    *status = wallet_file_unwrap(wallet, &packet, KIND_PACKET, packet_file);
    if (*status == STATUS_OK)
        TRY(sync_settle_packet(&run, packet));
    if (report.conflict_count > 0)
        *status = STATUS_CONFLICT;
    else if (report.is_unreachable || report.pending_count > 0)
        *status = report.is_unreachable ? STATUS_UNREACHABLE : STATUS_PENDING;
    else if (report.refused_count > 0)
        *status = report.refusal;
    if (*status != STATUS_OK || amount_is_zero(report.settled))
        return ERR_OK;
    return sync_deposit(wallet, status, credited, report.settled);
}

/* --- those that wait --- */

static enum err list_open(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct deposit_row from = {.state = DEPOSIT_ASKED};
    struct list *lists = context;
    (void)wallet;
    TRY(purse_rows(env, &lists[0], &tables_table_deposit_row, 0, 1, &from));
    from.state = DEPOSIT_PAID;
    return purse_rows(env, &lists[1], &tables_table_deposit_row, 0, 1, &from);
}

/* A deposit that stopped before its packet was signed is given up; its coins are free again. */
static enum err give_up(struct wallet *wallet, struct depositing *depositing)
{
    enum status cancelled = STATUS_OK;
    if (depositing->has_plan)
        TRY(handover_cancel(wallet, &cancelled, &depositing->row.request_id));
    return move_row(wallet, depositing, DEPOSIT_FAILED);
}

static enum err resume_one(struct sync_run *run, const struct deposit_row *row)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct depositing depositing = {.row = *row};
    enum status status = STATUS_OK;
    if (row->has_request_id)
        TRY(wallet_transact(run->wallet, plan_work, &depositing, &arena));
    if (!depositing.has_plan || !depositing.plan.has_packet)
        return give_up(run->wallet, &depositing);
    TRY(send_packet(run->wallet, &status, &depositing, &arena));
    sync_note(run, status);
    return ERR_OK;
}

enum err sync_deposits(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct list lists[2] = {{0}, {0}};
    TRY(wallet_transact(run->wallet, list_open, lists, &arena));
    for (size_t list = 0; list < 2; list++) {
        const struct deposit_row *rows = lists[list].items;
        for (size_t i = 0; i < lists[list].count && !run->is_stopped; i++)
            TRY(resume_one(run, &rows[i]));
    }
    return ERR_OK;
}
