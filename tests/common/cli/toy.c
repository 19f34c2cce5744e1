/* The toy program, and running it in a child process. */
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

enum {
    WORDS_MAX = 64,
    TEXT_SIZE = 4096,
    SHOWN_SIZE = 4 * TEXT_SIZE,
    READY_FD = 9,
    PIECE_SIZE = 600 * 1024
};

/* ---- commands ---- */

static int run_greet(struct cli *cli)
{
    json_object_set_new(cli_result(cli), "name", json_string(cli_text(cli, "NAME")));
    cli_say(cli, _("ok"));
    cli_say(cli, "hello %s", cli_text(cli, "NAME"));
    if (cli_flag(cli, "--loud"))
        cli_warn(cli, "too loud");
    return CLI_OK;
}

static int run_pay(struct cli *cli)
{
    json_t *result = cli_result(cli);
    json_object_set_new(result, "amount", cli_json_amount(cli_amount(cli, "AMOUNT")));
    json_object_set_new(result, "times", json_integer((json_int_t)cli_number(cli, "--times", 1)));
    json_object_set_new(result, "packets", json_integer((json_int_t)cli_count(cli, "PACKET")));
    size_t size = 0;
    for (size_t i = 0; i < cli_count(cli, "PACKET"); i++)
        size += cli_file_at(cli, "PACKET", i).size;
    json_object_set_new(result, "size", json_integer((json_int_t)size));
    cli_say(cli, "paid");
    cli_give_file(cli, "--output", span_text("packet"), false);
    return CLI_OK;
}

static int run_where(struct cli *cli)
{
    const char *where = cli_context(cli) != NULL ? cli_context(cli) : "nowhere";
    json_object_set_new(cli_result(cli), "where", json_string(where));
    json_object_set_new(cli_result(cli), "data", json_string(cli_data(cli)));
    json_object_set_new(cli_result(cli), "timeout_ms",
                        json_integer((json_int_t)cli_timeout_ms(cli)));
    cli_say(cli, "%s: %s", where, _("not found"));
    cli_warn(cli, "from %s", where);
    return CLI_OK;
}

static int run_turn(struct cli *cli)
{
    struct span in = cli_file(cli, "FILE");
    char turned[TEXT_SIZE];
    for (size_t i = 0; i < in.size; i++)
        turned[i] = (char)in.data[in.size - 1 - i];
    json_object_set_new(cli_result(cli), "path", json_string(cli_text(cli, "--target")));
    cli_give_file(cli, "--output", span_of(turned, in.size), true);
    return run_where(cli);
}

static int run_status(struct cli *cli)
{
    json_object_set_new(cli_result(cli), "before", json_true());
    return cli_fail_status(cli, (enum status)cli_number(cli, "STATUS", 0), "do this next");
}

static int run_pass(struct cli *cli)
{
    struct secret secret AUTO(secret_wipe) = {0};
    int code = cli_passphrase(cli, &secret, "PIN", cli_flag(cli, "--loud"));
    if (code == CLI_OK)
        json_object_set_new(cli_result(cli), "size", json_integer((json_int_t)secret.size));
    return code;
}

static int run_setting(struct cli *cli)
{
    const char *value = cli_setting(cli, cli_text(cli, "KEY"));
    json_object_set_new(cli_result(cli), "value", value != NULL ? json_string(value) : json_null());
    cli_say(cli, "%s", value != NULL ? value : "(none)");
    return CLI_OK;
}

static int run_config(struct cli *cli)
{
    struct buffer text AUTO(buffer_fini) = {0};
    if (cli_config_text(cli, &text) != ERR_OK)
        return CLI_INTERNAL;
    cli_give_file(cli, "--output", buffer_span(&text), false);
    return CLI_OK;
}

static int run_large(struct cli *cli)
{
    char *piece = malloc(PIECE_SIZE + 1);
    memset(piece, 'x', PIECE_SIZE);
    piece[PIECE_SIZE] = '\0';
    for (uint64_t i = 0; i < cli_number(cli, "PIECES", 0); i++)
        cli_say(cli, "%s", piece);
    free(piece);
    return CLI_OK;
}

static int run_call(struct cli *cli)
{
    const char *words[] = {"vault", "hidden", "label", "-o", "inner", NULL};
    struct cli_input input = {"FILE", span_text("abc")};
    json_t *inner = NULL;
    int code = cli_call(cli, &inner, words, &input, 1);
    json_object_set_new(cli_result(cli), "inner", inner);
    return code;
}

static int run_silent(struct cli *cli)
{
    return cli_flag(cli, "--loud") ? CLI_PENDING : CLI_INTEGRITY;
}

static int run_die(struct cli *cli)
{
    (void)cli;
    raise(SIGKILL);
    return CLI_OK;
}

static int run_home(struct cli *cli)
{
    cli_say(cli, "home of %s", cli_data(cli));
    return CLI_OK;
}

static int open_toy(struct cli *cli)
{
    static char here[] = "here";
    cli_set_context(cli, here);
    if (strstr(cli_data(cli), "locked") != NULL)
        return cli_fail_err(cli, ERR_LOCKED, "database", "stop the other one");
    return CLI_OK;
}

