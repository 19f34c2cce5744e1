/* The one verifier: its steps in their order, and what is asked of a verified packet (contract in
 * packet.h).
 *
 * 1. The order of the steps is the order of status.h; each is done for the whole packet before the
 * next begins.
 * 2. A packet that is refused leaves an empty view: nobody reads half of one.
 *
 * Never asks who is asking beyond the role: wallet, bank and register run these very steps. */
#include "common/money/packet.h"

#include "common/money/packet_check.h"

#include <string.h>

enum {
    PAYEE = 1 << PACKET_FOR_PAYEE,
    REGISTER = 1 << PACKET_FOR_REGISTER,
    RELAY = 1 << PACKET_FOR_RELAY,
    UNSIGNED = 1 << PACKET_UNSIGNED,
    LOOK = PAYEE | REGISTER | RELAY | UNSIGNED
};

static const struct step {
    enum err (*run)(enum status *status, struct packet_check *check);
    unsigned roles;
} steps[] = {
    {packet_read, LOOK},
    {packet_link, LOOK},
    {packet_check_issuer, LOOK},
    {packet_check_twice, LOOK},
    {packet_check_chain, LOOK},
    {packet_check_sum, LOOK},
    {packet_check_points, PAYEE | REGISTER | UNSIGNED},
    {packet_check_register, LOOK},
    {packet_check_certificates, PAYEE | UNSIGNED},
    {packet_check_signatures, PAYEE | REGISTER},
};

/* The first ones need no rows: packet_prepare. */
enum { PREPARING_STEPS = 2, STEP_COUNT = sizeof steps / sizeof steps[0] };

struct packet_prepared {
    struct packet_view view;
    struct packet_check check;
    struct packet_options options;
    enum status status;
};

static enum err run_steps(enum status *status, struct packet_check *check, size_t from, size_t end)
{
    for (size_t i = from; i < end && *status == STATUS_OK; i++)
        if ((steps[i].roles >> check->options->role & 1) != 0)
            TRY(steps[i].run(status, check));
    return ERR_OK;
}

static enum err prepare(struct packet_prepared **out, struct span bytes, const struct trust *trust,
                        const struct packet_options *options, struct arena *arena)
{
    void *memory = NULL;
    TRY(arena_alloc(arena, &memory, 1, sizeof(struct packet_prepared)));
    struct packet_prepared *prepared = memory;
    prepared->options = *options;
    prepared->check = (struct packet_check){.view = &prepared->view,
                                            .trust = trust,
                                            .options = &prepared->options,
                                            .arena = arena,
                                            .bytes = bytes};
    prepared->status = STATUS_OK;
    *out = prepared;
    return run_steps(&prepared->status, &prepared->check, 0, PREPARING_STEPS);
}

enum err packet_prepare(struct packet_prepared **out, struct span bytes, const struct trust *trust,
                        enum packet_role role, struct arena *arena)
{
    const struct packet_options options = {.role = role};
    return prepare(out, bytes, trust, &options, arena);
}

enum err packet_prove(struct packet_prepared *const *packets, size_t count,
                      const struct packet_proven *proven, struct arena *arena)
{
    void *memory = NULL;
    size_t check_count = 0;
    TRY(arena_alloc(arena, &memory, count, sizeof(struct packet_check *)));
    struct packet_check **checks = memory;
    for (size_t i = 0; i < count; i++)
        if (packets[i]->status == STATUS_OK)
            checks[check_count++] = &packets[i]->check;
    return packet_prove_payments(checks, check_count, proven, arena);
}

void packet_tell(struct packet_prepared *prepared, struct span commitments)
{
    const struct packet_view *view = &prepared->view;
    if (prepared->status != STATUS_OK || commitments.size != view->payment_count * COMMITMENT_SIZE)
        return;
    for (size_t i = 0; i < view->payment_count; i++)
        memcpy(view->payments[i].commitment.bytes, commitments.data + i * COMMITMENT_SIZE,
               COMMITMENT_SIZE);
}

bool packet_was_misled(const struct packet_prepared *prepared)
{
    return prepared->check.is_misled;
}

