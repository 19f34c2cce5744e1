/* Asking people: only on a terminal, only by the calling process.
 *
 * 1. Without a terminal, or with --no-input, nothing waits for an answer: the error names the flag.
 * 2. A passphrase is never shown, and the terminal is as it was afterwards, after ^C too.
 * 3. Questions go to stderr or the terminal itself, never to stdout.
 *
 * Never takes a passphrase from argv or the environment. */
#include "common/base/file.h"
#include "common/cli/cli_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { NEW_PASSPHRASE_TRIES = 3 };

bool cli_can_ask(const struct cli *cli)
{
    return !cli->is_server && !cli_flag(cli, "--no-input") && isatty(STDIN_FILENO) &&
           isatty(STDERR_FILENO);
}

static bool is_yes(const char *answer)
{
    static const char *const words[] = {"y", "yes", "是", "好", "确认"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(answer, words[i]) == 0)
            return true;
    }
    return false;
}

bool cli_confirm(struct cli *cli, int *exit_code, const char *question)
{
    if (cli_flag(cli, "--yes"))
        return true;
    if (!cli_can_ask(cli)) {
        *exit_code = cli_fail(cli, CLI_USAGE, "USAGE", _("-y answers yes"),
                              _("this needs an answer and there is no terminal: %s"), question);
        return false;
    }
    char answer[64] = "";
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL)
        answer[strcspn(answer, "\r\n")] = '\0';
    if (is_yes(answer))
        return true;
    *exit_code = cli_fail(cli, CLI_REFUSED, "CANCELLED", NULL, _("cancelled; nothing was done"));
    return false;
}

/* ---- passphrases ---- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { SIGNAL_COUNT = sizeof signals / sizeof signals[0] };

struct caught {
    struct sigaction actions[SIGNAL_COUNT];
    sigset_t mask; /* of before; while a line is read it holds in ppoll only, */
};                 /* so that no signal comes between a look and the wait */

static void catch_signals(struct caught *old)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    interrupted = 0;
    sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaddset(&blocked, signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &old->mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &action, &old->actions[i]);
}

static void release_signals(const struct caught *old)
{
    sigprocmask(SIG_SETMASK, &old->mask, NULL);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &old->actions[i], NULL);
    if (interrupted != 0)
        raise(interrupted);
}

/* One line, cut off at the size of a secret: too long is an error, not a shorter passphrase. */
static enum err read_line(struct secret *out, int terminal, const sigset_t *mask)
{
    struct pollfd waiting = {.fd = terminal, .events = POLLIN};
    uint8_t byte = 0;
    out->size = 0;
    for (;;) {
        if (ppoll(&waiting, 1, NULL, mask) < 0 || interrupted != 0 || read(terminal, &byte, 1) <= 0)
            return ERR_IO;
        if (byte == '\n' || byte == '\r')
            return ERR_OK;
        if (out->size == sizeof out->bytes)
            return ERR_LIMIT;
        out->bytes[out->size++] = byte;
    }
}

static enum err ask_hidden(struct secret *out, int terminal, const char *prompt)
{
    struct caught old;
    struct termios shown, hidden;
    if (tcgetattr(terminal, &shown) != 0)
        return ERR_IO;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    catch_signals(&old);
    enum err error = tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 ? ERR_OK : ERR_IO;
    dprintf(terminal, "%s: ", prompt);
    if (error == ERR_OK)
        error = read_line(out, terminal, &old.mask);
    tcsetattr(terminal, TCSAFLUSH, &shown);
    dprintf(terminal, "\n");
    release_signals(&old);
    if (error != ERR_OK)
        secret_wipe(out);
    return error;
}

static enum err ask_twice(struct secret *out, int terminal, const char *prompt)
{
    for (int i = 0; i < NEW_PASSPHRASE_TRIES; i++) {
        struct secret again AUTO(secret_wipe) = {0};
        TRY(ask_hidden(out, terminal, prompt));
        TRY(ask_hidden(&again, terminal, _("the same again")));
        if (out->size > 0 &&
            secret_equal(span_of(out->bytes, out->size), span_of(again.bytes, again.size)))
            return ERR_OK;
        dprintf(terminal, "%s\n", _("they are empty or differ"));
    }
    return ERR_AUTH;
}

static int ask_on_terminal(struct cli *cli, struct secret *out, const char *prompt, bool is_new,
                           const char *hint)
{
    int terminal = -1;
    if (!cli->is_server && !cli_flag(cli, "--no-input"))
        terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal < 0)
        return cli_fail(cli, CLI_USAGE, "USAGE", hint,
                        _("a passphrase is needed and cannot be asked for: %s"), prompt);
    enum err error = is_new ? ask_twice(out, terminal, prompt) : ask_hidden(out, terminal, prompt);
    close(terminal);
    return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, prompt, NULL);
}

