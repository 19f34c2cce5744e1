/* The authentication centre: the log of certificates, the revocation list, what banks fetch. */
#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <string.h>

/* --- the log --- */

static struct logged entry_of(const struct world_wallet *wallet, const char *customer)
{
    struct logged entry = {.certificate = wallet->certificate_cose};
    const struct id hash = world_hash(customer);
    memcpy(entry.customer.bytes, hash.bytes, NONCE_SIZE);
    return entry;
}

static enum status log_entries(struct cast *cast, struct logged *entries, size_t count,
                               uint64_t bank_id)
{
    const struct log_body body = {.entries = {entries, count}};
    const struct bank bank = {.bank_id = bank_id};
    enum status status = STATUS_OK;
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(authority_log(&env, &status, &body, &bank));
    hall_end(&cast->hall);
    return status;
}

HALL_TEST(authority, one_key_one_bank_one_customer_for_ever)
{
    struct cast cast;
    struct world_wallet fresh, foreign, forged, bank_key, vault, desk, issuer;
    cast_open(&cast, kind);
    struct world *world = &cast.hall.world;
    world_wallet(&fresh, world, "fresh", WORLD_BANK_A);
    world_wallet(&foreign, world, "a", WORLD_BANK_B); /* a's key, certified by the other bank */
    forged = fresh;
    forged.certificate_cose.signature.bytes[3] ^= 1;
    struct {
        struct world_wallet *wallet;
        struct public_key key;
    } institutions[] = {
        {&bank_key, world->banks[1].bank_key.public_key},
        {&vault, world->banks[0].vault_key.public_key},
        {&desk, world->register_key.public_key},
        {&issuer, world->issuing.public_key},
    };
    for (size_t i = 0; i < 4; i++) {
        *institutions[i].wallet = fresh;
        institutions[i].wallet->certificate.wallet_key = institutions[i].key;
        world_certify(institutions[i].wallet, world);
    }
    const struct {
        const char *text;
        const struct world_wallet *wallet;
        const char *customer;
        uint64_t bank_id;
        enum status status;
    } rows[] = {
        {"logged again", &cast.a, "a", WORLD_BANK_A, STATUS_OK},
        {"for another customer", &cast.a, "somebody else", WORLD_BANK_A,
         STATUS_CERTIFIED_ELSEWHERE},
        {"by another bank", &foreign, "a", WORLD_BANK_B, STATUS_CERTIFIED_ELSEWHERE},
        {"a certificate of another bank", &fresh, "f", WORLD_BANK_B, STATUS_CERTIFICATE},
        {"forged", &forged, "f", WORLD_BANK_A, STATUS_CERTIFICATE},
        {"a bank's key", &bank_key, "f", WORLD_BANK_A, STATUS_CERTIFIED_ELSEWHERE},
        {"a vault's key", &vault, "f", WORLD_BANK_A, STATUS_CERTIFIED_ELSEWHERE},
        {"the register's key", &desk, "f", WORLD_BANK_A, STATUS_CERTIFIED_ELSEWHERE},
        {"the issuing key", &issuer, "f", WORLD_BANK_A, STATUS_CERTIFIED_ELSEWHERE},
        {"fresh", &fresh, "f", WORLD_BANK_A, STATUS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct logged entry = entry_of(rows[i].wallet, rows[i].customer);
        const size_t before = hall_count(&cast.hall, &tables_table_wallet_key);
        const enum status status = log_entries(&cast, &entry, 1, rows[i].bank_id);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, status_name(status));
        cr_assert_eq(hall_count(&cast.hall, &tables_table_wallet_key),
                     before + (rows[i].wallet == &fresh && status == STATUS_OK));
    }
    cast_close(&cast);
}

HALL_TEST(authority, all_entries_of_a_call_or_none)
{
    struct cast cast;
    struct world_wallet one, two;
    cast_open(&cast, kind);
    world_wallet(&one, &cast.hall.world, "one", WORLD_BANK_A);
    world_wallet(&two, &cast.hall.world, "two", WORLD_BANK_A);
    struct logged bad_last[] = {entry_of(&one, "1"), entry_of(&two, "2"), entry_of(&cast.a, "b")};
    struct logged contradictory[] = {entry_of(&one, "1"), entry_of(&two, "2"), entry_of(&one, "3")};
    struct logged good[] = {entry_of(&one, "1"), entry_of(&two, "2"), entry_of(&one, "1")};
    const struct id before = hall_snapshot(&cast.hall);
    HALL_STATUS(log_entries(&cast, bad_last, 3, WORLD_BANK_A), STATUS_CERTIFIED_ELSEWHERE);
    HALL_STATUS(log_entries(&cast, contradictory, 3, WORLD_BANK_A), STATUS_CERTIFIED_ELSEWHERE);
    const struct id after = hall_snapshot(&cast.hall);
    cr_assert(id_equal(&before, &after));
    HALL_STATUS(log_entries(&cast, good, 3, WORLD_BANK_A), STATUS_OK);
    bool found = false;
    struct wallet_key row = {0};
    struct register_env env = hall_begin(&cast.hall);
    HALL_OK(authority_wallet_key(&env, &found, &row, &two.pair.public_key));
    hall_end(&cast.hall);
    cr_assert(found);
    cr_assert_eq(row.bank_id, WORLD_BANK_A);
    cast_close(&cast);
}

