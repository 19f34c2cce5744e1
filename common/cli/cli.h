/* One command table a program; from it come parsing, help, usage errors, suggestions, man pages,
 * completion.
 *
 * A command fills a JSON result and says text for people; the frame prints one of the two, and
 * exits with the code that the command returns. stdout carries the result only; prompts, progress
 * and warnings go to stderr.
 *
 * Where a command runs:
 *   CLI_LOCAL     in the calling process (init, serve, verify a file, everything of the wallet)
 *   CLI_DATABASE  in the server that holds the database, through its control socket; in this
 *                 process if none runs. Its input files are read, and its output files written, by
 *                 the calling process: the row declares them.
 *
 * Forms of --json (docs/adr/0008-commands-and-control-socket.md):
 *   success   the result object
 *   failure   {"error": {"code": 5, "name": "FUNDS", "message": "...", "hint": "..."}}, code being
 *             the exit code, and beside it "result" if the command filled one before it failed
 */
#ifndef DCEP_COMMON_CLI_CLI_H
#define DCEP_COMMON_CLI_CLI_H

#include "common/base/amount_words.h"
#include "common/base/secret.h"
#include "common/base/span.h"
#include "common/wire/status.h"

#include <jansson.h>
#include <libintl.h>
#include <stdio.h>

#define _(text) gettext(text)
#define N_(text) (text)

/* Exit codes; when several apply to one command: cli_worse picks 9, 7, 6, 4, 5, 1, 3, 8 in that
 * order. */
enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1,
    CLI_USAGE = 2,
    CLI_UNREACHABLE = 3,
    CLI_AUTH = 4,
    CLI_FUNDS = 5,
    CLI_INVALID = 6,
    CLI_DOUBLE_SPEND = 7,
    CLI_PENDING = 8,
    CLI_INTEGRITY = 9,
    CLI_INTERNAL = 70,
};
int cli_worse(int a, int b);

enum cli_kind {
    CLI_FLAG, /* --json */
    CLI_TEXT,
    CLI_NUMBER,      /* unsigned decimal */
    CLI_AMOUNT,      /* amount_parse */
    CLI_IN_FILE,     /* bytes read by the calling process, at most FILE_SIZE_MAX; "-" = stdin */
    CLI_OUT_FILE,    /* written by the calling process; --force to overwrite; "-" = stdout */
    CLI_PATH,        /* a path used by the command itself; made absolute before it is forwarded */
    CLI_SECRET_FILE, /* as CLI_IN_FILE; refused if others can read it, wiped afterwards */
};
struct cli_parameter { /* an option if name starts with "--", else a positional argument */
    const char *name;  /* "--output", "AMOUNT" */
    char letter;       /* 'o' or 0 */
    enum cli_kind kind;
    bool required;    /* positional arguments: also says there must be one */
    bool repeated;    /* the last positional argument, or an option that takes all words up to
                         the next option */
    const char *help; /* N_() */
};
enum { CLI_PARAMETERS_MAX = 16 };

/* Rows of parameters: CLI_ARGUMENT("AMOUNT", CLI_AMOUNT, N_("how much")). */
#define CLI_ARGUMENT(name_, kind_, help_)                                                          \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .required = true, .help = (help_)                        \
    }
#define CLI_ARGUMENT_OPTIONAL(name_, kind_, help_)                                                 \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .help = (help_)                                          \
    }
#define CLI_ARGUMENTS(name_, kind_, help_) /* one or more; the last row of arguments */            \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .required = true, .repeated = true, .help = (help_)      \
    }
#define CLI_ARGUMENTS_OPTIONAL(name_, kind_, help_)                                                \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .repeated = true, .help = (help_)                        \
    }
#define CLI_OPTION(name_, letter_, kind_, help_)                                                   \
    {                                                                                              \
        .name = (name_), .letter = (letter_), .kind = (kind_), .help = (help_)                     \
    }
#define CLI_OPTION_LIST(name_, kind_, help_) /* --scan a.png b.png */                              \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .repeated = true, .help = (help_)                        \
    }
#define CLI_OPTION_REQUIRED(name_, letter_, kind_, help_)                                          \
    {                                                                                              \
        .name = (name_), .letter = (letter_), .kind = (kind_), .required = true, .help = (help_)   \
    }

struct cli;
enum cli_place { CLI_LOCAL, CLI_DATABASE };
struct cli_command {
    const char *noun; /* NULL for one-word commands */
    const char *verb;
    enum cli_place place;
    int (*run)(struct cli *cli); /* gives an exit code */
    const char *summary; /* N_(), one line; NULL: not for people, reached by cli_call only */
    const char
        *example; /* "dcep-central bank enroll north.req --root-key root.key -o north.reply" */
    /* N_() question asked before it runs, unless -y; NULL = none. A CLI_DATABASE command that has
     * one has the option --dry-run too, and is run with it before anybody is asked: what is not
     * there is refused at once. */
    const char *confirm;
    struct cli_parameter parameters[CLI_PARAMETERS_MAX];
};

