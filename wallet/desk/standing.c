/* Reading how a wallet stands: a few look-ups in one read transaction, then one trial of what can
 * be paid.
 *
 * Never writes. */
#include "wallet/desk/standing.h"

#include "common/base/time.h"
#include "common/purse/purse_row.h"
#include "wallet/news/fork.h"
#include "wallet/state/limits.h"

static enum err read_certificate(const struct wallet *wallet, struct purse_env *env,
                                 struct standing *standing)
{
    struct purse_key current = {0};
    struct cose cose = {0};
    const enum err error = purse_key_current(env, &current);
    if (error == ERR_MISSING) /* restored, and not synced since */
        return ERR_OK;
    TRY(error);
    standing->is_refused = wallet_is_refused(wallet, &current.key);
    if (!current.has_certificate)
        return ERR_OK;
    TRY(wire_decode_cose(&cose, current.certificate));
    TRY(wallet_certificate_decode(&standing->certificate, cose.payload, env->arena));
    standing->has_certificate = true;
    return ERR_OK;
}

static void note_redeem_by(struct standing *standing, const struct purse_coin_list *coins)
{
    for (size_t i = 0; i < coins->count; i++)
        if (standing->next_redeem_by == 0 ||
            coins->items[i].redeem_by_day < standing->next_redeem_by)
            standing->next_redeem_by = coins->items[i].redeem_by_day;
}

static enum err read_forks(struct purse_env *env, struct standing *standing)
{
    struct fork_list forks = {0};
    TRY(fork_to_tell(env, &forks));
    standing->fork_count = forks.count;
    return ERR_OK;
}

/* From its day on a coin's bank asks for its refund, once a day: a sync a week later has found what
 * came of it, and it is not told a second time. What the bank has told replaces that guess; what
 * came since, it had not seen. */
static bool is_told_of(const struct purse_coin *coin, const struct wallet_state *state)
{
    enum { REFUNDED_WITHIN_DAYS = 7 };
    if (state->older_told_at != 0)
        return coin->taken_at > state->older_told_at;
    return time_day(state->last_sync_at) < coin->redeem_by_day + REFUNDED_WITHIN_DAYS;
}

/* Under keys of before a restore. */
static void count_frozen(struct standing *standing, const struct purse_coin_list *frozen,
                         const struct wallet_state *state)
{
    struct amount *sum = &standing->totals.frozen;
    *sum = state->older_told_at != 0 ? state->older_held : amount_zero();
    for (size_t i = 0; i < frozen->count; i++)
        if (is_told_of(&frozen->items[i], state))
            *sum = amount_add_capped(*sum, frozen->items[i].amount);
}

/* Those of frozen keys wait for the bank: no sync settles or claims them. */
static enum err read_aside(struct purse_env *env, struct standing *standing,
                           const struct wallet_state *state)
{
    struct purse_coin_list coins = {0}, frozen = {0};
    TRY(purse_coins(env, &coins, PURSE_QUARANTINED));
    TRY(purse_part_frozen(env, &coins, &frozen));
    standing->quarantined_count = coins.count;
    count_frozen(standing, &frozen, state);
    note_redeem_by(standing, &coins);
    TRY(purse_coins(env, &coins, PURSE_ORPHANED));
    TRY(purse_part_frozen(env, &coins, &frozen));
    standing->orphan_count = coins.count;
    return ERR_OK;
}

static enum err read_coins(struct wallet *wallet, struct purse_env *env, struct standing *standing)
{
    struct purse_coin_list coins = {0};
    TRY(purse_totals(env, &standing->totals));
    TRY(read_aside(env, standing, &wallet->state));
    TRY(purse_coins(env, &coins, PURSE_AVAILABLE));
    note_redeem_by(standing, &coins);
    for (size_t i = 0; i < coins.count; i++) {
        if (!standing->has_coin || coins.items[i].spend_by_day < standing->next_spend_by)
            standing->next_spend_by = coins.items[i].spend_by_day;
        standing->has_coin = true;
    }
    return ERR_OK;
}

static enum err count_plans(struct purse_env *env, size_t *count, unsigned kind,
                            enum purse_plan_state low, enum purse_plan_state high)
{
    struct purse_plan_list plans = {0};
    TRY(purse_plans(env, &plans, kind, low, high));
    *count += plans.count;
    return ERR_OK;
}

