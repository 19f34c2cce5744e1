/* Records written by hand (contract in raw.h). */
#include "tests/support/raw.h"

#include "tests/support/unhex.h"

static void put(struct buffer *out, struct span bytes)
{
    CHECK(buffer_put(out, bytes) == ERR_OK);
}

void raw_head(struct buffer *out, enum raw_major major, uint64_t value)
{
    uint8_t head[9], first = (uint8_t)(major << 5);
    unsigned width = value < 24 ? 0 : value < 256 ? 1 : value < 65536 ? 2 : value >> 32 ? 8 : 4;
    head[0] = (uint8_t)(first | (width == 0   ? value
                                 : width == 1 ? 24
                                 : width == 2 ? 25
                                 : width == 4 ? 26
                                              : 27));
    for (unsigned i = 0; i < width; i++)
        head[1 + i] = (uint8_t)(value >> 8 * (width - 1 - i));
    put(out, span_of(head, 1 + width));
}

void raw_bytes(struct buffer *out, struct span content)
{
    raw_head(out, RAW_BYTES, content.size);
    put(out, content);
}

void raw_hex(struct buffer *out, const char *digits)
{
    struct arena arena AUTO(arena_fini) = {0};
    put(out, unhex(&arena, digits));
}

struct span raw_keep(struct world *world, struct buffer *buffer)
{
    struct span bytes;
    CHECK(arena_copy(&world->arena, &bytes, buffer_span(buffer)) == ERR_OK);
    buffer_fini(buffer);
    *buffer = (struct buffer){0};
    return bytes;
}

struct span raw_payment(struct world *world, const struct payment *payment,
                        const struct raw_output *outputs, size_t count)
{
    struct buffer out = {0};
    raw_head(&out, RAW_ARRAY, 8);
    raw_head(&out, RAW_UINT, 1);
    raw_head(&out, RAW_UINT, payment->serial);
    raw_bytes(&out, SPAN(payment->coin_id));
    raw_head(&out, RAW_ARRAY, count);
    for (size_t i = 0; i < count; i++) {
        raw_head(&out, RAW_ARRAY, 2);
        raw_hex(&out, outputs[i].amount_hex);
        raw_bytes(&out, outputs[i].key);
    }
    if (payment->has_reference)
        raw_bytes(&out, SPAN(payment->reference));
    else
        raw_hex(&out, "f6");
    raw_head(&out, RAW_UINT, payment->counter);
    raw_head(&out, RAW_UINT, payment->paid_day);
    raw_head(&out, RAW_UINT, payment->revocations_version);
    return raw_keep(world, &out);
}

struct span raw_token(struct world *world, const struct token *token, uint64_t version,
                      const char *amount_hex)
{
    struct buffer out = {0};
    raw_head(&out, RAW_ARRAY, 9);
    raw_head(&out, RAW_UINT, version);
    raw_bytes(&out, SPAN(token->issuing_key_id));
    raw_head(&out, RAW_UINT, token->serial);
    raw_hex(&out, amount_hex);
    raw_bytes(&out, SPAN(token->owner_key));
    raw_head(&out, RAW_UINT, token->issued_day);
    raw_head(&out, RAW_UINT, token->spend_by_day);
    raw_head(&out, RAW_UINT, token->redeem_by_day);
    raw_hex(&out, "f6");
    return raw_keep(world, &out);
}

struct cose raw_sign(struct world *world, enum kind kind, struct span payload,
                     const struct key_pair *pair)
{
    struct cose cose;
    CHECK(record_sign_payload(&cose, world->network, kind, payload, pair) == ERR_OK);
    return cose;
}

struct span raw_cose(struct world *world, const char *tag_hex, const char *protected_hex,
                     const char *unprotected_hex, struct span payload_item, struct span signature)
{
    struct buffer out = {0};
    raw_hex(&out, tag_hex);
    raw_head(&out, RAW_ARRAY, 4);
    raw_hex(&out, protected_hex);
    raw_hex(&out, unprotected_hex);
    put(&out, payload_item);
    raw_bytes(&out, signature);
    return raw_keep(world, &out);
}

void raw_negate(struct signature *signature)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - signature->bytes[32 + i] - borrow;
        borrow = digit < 0;
        signature->bytes[32 + i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
}
