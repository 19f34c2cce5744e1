/* A toy program with one command of every sort, run as people run it: in a process of its own. */
#ifndef DCEP_TESTS_COMMON_CLI_TOY_H
#define DCEP_TESTS_COMMON_CLI_TOY_H

#include "common/cli/cli.h"

extern const struct cli_program toy_program;

struct toy_run {
    int exit_code; /* -1: killed */
    char *out, *err;
};
/* words: separated by blanks ("greet Ann --json"); stdin is empty, and there is no terminal. */
struct toy_run toy_run(const char *words, ...) __attribute__((format(printf, 1, 2)));
/* On a terminal of its own: dialogue is what to wait for and what to type then, pairs ended by
 * NULL; out is everything that was shown. Expects that the terminal echoes again afterwards. */
struct toy_run toy_run_on_terminal(const char *const *dialogue, const char *words);
void toy_run_fini(struct toy_run *run);
/* A run, and what its out and err contain. Each row's words come after `before`, which may be "".
 * The command that is hidden is never among what is shown. */
struct toy_row {
    const char *words;
    int exit_code;
    const char *out, *err;
};
void toy_expect(const char *before, const struct toy_row *rows, size_t count);
/* The error object of a --json run; NULL if there is none. Borrowed from the returned root. */
json_t *toy_json(const struct toy_run *run);

/* A new directory for this test, removed with its content by toy_directory_fini. */
const char *toy_directory(void);
void toy_directory_fini(void);
void toy_write(const char *path, const char *text, int mode);

/* A server of the toy in a process of its own, on the control socket of the directory. */
int toy_server_start(const char *data);
void toy_server_kill(int pid);

#endif
