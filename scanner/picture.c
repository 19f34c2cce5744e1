/* PNG and JPEG to grey (contract in scanner.h). Sizes are checked before memory is taken. There is
 * one picture in the life of this process: whatever is wrong with it ends the program. */
#include "scanner/scanner.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { WHITE = 255 };

static void make_room(struct picture *picture, uint64_t width, uint64_t height)
{
    if (width == 0 || height == 0 || width > SCANNER_SIDE_MAX || height > SCANNER_SIDE_MAX ||
        width * height > SCANNER_PIXELS_MAX)
        scanner_fail("size");
    picture->width = (unsigned)width;
    picture->height = (unsigned)height;
    picture->pixels = malloc(width * height);
    if (picture->pixels == NULL)
        scanner_fail("memory");
}

/* What is transparent is white, as on paper. */
static void read_png(struct picture *out, const uint8_t *bytes, size_t size)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    const png_color white = {WHITE, WHITE, WHITE};
    if (!png_image_begin_read_from_memory(&image, bytes, size))
        scanner_fail("format");
    make_room(out, image.width, image.height);
    image.format = PNG_FORMAT_GRAY;
    if (!png_image_finish_read(&image, &white, out->pixels, 0, NULL))
        scanner_fail("format");
}

_Noreturn static void refuse_jpeg(j_common_ptr jpeg)
{
    (void)jpeg;
    scanner_fail("format");
}

static void ignore_jpeg(j_common_ptr jpeg, int level)
{
    (void)jpeg, (void)level;
}

static void read_jpeg(struct picture *out, const uint8_t *bytes, size_t size)
{
    struct jpeg_decompress_struct jpeg = {0};
    struct jpeg_error_mgr errors = {0};
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = refuse_jpeg;
    errors.emit_message = ignore_jpeg;
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, size);
    jpeg_read_header(&jpeg, TRUE);
    make_room(out, jpeg.image_width, jpeg.image_height);
    jpeg.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&jpeg);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = out->pixels + (size_t)jpeg.output_scanline * out->width;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_destroy_decompress(&jpeg);
}

void picture_read(struct picture *out, const uint8_t *bytes, size_t size)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xff, 0xd8, 0xff};
    if (size > sizeof png && memcmp(bytes, png, sizeof png) == 0)
        read_png(out, bytes, size);
    else if (size > sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0)
        read_jpeg(out, bytes, size);
    else
        scanner_fail("format");
}
