/* Calls: who is calling is known by the signature; a table of calls that are refused, and of
 * replies. */
#include "common/money/call.h"
#include "tests/support/raw.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <string.h>

/* A server that knows Alice's and Bob's keys as wallets and bank A's as a bank's. */
struct desk {
    struct world world;
    struct world_wallet alice, bob, stranger;
    struct buffer bytes; /* the call on its way */
    struct nonce call_id;
    struct call_frame frame;
};

static void desk_close(struct desk *d)
{
    buffer_fini(&d->bytes);
    world_close(&d->world);
}

static void desk_open(struct desk *d)
{
    memset(d, 0, sizeof *d);
    world_open(&d->world);
    world_wallet(&d->alice, &d->world, "alice", WORLD_BANK_A);
    world_wallet(&d->bob, &d->world, "bob", WORLD_BANK_A);
    world_wallet(&d->stranger, &d->world, "stranger", WORLD_BANK_B);
    d->call_id = world_nonce(&d->world);
}

#define DESK(d)                                                                                    \
    struct desk d AUTO(desk_close);                                                                \
    desk_open(&d)

static const struct fetch_body fetch = {.directory_version = 1, .revocations_version = 2};

static void seal(struct desk *d, const char *network, enum verb verb, const void *body,
                 uint64_t made_at, const struct key_pair *pair)
{
    d->bytes.size = 0;
    cr_assert_eq(
        call_seal(&d->bytes, network, verb, body, &d->call_id, made_at, pair, &d->world.arena),
        ERR_OK);
}

/* A good call, one of nobody known and one that names another than who signed it, verified together
 * with the frame: none of them concerns another. */
static void prove_in_company(struct desk *d, const struct public_key *key)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct call_frame good = {0}, unknown = {0}, misnamed = {0};
    struct call_frame *const frames[] = {&unknown, &good, &misnamed, &d->frame};
    const struct public_key *const alice = &d->alice.pair.public_key;
    const struct public_key *const keys[] = {NULL, alice, alice, key};
    cr_assert_eq(call_seal(&bytes, WORLD_NETWORK, VERB_FETCH, &fetch, &d->call_id, WORLD_NOW,
                           &d->alice.pair, &d->world.arena),
                 ERR_OK);
    cr_assert_eq(call_read(&good, WORLD_NETWORK, buffer_span(&bytes), &d->world.arena), STATUS_OK);
    unknown = misnamed = good;
    misnamed.call.sender_key_id.bytes[0] ^= 1;
    cr_assert_eq(call_prove_many(frames, keys, 4, WORLD_NETWORK, &d->world.arena), ERR_OK);
    cr_expect(good.is_proved && key_equal(&good.proved_by, alice));
    cr_expect(!unknown.is_proved && !misnamed.is_proved);
}

/* What the server says, looking the sender up among those it knows. */
static enum status answer(struct desk *d, bool is_in_company)
{
    union {
        struct fetch_body fetch;
        uint8_t room[4096];
    } body;
    const struct {
        const struct public_key *key;
        enum sender role;
    } known[] = {
        {&d->alice.pair.public_key, SENDER_WALLET},
        {&d->bob.pair.public_key, SENDER_WALLET},
        {&d->world.banks[0].bank_key.public_key, SENDER_BANK},
    };
    const struct public_key *key = NULL;
    enum sender role = SENDER_JOINER;
    enum status status =
        call_read(&d->frame, WORLD_NETWORK, buffer_span(&d->bytes), &d->world.arena);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < 3; i++) {
        struct key_id id = crypto_key_id(known[i].key);
        if (!span_equal(SPAN(id), SPAN(d->frame.call.sender_key_id)))
            continue;
        key = known[i].key;
        role = known[i].role;
    }
    if (is_in_company)
        prove_in_company(d, key);
    status = call_open(&body, &d->frame, WORLD_NETWORK, key, role, WORLD_NOW, &d->world.arena);
    cr_expect(!is_in_company || d->frame.is_proved == (status != STATUS_SENDER));
    cr_expect(status != STATUS_OK || d->frame.verb->verb != VERB_FETCH ||
              body.fetch.revocations_version == 2);
    return status;
}

/* --- bad calls, one a function --- */

