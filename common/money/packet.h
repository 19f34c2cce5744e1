/* The one verifier (docs/PROTOCOL.md section 5): the same code, in the same order, for wallet, bank
 * and register.
 *
 * A packet holds a small forest: each payment spends a token's root, an output of an earlier
 * payment of the packet, or a coin that the verifier already knows. A leaf is a payment none of
 * whose outputs is spent in the packet; a line is the path from its start to a leaf. All coins of a
 * packet are accepted or none.
 *
 * Invariants: 1 the verdict is the first status, in the order of status.h, that applies. 2 genuine
 * needs no clock and no policy: the same answer for ever. 3 what is absent is refused. 4 the
 * register verifies no signature that `known` vouches for; a payee verifies all that it keeps.
 * Never: a clock, a file, a random number; a partial acceptance.
 */
#ifndef DCEP_COMMON_MONEY_PACKET_H
#define DCEP_COMMON_MONEY_PACKET_H

#include "common/money/trust.h"

/* What a verifier already holds; both may be NULL. Errors are machinery failures. */
struct packet_known_coin {
    struct amount amount;
    struct public_key owner_key;
    uint64_t hops, depth; /* of the line up to this coin */
    uint64_t spend_by_day, redeem_by_day;
    struct key_id issuing_key_id;
};
struct packet_known {
    void *context;
    enum err (*coin)(void *context, bool *found, struct packet_known_coin *out, uint64_t serial,
                     const struct id *coin_id);
    /* A payment whose signature I verified before (by id). Asked by the register only: a payee
     * keeps and passes on the very bytes it is shown, signatures included, and an id does not vouch
     * for those. */
    enum err (*payment)(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                        const struct id *payment_id);
};

enum packet_role {
    PACKET_FOR_PAYEE,    /* checks 1 to 7 */
    PACKET_FOR_REGISTER, /* 1, 2, 3, 5, 7; 4 only for a root that `known.coin` does not know; 6
                            never */
    PACKET_FOR_RELAY, /* 1 to 3 and 5, but for points: who hands on at once what another checks */
    PACKET_UNSIGNED,  /* 1 to 6: what a payer runs over the payload it is about to sign */
};

struct packet_token {
    struct token token;
    struct cose cose;
    struct id id, root_coin_id;
    bool is_known; /* register: the root has a row */
};
enum { PACKET_NONE = -1 };
struct packet_payment {
    struct payment payment;
    struct cose cose;
    struct id id;
    struct amount amount;        /* of the coin it spends */
    struct public_key owner_key; /* of that coin: the signer */
    int parent;                  /* index of the payment whose output it spends, or PACKET_NONE */
    int parent_output;           /* which output; PACKET_NONE if a root or a known coin */
    int token;       /* index of the token its line starts at, or PACKET_NONE (a known coin) */
    int certificate; /* index into certificates; PACKET_NONE: a vault key, or not checked */
    const struct trust_bank *bank; /* that certified the signer; NULL if not checked */
    uint64_t hops, depth;          /* of the coin it spends: hops and payments before this one */
    uint64_t spend_by_day, redeem_by_day;
    struct key_id issuing_key_id;
    struct commitment commitment; /* of its signature: as told, then as met */
    bool is_leaf;
};
struct packet_view {
    struct packet packet;
    struct packet_token *tokens;
    struct packet_payment *payments;
    struct wallet_certificate *certificates; /* payee and unsigned roles only */
    size_t token_count, payment_count, certificate_count;
    size_t leaves[PACKET_COINS_MAX]; /* indexes into payments */
    size_t leaf_count;
};

/* Check 1 to 7 over the bytes of a packet (unwrapped). out borrows from bytes and arena. Every
 * token must be used by a line, unless payment_count is 0 and allow_roots. *status is the verdict;
 * the return value is machinery only. */
struct packet_options {
    enum packet_role role;
    struct packet_known known;
    bool allow_roots; /* a packet of tokens without payments (what the register says I own) */
};
enum err packet_verify(struct packet_view *out, enum status *status, struct span bytes,
                       const struct trust *trust, const struct packet_options *options,
                       struct arena *arena) MUST_USE;

/* The same in two halves, for who has many packets, or many threads. packet_prepare reads a packet
 * and names what is in it; packet_prove asks the curve what it can ask without rows, of many
 * packets in one call; both are pure functions of the bytes (and of the network), and may run
 * anywhere. packet_judge gives the verdict, as packet_verify would: what was not proved it asks
 * itself, what was proved and is not needed it ignores. Once for each prepared packet. */
