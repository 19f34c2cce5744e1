/* Packets in the queue (contract in relay_queue.h). */
#include "intermediary/relay_queue.h"

#include "intermediary/deposits.h"
#include "intermediary/relay_settled.h"

enum { NUMBERS_AT_ONCE = 64 };

/* --- counters --- */

enum err relay_queue_count(struct branch_env *env, struct relay_count *out)
{
    bool found = false;
    *out = (struct relay_count){.id = BANK_NUMBER_ONE};
    return branch_find(env, &found, &bank_table_relay_count, out);
}

static enum err put_customer(struct branch_env *env, struct relay_tally *tally)
{
    if (!tally->has_customer)
        return ERR_OK;
    tally->has_customer = false;
    return store_put(env->purse.store, &bank_table_relay_customer, &tally->customer);
}

enum err relay_queue_put(struct branch_env *env, struct relay_tally *tally)
{
    TRY(put_customer(env, tally));
    if (!tally->has_count)
        return ERR_OK;
    tally->has_count = false;
    return store_put(env->purse.store, &bank_table_relay_count, &tally->count);
}

static enum err read_tally(struct branch_env *env, struct relay_tally *tally, uint64_t customer)
{
    bool found = false;
    if (!tally->has_count)
        TRY(relay_queue_count(env, &tally->count));
    tally->has_count = true;
    if (tally->has_customer && tally->customer.customer == customer)
        return ERR_OK;
    TRY(put_customer(env, tally));
    tally->customer = (struct relay_customer){.customer = customer};
    TRY(branch_find(env, &found, &bank_table_relay_customer, &tally->customer));
    tally->has_customer = true;
    return ERR_OK;
}

enum err relay_queue_room(struct branch_env *env, enum status *status, struct relay_tally *tally,
                          uint64_t customer, size_t count)
{
    TRY(read_tally(env, tally, customer));
    *status = tally->count.waiting + count > RELAY_QUEUE_MAX ||
                      tally->customer.waiting + count > RELAY_CUSTOMER_MAX
                  ? STATUS_BUSY
                  : STATUS_OK;
    return ERR_OK;
}

/* Gaps are legal: the numbers only order. */
static enum err take_number(struct branch_env *env, uint64_t *number, struct relay_tally *tally)
{
    if (tally->numbers_left == 0) {
        TRY(branch_next_numbers(env, &tally->next_number, NUMBERS_AT_ONCE));
        tally->numbers_left = NUMBERS_AT_ONCE;
    }
    tally->numbers_left--;
    *number = tally->next_number++;
    return ERR_OK;
}

/* --- keeping --- */

static enum err find_packet(struct branch_env *env, bool *found, struct relay_packet *out,
                            struct span packet)
{
    *out = (struct relay_packet){.packet_hash = crypto_hash(&packet, 1)};
    return branch_first(env, found, &bank_table_relay_packet, 0, 1, out);
}

static enum err judge(struct branch_env *env, enum status *verdict, struct packet_view *view,
                      struct span packet, enum packet_role role, struct arena *arena)
{
    const struct packet_options options = {.role = role};
    TRY(packet_verify(view, verdict, packet, env->purse.trust, &options, arena));
    if (*verdict == STATUS_CHAIN || *verdict == STATUS_ISSUER)
        *verdict = STATUS_OK;
    return ERR_OK;
}

enum err relay_queue_verdict(struct branch_env *env, enum status *verdict, struct packet_view *view,
                             struct span packet, struct arena *arena)
{
    return judge(env, verdict, view, packet, PACKET_FOR_REGISTER, arena);
}

static uint8_t *suspect(struct branch_env *env, uint64_t customer)
{
    return &env->branch->suspects[customer % BRANCH_SUSPECTS];
}

enum err relay_queue_look(struct branch_env *env, enum status *verdict, struct packet_view *view,
                          struct span packet, uint64_t customer, struct arena *arena)
{
    const bool is_checked =
        env->branch->central_status == STATUS_UNREACHABLE || *suspect(env, customer) != 0;
    return judge(env, verdict, view, packet, is_checked ? PACKET_FOR_REGISTER : PACKET_FOR_RELAY,
                 arena);
}

