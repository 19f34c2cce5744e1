/* Advances: paid out of the vault, taken back as coins or from the account (contract in
 * recovery.h). */
#include "common/base/time.h"
#include "intermediary/recovery_coin.h"
#include "intermediary/teller.h"
#include "intermediary/vaultroom.h"

#include <stdlib.h>

enum { ADVANCE_OUTPUTS = ORDER_OUTPUTS_MAX - 1 }; /* one is the vault's change */

enum err recovery_advances(struct branch_env *env, struct advance_list *out, uint64_t customer)
{
    const struct advance from = {.customer = customer};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_advance, customer == 0 ? -1 : 1, customer == 0 ? 0 : 1,
                    &from));
    *out = (struct advance_list){rows.items, rows.count};
    return ERR_OK;
}

/* --- limits --- */

static enum err open_sum(struct branch_env *env, struct amount *out, uint64_t customer)
{
    struct advance_list rows = {0};
    *out = amount_zero();
    TRY(recovery_advances(env, &rows, customer));
    for (size_t i = 0; i < rows.count; i++) {
        struct amount rest = amount_zero();
        if (rows.items[i].state == ADVANCE_RECOVERED)
            continue;
        TRY(amount_sub(&rest, rows.items[i].amount, rows.items[i].collected));
        TRY(amount_add(out, *out, rest));
    }
    return ERR_OK;
}

static struct amount what_is_left(struct amount max, struct amount used)
{
    struct amount left = amount_zero();
    return amount_sub(&left, max, used) == ERR_OK ? left : amount_zero();
}

static enum err find_left(struct branch_env *env, struct recovery_advance *advance,
                          uint64_t customer)
{
    struct amount mine = amount_zero(), all = amount_zero();
    TRY(open_sum(env, &mine, customer));
    TRY(open_sum(env, &all, 0));
    advance->left =
        amount_min(what_is_left(advance->customer_max, mine), what_is_left(advance->bank_max, all));
    return ERR_OK;
}

/* --- paying --- */

struct paying {
    struct recovery_advance *advance;
    uint64_t customer;
    struct bank_wallet_list lost;
    struct recovery_coin_list coins;
    struct public_key new_key;
    struct id plan_id;
};

static int larger_first(const void *a, const void *b)
{
    const struct recovery_coin *x = a, *y = b;
    return amount_compare(y->held.amount, x->held.amount);
}

/* Whole coins only: the register gives a coin back whole, to one key. Those of a purpose are not
 * advanced: the vault's money has none. */
static enum err choose(struct recovery_coin_list *coins, struct recovery_advance *advance)
{
    struct amount left = amount_min(advance->wanted, advance->left);
    size_t kept = 0;
    if (coins->count > 1)
        qsort(coins->items, coins->count, sizeof coins->items[0], larger_first);
    for (size_t i = 0; i < coins->count; i++) {
        const struct recovery_coin coin = coins->items[i];
        if (coin.is_advanced || coin.held.has_purpose || coin.held.state != RECOVERY_UNSPENT ||
            amount_sub(&left, left, coin.held.amount) != ERR_OK)
            continue;
        TRY(amount_add(&advance->paid, advance->paid, coin.held.amount));
        coins->items[kept++] = coin;
    }
    coins->count = kept;
    advance->count = kept;
    return ERR_OK;
}

static enum err keep_rows(struct branch_env *env, const struct paying *paying)
{
    for (size_t i = 0; i < paying->coins.count; i++) {
        const struct held_coin *coin = &paying->coins.items[i].held;
        const struct advance row = {
            .serial = coin->serial,
            .coin_id = coin->coin_id,
            .customer = paying->customer,
            .amount = coin->amount,
            .redeem_by_day = coin->redeem_by_day,
            .state = ADVANCE_ORDERED,
            .order_id = paying->plan_id,
            .made_at = env->purse.now,
        };
        TRY(store_insert(env->purse.store, &bank_table_advance, &row));
    }
    return ERR_OK;
}

