/* One CBOR item and the first pass: a table of spellings, one line each, verdict last. */
#include "common/wire/item.h"

#include "common/wire/wire.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <string.h>

struct row {
    const char *name, *bytes;
    enum err verdict;
};

static void check_scans(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        enum err verdict = item_scan(unhex(&arena, rows[i].bytes));
        cr_expect(verdict == rows[i].verdict, "%s (%s): %s instead of %s", rows[i].name,
                  rows[i].bytes, err_name(verdict), err_name(rows[i].verdict));
    }
}
#define CHECK_SCANS(rows) check_scans(rows, sizeof rows / sizeof rows[0])

Test(item, scan_accepts_what_the_protocol_knows)
{
    static const struct row rows[] = {
        {"0", "00", ERR_OK},
        {"23", "17", ERR_OK},
        {"24", "1818", ERR_OK},
        {"2^16", "1a00010000", ERR_OK},
        {"2^32", "1b0000000100000000", ERR_OK},
        {"2^64-1, whose range the schema judges", "1bffffffffffffffff", ERR_OK},
        {"no bytes", "40", ERR_OK},
        {"three bytes", "43010203", ERR_OK},
        {"text", "63e58583", ERR_OK},
        {"empty array", "80", ERR_OK},
        {"array of two", "820001", ERR_OK},
        {"nested", "8281008101", ERR_OK},
        {"null", "f6", ERR_OK},
        {"empty map", "a0", ERR_OK},
        {"tag 18", "d280", ERR_OK},
        {"12 deep", "81818181818181818181818100", ERR_OK},
    };
    CHECK_SCANS(rows);
}

Test(item, I1_not_shortest)
{
    static const struct row rows[] = {
        {"5 in one byte", "1805", ERR_CANONICAL},
        {"23 in one byte", "1817", ERR_CANONICAL},
        {"255 in two", "1900ff", ERR_CANONICAL},
        {"65535 in four", "1a0000ffff", ERR_CANONICAL},
        {"2^32-1 in eight", "1b00000000ffffffff", ERR_CANONICAL},
        {"size 1 in one byte", "580100", ERR_CANONICAL},
        {"size 1 in four bytes", "5a0000000100", ERR_CANONICAL},
        {"size 1 in eight bytes", "5b000000000000000100", ERR_CANONICAL},
        {"text size in one byte", "780161", ERR_CANONICAL},
        {"array count in one byte", "980100", ERR_CANONICAL},
        {"array count in eight bytes", "9b000000000000000100", ERR_CANONICAL},
        {"empty map in one byte", "b800", ERR_CANONICAL},
        {"tag 18 in one byte", "d81280", ERR_CANONICAL},
        {"tag 18 in two bytes", "d9001280", ERR_CANONICAL},
        {"deep inside", "8182811801", ERR_CANONICAL},
    };
    CHECK_SCANS(rows);
}

Test(item, I2_indefinite)
{
    static const struct row rows[] = {
        {"bytes", "5f4101ff", ERR_CANONICAL},  {"text", "7f6161ff", ERR_CANONICAL},
        {"array", "9f00ff", ERR_CANONICAL},    {"map", "bfff", ERR_CANONICAL},
        {"stray break", "ff", ERR_CANONICAL},  {"break in an array", "81ff", ERR_CANONICAL},
        {"never closed", "9f", ERR_CANONICAL},
    };
    CHECK_SCANS(rows);
}

Test(item, I4_claims_more_than_is_there)
{
    static const struct row rows[] = {
        {"2^32 items", "9b000000010000000000000000000000000000", ERR_PARSE},
        {"2^64-1 items", "9bffffffffffffffff00000000000000000000", ERR_PARSE},
        {"2^32 bytes", "5b000000010000000000000000000000000000", ERR_PARSE},
        {"2^64-1 bytes", "5bffffffffffffffff00000000000000000000", ERR_PARSE},
        {"2^63 bytes", "5b800000000000000000000000000000000000", ERR_PARSE},
        {"2^64-1 bytes of text", "7bffffffffffffffff00000000000000000000", ERR_PARSE},
        {"2^64-1 pairs", "bbffffffffffffffff00000000000000000000", ERR_PARSE},
        {"2^32-1 items", "9affffffff00", ERR_PARSE},
    };
    CHECK_SCANS(rows);
}

Test(item, I6_trailing_bytes)
{
    static const struct row rows[] = {
        {"one byte", "0000", ERR_PARSE},
        {"twice the same", "82010282 0102", ERR_PARSE},
        {"a break", "00ff", ERR_PARSE},
        {"after a tag's item", "d28000", ERR_PARSE},
    };
    CHECK_SCANS(rows);
}

