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
    struct buffer encoded AUTO(buffer_fini) = {0};
    struct minted minted = {0};
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
    TRY(wire_encode(&encoded, message_kind_schema(KIND_TOKEN), &record));
    TRY(arena_copy(env->arena, &minted.token.payload, buffer_span(&encoded)));
    const struct id token_id = record_id(env->trust->network, KIND_TOKEN, minted.token.payload);
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
    minted.serial = *serial;
    minted.coin_id = *coin_id;
    TRY(register_sign_token(env, &minted));
    *token = minted.token;
    TRY(register_insert(env, &coin));
    return books_unspent_add(env->store, amount);
}
