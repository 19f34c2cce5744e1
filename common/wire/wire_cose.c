/* COSE_Sign1 (RFC 9052 section 4.2) as this protocol uses it, and the external AAD that tells kinds
 * and networks apart (contract in wire.h).
 *
 * 1. There is one spelling: tag 18, protected header h'A10126' ({1: -7}, ES256), an empty
 *    unprotected header, the payload attached, 64 bytes of signature. Any other is refused, however
 *    valid COSE thinks it is.
 *
 * Never verifies: that is the business of common/crypto. */
#include "common/wire/wire_cose.h"

#include "common/wire/item.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <string.h>

enum { COSE_TAG = 18, COSE_PARTS = 4 };
static const uint8_t protected_header[] = {0xa1, 0x01, 0x26};

static struct span protected_span(void)
{
    return span_of(protected_header, sizeof protected_header);
}

static enum err put_cose(struct buffer *out, const struct cose *cose)
{
    TRY(item_put_tag(out, COSE_TAG));
    TRY(item_put_array(out, COSE_PARTS));
    TRY(item_put_bytes(out, protected_span()));
    TRY(item_put_empty_map(out));
    TRY(item_put_bytes(out, cose->payload));
    return item_put_bytes(out, SPAN(cose->signature));
}

enum err wire_encode_cose(struct buffer *out, const struct cose *cose)
{
    CHECK(cose->payload.size > 0);
    size_t size = out->size;
    enum err error = put_cose(out, cose);
    if (error != ERR_OK)
        out->size = size;
    return error;
}

enum err wire_take_cose(struct cose *out, struct span *rest)
{
    struct item tag, parts, header, unprotected, payload, signature;
    TRY(item_take(&tag, rest, ITEM_TAG));
    TRY(item_take(&parts, rest, ITEM_ARRAY));
    if (parts.value != COSE_PARTS)
        return ERR_PARSE;
    TRY(item_take(&header, rest, ITEM_BYTES));
    if (!span_equal(header.content, protected_span()))
        return ERR_PARSE;
    TRY(item_take(&unprotected, rest, ITEM_MAP));
    TRY(item_take(&payload, rest, ITEM_BYTES));
    TRY(item_take(&signature, rest, ITEM_BYTES));
    if (payload.content.size == 0 || signature.content.size != SIGNATURE_SIZE)
        return ERR_PARSE;
    out->payload = payload.content;
    memcpy(out->signature.bytes, signature.content.data, SIGNATURE_SIZE);
    return ERR_OK;
}

enum err wire_decode_cose(struct cose *out, struct span bytes)
{
    TRY(item_scan(bytes));
    TRY(wire_take_cose(out, &bytes));
    CHECK(bytes.size == 0); /* item_scan saw one item */
    return ERR_OK;
}

static enum err put_sig_structure(struct buffer *out, struct span external_aad, struct span payload)
{
    TRY(item_put_array(out, COSE_PARTS));
    TRY(item_put_text(out, span_text("Signature1")));
    TRY(item_put_bytes(out, protected_span()));
    TRY(item_put_bytes(out, external_aad));
    return item_put_bytes(out, payload);
}

enum err wire_sig_structure(struct buffer *out, struct span external_aad, struct span payload)
{
    size_t size = out->size;
    enum err error = put_sig_structure(out, external_aad, payload);
    if (error != ERR_OK)
        out->size = size;
    return error;
}

bool wire_network_valid(const char *network)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t size = strnlen(network, NETWORK_SIZE_MAX + 1);
    return size >= 1 && size <= NETWORK_SIZE_MAX && strspn(network, allowed) == size;
}

struct span wire_aad(char text[WIRE_AAD_SIZE_MAX], const char *network, enum kind kind)
{
    CHECK(wire_network_valid(network));
    int size = snprintf(text, WIRE_AAD_SIZE_MAX, "dcep/1/%s/%s", network, message_kind_text(kind));
    CHECK(size > 0 && size < WIRE_AAD_SIZE_MAX);
    return span_of(text, (size_t)size);
}
