/* Words into values, by the program's table.
 *
 * 1. Options may stand anywhere, before the verb too; "--" ends them.
 * 2. A value option is given once: with money, "the last one wins" would be a guess. Only one that
 *    is declared a list takes several words.
 * 3. Every value is checked for its kind here; the command reads only what is well formed.
 * 4. Words are UTF-8; anything else is refused.
 *
 * Never touches a file, never runs a command. */
#include "common/base/text.h"
#include "common/cli/cli_frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct cli_parameter cli_common[] = {
    {"--data", 0, CLI_PATH, .help = N_("the data directory")},
    {"--wallet", 'w', CLI_TEXT, .help = N_("the wallet of this name")},
    {"--config", 'c', CLI_PATH, .help = N_("the configuration file")},
    {"--json", 0, CLI_FLAG, .help = N_("print one JSON object, errors too")},
    {"--quiet", 'q', CLI_FLAG, .help = N_("no progress, no warnings")},
    {"--verbose", 'v', CLI_FLAG, .help = N_("say more")},
    {"--lang", 0, CLI_TEXT, .help = N_("the language: en or zh")},
    {"--no-input", 0, CLI_FLAG, .help = N_("never ask")},
    {"--yes", 'y', CLI_FLAG, .help = N_("answer every question with yes")},
    {"--pin-file", 0, CLI_PATH, .help = N_("the file that holds the passphrase or PIN")},
    {"--pin-fd", 0, CLI_NUMBER, .help = N_("the open descriptor that gives the passphrase or PIN")},
    {"--timeout", 0, CLI_NUMBER, .help = N_("seconds to wait for the other side (10)")},
    {"--force", 0, CLI_FLAG, .help = N_("overwrite output files")},
    {"--help", 'h', CLI_FLAG, .help = N_("show this help")},
    {"--version", 'V', CLI_FLAG, .help = N_("show the version")},
    {"--man", 0, CLI_FLAG, .help = NULL},
    {"--completion", 0, CLI_TEXT, .help = NULL},
    {.name = NULL},
};

bool cli_common_applies(const struct cli_program *program, const struct cli_parameter *parameter)
{
    return program->has_wallet_option || strcmp(parameter->name, "--wallet") != 0;
}

/* ---- scanning: the words one by one ---- */

enum item_kind { ITEM_END, ITEM_WORD, ITEM_OPTION, ITEM_UNKNOWN, ITEM_NO_VALUE, ITEM_FLAG_VALUE };
struct item {
    enum item_kind kind;
    const struct cli_parameter *parameter;
    const char *text; /* the word, the value, or what was not understood */
};
struct scan {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL: not known yet, options of any command will do */
    size_t count;
    char *const *words;
    size_t position;
    const char *letters;              /* the rest of "-qy" */
    const struct cli_parameter *list; /* an option that goes on taking words */
    bool ended;
};

static bool is_named(const struct cli_parameter *parameter, const char *name, size_t size,
                     char letter)
{
    if (name == NULL)
        return cli_is_option(parameter) && parameter->letter == letter;
    return strlen(parameter->name) == size && memcmp(parameter->name, name, size) == 0;
}

static const struct cli_parameter *find_in_command(const struct cli_command *command,
                                                   const char *name, size_t size, char letter)
{
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++) {
        if (is_named(&command->parameters[i], name, size, letter))
            return &command->parameters[i];
    }
    return NULL;
}

static const struct cli_parameter *find_in_any(const struct cli_program *program, const char *name,
                                               size_t size, char letter)
{
    const struct cli_parameter *found = NULL;
    for (const struct cli_command *c = program->commands; c->verb != NULL && found == NULL; c++)
        found = find_in_command(c, name, size, letter);
    return found;
}

