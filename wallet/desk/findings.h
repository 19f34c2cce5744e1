/* What is well and what is not, each with the command that mends it: one list for the home screen,
 * balance and doctor. A new kind of trouble is a new line in findings.c. */
#ifndef DCEP_WALLET_DESK_FINDINGS_H
#define DCEP_WALLET_DESK_FINDINGS_H

#include "common/cli/cli.h"
#include "wallet/desk/standing.h"

enum finding_level { FINDING_FINE, FINDING_NOTE, FINDING_WARNING, FINDING_BROKEN };
enum { FINDING_TEXT_SIZE = 256, FINDINGS_MAX = 48 };
struct finding {
    const char *name; /* stable, for programs: "certificate" */
    enum finding_level level;
    int exit_code;                   /* of doctor, if it is broken; else CLI_OK */
    char text[FINDING_TEXT_SIZE];    /* translated */
    char command[FINDING_TEXT_SIZE]; /* what mends it; "" if nothing does, or need be */
};
struct findings { /* zeroed: none */
    struct finding items[FINDINGS_MAX];
    size_t count;
};
/* The text is given already translated. Beyond FINDINGS_MAX the last one is replaced. */
struct finding *findings_add(struct findings *findings, const char *name, enum finding_level level,
                             const char *command, const char *text, ...)
    __attribute__((format(printf, 5, 6)));
/* Everything that rows and clock tell. */
void findings_of_standing(struct findings *findings, const struct standing *standing, uint64_t now);
const char *findings_level_word(enum finding_level level); /* "fine" ... N_() */
/* The worst level, and the exit code that is the worst of what is broken. */
enum finding_level findings_worst(const struct findings *findings, int *exit_code);

#endif
