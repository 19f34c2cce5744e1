/* Building a packet from signed parts (contract in packet.h).
 *
 * 1. Parts are written in the order they are given: payments root to leaf is the caller's business.
 *
 * Never judges: who builds a packet verifies it next, with the one verifier. */
#include "common/money/packet.h"

static void fill(struct signed_item_list *list, const struct cose *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        list->items[i].record = parts[i];
    list->count = count;
}

enum err packet_encode_parts(struct buffer *out, const struct cose *tokens, size_t token_count,
                             const struct cose *payments, size_t payment_count,
                             const struct cose *certificates, size_t certificate_count,
                             uint64_t directory_version)
{
    struct signed_item token_items[PACKET_COINS_MAX], payment_items[PACKET_PAYMENTS_MAX],
        certificate_items[PACKET_PAYMENTS_MAX];
    if (token_count > PACKET_COINS_MAX || payment_count > PACKET_PAYMENTS_MAX ||
        certificate_count > PACKET_PAYMENTS_MAX)
        return ERR_LIMIT;
    struct packet packet = {
        .tokens = {token_items, 0},
        .payments = {payment_items, 0},
        .certificates = {certificate_items, 0},
        .directory_version = directory_version,
    };
    fill(&packet.tokens, tokens, token_count);
    fill(&packet.payments, payments, payment_count);
    fill(&packet.certificates, certificates, certificate_count);
    size_t size = out->size;
    TRY(packet_encode(out, &packet));
    if (out->size - size <= PACKET_SIZE_MAX)
        return ERR_OK;
    out->size = size;
    return ERR_LIMIT;
}
