/* A camera made of files, for tests: preloaded into dcep-scan, it answers for one device what a
 * V4L2 driver answers, and shows what its film says. The film is a text, a frame a line, again and
 * again: "show FILE.pgm" a picture held before the lens, askew, out of focus, badly lit; "blank"
 * the table; "gone" the plug is pulled out; "still" no frame comes ever again.
 *
 *     CAMERA_DEVICE   the name that it answers to
 *     CAMERA_FILM     the film
 *     CAMERA_FORMAT   YUYV (640x480) or MJPG (1280x720)
 *     CAMERA_BUSY     if set: another program uses it
 *
 * 1. libv4l2 calls the kernel through syscall() alone; every call that is answered here is made to
 *    the kernel first, so that a filter of system calls judges it as it would a real camera's.
 * 2. Frames lie in a file that is mapped, as a driver's buffers are. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <jpeglib.h>

enum {
    BUFFERS_MAX = 4,
    BUFFER_SIZE = 1280 * 720 * 2,
    FRAMES_MAX = 256,
    SIDE_MAX = 512,
    FRAME_MS = 33,
    TABLE_GREY = 120,
    QUALITY = 70
};

enum frame_kind { FRAME_BLANK, FRAME_SHOW, FRAME_GONE, FRAME_STILL };

struct frame {
    enum frame_kind kind;
    unsigned side;
    uint8_t *pixels; /* side x side, grey */
};

static struct camera {
    int fd; /* 0: not opened */
    bool is_busy, is_jpeg;
    unsigned width, height;
    struct frame film[FRAMES_MAX];
    size_t frames, shown;
    uint8_t *buffers;
    unsigned queue[BUFFERS_MAX], queued;
    uint32_t noise;
} camera;

long syscall(long number, ...);

static long (*camera_kernel)(long number, ...);

__attribute__((constructor)) static void camera_begin(void)
{
    *(void **)&camera_kernel = dlsym(RTLD_NEXT, "syscall");
}

/* ---- the film ---- */

static void camera_load_picture(struct frame *frame, const char *path)
{
    FILE *file = fopen(path, "rbe");
    unsigned width = 0, height = 0;
    if (file == NULL || fscanf(file, "P5 %u %u 255", &width, &height) != 2 || width != height ||
        width > SIDE_MAX || fgetc(file) != '\n')
        abort();
    frame->side = width;
    frame->pixels = malloc((size_t)width * width);
    if (frame->pixels == NULL || fread(frame->pixels, width, width, file) != width)
        abort();
    fclose(file);
}

static void camera_load_film(const char *path)
{
    char word[16], picture[4096];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        abort();
    while (camera.frames < FRAMES_MAX && fscanf(file, "%15s", word) == 1) {
        struct frame *frame = &camera.film[camera.frames++];
        frame->kind = strcmp(word, "gone") == 0    ? FRAME_GONE
                      : strcmp(word, "still") == 0 ? FRAME_STILL
                      : strcmp(word, "show") == 0  ? FRAME_SHOW
                                                   : FRAME_BLANK;
        if (frame->kind == FRAME_SHOW && fscanf(file, "%4095s", picture) == 1)
            camera_load_picture(frame, picture);
    }
    fclose(file);
}

static bool camera_is_named(const char *path)
{
    const char *device = getenv("CAMERA_DEVICE");
    return device != NULL && camera.fd == 0 && strcmp(path, device) == 0;
}

static long camera_open(void)
{
    const char *format = getenv("CAMERA_FORMAT");
    camera.is_busy = getenv("CAMERA_BUSY") != NULL;
    camera.is_jpeg = format != NULL && strcmp(format, "MJPG") == 0;
    camera.width = camera.is_jpeg ? 1280 : 640;
    camera.height = camera.is_jpeg ? 720 : 480;
    camera_load_film(getenv("CAMERA_FILM"));
    camera.fd = memfd_create("camera", MFD_CLOEXEC);
    if (camera.frames == 0 || camera.fd < 0 ||
        ftruncate(camera.fd, (off_t)BUFFERS_MAX * BUFFER_SIZE) != 0)
        abort();
    camera.buffers = mmap(NULL, (size_t)BUFFERS_MAX * BUFFER_SIZE, PROT_READ | PROT_WRITE,
                          MAP_SHARED, camera.fd, 0);
    if (camera.buffers == MAP_FAILED)
        abort();
    return camera.fd;
}

