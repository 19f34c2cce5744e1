/* The declared records as CDDL, one rule a line: what check_cddl.py holds spec/dcep.cddl against,
 * so that a bound is never one thing in the code and another on paper. Bare records are list items,
 * not records: they appear where they are used. A trailing underscore only keeps two members of
 * a struct apart. */
#include "common/wire/message.h"
#include "common/wire/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_type(const struct field *field);

static void print_list(const struct field *field)
{
    printf("[%" PRIu64 "*%" PRIu64 " ", field->min, field->max);
    if (field->record->bare)
        print_type(&field->record->fields[0]);
    else
        printf("%s", field->record->name);
    printf("]");
}

static void print_type(const struct field *field)
{
    switch (field->kind) {
    case FIELD_VERSION:
        printf("1");
        break;
    case FIELD_UINT:
    case FIELD_AMOUNT:
        printf("%" PRIu64 "..%" PRIu64, field->min, field->max);
        break;
    case FIELD_BYTES:
        printf("bstr .size %" PRIu64, field->max);
        break;
    case FIELD_BLOB:
    case FIELD_TEXT:
        printf("%s .size (%" PRIu64 "..%" PRIu64 ")", field->kind == FIELD_TEXT ? "tstr" : "bstr",
               field->min, field->max);
        break;
    case FIELD_SIGNED:
        printf("signed");
        break;
    case FIELD_RECORD:
        printf("%s", field->record->name);
        break;
    case FIELD_LIST:
        print_list(field);
        break;
    case FIELD_BALANCE:
        err_check_failed(__FILE__, __LINE__, "a balance in a message");
    }
    if (field->nullable)
        printf(" / null");
}

static void print_records(void)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        if ((*schema)->bare)
            continue;
        printf("%s = [", (*schema)->name);
        for (size_t i = 0; i < (*schema)->field_count; i++) {
            const struct field *field = &(*schema)->fields[i];
            size_t size = strlen(field->name);
            if (field->name[size - 1] == '_')
                size--;
            printf("%s%.*s: ", i > 0 ? ", " : "", (int)size, field->name);
            print_type(field);
        }
        printf("]\n");
    }
}

/* As PROTOCOL.md writes them in its tables. */
static void print_rows(void)
{
#define STATUS_ROW(name, value, exit_code, text)                                                   \
    printf("; row | `%s` | %d | %d |\n", #name, value, exit_code);
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
    for (uint64_t value = 0; value < 256; value++) {
        const struct message_verb *verb = message_verb(value);
        if (verb != NULL)
            printf("; row | `%s` | %" PRIu64 " | %s%s%s | %s | %s |\n", verb->name, value,
                   verb->senders & SENDER_WALLET ? "W" : "",
                   verb->senders == (SENDER_WALLET | SENDER_BANK) ? " " : "",
                   verb->senders & SENDER_BANK     ? "B"
                   : verb->senders & SENDER_JOINER ? "J"
                                                   : "",
                   verb->body->name, verb->reply->name);
    }
}

int main(void)
{
    print_records();
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        printf("; kind %s %s\n", message_kind_text((enum kind)kind),
               message_kind_signed((enum kind)kind) ? "signed" : "plain");
    print_rows();
    return 0;
}
