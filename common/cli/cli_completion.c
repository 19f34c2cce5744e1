/* Shell completion from the table: bash, zsh, fish. What a shell offers is what the parser accepts.
 *
 * 1. The scripts are static: completing runs no program, opens no wallet.
 * 2. Descriptions are ours, but quoted for their shell all the same.
 *
 * Never offers what is not for people. */
#include "common/cli/cli_frame.h"

#include <stdlib.h>
#include <string.h>

static bool is_file(enum cli_kind kind)
{
    return kind == CLI_IN_FILE || kind == CLI_OUT_FILE || kind == CLI_PATH ||
           kind == CLI_SECRET_FILE;
}

static bool is_shown(const struct cli_command *command)
{
    return command->summary != NULL;
}

static bool is_common(const struct cli *cli, const struct cli_parameter *parameter)
{
    return parameter->help != NULL && cli_common_applies(cli->program, parameter);
}

static bool takes_files(const struct cli_command *command)
{
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++)
        if (!cli_is_option(&command->parameters[i]) && is_file(command->parameters[i].kind))
            return true;
    return false;
}

/* The first row of its noun, so that a noun is offered once. */
static bool is_first_of_noun(const struct cli *cli, const struct cli_command *command)
{
    for (const struct cli_command *c = cli->program->commands; c < command; c++)
        if (is_shown(c) && c->noun != NULL && strcmp(c->noun, command->noun) == 0)
            return false;
    return true;
}

static bool is_verb(const struct cli *cli, const char *word)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        if (is_shown(c) && c->noun == NULL && strcmp(c->verb, word) == 0)
            return true;
    return false;
}

/* A single-quoted word of the shell; also: more characters to escape by a backslash. */
static void put_quoted(FILE *out, const char *text, const char *also)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr(also, *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

/* "dcep-wallet" -> "_dcep_wallet" */
static void put_function(FILE *out, const char *name)
{
    fputc('_', out);
    for (; *name != '\0'; name++)
        fputc(*name == '-' ? '_' : *name, out);
}

/* ---- bash ---- */

static void bash_options(FILE *out, const struct cli_parameter *parameters, size_t count)
{
    for (size_t i = 0; i < count && parameters[i].name != NULL; i++)
        if (cli_is_option(&parameters[i]))
            fprintf(out, " %s", parameters[i].name);
}

static void bash_pattern(FILE *out, const struct cli_parameter *parameter, bool *first)
{
    fprintf(out, "%s%s", *first ? "" : "|", parameter->name);
    if (parameter->letter != 0)
        fprintf(out, "|-%c", parameter->letter);
    *first = false;
}

/* "--output|-o|--pin-file": the options whose value is a file, or is none. */
static void bash_patterns(const struct cli *cli, FILE *out, bool files)
{
    bool first = true;
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++)
        if (is_common(cli, p) && p->kind != CLI_FLAG && is_file(p->kind) == files)
            bash_pattern(out, p, &first);
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        for (size_t i = 0; i < CLI_PARAMETERS_MAX && c->parameters[i].name != NULL; i++) {
            const struct cli_parameter *p = &c->parameters[i];
            if (is_shown(c) && cli_is_option(p) && p->kind != CLI_FLAG && is_file(p->kind) == files)
                bash_pattern(out, p, &first);
        }
}

static void bash_verbs(const struct cli *cli, FILE *out, const char *noun)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        if (is_shown(c) && c->noun != NULL && strcmp(c->noun, noun) == 0)
            fprintf(out, " %s", c->verb);
}

static void bash_command(const struct cli *cli, FILE *out, const struct cli_command *command)
{
    fprintf(out, "    \"%s%s%s \"*) options+='", command->noun != NULL ? command->noun : "",
            command->noun != NULL ? " " : "", command->verb);
    bash_options(out, command->parameters, CLI_PARAMETERS_MAX);
    fputs("'", out);
    if (command->noun == NULL) {
        fputs(" words='", out);
        bash_verbs(cli, out, command->verb);
        fputs("'", out);
    }
    fprintf(out, " files=%d ;;\n", takes_files(command));
}

