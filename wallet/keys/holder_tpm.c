/* Keys and the counter of a wallet in a TPM (contract in holder_tpm.h).
 *
 * What is kept of a key:  1 | has an auth value (0, 1) | public key (33) | the TPM's blob.
 * The auth value is SHA-256("dcep/1/pin" || 0x00 || secret), the secret being derived from the
 * wallet's master key: the TPM sees no PIN and counts none.
 *
 * 1. A pair names its key by the public key only; the blob is looked up among those opened here.
 * 2. The counter is read at the first key that is opened: a wallet that only looks asks no TPM. */
#include "wallet/keys/holder_tpm.h"

#include "common/wire/message.h"
#include "common/wire/wire.h"
#include "wallet/keys/tpm.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_VERSION = 1, KEPT_HEAD = 2 + KEY_SIZE, OPENED_MAX = 64, MAKE_TRIES = 8 };

struct holder_tpm {
    struct holder_tpm_options options;
    struct tpm *tpm;
    struct holder holder;
    struct key_device device;
    struct tpm_auth auth; /* of keys that have one */
    bool has_auth;
    struct arena arena;
    struct span opened[OPENED_MAX]; /* as kept, in arena */
    size_t opened_count;
};

/* --- what opens a key --- */

static struct tpm_auth auth_of(struct span pin)
{
    struct tpm_auth auth = {.size = pin.size > 0 ? sizeof auth.bytes : 0};
    const struct span parts[] = {span_text("dcep/1/pin"), span_of("", 1), pin};
    struct id hash = crypto_hash(parts, sizeof parts / sizeof parts[0]);
    if (auth.size > 0)
        memcpy(auth.bytes, hash.bytes, sizeof auth.bytes);
    secret_wipe_bytes(&hash, sizeof hash);
    return auth;
}

static enum err need_auth(struct holder_tpm *holder, bool is_needed)
{
    struct span pin = {0};
    if (holder->has_auth)
        return ERR_OK;
    TRY(holder->options.pin(holder->options.context, &pin, is_needed));
    holder->auth = auth_of(pin);
    holder->has_auth = true;
    return ERR_OK;
}

/* --- what is kept --- */

static struct span blob_of(struct span kept)
{
    return span_of(kept.data + KEPT_HEAD, kept.size - KEPT_HEAD);
}

static enum err check_kept(struct span kept)
{
    if (kept.size <= KEPT_HEAD)
        return ERR_PARSE;
    if (kept.data[0] != KEPT_VERSION || kept.data[1] > 1)
        return ERR_VERSION;
    return ERR_OK;
}

static enum err put_kept(struct span *kept, const struct public_key *key, bool has_pin,
                         struct span blob, struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    const uint8_t head[2] = {KEPT_VERSION, has_pin ? 1 : 0};
    TRY(buffer_put(&bytes, span_of(head, sizeof head)));
    TRY(buffer_put(&bytes, SPAN(*key)));
    TRY(buffer_put(&bytes, blob));
    return arena_copy(arena, kept, buffer_span(&bytes));
}

static struct span *find_opened(struct holder_tpm *holder, const struct public_key *key)
{
    for (size_t i = 0; i < holder->opened_count; i++)
        if (memcmp(holder->opened[i].data + 2, key->bytes, KEY_SIZE) == 0)
            return &holder->opened[i];
    return NULL;
}

static enum err remember(struct holder_tpm *holder, struct span kept)
{
    if (holder->opened_count == OPENED_MAX)
        return ERR_LIMIT;
    TRY(arena_copy(&holder->arena, &holder->opened[holder->opened_count], kept));
    holder->opened_count++;
    return ERR_OK;
}

/* --- the holder's verbs --- */

static enum err make_key(void *context, struct key_pair *out, struct span *kept,
                         struct arena *arena)
{
    struct holder_tpm *holder = context;
    struct span blob = {0};
    *out = (struct key_pair){.device = &holder->device};
    TRY(need_auth(holder, true));
    TRY(tpm_make_key(holder->tpm, &out->public_key, &blob, &holder->auth, false, arena));
    TRY(put_kept(kept, &out->public_key, holder->auth.size > 0, blob, arena));
    return remember(holder, *kept);
}

static enum err open_key(void *context, struct key_pair *out, struct span kept)
{
    struct holder_tpm *holder = context;
    TRY(check_kept(kept));
    *out = (struct key_pair){.device = &holder->device};
    memcpy(out->public_key.bytes, kept.data + 2, KEY_SIZE);
    if (find_opened(holder, &out->public_key) != NULL)
        return ERR_OK;
    TRY(need_auth(holder, kept.data[1] == 1));
    TRY(tpm_try_key(holder->tpm, blob_of(kept), &holder->auth));
    return remember(holder, kept);
}

