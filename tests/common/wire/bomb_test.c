/* Bombs: small bytes that claim to be large. Each costs less than 1 MiB of the arena (asserted) and
 * less than a millisecond (printed). */
#include "common/wire/wire.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MEBIBYTE = 1024 * 1024, NESTING = 10000 };

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* As every record there is; says the most that any of them cost. */
static void explode(const char *name, struct span bytes)
{
    size_t most = 0;
    double longest_us = 0;
    for (const struct schema *const *schema = message_all; *schema != NULL; schema++) {
        struct arena arena AUTO(arena_fini) = {0};
        static uint64_t value[4096]; /* larger than any record */
        cr_assert((*schema)->struct_size <= sizeof value);
        double start_us = now_us();
        cr_expect(wire_decode(*schema, value, bytes, &arena) != ERR_OK, "%s as %s", name,
                  (*schema)->name);
        double took_us = now_us() - start_us;
        most = arena.used > most ? arena.used : most;
        longest_us = took_us > longest_us ? took_us : longest_us;
    }
    fprintf(stderr, "bomb %-34s %8zu bytes in, %8zu bytes of memory, %7.1f us\n", name, bytes.size,
            most, longest_us);
    cr_expect(most < MEBIBYTE, "%s took %zu", name, most);
}

Test(bomb, I4_huge_counts_and_sizes)
{
    static const struct {
        const char *name, *bytes;
    } rows[] = {
        {"2^32 items", "9b0000000100000000 00000000000000000000"},
        {"2^64-1 items", "9bffffffffffffffff 00000000000000000000"},
        {"2^32 items in a field", "82 9b0000000100000000 00000000000000000000"},
        {"2^64-1 items in a field", "82 9bffffffffffffffff 00000000000000000000"},
        {"2^64-1 items, third field", "83 01 01 9bffffffffffffffff 00000000000000000000"},
        {"2^64-1 bytes", "5bffffffffffffffff 00000000000000000000"},
        {"2^64-1 bytes in a field", "82 01 5bffffffffffffffff 00000000000000000000"},
        {"2^64-1 bytes of text", "82 01 7bffffffffffffffff 61616161616161616161"},
        {"2^32-1 items", "9affffffff 00000000000000000000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        explode(rows[i].name, unhex(&arena, rows[i].bytes));
    }
}

Test(bomb, I3_deep_nesting)
{
    static uint8_t bytes[NESTING];
    static const struct {
        const char *name;
        uint8_t byte;
    } rows[] = {
        {"10,000 arrays deep", 0x81},       {"10,000 arrays of two deep", 0x82},
        {"10,000 tags deep", 0xd2},         {"10,000 maps deep", 0xa1},
        {"10,000 indefinite arrays", 0x9f},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(bytes, rows[i].byte, sizeof bytes);
        explode(rows[i].name, span_of(bytes, sizeof bytes));
    }
}

/* The worst amplification: as many one-byte items as a list may have, all there, none right. */
Test(bomb, lists_filled_with_nothing)
{
    static uint8_t bytes[8 + REVOCATIONS_MAX];
    const uint8_t head[] = {0x84, 0x01, 0x01, 0x99, REVOCATIONS_MAX >> 8, REVOCATIONS_MAX & 0xff};
    memcpy(bytes, head, sizeof head);
    explode("16,384 empty revocations", span_of(bytes, sizeof head + REVOCATIONS_MAX + 1));
    const uint8_t results[] = {0x82, 0x99, SETTLE_PACKETS_MAX >> 8, SETTLE_PACKETS_MAX & 0xff};
    memset(bytes, 0x80, sizeof bytes);
    memcpy(bytes, results, sizeof results);
    explode("256 empty results", span_of(bytes, sizeof results + SETTLE_PACKETS_MAX + 1));
}
