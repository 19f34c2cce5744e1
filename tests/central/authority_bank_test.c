/* Enrolment and the directory: what the root key is asked to sign, and what is believed when it
 * comes back. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>

/* --- enrolment --- */

static struct span enrol_as(struct cast *cast, const struct key_pair *bank_key,
                            const struct key_pair *vault_key, const struct key_pair *bank_signer,
                            const struct key_pair *vault_signer)
{
    struct world *world = &cast->hall.world;
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span kept = {NULL, 0};
    const struct bank_request request = {.name = span_text("Third Bank"),
                                         .bank_key = bank_key->public_key,
                                         .vault_key = vault_key->public_key,
                                         .tls_public_key = span_text("pem"),
                                         .made_at = cast->hall.now};
    const struct enrollment enrollment = {
        .by_bank_key = world_sign(world, KIND_BANK_REQUEST, &request, bank_signer),
        .by_vault_key = world_sign(world, KIND_BANK_REQUEST, &request, vault_signer)};
    HALL_OK(enrollment_encode(&bytes, &enrollment));
    HALL_OK(arena_copy(&world->arena, &kept, buffer_span(&bytes)));
    return kept;
}

static enum status read_enrolment(struct authority_enrolment *out, struct cast *cast,
                                  struct span bytes)
{
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(authority_enrolment_read(&env, &status, out, bytes, 365));
    hall_end(&cast->hall);
    return status;
}

HALL_TEST(authority_bank, enrolment_wants_both_keys_and_new_ones)
{
    struct cast cast;
    struct authority_enrolment enrolment;
    cast_open(&cast, kind);
    struct world *world = &cast.hall.world;
    const struct key_pair bank = world_key("third bank"), vault = world_key("third vault");
    struct key_pair off_curve = vault;
    off_curve.public_key.bytes[0] = 4;
    const struct {
        const char *text;
        const struct key_pair *bank, *vault, *bank_signer, *vault_signer;
        enum status status;
    } rows[] = {
        {"good", &bank, &vault, &bank, &vault, STATUS_OK},
        {"not signed by the vault key", &bank, &vault, &bank, &bank, STATUS_SIGNATURE},
        {"not signed by the bank key", &bank, &vault, &vault, &vault, STATUS_SIGNATURE},
        {"one key for both", &bank, &bank, &bank, &bank, STATUS_SIGNATURE},
        {"off the curve", &bank, &off_curve, &bank, &vault, STATUS_POINT},
        {"a bank's key", &world->banks[0].bank_key, &vault, &world->banks[0].bank_key, &vault,
         STATUS_CERTIFIED_ELSEWHERE},
        {"a vault's key", &bank, &world->banks[1].vault_key, &bank, &world->banks[1].vault_key,
         STATUS_CERTIFIED_ELSEWHERE},
        {"a customer's key", &bank, &cast.a.pair, &bank, &cast.a.pair, STATUS_CERTIFIED_ELSEWHERE},
        {"the register's key", &world->register_key, &vault, &world->register_key, &vault,
         STATUS_CERTIFIED_ELSEWHERE},
        {"the issuing key", &bank, &world->issuing, &bank, &world->issuing,
         STATUS_CERTIFIED_ELSEWHERE},
        {"the root key", &world->root, &vault, &world->root, &vault, STATUS_CERTIFIED_ELSEWHERE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct span bytes =
            enrol_as(&cast, rows[i].bank, rows[i].vault, rows[i].bank_signer, rows[i].vault_signer);
        const enum status status = read_enrolment(&enrolment, &cast, bytes);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, status_name(status));
        cr_assert_eq(enrolment.certificate.bank_id, status == STATUS_OK ? WORLD_BANKS + 1 : 0);
    }
    HALL_STATUS(read_enrolment(&enrolment, &cast, span_text("\x01")), STATUS_PARSE);
    cast_close(&cast);
}

/* Two requests, each signed by one of the keys: nobody holds both. */
HALL_TEST(authority_bank, both_keys_must_sign_the_same_request)
{
    struct cast cast;
    struct authority_enrolment enrolment;
    struct buffer bytes AUTO(buffer_fini) = {0};
    cast_open(&cast, kind);
    struct world *world = &cast.hall.world;
    const struct key_pair bank = world_key("third bank"), vault = world_key("third vault");
    struct bank_request request = {.name = span_text("Third Bank"),
                                   .bank_key = bank.public_key,
                                   .vault_key = vault.public_key,
                                   .tls_public_key = span_text("pem"),
                                   .made_at = cast.hall.now};
    struct enrollment mixed = {.by_bank_key =
                                   world_sign(world, KIND_BANK_REQUEST, &request, &bank)};
    request.name = span_text("Another Bank");
    mixed.by_vault_key = world_sign(world, KIND_BANK_REQUEST, &request, &vault);
    HALL_OK(enrollment_encode(&bytes, &mixed));
    HALL_STATUS(read_enrolment(&enrolment, &cast, buffer_span(&bytes)), STATUS_SIGNATURE);
    cast_close(&cast);
}

/* --- the directory --- */

