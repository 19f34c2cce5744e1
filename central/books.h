/* The books and their one law (docs/PROTOCOL.md section 6.4; design, section 2):
 *
 *     net funded = reserves + guarantees + loss account + face value of all unspent coins
 *
 * The running figures are in the `books` row; books_supply recomputes all of it from the rows, and
 * reads every coin for it. Pure. */
#ifndef DCEP_CENTRAL_BOOKS_H
#define DCEP_CENTRAL_BOOKS_H

#include "central/tables.h"

struct books_supply {
    struct balance funded, reserves, guarantees, loss;
    struct balance unspent, unspent_running; /* recomputed from the rows; what the books row says */
    uint64_t unspent_count, bank_count;
    bool is_balanced; /* the law holds, and the running sum agrees */
};
enum err books_open(struct store *store) MUST_USE; /* makes the books row of a new central bank */
enum err books_get(struct store *store, struct books *out) MUST_USE;
enum err books_put(struct store *store, const struct books *books) MUST_USE;
enum err books_supply(struct store *store, struct books_supply *out, struct arena *arena) MUST_USE;
/* The same by the running sum, which stands for unspent too: at once, however many coins there are.
 * unspent_count is 0. */
enum err books_running(struct store *store, struct books_supply *out) MUST_USE;
/* A coin came to be, or ceased to be, money. */
enum err books_unspent_add(struct store *store, struct amount amount) MUST_USE;
enum err books_unspent_sub(struct store *store, struct amount amount) MUST_USE;
/* The next number of journal entries, approvals, claims and cases (one sequence), and of
 * serials. */
enum err books_next_number(struct store *store, uint64_t *number) MUST_USE;
enum err books_next_serial(struct store *store, uint64_t *serial) MUST_USE;
/* One line of the journal. */
enum err books_journal(struct store *store, const char *act, uint64_t bank_id, struct amount amount,
                       uint64_t now, const char *note) MUST_USE;

#endif