Test(item, I8_other_types)
{
    static const struct row rows[] = {
        {"tag 0", "c000", ERR_PARSE},
        {"tag 2, bignum", "c24101", ERR_PARSE},
        {"tag 16", "d000", ERR_PARSE},
        {"tag 17", "d100", ERR_PARSE},
        {"tag 24", "d818 4100", ERR_PARSE},
        {"tag 98", "d862 80", ERR_PARSE},
        {"tag 2^64-1", "dbffffffffffffffff00", ERR_PARSE},
        {"half", "f93c00", ERR_PARSE},
        {"single", "fa3f800000", ERR_PARSE},
        {"double", "fb3ff0000000000000", ERR_PARSE},
        {"NaN", "f97e00", ERR_PARSE},
        {"infinity", "f97c00", ERR_PARSE},
        {"false", "f4", ERR_PARSE},
        {"true", "f5", ERR_PARSE},
        {"undefined", "f7", ERR_PARSE},
        {"simple 0", "e0", ERR_PARSE},
        {"simple 32", "f820", ERR_PARSE},
        {"simple 255", "f8ff", ERR_PARSE},
        {"reserved integer", "1c", ERR_PARSE},
        {"reserved size", "5d", ERR_PARSE},
        {"indefinite integer", "1f", ERR_PARSE},
        {"indefinite tag", "df00", ERR_PARSE},
        {"-1", "20", ERR_PARSE},
        {"-256", "38ff", ERR_PARSE},
        {"-2^64", "3bffffffffffffffff", ERR_PARSE},
        {"map of one", "a10126", ERR_PARSE},
        {"overlong UTF-8", "62c080", ERR_PARSE},
        {"lone surrogate", "63eda080", ERR_PARSE},
        {"cut UTF-8", "62e585", ERR_PARSE},
        {"above U+10FFFF", "64f4908080", ERR_PARSE},
        {"lone continuation", "6180", ERR_PARSE},
    };
    CHECK_SCANS(rows);
}

Test(item, scan_refuses_what_is_cut_short)
{
    static const struct row rows[] = {
        {"nothing", "", ERR_PARSE},           {"half a head", "19", ERR_PARSE},
        {"half a size", "5900", ERR_PARSE},   {"half the bytes", "4200", ERR_PARSE},
        {"an item short", "8200", ERR_PARSE}, {"a tag of nothing", "d2", ERR_PARSE},
    };
    struct arena arena AUTO(arena_fini) = {0};
    cr_expect(item_scan(unhex(&arena, "")) == ERR_PARSE);
    CHECK_SCANS(rows);
}

/* A bomb of 10,000 levels, of arrays and of tags, costs neither stack nor memory. */
Test(item, I3_nesting)
{
    static uint8_t bytes[10000];
    memset(bytes, 0x81, sizeof bytes);
    cr_expect(item_scan(span_of(bytes, sizeof bytes)) == ERR_LIMIT);
    memset(bytes, 0xd2, sizeof bytes);
    cr_expect(item_scan(span_of(bytes, sizeof bytes)) == ERR_LIMIT);
    memset(bytes, 0x81, sizeof bytes);
    bytes[WIRE_DEPTH_MAX] = 0x00;
    cr_expect(item_scan(span_of(bytes, WIRE_DEPTH_MAX + 1)) == ERR_OK);
    bytes[WIRE_DEPTH_MAX] = 0x80;
    cr_expect(item_scan(span_of(bytes, WIRE_DEPTH_MAX + 1)) == ERR_LIMIT);
}

/* Whatever a single item is accepted as, it is written as the same bytes: every first byte with
 * every second. */
Test(item, accepted_is_written_the_same)
{
    size_t accepted = 0;
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t bytes[300] = {(uint8_t)(i >> 8), (uint8_t)i, 0x61, 0x62};
        struct item item;
        struct buffer out AUTO(buffer_fini) = {0};
        if (item_read(&item, span_of(bytes, sizeof bytes)) != ERR_OK)
            continue;
        accepted++;
        enum err error = ERR_OK;
        switch (item.type) {
        case ITEM_UINT:
            error = item_put_uint(&out, item.value);
            break;
        case ITEM_BYTES:
            error = item_put_bytes(&out, item.content);
            break;
        case ITEM_TEXT:
            error = item_put_text(&out, item.content);
            break;
        case ITEM_ARRAY:
            error = item_put_array(&out, item.value);
            break;
        case ITEM_MAP:
            error = item_put_empty_map(&out);
            break;
        case ITEM_TAG:
            error = item_put_tag(&out, item.value);
            break;
        case ITEM_NULL:
            error = item_put_null(&out);
            break;
        }
        cr_assert(error == ERR_OK);
        cr_assert(span_equal(buffer_span(&out), span_of(bytes, item.size)), "%04x", i);
    }
    cr_expect(accepted > 10000, "%zu", accepted);
}
