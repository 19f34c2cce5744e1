/* What the files of this room share: one struct cli is one command being run.
 *
 * Who runs it: the calling process for a person (main), a server for a caller (cli_serve_control),
 * or a command for itself (cli_call). The last two bring their input files along (has_inputs),
 * never touch the caller's files and never ask.
 */
#ifndef DCEP_COMMON_CLI_CLI_FRAME_H
#define DCEP_COMMON_CLI_CLI_FRAME_H

#include "common/cli/cli.h"

enum {
    CLI_VALUES_MAX = 1024,
    CLI_VALUES_FORWARDED_MAX = 56, /* and what goes with them: CLI_WORDS_MAX */
    CLI_WORDS_MAX = 64, /* of a command that is forwarded: the arguments of a control_request */
    CLI_FILES_MAX = 16,
    CLI_SETTINGS_MAX = 64,
    CLI_TIMEOUT_MAX_S = 86400,
};

struct cli_value {
    const struct cli_parameter *parameter;
    const char *text; /* borrowed from the words */
    uint64_t number;
    struct amount amount;
    struct buffer bytes; /* of an input file */
};

struct cli_output {
    const struct cli_parameter *parameter;
    struct buffer bytes;
    bool secret;
};

struct cli {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL until the words are understood */
    struct cli_command home;           /* stands for "no words at all" */
    struct cli_value values[CLI_VALUES_MAX];
    size_t value_count;
    struct cli_output outputs[CLI_FILES_MAX];
    size_t output_count;
    const struct cli_input *inputs; /* if has_inputs: instead of the disk */
    size_t input_count;
    bool has_inputs, is_server, json;
    char data[CLI_PATH_SIZE];
    char *settings[CLI_SETTINGS_MAX]; /* from the INI file, by position in the program's table */
    json_t *result, *error;
    FILE *text, *notes; /* stdout and stderr, or memory; not owned */
    void *context;
};

struct cli *cli_new(const struct cli_program *program, FILE *text, FILE *notes);
void cli_free(struct cli **cli); /* fit for AUTO; wipes what it read */
/* The files that a command gave, and the settings that were read for it: as before it ran. */
void cli_forget(struct cli *cli);

const char *cli_version(void);
/* Parses and runs; prints nothing but what the command says. Gives the exit code. */
int cli_run(struct cli *cli, size_t count, char *const *words);
/* Prints the result or the error. Gives the final exit code. */
int cli_finish(struct cli *cli, int exit_code);

/* --- cli_parse.c --- */
/* Ended by name NULL; help NULL: for the build, shown to nobody. */
extern const struct cli_parameter cli_common[];
bool cli_common_applies(const struct cli_program *program, const struct cli_parameter *parameter);
/* What the words are about, before they are checked: sets json and the language. */
struct cli_topic {
    const char *words[3]; /* noun or verb, verb, one more for help */
    size_t word_count;
    bool help, version, manual;
    const char *completion; /* the shell; NULL */
};
void cli_parse_topic(struct cli *cli, struct cli_topic *topic, size_t count, char *const *words);
/* The command that the topic names; *used = how many words that took. NULL with the error set. */
const struct cli_command *cli_parse_command(struct cli *cli, size_t *used,
                                            const struct cli_topic *topic);
/* The rest: values checked against the command's row. Exit code. */
int cli_parse_values(struct cli *cli, size_t used, size_t count, char *const *words);
/* A common option, else the environment; NULL. */
const char *cli_common_text(const struct cli *cli, const char *name, const char *variable);
const struct cli_value *cli_find(const struct cli *cli, const char *name, size_t index);

/* --- cli_help.c --- */
const char *cli_placeholder(enum cli_kind kind); /* "FILE"; "" of a flag */
bool cli_is_option(const struct cli_parameter *parameter);
int cli_help(struct cli *cli, const struct cli_topic *topic, size_t first);
void cli_synopsis(const struct cli *cli, FILE *out);
/* A usage error: the synopsis is the hint. */
int cli_usage(struct cli *cli, const char *message, ...) __attribute__((format(printf, 2, 3)));

/* --- cli_manual.c, cli_completion.c: from the same table, for the build to install --- */
int cli_manual(struct cli *cli);
int cli_completion(struct cli *cli, const char *shell); /* bash, zsh, fish */

/* --- cli_suggest.c --- */
enum { CLI_DISTANCE_MAX = 2 };
/* Keeps in *best the candidate nearest to word; *distance starts as CLI_DISTANCE_MAX + 1. */
void cli_suggest(const char **best, size_t *distance, const char *word, const char *candidate);

/* --- cli_config.c --- */
int cli_config_load(struct cli *cli);

/* --- cli_data.c --- */
int cli_data_resolve(struct cli *cli);

/* --- cli_files.c --- */
int cli_files_check(struct cli *cli); /* the output files could be written */
int cli_files_read(struct cli *cli);
int cli_files_write(struct cli *cli);
enum err cli_files_keep(struct cli *cli, const struct cli_parameter *parameter, struct span bytes,
                        bool secret) MUST_USE;

/* --- cli_output.c --- */
char *cli_printable(const char *text); /* malloc; line ends are kept */
void cli_put(FILE *out, const char *text);

/* --- cli_prompt.c --- */
enum err cli_pin_file(struct buffer *out,
                      const struct cli *cli) MUST_USE; /* ERR_MISSING: not given */

/* --- cli_words.c --- */
struct cli_words { /* a command line being made; zeroed = empty */
    char *items[CLI_WORDS_MAX];
    size_t count;
};
enum err cli_words_add(struct cli_words *words, const char *format, ...) MUST_USE
    __attribute__((format(printf, 2, 3)));
void cli_words_fini(struct cli_words *words);

/* --- cli_forward.c --- */
/* Runs the command in the server. False: no server listens, nothing was done. */
bool cli_forward(struct cli *cli, int *exit_code);

/* --- cli_call.c --- */
int cli_execute(struct cli *cli); /* where the command belongs */

/* --- cli_language.c --- */
void cli_language_start(void);
const char *cli_language_choose(const char *option); /* "en" or "zh" */
void cli_language_use(const char *language);
/* （壹仟贰佰叁拾肆元伍角）, or "" if the language or the amount has no need of it. */
void cli_amount_formal(char text[AMOUNT_WORDS_SIZE], struct amount amount);

#endif
