/* Limits (contract in limits.h). */
#include "wallet/state/limits.h"

#include "common/base/time.h"
#include "common/purse/purse_row.h"

static struct amount none(void)
{
    struct amount most = amount_zero();
    CHECK(amount_from_fen(&most, AMOUNT_MAX) == ERR_OK);
    return most;
}

/* --- bounds --- */

static void lower(struct limits_bound *bound, struct amount max, enum limits_source source)
{
    if (amount_compare(max, bound->max) < 0)
        *bound = (struct limits_bound){max, source};
}

static void lower_own(struct limits_bound *bound, struct amount max)
{
    if (!amount_is_zero(max))
        lower(bound, max, LIMITS_OWN);
}

void limits_bounds(struct limits_bounds *out, const struct wallet *wallet,
                   const struct wallet_certificate *mine)
{
    const struct trust_offline policy = trust_offline(&wallet->trust, mine->holder);
    const struct limits *tier = &mine->limits;
    const struct wallet_state *state = &wallet->state;
    *out = (struct limits_bounds){
        .payment = {policy.payment_max, LIMITS_POLICY},
        .day = {tier->day_max, LIMITS_TIER},
        .offline = {policy.total_max, LIMITS_POLICY},
        .held = {tier->held_max, LIMITS_TIER},
    };
    lower(&out->payment, tier->payment_max, LIMITS_TIER);
    lower_own(&out->payment, state->own_payment_max);
    lower_own(&out->day, state->own_day_max);
    lower_own(&out->offline, state->own_offline_max);
    lower_own(&out->held, state->own_held_max);
}

/* A clock that was set back does not begin another day. */
struct amount limits_paid_today(const struct wallet *wallet)
{
    return time_day(wallet->now) > wallet->state.paid_day ? amount_zero()
                                                          : wallet->state.paid_on_day;
}

struct amount limits_left(const struct limits_bound *bound, struct amount used)
{
    struct amount left = amount_zero();
    return amount_compare(used, bound->max) < 0 && amount_sub(&left, bound->max, used) == ERR_OK
               ? left
               : amount_zero();
}

/* --- paying --- */

static bool exceeds(const struct limits_bound *bound, struct amount used, struct amount amount)
{
    return amount_compare(amount, limits_left(bound, used)) > 0;
}

enum status limits_pay(const struct wallet *wallet, const struct wallet_certificate *mine,
                       struct amount amount)
{
    struct limits_bounds bounds;
    limits_bounds(&bounds, wallet, mine);
    if (exceeds(&bounds.payment, amount_zero(), amount) ||
        exceeds(&bounds.offline, wallet->state.paid_since_sync, amount))
        return STATUS_PAYMENT_LIMIT;
    return exceeds(&bounds.day, limits_paid_today(wallet), amount) ? STATUS_LIMIT_DAY : STATUS_OK;
}

enum err limits_book(struct wallet *wallet, struct amount amount)
{
    struct wallet_state *state = &wallet->state;
    const uint64_t today = time_day(wallet->now);
    const struct amount before = limits_paid_today(wallet);
    TRY(amount_add(&state->paid_since_sync, state->paid_since_sync, amount));
    TRY(amount_add(&state->paid_on_day, before, amount));
    state->paid_day = today > state->paid_day ? today : state->paid_day;
    return ERR_OK;
}

/* --- asking --- */

enum err limits_certificate(struct purse_env *env, struct wallet_certificate *out)
{
    struct purse_key current = {0};
    struct cose cose = {0};
    *out = (struct wallet_certificate){.limits = {none(), none(), none()}};
    TRY(purse_key_current(env, &current));
    if (!current.has_certificate)
        return ERR_OK;
    TRY(wire_decode_cose(&cose, current.certificate));
    return wallet_certificate_decode(out, cose.payload, env->arena);
}

struct asking {
    struct amount amount;
    enum status *status;
};

static enum err ask_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct asking *asking = context;
    struct purse_totals totals = {0};
    struct wallet_certificate mine = {0};
    struct limits_bounds bounds;
    struct amount held = amount_zero();
    TRY(purse_totals(env, &totals));
    TRY(limits_certificate(env, &mine));
    limits_bounds(&bounds, wallet, &mine);
    TRY(amount_add(&held, totals.spendable, totals.reserved));
    *asking->status = STATUS_OK;
    if (wallet->now < wallet_newest_time(wallet))
        *asking->status = STATUS_CLOCK;
    else if (exceeds(&bounds.held, held, asking->amount))
        *asking->status = STATUS_LIMIT_HELD;
    return ERR_OK;
}

enum err limits_ask(struct wallet *wallet, enum status *status, struct amount amount)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct asking asking = {.amount = amount, .status = status};
    return wallet_transact(wallet, ask_work, &asking, &arena);
}

/* --- the owner's own --- */

static bool goes_up(struct amount from, struct amount to, bool reset)
{
    if (amount_is_zero(from)) /* there was none: any is lower */
        return false;
    return amount_is_zero(to) ? reset : amount_compare(to, from) > 0;
}

bool limits_raises(const struct wallet *wallet, const struct limits_own *own)
{
    const struct wallet_state *state = &wallet->state;
    return goes_up(state->own_payment_max, own->payment_max, own->reset) ||
           goes_up(state->own_day_max, own->day_max, own->reset) ||
           goes_up(state->own_offline_max, own->offline_max, own->reset) ||
           goes_up(state->own_held_max, own->held_max, own->reset);
}

static void set_one(struct amount *kept, struct amount wanted, bool reset)
{
    if (reset || !amount_is_zero(wanted))
        *kept = wanted;
}

static enum err set_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct limits_own *own = context;
    struct wallet_state *state = &wallet->state;
    set_one(&state->own_payment_max, own->payment_max, own->reset);
    set_one(&state->own_day_max, own->day_max, own->reset);
    set_one(&state->own_offline_max, own->offline_max, own->reset);
    set_one(&state->own_held_max, own->held_max, own->reset);
    return store_update(env->store, &tables_table_wallet_state, state);
}

enum err limits_set(struct wallet *wallet, const struct limits_own *own)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct limits_own copy = *own;
    return wallet_transact(wallet, set_work, &copy, &arena);
}
