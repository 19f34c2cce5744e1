/* Who may call, what is refused before anything is done, and what is believed. */
#include "tests/intermediary/street.h"

#include "common/base/time.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct empty_body *const none;

Test(branch, H9_a_call_id_is_used_for_one_body)
{
    struct street street;
    struct resident alice;
    struct account_reply account = {0};
    struct fetch_reply fetched = {0};
    const struct fetch_body fetch = {0};
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 100);
    const struct nonce id = world_nonce(&street.hall.world);
    const struct key_pair *pair = &alice.wallet.pair;
    for (int i = 0; i < 2; i++)
        HALL_STATUS(street_call_id(&street, &account, VERB_ACCOUNT, &none, pair, &id), STATUS_OK);
    cr_assert_eq(amount_fen(account.balance), 100);
    HALL_STATUS(street_call_id(&street, &fetched, VERB_FETCH, &fetch, pair, &id),
                STATUS_CALL_REUSED);
    street_close(&street);
}

Test(branch, strangers_and_stale_calls_are_refused)
{
    struct street street;
    struct resident alice;
    struct account_reply account = {0};
    struct empty_body empty;
    const struct key_pair stranger = world_key("stranger");
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 100);
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &stranger), STATUS_SENDER);
    const struct log_body log = {0};
    (void)log;
    const struct revoke_body revoke = {.key = stranger.public_key};
    HALL_STATUS(street_call(&street, &empty, VERB_REVOKE, &revoke, &alice.wallet.pair),
                STATUS_FORBIDDEN);
    struct buffer request AUTO(buffer_fini) = {0}, reply AUTO(buffer_fini) = {0};
    const struct nonce id = world_nonce(&street.hall.world);
    enum status status = STATUS_OK;
    HALL_OK(call_seal(&request, WORLD_NETWORK, VERB_ACCOUNT, &none, &id,
                      WORLD_NOW - CALL_AGE_MAX_S - 1, &alice.wallet.pair, &street.arena));
    HALL_OK(branch_handle(&street.bank, &reply, buffer_span(&request)));
    HALL_OK(
        call_read_reply(&status, &account, VERB_ACCOUNT, &id, buffer_span(&reply), &street.arena));
    HALL_STATUS(status, STATUS_CALL_DATE);
    street_close(&street);
}

Test(branch, broken_bytes_get_a_status_and_change_nothing)
{
    struct street street;
    struct buffer reply AUTO(buffer_fini) = {0};
    street_open(&street);
    HALL_OK(branch_handle(&street.bank, &reply, span_text("nonsense")));
    cr_assert_gt(reply.size, 0);
    cr_assert_eq(street_count(&street, &bank_table_bank_call), 0);
    street_close(&street);
}

Test(branch_service, fetch_gives_what_is_newer)
{
    struct street street;
    struct resident alice;
    struct fetch_reply reply = {0};
    struct fetch_body body = {0};
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 0);
    const struct key_pair *pair = &alice.wallet.pair;
    HALL_STATUS(street_call(&street, &reply, VERB_FETCH, &body, pair), STATUS_OK);
    cr_assert(reply.has_directory && reply.has_revocations);
    cr_assert_eq(reply.now, WORLD_NOW);
    body.directory_version = street.bank.trust.directory.version;
    body.revocations_version = street.bank.trust.revocations.version;
    HALL_STATUS(street_call(&street, &reply, VERB_FETCH, &body, pair), STATUS_OK);
    cr_assert_not(reply.has_directory || reply.has_revocations);
    street_close(&street);
}

/* --- the central bank's word --- */

Test(branch_work, a_new_list_comes_by_itself)
{
    struct street street;
    enum status status = STATUS_OK;
    const struct key_pair bad = world_key("bad");
    const struct key_id bad_id = crypto_key_id(&bad.public_key);
    street_open(&street);
    (void)street_work(&street);
    const uint64_t version = street.bank.trust.revocations.version;
    struct register_env central = hall_begin(&street.hall);
    HALL_OK(authority_revoke(&central, &status, &bad_id, REVOKED_BY_OPERATOR));
    hall_end(&street.hall);
    street.bank.now += BRANCH_FETCH_S - 1;
    (void)street_work(&street);
    cr_assert_eq(street.bank.trust.revocations.version, version);
    street.bank.now += 1;
    (void)street_work(&street);
    cr_assert_eq(street.bank.trust.revocations.version, version + 1);
    cr_assert(trust_is_revoked(&street.bank.trust, &bad.public_key));
    street_close(&street);
}

