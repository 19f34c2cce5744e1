/* What the vault goes on with: returns, claims of its orphans, merges of small coins, the
 * register's word on what it owns (contract in vaultroom.h). */
#include "common/base/time.h"
#include "intermediary/deposits.h"
#include "intermediary/vaultroom_plan.h"

enum { RETURN_STEPS_MAX = 64 };

/* --- returns --- */

static enum err finish_return(struct branch_env *env, const struct vaultroom_answer *answer,
                              void *context)
{
    struct vault_return *row = context;
    row->has_plan_id = false;
    if (answer->used && answer->plan->kind == PURSE_PLAN_REDEEM) {
        row->state = VAULT_RETURN_DONE;
        row->done_at = env->purse.now;
    }
    return store_update(env->purse.store, &bank_table_vault_return, row);
}

static enum err reserve_redeem(struct branch_env *env, struct id *plan_id,
                               const struct purse_coin_list *coins, struct amount amount)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct purse_plan plan = {0};
    struct span order = {0};
    struct redeem redeem = {
        .bank_id = env->branch->bank_id, .amount = amount, .made_at = env->purse.now};
    branch_random(env, redeem.nonce.bytes, sizeof redeem.nonce.bytes);
    TRY(redeem_encode(&bytes, &redeem));
    TRY(arena_copy(env->purse.arena, &order, buffer_span(&bytes)));
    TRY(purse_reserve_order(&env->purse, &plan, coins, PURSE_PLAN_REDEEM, order));
    *plan_id = plan.plan_id;
    return purse_mark(&env->purse, &plan);
}

/* All of it into one coin, or amount and the rest. */
static enum err reserve_shape(struct branch_env *env, struct id *plan_id,
                              const struct purse_coin_list *coins, struct amount sum,
                              struct amount amount)
{
    const struct public_key key = env->branch->vault_key.public_key;
    struct output outputs[2] = {{amount_min(sum, amount), key}, {amount_zero(), key}};
    struct output_list list = {outputs, 1};
    TRY(amount_sub(&outputs[1].amount, sum, outputs[0].amount));
    if (!amount_is_zero(outputs[1].amount))
        list.count = 2;
    return vaultroom_exchange(env, plan_id, coins, &list, PURSE_PLAN_EXCHANGE);
}

/* The next order of a return: redeem if coins add up exactly, else an exchange towards that. */
static enum err next_order(struct branch_env *env, enum status *status, void *context)
{
    struct vault_return *row = context;
    struct purse_coin_list coins = {0};
    struct amount sum = amount_zero();
    if (row->has_plan_id) {
        *status = STATUS_OK;
        return ERR_OK;
    }
    TRY(vaultroom_choose(env, status, &coins, &sum, row->amount));
    if (*status != STATUS_OK && *status != STATUS_BUSY)
        return ERR_OK;
    *status = STATUS_OK;
    if (amount_compare(sum, row->amount) == 0)
        TRY(reserve_redeem(env, &row->plan_id, &coins, row->amount));
    else
        TRY(reserve_shape(env, &row->plan_id, &coins, sum, row->amount));
    row->has_plan_id = true;
    return store_update(env->purse.store, &bank_table_vault_return, row);
}

static enum err drive_return(struct branch_env *env, enum status *status, struct vault_return *row)
{
    for (int i = 0; i < RETURN_STEPS_MAX && row->state != VAULT_RETURN_DONE; i++) {
        TRY(branch_run(env, status, next_order, row));
        if (*status != STATUS_OK)
            break;
        const struct id plan_id = row->plan_id;
        TRY(vaultroom_send(env, status, &plan_id, finish_return, row));
        if (*status != STATUS_OK)
            break;
    }
    *status = row->state == VAULT_RETURN_DONE ? STATUS_OK : STATUS_PENDING;
    return ERR_OK;
}

static enum err store_return(struct branch_env *env, enum status *status, void *context)
{
    struct vault_return *row = context;
    struct purse_coin_list coins = {0};
    struct amount total = amount_zero();
    TRY(vaultroom_coins(env, &coins, &total));
    *status = amount_compare(total, row->amount) < 0 ? STATUS_VAULT : STATUS_OK;
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(branch_next_number(env, &row->number));
    row->state = VAULT_RETURN_WAITING;
    row->made_at = env->purse.now;
    return store_insert(env->purse.store, &bank_table_vault_return, row);
}

