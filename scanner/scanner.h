/* dcep-scan: reads QR codes out of one picture, or from a camera, for dcep-wallet. A program of its
 * own, so that the libraries which decode pictures never share memory with keys or money.
 *
 *     dcep-scan picture            the picture comes on stdin (PNG or JPEG), until its end
 *     dcep-scan camera DEVICE      until stdin ends or the process is killed
 *
 * stdout, a line each: "=TEXT" a code that was read, "!NAME" why it cannot go on. Exit 0 also when
 * there was no code; 1 after a problem.
 *
 * 1. It locks itself in (confine.c) before it reads the first byte of a picture: it can open
 *    nothing, start nothing, and has bounds on memory and time.
 * 2. It believes nothing and keeps nothing: it turns light into text. */
#ifndef DCEP_SCANNER_SCANNER_H
#define DCEP_SCANNER_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCANNER_FILE_SIZE_MAX = 32 * 1024 * 1024,
    SCANNER_SIDE_MAX = 16384,
    SCANNER_PIXELS_MAX = 48 * 1000 * 1000,
    SCANNER_MEMORY_MAX = 512 * 1024 * 1024,
    SCANNER_PICTURE_CPU_S = 20,
};

struct picture { /* grey, a byte a pixel */
    unsigned width, height;
    uint8_t *pixels;
};

/* --- confine.c --- */
enum confine_for { CONFINE_PICTURE, CONFINE_CAMERA };
/* False: this kernel cannot; then nothing is to be read. */
bool confine(enum confine_for what);

/* --- picture.c: ends the program with a problem if the bytes are no picture --- */
void picture_read(struct picture *out, const uint8_t *bytes, size_t size);

/* --- codes.c --- */
void codes_find(const struct picture *picture);
/* Does not come back. */
_Noreturn void codes_watch(const char *device);

/* --- main.c --- */
void scanner_say(const char *text, size_t size);
/* name: "format", "size", "memory", "camera", "camera-lost", "confine" */
_Noreturn void scanner_fail(const char *name);

#endif