/* --- the list --- */

static void fetch(struct fetch_reply *reply, struct cast *cast, uint64_t directory_version,
                  uint64_t revocations_version)
{
    const struct fetch_body body = {.directory_version = directory_version,
                                    .revocations_version = revocations_version};
    struct register_env env = hall_begin(&cast->hall);
    HALL_OK(authority_fetch(&env, reply, &body));
    hall_end(&cast->hall);
}

static void read_list(struct revocations *out, struct cast *cast, const struct cose *cose)
{
    HALL_OK(record_open(out, WORLD_NETWORK, KIND_REVOCATIONS, cose,
                        &cast->hall.world.revocation.public_key, &cast->hall.world.arena));
}

static bool names(const struct revocations *list, const struct world_wallet *wallet)
{
    const struct key_id key_id = crypto_key_id(&wallet->pair.public_key);
    for (size_t i = 0; i < list->entries.count; i++)
        if (span_equal(SPAN(list->entries.items[i].key_id), SPAN(key_id)))
            return true;
    return false;
}

HALL_TEST(authority, each_new_entry_is_a_new_version)
{
    struct cast cast;
    struct fetch_reply reply;
    struct revocations list;
    cast_open(&cast, kind);
    const struct world_wallet *const revoked[] = {&cast.a, &cast.q, &cast.a, &cast.p};
    static const uint64_t version[] = {2, 3, 3, 4};
    fetch(&reply, &cast, 0, 0);
    cr_assert(reply.has_revocations);
    read_list(&list, &cast, &reply.revocations);
    cr_assert_eq(list.version, 1);
    cr_assert_eq(list.entries.count, 0);
    for (size_t i = 0; i < 4; i++) {
        const struct key_id key_id = crypto_key_id(&revoked[i]->pair.public_key);
        enum status status = STATUS_STATE;
        bool is_revoked = false;
        uint64_t since = 0;
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(authority_revoke(&env, &status, &key_id, REVOKED_BY_OPERATOR));
        HALL_STATUS(status, STATUS_OK);
        HALL_OK(authority_revoked_version(&env, &is_revoked, &since, &revoked[i]->pair.public_key));
        hall_end(&cast.hall);
        cr_assert(is_revoked);
        cr_assert_eq(since, i == 2 ? 2 : version[i]); /* the version that first named it */
        fetch(&reply, &cast, 1, version[i] - 1);
        cr_assert(reply.has_revocations);
        cr_assert_not(reply.has_directory);
        read_list(&list, &cast, &reply.revocations);
        cr_assert_eq(list.version, version[i]);
        cr_assert(names(&list, revoked[i]));
        HALL_OK(trust_set_revocations(&cast.hall.world.trust, &reply.revocations,
                                      &cast.hall.world.arena)); /* a verifier takes it */
        fetch(&reply, &cast, 1, version[i]);
        cr_assert_not(reply.has_revocations);
    }
    cr_assert_eq(list.entries.count, 3);
    cast_close(&cast);
}

/* Many cases between two questions cost one signature: the list is signed when somebody asks. */
HALL_TEST(authority, the_same_version_is_the_same_bytes)
{
    struct cast cast;
    struct fetch_reply first, again;
    cast_open(&cast, kind);
    fetch(&first, &cast, 0, 0);
    cast.hall.now += 1000;
    fetch(&again, &cast, 0, 0);
    cr_assert(span_equal(world_bytes(&cast.hall.world, &first.revocations),
                         world_bytes(&cast.hall.world, &again.revocations)));
    cr_assert(span_equal(world_bytes(&cast.hall.world, &first.directory),
                         world_bytes(&cast.hall.world, &cast.hall.world.directory_cose)));
    cr_assert_eq(again.now, cast.hall.now);
    cast_close(&cast);
}

HALL_TEST(authority, a_bank_revokes_keys_of_its_own_customers_only)
{
    struct cast cast;
    cast_open(&cast, kind);
    const struct {
        const struct world_wallet *wallet;
        uint64_t bank_id;
        enum status status;
    } rows[] = {
        {&cast.a, WORLD_BANK_B, STATUS_FORBIDDEN},
        {&cast.x, WORLD_BANK_A, STATUS_FORBIDDEN},
        {&cast.vault_b, WORLD_BANK_B, STATUS_FORBIDDEN},
        {&cast.a, WORLD_BANK_A, STATUS_OK},
        {&cast.a, WORLD_BANK_A, STATUS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct revoke_body body = {.key = rows[i].wallet->pair.public_key, .reason = 3};
        const struct bank bank = {.bank_id = rows[i].bank_id};
        enum status status = STATUS_OK;
        struct register_env env = hall_begin(&cast.hall);
        HALL_OK(authority_revoke_call(&env, &status, &body, &bank));
        hall_end(&cast.hall);
        HALL_STATUS(status, rows[i].status);
        cr_assert_eq(cast_is_revoked(&cast, rows[i].wallet), status == STATUS_OK);
    }
    cr_assert_eq(hall_books(&cast.hall).revocations_version, 2);
    cast_close(&cast);
}