/* An option by its long name, or by its letter if name is NULL; the command's own first. */
static const struct cli_parameter *find_option(const struct scan *scan, const char *name,
                                               size_t size, char letter)
{
    const struct cli_parameter *found = NULL;
    if (scan->command != NULL)
        found = find_in_command(scan->command, name, size, letter);
    for (const struct cli_parameter *p = cli_common; p->name != NULL && found == NULL; p++) {
        if (cli_common_applies(scan->program, p) && is_named(p, name, size, letter))
            found = p;
    }
    if (found == NULL && scan->command == NULL)
        found = find_in_any(scan->program, name, size, letter);
    return found;
}

static struct item take_value(struct scan *scan, const struct cli_parameter *parameter)
{
    if (scan->position >= scan->count)
        return (struct item){ITEM_NO_VALUE, parameter, parameter->name};
    scan->list = parameter->repeated ? parameter : NULL;
    return (struct item){ITEM_OPTION, parameter, scan->words[scan->position++]};
}

static struct item next_letter(struct scan *scan)
{
    const char *here = scan->letters;
    const struct cli_parameter *parameter = find_option(scan, NULL, 0, here[0]);
    scan->letters = here[1] != '\0' ? here + 1 : NULL;
    if (parameter == NULL) {
        scan->letters = NULL;
        return (struct item){ITEM_UNKNOWN, NULL, scan->words[scan->position - 1]};
    }
    if (parameter->kind == CLI_FLAG)
        return (struct item){ITEM_OPTION, parameter, NULL};
    const char *rest = scan->letters;
    scan->letters = NULL;
    return rest != NULL ? (struct item){ITEM_OPTION, parameter, rest} : take_value(scan, parameter);
}

static struct item next_long(struct scan *scan, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t size = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct cli_parameter *parameter = find_option(scan, word, size, 0);
    if (parameter == NULL)
        return (struct item){ITEM_UNKNOWN, NULL, word};
    if (parameter->kind == CLI_FLAG)
        return (struct item){equals != NULL ? ITEM_FLAG_VALUE : ITEM_OPTION, parameter, word};
    return equals != NULL ? (struct item){ITEM_OPTION, parameter, equals + 1}
                          : take_value(scan, parameter);
}

static struct item scan_next(struct scan *scan)
{
    if (scan->letters != NULL)
        return next_letter(scan);
    if (scan->position >= scan->count)
        return (struct item){ITEM_END, NULL, NULL};
    const char *word = scan->words[scan->position++];
    if (scan->ended || word[0] != '-' || word[1] == '\0')
        return (struct item){scan->list != NULL ? ITEM_OPTION : ITEM_WORD, scan->list, word};
    scan->list = NULL;
    if (strcmp(word, "--") == 0) {
        scan->ended = true;
        return scan_next(scan);
    }
    if (word[1] == '-')
        return next_long(scan, word);
    scan->letters = word + 1;
    return next_letter(scan);
}

/* ---- what it is about ---- */

void cli_parse_topic(struct cli *cli, struct cli_topic *topic, size_t count, char *const *words)
{
    struct scan scan = {.program = cli->program, .count = count, .words = words};
    const char *language = NULL;
    for (struct item item = scan_next(&scan); item.kind != ITEM_END; item = scan_next(&scan)) {
        if (item.kind == ITEM_WORD && topic->word_count < 3)
            topic->words[topic->word_count++] = item.text;
        if (item.kind != ITEM_OPTION)
            continue;
        if (strcmp(item.parameter->name, "--json") == 0)
            cli->json = true;
        else if (strcmp(item.parameter->name, "--lang") == 0)
            language = item.text;
        else if (strcmp(item.parameter->name, "--help") == 0)
            topic->help = true;
        else if (strcmp(item.parameter->name, "--version") == 0)
            topic->version = true;
        else if (strcmp(item.parameter->name, "--man") == 0)
            topic->manual = true;
        else if (strcmp(item.parameter->name, "--completion") == 0)
            topic->completion = item.text;
    }
    cli_language_use(cli_language_choose(language));
}

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_reachable(const struct cli *cli, const struct cli_command *command)
{
    return command->summary != NULL || cli->has_inputs;
}

