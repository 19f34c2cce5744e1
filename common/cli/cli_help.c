/* Help from the table: the program, a noun, a command; and the synopsis in usage errors.
 *
 * 1. What is shown is what the parser accepts: both read the same rows.
 * 2. Help goes to stdout (asked for), a usage error to stderr with the synopsis as its hint.
 *
 * Never reads the data directory. */
#include "common/base/text.h"
#include "common/cli/cli_frame.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 30 };

const char *cli_placeholder(enum cli_kind kind)
{
    static const char *const names[] = {
        [CLI_FLAG] = "",         [CLI_TEXT] = "TEXT",        [CLI_NUMBER] = "N",
        [CLI_AMOUNT] = "AMOUNT", [CLI_IN_FILE] = "FILE",     [CLI_OUT_FILE] = "FILE",
        [CLI_PATH] = "PATH",     [CLI_SECRET_FILE] = "FILE",
    };
    return names[kind];
}

bool cli_is_option(const struct cli_parameter *parameter)
{
    return strncmp(parameter->name, "--", 2) == 0;
}

static void put_in_synopsis(FILE *out, const struct cli_parameter *parameter)
{
    const char *open = parameter->required ? "" : "[", *close = parameter->required ? "" : "]";
    const char *value = cli_placeholder(parameter->kind), *space = value[0] != '\0' ? " " : "";
    if (!cli_is_option(parameter))
        fprintf(out, " %s%s%s%s", open, parameter->name, parameter->repeated ? "..." : "", close);
    else if (parameter->letter != 0)
        fprintf(out, " %s-%c%s%s%s", open, parameter->letter, space, value, close);
    else
        fprintf(out, " %s%s%s%s%s%s", open, parameter->name, space, value,
                parameter->repeated ? "..." : "", close);
}

void cli_synopsis(const struct cli *cli, FILE *out)
{
    const struct cli_command *command = cli->command;
    fputs(cli->program->name, out);
    if (command == &cli->home)
        return;
    fprintf(out, " %s%s%s", command->noun != NULL ? command->noun : "",
            command->noun != NULL ? " " : "", command->verb);
    for (int options = 0; options < 2; options++) {
        for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++) {
            if (cli_is_option(&command->parameters[i]) == (options == 1))
                put_in_synopsis(out, &command->parameters[i]);
        }
    }
}

int cli_usage(struct cli *cli, const char *message, ...)
{
    char text[512], synopsis[512] = "", hint[640];
    va_list arguments;
    va_start(arguments, message);
    vsnprintf(text, sizeof text, message, arguments);
    va_end(arguments);
    FILE *out = fmemopen(synopsis, sizeof synopsis, "w");
    if (out != NULL) {
        cli_synopsis(cli, out);
        fclose(out);
    }
    snprintf(hint, sizeof hint, _("usage: %s"), synopsis);
    return cli_fail(cli, CLI_USAGE, "USAGE", hint, "%s", text);
}

/* ---- help pages ---- */

static void put_row(FILE *out, const char *left, const char *help)
{
    size_t columns = text_columns(left);
    int padding = columns < HELP_COLUMN ? (int)(HELP_COLUMN - columns) : 1;
    fprintf(out, "  %s%*s%s\n", left, padding, "", help != NULL ? _(help) : "");
}

static void put_parameter(FILE *out, const struct cli_parameter *parameter)
{
    char left[128];
    const char *value = cli_placeholder(parameter->kind), *space = value[0] != '\0' ? " " : "";
    if (!cli_is_option(parameter))
        snprintf(left, sizeof left, "%s%s", parameter->name, parameter->repeated ? "..." : "");
    else if (parameter->letter != 0)
        snprintf(left, sizeof left, "-%c, %s%s%s", parameter->letter, parameter->name, space,
                 value);
    else
        snprintf(left, sizeof left, "%s%s%s%s", parameter->name, space, value,
                 parameter->repeated ? "..." : "");
    put_row(out, left, parameter->help);
}

