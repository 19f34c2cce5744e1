/* Messages in frames: cut, lost, repeated, mixed, damaged, forged. */
#include "wallet/carriers/frames.h"

#include "common/wire/wire.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES_MAX = FRAMES_TOTAL_MAX, SMALL_TEXT = 154 };

struct shown {
    struct arena arena;
    struct frames frames;
    uint8_t *message;
    size_t size;
    struct buffer texts[FRAMES_MAX];
};

/* A message of bytes that depend on a seed, cut. */
static void show(struct shown *shown, size_t size, size_t text_size, uint32_t seed)
{
    void *memory = NULL;
    cr_assert_eq(arena_alloc(&shown->arena, &memory, size, 1), ERR_OK);
    shown->message = memory;
    shown->size = size;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525U + 1013904223U;
        shown->message[i] = (uint8_t)(seed >> 24);
    }
    cr_assert_eq(
        frames_split(&shown->frames, span_of(shown->message, size), text_size, &shown->arena),
        ERR_OK);
    for (size_t i = 0; i < shown->frames.count + shown->frames.parity; i++) {
        cr_assert_eq(frames_text(&shown->frames, &shown->texts[i], i), ERR_OK);
        cr_assert_leq(shown->texts[i].size, text_size, "frame %zu of %zu", i, size);
    }
}

static void hide(struct shown *shown)
{
    for (size_t i = 0; i < FRAMES_MAX; i++)
        buffer_fini(&shown->texts[i]);
    arena_fini(&shown->arena);
}

static enum frames_news see(struct frames_gather *gather, struct span *whole,
                            const struct shown *shown, size_t index, struct arena *arena)
{
    enum frames_news news = FRAMES_DAMAGED;
    cr_assert_eq(frames_add(gather, &news, whole, buffer_span(&shown->texts[index]), arena),
                 ERR_OK);
    return news;
}

/* Every frame but `lost` of them, beginning at `first`, from the last to the first. */
static bool comes_back(const struct shown *shown, size_t first, size_t lost)
{
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    const size_t total = shown->frames.count + shown->frames.parity;
    for (size_t i = total; i-- > 0;) {
        if ((i + total - first) % total < lost)
            continue;
        if (see(&gather, &whole, shown, i, &arena) == FRAMES_WHOLE)
            return span_equal(whole, span_of(shown->message, shown->size));
    }
    return false;
}

Test(frames, sizes_and_losses)
{
    static const struct {
        size_t size, text_size;
    } rows[] = {{1, SMALL_TEXT},
                {2, SMALL_TEXT},
                {75, SMALL_TEXT},
                {527, SMALL_TEXT},
                {527, 970},
                {2012, 619},
                {65536, 2000},
                {FILE_SIZE_MAX, 3391},
                {FILE_SIZE_MAX, 1100},
                {33, SMALL_TEXT},
                {4000, 4296}};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        static struct shown shown;
        shown = (struct shown){0};
        show(&shown, rows[row].size, rows[row].text_size, (uint32_t)row);
        const size_t parity = shown.frames.parity, total = shown.frames.count + parity;
        cr_expect(comes_back(&shown, 0, 0), "row %zu", row);
        cr_expect(comes_back(&shown, 0, parity), "row %zu: the first %zu lost", row, parity);
        cr_expect(comes_back(&shown, total / 2, parity), "row %zu", row);
        cr_expect_not(comes_back(&shown, total / 3, parity + 1), "row %zu: one too few", row);
        hide(&shown);
    }
}

Test(frames, every_pair_of_frames_can_be_lost)
{
    static struct shown shown;
    show(&shown, 400, SMALL_TEXT, 7);
    const size_t total = shown.frames.count + shown.frames.parity;
    cr_assert_eq(shown.frames.parity, 2);
    for (size_t a = 0; a < total; a++)
        for (size_t b = a + 1; b < total; b++) {
            struct frames_gather gather AUTO(frames_fini) = {0};
            struct arena arena AUTO(arena_fini) = {0};
            struct span whole = {0};
            for (size_t i = 0; i < total; i++)
                if (i != a && i != b)
                    (void)see(&gather, &whole, &shown, i, &arena);
            cr_expect(span_equal(whole, span_of(shown.message, shown.size)), "%zu, %zu", a, b);
        }
    hide(&shown);
}