enum err vaultroom_return(struct branch_env *env, enum status *status, uint64_t *number,
                          struct amount amount)
{
    struct vault_return row = {.amount = amount};
    TRY(branch_run(env, status, store_return, &row));
    *number = row.number;
    return *status == STATUS_OK ? drive_return(env, status, &row) : ERR_OK;
}

/* --- claims and merges: plans of nobody else --- */

struct upkeep {
    struct purse_plan_list plans;
    struct id *plan_ids;
    size_t count;
};

static enum err has_owner(struct branch_env *env, bool *owned, const struct id *plan_id)
{
    struct payout payout = {.has_plan_id = true, .plan_id = *plan_id};
    struct vault_return back = {.has_plan_id = true, .plan_id = *plan_id};
    struct advance advance = {.order_id = *plan_id};
    TRY(branch_first(env, owned, &bank_table_payout, 1, 1, &payout));
    if (!*owned)
        TRY(branch_first(env, owned, &bank_table_vault_return, 1, 1, &back));
    return *owned ? ERR_OK : branch_first(env, owned, &bank_table_advance, 2, 1, &advance);
}

/* An orphan is claimed by an exchange of its own; what the outputs say does not matter. */
static enum err reserve_claims(struct branch_env *env)
{
    struct purse_coin_list orphans = {0};
    TRY(purse_coins(&env->purse, &orphans, PURSE_ORPHANED));
    for (size_t i = 0; i < orphans.count; i++) {
        struct id plan_id = {{0}};
        struct output output = {orphans.items[i].amount, env->branch->vault_key.public_key};
        const struct output_list outputs = {&output, 1};
        const struct purse_coin_list one = {&orphans.items[i], 1};
        TRY(vaultroom_exchange(env, &plan_id, &one, &outputs, PURSE_PLAN_CLAIM));
    }
    return ERR_OK;
}

/* The smallest coins into one, so that a withdrawal finds its money in a few. */
static enum err reserve_merge(struct branch_env *env)
{
    struct purse_coin_list coins = {0};
    struct amount total = amount_zero(), sum = amount_zero();
    struct id plan_id = {{0}};
    TRY(vaultroom_coins(env, &coins, &total));
    if (coins.count <= VAULTROOM_COINS_WANTED)
        return ERR_OK;
    const struct purse_coin_list smallest = {coins.items + coins.count - PACKET_COINS_MAX,
                                             PACKET_COINS_MAX};
    for (size_t i = 0; i < smallest.count; i++)
        TRY(amount_add(&sum, sum, smallest.items[i].amount));
    return reserve_shape(env, &plan_id, &smallest, sum, sum);
}

static enum err plan_upkeep(struct branch_env *env, enum status *status, void *context)
{
    struct upkeep *upkeep = context;
    void *memory = NULL;
    *status = STATUS_OK;
    TRY(reserve_claims(env));
    TRY(reserve_merge(env));
    TRY(purse_plans(&env->purse, &upkeep->plans, 0, PURSE_PLAN_RESERVED, PURSE_PLAN_CONFIRMED));
    TRY(arena_alloc(env->purse.arena, &memory, upkeep->plans.count + 1, sizeof(struct id)));
    upkeep->plan_ids = memory;
    for (size_t i = 0; i < upkeep->plans.count; i++) {
        bool owned = false;
        TRY(has_owner(env, &owned, &upkeep->plans.items[i].plan_id));
        if (!owned)
            upkeep->plan_ids[upkeep->count++] = upkeep->plans.items[i].plan_id;
    }
    return ERR_OK;
}