static void bash_tops(const struct cli *cli, FILE *out)
{
    fputs("    *) words='help", out);
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (is_shown(c) && c->noun == NULL)
            fprintf(out, " %s", c->verb);
        else if (is_shown(c) && is_first_of_noun(cli, c) && !is_verb(cli, c->noun))
            fprintf(out, " %s", c->noun);
    }
    fputs("' ;;\n", out);
}

static void bash_cases(const struct cli *cli, FILE *out)
{
    for (int nouns = 1; nouns >= 0; nouns--)
        for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
            if (is_shown(c) && (c->noun != NULL) == (nouns == 1))
                bash_command(cli, out, c);
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (!is_shown(c) || c->noun == NULL || !is_first_of_noun(cli, c) || is_verb(cli, c->noun))
            continue;
        fprintf(out, "    \"%s \"*) words='", c->noun);
        bash_verbs(cli, out, c->noun);
        fputs("' ;;\n", out);
    }
    bash_tops(cli, out);
}

static void put_bash(const struct cli *cli, FILE *out)
{
    const char *name = cli->program->name;
    fprintf(out, "# bash completion of %s, made from its table of commands\n", name);
    put_function(out, name);
    fputs("()\n{\n    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command= words= files=0 i options='",
          out);
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++)
        if (is_common(cli, p))
            fprintf(out, " %s", p->name);
    fputs("'\n    COMPREPLY=()\n    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n        ",
          out);
    bash_patterns(cli, out, true);
    fputc('|', out);
    bash_patterns(cli, out, false);
    fputs(
        ") ((i++)) ;;\n        -*) ;;\n        *) command+=\"${COMP_WORDS[i]} \" ;;\n"
        "        esac\n    done\n    case $before in\n    --lang) words='en zh' options= ;;\n    ",
        out);
    bash_patterns(cli, out, true);
    fputs(") files=1 options= ;;\n    ", out);
    bash_patterns(cli, out, false);
    fputs(") return ;;\n    *)\n    case $command in\n", out);
    bash_cases(cli, out);
    fputs("    esac ;;\n    esac\n"
          "    [[ $current == -* ]] && words=$options files=0\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "    if ((files)); then\n        compopt -o filenames 2>/dev/null\n"
          "        COMPREPLY+=($(compgen -f -- \"$current\"))\n    fi\n}\ncomplete -F ",
          out);
    put_function(out, name);
    fprintf(out, " %s\n", name);
}

/* ---- zsh ---- */

static void zsh_option(FILE *out, const struct cli_parameter *parameter)
{
    char text[256];
    const char *help = parameter->help != NULL ? parameter->help : "";
    const char *value = cli_placeholder(parameter->kind);
    snprintf(text, sizeof text, "[%.200s]", help);
    for (int letter = 1; letter >= 0; letter--) {
        if (letter == 1 && parameter->letter == 0)
            continue;
        fputs("        ", out);
        if (letter == 1)
            fprintf(out, "-%c", parameter->letter);
        else
            fputs(parameter->name, out);
        put_quoted(out, text, ":\\");
        if (value[0] != '\0')
            fprintf(out, "':%s:%s'", value,
                    is_file(parameter->kind)                 ? "_files"
                    : strcmp(parameter->name, "--lang") == 0 ? "(en zh)"
                                                             : " ");
        fputc('\n', out);
    }
}

static void zsh_options(FILE *out, const struct cli_command *command)
{
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++)
        if (cli_is_option(&command->parameters[i]))
            zsh_option(out, &command->parameters[i]);
}

static void zsh_described(FILE *out, const char *word, const char *summary)
{
    char text[256];
    snprintf(text, sizeof text, "%s:%.200s", word, summary);
    fputs("        ", out);
    put_quoted(out, text, "\\");
    fputc('\n', out);
}

