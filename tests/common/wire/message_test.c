/* The tables: kinds, verbs, outcomes, and what the bounds of the lists cost at most. */
#include "common/wire/message.h"

#include <criterion/criterion.h>
#include <string.h>

Test(message, kinds_and_back)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        enum kind kind = (enum kind)i, back;
        const char *text = message_kind_text(kind);
        cr_assert(message_kind_from_text(&back, span_text(text)) == ERR_OK);
        cr_expect(back == kind);
        cr_expect(strcmp(message_kind_schema(kind)->name, text) == 0, "%s", text);
    }
    enum kind kind;
    cr_expect(message_kind_from_text(&kind, span_text("token2")) == ERR_KIND);
    cr_expect(message_kind_from_text(&kind, span_text("")) == ERR_KIND);
    cr_expect(message_kind_signed(KIND_TOKEN) && !message_kind_signed(KIND_PACKET));
}

/* Orders, packets and other containers are not signed; what is signed and every order has a
 * version. */
Test(message, what_is_signed_has_a_version)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        const struct schema *schema = message_kind_schema((enum kind)i);
        if (message_kind_signed((enum kind)i))
            cr_expect(schema->fields[0].kind == FIELD_VERSION, "%s", schema->name);
    }
}

Test(message, verbs)
{
    size_t count = 0;
    for (uint64_t value = 0; value < 300; value++) {
        const struct message_verb *verb = message_verb(value);
        if (verb == NULL)
            continue;
        count++;
        cr_expect((uint64_t)verb->verb == value);
        cr_expect(verb->senders != 0 && verb->body != NULL && verb->reply != NULL);
    }
    cr_expect(count == 18);
    cr_expect(message_verb(0) == NULL && message_verb(UINT64_MAX) == NULL);
    cr_expect(message_verb(VERB_SETTLE)->body == &message_settle_body);
    cr_expect(strcmp(message_verb(VERB_FETCH)->name, "FETCH") == 0);
}

Test(message, outcomes)
{
    cr_expect(strcmp(message_outcome_text(OUTCOME_SETTLED), "settled") == 0);
    cr_expect(strcmp(message_outcome_text(OUTCOME_CLAIMED), "claimed") == 0);
    cr_expect(strcmp(message_outcome_text(0), "unknown") == 0);
    cr_expect(strcmp(message_outcome_text(OUTCOME_ARCHIVED), "archived") == 0);
    cr_expect(strcmp(message_outcome_text(9), "unknown") == 0);
    cr_expect(strcmp(message_outcome_text(UINT64_MAX), "unknown") == 0);
}

/* The decoder asks for a list's memory once its count is within the bound: that bound must be
 * affordable. */
Test(message, a_list_costs_less_than_a_mebibyte)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        for (size_t i = 0; i < (*schema)->field_count; i++) {
            const struct field *field = &(*schema)->fields[i];
            if (field->kind == FIELD_LIST)
                cr_expect(field->max * field->record->struct_size < 1024 * 1024, "%s.%s",
                          (*schema)->name, field->name);
        }
    }
}

/* A bound that says nothing, or the wrong way round, is a slip in a field list. */
Test(message, bounds_make_sense)
{
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        cr_expect((*schema)->field_count > 0);
        cr_expect(!(*schema)->bare || (*schema)->field_count == 1);
        for (size_t i = 0; i < (*schema)->field_count; i++) {
            const struct field *field = &(*schema)->fields[i];
            cr_expect(field->min <= field->max && field->max <= INTEGER_MAX, "%s.%s",
                      (*schema)->name, field->name);
            cr_expect(field->kind != FIELD_BALANCE, "%s.%s", (*schema)->name, field->name);
            cr_expect((field->kind == FIELD_LIST || field->kind == FIELD_RECORD) ==
                      (field->record != NULL));
        }
    }
}