static enum err do_upkeep(struct branch_env *env, enum status *status, bool *pending)
{
    struct upkeep upkeep = {0};
    TRY(branch_run(env, status, plan_upkeep, &upkeep));
    for (size_t i = 0; i < upkeep.count && *status == STATUS_OK; i++) {
        TRY(vaultroom_send(env, status, &upkeep.plan_ids[i], NULL, NULL));
        if (*status != STATUS_OK)
            *pending = true;
    }
    if (upkeep.count > 0 && *status == STATUS_OK)
        env->branch->has_asked = false; /* a claim's money appears as coins owned */
    return ERR_OK;
}

/* --- all that waits --- */

struct waiting {
    struct vault_order_list orders;
    struct vault_return_list returns;
};

static enum err find_waiting(struct branch_env *env, enum status *status, void *context)
{
    struct waiting *waiting = context;
    const struct vault_order order = {.state = VAULT_ORDER_WAITING};
    const struct vault_return back = {.state = VAULT_RETURN_WAITING};
    struct list rows = {0};
    *status = STATUS_OK;
    TRY(branch_rows(env, &rows, &bank_table_vault_order, 0, 1, &order));
    waiting->orders = (struct vault_order_list){rows.items, rows.count};
    TRY(branch_rows(env, &rows, &bank_table_vault_return, 0, 1, &back));
    waiting->returns = (struct vault_return_list){rows.items, rows.count};
    return ERR_OK;
}

enum err vaultroom_work(struct branch_env *env, enum status *status, bool *pending)
{
    struct waiting waiting = {0};
    TRY(branch_run(env, status, find_waiting, &waiting));
    for (size_t i = 0; i < waiting.orders.count; i++) {
        TRY(vaultroom_poll(env, status, &waiting.orders.items[i]));
        *pending = *pending || *status == STATUS_PENDING || *status == STATUS_UNREACHABLE;
        if (*status == STATUS_UNREACHABLE)
            return ERR_OK;
    }
    for (size_t i = 0; i < waiting.returns.count; i++) {
        TRY(drive_return(env, status, &waiting.returns.items[i]));
        *pending = *pending || *status != STATUS_OK;
    }
    return do_upkeep(env, status, pending);
}

/* --- what the register says I own --- */

struct page {
    struct owned_reply reply;
    struct owned_body body;
    struct id last_coin_id;
    uint64_t last_serial;
};

static enum err sign_question(struct branch_env *env, struct page *page)
{
    const struct ownership question = {
        .key = env->branch->vault_key.public_key,
        .after_serial = page->last_serial,
        .after_coin_id = page->last_coin_id,
        .made_at = env->purse.now,
    };
    return record_sign(&page->body.ownership, env->branch->network, KIND_OWNERSHIP, &question,
                       &env->branch->vault_key, env->purse.arena);
}

static enum err take_page(struct branch_env *env, enum status *status, void *context)
{
    struct page *page = context;
    *status = STATUS_OK;
    for (size_t i = 0; i < page->reply.lines.count; i++) {
        const struct owned_line *line = &page->reply.lines.items[i];
        struct token token = {0};
        enum status taken = STATUS_OK;
        TRY(purse_take_owned(&env->purse, &taken, line));
        if (taken == STATUS_OK && line->state == 1 && line->payments.count > 0)
            TRY(deposits_found(env, &line->payments.items[line->payments.count - 1].record));
        if (token_decode(&token, line->token.payload, env->purse.arena) == ERR_OK)
            page->last_serial = token.serial;
        page->last_coin_id = line->coin_id;
    }
    return ERR_OK;
}

enum err vaultroom_ask(struct branch_env *env, enum status *status)
{
    struct page page = {.reply = {.more = 1}};
    *status = STATUS_OK;
    while (page.reply.more == 1) {
        const uint64_t serial = page.last_serial;
        const struct id coin_id = page.last_coin_id;
        TRY(sign_question(env, &page));
        TRY(branch_call(env, status, &page.reply, VERB_OWNED, &page.body));
        if (*status != STATUS_OK)
            return ERR_OK;
        TRY(branch_run(env, status, take_page, &page));
        if (serial == page.last_serial && id_equal(&coin_id, &page.last_coin_id))
            break; /* a page without progress is the last one, whatever it says */
    }
    env->branch->has_asked = true;
    env->branch->asked_at = env->purse.now;
    return ERR_OK;
}
