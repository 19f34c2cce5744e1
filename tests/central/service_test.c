/* The server as a function from bytes to bytes: who calls, and what comes back. */
#include "central/service.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <string.h>

struct counter {
    struct cast cast;
    struct service service;
};

static void reload(struct counter *counter)
{
    HALL_OK(store_begin(counter->cast.hall.store, STORE_WRITE));
    HALL_OK(service_load_trust(&counter->service));
    HALL_OK(store_commit(counter->cast.hall.store));
}

static void open_counter(struct counter *out, enum hall_store kind)
{
    cast_open(&out->cast, kind);
    struct world *world = &out->cast.hall.world;
    out->service = (struct service){
        .network = WORLD_NETWORK,
        .root_key = world->root.public_key,
        .issuing_key = world->issuing,
        .register_key = world->register_key,
        .revocation_key = world->revocation,
        .store = out->cast.hall.store,
        .now = WORLD_NOW,
    };
    reload(out);
}

static void close_counter(struct counter *counter)
{
    service_fini(&counter->service);
    cast_close(&counter->cast);
}

/* One transaction around a call; the reply's bytes live in the world's arena. */
static struct span handle(struct counter *counter, struct span request)
{
    struct buffer reply AUTO(buffer_fini) = {0};
    struct span kept = {NULL, 0};
    (void)hall_begin(&counter->cast.hall);
    HALL_OK(service_handle(&counter->service, &reply, request));
    hall_end(&counter->cast.hall);
    HALL_OK(arena_copy(&counter->cast.hall.world.arena, &kept, buffer_span(&reply)));
    return kept;
}

static struct span seal(struct counter *counter, enum verb verb, const void *body,
                        const struct nonce *call_id, uint64_t made_at, const struct key_pair *pair)
{
    struct world *world = &counter->cast.hall.world;
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span kept = {NULL, 0};
    HALL_OK(call_seal(&bytes, WORLD_NETWORK, verb, body, call_id, made_at, pair, &world->arena));
    HALL_OK(arena_copy(&world->arena, &kept, buffer_span(&bytes)));
    return kept;
}

static enum status read(void *body, struct counter *counter, enum verb verb,
                        const struct nonce *call_id, struct span reply)
{
    enum status status = STATUS_FAILED;
    const enum err error =
        call_read_reply(&status, body, verb, call_id, reply, &counter->cast.hall.world.arena);
    cr_assert_eq(error, ERR_OK, "%s", err_name(error));
    return status;
}

/* A good call of bank A. */
static enum status call(void *reply, struct counter *counter, enum verb verb, const void *body)
{
    struct world *world = &counter->cast.hall.world;
    const struct nonce call_id = world_nonce(world);
    const struct span request =
        seal(counter, verb, body, &call_id, WORLD_NOW, &world->banks[0].bank_key);
    return read(reply, counter, verb, &call_id, handle(counter, request));
}

static const struct empty_body nothing;

HALL_TEST(service, who_may_call_and_when)
{
    struct counter counter;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    const struct key_pair *bank = &world->banks[0].bank_key, *vault = &world->banks[0].vault_key;
    const struct key_pair stranger = world_key("a stranger"), *wallet = &counter.cast.a.pair;
    const struct join_body join = {.request = counter.cast.a.certificate_cose};
    const struct certify_body certify = {join.request, join.request}; /* the largest of all */
    const struct withdraw_body withdraw = {.withdrawal = join.request};
    const struct deposit_body deposit = {.packet = span_text("packet")};
    const struct {
        const char *text;
        enum verb verb;
        const void *body;
        const struct key_pair *sender;
        uint64_t made_at;
        enum status status;
    } rows[] = {
        {"a bank", VERB_ACCOUNT, &nothing, bank, WORLD_NOW, STATUS_OK},
        {"a little late", VERB_ACCOUNT, &nothing, bank, WORLD_NOW - 600, STATUS_OK},
        {"a little ahead", VERB_ACCOUNT, &nothing, bank, WORLD_NOW + 300, STATUS_OK},
        {"stale", VERB_ACCOUNT, &nothing, bank, WORLD_NOW - 601, STATUS_CALL_DATE},
        {"from the future", VERB_ACCOUNT, &nothing, bank, WORLD_NOW + 301, STATUS_CALL_DATE},
        {"a stranger", VERB_ACCOUNT, &nothing, &stranger, WORLD_NOW, STATUS_SENDER},
        {"a bank's other key", VERB_ACCOUNT, &nothing, vault, WORLD_NOW, STATUS_SENDER},
        {"a wallet", VERB_ACCOUNT, &nothing, wallet, WORLD_NOW, STATUS_SENDER},
        {"a verb of joiners", VERB_JOIN, &join, bank, WORLD_NOW, STATUS_FORBIDDEN},
        {"to certify", VERB_CERTIFY, &certify, bank, WORLD_NOW, STATUS_FORBIDDEN},
        {"to withdraw", VERB_WITHDRAW, &withdraw, bank, WORLD_NOW, STATUS_FORBIDDEN},
        {"to deposit", VERB_DEPOSIT, &deposit, bank, WORLD_NOW, STATUS_FORBIDDEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        union {
            struct account_reply account;
            struct certify_reply certify;
            struct tokens_reply tokens;
            struct deposit_reply deposit;
        } reply;
        const struct nonce call_id = world_nonce(world);
        const struct span request =
            seal(&counter, rows[i].verb, rows[i].body, &call_id, rows[i].made_at, rows[i].sender);
        const size_t before = hall_count(&counter.cast.hall, &tables_table_call_log);
        const enum status status =
            read(&reply, &counter, rows[i].verb, &call_id, handle(&counter, request));
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, status_name(status));
        if (status != STATUS_OK) /* who is refused leaves no trace */
            cr_assert_eq(hall_count(&counter.cast.hall, &tables_table_call_log), before);
    }
    close_counter(&counter);
}