static void close_toy(struct cli *cli)
{
    cli_set_context(cli, NULL);
}

/* ---- the table ---- */

static const struct cli_command commands[] = {
    {NULL,
     "greet",
     CLI_LOCAL,
     run_greet,
     N_("not found"),
     "toy greet Ann",
     NULL,
     {CLI_ARGUMENT("NAME", CLI_TEXT, "whom"), CLI_OPTION("--loud", 'l', CLI_FLAG, "shout")}},
    {NULL,
     "pay",
     CLI_LOCAL,
     run_pay,
     "pays",
     "toy pay 12.50 a b -o FILE",
     NULL,
     {CLI_ARGUMENT("AMOUNT", CLI_AMOUNT, NULL), CLI_ARGUMENTS_OPTIONAL("PACKET", CLI_IN_FILE, NULL),
      CLI_OPTION("--output", 'o', CLI_OUT_FILE, NULL), CLI_OPTION("--times", 'n', CLI_NUMBER, NULL),
      CLI_OPTION("--note", 0, CLI_TEXT, NULL)}},
    {NULL,
     "status",
     CLI_LOCAL,
     run_status,
     "fails",
     NULL,
     NULL,
     {CLI_ARGUMENT_OPTIONAL("STATUS", CLI_NUMBER, NULL)}},
    {NULL,
     "silent",
     CLI_LOCAL,
     run_silent,
     "fails silently",
     NULL,
     NULL,
     {CLI_OPTION("--loud", 0, CLI_FLAG, NULL)}},
    {NULL,
     "pass",
     CLI_LOCAL,
     run_pass,
     "passphrase",
     NULL,
     NULL,
     {CLI_OPTION("--loud", 'l', CLI_FLAG, NULL)}},
    {NULL,
     "setting",
     CLI_LOCAL,
     run_setting,
     "shows",
     NULL,
     NULL,
     {CLI_ARGUMENT("KEY", CLI_TEXT, NULL), CLI_OPTION("--tls-name", 0, CLI_TEXT, NULL)}},
    {NULL,
     "config",
     CLI_LOCAL,
     run_config,
     "writes",
     NULL,
     NULL,
     {CLI_OPTION_REQUIRED("--output", 'o', CLI_OUT_FILE, NULL)}},
    {NULL,
     "call",
     CLI_LOCAL,
     run_call,
     "calls",
     NULL,
     NULL,
     {CLI_OPTION_REQUIRED("--output", 'o', CLI_OUT_FILE, NULL)}},
    {NULL,
     "drop",
     CLI_LOCAL,
     run_greet,
     "drops",
     NULL,
     N_("Really?"),
     {CLI_ARGUMENT_OPTIONAL("NAME", CLI_TEXT, NULL)}},
    {"vault", "show", CLI_DATABASE, run_where, "shows", NULL, NULL, {{0}}},
    {"vault",
     "turn",
     CLI_DATABASE,
     run_turn,
     "turns",
     NULL,
     NULL,
     {CLI_ARGUMENT("FILE", CLI_IN_FILE, NULL), CLI_OPTION("--output", 'o', CLI_OUT_FILE, NULL),
      CLI_OPTION("--target", 0, CLI_PATH, NULL)}},
    {"vault",
     "refuse",
     CLI_DATABASE,
     run_status,
     "refuses",
     NULL,
     NULL,
     {CLI_ARGUMENT_OPTIONAL("STATUS", CLI_NUMBER, NULL)}},
    {"vault",
     "pass",
     CLI_DATABASE,
     run_pass,
     "passphrase",
     NULL,
     NULL,
     {CLI_OPTION("--loud", 'l', CLI_FLAG, NULL)}},
    {"vault",
     "setting",
     CLI_DATABASE,
     run_setting,
     "shows",
     NULL,
     NULL,
     {CLI_ARGUMENT_OPTIONAL("KEY", CLI_TEXT, NULL)}},
    {"vault",
     "large",
     CLI_DATABASE,
     run_large,
     "much",
     NULL,
     NULL,
     {CLI_ARGUMENT_OPTIONAL("PIECES", CLI_NUMBER, NULL)}},
    {"vault", "die", CLI_DATABASE, run_die, "dies", NULL, NULL, {{0}}},
    {"vault",
     "hidden",
     CLI_DATABASE,
     run_turn,
     NULL,
     NULL,
     NULL,
     {CLI_ARGUMENT("FILE", CLI_IN_FILE, NULL), CLI_OPTION("--output", 'o', CLI_OUT_FILE, NULL)}},
    {.verb = NULL},
};

static const struct cli_setting settings[] = {
    {"server", "listen", "127.0.0.1:7001", "where it listens"},
    {"server", "tls_name", NULL, "the TLS name"},
    {"limits", "hops", "8", NULL},
    {.key = NULL},
};

const struct cli_program toy_program = {
    .name = "toy",
    .summary = "a toy",
    .commands = commands,
    .settings = settings,
    .config_name = "toy.ini",
    .home = run_home,
    .has_wallet_option = true,
    .open = open_toy,
    .close = close_toy,
};

/* ---- running it ---- */

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
