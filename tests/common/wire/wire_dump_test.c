/* The readable twin: exact text, and JSON that is safe to show. */
#include "common/wire/wire.h"
#include "tests/support/fill.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

static void check_dump(const struct schema *schema, const void *value, const char *expected)
{
    struct buffer out AUTO(buffer_fini) = {0};
    cr_assert(wire_dump(&out, schema, value) == ERR_OK);
    cr_expect(span_equal(buffer_span(&out), span_text(expected)), "%.*s", (int)out.size,
              (const char *)out.data);
}

Test(wire_dump, exact_text)
{
    struct output outputs[2] = {{.key = {{2}}}, {.key = {{3}}}};
    cr_assert(amount_from_fen(&outputs[0].amount, 500) == ERR_OK);
    cr_assert(amount_from_fen(&outputs[1].amount, 1) == ERR_OK);
    struct payment payment = {.serial = 7, .outputs = {outputs, 2}, .counter = 3};
    check_dump(&message_payment, &payment,
               "{\n"
               "  \"version\": 1,\n"
               "  \"serial\": 7,\n"
               "  \"coin_id\": \"000000000000000000000000000000000000000000000000000000000000"
               "0000\",\n"
               "  \"outputs\": [\n"
               "    {\n"
               "      \"amount\": 500,\n"
               "      \"key\": \"0200000000000000000000000000000000000000000000000000000000000000"
               "00\"\n"
               "    },\n"
               "    {\n"
               "      \"amount\": 1,\n"
               "      \"key\": \"0300000000000000000000000000000000000000000000000000000000000000"
               "00\"\n"
               "    }\n"
               "  ],\n"
               "  \"reference\": null,\n"
               "  \"counter\": 3,\n"
               "  \"paid_day\": 0,\n"
               "  \"revocations_version\": 0\n"
               "}");
}

Test(wire_dump, signed_parts)
{
    struct packet packet = {.directory_version = 2};
    struct signed_item token = {.record = {.payload = span_of("\x81\x01", 2)}};
    packet.tokens = (struct signed_item_list){&token, 1};
    check_dump(&message_packet, &packet,
               "{\n"
               "  \"tokens\": [\n"
               "    {\"payload\": \"8101\", \"signature\": \""
               "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
               "000000000000000000000000000000000000000000000000\"}\n"
               "  ],\n"
               "  \"payments\": [],\n"
               "  \"certificates\": [],\n"
               "  \"directory_version\": 2\n"
               "}");
}

Test(wire_dump, I14_texts_are_safe_to_show)
{
    struct text_item item = {span_text("\xe8\x8c\xb6 \"tea\" \\ \x1b[31m \xe2\x80\xae \x7f "
                                       "\xf0\x9f\x8d\xb5")};
    check_dump(&message_text_item, &item,
               "\"\xe8\x8c\xb6 \\\"tea\\\" \\\\ \\u001b[31m \\u202e \\u007f \xf0\x9f\x8d\xb5\"");
    item.text = span_of("\0\n", 2);
    check_dump(&message_text_item, &item, "\"\\u0000\\u000a\"");
}

/* An independent JSON reader takes every dump, and gives texts back as they were. */
Test(wire_dump, every_record_is_json)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct arena arena AUTO(arena_fini) = {0};
            struct buffer out AUTO(buffer_fini) = {0};
            struct fill fill = {seed, &arena};
            json_error_t error;
            cr_assert(wire_dump(&out, *schema, fill_new(&fill, *schema)) == ERR_OK);
            json_t *json = json_loadb((const char *)out.data, out.size,
                                      JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
            cr_assert(json != NULL, "%s: %s\n%.*s", (*schema)->name, error.text, (int)out.size,
                      (const char *)out.data);
            cr_expect((*schema)->bare || json_object_size(json) == (*schema)->field_count);
            json_decref(json);
        }
    }
}
