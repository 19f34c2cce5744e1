/* What is said of a packet's signatures: it may be wrong, and changes no verdict. */
#include "tests/support/scene.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PAYMENTS = 4, SIZE = PAYMENTS * COMMITMENT_SIZE };
enum manner { NOTHING, RIGHT, SHORT, LONG, ONE_ABSENT, ONE_BIT, TWO_SWAPPED, NOISE };

/* Bytes for manner from the right ones. */
static struct span say(uint8_t bytes[SIZE + 1], enum manner manner, struct span right)
{
    memcpy(bytes, right.data, SIZE);
    switch (manner) {
    case NOTHING:
        return span_of(bytes, 0);
    case SHORT:
        return span_of(bytes, SIZE - 1);
    case LONG:
        bytes[SIZE] = 0;
        return span_of(bytes, SIZE + 1);
    case ONE_ABSENT:
        memset(bytes + COMMITMENT_SIZE, 0, COMMITMENT_SIZE);
        break;
    case ONE_BIT:
        bytes[COMMITMENT_SIZE - 1] ^= 1;
        break;
    case TWO_SWAPPED:
        memcpy(bytes, right.data + COMMITMENT_SIZE, COMMITMENT_SIZE);
        memcpy(bytes + COMMITMENT_SIZE, right.data, COMMITMENT_SIZE);
        break;
    case NOISE:
        memset(bytes, 0xff, SIZE);
        break;
    case RIGHT:
        break;
    }
    return span_of(bytes, SIZE);
}

static uint8_t all_met[SIZE];

/* Said, proved, judged: what it met, and whether it was misled. */
static enum status judge(struct scene *s, struct span *met, bool *misled, struct span bytes,
                         struct span said)
{
    const struct packet_known nobody = {0};
    struct packet_prepared *prepared = NULL;
    enum status status = STATUS_FAILED;
    cr_assert_eq(
        packet_prepare(&prepared, bytes, &s->world.trust, PACKET_FOR_REGISTER, &s->world.arena),
        ERR_OK);
    packet_tell(prepared, said);
    cr_assert_eq(packet_prove(&prepared, 1, NULL, &s->world.arena), ERR_OK);
    *met = span_of(all_met, 0);
    for (size_t i = 0; i < packet_named(prepared)->payment_count; i++, met->size += COMMITMENT_SIZE)
        memcpy(all_met + met->size, packet_named(prepared)->payments[i].commitment.bytes,
               COMMITMENT_SIZE);
    *misled = packet_was_misled(prepared);
    cr_assert_eq(
        packet_judge(&s->view, &status, prepared, &s->world.trust, &nobody, &s->world.arena),
        ERR_OK);
    return status;
}

static void play(const struct crypto *backend)
{
    static const struct {
        enum manner manner;
        bool misled;
    } rows[] = {
        {NOTHING, false},    {RIGHT, false},  {SHORT, false},      {LONG, false},
        {ONE_ABSENT, false}, {ONE_BIT, true}, {TWO_SWAPPED, true}, {NOISE, true},
    };
    struct scene s AUTO(scene_close);
    crypto_use(backend);
    scene_open(&s);
    const struct span bytes = world_packet_bytes(&s.world, &s.packet);
    const struct span right = world_met(&s.world, bytes);
    cr_assert_eq(right.size, SIZE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t said[SIZE + 1];
        struct span met = {NULL, 0};
        bool misled = false;
        expect_status(judge(&s, &met, &misled, bytes, say(said, rows[i].manner, right)), STATUS_OK);
        cr_expect(span_equal(met, right), "%s: row %zu", backend->name, i);
        cr_expect_eq(misled, rows[i].misled, "%s: row %zu", backend->name, i);
    }
}

Test(money, packet_told_right_or_wrong_is_the_same_verdict)
{
    play(&crypto_mbedtls);
    play(&crypto_libcrypto);
}

Test(money, packet_told_of_a_forgery)
{
    struct scene s AUTO(scene_close);
    struct span met = {NULL, 0};
    bool misled = false;
    crypto_use(&crypto_libcrypto);
    scene_open(&s);
    const struct span right = world_met(&s.world, world_packet_bytes(&s.world, &s.packet));
    s.packet.payments[SCENE_B_TO_C].signature.bytes[40] ^= 1;
    const struct span forged = world_packet_bytes(&s.world, &s.packet);
    expect_status(judge(&s, &met, &misled, forged, right), STATUS_SIGNATURE);
    cr_expect(misled); /* it was said to have been met */
    cr_expect_eq(met.size, SIZE);
    for (size_t i = 0; i < PAYMENTS; i++) {
        struct commitment one;
        memcpy(one.bytes, met.data + i * COMMITMENT_SIZE, COMMITMENT_SIZE);
        cr_expect_eq(commitment_is_known(&one), i != SCENE_B_TO_C, "%zu", i);
    }
}

/* Among others: each has its own, and what cannot be read, or proves nothing alone, has none. */
Test(money, packet_meet_of_many)
{
    struct scene s AUTO(scene_close);
    struct span met[3], packets[3];
    bool misled = true;
    scene_open(&s);
    packets[0] = world_packet_bytes(&s.world, &s.packet);
    packets[1] = span_text("no packet");
    s.packet.token_count = 0; /* whose coin the first payment spends, nothing tells */
    packets[2] = world_packet_bytes(&s.world, &s.packet);
    cr_assert_eq(packet_meet(met, packets, 3, &s.world.trust, &s.world.arena), ERR_OK);
    cr_expect(span_equal(met[0], world_met(&s.world, packets[0])));
    cr_expect_eq(met[0].size, SIZE);
    cr_expect_eq(met[1].size, 0);
    cr_assert_eq(met[2].size, SIZE);
    for (size_t i = 0; i < PAYMENTS; i++)
        cr_expect_eq(memcmp(met[2].data + i * COMMITMENT_SIZE, met[0].data + i * COMMITMENT_SIZE,
                            COMMITMENT_SIZE) == 0,
                     i == SCENE_B_TO_C || i == SCENE_C_TO_SHOP, "%zu", i);
    expect_status(judge(&s, &met[1], &misled, packets[1], span_text("")), STATUS_PARSE);
    cr_expect_not(misled);
}