Test(frames, limits_of_cutting)
{
    struct arena arena AUTO(arena_fini) = {0};
    static uint8_t bytes[FILE_SIZE_MAX + 1];
    struct frames frames;
    static const struct {
        size_t size, text_size;
        enum err expected;
    } rows[] = {
        {0, 970, ERR_LIMIT},         {FILE_SIZE_MAX + 1, 4296, ERR_LIMIT}, {100, 79, ERR_LIMIT},
        {100, 80, ERR_OK},           {FILE_SIZE_MAX, 800, ERR_LIMIT}, /* more than 2,048 frames */
        {FILE_SIZE_MAX, 900, ERR_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(frames_split(&frames, span_of(bytes, rows[i].size), rows[i].text_size, &arena),
                     rows[i].expected, "row %zu", i);
}

/* ---- what may be shown ---- */

static enum err add(struct frames_gather *gather, enum frames_news *news, struct span *whole,
                    const struct frame *frame, struct arena *arena)
{
    struct buffer bytes AUTO(buffer_fini) = {0}, text AUTO(buffer_fini) = {0};
    cr_assert_eq(frame_encode(&bytes, frame), ERR_OK);
    cr_assert_eq(buffer_put(&text, span_text(FRAMES_PREFIX)), ERR_OK);
    cr_assert_eq(frames_base45_encode(&text, buffer_span(&bytes)), ERR_OK);
    return frames_add(gather, news, whole, buffer_span(&text), arena);
}

/* Frames out of order, twice, and of other payments in between: the message all the same. */
Test(frames, F6_I13_mixed_repeated_reordered)
{
    static struct shown shown, other;
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    size_t got, count;
    show(&shown, 527, SMALL_TEXT, 1);
    show(&other, 527, SMALL_TEXT, 2); /* the same sizes, another payment */
    const size_t needed = shown.frames.count;
    for (size_t i = 0; i + 1 < needed; i++) {
        cr_expect_eq(see(&gather, &whole, &other, i, &arena), FRAMES_NEW);
        cr_expect_eq(see(&gather, &whole, &shown, needed - i, &arena), FRAMES_NEW);
        cr_expect_eq(see(&gather, &whole, &shown, needed - i, &arena), FRAMES_REPEATED);
    }
    frames_progress(&gather, &got, &count);
    cr_expect_eq(got, needed - 1);
    cr_expect_eq(count, needed);
    cr_expect_null(whole.data, "k - 1 of k frames are nothing");
    cr_expect_eq(see(&gather, &whole, &shown, 0, &arena), FRAMES_WHOLE);
    cr_expect(span_equal(whole, span_of(shown.message, shown.size)));
    hide(&shown);
    hide(&other);
}

/* What a message was put together without, or is shown of it once more, begins nothing. */
Test(frames, nothing_is_gathered_twice)
{
    static struct shown shown, other;
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    size_t got, count;
    show(&shown, 527, SMALL_TEXT, 1);
    show(&other, 527, SMALL_TEXT, 2);
    const size_t needed = shown.frames.count, total = needed + shown.frames.parity;
    for (size_t i = 0; i < total; i++)
        cr_expect_eq(see(&gather, &whole, &shown, i, &arena),
                     i + 1 < needed    ? FRAMES_NEW
                     : i + 1 == needed ? FRAMES_WHOLE
                                       : FRAMES_REPEATED,
                     "frame %zu", i);
    frames_progress(&gather, &got, &count);
    cr_expect_eq(count, 0, "%zu of %zu", got, count);
    cr_expect_eq(see(&gather, &whole, &other, 0, &arena), FRAMES_NEW);
    cr_expect_eq(see(&gather, &whole, &shown, 0, &arena), FRAMES_REPEATED);
    frames_progress(&gather, &got, &count);
    cr_expect_eq(got, 1, "of the other");
    hide(&shown);
    hide(&other);
}

/* A frame under a message's name that is not of it: dropped with the message, which can be shown
 * again. */
Test(frames, I13_forged_share)
{
    static struct shown shown;
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    enum frames_news news = FRAMES_NEW;
    uint8_t share[FRAME_SHARE_MAX] = {1};
    show(&shown, 300, SMALL_TEXT, 3);
    const struct frame forged = {.digest = span_of(shown.frames.digest, FRAME_DIGEST_SIZE),
                                 .size = 300,
                                 .count = shown.frames.count,
                                 .index = 1,
                                 .share = span_of(share, shown.frames.share_size)};
    cr_expect_eq(add(&gather, &news, &whole, &forged, &arena), ERR_OK);
    for (size_t i = 0; i < shown.frames.count && news != FRAMES_DAMAGED; i++)
        news = see(&gather, &whole, &shown, i, &arena);
    cr_expect_eq(news, FRAMES_DAMAGED);
    cr_expect_null(whole.data);
    for (size_t i = 0; i < shown.frames.count; i++)
        news = see(&gather, &whole, &shown, i, &arena);
    cr_expect_eq(news, FRAMES_WHOLE);
    hide(&shown);
}

Test(frames, I13_numbers_that_do_not_fit)
{
    static uint8_t share[FRAME_SHARE_MAX];
    static const struct {
        uint64_t size, count, index;
        size_t share_size;
        enum err expected;
    } rows[] = {
        {100, 5, 0, 20, ERR_OK},
        {100, 5, 4, 20, ERR_OK},
        {100, 5, 260, 20, ERR_OK},
        {100, 5, 261, 20, ERR_RANGE}, /* beyond the spare ones */
        {100, 5, 2303, 20, ERR_RANGE},
        {100, 4, 0, 20, ERR_RANGE}, /* four shares do not hold it */
        {100, 6, 0, 20, ERR_RANGE}, /* one would be empty */
        {100, 2048, 0, 20, ERR_RANGE},
        {1, 1, 0, 16, ERR_OK},
        {1, 2, 0, 16, ERR_RANGE},
        {99, 5, 0, 21, ERR_RANGE}, /* odd */
        {FILE_SIZE_MAX, 1, 0, 3072, ERR_RANGE},
    };
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    enum frames_news news;
    const uint8_t digest[FRAME_DIGEST_SIZE] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct frame frame = {.digest = span_of(digest, sizeof digest),
                                    .size = rows[i].size,
                                    .count = rows[i].count,
                                    .index = rows[i].index,
                                    .share = span_of(share, rows[i].share_size)};
        cr_expect_eq(add(&gather, &news, &whole, &frame, &arena), rows[i].expected, "row %zu", i);
    }
}

/* total = 0, 2^32, and whatever else is no frame: a named error, and nothing is kept of it. */
Test(frames, I13_texts_that_are_none)
{
    static const struct {
        const char *hex; /* of the record; NULL: text as it stands */
        const char *text;
        enum err expected;
    } rows[] = {
        {NULL, "", ERR_KIND},
        {NULL, "DCEP", ERR_KIND},
        {NULL, "https://example.org/", ERR_KIND},
        {NULL, "dcep:00", ERR_KIND},
        {NULL, "DCEP:", ERR_PARSE},
        {NULL, "DCEP:0", ERR_PARSE},
        {NULL, "DCEP::::", ERR_PARSE}, /* 91124, more than two bytes hold */
        {NULL, "DCEP:ab", ERR_PARSE},
        {"860150000102030405060708090a0b0c0d0e0f186400005000000000000000000000000000000000", NULL,
         ERR_RANGE}, /* count 0 */
        {"860150000102030405060708090a0b0c0d0e0f18641a0000000100"
         "5000000000000000000000000000000000",
         NULL, ERR_CANONICAL},
        {"860150000102030405060708090a0b0c0d0e0f18641b000000010000000000500000000000000000000000000"
         "0"
         "000000",
         NULL, ERR_RANGE}, /* count 2^32 */
        {"860250000102030405060708090a0b0c0d0e0f186405005000000000000000000000000000000000", NULL,
         ERR_VERSION},
    };
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    enum frames_news news;
    size_t got, count;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer text AUTO(buffer_fini) = {0};
        uint8_t bytes[128];
        const size_t size = rows[i].hex == NULL ? 0 : strlen(rows[i].hex) / 2;
        if (rows[i].hex != NULL) {
            cr_assert_eq(hex_decode(bytes, size, rows[i].hex), ERR_OK);
            cr_assert_eq(buffer_put(&text, span_text(FRAMES_PREFIX)), ERR_OK);
            cr_assert_eq(frames_base45_encode(&text, span_of(bytes, size)), ERR_OK);
        } else {
            cr_assert_eq(buffer_put(&text, span_text(rows[i].text)), ERR_OK);
        }
        const enum err error = frames_add(&gather, &news, &whole, buffer_span(&text), &arena);
        cr_expect_eq(error, rows[i].expected, "row %zu: %s", i, err_name(error));
    }
    frames_progress(&gather, &got, &count);
    cr_expect_eq(got + count, 0, "nothing was begun");
}