/* From a descriptor that the caller of this program opened: nothing of it is in argv, in the
 * environment or on a disk. */
static enum err read_descriptor(struct buffer *out, const char *number)
{
    char path[32];
    struct buffer bytes AUTO(secret_wipe_buffer) = {.limit = SECRET_SIZE_MAX};
    const int size = snprintf(path, sizeof path, "/proc/self/fd/%s", number);
    if (size < 0 || (size_t)size >= sizeof path)
        return ERR_IO;
    const enum err error = file_read(&bytes, path, SECRET_SIZE_MAX);
    return error == ERR_OK ? buffer_put(out, buffer_span(&bytes)) : ERR_IO;
}

/* What --pin-file or --pin-fd holds; appended to out, which the caller wipes. */
enum err cli_pin_file(struct buffer *out, const struct cli *cli)
{
    const struct cli_value *descriptor = cli_find(cli, "--pin-fd", 0);
    if (descriptor != NULL && !cli->is_server)
        return read_descriptor(out, descriptor->text);
    for (size_t i = 0; i < cli->input_count; i++) {
        if (strcmp(cli->inputs[i].name, "--pin-file") == 0)
            return buffer_put(out, cli->inputs[i].bytes);
    }
    const char *path = cli_common_text(cli, "--pin-file", "DCEP_PIN_FILE");
    if (path == NULL || cli->is_server)
        return ERR_MISSING;
    enum err error = file_read_secret(out, path, SECRET_SIZE_MAX);
    return error == ERR_MISSING ? ERR_IO : error; /* named and not there is not "not given" */
}

bool cli_has_passphrase(const struct cli *cli)
{
    return cli_find(cli, "--pin-fd", 0) != NULL ||
           cli_common_text(cli, "--pin-file", "DCEP_PIN_FILE") != NULL;
}

/* Without the end of its line. */
static int take_pin(struct cli *cli, struct secret *out, struct span bytes, const char *option)
{
    size_t size = bytes.size;
    if (size > 0 && bytes.data[size - 1] == '\n')
        size--;
    if (size > 0 && size < bytes.size && bytes.data[size - 1] == '\r')
        size--;
    if (size == 0)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("it holds the secret alone, on one line"),
                        _("%s: the file is empty"), option);
    if (size > sizeof out->bytes)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("it holds the secret alone, on one line"),
                        _("%s: the file is too large"), option);
    memcpy(out->bytes, bytes.data, size);
    out->size = size;
    return CLI_OK;
}

int cli_passphrase(struct cli *cli, struct secret *out, const char *prompt, bool is_new)
{
    struct buffer bytes AUTO(secret_wipe_buffer) = {.limit = SECRET_SIZE_MAX};
    enum err error = cli_pin_file(&bytes, cli);
    secret_wipe(out);
    if (error == ERR_OK)
        return take_pin(cli, out, buffer_span(&bytes), "--pin-file");
    if (error == ERR_MISSING)
        return ask_on_terminal(cli, out, prompt, is_new, _("--pin-file FILE gives it"));
    if (error == ERR_IO)
        return cli_fail(cli, CLI_USAGE, "USAGE",
                        _("it names a file or a pipe that is there; --pin-fd N an open descriptor"),
                        _("--pin-file: the file cannot be read"));
    return cli_fail_err(cli, error, "--pin-file",
                        error == ERR_PERMISSION ? _("make it yours alone: chmod 600") : NULL);
}

static bool shows_progress(const struct cli *cli)
{
    return !cli->is_server && !cli->json && !cli_flag(cli, "--quiet") && isatty(STDERR_FILENO);
}

/* "\r" and ESC [ K, which erases the line, are ours: what is printed between them is made safe. */
void cli_waiting(struct cli *cli, const char *what)
{
    if (!shows_progress(cli))
        return;
    char *safe = cli_printable(what != NULL ? what : "");
    fprintf(stderr, "\r%s\033[K", safe);
    if (what == NULL)
        fputc('\r', stderr);
    fflush(stderr);
    free(safe);
}

int cli_passphrase_of(struct cli *cli, struct secret *out, const char *option, const char *prompt,
                      bool is_new)
{
    char hint[80];
    secret_wipe(out);
    if (cli_given(cli, option))
        return take_pin(cli, out, cli_file(cli, option), option);
    snprintf(hint, sizeof hint, _("%s FILE gives it"), option);
    return ask_on_terminal(cli, out, prompt, is_new, hint);
}

void cli_progress(struct cli *cli, const char *what, uint64_t done, uint64_t total)
{
    if (!shows_progress(cli))
        return;
    fprintf(stderr, "\r%s %llu/%llu%s", what, (unsigned long long)done, (unsigned long long)total,
            done >= total ? "\n" : "");
    fflush(stderr);
}
