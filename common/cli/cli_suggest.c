/* The nearest known word to a mistyped one.
 *
 * 1. A suggestion is at most CLI_DISTANCE_MAX edits away, and never a wholly different word: fewer
 *    edits than the typed word has letters.
 * 2. An edit is one letter more, less or other, or two neighbours swapped.
 *
 * Never acts on a suggestion: it is only shown. */
#include "common/cli/cli_frame.h"

#include <string.h>

enum { WORD_SIZE_MAX = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment; three rows are enough. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size > WORD_SIZE_MAX || b_size > WORD_SIZE_MAX)
        return SIZE_MAX;
    size_t rows[3][WORD_SIZE_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_size; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_size];
}

void cli_suggest(const char **best, size_t *distance, const char *word, const char *candidate)
{
    if (candidate == NULL)
        return;
    size_t edits = edit_distance(word, candidate);
    if (edits < *distance && edits < strlen(word)) {
        *best = candidate;
        *distance = edits;
    }
}