/* ---- the lens ---- */

static int camera_noise(int most)
{
    camera.noise = camera.noise * 1664525u + 1013904223u;
    return (int)(camera.noise >> 16) % (2 * most + 1) - most;
}

/* How the picture lies before the lens at this frame: turned, and a little off the middle. */
struct pose {
    double along, across, x, y;
};

static struct pose camera_pose(const struct frame *frame)
{
    const double turn = 0.15 * sin((double)camera.shown);
    const double zoom = 0.85 * camera.height / (frame->side > 0 ? frame->side : 1);
    return (struct pose){cos(turn) / zoom, sin(turn) / zoom, camera.width * 0.52,
                         camera.height * 0.49};
}

static int camera_sample(const struct frame *frame, const struct pose *pose, double x, double y)
{
    const double dx = x - pose->x, dy = y - pose->y, middle = frame->side / 2.0;
    const double u = dx * pose->along + dy * pose->across + middle;
    const double v = dy * pose->along - dx * pose->across + middle;
    if (u < 0 || v < 0 || u >= frame->side || v >= frame->side)
        return TABLE_GREY;
    return frame->pixels[(size_t)v * frame->side + (size_t)u];
}

static uint8_t camera_light(const struct frame *frame, const struct pose *pose, unsigned x,
                            unsigned y)
{
    static const double blur[][2] = {{-1, -1}, {1.2, -0.8}, {0, 0}, {-0.9, 1.1}, {1, 1}};
    int light = TABLE_GREY * 5;
    if (frame->kind == FRAME_SHOW) {
        light = 0;
        for (size_t i = 0; i < sizeof blur / sizeof blur[0]; i++)
            light += camera_sample(frame, pose, x + blur[i][0], y + blur[i][1]);
    }
    const int shade = 50 * (int)x / (int)camera.width;
    return (uint8_t)(40 + light * 3 / 25 + shade + camera_noise(8));
}

static size_t camera_paint_yuyv(const struct frame *frame, uint8_t *out)
{
    const struct pose pose = camera_pose(frame);
    for (unsigned y = 0; y < camera.height; y++)
        for (unsigned x = 0; x < camera.width; x++) {
            *out++ = camera_light(frame, &pose, x, y);
            *out++ = 128;
        }
    return (size_t)camera.width * camera.height * 2;
}