static enum err read_plans(struct purse_env *env, struct standing *standing)
{
    const enum purse_plan_state last = PURSE_PLAN_CONFIRMED;
    TRY(count_plans(env, &standing->reserved_count, PURSE_PLAN_PAY, PURSE_PLAN_RESERVED,
                    PURSE_PLAN_SIGNING));
    TRY(count_plans(env, &standing->unsent_count, PURSE_PLAN_PAY, PURSE_PLAN_COMMITTED,
                    PURSE_PLAN_COMMITTED));
    TRY(count_plans(env, &standing->unconfirmed_count, PURSE_PLAN_PAY, PURSE_PLAN_SENT,
                    PURSE_PLAN_SENT));
    TRY(count_plans(env, &standing->order_count, PURSE_PLAN_EXCHANGE, PURSE_PLAN_RESERVED, last));
    return count_plans(env, &standing->order_count, PURSE_PLAN_CLAIM, PURSE_PLAN_RESERVED, last);
}

static enum err all_rows(struct purse_env *env, struct list *rows, const struct table *table)
{
    const struct store_query query = {.table = table, .index_number = -1};
    return store_list(env->store, rows, &query, NULL, env->arena);
}

static enum err read_bank_business(struct wallet *wallet, struct purse_env *env,
                                   struct standing *standing)
{
    struct list rows = {0};
    struct purse_inbox_list inbox = {0};
    const uint64_t today = time_day(wallet->now);
    TRY(all_rows(env, &rows, &tables_table_withdrawal_row));
    const struct withdrawal_row *withdrawals = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        standing->withdrawal_count += withdrawals[i].state == WITHDRAWAL_OPEN;
        if (withdrawals[i].state != WITHDRAWAL_REFUSED && time_day(withdrawals[i].made_at) == today)
            standing->withdrawn_today =
                amount_add_capped(standing->withdrawn_today, withdrawals[i].amount);
    }
    TRY(all_rows(env, &rows, &tables_table_deposit_row));
    const struct deposit_row *deposits = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        standing->deposit_count +=
            deposits[i].state == DEPOSIT_ASKED || deposits[i].state == DEPOSIT_PAID;
    TRY(purse_inbox_open(env, &inbox));
    standing->unsettled_count = inbox.count;
    return ERR_OK;
}

static void read_beliefs(const struct wallet *wallet, struct standing *standing)
{
    const struct trust *trust = &wallet->trust;
    standing->newest_signed_time = wallet_newest_time(wallet);
    if (!wallet->state.has_directory)
        return;
    standing->directory_version = trust->directory.version;
    standing->directory_made_at = trust->directory.made_at;
    standing->directory_not_after = trust->directory.not_after;
    standing->revocations_version = trust->revocations.version;
    standing->revocations_made_at = trust->revocations.made_at;
}

static struct amount difference(struct amount a, struct amount b)
{
    struct amount left = amount_zero();
    return amount_sub(&left, a, b) == ERR_OK ? left : amount_zero();
}

static void read_limits(const struct wallet *wallet, struct standing *standing)
{
    const struct limits *mine = &standing->certificate.limits;
    if (!wallet->state.has_directory)
        return;
    const struct trust_offline offline =
        trust_offline(&wallet->trust, standing->certificate.holder);
    struct limits_bounds bounds;
    limits_bounds(&bounds, wallet, &standing->certificate);
    if (!standing->has_certificate) {
        standing->left_until_sync = difference(offline.total_max, wallet->state.paid_since_sync);
        return;
    }
    standing->left_until_sync =
        amount_min(limits_left(&bounds.offline, wallet->state.paid_since_sync),
                   limits_left(&bounds.day, limits_paid_today(wallet)));
    standing->payment_max = bounds.payment.max;
    standing->left_to_withdraw_today = difference(mine->day_max, standing->withdrawn_today);
}

static enum err read_rows(struct wallet *wallet, struct purse_env *env, struct standing *out)
{
    TRY(read_certificate(wallet, env, out));
    TRY(read_coins(wallet, env, out));
    TRY(read_forks(env, out));
    TRY(read_plans(env, out));
    return read_bank_business(wallet, env, out);
}

enum err standing_read(struct wallet *wallet, struct standing *out, struct arena *arena)
{
    struct purse_env env = {.store = wallet->store,
                            .trust = &wallet->trust,
                            .now = wallet->now,
                            .arena = arena,
                            .context = wallet,
                            .key = wallet_key};
    *out = (struct standing){
        .is_restored = wallet->is_restored,
        .has_words = wallet->state.has_recovery_key,
        .words = (enum words_state)wallet->state.words,
    };
    TRY(store_begin(wallet->store, STORE_READ));
    const enum err error = read_rows(wallet, &env, out);
    store_rollback(wallet->store);
    TRY(error);
    read_beliefs(wallet, out);
    read_limits(wallet, out);
    return wallet->state.has_directory && !wallet->is_restored
               ? handover_payable(wallet, &out->payable, arena)
               : ERR_OK;
}
