/* The arena: alignment, zeroing, the limit, and multiplication that would overflow. */
#include "common/base/span.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <string.h>

Test(arena, limit)
{
    static const struct {
        size_t limit, count, size;
        enum err error;
    } rows[] = {
        {1024, 0, 0, ERR_OK},
        {1024, 1, 1024, ERR_OK},
        {1024, 1024, 1, ERR_OK},
        {1024, 1, 1025, ERR_LIMIT},
        {1024, 32, 33, ERR_LIMIT},
        {1024, SIZE_MAX, 2, ERR_LIMIT},
        {1024, 2, SIZE_MAX, ERR_LIMIT},
        {1024, SIZE_MAX / 2 + 1, 2, ERR_LIMIT},
        {SIZE_MAX, 1, SIZE_MAX, ERR_LIMIT},
        {8, 1, 1, ERR_LIMIT}, /* rounding up counts */
        {0, 1, 1 << 20, ERR_OK},
        {0, 1, ARENA_LIMIT_DEFAULT + 1, ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena AUTO(arena_fini) = {.limit = rows[i].limit};
        void *memory = NULL;
        enum err error = arena_alloc(&arena, &memory, rows[i].count, rows[i].size);
        cr_expect_eq(error, rows[i].error, "row %zu", i);
        cr_expect_eq(memory != NULL, error == ERR_OK, "row %zu", i);
    }
}

Test(arena, many_small_ones_end_at_the_limit)
{
    struct arena arena AUTO(arena_fini) = {.limit = 64 * 1024};
    size_t handed_out = 0;
    void *memory;
    while (arena_alloc(&arena, &memory, 1, 16) == ERR_OK)
        handed_out += 16;
    cr_expect_eq(handed_out, 64u * 1024);
}

Test(arena, memory_is_zeroed_aligned_and_apart)
{
    static const uint8_t zero[1000];
    struct arena arena AUTO(arena_fini) = {0};
    uint8_t *before = NULL;
    for (size_t size = 1; size < 1000; size++) {
        void *memory;
        cr_assert_eq(arena_alloc(&arena, &memory, size, 1), ERR_OK);
        cr_assert_eq((uintptr_t)memory % alignof(max_align_t), 0u);
        cr_assert_eq(memcmp(memory, zero, size), 0);
        memset(memory, 0xaa, size);
        if (before != NULL)
            cr_assert_eq(*before, 0xaa);
        before = memory;
    }
}

Test(arena, a_copy_is_its_own)
{
    struct arena arena AUTO(arena_fini) = {0};
    char text[] = "coin";
    struct span copy, nothing;
    cr_assert_eq(arena_copy(&arena, &copy, span_text(text)), ERR_OK);
    text[0] = 'x';
    cr_expect(span_equal(copy, span_text("coin")));
    cr_assert_eq(arena_copy(&arena, &nothing, span_of(NULL, 0)), ERR_OK);
    cr_expect_eq(nothing.size, 0u);
}

Test(arena, reset_gives_everything_back)
{
    struct arena arena AUTO(arena_fini) = {.limit = 1024};
    void *memory;
    cr_assert_eq(arena_alloc(&arena, &memory, 1, 1024), ERR_OK);
    cr_assert_eq(arena_alloc(&arena, &memory, 1, 1), ERR_LIMIT);
    arena_reset(&arena);
    cr_expect_null(arena.blocks);
    cr_expect_eq(arena_alloc(&arena, &memory, 1, 1024), ERR_OK);
}
