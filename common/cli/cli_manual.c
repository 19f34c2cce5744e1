/* The manual page of a program, from its table: man(7), in the language that is chosen.
 *
 * 1. What it shows is what the parser accepts: both read the same rows.
 * 2. A text of ours is never read as a request: backslashes, dashes and a line's first dot and
 *    quote are escaped.
 *
 * Never reads the data directory. */
#include "common/cli/cli_frame.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MANUAL_DATE "2026-11-28" /* when the form of the pages changed last */

static void put_escaped(FILE *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void put_line(FILE *out, const char *text)
{
    put_escaped(out, text);
    fputc('\n', out);
}

static void put_section(FILE *out, const char *title)
{
    fprintf(out, ".SH %s\n", title);
}

static void put_styled(FILE *out, const char *style, const char *text)
{
    fprintf(out, "\\f%s", style);
    put_escaped(out, text);
    fputs("\\fR", out);
}

/* ---- one parameter ---- */

static void put_value(FILE *out, const struct cli_parameter *parameter)
{
    const char *value = cli_placeholder(parameter->kind);
    if (value[0] == '\0')
        return;
    fputc(' ', out);
    put_styled(out, "I", value);
}

static void put_parameter(FILE *out, const struct cli_parameter *parameter)
{
    const char letter[] = {'-', parameter->letter, '\0'};
    fputs(".TP\n", out);
    if (!cli_is_option(parameter)) {
        put_styled(out, "I", parameter->name);
        fputs(parameter->repeated ? "...\n" : "\n", out);
    } else {
        if (parameter->letter != 0) {
            put_styled(out, "B", letter);
            fputs(", ", out);
        }
        put_styled(out, "B", parameter->name);
        put_value(out, parameter);
        fputc('\n', out);
    }
    put_line(out, parameter->help != NULL ? _(parameter->help) : "-");
}

/* ---- commands ---- */

static void put_word(FILE *out, const struct cli_parameter *parameter)
{
    const char letter[] = {'-', parameter->letter, '\0'};
    fputs(parameter->required ? " " : " [", out);
    if (!cli_is_option(parameter)) {
        put_styled(out, "I", parameter->name);
        fputs(parameter->repeated ? "..." : "", out);
    } else {
        put_styled(out, "B", parameter->letter != 0 ? letter : parameter->name);
        put_value(out, parameter);
    }
    fputs(parameter->required ? "" : "]", out);
}

static void put_command(FILE *out, const struct cli_command *command)
{
    const struct cli_parameter *parameters = command->parameters;
    fputs(".SS ", out);
    if (command->noun != NULL) {
        put_styled(out, "B", command->noun);
        fputc(' ', out);
    }
    put_styled(out, "B", command->verb);
    for (int options = 0; options < 2; options++)
        for (size_t i = 0; i < CLI_PARAMETERS_MAX && parameters[i].name != NULL; i++)
            if (cli_is_option(&parameters[i]) == (options == 1))
                put_word(out, &parameters[i]);
    fputc('\n', out);
    put_line(out, _(command->summary));
    for (int options = 0; options < 2; options++)
        for (size_t i = 0; i < CLI_PARAMETERS_MAX && parameters[i].name != NULL; i++)
            if (cli_is_option(&parameters[i]) == (options == 1))
                put_parameter(out, &parameters[i]);
    if (command->example == NULL)
        return;
    fprintf(out, ".PP\n%s\n.RS\n.nf\n", _("Example:"));
    put_line(out, command->example);
    fputs(".fi\n.RE\n", out);
}

/* ---- the rest of the page ---- */

struct row {
    const char *name, *text;
};

static void put_rows(FILE *out, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs(".TP\n", out);
        put_styled(out, "B", rows[i].name);
        fputc('\n', out);
        put_line(out, _(rows[i].text));
    }
}

