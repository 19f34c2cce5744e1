/* Calls and replies (contract in call.h).
 *
 * 1. A call is judged in one order: its form, its sender, its date, what its sender may do, the
 * form of its body.
 * 2. The body's hash binds the verb too: the same call id with another body, or for another verb,
 * is told apart.
 * 3. The server's room for a body need only hold those of its own callers' verbs: nothing is
 * written to it before it is known that this is one of them.
 *
 * Never looks a key up and never remembers a call id: the servers do, between call_read and
 * call_open. */
#include "common/money/call.h"

#include <string.h>

enum err call_seal(struct buffer *out, const char *network, enum verb verb, const void *body,
                   const struct nonce *call_id, uint64_t now, const struct key_pair *pair,
                   struct arena *arena)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    const struct message_verb *row = message_verb(verb);
    struct span tagged;
    CHECK(row != NULL);
    TRY(wire_encode(&encoded, row->body, body));
    struct call call = {
        .call_id = *call_id,
        .sender_key_id = crypto_key_id(&pair->public_key),
        .verb = verb,
        .body = buffer_span(&encoded),
        .made_at = now,
    };
    TRY(record_seal(&tagged, network, KIND_CALL, &call, pair, arena));
    return wire_wrap(out, network, KIND_CALL, tagged);
}

static enum err read_reply(struct reply *out, const struct nonce *call_id, struct span bytes,
                           struct arena *arena)
{
    TRY(reply_decode(out, bytes, arena));
    return span_equal(SPAN(out->call_id), SPAN(*call_id)) ? ERR_OK : ERR_KIND;
}

enum err call_read_reply(enum status *status, void *body, enum verb verb,
                         const struct nonce *call_id, struct span bytes, struct arena *arena)
{
    const struct message_verb *row = message_verb(verb);
    struct reply reply;
    CHECK(row != NULL);
    memset(body, 0, row->reply->struct_size);
    TRY(read_reply(&reply, call_id, bytes, arena));
    enum status answer = (enum status)reply.status;
    bool has_body = answer == STATUS_OK || (answer == STATUS_PENDING && reply.body.size > 0);
    if (has_body)
        TRY(wire_decode(row->reply, body, reply.body, arena));
    *status = answer;
    return ERR_OK;
}

static struct id hash_body(const struct call *call)
{
    const uint8_t verb = (uint8_t)call->verb;
    struct span parts[] = {span_of(&verb, 1), call->body};
    return crypto_hash(parts, sizeof parts / sizeof parts[0]);
}

enum err call_question(struct id *out, enum verb verb, const void *body)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    TRY(wire_encode(&encoded, message_verb(verb)->body, body));
    const struct call call = {.verb = verb, .body = buffer_span(&encoded)};
    *out = hash_body(&call);
    return ERR_OK;
}

static enum err read_frame(struct call_frame *out, const char *network, struct span bytes,
                           struct arena *arena)
{
    struct span tagged;
    TRY(wire_unwrap_expect(&tagged, bytes, network, KIND_CALL));
    TRY(wire_decode_cose(&out->cose, tagged));
    TRY(call_decode(&out->call, out->cose.payload, arena));
    out->verb = message_verb(out->call.verb);
    return out->verb != NULL ? ERR_OK : ERR_KIND;
}

enum status call_read(struct call_frame *out, const char *network, struct span bytes,
                      struct arena *arena)
{
    memset(out, 0, sizeof *out);
    enum status status = record_status(read_frame(out, network, bytes, arena));
    if (status == STATUS_OK)
        out->body_hash = hash_body(&out->call);
    return status;
}

static bool is_named(const struct call_frame *frame, const struct public_key *key)
{
    const struct key_id key_id = crypto_key_id(key);
    return span_equal(SPAN(key_id), SPAN(frame->call.sender_key_id));
}

static bool is_from(const struct call_frame *frame, const char *network,
                    const struct public_key *key)
{
    if (key == NULL)
        return false;
    if (frame->is_proved && key_equal(&frame->proved_by, key))
        return true;
    return is_named(frame, key) && record_verify(network, KIND_CALL, &frame->cose, key) == ERR_OK;
}

void call_prove(struct call_frame *frame, const char *network, const struct public_key *key)
{
    frame->is_proved = is_from(frame, network, key);
    frame->proved_by = *key;
}