/* Settings of the INI file. Which wins: the command's own option of that name ("--listen" for
 * listen, "--tls-name" for tls_name), environment DCEP_<KEY>, file, default. An unknown key is an
 * error. Keys are unique across sections. The file: --config, else DCEP_CONFIG, else config_name in
 * the data directory, else, if the data directory is the program's own, /etc/dcep/config_name. */
struct cli_setting {
    const char *section, *key;
    const char *fallback; /* default; NULL = none */
    const char *help;     /* N_() */
};

struct cli_program {
    const char *name;         /* "dcep-central" */
    const char *summary;      /* N_() */
    const char *default_data; /* "/var/lib/dcep-central"; the wallet: NULL, XDG and -w decide */
    const struct cli_command *commands; /* ended by verb == NULL */
    const struct cli_setting *settings; /* ended by key == NULL */
    const char *config_name;            /* "central.ini" in the data directory */
    int (*home)(struct cli *cli);       /* without arguments; NULL: help */
    bool has_wallet_option;             /* -w NAME */
    /* Opens what CLI_DATABASE commands need when no server runs; closes it. cli_set_context
     * keeps it. */
    int (*open)(struct cli *cli);
    void (*close)(struct cli *cli);
};

/* The whole main(): locale, hardening, parsing, running, printing. */
int cli_main(const struct cli_program *program, int argc, char **argv);

/* --- what a command reads: name as in the table, common options too ("--force", "--yes") ---
 * CHECKs that some command of the program declares the name. */
const char *cli_text(const struct cli *cli,
                     const char *name); /* NULL if not given; also CLI_PATH */
