/* The files of the handover. */
#include "wallet/handover_file.h"

enum err handover_file_wrap_bytes(struct wallet *wallet, struct span *file, enum kind kind,
                                  struct span body, struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    TRY(wire_wrap(&bytes, wallet->trust.network, kind, body));
    return arena_copy(arena, file, buffer_span(&bytes));
}

enum err handover_file_wrap(struct wallet *wallet, struct span *file, enum kind kind,
                            const void *value, struct arena *arena)
{
    struct buffer body AUTO(buffer_fini) = {0};
    TRY(wire_encode(&body, message_kind_schema(kind), value));
    return handover_file_wrap_bytes(wallet, file, kind, buffer_span(&body), arena);
}

enum status handover_file_unwrap(struct wallet *wallet, struct span *body, enum kind kind,
                                 struct span file)
{
    if (file.size > FILE_SIZE_MAX)
        return STATUS_LIMIT;
    return record_status(wire_unwrap_expect(body, file, wallet->trust.network, kind));
}
