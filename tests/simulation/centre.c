/* The simulated central bank (contract in centre.h).
 *
 * 1. A call is one transaction; its reply exists only once that is committed.
 * 2. A crash is a write or commit that fails: the transaction is rolled back, and the caller gets a
 *    refusal or nothing. */
#include "central/authority.h"
#include "central/books.h"
#include "central/vault.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/centre_inside.h"
#include "tests/simulation/disk.h"

#include <stdio.h>

enum { RESERVE = 2000000, GUARANTEE = 120000, LOOK_PAYMENTS = 3, LOOK_PARTS = 4 };

struct store *centre_store(struct centre *centre)
{
    return centre->service.store;
}

/* --- a transaction of the operator's --- */

struct desk {
    struct arena arena;
    struct register_env env;
};

static void begin(struct centre *centre, struct desk *desk)
{
    *desk = (struct desk){0};
    centre->service.now = centre->sim->now;
    desk->env = service_env(&centre->service, &desk->arena);
    sim_check(centre->sim, store_begin(centre->service.store, STORE_WRITE), "central begin");
}

/* True if it was carried out. */
static bool end(struct centre *centre, struct desk *desk, enum err error, enum status status,
                const char *what)
{
    sim_check(centre->sim, error, what);
    if (status == STATUS_OK)
        sim_check(centre->sim, store_commit(centre->service.store), "central commit");
    else
        store_rollback(centre->service.store);
    arena_fini(&desk->arena);
    return status == STATUS_OK;
}

static bool move(struct centre *centre, size_t bank, uint64_t value,
                 enum err (*work)(struct register_env *env, enum status *status, uint64_t bank_id,
                                  struct amount amount),
                 const char *what)
{
    struct desk desk;
    enum status status = STATUS_OK;
    begin(centre, &desk);
    const enum err error = work(&desk.env, &status, bank + 1, world_fen(value));
    sim_note(centre->sim, "operator: %s bank %zu, %llu: %s", what, bank, (unsigned long long)value,
             status_name(status));
    return end(centre, &desk, error, status, what);
}

void centre_credit(struct centre *centre, size_t bank, uint64_t value)
{
    if (move(centre, bank, value, vault_reserve_credit, "credit"))
        auditor_funded(centre->sim->auditor, bank, (int64_t)value);
}

void centre_debit(struct centre *centre, size_t bank, uint64_t value)
{
    if (move(centre, bank, value, vault_reserve_debit, "debit"))
        auditor_funded(centre->sim->auditor, bank, -(int64_t)value);
}

void centre_post(struct centre *centre, size_t bank, uint64_t value)
{
    if (move(centre, bank, value, vault_guarantee_post, "post"))
        auditor_posted(centre->sim->auditor, bank, (int64_t)value);
}

void centre_release(struct centre *centre, size_t bank, uint64_t value)
{
    if (move(centre, bank, value, vault_guarantee_release, "release"))
        auditor_posted(centre->sim->auditor, bank, -(int64_t)value);
}

/* --- opening --- */

static enum err found(struct desk *desk, enum status *status, struct sim *sim)
{
    TRY(books_open(desk->env.store));
    TRY(authority_revocations_open(&desk->env));
    return authority_directory_accept(&desk->env, status, &sim->world.root.public_key,
                                      sim->world.network, &sim->world.directory_cose);
}

static void open_rows(struct centre *centre)
{
    struct desk desk;
    enum status status = STATUS_OK;
    struct sim *sim = centre->sim;
    begin(centre, &desk);
    desk.env.trust = &sim->world.trust;
    const enum err error = found(&desk, &status, sim);
    if (!end(centre, &desk, error, status, "founding"))
        sim_fail(sim, "MACHINERY", "founding: %s", status_name(status));
    sim_check(sim, store_begin(centre->service.store, STORE_WRITE), "central begin");
    sim_check(sim, service_load_trust(&centre->service), "central trust");
    sim_check(sim, store_commit(centre->service.store), "central commit");
}

