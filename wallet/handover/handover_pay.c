/* The payer's side: offer, reserve, check, mark, sign, keep, and only then bytes (purse_next has
 * the table of moves). */
#include "wallet/handover/handover.h"

#include "common/base/text.h"
#include "common/base/time.h"
#include "common/purse/purse_row.h"
#include "wallet/handover/handover_step.h"
#include "wallet/state/limits.h"
#include "wallet/state/wallet_file.h"

/* --- the offer: what is asked for, and would it go through? --- */

struct offering {
    struct handover_offer *offer;
    enum status *status;
    bool is_online;
    struct purse_coin_list coins;
};

static bool certificate_in_date(const struct wallet *wallet, const struct purse_key *key,
                                struct arena *arena, struct wallet_certificate *mine)
{
    struct cose cose = {0};
    const uint64_t today = time_day(wallet->now);
    return key->has_certificate && wire_decode_cose(&cose, key->certificate) == ERR_OK &&
           wallet_certificate_decode(mine, cose.payload, arena) == ERR_OK &&
           mine->not_before_day <= today && today <= mine->not_after_day;
}

static enum status first_refusal(struct wallet *wallet, struct purse_env *env,
                                 const struct offering *offering, const struct purse_key *current)
{
    const struct handover_offer *offer = offering->offer;
    struct wallet_certificate mine = {0};
    if (!certificate_in_date(wallet, current, env->arena, &mine))
        return STATUS_CERTIFICATE_DATE;
    if (!offering->is_online && wallet_is_refused(wallet, &current->key))
        return STATUS_FORBIDDEN; /* value stays: the bank's vault takes it */
    if (amount_compare(offer->request.amount, mine.limits.payment_max) > 0)
        return STATUS_PAYMENT_LIMIT;
    const enum status limits =
        offering->is_online ? STATUS_OK : limits_pay(wallet, &mine, offer->request.amount);
    if (limits != STATUS_OK)
        return limits;
    if (wallet->now < wallet_newest_time(wallet))
        return STATUS_CLOCK;
    if (wallet->is_restored)
        return STATUS_RESTORED;
    if (wallet->now > offer->request.expires_at)
        return STATUS_REQUEST_UNKNOWN;
    return STATUS_OK;
}

static enum err choose(struct wallet *wallet, struct purse_env *env, struct offering *offering)
{
    const struct policy *policy = trust_policy(&wallet->trust);
    const struct request *request = &offering->offer->request;
    const struct purse_choice_options options = {
        .settled_only = offering->is_online,
        .hops_max = request->hops_max < policy->hops_max ? request->hops_max : policy->hops_max,
        .depth_max = policy->depth_max,
        .coins_max = request->coins_max,
    };
    return purse_choose(env, offering->status, &offering->coins, request->amount, &options);
}

static enum err offer_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct offering *offering = context;
    struct purse_plan plan = {.plan_id = offering->offer->request_id};
    struct purse_totals totals = {0};
    struct purse_key current = {0};
    bool mine = false;
    TRY(purse_totals(env, &totals));
    offering->offer->spendable_after = totals.spendable;
    TRY(purse_find(env, &offering->offer->is_repeat, &purse_table_purse_plan, &plan));
    if (offering->offer->is_repeat)
        return ERR_OK;
    TRY(purse_key_is_mine(env, &mine, &offering->offer->request.payee_key));
    const enum err error = purse_key_current(env, &current);
    if (error == ERR_MISSING && wallet->is_restored) { /* all are frozen */
        *offering->status = STATUS_RESTORED;
        return ERR_OK;
    }
    TRY(error);
    *offering->status = mine ? STATUS_STATE : first_refusal(wallet, env, offering, &current);
    if (*offering->status == STATUS_OK)
        TRY(choose(wallet, env, offering));
    if (*offering->status != STATUS_OK)
        return ERR_OK;
    return amount_sub(&offering->offer->spendable_after, totals.spendable,
                      offering->offer->request.amount);
}

