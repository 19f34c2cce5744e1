/* The keys of a line that are in the file, read at once. Private to common/store.
 *
 * A line is what shares the first field of its key. Who settles a payment asks for its coin, for
 * its spend and for each coin that it makes: all of one line, whose keys lie side by side. So the
 * first question reads them all, and the others need no statement. Of a line with more than
 * STORE_NEAR_KEYS the first so many; the others are asked for one by one. A damaged key ends the
 * transaction of whoever asks for another one of its line (ERR_INTEGRITY).
 *
 * What was read holds until a key is put into the file or taken out of it, or the transaction ends:
 * whoever does that says so.
 */
#ifndef DCEP_COMMON_STORE_STORE_NEAR_H
#define DCEP_COMMON_STORE_STORE_NEAR_H

#include "common/store/store_late.h"
#include "common/store/store_sweep_step.h"

enum { STORE_NEAR_KEYS = 16 };

struct store_near {
    bool is_known, is_whole;
    uint8_t line[STORE_LATE_KEY_MAX]; /* as many bytes as its first field has */
    size_t count;
    uint8_t keys[STORE_NEAR_KEYS][STORE_LATE_KEY_MAX];
    int64_t rows[STORE_NEAR_KEYS];
};

void store_near_forget(struct store_near *near);
/* The row of (key, part) as bytes, if it is in the file: ERR_MISSING. */
enum err store_near_find(struct store_near *near, int64_t *row, struct store_sweep_steps *steps,
                         const uint8_t *key) MUST_USE;

#endif