/* A thousand messages begun: memory for four. */
Test(frames, I13_memory_is_bounded)
{
    static uint8_t share[512];
    struct frames_gather gather AUTO(frames_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct span whole = {0};
    enum frames_news news;
    for (uint16_t i = 0; i < 1000; i++) {
        uint8_t digest[FRAME_DIGEST_SIZE] = {(uint8_t)i, (uint8_t)(i >> 8)};
        const struct frame frame = {.digest = span_of(digest, sizeof digest),
                                    .size = FILE_SIZE_MAX,
                                    .count = 2048,
                                    .share = span_of(share, sizeof share)};
        cr_assert_eq(add(&gather, &news, &whole, &frame, &arena), ERR_OK);
        cr_assert_eq(news, FRAMES_NEW);
    }
    size_t used = arena.used;
    for (size_t i = 0; i < FRAMES_MESSAGES_MAX; i++)
        used += gather.messages[i].arena.used;
    cr_expect_leq(used, FRAMES_MESSAGES_MAX * (FILE_SIZE_MAX + 2 * 2048 + 64));
}

/* RFC 9285, section 4.3. */
Test(frames, base45)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"AB", "BB8"},
                {"Hello!!", "%69 VD92EX0"},
                {"base-45", "UJCLQE7W581"},
                {"ietf!", "QED8WEX0"},
                {"", ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer text AUTO(buffer_fini) = {0}, bytes AUTO(buffer_fini) = {0};
        cr_expect_eq(frames_base45_encode(&text, span_text(rows[i].bytes)), ERR_OK);
        cr_expect(span_equal(buffer_span(&text), span_text(rows[i].text)), "row %zu", i);
        cr_expect_eq(frames_base45_decode(&bytes, buffer_span(&text)), ERR_OK);
        cr_expect(span_equal(buffer_span(&bytes), span_text(rows[i].bytes)), "row %zu", i);
    }
}
