/* Calls: every request to a server is a signed record; the reply repeats its id (docs/PROTOCOL.md
 * section 8). TLS protects the channel, the signature says who is calling. Pure. */
#ifndef DCEP_COMMON_MONEY_CALL_H
#define DCEP_COMMON_MONEY_CALL_H

#include "common/money/record.h"

enum { CALL_AGE_MAX_S = 600, CALL_AHEAD_MAX_S = 300 };

/* Client: encode body under verb's schema, sign, wrap. The wrapped call is appended to out. */
enum err call_seal(struct buffer *out, const char *network, enum verb verb, const void *body,
                   const struct nonce *call_id, uint64_t now, const struct key_pair *pair,
                   struct arena *arena) MUST_USE;
/* Client: unwrap the reply of this call. ERR_PARSE..., ERR_KIND if it answers another call. With
 * any status but one that carries a body (OK, PENDING) body stays zeroed. */
enum err call_read_reply(enum status *status, void *body, enum verb verb,
                         const struct nonce *call_id, struct span bytes,
                         struct arena *arena) MUST_USE;

/* Server: first the frame (no key needed), then, once the sender's key is looked up, the rest. */
struct call_frame {
    struct call call;
    struct cose cose;
    const struct message_verb *verb;
    struct id body_hash; /* SHA-256(verb byte || body): the same id with another body is refused */
    bool is_proved;      /* call_prove: signed by proved_by */
    struct public_key proved_by;
};
enum status call_read(struct call_frame *out, const char *network, struct span bytes,
                      struct arena *arena);
/* Signature under sender_key, age within CALL_AGE_MAX_S / CALL_AHEAD_MAX_S of now, sender's role
 * allowed, body decoded. In order: STATUS_SENDER, STATUS_CALL_DATE, STATUS_FORBIDDEN, form statuses
 * of the body. body has room for the bodies of this role's verbs, and is not touched before the
 * role is judged: anybody may name any verb. */
enum status call_open(void *body, const struct call_frame *frame, const char *network,
                      const struct public_key *sender_key, enum sender role, uint64_t now,
                      struct arena *arena);
/* The same in steps, for who verifies in another thread than the one that knows the senders.
 * call_prove remembers whether the frame was signed by key; call_admit judges all but the body, and
 * asks for the signature itself if it was not proved for this key. */
void call_prove(struct call_frame *frame, const char *network, const struct public_key *key);
/* call_prove for each of several, verified together. keys[i] NULL: whose sender nobody knows. The
 * proof changes no answer of call_admit, only its cost. ERR_MEMORY, ERR_CRYPTO: none is proved. */
enum err call_prove_many(struct call_frame *const *frames, const struct public_key *const *keys,
                         size_t count, const char *network, struct arena *arena) MUST_USE;
enum status call_admit(const struct call_frame *frame, const char *network,
                       const struct public_key *sender_key, enum sender role, uint64_t now);
enum status call_body(void *body, const struct call_frame *frame, struct arena *arena);
/* What a question is called in a signed answer to it: the body_hash of its frame. */
enum err call_question(struct id *out, enum verb verb, const void *body) MUST_USE;
/* Server: encode a reply; body may be NULL. */
enum err call_seal_reply(struct buffer *out, const struct nonce *call_id, enum status status,
                         const struct schema *schema, const void *body,
                         struct arena *arena) MUST_USE;
/* Server: BUSY, and when to ask again; retry_ms is cut to 1..BUSY_RETRY_MS_MAX. */
enum err call_seal_busy(struct buffer *out, const struct nonce *call_id, uint64_t retry_ms,
                        struct arena *arena) MUST_USE;
/* Client: is the reply BUSY; and when to ask again, if it is and says so, else 0. Whose reply it
 * is, is not looked at. */
bool call_is_busy(struct span reply);
uint64_t call_retry_ms(struct span reply);

/* Of a settlement's packets, in bytes: what its limits are about. */
size_t call_packets_size(const struct settle_body *body);

#endif
