/* The toy program: one command of every sort. */
#include "tests/common/cli/toy.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 4096, PIECE_SIZE = 600 * 1024 };

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

/* Knows Ann alone. */
static int run_dismiss(struct cli *cli)
{
    const bool is_look = cli_flag(cli, "--dry-run");
    if (strcmp(cli_text(cli, "NAME"), "Ann") != 0)
        return cli_fail(cli, CLI_REFUSED, "UNKNOWN", "toy vault show", "nobody of that name");
    json_object_set_new(cli_result(cli), is_look ? "seen" : "dismissed", json_true());
    cli_give_file(cli, "--output", span_text(is_look ? "seen" : "dismissed"), false);
    if (is_look)
        cli_say(cli, "this is Ann");
    else
        cli_say(cli, "dismissed by %s", (const char *)cli_context(cli));
    return CLI_OK;
}

static int run_config(struct cli *cli)
{
    struct buffer text AUTO(buffer_fini) = {0};
    const char *address = cli_text(cli, "ADDRESS"); /* as if init had found it */
    if (cli_config_text(cli, &text, address != NULL ? "listen" : NULL, address) != ERR_OK)
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
     {CLI_ARGUMENT_OPTIONAL("ADDRESS", CLI_TEXT, NULL),
      CLI_OPTION_REQUIRED("--output", 'o', CLI_OUT_FILE, NULL)}},
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
    {"vault",
     "dismiss",
     CLI_DATABASE,
     run_dismiss,
     "dismisses",
     NULL,
     N_("Really?"),
     {CLI_ARGUMENT("NAME", CLI_TEXT, NULL), CLI_OPTION("--output", 'o', CLI_OUT_FILE, NULL),
      CLI_OPTION("--dry-run", 0, CLI_FLAG, NULL)}},
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
