/* The server: wallets' calls, the operator's commands, and what the bank goes on with by itself,
 * one after the other in one thread.
 *
 * 1. One thread works with the store and the keys: this one. Settlements wait for the register in
 *    other threads (counter.h).
 * 2. SIGTERM and SIGINT: what came in is answered, for DRAIN_MS at most, then exit 0; wallets whose
 *    calls are dropped ask again.
 * 3. What cannot be known (a commit without an answer) ends the server with an error and without a
 *    reply: started again, it knows, and wallets ask again. */
#include "intermediary/serve.h"

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/time.h"
#include "intermediary/bank_files.h"
#include "intermediary/counter.h"
#include "intermediary/premises.h"
#include "intermediary/program.h"

#include <signal.h>
#include <stdatomic.h>

enum {
    LOOK_MS = 20, /* for a wallet's call; then the operator's socket is looked at */
    WORK_SOON_MS = 1000,
    WORK_LATE_MS = 15000,
    DRAIN_MS =
        3000, /* from the signal on, for calls that came in; the call under way is finished */
};

struct hall {
    struct premises *premises;
    struct net_server *wallets, *control;
    struct counter counter;
    char data[CLI_PATH_SIZE];
    uint64_t work_at_ms;
    bool is_reachable;
};

/* ---- stopping ---- */

static _Atomic uint64_t stop_by_ms; /* 0: nobody asked */

static void on_signal(int number)
{
    uint64_t nobody = 0;
    (void)number;
    atomic_compare_exchange_strong(&stop_by_ms, &nobody, time_monotonic_ms() + DRAIN_MS);
}

static bool is_stopping(void)
{
    return atomic_load(&stop_by_ms) != 0;
}

static bool is_drained(void)
{
    return is_stopping() && time_monotonic_ms() >= atomic_load(&stop_by_ms);
}

static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

/* ---- opening ---- */

static enum err read_tls(struct cli *cli, struct secret *key, struct buffer *certificate,
                         const struct secret *passphrase)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, BANK_FILES_SERVER_KEY);
    TRY(bank_files_read_tls(key, path, premises_of(cli)->branch.network, "tls-server",
                            span_of(passphrase->bytes, passphrase->size)));
    cli_data_path(cli, path, BANK_FILES_SERVER);
    return file_read(certificate, path, TLS_PEM_SIZE_MAX);
}

static int listen_wallets(struct cli *cli, struct hall *hall, const struct secret *passphrase)
{
    struct secret key AUTO(secret_wipe) = {0};
    struct buffer certificate AUTO(buffer_fini) = {0};
    enum err error = read_tls(cli, &key, &certificate, passphrase);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the TLS key and certificate"), NULL);
    const struct net_server_options options = {
        .address = cli_setting(cli, "listen"),
        .certificate_pem = buffer_span(&certificate),
        .key_pem = span_of(key.bytes, key.size),
    };
    error = net_server_open(&hall->wallets, &options);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, options.address,
                            _("the address must be free: see listen in bank.ini"));
    return CLI_OK;
}

static int listen_control(struct cli *cli, struct hall *hall)
{
    char address[CLI_ADDRESS_SIZE];
    cli_control_address(address, cli_data(cli));
    (void)snprintf(hall->data, sizeof hall->data, "%s", cli_data(cli));
    const enum err error =
        net_server_open(&hall->control, &(struct net_server_options){.address = address});
    return error == ERR_OK ? CLI_OK
                           : cli_fail_err(cli, error, "control.sock",
                                          _("a path of a socket has at most 107 characters"));
}

static int open_hall(struct cli *cli, struct hall *hall)
{
    struct secret passphrase AUTO(secret_wipe) = {0};
    struct premises_job job AUTO(premises_job_fini) = {0};
    int code = premises_begin(cli, &job, PREMISES_ADMITTED);
    if (code == CLI_OK)
        code = premises_open_keys(cli, &passphrase);
    if (code == CLI_OK)
        code = listen_wallets(cli, hall, &passphrase);
    if (code == CLI_OK)
        code = listen_control(cli, hall);
    hall->premises->is_server = true;
    return code;
}

/* ---- working ---- */

