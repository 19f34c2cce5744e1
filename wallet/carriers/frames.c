/* Cutting a message into frames, and a frame as text (contract in frames.h). */
#include "wallet/carriers/frames.h"

#include "common/crypto/crypto.h"
#include "common/wire/wire.h"

#include <string.h>

enum {
    FRAME_HEAD_SIZE = 33, /* all of a frame but its share, at most */
    SPARE_ONE_IN = 4,
};

void frames_digest(uint8_t out[FRAME_DIGEST_SIZE], struct span message)
{
    const struct id hash = crypto_hash(&message, 1);
    memcpy(out, hash.bytes, FRAME_DIGEST_SIZE);
}

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* The largest share whose frame is at most text_size bytes of base 45: three for two. */
static size_t share_within(size_t text_size)
{
    const size_t digits = text_size > FRAMES_PREFIX_SIZE ? text_size - FRAMES_PREFIX_SIZE : 0;
    const size_t bytes = digits / 3 * 2;
    const size_t share = bytes > FRAME_HEAD_SIZE ? bytes - FRAME_HEAD_SIZE : 0;
    return (share < FRAME_SHARE_MAX ? share : FRAME_SHARE_MAX) & ~(size_t)1;
}

/* Frames of one size, and no larger than their number needs. */
static enum err choose_sizes(struct frames *frames, size_t text_size)
{
    const size_t size = frames->message.size, most = share_within(text_size);
    if (size == 0 || size > FILE_SIZE_MAX || most < FRAME_SHARE_MIN)
        return ERR_LIMIT;
    size_t share = divide_up(size, divide_up(size, most));
    share += share % 2;
    frames->share_size = share < FRAME_SHARE_MIN ? FRAME_SHARE_MIN : share;
    frames->count = divide_up(size, frames->share_size);
    if (frames->count > FRAME_COUNT_MAX)
        return ERR_LIMIT;
    frames->parity = frames->count == 1 ? 0 : divide_up(frames->count, SPARE_ONE_IN);
    if (frames->parity > FRAME_PARITY_MAX)
        frames->parity = FRAME_PARITY_MAX;
    return ERR_OK;
}

/* The last one is filled up with zeros. */
static void data_share(const struct frames *frames, uint8_t out[FRAME_SHARE_MAX], size_t index)
{
    const size_t begin = index * frames->share_size;
    const size_t left = frames->message.size - begin;
    memset(out, 0, frames->share_size);
    memcpy(out, frames->message.data + begin,
           left < frames->share_size ? left : frames->share_size);
}

static enum err make_spare(struct frames *frames, struct arena *arena)
{
    struct arena scratch AUTO(arena_fini) = {0};
    struct frames_field field;
    uint8_t share[FRAME_SHARE_MAX];
    void *spare = NULL;
    TRY(frames_field_make(&field, &scratch));
    TRY(arena_alloc(arena, &spare, frames->parity, frames->share_size));
    frames->spare = spare;
    for (size_t i = 0; i < frames->count; i++) {
        data_share(frames, share, i);
        for (size_t j = 0; j < frames->parity; j++)
            frames_field_add(&field, frames->spare + j * frames->share_size, share,
                             frames_field_part(&field, frames->count + j, i), frames->share_size);
    }
    return ERR_OK;
}

enum err frames_split(struct frames *out, struct span message, size_t text_size,
                      struct arena *arena)
{
    *out = (struct frames){.message = message};
    TRY(choose_sizes(out, text_size));
    frames_digest(out->digest, message);
    return out->parity == 0 ? ERR_OK : make_spare(out, arena);
}

enum err frames_text(const struct frames *frames, struct buffer *out, size_t index)
{
    uint8_t share[FRAME_SHARE_MAX];
    struct buffer bytes AUTO(buffer_fini) = {0};
    CHECK(index < frames->count + frames->parity);
    if (index < frames->count)
        data_share(frames, share, index);
    else
        memcpy(share, frames->spare + (index - frames->count) * frames->share_size,
               frames->share_size);
    const struct frame frame = {
        .digest = span_of(frames->digest, FRAME_DIGEST_SIZE),
        .size = frames->message.size,
        .count = frames->count,
        .index = index,
        .share = span_of(share, frames->share_size),
    };
    TRY(frame_encode(&bytes, &frame));
    TRY(buffer_put(out, span_text(FRAMES_PREFIX)));
    return frames_base45_encode(out, buffer_span(&bytes));
}
