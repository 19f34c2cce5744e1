/* Any file: which kind it is, what is said of those that are none, of bundles, of kinds without a
 * row. */
#include "tests/wallet/look.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world world;
static struct folk alice;

static void open_people(void)
{
    world_open(&world);
    folk_open(&alice, &world, "alice", WORLD_BANK_A);
}

static void close_people(void)
{
    folk_close(&alice);
    world_close(&world);
}

TestSuite(inspect, .init = open_people, .fini = close_people);

Test(inspect, what_is_no_file_of_dcep)
{
    static const char *const files[] = {"", "hello", "\x83", "\x80"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct look look AUTO(look_fini) = {0};
        look_at(&look, &alice, span_text(files[i]));
        cr_expect_eq(look.exit_code, CLI_INVALID, "%zu", i);
        cr_expect(look.hint != NULL && strstr(look.hint, "ask for it again") != NULL);
        cr_expect_str_eq(look.text, "");
        cr_expect_str_eq(look_member(&look, "kind"), "");
    }
}

Test(inspect, a_file_of_another_network_is_not_read)
{
    struct look look AUTO(look_fini) = {0};
    const struct span file =
        look_file_signed(&world, KIND_BANK_CERTIFICATE, &world.trust.banks[0].cose);
    (void)snprintf(alice.wallet.trust.network, sizeof alice.wallet.trust.network, "elsewhere");
    look_at(&look, &alice, file);
    look_expect(&look, "NETWORK", "certificate of a bank\nnetwork dcep-test, ");
    cr_expect_null(strstr(look.text, "East Gate"));
}

/* Explained is what it is about; what travels beside it is named. */
Test(inspect, a_bundle)
{
    struct encoded_message messages[] = {
        {look_file_signed(&world, KIND_BANK_CERTIFICATE, &world.trust.banks[0].cose)},
        {look_file_signed(&world, KIND_DIRECTORY, &world.directory_cose)},
        {look_file_of(&world, KIND_SIGHTINGS, &(struct sightings){.salt = world_nonce(&world)})},
        {span_text("rubbish")},
    };
    const struct bundle bundle = {.messages = {.items = messages, .count = 4}};
    struct look look AUTO(look_fini) = {0};
    look_at(&look, &alice, look_file_of(&world, KIND_BUNDLE, &bundle));
    look_expect(&look, "OK", "beside it: directory of banks, keys and policy, ");
    look_expect(&look, "OK", "beside it: tags of payments seen, for early warning, ");
    look_expect(&look, "OK", "beside it: PARSE, 7 bytes\n");
    look_expect(&look, "OK", "certificate of a bank\n");
    cr_expect_eq(json_array_size(json_object_get(look.result, "beside")), 3);
    cr_expect_str_eq(look_member(&look, "kind"), "bank_certificate");
}

Test(inspect, a_bundle_of_rubbish)
{
    struct encoded_message messages[] = {{span_text("rubbish")}, {span_text("more")}};
    const struct bundle bundle = {.messages = {.items = messages, .count = 2}};
    struct look look AUTO(look_fini) = {0};
    look_at(&look, &alice, look_file_of(&world, KIND_BUNDLE, &bundle));
    cr_expect_eq(look.exit_code, CLI_INVALID);
}

/* Field by field; nobody but its receiver can tell whether it is genuine. */
Test(inspect, a_kind_without_a_row)
{
    const struct receipt receipt = {.payment_ids = {.items = &(struct id_item){{{7}}}, .count = 1},
                                    .received_at = WORLD_NOW};
    const struct cose cose = world_sign(&world, KIND_RECEIPT, &receipt, &alice.first.pair);
    struct look look AUTO(look_fini) = {0}, broken AUTO(look_fini) = {0};
    look_at(&look, &alice, look_file_signed(&world, KIND_RECEIPT, &cose));
    look_expect(&look, "OK", "received_at");
    look_expect(&look, "OK", "only its receiver can tell\n");
    look_at(&broken, &alice, look_file(&world, KIND_RECEIPT, span_text("\x80")));
    cr_expect_eq(broken.exit_code, CLI_INVALID, "%s", broken.text);
}