static enum err write_commitments(struct span *out, const struct packet_prepared *prepared,
                                  struct arena *arena)
{
    const struct packet_view *view = &prepared->view;
    void *bytes = NULL;
    bool is_any = false;
    *out = (struct span){NULL, 0};
    if (prepared->status != STATUS_OK)
        return ERR_OK;
    TRY(arena_alloc(arena, &bytes, view->payment_count, COMMITMENT_SIZE));
    for (size_t i = 0; i < view->payment_count; i++) {
        const struct commitment *met = &view->payments[i].commitment;
        memcpy((uint8_t *)bytes + i * COMMITMENT_SIZE, met->bytes, COMMITMENT_SIZE);
        is_any = is_any || commitment_is_known(met);
    }
    if (is_any)
        *out = span_of(bytes, view->payment_count * COMMITMENT_SIZE);
    return ERR_OK;
}

enum err packet_meet(struct span *out, const struct span *packets, size_t count,
                     const struct trust *trust, struct arena *arena)
{
    struct arena scratch AUTO(arena_fini) = {0};
    void *memory = NULL;
    TRY(arena_alloc(&scratch, &memory, count, sizeof(struct packet_prepared *)));
    struct packet_prepared **prepared = memory;
    for (size_t i = 0; i < count; i++)
        TRY(packet_prepare(&prepared[i], packets[i], trust, PACKET_FOR_REGISTER, &scratch));
    TRY(packet_prove(prepared, count, NULL, &scratch));
    for (size_t i = 0; i < count; i++)
        TRY(write_commitments(&out[i], prepared[i], arena));
    return ERR_OK;
}

enum err packet_judge(struct packet_view *out, enum status *status,
                      struct packet_prepared *prepared, const struct trust *trust,
                      const struct packet_known *known, struct arena *arena)
{
    prepared->check.trust = trust;
    prepared->check.arena = arena;
    prepared->options.known = *known;
    memset(out, 0, sizeof *out);
    *status = prepared->status;
    TRY(run_steps(status, &prepared->check, PREPARING_STEPS, STEP_COUNT));
    if (*status == STATUS_OK)
        *out = prepared->view;
    return ERR_OK;
}

const struct packet_view *packet_named(const struct packet_prepared *prepared)
{
    return &prepared->view;
}

enum err packet_verify(struct packet_view *out, enum status *status, struct span bytes,
                       const struct trust *trust, const struct packet_options *options,
                       struct arena *arena)
{
    struct packet_prepared *prepared = NULL;
    memset(out, 0, sizeof *out);
    TRY(prepare(&prepared, bytes, trust, options, arena));
    return packet_judge(out, status, prepared, trust, &options->known, arena);
}

size_t packet_line(const struct packet_view *view, size_t leaf, size_t path[PACKET_PAYMENTS_MAX])
{
    CHECK(leaf < view->payment_count);
    size_t count = 0;
    for (int i = (int)leaf; i != PACKET_NONE; i = view->payments[i].parent)
        path[count++] = (size_t)i;
    for (size_t i = 0; i < count / 2; i++) {
        size_t later = path[i];
        path[i] = path[count - 1 - i];
        path[count - 1 - i] = later;
    }
    return count;
}

uint64_t packet_output_hops(const struct packet_payment *payment, size_t index)
{
    CHECK(index < payment->payment.outputs.count);
    bool is_own = key_equal(&payment->payment.outputs.items[index].key, &payment->owner_key);
    return payment->hops + (is_own ? 0 : 1);
}

enum err packet_sum(struct amount *out, const struct packet_view *view,
                    const struct public_key *key)
{
    struct amount sum = amount_zero();
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct output_list *outputs = &view->payments[view->leaves[i]].payment.outputs;
        for (size_t j = 0; j < outputs->count; j++)
            if (key_equal(&outputs->items[j].key, key))
                TRY(amount_add(&sum, sum, outputs->items[j].amount));
    }
    *out = sum;
    return ERR_OK;
}

static bool is_among(const struct id *id, const struct id *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (id_equal(id, &ids[i]))
            return true;
    return false;
}

/* No coin is in a packet twice, so its leaves differ: as many, and each among them, is the same
 * set. */
bool packet_is_same(const struct packet_view *view, const struct id *payment_ids, size_t count)
{
    if (count == 0 || view->leaf_count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_among(&view->payments[view->leaves[i]].id, payment_ids, count))
            return false;
    return true;
}
