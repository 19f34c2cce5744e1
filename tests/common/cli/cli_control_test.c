/* The control socket: the same command, in the server; the same answer, here. */
#include "tests/common/cli/toy.h"

#include "common/wire/wire.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int server;

static void set_up(void)
{
    setenv("DCEP_LANG", "en", 1);
    cr_assert(chdir(toy_directory()) == 0);
    toy_write("old", "old", 0644);
    toy_write("pin", "123456\n", 0600);
    toy_write("toy.ini", "[limits]\nhops = 5\n", 0644);
    server = toy_server_start(toy_directory());
}

static void tear_down(void)
{
    toy_server_kill(server);
    toy_directory_fini();
}

TestSuite(cli_control, .init = set_up, .fini = tear_down, .timeout = 60);

Test(cli_control, table)
{
    static const struct toy_row rows[] = {
        {"vault show", 0, "server: not found\n", "warning: from server\n"},
        {"vault show -q", 0, "server: not found\n", ""},
        {"vault show --json --timeout 7", 0, "\"timeout_ms\":7000}\n", "warning: from server\n"},
        {"vault refuse 58", 5, "", "error: not enough money\nhint: do this next\n"},
        {"vault refuse 58 --json", 5, "{\"error\":{\"code\":5,\"name\":\"FUNDS\",", ""},
        {"vault refuse 70", 8, "", "pending: accepted"},
        {"vault turn old -o new", 0, "server: not found", ""},
        {"vault turn old -o new", 2, "", "the file new exists already"},
        {"vault turn old -o new --force", 0, "server", ""},
        {"vault turn old -o -", 0, "dlo", "server"},
        {"vault turn nothere", 2, "", "the file nothere cannot be read"},
        {"vault pass --pin-file pin --json", 0, "{\"size\":6}", ""},
        {"vault pass", 2, "", "hint: --pin-file FILE gives it"},
        {"vault setting hops", 0, "5\n", ""},
        {"vault large 1", 0, "xxx", ""},
        {"vault large 2", 1, "", "the answer is too large"},
        {"vault dismiss Bob", 1, "", "error: nobody of that name\nhint: toy vault show"},
        {"vault dismiss Ann", 2, "this is Ann\n", "hint: -y answers yes"},
        {"vault dismiss Ann --json -o no", 2, "{\"error\":{\"code\":2,", ""},
        {"vault dismiss Ann --dry-run --json", 0, "{\"seen\":true}", ""},
        {"vault dismiss Ann -y --json -o yes", 0, "{\"dismissed\":true}", ""},
        {"call -o called --json", 0, "\"where\":\"server\"", ""},
        {"greet Ann", 0, "hello Ann", ""},
    };
    char data[256];
    CHECK(snprintf(data, sizeof data, "--data %s", toy_directory()) < (int)sizeof data);
    toy_expect(data, rows, sizeof rows / sizeof rows[0]);
    struct stat about;
    cr_expect_eq(stat("new", &about), 0);
    cr_expect_eq(about.st_mode & 0777u, 0600u);
    cr_expect_neq(stat("no", &about), 0, "a look leaves nothing");
    cr_expect_eq(stat("yes", &about), 0);
    cr_expect_eq(about.st_size, (off_t)strlen("dismissed"), "written once");
}

Test(cli_control, paths_are_made_absolute)
{
    char expected[256];
    struct toy_run run =
        toy_run("--data %s vault turn old --json --target below/x", toy_directory());
    snprintf(expected, sizeof expected, "\"path\":\"%s/below/x\"", toy_directory());
    cr_expect(strstr(run.out, expected) != NULL, "%s", run.out);
    toy_run_fini(&run);
}

Test(cli_control, a_server_that_dies_is_exit_3_and_nothing_runs_here)
{
    struct toy_run run = toy_run("--data %s vault die", toy_directory());
    cr_expect_eq(run.exit_code, CLI_UNREACHABLE, "%d %s", run.exit_code, run.err);
    cr_expect(strstr(run.err, "hint: whether it was done is not known") != NULL, "%s", run.err);
    toy_run_fini(&run);
    run = toy_run("--data %s vault show", toy_directory()); /* the socket file is still there */
    cr_expect_eq(run.exit_code, 0, "%d %s", run.exit_code, run.err);
    cr_expect(strstr(run.out, "here: ") != NULL, "%s", run.out);
    toy_run_fini(&run);
}

/* ---- the far end alone ---- */

static enum err serve(struct buffer *reply, const char *const *words)
{
    struct text_item items[CLI_PARAMETERS_MAX];
    struct control_request request = {.arguments = {.items = items}};
    struct buffer bytes AUTO(buffer_fini) = {0};
    for (; words[request.arguments.count] != NULL; request.arguments.count++)
        items[request.arguments.count].text = span_text(words[request.arguments.count]);
    cr_assert_eq(control_request_encode(&bytes, &request), ERR_OK);
    return cli_serve_control(&toy_program, NULL, toy_directory(), reply, buffer_span(&bytes));
}

static void expect_answer(const char *const *words, uint64_t exit_code, const char *part)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct arena arena AUTO(arena_fini) = {0};
    struct control_reply reply;
    cr_assert_eq(serve(&bytes, words), ERR_OK);
    cr_assert_eq(control_reply_decode(&reply, buffer_span(&bytes), &arena), ERR_OK);
    cr_expect_eq(reply.exit_code, exit_code);
    cr_expect(memmem(reply.json.data, reply.json.size, part, strlen(part)) != NULL, "%s: %.*s",
              part, (int)reply.json.size, (const char *)reply.json.data);
}

Test(cli_control, the_server_runs_only_what_is_its)
{
    expect_answer((const char *[]){"greet", "Ann", NULL}, CLI_USAGE, "does not run in a server");
    expect_answer((const char *[]){"vault", "turn", "/etc/passwd", NULL}, CLI_USAGE,
                  "FILE: the content is missing");
    expect_answer((const char *[]){"nothing", NULL}, CLI_USAGE, "there is no command");
    expect_answer((const char *[]){"vault", "pass", "--pin-file=pin", NULL}, CLI_USAGE,
                  "--pin-file");
}

Test(cli_control, broken_requests_are_dropped)
{
    struct buffer reply AUTO(buffer_fini) = {0};
    cr_expect_neq(cli_serve_control(&toy_program, NULL, "/", &reply, span_text("nonsense")),
                  ERR_OK);
    cr_expect_neq(cli_serve_control(&toy_program, NULL, "/", &reply, span_text("")), ERR_OK);
    cr_expect_eq(reply.size, 0);
}
