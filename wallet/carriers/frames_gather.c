/* Frames that were seen, until a message is whole (contract in frames.h).
 *
 * What is shown may be anybody's: every number is checked before memory is taken for it, and a
 * message that another one's frames were slipped into is thrown away when its digest fails. */
#include "wallet/carriers/frames.h"

#include "common/wire/wire.h"

#include <string.h>

static void forget(struct frames_message *message)
{
    arena_fini(&message->arena);
    *message = (struct frames_message){0};
}

/* It is known again, so that its other frames do not begin it anew. */
static void put_away(struct frames_message *message)
{
    arena_fini(&message->arena);
    message->indices = NULL;
    message->shares = NULL;
    message->is_whole = true;
}

void frames_fini(struct frames_gather *gather)
{
    for (size_t i = 0; i < FRAMES_MESSAGES_MAX; i++)
        forget(&gather->messages[i]);
}

void frames_progress(const struct frames_gather *gather, size_t *got, size_t *count)
{
    *got = *count = 0;
    for (size_t i = 0; i < FRAMES_MESSAGES_MAX; i++) {
        const struct frames_message *message = &gather->messages[i];
        if (message->count == 0 || message->is_whole ||
            (*count != 0 && message->got * *count <= *got * message->count))
            continue;
        *got = message->got;
        *count = message->count;
    }
}

/* ---- one frame ---- */

static enum err read_frame(struct frame *frame, struct span text, struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = FRAMES_TEXT_SIZE_MAX};
    struct span kept = {0};
    if (text.size < FRAMES_PREFIX_SIZE || memcmp(text.data, FRAMES_PREFIX, FRAMES_PREFIX_SIZE) != 0)
        return ERR_KIND;
    if (text.size > FRAMES_TEXT_SIZE_MAX)
        return ERR_LIMIT;
    TRY(frames_base45_decode(
        &bytes, span_of(text.data + FRAMES_PREFIX_SIZE, text.size - FRAMES_PREFIX_SIZE)));
    TRY(arena_copy(arena, &kept, buffer_span(&bytes)));
    TRY(frame_decode(frame, kept, arena));
    const size_t share = frame->share.size;
    if (share % 2 != 0 || frame->count != (frame->size + share - 1) / share ||
        frame->index >= frame->count + FRAME_PARITY_MAX)
        return ERR_RANGE;
    return ERR_OK;
}

/* ---- whose it is ---- */

static bool is_of(const struct frames_message *message, const struct frame *frame)
{
    return message->count == frame->count && message->size == frame->size &&
           message->share_size == frame->share.size &&
           memcmp(message->digest, frame->digest.data, FRAME_DIGEST_SIZE) == 0;
}

static enum err begin(struct frames_gather *gather, struct frames_message *message,
                      const struct frame *frame)
{
    void *indices = NULL, *shares = NULL;
    forget(message);
    TRY(arena_alloc(&message->arena, &indices, frame->count, sizeof *message->indices));
    TRY(arena_alloc(&message->arena, &shares, frame->count, frame->share.size));
    message->indices = indices;
    message->shares = shares;
    memcpy(message->digest, frame->digest.data, FRAME_DIGEST_SIZE);
    message->size = frame->size;
    message->count = frame->count;
    message->share_size = frame->share.size;
    message->begun = ++gather->begun;
    return ERR_OK;
}

static enum err message_of(struct frames_gather *gather, struct frames_message **out,
                           const struct frame *frame)
{
    struct frames_message *oldest = &gather->messages[0];
    for (size_t i = 0; i < FRAMES_MESSAGES_MAX; i++) {
        *out = &gather->messages[i];
        if (is_of(*out, frame))
            return ERR_OK;
        if ((*out)->begun < oldest->begun)
            oldest = *out;
    }
    *out = oldest;
    return begin(gather, oldest, frame);
}

static bool has(const struct frames_message *message, uint64_t index)
{
    if (message->is_whole)
        return true;
    for (size_t i = 0; i < message->got; i++)
        if (message->indices[i] == index)
            return true;
    return false;
}

/* ---- whole ---- */

static enum err finish(struct frames_message *message, enum frames_news *news, struct span *whole,
                       struct arena *arena)
{
    uint8_t digest[FRAME_DIGEST_SIZE];
    TRY(frames_solve(message->shares, message->indices, message->count, message->share_size,
                     &message->arena));
    const struct span found = span_of(message->shares, message->size);
    frames_digest(digest, found);
    const bool right = memcmp(digest, message->digest, sizeof digest) == 0;
    *news = right ? FRAMES_WHOLE : FRAMES_DAMAGED;
    return right ? arena_copy(arena, whole, found) : ERR_OK;
}

enum err frames_add(struct frames_gather *gather, enum frames_news *news, struct span *whole,
                    struct span text, struct arena *arena)
{
    struct arena scratch AUTO(arena_fini) = {0};
    struct frame frame = {0};
    struct frames_message *message = NULL;
    TRY(read_frame(&frame, text, &scratch));
    TRY(message_of(gather, &message, &frame));
    *news = FRAMES_REPEATED;
    if (has(message, frame.index))
        return ERR_OK;
    *news = FRAMES_NEW;
    memcpy(message->shares + message->got * message->share_size, frame.share.data,
           message->share_size);
    message->indices[message->got++] = (uint16_t)frame.index;
    if (message->got < message->count)
        return ERR_OK;
    const enum err error = finish(message, news, whole, arena);
    if (error == ERR_OK && *news == FRAMES_WHOLE)
        put_away(message);
    else
        forget(message);
    return error;
}
