/* Modules to pictures: PNG by libpng, SVG, and half blocks for a terminal (contract in qr.h). */
#include "wallet/carriers/qr.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PNG_SCALE = 6, WHITE = 255, BLACK = 0, LINE_SIZE = 128 };

/* Of the whole picture: the border too. */
static bool is_black(const struct qr_code *code, size_t x, size_t y)
{
    if (x < QR_QUIET || y < QR_QUIET || x >= code->width + QR_QUIET || y >= code->width + QR_QUIET)
        return false;
    return code->modules[(y - QR_QUIET) * code->width + x - QR_QUIET] != 0;
}

static size_t picture_width(const struct qr_code *code)
{
    return code->width + 2 * QR_QUIET;
}

/* ---- PNG ---- */

static enum err put_png(struct buffer *out, const uint8_t *pixels, size_t side)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_GRAY};
    png_alloc_size_t size = 0;
    if (!png_image_write_get_memory_size(image, size, 0, pixels, 0, NULL))
        return ERR_LIBRARY;
    void *file = malloc(size);
    if (file == NULL)
        return ERR_MEMORY;
    enum err error = ERR_LIBRARY;
    if (png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL))
        error = buffer_put(out, span_of(file, size));
    free(file);
    return error;
}

enum err qr_png(const struct qr_code *code, struct buffer *out)
{
    const size_t side = picture_width(code) * PNG_SCALE;
    uint8_t *pixels = malloc(side * side);
    if (pixels == NULL)
        return ERR_MEMORY;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            pixels[y * side + x] = is_black(code, x / PNG_SCALE, y / PNG_SCALE) ? BLACK : WHITE;
    const enum err error = put_png(out, pixels, side);
    free(pixels);
    return error;
}

/* ---- SVG ---- */

static enum err put_text(struct buffer *out, const char *text)
{
    return buffer_put(out, span_text(text));
}

static enum err put_runs(const struct qr_code *code, struct buffer *out, size_t y)
{
    char line[LINE_SIZE];
    for (size_t x = 0; x < picture_width(code);) {
        size_t run = 0;
        while (is_black(code, x + run, y))
            run++;
        if (run > 0) {
            (void)snprintf(line, sizeof line, "M%zu %zuh%zuv1h-%zuz", x, y, run, run);
            TRY(put_text(out, line));
        }
        x += run + 1;
    }
    return ERR_OK;
}

enum err qr_svg(const struct qr_code *code, struct buffer *out)
{
    const size_t side = picture_width(code);
    char line[LINE_SIZE * 2];
    (void)snprintf(
        line, sizeof line,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" width=\"%zu\" "
        "height=\"%zu\" shape-rendering=\"crispEdges\">\n",
        side, side, side * PNG_SCALE, side * PNG_SCALE);
    TRY(put_text(out, line));
    TRY(put_text(out, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<path d=\""));
    for (size_t y = 0; y < side; y++)
        TRY(put_runs(code, out, y));
    return put_text(out, "\"/>\n</svg>\n");
}

/* ---- terminal ---- */

/* Colours 16 and 231 are black and white whatever a theme makes of the first sixteen. */
#define COLOURS_ON "\033[38;5;16;48;5;231m"
#define COLOURS_OFF "\033[0m\n"

enum err qr_terminal(const struct qr_code *code, struct buffer *out)
{
    static const char *const halves[] = {" ", "\xe2\x96\x80", "\xe2\x96\x84", "\xe2\x96\x88"};
    const size_t side = picture_width(code);
    for (size_t y = 0; y < side; y += 2) {
        TRY(put_text(out, COLOURS_ON));
        for (size_t x = 0; x < side; x++)
            TRY(put_text(out, halves[is_black(code, x, y) + 2 * is_black(code, x, y + 1)]));
        TRY(put_text(out, COLOURS_OFF));
    }
    return ERR_OK;
}