struct packet_prepared;
/* A memory of payments proved before: who pays has signed it, and whom it pays are points. By id
 * and signature, both whole: the id binds the payload, so the coin, whose id binds its owner;
 * nothing else can be proved under the same pair. Forgetting changes no answer. */
struct packet_proven {
    void *context;
    bool (*has)(void *context, const struct id *payment_id, const struct signature *signature);
    void (*keep)(void *context, const struct id *payment_id, const struct signature *signature);
};
enum err packet_prepare(struct packet_prepared **out, struct span bytes, const struct trust *trust,
                        enum packet_role role, struct arena *arena) MUST_USE;
/* proven: NULL, or what is not verified again. */
enum err packet_prove(struct packet_prepared *const *packets, size_t count,
                      const struct packet_proven *proven, struct arena *arena) MUST_USE;
enum err packet_judge(struct packet_view *out, enum status *status,
                      struct packet_prepared *prepared, const struct trust *trust,
                      const struct packet_known *known, struct arena *arena) MUST_USE;
/* Commitments of the payments' signatures (span.h), those of each payment, in order. What somebody
 * says they are, before packet_prove: bytes of another length say nothing. */
void packet_tell(struct packet_prepared *prepared, struct span commitments);
/* Was something said, of what packet_prove asked, that is not so? Then it may have taken longer. */
bool packet_was_misled(const struct packet_prepared *prepared);
/* The commitments of many packets, which are verified for it as far as they prove themselves; zeros
 * where one is not known, empty where none is. out in arena. */
enum err packet_meet(struct span *out, const struct span *packets, size_t count,
                     const struct trust *trust, struct arena *arena) MUST_USE;
/* What it names: payments and their ids, not judged. Of one whose verdict is OK, ISSUER or what
 * comes after it; the others could not be read: they name none, or what is zeros. */
const struct packet_view *packet_named(const struct packet_prepared *prepared);

/* The line of a leaf: indexes of its payments, root first, into path. leaf is an index into
 * payments too, as in leaves[]. */
size_t packet_line(const struct packet_view *view, size_t leaf, size_t path[PACKET_PAYMENTS_MAX]);
/* Hops of output `index` of a payment: those before, and one if it belongs to another key than the
 * signer's. */
uint64_t packet_output_hops(const struct packet_payment *payment, size_t index);
/* Sum of the outputs of all leaves that belong to key. ERR_RANGE: more than an amount can be, which
 * tokens signed with a stolen issuing key can add up to. */
enum err packet_sum(struct amount *out, const struct packet_view *view,
                    const struct public_key *key) MUST_USE;

/* Its leaves are exactly these payments, in any order: with the payments held for the request it
 * answers, this is STATUS_DUPLICATE, told after packet_verify and before packet_accept. */
bool packet_is_same(const struct packet_view *view, const struct id *payment_ids, size_t count);

/* Check 8 to 10, offline, by the payee (or by the payer, before it signs, with what the request
 * carries). */
struct packet_terms {
    uint64_t now, newest_signed_time; /* seconds */
    const struct request *request;    /* the open one it must answer; NULL: there is none */
    struct id request_id;
    bool is_online;   /* a deposit: the offline limit is not applied */
    bool is_restored; /* this wallet may not take anything before it synced */
    bool is_payer;    /* skips CLOCK of the payee, SEEN and CONFLICT; judges expires_at ->
                         REQUEST_UNKNOWN */
    void *context;
    /* seen: a coin id I hold or held as mine. conflict: I hold another payment of this coin. NULL
     * for the payer. */
    enum err (*seen)(void *context, bool *found, uint64_t serial, const struct id *coin_id);
    enum err (*conflict)(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                         const struct id *payment_id);
};
/* Of a packet that was verified for a payee or unsigned (its signers are certified). */
enum err packet_accept(enum status *status, const struct packet_view *view,
                       const struct trust *trust, const struct packet_terms *terms) MUST_USE;

/* Building: the encoded packet, from parts. Appends. */
enum err packet_encode_parts(struct buffer *out, const struct cose *tokens, size_t token_count,
                             const struct cose *payments, size_t payment_count,
                             const struct cose *certificates, size_t certificate_count,
                             uint64_t directory_version) MUST_USE;

#endif
