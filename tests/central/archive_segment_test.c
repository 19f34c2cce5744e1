/* Segments that are not what they were, or not there. */
#include "central/archive.h"

#include "tests/central/shelf.h"

#include <criterion/criterion.h>

HALL_TEST(archive_segment, an_altered_or_missing_segment_is_noticed)
{
    struct cast cast;
    struct shelf shelf;
    struct shelf_life lives[2];
    uint64_t line_count = 0;
    cast_open(&cast, kind);
    shelf_open(&shelf, &cast);
    shelf.limits.rows_size = 1;
    for (size_t i = 0; i < 2; i++)
        shelf_live(&lives[i], &cast);
    shelf_run_when_due(&shelf, &lives[0].coin);
    struct buffer *file = &shelf.files[2];
    const struct id before = shelf_rows(&shelf);
    for (size_t i = 0; i < file->size; i += 7) {
        file->data[i] ^= 1;
        cr_assert_eq(shelf_restore(&shelf, &line_count, 2), ERR_INTEGRITY, "byte %zu", i);
        file->data[i] ^= 1;
    }
    file->size--;
    cr_assert_eq(shelf_restore(&shelf, &line_count, 2), ERR_INTEGRITY);
    file->size++;
    const struct buffer first = shelf.files[1];
    shelf.files[1] = shelf.files[2];
    cr_assert_eq(shelf_restore(&shelf, &line_count, 1), ERR_INTEGRITY);
    shelf.files[1] = first;
    const size_t size = file->size;
    file->size = 0;
    cr_assert_eq(shelf_restore(&shelf, &line_count, 2), ERR_MISSING);
    file->size = size;
    const struct id after = shelf_rows(&shelf);
    cr_assert(id_equal(&before, &after));
    HALL_OK(shelf_restore(&shelf, &line_count, 2));
    cr_assert_eq(line_count, 1);
    shelf_close(&shelf);
    cast_close(&cast);
}
