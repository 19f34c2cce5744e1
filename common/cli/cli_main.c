/* The frame: a command line from its words to its exit code.
 *
 * 1. stdout carries the result only: text, or with --json exactly one object, errors too.
 * 2. No exit code but 0 and 8 goes without an error that says what happened.
 * 3. A result that could not be printed is not a success.
 *
 * Never decides anything about money: that is the command's. */
#include "common/cli/cli_frame.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef DCEP_VERSION
#define DCEP_VERSION "0"
#endif

int cli_worse(int a, int b)
{
    static const int order[] = {CLI_INTEGRITY,   CLI_DOUBLE_SPEND, CLI_INVALID, CLI_AUTH,
                                CLI_FUNDS,       CLI_INTERNAL,     CLI_REFUSED, CLI_USAGE,
                                CLI_UNREACHABLE, CLI_PENDING};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (a == order[i] || b == order[i])
            return order[i];
    }
    return a != CLI_OK ? a : b;
}

struct cli *cli_new(const struct cli_program *program, FILE *text, FILE *notes)
{
    struct cli *cli = calloc(1, sizeof *cli);
    json_t *result = json_object();
    CHECK(cli != NULL && result != NULL);
    cli->program = program;
    cli->result = result;
    cli->text = text;
    cli->notes = notes;
    cli->home.verb = "";
    cli->home.run = program->home;
    return cli;
}

void cli_forget(struct cli *cli)
{
    for (size_t i = 0; i < cli->output_count; i++) {
        secret_wipe_bytes(cli->outputs[i].bytes.data, cli->outputs[i].bytes.size);
        buffer_fini(&cli->outputs[i].bytes);
    }
    cli->output_count = 0;
    for (size_t i = 0; i < CLI_SETTINGS_MAX; i++)
        free(TAKE(cli->settings[i]));
}

void cli_free(struct cli **cli)
{
    struct cli *gone = TAKE(*cli);
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->value_count; i++) {
        secret_wipe_bytes(gone->values[i].bytes.data, gone->values[i].bytes.size);
        buffer_fini(&gone->values[i].bytes);
    }
    cli_forget(gone);
    json_decref(gone->result);
    json_decref(gone->error);
    free(gone);
}

const char *cli_version(void)
{
    return DCEP_VERSION;
}

static int show_version(struct cli *cli)
{
    json_object_set_new(cli->result, "name", json_string(cli->program->name));
    json_object_set_new(cli->result, "version", json_string(DCEP_VERSION));
    cli_say(cli, "%s %s", cli->program->name, DCEP_VERSION);
    return CLI_OK;
}

static bool starts_with(const struct cli_topic *topic, const char *word)
{
    return topic->word_count > 0 && strcmp(topic->words[0], word) == 0;
}

int cli_run(struct cli *cli, size_t count, char *const *words)
{
    struct cli_topic topic = {0};
    size_t used = 0;
    cli_parse_topic(cli, &topic, count, words);
    if (topic.version)
        return show_version(cli);
    if (topic.manual)
        return cli_manual(cli);
    if (topic.completion != NULL)
        return cli_completion(cli, topic.completion);
    if (starts_with(&topic, "help"))
        return cli_help(cli, &topic, 1);
    if (topic.help)
        return cli_help(cli, &topic, 0);
    if (topic.word_count == 0)
        cli->command = &cli->home;
    else
        cli->command = cli_parse_command(cli, &used, &topic);
    if (cli->command == NULL)
        return CLI_USAGE;
    int code = cli_parse_values(cli, used, count, words);
    if (code != CLI_OK)
        return code;
    if (cli->command->run == NULL)
        return cli_help(cli, &topic, 0);
    return cli_execute(cli);
}

/* ---- printing ---- */

static void print_error(const struct cli *cli, int exit_code)
{
    const char *message = json_string_value(json_object_get(cli->error, "message"));
    const char *hint = json_string_value(json_object_get(cli->error, "hint"));
    fprintf(cli->notes, exit_code == CLI_PENDING ? _("pending: %s") : _("error: %s"), message);
    fputc('\n', cli->notes);
    if (hint != NULL && hint[0] != '\0') {
        fprintf(cli->notes, _("hint: %s"), hint);
        fputc('\n', cli->notes);
    }
}

static void print_json(const struct cli *cli)
{
    json_t *object = json_incref(cli->result);
    if (cli->error != NULL) {
        json_decref(object);
        object = json_pack("{s:O}", "error", cli->error);
        if (json_object_size(cli->result) > 0)
            json_object_set(object, "result", cli->result);
    }
    json_dumpf(object, stdout, isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(object);
}

static int fail_silent(struct cli *cli, int exit_code)
{
    return cli_fail(cli, exit_code, "FAILED", NULL, _("the command failed (exit code %d)"),
                    exit_code);
}

int cli_finish(struct cli *cli, int exit_code)
{
    if (exit_code != CLI_OK && exit_code != CLI_PENDING && cli->error == NULL)
        fail_silent(cli, exit_code);
    if (exit_code == CLI_OK)
        json_decref(TAKE(cli->error));
    if (cli->json)
        print_json(cli);
    else if (cli->error != NULL)
        print_error(cli, exit_code);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_fail(cli, CLI_REFUSED, "IO", NULL, _("the result cannot be written"));
        print_error(cli, CLI_REFUSED);
        exit_code = cli_worse(exit_code, CLI_REFUSED);
    }
    return exit_code;
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
    secret_harden_process();
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    cli_language_start();
    struct cli *cli AUTO(cli_free) = cli_new(program, stdout, stderr);
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    return cli_finish(cli, cli_run(cli, count, argv + 1));
}
