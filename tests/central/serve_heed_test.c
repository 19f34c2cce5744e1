/* Whose word is heeded: a table of calls, and of words that proved wrong. */
#include "central/serve_heed.h"

#include <criterion/criterion.h>

enum deed { CALL, MISLED };
enum { KIB = 1024, PAUSE = SERVE_HEED_PAUSE };

Test(serve_heed, a_bank_that_misled_rests_for_many_times_as_much)
{
    static const struct {
        enum deed deed;
        uint64_t bank_id;
        size_t size, times;
        bool heeded;
    } rows[] = {
        {CALL, 7, KIB, 1000, true},
        {MISLED, 7, KIB, 1, false},
        {CALL, 8, KIB, 1000, true}, /* another bank */
        {CALL, 7, KIB, PAUSE - 1, false},
        {CALL, 7, KIB - 1, 1, false},
        {CALL, 7, 1, 1, false},
        {CALL, 7, KIB, 1000, true},
        {MISLED, 7, KIB, 1, false},
        {CALL, 7, 1000 * KIB, 1, false}, /* more than was left */
        {CALL, 7, KIB, 1, true},
        {MISLED, 7, KIB, 5, false}, /* by calls that were under way together */
        {CALL, 7, KIB, 5 * PAUSE, false},
        {CALL, 7, KIB, 1, true},
        {MISLED, UINT64_MAX, 1, 1, false}, /* any number has a place */
        {CALL, UINT64_MAX, 1, 1, false},
    };
    static struct serve_heed heed;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t j = 0; j < rows[i].times; j++)
            if (rows[i].deed == MISLED)
                serve_heed_misled(&heed, rows[i].bank_id, rows[i].size);
            else
                cr_assert_eq(serve_heed_next(&heed, rows[i].bank_id, rows[i].size), rows[i].heeded,
                             "row %zu, call %zu", i, j);
}
