/* A simulated bank (contract in agency.h). */
#include "tests/simulation/agency.h"

#include "intermediary/certify.h"
#include "intermediary/customers.h"
#include "intermediary/recovery.h"
#include "intermediary/teller.h"
#include "intermediary/vaultroom.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/post.h"

#include <stdio.h>

enum {
    CRASH_PERMILLE = 20,
    WORK_CRASH_PERMILLE = 80,
    FIRST_ORDER = 600000,
    TIER = 3,
    ADVANCE_MAX = 30000
};

struct agency {
    struct sim *sim;
    size_t index;
    struct net_client *central;
    struct branch branch;
};

struct store *agency_store(struct agency *agency)
{
    return agency->branch.store;
}

static enum err call_central(void *context, struct buffer *reply, struct span request)
{
    struct agency *agency = context;
    return net_call(agency->central, reply, request, NET_TIMEOUT_DEFAULT_MS);
}

/* --- life and death of the program --- */

static void start(struct agency *agency)
{
    struct sim *sim = agency->sim;
    agency->branch = (struct branch){
        .store = agency->branch.store,
        .bank_key = sim->world.banks[agency->index].bank_key,
        .vault_key = sim->world.banks[agency->index].vault_key,
        .now = sim->now,
        .random_context = &sim->chance,
        .random = chance_bytes,
        .central_context = agency,
        .central = call_central,
    };
}

static void crash(struct agency *agency)
{
    struct sim *sim = agency->sim;
    struct store *store = agency->branch.store;
    sim_count(sim, SIM_CRASHES);
    sim_note(sim, "bank %zu crashes", agency->index);
    disk_disarm(store);
    store_rollback(store);
    arena_fini(&agency->branch.trust_arena);
    start(agency);
    sim_check(sim, branch_load(&agency->branch), "a bank starts again");
}

/* After something that may have been made to fail. */
static void survive(struct agency *agency, bool is_armed, enum err error, const char *what)
{
    disk_disarm(agency->branch.store);
    if (error == ERR_OK)
        return;
    if (!is_armed)
        sim_check(agency->sim, error, what);
    crash(agency);
}

static void admit(struct agency *agency)
{
    struct sim *sim = agency->sim;
    const struct world *world = &sim->world;
    const struct admission admission = {
        .root_key = world->root.public_key,
        .bank_certificate = trust_bank(&world->trust, agency->index + 1)->cose,
        .directory = world->directory_cose,
        .address = span_text("central.dcep:1"),
        .tls_name = span_text("central.dcep"),
        .tls_authority = span_text("none"),
        .tls_certificate = span_text("none"),
    };
    enum status status = STATUS_OK;
    sim_check(sim, branch_admit(&agency->branch, &status, &admission), "a bank is admitted");
    if (status != STATUS_OK)
        sim_fail(sim, "MACHINERY", "a bank is admitted: %s", status_name(status));
}

struct agency *agency_open(struct sim *sim, size_t index)
{
    struct agency *agency = sim_new(1, sizeof *agency);
    *agency = (struct agency){.sim = sim, .index = index};
    agency->central = post_client(sim, POST_TO_CENTRE);
    agency->branch.store = disk_open(sim, &bank_schema, SIM_CITIZENS + index);
    start(agency);
    auditor_key(sim->auditor, &agency->branch.vault_key.public_key, SIM_CITIZENS + index);
    sim_check(sim, branch_create(&agency->branch, sim->world.network, index == 0 ? "A" : "B"),
              "a bank is created");
    sim_check(sim, branch_load(&agency->branch), "a bank starts");
    admit(agency);
    agency_order(agency, FIRST_ORDER);
    return agency;
}

/* --- staff --- */

struct opening {
    struct customers_spec spec;
    uint64_t number;
};

static enum err open_customer(struct branch_env *env, enum status *status, void *context)
{
    struct opening *opening = context;
    return customers_open(env, status, &opening->number, &opening->spec);
}

uint64_t agency_customer(struct agency *agency, const char *name, uint64_t value)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    struct opening opening = {
        .spec = {.name = span_text(name), .tier = TIER, .deposit = world_fen(value)}};
    branch_env_open(&env, &agency->branch, &arena);
    sim_check(agency->sim, branch_run(&env, &status, open_customer, &opening), "a customer");
    if (status != STATUS_OK)
        sim_fail(agency->sim, "MACHINERY", "a customer: %s", status_name(status));
    return opening.number;
}

struct visit {
    uint64_t customer;
    struct amount amount;
    bool is_in;
};

