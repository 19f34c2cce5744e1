/* Minting: a signed token and its unspent coin, in one step of the books. */
#include "central/books.h"
#include "central/register_row.h"
#include "common/base/time.h"

enum err register_mint(struct register_env *env, struct cose *token, uint64_t *serial,
                       struct id *coin_id, struct amount amount, const struct public_key *owner_key,
                       bool has_purpose, uint64_t purpose)
{
    const struct policy *policy = trust_policy(env->trust);
    const uint64_t today = time_day(env->now);
    TRY(books_next_serial(env->store, serial));
    const struct token record = {
        .issuing_key_id = crypto_key_id(&env->issuing_key->public_key),
        .serial = *serial,
        .amount = amount,
        .owner_key = *owner_key,
        .issued_day = today,
        .spend_by_day = today + policy->spend_by_days,
        .redeem_by_day = today + policy->spend_by_days + policy->redeem_by_days,
        .has_purpose = has_purpose,
        .purpose = purpose,
    };
    TRY(record_sign(token, env->trust->network, KIND_TOKEN, &record, env->issuing_key, env->arena));
    const struct id token_id = record_id(env->trust->network, KIND_TOKEN, token->payload);
    *coin_id = record_coin_root(&token_id);
    const struct coin coin = {
        .serial = *serial,
        .coin_id = *coin_id,
        .amount = amount,
        .owner_key = *owner_key,
        .state = COIN_UNSPENT,
        .redeem_by_day = record.redeem_by_day,
        .has_purpose = has_purpose,
        .purpose = purpose,
    };
    const struct minted minted = {.serial = *serial, .coin_id = *coin_id, .token = *token};
    TRY(store_insert(env->store, &tables_table_minted, &minted));
    TRY(register_insert(env, &coin));
    return books_unspent_add(env->store, amount);
}