static enum err reserve(struct branch_env *env, enum status *status, void *context)
{
    struct paying *paying = context;
    struct recovery_advance *advance = paying->advance;
    struct amount amounts[ADVANCE_OUTPUTS], most = amount_zero();
    struct output outputs[ADVANCE_OUTPUTS];
    TRY(find_left(env, advance, paying->customer));
    TRY(amount_from_fen(&most, AMOUNT_MAX));
    *status = amount_compare(advance->wanted, most) < 0 &&
                      amount_compare(advance->wanted, advance->left) > 0
                  ? STATUS_LIMIT_HELD
                  : STATUS_OK;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(choose(&paying->coins, advance));
    if (advance->count == 0) {
        *status = STATUS_UNKNOWN;
        return ERR_OK;
    }
    const size_t count = purse_spread(amounts, ADVANCE_OUTPUTS, advance->paid);
    for (size_t i = 0; i < count; i++)
        outputs[i] = (struct output){.amount = amounts[i], .key = paying->new_key};
    TRY(vaultroom_reserve(env, status, &paying->plan_id, outputs, count));
    return *status == STATUS_OK ? keep_rows(env, paying) : ERR_OK;
}

/* With the order's answer: the customer has the money, or nothing happened. */
static enum err learn_paid(struct branch_env *env, const struct vaultroom_answer *answer,
                           void *context)
{
    const struct advance from = {.order_id = answer->plan->plan_id};
    struct list rows = {0};
    (void)context;
    TRY(branch_rows(env, &rows, &bank_table_advance, 2, 1, &from));
    struct advance *advances = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        advances[i].state = ADVANCE_PAID;
        if (answer->used)
            TRY(store_update(env->purse.store, &bank_table_advance, &advances[i]));
        else
            TRY(store_delete(env->purse.store, &bank_table_advance, &advances[i]));
    }
    return ERR_OK;
}

static enum err find_parties(struct branch_env *env, enum status *status, void *context)
{
    struct paying *paying = context;
    bool found = false;
    TRY(recovery_lost_keys(env, &paying->lost, paying->customer));
    TRY(recovery_new_key(env, &found, &paying->new_key, paying->customer));
    *status = found ? STATUS_OK : STATUS_STATE;
    return ERR_OK;
}

enum err recovery_advance(struct branch_env *env, enum status *status,
                          struct recovery_advance *advance, uint64_t customer)
{
    struct paying paying = {.advance = advance, .customer = customer};
    advance->paid = advance->left = amount_zero();
    advance->count = 0;
    TRY(branch_run(env, status, find_parties, &paying));
    if (*status == STATUS_OK)
        TRY(recovery_held(env, status, &paying.coins, &paying.lost));
    if (*status == STATUS_OK)
        TRY(branch_run(env, status, reserve, &paying));
    if (*status != STATUS_OK)
        return ERR_OK;
    return vaultroom_send(env, status, &paying.plan_id, learn_paid, NULL);
}

/* --- taking back --- */

enum { RECOVER_AT_ONCE = REFUND_ITEMS_MAX };

struct recovering {
    struct advance_list ordered, due;
    struct refunds refunds;
    struct signed_item_list tokens;
};

/* Those paid, from where the last round ended: what the register refuses holds up no others. */
static enum err find_paid(struct branch_env *env, struct list *rows)
{
    const struct advance *from = &env->branch->advances_to;
    const struct advance first = {.state = ADVANCE_PAID};
    const struct store_query query = {.table = &bank_table_advance,
                                      .index_number = 0,
                                      .prefix_count = 1,
                                      .after = from->serial != 0};
    return store_list(env->purse.store, rows, &query, from->serial != 0 ? from : &first,
                      env->purse.arena);
}

