/* Showing codes (contract in qr_show.h).
 *
 * 1. Files are durable, and none is overwritten unasked.
 * 2. On a terminal the frames follow each other in one place until a key is pressed; where nobody
 *    sits, or the output goes elsewhere, each is written once. */
#include "wallet/carriers/qr_show.h"

#include "common/base/file.h"
#include "wallet/carriers/frames.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum {
    DENSITY_FILE = 20,     /* a payment with its line in one code, and a phone reads it */
    DENSITY_TERMINAL = 13, /* what 80 columns hold */
    DENSITY_LEAST = 3,
    COLUMNS_DEFAULT = 80,
    LINES_BELOW = 2, /* which frame it is; the cursor */
};

enum form { FORM_TERMINAL, FORM_PNG, FORM_SVG };

struct show {
    struct carrier carrier;
    struct qr_show_options options;
    enum form form;
    unsigned density;
    struct qr_show_report report;
    char first[QR_SHOW_PATH_SIZE], last[QR_SHOW_PATH_SIZE];
};

/* ---- what fits ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

static enum err choose_form(struct show *show)
{
    const char *target = show->options.target;
    if (strcmp(target, "terminal") == 0)
        show->form = FORM_TERMINAL;
    else if (ends_with(target, ".png"))
        show->form = FORM_PNG;
    else if (ends_with(target, ".svg"))
        show->form = FORM_SVG;
    else
        return ERR_PARSE;
    return strlen(target) + 16 < QR_SHOW_PATH_SIZE ? ERR_OK : ERR_PARSE;
}

/* The largest version whose picture fits: two modules a line, one a column. 0: none. */
static unsigned density_of_terminal(size_t columns, size_t lines)
{
    unsigned version = QR_VERSION_MAX;
    while (version > 0) {
        const size_t side = qr_width(version) + 2 * QR_QUIET;
        if (side <= columns && (side + 1) / 2 + LINES_BELOW <= lines)
            return version;
        version--;
    }
    return 0;
}

static enum err fit_terminal(struct show *show)
{
    struct winsize size = {0};
    unsigned most = DENSITY_TERMINAL;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        most = density_of_terminal(size.ws_col, size.ws_row);
    else if (show->options.density > 0)
        most = show->options.density; /* into a file or a pipe: nothing to fit */
    show->density = show->options.density > 0 ? show->options.density : most;
    if (show->options.density == 0 && show->density > DENSITY_FILE)
        show->density = DENSITY_FILE;
    return show->density > most || most < DENSITY_LEAST ? ERR_SPACE : ERR_OK;
}

/* ---- files ---- */

static void path_of(const struct show *show, char path[QR_SHOW_PATH_SIZE], size_t number)
{
    const char *target = show->options.target;
    const size_t stem = strlen(target) - 4;
    if (number == 0)
        (void)snprintf(path, QR_SHOW_PATH_SIZE, "%s", target);
    else
        (void)snprintf(path, QR_SHOW_PATH_SIZE, "%.*s-%zu%s", (int)stem, target, number,
                       target + stem);
}

static enum err check_files(const struct show *show)
{
    char path[QR_SHOW_PATH_SIZE];
    for (size_t number = 0; number < 2; number++) {
        path_of(show, path, number);
        if (!show->options.replace && file_exists(path))
            return ERR_EXISTS;
    }
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        slash[1] = '\0';
    return access(slash != NULL ? path : ".", W_OK) == 0 ? ERR_OK : ERR_PERMISSION;
}

static enum err draw(const struct show *show, struct buffer *out, const struct frames *frames,
                     size_t index)
{
    struct buffer text AUTO(buffer_fini) = {.limit = FRAMES_TEXT_SIZE_MAX};
    struct qr_code code;
    TRY(frames_text(frames, &text, index));
    TRY(qr_make(&code, buffer_span(&text), show->form == FORM_TERMINAL ? QR_LOW : QR_MEDIUM));
    if (show->form == FORM_TERMINAL)
        return qr_terminal(&code, out);
    return show->form == FORM_PNG ? qr_png(&code, out) : qr_svg(&code, out);
}

static enum err write_files(struct show *show, const struct frames *frames)
{
    const size_t total = frames->count + frames->parity;
    for (size_t i = 0; i < total; i++) {
        struct buffer picture AUTO(buffer_fini) = {0};
        TRY(draw(show, &picture, frames, i));
        path_of(show, show->last, total == 1 ? 0 : i + 1);
        if (i == 0)
            memcpy(show->first, show->last, sizeof show->first);
        TRY(show->options.replace ? file_replace(show->last, buffer_span(&picture), FILE_PUBLIC)
                                  : file_write_new(show->last, buffer_span(&picture), FILE_PUBLIC));
    }
    return ERR_OK;
}

