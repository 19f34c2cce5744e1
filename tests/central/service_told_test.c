/* What a bank says of signatures (PROTOCOL 8.3): right or wrong, the answer and the rows are the
 * same; who said what is not so is told apart. */
#include "central/service.h"
#include "tests/central/cast.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PACKETS = 5 };
enum manner { SILENT, RIGHT, WRONG, TOO_FEW, UNHEEDED };

struct memory {
    bool heeds;
    size_t asked, misled, size;
    uint64_t bank_id;
};

static bool has(void *context, const struct id *payment_id, const struct signature *signature)
{
    (void)context;
    (void)payment_id;
    (void)signature;
    return false;
}

static void keep(void *context, const struct id *payment_id, const struct signature *signature)
{
    (void)context;
    (void)payment_id;
    (void)signature;
}

static bool heeds(void *context, uint64_t bank_id, size_t size)
{
    struct memory *memory = context;
    memory->asked++;
    memory->bank_id = bank_id;
    memory->size = size;
    return memory->heeds;
}

static void misled(void *context, uint64_t bank_id, size_t size)
{
    struct memory *memory = context;
    memory->misled++;
    cr_expect_eq(bank_id, memory->bank_id);
    cr_expect_eq(size, memory->size);
}

struct told {
    struct cast cast;
    struct service service;
    struct memory memory;
    struct blob_item packets[PACKETS];
    struct commitments_item commitments[PACKETS];
    uint8_t wrong[COMMITMENT_SIZE];
};

static void open_told(struct told *told, enum hall_store kind)
{
    *told = (struct told){.memory = {.heeds = true}};
    cast_open(&told->cast, kind);
    struct world *world = &told->cast.hall.world;
    told->service = (struct service){.network = WORLD_NETWORK,
                                     .root_key = world->root.public_key,
                                     .issuing_key = world->issuing,
                                     .register_key = world->register_key,
                                     .revocation_key = world->revocation,
                                     .store = told->cast.hall.store,
                                     .now = WORLD_NOW};
    HALL_OK(store_begin(told->cast.hall.store, STORE_WRITE));
    HALL_OK(service_load_trust(&told->service));
    HALL_OK(store_commit(told->cast.hall.store));
    for (size_t i = 0; i < PACKETS; i++) {
        struct world_coin coin;
        struct note to_p;
        struct world_packet packet = {.directory_version = 1};
        cast_issue(&coin, &told->cast, 100, &told->cast.a);
        cast_pay(&to_p, &told->cast, &coin, &told->cast.p);
        world_packet_add(&packet, &to_p.coin);
        told->packets[i].bytes = world_packet_bytes(world, &packet);
        told->commitments[i].bytes = world_met(world, told->packets[i].bytes);
        cr_assert_eq(told->commitments[i].bytes.size, COMMITMENT_SIZE);
    }
}

static struct settle_body body_of(struct told *told, enum manner manner)
{
    struct settle_body body = {.packets = {told->packets, PACKETS},
                               .commitments = {told->commitments, PACKETS}};
    if (manner == SILENT)
        body.commitments.count = 0;
    if (manner == TOO_FEW)
        body.commitments.count = PACKETS - 1;
    if (manner == WRONG || manner == UNHEEDED) {
        memcpy(told->wrong, told->commitments[2].bytes.data, COMMITMENT_SIZE);
        told->wrong[31] ^= 1;
        told->commitments[2].bytes = span_of(told->wrong, COMMITMENT_SIZE);
    }
    told->memory.heeds = manner != UNHEEDED;
    return body;
}

/* As serve_batch.c does it. */
static void settle(struct told *told, const struct settle_body *body)
{
    struct world *world = &told->cast.hall.world;
    struct buffer request AUTO(buffer_fini) = {0};
    struct service_call *call AUTO(service_call_close) = NULL;
    struct settle_reply reply = {0};
    enum status status = STATUS_FAILED;
    const struct service_aids aids = {{NULL, has, keep}, NULL, &told->memory, heeds, misled};
    const struct nonce id = world_nonce(world);
    HALL_OK(call_seal(&request, WORLD_NETWORK, VERB_SETTLE, body, &id, WORLD_NOW,
                      &world->banks[0].bank_key, &world->arena));
    HALL_OK(service_call_open(&call, buffer_span(&request)));
    HALL_OK(service_call_prepare(call, &told->service.trust, &aids));
    (void)hall_begin(&told->cast.hall);
    HALL_OK(service_call_apply(&told->service, call, NULL));
    HALL_OK(service_call_sign(call));
    HALL_OK(service_call_store(&told->service, call));
    hall_end(&told->cast.hall);
    HALL_OK(service_call_seal(call));
    HALL_OK(call_read_reply(&status, &reply, VERB_SETTLE, &id, service_call_reply(call),
                            &world->arena));
    HALL_STATUS(status, STATUS_OK);
    cr_assert_eq(reply.results.count, PACKETS);
    for (size_t i = 0; i < PACKETS; i++)
        HALL_OUTCOME((enum outcome)reply.results.items[i].leaves.items[0].leaf.outcome,
                     OUTCOME_SETTLED);
}

HALL_TEST(service, told_right_or_wrong_settles_the_same)
{
    static const struct {
        enum manner manner;
        size_t asked, misled;
    } rows[] = {
        {SILENT, 0, 0}, {RIGHT, 1, 0}, {WRONG, 1, 1}, {TOO_FEW, 1, 0}, {UNHEEDED, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct told told;
        open_told(&told, kind);
        const struct settle_body body = body_of(&told, rows[i].manner);
        settle(&told, &body);
        cr_expect_eq(told.memory.asked, rows[i].asked, "row %zu", i);
        cr_expect_eq(told.memory.bank_id, rows[i].asked * WORLD_BANK_A);
        cr_expect_eq(told.memory.misled, rows[i].misled, "row %zu", i);
        cr_expect_eq(cast_owned(&told.cast, &told.cast.p), 100 * PACKETS);
        service_fini(&told.service);
        cast_close(&told.cast);
    }
}