enum err handover_refusal(struct wallet *wallet, struct purse_env *env, enum status *status,
                          struct handover_offer *offer)
{
    const struct offering offering = {.offer = offer, .status = status};
    struct purse_key current = {0};
    TRY(purse_key_current(env, &current));
    *status = first_refusal(wallet, env, &offering, &current);
    return ERR_OK;
}

enum status handover_read_invoice(struct wallet *wallet, struct handover_offer *out,
                                  struct span invoice_file, struct arena *arena)
{
    const struct trust_bank *bank = NULL;
    struct invoice invoice = {0};
    struct span body = {0};
    enum status status = wallet_file_unwrap(wallet, &body, KIND_INVOICE, invoice_file);
    if (status == STATUS_OK)
        status = record_status(invoice_decode(&invoice, body, arena));
    if (status == STATUS_OK)
        status = trust_request(&out->request, &out->request_id, &out->payee, &bank, &wallet->trust,
                               &invoice.request,
                               invoice.has_certificate ? &invoice.certificate : NULL, arena);
    if (status != STATUS_OK)
        return status;
    out->request_cose = invoice.request;
    out->has_certificate = invoice.has_certificate;
    out->certificate_cose = invoice.certificate;
    wallet_name(out->payee_name, invoice.has_certificate ? &out->payee : NULL, bank);
    text_printable(out->memo, sizeof out->memo, out->request.memo);
    return STATUS_OK;
}

enum err handover_offer(struct wallet *wallet, struct handover_offer *out, enum status *status,
                        struct span invoice_file, struct arena *arena)
{
    struct offering offering = {.offer = out, .status = status};
    struct news_answers answers = {0};
    struct span message = {0};
    *out = (struct handover_offer){0};
    TRY(news_hear(wallet, &message, &answers, invoice_file, arena));
    *status = handover_read_invoice(wallet, out, message, arena);
    return *status == STATUS_OK ? wallet_transact(wallet, offer_work, &offering, arena) : ERR_OK;
}

/* --- the steps --- */

struct paying {
    const struct handover_offer *offer;
    enum status *status;
    struct purse_plan plan;
    bool is_online;
    bool exists;
};

static enum err find_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct paying *paying = context;
    (void)wallet;
    paying->plan = (struct purse_plan){.plan_id = paying->offer->request_id};
    return purse_find(env, &paying->exists, &purse_table_purse_plan, &paying->plan);
}

static enum err reserve_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct paying *paying = context;
    struct handover_offer offer = *paying->offer;
    struct offering offering = {
        .offer = &offer, .status = paying->status, .is_online = paying->is_online};
    const struct payee payee = {.request_id = offer.request_id,
                                .has_certificate = offer.has_certificate,
                                .certificate = offer.certificate_cose};
    TRY(offer_work(wallet, env, &offering));
    if (*paying->status != STATUS_OK)
        return ERR_OK;
    TRY(store_put(env->store, &tables_table_payee, &payee));
    return purse_reserve_payment(env, &paying->plan, &offering.coins, &offer.request,
                                 &offer.request_id, &offer.request_cose);
}

/* What the payee will check, on the payloads as they will be signed. */
static enum err will_be_accepted(struct wallet *wallet, struct purse_env *env,
                                 const struct paying *paying)
{
    struct packet_view view = {0};
    struct span draft = {0};
    const struct packet_options options = {.role = PACKET_UNSIGNED};
    const struct packet_terms terms = {
        .now = wallet->now,
        .request = &paying->offer->request,
        .request_id = paying->offer->request_id,
        .is_online = paying->is_online,
        .is_payer = true,
    };
    const enum err built = purse_draft(env, &draft, &paying->plan);
    if (built == ERR_LIMIT) {
        *paying->status = STATUS_LIMIT;
        return ERR_OK;
    }
    TRY(built);
    TRY(packet_verify(&view, paying->status, draft, &wallet->trust, &options, env->arena));
    return *paying->status == STATUS_OK
               ? packet_accept(paying->status, &view, &wallet->trust, &terms)
               : ERR_OK;
}

