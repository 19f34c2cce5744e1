/* Packets kept, handed on, booked (contract in relay.h). */
#include "intermediary/relay.h"

#include "intermediary/deposits.h"
#include "intermediary/relay_settled.h"

/* --- places in the tree --- */

static enum err place(struct branch_env *env, struct placed_leaf *const *leaves, size_t count)
{
    void *memory = NULL;
    TRY(arena_alloc(env->purse.arena, &memory, count + 1, sizeof(struct id)));
    struct id *hashes = memory;
    for (size_t i = 0; i < count; i++)
        TRY(merkle_leaf_hash(&hashes[i], &leaves[i]->leaf));
    for (size_t i = 0; i < count; i++) {
        struct id path[PATH_MAX_HASHES];
        const size_t size = merkle_path(path, hashes, count, i);
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

/* --- the queue --- */

struct batch {
    const struct settle_body *body;
    uint64_t customer;
    struct settle_reply *reply;
};

static enum err get_count(struct branch_env *env, struct relay_count *out)
{
    bool found = false;
    *out = (struct relay_count){.id = BANK_NUMBER_ONE};
    return branch_find(env, &found, &bank_table_relay_count, out);
}

static enum err find_packet(struct branch_env *env, bool *found, struct relay_packet *out,
                            struct span packet)
{
    *out = (struct relay_packet){.packet_hash = crypto_hash(&packet, 1)};
    return branch_first(env, found, &bank_table_relay_packet, 0, 1, out);
}

enum err relay_keep(struct branch_env *env, struct span packet, uint64_t customer)
{
    struct relay_packet row = {0};
    struct relay_count count = {0};
    bool found = false;
    TRY(find_packet(env, &found, &row, packet));
    if (found)
        return ERR_OK;
    TRY(branch_next_number(env, &row.number));
    row.customer = customer;
    row.packet = packet;
    row.state = RELAY_WAITING;
    row.status = STATUS_PENDING;
    row.queued_at = env->purse.now;
    TRY(get_count(env, &count));
    count.waiting++;
    TRY(store_put(env->purse.store, &bank_table_relay_count, &count));
    return store_insert(env->purse.store, &bank_table_relay_packet, &row);
}

static enum err keep_all(struct branch_env *env, enum status *status, void *context)
{
    const struct batch *batch = context;
    struct relay_count count = {0};
    TRY(get_count(env, &count));
    *status = count.waiting >= RELAY_QUEUE_MAX ? STATUS_BUSY : STATUS_OK;
    for (size_t i = 0; i < batch->body->packets.count && *status == STATUS_OK; i++) {
        const struct span packet = batch->body->packets.items[i].bytes;
        struct deposits_intake intake = {0};
        TRY(deposits_take(env, &intake, packet));
        TRY(relay_keep(env, packet, batch->customer));
    }
    return ERR_OK;
}

/* The bytes have served; the row stays, so that the same packet is told from a new one. */
static enum err close_packet(struct branch_env *env, struct span packet, uint64_t status)
{
    struct relay_packet row = {0};
    struct relay_count count = {0};
    struct purse_inbox inbox = {.packet_hash = crypto_hash(&packet, 1)};
    bool found = false;
    TRY(find_packet(env, &found, &row, packet));
    if (found && row.state == RELAY_WAITING) {
        TRY(get_count(env, &count));
        count.waiting--;
        count.done++;
        TRY(store_put(env->purse.store, &bank_table_relay_count, &count));
        row.state = RELAY_DONE;
        row.status = status;
        row.packet = span_of("", 0);
        row.done_at = env->purse.now;
        TRY(store_update(env->purse.store, &bank_table_relay_packet, &row));
    }
    TRY(branch_find(env, &found, &purse_table_purse_inbox, &inbox));
    return found ? store_delete(env->purse.store, &purse_table_purse_inbox, &inbox) : ERR_OK;
}

static bool is_answer(uint64_t status)
{
    return status != STATUS_PENDING && status != STATUS_BUSY && status != STATUS_UNREACHABLE &&
           status != STATUS_FAILED;
}

/* A word that does not prove itself is no word: the packet waits on. */
static enum err learn_packet(struct branch_env *env, struct span packet,
                             const struct settle_result *result, const struct settle_reply *reply)
{
    struct purse_news news = {0};
    enum status learned = STATUS_OK;
    if (!is_answer(result->status) || (result->leaves.count > 0 && !reply->has_settled))
        return ERR_OK;
    if (result->status == STATUS_OK && deposits_may_pay(env, packet)) {
        TRY(purse_learn(&env->purse, &learned, &news, result, &reply->settled));
        if (learned != STATUS_OK)
            return ERR_OK;
    }
    if (result->status == STATUS_OK)
        TRY(relay_settled(env, packet, result));
    return close_packet(env, packet, result->status);
}

static enum err learn_all(struct branch_env *env, enum status *status, void *context)
{
    const struct batch *batch = context;
    *status = STATUS_OK;
    for (size_t i = 0; i < batch->body->packets.count; i++)
        TRY(learn_packet(env, batch->body->packets.items[i].bytes, &batch->reply->results.items[i],
                         batch->reply));
    return ERR_OK;
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

static size_t packets_size(const struct settle_body *body)
{
    size_t size = 0;
    for (size_t i = 0; i < body->packets.count; i++)
        size += body->packets.items[i].bytes.size;
    return size;
}

enum err relay_settle(struct branch_env *env, enum status *status, struct settle_reply *reply,
                      const struct settle_body *body, uint64_t customer)
{
    struct batch batch = {body, customer, reply};
    if (packets_size(body) > RELAY_CALL_SIZE_MAX) {
        *status = STATUS_LIMIT;
        return ERR_OK;
    }
    TRY(branch_run(env, status, keep_all, &batch));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(hand_on(env, status, &batch));
    return *status == STATUS_PENDING ? say_pending(env, reply, body->packets.count) : ERR_OK;
}

/* --- the queue goes on --- */

struct stretch {
    struct blob_item packets[SETTLE_PACKETS_MAX];
    size_t count;
};

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
        stretch->count < rows.count &&
        (stretch->count == 0 || size + packets[stretch->count].packet.size <= RELAY_BATCH_SIZE)) {
        size += packets[stretch->count].packet.size;
        stretch->packets[stretch->count].bytes = packets[stretch->count].packet;
        stretch->count++;
    }
    return ERR_OK;
}

enum err relay_work(struct branch_env *env, enum status *status, bool *pending)
{
    for (;;) {
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
    }
}

static enum err total_up(struct branch_env *env, enum status *status, void *context)
{
    struct relay_totals *out = context;
    struct relay_packet oldest = {.state = RELAY_WAITING};
    struct relay_count count = {0};
    bool waits = false;
    *status = STATUS_OK;
    TRY(get_count(env, &count));
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