static enum err sign(void *context, struct signature *out, const struct public_key *key,
                     struct span message)
{
    struct holder_tpm *holder = context;
    const struct span *kept = find_opened(holder, key);
    return kept == NULL ? ERR_MISSING
                        : tpm_sign(holder->tpm, out, blob_of(*kept), &holder->auth, message);
}

static enum err follow(void *context, uint64_t count)
{
    struct holder_tpm *holder = context;
    uint64_t value = 0;
    TRY(tpm_counter_read(holder->tpm, &value, (uint32_t)holder->options.index));
    if (value > count)
        return ERR_ROLLBACK;
    if (value == count)
        return ERR_OK;
    return value + 1 == count ? tpm_counter_step(holder->tpm, (uint32_t)holder->options.index)
                              : ERR_INTEGRITY;
}

/* A counter that was made and not yet noted in the database is the one to use. */
static enum err begin(void *context, uint64_t *count)
{
    struct holder_tpm *holder = context;
    const uint32_t index = (uint32_t)holder->options.index;
    const enum err made = tpm_counter_make(holder->tpm, index);
    if (made != ERR_OK && made != ERR_EXISTS)
        return made;
    TRY(tpm_counter_read(holder->tpm, count, index));
    if (*count > 0)
        return ERR_OK;
    TRY(tpm_counter_step(holder->tpm, index));
    return tpm_counter_read(holder->tpm, count, index);
}

static enum err attest(void *context, struct span *statement, const struct public_key *key,
                       const struct id *qualifier, struct arena *arena)
{
    struct holder_tpm *holder = context;
    const struct span *kept = find_opened(holder, key);
    struct buffer encoded AUTO(buffer_fini) = {0};
    struct tpm_statement said = {0};
    if (kept == NULL)
        return ERR_MISSING;
    TRY(tpm_certify(holder->tpm, &said, blob_of(*kept), &holder->auth,
                    blob_of(holder->holder.attestor), qualifier, arena));
    struct element_statement record = {
        .public_area = said.area, .statement = said.statement, .signature = SPAN(said.signature)};
    memcpy(record.attestor_key.bytes, holder->holder.attestor.data + 2, KEY_SIZE);
    TRY(wire_encode(&encoded, &message_element_statement, &record));
    return arena_copy(arena, statement, buffer_span(&encoded));
}

/* --- opening --- */

static enum err new_attestor(struct holder_tpm *holder)
{
    const struct tpm_auth none = {.size = 0};
    struct public_key key;
    struct span blob = {0};
    TRY(tpm_make_key(holder->tpm, &key, &blob, &none, true, &holder->arena));
    return put_kept(&holder->holder.attestor, &key, false, blob, &holder->arena);
}

/* An index that nobody uses; another wallet of this TPM has its own. */
static enum err new_index(struct holder_tpm *holder)
{
    enum err error = ERR_EXISTS;
    for (int tries = 0; error == ERR_EXISTS && tries < MAKE_TRIES; tries++) {
        uint32_t drawn = 0;
        uint64_t value = 0;
        crypto_random(&drawn, sizeof drawn);
        holder->options.index = TPM_INDEX_FIRST + drawn % TPM_INDEX_COUNT;
        error = tpm_counter_read(holder->tpm, &value, (uint32_t)holder->options.index);
        error = error == ERR_OK ? ERR_EXISTS : error == ERR_MISSING ? ERR_OK : error;
    }
    return error;
}

static enum err open_parts(struct holder_tpm *holder)
{
    TRY(tpm_open(&holder->tpm, holder->options.where));
    if (holder->options.index == 0)
        TRY(new_index(holder));
    if (holder->options.attestor.size == 0)
        TRY(new_attestor(holder));
    else
        TRY(arena_copy(&holder->arena, &holder->holder.attestor, holder->options.attestor));
    holder->holder.index = holder->options.index;
    return check_kept(holder->holder.attestor);
}

enum err holder_tpm_open(struct holder_tpm **out, const struct holder_tpm_options *options)
{
    struct holder_tpm *holder AUTO(holder_tpm_close) = calloc(1, sizeof *holder);
    if (holder == NULL)
        return ERR_MEMORY;
    holder->options = *options;
    holder->device = (struct key_device){.context = holder, .sign = sign};
    holder->holder = (struct holder){.kind = HOLDER_ELEMENT,
                                     .context = holder,
                                     .make_key = make_key,
                                     .open_key = open_key,
                                     .follow = follow,
                                     .begin = begin,
                                     .attest = attest};
    TRY(open_parts(holder));
    *out = TAKE(holder);
    return ERR_OK;
}

const struct holder *holder_tpm_holder(const struct holder_tpm *holder)
{
    return &holder->holder;
}

void holder_tpm_close(struct holder_tpm **holder_at)
{
    struct holder_tpm *holder = *holder_at;
    if (holder == NULL)
        return;
    tpm_close(&holder->tpm);
    secret_wipe_bytes(&holder->auth, sizeof holder->auth);
    arena_fini(&holder->arena);
    free(holder);
    *holder_at = NULL;
}
