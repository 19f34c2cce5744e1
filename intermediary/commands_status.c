/* How the bank is: who it is, what expires, what waits. */
#include "common/base/file.h"
#include "common/base/time.h"
#include "intermediary/bank_files.h"
#include "intermediary/commands.h"
#include "intermediary/relay.h"

#include <stdlib.h>

struct facts {
    struct relay_totals queue;
    uint64_t customer_count, payout_count;
};

static enum err count_rows(struct branch_env *env, enum status *status, void *context)
{
    struct facts *facts = context;
    const struct payout waiting = {.state = PAYOUT_WAITING}, ordered = {.state = PAYOUT_ORDERED};
    struct bank_state state = {.id = BANK_NUMBER_ONE};
    struct list rows = {0};
    *status = STATUS_OK;
    TRY(store_get(env->purse.store, &bank_table_bank_state, &state, env->purse.arena));
    facts->customer_count = state.next_customer - 1;
    TRY(branch_rows(env, &rows, &bank_table_payout, 0, 1, &waiting));
    facts->payout_count = rows.count;
    TRY(branch_rows(env, &rows, &bank_table_payout, 0, 1, &ordered));
    facts->payout_count += rows.count;
    return ERR_OK;
}

static void put_queue(json_t *result, const struct relay_totals *queue, uint64_t now)
{
    json_object_set_new(result, "waiting", json_integer((json_int_t)queue->waiting_count));
    json_object_set_new(result, "settled", json_integer((json_int_t)queue->done_count));
    json_object_set_new(result, "oldest_at",
                        queue->oldest_at == 0 ? json_null()
                                              : json_integer((json_int_t)queue->oldest_at));
    json_object_set_new(result, "age_s",
                        queue->oldest_at == 0 || now < queue->oldest_at
                            ? json_null()
                            : json_integer((json_int_t)(now - queue->oldest_at)));
}

int commands_settle_status(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"waiting", N_("packets waiting"), CLI_AS_NUMBER},
        {"oldest_at", N_("oldest since"), CLI_AS_TIME},
        {"age_s", N_("age in seconds"), CLI_AS_NUMBER},
        {"settled", N_("packets answered"), CLI_AS_NUMBER},
        {.key = NULL},
    };
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct relay_totals queue = {0};
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    code = premises_end(cli, relay_totals(&job.env, &queue), STATUS_OK, NULL);
    if (code != CLI_OK)
        return code;
    put_queue(cli_result(cli), &queue, time_now());
    cli_show_record(cli, cli_result(cli), columns);
    return CLI_OK;
}

static json_int_t days_left(uint64_t until_s)
{
    const uint64_t now = time_now();
    return until_s < now ? 0 : (json_int_t)((until_s - now) / SECONDS_PER_DAY);
}

static void put_expiry(struct cli *cli, json_t *rows, const char *what, uint64_t until_s)
{
    const char *setting = cli_setting(cli, "warn_days");
    json_t *row = json_object();
    json_object_set_new(row, "what", json_string(what));
    json_object_set_new(row, "until", json_integer((json_int_t)until_s));
    json_object_set_new(row, "days_left", json_integer(days_left(until_s)));
    json_array_append_new(rows, row);
    if (days_left(until_s) <= strtoll(setting, NULL, 10))
        cli_warn(cli, _("%s: %lld days left"), _(what), (long long)days_left(until_s));
}

static void put_pem(struct cli *cli, json_t *rows, const char *what, struct span pem)
{
    struct tls_certificate_facts facts = {0};
    if (tls_certificate_read(&facts, pem) == ERR_OK)
        put_expiry(cli, rows, what, facts.not_after_s);
}

static json_t *expiries(struct cli *cli)
{
    const struct premises *premises = premises_of(cli);
    const struct branch *branch = &premises->branch;
    struct buffer pem AUTO(buffer_fini) = {0};
    char path[CLI_PATH_SIZE];
    json_t *rows = json_array();
    cli_data_path(cli, path, BANK_FILES_SERVER);
    if (file_read(&pem, path, TLS_PEM_SIZE_MAX) == ERR_OK)
        put_pem(cli, rows, N_("TLS certificate that wallets pin"), buffer_span(&pem));
    if (branch->bank_id == 0)
        return rows;
    put_pem(cli, rows, N_("TLS certificate shown to the central bank"),
            buffer_span(&premises->client_certificate));
    const struct trust_bank *mine = trust_bank(&branch->trust, branch->bank_id);
    if (mine != NULL)
        put_expiry(cli, rows, N_("bank certificate"),
                   (mine->certificate.not_after_day + 1) * SECONDS_PER_DAY - 1);
    put_expiry(cli, rows, N_("directory"), branch->trust.directory.not_after);
    return rows;
}

static void put_facts(struct cli *cli, const struct facts *facts)
{
    const struct premises *premises = premises_of(cli);
    const struct branch *branch = &premises->branch;
    json_t *result = cli_result(cli);
    json_object_set_new(result, "name", json_string(premises->name));
    json_object_set_new(result, "network", json_string(branch->network));
    json_object_set_new(result, "bank_id",
                        branch->bank_id == 0 ? json_null()
                                             : json_integer((json_int_t)branch->bank_id));
    json_object_set_new(result, "root_key",
                        branch->bank_id == 0 ? json_null() : cli_json_hex(SPAN(branch->root_key)));
    json_object_set_new(result, "server_runs", json_boolean(premises->is_server));
    json_object_set_new(result, "central_answered_at",
                        branch->central_at == 0 ? json_null()
                                                : json_integer((json_int_t)branch->central_at));
    json_object_set_new(result, "directory_version",
                        json_integer((json_int_t)branch->trust.directory.version));
    json_object_set_new(result, "revocations_version",
                        json_integer((json_int_t)branch->trust.revocations.version));
    json_object_set_new(result, "customers", json_integer((json_int_t)facts->customer_count));
    json_object_set_new(result, "withdrawals_waiting",
                        json_integer((json_int_t)facts->payout_count));
    put_queue(result, &facts->queue, time_now());
}

int commands_status(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"name", N_("bank"), CLI_AS_TEXT},
        {"network", N_("network"), CLI_AS_TEXT},
        {"bank_id", N_("bank id"), CLI_AS_NUMBER},
        {"server_runs", N_("server runs"), CLI_AS_BOOL},
        {"central_answered_at", N_("central bank answered"), CLI_AS_TIME},
        {"customers", N_("customers"), CLI_AS_NUMBER},
        {"withdrawals_waiting", N_("withdrawals waiting"), CLI_AS_NUMBER},
        {"waiting", N_("packets waiting"), CLI_AS_NUMBER},
        {"directory_version", N_("directory"), CLI_AS_NUMBER},
        {"revocations_version", N_("revocation list"), CLI_AS_NUMBER},
        {.key = NULL},
    };
    static const struct cli_column expiring[] = {{"what", N_("what expires"), CLI_AS_WORD},
                                                 {"until", N_("until"), CLI_AS_TIME},
                                                 {"days_left", N_("days left"), CLI_AS_NUMBER},
                                                 {.key = NULL}};
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct facts facts = {0};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    enum err error = branch_run(&job.env, &status, count_rows, &facts);
    if (error == ERR_OK)
        error = relay_totals(&job.env, &facts.queue);
    code = premises_end(cli, error, status, NULL);
    if (code != CLI_OK)
        return code;
    put_facts(cli, &facts);
    json_t *rows = expiries(cli);
    json_object_set_new(cli_result(cli), "expires", rows);
    cli_show_record(cli, cli_result(cli), columns);
    cli_show_table(cli, rows, expiring);
    return CLI_OK;
}
