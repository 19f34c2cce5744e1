/* Writes the committed corpus: a few files a target, made from seeds, so that a fuzzer starts from
 * what is accepted.
 *
 *     make_corpus DIRECTORY        DIRECTORY/<target>/<form>-<seed>; `make fuzz-corpus` calls it
 *
 * The same code writes the same files. */
#include "common/base/file.h"
#include "common/wire/wire.h"
#include "tests/support/fill.h"
#include "wallet/carriers/frames.h"

#include <stdio.h>
#include <string.h>

enum { SEEDS = 2, PATH_SIZE = 4096 };

static void write_file(const char *directory, const char *target, const char *form, uint64_t seed,
                       const struct buffer *bytes)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", directory, target);
    CHECK(file_make_dir(path) == ERR_OK);
    snprintf(path, sizeof path, "%s/%s/%s-%u", directory, target, form, (unsigned)seed);
    CHECK(file_replace(path, buffer_span(bytes), FILE_PUBLIC) == ERR_OK);
}

static void encode_seeded(struct buffer *out, const struct schema *schema, uint64_t seed)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct fill fill = {seed, &arena};
    CHECK(wire_encode(out, schema, fill_new(&fill, schema)) == ERR_OK);
}

/* What stands in the wrapper: the record, or a COSE_Sign1 around it. */
static void sign(struct buffer *out, enum kind kind, const struct buffer *record)
{
    struct cose cose = {.payload = buffer_span(record)};
    memset(cose.signature.bytes, 0x5a, sizeof cose.signature.bytes);
    if (message_kind_signed(kind))
        CHECK(wire_encode_cose(out, &cose) == ERR_OK);
    else
        CHECK(buffer_put(out, buffer_span(record)) == ERR_OK);
}

static void make_kind(const char *directory, enum kind kind, uint64_t seed)
{
    struct buffer record AUTO(buffer_fini) = {0};
    struct buffer body AUTO(buffer_fini) = {0};
    struct buffer wrapped AUTO(buffer_fini) = {0};
    const char *target = message_kind_text(kind);
    encode_seeded(&record, message_kind_schema(kind), seed);
    sign(&body, kind, &record);
    CHECK(wire_wrap(&wrapped, "test", kind, buffer_span(&body)) == ERR_OK);
    write_file(directory, target, "record", seed, &record);
    write_file(directory, target, "wrapped", seed, &wrapped);
    if (message_kind_signed(kind))
        write_file(directory, target, "signed", seed, &body);
}

/* As fuzz_wire.c chooses: the first byte is the position among the envelopes, bodies and
 * replies. */
static void make_calls(const char *directory)
{
    static const struct schema *const schemas[] = {&message_call, &message_reply,
                                                   &message_control_request, &message_control_reply,
#define CORPUS_VERB(name, value, senders, body, reply) &message_##body, &message_##reply,
                                                   VERB_LIST(CORPUS_VERB)
#undef CORPUS_VERB
    };
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        struct buffer out AUTO(buffer_fini) = {0};
        uint8_t choice = (uint8_t)i;
        CHECK(buffer_put(&out, span_of(&choice, 1)) == ERR_OK);
        encode_seeded(&out, schemas[i], i);
        write_file(directory, "calls", schemas[i]->name, i, &out);
    }
}

/* All frames of a message, one a line, and the same without the first two. */
static void make_frames(const char *directory, size_t size, uint64_t seed)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer all AUTO(buffer_fini) = {0}, some AUTO(buffer_fini) = {0};
    struct frames frames;
    uint8_t message[1024];
    for (size_t i = 0; i < size; i++)
        message[i] = (uint8_t)(i * 7 + seed);
    CHECK(frames_split(&frames, span_of(message, size), 154, &arena) == ERR_OK);
    for (size_t i = 0; i < frames.count + frames.parity; i++) {
        CHECK(frames_text(&frames, &all, i) == ERR_OK &&
              buffer_put(&all, span_text("\n")) == ERR_OK);
        if (i >= frames.parity)
            CHECK(frames_text(&frames, &some, i) == ERR_OK &&
                  buffer_put(&some, span_text("\n")) == ERR_OK);
    }
    write_file(directory, "frames", "all", seed, &all);
    write_file(directory, "frames", "some", seed, &some);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus DIRECTORY\n");
        return 2;
    }
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        for (uint64_t seed = 0; seed < SEEDS; seed++)
            make_kind(argv[1], (enum kind)kind, seed);
    make_calls(argv[1]);
    make_frames(argv[1], 60, 0);
    make_frames(argv[1], 527, 1);
    return 0;
}
