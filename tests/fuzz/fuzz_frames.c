/* The fuzz target of frames: lines that a camera might have read, one after the other into one
 * gathering.
 *
 * 1. Any text gives ok or an error of the malformed class, in bounded memory.
 * 2. A message that comes out has the digest that was announced; cut anew, it comes out again. */
#include "wallet/carriers/frames.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = FRAMES_MESSAGES_MAX * (FILE_SIZE_MAX + 3 * FRAMES_TOTAL_MAX * 8), TEXT = 500 };

static void check_again(struct span whole)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct frames frames;
    struct span again = {0};
    enum frames_news news = FRAMES_NEW;
    if (frames_split(&frames, whole, TEXT, &arena) != ERR_OK)
        return;
    for (size_t i = frames.count + frames.parity; i-- > 0 && news != FRAMES_WHOLE;) {
        struct buffer text AUTO(buffer_fini) = {0};
        CHECK(frames_text(&frames, &text, i) == ERR_OK);
        CHECK(frames_add(&gather, &news, &again, buffer_span(&text), &arena) == ERR_OK);
    }
    CHECK(news == FRAMES_WHOLE && span_equal(again, whole));
}

static void show(struct frames_gather *gather, struct span text)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    enum frames_news news = FRAMES_NEW;
    size_t used = 0;
    const enum err error = frames_add(gather, &news, &whole, text, &arena);
    CHECK(error == ERR_OK || err_class(error) == ERR_CLASS_MALFORMED);
    for (size_t i = 0; i < FRAMES_MESSAGES_MAX; i++)
        used += gather->messages[i].arena.used;
    CHECK(used <= MEMORY_MAX);
    if (error == ERR_OK && news == FRAMES_WHOLE)
        check_again(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frames_gather gather AUTO(frames_fini) = {0};
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t line = end != NULL ? (size_t)(end - data) : size;
        show(&gather, span_of(data, line));
        data += line + (end != NULL);
        size -= line + (end != NULL);
    }
    return 0;
}