static int fail_unknown(struct cli *cli, const char *noun, const char *word)
{
    const char *best = NULL;
    size_t distance = CLI_DISTANCE_MAX + 1;
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (is_reachable(cli, c) && (noun == NULL || same(c->noun, noun)))
            cli_suggest(&best, &distance, word,
                        noun != NULL || c->noun == NULL ? c->verb : c->noun);
    }
    char hint[256];
    const char *name = cli->program->name;
    if (best != NULL)
        snprintf(hint, sizeof hint, _("did you mean \"%s %s%s%s\"?"), name,
                 noun != NULL ? noun : "", noun != NULL ? " " : "", best);
    else
        snprintf(hint, sizeof hint, _("\"%s help\" lists the commands"), name);
    return cli_fail(cli, CLI_USAGE, "USAGE", hint, _("there is no command \"%s%s%s\""),
                    noun != NULL ? noun : "", noun != NULL ? " " : "", word);
}

static int fail_without_verb(struct cli *cli, const char *noun)
{
    char hint[512];
    int size = snprintf(hint, sizeof hint, _("one of:"));
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (same(c->noun, noun) && is_reachable(cli, c) && size > 0 && (size_t)size < sizeof hint)
            size += snprintf(hint + size, sizeof hint - (size_t)size, " %s", c->verb);
    }
    return cli_fail(cli, CLI_USAGE, "USAGE", hint, _("\"%s\" needs a verb"), noun);
}

const struct cli_command *cli_parse_command(struct cli *cli, size_t *used,
                                            const struct cli_topic *topic)
{
    const char *first = topic->words[0], *second = topic->words[1];
    bool noun_known = false;
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (!is_reachable(cli, c))
            continue;
        bool one_word = c->noun == NULL && same(c->verb, first);
        if (one_word || (same(c->noun, first) && same(c->verb, second))) {
            *used = one_word ? 1 : 2;
            return c;
        }
        noun_known = noun_known || same(c->noun, first);
    }
    if (noun_known && second == NULL)
        fail_without_verb(cli, first);
    else
        fail_unknown(cli, noun_known ? first : NULL, noun_known ? second : first);
    return NULL;
}

/* ---- values ---- */

static int convert(struct cli *cli, struct cli_value *value)
{
    const char *name = value->parameter->name, *text = value->text;
    if (text == NULL)
        return CLI_OK;
    if (!text_is_utf8(span_text(text)))
        return cli_usage(cli, _("%s: this is not UTF-8 text"), name);
    if (value->parameter->kind == CLI_AMOUNT && amount_parse(&value->amount, text) != ERR_OK)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write 12.5, 12.50 or 1,234.50"),
                        _("%s: \"%s\" is not an amount"), name, text);
    if (value->parameter->kind == CLI_NUMBER) {
        char *end = NULL;
        errno = 0;
        value->number = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
            value->number > (uint64_t)AMOUNT_MAX)
            return cli_usage(cli, _("%s: \"%s\" is not a number"), name, text);
    } else if (value->parameter->kind != CLI_TEXT && text[0] == '\0') {
        return cli_usage(cli, _("%s: the name of the file is empty"), name);
    }
    return CLI_OK;
}

static int add_value(struct cli *cli, const struct cli_parameter *parameter, const char *text)
{
    bool again = cli_find(cli, parameter->name, 0) != NULL;
    if (again && parameter->kind == CLI_FLAG)
        return CLI_OK;
    if (again && !parameter->repeated)
        return cli_usage(cli, _("%s is given twice"), parameter->name);
    const size_t most =
        cli->command->place == CLI_DATABASE ? CLI_VALUES_FORWARDED_MAX : CLI_VALUES_MAX;
    if (cli->value_count >= most)
        return cli_usage(cli, _("more than %d arguments"), (int)most);
    struct cli_value *value = &cli->values[cli->value_count++];
    value->parameter = parameter;
    value->text = parameter->kind == CLI_FLAG ? NULL : text;
    return convert(cli, value);
}

