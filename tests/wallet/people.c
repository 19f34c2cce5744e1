/* Alice, Bob and Carol (people.h). */
#include "tests/wallet/people.h"

#include <criterion/criterion.h>

struct world world;
struct town town;
struct folk alice, bob, carol;

static void open_all(uint64_t bank_of_bob)
{
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
    folk_open(&bob, &world, "bob", bank_of_bob);
    folk_open(&carol, &world, "carol", WORLD_BANK_A);
}

void people_open(void)
{
    world_open(&world);
    open_all(WORLD_BANK_B);
}

void people_open_limited(void)
{
    world_open(&world);
    world.policy.offline_payment_max = world_fen(50000);
    world.policy.offline_total_max = world_fen(100000);
    world_publish(&world);
    open_all(WORLD_BANK_B);
}

void people_open_in_town(void)
{
    world_open(&world);
    town_open(&town, &world);
    open_all(WORLD_BANK_A);
    town_serve(&town, &alice);
    town_serve(&town, &bob);
    town_serve(&town, &carol);
}

void people_close(void)
{
    folk_close(&alice);
    folk_close(&bob);
    folk_close(&carol);
    world_close(&world);
}

struct sync_report people_sync(struct folk *folk)
{
    struct sync_report report;
    cr_assert_eq(sync_all(&folk->wallet, &report), ERR_OK);
    return report;
}

struct sync_report people_sync_well(struct folk *folk)
{
    const struct sync_report report = people_sync(folk);
    cr_assert_eq(report.refused_count, 0, "%s", status_name(report.refusal));
    cr_assert_eq(report.pending_count, 0);
    cr_assert(!report.is_unreachable);
    cr_assert_eq(report.conflict_count, 0);
    cr_assert_eq(report.key_status, STATUS_OK);
    return report;
}
