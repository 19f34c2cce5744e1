/* Recovery words at a bank: who may have them kept, whom they open, and what that costs a thief. */
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>

static struct street street;
static struct resident alice, bob;
static struct key_pair words;

static void open_street(void)
{
    street_open(&street);
    street_resident(&alice, &street, "alice", 3, 100000);
    street_resident(&bob, &street, "bob", 3, 100000);
    words = world_key("alice's words");
}

static void close_street(void)
{
    street_close(&street);
}

TestSuite(certify_words, .init = open_street, .fini = close_street);

static struct cose proof(const struct key_pair *by, const struct public_key *wallet_key)
{
    const struct recovery recovery = {
        .recovery_key = by->public_key, .wallet_key = *wallet_key, .made_at = street.bank.now};
    return world_sign(&street.hall.world, KIND_RECOVERY, &recovery, by);
}

static enum status keep(const struct resident *who, const struct key_pair *by)
{
    const struct recovery_body body = {.recovery = proof(by, &who->wallet.pair.public_key)};
    struct empty_body none;
    return street_call(&street, &none, VERB_RECOVERY, &body, &who->wallet.pair);
}

static enum status join(const struct key_pair *pair, const struct cose *recovery)
{
    const struct certificate_request request = {.new_key = pair->public_key,
                                                .made_at = street.bank.now};
    struct join_body body = {
        .request = world_sign(&street.hall.world, KIND_CERTIFICATE_REQUEST, &request, pair)};
    body.has_recovery = recovery != NULL;
    if (recovery != NULL)
        body.recovery = *recovery;
    struct certify_reply reply = {0};
    return street_call(&street, &reply, VERB_JOIN, &body, pair);
}

static struct certify_reply reply; /* the last one */

static enum status certify_now(const struct world_wallet *wallet)
{
    reply = (struct certify_reply){.has_recovery_key = false};
    const struct key_pair next = world_key("a next key");
    const struct certificate_request request = {.new_key = next.public_key,
                                                .has_previous_key = true,
                                                .previous_key = wallet->pair.public_key,
                                                .made_at = street.bank.now};
    const struct certify_body ask = {
        .by_new_key = world_sign(&street.hall.world, KIND_CERTIFICATE_REQUEST, &request, &next),
        .by_previous_key =
            world_sign(&street.hall.world, KIND_CERTIFICATE_REQUEST, &request, &wallet->pair)};
    return street_call(&street, &reply, VERB_CERTIFY, &ask, &wallet->pair);
}

Test(certify_words, by_words_alone_a_new_key_and_the_lost_ones_are_given_up)
{
    const struct key_pair fresh = world_key("a new phone");
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    const struct cose mine = proof(&words, &fresh.public_key);
    HALL_STATUS(join(&fresh, &mine), STATUS_OK);
    HALL_STATUS(join(&fresh, &mine), STATUS_OK); /* asked again: the same */
    HALL_STATUS(certify_now(&alice.wallet), STATUS_FORBIDDEN);
    HALL_STATUS(certify_now(&bob.wallet), STATUS_OK);
    cr_expect_not(reply.has_recovery_key, "alice's words are none of bob's");
}

/* So that a wallet of hers learns that another one made newer words. */
Test(certify_words, each_certificate_comes_with_the_words_in_force)
{
    const struct key_pair newer = world_key("newer words");
    HALL_STATUS(certify_now(&alice.wallet), STATUS_OK);
    cr_expect_not(reply.has_recovery_key);
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    HALL_STATUS(keep(&alice, &newer), STATUS_OK);
    HALL_STATUS(certify_now(&alice.wallet), STATUS_OK);
    cr_expect(reply.has_recovery_key && key_equal(&reply.recovery_key, &newer.public_key));
}

Test(certify_words, what_opens_nothing)
{
    const struct key_pair fresh = world_key("a new phone"), thief = world_key("a thief's phone");
    const struct key_pair other = world_key("other words");
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    const struct cose mine = proof(&words, &fresh.public_key);
    const struct cose others = proof(&other, &fresh.public_key);
    struct cose forged = mine;
    forged.signature.bytes[5] ^= 1;
    HALL_STATUS(join(&fresh, NULL), STATUS_CODE);
    HALL_STATUS(join(&fresh, &others), STATUS_WORDS);
    HALL_STATUS(join(&fresh, &forged), STATUS_SIGNATURE);
    HALL_STATUS(join(&thief, &mine), STATUS_CERTIFICATE); /* overheard: not for his key */
    HALL_STATUS(certify_now(&alice.wallet), STATUS_OK);   /* and nobody lost anything by it */
}

/* Typed into a phone that was stolen before it reached the bank: what it signed then opens nothing
 * once its customer came with another phone, or to the counter. */
Test(certify_words, G1_what_a_stolen_phone_signed_before_opens_nothing_after_the_loss)
{
    const struct key_pair thief = world_key("a thief's phone"), fresh = world_key("a new phone");
    const struct key_pair newer = world_key("a newer one");
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    const struct cose stolen = proof(&words, &thief.public_key);
    street.bank.now += 60;
    const struct cose mine = proof(&words, &fresh.public_key);
    HALL_STATUS(join(&fresh, &mine), STATUS_OK);
    HALL_STATUS(join(&thief, &stolen), STATUS_WORDS);
    HALL_STATUS(join(&fresh, &mine), STATUS_OK); /* who came first has lost nothing by it */

    const struct cose later = proof(&words, &thief.public_key);
    street.bank.now += 60;
    struct branch_env env = street_env(&street);
    enum status status = STATUS_FAILED;
    size_t count = 0;
    HALL_OK(certify_give_up(&env, &status, &count, alice.number));
    cr_assert_eq(count, 1);
    HALL_STATUS(join(&thief, &later), STATUS_WORDS);
    const struct cose good = proof(&words, &newer.public_key);
    HALL_STATUS(join(&newer, &good), STATUS_OK);
}

Test(certify_words, a_proof_from_the_future_is_none)
{
    const struct key_pair fresh = world_key("a new phone");
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    street.bank.now += CALL_AHEAD_MAX_S + 1;
    const struct cose ahead = proof(&words, &fresh.public_key);
    street.bank.now -= CALL_AHEAD_MAX_S + 1;
    HALL_STATUS(join(&fresh, &ahead), STATUS_WORDS);
    HALL_STATUS(certify_now(&alice.wallet), STATUS_OK); /* nothing was given up for it */
}

Test(certify_words, newer_words_void_the_older_ones)
{
    const struct key_pair fresh = world_key("a new phone"), newer = world_key("newer words");
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    HALL_STATUS(keep(&alice, &newer), STATUS_OK);
    const struct cose old = proof(&words, &fresh.public_key);
    const struct cose good = proof(&newer, &fresh.public_key);
    HALL_STATUS(join(&fresh, &old), STATUS_WORDS);
    HALL_STATUS(join(&fresh, &good), STATUS_OK);
}

Test(certify_words, one_set_of_words_is_one_customers)
{
    HALL_STATUS(keep(&alice, &words), STATUS_OK);
    HALL_STATUS(keep(&bob, &words), STATUS_CERTIFIED_ELSEWHERE);
    HALL_STATUS(keep(&alice, &words), STATUS_OK); /* the same again */
}