static bool serve_wallets(struct hall *hall, uint64_t wait_ms)
{
    struct net_request requests[NET_CALLS_MAX];
    size_t count = NET_CALLS_MAX;
    if (net_server_take(hall->wallets, requests, &count, wait_ms) != ERR_OK || count == 0)
        return false;
    if (hall->premises->is_broken || is_drained())
        for (size_t i = 0; i < count; i++)
            net_server_drop(hall->wallets, &requests[i]);
    else
        counter_take(&hall->counter, requests, count);
    const uint64_t soon = time_monotonic_ms() + WORK_SOON_MS;
    hall->work_at_ms = hall->work_at_ms < soon ? hall->work_at_ms : soon;
    return true;
}

static bool serve_operator(struct hall *hall)
{
    struct net_request request;
    size_t count = 1;
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    if (net_server_take(hall->control, &request, &count, 0) != ERR_OK || count == 0)
        return false;
    const enum err error =
        cli_serve_control(&program_bank, hall->premises, hall->data, &reply, request.bytes);
    if (error == ERR_OK)
        net_server_reply(hall->control, &request, buffer_span(&reply));
    else
        net_server_drop(hall->control, &request);
    secret_wipe_bytes(reply.data, reply.size);
    hall->work_at_ms = 0;
    return true;
}

/* The central bank came or went: said once. */
static void tell_reachable(struct hall *hall)
{
    const bool is_reachable = hall->premises->branch.central_status != STATUS_UNREACHABLE;
    if (is_reachable != hall->is_reachable)
        log_line(is_reachable ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "bank.central reachable=%s",
                 is_reachable ? "yes" : "no");
    hall->is_reachable = is_reachable;
}

static void go_on(struct hall *hall)
{
    struct branch *branch = &hall->premises->branch;
    bool pending = false;
    if (time_monotonic_ms() < hall->work_at_ms)
        return;
    branch->now = time_now();
    const enum err error = branch_work(branch, &pending);
    if (error != ERR_OK)
        log_line(LOG_LEVEL_ERROR, "bank.work_failed error=%s", err_name(error));
    hall->premises->is_broken = hall->premises->is_broken || error == ERR_COMMIT_UNKNOWN;
    hall->work_at_ms = time_monotonic_ms();
    if (!branch->has_more || error != ERR_OK)
        hall->work_at_ms += pending || error != ERR_OK ? WORK_SOON_MS : WORK_LATE_MS;
    tell_reachable(hall);
}

static void loop(struct hall *hall)
{
    hall->counter = (struct counter){.premises = hall->premises, .wallets = hall->wallets};
    while (!is_stopping() && !hall->premises->is_broken) {
        const bool is_due = time_monotonic_ms() >= hall->work_at_ms;
        (void)serve_wallets(hall, is_due ? 0 : LOOK_MS);
        counter_work(&hall->counter);
        (void)serve_operator(hall);
        go_on(hall);
    }
    log_line(LOG_LEVEL_INFO, "bank.stopping");
    while (!hall->premises->is_broken && !is_drained() &&
           (serve_wallets(hall, counter_is_waiting(&hall->counter) ? LOOK_MS : 0) ||
            serve_operator(hall) || counter_is_waiting(&hall->counter)))
        counter_work(&hall->counter);
    counter_close(&hall->counter);
}

static void hall_fini(struct hall *hall)
{
    net_server_close(&hall->control);
    net_server_close(&hall->wallets);
}

static int serve(struct cli *cli)
{
    struct hall hall AUTO(hall_fini) = {.premises = premises_of(cli), .is_reachable = true};
    catch_signals();
    int code = open_hall(cli, &hall);
    if (code != CLI_OK)
        return code;
    const char *address = net_server_address(hall.wallets);
    json_object_set_new(cli_result(cli), "address", json_string(address));
    cli_say(cli, _("dcep-bank listens on %s"), address);
    (void)fflush(stdout); /* who waits for this line may call now */
    log_line(LOG_LEVEL_INFO, "bank.ready address=%s", address);
    loop(&hall);
    if (!hall.premises->is_broken)
        return CLI_OK;
    return cli_fail(cli, CLI_INTERNAL, "COMMIT_UNKNOWN",
                    _("start it again: it then reads what became of it"),
                    _("the database and this process may differ; the server stops"));
}

int serve_run(struct cli *cli)
{
    int code = premises_open_exclusive(cli);
    if (code == CLI_OK)
        code = serve(cli);
    premises_close(cli);
    return code;
}
