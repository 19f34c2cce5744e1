/* Packets kept, handed on, booked (contract in relay.h). */
#include "intermediary/relay.h"

#include "intermediary/deposits.h"
#include "intermediary/relay_queue.h"

/* --- places in the tree --- */

static enum err place(struct branch_env *env, struct placed_leaf *const *leaves, size_t count)
{
    void *hashes = NULL, *nodes = NULL, *memory = NULL;
    if (count == 0)
        return ERR_OK;
    TRY(arena_alloc(env->purse.arena, &hashes, count, sizeof(struct id)));
    TRY(arena_alloc(env->purse.arena, &nodes, MERKLE_NODES(count), sizeof(struct id)));
    for (size_t i = 0; i < count; i++)
        TRY(merkle_leaf_hash((struct id *)hashes + i, &leaves[i]->leaf));
    merkle_tree(nodes, hashes, count);
    for (size_t i = 0; i < count; i++) {
        struct id path[PATH_MAX_HASHES];
        const size_t size = merkle_tree_path(path, nodes, count, i);
        TRY(arena_alloc(env->purse.arena, &memory, size + 1, sizeof(struct id_item)));
        leaves[i]->index = i;
        leaves[i]->path = (struct id_item_list){memory, size};
        for (size_t j = 0; j < size; j++)
            leaves[i]->path.items[j].id = path[j];
    }
    return ERR_OK;
}

enum err relay_place(struct branch_env *env, struct settle_reply *reply)
{
    size_t count = 0, filled = 0;
    void *memory = NULL;
    for (size_t i = 0; i < reply->results.count; i++)
        count += reply->results.items[i].leaves.count;
    if (count > LEAVES_MAX)
        return ERR_LIMIT;
    TRY(arena_alloc(env->purse.arena, &memory, count + 1, sizeof(struct placed_leaf *)));
    struct placed_leaf **leaves = memory;
    for (size_t i = 0; i < reply->results.count; i++)
        for (size_t j = 0; j < reply->results.items[i].leaves.count; j++)
            leaves[filled++] = &reply->results.items[i].leaves.items[j];
    return place(env, leaves, count);
}

enum err relay_place_order(struct branch_env *env, struct order_reply *reply)
{
    struct placed_leaf *leaves[PACKET_COINS_MAX];
    for (size_t i = 0; i < reply->inputs.count; i++)
        leaves[i] = &reply->inputs.items[i].placed;
    return place(env, leaves, reply->inputs.count);
}

/* --- one call at a time --- */

struct batch {
    const struct settle_body *body;
    uint64_t customer;
    struct settle_reply *reply;
    enum status *verdicts; /* of each packet: OK, or why it is not kept */
};

static enum err keep_all(struct branch_env *env, enum status *status, void *context)
{
    const struct batch *batch = context;
    struct relay_tally tally = {0};
    *status = STATUS_OK;
    for (size_t i = 0; i < batch->body->packets.count && *status == STATUS_OK; i++) {
        const struct span packet = batch->body->packets.items[i].bytes;
        struct arena arena AUTO(arena_fini) = {0};
        struct packet_view view = {0};
        struct deposits_intake intake = {0};
        uint64_t number = 0;
        TRY(relay_queue_verdict(env, &batch->verdicts[i], &view, packet, &arena));
        if (batch->verdicts[i] != STATUS_OK)
            continue;
        TRY(deposits_take(env, &intake, packet));
        TRY(relay_queue_keep(env, status, &number, &tally, packet, batch->customer));
    }
    return relay_queue_put(env, &tally);
}

enum err relay_keep(struct branch_env *env, enum status *status, struct span packet,
                    uint64_t customer)
{
    struct relay_tally tally = {0};
    uint64_t number = 0;
    TRY(relay_queue_keep(env, status, &number, &tally, packet, customer));
    return relay_queue_put(env, &tally);
}

static enum err learn_all(struct branch_env *env, enum status *status, void *context)
{
    const struct batch *batch = context;
    struct relay_tally tally = {0};
    *status = STATUS_OK;
    for (size_t i = 0; i < batch->body->packets.count; i++) {
        const struct relay_told told = {.packet = batch->body->packets.items[i].bytes,
                                        .result = &batch->reply->results.items[i],
                                        .reply = batch->reply};
        TRY(relay_queue_learn(env, &tally, &told));
    }
    return relay_queue_put(env, &tally);
}

static enum err hand_on(struct branch_env *env, enum status *status, struct batch *batch)
{
    TRY(branch_call(env, status, batch->reply, VERB_SETTLE, batch->body));
    if (*status != STATUS_OK || batch->reply->results.count != batch->body->packets.count) {
        *status = STATUS_PENDING;
        return ERR_OK;
    }
    if (relay_place(env, batch->reply) != ERR_OK) {
        *status = STATUS_PENDING;
        return ERR_OK;
    }
    return branch_run(env, status, learn_all, batch);
}

/* Kept, not answered: each packet says so. */
static enum err say_pending(struct branch_env *env, struct settle_reply *reply, size_t count)
{
    void *memory = NULL;
    TRY(arena_alloc(env->purse.arena, &memory, count + 1, sizeof(struct settle_result)));
    *reply = (struct settle_reply){.results = {memory, count}};
    for (size_t i = 0; i < count; i++)
        reply->results.items[i].status = STATUS_PENDING;
    return ERR_OK;
}