static void zsh_verbs(const struct cli *cli, FILE *out, const char *noun)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        if (is_shown(c) && c->noun != NULL && strcmp(c->noun, noun) == 0)
            zsh_described(out, c->verb, c->summary);
}

static void zsh_tops(const struct cli *cli, FILE *out)
{
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (is_shown(c) && c->noun == NULL)
            zsh_described(out, c->verb, c->summary);
        else if (is_shown(c) && is_first_of_noun(cli, c) && !is_verb(cli, c->noun))
            zsh_described(out, c->noun, "...");
    }
}

static void zsh_case(FILE *out, const struct cli_command *command)
{
    fprintf(out, "    '%s%s%s '*) options+=(\n", command->noun != NULL ? command->noun : "",
            command->noun != NULL ? " " : "", command->verb);
    zsh_options(out, command);
    fprintf(out, "        '*:argument:%s') ;;\n", takes_files(command) ? "_files" : " ");
}

static void put_zsh(const struct cli *cli, FILE *out)
{
    const char *name = cli->program->name;
    fprintf(out, "#compdef %s\n# made from its table of commands\n\n", name);
    put_function(out, name);
    fputs("()\n{\n    local command= i\n    local -a options verbs\n    options=(\n", out);
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++)
        if (is_common(cli, p))
            zsh_option(out, p);
    fputs("    )\n    for ((i = 2; i < CURRENT; i++)); do\n        case $words[i] in\n        ",
          out);
    bash_patterns(cli, out, true);
    fputc('|', out);
    bash_patterns(cli, out, false);
    fputs(") ((i++)) ;;\n        -*) ;;\n        *) command+=\"$words[i] \" ;;\n        esac\n"
          "    done\n    verbs=()\n    case $command in\n    '') verbs=(\n",
          out);
    zsh_tops(cli, out);
    fputs("    ) ;;\n", out);
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++) {
        if (!is_shown(c) || c->noun == NULL || !is_first_of_noun(cli, c))
            continue;
        fprintf(out, "    '%s ') verbs=(\n", c->noun);
        zsh_verbs(cli, out, c->noun);
        fputs("    ) ;;\n", out);
    }
    fputs("    esac\n    case $command in\n", out);
    for (int nouns = 1; nouns >= 0; nouns--)
        for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
            if (is_shown(c) && (c->noun != NULL) == (nouns == 1))
                zsh_case(out, c);
    fputs("    esac\n"
          "    if (( $#verbs )) && [[ $words[CURRENT] != -* ]]; then\n"
          "        _describe command verbs\n    fi\n    _arguments -s : $options\n}\n\n",
          out);
    put_function(out, name);
    fputs(" \"$@\"\n", out);
}

/* ---- fish ---- */

static void fish_option(FILE *out, const char *name, const char *condition,
                        const struct cli_parameter *parameter)
{
    fprintf(out, "complete -c %s", name);
    if (condition[0] != '\0')
        fprintf(out, " -n '%s'", condition);
    fprintf(out, " -l %s", parameter->name + 2);
    if (parameter->letter != 0)
        fprintf(out, " -s %c", parameter->letter);
    if (strcmp(parameter->name, "--lang") == 0)
        fputs(" -x -a 'en zh'", out);
    else if (is_file(parameter->kind))
        fputs(" -r -F", out);
    else if (parameter->kind != CLI_FLAG)
        fputs(" -x", out);
    fputs(" -d ", out);
    put_quoted(out, parameter->help != NULL ? parameter->help : "", "\\");
    fputc('\n', out);
}

static void fish_word(FILE *out, const char *name, const char *condition, const char *word,
                      const char *summary)
{
    fprintf(out, "complete -c %s -n '%s' -a %s -d ", name, condition, word);
    put_quoted(out, summary, "\\");
    fputc('\n', out);
}

