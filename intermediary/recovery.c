/* Refunds for lost wallets (contract in recovery.h). Advances: recovery_advance.c. */
#include "common/base/time.h"
#include "intermediary/certify.h"
#include "intermediary/recovery_coin.h"

#include <string.h>

/* --- whose, and what --- */

enum err recovery_lost_keys(struct branch_env *env, struct bank_wallet_list *out, uint64_t customer)
{
    size_t kept = 0;
    TRY(certify_wallets(env, out, customer));
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].state == BANK_WALLET_REVOKED)
            out->items[kept++] = out->items[i];
    out->count = kept;
    return ERR_OK;
}

enum err recovery_new_key(struct branch_env *env, bool *found, struct public_key *out,
                          uint64_t customer)
{
    struct bank_wallet_list wallets = {0};
    *found = false;
    TRY(certify_wallets(env, &wallets, customer));
    for (size_t i = wallets.count; i > 0 && !*found; i--) {
        const struct bank_wallet *wallet = &wallets.items[i - 1];
        *found = wallet->state == BANK_WALLET_ACTIVE &&
                 !trust_is_revoked(env->purse.trust, &wallet->key);
        *out = wallet->key;
    }
    return ERR_OK;
}

static enum err add_page(struct branch_env *env, struct recovery_coin_list *out,
                         const struct holdings *page, const struct bank_wallet *wallets,
                         size_t wallet_count)
{
    void *memory = NULL;
    TRY(arena_alloc(env->purse.arena, &memory, out->count + page->coins.count + 1,
                    sizeof(struct recovery_coin)));
    struct recovery_coin *coins = memory;
    for (size_t i = 0; i < out->count; i++)
        coins[i] = out->items[i];
    for (size_t i = 0; i < page->coins.count; i++) {
        const struct held_coin *held = &page->coins.items[i];
        if (held->key_index >= wallet_count)
            return ERR_RANGE; /* of a key that was not asked for */
        coins[out->count++] =
            (struct recovery_coin){.held = *held, .customer = wallets[held->key_index].customer};
    }
    out->items = coins;
    return ERR_OK;
}

/* A page of the register's word: signed by it, for this question, which was never asked before.
 * Any other answer is none. */
static enum err ask_page(struct branch_env *env, enum status *status, struct holdings *page,
                         struct held_body *body)
{
    const struct trust *trust = env->purse.trust;
    struct held_reply reply = {0};
    struct id question_id;
    branch_random(env, body->nonce.bytes, sizeof body->nonce.bytes);
    TRY(call_question(&question_id, VERB_HELD, body));
    TRY(branch_call(env, status, &reply, VERB_HELD, body));
    if (*status != STATUS_OK)
        return ERR_OK;
    const enum err error = record_open(page, trust->network, KIND_HOLDINGS, &reply.holdings,
                                       &trust->directory.register_key, env->purse.arena);
    *status = error == ERR_OK && id_equal(&page->question_id, &question_id) ? STATUS_OK
                                                                            : STATUS_UNREACHABLE;
    return error == ERR_MEMORY ? error : ERR_OK;
}

/* Up to HELD_KEYS_MAX keys, page by page: a page begins in the key where the last one ended. */
static enum err ask_held(struct branch_env *env, enum status *status,
                         struct recovery_coin_list *out, const struct bank_wallet *wallets,
                         size_t count)
{
    struct key_item keys[HELD_KEYS_MAX];
    struct held_body body = {.keys = {keys, count}};
    struct holdings page = {.more = 1};
    size_t first = 0;
    for (size_t i = 0; i < count; i++)
        keys[i].key = wallets[i].key;
    while (page.more == 1) {
        TRY(ask_page(env, status, &page, &body));
        if (*status != STATUS_OK)
            return ERR_OK;
        if (page.coins.count == 0)
            break; /* a page without progress is the last one, whatever it says */
        TRY(add_page(env, out, &page, wallets + first, count - first));
        const struct held_coin *last = &page.coins.items[page.coins.count - 1];
        first += last->key_index;
        body = (struct held_body){.keys = {keys + first, count - first},
                                  .after_state = last->state,
                                  .after_serial = last->serial,
                                  .after_coin_id = last->coin_id};
    }
    return ERR_OK;
}

static enum err mark_advanced(struct branch_env *env, enum status *status, void *context)
{
    struct recovery_coin_list *coins = context;
    *status = STATUS_OK;
    for (size_t i = 0; i < coins->count; i++) {
        struct advance row = {.serial = coins->items[i].held.serial,
                              .coin_id = coins->items[i].held.coin_id};
        TRY(branch_find(env, &coins->items[i].is_advanced, &bank_table_advance, &row));
    }
    return ERR_OK;
}

enum err recovery_held(struct branch_env *env, enum status *status, struct recovery_coin_list *out,
                       const struct bank_wallet_list *wallets)
{
    *out = (struct recovery_coin_list){0};
    *status = STATUS_OK;
    for (size_t at = 0; at < wallets->count && *status == STATUS_OK; at += HELD_KEYS_MAX) {
        const size_t left = wallets->count - at;
        TRY(ask_held(env, status, out, wallets->items + at,
                     left < HELD_KEYS_MAX ? left : HELD_KEYS_MAX));
    }
    return *status == STATUS_OK ? branch_run(env, status, mark_advanced, out) : ERR_OK;
}

