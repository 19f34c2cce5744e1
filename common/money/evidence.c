/* Payments without what their row says (contract in evidence.h).
 *
 * 1. What is cut off is compared first: bytes that would not come back the same are refused.
 *
 * Never verifies, and never judges the rest of a payload: it was judged when it was shown. */
#include "common/money/evidence.h"

#include "common/wire/item.h"

#include <string.h>

enum { PAYMENT_PARTS = 8, PAYMENT_VERSION = 1 };

static enum err put_head(struct buffer *out, uint64_t serial, const struct id *coin_id)
{
    TRY(item_put_array(out, PAYMENT_PARTS));
    TRY(item_put_uint(out, PAYMENT_VERSION));
    TRY(item_put_uint(out, serial));
    return item_put_bytes(out, SPAN(*coin_id));
}

enum err evidence_pack(struct span *out, const struct cose *payment, uint64_t serial,
                       const struct id *coin_id, struct arena *arena)
{
    struct buffer head AUTO(buffer_fini) = {0};
    const struct span payload = payment->payload;
    void *memory = NULL;
    TRY(put_head(&head, serial, coin_id));
    if (payload.size < head.size ||
        !span_equal(span_of(payload.data, head.size), buffer_span(&head)))
        return ERR_INTEGRITY;
    const size_t rest = payload.size - head.size;
    TRY(arena_alloc(arena, &memory, SIGNATURE_SIZE + rest, 1));
    memcpy(memory, payment->signature.bytes, SIGNATURE_SIZE);
    if (rest > 0)
        memcpy((uint8_t *)memory + SIGNATURE_SIZE, payload.data + head.size, rest);
    *out = span_of(memory, SIGNATURE_SIZE + rest);
    return ERR_OK;
}

enum err evidence_unpack(struct cose *out, struct span evidence, uint64_t serial,
                         const struct id *coin_id, struct arena *arena)
{
    struct buffer payload AUTO(buffer_fini) = {0};
    if (evidence.size < SIGNATURE_SIZE)
        return ERR_INTEGRITY;
    memcpy(out->signature.bytes, evidence.data, SIGNATURE_SIZE);
    TRY(put_head(&payload, serial, coin_id));
    TRY(buffer_put(&payload,
                   span_of(evidence.data + SIGNATURE_SIZE, evidence.size - SIGNATURE_SIZE)));
    return arena_copy(arena, &out->payload, buffer_span(&payload));
}