enum err relay_queue_keep(struct branch_env *env, enum status *status, uint64_t *number,
                          struct relay_tally *tally, struct span packet, uint64_t customer)
{
    struct relay_packet row = {0};
    bool found = false;
    *status = STATUS_OK;
    TRY(find_packet(env, &found, &row, packet));
    *number = row.number;
    if (found)
        return ERR_OK;
    TRY(relay_queue_room(env, status, tally, customer, 1));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(take_number(env, &row.number, tally));
    *number = row.number;
    tally->count.waiting++;
    tally->customer.waiting++;
    row.customer = customer;
    row.packet = packet;
    row.state = RELAY_WAITING;
    row.status = STATUS_PENDING;
    row.queued_at = env->purse.now;
    return store_insert(env->purse.store, &bank_table_relay_packet, &row);
}

/* --- the register's word --- */

static enum err find_row(struct branch_env *env, bool *found, struct relay_packet *row,
                         const struct relay_told *told)
{
    if (told->number == 0)
        return find_packet(env, found, row, told->packet);
    *row = (struct relay_packet){.number = told->number};
    return branch_find(env, found, &bank_table_relay_packet, row);
}

/* What the vault may own stands in its inbox too. */
static enum err empty_inbox(struct branch_env *env, struct span packet)
{
    struct purse_inbox inbox = {.packet_hash = crypto_hash(&packet, 1)};
    bool found = false;
    if (!deposits_may_pay(env, packet))
        return ERR_OK;
    TRY(branch_find(env, &found, &purse_table_purse_inbox, &inbox));
    return found ? store_delete(env->purse.store, &purse_table_purse_inbox, &inbox) : ERR_OK;
}

/* The bytes have served; the row stays, so that the same packet is told from a new one. */
static enum err close_packet(struct branch_env *env, struct relay_tally *tally,
                             const struct relay_told *told)
{
    struct relay_packet row = {0};
    bool found = false;
    TRY(find_row(env, &found, &row, told));
    if (found && row.state == RELAY_WAITING) {
        TRY(read_tally(env, tally, row.customer));
        CHECK(tally->count.waiting > 0 && tally->customer.waiting > 0);
        tally->count.waiting--;
        tally->count.done++;
        tally->customer.waiting--;
        row.state = RELAY_DONE;
        row.status = told->result->status;
        row.packet = span_of("", 0);
        row.done_at = env->purse.now;
        TRY(store_update(env->purse.store, &bank_table_relay_packet, &row));
    }
    return empty_inbox(env, told->packet);
}

static bool is_answer(uint64_t status)
{
    return status != STATUS_PENDING && status != STATUS_BUSY && status != STATUS_UNREACHABLE &&
           status != STATUS_FAILED;
}

/* What the vault holds was verified when it was taken in: a refusal, which nobody signs, does not
 * make it forget. That it cannot be shown any more is signed. */
static enum err is_held(struct branch_env *env, bool *held, const struct relay_told *told)
{
    struct purse_inbox inbox = {.packet_hash = crypto_hash(&told->packet, 1)};
    bool is_archived = false;
    *held = false;
    if (told->reply->has_settled)
        TRY(purse_archived(&env->purse, &is_archived, told->packet, told->result,
                           &told->reply->settled));
    return told->result->status == STATUS_OK || is_archived
               ? ERR_OK
               : branch_find(env, held, &purse_table_purse_inbox, &inbox);
}

/* A word that does not prove itself, for each payment, is no word: the packet waits on. */
enum err relay_queue_learn(struct branch_env *env, struct relay_tally *tally,
                           const struct relay_told *told)
{
    const struct settle_result *result = told->result;
    struct purse_news news = {0};
    enum status learned = STATUS_OK;
    bool is_kept = false, is_whole = false;
    if (!is_answer(result->status) || (result->leaves.count > 0 && !told->reply->has_settled))
        return ERR_OK;
    TRY(is_held(env, &is_kept, told));
    if (is_kept)
        return ERR_OK;
    if (result->status == STATUS_SIGNATURE || result->status == STATUS_POINT)
        *suspect(env, told->customer) = 1;
    if (result->status == STATUS_OK && deposits_may_pay(env, told->packet)) {
        TRY(purse_covers(&env->purse, &is_whole, told->packet, result));
        if (is_whole)
            TRY(purse_learn(&env->purse, &learned, &news, result, &told->reply->settled));
        if (!is_whole || learned != STATUS_OK)
            return ERR_OK;
    }
    if (result->status == STATUS_OK && told->view != NULL)
        TRY(relay_settled_view(env, told->view, result));
    else if (result->status == STATUS_OK)
        TRY(relay_settled(env, told->packet, result));
    return close_packet(env, tally, told);
}
