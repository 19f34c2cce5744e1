/* One payment against its coin's rows: the rules of design section 7, in the order of the
 * states.  Invariants: 1 `spend` is inserted only, at most once a coin; a coin's own row is not
 * touched. 2 a genuine payment that is not its coin's first is kept as `loser`, and its outputs
 * are orphans. 3 two different payments of one coin make a case. 4 the sum of unspent coins moves
 * only here and in register_mint: a payment keeps it, but for what it hands to the register. */
#include "central/books.h"
#include "central/cases.h"
#include "central/clones.h"
#include "central/register_row.h"
#include "common/money/evidence.h"

/* A new coin: its row, and what the packet's later payments find. */
static enum err insert_coin(struct register_env *env, const struct coin *coin)
{
    struct register_kept *kept = NULL;
    TRY(register_insert(env, coin));
    TRY(register_keep(env, &kept, coin->serial, &coin->coin_id));
    kept->has_coin = REGISTER_PRESENT;
    kept->has_spend = REGISTER_ABSENT;
    kept->coin = *coin;
    return ERR_OK;
}

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
    return insert_coin(env, &root);
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
    bool is_of_loser; /* not of the payment that is in the coin's row of `spend` */
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
        .has_loser_id = kind->is_of_loser,
        .loser_id = payment->id,
        .depth = parent->depth + 1,
        .redeem_by_day = parent->redeem_by_day,
        .has_purpose = parent->has_purpose,
        .purpose = parent->purpose,
    };
    return insert_coin(env, &coin);
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

/* The first payment of a coin. The store refuses a second one: ERR_EXISTS. */
static enum err keep_spend(struct register_env *env, const struct packet_payment *payment,
                           struct register_kept *kept)
{
    struct spend spend = {.serial = kept->serial,
                          .coin_id = kept->coin_id,
                          .amount = kept->coin.amount,
                          .state = kept->coin.state,
                          .settled_at = env->now};
    TRY(evidence_pack(&spend.evidence, &payment->cose, kept->serial, &kept->coin_id, env->arena));
    TRY(store_insert(env->store, &tables_table_spend, &spend));
    kept->has_spend = REGISTER_PRESENT;
    kept->spend = spend;
    return clones_note(env, &payment->payment, &kept->coin.owner_key);
}

/* Most coins that are shown are unspent: so the row is tried, and only read if it is there. */
static enum err claim_spend(struct register_env *env, bool *is_first,
                            const struct packet_payment *payment, struct register_kept *kept)
{
    enum err error = ERR_EXISTS;
    if (kept->has_spend != REGISTER_PRESENT)
        error = keep_spend(env, payment, kept);
    *is_first = error == ERR_OK;
    if (error != ERR_EXISTS)
        return error;
    TRY(register_read_spend(env, kept));
    return kept->has_spend == REGISTER_PRESENT ? ERR_OK : ERR_INTEGRITY;
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
                            const struct coin *coin, const struct id *first_id,
                            const struct cose *first, enum outcome outcome,
                            const struct offspring *orphans)
{
    bool is_new = false;
    TRY(keep_loser(env, &is_new, payment, outcome));
    if (!is_new)
        return ERR_OK;
    TRY(open_case(env, payment, coin, first_id, first));
    return insert_outputs(env, payment, coin, orphans);
}

/* Spent already: the very payment again, or another one. */
static enum err apply_spent(struct register_env *env, enum outcome *outcome,
                            const struct register_kept *kept, const struct packet_payment *payment)
{
    const struct offspring orphans = {COIN_ORPHAN, FAULT_FORK, true, kept->coin.owner_key, true};
    struct cose first = {0};
    struct id first_id = {{0}};
    TRY(register_payment(env, &first, &first_id, &kept->spend));
    if (id_equal(&first_id, &payment->id)) {
        *outcome = kept->coin.state == COIN_UNSPENT ? OUTCOME_SETTLED : OUTCOME_ORPHAN;
        return ERR_OK;
    }
    *outcome = OUTCOME_CONFLICT;
    return apply_other(env, payment, &kept->coin, &first_id, &first, OUTCOME_CONFLICT, &orphans);
}

/* Refunded before it was shown: the first payment is kept, so that a second one makes a case. */
static enum err apply_refunded(struct register_env *env, enum outcome *outcome,
                               struct register_kept *kept, const struct packet_payment *payment)
{
    struct offspring orphans = {.state = COIN_ORPHAN, .fault = FAULT_LATE};
    struct cose first = {0};
    struct id first_id = {{0}};
    *outcome = OUTCOME_LOST;
    TRY(register_read_spend(env, kept));
    if (kept->has_spend == REGISTER_ABSENT) {
        TRY(keep_spend(env, payment, kept));
        return insert_outputs(env, payment, &kept->coin, &orphans);
    }
    TRY(register_payment(env, &first, &first_id, &kept->spend));
    if (id_equal(&first_id, &payment->id))
        return ERR_OK;
    orphans.is_of_loser = true;
    return apply_other(env, payment, &kept->coin, &first_id, &first, OUTCOME_LOST, &orphans);
}

static enum err apply_unspent(struct register_env *env, struct register_kept *kept,
                              const struct packet_payment *payment)
{
    const struct offspring money = {.state = COIN_UNSPENT};
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        if (is_to_register(env, &payment->payment.outputs.items[i]))
            TRY(books_unspent_sub(env->store, payment->payment.outputs.items[i].amount));
    return insert_outputs(env, payment, &kept->coin, &money);
}

static enum err apply_orphan(struct register_env *env, struct register_kept *kept,
                             const struct packet_payment *payment)
{
    const struct coin *coin = &kept->coin;
    const struct offspring orphans = {.state = COIN_ORPHAN,
                                      .fault = (enum coin_fault)coin->fault,
                                      .has_offender = coin->has_offender_key,
                                      .offender_key = coin->offender_key};
    return insert_outputs(env, payment, coin, &orphans);
}

enum err register_apply(struct register_env *env, enum outcome *outcome, struct coin *before,
                        const struct packet_payment *payment)
{
    struct register_kept *kept = NULL;
    bool is_first = false;
    TRY(register_keep(env, &kept, payment->payment.serial, &payment->payment.coin_id));
    TRY(register_read_coin(env, kept));
    if (kept->has_coin != REGISTER_PRESENT)
        return ERR_MISSING;
    *before = kept->coin;
    if (kept->coin.state == COIN_REFUNDED)
        return apply_refunded(env, outcome, kept, payment);
    TRY(claim_spend(env, &is_first, payment, kept));
    if (!is_first) {
        before->state = register_state(kept);
        return apply_spent(env, outcome, kept, payment);
    }
    *outcome = kept->coin.state == COIN_UNSPENT ? OUTCOME_SETTLED : OUTCOME_ORPHAN;
    return kept->coin.state == COIN_UNSPENT ? apply_unspent(env, kept, payment)
                                            : apply_orphan(env, kept, payment);
}
