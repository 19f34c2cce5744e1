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
