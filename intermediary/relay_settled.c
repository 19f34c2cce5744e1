/* What settled payments mean for this bank: what its customers hold, and deposits (contract in
 * relay_settled.h).
 *
 * Invariants: 1 a payment is booked once, whoever hands it in, in whichever packet. 2 what goes
 * from a customer's key to another customer's, or to somebody else's, is held no more; change
 * is. */
#include "intermediary/relay_settled.h"

#include "intermediary/certify.h"
#include "intermediary/deposits.h"
#include "intermediary/teller.h"

enum err relay_book(struct branch_env *env, bool *fresh, const struct id *payment_id)
{
    const struct relay_payment row = {.payment_id = *payment_id, .made_at = env->purse.now};
    const enum err error = store_insert(env->purse.store, &bank_table_relay_payment, &row);
    *fresh = error == ERR_OK;
    return error == ERR_EXISTS ? ERR_OK : error;
}

/* The register has just said that it settled: its signatures are good. */
static enum err any_payment(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                            const struct id *payment_id)
{
    (void)context;
    (void)serial;
    (void)coin_id;
    (void)payment_id;
    *found = true;
    return ERR_OK;
}

/* Which customer of mine owns a key; 0: none. */
static enum err customer_of(struct branch_env *env, uint64_t *customer,
                            const struct public_key *key)
{
    struct bank_wallet wallet = {0};
    bool found = false;
    TRY(certify_wallet(env, &found, &wallet, key));
    *customer = found ? wallet.customer : 0;
    return ERR_OK;
}

static enum err book_output(struct branch_env *env, uint64_t signer, const struct output *output)
{
    uint64_t owner = 0;
    if (key_equal(&output->key, &env->purse.trust->directory.register_key))
        return ERR_OK;
    TRY(customer_of(env, &owner, &output->key));
    if (owner == signer)
        return ERR_OK;
    if (signer != 0)
        TRY(teller_held_less(env, signer, output->amount));
    return owner != 0 ? teller_held_more(env, owner, output->amount) : ERR_OK;
}

static enum err book_payment(struct branch_env *env, const struct packet_payment *payment)
{
    bool fresh = false;
    uint64_t signer = 0;
    TRY(relay_book(env, &fresh, &payment->id));
    if (!fresh)
        return ERR_OK;
    TRY(customer_of(env, &signer, &payment->owner_key));
    for (size_t i = 0; i < payment->payment.outputs.count; i++)
        TRY(book_output(env, signer, &payment->payment.outputs.items[i]));
    return deposits_credit(env, &payment->payment);
}

enum err relay_settled_view(struct branch_env *env, const struct packet_view *view,
                            const struct settle_result *result)
{
    for (size_t i = 0; i < view->payment_count && i < result->leaves.count; i++) {
        const struct leaf *leaf = &result->leaves.items[i].leaf;
        if (leaf->outcome == OUTCOME_SETTLED && id_equal(&leaf->payment_id, &view->payments[i].id))
            TRY(book_payment(env, &view->payments[i]));
    }
    return ERR_OK;
}

enum err relay_settled(struct branch_env *env, struct span packet,
                       const struct settle_result *result)
{
    const struct packet_options options = {.role = PACKET_FOR_REGISTER,
                                           .known = {.payment = any_payment}};
    struct packet_view view = {0};
    enum status status = STATUS_OK;
    TRY(packet_verify(&view, &status, packet, env->purse.trust, &options, env->purse.arena));
    if (status != STATUS_OK)
        return ERR_OK; /* it starts at a coin that only the register knows */
    return relay_settled_view(env, &view, result);
}