static size_t camera_paint_jpeg(const struct frame *frame, uint8_t *out)
{
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    uint8_t *file = NULL, row[1280 * 3];
    unsigned long size = 0;
    const struct pose pose = camera_pose(frame);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file, &size);
    jpeg.image_width = camera.width;
    jpeg.image_height = camera.height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, QUALITY, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (unsigned y = 0; y < camera.height; y++) {
        memset(row, 128, sizeof row);
        for (unsigned x = 0; x < camera.width; x++)
            row[3 * (size_t)x] = camera_light(frame, &pose, x, y);
        jpeg_write_scanlines(&jpeg, &(JSAMPROW){row}, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    if (size > BUFFER_SIZE)
        abort();
    memcpy(out, file, size);
    free(file);
    return size;
}

/* ---- the driver ---- */

static long camera_fail(int error)
{
    errno = error;
    return -1;
}

static long camera_dequeue(struct v4l2_buffer *buffer)
{
    const struct frame *frame = &camera.film[camera.shown % camera.frames];
    if (frame->kind == FRAME_GONE)
        return camera_fail(ENODEV);
    while (frame->kind == FRAME_STILL)
        (void)poll(NULL, 0, FRAME_MS);
    if (camera.queued == 0)
        return camera_fail(EINVAL);
    (void)poll(NULL, 0, FRAME_MS);
    camera.shown++;
    buffer->index = camera.queue[0];
    memmove(camera.queue, camera.queue + 1, --camera.queued * sizeof camera.queue[0]);
    uint8_t *at = camera.buffers + (size_t)buffer->index * BUFFER_SIZE;
    buffer->bytesused =
        (uint32_t)(camera.is_jpeg ? camera_paint_jpeg(frame, at) : camera_paint_yuyv(frame, at));
    buffer->flags = V4L2_BUF_FLAG_DONE;
    buffer->field = V4L2_FIELD_NONE;
    return 0;
}

static long camera_buffer(unsigned request, struct v4l2_buffer *buffer)
{
    if (request == VIDIOC_DQBUF)
        return camera_dequeue(buffer);
    if (buffer->index >= BUFFERS_MAX || buffer->memory != V4L2_MEMORY_MMAP)
        return camera_fail(EINVAL);
    if (request == VIDIOC_QBUF && camera.queued < BUFFERS_MAX)
        camera.queue[camera.queued++] = buffer->index;
    buffer->length = BUFFER_SIZE;
    buffer->m.offset = buffer->index * BUFFER_SIZE;
    return 0;
}

static void camera_describe(struct v4l2_pix_format *format)
{
    *format = (struct v4l2_pix_format){
        .width = camera.width,
        .height = camera.height,
        .pixelformat = camera.is_jpeg ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV,
        .field = V4L2_FIELD_NONE,
        .bytesperline = camera.is_jpeg ? 0 : camera.width * 2,
        .sizeimage = camera.width * camera.height * 2,
        .colorspace = camera.is_jpeg ? V4L2_COLORSPACE_JPEG : V4L2_COLORSPACE_SRGB,
    };
}

static void camera_name(struct v4l2_capability *what)
{
    static const uint32_t can = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    *what = (struct v4l2_capability){
        .driver = "film", .capabilities = can | V4L2_CAP_DEVICE_CAPS, .device_caps = can};
}

static long camera_list(struct v4l2_fmtdesc *row)
{
    if (row->index != 0 || row->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return camera_fail(EINVAL);
    row->pixelformat = camera.is_jpeg ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
    row->flags = camera.is_jpeg ? V4L2_FMT_FLAG_COMPRESSED : 0;
    return 0;
}

static long camera_request(struct v4l2_requestbuffers *request)
{
    if (camera.is_busy)
        return camera_fail(EBUSY);
    if (request->memory != V4L2_MEMORY_MMAP)
        return camera_fail(EINVAL);
    if (request->count > BUFFERS_MAX)
        request->count = BUFFERS_MAX;
    camera.queued = 0;
    return 0;
}

static long camera_ioctl(unsigned request, void *argument)
{
    switch (request) {
    case VIDIOC_QUERYCAP:
        camera_name(argument);
        return 0;
    case VIDIOC_ENUM_FMT:
        return camera_list(argument);
    case VIDIOC_S_FMT:
        if (camera.is_busy)
            return camera_fail(EBUSY);
        __attribute__((fallthrough));
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
        camera_describe(&((struct v4l2_format *)argument)->fmt.pix);
        return 0;
    case VIDIOC_REQBUFS:
        return camera_request(argument);
    case VIDIOC_QUERYBUF:
    case VIDIOC_QBUF:
    case VIDIOC_DQBUF:
        return camera_buffer(request, argument);
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
        return 0;
    default:
        return camera_fail(ENOTTY); /* no controls, one size, one speed */
    }
}

long syscall(long number, ...)
{
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (size_t i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if ((number == SYS_open && camera_is_named((const char *)a[0])) ||
        (number == SYS_openat && camera_is_named((const char *)a[1])))
        return camera_open();
    const long result = camera_kernel(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number != SYS_ioctl || camera.fd == 0 || a[0] != camera.fd)
        return result;
    return camera_ioctl((unsigned)a[1], (void *)a[2]);
}
