/* Tables line up, with Chinese in them too. */
#include "common/cli/cli_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_column columns[] = {
    {"id", "ID", CLI_AS_ID},         {"name", "Name", CLI_AS_TEXT},
    {"held", "Held", CLI_AS_AMOUNT}, {"count", "N", CLI_AS_NUMBER},
    {"since", "Since", CLI_AS_DAY},  {"open", "Open", CLI_AS_BOOL},
    {"seen", "Seen", CLI_AS_TIME},   {.key = NULL},
};

static char *shown(const char *json, bool as_record)
{
    static const struct cli_command none = {.verb = NULL};
    static const struct cli_program program = {.name = "t", .commands = &none};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct cli *cli AUTO(cli_free) = cli_new(&program, out, out);
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    cr_assert(value != NULL);
    if (as_record)
        cli_show_record(cli, value, columns);
    else
        cli_show_table(cli, value, columns);
    json_decref(value);
    fclose(out);
    return text;
}

static void expect(const char *json, bool as_record, const char *expected)
{
    char *text = shown(json, as_record);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(cli_table, wide_characters_count_two)
{
    expect("[{\"id\":\"0123456789abcdef\",\"name\":\"王小明\",\"held\":\"1234.50\",\"count\":7,"
           "\"since\":0,\"open\":true,\"seen\":3600},"
           "{\"id\":\"ff\",\"name\":\"Ann Lee\",\"held\":\"-0.05\",\"count\":12345}]",
           false,
           "ID        Name          Held      N  Since       Open  Seen\n"
           "01234567  王小明   ¥1,234.50      7  1970-01-01  yes   1970-01-01 01:00:00Z\n"
           "ff        Ann Lee     -¥0.05  12345  -           -     -\n");
}

Test(cli_table, records)
{
    expect("{\"name\":\"茶馆\",\"held\":\"0.00\",\"open\":false}", true,
           "ID     -\nName   茶馆\nHeld   ¥0.00\nN      -\nSince  -\nOpen   no\nSeen   -\n");
}

Test(cli_table, empty_and_hostile)
{
    expect("[]", false, "(none)\n");
    expect("{\"name\":\"a\\u001b[2Jb\\nc\\u202e\",\"held\":\"lots\"}", true,
           "ID     -\nName   a\xef\xbf\xbd[2Jb c\xef\xbf\xbd\nHeld   lots\nN      -\n"
           "Since  -\nOpen   -\nSeen   -\n");
}

/* Amounts of a record stand under each other, whatever the titles' width; in Chinese those above
 * 1,000 have their formal numerals behind them, or below where 80 columns are not enough. */
Test(cli_table, amounts_of_a_record_line_up)
{
    static const struct cli_column amounts[] = {{"a", "Held", CLI_AS_AMOUNT},
                                                {"b", "已交出", CLI_AS_AMOUNT},
                                                {"c", "N", CLI_AS_NUMBER},
                                                {.key = NULL}};
    static const struct {
        const char *language, *json, *expected;
    } rows[] = {
        {"en", "{\"a\":\"1234.50\",\"b\":\"7.00\",\"c\":3}",
         "Held    ¥1,234.50\n已交出      ¥7.00\nN       3\n"},
        {"zh", "{\"a\":\"1234.50\",\"b\":\"1000.00\",\"c\":3}",
         "Held    ¥1,234.50（壹仟贰佰叁拾肆元伍角）\n已交出  ¥1,000.00\nN       3\n"},
        {"zh", "{\"a\":\"-5000.00\",\"b\":\"90071992547409.91\"}",
         "Held                -¥5,000.00\n已交出  ¥90,071,992,547,409.91\n"
         "        （玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分）\nN       -\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const struct cli_command none = {.verb = NULL};
        static const struct cli_program program = {.name = "t", .commands = &none};
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        struct cli *cli AUTO(cli_free) = cli_new(&program, out, out);
        json_t *value = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
        cli_language_use(rows[i].language);
        cli_show_record(cli, value, amounts);
        cli_language_use("en");
        json_decref(value);
        fclose(out);
        cr_expect_str_eq(text, rows[i].expected, "%s", text);
        free(text);
    }
}