static void put_exits(FILE *out)
{
    static const struct row rows[] = {
        {"0", N_("done")},
        {"1", N_("the other side or a rule said no")},
        {"2", N_("bad arguments, or a question that nobody was there to answer")},
        {"3", N_("the other side cannot be reached, or did not answer in time")},
        {"4", N_("wrong PIN, locked, or not this role's to do")},
        {"5", N_("not enough money, or a limit")},
        {"6", N_("a payment that does not verify: do not hand over the goods")},
        {"7", N_("this coin was spent before")},
        {"8", N_("accepted; waits for an approval, a sync or settlement")},
        {"9", N_("books, audit chain or database do not check out")},
        {"70", N_("an error of the program")},
    };
    put_section(out, _("EXIT STATUS"));
    put_rows(out, rows, sizeof rows / sizeof rows[0]);
}

static void put_environment(const struct cli *cli, FILE *out)
{
    static const struct row rows[] = {
        {"DCEP_DATA", N_("the data directory")},
        {"DCEP_CONFIG", N_("the configuration file")},
        {"DCEP_LANG", N_("the language: en or zh")},
        {"DCEP_PIN_FILE", N_("the file that holds the passphrase or PIN")},
    };
    static const struct row wallet[] = {
        {"DCEP_WALLET", N_("the wallet of this name")},
        {"XDG_DATA_HOME", N_("wallets are in dcep/wallets below it (~/.local/share)")},
    };
    put_section(out, _("ENVIRONMENT"));
    put_rows(out, rows, sizeof rows / sizeof rows[0]);
    if (cli->program->has_wallet_option)
        put_rows(out, wallet, sizeof wallet / sizeof wallet[0]);
}

static void put_settings(const struct cli_program *program, FILE *out)
{
    if (program->settings == NULL || program->settings->key == NULL)
        return;
    put_section(out, _("CONFIGURATION"));
    put_line(out, program->config_name);
    for (const struct cli_setting *setting = program->settings; setting->key != NULL; setting++) {
        fputs(".TP\n", out);
        put_styled(out, "B", setting->key);
        fprintf(out, " [%s]\n", setting->section);
        put_line(out, setting->help != NULL ? _(setting->help) : "-");
        if (setting->fallback != NULL) {
            fputs("(", out);
            put_escaped(out, setting->fallback);
            fputs(")\n", out);
        }
    }
}

static void put_head(const struct cli_program *program, FILE *out)
{
    fputs(".TH ", out);
    for (const char *c = program->name; *c != '\0'; c++)
        fputc(toupper((unsigned char)*c), out);
    fprintf(out, " 1 %s \"dcep %s\" \"dcep\"\n", MANUAL_DATE, cli_version());
    put_section(out, _("NAME"));
    put_escaped(out, program->name);
    fputs(" \\- ", out);
    put_line(out, _(program->summary));
    put_section(out, _("SYNOPSIS"));
    put_styled(out, "B", program->name);
    fputs(" \\fICOMMAND\\fR [\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n", out);
    put_section(out, _("DESCRIPTION"));
    put_line(out, _("The result goes to standard output, everything else to standard error; with "
                    "--json the result is one JSON object, errors too. Options may stand before "
                    "or after the command."));
}

static void put_manual(const struct cli *cli, FILE *out)
{
    const struct cli_program *program = cli->program;
    put_head(program, out);
    put_section(out, _("COMMANDS"));
    for (const struct cli_command *c = program->commands; c->verb != NULL; c++)
        if (c->summary != NULL)
            put_command(out, c);
    put_section(out, _("COMMON OPTIONS"));
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++)
        if (p->help != NULL && cli_common_applies(program, p))
            put_parameter(out, p);
    put_settings(program, out);
    put_environment(cli, out);
    put_exits(out);
    put_section(out, _("SEE ALSO"));
    fputs(".BR dcep\\-central (1),\n.BR dcep\\-bank (1),\n.BR dcep\\-wallet (1)\n", out);
}

int cli_manual(struct cli *cli)
{
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    CHECK(out != NULL);
    put_manual(cli, out);
    fclose(out);
    cli_say(cli, "%s", page);
    json_object_set_new(cli_result(cli), "manual", json_string(page));
    free(page);
    return CLI_OK;
}