/* "_at X": the command's words so far are X; "_in X": they begin with X. */
static void fish_functions(const struct cli *cli, FILE *out)
{
    fputs("function ", out);
    put_function(out, cli->program->name);
    fputs("_words\n    set -l words\n    set -l skip 0\n"
          "    for word in (commandline -opc)[2..-1]\n"
          "        if test $skip = 1\n            set skip 0\n            continue\n        end\n"
          "        if contains -- $word",
          out);
    for (int files = 0; files < 2; files++) {
        char *patterns = NULL;
        size_t size = 0;
        FILE *list = open_memstream(&patterns, &size);
        CHECK(list != NULL);
        bash_patterns(cli, list, files == 1);
        fclose(list);
        for (char *bar = strchr(patterns, '|'); bar != NULL; bar = strchr(bar, '|'))
            *bar = ' ';
        fprintf(out, " %s", patterns);
        free(patterns);
    }
    fputs("\n            set skip 1\n        else if not string match -q -- '-*' $word\n"
          "            set -a words $word\n        end\n    end\n    echo \"$words\"\nend\n",
          out);
    fputs("function ", out);
    put_function(out, cli->program->name);
    fputs("_at\n    test (", out);
    put_function(out, cli->program->name);
    fputs("_words) = \"$argv\"\nend\nfunction ", out);
    put_function(out, cli->program->name);
    fputs("_in\n    string match -q -- \"$argv *\" (", out);
    put_function(out, cli->program->name);
    fputs("_words)' '\nend\n", out);
}

/* "_dcep_bank_at customer" */
static char *fish_condition(const struct cli *cli, const char *test, const char *noun,
                            const char *verb)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out != NULL);
    put_function(out, cli->program->name);
    fprintf(out, "_%s %s%s%s", test, noun, noun[0] != '\0' && verb[0] != '\0' ? " " : "", verb);
    fclose(out);
    return text;
}

static void fish_command(const struct cli *cli, FILE *out, const struct cli_command *command)
{
    const char *name = cli->program->name, *noun = command->noun != NULL ? command->noun : "";
    char *top = fish_condition(cli, "at", "", "");
    char *before = fish_condition(cli, "at", noun, "");
    char *within = fish_condition(cli, "in", noun, command->verb);
    if (command->noun != NULL && is_first_of_noun(cli, command) && !is_verb(cli, noun))
        fish_word(out, name, top, noun, "...");
    fish_word(out, name, before, command->verb, command->summary);
    for (size_t i = 0; i < CLI_PARAMETERS_MAX && command->parameters[i].name != NULL; i++)
        if (cli_is_option(&command->parameters[i]))
            fish_option(out, name, within, &command->parameters[i]);
    if (takes_files(command))
        fprintf(out, "complete -c %s -n '%s' -F\n", name, within);
    free(top);
    free(before);
    free(within);
}

static void put_fish(const struct cli *cli, FILE *out)
{
    const char *name = cli->program->name;
    fprintf(out, "# fish completion of %s, made from its table of commands\n", name);
    fish_functions(cli, out);
    fprintf(out, "complete -c %s -f\n", name);
    for (const struct cli_parameter *p = cli_common; p->name != NULL; p++)
        if (is_common(cli, p))
            fish_option(out, name, "", p);
    for (const struct cli_command *c = cli->program->commands; c->verb != NULL; c++)
        if (is_shown(c))
            fish_command(cli, out, c);
}

/* ---- which shell ---- */

int cli_completion(struct cli *cli, const char *shell)
{
    static const struct {
        const char *shell;
        void (*put)(const struct cli *cli, FILE *out);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shell, shells[i].shell) != 0)
            continue;
        char *script = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&script, &size);
        CHECK(out != NULL);
        shells[i].put(cli, out);
        fclose(out);
        cli_say(cli, "%s", script);
        json_object_set_new(cli_result(cli), "completion", json_string(script));
        free(script);
        return CLI_OK;
    }
    return cli_fail(cli, CLI_USAGE, "USAGE", _("write bash, zsh or fish"),
                    _("--completion: \"%s\" is no shell that is known here"), shell);
}