static void good(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW, &d->alice.pair);
}
static void good_of_a_bank(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW, &d->world.banks[0].bank_key);
}
static void oldest(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW - CALL_AGE_MAX_S, &d->alice.pair);
}
static void too_old(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW - CALL_AGE_MAX_S - 1, &d->alice.pair);
}
static void most_ahead(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW + CALL_AHEAD_MAX_S, &d->alice.pair);
}
static void too_far_ahead(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW + CALL_AHEAD_MAX_S + 1, &d->alice.pair);
}
static void of_1970(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, 0, &d->alice.pair);
}
static void of_a_stranger(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW, &d->stranger.pair);
}
static void of_the_vault_key(struct desk *d)
{
    seal(d, WORLD_NETWORK, VERB_FETCH, &fetch, WORLD_NOW, &d->world.banks[0].vault_key);
}
static void of_another_network(struct desk *d)
{
    seal(d, "dcep-other", VERB_FETCH, &fetch, WORLD_NOW, &d->alice.pair);
}
/* The wrapper says this network, the signature another. */
static void rewrapped(struct desk *d)
{
    struct span body;
    of_another_network(d);
    cr_assert_eq(wire_unwrap_expect(&body, buffer_span(&d->bytes), "dcep-other", KIND_CALL),
                 ERR_OK);
    struct buffer again = {0};
    cr_assert_eq(wire_wrap(&again, WORLD_NETWORK, KIND_CALL, body), ERR_OK);
    buffer_fini(&d->bytes);
    d->bytes = again;
}
static void a_verb_of_banks(struct desk *d)
{
    struct revoke_body revoke = {.key = d->bob.pair.public_key};
    seal(d, WORLD_NETWORK, VERB_REVOKE, &revoke, WORLD_NOW, &d->alice.pair);
}
static void a_verb_of_wallets(struct desk *d)
{
    struct deposit_request_body body = {.amount = world_fen(1)};
    seal(d, WORLD_NETWORK, VERB_DEPOSIT_REQUEST, &body, WORLD_NOW, &d->world.banks[0].bank_key);
}
static void a_verb_of_joiners(struct desk *d)
{
    struct join_body join = {.request = d->alice.certificate_cose};
    seal(d, WORLD_NETWORK, VERB_JOIN, &join, WORLD_NOW, &d->alice.pair);
}