static enum err at_counter(struct branch_env *env, enum status *status, void *context)
{
    const struct visit *visit = context;
    const struct span note = span_text("cash");
    return visit->is_in ? teller_pay_in(env, status, visit->customer, visit->amount, note)
                        : teller_pay_out(env, status, visit->customer, visit->amount, note);
}

bool agency_cash(struct agency *agency, uint64_t customer, uint64_t value, bool is_in)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    struct visit visit = {customer, world_fen(value), is_in};
    agency->branch.now = agency->sim->now;
    branch_env_open(&env, &agency->branch, &arena);
    sim_check(agency->sim, branch_run(&env, &status, at_counter, &visit), "cash");
    sim_note(agency->sim, "bank %zu: %llu %s over the counter: %s", agency->index,
             (unsigned long long)value, is_in ? "in" : "out", status_name(status));
    return status == STATUS_OK;
}

struct coding {
    uint64_t customer, expires_at;
    struct nonce code;
};

static enum err make_code(struct branch_env *env, enum status *status, void *context)
{
    struct coding *coding = context;
    *status = STATUS_OK;
    return customers_code(env, &coding->code, &coding->expires_at, coding->customer,
                          CUSTOMERS_CODE_DAYS);
}

struct span agency_join_file(struct agency *agency, uint64_t customer)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer body AUTO(buffer_fini) = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    struct coding coding = {.customer = customer};
    struct sim *sim = agency->sim;
    branch_env_open(&env, &agency->branch, &arena);
    sim_check(sim, branch_run(&env, &status, make_code, &coding), "a join code");
    const struct join join = {
        .root_key = sim->world.root.public_key,
        .bank_id = agency->index + 1,
        .bank_name = agency->sim->world.banks[agency->index].certificate.name,
        .address = span_text("bank.dcep:1"),
        .tls_name = span_text("bank.dcep"),
        .tls_certificate = span_text("none"),
        .code = coding.code,
        .expires_at = coding.expires_at,
    };
    sim_check(sim, join_encode(&body, &join), "a join file");
    sim_check(sim, wire_wrap(&file, sim->world.network, KIND_JOIN, buffer_span(&body)),
              "a join file");
    return sim_keep(sim, buffer_span(&file));
}

void agency_order(struct agency *agency, uint64_t value)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    uint64_t number = 0;
    agency->branch.now = agency->sim->now;
    const bool is_armed = disk_arm(agency->sim, agency->branch.store, WORK_CRASH_PERMILLE);
    branch_env_open(&env, &agency->branch, &arena);
    const enum err error = vaultroom_order(&env, &status, &number, world_fen(value));
    sim_note(agency->sim, "bank %zu orders %llu: %s", agency->index, (unsigned long long)value,
             error == ERR_OK ? status_name(status) : err_name(error));
    survive(agency, is_armed, error, "an order of money");
}

void agency_return(struct agency *agency, uint64_t value)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_OK;
    uint64_t number = 0;
    agency->branch.now = agency->sim->now;
    const bool is_armed = disk_arm(agency->sim, agency->branch.store, WORK_CRASH_PERMILLE);
    branch_env_open(&env, &agency->branch, &arena);
    const enum err error = vaultroom_return(&env, &status, &number, world_fen(value));
    sim_note(agency->sim, "bank %zu returns %llu: %s", agency->index, (unsigned long long)value,
             error == ERR_OK ? status_name(status) : err_name(error));
    sim_count(agency->sim, SIM_REDEEMS);
    survive(agency, is_armed, error, "a return of money");
}

void agency_work(struct agency *agency)
{
    bool pending = false;
    agency->branch.now = agency->sim->now;
    const bool is_armed = disk_arm(agency->sim, agency->branch.store, WORK_CRASH_PERMILLE);
    const enum err error = branch_work(&agency->branch, &pending);
    sim_note(agency->sim, "bank %zu works: %s%s", agency->index, err_name(error),
             pending ? ", something waits" : "");
    survive(agency, is_armed, error, "a bank's work");
}

/* --- lost wallets --- */

bool agency_give_up(struct agency *agency, uint64_t customer)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_FAILED;
    size_t count = 0;
    agency->branch.now = agency->sim->now;
    const bool is_armed = disk_arm(agency->sim, agency->branch.store, WORK_CRASH_PERMILLE);
    branch_env_open(&env, &agency->branch, &arena);
    const enum err error = certify_give_up(&env, &status, &count, customer);
    survive(agency, is_armed, error, "keys given up");
    return error == ERR_OK && status == STATUS_OK;
}

