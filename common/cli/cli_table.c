/* Tables and records for people.
 *
 * 1. Columns line up on a terminal: widths are terminal columns, a Chinese character takes two.
 * 2. Amounts and numbers stand to the right, all else to the left; the last column is not padded.
 *    In a record the amounts line up among themselves.
 * 3. Ids are short here and whole in JSON.
 *
 * Never changes the JSON it shows. */
#include "common/base/text.h"
#include "common/base/time.h"
#include "common/cli/cli_frame.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 24, SCREEN_COLUMNS = 80, SHORT_ID_SIZE = 8, NUMBER_TEXT_SIZE = 32 };

/* ---- one cell ---- */

static char *copy(const char *text)
{
    char *made = strdup(text);
    CHECK(made != NULL);
    return made;
}

/* Programs' form to people's form; what is no amount is shown as it is. */
static char *amount_cell(const char *plain)
{
    struct amount amount;
    char text[AMOUNT_TEXT_SIZE + 1] = "-";
    bool negative = plain[0] == '-';
    if (amount_parse(&amount, plain + negative) != ERR_OK)
        return cli_printable(plain);
    amount_format(text + negative, amount);
    return copy(text);
}

static char *text_cell(const char *text, enum cli_format format)
{
    if (format == CLI_AS_AMOUNT)
        return amount_cell(text);
    if (format == CLI_AS_WORD && text[0] != '\0') /* gettext("") is the catalogue's header */
        return copy(_(text));
    char *safe = cli_printable(text);
    for (char *c = strchr(safe, '\n'); c != NULL; c = strchr(c, '\n'))
        *c = ' ';
    if (format == CLI_AS_ID && strlen(safe) > SHORT_ID_SIZE)
        safe[SHORT_ID_SIZE] = '\0';
    return safe;
}

static char *number_cell(json_int_t number, enum cli_format format)
{
    char text[NUMBER_TEXT_SIZE + TIME_TEXT_SIZE];
    if (format == CLI_AS_TIME && number >= 0)
        time_format(text, (uint64_t)number);
    else if (format == CLI_AS_DAY && number >= 0)
        time_format_day(text, (uint64_t)number);
    else
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, number);
    return copy(text);
}

static char *make_cell(const json_t *object, const struct cli_column *column)
{
    const json_t *value = json_object_get(object, column->key);
    if (json_is_string(value))
        return text_cell(json_string_value(value), column->format);
    if (json_is_integer(value))
        return number_cell(json_integer_value(value), column->format);
    if (json_is_boolean(value))
        return copy(json_is_true(value) ? _("yes") : _("no"));
    return copy("-");
}

/* ---- lines ---- */

static bool is_right(const struct cli_column *column)
{
    return column->format == CLI_AS_AMOUNT || column->format == CLI_AS_NUMBER;
}

static void put_cell(FILE *out, const char *text, size_t width, bool right, bool last)
{
    size_t columns = text_columns(text);
    int padding = columns < width ? (int)(width - columns) : 0;
    if (right)
        fprintf(out, "%*s%s", padding, "", text);
    else
        fprintf(out, "%s%*s", text, last ? 0 : padding, "");
    fputs(last ? "\n" : "  ", out);
}

static size_t count_columns(const struct cli_column *columns)
{
    size_t count = 0;
    while (columns[count].key != NULL)
        count++;
    CHECK(count > 0 && count <= COLUMNS_MAX);
    return count;
}

static void widen(size_t *width, const char *text)
{
    size_t columns = text_columns(text);
    *width = columns > *width ? columns : *width;
}

/* The finished page goes out at once. */
static void say_page(struct cli *cli, FILE *out, char **page)
{
    fclose(out);
    cli_say(cli, "%s", *page);
    free(*page);
}

/* ---- tables: cells[0] is the title row ---- */

static char **make_cells(const json_t *rows, const struct cli_column *columns, size_t count)
{
    size_t row_count = json_array_size(rows);
    char **cells = calloc((row_count + 1) * count, sizeof *cells);
    CHECK(cells != NULL);
    for (size_t c = 0; c < count; c++) {
        cells[c] = copy(_(columns[c].title));
        for (size_t r = 0; r < row_count; r++)
            cells[(r + 1) * count + c] = make_cell(json_array_get(rows, r), &columns[c]);
    }
    return cells;
}

static void put_table(FILE *out, char **cells, size_t row_count, const struct cli_column *columns,
                      size_t count)
{
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < row_count * count; i++)
        widen(&widths[i % count], cells[i]);
    for (size_t i = 0; i < row_count * count; i++) {
        size_t c = i % count;
        put_cell(out, cells[i], widths[c], is_right(&columns[c]), c + 1 == count);
    }
}

void cli_show_table(struct cli *cli, const json_t *rows, const struct cli_column *columns)
{
    if (cli->json)
        return;
    if (json_array_size(rows) == 0) {
        cli_say(cli, "%s", _("(none)"));
        return;
    }
    char *page = NULL;
    size_t size = 0, count = count_columns(columns), row_count = json_array_size(rows) + 1;
    FILE *out = open_memstream(&page, &size);
    CHECK(out != NULL);
    char **cells = make_cells(rows, columns, count);
    put_table(out, cells, row_count, columns, count);
    for (size_t i = 0; i < row_count * count; i++)
        free(cells[i]);
    free(cells);
    say_page(cli, out, &page);
}

/* ---- records ---- */

/* After an amount, in Chinese, its formal numerals: behind it where a screen has room, else on a
 * line of their own. indent: where the cells begin; used: columns of this line so far. */
static void put_formal(FILE *out, const json_t *value, size_t indent, size_t used)
{
    struct amount amount;
    char formal[AMOUNT_WORDS_SIZE];
    const char *plain = json_string_value(value);
    if (plain == NULL || amount_parse(&amount, plain) != ERR_OK)
        return;
    cli_amount_formal(formal, amount);
    if (formal[0] != '\0' && used + text_columns(formal) > SCREEN_COLUMNS)
        fprintf(out, "\n%*s", (int)indent, "");
    fputs(formal, out);
}

static void put_field(FILE *out, const json_t *record, const struct cli_column *column,
                      size_t title_width, size_t amount_width)
{
    char *cell = make_cell(record, column);
    const size_t columns = text_columns(cell);
    const bool is_amount = column->format == CLI_AS_AMOUNT;
    put_cell(out, _(column->title), title_width, false, false);
    if (is_amount && columns < amount_width)
        fprintf(out, "%*s", (int)(amount_width - columns), "");
    fputs(cell, out);
    if (is_amount)
        put_formal(out, json_object_get(record, column->key), title_width + 2,
                   title_width + 2 + amount_width);
    fputc('\n', out);
    free(cell);
}

void cli_show_record(struct cli *cli, const json_t *record, const struct cli_column *columns)
{
    if (cli->json)
        return;
    char *page = NULL;
    size_t size = 0, title_width = 0, amount_width = 0, count = count_columns(columns);
    FILE *out = open_memstream(&page, &size);
    CHECK(out != NULL);
    for (size_t c = 0; c < count; c++) {
        char *cell = make_cell(record, &columns[c]);
        widen(&title_width, _(columns[c].title));
        if (columns[c].format == CLI_AS_AMOUNT)
            widen(&amount_width, cell);
        free(cell);
    }
    for (size_t c = 0; c < count; c++)
        put_field(out, record, &columns[c], title_width, amount_width);
    say_page(cli, out, &page);
}
