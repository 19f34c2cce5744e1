/* A trial says what the payment after it does, and changes no row: over many seeded wallets. */
#include "tests/wallet/folk.h"

#include "tests/support/scene.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)
enum { SEEDS = 120, PEOPLE = 3, COINS_MAX = 24, HANDOVERS_MAX = 9 };

static struct world world;
static struct folk people[PEOPLE];
static uint64_t chance;

static void open_people(void)
{
    static const char *const names[PEOPLE] = {"alice", "bob", "carol"};
    world_open(&world);
    for (size_t i = 0; i < PEOPLE; i++)
        folk_open(&people[i], &world, names[i], i == 1 ? WORLD_BANK_B : WORLD_BANK_A);
}

static void close_people(void)
{
    for (size_t i = 0; i < PEOPLE; i++)
        folk_close(&people[i]);
    world_close(&world);
}

static uint64_t below(uint64_t bound)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance % bound;
}

/* Every row of every table, as bytes. */
static void all_rows(struct buffer *out, struct store *store)
{
    struct arena arena AUTO(arena_fini) = {0};
    OK(store_begin(store, STORE_READ));
    for (const struct table *const *table = wallet_schema.tables; *table != NULL; table++) {
        const struct store_query query = {.table = *table, .index_number = -1};
        struct list rows = {0};
        OK(store_list(store, &rows, &query, NULL, &arena));
        for (size_t i = 0; i < rows.count; i++)
            OK(wire_encode(out, (*table)->schema,
                           (const char *)rows.items + i * (*table)->schema->struct_size));
    }
    store_rollback(store);
}

static enum status try(struct handover_trial *trial, struct span invoice)
{
    struct buffer before AUTO(buffer_fini) = {0}, after AUTO(buffer_fini) = {0};
    enum status status = STATUS_FAILED;
    all_rows(&before, people[0].wallet.store);
    OK(handover_trial(&people[0].wallet, trial, &status, invoice, &world.arena));
    all_rows(&after, people[0].wallet.store);
    cr_assert(before.size > 0 && span_equal(buffer_span(&before), buffer_span(&after)),
              "a row changed");
    return status;
}

/* A wallet with a past: coins of many amounts, some of them through other hands; policy, clock and
 * what was paid before vary. */
static void live(uint64_t seed)
{
    chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    open_people();
    const size_t coins = below(COINS_MAX), handovers = below(HANDOVERS_MAX);
    for (size_t i = 0; i < coins; i++)
        folk_coin(&people[below(PEOPLE)], 1 + below(4000));
    for (size_t i = 0; i < handovers; i++) {
        struct folk *payer = &people[below(PEOPLE)], *payee = &people[below(PEOPLE)];
        enum status status = STATUS_OK;
        if (payer == payee || folk_spendable(payer) == 0)
            continue;
        const struct span invoice = folk_request(payee, 1 + below(folk_spendable(payer)), NULL);
        const struct span packet = folk_pay(payer, invoice, &status);
        if (status == STATUS_OK)
            folk_receive(payee, packet);
    }
    world.policy.hops_max = 1 + below(5);
    world.policy.depth_max = 1 + below(9);
    world.policy.offline_payment_max = world_fen(1 + below(20000));
    world.policy.offline_total_max = world_fen(1 + below(40000));
    world.directory.version = 2;
    world_publish(&world);
    if (below(3) == 0) { /* what went through her hands is refused from now on */
        const struct key_id carols = crypto_key_id(&people[2].first.pair.public_key);
        world_revoke(&world, &carols);
    }
    const struct cose *list = world.revocations.version > 0 ? &world.revocations_cose : NULL;
    for (size_t i = 0; i < PEOPLE; i++)
        OK(wallet_believe(&people[i].wallet, &world.directory_cose, list));
    if (below(10) == 0)
        people[0].wallet.now += UINT64_C(86400) * below(12);
    people[1].wallet.now = people[0].wallet.now;
}

Test(handover_trial, agrees_with_pay_over_many_seeded_wallets)
{
    size_t paid = 0, refused = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct handover_trial trial;
        enum status status = STATUS_FAILED;
        live(seed);
        const struct span invoice =
            folk_request(&people[1], 1 + below(folk_spendable(&people[0]) * 9 / 8 + 50), NULL);
        const enum status tried = try(&trial, invoice);
        const struct span packet = folk_pay(&people[0], invoice, &status);
        cr_expect_eq(tried, status, "seed %llu: trial %s, pay %s", (unsigned long long)seed,
                     status_name(tried), status_name(status));
        cr_expect_eq(trial.size, packet.size, "seed %llu", (unsigned long long)seed);
        paid += status == STATUS_OK;
        refused += status != STATUS_OK;
        if (status == STATUS_OK) { /* once more: it is paid already, the same bytes */
            expect_status(try(&trial, invoice), STATUS_OK);
            cr_expect(trial.offer.is_repeat && trial.size == packet.size);
        }
        close_people();
    }
    cr_expect_gt(paid, SEEDS / 4);
    cr_expect_gt(refused, SEEDS / 8);
}

Test(handover_trial, payable_is_the_most)
{
    size_t some = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct handover_trial trial;
        struct amount most = amount_zero();
        live(seed);
        OK(handover_payable(&people[0].wallet, &most, &world.arena));
        const uint64_t fen = amount_fen(most);
        if (fen > 0)
            expect_status(try(&trial, folk_request(&people[1], fen, NULL)), STATUS_OK);
        cr_expect_neq(try(&trial, folk_request(&people[1], fen + 1, NULL)), STATUS_OK,
                      "seed %llu: %llu and more", (unsigned long long)seed,
                      (unsigned long long)fen);
        some += fen > 0;
        close_people();
    }
    cr_expect_gt(some, SEEDS / 2);
    cr_expect_lt(some, SEEDS);
}

Test(handover_trial, says_what_is_handed_over, .init = open_people, .fini = close_people)
{
    struct handover_trial trial;
    folk_coin(&people[0], 500);
    folk_coin(&people[0], 200);
    expect_status(try(&trial, folk_request(&people[1], 650, NULL)), STATUS_OK);
    cr_expect_eq(trial.coin_count, 2);
    cr_expect_eq(trial.hops_max, 1);
    cr_expect_eq(amount_fen(trial.change), 50);
    cr_expect_eq(amount_fen(trial.offer.spendable_after), 50);
    expect_status(try(&trial, folk_request(&people[1], 701, NULL)), STATUS_FUNDS);
    cr_expect_eq(trial.size, 0);
}

/* Asked again for what is signed, and settled since: the same figures. */
Test(handover_trial, a_repeat_is_measured_as_the_first_time)
{
    open_people();
    struct handover_trial first, repeat;
    enum status status = STATUS_OK;
    struct id request_id;
    folk_coin(&people[0], 1000);
    const struct span invoice = folk_request(&people[1], 300, &request_id);
    expect_status(try(&first, invoice), STATUS_OK);
    cr_assert_eq(first.hops_max, 1);
    cr_assert_eq(amount_fen(first.change), 700);
    folk_pay(&people[0], invoice, &status);
    expect_status(try(&repeat, invoice), STATUS_OK);
    cr_expect_eq(repeat.coin_count, first.coin_count);
    cr_expect_eq(repeat.hops_max, first.hops_max);
    cr_expect_eq(amount_fen(repeat.change), amount_fen(first.change));
    cr_expect_eq(repeat.size, first.size);
    close_people();
}