/* The call record itself, changed and signed by `pair` as `kind`. */
static void by_hand(struct desk *d, const struct call *call, enum kind kind,
                    const struct key_pair *pair)
{
    struct cose cose;
    struct span tagged;
    struct buffer payload = {0};
    cr_assert_eq(call_encode(&payload, call), ERR_OK);
    cose = raw_sign(&d->world, kind, raw_keep(&d->world, &payload), pair);
    tagged = world_bytes(&d->world, &cose);
    d->bytes.size = 0;
    cr_assert_eq(wire_wrap(&d->bytes, WORLD_NETWORK, KIND_CALL, tagged), ERR_OK);
}
static struct call call_of(struct desk *d)
{
    good(d);
    cr_assert_eq(call_read(&d->frame, WORLD_NETWORK, buffer_span(&d->bytes), &d->world.arena),
                 STATUS_OK);
    static uint8_t body[64];
    cr_assert_leq(d->frame.call.body.size, sizeof body);
    memcpy(body, d->frame.call.body.data, d->frame.call.body.size);
    d->frame.call.body.data = body;
    return d->frame.call;
}
static void in_anothers_name(struct desk *d)
{
    struct call call = call_of(d);
    by_hand(d, &call, KIND_CALL, &d->bob.pair);
}
static void under_anothers_key_id(struct desk *d)
{
    struct call call = call_of(d);
    call.sender_key_id = crypto_key_id(&d->bob.pair.public_key);
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void signed_as_another_kind(struct desk *d)
{
    struct call call = call_of(d);
    by_hand(d, &call, KIND_REQUEST, &d->alice.pair);
}
static void of_an_unknown_verb(struct desk *d)
{
    struct call call = call_of(d);
    call.verb = 200;
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void body_of_another_verb(struct desk *d)
{
    struct call call = call_of(d);
    call.verb = VERB_WITHDRAW;
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void body_cut(struct desk *d)
{
    struct call call = call_of(d);
    call.body.size--;
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void body_missing(struct desk *d)
{
    struct call call = call_of(d);
    call.body.size = 0;
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void body_with_a_tail(struct desk *d)
{
    static uint8_t longer[65];
    struct call call = call_of(d);
    memcpy(longer, call.body.data, call.body.size);
    call.body = span_of(longer, call.body.size + 1);
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void body_not_canonical(struct desk *d)
{
    struct call call = call_of(d);
    call.body = span_of("\x82\x18\x01\x02", 4);
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
static void body_out_of_range(struct desk *d)
{
    struct call call = call_of(d);
    call.body = span_of("\x82\x1b\x00\x20\x00\x00\x00\x00\x00\x00\x02", 11);
    by_hand(d, &call, KIND_CALL, &d->alice.pair);
}
/* The last bytes are the signature's; the payload's are before them. */
static void signature_changed(struct desk *d)
{
    good(d);
    d->bytes.data[d->bytes.size - 1] ^= 1;
}
static void made_at_changed(struct desk *d)
{
    good(d);
    d->bytes.data[d->bytes.size - SIGNATURE_SIZE - 3] ^= 1;
}
static void replayed_under_another_id(struct desk *d)
{
    good(d);
    for (size_t i = 0; i + NONCE_SIZE < d->bytes.size; i++)
        if (memcmp(d->bytes.data + i, d->call_id.bytes, NONCE_SIZE) == 0)
            d->bytes.data[i] ^= 1;
}
static void cut(struct desk *d)
{
    good(d);
    d->bytes.size--;
}
static void empty(struct desk *d)
{
    d->bytes.size = 0;
}
static void twice(struct desk *d)
{
    struct span kept;
    good(d);
    cr_assert_eq(arena_copy(&d->world.arena, &kept, buffer_span(&d->bytes)), ERR_OK);
    cr_assert_eq(buffer_put(&d->bytes, kept), ERR_OK);
}
static void unwrapped(struct desk *d)
{
    struct call call = call_of(d);
    struct cose cose = world_sign(&d->world, KIND_CALL, &call, &d->alice.pair);
    d->bytes.size = 0;
    cr_assert_eq(buffer_put(&d->bytes, world_bytes(&d->world, &cose)), ERR_OK);
}
static void wrapped_as_a_request(struct desk *d)
{
    struct call call = call_of(d);
    struct cose cose = world_sign(&d->world, KIND_CALL, &call, &d->alice.pair);
    d->bytes.size = 0;
    cr_assert_eq(wire_wrap(&d->bytes, WORLD_NETWORK, KIND_REQUEST, world_bytes(&d->world, &cose)),
                 ERR_OK);
}
static void of_a_later_version(struct desk *d)
{
    good(d);
    d->bytes.data[1] = 2; /* after the wrapper's array head */
}

Test(money, calls_that_are_refused)
{
    static const struct {
        const char *name;
        void (*make)(struct desk *d);
        enum status expected;
    } rows[] = {
        {"good", good, STATUS_OK},
        {"good, of a bank", good_of_a_bank, STATUS_OK},
        {"oldest", oldest, STATUS_OK},
        {"too old", too_old, STATUS_CALL_DATE},
        {"most ahead", most_ahead, STATUS_OK},
        {"too far ahead", too_far_ahead, STATUS_CALL_DATE},
        {"of 1970", of_1970, STATUS_CALL_DATE},
        {"of a stranger", of_a_stranger, STATUS_SENDER},
        {"of the vault key", of_the_vault_key, STATUS_SENDER},
        {"in another's name", in_anothers_name, STATUS_SENDER},
        {"under another's key id", under_anothers_key_id, STATUS_SENDER},
        {"signed as another kind", signed_as_another_kind, STATUS_SENDER},
        {"of another network", of_another_network, STATUS_NETWORK},
        {"rewrapped", rewrapped, STATUS_SENDER},
        {"a verb of banks", a_verb_of_banks, STATUS_FORBIDDEN},
        {"a verb of wallets", a_verb_of_wallets, STATUS_FORBIDDEN},
        {"a verb of joiners", a_verb_of_joiners, STATUS_FORBIDDEN},
        {"of an unknown verb", of_an_unknown_verb, STATUS_KIND},
        {"body of another verb", body_of_another_verb, STATUS_PARSE},
        {"body cut", body_cut, STATUS_PARSE},
        {"body missing", body_missing, STATUS_PARSE},
        {"body with a tail", body_with_a_tail, STATUS_PARSE},
        {"body not canonical", body_not_canonical, STATUS_CANONICAL},
        {"body out of range", body_out_of_range, STATUS_RANGE},
        {"signature changed", signature_changed, STATUS_SENDER},
        {"made_at changed", made_at_changed, STATUS_SENDER},
        {"replayed under another id", replayed_under_another_id, STATUS_SENDER},
        {"cut", cut, STATUS_PARSE},
        {"empty", empty, STATUS_PARSE},
        {"twice", twice, STATUS_PARSE},
        {"unwrapped", unwrapped, STATUS_PARSE},
        {"wrapped as a request", wrapped_as_a_request, STATUS_KIND},
        {"of a later version", of_a_later_version, STATUS_VERSION},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        DESK(d);
        rows[i / 2].make(&d);
        enum status status = answer(&d, i % 2 == 1);
        cr_expect_eq(status, rows[i / 2].expected, "%s: %s", rows[i / 2].name, status_name(status));
    }
}

Test(money, H9_the_body_of_a_call_has_a_name_that_binds_its_verb)
{
    DESK(d);
    good(&d);
    cr_assert_eq(answer(&d, false), STATUS_OK);
    struct id first = d.frame.body_hash;
    good(&d); /* the same call, signed again, perhaps later */
    cr_assert_eq(answer(&d, false), STATUS_OK);
    cr_expect(id_equal(&first, &d.frame.body_hash));
    struct fetch_body other = fetch;
    other.directory_version++;
    seal(&d, WORLD_NETWORK, VERB_FETCH, &other, WORLD_NOW, &d.alice.pair);
    cr_assert_eq(answer(&d, false), STATUS_OK);
    cr_expect(!id_equal(&first, &d.frame.body_hash));

    const uint8_t verb = VERB_FETCH;
    struct buffer body AUTO(buffer_fini) = {0};
    cr_assert_eq(fetch_body_encode(&body, &fetch), ERR_OK);
    struct span parts[] = {span_of(&verb, 1), buffer_span(&body)};
    struct id expected = crypto_hash(parts, 2);
    cr_expect(id_equal(&first, &expected));
}

static enum err reply(struct desk *d, struct fetch_reply *out, enum status *status,
                      const struct nonce *call_id, enum status said, const void *body)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span kept;
    cr_assert_eq(
        call_seal_reply(&bytes, call_id, said, &message_fetch_reply, body, &d->world.arena),
        ERR_OK);
    cr_assert_eq(arena_copy(&d->world.arena, &kept, buffer_span(&bytes)), ERR_OK);
    return call_read_reply(status, out, VERB_FETCH, &d->call_id, kept, &d->world.arena);
}

Test(money, replies)
{
    DESK(d);
    struct fetch_reply body = {.has_directory = true, .now = 77}, out;
    struct nonce other = world_nonce(&d.world);
    enum status status;
    body.directory = d.world.directory_cose;
    cr_assert_eq(reply(&d, &out, &status, &d.call_id, STATUS_OK, &body), ERR_OK);
    cr_expect(status == STATUS_OK && out.now == 77 && out.has_directory);
    cr_assert_eq(reply(&d, &out, &status, &d.call_id, STATUS_PENDING, &body), ERR_OK);
    cr_expect(status == STATUS_PENDING && out.now == 77);
    cr_assert_eq(reply(&d, &out, &status, &d.call_id, STATUS_PENDING, NULL), ERR_OK);
    cr_expect(status == STATUS_PENDING && out.now == 0);
    cr_assert_eq(reply(&d, &out, &status, &d.call_id, STATUS_FUNDS, NULL), ERR_OK);
    cr_expect(status == STATUS_FUNDS && out.now == 0);
    cr_expect_eq(reply(&d, &out, &status, &d.call_id, STATUS_OK, NULL), ERR_PARSE);
    cr_expect_eq(reply(&d, &out, &status, &other, STATUS_OK, &body), ERR_KIND);
    cr_expect_eq(
        call_read_reply(&status, &out, VERB_FETCH, &d.call_id, span_text(""), &d.world.arena),
        ERR_PARSE);
}

/* Who is told "busy" is told when to ask again, or not; old clients look at the status only. */
Test(money, busy_replies)
{
    DESK(d);
    static const struct {
        uint64_t said, heard;
    } times[] = {{0, 1}, {1, 1}, {250, 250}, {60000, 60000}, {60001, 60000}, {UINT64_MAX, 60000}};
    struct fetch_reply out;
    enum status status;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct buffer bytes AUTO(buffer_fini) = {0};
        cr_assert_eq(call_seal_busy(&bytes, &d.call_id, times[i].said, &d.world.arena), ERR_OK);
        cr_expect_eq(call_retry_ms(buffer_span(&bytes)), times[i].heard);
        cr_expect(call_is_busy(buffer_span(&bytes)));
        cr_assert_eq(call_read_reply(&status, &out, VERB_FETCH, &d.call_id, buffer_span(&bytes),
                                     &d.world.arena),
                     ERR_OK);
        cr_expect_eq(status, STATUS_BUSY);
    }
    const struct fetch_reply body = {.now = 77};
    static const enum status others[] = {STATUS_BUSY, STATUS_OK, STATUS_FAILED};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct buffer bytes AUTO(buffer_fini) = {0};
        const bool has_body = others[i] == STATUS_OK;
        cr_assert_eq(call_seal_reply(&bytes, &d.call_id, others[i], &message_fetch_reply,
                                     has_body ? &body : NULL, &d.world.arena),
                     ERR_OK);
        cr_expect_eq(call_retry_ms(buffer_span(&bytes)), 0);
        cr_expect_eq(call_is_busy(buffer_span(&bytes)), others[i] == STATUS_BUSY);
    }
    cr_expect_eq(call_retry_ms(span_text("busy")), 0);
    cr_expect_not(call_is_busy(span_text("busy")));
}
