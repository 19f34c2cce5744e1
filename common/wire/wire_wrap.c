/* The wrapper of what stands alone: [1, network, kind, body] (contract in wire.h).
 *
 * 1. The body is an item inside the wrapper, not a byte string with one: the first pass sees it
 *    too, and a wrapped record is only three short items longer than the record.
 *
 * Never looks into the body: the kind tells the caller what to decode it as. */
#include "common/wire/item.h"
#include "common/wire/wire.h"

#include <string.h>

enum { WRAPPER_PARTS = 4, WRAPPER_VERSION = 1 };

static enum err put_wrapper(struct buffer *out, const char *network, enum kind kind,
                            struct span body)
{
    TRY(item_put_array(out, WRAPPER_PARTS));
    TRY(item_put_uint(out, WRAPPER_VERSION));
    TRY(item_put_text(out, span_text(network)));
    TRY(item_put_text(out, span_text(message_kind_text(kind))));
    return buffer_put(out, body);
}

enum err wire_wrap(struct buffer *out, const char *network, enum kind kind, struct span body)
{
    CHECK(wire_network_valid(network) && body.size > 0);
    size_t size = out->size;
    enum err error = put_wrapper(out, network, kind, body);
    if (error != ERR_OK)
        out->size = size;
    return error;
}

/* A wrapper of a later version may have other parts, so the version is judged before their
 * number. */
static enum err take_version(struct span *rest)
{
    struct item parts, version;
    TRY(item_take(&parts, rest, ITEM_ARRAY));
    if (parts.value == 0)
        return ERR_PARSE;
    TRY(item_take(&version, rest, ITEM_UINT));
    if (version.value != WRAPPER_VERSION)
        return ERR_VERSION;
    return parts.value == WRAPPER_PARTS ? ERR_OK : ERR_PARSE;
}

static enum err take_network(char network[NETWORK_SIZE_MAX + 1], struct span *rest)
{
    struct item text;
    TRY(item_take(&text, rest, ITEM_TEXT));
    if (text.content.size > NETWORK_SIZE_MAX)
        return ERR_PARSE;
    memset(network, 0, NETWORK_SIZE_MAX + 1);
    memcpy(network, text.content.data, text.content.size);
    /* A NUL inside would hide what follows it. */
    if (strlen(network) != text.content.size || !wire_network_valid(network))
        return ERR_PARSE;
    return ERR_OK;
}

enum err wire_unwrap(struct wire_wrapper *out, struct span bytes)
{
    struct item kind;
    TRY(item_scan(bytes));
    TRY(take_version(&bytes));
    TRY(take_network(out->network, &bytes));
    TRY(item_take(&kind, &bytes, ITEM_TEXT));
    TRY(message_kind_from_text(&out->kind, kind.content));
    out->body = bytes; /* the last part, and nothing is after it */
    return ERR_OK;
}

enum err wire_unwrap_expect(struct span *body, struct span bytes, const char *network,
                            enum kind kind)
{
    struct wire_wrapper wrapper;
    enum err error = wire_unwrap(&wrapper, bytes);
    if (error != ERR_OK && error != ERR_KIND)
        return error;
    if (strcmp(wrapper.network, network) != 0)
        return ERR_NETWORK;
    if (error == ERR_KIND || wrapper.kind != kind)
        return ERR_KIND;
    *body = wrapper.body;
    return ERR_OK;
}
