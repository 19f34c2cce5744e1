/* Many wallets' settlements in common calls (contract in relay_batch.h). */
#include "intermediary/relay_batch.h"

#include "intermediary/deposits.h"
#include "intermediary/relay_queue.h"

static uint64_t customer_of(const struct relay_visit *visit)
{
    return visit->caller.wallet.customer;
}

/* --- what a visit concerns --- */

static void mark(struct relay_visit *visit, uint64_t serial)
{
    visit->marks[visit->mark_count++] = (uint16_t)(serial % RELAY_SERIALS);
}

/* Where the verdict was left to the register there is no view: the payments say it themselves. */
static enum err mark_unseen(struct relay_visit *visit, struct span bytes)
{
    struct packet packet = {0};
    TRY(packet_decode(&packet, bytes, &visit->arena));
    for (size_t i = 0; i < packet.payments.count; i++) {
        struct payment payment = {0};
        TRY(payment_decode(&payment, packet.payments.items[i].record.payload, &visit->arena));
        mark(visit, payment.serial);
    }
    return ERR_OK;
}

static enum err mark_all(struct relay_visit *visit)
{
    void *memory = NULL;
    TRY(arena_alloc(&visit->arena, &memory, visit->kept_count * PACKET_PAYMENTS_MAX + 1,
                    sizeof *visit->marks));
    visit->marks = memory;
    for (size_t i = 0; i < visit->body.packets.count; i++) {
        const struct relay_item *item = &visit->items[i];
        if (item->verdict != STATUS_OK)
            continue;
        if (item->view.payment_count == 0)
            TRY(mark_unseen(visit, visit->body.packets.items[i].bytes));
        for (size_t j = 0; j < item->view.payment_count; j++)
            mark(visit, item->view.payments[j].payment.serial);
    }
    return ERR_OK;
}

static bool is_marked(const uint16_t *marks, const struct relay_visit *visit)
{
    for (size_t i = 0; i < visit->mark_count; i++)
        if (marks[visit->marks[i]] > 0)
            return true;
    return false;
}

static void add_marks(uint16_t *marks, const struct relay_visit *visit)
{
    for (size_t i = 0; i < visit->mark_count; i++)
        if (marks[visit->marks[i]] < UINT16_MAX)
            marks[visit->marks[i]]++;
}

static void remove_marks(uint16_t *marks, const struct relay_visit *visit)
{
    for (size_t i = 0; i < visit->mark_count; i++)
        if (marks[visit->marks[i]] > 0)
            marks[visit->marks[i]]--;
}

/* --- taking in --- */

static enum err make_places(struct relay_visit *visit)
{
    const size_t count = visit->body.packets.count;
    void *items = NULL, *results = NULL;
    TRY(arena_alloc(&visit->arena, &items, count, sizeof *visit->items));
    TRY(arena_alloc(&visit->arena, &results, count, sizeof(struct settle_result)));
    visit->items = items;
    visit->reply = (struct settle_reply){.results = {results, count}};
    return ERR_OK;
}

/* Of a packet that was read: what cannot be its commitments goes no further. */
static struct span commitments_of(const struct relay_visit *visit, size_t index)
{
    const struct settle_body *body = &visit->body;
    const size_t size = visit->items[index].view.payment_count * COMMITMENT_SIZE;
    if (body->commitments.count != body->packets.count ||
        body->commitments.items[index].bytes.size != size)
        return (struct span){NULL, 0};
    return body->commitments.items[index].bytes;
}

static enum err judge(struct branch_env *env, struct relay_visit *visit)
{
    TRY(make_places(visit));
    for (size_t i = 0; i < visit->body.packets.count; i++) {
        const struct span packet = visit->body.packets.items[i].bytes;
        struct relay_item *item = &visit->items[i];
        TRY(relay_queue_look(env, &item->verdict, &item->view, packet, customer_of(visit),
                             &visit->arena));
        visit->reply.results.items[i].status =
            item->verdict == STATUS_OK ? STATUS_PENDING : item->verdict;
        if (item->verdict != STATUS_OK)
            continue;
        item->commitments = commitments_of(visit, i);
        visit->kept_count++;
        visit->kept_size += packet.size + item->commitments.size;
    }
    return ERR_OK;
}

static enum err keep(struct branch_env *env, struct relay_tally *tally, struct relay_visit *visit)
{
    for (size_t i = 0; i < visit->body.packets.count; i++) {
        const struct span packet = visit->body.packets.items[i].bytes;
        struct deposits_intake intake = {0};
        enum status kept = STATUS_OK;
        if (visit->items[i].verdict != STATUS_OK)
            continue;
        TRY(deposits_take(env, &intake, packet));
        TRY(relay_queue_keep(env, &kept, &visit->items[i].number, tally, packet,
                             customer_of(visit)));
        CHECK(kept == STATUS_OK); /* there was room for all */
    }
    return mark_all(visit);
}