/* --- having it back --- */

/* Is it an answer to this question, item by item, and is there a token for each coin it names? */
static bool answers(const struct branch_env *env, const struct refunds *refunds,
                    const struct signed_item_list *tokens, const struct id *question_id,
                    size_t item_count)
{
    size_t at = 0;
    if (!id_equal(&refunds->question_id, question_id) || refunds->results.count != item_count)
        return false;
    for (size_t i = 0; i < item_count; i++) {
        const struct refund_result *result = &refunds->results.items[i];
        if (!result->has_token_coin_id)
            continue;
        if (at == tokens->count)
            return false;
        const struct id token_id =
            record_id(env->purse.trust->network, KIND_TOKEN, tokens->items[at++].record.payload);
        const struct id coin_id = record_coin_root(&token_id);
        if (!id_equal(&coin_id, &result->token_coin_id))
            return false;
    }
    return at == tokens->count;
}

enum err recovery_ask(struct branch_env *env, enum status *status, struct refunds *out,
                      struct signed_item_list *tokens, struct refund_item_list items)
{
    const struct trust *trust = env->purse.trust;
    struct refund_body body = {.items = items};
    struct refund_reply reply = {0};
    struct id question_id;
    branch_random(env, body.nonce.bytes, sizeof body.nonce.bytes);
    TRY(call_question(&question_id, VERB_REFUND, &body));
    TRY(branch_call(env, status, &reply, VERB_REFUND, &body));
    if (*status != STATUS_OK)
        return ERR_OK;
    const enum err error = record_open(out, trust->network, KIND_REFUNDS, &reply.refunds,
                                       &trust->directory.register_key, env->purse.arena);
    *tokens = reply.tokens;
    *status = error == ERR_OK && answers(env, out, tokens, &question_id, items.count)
                  ? STATUS_OK
                  : STATUS_UNREACHABLE;
    return error == ERR_MEMORY ? error : ERR_OK;
}

static enum err count_in(struct recovery_sum *sum, struct amount amount)
{
    sum->count++;
    return amount_add(&sum->amount, sum->amount, amount);
}

struct sending { /* one call's */
    const struct recovery_coin *coins[REFUND_ITEMS_MAX];
    struct refund_item items[REFUND_ITEMS_MAX];
    size_t count;
    const struct recovery_coin_list *all;
    size_t at;
    struct recovery_report *report;
};

/* The next coins that are due and have a key to go to. */
static enum err next_items(struct branch_env *env, enum status *status, void *context)
{
    struct sending *sending = context;
    const uint64_t today = time_day(env->purse.now);
    *status = STATUS_OK;
    sending->count = 0;
    for (; sending->at < sending->all->count && sending->count < REFUND_ITEMS_MAX; sending->at++) {
        const struct recovery_coin *coin = &sending->all->items[sending->at];
        struct refund_item *item = &sending->items[sending->count];
        bool found = false;
        *item = (struct refund_item){.serial = coin->held.serial, .coin_id = coin->held.coin_id};
        if (coin->is_advanced || today < coin->held.redeem_by_day)
            continue;
        TRY(recovery_new_key(env, &found, &item->to_key, coin->customer));
        if (found)
            sending->coins[sending->count++] = coin;
    }
    return ERR_OK;
}

static enum err report_results(struct recovery_report *report, const struct sending *sending,
                               const struct refunds *refunds)
{
    for (size_t i = 0; i < sending->count; i++) {
        const struct refund_result *result = &refunds->results.items[i];
        if (result->status == STATUS_OK)
            TRY(count_in(result->has_token_coin_id ? &report->refunded : &report->claimed,
                         sending->coins[i]->held.amount));
    }
    return ERR_OK;
}

enum err recovery_take(struct branch_env *env, enum status *status, struct recovery_report *report,
                       const struct recovery_coin_list *coins)
{
    struct sending sending = {.all = coins};
    *status = STATUS_OK;
    while (sending.at < coins->count) {
        struct refunds refunds = {0};
        struct signed_item_list tokens = {0}; /* the customer's: his sync brings them */
        TRY(branch_run(env, status, next_items, &sending));
        if (sending.count == 0)
            break;
        TRY(recovery_ask(env, status, &refunds, &tokens,
                         (struct refund_item_list){sending.items, sending.count}));
        if (*status != STATUS_OK)
            break;
        if (report != NULL)
            TRY(report_results(report, &sending, &refunds));
    }
    return ERR_OK;
}

/* --- one customer, now --- */

struct looking {
    uint64_t customer;
    struct bank_wallet_list lost;
    bool has_new_key;
    struct public_key new_key;
};

