/* Answers against rows (contract in load_audit.h). */
#include "tools/bench/load_audit.h"

#include "central/register.h"
#include "common/money/merkle.h"

#include <string.h>

struct audit {
    struct load_audit *out;
    struct store *store;
    const struct load_bank *bank;
    bool checks_paths;
};

static void count_outcome(struct load_audit *out, uint64_t outcome)
{
    out->settled += outcome == OUTCOME_SETTLED;
    out->conflicts += outcome == OUTCOME_CONFLICT;
    out->others += outcome != OUTCOME_SETTLED && outcome != OUTCOME_CONFLICT;
}

static bool is_same(const struct leaf *a, const struct leaf *b)
{
    return id_equal(&a->coin_id, &b->coin_id) && id_equal(&a->payment_id, &b->payment_id) &&
           a->outcome == b->outcome;
}

static void compare(struct load_audit *out, const struct settle_result *told,
                    const struct settle_result *kept)
{
    if (told->status != STATUS_OK) {
        out->refused++;
        return;
    }
    for (size_t i = 0; i < told->leaves.count; i++) {
        const struct leaf *leaf = &told->leaves.items[i].leaf;
        count_outcome(out, leaf->outcome);
        if (kept == NULL || kept->status != STATUS_OK || i >= kept->leaves.count ||
            !is_same(leaf, &kept->leaves.items[i].leaf))
            out->lost++;
    }
}

/* The generator signed the payments itself: what is asked here is the rows. */
static bool is_proven(void *context, const struct id *payment_id, const struct signature *signature)
{
    (void)context;
    (void)payment_id;
    (void)signature;
    return true;
}

static void keep_nothing(void *context, const struct id *payment_id,
                         const struct signature *signature)
{
    (void)context;
    (void)payment_id;
    (void)signature;
}

/* One packet anew, in a transaction that is rolled back. A settled payment is answered from its
 * rows; one that is not there would be written, and that write fails. (A conflict tries to keep its
 * payment once more, and takes this very failure for "there already".) */
static const struct settle_result *ask_again(struct audit *audit, struct span packet,
                                             struct arena *arena)
{
    struct blob_item item = {.bytes = packet};
    const struct settle_body body = {.packets = {&item, 1}};
    const struct packet_proven proven = {NULL, is_proven, keep_nothing};
    const struct register_aids aids = {.proven = &proven};
    struct register_prepared prepared = {0};
    struct register_dues nothing_signed = {0};
    struct settle_reply reply = {0};
    CHECK(register_prepare(&prepared, &audit->bank->trust, &body, &aids, arena) == ERR_OK);
    struct register_env env = {.store = audit->store,
                               .trust = &audit->bank->trust,
                               .issuing_key = &audit->bank->bank_key,
                               .register_key = &audit->bank->bank_key,
                               .revocation_key = &audit->bank->bank_key,
                               .now = 1,
                               .arena = arena,
                               .prepared = &prepared,
                               .dues = &nothing_signed};
    store_fail_at(audit->store, 0, ERR_EXISTS);
    const enum err error = register_settle(&env, &reply, &body);
    store_fail_at(audit->store, -1, ERR_OK);
    return error == ERR_OK ? &reply.results.items[0] : NULL;
}

/* The register's signature and the path of a call's last leaf, as a wallet would check them. */
static bool is_proved(const struct audit *audit, const struct settle_reply *told,
                      struct arena *arena)
{
    const struct settle_result *last = &told->results.items[told->results.count - 1];
    return last->status != STATUS_OK ||
           (told->has_settled && last->leaves.count > 0 &&
            merkle_settled(&audit->bank->trust, &told->settled,
                           &last->leaves.items[last->leaves.count - 1], arena) == STATUS_OK);
}

static void audit_call(struct audit *audit, const struct load_plan *plan,
                       const struct load_call *call, const struct load_answer *answer)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct settle_reply told = {0};
    if (load_bank_read(&told, answer, &arena) != STATUS_OK)
        return;
    CHECK(told.results.count == call->count);
    audit->out->unproved += audit->checks_paths && !is_proved(audit, &told, &arena);
    CHECK(store_begin(audit->store, STORE_WRITE) == ERR_OK);
    for (size_t i = 0; i < call->count; i++)
        compare(audit->out, &told.results.items[i],
                ask_again(audit, load_plan_packet(plan, call->first + i), &arena));
    store_rollback(audit->store);
}

void load_audit_run(struct load_audit *out, const struct load_plan *plan,
                    const struct load_answer *answers, const struct load_bank *bank,
                    const char *database, bool has_paths)
{
    struct audit audit = {.out = out, .bank = bank, .checks_paths = has_paths};
    *out = (struct load_audit){0};
    CHECK(store_sqlite_open(&audit.store, database, &tables_schema,
                            &(struct store_sqlite_options){.exclusive = true}) == ERR_OK);
    for (size_t i = 0; i < plan->call_count; i++)
        if (answers[i].reply.size > 0)
            audit_call(&audit, plan, &plan->calls[i], &answers[i]);
    store_close(&audit.store);
}
