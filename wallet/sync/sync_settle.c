/* Handing in: what I received and what I paid, until the register's word on all of it is here.
 *
 * Invariants: 1 a packet is done only when its result names every payment of it, under the
 * register's signature. 2 without an answer nothing changes. */
#include "wallet/sync/sync_step.h"

#include "common/purse/purse_row.h"

enum {
    BATCH_PACKETS_MAX = 16,
    BATCH_SIZE_MAX = 256 * 1024
}; /* the reply has to fit a message too */

/* --- one result --- */

static enum err note_conflict(struct wallet *wallet, const struct sync_result *result)
{
    const struct id hash = crypto_hash(&result->packet, 1);
    if (result->news->conflict_count == 0 || amount_is_zero(result->news->orphaned))
        return ERR_OK;
    return wallet_history(wallet, HISTORY_CONFLICT, result->news->orphaned, &hash, span_text(""),
                          span_text(""));
}

/* The register's word bears its time: a clock below it is wrong from now on. */
static enum err note_time(struct wallet *wallet, const struct cose *word, struct arena *arena)
{
    struct settled settled = {0};
    if (word == NULL)
        return ERR_OK;
    TRY(settled_decode(&settled, word->payload, arena));
    return wallet_note_time(wallet, settled.made_at);
}

static enum err learn_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct sync_result *learned = context;
    static const struct cose none = {0};
    bool covered = false;
    *learned->status = (enum status)learned->result->status;
    if (*learned->status != STATUS_OK)
        return ERR_OK;
    TRY(purse_covers(env, &covered, learned->packet, learned->result));
    if (!covered) {
        *learned->status = STATUS_SIGNATURE;
        return ERR_OK;
    }
    TRY(purse_learn(env, learned->status, learned->news, learned->result,
                    learned->settled != NULL ? learned->settled : &none));
    if (*learned->status != STATUS_OK)
        return ERR_OK;
    for (size_t i = 0; i < learned->result->leaves.count; i++)
        TRY(purse_request_arrived(env, &learned->result->leaves.items[i].leaf.payment_id));
    TRY(note_conflict(wallet, learned));
    TRY(note_time(wallet, learned->settled, env->arena));
    return learned->entry != NULL ? purse_inbox_close(env, learned->entry) : ERR_OK;
}

enum err sync_learn(struct wallet *wallet, const struct sync_result *result)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct sync_result copy = *result;
    return wallet_transact(wallet, learn_work, &copy, &arena);
}

/* --- what is to be handed in --- */

struct handing {
    struct span *packets;
    struct purse_inbox **entries; /* NULL: of the outbox */
    size_t count;
};

static enum err collect(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct handing *handing = context;
    struct purse_inbox_list inbox = {0};
    struct purse_plan_list outbox = {0};
    void *packets = NULL, *entries = NULL;
    (void)wallet;
    TRY(purse_inbox_open(env, &inbox));
    TRY(purse_plans(env, &outbox, PURSE_PLAN_PAY, PURSE_PLAN_COMMITTED, PURSE_PLAN_CONFIRMED));
    TRY(arena_alloc(env->arena, &packets, inbox.count + outbox.count + 1, sizeof(struct span)));
    TRY(arena_alloc(env->arena, &entries, inbox.count + outbox.count + 1,
                    sizeof(struct purse_inbox *)));
    *handing = (struct handing){.packets = packets, .entries = entries};
    for (size_t i = 0; i < outbox.count; i++) /* mine first: what I paid is paid */
        handing->packets[handing->count++] = outbox.items[i].packet;
    for (size_t i = 0; i < inbox.count; i++) {
        handing->entries[handing->count] = &inbox.items[i];
        handing->packets[handing->count++] = inbox.items[i].packet;
    }
    return ERR_OK;
}

static size_t batch_count(const struct handing *handing, size_t from)
{
    size_t count = 0, size = 0;
    while (from + count < handing->count && count < BATCH_PACKETS_MAX) {
        size += handing->packets[from + count].size;
        if (count > 0 && size > BATCH_SIZE_MAX)
            break;
        count++;
    }
    return count;
}

static enum err take_results(struct sync_run *run, const struct handing *handing, size_t from,
                             const struct settle_reply *reply)
{
    for (size_t i = 0; i < reply->results.count; i++) {
        struct purse_news news = {0};
        enum status status = STATUS_OK;
        const struct sync_result learned = {
            .packet = handing->packets[from + i],
            .result = &reply->results.items[i],
            .settled = reply->has_settled ? &reply->settled : NULL,
            .entry = handing->entries[from + i],
            .status = &status,
            .news = &news,
        };
        TRY(sync_learn(run->wallet, &learned));
        sync_note(run, status);
        sync_note_news(run, &news);
    }
    return ERR_OK;
}

static enum err hand_in(struct sync_run *run, const struct handing *handing, size_t from,
                        size_t count)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct blob_item items[BATCH_PACKETS_MAX];
    struct commitments_item commitments[BATCH_PACKETS_MAX];
    struct span met[BATCH_PACKETS_MAX];
    struct settle_reply reply = {0};
    enum status status = STATUS_OK;
    const enum err meeting =
        packet_meet(met, handing->packets + from, count, &run->wallet->trust, &arena);
    const size_t told = meeting == ERR_OK ? count : 0; /* a hint: it goes without, too */
    for (size_t i = 0; i < count; i++)
        items[i].bytes = handing->packets[from + i];
    for (size_t i = 0; i < told; i++)
        commitments[i].bytes = met[i];
    const struct settle_body body = {.packets = {items, count}, .commitments = {commitments, told}};
    TRY(sync_call(run->wallet, &status, &reply, VERB_SETTLE, &body, NULL, &arena));
    if (status == STATUS_OK && reply.results.count != count)
        status = STATUS_FAILED;
    sync_note(run, status);
    return status == STATUS_OK ? take_results(run, handing, from, &reply) : ERR_OK;
}

/* A new stretch offline begins: what was paid in the last one is handed in. */
static enum err begin_stretch(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)env;
    (void)context;
    wallet->state.paid_since_sync = amount_zero();
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

enum err sync_settle(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0}, short_arena AUTO(arena_fini) = {0};
    struct handing handing = {0};
    const size_t pending = run->report->pending_count;
    TRY(wallet_transact(run->wallet, collect, &handing, &arena));
    for (size_t from = 0; from < handing.count && !run->is_stopped;) {
        const size_t count = batch_count(&handing, from);
        TRY(hand_in(run, &handing, from, count));
        from += count;
    }
    if (run->report->pending_count > pending)
        run->is_stopped = true; /* the bank cannot reach the register now */
    return run->is_stopped ? ERR_OK
                           : wallet_transact(run->wallet, begin_stretch, NULL, &short_arena);
}

static enum err find_entry(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct handing *handing = context;
    struct purse_inbox *entry = handing->entries[0];
    bool found = false;
    (void)wallet;
    entry->packet_hash = crypto_hash(handing->packets, 1);
    TRY(purse_find(env, &found, &purse_table_purse_inbox, entry));
    if (!found)
        handing->entries[0] = NULL;
    return ERR_OK;
}

enum err sync_settle_packet(struct sync_run *run, struct span packet)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_inbox entry = {0};
    struct purse_inbox *entries[1] = {&entry};
    struct handing handing = {.packets = &packet, .entries = entries, .count = 1};
    TRY(wallet_transact(run->wallet, find_entry, &handing, &arena));
    return hand_in(run, &handing, 0, 1);
}
