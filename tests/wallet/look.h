/* A person who looks at a file: inspect as the command runs it, but for the words of its command
 * line, on the small world's day. */
#ifndef DCEP_TESTS_WALLET_LOOK_H
#define DCEP_TESTS_WALLET_LOOK_H

#include "common/cli/cli.h"
#include "tests/wallet/folk.h"

struct look {
    int exit_code;
    char *text, *notes; /* as a person sees them */
    json_t *result;
    const char *error, *hint; /* NULL: none; in `failure` */
    json_t *failure;
};
/* folk: whose wallet; NULL: there is none. */
void look_at(struct look *out, struct folk *folk, struct span file);
void look_fini(struct look *look); /* fit for AUTO */
/* A member of the result that is a text; "" if it is none. */
const char *look_member(const struct look *look, const char *name);
/* A record wrapped as a file, in the world's arena. */
struct span look_file(struct world *world, enum kind kind, struct span body);
struct span look_file_of(struct world *world, enum kind kind, const void *value); /* unsigned */
struct span look_file_signed(struct world *world, enum kind kind, const struct cose *cose);

/* The verdict's name, "OK" or "UNCHECKED", and the text, in which there must be `part`. */
void look_expect(const struct look *look, const char *verdict, const char *part);
/* All of a record's values stand in one column: those of these titles, each on a line of its
 * own. */
void look_expect_aligned(const struct look *look, const char *const *titles);

#endif
