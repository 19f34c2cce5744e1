/* Input files in, output files out: by the calling process, around the command.
 *
 * 1. An output file that exists already, or a directory that is not there, is found before the
 *    command acts: money is not signed for a file that cannot be written.
 * 2. Output files are durable when the program exits, 0600 if secret.
 * 3. "-" is stdin or stdout, each at most once; stdout then carries the file and nothing else.
 *
 * Never overwrites without --force. */
#include "common/base/file.h"
#include "common/cli/cli_frame.h"
#include "common/wire/message.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_input(const struct cli_value *value)
{
    return value->parameter->kind == CLI_IN_FILE || value->parameter->kind == CLI_SECRET_FILE;
}

static bool is_standard(const struct cli_value *value)
{
    return strcmp(value->text, "-") == 0;
}

/* ---- before ---- */

static bool directory_is_there(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[CLI_PATH_SIZE];
    if (slash == NULL)
        return access(".", W_OK) == 0;
    int size = snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    return size > 0 && size < CLI_PATH_SIZE && access(directory, W_OK) == 0;
}

int cli_check_output(struct cli *cli, const char *path)
{
    struct stat about;
    bool exists = stat(path, &about) == 0;
    if (exists && (S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode)))
        return CLI_OK; /* written to, never replaced */
    if (exists && !cli_flag(cli, "--force"))
        return cli_fail(cli, CLI_USAGE, "EXISTS",
                        _("give another name, or --force to overwrite it"),
                        _("the file %s exists already"), path);
    if (!directory_is_there(path))
        return cli_fail(cli, CLI_USAGE, "USAGE",
                        _("make the directory first, or give another name"),
                        _("the file %s cannot be made there"), path);
    return CLI_OK;
}

static int check_output(struct cli *cli, const struct cli_value *value)
{
    if (!is_standard(value))
        return cli_check_output(cli, value->text);
    if (cli->json)
        return cli_usage(cli, _("%s - and --json both want the standard output"),
                         value->parameter->name);
    cli->text = stderr;
    return CLI_OK;
}

int cli_files_check(struct cli *cli)
{
    size_t standard_outputs = 0;
    for (size_t i = 0; i < cli->value_count; i++) {
        const struct cli_value *value = &cli->values[i];
        if (value->parameter->kind != CLI_OUT_FILE)
            continue;
        int code = check_output(cli, value);
        standard_outputs += is_standard(value);
        if (code != CLI_OK)
            return code;
        if (standard_outputs > 1)
            return cli_usage(cli, _("only one file can be \"-\""));
    }
    return CLI_OK;
}

/* What to do about a file that cannot be read. */
static const char *hint_of_reading(enum err error, const char *path)
{
    struct stat about;
    if (error == ERR_MISSING)
        return _("look at the name and the directory");
    if (error == ERR_PERMISSION)
        return _("ask its owner, or chmod it");
    if (err_class(error) == ERR_CLASS_MALFORMED)
        return _("it is none of those that belong here: ask for the right one");
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return _("it is a directory: name a file in it");
    return _("name a file or a pipe, or try another copy of it");
}

int cli_fail_reading(struct cli *cli, enum err error, const char *path, const char *why)
{
    const bool is_word = err_class(error) == ERR_CLASS_MALFORMED || error == ERR_PERMISSION;
    return cli_fail(cli, is_word ? cli_err_exit(error) : CLI_USAGE, err_name(error),
                    hint_of_reading(error, path), _("the file %s cannot be read: %s"), path,
                    why != NULL ? why : _(err_text(error)));
}

static int read_input(struct cli *cli, struct cli_value *value)
{
    enum err error = value->parameter->kind == CLI_SECRET_FILE
                         ? file_read_secret(&value->bytes, value->text, FILE_SIZE_MAX)
                         : file_read(&value->bytes, value->text, FILE_SIZE_MAX);
    if (error == ERR_OK)
        return CLI_OK;
    if (error == ERR_PERMISSION && value->parameter->kind == CLI_SECRET_FILE)
        return cli_fail(cli, cli_err_exit(error), err_name(error),
                        _("make it yours alone: chmod 600"), _("the file %s cannot be read: %s"),
                        value->text, _(err_text(error)));
    return cli_fail_reading(cli, error, value->text, NULL);
}

/* The index-th input of that name, if inputs were brought along. */
static int take_input(struct cli *cli, struct cli_value *value, size_t index)
{
    for (size_t i = 0; i < cli->input_count; i++) {
        if (strcmp(cli->inputs[i].name, value->parameter->name) == 0 && index-- == 0) {
            enum err error = buffer_put(&value->bytes, cli->inputs[i].bytes);
            return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, value->text, NULL);
        }
    }
    return cli_usage(cli, _("%s: the content is missing"), value->parameter->name);
}

int cli_files_read(struct cli *cli)
{
    size_t standard_inputs = 0, index = 0;
    for (size_t i = 0; i < cli->value_count; i++) {
        struct cli_value *value = &cli->values[i];
        if (!is_input(value))
            continue;
        bool follows = i > 0 && cli->values[i - 1].parameter == value->parameter;
        index = follows ? index + 1 : 0;
        standard_inputs += is_standard(value) && !cli->has_inputs;
        if (standard_inputs > 1)
            return cli_usage(cli, _("only one file can be \"-\""));
        int code = cli->has_inputs ? take_input(cli, value, index) : read_input(cli, value);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

/* ---- after ---- */

enum err cli_files_keep(struct cli *cli, const struct cli_parameter *parameter, struct span bytes,
                        bool secret)
{
    if (cli->output_count == CLI_FILES_MAX)
        return ERR_LIMIT;
    struct cli_output *output = &cli->outputs[cli->output_count++];
    *output = (struct cli_output){.parameter = parameter, .secret = secret};
    output->bytes.limit = FILE_SIZE_MAX;
    return buffer_put(&output->bytes, bytes);
}

void cli_give_file(struct cli *cli, const char *name, struct span bytes, bool secret)
{
    if (!cli_given(cli, name))
        return;
    const struct cli_parameter *parameter = cli_find(cli, name, 0)->parameter;
    CHECK(parameter->kind == CLI_OUT_FILE);
    CHECK(cli_files_keep(cli, parameter, bytes, secret) == ERR_OK);
}

enum err cli_give_file_now(struct cli *cli, const char *name, struct span bytes, bool secret)
{
    const char *path = cli_text(cli, name);
    const enum file_mode mode = secret ? FILE_PRIVATE : FILE_PUBLIC;
    CHECK(!cli->has_inputs); /* else the file is another process's to write */
    if (path == NULL)
        return ERR_OK;
    return cli_flag(cli, "--force") ? file_replace(path, bytes, mode)
                                    : file_write_new(path, bytes, mode);
}

static int write_output(struct cli *cli, const struct cli_output *output)
{
    const char *path = cli_text(cli, output->parameter->name);
    const enum err error = cli_give_file_now(cli, output->parameter->name,
                                             buffer_span(&output->bytes), output->secret);
    if (error == ERR_OK)
        return CLI_OK;
    return cli_fail(cli, CLI_REFUSED, err_name(error), cli_hint_of_err(error, NULL),
                    _("the file %s cannot be written: %s"), path, _(err_text(error)));
}

int cli_files_write(struct cli *cli)
{
    int code = CLI_OK;
    for (size_t i = 0; i < cli->output_count; i++)
        code = cli_worse(code, write_output(cli, &cli->outputs[i]));
    return code;
}
