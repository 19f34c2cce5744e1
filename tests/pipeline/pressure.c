/* Three times what may wait, and calls that come twice.
 *
 * Overload: calls of 2.8 MiB in all are put at once, 1 MiB may wait. What is refused is told BUSY,
 * in this moment and not when its turn comes; what is answered otherwise is in the rows; who asks
 * again until he is not refused loses nothing.
 * Repeated: the same payments in the same bytes cost no verification; with another signature they
 * are verified, and the rows decide. */
#include "tests/pipeline/pressure.h"

#include "common/money/call.h"
#include "tests/pipeline/crowd.h"

#include <stdatomic.h>
#include <string.h>

enum { TRIES_MAX = 50, TAMPERED = 7 };

/* ---- a backend that counts ---- */

static atomic_size_t verified;

static enum err count_and_verify(struct crypto_check *checks, size_t count)
{
    atomic_fetch_add(&verified, count);
    return crypto_libcrypto.verify_many(checks, count);
}

static void count_from_now_on(void)
{
    static struct crypto counting;
    counting = crypto_libcrypto;
    counting.verify_many = count_and_verify;
    crypto_use(&counting);
}

/* ---- overload ---- */

/* Which calls are still to be handed in. */
static size_t still_waiting(struct wanted **out, struct wanted **calls, size_t count,
                            size_t *settled, bool has_pace)
{
    size_t left = 0, refused = 0;
    for (size_t i = 0; i < count; i++) {
        const enum status status = crowd_read_answer(calls[i], settled, &refused);
        house_check(status == STATUS_OK || status == STATUS_BUSY, "answered, or busy", status);
        if (status != STATUS_BUSY)
            continue;
        house_check(!has_pace || call_retry_ms(buffer_span(&calls[i]->reply)) > 0,
                    "told when to ask again, once that is known", i);
        out[left++] = calls[i];
    }
    house_check(refused == 0, "no packet is refused", refused);
    return left;
}

void pressure_overload(void)
{
    static struct world_coin coins[CROWD_MAX * PACKETS];
    static struct wanted calls[CROWD_MAX];
    struct wanted *left[CROWD_MAX];
    struct world world AUTO(world_close);
    struct world_wallet owner, payee;
    struct bank_house house;
    size_t count = CROWD_MAX, settled = 0, busy = 0;
    world_open(&world);
    crypto_use(&crypto_libcrypto);
    world.arena.limit = SIZE_MAX;
    world_wallet(&owner, &world, "owner", WORLD_BANK_A);
    world_wallet(&payee, &world, "payee", WORLD_BANK_A);
    house_open(&house, &world, 2);
    house_mint(&house, coins, CROWD_MAX * PACKETS, &owner);
    for (size_t i = 0; i < CROWD_MAX; i++) {
        house_settle(&calls[i], &world, &coins[i * PACKETS], PACKETS, &payee, i % 2);
        left[i] = &calls[i];
    }
    for (size_t i = 0; count > 0 && i < TRIES_MAX; i++) {
        crowd_hand_in(&house, left, count);
        count = still_waiting(left, left, count, &settled, i > 0);
        busy += count;
        house_check(settled == house_count(&house, &tables_table_spend),
                    "what was acknowledged is in the rows, and nothing else", i);
    }
    house_check(busy > 0, "some were told that the register is busy", busy);
    house_check(count == 0 && settled == CROWD_MAX * PACKETS, "who asks again loses nothing",
                settled);
    house_check_books(&house, 0);
    house_finish(calls, CROWD_MAX);
    house_close(&house);
}

/* ---- repeated ---- */

static void check_call(struct bank_house *house, struct wanted *call, size_t verifications,
                       const char *what)
{
    size_t settled = 0, refused = 0;
    const size_t before = atomic_load(&verified);
    crowd_hand_in(house, &call, 1);
    const enum status status = crowd_read_answer(call, &settled, &refused);
    house_check(atomic_load(&verified) - before == verifications, what,
                atomic_load(&verified) - before);
    house_check(status == STATUS_OK && settled == PACKETS && refused == 0, "and is answered",
                settled);
}

/* The same payments in another call, which the bank signs too; with `forge`, the signature of the
 * payments is another. */
static void settle_again(struct wanted *out, struct world *world, const struct world_coin *paid,
                         bool forge)
{
    struct blob_item items[PACKETS];
    for (size_t i = 0; i < PACKETS; i++) {
        struct world_packet packet = {0};
        world_packet_add(&packet, &paid[i]);
        packet.certificate_count = 0;
        if (forge)
            packet.payments[0].signature.bytes[TAMPERED] ^= 1;
        items[i].bytes = world_packet_bytes(world, &packet);
    }
    house_seal(out, world, VERB_SETTLE, &(struct settle_body){.packets = {items, PACKETS}}, 0);
}

void pressure_repeated(void)
{
    static struct world_coin coins[PACKETS], paid[PACKETS];
    struct wanted calls[3];
    struct world world AUTO(world_close);
    struct world_wallet owner, payee;
    struct bank_house house;
    world_open(&world);
    count_from_now_on();
    world.arena.limit = SIZE_MAX;
    world_wallet(&owner, &world, "owner", WORLD_BANK_A);
    world_wallet(&payee, &world, "payee", WORLD_BANK_A);
    house_open(&house, &world, 2);
    house_mint(&house, coins, PACKETS, &owner);
    for (size_t i = 0; i < PACKETS; i++)
        world_pay(&paid[i], NULL, &world, &coins[i], &payee, COIN_FEN, NULL);
    for (size_t i = 0; i < 3; i++)
        settle_again(&calls[i], &world, paid, i == 2);
    check_call(&house, &calls[0], PACKETS, "each payment is verified");
    check_call(&house, &calls[0], 0, "the same call is not verified again");
    check_call(&house, &calls[1], 0, "nor are the same payments in another call");
    check_call(&house, &calls[2], PACKETS, "but with another signature they are");
    house_check(house_count(&house, &tables_table_spend) == PACKETS, "one spend each", 0);
    house_check_books(&house, 0);
    house_finish(calls, 3);
    house_close(&house);
    crypto_use(&crypto_libcrypto);
}