enum err call_prove_many(struct call_frame *const *frames, const struct public_key *const *keys,
                         size_t count, const char *network, struct arena *arena)
{
    void *room = NULL, *places = NULL;
    size_t asked = 0;
    TRY(arena_alloc(arena, &room, count + 1, sizeof(struct crypto_check)));
    TRY(arena_alloc(arena, &places, count + 1, sizeof(size_t)));
    struct crypto_check *checks = room;
    size_t *const whose = places;
    for (size_t i = 0; i < count; i++) {
        const struct cose *cose = &frames[i]->cose;
        if (keys[i] == NULL || !is_named(frames[i], keys[i]))
            continue;
        checks[asked].key = *keys[i];
        checks[asked].signature = cose->signature;
        TRY(record_message(&checks[asked].message, network, KIND_CALL, cose->payload, arena));
        whose[asked++] = i;
    }
    TRY(crypto()->verify_many(checks, asked));
    for (size_t i = 0; i < asked; i++) {
        frames[whose[i]]->is_proved = checks[i].valid;
        frames[whose[i]]->proved_by = checks[i].key;
    }
    return ERR_OK;
}

static bool is_recent(uint64_t made_at, uint64_t now)
{
    return made_at <= now ? now - made_at <= CALL_AGE_MAX_S : made_at - now <= CALL_AHEAD_MAX_S;
}

enum status call_admit(const struct call_frame *frame, const char *network,
                       const struct public_key *sender_key, enum sender role, uint64_t now)
{
    CHECK(frame->verb != NULL);
    if (!is_from(frame, network, sender_key))
        return STATUS_SENDER;
    if (!is_recent(frame->call.made_at, now))
        return STATUS_CALL_DATE;
    return (frame->verb->senders & (unsigned)role) == 0 ? STATUS_FORBIDDEN : STATUS_OK;
}

enum status call_body(void *body, const struct call_frame *frame, struct arena *arena)
{
    memset(body, 0, frame->verb->body->struct_size);
    return record_status(wire_decode(frame->verb->body, body, frame->call.body, arena));
}

enum status call_open(void *body, const struct call_frame *frame, const char *network,
                      const struct public_key *sender_key, enum sender role, uint64_t now,
                      struct arena *arena)
{
    const enum status status = call_admit(frame, network, sender_key, role, now);
    return status == STATUS_OK ? call_body(body, frame, arena) : status;
}

static enum err put_body(struct buffer *out, const struct schema *schema, const void *body)
{
    return body == NULL ? ERR_OK : wire_encode(out, schema, body);
}

enum err call_seal_reply(struct buffer *out, const struct nonce *call_id, enum status status,
                         const struct schema *schema, const void *body, struct arena *arena)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    (void)arena;
    TRY(put_body(&encoded, schema, body));
    struct reply reply = {
        .call_id = *call_id,
        .status = (uint64_t)status,
        .body = buffer_span(&encoded),
    };
    return reply_encode(out, &reply);
}

enum err call_seal_busy(struct buffer *out, const struct nonce *call_id, uint64_t retry_ms,
                        struct arena *arena)
{
    const uint64_t least = retry_ms == 0 ? 1 : retry_ms;
    const struct busy_reply busy = {.retry_ms =
                                        least > BUSY_RETRY_MS_MAX ? BUSY_RETRY_MS_MAX : least};
    return call_seal_reply(out, call_id, STATUS_BUSY, &message_busy_reply, &busy, arena);
}

bool call_is_busy(struct span reply)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct reply frame;
    return reply_decode(&frame, reply, &arena) == ERR_OK && frame.status == STATUS_BUSY;
}

uint64_t call_retry_ms(struct span reply)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct busy_reply busy = {0};
    struct reply frame;
    const bool is_told = reply_decode(&frame, reply, &arena) == ERR_OK &&
                         frame.status == STATUS_BUSY && frame.body.size > 0 &&
                         busy_reply_decode(&busy, frame.body, &arena) == ERR_OK;
    return is_told ? busy.retry_ms : 0;
}

size_t call_packets_size(const struct settle_body *body)
{
    size_t size = 0;
    for (size_t i = 0; i < body->packets.count; i++)
        size += body->packets.items[i].bytes.size;
    return size;
}
