/* Proofs of fraud: what proves one, and what does not (adversarial cases A1, A4, A14 to A16, E17,
 * I5). */
#include "common/money/proof.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <string.h>

/* Alice pays one coin to Bob and to Carol, and another coin with the same counter. */
struct crime {
    struct world world;
    struct world_wallet alice, bob, carol, vault;
    struct world_coin coin, other;
    struct payment payments[3];
    struct cose to_bob, to_carol, clone; /* clone: another coin, to_bob's counter */
    struct cose wallet, bank;            /* certificates */
};

static void crime_close(struct crime *c)
{
    world_close(&c->world);
}

static void crime_open(struct crime *c)
{
    memset(c, 0, sizeof *c);
    world_open(&c->world);
    world_wallet(&c->alice, &c->world, "alice", WORLD_BANK_A);
    world_wallet(&c->bob, &c->world, "bob", WORLD_BANK_B);
    world_wallet(&c->carol, &c->world, "carol", WORLD_BANK_B);
    world_vault(&c->vault, &c->world, WORLD_BANK_A);
    world_token(&c->coin, &c->world, 1000, &c->alice);
    world_token(&c->other, &c->world, 1000, &c->alice);
    c->payments[0] = world_payment_value(&c->world, &c->coin, &c->bob, 1000, NULL);
    c->payments[1] = world_payment_value(&c->world, &c->coin, &c->carol, 1000, NULL);
    c->payments[2] = world_payment_value(&c->world, &c->other, &c->carol, 1000, NULL);
    c->payments[2].counter = c->payments[0].counter;
    c->to_bob = world_sign(&c->world, KIND_PAYMENT, &c->payments[0], &c->alice.pair);
    c->to_carol = world_sign(&c->world, KIND_PAYMENT, &c->payments[1], &c->alice.pair);
    c->clone = world_sign(&c->world, KIND_PAYMENT, &c->payments[2], &c->alice.pair);
    c->wallet = c->alice.certificate_cose;
    c->bank = c->world.trust.banks[0].cose;
}

static enum status judge(struct proof_finding *finding, struct crime *c, const struct cose *wallet,
                         const struct cose *bank, const struct cose *a, const struct cose *b)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span kept;
    cr_assert_eq(proof_encode_parts(&bytes, wallet, bank, a, b), ERR_OK);
    cr_assert_eq(arena_copy(&c->world.arena, &kept, buffer_span(&bytes)), ERR_OK);
    return proof_verify(finding, WORLD_NETWORK, &c->world.root.public_key, kept, &c->world.arena);
}

#define CRIME(c)                                                                                   \
    struct crime c AUTO(crime_close);                                                              \
    crime_open(&c)

Test(money, A1_a_double_spend_is_proved_and_names_the_signer_only)
{
    CRIME(c);
    struct proof_finding finding;
    cr_assert_eq(judge(&finding, &c, &c.wallet, &c.bank, &c.to_bob, &c.to_carol), STATUS_OK);
    cr_expect_eq(finding.kind, PROOF_DOUBLE_SPEND);
    cr_expect(key_equal(&finding.key, &c.alice.pair.public_key));
    cr_expect_eq(finding.bank_id, (uint64_t)WORLD_BANK_A);
    cr_expect(!finding.is_vault);
    cr_expect(key_equal(&finding.certificate.wallet_key, &finding.key));
    struct id id = record_id(WORLD_NETWORK, KIND_PAYMENT, c.to_carol.payload);
    cr_expect(id_equal(&finding.payment_b_id, &id));
    cr_expect(key_equal(&finding.payment_b.outputs.items[0].key, &c.carol.pair.public_key));
    cr_expect_eq(judge(&finding, &c, &c.wallet, &c.bank, &c.to_carol, &c.to_bob), STATUS_OK);
}

Test(money, A14_a_clone_is_proved_by_one_counter_on_two_coins)
{
    CRIME(c);
    struct proof_finding finding;
    cr_assert_eq(judge(&finding, &c, &c.wallet, &c.bank, &c.to_bob, &c.clone), STATUS_OK);
    cr_expect_eq(finding.kind, PROOF_CLONE);
    cr_expect_eq(judge(&finding, &c, &c.wallet, &c.bank, &c.to_carol, &c.clone), STATUS_CHAIN,
                 "two coins, two counters: what every wallet does");
}

Test(money, H3_a_vault_that_pays_twice)
{
    CRIME(c);
    struct proof_finding finding;
    struct cose a = world_sign(&c.world, KIND_PAYMENT, &c.payments[0], &c.vault.pair);
    struct cose b = world_sign(&c.world, KIND_PAYMENT, &c.payments[1], &c.vault.pair);
    cr_assert_eq(judge(&finding, &c, NULL, &c.bank, &a, &b), STATUS_OK);
    cr_expect(finding.is_vault);
    cr_expect(key_equal(&finding.key, &c.vault.pair.public_key));
    struct cose by_bank_key =
        world_sign(&c.world, KIND_PAYMENT, &c.payments[1], &c.world.banks[0].bank_key);
    cr_expect_eq(judge(&finding, &c, NULL, &c.bank, &a, &by_bank_key), STATUS_SIGNATURE);
}