static enum err take_admitted(struct branch_env *env, struct relay_tally *tally,
                              struct relay_visit *visit)
{
    visit->place = RELAY_ANSWERED;
    visit->status = STATUS_LIMIT;
    if (call_packets_size(&visit->body) > RELAY_CALL_SIZE_MAX)
        return ERR_OK;
    TRY(judge(env, visit));
    TRY(relay_queue_room(env, &visit->status, tally, customer_of(visit), visit->kept_count));
    if (visit->status != STATUS_OK || visit->kept_count == 0)
        return ERR_OK;
    visit->place = RELAY_HELD;
    visit->status = STATUS_PENDING;
    return keep(env, tally, visit);
}

/* Who sent it, as it says. */
static enum err meet(struct branch *branch, struct relay_visit *visit)
{
    struct branch_env env;
    if (call_read(&visit->frame, branch->network, visit->request, &visit->arena) != STATUS_OK)
        return ERR_OK;
    branch_env_open(&env, branch, &visit->arena);
    return branch_meet_settle(&env, &visit->caller, &visit->frame);
}

/* All of them together: one by one, a quarter of a verification is for what they can share. */
static enum err prove(struct branch *branch, struct relay_visit *const *visits, size_t count,
                      struct arena *arena)
{
    void *frames = NULL, *keys = NULL;
    TRY(arena_alloc(arena, &frames, count + 1, sizeof(struct call_frame *)));
    TRY(arena_alloc(arena, &keys, count + 1, sizeof(const struct public_key *)));
    struct call_frame **const asked = frames;
    const struct public_key **const of = keys;
    for (size_t i = 0; i < count; i++) {
        asked[i] = &visits[i]->frame;
        of[i] = visits[i]->caller.is_known ? &visits[i]->caller.wallet.key : NULL;
    }
    return call_prove_many(asked, of, count, branch->network, arena);
}

static enum err take_one(struct branch *branch, struct relay_tally *tally,
                         struct relay_visit *visit)
{
    struct branch_env env;
    bool admitted = false;
    if (!visit->frame.is_proved)
        return ERR_OK;
    branch_env_open(&env, branch, &visit->arena);
    TRY(branch_admit_settle(&env, &admitted, &visit->body, &visit->caller, &visit->frame));
    return admitted ? take_admitted(&env, tally, visit) : ERR_OK;
}

static enum err take_all(struct branch *branch, struct relay_visit *const *visits, size_t count)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    struct relay_tally tally = {0};
    branch_env_open(&env, branch, &arena);
    TRY(store_begin(branch->store, STORE_WRITE));
    for (size_t i = 0; i < count; i++)
        TRY(meet(branch, visits[i]));
    TRY(prove(branch, visits, count, &arena));
    for (size_t i = 0; i < count; i++)
        TRY(take_one(branch, &tally, visits[i]));
    TRY(relay_queue_put(&env, &tally));
    return store_commit(branch->store);
}

static void stand_in_line(struct relay_line *line, struct relay_visit *visit)
{
    visit->next = NULL;
    if (line->first == NULL)
        line->first = visit;
    else
        line->last->next = visit;
    line->last = visit;
    line->packet_count += visit->kept_count;
}

enum err relay_take(struct branch *branch, struct relay_line *line,
                    struct relay_visit *const *visits, size_t count)
{
    const enum err error = take_all(branch, visits, count);
    if (error != ERR_OK)
        store_rollback(branch->store);
    for (size_t i = 0; i < count; i++)
        if (error != ERR_OK)
            visits[i]->place = RELAY_ELSEWHERE;
        else if (visits[i]->place == RELAY_HELD)
            stand_in_line(line, visits[i]);
    return error;
}

/* --- common calls --- */

static bool has_room(const struct relay_call *call, const struct relay_visit *visit)
{
    return call->packet_count == 0 ||
           (call->packet_count + visit->kept_count <= SETTLE_PACKETS_MAX &&
            call->size + visit->kept_size <= RELAY_BATCH_SIZE);
}

/* From the front of the line; who must wait for another keeps those waiting who concern the same.
 * */
static void gather(struct relay_call *call, struct relay_line *line)
{
    uint16_t blocked[RELAY_SERIALS] = {0};
    struct relay_visit *visit = line->first, **end = &call->visits;
    struct relay_line stay = {0};
    bool is_full = false;
    for (struct relay_visit *next = NULL; visit != NULL; visit = next) {
        next = visit->next;
        is_full = is_full || !has_room(call, visit);
        if (is_full || is_marked(line->marks, visit) || is_marked(blocked, visit)) {
            add_marks(blocked, visit);
            stand_in_line(&stay, visit);
            continue;
        }
        call->packet_count += visit->kept_count;
        call->size += visit->kept_size;
        visit->next = NULL;
        *end = visit;
        end = &visit->next;
    }
    line->first = stay.first;
    line->last = stay.last;
    line->packet_count = stay.packet_count;
}

/* Its packets, and what is said of their signatures, if anything is. */
static void fill(struct settle_body *body, const struct relay_call *call)
{
    size_t said = 0;
    for (const struct relay_visit *visit = call->visits; visit != NULL; visit = visit->next)
        for (size_t i = 0; i < visit->body.packets.count; i++) {
            const struct relay_item *item = &visit->items[i];
            if (item->verdict != STATUS_OK)
                continue;
            body->commitments.items[body->packets.count].bytes = item->commitments;
            body->packets.items[body->packets.count++] = visit->body.packets.items[i];
            said += item->commitments.size;
        }
    body->commitments.count = said > 0 ? body->packets.count : 0;
}