static void put_parameters(FILE *out, const char *title, const struct cli_command *command,
                           bool options)
{
    bool first = true;
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++) {
        if (cli_is_option(&command->parameters[i]) != options)
            continue;
        if (first)
            fprintf(out, "\n%s\n", title);
        first = false;
        put_parameter(out, &command->parameters[i]);
    }
}

static void put_common(const struct cli *cli, FILE *out)
{
    fprintf(out, "\n%s\n", _("Common options:"));
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++) {
        if (p->help != NULL && cli_common_applies(cli->program, p))
            put_parameter(out, p);
    }
}

static void put_command_page(const struct cli *cli, FILE *out)
{
    const struct cli_command *command = cli->command;
    fprintf(out, "%s ", _("Usage:"));
    cli_synopsis(cli, out);
    fprintf(out, "\n\n%s\n", _(command->summary));
    put_parameters(out, _("Arguments:"), command, false);
    put_parameters(out, _("Options:"), command, true);
    put_common(cli, out);
    if (command->example != NULL)
        fprintf(out, "\n%s\n  %s\n", _("Example:"), command->example);
}

static void put_commands(const struct cli *cli, FILE *out, const char *noun)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (c->summary == NULL || (noun != NULL && (c->noun == NULL || strcmp(c->noun, noun) != 0)))
            continue;
        char left[128];
        snprintf(left, sizeof left, "%s%s%s", c->noun != NULL ? c->noun : "",
                 c->noun != NULL ? " " : "", c->verb);
        put_row(out, left, c->summary);
    }
}

static void put_overview(const struct cli *cli, FILE *out)
{
    const char *name = cli->program->name;
    bool nouns = false;
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        nouns = nouns || (c->noun != NULL && c->summary != NULL);
    fprintf(out, "%s: %s\n\n%s %s %s [...]\n\n%s\n", name, _(cli->program->summary), _("Usage:"),
            name, nouns ? "[NOUN] VERB" : "VERB", _("Commands:"));
    put_commands(cli, out, NULL);
    put_common(cli, out);
    fputc('\n', out);
    fprintf(out, _("\"%s help COMMAND\" tells more about one."), name);
    fputc('\n', out);
}

/* A word can be a command and the noun of others: receipt ID, receipt verify. */
static bool is_verb(const struct cli *cli, const char *word)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        if (c->summary != NULL && c->noun == NULL && strcmp(c->verb, word) == 0)
            return true;
    return false;
}

static bool is_noun(const struct cli *cli, const char *word)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        if (c->summary != NULL && c->noun != NULL && strcmp(c->noun, word) == 0)
            return true;
    return false;
}

static int put_page(struct cli *cli, FILE *out, const struct cli_topic *topic)
{
    if (topic->word_count == 0) {
        put_overview(cli, out);
        return CLI_OK;
    }
    const bool has_more = topic->word_count == 1 && is_noun(cli, topic->words[0]);
    if (!has_more || is_verb(cli, topic->words[0])) {
        size_t used = 0;
        cli->command = cli_parse_command(cli, &used, topic);
        if (cli->command == NULL)
            return CLI_USAGE;
        put_command_page(cli, out);
    }
    if (has_more && cli->command != NULL)
        fprintf(out, "\n%s\n", _("Commands:"));
    if (has_more)
        put_commands(cli, out, topic->words[0]);
    return CLI_OK;
}

int cli_help(struct cli *cli, const struct cli_topic *topic, size_t first)
{
    struct cli_topic rest = {.word_count = topic->word_count - first};
    for (size_t i = 0; i < rest.word_count; i++)
        rest.words[i] = topic->words[first + i];
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    CHECK(out != NULL);
    int code = put_page(cli, out, &rest);
    fclose(out);
    if (code == CLI_OK) {
        cli_say(cli, "%s", page);
        json_object_set_new(cli_result(cli), "help", json_string(page));
    }
    free(page);
    return code;
}