struct centre *centre_open(struct sim *sim)
{
    struct centre *centre = sim_new(1, sizeof *centre);
    struct service *service = &centre->service;
    centre->sim = sim;
    service->now = sim->now;
    snprintf(service->network, sizeof service->network, "%s", sim->world.network);
    service->root_key = sim->world.root.public_key;
    service->issuing_key = sim->world.issuing;
    service->register_key = sim->world.register_key;
    service->revocation_key = sim->world.revocation;
    service->store = disk_open(sim, &tables_schema, SIM_NOBODY);
    open_rows(centre);
    for (size_t i = 0; i < SIM_BANKS; i++) {
        centre_credit(centre, i, RESERVE);
        centre_post(centre, i, GUARANTEE);
    }
    return centre;
}

/* --- calls --- */

static enum err carry_out(struct centre *centre, struct buffer *reply, struct span request)
{
    TRY(store_begin(centre->service.store, STORE_WRITE));
    TRY(service_handle(&centre->service, reply, request));
    return store_commit(centre->service.store);
}

static enum err crash(struct centre *centre, struct buffer *reply, struct span request,
                      enum err error)
{
    struct sim *sim = centre->sim;
    sim_count(sim, SIM_CRASHES);
    sim_note(sim, "the central bank crashes");
    store_rollback(centre->service.store);
    centre->service.pruned_to = (struct call_log){0};
    service_forget_clones(&centre->service);
    buffer_fini(reply);
    *reply = (struct buffer){.limit = reply->limit};
    if (error == ERR_COMMIT_UNKNOWN || chance_permille(&sim->chance, 500))
        return ERR_TIMEOUT;
    return service_refuse(&centre->service, reply, request, STATUS_FAILED, 0);
}

enum err centre_handle(struct centre *centre, struct buffer *reply, struct span request)
{
    struct sim *sim = centre->sim;
    struct store *store = centre->service.store;
    centre->service.now = sim->now;
    const bool is_armed = disk_arm(sim, store, CENTRE_CRASH_PERMILLE);
    const enum err error = carry_out(centre, reply, request);
    disk_disarm(store);
    if (error == ERR_COMMIT_UNKNOWN && is_armed) { /* it was done: nobody but the auditor hears */
        store_rollback(store);
        auditor_heard(sim->auditor, request, buffer_span(reply));
    }
    if (error != ERR_OK && is_armed)
        return crash(centre, reply, request, error);
    sim_check(sim, error, "a call to the central bank");
    auditor_heard(sim->auditor, request, buffer_span(reply));
    return ERR_OK;
}

static enum err look(struct centre *centre, bool *more)
{
    TRY(store_begin(centre->service.store, STORE_WRITE));
    TRY(service_look_for_clones(&centre->service, more, LOOK_PAYMENTS, LOOK_PARTS));
    return store_commit(centre->service.store);
}

bool centre_look(struct centre *centre)
{
    struct sim *sim = centre->sim;
    struct store *store = centre->service.store;
    bool more = false;
    centre->service.now = sim->now;
    const bool is_armed = disk_arm(sim, store, CENTRE_CRASH_PERMILLE);
    const enum err error = look(centre, &more);
    disk_disarm(store);
    if (error != ERR_OK) {
        store_rollback(store);
        service_forget_clones(&centre->service);
        if (!is_armed)
            sim_check(sim, error, "a look for clones");
        sim_count(sim, SIM_CRASHES);
        more = true;
    }
    return more;
}

/* --- the operator --- */

static void decide(struct centre *centre, const struct approval *approval)
{
    struct desk desk;
    enum status status = STATUS_OK;
    struct sim *sim = centre->sim;
    const bool is_issue = approval->kind == APPROVAL_ISSUE;
    const bool is_good = is_issue || !chance_permille(&sim->chance, 300);
    begin(centre, &desk);
    const enum err error =
        vault_decide(&desk.env, &status, approval->number, is_good, "operator", "looked at it");
    sim_note(sim, "operator: %s %s %lld: %s", is_good ? "approves" : "rejects",
             is_issue ? "issue" : "claim", (long long)sim_amount(approval->amount),
             status_name(status));
    (void)end(centre, &desk, error, status, "a decision");
}

void centre_work(struct centre *centre)
{
    struct desk desk;
    struct approval_list list = {0};
    struct arena kept AUTO(arena_fini) = {0};
    begin(centre, &desk);
    desk.env.arena = &kept;
    const enum err error = vault_approvals(&desk.env, &list, APPROVAL_PENDING);
    (void)end(centre, &desk, error, STATUS_OK, "approvals");
    for (size_t i = 0; i < list.count; i++)
        decide(centre, &list.items[i]);
}
