/* One payment against its coin's row: the rules of design section 7, in the order of the states.
 *
 * Invariants: 1 `spend` is inserted only, at most once a coin. 2 a genuine payment that did not settle its coin is kept as `loser`, and
 * its outputs are orphans. 3 two different payments of one coin make a case. 4 the sum of unspent coins moves only here, in
 * register_mint and nowhere else. */
#include "central/books.h"
#include "central/cases.h"
#include "central/register_row.h"

static enum err insert_root(struct register_env *env, const struct packet_token *token)
{
    struct span bytes = {0};
    TRY(record_bytes(&bytes, &token->cose, env->arena));
    const struct coin root = {
        .serial = token->token.serial,
        .coin_id = token->root_coin_id,
        .amount = token->token.amount,
        .owner_key = token->token.owner_key,
        .state = COIN_ORPHAN,
        .fault = FAULT_FORGED,
        .redeem_by_day = token->token.redeem_by_day,
        .has_purpose = token->token.has_purpose,
        .purpose = token->token.purpose,
        .has_token = true,
        .token = bytes,
    };
    return store_insert(env->store, &tables_table_coin, &root);
}

enum err register_roots(struct register_env *env, const struct packet_view *view)
{
    for (size_t i = 0; i < view->token_count; i++)
        if (!view->tokens[i].is_known)
            TRY(insert_root(env, &view->tokens[i]));
    return ERR_OK;
}

/* What a payment's outputs become. */
struct offspring {
    enum coin_state state;
    enum coin_fault fault;
    bool has_offender;
    struct public_key offender_key;
};

static enum err insert_output(struct register_env *env, const struct packet_payment *payment,
                              size_t index, const struct coin *parent, const struct offspring *kind)
{
    const struct output *output = &payment->payment.outputs.items[index];
    struct coin coin = {
        .serial = parent->serial,
        .coin_id = record_coin_output(&payment->id, (uint16_t)index),
    };
    bool found = false;
    if (key_equal(&output->key, &env->trust->directory.register_key))
        return ERR_OK; /* an order's: the money goes on as what the order makes of it */
    TRY(register_find(env, &found, &tables_table_coin, &coin));
    if (found)
        return ERR_OK;
    coin = (struct coin){
        .serial = parent->serial,
        .coin_id = record_coin_output(&payment->id, (uint16_t)index),
        .amount = output->amount,
        .owner_key = output->key,
        .state = kind->state,
        .fault = kind->fault,
        .has_offender_key = kind->has_offender,
        .offender_key = kind->offender_key,
        .has_parent_coin_id = true,
        .parent_coin_id = parent->coin_id,
        .has_parent_payment_id = true,
        .parent_payment_id = payment->id,
        .output_index = index,
        .redeem_by_day = parent->redeem_by_day,
        .has_purpose = parent->has_purpose,
        .purpose = parent->purpose,
    };
    TRY(store_insert(env->store, &tables_table_coin, &coin));
    return kind->state == COIN_UNSPENT ? books_unspent_add(env->store, coin.amount) : ERR_OK;
}

static enum err insert_outputs(struct register_env *env, const struct packet_payment *payment,
                               const struct coin *parent, const struct offspring *kind)
{
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        TRY(insert_output(env, payment, i, parent, kind));
    return ERR_OK;
}

static enum err spend_coin(struct register_env *env, const struct packet_payment *payment,
                           const struct coin *coin, enum coin_state state)
{
    struct coin spent = *coin;
    const struct spend spend = {
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .payment_id = payment->id,
        .payment = payment->cose,
        .settled_at = env->now,
    };
    spent.state = state;
    TRY(store_insert(env->store, &tables_table_spend,
                     &spend)); /* the database refuses a second one */
    return store_update(env->store, &tables_table_coin, &spent);
}

static enum err keep_loser(struct register_env *env, bool *is_new,
                           const struct packet_payment *payment, enum outcome outcome)
{
    const struct loser row = {
        .serial = payment->payment.serial,
        .payment_id = payment->id,
        .coin_id = payment->payment.coin_id,
        .payment = payment->cose,
        .outcome = outcome,
        .shown_at = env->now,
    };
    const enum err error = store_insert(env->store, &tables_table_loser, &row);
    *is_new = error == ERR_OK;
    return error == ERR_EXISTS ? ERR_OK : error;
}

