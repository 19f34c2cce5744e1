/* The carriers' common door: the bounds that hold for all of them. */
#include "wallet/carriers/carrier.h"

#include "common/wire/message.h"

enum err carrier_take(struct carrier *carrier, struct buffer *out)
{
    const size_t before = out->size;
    TRY(carrier->ops->take(carrier, out));
    return out->size - before > FILE_SIZE_MAX ? ERR_LIMIT : ERR_OK;
}

enum err carrier_give(struct carrier *carrier, struct span bytes)
{
    return bytes.size > FILE_SIZE_MAX ? ERR_LIMIT : carrier->ops->give(carrier, bytes);
}

void carrier_close(struct carrier **carrier)
{
    struct carrier *gone = TAKE(*carrier);
    if (gone != NULL)
        gone->ops->close(gone);
}