static int add_positional(struct cli *cli, size_t *position, const char *text)
{
    const struct cli_parameter *last = NULL;
    size_t index = 0;
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && cli->command->parameters[i].name != NULL; i++) {
        const struct cli_parameter *parameter = &cli->command->parameters[i];
        if (cli_is_option(parameter))
            continue;
        last = parameter;
        if (index++ == *position) {
            *position += 1;
            return add_value(cli, parameter, text);
        }
    }
    if (last != NULL && last->repeated)
        return add_value(cli, last, text);
    return cli_usage(cli, _("\"%s\" is one argument too many"), text);
}

static int fail_unknown_option(struct cli *cli, const char *word)
{
    const char *best = NULL;
    size_t distance = CLI_DISTANCE_MAX + 1;
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && cli->command->parameters[i].name != NULL; i++) {
        if (cli_is_option(&cli->command->parameters[i]))
            cli_suggest(&best, &distance, word, cli->command->parameters[i].name);
    }
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++) {
        if (p->help != NULL && cli_common_applies(cli->program, p))
            cli_suggest(&best, &distance, word, p->name);
    }
    if (best == NULL)
        return cli_usage(cli, _("there is no option \"%s\""), word);
    char hint[128];
    snprintf(hint, sizeof hint, _("did you mean \"%s\"?"), best);
    return cli_fail(cli, CLI_USAGE, "USAGE", hint, _("there is no option \"%s\""), word);
}

static int add_item(struct cli *cli, size_t *position, const struct item *item)
{
    switch (item->kind) {
    case ITEM_WORD:
        return add_positional(cli, position, item->text);
    case ITEM_OPTION:
        return add_value(cli, item->parameter, item->text);
    case ITEM_UNKNOWN:
        return fail_unknown_option(cli, item->text);
    case ITEM_NO_VALUE:
        return cli_usage(cli, _("%s needs a value"), item->text);
    case ITEM_FLAG_VALUE:
        return cli_usage(cli, _("%s takes no value"), item->parameter->name);
    case ITEM_END:
    default:
        return CLI_OK;
    }
}

static int check_required(struct cli *cli)
{
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && cli->command->parameters[i].name != NULL; i++) {
        const struct cli_parameter *parameter = &cli->command->parameters[i];
        if (parameter->required && cli_find(cli, parameter->name, 0) == NULL)
            return cli_usage(cli, _("%s is missing"), parameter->name);
    }
    return CLI_OK;
}

static int check_common(struct cli *cli)
{
    const char *language = cli_text(cli, "--lang");
    if (language != NULL && strcmp(language, "en") != 0 && strcmp(language, "zh") != 0)
        return cli_usage(cli, _("--lang is en or zh"));
    uint64_t timeout_s = cli_number(cli, "--timeout", 1);
    if (timeout_s < 1 || timeout_s > CLI_TIMEOUT_MAX_S)
        return cli_usage(cli, _("--timeout is 1 to %d seconds"), CLI_TIMEOUT_MAX_S);
    return CLI_OK;
}

int cli_parse_values(struct cli *cli, size_t used, size_t count, char *const *words)
{
    struct scan scan = {
        .program = cli->program, .command = cli->command, .count = count, .words = words};
    size_t position = 0;
    for (struct item item = scan_next(&scan); item.kind != ITEM_END; item = scan_next(&scan)) {
        if (item.kind == ITEM_WORD && used > 0) {
            used--; /* the noun, the verb */
            continue;
        }
        int code = add_item(cli, &position, &item);
        if (code != CLI_OK)
            return code;
    }
    int code = check_common(cli);
    return code != CLI_OK ? code : check_required(cli);
}
