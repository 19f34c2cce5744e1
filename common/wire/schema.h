/* A record is declared once, as a field list; struct, encoder, decoder, dumper, fuzz target and
 * (for stored rows) SQL all come from it. This header is the small language of those lists.
 *
 *     #define OUTPUT_FIELDS(F) F(AMOUNT, amount) F(KEY, key)
 *
 *     RECORD_STRUCT(output, OUTPUT_FIELDS)
 *         in the header: struct output, struct output_list
 *     RECORD_SCHEMA(message, output, OUTPUT_FIELDS, false)
 *         in the .c: const struct schema message_output
 *
 * On the wire a record is a definite-length CBOR array of its fields in order (RFC 8949 section
 * 4.2.1, core deterministic encoding); a BARE record is its only field without the array.
 *
 * Field kinds (a nullable one also has a member bool has_<name>; CBOR null = absent):
 *   VERSION                         no member; the integer 1, else ERR_VERSION
 *   UINT name, min, max             uint64_t          ERR_RANGE outside
 *   AMOUNT name                     struct amount     1..AMOUNT_MAX
 *   AMOUNT0 name                    struct amount     0..AMOUNT_MAX
 *   BALANCE name                    struct balance    rows only: signed, never on the wire
 *   ID / KEY / KEY_ID / NONCE name  fixed-size byte strings (common/base/span.h)
 *   BLOB name, min, max             struct span       byte string, size bounds
 *   TEXT name, min, max             struct span       UTF-8, size bounds in bytes
 *   SIGNED name                     struct cose       an embedded COSE_Sign1 (tag 18)
 *   RECORD name, type               struct type
 *   LIST name, type, min, max       struct type_list  {type *items; size_t count;}
 *   OPT_x                           nullable UINT, ID, KEY, NONCE, BLOB, TEXT, SIGNED
 *
 * Every integer is at most INTEGER_MAX = 2^53-1. Decoded spans and cose payloads borrow from the
 * input bytes, list items live in the arena: a decoded value lives as long as both. */
#ifndef DCEP_COMMON_WIRE_SCHEMA_H
#define DCEP_COMMON_WIRE_SCHEMA_H

#include "common/base/amount.h"
#include "common/base/span.h"

#define INTEGER_MAX AMOUNT_MAX

/* The parts of a COSE_Sign1 (RFC 9052) with protected header {1: -7} and attached payload. */
struct cose {
    struct span payload;
    struct signature signature;
};

enum field_kind {
    FIELD_VERSION,
    FIELD_UINT,
    FIELD_AMOUNT,  /* min tells AMOUNT from AMOUNT0 */
    FIELD_BALANCE, /* rows only */
    FIELD_BYTES,   /* fixed size = max, stored inline */
    FIELD_BLOB,
    FIELD_TEXT,
    FIELD_SIGNED,
    FIELD_RECORD,
    FIELD_LIST,
};

struct field {
    const char *name;
    enum field_kind kind;
    bool nullable;
    size_t offset, has_offset; /* of the member, and of its has_<name> */
    uint64_t min, max;         /* value, size or count bounds */
    const struct schema *record;
};

struct schema {
    const char *name;
    size_t struct_size;
    const struct field *fields;
    size_t field_count;
    bool bare;
};

/* Lists: every one has this shape, whatever its items. */
struct list {
    void *items;
    size_t count;
};

/* --- struct members --- */
#define MEMBER_VERSION(name)
#define MEMBER_UINT(name, lo, hi) uint64_t name;
#define MEMBER_AMOUNT(name) struct amount name;
#define MEMBER_AMOUNT0(name) struct amount name;
#define MEMBER_BALANCE(name) struct balance name;
#define MEMBER_ID(name) struct id name;
#define MEMBER_KEY(name) struct public_key name;
#define MEMBER_KEY_ID(name) struct key_id name;
#define MEMBER_NONCE(name) struct nonce name;
#define MEMBER_BLOB(name, lo, hi) struct span name;
#define MEMBER_TEXT(name, lo, hi) struct span name;
#define MEMBER_SIGNED(name) struct cose name;
#define MEMBER_RECORD(name, type) struct type name;
#define MEMBER_LIST(name, type, lo, hi) struct type##_list name;
#define MEMBER_OPT_(type, name)                                                                    \
    bool has_##name;                                                                               \
    type name;