static enum err look(struct branch_env *env, enum status *status, void *context)
{
    struct looking *looking = context;
    TRY(recovery_lost_keys(env, &looking->lost, looking->customer));
    TRY(recovery_new_key(env, &looking->has_new_key, &looking->new_key, looking->customer));
    *status = looking->has_new_key ? STATUS_OK : STATUS_STATE;
    return ERR_OK;
}

static enum err report_waiting(struct recovery_report *report, const struct recovery_coin *coin,
                               uint64_t today)
{
    if (coin->is_advanced)
        return count_in(&report->advanced, coin->held.amount);
    if (today >= coin->held.redeem_by_day)
        return ERR_OK;
    if (report->next_day == 0 || coin->held.redeem_by_day < report->next_day)
        report->next_day = coin->held.redeem_by_day;
    return count_in(&report->waiting, coin->held.amount);
}

enum err recovery_refund(struct branch_env *env, enum status *status, struct recovery_report *out,
                         uint64_t customer)
{
    struct looking looking = {.customer = customer};
    struct recovery_coin_list coins = {0};
    bool pending = false;
    *out = (struct recovery_report){0};
    TRY(branch_run(env, status, look, &looking));
    if (*status == STATUS_OK)
        TRY(recovery_advances_work(env, status, &pending));
    if (*status == STATUS_OK)
        TRY(recovery_held(env, status, &coins, &looking.lost));
    for (size_t i = 0; i < coins.count; i++)
        TRY(report_waiting(out, &coins.items[i], time_day(env->purse.now)));
    return *status == STATUS_OK ? recovery_take(env, status, out, &coins) : ERR_OK;
}

/* Orphans are left out: whether a claim is paid, nobody knows yet. */
static enum err tell_coin(struct lost_reply *out, const struct recovery_coin *coin)
{
    const struct held_coin *held = &coin->held;
    if (coin->is_advanced)
        return amount_add(&out->advanced, out->advanced, held->amount);
    if (held->state != RECOVERY_UNSPENT)
        return ERR_OK;
    if (out->next_day == 0 || held->redeem_by_day < out->next_day)
        out->next_day = held->redeem_by_day;
    return amount_add(&out->waiting, out->waiting, held->amount);
}

static enum err find_lost(struct branch_env *env, enum status *status, void *context)
{
    struct looking *looking = context;
    *status = STATUS_OK;
    return recovery_lost_keys(env, &looking->lost, looking->customer);
}

enum err recovery_tell(struct branch_env *env, enum status *status, struct lost_reply *out,
                       uint64_t customer)
{
    struct looking looking = {.customer = customer};
    struct recovery_coin_list coins = {0};
    *out = (struct lost_reply){.next_day = 0};
    TRY(branch_run(env, status, find_lost, &looking));
    out->keys = looking.lost.count;
    if (*status == STATUS_OK && looking.lost.count > 0)
        TRY(recovery_held(env, status, &coins, &looking.lost));
    for (size_t i = 0; *status == STATUS_OK && i < coins.count; i++)
        TRY(tell_coin(out, &coins.items[i]));
    return ERR_OK;
}

/* --- all of them, once a day --- */

/* The next lost keys, whoever's, in the order of keys. */
static enum err next_keys(struct branch_env *env, enum status *status, void *context)
{
    struct bank_wallet_list *out = context;
    static const struct public_key none;
    const struct bank_wallet from = {.key = env->branch->recovered_to,
                                     .state = BANK_WALLET_REVOKED};
    const struct store_query query = {.table = &bank_table_bank_wallet,
                                      .index_number = 2,
                                      .prefix_count = 1,
                                      .after = !key_equal(&from.key, &none),
                                      .count_max = RECOVERY_KEYS};
    struct list rows = {0};
    *status = STATUS_OK;
    TRY(store_list(env->purse.store, &rows, &query, &from, env->purse.arena));
    *out = (struct bank_wallet_list){rows.items, rows.count};
    return ERR_OK;
}

static enum err go_round(struct branch_env *env, enum status *status)
{
    struct branch *branch = env->branch;
    struct bank_wallet_list wallets = {0};
    struct recovery_coin_list coins = {0};
    TRY(branch_run(env, status, next_keys, &wallets));
    if (wallets.count > 0)
        TRY(recovery_held(env, status, &coins, &wallets));
    if (*status == STATUS_OK)
        TRY(recovery_take(env, status, NULL, &coins));
    if (*status != STATUS_OK)
        return ERR_OK; /* the same ones again, later */
    branch->has_more = branch->has_more || wallets.count == RECOVERY_KEYS;
    if (wallets.count == RECOVERY_KEYS) {
        branch->recovered_to = wallets.items[wallets.count - 1].key;
    } else {
        branch->recovered_to = (struct public_key){{0}};
        branch->recovered_day = time_day(branch->now);
    }
    return ERR_OK;
}

enum err recovery_work(struct branch_env *env, enum status *status, bool *pending)
{
    TRY(recovery_advances_work(env, status, pending));
    if (*status == STATUS_OK && env->branch->recovered_day != time_day(env->branch->now))
        TRY(go_round(env, status));
    *pending = *pending || *status != STATUS_OK;
    *status = STATUS_OK;
    return ERR_OK;
}