bool cli_given(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
uint64_t cli_number(const struct cli *cli, const char *name, uint64_t fallback);
struct amount cli_amount(const struct cli *cli, const char *name); /* zero if not given */
struct span cli_file(const struct cli *cli, const char *name); /* content; size 0 if not given */
size_t cli_count(const struct cli *cli, const char *name);     /* of a repeated argument */
const char *cli_text_at(const struct cli *cli, const char *name, size_t index);
struct span cli_file_at(const struct cli *cli, const char *name, size_t index);
const char *cli_data(const struct cli *cli);                     /* data directory */
const char *cli_setting(const struct cli *cli, const char *key); /* NULL if there is none */
/* The INI file that gives every setting its present value, with its help as comment; for init,
 * which has found out another value for one key (NULL: for none). Appends. */
enum err cli_config_text(const struct cli *cli, struct buffer *out, const char *key,
                         const char *value) MUST_USE;
bool cli_json(const struct cli *cli);
bool cli_verbose(const struct cli *cli);
uint64_t cli_timeout_ms(const struct cli *cli); /* --timeout, default 10 s */
void cli_set_context(struct cli *cli, void *context);
void *cli_context(const struct cli *cli);
/* data directory + "/" + name */
enum { CLI_PATH_SIZE = 1024 };
void cli_data_path(const struct cli *cli, char path[CLI_PATH_SIZE], const char *name);

/* --- what it gives --- */
json_t *cli_result(struct cli *cli); /* the JSON object; borrowed */
/* say and warn: a line or more; the last newline is added if it is missing. What could move the
 * cursor or hide is made visible, so text from outside needs no care. say does nothing with --json,
 * and goes to stderr if an output file is "-". warn writes "warning: " before it. */
void cli_say(struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* stdout, people */
void cli_warn(struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* stderr */
/* As warn without the word: what a person does while the command waits; with --json too. */
void cli_note(struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* stderr */
/* To the CLI_OUT_FILE of that name once the command has returned, whatever its exit code; nothing
 * if that option was not given. Copied. secret: 0600, else 0644. */
void cli_give_file(struct cli *cli, const char *name, struct span bytes, bool secret);
/* The same at once: it is durable when this returns ERR_OK. For a CLI_LOCAL command that may go on
 * only then. */
enum err cli_give_file_now(struct cli *cli, const char *name, struct span bytes,
                           bool secret) MUST_USE;
/* Could a file be made there? As for an output file; for a command that writes its own, of a
 * CLI_PATH, before it asks for anything. An exit code. */
int cli_check_output(struct cli *cli, const char *path) MUST_USE;
/* Each returns the exit code to return. message: what happened and why; hint: what to do next (may
 * be NULL). Both already translated; name is stable, upper case ("FUNDS"). The last one counts. */
int cli_fail(struct cli *cli, int exit_code, const char *name, const char *hint,
             const char *message, ...) __attribute__((format(printf, 5, 6)));
int cli_fail_status(struct cli *cli, enum status status,
                    const char *hint); /* text and exit of the status; NULL: a hint by it too */
/* "what: text of error"; exit by cli_err_exit. Without a hint, one by the error. */
int cli_fail_err(struct cli *cli, enum err error, const char *what, const char *hint);
/* A file that was named and cannot be read; why: better words than the error's (translated), or
 * NULL. */
int cli_fail_reading(struct cli *cli, enum err error, const char *path, const char *why);
int cli_err_exit(enum err error);
const char *cli_hint_of_err(enum err error, const char *hint); /* hint: the caller's, or NULL */

/* Tables and records for people, from the same JSON that --json prints. Absent and null show as
 * "-". */
enum cli_format {
    CLI_AS_TEXT,
    CLI_AS_AMOUNT, /* "1234.50" -> "¥1,234.50"; balances too */
    CLI_AS_NUMBER,
    CLI_AS_ID,   /* hex -> its first 8 digits */
    CLI_AS_TIME, /* Unix seconds */
    CLI_AS_DAY,
    CLI_AS_BOOL,
    CLI_AS_WORD, /* a text of ours that is a gettext key ("settled") */
};
struct cli_column {
    const char *key;   /* in the JSON object */
    const char *title; /* N_() */
    enum cli_format format;
};
void cli_show_table(struct cli *cli, const json_t *rows,
                    const struct cli_column *columns); /* ended by key NULL */
void cli_show_record(struct cli *cli, const json_t *record, const struct cli_column *columns);
/* An amount in a sentence: "¥1,234.50"; in Chinese, above 1,000, with its formal numerals:
 * "¥1,234.50（壹仟贰佰叁拾肆元伍角）". Records show the same; tables, whose columns are narrow, do
 * not. */
enum { CLI_AMOUNT_SIZE = AMOUNT_TEXT_SIZE + AMOUNT_WORDS_SIZE };
void cli_amount_text(char text[CLI_AMOUNT_SIZE], struct amount amount);
/* JSON values in the forms of docs: amounts "1234.50", ids and keys hex, times Unix seconds. */
json_t *cli_json_amount(struct amount amount);
json_t *cli_json_balance(struct balance balance);
json_t *cli_json_hex(struct span bytes);
json_t *cli_json_text(struct span text); /* made printable */

/* --- people --- */
bool cli_can_ask(const struct cli *cli); /* somebody sits at a terminal and may be asked */
const char *cli_language_now(void);      /* "en" or "zh" */
/* y/n on the terminal; true at once with -y. Else *exit_code: CLI_REFUSED if the answer was no,
 * CLI_USAGE with an error naming -y if there is no terminal. */
bool cli_confirm(struct cli *cli, int *exit_code, const char *question);
/* From --pin-file or --pin-fd, else asked on the terminal without echo (twice if new); CLI_USAGE
 * without either. In a forwarded command the caller's --pin-file counts, and nothing asks. */
int cli_passphrase(struct cli *cli, struct secret *out, const char *prompt, bool is_new);
bool cli_has_passphrase(const struct cli *cli); /* one of the two, or DCEP_PIN_FILE, is given */
/* The same from a CLI_SECRET_FILE option of the command's own: for a second secret. */
int cli_passphrase_of(struct cli *cli, struct secret *out, const char *option, const char *prompt,
                      bool is_new);
void cli_progress(struct cli *cli, const char *what, uint64_t done,
                  uint64_t total); /* stderr, terminal only */

/* While something takes its time: a line on the terminal, gone once it is done (what: NULL). */
void cli_waiting(struct cli *cli, const char *what);

/* Ids by prefix: at least 4 hex digits. True if id starts with it. */
bool cli_id_matches(struct span id, const char *prefix);

/* --- one command inside another --- */
/* From a CLI_LOCAL command: run a CLI_DATABASE command of this program's table where it belongs, in
 * the server or here. words: as in argv, ended by NULL. Its input files are not read from a path
 * but taken from inputs, by the parameter's name, in order. result: a new reference, also on
 * failure. Its output files go to this command's parameter of the same name. Gives its exit
 * code; its error is this one's. */
struct cli_input {
    const char *name;
    struct span bytes;
};
int cli_call(struct cli *cli, json_t **result, const char *const *words,
             const struct cli_input *inputs, size_t input_count) MUST_USE;

/* --- the control socket's far end: run one forwarded command inside a server --- */
/* Where a server listens: "ipc:<data>/control.sock". */
enum { CLI_ADDRESS_SIZE = CLI_PATH_SIZE + 32 };
void cli_control_address(char address[CLI_ADDRESS_SIZE], const char *data);
/* request: control_request bytes; reply: control_reply appended. context is given to the command.
 * The language is the caller's while it runs. An error: the request is broken, drop it. Not for two
 * threads at once: the language belongs to the process. */
enum err cli_serve_control(const struct cli_program *program, void *context, const char *data,
                           struct buffer *reply, struct span request) MUST_USE;

#endif
