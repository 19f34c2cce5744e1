/* Join and certify: one line a refusal, and no certificate before it is logged. */
#include "tests/intermediary/street.h"

#include "common/base/time.h"

#include <criterion/criterion.h>
#include <string.h>

Test(certify, a_code_opens_one_wallet_once)
{
    struct street street;
    struct world_wallet wallet = {.pair = world_key("w1")}, other = {.pair = world_key("w2")};
    street_open(&street);
    const uint64_t number = street_customer(&street, "Alice", 3, 0);
    const struct nonce code = street_code(&street, number), wrong = {{7}};
    HALL_STATUS(street_join(&street, &wallet, &wrong), STATUS_CODE);
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_OK);
    cr_assert_eq(wallet.certificate.tier, 3);
    cr_assert_eq(wallet.certificate.bank_id, WORLD_BANK_A);
    cr_assert_eq(wallet.certificate.not_after_day, WORLD_TODAY + 7);
    cr_assert_eq(amount_fen(wallet.certificate.limits.payment_max), 500000);
    cr_assert_not(wallet.certificate.has_label);
    HALL_STATUS(street_join(&street, &other, &code), STATUS_CODE);
    const struct cose first = wallet.certificate_cose;
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_OK);
    cr_assert(span_equal(SPAN(first.signature), SPAN(wallet.certificate_cose.signature)));
    street_close(&street);
}

Test(certify, codes_expire_and_are_made_again)
{
    struct street street;
    struct world_wallet wallet = {.pair = world_key("w1")};
    street_open(&street);
    const uint64_t number = street_customer(&street, "Alice", 3, 0);
    const struct nonce first = street_code(&street, number), second = street_code(&street, number);
    HALL_STATUS(street_join(&street, &wallet, &first), STATUS_CODE);
    street.bank.now += (CUSTOMERS_CODE_DAYS * SECONDS_PER_DAY) + 1;
    HALL_STATUS(street_join(&street, &wallet, &second), STATUS_CODE);
    const struct nonce third = street_code(&street, number);
    HALL_STATUS(street_join(&street, &wallet, &third), STATUS_OK);
    street_close(&street);
}

Test(certify, no_certificate_before_the_log_answered)
{
    struct street street;
    struct world_wallet wallet = {.pair = world_key("w1")};
    struct account_reply account = {0};
    const struct empty_body *none = NULL;
    street_open(&street);
    const uint64_t number = street_customer(&street, "Alice", 3, 0);
    const struct nonce code = street_code(&street, number);
    street.is_cut = true;
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_UNREACHABLE);
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &wallet.pair), STATUS_SENDER);
    street.is_cut = false;
    street.lost_replies = 1;
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_UNREACHABLE);
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_OK);
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &wallet.pair), STATUS_OK);
    cr_assert_eq(hall_count(&street.hall, &tables_table_wallet_key), 1);
    street_close(&street);
}

Test(certify, a_key_has_one_owner)
{
    struct street street;
    struct world_wallet wallet = {.pair = world_key("w1")}, elsewhere;
    street_open(&street);
    const uint64_t alice = street_customer(&street, "Alice", 3, 0);
    const uint64_t bob = street_customer(&street, "Bob", 3, 0);
    struct nonce code = street_code(&street, alice);
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_OK);
    code = street_code(&street, bob);
    HALL_STATUS(street_join(&street, &wallet, &code), STATUS_CERTIFIED_ELSEWHERE);
    /* Another bank's key: the central bank says so, and the code is free again. */
    world_wallet(&elsewhere, &street.hall.world, "w3", WORLD_BANK_B);
    hall_log(&street.hall, &elsewhere, "somebody");
    HALL_STATUS(street_join(&street, &elsewhere, &code), STATUS_CERTIFIED_ELSEWHERE);
    struct world_wallet fresh = {.pair = world_key("w4")};
    HALL_STATUS(street_join(&street, &fresh, &code), STATUS_OK);
    /* The bank's own keys are nobody's wallet. */
    code = street_code(&street, bob);
    struct world_wallet vault = {.pair = street.bank.vault_key};
    HALL_STATUS(street_join(&street, &vault, &code), STATUS_CERTIFIED_ELSEWHERE);
    street_close(&street);
}

/* --- the next key --- */

struct renewal {
    struct certificate_request request;
    struct certify_body body;
};

static void renew(struct renewal *out, struct street *street, const struct key_pair *next,
                  const struct key_pair *previous)
{
    struct world *world = &street->hall.world;
    out->request = (struct certificate_request){.new_key = next->public_key,
                                                .has_previous_key = true,
                                                .previous_key = previous->public_key,
                                                .made_at = street->bank.now};
    out->body.by_new_key = world_sign(world, KIND_CERTIFICATE_REQUEST, &out->request, next);
    out->body.by_previous_key =
        world_sign(world, KIND_CERTIFICATE_REQUEST, &out->request, previous);
}

static uint64_t state_of(struct street *street, const struct public_key *key)
{
    struct bank_wallet wallet = {0};
    bool found = false;
    struct branch_env env = street_begin(street);
    HALL_OK(certify_wallet(&env, &found, &wallet, key));
    street_end(street);
    return found ? wallet.state : 0;
}

