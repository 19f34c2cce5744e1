/* The register: who owns which coin; settlement, orders, orphans, conflicts (design, section 7;
 * docs/PROTOCOL.md sections 6 and 7). The pure core of the central bank: rows (through the store of
 * an open transaction), a request, the time of day in; changes to the rows and a reply out. No
 * clock, socket, file or randomness.
 *
 * Invariants:
 *  1. Books: funded = reserves + guarantees + loss + unspent coins, before and after every call
 *     (books_supply).
 *  2. A coin has at most one settled payment: `spend` is keyed (serial, coin_id) and only ever
 *     inserted. A serial has at most one token of ours: `minted` likewise.
 *  3. The answer about a line is a function of its rows, which never change once spent: a repeated
 *     request gets the same answer without storing it. Tokens minted for an order are stored and
 *     returned byte for byte.
 *  4. Of any two genuine payments of one coin that were shown here, the later one has a case
 *     against the first, whose proof names the signer.
 *  5. A line settles or fails as one; one bad packet of a message fails alone.
 * Never: judges by dates or policy (checks 8 to 10 are the payee's); pays twice for one coin.
 */
#ifndef DCEP_CENTRAL_REGISTER_H
#define DCEP_CENTRAL_REGISTER_H

#include "central/tables.h"
#include "common/money/order.h"

/* Packets as packet_prepare and packet_prove left them. */
struct register_prepared {
    struct packet_prepared **packets;
    size_t count;
    bool is_misled; /* by what was said of a signature: it may have cost time */
};
/* What is to be signed once the rows of a call are changed (register_due.c). Dues of the calls
 * before it in the same transaction are found through `before`. */
struct register_dues {
    struct register_due *first, *last;
    struct register_dues *before;
};
struct register_memory; /* rows of one packet (register_row.h) */
struct register_owners; /* coins of one call, for the index by owner (register_owner.c) */

/* Payments that spent a coin in this transaction, for clones_keep. */
struct register_notes {
    uint8_t *bytes;
    size_t size, capacity;
};
/* What the register works with during one transaction. */
struct register_env {
    struct store *store; /* inside store_begin(STORE_WRITE) */
    const struct trust *trust;
    const struct key_pair *issuing_key, *register_key, *revocation_key;
    uint64_t now; /* Unix seconds */
    struct arena *arena;
    struct register_memory *memory;     /* NULL: every row is read when it is asked for */
    struct register_owners *owners;     /* NULL: a new coin is indexed at once */
    struct register_prepared *prepared; /* of the call's packets, in their order; NULL: not yet */
    struct register_dues *dues;         /* NULL: what is to be signed is signed at once */
    struct register_notes notes;        /* empty at first */
};

/* What preparing may use. */
struct register_aids {
    /* What need not be proved again; NULL: nothing. */
    const struct packet_proven *proven;
    /* Told which lines will be asked for (store_foresee), and not asked; NULL: nobody is told. */
    struct store *store;
};
/* Pure of rows and fit for any thread: reads packets and proves what they can prove alone.
 * Commitments are heeded: leave them out where they are not to be. aids may be NULL. */
enum err register_prepare(struct register_prepared *out, const struct trust *trust,
                          const struct settle_body *body, const struct register_aids *aids,
                          struct arena *arena) MUST_USE;
/* The one packet of an order. */
enum err register_prepare_order(struct register_prepared *out, const struct trust *trust,
                                const struct order_body *body, const struct register_aids *aids,
                                struct arena *arena) MUST_USE;
/* With env->dues, in this order: every call is applied; register_dues_sign for each, in any thread;
 * then the replies may be read, and register_dues_store, before the commit. */
enum err register_dues_sign(const struct register_dues *dues,
                            const struct register_env *env) MUST_USE;
enum err register_dues_store(const struct register_dues *dues, struct store *store) MUST_USE;

/* SETTLE: a result for each packet, in the order of the packets; its leaves in the order of its
 * payments. reply->settled signs the Merkle root over all leaves of the reply, in that order
 * (absent if there is none). */
enum err register_settle(struct register_env *env, struct settle_reply *reply,
                         const struct settle_body *body) MUST_USE;
/* EXCHANGE or REDEEM. *status: STATUS_OK, STATUS_ORDER, or the packet's verdict; then the reply is
 * empty. bank_id: who hands it in (a redeem must be its own: STATUS_FORBIDDEN). */
enum err register_order(struct register_env *env, struct order_reply *reply, enum status *status,
                        enum verb verb, const struct order_body *body, uint64_t bank_id) MUST_USE;
/* OWNED: unspent coins and unclaimed orphans of a key, whole lines, in pages. A coin deeper than
 * PACKET_PAYMENTS_MAX payments is left out: nobody could take it offline, and no reply could hold
 * it. The ownership record's signature is checked here: STATUS_SIGNATURE. */
enum err register_owned(struct register_env *env, struct owned_reply *reply, enum status *status,
                        const struct owned_body *body) MUST_USE;
/* A fresh token with its unspent coin row; the caller has accounted for the money. Signed bytes in
 * arena; with env->dues the signature is made later, and register_token is what to ask for it.
 * ERR_EXISTS: its serial was used before, nothing may be released. */
enum err register_mint(struct register_env *env, struct cose *token, uint64_t *serial,
                       struct id *coin_id, struct amount amount, const struct public_key *owner_key,
                       bool has_purpose, uint64_t purpose) MUST_USE;

#endif