static enum status accept(struct cast *cast, const struct directory *directory,
                          const struct key_pair *signer)
{
    struct world *world = &cast->hall.world;
    const struct cose cose = world_sign(world, KIND_DIRECTORY, directory, signer);
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(
        authority_directory_accept(&env, &status, &world->root.public_key, WORLD_NETWORK, &cose));
    hall_end(&cast->hall);
    return status;
}

/* The next directory, with a third bank in it. */
static void draft_with(struct directory *out, struct cast *cast, const struct key_pair *root)
{
    struct world *world = &cast->hall.world;
    struct authority_enrolment enrolment;
    static struct signed_item certificates[WORLD_BANKS + 1];
    const struct key_pair bank = world_key("third bank"), vault = world_key("third vault");
    HALL_STATUS(read_enrolment(&enrolment, cast, enrol_as(cast, &bank, &vault, &bank, &vault)),
                STATUS_OK);
    for (size_t i = 0; i < WORLD_BANKS; i++)
        certificates[i] = world->directory.bank_certificates.items[i];
    certificates[WORLD_BANKS].record =
        world_sign(world, KIND_BANK_CERTIFICATE, &enrolment.certificate, root);
    const struct signed_item_list list = {certificates, WORLD_BANKS + 1};
    const struct authority_draft_options options = {.bank_certificates = &list, .valid_days = 30};
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(authority_directory_draft(&env, out, &options));
    hall_end(&cast->hall);
}

HALL_TEST(authority_bank, a_draft_comes_back_signed)
{
    struct cast cast;
    struct directory draft;
    struct cose newest = {.payload = {NULL, 0}};
    cast_open(&cast, kind);
    draft_with(&draft, &cast, &cast.hall.world.root);
    cr_assert_eq(draft.version, 2);
    cr_assert_eq(draft.not_after, cast.hall.now + 30 * UINT64_C(86400));
    struct directory same = draft, later = draft;
    same.version = 1;
    later.version = 3;
    const struct id before = hall_snapshot(&cast.hall);
    HALL_STATUS(accept(&cast, &draft, &cast.hall.world.issuing), STATUS_SIGNATURE);
    HALL_STATUS(accept(&cast, &same, &cast.hall.world.root), STATUS_VERSION);
    HALL_STATUS(accept(&cast, &later, &cast.hall.world.root), STATUS_VERSION);
    const struct id after = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&before, &after));
    HALL_STATUS(accept(&cast, &draft, &cast.hall.world.root), STATUS_OK);
    HALL_STATUS(accept(&cast, &draft, &cast.hall.world.root), STATUS_VERSION); /* not twice */
    const struct bank third = hall_bank(&cast.hall, WORLD_BANKS + 1);
    cr_assert(amount_is_zero(third.reserve));
    cr_assert(span_equal(third.name, span_text("Third Bank")));
    cr_assert_eq(hall_books(&cast.hall).next_bank_id, WORLD_BANKS + 2);
    cr_assert_eq(amount_fen(hall_bank(&cast.hall, WORLD_BANK_A).reserve), 900000); /* kept */
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(authority_directory(&env, &newest));
    hall_end(&cast.hall);
    struct directory read = {0};
    HALL_OK(directory_decode(&read, newest.payload, &cast.hall.world.arena));
    cr_assert_eq(read.version, 2);
    cast_close(&cast);
}

HALL_TEST(authority_bank, a_bank_that_the_root_did_not_sign_is_no_bank)
{
    struct cast cast;
    struct directory draft;
    cast_open(&cast, kind);
    draft_with(&draft, &cast, &cast.hall.world.issuing);
    HALL_STATUS(accept(&cast, &draft, &cast.hall.world.root), STATUS_SIGNATURE);
    cr_assert_eq(hall_count(&cast.hall, &tables_table_bank), WORLD_BANKS);
    cast_close(&cast);
}

HALL_TEST(authority_bank, a_new_policy_and_the_first_one)
{
    struct cast cast;
    struct directory draft;
    struct policy policy;
    cast_open(&cast, kind);
    HALL_OK(authority_first_policy(&policy, &cast.hall.world.arena));
    cr_assert_eq(policy.tiers.count, 4);
    cr_assert_eq(amount_fen(policy.offline_payment_max), 50000);
    cr_assert_eq(amount_fen(policy.offline_total_max), 100000);
    cr_assert_eq(amount_fen(policy.compensation_max), 1000000);
    cr_assert_eq(policy.hops_max, 5);
    cr_assert_eq(policy.depth_max, 16);
    cr_assert_eq(policy.spend_by_days, 90);
    cr_assert_eq(policy.redeem_by_days, 30);
    policy.hops_max = 9;
    const struct authority_draft_options options = {.policy = &policy, .valid_days = 1};
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(authority_directory_draft(&env, &draft, &options));
    hall_end(&cast.hall);
    HALL_STATUS(accept(&cast, &draft, &cast.hall.world.root), STATUS_OK);
    cr_assert_eq(draft.policy.hops_max, 9);
    cr_assert_eq(draft.bank_certificates.count, WORLD_BANKS);
    cast_close(&cast);
}