/* ---- the terminal ---- */

static enum err print_frame(const struct show *show, const struct frames *frames, size_t index)
{
    struct buffer picture AUTO(buffer_fini) = {0};
    TRY(draw(show, &picture, frames, index));
    const size_t total = frames->count + frames->parity;
    fwrite(picture.data, 1, picture.size, stdout);
    if (total > 1)
        printf("%zu/%zu\n", index + 1, total);
    return fflush(stdout) == 0 ? ERR_OK : ERR_IO;
}

struct keyboard {
    struct termios before;
    bool is_changed;
};

static void keyboard_fini(struct keyboard *keyboard)
{
    if (keyboard->is_changed)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &keyboard->before);
    keyboard->is_changed = false;
}

static void keyboard_listen(struct keyboard *keyboard)
{
    if (tcgetattr(STDIN_FILENO, &keyboard->before) != 0)
        return;
    struct termios now = keyboard->before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG); /* ^C comes as a key */
    keyboard->is_changed = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

/* The end of the input is a key, too. ^C ends the program, the terminal as it was before. */
static bool key_within(struct keyboard *keyboard, int milliseconds)
{
    struct pollfd keys = {STDIN_FILENO, POLLIN, 0};
    uint8_t pressed[64];
    if (poll(&keys, 1, milliseconds) <= 0)
        return false;
    const ssize_t got = read(STDIN_FILENO, pressed, sizeof pressed);
    if (got > 0 && keyboard->is_changed &&
        memchr(pressed, keyboard->before.c_cc[VINTR], (size_t)got) != NULL) {
        keyboard_fini(keyboard);
        (void)raise(SIGINT);
    }
    return got >= 0;
}

static enum err show_until_key(const struct show *show, const struct frames *frames)
{
    struct keyboard keyboard AUTO(keyboard_fini) = {0};
    const size_t total = frames->count + frames->parity;
    keyboard_listen(&keyboard);
    fputs("\033[2J", stdout);
    for (size_t i = 0;; i = (i + 1) % total) {
        fputs("\033[H", stdout);
        TRY(print_frame(show, frames, i));
        if (key_within(&keyboard, total == 1 ? -1 : 1000 / (int)show->options.fps))
            return ERR_OK;
    }
}

static enum err print_frames(const struct show *show, const struct frames *frames)
{
    if (show->options.may_wait && isatty(STDOUT_FILENO))
        return show_until_key(show, frames);
    for (size_t i = 0; i < frames->count + frames->parity; i++)
        TRY(print_frame(show, frames, i));
    return ERR_OK;
}

/* ---- the carrier ---- */

static enum err cut(const struct show *show, struct frames *frames, struct span message,
                    struct arena *arena)
{
    const enum qr_level level = show->form == FORM_TERMINAL ? QR_LOW : QR_MEDIUM;
    return frames_split(frames, message, qr_capacity(show->density, level), arena);
}

size_t qr_show_count(const struct carrier *carrier, struct span message)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct frames frames = {0};
    if (cut((const struct show *)carrier, &frames, message, &arena) != ERR_OK)
        return 0;
    return frames.count + frames.parity;
}

static enum err show_give(struct carrier *carrier, struct span bytes)
{
    struct show *show = (struct show *)carrier;
    struct arena arena AUTO(arena_fini) = {0};
    struct frames frames = {0};
    TRY(cut(show, &frames, bytes, &arena));
    show->report = (struct qr_show_report){.frames = frames.count + frames.parity,
                                           .needed = frames.count,
                                           .first = show->first,
                                           .last = show->last};
    return show->form == FORM_TERMINAL ? print_frames(show, &frames) : write_files(show, &frames);
}

static enum err show_take(struct carrier *carrier, struct buffer *out)
{
    (void)carrier, (void)out;
    return ERR_MISSING;
}

static void show_close(struct carrier *carrier)
{
    free(carrier);
}

static const struct carrier_ops show_ops = {
    .take = show_take, .give = show_give, .close = show_close};

struct qr_show_report qr_show_report(const struct carrier *carrier)
{
    return ((const struct show *)carrier)->report;
}

enum err qr_show(struct carrier **out, const struct qr_show_options *options)
{
    struct show *show = calloc(1, sizeof *show);
    if (show == NULL)
        return ERR_MEMORY;
    struct carrier *carrier AUTO(carrier_close) = &show->carrier;
    carrier->ops = &show_ops;
    show->options = *options;
    show->density = options->density > 0 ? options->density : DENSITY_FILE;
    TRY(choose_form(show));
    TRY(show->form == FORM_TERMINAL ? fit_terminal(show) : check_files(show));
    *out = TAKE(carrier);
    return ERR_OK;
}