static enum err seal(struct branch *branch, struct relay_call *call)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct blob_item packets[SETTLE_PACKETS_MAX];
    struct commitments_item commitments[SETTLE_PACKETS_MAX];
    struct settle_body body = {.packets = {packets, 0}, .commitments = {commitments, 0}};
    fill(&body, call);
    CHECK(body.packets.count == call->packet_count);
    branch->random(branch->random_context, call->id.bytes, sizeof call->id.bytes);
    return call_seal(&call->request, branch->network, VERB_SETTLE, &body, &call->id, branch->now,
                     &branch->bank_key, &arena);
}

enum err relay_next(struct branch *branch, bool *found, struct relay_call *out,
                    struct relay_line *line)
{
    *out = (struct relay_call){0};
    gather(out, line);
    *found = out->visits != NULL;
    if (!*found)
        return ERR_OK;
    for (const struct relay_visit *visit = out->visits; visit != NULL; visit = visit->next)
        add_marks(line->marks, visit);
    branch->in_flight++;
    out->error = seal(branch, out);
    return ERR_OK;
}

/* --- what was answered --- */

static enum err learn_visit(struct branch_env *env, struct relay_tally *tally, size_t *at,
                            const struct relay_visit *visit, const struct settle_reply *reply)
{
    for (size_t i = 0; i < visit->body.packets.count; i++) {
        const struct relay_item *item = &visit->items[i];
        if (item->verdict != STATUS_OK)
            continue;
        const struct relay_told told = {.packet = visit->body.packets.items[i].bytes,
                                        .view = item->view.payment_count > 0 ? &item->view : NULL,
                                        .number = item->number,
                                        .customer = customer_of(visit),
                                        .result = &reply->results.items[(*at)++],
                                        .reply = reply};
        TRY(relay_queue_learn(env, tally, &told));
    }
    return ERR_OK;
}

static enum err learn_all(struct branch_env *env, const struct relay_call *call,
                          const struct settle_reply *reply)
{
    struct relay_tally tally = {0};
    size_t at = 0;
    TRY(store_begin(env->purse.store, STORE_WRITE));
    for (const struct relay_visit *visit = call->visits; visit != NULL; visit = visit->next)
        TRY(learn_visit(env, &tally, &at, visit, reply));
    TRY(relay_queue_put(env, &tally));
    return store_commit(env->purse.store);
}

static void tell_visits(const struct relay_call *call, const struct settle_reply *reply)
{
    size_t at = 0;
    for (struct relay_visit *visit = call->visits; visit != NULL; visit = visit->next) {
        visit->status = STATUS_OK;
        visit->reply.has_settled = reply->has_settled;
        visit->reply.settled = reply->settled;
        for (size_t i = 0; i < visit->body.packets.count; i++)
            if (visit->items[i].verdict == STATUS_OK)
                visit->reply.results.items[i] = reply->results.items[at++];
    }
}

/* *answered: with a result for each packet, each in its place in the tree. */
static enum err read_answer(struct branch_env *env, bool *answered, struct settle_reply *reply,
                            const struct relay_call *call)
{
    enum status status = STATUS_UNREACHABLE;
    enum err error = call->error;
    if (error == ERR_OK)
        error = call_read_reply(&status, reply, VERB_SETTLE, &call->id, buffer_span(&call->answer),
                                env->purse.arena);
    TRY(branch_heard(env->branch, &status, error));
    *answered = status == STATUS_OK && reply->results.count == call->packet_count &&
                relay_place(env, reply) == ERR_OK;
    return ERR_OK;
}

enum err relay_learn(struct branch *branch, struct relay_line *line, struct relay_call *call)
{
    struct branch_env env;
    struct settle_reply reply = {0};
    bool answered = false;
    branch_env_open(&env, branch, &call->arena);
    for (const struct relay_visit *visit = call->visits; visit != NULL; visit = visit->next)
        remove_marks(line->marks, visit);
    CHECK(branch->in_flight > 0);
    branch->in_flight--;
    TRY(read_answer(&env, &answered, &reply, call));
    if (!answered)
        return ERR_OK;
    const enum err error = learn_all(&env, call, &reply);
    if (error == ERR_OK)
        tell_visits(call, &reply);
    else
        store_rollback(branch->store);
    return error;
}

enum err relay_answer(struct buffer *reply, struct relay_visit *visit)
{
    const bool full = branch_is_done(visit->status);
    return call_seal_reply(reply, &visit->frame.call.call_id, visit->status,
                           full ? visit->frame.verb->reply : NULL, full ? &visit->reply : NULL,
                           &visit->arena);
}

void relay_visit_fini(struct relay_visit *visit)
{
    arena_fini(&visit->arena);
}

void relay_call_fini(struct relay_call *call)
{
    buffer_fini(&call->request);
    buffer_fini(&call->answer);
    arena_fini(&call->arena);
}
