/* Grey pixels, or a camera's, to texts: by libzbar (contract in scanner.h). */
#include "scanner/scanner.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <zbar.h>

enum {
    FOURCC_Y800 = 0x30303859,
    FOURCC_GREY = 0x59455247,
    FOURCC_YU12 = 0x32315559,
    FOURCC_YUYV = 0x56595559,
    CAMERA_WIDTH = 1280,
    CAMERA_HEIGHT = 720
};

static void clean_picture(zbar_image_t *image)
{
    (void)image; /* the pixels are ours */
}

/* QR codes only, and their bytes as they are. Debian's libzbar would tell the system's message bus
 * of each code: it is given no bus to find, and told not to. */
static zbar_image_scanner_t *make_scanner(void)
{
    (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "none:", 1);
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    if (scanner == NULL)
        scanner_fail("memory");
    zbar_image_scanner_request_dbus(scanner, 0);
    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
    return scanner;
}

static void scan(zbar_image_scanner_t *scanner, zbar_image_t *image)
{
    if (zbar_scan_image(scanner, image) <= 0)
        return;
    const zbar_symbol_t *symbol = zbar_image_first_symbol(image);
    for (; symbol != NULL; symbol = zbar_symbol_next(symbol))
        scanner_say(zbar_symbol_get_data(symbol), zbar_symbol_get_data_length(symbol));
}

void codes_find(const struct picture *picture)
{
    zbar_image_scanner_t *scanner = make_scanner();
    zbar_image_t *image = zbar_image_create();
    if (image == NULL)
        scanner_fail("memory");
    zbar_image_set_format(image, FOURCC_Y800);
    zbar_image_set_size(image, picture->width, picture->height);
    zbar_image_set_data(image, picture->pixels, (unsigned long)picture->width * picture->height,
                        clean_picture);
    scan(scanner, image);
    zbar_image_destroy(image);
    zbar_image_scanner_destroy(scanner);
}

/* What zbar makes grey, the cheapest first; libv4l2 makes the second of whatever a camera gives.
 * (zbar would choose by itself, but only beside a window on a screen.) */
static bool choose_format(zbar_video_t *video)
{
    static const unsigned long formats[] = {FOURCC_GREY, FOURCC_YU12, FOURCC_YUYV};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (zbar_video_init(video, formats[i]) == 0)
            return true;
    return false;
}

/* Nobody listens any more when stdin ends. */
static bool is_wanted(void)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 0) <= 0;
}

void codes_watch(const char *device)
{
    zbar_image_scanner_t *scanner = make_scanner();
    zbar_video_t *video = zbar_video_create();
    if (video == NULL)
        scanner_fail("memory");
    zbar_set_verbosity(0);
    (void)zbar_video_request_size(video, CAMERA_WIDTH, CAMERA_HEIGHT);
    if (zbar_video_open(video, device) != 0 || !choose_format(video) ||
        zbar_video_enable(video, 1) != 0)
        scanner_fail("camera");
    if (!confine(CONFINE_CAMERA))
        scanner_fail("confine");
    while (is_wanted()) {
        zbar_image_t *frame = zbar_video_next_image(video);
        if (frame == NULL)
            scanner_fail("camera-lost");
        zbar_image_t *grey = zbar_image_convert(frame, FOURCC_Y800);
        if (grey != NULL) {
            scan(scanner, grey);
            zbar_image_destroy(grey);
        }
        zbar_image_destroy(frame);
    }
    exit(EXIT_SUCCESS);
}
