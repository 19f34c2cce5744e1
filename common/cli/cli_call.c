/* Running a command where it belongs: here, or in the server that holds the database.
 *
 * 1. The order is fixed: data directory, output files checked, input files read, question asked
 *    (of a CLI_DATABASE command: looked at first), then the server if one listens, else here;
 *    output files written last.
 * 2. A command brought along by another process (has_inputs) skips what belongs to that process.
 * 3. open and close of the program come in pairs, around a CLI_DATABASE command run here.
 *
 * Never runs a command twice: what was sent to a server is not tried here. */
#include "common/base/log.h"
#include "common/cli/cli_frame.h"

#include <string.h>

static int run_here(struct cli *cli)
{
    int code = cli_config_load(cli);
    if (code != CLI_OK)
        return code;
    bool opens = cli->command->place == CLI_DATABASE && !cli->is_server;
    if (opens && cli->program->open != NULL)
        code = cli->program->open(cli);
    if (code == CLI_OK)
        code = cli->command->run(cli);
    if (opens && cli->program->close != NULL)
        cli->program->close(cli);
    return code;
}

static int run_where_it_belongs(struct cli *cli)
{
    int code = CLI_OK;
    const bool database = cli->command->place == CLI_DATABASE;
    return !cli->is_server && database && cli_forward(cli, &code) ? code : run_here(cli);
}

/* ---- the question before ---- */

static const struct cli_parameter *find_look(const struct cli_command *command)
{
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++)
        if (strcmp(command->parameters[i].name, "--dry-run") == 0)
            return &command->parameters[i];
    return NULL;
}

/* Nobody is asked about what is not there. What the look says is for people; of what it gives
 * nothing is left. */
static int look_first(struct cli *cli)
{
    const struct cli_parameter *look = find_look(cli->command);
    CHECK(look != NULL && cli->value_count < CLI_VALUES_MAX);
    cli->values[cli->value_count++] = (struct cli_value){.parameter = look};
    const int code = run_where_it_belongs(cli);
    cli->value_count--;
    cli_forget(cli);
    json_object_clear(cli->result);
    return code;
}

static int ask_first(struct cli *cli)
{
    int code = CLI_OK;
    if (cli->command->confirm == NULL || cli_find(cli, "--dry-run", 0) != NULL)
        return CLI_OK;
    if (cli->command->place == CLI_DATABASE && !cli_flag(cli, "--yes"))
        code = look_first(cli);
    if (code == CLI_OK && !cli_confirm(cli, &code, _(cli->command->confirm)))
        return code;
    return code;
}

static void set_log_level(const struct cli *cli)
{
    if (cli_verbose(cli))
        log_set_level(LOG_LEVEL_DEBUG);
    else if (cli_flag(cli, "--quiet"))
        log_set_level(LOG_LEVEL_WARN);
}

static int prepare(struct cli *cli)
{
    if (!cli->has_inputs)
        set_log_level(cli);
    int code = cli->is_server ? CLI_OK : cli_data_resolve(cli);
    if (code == CLI_OK && !cli->has_inputs)
        code = cli_files_check(cli);
    if (code == CLI_OK)
        code = cli_files_read(cli);
    if (code == CLI_OK && !cli->has_inputs)
        code = ask_first(cli);
    return code;
}

int cli_execute(struct cli *cli)
{
    int code = prepare(cli);
    if (code != CLI_OK)
        return code;
    if (cli->is_server && cli->command->place != CLI_DATABASE)
        return cli_usage(cli, _("this command does not run in a server"));
    code = run_where_it_belongs(cli);
    if (cli->has_inputs)
        return code;
    return cli_worse(code, cli_files_write(cli));
}

/* ---- one command inside another ---- */

/* What the outer command was told about where and how, then what is asked. */
static enum err make_words(struct cli_words *words, const struct cli *cli, const char *const *asked)
{
    TRY(cli_words_add(words, "--json"));
    TRY(cli_words_add(words, "--no-input"));
    TRY(cli_words_add(words, "--data=%s", cli->data));
    TRY(cli_words_add(words, "--lang=%s", cli_language_now()));
    if (cli_text(cli, "--config") != NULL)
        TRY(cli_words_add(words, "--config=%s", cli_text(cli, "--config")));
    if (cli_text(cli, "--timeout") != NULL)
        TRY(cli_words_add(words, "--timeout=%s", cli_text(cli, "--timeout")));
    if (cli_flag(cli, "--quiet"))
        TRY(cli_words_add(words, "--quiet"));
    for (size_t i = 0; asked[i] != NULL; i++)
        TRY(cli_words_add(words, "%s", asked[i]));
    return ERR_OK;
}

static void take_outputs(struct cli *cli, struct cli *inner)
{
    for (size_t i = 0; i < inner->output_count; i++) {
        const struct cli_output *output = &inner->outputs[i];
        cli_give_file(cli, output->parameter->name, buffer_span(&output->bytes), output->secret);
    }
}

int cli_call(struct cli *cli, json_t **result, const char *const *words,
             const struct cli_input *inputs, size_t input_count)
{
    struct cli *inner AUTO(cli_free) = cli_new(cli->program, cli->text, cli->notes);
    struct cli_words all AUTO(cli_words_fini) = {0};
    CHECK(make_words(&all, cli, words) == ERR_OK);
    inner->has_inputs = true;
    inner->inputs = inputs;
    inner->input_count = input_count;
    inner->context = cli->context;
    int code = cli_run(inner, all.count, all.items);
    take_outputs(cli, inner);
    if (inner->error != NULL) {
        json_decref(cli->error);
        cli->error = TAKE(inner->error);
    }
    *result = TAKE(inner->result);
    return code;
}