Test(branch_work, without_a_line_it_comes_back_soon)
{
    struct street street;
    street_open(&street);
    street.is_cut = true;
    cr_assert(street_work(&street));
    cr_assert_eq(street.call_count, 1); /* one time-out a round, not one for everything */
    street.is_cut = false;
    cr_assert_not(street_work(&street));
    street_close(&street);
}

Test(branch_work, old_call_ids_are_forgotten)
{
    struct street street;
    struct resident alice;
    struct account_reply account = {0};
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 0);
    HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, &alice.wallet.pair), STATUS_OK);
    cr_assert_eq(street_count(&street, &bank_table_bank_call), 2);
    street.bank.now += CALL_AGE_MAX_S + CALL_AHEAD_MAX_S + 1;
    (void)street_work(&street);
    cr_assert_eq(street_count(&street, &bank_table_bank_call), 0);
    street_close(&street);
}

Test(branch_service, calls_sweep_up_twice_what_they_leave)
{
    enum { OLD = 20 };
    struct street street;
    struct resident alice;
    struct account_reply account = {0};
    street_open(&street);
    street_resident(&alice, &street, "Alice", 3, 0);
    const struct key_pair *pair = &alice.wallet.pair;
    for (size_t i = 0; i < OLD; i++)
        HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, pair), STATUS_OK);
    street.bank.now += CALL_AGE_MAX_S + CALL_AHEAD_MAX_S + 1;
    for (size_t i = 0; i < OLD; i++)
        HALL_STATUS(street_call(&street, &account, VERB_ACCOUNT, &none, pair), STATUS_OK);
    cr_assert_eq(street_count(&street, &bank_table_bank_call), OLD);
    street_close(&street);
}

/* --- admission: one line a change --- */

static struct admission good_admission(struct street *street)
{
    struct world *world = &street->hall.world;
    return (struct admission){
        .root_key = world->root.public_key,
        .bank_certificate = trust_bank(&world->trust, WORLD_BANK_A)->cose,
        .directory = world->directory_cose,
        .address = span_text("127.0.0.1:7001"),
        .tls_name = span_text("central.dcep"),
        .tls_authority = span_text("pem"),
        .tls_certificate = span_text("pem"),
    };
}

static enum status admit(struct street *street, const struct admission *admission)
{
    enum status status = STATUS_FAILED;
    HALL_OK(branch_admit(&street->bank, &status, admission));
    return status;
}

Test(branch_admit, everything_must_verify_under_the_root_key)
{
    struct street street;
    street_open(&street);
    struct world *world = &street.hall.world;
    struct admission admission = good_admission(&street);
    HALL_STATUS(admit(&street, &admission), STATUS_OK); /* the same again */
    admission.bank_certificate = trust_bank(&world->trust, WORLD_BANK_B)->cose;
    HALL_STATUS(admit(&street, &admission), STATUS_CERTIFICATE);
    admission = good_admission(&street);
    admission.bank_certificate.signature.bytes[5] ^= 1;
    HALL_STATUS(admit(&street, &admission), STATUS_SIGNATURE);
    admission = good_admission(&street);
    admission.directory.signature.bytes[5] ^= 1;
    HALL_STATUS(admit(&street, &admission), STATUS_SIGNATURE);
    admission = good_admission(&street);
    admission.root_key = world->issuing.public_key;
    HALL_STATUS(admit(&street, &admission), STATUS_SIGNATURE);
    cr_assert_eq(street.bank.bank_id, WORLD_BANK_A);
    street_close(&street);
}

Test(branch_admit, another_root_is_another_central_bank)
{
    struct street street;
    struct world other;
    street_open(&street);
    world_open(&other);
    struct world *world = &street.hall.world;
    const struct cose directory = world->directory_cose;
    const struct bank_certificate certificate =
        trust_bank(&world->trust, WORLD_BANK_A)->certificate;
    other.root = world_key("another root");
    world_publish(&other);
    struct admission admission = good_admission(&street);
    admission.root_key = other.root.public_key;
    admission.directory = other.directory_cose;
    admission.bank_certificate =
        world_sign(&other, KIND_BANK_CERTIFICATE, &certificate, &other.root);
    HALL_STATUS(admit(&street, &admission), STATUS_REUSED);
    cr_assert(span_equal(directory.payload, world->directory_cose.payload));
    world_close(&other);
    street_close(&street);
}

Test(branch, a_bank_is_made_once)
{
    struct street street;
    street_open(&street);
    cr_assert_eq(branch_create(&street.bank, WORLD_NETWORK, "Another"), ERR_EXISTS);
    street_close(&street);
}
