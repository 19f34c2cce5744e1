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
    enum status *verdicts; /* of each packet: OK, or why it is not kept */
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

/* One more that waits, if there is room for it: in the house, and of this customer. */
static enum err count_more(struct branch_env *env, enum status *status, uint64_t customer)
{
    struct relay_customer of_customer = {.customer = customer};
    struct relay_count count = {0};
    bool found = false;
    TRY(get_count(env, &count));
    TRY(branch_find(env, &found, &bank_table_relay_customer, &of_customer));
    *status = count.waiting >= RELAY_QUEUE_MAX || of_customer.waiting >= RELAY_CUSTOMER_MAX
                  ? STATUS_BUSY
                  : STATUS_OK;
    if (*status != STATUS_OK)
        return ERR_OK;
    count.waiting++;
    of_customer.waiting++;
    TRY(store_put(env->purse.store, &bank_table_relay_count, &count));
    return store_put(env->purse.store, &bank_table_relay_customer, &of_customer);
}

static enum err count_less(struct branch_env *env, uint64_t customer)
{
    struct relay_customer of_customer = {.customer = customer};
    struct relay_count count = {0};
    bool found = false;
    TRY(get_count(env, &count));
    count.waiting--;
    count.done++;
    TRY(store_put(env->purse.store, &bank_table_relay_count, &count));
    TRY(branch_find(env, &found, &bank_table_relay_customer, &of_customer));
    CHECK(found && of_customer.waiting > 0);
    of_customer.waiting--;
    return store_put(env->purse.store, &bank_table_relay_customer, &of_customer);
}

enum err relay_keep(struct branch_env *env, enum status *status, struct span packet,
                    uint64_t customer)
{
    struct relay_packet row = {0};
    bool found = false;
    *status = STATUS_OK;
    TRY(find_packet(env, &found, &row, packet));
    if (!found)
        TRY(count_more(env, status, customer));
    if (found || *status != STATUS_OK)
        return ERR_OK;
    TRY(branch_next_number(env, &row.number));
    row.customer = customer;
    row.packet = packet;
    row.state = RELAY_WAITING;
    row.status = STATUS_PENDING;
    row.queued_at = env->purse.now;
    return store_insert(env->purse.store, &bank_table_relay_packet, &row);
}

/* As the register would, but for its rows: whether a line starts at a coin that it knows, under
 * which issuing key, can only be asked there. Who certified the signers it does not ask either. */
static enum err verdict_of(struct branch_env *env, enum status *verdict, struct span packet)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct packet_options options = {.role = PACKET_FOR_REGISTER};
    struct packet_view view = {0};
    TRY(packet_verify(&view, verdict, packet, env->purse.trust, &options, &arena));
    if (*verdict == STATUS_CHAIN || *verdict == STATUS_ISSUER)
        *verdict = STATUS_OK;
    return ERR_OK;
}

static enum err keep_all(struct branch_env *env, enum status *status, void *context)
{
    const struct batch *batch = context;
    *status = STATUS_OK;
    for (size_t i = 0; i < batch->body->packets.count && *status == STATUS_OK; i++) {
        const struct span packet = batch->body->packets.items[i].bytes;
        struct deposits_intake intake = {0};
        TRY(verdict_of(env, &batch->verdicts[i], packet));
        if (batch->verdicts[i] != STATUS_OK)
            continue;
        TRY(deposits_take(env, &intake, packet));
        TRY(relay_keep(env, status, packet, batch->customer));
    }
    return ERR_OK;
}

/* The bytes have served; the row stays, so that the same packet is told from a new one. */
static enum err close_packet(struct branch_env *env, struct span packet, uint64_t status)
{
    struct relay_packet row = {0};
    struct purse_inbox inbox = {.packet_hash = crypto_hash(&packet, 1)};
    bool found = false;
    TRY(find_packet(env, &found, &row, packet));
    if (found && row.state == RELAY_WAITING) {
        TRY(count_less(env, row.customer));
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
    enum status verdicts[SETTLE_PACKETS_MAX] = {STATUS_OK};
    struct batch batch = {body, customer, reply, verdicts};
    CHECK(body->packets.count <= SETTLE_PACKETS_MAX);
    if (packets_size(body) > RELAY_CALL_SIZE_MAX) {
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
