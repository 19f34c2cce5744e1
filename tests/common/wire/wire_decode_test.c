/* The decoder against every declared record: round trips of seeded values, cuts at each byte, flips
 * of each bit; and a table of what the second pass refuses. */
#include "common/wire/wire.h"
#include "tests/support/fill.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <string.h>

/* Accepted bytes must be written the same again; a refusal is one of the malformed class. */
static enum err decode_checked(const struct schema *schema, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer again AUTO(buffer_fini) = {0};
    void *value;
    cr_assert(arena_alloc(&arena, &value, 1, schema->struct_size) == ERR_OK);
    enum err verdict = wire_decode(schema, value, bytes, &arena);
    if (verdict != ERR_OK) {
        cr_assert(err_class(verdict) == ERR_CLASS_MALFORMED, "%s", err_name(verdict));
        return verdict;
    }
    cr_assert(wire_encode(&again, schema, value) == ERR_OK, "%s", schema->name);
    cr_assert(span_equal(buffer_span(&again), bytes), "%s is written otherwise", schema->name);
    return ERR_OK;
}

static void encode_seeded(struct buffer *out, const struct schema *schema, uint64_t seed)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct fill fill = {seed, &arena};
    cr_assert(wire_encode(out, schema, fill_new(&fill, schema)) == ERR_OK, "%s seed %lu",
              schema->name, (unsigned long)seed);
}

Test(wire_decode, every_record_round_trips)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        for (uint64_t seed = 0; seed < 100; seed++) {
            struct buffer bytes AUTO(buffer_fini) = {0};
            encode_seeded(&bytes, *schema, seed);
            cr_assert(decode_checked(*schema, buffer_span(&bytes)) == ERR_OK, "%s seed %lu",
                      (*schema)->name, (unsigned long)seed);
        }
    }
}

Test(wire_decode, I9_cut_at_every_byte)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        struct buffer bytes AUTO(buffer_fini) = {0};
        encode_seeded(&bytes, *schema, 3);
        for (size_t size = 0; size < bytes.size; size++)
            cr_assert(decode_checked(*schema, span_of(bytes.data, size)) == ERR_PARSE, "%s at %zu",
                      (*schema)->name, size);
    }
}

Test(wire_decode, I6_trailing_byte)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        struct buffer bytes AUTO(buffer_fini) = {0};
        encode_seeded(&bytes, *schema, 4);
        size_t size = bytes.size;
        cr_assert(buffer_put(&bytes, span_of("\0", 1)) == ERR_OK);
        cr_assert(decode_checked(*schema, buffer_span(&bytes)) == ERR_PARSE);
        bytes.size = size;
        encode_seeded(&bytes, *schema, 4);
        cr_assert(decode_checked(*schema, buffer_span(&bytes)) == ERR_PARSE, "%s twice",
                  (*schema)->name);
    }
}

Test(wire_decode, I10_every_bit_flipped)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        struct buffer bytes AUTO(buffer_fini) = {0};
        encode_seeded(&bytes, *schema, 5);
        for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
            bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            (void)decode_checked(*schema, buffer_span(&bytes));
            bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

#define NONCE_16 "50 000102030405060708090a0b0c0d0e0f"
#define BYTES_8 "48 0001020304050607"
#define BYTES_32 "5820 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BYTES_33 "5821 020102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

struct row {
    const char *name;
    const struct schema *schema;
    const char *bytes;
    enum err verdict;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        enum err verdict = decode_checked(rows[i].schema, unhex(&arena, rows[i].bytes));
        cr_expect(verdict == rows[i].verdict, "%s: %s instead of %s", rows[i].name,
                  err_name(verdict), err_name(rows[i].verdict));
    }
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof rows[0])

#define REDEEM &message_redeem
#define DEPOSIT &message_deposit_request_body

