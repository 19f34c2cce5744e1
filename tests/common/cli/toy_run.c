/* Running the toy program in a child process: from files, on a terminal, as a server. */
#include "tests/common/cli/toy.h"

#include "common/cli/cli_frame.h"
#include "common/net/net.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { WORDS_MAX = 64, TEXT_SIZE = 4096, SHOWN_SIZE = 4 * TEXT_SIZE, READY_FD = 9 };

static char directory[] = "/tmp/toy-XXXXXX";
static bool directory_made;

const char *toy_directory(void)
{
    if (!directory_made) {
        cr_assert(mkdtemp(directory) != NULL);
        directory_made = true;
    }
    return directory;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about, (void)type, (void)place;
    return remove(path);
}

void toy_directory_fini(void)
{
    if (directory_made)
        cr_assert(nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

void toy_write(const char *path, const char *text, int mode)
{
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
    cr_assert(chmod(path, (mode_t)mode) == 0);
}

static int split(char *words[WORDS_MAX], char *text)
{
    static char name[] = "toy";
    int count = 0;
    words[count++] = name;
    char *rest = text;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (word[0] != '\0')
            words[count++] = word;
    }
    words[count] = NULL;
    return count;
}

/* The test runner has used nng, and nng does not survive a fork: the child starts this program
 * anew, which becomes the toy before main (below). */
static _Noreturn void start_anew(char **words, const char *role)
{
    setenv("TOY_ROLE", role, 1);
    execv("/proc/self/exe", words);
    _exit(127);
}

static void become_toy(char *text, int out, int err)
{
    char *words[WORDS_MAX];
    int nothing = open("/dev/null", O_RDONLY);
    setsid(); /* no terminal: /dev/tty cannot be opened */
    dup2(nothing, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    split(words, text);
    start_anew(words, "program");
}

static char *read_back(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    cr_assert(pread(fd, text, (size_t)size, 0) == size);
    close(fd);
    return text;
}

struct toy_run toy_run(const char *words, ...)
{
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, words);
    vsnprintf(text, sizeof text, words, arguments);
    va_end(arguments);
    int out = open("/tmp", O_TMPFILE | O_RDWR, 0600), err = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    cr_assert(out >= 0 && err >= 0);
    pid_t pid = fork();
    if (pid == 0)
        become_toy(text, out, err);
    int status = 0;
    cr_assert(waitpid(pid, &status, 0) == pid);
    return (struct toy_run){.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            .out = read_back(out),
                            .err = read_back(err)};
}

/* ---- on a terminal ---- */

static void become_toy_on(const char *terminal, char *text)
{
    char *words[WORDS_MAX];
    setsid();
    int fd = open(terminal, O_RDWR); /* the first terminal of a session becomes its own */
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    split(words, text);
    start_anew(words, "program");
}

/* What the terminal shows, up to and with part; false: the program ended first. */
static bool read_until(int master, char shown[TEXT_SIZE], const char *part)
{
    size_t size = strlen(shown);
    while (part == NULL || strstr(shown, part) == NULL) {
        ssize_t got = read(master, shown + size, TEXT_SIZE - 1 - size);
        if (got <= 0)
            return false; /* EIO: nobody has it open any more */
        size += (size_t)got;
        shown[size] = '\0';
    }
    return true;
}

static void append(char *shown, const char *piece)
{
    size_t size = strlen(shown);
    snprintf(shown + size, SHOWN_SIZE - size, "%s", piece);
}

struct toy_run toy_run_on_terminal(const char *const *dialogue, const char *words)
{
    char text[TEXT_SIZE], piece[TEXT_SIZE] = "", *shown = calloc(1, SHOWN_SIZE);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int held = open(ptsname(master), O_RDWR | O_NOCTTY); /* keeps its settings to look at */
    snprintf(text, sizeof text, "%s", words);
    pid_t pid = fork();
    if (pid == 0)
        become_toy_on(ptsname(master), text);
    for (; *dialogue != NULL; dialogue += 2) {
        piece[0] = '\0';
        cr_assert(read_until(master, piece, dialogue[0]), "%s: %s", words, piece);
        append(shown, piece);
        cr_assert(write(master, dialogue[1], strlen(dialogue[1])) > 0);
    }
    int status = 0;
    cr_assert(waitpid(pid, &status, 0) == pid);
    struct termios after;
    cr_assert(tcgetattr(held, &after) == 0);
    cr_expect((after.c_lflag & ECHO) != 0, "%s: the terminal stays silent", words);
    close(held);
    piece[0] = '\0';
    read_until(master, piece, NULL);
    close(master);
    append(shown, piece);
    return (struct toy_run){.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            .out = shown,
                            .err = calloc(1, 1)};
}

void toy_run_fini(struct toy_run *run)
{
    free(run->out);
    free(run->err);
}

void toy_expect(const char *before, const struct toy_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct toy_row *row = &rows[i];
        struct toy_run run = toy_run("%s %s", before, row->words);
        cr_expect_eq(run.exit_code, row->exit_code, "%s: %d %s", row->words, run.exit_code,
                     run.err);
        cr_expect(strstr(run.out, row->out) != NULL, "%s: out %s", row->words, run.out);
        cr_expect(strstr(run.err, row->err) != NULL, "%s: err %s", row->words, run.err);
        cr_expect(strstr(run.out, "hidden") == NULL, "%s", row->words);
        toy_run_fini(&run);
    }
}

json_t *toy_json(const struct toy_run *run)
{
    json_t *root = json_loads(run->out, 0, NULL);
    cr_assert(json_is_object(root), "not one JSON object: %s", run->out);
    return root;
}

/* ---- a server ---- */

static void serve(const char *data)
{
    char address[CLI_ADDRESS_SIZE];
    static char server[] = "server";
    struct net_server *net = NULL;
    cli_language_start(); /* as cli_main does before a server serves */
    cli_control_address(address, data);
    CHECK(net_server_open(&net, &(struct net_server_options){.address = address}) == ERR_OK);
    CHECK(write(READY_FD, "r", 1) == 1);
    for (;;) {
        struct net_request request;
        size_t count = 1;
        if (net_server_take(net, &request, &count, 1000) != ERR_OK || count == 0)
            continue;
        struct buffer reply AUTO(buffer_fini) = {0};
        if (cli_serve_control(&toy_program, server, data, &reply, request.bytes) == ERR_OK)
            net_server_reply(net, &request, buffer_span(&reply));
        else
            net_server_drop(net, &request);
    }
}

int toy_server_start(const char *data)
{
    int ready[2];
    char byte;
    cr_assert(pipe(ready) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char *words[] = {(char[]){"toy"}, (char *)(uintptr_t)data, NULL};
        close(ready[0]);
        dup2(ready[1], READY_FD);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves no server behind */
        start_anew(words, "server");
    }
    close(ready[1]);
    cr_assert(read(ready[0], &byte, 1) == 1, "the server did not start");
    close(ready[0]);
    return pid;
}

void toy_server_kill(int pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

__attribute__((constructor)) static void play_role(int argc, char **argv)
{
    const char *role = getenv("TOY_ROLE");
    if (role == NULL)
        return;
    bool is_server = strcmp(role, "server") == 0;
    unsetenv("TOY_ROLE");
    if (is_server)
        serve(argv[1]);
    exit(cli_main(&toy_program, argc, argv));
}
