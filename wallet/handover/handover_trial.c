/* Trials: what would be paid, and could it be? The payer's own steps, in a transaction that is
 * always rolled back.
 *
 * 1. A trial and the payment after it come to the same answer: they are the same code.
 * 2. No row changes, no counter is used up, no signature leaves. A payment that a crash left
 *    between mark and signature is signed on the way, as pay would (its change can be paid), and
 *    that too is undone.
 *
 * Never commits. */
#include "wallet/handover/handover.h"

#include "common/purse/purse_row.h"
#include "wallet/handover/handover_step.h"

struct trying {
    struct handover_trial *trial;
    enum status *status;
};

/* As wallet_transact, but nothing stays. */
static enum err undo_after(struct wallet *wallet,
                           enum err (*work)(struct wallet *wallet, struct purse_env *env,
                                            void *context),
                           void *context, struct arena *arena)
{
    struct purse_env env = {
        .store = wallet->store,
        .trust = &wallet->trust,
        .now = wallet->now,
        .arena = arena,
        .context = wallet,
        .key = wallet_key,
    };
    const struct wallet_state before = wallet->state;
    TRY(store_begin(wallet->store, STORE_WRITE));
    const enum err error = work(wallet, &env, context);
    store_rollback(wallet->store);
    wallet->state = before;
    return error;
}

/* --- one request --- */

static enum err count_item(struct purse_env *env, struct handover_trial *trial,
                           const struct purse_plan_item *item)
{
    struct purse_coin coin = {.serial = item->serial, .coin_id = item->coin_id};
    struct payment payment = {0};
    bool found = false;
    TRY(purse_find(env, &found, &purse_table_purse_coin, &coin));
    TRY(payment_decode(&payment, item->payload, env->arena));
    if (found && coin.hops + 1 > trial->hops_max)
        trial->hops_max = coin.hops + 1;
    for (size_t i = 1; i < payment.outputs.count; i++)
        TRY(amount_add(&trial->change, trial->change, payment.outputs.items[i].amount));
    return ERR_OK;
}

/* The coins of a payment that settled are gone; its packet still says how far they came. */
static enum err read_hops(struct wallet *wallet, struct purse_env *env,
                          struct handover_trial *trial, struct span packet)
{
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    struct packet_view view = {0};
    enum status status = STATUS_OK;
    TRY(packet_verify(&view, &status, packet, &wallet->trust, &options, env->arena));
    for (size_t i = 0; status == STATUS_OK && i < view.leaf_count; i++) {
        const size_t hops = packet_output_hops(&view.payments[view.leaves[i]], 0);
        trial->hops_max = hops > trial->hops_max ? hops : trial->hops_max;
    }
    return ERR_OK;
}

static enum err measure(struct wallet *wallet, struct purse_env *env, struct handover_trial *trial,
                        const struct purse_plan *plan)
{
    struct purse_plan_item_list items = {0};
    struct purse_plan drafted = *plan;
    struct span file = {0};
    TRY(purse_items(env, &items, &plan->plan_id));
    if (!plan->has_packet) {
        TRY(purse_draft(env, &drafted.packet, plan));
        drafted.has_packet = true;
    } else {
        TRY(read_hops(wallet, env, trial, plan->packet));
    }
    for (size_t i = 0; i < items.count; i++)
        TRY(count_item(env, trial, &items.items[i]));
    trial->coin_count = items.count;
    TRY(handover_file_of(wallet, env, &file, &drafted));
    trial->size = file.size;
    return ERR_OK;
}

static enum err trial_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct trying *trying = context;
    struct purse_plan plan = {0};
    TRY(handover_rehearse(wallet, env, trying->status, &plan, &trying->trial->offer));
    return *trying->status == STATUS_OK ? measure(wallet, env, trying->trial, &plan) : ERR_OK;
}

enum err handover_trial(struct wallet *wallet, struct handover_trial *out, enum status *status,
                        struct span invoice_file, struct arena *arena)
{
    struct trying trying = {.trial = out, .status = status};
    *out = (struct handover_trial){0};
    *status = handover_read_invoice(wallet, &out->offer, invoice_file, arena);
    return *status == STATUS_OK ? undo_after(wallet, trial_work, &trying, arena) : ERR_OK;
}

/* --- the most --- */

struct asking {
    struct amount amount;
    bool is_payable;
    bool refusal_only; /* dates and limits, whatever coins there are */
};

/* A payee who takes all that policy allows. Its key is nobody's of the purse. */
static enum err invent_offer(struct wallet *wallet, struct handover_offer *offer,
                             struct amount amount, struct arena *arena)
{
    struct buffer payload AUTO(buffer_fini) = {0};
    *offer = (struct handover_offer){.request = {.payee_key = wallet->trust.root_key,
                                                 .amount = amount,
                                                 .made_at = wallet->now,
                                                 .expires_at = wallet->now,
                                                 .hops_max = trust_policy(&wallet->trust)->hops_max,
                                                 .coins_max = PACKET_COINS_MAX}};
    TRY(request_encode(&payload, &offer->request));
    return arena_copy(arena, &offer->request_cose.payload, buffer_span(&payload));
}

static enum err ask_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct asking *asking = context;
    struct handover_offer offer;
    struct purse_plan plan = {0};
    enum status status = STATUS_OK;
    TRY(invent_offer(wallet, &offer, asking->amount, env->arena));
    TRY(handover_refusal(wallet, env, &status, &offer));
    if (status == STATUS_OK && !asking->refusal_only)
        TRY(handover_rehearse(wallet, env, &status, &plan, &offer));
    asking->is_payable = status == STATUS_OK;
    return ERR_OK;
}

static enum err is_payable(struct wallet *wallet, bool *payable, uint64_t fen, bool refusal_only)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct asking asking = {.refusal_only = refusal_only};
    *payable = fen == 0;
    if (fen == 0)
        return ERR_OK;
    TRY(amount_from_fen(&asking.amount, fen));
    TRY(undo_after(wallet, ask_work, &asking, &arena));
    *payable = asking.is_payable;
    return ERR_OK;
}

/* The largest that can be paid, none above high; most often that is high itself. */
static enum err search(struct wallet *wallet, uint64_t *largest, uint64_t high, bool refusal_only)
{
    bool payable = false;
    uint64_t low = 0;
    TRY(is_payable(wallet, &payable, high, refusal_only));
    while (!payable && low + 1 < high) {
        const uint64_t middle = low + (high - low) / 2;
        bool middle_is = false;
        TRY(is_payable(wallet, &middle_is, middle, refusal_only));
        if (middle_is)
            low = middle;
        else
            high = middle;
    }
    *largest = payable ? high : low;
    return ERR_OK;
}

static enum err totals_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return purse_totals(env, context);
}

/* First the limits, which cost nothing to ask; then the coins within them. */
enum err handover_payable(struct wallet *wallet, struct amount *out, struct arena *arena)
{
    struct purse_totals totals = {0};
    uint64_t fen = 0;
    TRY(undo_after(wallet, totals_work, &totals, arena));
    TRY(search(wallet, &fen, amount_fen(totals.spendable), true));
    TRY(search(wallet, &fen, fen, false));
    return amount_from_fen(out, fen);
}