Test(wire_decode, C5_amounts)
{
    static const struct row rows[] = {
        {"1 fen", DEPOSIT, "82" NONCE_16 "01", ERR_OK},
        {"2^53-1", DEPOSIT, "82" NONCE_16 "1b001fffffffffffff", ERR_OK},
        {"C4 zero", DEPOSIT, "82" NONCE_16 "00", ERR_RANGE},
        {"2^53", DEPOSIT, "82" NONCE_16 "1b0020000000000000", ERR_RANGE},
        {"2^63", DEPOSIT, "82" NONCE_16 "1b8000000000000000", ERR_RANGE},
        {"2^64-1", DEPOSIT, "82" NONCE_16 "1bffffffffffffffff", ERR_RANGE},
        {"-1", DEPOSIT, "82" NONCE_16 "20", ERR_PARSE},
        {"-2^64", DEPOSIT, "82" NONCE_16 "3bffffffffffffffff", ERR_PARSE},
        {"1.0", DEPOSIT, "82" NONCE_16 "f93c00", ERR_PARSE},
        {"bignum", DEPOSIT, "82" NONCE_16 "c24101", ERR_PARSE},
        {"decimal fraction", DEPOSIT, "82" NONCE_16 "c4820001", ERR_PARSE},
        {"text", DEPOSIT, "82" NONCE_16 "6131", ERR_PARSE},
        {"bytes", DEPOSIT, "82" NONCE_16 "4101", ERR_PARSE},
        {"null", DEPOSIT, "82" NONCE_16 "f6", ERR_PARSE},
        {"an account may be empty", &message_account_reply, "83000000", ERR_OK},
    };
    CHECK_ROWS(rows);
}

Test(wire_decode, I7_fields_and_versions)
{
    static const struct row rows[] = {
        {"as declared", REDEEM, "85 01 01 01" NONCE_16 "00", ERR_OK},
        {"a field more", REDEEM, "86 01 01 01" NONCE_16 "00 00", ERR_PARSE},
        {"a field less", REDEEM, "84 01 01 01" NONCE_16, ERR_PARSE},
        {"no field", REDEEM, "80", ERR_PARSE},
        {"fields swapped", REDEEM, "85 01" NONCE_16 "01 01 00", ERR_PARSE},
        {"not an array", REDEEM, "01", ERR_PARSE},
        {"null", REDEEM, "f6", ERR_PARSE},
        {"a map", REDEEM, "a0", ERR_PARSE},
        {"in a tag", REDEEM, "d2 85 01 01 01" NONCE_16 "00", ERR_PARSE},
        {"in a byte string", REDEEM, "56 85 01 01 01" NONCE_16 "00", ERR_PARSE},
        {"version 0", REDEEM, "85 00 01 01" NONCE_16 "00", ERR_VERSION},
        {"version 2", REDEEM, "85 02 01 01" NONCE_16 "00", ERR_VERSION},
        {"version 2^64-1", REDEEM, "85 1bffffffffffffffff 01 01" NONCE_16 "00", ERR_VERSION},
        {"version 2 with other fields", REDEEM, "83 02 f6 80", ERR_VERSION},
        {"version as text", REDEEM, "85 6131 01 01" NONCE_16 "00", ERR_PARSE},
        {"version null", REDEEM, "85 f6 01 01" NONCE_16 "00", ERR_PARSE},
        {"bank 0", REDEEM, "85 01 00 01" NONCE_16 "00", ERR_RANGE},
        {"time 2^53", REDEEM, "85 01 01 01" NONCE_16 "1b0020000000000000", ERR_RANGE},
        {"the first fault decides", REDEEM, "85 01 00 00 40 f6", ERR_RANGE},
        {"the first pass decides before", REDEEM, "85 02 00 00 40 1801", ERR_CANONICAL},
    };
    CHECK_ROWS(rows);
}

