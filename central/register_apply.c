/* One payment against its coin's row: the rules of design section 7, in the order of the
 * states.  Invariants: 1 `spend` is inserted only, at most once a coin. 2 a genuine payment
 * that is not its coin's first is kept as `loser`, and its outputs are orphans. 3 two different
 * payments of one coin make a case. 4 the sum of unspent coins moves only here and in
 * register_mint: a payment keeps it, but for what it hands to the register. */
#include "central/books.h"
#include "central/cases.h"
#include "central/clones.h"
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

static bool is_to_register(const struct register_env *env, const struct output *output)
{
    return key_equal(&output->key, &env->trust->directory.register_key);
}

static enum err insert_output(struct register_env *env, const struct packet_payment *payment,
                              size_t index, const struct coin *parent, const struct offspring *kind)
{
    const struct output *output = &payment->payment.outputs.items[index];
    const struct coin coin = {
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
        .depth = parent->depth + 1,
        .redeem_by_day = parent->redeem_by_day,
        .has_purpose = parent->has_purpose,
        .purpose = parent->purpose,
    };
    return store_insert(env->store, &tables_table_coin, &coin);
}

/* Once a payment: its id is in the ids of its outputs, and it is shown for the first time. What
 * goes to the register gets no row: it goes on as what the order makes of it. */
static enum err insert_outputs(struct register_env *env, const struct packet_payment *payment,
                               const struct coin *parent, const struct offspring *kind)
{
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        if (!is_to_register(env, &payment->payment.outputs.items[i]))
            TRY(insert_output(env, payment, i, parent, kind));
    return ERR_OK;
}

/* The first payment of a coin. The database refuses a second one. */
static enum err keep_spend(struct register_env *env, const struct packet_payment *payment,
                           const struct coin *coin)
{
    const struct spend spend = {
        .serial = coin->serial,
        .coin_id = coin->coin_id,
        .payment_id = payment->id,
        .payment = payment->cose,
        .settled_at = env->now,
    };
    TRY(store_insert(env->store, &tables_table_spend, &spend));
    return clones_note(env, &payment->payment, &coin->owner_key);
}

static enum err spend_coin(struct register_env *env, const struct packet_payment *payment,
                           const struct coin *coin, enum coin_state state)
{
    struct coin spent = *coin;
    spent.state = state;
    TRY(keep_spend(env, payment, coin));
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

/* Another payment than the first, if it was not shown before: a case, and its outputs are
 * orphans. */
static enum err apply_other(struct register_env *env, const struct packet_payment *payment,
                            const struct coin *coin, const struct spend *first,
                            enum outcome outcome, const struct offspring *orphans)
{
    bool is_new = false;
    TRY(keep_loser(env, &is_new, payment, outcome));
    if (!is_new)
        return ERR_OK;
    TRY(open_case(env, payment, coin, &first->payment_id, &first->payment));
    return insert_outputs(env, payment, coin, orphans);
}

/* Spent already: the very payment again, or another one. */
static enum err apply_spent(struct register_env *env, enum outcome *outcome,
                            const struct coin *coin, const struct packet_payment *payment)
{
    const struct offspring orphans = {COIN_ORPHAN, FAULT_FORK, true, coin->owner_key};
    struct spend first = {.serial = coin->serial, .coin_id = coin->coin_id};
    TRY(store_get(env->store, &tables_table_spend, &first, env->arena));
    if (id_equal(&first.payment_id, &payment->id)) {
        *outcome = coin->state == COIN_SPENT ? OUTCOME_SETTLED : OUTCOME_ORPHAN;
        return ERR_OK;
    }
    *outcome = OUTCOME_CONFLICT;
    return apply_other(env, payment, coin, &first, OUTCOME_CONFLICT, &orphans);
}

/* Refunded before it was shown: the first payment is kept, so that a second one makes a case. */
static enum err apply_refunded(struct register_env *env, enum outcome *outcome,
                               const struct coin *coin, const struct packet_payment *payment)
{
    const struct offspring orphans = {.state = COIN_ORPHAN, .fault = FAULT_LATE};
    struct spend first = {.serial = coin->serial, .coin_id = coin->coin_id};
    bool found = false;
    *outcome = OUTCOME_LOST;
    TRY(register_find(env, &found, &tables_table_spend, &first));
    if (found && id_equal(&first.payment_id, &payment->id))
        return ERR_OK;
    if (found)
        return apply_other(env, payment, coin, &first, OUTCOME_LOST, &orphans);
    TRY(keep_spend(env, payment, coin));
    return insert_outputs(env, payment, coin, &orphans);
}

static enum err apply_unspent(struct register_env *env, const struct coin *coin,
                              const struct packet_payment *payment)
{
    const struct offspring money = {.state = COIN_UNSPENT};
    TRY(spend_coin(env, payment, coin, COIN_SPENT));
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        if (is_to_register(env, &payment->payment.outputs.items[i]))
            TRY(books_unspent_sub(env->store, payment->payment.outputs.items[i].amount));
    return insert_outputs(env, payment, coin, &money);
}

static enum err apply_orphan(struct register_env *env, const struct coin *coin,
                             const struct packet_payment *payment)
{
    const struct offspring orphans = {COIN_ORPHAN, (enum coin_fault)coin->fault,
                                      coin->has_offender_key, coin->offender_key};
    TRY(spend_coin(env, payment, coin, COIN_ORPHAN_SPENT));
    return insert_outputs(env, payment, coin, &orphans);
}

enum err register_apply(struct register_env *env, enum outcome *outcome, struct coin *before,
                        const struct packet_payment *payment)
{
    TRY(register_coin(env, before, payment->payment.serial, &payment->payment.coin_id));
    switch ((enum coin_state)before->state) {
    case COIN_UNSPENT:
        *outcome = OUTCOME_SETTLED;
        return apply_unspent(env, before, payment);
    case COIN_ORPHAN:
        *outcome = OUTCOME_ORPHAN;
        return apply_orphan(env, before, payment);
    case COIN_REFUNDED:
        return apply_refunded(env, outcome, before, payment);
    case COIN_SPENT:
    case COIN_ORPHAN_SPENT:
        return apply_spent(env, outcome, before, payment);
    }
    return ERR_INTEGRITY;
}