/* The packets that were kept, and the answers to them in the places of all. */
static enum err hand_on_kept(struct branch_env *env, enum status *status, const struct batch *all)
{
    const size_t count = all->body->packets.count;
    struct blob_item kept[SETTLE_PACKETS_MAX];
    struct settle_body body = {.packets = {kept, 0}};
    struct settle_reply reply = {0};
    struct batch batch = {.body = &body, .customer = all->customer, .reply = &reply};
    size_t taken = 0;
    for (size_t i = 0; i < count; i++)
        if (all->verdicts[i] == STATUS_OK)
            kept[body.packets.count++] = all->body->packets.items[i];
    if (body.packets.count > 0)
        TRY(hand_on(env, status, &batch));
    if (*status != STATUS_OK && *status != STATUS_PENDING)
        return ERR_OK;
    if (*status == STATUS_PENDING)
        TRY(say_pending(env, &reply, body.packets.count));
    TRY(say_pending(env, all->reply, count));
    all->reply->has_settled = reply.has_settled;
    all->reply->settled = reply.settled;
    for (size_t i = 0; i < count; i++)
        if (all->verdicts[i] == STATUS_OK)
            all->reply->results.items[i] = reply.results.items[taken++];
        else
            all->reply->results.items[i].status = all->verdicts[i];
    return ERR_OK;
}

enum err relay_settle(struct branch_env *env, enum status *status, struct settle_reply *reply,
                      const struct settle_body *body, uint64_t customer)
{
    enum status verdicts[SETTLE_PACKETS_MAX] = {STATUS_OK};
    struct batch batch = {body, customer, reply, verdicts};
    CHECK(body->packets.count <= SETTLE_PACKETS_MAX);
    if (call_packets_size(body) > RELAY_CALL_SIZE_MAX) {
        *status = STATUS_LIMIT;
        return ERR_OK;
    }
    TRY(branch_run(env, status, keep_all, &batch));
    if (*status != STATUS_OK)
        return ERR_OK;
    return hand_on_kept(env, status, &batch);
}

/* --- the queue goes on --- */

struct stretch {
    struct blob_item packets[SETTLE_PACKETS_MAX];
    size_t count;
};

/* A wallet still waits for it: relay_batch.h has it. */
static bool is_under_way(const struct branch_env *env, const struct relay_packet *packet)
{
    return env->branch->in_flight > 0 && packet->queued_at + RELAY_OWN_S > env->purse.now;
}

static enum err next_stretch(struct branch_env *env, enum status *status, void *context)
{
    struct stretch *stretch = context;
    const struct relay_packet from = {.state = RELAY_WAITING};
    const struct store_query query = {.table = &bank_table_relay_packet,
                                      .index_number = 1,
                                      .prefix_count = 1,
                                      .count_max = SETTLE_PACKETS_MAX};
    struct list rows = {0};
    size_t size = 0;
    *status = STATUS_OK;
    TRY(store_list(env->purse.store, &rows, &query, &from, env->purse.arena));
    const struct relay_packet *packets = rows.items;
    while (
        stretch->count < rows.count && !is_under_way(env, &packets[stretch->count]) &&
        (stretch->count == 0 || size + packets[stretch->count].packet.size <= RELAY_BATCH_SIZE)) {
        size += packets[stretch->count].packet.size;
        stretch->packets[stretch->count].bytes = packets[stretch->count].packet;
        stretch->count++;
    }
    return ERR_OK;
}

enum err relay_work(struct branch_env *env, enum status *status, bool *pending)
{
    for (size_t i = 0; i < RELAY_BATCHES_MAX; i++) {
        struct stretch stretch = {0};
        struct settle_reply reply = {0};
        struct relay_totals before = {0}, after = {0};
        TRY(relay_totals(env, &before));
        TRY(branch_run(env, status, next_stretch, &stretch));
        if (stretch.count == 0)
            return ERR_OK;
        const struct settle_body body = {.packets = {stretch.packets, stretch.count}};
        struct batch batch = {.body = &body, .reply = &reply};
        TRY(hand_on(env, status, &batch));
        TRY(relay_totals(env, &after));
        if (*status != STATUS_OK || after.waiting_count == before.waiting_count) {
            *pending = true; /* no progress: later */
            return ERR_OK;
        }
        if (after.waiting_count == 0)
            return ERR_OK;
    }
    *pending = env->branch->has_more = true;
    return ERR_OK;
}

static enum err total_up(struct branch_env *env, enum status *status, void *context)
{
    struct relay_totals *out = context;
    struct relay_packet oldest = {.state = RELAY_WAITING};
    struct relay_count count = {0};
    bool waits = false;
    *status = STATUS_OK;
    TRY(relay_queue_count(env, &count));
    out->waiting_count = count.waiting;
    out->done_count = count.done;
    TRY(branch_first(env, &waits, &bank_table_relay_packet, 1, 1, &oldest));
    out->oldest_at = waits ? oldest.queued_at : 0;
    return ERR_OK;
}

enum err relay_totals(struct branch_env *env, struct relay_totals *out)
{
    enum status status = STATUS_OK;
    *out = (struct relay_totals){0};
    return branch_run(env, &status, total_up, out);
}

/* --- orders and questions of wallets --- */

enum err relay_exchange(struct branch_env *env, enum status *status, struct order_reply *reply,
                        const struct order_body *body)
{
    TRY(branch_call(env, status, reply, VERB_EXCHANGE, body));
    return *status == STATUS_OK ? relay_place_order(env, reply) : ERR_OK;
}

enum err relay_owned(struct branch_env *env, enum status *status, struct owned_reply *reply,
                     const struct owned_body *body)
{
    return branch_call(env, status, reply, VERB_OWNED, body);
}