static enum err mark_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct paying *paying = context;
    enum status cancelled = STATUS_OK;
    TRY(will_be_accepted(wallet, env, paying));
    if (*paying->status != STATUS_OK)
        return purse_cancel(env, &cancelled, &paying->plan);
    TRY(wallet_count(wallet));
    return purse_mark(env, &paying->plan);
}

/* Who is paid by a plan: the name that was shown, made again from the certificate that was kept. A
 * deposit pays a vault and is no payment between people: *is_deposit, and no name. */
static enum err payee_of(struct wallet *wallet, struct purse_env *env, struct request *request,
                         char name[WALLET_NAME_SIZE], bool *is_deposit,
                         const struct purse_plan *plan)
{
    struct payee payee = {.request_id = plan->plan_id};
    struct wallet_certificate certificate = {0};
    bool found = false;
    TRY(request_decode(request, plan->request.payload, env->arena));
    *is_deposit = trust_vault(&wallet->trust, &request->payee_key) != NULL;
    TRY(purse_find(env, &found, &tables_table_payee, &payee));
    if (!found || !payee.has_certificate)
        return ERR_OK;
    TRY(wallet_certificate_decode(&certificate, payee.certificate.payload, env->arena));
    wallet_name(name, &certificate, trust_bank(&wallet->trust, certificate.bank_id));
    return ERR_OK;
}

/* Signs a marked plan, and books it: what leaves the wallet is counted when it is signed. */
static enum err sign_plan(struct wallet *wallet, struct purse_env *env, struct purse_plan *plan)
{
    struct request request = {0};
    char name[WALLET_NAME_SIZE] = "";
    bool is_deposit = false;
    TRY(purse_sign(env, plan));
    TRY(payee_of(wallet, env, &request, name, &is_deposit, plan));
    if (is_deposit)
        return ERR_OK;
    TRY(limits_book(wallet, plan->amount));
    TRY(store_update(wallet->store, &tables_table_wallet_state, &wallet->state));
    return wallet_history(wallet, HISTORY_PAID, plan->amount, &plan->plan_id, span_text(name),
                          request.memo);
}

static enum err sign_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct paying *paying = context;
    return sign_plan(wallet, env, &paying->plan);
}

static enum err finish(struct wallet *wallet, struct paying *paying, struct arena *arena)
{
    if (paying->plan.state == PURSE_PLAN_RESERVED)
        TRY(wallet_transact(wallet, mark_work, paying, arena));
    if (*paying->status != STATUS_OK || paying->plan.state != PURSE_PLAN_SIGNING)
        return ERR_OK;
    TRY(wallet_follow(wallet));
    return wallet_transact(wallet, sign_work, paying, arena);
}

enum err handover_pay(struct wallet *wallet, struct span *file, enum status *status,
                      const struct handover_offer *offer, bool is_online, struct arena *arena)
{
    struct paying paying = {.offer = offer, .status = status, .is_online = is_online};
    *status = STATUS_OK;
    TRY(wallet_transact(wallet, find_work, &paying, arena));
    if (!paying.exists)
        TRY(wallet_transact(wallet, reserve_work, &paying, arena));
    if (*status == STATUS_OK)
        TRY(finish(wallet, &paying, arena));
    return *status == STATUS_OK ? handover_packet_file(wallet, file, &paying.plan, arena) : ERR_OK;
}

enum err handover_file_of(struct wallet *wallet, struct purse_env *env, struct span *file,
                          const struct purse_plan *plan)
{
    struct request request = {0};
    if (!plan->has_packet)
        return ERR_MISSING;
    TRY(wallet_file_wrap_bytes(wallet, file, KIND_PACKET, plan->packet, env->arena));
    if (!plan->has_request)
        return ERR_OK;
    TRY(request_decode(&request, plan->request.payload, env->arena));
    const struct news_hearer payee = {.directory_version = request.directory_version,
                                      .revocations_version = request.revocations_version,
                                      .payment = plan};
    return trust_vault(&wallet->trust, &request.payee_key) != NULL
               ? ERR_OK /* a bank has it all, and better */
               : news_tell_within(wallet, env, file, &payee);
}

