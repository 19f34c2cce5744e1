/* Codes: what each version holds, and what the pictures look like. A program that we did not write
 * reads them in tests/acceptance/carriers.py. */
#include "wallet/carriers/qr.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Our table is the library's: full to the last character, and one more is the next version. */
Test(qr, capacity_of_every_version)
{
    static char text[5000];
    static struct qr_code code;
    memset(text, 'A', sizeof text);
    for (enum qr_level level = QR_LOW; level <= QR_MEDIUM; level++)
        for (unsigned version = 1; version <= QR_VERSION_MAX; version++) {
            const size_t most = qr_capacity(version, level);
            cr_assert_eq(qr_make(&code, span_of(text, most), level), ERR_OK);
            cr_expect_eq(code.width, qr_width(version), "version %u", version);
            const enum err more = qr_make(&code, span_of(text, most + 1), level);
            cr_expect_eq(more, version == QR_VERSION_MAX ? ERR_LIMIT : ERR_OK);
            cr_expect(more != ERR_OK || code.width == qr_width(version + 1), "version %u", version);
        }
}

Test(qr, refuses)
{
    static struct qr_code code;
    cr_expect_eq(qr_make(&code, span_text(""), QR_LOW), ERR_LIMIT);
    cr_expect_eq(qr_make(&code, span_text("lower case"), QR_LOW), ERR_PARSE);
}

/* The border is white, four modules wide, on every side; the colours are set on every line. */
Test(qr, terminal)
{
    static struct qr_code code;
    struct buffer picture AUTO(buffer_fini) = {0};
    cr_assert_eq(qr_make(&code, span_text("DCEP:BB8"), QR_LOW), ERR_OK);
    cr_assert_eq(qr_terminal(&code, &picture), ERR_OK);
    cr_assert_eq(buffer_put(&picture, span_of("", 1)), ERR_OK);
    const char *line = (const char *)picture.data, on[] = "\033[38;5;16;48;5;231m";
    size_t lines = 0;
    for (; *line != '\0'; line = strchr(line, '\n') + 1, lines++) {
        cr_assert_eq(strncmp(line, on, sizeof on - 1), 0);
        cr_expect_eq(strncmp(line + sizeof on - 1, "    ", QR_QUIET), 0, "line %zu", lines);
        if (lines < QR_QUIET / 2)
            cr_expect_eq(strspn(line + sizeof on - 1, " "), code.width + 2 * QR_QUIET);
    }
    cr_expect_eq(lines, (code.width + 2 * QR_QUIET + 1) / 2);
}
