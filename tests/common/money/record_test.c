/* Records: signed, named, opened; coins named. */
#include "tests/support/unhex.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <string.h>

#define WORLD(w)                                                                                   \
    struct world w AUTO(world_close);                                                              \
    world_open(&w)

/* What docs/PROTOCOL.md section 4.1 says, spelled out. */
Test(money, record_ids_as_written_down)
{
    static const uint8_t message[] = "dcep/1/dcep-test/token\0payload";
    struct span whole = span_of(message, sizeof message - 1), hashed[3];
    struct id expected = crypto_hash(&whole, 1);
    struct id id = record_id(WORLD_NETWORK, KIND_TOKEN, span_text("payload"));
    cr_expect(id_equal(&id, &expected));

    struct id root = record_coin_root(&id);
    hashed[0] = span_text("coin-root");
    hashed[1] = SPAN(id);
    expected = crypto_hash(hashed, 2);
    cr_expect(id_equal(&root, &expected));

    static const uint8_t index[] = {0x01, 0x02};
    struct id output = record_coin_output(&id, 0x0102);
    hashed[0] = span_text("coin");
    hashed[2] = span_of(index, 2);
    expected = crypto_hash(hashed, 3);
    cr_expect(id_equal(&output, &expected));
}

Test(money, record_signed_and_opened)
{
    WORLD(w);
    struct world_wallet alice;
    struct receipt receipt = {.request_id = world_hash("request"), .received_at = 7}, back;
    struct id_item item = {world_hash("payment")};
    world_wallet(&alice, &w, "alice", WORLD_BANK_A);
    receipt.payment_ids = (struct id_item_list){&item, 1};
    struct cose cose = world_sign(&w, KIND_RECEIPT, &receipt, &alice.pair);
    const struct public_key *key = &alice.pair.public_key;
    cr_assert_eq(record_open(&back, w.network, KIND_RECEIPT, &cose, key, &w.arena), ERR_OK);
    cr_expect(id_equal(&back.request_id, &receipt.request_id));
    cr_expect_eq(back.payment_ids.count, 1);

    struct cose tagged, broken = cose;
    cr_assert_eq(wire_decode_cose(&tagged, world_bytes(&w, &cose)), ERR_OK);
    cr_expect_eq(record_verify(w.network, KIND_RECEIPT, &tagged, key), ERR_OK);
    broken.signature.bytes[9] ^= 1;
    cr_expect_eq(record_open(&back, w.network, KIND_RECEIPT, &broken, key, &w.arena),
                 ERR_SIGNATURE);
    cr_expect_eq(back.received_at, 0, "nothing unverified is to be read");
    broken.payload.size--; /* what is broken is said before what is forged */
    cr_expect_eq(record_open(&back, w.network, KIND_RECEIPT, &broken, key, &w.arena), ERR_PARSE);
    struct public_key no_point = {{9}};
    cr_expect_eq(record_open(&back, w.network, KIND_RECEIPT, &cose, &no_point, &w.arena),
                 ERR_POINT);
}

Test(money, record_out_of_bounds_is_not_signed)
{
    WORLD(w);
    struct receipt empty = {.received_at = 7};
    struct cose cose;
    struct span bytes;
    cr_expect_eq(record_sign(&cose, w.network, KIND_RECEIPT, &empty, &w.root, &w.arena), ERR_LIMIT);
    cr_expect_eq(record_seal(&bytes, w.network, KIND_RECEIPT, &empty, &w.root, &w.arena),
                 ERR_LIMIT);
}

Test(money, record_statuses_of_errors)
{
    static const struct {
        enum err error;
        enum status status;
    } rows[] = {
        {ERR_OK, STATUS_OK},
        {ERR_PARSE, STATUS_PARSE},
        {ERR_CANONICAL, STATUS_CANONICAL},
        {ERR_LIMIT, STATUS_LIMIT},
        {ERR_RANGE, STATUS_RANGE},
        {ERR_VERSION, STATUS_VERSION},
        {ERR_NETWORK, STATUS_NETWORK},
        {ERR_KIND, STATUS_KIND},
        {ERR_POINT, STATUS_POINT},
        {ERR_SIGNATURE, STATUS_SIGNATURE},
        {ERR_IO, STATUS_FAILED},
        {ERR_MEMORY, STATUS_FAILED},
        {ERR_CRYPTO, STATUS_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(record_status(rows[i].error), rows[i].status, "%s", err_name(rows[i].error));
}