#define MEMBER_OPT_UINT(name, lo, hi) MEMBER_OPT_(uint64_t, name)
#define MEMBER_OPT_ID(name) MEMBER_OPT_(struct id, name)
#define MEMBER_OPT_KEY(name) MEMBER_OPT_(struct public_key, name)
#define MEMBER_OPT_NONCE(name) MEMBER_OPT_(struct nonce, name)
#define MEMBER_OPT_BLOB(name, lo, hi) MEMBER_OPT_(struct span, name)
#define MEMBER_OPT_TEXT(name, lo, hi) MEMBER_OPT_(struct span, name)
#define MEMBER_OPT_SIGNED(name) MEMBER_OPT_(struct cose, name)
#define SCHEMA_MEMBER(kind, name, ...) MEMBER_##kind(name __VA_OPT__(, ) __VA_ARGS__)

#define RECORD_STRUCT(type, FIELDS)                                                                \
    struct type {                                                                                  \
        FIELDS(SCHEMA_MEMBER)                                                                      \
    };                                                                                             \
    struct type##_list {                                                                           \
        struct type *items;                                                                        \
        size_t count;                                                                              \
    };

/* --- field descriptors; room is the prefix of the schemas' symbols --- */
#define DESCRIBE_VERSION(type, room, name) {#name, FIELD_VERSION, false, 0, 0, 1, 1, NULL},
#define DESCRIBE_(type, name, kind, lo, hi, rec)                                                   \
    {#name, kind, false, offsetof(struct type, name), 0, lo, hi, rec},
#define DESCRIBE_OPT_(type, name, kind, lo, hi)                                                    \
    {#name, kind, true, offsetof(struct type, name), offsetof(struct type, has_##name),            \
     lo,    hi,   NULL},
#define DESCRIBE_UINT(type, room, name, lo, hi) DESCRIBE_(type, name, FIELD_UINT, lo, hi, NULL)
#define DESCRIBE_AMOUNT(type, room, name) DESCRIBE_(type, name, FIELD_AMOUNT, 1, AMOUNT_MAX, NULL)
#define DESCRIBE_AMOUNT0(type, room, name) DESCRIBE_(type, name, FIELD_AMOUNT, 0, AMOUNT_MAX, NULL)
#define DESCRIBE_BALANCE(type, room, name) DESCRIBE_(type, name, FIELD_BALANCE, 0, AMOUNT_MAX, NULL)
#define DESCRIBE_ID(type, room, name) DESCRIBE_(type, name, FIELD_BYTES, ID_SIZE, ID_SIZE, NULL)
#define DESCRIBE_KEY(type, room, name) DESCRIBE_(type, name, FIELD_BYTES, KEY_SIZE, KEY_SIZE, NULL)
#define DESCRIBE_KEY_ID(type, room, name)                                                          \
    DESCRIBE_(type, name, FIELD_BYTES, KEY_ID_SIZE, KEY_ID_SIZE, NULL)
#define DESCRIBE_NONCE(type, room, name)                                                           \
    DESCRIBE_(type, name, FIELD_BYTES, NONCE_SIZE, NONCE_SIZE, NULL)
#define DESCRIBE_BLOB(type, room, name, lo, hi) DESCRIBE_(type, name, FIELD_BLOB, lo, hi, NULL)
#define DESCRIBE_TEXT(type, room, name, lo, hi) DESCRIBE_(type, name, FIELD_TEXT, lo, hi, NULL)
#define DESCRIBE_SIGNED(type, room, name) DESCRIBE_(type, name, FIELD_SIGNED, 0, 0, NULL)
#define DESCRIBE_RECORD(type, room, name, rec)                                                     \
    DESCRIBE_(type, name, FIELD_RECORD, 0, 0, &room##_##rec)
#define DESCRIBE_LIST(type, room, name, rec, lo, hi)                                               \
    DESCRIBE_(type, name, FIELD_LIST, lo, hi, &room##_##rec)
#define DESCRIBE_OPT_UINT(type, room, name, lo, hi) DESCRIBE_OPT_(type, name, FIELD_UINT, lo, hi)
#define DESCRIBE_OPT_ID(type, room, name) DESCRIBE_OPT_(type, name, FIELD_BYTES, ID_SIZE, ID_SIZE)
#define DESCRIBE_OPT_KEY(type, room, name)                                                         \
    DESCRIBE_OPT_(type, name, FIELD_BYTES, KEY_SIZE, KEY_SIZE)
#define DESCRIBE_OPT_NONCE(type, room, name)                                                       \
    DESCRIBE_OPT_(type, name, FIELD_BYTES, NONCE_SIZE, NONCE_SIZE)
#define DESCRIBE_OPT_BLOB(type, room, name, lo, hi) DESCRIBE_OPT_(type, name, FIELD_BLOB, lo, hi)
#define DESCRIBE_OPT_TEXT(type, room, name, lo, hi) DESCRIBE_OPT_(type, name, FIELD_TEXT, lo, hi)
#define DESCRIBE_OPT_SIGNED(type, room, name) DESCRIBE_OPT_(type, name, FIELD_SIGNED, 0, 0)

/* RECORD_SCHEMA(room, type, FIELDS, is_bare): defines const struct schema <room>_<type>.
 *
 * A field list names neither its room nor its type, and an offset needs the type. So the list is
 * first made a list of tuples, (AMOUNT, amount), (KEY, key), and each tuple then meets room and
 * type in SCHEMA_DESCRIBE. The preprocessor does not recurse; SCHEMA_EXPAND rescans often enough
 * for 64 fields. */
#define RECORD_SCHEMA(room, type, FIELDS, is_bare)                                                 \
    static const struct field type##_fields[] = {SCHEMA_EACH(room, type, FIELDS(SCHEMA_TUPLE))};   \
    const struct schema room##_##type = {#type, sizeof(struct type), type##_fields,                \
                                         sizeof type##_fields / sizeof type##_fields[0], is_bare};

#define SCHEMA_TUPLE(...) (__VA_ARGS__),
#define SCHEMA_EACH(room, type, ...) SCHEMA_EXPAND(SCHEMA_STEP(room, type, __VA_ARGS__))
#define SCHEMA_STEP(room, type, tuple, ...)                                                        \
    SCHEMA_DESCRIBE(room, type, SCHEMA_OPEN tuple)                                                 \
    __VA_OPT__(SCHEMA_AGAIN SCHEMA_PARENTHESES(room, type, __VA_ARGS__))
#define SCHEMA_AGAIN() SCHEMA_STEP
#define SCHEMA_PARENTHESES ()
#define SCHEMA_OPEN(...) __VA_ARGS__
#define SCHEMA_DESCRIBE(...) SCHEMA_DESCRIBE_(__VA_ARGS__)
#define SCHEMA_DESCRIBE_(room, type, kind, name, ...)                                              \
    DESCRIBE_##kind(type, room, name __VA_OPT__(, ) __VA_ARGS__)
#define SCHEMA_EXPAND(...)                                                                         \
    SCHEMA_EXPAND3(SCHEMA_EXPAND3(SCHEMA_EXPAND3(SCHEMA_EXPAND3(__VA_ARGS__))))
#define SCHEMA_EXPAND3(...)                                                                        \
    SCHEMA_EXPAND2(SCHEMA_EXPAND2(SCHEMA_EXPAND2(SCHEMA_EXPAND2(__VA_ARGS__))))
#define SCHEMA_EXPAND2(...)                                                                        \
    SCHEMA_EXPAND1(SCHEMA_EXPAND1(SCHEMA_EXPAND1(SCHEMA_EXPAND1(__VA_ARGS__))))
#define SCHEMA_EXPAND1(...) __VA_ARGS__

#endif
