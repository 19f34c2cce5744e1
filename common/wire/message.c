/* The tables behind message.h: schemas, kinds, verbs, outcomes, all made from its lists.
 *
 * 1. Nothing is written here that a list in message.h says already. */
#include "common/wire/message.h"

#define MESSAGE_SCHEMA(type, FIELDS, bare) RECORD_SCHEMA(message, type, FIELDS, bare)
MESSAGE_LIST(MESSAGE_SCHEMA)
#undef MESSAGE_SCHEMA

const struct schema *const message_all[] = {
#define MESSAGE_ADDRESS(type, FIELDS, bare) &message_##type,
    MESSAGE_LIST(MESSAGE_ADDRESS)
#undef MESSAGE_ADDRESS
        NULL,
};

struct kind_row {
    const char *text;
    const struct schema *schema;
    bool is_signed;
};

static const struct kind_row kinds[KIND_COUNT] = {
#define KIND_ROW(name, record, text, is_signed)                                                    \
    [KIND_##name] = {text, &message_##record, is_signed},
    KIND_LIST(KIND_ROW)
#undef KIND_ROW
};

static const struct kind_row *kind_row(enum kind kind)
{
    CHECK((unsigned)kind < KIND_COUNT);
    return &kinds[kind];
}

const char *message_kind_text(enum kind kind)
{
    return kind_row(kind)->text;
}

const struct schema *message_kind_schema(enum kind kind)
{
    return kind_row(kind)->schema;
}

bool message_kind_signed(enum kind kind)
{
    return kind_row(kind)->is_signed;
}

enum err message_kind_from_text(enum kind *out, struct span text)
{
    for (unsigned i = 0; i < KIND_COUNT; i++) {
        if (span_equal(text, span_text(kinds[i].text))) {
            *out = (enum kind)i;
            return ERR_OK;
        }
    }
    return ERR_KIND;
}

const struct message_verb *message_verb(uint64_t value)
{
    static const struct message_verb verbs[] = {
#define VERB_ROW(name, value, senders, body, reply)                                                \
    {VERB_##name, #name, senders, &message_##body, &message_##reply},
        VERB_LIST(VERB_ROW)
#undef VERB_ROW
    };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if ((uint64_t)verbs[i].verb == value)
            return &verbs[i];
    return NULL;
}

const char *message_outcome_text(uint64_t outcome)
{
    static const char *const texts[] = {
        [OUTCOME_SETTLED] = "settled", [OUTCOME_CONFLICT] = "conflict",
        [OUTCOME_ORPHAN] = "orphan",   [OUTCOME_LOST] = "lost",
        [OUTCOME_USED] = "used",       [OUTCOME_MINTED_BACK] = "minted back",
        [OUTCOME_CLAIMED] = "claimed", [OUTCOME_ARCHIVED] = "archived",
    };
    bool known = outcome < sizeof texts / sizeof texts[0] && texts[outcome] != NULL;
    return known ? texts[outcome] : "unknown";
}