Test(money, A15_A16_one_payment_is_no_fraud)
{
    CRIME(c);
    struct proof_finding finding;
    struct cose again = world_sign(&c.world, KIND_PAYMENT, &c.payments[0], &c.alice.pair);
    cr_expect_eq(judge(&finding, &c, &c.wallet, &c.bank, &c.to_bob, &c.to_bob), STATUS_CHAIN);
    cr_expect_eq(judge(&finding, &c, &c.wallet, &c.bank, &c.to_bob, &again), STATUS_CHAIN);
    struct public_key nobody = {{0}};
    cr_expect(key_equal(&finding.key, &nobody), "nobody is named by what proves nothing");
}

Test(money, I5_E17_what_names_nobody)
{
    CRIME(c);
    struct world *w = &c.world;
    struct cose forged = c.to_carol, broken = c.to_carol, short_certificate = c.wallet;
    forged.signature.bytes[7] ^= 1;
    broken.payload.size--;
    short_certificate.payload.size--;
    struct cose by_bob = world_sign(w, KIND_PAYMENT, &c.payments[1], &c.bob.pair);
    struct cose crossed = /* E17 */
        world_sign(w, KIND_WALLET_CERTIFICATE, &c.alice.certificate, &w->banks[1].bank_key);
    struct cose by_vault =
        world_sign(w, KIND_WALLET_CERTIFICATE, &c.alice.certificate, &w->banks[0].vault_key);
    struct cose self_made =
        world_sign(w, KIND_BANK_CERTIFICATE, &w->banks[0].certificate, &w->banks[0].bank_key);
    struct wallet_certificate no_point = c.alice.certificate;
    no_point.wallet_key.bytes[0] = 0;
    struct cose pointless =
        world_sign(w, KIND_WALLET_CERTIFICATE, &no_point, &w->banks[0].bank_key);
    struct cose as_request = world_sign(w, KIND_REQUEST,
                                        &(struct request){.payee_key = c.alice.pair.public_key,
                                                          .amount = world_fen(1),
                                                          .coins_max = 1,
                                                          .memo = span_text("")},
                                        &c.alice.pair);
    const struct cose *bank_b = &w->trust.banks[1].cose;
    const struct {
        const struct cose *wallet, *bank, *a, *b;
        enum status expected;
    } rows[] = {
        {&c.wallet, &c.bank, &c.to_bob, &c.to_carol, STATUS_OK},
        {&c.wallet, &c.bank, &c.to_bob, &forged, STATUS_SIGNATURE},
        {&c.wallet, &c.bank, &forged, &c.to_bob, STATUS_SIGNATURE},
        {&c.wallet, &c.bank, &c.to_bob, &by_bob, STATUS_SIGNATURE},
        {&c.bob.certificate_cose, bank_b, &c.to_bob, &c.to_carol, STATUS_SIGNATURE},
        {NULL, &c.bank, &c.to_bob, &c.to_carol, STATUS_SIGNATURE},
        {&c.wallet, bank_b, &c.to_bob, &c.to_carol, STATUS_CERTIFICATE},
        {&crossed, &c.bank, &c.to_bob, &c.to_carol, STATUS_CERTIFICATE},
        {&crossed, bank_b, &c.to_bob, &c.to_carol, STATUS_CERTIFICATE},
        {&by_vault, &c.bank, &c.to_bob, &c.to_carol, STATUS_CERTIFICATE},
        {&c.wallet, &self_made, &c.to_bob, &c.to_carol, STATUS_CERTIFICATE},
        {&pointless, &c.bank, &c.to_bob, &c.to_carol, STATUS_POINT},
        {&pointless, &c.bank, &c.to_bob, &c.to_bob, STATUS_CHAIN},
        {&short_certificate, &c.bank, &c.to_bob, &c.to_bob, STATUS_PARSE},
        {&c.wallet, &c.bank, &c.to_bob, &broken, STATUS_PARSE},
        {&c.wallet, &c.bank, &c.to_bob, &as_request, STATUS_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct proof_finding finding;
        enum status status =
            judge(&finding, &c, rows[i].wallet, rows[i].bank, rows[i].a, rows[i].b);
        cr_expect_eq(status, rows[i].expected, "row %zu: %s", i, status_name(status));
    }
}

Test(money, proof_under_another_root_or_network)
{
    CRIME(c);
    struct proof_finding finding;
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct public_key thief = world_key("thief").public_key;
    static uint8_t huge[PACKET_SIZE_MAX + 1];
    cr_assert_eq(proof_encode_parts(&bytes, &c.wallet, &c.bank, &c.to_bob, &c.to_carol), ERR_OK);
    cr_expect_eq(proof_verify(&finding, WORLD_NETWORK, &thief, buffer_span(&bytes), &c.world.arena),
                 STATUS_CERTIFICATE);
    cr_expect_eq(proof_verify(&finding, "dcep-other", &c.world.root.public_key, buffer_span(&bytes),
                              &c.world.arena),
                 STATUS_CERTIFICATE);
    cr_expect_eq(proof_verify(&finding, WORLD_NETWORK, &c.world.root.public_key,
                              span_of(huge, sizeof huge), &c.world.arena),
                 STATUS_LIMIT);
    struct span whole = buffer_span(&bytes);
    for (size_t size = 0; size < whole.size; size++)
        cr_expect_eq(proof_verify(&finding, WORLD_NETWORK, &c.world.root.public_key,
                                  span_of(whole.data, size), &c.world.arena),
                     STATUS_PARSE);
}
