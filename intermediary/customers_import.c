/* A list of customers, as CSV: RFC 4180 with a header, UTF-8, a byte order mark is passed over.
 *
 * Invariants: 1 a fault names the line that it is on, and nothing is taken. 2 fields are never
 * guessed: a row has exactly as many as the header. */
#include "intermediary/customers.h"

#include "common/base/text.h"

#include <string.h>

enum column {
    COLUMN_NAME,
    COLUMN_TIER,
    COLUMN_PHONE,
    COLUMN_ID_NUMBER,
    COLUMN_LABEL,
    COLUMN_DEPOSIT,
    COLUMN_COUNT
};
static const char *const column_names[COLUMN_COUNT] = {"name",      "tier",  "phone",
                                                       "id_number", "label", "opening_deposit"};

struct reader {
    struct span rest;
    size_t line; /* of the next record */
    char *room;  /* as large as the list: the fields of one record, one after the other */
    size_t used;
    size_t field_count;
    struct span fields[COLUMN_COUNT + 1]; /* one more tells "too many" */
};

static char peek(const struct reader *reader)
{
    return (char)reader->rest.data[0];
}

static void skip(struct reader *reader, size_t size)
{
    reader->rest.data += size;
    reader->rest.size -= size;
}

/* The end of a record: LF or CRLF, or of the text. */
static size_t end_size(const struct reader *reader)
{
    if (reader->rest.size >= 2 && peek(reader) == '\r' && reader->rest.data[1] == '\n')
        return 2;
    return reader->rest.size >= 1 && peek(reader) == '\n' ? 1 : 0;
}

/* A quote inside quotes is written twice. False: it never ends. */
static bool read_quoted(struct reader *reader, char *out, size_t *size)
{
    skip(reader, 1);
    while (reader->rest.size > 0) {
        const char c = peek(reader);
        skip(reader, 1);
        if (c == '"' && (reader->rest.size == 0 || peek(reader) != '"'))
            return true;
        if (c == '"')
            skip(reader, 1);
        out[(*size)++] = c;
    }
    return false;
}

static bool read_field(struct reader *reader, struct span *out)
{
    char *text = reader->room + reader->used;
    size_t size = 0;
    if (reader->rest.size > 0 && peek(reader) == '"' && !read_quoted(reader, text, &size))
        return false;
    while (reader->rest.size > 0 && peek(reader) != ',' && end_size(reader) == 0) {
        text[size++] = peek(reader);
        skip(reader, 1);
    }
    reader->used += size;
    *out = span_of(text, size);
    return true;
}

static size_t lines_in(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

/* One record into fields; one field more than there are columns says "too many". */
static bool read_record(struct reader *reader)
{
    const struct span before = reader->rest;
    reader->field_count = reader->used = 0;
    for (bool more = true; more;) {
        struct span field = {0};
        if (!read_field(reader, &field))
            return false;
        if (reader->field_count <= COLUMN_COUNT)
            reader->fields[reader->field_count++] = field;
        more = reader->rest.size > 0 && peek(reader) == ',';
        if (more)
            skip(reader, 1);
    }
    skip(reader, end_size(reader));
    reader->line += lines_in(span_of(before.data, before.size - reader->rest.size));
    return true;
}

struct sheet {
    size_t column_of[COLUMN_COUNT]; /* which column a field is */
    size_t column_count;
    bool has[COLUMN_COUNT];
};

static enum customers_fault read_header(struct sheet *sheet, const struct reader *reader)
{
    for (size_t i = 0; i < reader->field_count; i++) {
        size_t column = 0;
        while (column < COLUMN_COUNT &&
               !span_equal(reader->fields[i], span_text(column_names[column])))
            column++;
        if (column == COLUMN_COUNT || sheet->has[column])
            return CUSTOMERS_COLUMN;
        sheet->has[column] = true;
        sheet->column_of[sheet->column_count++] = column;
    }
    return sheet->has[COLUMN_NAME] && sheet->has[COLUMN_TIER] ? CUSTOMERS_GOOD
                                                              : CUSTOMERS_NO_COLUMN;
}

static bool read_tier(uint64_t *tier, struct span text)
{
    *tier = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || *tier > TIERS_MAX)
            return false;
        *tier = *tier * 10 + (uint64_t)(text.data[i] - '0');
    }
    return text.size > 0;
}

