/* Accounts and limits (contract in teller.h). Withdrawals: teller_withdraw.c. */
#include "intermediary/teller_debit.h"

#include "common/base/time.h"

static enum err put_entry(struct branch_env *env, const struct customer *customer,
                          enum account_entry_kind kind, struct amount amount, struct span note)
{
    struct account_entry row = {
        .customer = customer->number,
        .kind = kind,
        .amount = amount,
        .balance = customer->balance,
        .made_at = env->purse.now,
        .note = note,
    };
    TRY(branch_next_number(env, &row.number));
    return store_insert(env->purse.store, &bank_table_account_entry, &row);
}

/* One act on an account: the balance and its line. */
static enum err book(struct branch_env *env, enum status *status, uint64_t number,
                     enum account_entry_kind kind, struct amount amount, struct span note)
{
    struct customer customer = {0};
    bool found = false;
    const bool is_credit = kind == ACCOUNT_PAID_IN || kind == ACCOUNT_DEPOSIT;
    TRY(customers_get(env, &found, &customer, number));
    *status = STATUS_OK;
    if (!found)
        *status = STATUS_UNKNOWN;
    else if (is_credit && amount_add(&customer.balance, customer.balance, amount) != ERR_OK)
        *status = STATUS_RANGE;
    else if (!is_credit && amount_sub(&customer.balance, customer.balance, amount) != ERR_OK)
        *status = STATUS_FUNDS;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(store_update(env->purse.store, &bank_table_customer, &customer));
    return put_entry(env, &customer, kind, amount, note);
}

enum err teller_pay_in(struct branch_env *env, enum status *status, uint64_t customer,
                       struct amount amount, struct span note)
{
    return book(env, status, customer, ACCOUNT_PAID_IN, amount, note);
}

enum err teller_pay_out(struct branch_env *env, enum status *status, uint64_t customer,
                        struct amount amount, struct span note)
{
    return book(env, status, customer, ACCOUNT_PAID_OUT, amount, note);
}

enum err teller_credit(struct branch_env *env, uint64_t customer, struct amount amount)
{
    enum status status = STATUS_OK;
    TRY(book(env, &status, customer, ACCOUNT_DEPOSIT, amount, span_text("")));
    return status == STATUS_OK ? ERR_OK : ERR_INTEGRITY;
}

enum err teller_collect(struct branch_env *env, struct amount *taken, uint64_t number,
                        struct amount amount)
{
    struct customer customer = {0};
    enum status status = STATUS_OK;
    bool found = false;
    TRY(customers_get(env, &found, &customer, number));
    if (!found)
        return ERR_INTEGRITY;
    *taken = amount_min(customer.balance, amount);
    if (amount_is_zero(*taken))
        return ERR_OK;
    TRY(book(env, &status, number, ACCOUNT_ADVANCE, *taken, span_text("")));
    return status == STATUS_OK ? ERR_OK : ERR_INTEGRITY;
}

enum err teller_debit(struct branch_env *env, enum status *status, uint64_t customer,
                      struct amount amount)
{
    struct day_total day = {.customer = customer, .day = time_day(env->purse.now)};
    bool found = false;
    TRY(book(env, status, customer, ACCOUNT_WITHDRAWAL, amount, span_text("")));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(branch_find(env, &found, &bank_table_day_total, &day));
    TRY(amount_add(&day.withdrawn, day.withdrawn, amount));
    TRY(store_put(env->purse.store, &bank_table_day_total, &day));
    return teller_held_more(env, customer, amount);
}

enum err teller_entries(struct branch_env *env, struct account_entry_list *out, uint64_t customer)
{
    const struct account_entry from = {.customer = customer};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_account_entry, 0, 1, &from));
    *out = (struct account_entry_list){rows.items, rows.count};
    return ERR_OK;
}

/* --- limits --- */

static bool is_above(struct amount a, struct amount b, struct amount max)
{
    struct amount sum = amount_zero();
    return amount_add(&sum, a, b) != ERR_OK || amount_compare(sum, max) > 0;
}

enum status teller_judge(const struct limits *limits, const struct teller_position *position,
                         struct amount amount)
{
    if (amount_compare(position->balance, amount) < 0)
        return STATUS_FUNDS;
    if (amount_compare(amount, limits->payment_max) > 0)
        return STATUS_LIMIT_PAYMENT;
    if (is_above(position->withdrawn_today, amount, limits->day_max))
        return STATUS_LIMIT_DAY;
    return is_above(position->held, amount, limits->held_max) ? STATUS_LIMIT_HELD : STATUS_OK;
}

/* --- what is held --- */

enum err teller_held_more(struct branch_env *env, uint64_t number, struct amount amount)
{
    struct customer customer = {0};
    bool found = false;
    struct amount most = amount_zero();
    TRY(customers_get(env, &found, &customer, number));
    if (!found)
        return ERR_INTEGRITY;
    TRY(amount_from_fen(&most, AMOUNT_MAX));
    if (amount_add(&customer.held, customer.held, amount) != ERR_OK)
        customer.held = most;
    return store_update(env->purse.store, &bank_table_customer, &customer);
}

enum err teller_held_less(struct branch_env *env, uint64_t number, struct amount amount)
{
    struct customer customer = {0};
    bool found = false;
    TRY(customers_get(env, &found, &customer, number));
    if (!found)
        return ERR_INTEGRITY;
    TRY(amount_sub(&customer.held, customer.held, amount_min(customer.held, amount)));
    return store_update(env->purse.store, &bank_table_customer, &customer);
}