Test(wire_decode, I11_sizes_of_keys_and_hashes)
{
    static const struct row rows[] = {
        {"key of 33", &message_key_item, BYTES_33, ERR_OK},
        {"key of 32", &message_key_item, BYTES_32, ERR_PARSE},
        {"key of 34", &message_key_item, "5822 00" BYTES_32, ERR_PARSE},
        {"key of 0", &message_key_item, "40", ERR_PARSE},
        {"key of 65", &message_key_item, "5841 04" BYTES_32 BYTES_32, ERR_PARSE},
        {"hash of 32", &message_id_item, BYTES_32, ERR_OK},
        {"hash of 31", &message_id_item,
         "581f 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e", ERR_PARSE},
        {"hash of 33", &message_id_item, BYTES_33, ERR_PARSE},
        {"hash of 0", &message_id_item, "40", ERR_PARSE},
        {"hash as text", &message_id_item,
         "7820 6162636465666768696a6b6c6d6e6f707172737475767778797a303132333435", ERR_PARSE},
        {"key id of 8", &message_revocation, "84" BYTES_8 "00 00 00", ERR_OK},
        {"key id of 9", &message_revocation, "84 49 000000000000000000 00 00 00", ERR_PARSE},
        {"nonce of 15", DEPOSIT, "82 4f 000102030405060708090a0b0c0d0e 01", ERR_PARSE},
        {"nonce of 17", DEPOSIT, "82 51 000102030405060708090a0b0c0d0e0f10 01", ERR_PARSE},
    };
    CHECK_ROWS(rows);
}

Test(wire_decode, lists_texts_and_nulls)
{
#define OUTPUT "82 01" BYTES_33
#define PAYMENT(outputs, reference) "88 01 01" BYTES_32 outputs reference "00 00 00"
    static const struct row rows[] = {
        {"one output", &message_payment, PAYMENT("81" OUTPUT, "f6"), ERR_OK},
        {"four, referring", &message_payment, PAYMENT("84" OUTPUT OUTPUT OUTPUT OUTPUT, BYTES_32),
         ERR_OK},
        {"B11 no output", &message_payment, PAYMENT("80", "f6"), ERR_PARSE},
        {"B11 five", &message_payment, PAYMENT("85" OUTPUT OUTPUT OUTPUT OUTPUT OUTPUT, "f6"),
         ERR_LIMIT},
        {"reference empty", &message_payment, PAYMENT("81" OUTPUT, "40"), ERR_PARSE},
        {"reference undefined", &message_payment, PAYMENT("81" OUTPUT, "f7"), ERR_PARSE},
        {"null in a list", &message_payment, PAYMENT("81 f6", "f6"), ERR_PARSE},
        {"null for a list", &message_payment, PAYMENT("f6", "f6"), ERR_PARSE},
        {"a text's letter", &message_text_item, "61 61", ERR_OK},
        {"a text of bytes", &message_text_item, "41 61", ERR_PARSE},
        {"a blob of none", &message_blob_item, "40", ERR_PARSE},
        {"a list too long", &message_owned_reply, "82 91 80808080808080808080808080808080 80 00",
         ERR_LIMIT},
    };
    CHECK_ROWS(rows);
}

/* One byte more than the bound, in a text and in a blob. */
Test(wire_decode, sizes_at_their_bounds)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    uint8_t head[] = {0x79, 0x10, 0x00};
    static uint8_t letters[4097];
    memset(letters, 'x', sizeof letters);
    cr_assert(buffer_put(&bytes, span_of(head, sizeof head)) == ERR_OK);
    cr_assert(buffer_put(&bytes, span_of(letters, 4096)) == ERR_OK);
    cr_expect(decode_checked(&message_text_item, buffer_span(&bytes)) == ERR_OK);
    cr_assert(buffer_put(&bytes, span_of(letters, 1)) == ERR_OK);
    bytes.data[2] = 1;
    cr_expect(decode_checked(&message_text_item, buffer_span(&bytes)) == ERR_LIMIT);
}

Test(wire_decode, a_refused_value_is_zero)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct redeem redeem;
    memset(&redeem, 0xff, sizeof redeem);
    struct span bytes = unhex(&arena, "85 01 01 01" NONCE_16 "f6");
    cr_assert(redeem_decode(&redeem, bytes, &arena) == ERR_PARSE);
    static const struct redeem zero;
    cr_expect(redeem.bank_id == 0 && amount_is_zero(redeem.amount));
    cr_expect(memcmp(&redeem.nonce, &zero.nonce, sizeof zero.nonce) == 0);
}