static bool read_amount(struct amount *amount, struct span text)
{
    char copy[AMOUNT_TEXT_SIZE];
    *amount = amount_zero();
    if (text.size == 0)
        return true;
    if (text.size >= sizeof copy || memchr(text.data, '\0', text.size) != NULL)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return amount_parse(amount, copy) == ERR_OK;
}

static enum customers_fault read_row(struct customers_spec *spec, const struct sheet *sheet,
                                     const struct reader *reader)
{
    *spec = (struct customers_spec){0};
    if (reader->field_count != sheet->column_count)
        return CUSTOMERS_FIELDS;
    struct span values[COLUMN_COUNT] = {{0}};
    for (size_t i = 0; i < reader->field_count; i++)
        values[sheet->column_of[i]] = reader->fields[i];
    spec->name = values[COLUMN_NAME];
    spec->phone = values[COLUMN_PHONE];
    spec->id_number = values[COLUMN_ID_NUMBER];
    spec->label = values[COLUMN_LABEL];
    if (spec->name.size == 0 || spec->name.size > NAME_SIZE_MAX)
        return CUSTOMERS_BAD_NAME;
    if (!read_tier(&spec->tier, values[COLUMN_TIER]))
        return CUSTOMERS_BAD_TIER;
    return read_amount(&spec->deposit, values[COLUMN_DEPOSIT]) ? CUSTOMERS_GOOD
                                                               : CUSTOMERS_BAD_AMOUNT;
}

static enum customers_fault fault_of(enum status status)
{
    return status == STATUS_OK        ? CUSTOMERS_GOOD
           : status == STATUS_UNKNOWN ? CUSTOMERS_BAD_TIER
                                      : CUSTOMERS_BAD_TEXT;
}

static enum err open_row(struct branch_env *env, struct customers_import *out,
                         const struct sheet *sheet, const struct reader *reader)
{
    struct customers_spec spec = {0};
    enum status status = STATUS_OK;
    uint64_t number = 0;
    out->fault =
        out->count == CUSTOMERS_LIST_MAX ? CUSTOMERS_TOO_MANY : read_row(&spec, sheet, reader);
    if (out->fault != CUSTOMERS_GOOD)
        return ERR_OK;
    TRY(customers_open(env, &status, &number, &spec));
    out->fault = fault_of(status);
    if (out->count++ == 0)
        out->first = number;
    return ERR_OK;
}

static bool is_blank(const struct reader *reader)
{
    return reader->field_count == 1 && reader->fields[0].size == 0;
}

static enum err read_all(struct branch_env *env, struct customers_import *out,
                         struct reader *reader)
{
    struct sheet sheet = {0};
    bool has_header = false;
    while (out->fault == CUSTOMERS_GOOD && reader->rest.size > 0) {
        out->line = reader->line;
        if (!read_record(reader))
            out->fault = CUSTOMERS_NOT_TEXT;
        else if (is_blank(reader))
            continue;
        else if (has_header)
            TRY(open_row(env, out, &sheet, reader));
        else
            out->fault = read_header(&sheet, reader);
        has_header = true;
    }
    if (out->fault == CUSTOMERS_GOOD && out->count == 0)
        out->fault = CUSTOMERS_EMPTY;
    return ERR_OK;
}

enum err customers_import(struct branch_env *env, enum status *status, struct customers_import *out,
                          struct span bytes)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    void *room = NULL;
    TRY(arena_alloc(env->purse.arena, &room, bytes.size + 1, 1));
    struct reader reader = {.rest = bytes, .line = 1, .room = room};
    *out = (struct customers_import){.line = 1};
    if (bytes.size >= sizeof mark && memcmp(bytes.data, mark, sizeof mark) == 0)
        skip(&reader, sizeof mark);
    if (!text_is_utf8(reader.rest))
        out->fault = CUSTOMERS_NOT_TEXT;
    else
        TRY(read_all(env, out, &reader));
    *status = out->fault == CUSTOMERS_GOOD ? STATUS_OK : STATUS_PARSE;
    return ERR_OK;
}