bool agency_advance(struct agency *agency, uint64_t customer, uint64_t value)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_FAILED;
    struct recovery_advance advance = {.wanted = world_fen(value),
                                       .customer_max = world_fen(ADVANCE_MAX),
                                       .bank_max = world_fen(3 * ADVANCE_MAX)};
    agency->branch.now = agency->sim->now;
    const bool is_armed = disk_arm(agency->sim, agency->branch.store, WORK_CRASH_PERMILLE);
    branch_env_open(&env, &agency->branch, &arena);
    const enum err error = recovery_advance(&env, &status, &advance, customer);
    sim_note(agency->sim, "bank %zu advances %lld: %s", agency->index,
             (long long)sim_amount(advance.paid),
             error == ERR_OK ? status_name(status) : err_name(error));
    if (error == ERR_OK && branch_is_done(status))
        agency->sim->counts[SIM_ADVANCES] += advance.count;
    survive(agency, is_armed, error, "an advance");
    return advance.count > 0;
}

void agency_refund(struct agency *agency, uint64_t customer)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct branch_env env;
    enum status status = STATUS_FAILED;
    struct recovery_report report = {0};
    agency->branch.now = agency->sim->now;
    const bool is_armed = disk_arm(agency->sim, agency->branch.store, WORK_CRASH_PERMILLE);
    branch_env_open(&env, &agency->branch, &arena);
    const enum err error = recovery_refund(&env, &status, &report, customer);
    sim_note(agency->sim, "bank %zu refunds %lld, %lld wait: %s", agency->index,
             (long long)sim_amount(report.refunded.amount),
             (long long)sim_amount(report.waiting.amount),
             error == ERR_OK ? status_name(status) : err_name(error));
    survive(agency, is_armed, error, "a refund");
}

/* --- calls --- */

enum err agency_handle(struct agency *agency, struct buffer *reply, struct span request)
{
    struct sim *sim = agency->sim;
    agency->branch.now = sim->now;
    const bool is_armed = disk_arm(sim, agency->branch.store, CRASH_PERMILLE);
    const enum err error = branch_handle(&agency->branch, reply, request);
    survive(agency, is_armed, error, "a call to a bank");
    if (error == ERR_OK)
        return ERR_OK;
    buffer_fini(reply);
    *reply = (struct buffer){.limit = reply->limit};
    if (error == ERR_COMMIT_UNKNOWN || chance_permille(&sim->chance, 500))
        return ERR_TIMEOUT;
    return branch_refuse(&agency->branch, reply, request, STATUS_FAILED);
}

/* --- for the auditor --- */

static struct list rows_of(struct agency *agency, const struct table *table, int index_number,
                           const void *from, struct arena *arena)
{
    struct list rows = {0};
    const struct store_query query = {
        .table = table, .index_number = index_number, .prefix_count = from != NULL ? 1 : 0};
    struct store *store = agency->branch.store;
    sim_check(agency->sim, store_begin(store, STORE_READ), "a look at a bank");
    sim_check(agency->sim, store_list(store, &rows, &query, from, arena), "a look at a bank");
    store_rollback(store);
    return rows;
}

int64_t agency_account(struct agency *agency, uint64_t customer)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct list rows = rows_of(agency, &bank_table_customer, -1, NULL, &arena);
    const struct customer *customers = rows.items;
    int64_t sum = 0;
    for (size_t i = 0; i < rows.count; i++)
        if (customer == 0 || customers[i].number == customer)
            sum += sim_amount(customers[i].balance);
    return sum;
}

size_t agency_waiting(struct agency *agency, char *text, size_t size)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct list payouts = rows_of(agency, &bank_table_payout, -1, NULL, &arena);
    const struct list deposits = rows_of(agency, &bank_table_bank_deposit, -1, NULL, &arena);
    const struct vault_order ordered = {.state = VAULT_ORDER_WAITING};
    const struct relay_packet queued = {.state = RELAY_WAITING};
    const size_t orders = rows_of(agency, &bank_table_vault_order, 0, &ordered, &arena).count;
    const size_t packets = rows_of(agency, &bank_table_relay_packet, 1, &queued, &arena).count;
    const struct payout *payout = payouts.items;
    const struct bank_deposit *deposit = deposits.items;
    size_t withdrawals = 0, received = 0;
    for (size_t i = 0; i < payouts.count; i++)
        withdrawals += payout[i].state != PAYOUT_DONE;
    for (size_t i = 0; i < deposits.count; i++)
        received += deposit[i].state == BANK_DEPOSIT_RECEIVED;
    snprintf(text, size, "%zu withdrawals, %zu deposits, %zu orders, %zu packets", withdrawals,
             received, orders, packets);
    return withdrawals + orders + packets;
}
