/* What a command gives: text, warnings, errors.
 *
 * 1. No character that moves the cursor, hides or reverses text reaches a terminal through here,
 *    whatever a bank or a payee put into its name.
 *
 * Never prints a secret: no secret is passed here. */
#include "common/base/text.h"
#include "common/cli/cli_frame.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *cli_printable(const char *text)
{
    size_t size = strlen(text) * 3 + 1; /* a bad byte becomes the three of U+FFFD */
    char *safe = malloc(size), *end = safe;
    CHECK(safe != NULL);
    for (const char *line = text;; line++) {
        size_t line_size = strcspn(line, "\n");
        text_printable(end, size - (size_t)(end - safe), span_of(line, line_size));
        end += strlen(end);
        line += line_size;
        if (*line == '\0')
            break;
        *end++ = '\n';
    }
    *end = '\0';
    return safe;
}

void cli_put(FILE *out, const char *text)
{
    char *safe = cli_printable(text);
    size_t size = strlen(safe);
    fputs(safe, out);
    if (size == 0 || safe[size - 1] != '\n')
        fputc('\n', out);
    fflush(out); /* a server's first line is waited for */
    free(safe);
}

json_t *cli_result(struct cli *cli)
{
    return cli->result;
}

void cli_say(struct cli *cli, const char *format, ...)
{
    if (cli->json)
        return;
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    cli_put(cli->text, text);
    free(text);
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    if (cli_flag(cli, "--quiet"))
        return;
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    fprintf(cli->notes, "%s: ", _("warning"));
    cli_put(cli->notes, text);
    free(text);
}

void cli_note(struct cli *cli, const char *format, ...)
{
    if (cli_flag(cli, "--quiet"))
        return;
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    cli_put(cli->notes, text);
    free(text);
}

/* ---- errors ---- */

int cli_fail(struct cli *cli, int exit_code, const char *name, const char *hint,
             const char *message, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, message);
    CHECK(vasprintf(&text, message, arguments) >= 0);
    va_end(arguments);
    char *safe_text = cli_printable(text), *safe_hint = cli_printable(hint != NULL ? hint : "");
    json_decref(cli->error);
    cli->error = json_pack("{s:i,s:s,s:s,s:s}", "code", exit_code, "name", name, "message",
                           safe_text, "hint", safe_hint);
    CHECK(cli->error != NULL);
    free(text);
    free(safe_text);
    free(safe_hint);
    return exit_code;
}

/* Of a status whose caller knows no better: what it means nearly everywhere. */
static const char *hint_of_status(enum status status)
{
    static const struct {
        enum status status;
        const char *hint;
    } hints[] = {
        {STATUS_SENDER, N_("is this the right data directory (-d), of the right network?")},
        {STATUS_FORBIDDEN, N_("ask whoever runs the other side whether the key is revoked")},
        {STATUS_CERTIFIED_ELSEWHERE, N_("make a new key for this: one key has one owner")},
        {STATUS_ORDER, N_("ask again; if it stays so, the other side has to look into its log")},
        {STATUS_REUSED, N_("ask again, as something new")},
        {STATUS_FUNDS, N_("give a smaller amount, or bring money in first")},
        {STATUS_VAULT, N_("order money for the vault first, or give a smaller amount")},
        {STATUS_REJECTED, N_("ask the operators why, then begin anew")},
        {STATUS_UNKNOWN, N_("look at how it is written: the list command shows what there is")},
        {STATUS_STATE, N_("look at its state first: the show command tells it")},
        {STATUS_EARLY, N_("wait for its day")},
        {STATUS_CALL_DATE, N_("set this machine's clock right")},
        {STATUS_CODE, N_("make a new join file")},
        {STATUS_PENDING, N_("ask again later: what was asked for is kept")},
        {STATUS_BUSY, N_("try again in a moment")},
        {STATUS_UNREACHABLE, N_("try again later: nothing is lost")},
        {STATUS_FAILED, N_("look into the server's log, then try again")},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].status == status)
            return _(hints[i].hint);
    switch (status_exit(status)) {
    case CLI_FUNDS:
        return _("give a smaller amount");
    case CLI_INVALID:
        return _("take another copy of the file, or ask for a new one");
    default:
        return NULL;
    }
}

int cli_fail_status(struct cli *cli, enum status status, const char *hint)
{
    if (hint == NULL)
        hint = hint_of_status(status);
    return cli_fail(cli, status_exit(status), status_name(status), hint, "%s",
                    _(status_text(status)));
}

/* What the machine itself refuses (a full disk) is no bug of ours; a commit whose result is unknown
 * is like a call that timed out. */
int cli_err_exit(enum err error)
{
    if (error == ERR_INTEGRITY)
        return CLI_INTEGRITY;
    if (error == ERR_COMMIT_UNKNOWN)
        return CLI_UNREACHABLE;
    if (error == ERR_DISK_FULL || error == ERR_READ_ONLY || error == ERR_IO || error == ERR_MEMORY)
        return CLI_REFUSED;
    static const int exits[] = {
        [ERR_CLASS_OK] = CLI_OK,
        [ERR_CLASS_MALFORMED] = CLI_INVALID,
        [ERR_CLASS_ABSENT] = CLI_REFUSED,
        [ERR_CLASS_BUSY] = CLI_UNREACHABLE,
        [ERR_CLASS_UNREACHABLE] = CLI_UNREACHABLE,
        [ERR_CLASS_AUTH] = CLI_AUTH,
        [ERR_CLASS_BROKEN] = CLI_INTERNAL,
    };
    return exits[err_class(error)];
}

/* For whom nobody knew better. */
static const char *hint_of_class(enum err_class class)
{
    static const char *const hints[] = {
        [ERR_CLASS_OK] = "",
        [ERR_CLASS_MALFORMED] = N_("take another copy of it, or ask for it again"),
        [ERR_CLASS_ABSENT] = N_("look at the name and the directory"),
        [ERR_CLASS_BUSY] = N_("try again later"),
        [ERR_CLASS_UNREACHABLE] = N_("try again later"),
        [ERR_CLASS_AUTH] = N_("look at whose it is, and who may read it"),
        [ERR_CLASS_BROKEN] = N_("run the same command again; if it stays so, look at the disk and "
                                "the machine"),
    };
    return _(hints[class]);
}

/* What the disk wants is the same for every command: it comes before the caller's advice. */
const char *cli_hint_of_err(enum err error, const char *hint)
{
    if (error == ERR_DISK_FULL)
        return _("make room on the disk, then run the same command again");
    if (error == ERR_READ_ONLY)
        return _("nothing was changed: mount the disk for writing, or take another directory");
    return hint != NULL ? hint : hint_of_class(err_class(error));
}

int cli_fail_err(struct cli *cli, enum err error, const char *what, const char *hint)
{
    return cli_fail(cli, cli_err_exit(error), err_name(error), cli_hint_of_err(error, hint),
                    "%s: %s", what, _(err_text(error)));
}