static enum err open_case(struct register_env *env, const struct packet_payment *payment,
                          const struct coin *coin, const struct id *first_id,
                          const struct cose *first)
{
    const struct cases_conflict conflict = {
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .offender_key = coin->owner_key,
        .payment_a_id = *first_id,
        .payment_b_id = payment->id,
        .payment_a = *first,
        .payment_b = payment->cose,
    };
    return cases_open(env, &conflict);
}

/* Spent already: the very payment again, or another one. */
static enum err apply_spent(struct register_env *env, enum outcome *outcome,
                            const struct coin *coin, const struct packet_payment *payment)
{
    struct spend spend = {.serial = coin->serial, .coin_id = coin->coin_id};
    bool is_new = false;
    TRY(store_get(env->store, &tables_table_spend, &spend, env->arena));
    if (id_equal(&spend.payment_id, &payment->id)) {
        *outcome = coin->state == COIN_SPENT ? OUTCOME_SETTLED : OUTCOME_ORPHAN;
        return ERR_OK;
    }
    *outcome = OUTCOME_CONFLICT;
    TRY(keep_loser(env, &is_new, payment, OUTCOME_CONFLICT));
    if (!is_new)
        return ERR_OK;
    TRY(open_case(env, payment, coin, &spend.payment_id, &spend.payment));
    const struct offspring orphans = {COIN_ORPHAN, FAULT_FORK, true, coin->owner_key};
    return insert_outputs(env, payment, coin, &orphans);
}

/* Refunded before it was shown: the first payment is kept, so that a second one makes a case. */
static enum err apply_refunded(struct register_env *env, enum outcome *outcome,
                               const struct coin *coin, const struct packet_payment *payment)
{
    const struct loser from = {.serial = coin->serial, .coin_id = coin->coin_id};
    struct list earlier = {0};
    bool is_new = false;
    *outcome = OUTCOME_LOST;
    TRY(register_rows(env, &earlier, &tables_table_loser, 0, 2, &from));
    TRY(keep_loser(env, &is_new, payment, OUTCOME_LOST));
    if (!is_new)
        return ERR_OK;
    const struct loser *first = earlier.items;
    if (earlier.count > 0)
        TRY(open_case(env, payment, coin, &first->payment_id, &first->payment));
    const struct offspring orphans = {.state = COIN_ORPHAN, .fault = FAULT_LATE};
    return insert_outputs(env, payment, coin, &orphans);
}

enum err register_apply(struct register_env *env, enum outcome *outcome, struct coin *before,
                        const struct packet_payment *payment)
{
    TRY(register_coin(env, before, payment->payment.serial, &payment->payment.coin_id));
    switch ((enum coin_state)before->state) {
    case COIN_UNSPENT: {
        const struct offspring money = {.state = COIN_UNSPENT};
        *outcome = OUTCOME_SETTLED;
        TRY(spend_coin(env, payment, before, COIN_SPENT));
        TRY(books_unspent_sub(env->store, before->amount));
        return insert_outputs(env, payment, before, &money);
    }
    case COIN_ORPHAN: {
        const struct offspring orphans = {COIN_ORPHAN, (enum coin_fault)before->fault,
                                          before->has_offender_key, before->offender_key};
        *outcome = OUTCOME_ORPHAN;
        TRY(spend_coin(env, payment, before, COIN_ORPHAN_SPENT));
        return insert_outputs(env, payment, before, &orphans);
    }
    case COIN_REFUNDED:
        return apply_refunded(env, outcome, before, payment);
    case COIN_SPENT:
    case COIN_ORPHAN_SPENT:
        return apply_spent(env, outcome, before, payment);
    }
    return ERR_INTEGRITY;
}

enum err register_maker(struct register_env *env, struct cose *payment, const struct coin *coin)
{
    struct spend spend = {.serial = coin->serial, .coin_id = coin->parent_coin_id};
    struct loser loser = {.serial = coin->serial, .payment_id = coin->parent_payment_id};
    bool found = false;
    if (!coin->has_parent_payment_id)
        return ERR_MISSING;
    TRY(register_find(env, &found, &tables_table_spend, &spend));
    if (found && id_equal(&spend.payment_id, &coin->parent_payment_id)) {
        *payment = spend.payment;
        return ERR_OK;
    }
    TRY(register_find(env, &found, &tables_table_loser, &loser));
    *payment = loser.payment;
    return found ? ERR_OK : ERR_INTEGRITY;
}
