/* Inside the register: what its files share. Not for other rooms. */
#ifndef DCEP_CENTRAL_REGISTER_ROW_H
#define DCEP_CENTRAL_REGISTER_ROW_H

#include "central/register.h"

/* Is there a row of this key? *found false and ERR_OK if not. */
enum err register_find(struct register_env *env, bool *found, const struct table *table,
                       void *row) MUST_USE;
enum err register_rows(struct register_env *env, struct list *out, const struct table *table,
                       int index_number, size_t prefix_count, const void *from) MUST_USE;

/* --- the rows of one coin --- */

/* What is known of a coin's two rows; each is read once a packet at most. */
enum register_presence { REGISTER_UNASKED, REGISTER_ABSENT, REGISTER_PRESENT };
struct register_kept {
    uint64_t serial;
    struct id coin_id;
    enum register_presence has_coin, has_spend;
    struct coin coin; /* its state as stored; register_state says what it is now */
    struct spend spend;
};
struct register_memory {
    struct register_kept **items;
    size_t count, capacity;
};
/* Borrowed from env->memory, or made anew in the arena if there is none. Nothing is read yet. */
enum err register_keep(struct register_env *env, struct register_kept **out, uint64_t serial,
                       const struct id *coin_id) MUST_USE;
enum err register_read_coin(struct register_env *env, struct register_kept *kept) MUST_USE;
enum err register_read_spend(struct register_env *env, struct register_kept *kept) MUST_USE;
/* The state of a coin both of whose rows were read. */
enum coin_state register_state(const struct register_kept *kept);
/* The payment in a row of `spend`, and its id. */
enum err register_payment(struct register_env *env, struct cose *payment, struct id *payment_id,
                          const struct spend *spend) MUST_USE;
/* A coin, in the state it is in now. ERR_MISSING. */
enum err register_coin(struct register_env *env, struct coin *out, uint64_t serial,
                       const struct id *coin_id) MUST_USE;
/* A new coin: its row and its place in the index by owner. */
enum err register_insert(struct register_env *env, const struct coin *coin) MUST_USE;
/* The token of a root. */
enum err register_token(struct register_env *env, struct cose *out,
                        const struct coin *root) MUST_USE;
/* The payment that made a coin, wherever it is kept. ERR_MISSING for a root; ERR_INTEGRITY if
 * it is lost. */
enum err register_maker(struct register_env *env, struct cose *payment,
                        const struct coin *coin) MUST_USE;

/* The token of a root that the register minted. *status: STATUS_ARCHIVED if its line is in the
 * archive. */
enum err register_token_of(struct register_env *env, enum status *status, struct cose *out,
                           uint64_t serial, const struct id *coin_id) MUST_USE;

/* --- the index by owner (register_owner.c, register_owner_runs.c, register_owner_sweep.c) --- */

/* Room for the coins that one call makes: they become one sorted run. */
struct register_owners {
    uint8_t *entries;
    size_t count, capacity; /* entries */
};
enum err register_owner_add(struct register_env *env, const struct coin *coin) MUST_USE;
enum err register_owner_flush(struct register_env *env) MUST_USE;
/* Tells each coin that the key may own, from (after_serial, after_coin_id) on, run by run: in a run
 * ascending by serial. Told coins may be spent, told twice, or another key's; until *enough. */
struct register_owner_visitor {
    void *context;
    enum err (*visit)(void *context, bool *enough, uint64_t serial,
                      const uint8_t coin_prefix[KEY_ID_SIZE]);
};
enum err register_owner_visit(struct register_env *env, const struct public_key *key,
                              uint64_t after_serial,
                              const struct register_owner_visitor *visitor) MUST_USE;
/* Takes out the entries of serials that are gone; count_max chunks, from *at on. *more: until the
 * last one. */
struct register_owner_filter {
    void *context;
    enum err (*is_gone)(void *context, bool *gone, uint64_t serial);
};
enum err register_owner_sweep(struct register_env *env, bool *more, struct owner_run *at,
                              size_t count_max,
                              const struct register_owner_filter *filter) MUST_USE;

/* What a key owns: the first coins in order, after (after_serial, after_coin_id) if after_serial is
 * not 0. state: COIN_UNSPENT or COIN_ORPHAN, or 0 for both. *count: room in, coins out. What they
 * borrow (a forged token) is not theirs: ask register_coin. (register_owned.c) */
struct register_holdings_query {
    const struct public_key *key;
    enum coin_state state;
    uint64_t after_serial;
    struct id after_coin_id;
};
enum err register_holdings(struct register_env *env, struct coin *coins, size_t *count,
                           const struct register_holdings_query *query) MUST_USE;

/* --- a packet --- */

/* Checks 1, 2, 3, 5, 7 over my rows (4 for unknown roots). */
enum err register_verify(struct register_env *env, struct packet_view *view, enum status *status,
                         struct packet_prepared *packet) MUST_USE;
/* A genuine token without a row was signed with a stolen issuing key: it gets an orphan root
 * row. */
enum err register_roots(struct register_env *env, const struct packet_view *view) MUST_USE;
/* One payment against its coin's rows. *before: the coin as it was. */
enum err register_apply(struct register_env *env, enum outcome *outcome, struct coin *before,
                        const struct packet_payment *payment) MUST_USE;
/* One signature over all leaves. Absent if count is 0. With env->dues it is made later. */
enum err register_sign_settled(struct register_env *env, bool *has_settled, struct cose *settled,
                               const struct leaf *leaves, size_t count) MUST_USE;
/* The token of a minted row, signed and kept: now, or with env->dues later. minted->token has its
 * payload. */
enum err register_sign_token(struct register_env *env, struct minted *minted) MUST_USE;
/* The token of this serial, if it is still to be signed: its signature comes to *out with that. */
enum err register_due_token(struct register_env *env, bool *found, struct cose *out,
                            uint64_t serial) MUST_USE;

#endif
