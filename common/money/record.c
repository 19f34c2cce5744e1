/* Signing, checking and naming records (contract in record.h).
 *
 * 1. An id and a signature both bind network and kind, by the external AAD; an id leaves the
 * signature out.
 * 2. What is broken is said before what is forged: record_open decodes first, then verifies.
 *
 * Never trusts a payload that it has not verified: record_open wipes the value when the signature
 * fails. */
#include "common/money/record.h"

#include <string.h>

struct id record_id(const char *network, enum kind kind, struct span payload)
{
    static const uint8_t zero = 0;
    char text[WIRE_AAD_SIZE_MAX];
    struct span parts[] = {wire_aad(text, network, kind), span_of(&zero, 1), payload};
    return crypto_hash(parts, sizeof parts / sizeof parts[0]);
}

static enum err put_message(struct buffer *out, const char *network, enum kind kind,
                            struct span payload)
{
    char text[WIRE_AAD_SIZE_MAX];
    return wire_sig_structure(out, wire_aad(text, network, kind), payload);
}

enum err record_message(struct span *out, const char *network, enum kind kind, struct span payload,
                        struct arena *arena)
{
    struct buffer message AUTO(buffer_fini) = {0};
    TRY(put_message(&message, network, kind, payload));
    return arena_copy(arena, out, buffer_span(&message));
}

enum err record_sign_payload(struct cose *out, const char *network, enum kind kind,
                             struct span payload, const struct key_pair *pair)
{
    struct buffer message AUTO(buffer_fini) = {0};
    CHECK(message_kind_signed(kind));
    TRY(put_message(&message, network, kind, payload));
    TRY(crypto_sign(&out->signature, pair, buffer_span(&message)));
    out->payload = payload;
    return ERR_OK;
}

enum err record_sign(struct cose *out, const char *network, enum kind kind, const void *value,
                     const struct key_pair *pair, struct arena *arena)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    struct span payload;
    TRY(wire_encode(&encoded, message_kind_schema(kind), value));
    TRY(arena_copy(arena, &payload, buffer_span(&encoded)));
    return record_sign_payload(out, network, kind, payload, pair);
}

enum err record_bytes(struct span *out, const struct cose *cose, struct arena *arena)
{
    struct buffer tagged AUTO(buffer_fini) = {0};
    TRY(wire_encode_cose(&tagged, cose));
    return arena_copy(arena, out, buffer_span(&tagged));
}

enum err record_seal(struct span *out, const char *network, enum kind kind, const void *value,
                     const struct key_pair *pair, struct arena *arena)
{
    struct cose cose;
    TRY(record_sign(&cose, network, kind, value, pair, arena));
    return record_bytes(out, &cose, arena);
}

enum err record_verify(const char *network, enum kind kind, const struct cose *cose,
                       const struct public_key *key)
{
    struct buffer message AUTO(buffer_fini) = {0};
    CHECK(message_kind_signed(kind));
    TRY(put_message(&message, network, kind, cose->payload));
    return crypto()->verify(key, buffer_span(&message), &cose->signature);
}

enum err record_open(void *value, const char *network, enum kind kind, const struct cose *cose,
                     const struct public_key *key, struct arena *arena)
{
    const struct schema *schema = message_kind_schema(kind);
    TRY(wire_decode(schema, value, cose->payload, arena));
    enum err error = record_verify(network, kind, cose, key);
    if (error != ERR_OK)
        memset(value, 0, schema->struct_size);
    return error;
}

enum status record_status(enum err error)
{
    static const struct {
        enum err error;
        enum status status;
    } rows[] = {
        {ERR_OK, STATUS_OK},
        {ERR_PARSE, STATUS_PARSE},
        {ERR_CANONICAL, STATUS_CANONICAL},
        {ERR_LIMIT, STATUS_LIMIT},
        {ERR_RANGE, STATUS_RANGE},
        {ERR_VERSION, STATUS_VERSION},
        {ERR_NETWORK, STATUS_NETWORK},
        {ERR_KIND, STATUS_KIND},
        {ERR_POINT, STATUS_POINT},
        {ERR_SIGNATURE, STATUS_SIGNATURE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].error == error)
            return rows[i].status;
    return STATUS_FAILED;
}

struct id record_coin_root(const struct id *token_id)
{
    struct span parts[] = {span_text("coin-root"), SPAN(*token_id)};
    return crypto_hash(parts, sizeof parts / sizeof parts[0]);
}

struct id record_coin_output(const struct id *payment_id, uint16_t index)
{
    const uint8_t position[] = {(uint8_t)(index >> 8), (uint8_t)index};
    struct span parts[] = {span_text("coin"), SPAN(*payment_id),
                           span_of(position, sizeof position)};
    return crypto_hash(parts, sizeof parts / sizeof parts[0]);
}
