/* What a wallet gives to others and takes from them, as files. */
#include "wallet/state/wallet_file.h"

enum err wallet_file_wrap_bytes(struct wallet *wallet, struct span *file, enum kind kind,
                                struct span body, struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    TRY(wire_wrap(&bytes, wallet->trust.network, kind, body));
    return arena_copy(arena, file, buffer_span(&bytes));
}

enum err wallet_file_wrap(struct wallet *wallet, struct span *file, enum kind kind,
                          const void *value, struct arena *arena)
{
    struct buffer body AUTO(buffer_fini) = {0};
    TRY(wire_encode(&body, message_kind_schema(kind), value));
    return wallet_file_wrap_bytes(wallet, file, kind, buffer_span(&body), arena);
}

enum status wallet_file_unwrap(struct wallet *wallet, struct span *body, enum kind kind,
                               struct span file)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct span message = {0};
    if (file.size > FILE_SIZE_MAX)
        return STATUS_LIMIT;
    const enum err opened = wallet_file_message(wallet, &message, file, &arena);
    if (opened != ERR_OK)
        return record_status(opened);
    return record_status(wire_unwrap_expect(body, message, wallet->trust.network, kind));
}

enum err wallet_file_message(struct wallet *wallet, struct span *message, struct span file,
                             struct arena *arena)
{
    struct span body = {0};
    struct wire_wrapper wrapper = {0};
    struct bundle bundle = {0};
    *message = file;
    if (wire_unwrap(&wrapper, file) != ERR_OK || wrapper.kind != KIND_BUNDLE)
        return ERR_OK; /* whoever reads it says what is wrong with it */
    TRY(wire_unwrap_expect(&body, file, wallet->trust.network, KIND_BUNDLE));
    TRY(bundle_decode(&bundle, body, arena));
    *message = bundle.messages.items[0].bytes;
    return ERR_OK;
}
