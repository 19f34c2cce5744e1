/* The fuzz targets of the wire: one a kind, and one for all calls. One program; its name says which
 * (fuzz_token, fuzz_packet, ..., fuzz_calls), so that every target is the same code and a new kind
 * is fuzzed the moment it is declared. `fuzz_wire --list` prints their names.
 *
 * 1. Any bytes give ok or an error of the malformed class, in bounded memory.
 * 2. What is accepted is written again as the same bytes, and its dump works.
 * 3. A kind is tried bare, as COSE_Sign1 if it is signed, and in its wrapper: what one form accepts
 *    is followed inwards, and each layer is written again. */
#include "common/base/text.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OVERHEAD_MAX = 1024 * 1024, SIZE_FACTOR_MAX = 64, TARGET_CALLS = KIND_COUNT };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned target = TARGET_CALLS; /* a kind, or TARGET_CALLS */

/* A refusal of bytes from outside must be one of theirs, never one of ours. */
static bool accepted(enum err error)
{
    CHECK(error == ERR_OK || err_class(error) == ERR_CLASS_MALFORMED);
    return error == ERR_OK;
}

static void check_record(const struct schema *schema, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer again AUTO(buffer_fini) = {0};
    struct buffer text AUTO(buffer_fini) = {0};
    void *value;
    CHECK(arena_alloc(&arena, &value, 1, schema->struct_size) == ERR_OK);
    enum err error = wire_decode(schema, value, bytes, &arena);
    CHECK(arena.used <= OVERHEAD_MAX + SIZE_FACTOR_MAX * bytes.size);
    if (!accepted(error))
        return;
    CHECK(wire_encode(&again, schema, value) == ERR_OK);
    CHECK(span_equal(buffer_span(&again), bytes));
    CHECK(wire_dump(&text, schema, value) == ERR_OK);
    CHECK(text_is_utf8(buffer_span(&text)));
}

static void check_cose(enum kind kind, struct span bytes)
{
    struct cose cose;
    struct buffer again AUTO(buffer_fini) = {0};
    if (!accepted(wire_decode_cose(&cose, bytes)))
        return;
    CHECK(wire_encode_cose(&again, &cose) == ERR_OK);
    CHECK(span_equal(buffer_span(&again), bytes));
    check_record(message_kind_schema(kind), cose.payload);
}

static void check_body(enum kind kind, struct span bytes)
{
    if (message_kind_signed(kind))
        check_cose(kind, bytes);
    else
        check_record(message_kind_schema(kind), bytes);
}

static void check_wrapper(struct span bytes)
{
    struct wire_wrapper wrapper;
    struct buffer again AUTO(buffer_fini) = {0};
    if (!accepted(wire_unwrap(&wrapper, bytes)))
        return;
    CHECK(wire_wrap(&again, wrapper.network, wrapper.kind, wrapper.body) == ERR_OK);
    CHECK(span_equal(buffer_span(&again), bytes));
    check_body(wrapper.kind, wrapper.body);
}

/* The first byte chooses among the envelopes and the bodies and replies of all verbs. */
static void check_call(struct span bytes)
{
    static const struct schema *const schemas[] = {&message_call, &message_reply,
                                                   &message_control_request, &message_control_reply,
#define FUZZ_VERB(name, value, senders, body, reply) &message_##body, &message_##reply,
                                                   VERB_LIST(FUZZ_VERB)
#undef FUZZ_VERB
    };
    if (bytes.size == 0)
        return;
    size_t index = bytes.data[0] % (sizeof schemas / sizeof schemas[0]);
    check_record(schemas[index], span_of(bytes.data + 1, bytes.size - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    if (target == TARGET_CALLS) {
        check_call(bytes);
        return 0;
    }
    check_record(message_kind_schema((enum kind)target), bytes);
    check_body((enum kind)target, bytes);
    check_wrapper(bytes);
    return 0;
}

static void list_targets(void)
{
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        printf("%s\n", message_kind_text((enum kind)kind));
    printf("calls\n");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *slash = strrchr((*argv)[0], '/'), *name = slash != NULL ? slash + 1 : (*argv)[0];
    enum kind kind;
    if (*argc > 1 && strcmp((*argv)[1], "--list") == 0) {
        list_targets();
        exit(0);
    }
    if (strncmp(name, "fuzz_", 5) == 0 &&
        message_kind_from_text(&kind, span_text(name + 5)) == ERR_OK) {
        target = kind;
    } else if (strcmp(name, "fuzz_calls") != 0) {
        fprintf(stderr, "%s: no such target; see fuzz_wire --list\n", name);
        exit(2);
    }
    return 0;
}
