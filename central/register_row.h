/* Inside the register: what its files share. Not for other rooms. */
#ifndef DCEP_CENTRAL_REGISTER_ROW_H
#define DCEP_CENTRAL_REGISTER_ROW_H

#include "central/register.h"

/* Is there a row of this key? *found false and ERR_OK if not. */
enum err register_find(struct register_env *env, bool *found, const struct table *table,
                       void *row) MUST_USE;
enum err register_rows(struct register_env *env, struct list *out, const struct table *table,
                       int index_number, size_t prefix_count, const void *from) MUST_USE;
/* Checks 1, 2, 3, 5, 7 over my rows (4 for unknown roots). */
enum err register_verify(struct register_env *env, struct packet_view *view, enum status *status,
                         struct span packet) MUST_USE;
/* A genuine token without a row was signed with a stolen issuing key: it gets an orphan root
 * row. */
enum err register_roots(struct register_env *env, const struct packet_view *view) MUST_USE;
/* One payment against its coin's row. *before: the row as it was. */
enum err register_apply(struct register_env *env, enum outcome *outcome, struct coin *before,
                        const struct packet_payment *payment) MUST_USE;
/* The payment that made a coin, wherever it is kept. ERR_MISSING for a root; ERR_INTEGRITY if
 * it is lost. */
enum err register_maker(struct register_env *env, struct cose *payment,
                        const struct coin *coin) MUST_USE;
enum err register_coin(struct register_env *env, struct coin *out, uint64_t serial,
                       const struct id *coin_id) MUST_USE;
/* One signature over all leaves. Absent if count is 0. */
enum err register_sign_settled(struct register_env *env, bool *has_settled, struct cose *settled,
                               const struct leaf *leaves, size_t count) MUST_USE;

#endif
