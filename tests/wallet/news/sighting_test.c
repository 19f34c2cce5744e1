/* What sightings tell, and to whom. */
#include "wallet/news/sighting.h"

#include "tests/support/scene.h"
#include "tests/wallet/forker.h"
#include "tests/wallet/people.h"

#include <criterion/criterion.h>
#include <string.h>

static struct forker mallory;

static void open_people(void)
{
    people_open();
    forker_open(&mallory, &world, 2000);
}

TestSuite(sighting, .init = open_people, .fini = people_close);

static struct sightings sightings_in(struct span file)
{
    struct span body = {0};
    struct bundle bundle = {0};
    struct sightings out = {0};
    cr_assert_eq(wire_unwrap_expect(&body, file, world.network, KIND_BUNDLE), ERR_OK);
    cr_assert_eq(bundle_decode(&bundle, body, &world.arena), ERR_OK);
    const struct span last = bundle.messages.items[bundle.messages.count - 1].bytes;
    cr_assert_eq(wire_unwrap_expect(&body, last, world.network, KIND_SIGHTINGS), ERR_OK);
    cr_assert_eq(sightings_decode(&out, body, &world.arena), ERR_OK);
    return out;
}

Test(sighting, two_of_one_wallet_have_nothing_in_common_and_a_retry_is_the_same)
{
    enum status status;
    forker_pays_both(&mallory, &bob, &carol);
    folk_coin(&bob, 5);
    folk_coin(&bob, 7);
    const struct span invoice = folk_request(&carol, 5, NULL);
    const struct span packet = folk_pay(&bob, invoice, &status);
    cr_expect(span_equal(packet, folk_pay(&bob, invoice, &status)), "byte for byte");
    const struct sightings one = sightings_in(packet);
    const struct sightings two =
        sightings_in(folk_pay(&bob, folk_request(&alice, 7, NULL), &status));
    cr_expect_eq(one.tags.size, 16 * SIGHTING_SIZE, "one payment seen, fifteen tags of padding");
    for (size_t i = 0; i < one.tags.size; i += SIGHTING_SIZE)
        for (size_t j = 0; j < two.tags.size; j += SIGHTING_SIZE)
            cr_expect_neq(memcmp(one.tags.data + i, two.tags.data + j, 6), 0);
}

Test(sighting, their_number_tells_a_power_of_two)
{
    enum status status;
    for (uint64_t i = 0; i < 17; i++) {
        world_token(&mallory.coin, &world, 2000 + i, &mallory.wallet);
        folk_receive(&bob, forker_pays(&mallory, &bob, 100 + i));
    }
    folk_coin(&bob, 5);
    const struct span packet = folk_pay(&bob, folk_request(&carol, 5, NULL), &status);
    cr_expect_eq(sightings_in(packet).tags.size, 32 * SIGHTING_SIZE);
}

/* Beside which payment? One of another coin. */
static struct purse_plan other_payment(void)
{
    struct id id;
    enum status status;
    folk_coin(&bob, 5);
    folk_pay(&bob, folk_request(&carol, 5, &id), &status);
    expect_status(status, STATUS_OK);
    return folk_plan(&bob, &id);
}

static bool tells_on_day(const struct purse_plan *beside, uint64_t day)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct sightings out = {0};
    bool any = false;
    struct purse_env env = {.store = bob.wallet.store,
                            .trust = &bob.wallet.trust,
                            .now = day * UINT64_C(86400),
                            .arena = &arena};
    cr_assert_eq(store_begin(bob.wallet.store, STORE_READ), ERR_OK);
    cr_assert_eq(sighting_tell(&env, &any, &out, beside), ERR_OK);
    store_rollback(bob.wallet.store);
    return any;
}

Test(sighting, what_is_old_is_not_told)
{
    forker_pays_both(&mallory, &bob, &carol);
    const struct purse_plan plan = other_payment();
    cr_expect(tells_on_day(&plan, WORLD_TODAY));
    cr_expect(tells_on_day(&plan, WORLD_TODAY + SIGHTING_DAYS));
    cr_expect_not(tells_on_day(&plan, WORLD_TODAY + SIGHTING_DAYS + 1));
    cr_expect_not(tells_on_day(&plan, WORLD_TODAY - 1), "nor what a wrong clock dated to come");
    cr_expect_not(tells_on_day(&plan, 0));
}

Test(sighting, tags_out_of_order_or_of_another_size_are_ignored)
{
    struct news_answers answers;
    struct span message = {0};
    const char *const tags[] = {"bbbbbbbbaaaaaaaa", "aaaaaaaabbb"};
    forker_pays_both(&mallory, &bob, &carol);
    for (size_t i = 0; i < 2; i++) {
        struct buffer body AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
        const struct sightings value = {.tags = span_text(tags[i])};
        cr_assert_eq(sightings_encode(&body, &value), ERR_OK);
        cr_assert_eq(wire_wrap(&file, world.network, KIND_SIGHTINGS, buffer_span(&body)), ERR_OK);
        cr_assert_eq(news_hear(&bob.wallet, &message, &answers, buffer_span(&file), &world.arena),
                     ERR_OK);
        cr_expect_eq(bob.wallet.news.ignored_count, 1);
        cr_expect_eq(answers.count, 0);
    }
}

Test(sighting, what_the_packet_shows_is_not_told)
{
    enum status status;
    cr_assert_eq(folk_receive(&bob, forker_pays(&mallory, &bob, 600)).result, HANDOVER_TAKEN);
    const struct span packet = folk_pay(&bob, folk_request(&carol, 100, NULL), &status);
    cr_expect_eq(forker_kind(packet), KIND_PACKET, "its only payment is up the line");
}
