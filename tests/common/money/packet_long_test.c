/* Long packets: what the largest costs, what is larger, and how much each hop adds. */
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { HOPS = PACKET_PAYMENTS_MAX / PACKET_COINS_MAX, COIN_FEN = 100000 };
enum { FIRST_HAND_BYTES_MAX = 600, HOP_BYTES_MAX = 430 };

static struct world world;
static struct world_wallet people[PACKET_PAYMENTS_MAX + 1], shop;
static struct world_request request;

static void open_world(void)
{
    char name[16];
    world_open(&world);
    world.serial = 1000000000; /* as long as those of a billion coins */
    for (size_t i = 0; i <= PACKET_PAYMENTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "person %zu", i);
        world_wallet(&people[i], &world, name, i % 2 == 0 ? WORLD_BANK_A : WORLD_BANK_B);
    }
    world_wallet(&shop, &world, "shop", WORLD_BANK_A);
    world_request(&request, &world, &shop, COIN_FEN);
}

static void close_world(void)
{
    world_close(&world);
}

TestSuite(packet_long, .init = open_world, .fini = close_world);

/* A coin that went through the next `hops` people, each with a key of its own, to the shop. */
static void add_line(struct world_packet *packet, size_t *person, size_t hops)
{
    struct world_coin coin;
    world_token(&coin, &world, COIN_FEN, &people[*person]);
    for (size_t hop = 1; hop <= hops; hop++, (*person)++)
        world_pay(&coin, NULL, &world, &coin, hop == hops ? &shop : &people[*person + 1],
                  COIN_FEN - 10 * hop, &request.id);
    world_packet_add(packet, &coin);
}

static void put_all(struct buffer *out, const struct cose *items, size_t count)
{
    const uint8_t head[] = {0x98, (uint8_t)count};
    const uint8_t short_head = (uint8_t)(0x80 + count);
    cr_assert_eq(buffer_put(out, count < 24 ? span_of(&short_head, 1) : span_of(head, 2)), ERR_OK);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(buffer_put(out, world_bytes(&world, &items[i])), ERR_OK);
}

/* By hand: our encoder makes no packet that is too large. */
static enum status verify(const struct world_packet *packet, size_t *size)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct packet_view view;
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    const uint8_t head = 0x84, version = 1;
    enum status status = STATUS_FAILED;
    cr_assert_eq(buffer_put(&bytes, span_of(&head, 1)), ERR_OK);
    put_all(&bytes, packet->tokens, packet->token_count);
    put_all(&bytes, packet->payments, packet->payment_count);
    put_all(&bytes, packet->certificates, packet->certificate_count);
    cr_assert_eq(buffer_put(&bytes, span_of(&version, 1)), ERR_OK);
    *size = bytes.size;
    cr_assert_eq(packet_verify(&view, &status, buffer_span(&bytes), &world.trust, &options, &arena),
                 ERR_OK);
    return status;
}

/* Every payment signed by somebody else: 16 tokens, 64 payments, 64 certificates. */
static void make_longest(struct world_packet *packet)
{
    size_t person = 0;
    for (size_t coin = 0; coin < PACKET_COINS_MAX; coin++)
        add_line(packet, &person, HOPS);
    cr_assert_eq(packet->payment_count, PACKET_PAYMENTS_MAX);
    cr_assert_eq(packet->certificate_count, PACKET_PAYMENTS_MAX);
}

Test(packet_long, K3_the_longest_packet_is_checked_and_its_time_told)
{
    const struct crypto *const backends[] = {&crypto_libcrypto, &crypto_mbedtls};
    const char *const names[] = {"libcrypto", "mbedtls"};
    struct world_packet packet = {0};
    size_t size = 0;
    make_longest(&packet);
    for (size_t i = 0; i < 2; i++) {
        crypto_use(backends[i]);
        const clock_t start = clock();
        const enum status status = verify(&packet, &size);
        const double spent_ms = (double)(clock() - start) * 1e3 / CLOCKS_PER_SEC;
        cr_expect_eq(status, STATUS_OK);
        printf("K3: %d coins, %d payments, %zu bytes: %.1f ms of CPU time with %s\n",
               PACKET_COINS_MAX, PACKET_PAYMENTS_MAX, size, spent_ms, names[i]);
    }
    crypto_use(&crypto_libcrypto);
    cr_expect_lt(size, PACKET_SIZE_MAX);
}

Test(packet_long, K3_beyond_the_limits_it_is_refused)
{
    struct world_packet packet = {0};
    size_t size = 0, person = 0;
    make_longest(&packet);
    packet.payments[packet.payment_count++] = packet.payments[0];
    cr_expect_eq(verify(&packet, &size), STATUS_LIMIT, "a payment more");
    memset(&packet, 0, sizeof packet);
    for (size_t coin = 0; coin <= PACKET_COINS_MAX; coin++)
        add_line(&packet, &person, 1);
    cr_expect_eq(verify(&packet, &size), STATUS_LIMIT, "a coin more");
}

Test(packet_long, a_hop_adds_no_more_than_it_may)
{
    size_t before = 0;
    for (size_t hops = 1; hops <= world.policy.hops_max; hops++) {
        struct world_packet packet = {0};
        size_t size = 0, person = 0;
        add_line(&packet, &person, hops);
        cr_expect_eq(verify(&packet, &size), STATUS_OK);
        cr_expect_leq(size, hops == 1 ? FIRST_HAND_BYTES_MAX : before + HOP_BYTES_MAX,
                      "%zu hops: %zu bytes after %zu", hops, size, before);
        before = size;
    }
}