/* *due: the next of those paid whose coins can be had now. */
static enum err find_open(struct branch_env *env, enum status *status, void *context)
{
    struct recovering *recovering = context;
    const struct advance ordered = {.state = ADVANCE_ORDERED};
    const uint64_t today = time_day(env->purse.now);
    struct list rows = {0};
    size_t kept = 0;
    *status = STATUS_OK;
    TRY(branch_rows(env, &rows, &bank_table_advance, 0, 1, &ordered));
    recovering->ordered = (struct advance_list){rows.items, rows.count};
    TRY(find_paid(env, &rows));
    struct advance *advances = rows.items;
    for (size_t i = 0; i < rows.count && kept < RECOVER_AT_ONCE; i++)
        if (advances[i].redeem_by_day <= today)
            advances[kept++] = advances[i];
    recovering->due = (struct advance_list){advances, kept};
    return ERR_OK;
}

/* These were answered: on from the last of them, or to the beginning. */
static void go_on(struct branch *branch, const struct advance_list *due)
{
    const bool is_full = due->count == RECOVER_AT_ONCE;
    branch->has_more = branch->has_more || is_full;
    branch->advances_to = is_full ? due->items[due->count - 1] : (struct advance){.serial = 0};
}

static enum err take_back(struct branch_env *env, struct advance *row)
{
    row->state = ADVANCE_OWED;
    row->done_at = env->purse.now;
    TRY(teller_collect(env, &row->collected, row->customer, row->amount));
    return store_update(env->purse.store, &bank_table_advance, row);
}

static enum err take_token(struct branch_env *env, struct advance *row, const struct cose *token)
{
    enum status taken = STATUS_STATE;
    TRY(purse_take_token(&env->purse, &taken, token));
    if (taken != STATUS_OK)
        return ERR_OK;
    row->state = ADVANCE_RECOVERED;
    row->done_at = env->purse.now;
    return store_update(env->purse.store, &bank_table_advance, row);
}

/* The register's word on each. What it says neither yes nor "spent" to is asked again. */
static enum err learn_back(struct branch_env *env, enum status *status, void *context)
{
    struct recovering *recovering = context;
    size_t token = 0;
    *status = STATUS_OK;
    for (size_t i = 0; i < recovering->due.count; i++) {
        const struct refund_result *result = &recovering->refunds.results.items[i];
        struct advance row = recovering->due.items[i];
        if (result->status == STATUS_STATE || result->status == STATUS_UNKNOWN)
            TRY(take_back(env, &row));
        if (result->has_token_coin_id)
            TRY(take_token(env, &row, &recovering->tokens.items[token++].record));
    }
    return ERR_OK;
}

static enum err recover(struct branch_env *env, enum status *status, struct recovering *recovering)
{
    struct refund_item items[RECOVER_AT_ONCE];
    const struct refund_item_list list = {items, recovering->due.count};
    for (size_t i = 0; i < list.count; i++)
        items[i] = (struct refund_item){.serial = recovering->due.items[i].serial,
                                        .coin_id = recovering->due.items[i].coin_id,
                                        .to_key = env->branch->vault_key.public_key,
                                        .has_advance_id = true,
                                        .advance_id = recovering->due.items[i].order_id};
    TRY(recovery_ask(env, status, &recovering->refunds, &recovering->tokens, list));
    if (*status != STATUS_OK)
        return ERR_OK; /* the same ones again, later */
    go_on(env->branch, &recovering->due);
    return branch_run(env, status, learn_back, recovering);
}

enum err recovery_advances_work(struct branch_env *env, enum status *status, bool *pending)
{
    struct recovering recovering = {0};
    TRY(branch_run(env, status, find_open, &recovering));
    const struct advance_list *ordered = &recovering.ordered;
    for (size_t i = 0; i < ordered->count; i++) {
        bool is_next = true; /* an order pays several coins; it is sent once */
        for (size_t j = 0; j < i; j++)
            is_next =
                is_next && !id_equal(&ordered->items[i].order_id, &ordered->items[j].order_id);
        if (is_next)
            TRY(vaultroom_send(env, status, &ordered->items[i].order_id, learn_paid, NULL));
        *pending = *pending || *status != STATUS_OK;
    }
    *status = STATUS_OK;
    if (recovering.due.count > 0)
        return recover(env, status, &recovering);
    go_on(env->branch, &recovering.due);
    return ERR_OK;
}