enum err handover_packet_file(struct wallet *wallet, struct span *file,
                              const struct purse_plan *plan, struct arena *arena)
{
    struct purse_env env = {
        .store = wallet->store, .trust = &wallet->trust, .now = wallet->now, .arena = arena};
    TRY(store_begin(wallet->store, STORE_READ));
    const enum err error = handover_file_of(wallet, &env, file, plan);
    store_rollback(wallet->store);
    return error;
}

/* --- after the bytes --- */

struct event {
    struct id plan_id;
    enum status *status;
};

static enum err sent_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct event *event = context;
    struct purse_plan plan = {0};
    (void)wallet;
    TRY(purse_plan_get(env, &plan, &event->plan_id));
    return plan.state == PURSE_PLAN_COMMITTED ? purse_sent(env, &plan) : ERR_OK;
}

enum err handover_sent(struct wallet *wallet, const struct id *plan_id)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct event event = {.plan_id = *plan_id};
    return wallet_transact(wallet, sent_work, &event, &arena);
}

static enum err cancel_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct event *event = context;
    struct purse_plan plan = {.plan_id = event->plan_id};
    bool found = false;
    (void)wallet;
    TRY(purse_find(env, &found, &purse_table_purse_plan, &plan));
    if (!found || plan.kind != PURSE_PLAN_PAY) {
        *event->status = STATUS_UNKNOWN;
        return ERR_OK;
    }
    return purse_cancel(env, event->status, &plan);
}

enum err handover_cancel(struct wallet *wallet, enum status *status, const struct id *plan_id)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct event event = {.plan_id = *plan_id, .status = status};
    return wallet_transact(wallet, cancel_work, &event, &arena);
}

/* The next sync reserves them anew; until then their coins can be paid. */
static enum err free_unsent(struct purse_env *env)
{
    struct purse_plan_list plans = {0};
    TRY(purse_plans(env, &plans, PURSE_PLAN_EXCHANGE, PURSE_PLAN_RESERVED, PURSE_PLAN_RESERVED));
    for (size_t i = 0; i < plans.count; i++) {
        enum status status = STATUS_OK;
        TRY(purse_cancel(env, &status, &plans.items[i]));
    }
    return ERR_OK;
}

static enum err resume_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_plan_list plans = {0};
    (void)context;
    TRY(purse_plans(env, &plans, PURSE_PLAN_PAY, PURSE_PLAN_SIGNING, PURSE_PLAN_SIGNING));
    for (size_t i = 0; i < plans.count; i++)
        TRY(sign_plan(wallet, env, &plans.items[i]));
    return free_unsent(env);
}

enum err handover_resume(struct wallet *wallet)
{
    struct arena arena AUTO(arena_fini) = {0};
    TRY(wallet_follow(wallet));
    return wallet_transact(wallet, resume_work, NULL, &arena);
}

/* The steps of handover_pay up to the mark, in one transaction. */
enum err handover_rehearse(struct wallet *wallet, struct purse_env *env, enum status *status,
                           struct purse_plan *plan, struct handover_offer *offer)
{
    struct paying paying = {.offer = offer, .status = status};
    struct offering offering = {.offer = offer, .status = status};
    *status = STATUS_OK;
    TRY(resume_work(wallet, env, NULL));
    TRY(offer_work(wallet, env, &offering));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(find_work(wallet, env, &paying));
    if (!paying.exists)
        TRY(reserve_work(wallet, env, &paying));
    if (*status == STATUS_OK && paying.plan.state == PURSE_PLAN_RESERVED)
        TRY(will_be_accepted(wallet, env, &paying));
    *plan = paying.plan;
    return ERR_OK;
}