Test(certify, the_next_key_by_the_one_before)
{
    struct street street;
    struct resident alice, bob;
    struct renewal renewal;
    struct certify_reply reply = {0};
    const struct key_pair next = world_key("next");
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 0);
    street_resident(&bob, &street, "Bob", 3, 0);
    renew(&renewal, &street, &next, &alice.wallet.pair);
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &renewal.body, &bob.wallet.pair),
                STATUS_FORBIDDEN);
    street.is_cut = true;
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &renewal.body, &alice.wallet.pair),
                STATUS_UNREACHABLE);
    cr_assert_eq(state_of(&street, &next.public_key), BANK_WALLET_WAITING);
    street.is_cut = false;
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &renewal.body, &alice.wallet.pair),
                STATUS_OK);
    cr_assert_eq(state_of(&street, &next.public_key), BANK_WALLET_ACTIVE);
    cr_assert_eq(state_of(&street, &alice.wallet.pair.public_key), BANK_WALLET_OLD);
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &renewal.body, &alice.wallet.pair),
                STATUS_OK); /* the answer was lost: asked again by the old key */
    street_close(&street);
}

/* Neither while its certificate waits for the log, nor once it was given up unused. */
Test(certify, a_key_that_was_not_handed_out_is_nobodys)
{
    struct street street;
    struct resident alice;
    struct renewal renewal;
    struct certify_reply reply = {0};
    struct account_reply account = {0};
    struct empty_body none;
    const struct key_pair next = world_key("next");
    enum status status = STATUS_FAILED;
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 0);
    renew(&renewal, &street, &next, &alice.wallet.pair);
    street.is_cut = true;
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &renewal.body, &alice.wallet.pair),
                STATUS_UNREACHABLE);
    street.is_cut = false;
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &next), STATUS_SENDER);
    struct branch_env env = street_env(&street);
    HALL_OK(certify_revoke(&env, &status, &next.public_key));
    HALL_STATUS(status, STATUS_OK);
    cr_assert_eq(state_of(&street, &next.public_key), BANK_WALLET_VOID);
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &next), STATUS_SENDER);
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &alice.wallet.pair), STATUS_OK);
    street_close(&street);
}

Test(certify, both_keys_sign_the_same)
{
    struct street street;
    struct resident alice;
    struct renewal renewal, other;
    struct certify_reply reply = {0};
    const struct key_pair next = world_key("next"), third = world_key("third");
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 0);
    renew(&renewal, &street, &next, &alice.wallet.pair);
    renew(&other, &street, &third, &alice.wallet.pair);
    struct certify_body mixed = {renewal.body.by_new_key, other.body.by_previous_key};
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &mixed, &alice.wallet.pair),
                STATUS_SIGNATURE);
    mixed = renewal.body;
    mixed.by_previous_key.signature.bytes[3] ^= 1;
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &mixed, &alice.wallet.pair),
                STATUS_SIGNATURE);
    mixed = renewal.body;
    mixed.by_new_key.signature.bytes[3] ^= 1;
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &mixed, &alice.wallet.pair),
                STATUS_SIGNATURE);
    cr_assert_eq(state_of(&street, &next.public_key), 0);
    street_close(&street);
}

Test(certify, a_revoked_key_gets_nothing_new_but_keeps_its_value)
{
    struct street street;
    struct resident alice;
    struct world_coin coin;
    struct renewal renewal;
    struct certify_reply reply = {0};
    struct settle_reply settled = {0};
    struct tokens_reply tokens = {0};
    struct note_order order;
    enum status status = STATUS_OK;
    const struct key_pair next = world_key("next");
    street_open(&street);
    street_stock(&street, 100000);
    street_resident(&alice, &street, "Alice", 3, 100000);
    street_coin(&coin, &street, &alice, 5000);
    struct branch_env env = street_env(&street);
    HALL_OK(certify_revoke(&env, &status, &alice.wallet.pair.public_key));
    HALL_STATUS(status, STATUS_OK);
    HALL_OK(certify_revoke(&env, &status, &next.public_key));
    HALL_STATUS(status, STATUS_UNKNOWN);
    renew(&renewal, &street, &next, &alice.wallet.pair);
    HALL_STATUS(street_call(&street, &reply, VERB_CERTIFY, &renewal.body, &alice.wallet.pair),
                STATUS_FORBIDDEN);
    street_ask(&order, &street, &alice, (const uint64_t[]){100, 0});
    HALL_STATUS(street_withdraw(&street, &tokens, &order, &alice), STATUS_FORBIDDEN);
    struct world_wallet bob;
    struct world_coin paid;
    world_wallet(&bob, &street.hall.world, "bob", WORLD_BANK_B);
    world_pay(&paid, NULL, &street.hall.world, &coin, &bob, 5000, NULL);
    const struct span packet = street_packet(&street, &paid);
    HALL_STATUS(street_settle(&street, &settled, &packet, 1, &alice), STATUS_OK);
    cr_assert_eq(settled.results.items[0].leaves.items[0].leaf.outcome, OUTCOME_SETTLED);
    street.bank.now += BRANCH_FETCH_S;
    (void)street_work(&street);
    cr_assert(trust_is_revoked(&street.bank.trust, &alice.wallet.pair.public_key));
    street_close(&street);
}
