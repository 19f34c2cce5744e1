/* What a command reads of its values.
 *
 * 1. A name that no command of the program declares is our bug, found at once (CHECK); a name that
 *    this command does not have is simply not given, so that commands can share functions.
 *
 * Never converts: the parser did. */
#include "common/cli/cli_frame.h"

#include <string.h>

enum { TIMEOUT_DEFAULT_S = 10, ID_PREFIX_MIN = 4 };

static bool declares(const struct cli_command *command, const char *name)
{
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++) {
        if (strcmp(command->parameters[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool is_declared(const struct cli_program *program, const char *name)
{
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0)
            return true;
    }
    for (const struct cli_command *c = program->commands; c->verb != NULL; c++) {
        if (declares(c, name))
            return true;
    }
    return false;
}

const struct cli_value *cli_find(const struct cli *cli, const char *name, size_t index)
{
    for (size_t i = 0; i < cli->value_count; i++) {
        if (strcmp(cli->values[i].parameter->name, name) == 0 && index-- == 0)
            return &cli->values[i];
    }
    return NULL;
}

static const struct cli_value *find_declared(const struct cli *cli, const char *name, size_t index)
{
    CHECK(is_declared(cli->program, name));
    return cli_find(cli, name, index);
}

const char *cli_text(const struct cli *cli, const char *name)
{
    return cli_text_at(cli, name, 0);
}

bool cli_given(const struct cli *cli, const char *name)
{
    return find_declared(cli, name, 0) != NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return cli_given(cli, name);
}

uint64_t cli_number(const struct cli *cli, const char *name, uint64_t fallback)
{
    const struct cli_value *value = find_declared(cli, name, 0);
    return value != NULL ? value->number : fallback;
}

struct amount cli_amount(const struct cli *cli, const char *name)
{
    const struct cli_value *value = find_declared(cli, name, 0);
    return value != NULL ? value->amount : (struct amount){0};
}

struct span cli_file(const struct cli *cli, const char *name)
{
    return cli_file_at(cli, name, 0);
}

size_t cli_count(const struct cli *cli, const char *name)
{
    size_t count = 0;
    while (find_declared(cli, name, count) != NULL)
        count++;
    return count;
}

const char *cli_text_at(const struct cli *cli, const char *name, size_t index)
{
    const struct cli_value *value = find_declared(cli, name, index);
    return value != NULL ? value->text : NULL;
}

struct span cli_file_at(const struct cli *cli, const char *name, size_t index)
{
    const struct cli_value *value = find_declared(cli, name, index);
    return value != NULL ? buffer_span(&value->bytes) : (struct span){NULL, 0};
}

bool cli_json(const struct cli *cli)
{
    return cli->json;
}

bool cli_verbose(const struct cli *cli)
{
    return cli_flag(cli, "--verbose");
}

uint64_t cli_timeout_ms(const struct cli *cli)
{
    return cli_number(cli, "--timeout", TIMEOUT_DEFAULT_S) * 1000;
}

void cli_set_context(struct cli *cli, void *context)
{
    cli->context = context;
}

void *cli_context(const struct cli *cli)
{
    return cli->context;
}

bool cli_id_matches(struct span id, const char *prefix)
{
    size_t size = strlen(prefix);
    char hex[2 * ID_SIZE + 3];
    if (size < ID_PREFIX_MIN || id.size > ID_SIZE + 1 || size > 2 * id.size)
        return false;
    hex_encode(hex, id);
    return strncasecmp(hex, prefix, size) == 0;
}