/* Signed by another key than the one it names; or another kind of record under the right key. */
HALL_TEST(service, J5_a_call_is_signed_as_a_call_by_its_sender)
{
    struct counter counter;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    const struct key_pair *bank = &world->banks[0].bank_key, *other = &world->banks[1].bank_key;
    struct buffer body AUTO(buffer_fini) = {0};
    HALL_OK(empty_body_encode(&body, &nothing));
    const struct call call = {.call_id = world_nonce(world),
                              .sender_key_id = crypto_key_id(&bank->public_key),
                              .verb = VERB_ACCOUNT,
                              .body = buffer_span(&body),
                              .made_at = WORLD_NOW};
    const struct {
        enum kind kind;
        const struct key_pair *signer;
        enum status status;
    } rows[] = {
        {KIND_CALL, bank, STATUS_OK},
        {KIND_CALL, other, STATUS_SENDER},
        {KIND_PAYMENT, bank, STATUS_SENDER},
        {KIND_OWNERSHIP, bank, STATUS_SENDER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer payload AUTO(buffer_fini) = {0}, wrapped AUTO(buffer_fini) = {0};
        struct cose cose = {.payload = {NULL, 0}};
        struct account_reply reply;
        HALL_OK(call_encode(&payload, &call));
        HALL_OK(record_sign_payload(&cose, WORLD_NETWORK, rows[i].kind, buffer_span(&payload),
                                    rows[i].signer));
        HALL_OK(wire_wrap(&wrapped, WORLD_NETWORK, KIND_CALL, world_bytes(world, &cose)));
        HALL_STATUS(read(&reply, &counter, VERB_ACCOUNT, &call.call_id,
                         handle(&counter, buffer_span(&wrapped))),
                    rows[i].status);
    }
    close_counter(&counter);
}

HALL_TEST(service, a_revoked_bank_is_told_so_but_nobody_in_its_name)
{
    struct counter counter;
    struct account_reply reply;
    enum status status = STATUS_OK;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    const struct key_id key_id = crypto_key_id(&world->banks[0].bank_key.public_key);
    struct register_env env = hall_begin(&counter.cast.hall);
    HALL_OK(authority_revoke(&env, &status, &key_id, REVOKED_STOLEN));
    hall_end(&counter.cast.hall);
    HALL_STATUS(call(&reply, &counter, VERB_ACCOUNT, &nothing), STATUS_FORBIDDEN);
    const struct nonce call_id = world_nonce(world);
    struct span request =
        seal(&counter, VERB_ACCOUNT, &nothing, &call_id, WORLD_NOW, &world->banks[0].bank_key);
    uint8_t *bytes = (uint8_t *)(uintptr_t)request.data;
    bytes[request.size - 1] ^= 1; /* the last byte of its signature */
    HALL_STATUS(read(&reply, &counter, VERB_ACCOUNT, &call_id, handle(&counter, request)),
                STATUS_SENDER);
    close_counter(&counter);
}

HALL_TEST(service, H9_a_call_id_with_another_body_or_verb)
{
    struct counter counter;
    struct fetch_reply fetched;
    struct account_reply account;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    const struct key_pair *bank = &world->banks[0].bank_key;
    const struct nonce call_id = world_nonce(world);
    const struct fetch_body body = {.directory_version = 0}, other = {.directory_version = 1};
    const struct span first = seal(&counter, VERB_FETCH, &body, &call_id, WORLD_NOW, bank);
    const struct span retry = seal(&counter, VERB_FETCH, &body, &call_id, WORLD_NOW + 5, bank);
    HALL_STATUS(read(&fetched, &counter, VERB_FETCH, &call_id, handle(&counter, first)), STATUS_OK);
    HALL_STATUS(read(&fetched, &counter, VERB_FETCH, &call_id, handle(&counter, retry)), STATUS_OK);
    cr_assert(fetched.has_directory);
    const struct span changed = seal(&counter, VERB_FETCH, &other, &call_id, WORLD_NOW, bank);
    HALL_STATUS(read(&fetched, &counter, VERB_FETCH, &call_id, handle(&counter, changed)),
                STATUS_CALL_REUSED);
    const struct span verb = seal(&counter, VERB_ACCOUNT, &nothing, &call_id, WORLD_NOW, bank);
    HALL_STATUS(read(&account, &counter, VERB_ACCOUNT, &call_id, handle(&counter, verb)),
                STATUS_CALL_REUSED);
    const struct span by_other =
        seal(&counter, VERB_ACCOUNT, &nothing, &call_id, WORLD_NOW, &world->banks[1].bank_key);
    HALL_STATUS(read(&account, &counter, VERB_ACCOUNT, &call_id, handle(&counter, by_other)),
                STATUS_OK); /* ids are the sender's own */
    close_counter(&counter);
}

HALL_TEST(service, garbage_gets_a_named_status_under_no_id)
{
    struct counter counter;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    const struct nonce call_id = world_nonce(world), nobody = {{0}};
    const struct span good =
        seal(&counter, VERB_ACCOUNT, &nothing, &call_id, WORLD_NOW, &world->banks[0].bank_key);
    struct buffer elsewhere AUTO(buffer_fini) = {0}, other_kind AUTO(buffer_fini) = {0};
    HALL_OK(call_seal(&elsewhere, "dcep-other", VERB_ACCOUNT, &nothing, &call_id, WORLD_NOW,
                      &world->banks[0].bank_key, &world->arena));
    HALL_OK(wire_wrap(&other_kind, WORLD_NETWORK, KIND_REQUEST,
                      world_bytes(world, &world->directory_cose)));
    const struct {
        struct span bytes;
        enum status status;
    } rows[] = {
        {{NULL, 0}, STATUS_PARSE},
        {span_text("hello"), STATUS_PARSE},
        {span_of(good.data, good.size / 2), STATUS_PARSE},
        {span_of(good.data, good.size - 1), STATUS_PARSE},
        {buffer_span(&elsewhere), STATUS_NETWORK},
        {buffer_span(&other_kind), STATUS_KIND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct account_reply reply;
        const struct id before = hall_snapshot(&counter.cast.hall);
        HALL_STATUS(read(&reply, &counter, VERB_ACCOUNT, &nobody, handle(&counter, rows[i].bytes)),
                    rows[i].status);
        const struct id after = hall_snapshot(&counter.cast.hall);
        cr_assert(id_equal(&before, &after));
    }
    close_counter(&counter);
}

/* A body that is not the verb's. */
HALL_TEST(service, a_body_of_another_verb_is_refused_by_form)
{
    struct counter counter;
    struct settle_reply reply;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    struct buffer wrapped AUTO(buffer_fini) = {0};
    const struct call call = {.call_id = world_nonce(world),
                              .sender_key_id = crypto_key_id(&world->banks[0].bank_key.public_key),
                              .verb = VERB_SETTLE,
                              .body = span_text("\x80"),
                              .made_at = WORLD_NOW};
    const struct cose cose = world_sign(world, KIND_CALL, &call, &world->banks[0].bank_key);
    HALL_OK(wire_wrap(&wrapped, WORLD_NETWORK, KIND_CALL, world_bytes(world, &cose)));
    HALL_STATUS(
        read(&reply, &counter, VERB_SETTLE, &call.call_id, handle(&counter, buffer_span(&wrapped))),
        STATUS_PARSE);
    close_counter(&counter);
}

HALL_TEST(service, H2_an_old_settlement_message_again)
{
    struct counter counter;
    struct world_coin coin;
    struct note to_p;
    struct settle_reply first, again;
    struct world_packet packet = {.directory_version = 1};
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    cast_issue(&coin, &counter.cast, 5000, &counter.cast.a);
    cast_pay(&to_p, &counter.cast, &coin, &counter.cast.p);
    world_packet_add(&packet, &to_p.coin);
    struct blob_item item = {.bytes = world_packet_bytes(world, &packet)};
    const struct settle_body body = {.packets = {&item, 1}};
    const struct nonce call_id = world_nonce(world);
    const struct span request =
        seal(&counter, VERB_SETTLE, &body, &call_id, WORLD_NOW, &world->banks[0].bank_key);
    HALL_STATUS(read(&first, &counter, VERB_SETTLE, &call_id, handle(&counter, request)),
                STATUS_OK);
    const struct id once = hall_snapshot(&counter.cast.hall);
    HALL_STATUS(read(&again, &counter, VERB_SETTLE, &call_id, handle(&counter, request)),
                STATUS_OK);
    const struct id twice = hall_snapshot(&counter.cast.hall);
    cr_assert(id_equal(&once, &twice));
    cr_assert_eq(first.results.items[0].leaves.items[0].leaf.outcome, OUTCOME_SETTLED);
    cr_assert_eq(again.results.items[0].leaves.items[0].leaf.outcome, OUTCOME_SETTLED);
    cr_assert_eq(cast_owned(&counter.cast, &counter.cast.p), 5000);
    HALL_STATUS(call(&again, &counter, VERB_SETTLE, &body), STATUS_OK); /* and as a new call */
    cr_assert_eq(cast_owned(&counter.cast, &counter.cast.p), 5000);
    close_counter(&counter);
}

/* Every verb that a bank may send reaches its desk. */
/* LOG of a key that has paid twice already: its case is proved in the same call. */
HALL_TEST(service, E1_logging_a_key_proves_its_cases)
{
    struct counter counter;
    struct empty_body reply;
    struct world_coin coin;
    struct note notes[2];
    open_counter(&counter, kind);
    struct cast *cast = &counter.cast;
    cast_issue(&coin, cast, 5000, &cast->x);
    for (size_t i = 0; i < 2; i++) {
        cast_pay(&notes[i], cast, &coin, i == 0 ? &cast->p : &cast->q);
        HALL_OUTCOME(cast_settle(cast, &notes[i]), i == 0 ? OUTCOME_SETTLED : OUTCOME_CONFLICT);
    }
    cr_assert_not(hall_case(&cast->hall, 0).has_proof);
    struct logged entry = {.certificate = cast->x.certificate_cose};
    const struct log_body log = {.entries = {&entry, 1}};
    HALL_STATUS(call(&reply, &counter, VERB_LOG, &log), STATUS_OK);
    cast_expect_proof(cast, 0, &cast->x);
    cr_assert(cast_is_revoked(cast, &cast->x));
    close_counter(&counter);
}

HALL_TEST(service, every_verb_of_a_bank_is_answered)
{
    struct counter counter;
    struct world_coin coin;
    struct hall_order exchange, redeem;
    open_counter(&counter, kind);
    struct cast *cast = &counter.cast;
    struct world *world = &cast->hall.world;
    cast_issue(&coin, cast, 5000, &cast->vault_a);
    const struct world_coin *const inputs[] = {&coin};
    const struct output output = cast_output(&cast->vault_a, 5000);
    hall_order_exchange(&exchange, &cast->hall, &output, 1);
    hall_order_fund(&exchange, &cast->hall, inputs, 1);
    const struct order_body exchange_body = {.order = exchange.order, .packet = exchange.packet};
    union {
        struct order_reply order;
        struct owned_reply owned;
        struct tokens_reply tokens;
        struct account_reply account;
        struct fetch_reply fetch;
        struct empty_body none;
    } reply;
    HALL_STATUS(call(&reply, &counter, VERB_EXCHANGE, &exchange_body), STATUS_OK);
    cr_assert_eq(reply.order.tokens.count, 1);
    hall_take(&coin, &cast->hall, &reply.order.tokens.items[0].record, &cast->vault_a);
    hall_order_redeem(&redeem, &cast->hall, WORLD_BANK_A, 5000);
    hall_order_fund(&redeem, &cast->hall, inputs, 1);
    const struct order_body redeem_body = {.order = redeem.order, .packet = redeem.packet};
    const struct ownership ownership = {.key = cast->p.pair.public_key, .made_at = WORLD_NOW};
    const struct owned_body owned = {
        .ownership = world_sign(world, KIND_OWNERSHIP, &ownership, &cast->p.pair)};
    HALL_STATUS(call(&reply, &counter, VERB_OWNED, &owned), STATUS_OK);
    HALL_STATUS(call(&reply, &counter, VERB_REDEEM, &redeem_body), STATUS_OK);
    HALL_STATUS(call(&reply, &counter, VERB_ACCOUNT, &nothing), STATUS_OK);
    cr_assert_eq(amount_fen(reply.account.balance), 900000);
    cr_assert_eq(amount_fen(reply.account.guarantee), 100000);
    struct logged entry = {.certificate = cast->x.certificate_cose};
    const struct log_body log = {.entries = {&entry, 1}};
    HALL_STATUS(call(&reply, &counter, VERB_LOG, &log), STATUS_OK);
    const struct revoke_body revoke = {.key = cast->x.pair.public_key, .reason = 3};
    HALL_STATUS(call(&reply, &counter, VERB_REVOKE, &revoke), STATUS_OK);
    struct output bought = cast_output(&cast->vault_a, 700);
    struct buffer bytes AUTO(buffer_fini) = {0};
    const struct issue issue = {
        .order_id = world_nonce(world), .outputs = {&bought, 1}, .made_at = WORLD_NOW};
    HALL_OK(issue_encode(&bytes, &issue));
    const struct issue_body purchase = {.order = buffer_span(&bytes)};
    HALL_STATUS(call(&reply, &counter, VERB_ISSUE, &purchase), STATUS_PENDING);
    close_counter(&counter);
}

HALL_TEST(service, old_call_ids_are_pruned_and_fresh_ones_kept)
{
    enum { OLD = 5, FRESH = 3 };
    struct counter counter;
    struct account_reply reply;
    open_counter(&counter, kind);
    for (size_t i = 0; i < OLD; i++)
        HALL_STATUS(call(&reply, &counter, VERB_ACCOUNT, &nothing), STATUS_OK);
    counter.service.now = WORLD_NOW + CALL_AGE_MAX_S;
    for (size_t i = 0; i < FRESH; i++) {
        const struct nonce call_id = world_nonce(&counter.cast.hall.world);
        const struct span request =
            seal(&counter, VERB_ACCOUNT, &nothing, &call_id, counter.service.now,
                 &counter.cast.hall.world.banks[1].bank_key);
        HALL_STATUS(read(&reply, &counter, VERB_ACCOUNT, &call_id, handle(&counter, request)),
                    STATUS_OK);
    }
    for (size_t round = 0; round < 10; round++) {
        counter.service.now = WORLD_NOW + CALL_AGE_MAX_S + CALL_AHEAD_MAX_S + 1;
        (void)hall_begin(&counter.cast.hall);
        HALL_OK(service_prune(&counter.service, 2));
        hall_end(&counter.cast.hall);
    }
    cr_assert_eq(hall_count(&counter.cast.hall, &tables_table_call_log), FRESH);
    close_counter(&counter);
}

HALL_TEST(service, a_refusal_repeats_the_id_it_could_read)
{
    struct counter counter;
    struct account_reply reply;
    open_counter(&counter, kind);
    struct world *world = &counter.cast.hall.world;
    const struct nonce call_id = world_nonce(world), nobody = {{0}};
    const struct span request =
        seal(&counter, VERB_ACCOUNT, &nothing, &call_id, WORLD_NOW, &world->banks[0].bank_key);
    struct buffer busy AUTO(buffer_fini) = {0}, blind AUTO(buffer_fini) = {0};
    HALL_OK(service_refuse(&counter.service, &busy, request, STATUS_BUSY, 0));
    HALL_STATUS(read(&reply, &counter, VERB_ACCOUNT, &call_id, buffer_span(&busy)), STATUS_BUSY);
    HALL_OK(service_refuse(&counter.service, &blind, span_text("x"), STATUS_PARSE, 0));
    HALL_STATUS(read(&reply, &counter, VERB_ACCOUNT, &nobody, buffer_span(&blind)), STATUS_PARSE);
    close_counter(&counter);
}
