/* The server: takes what arrived into the pipeline; when that is empty it runs the operator's
 * commands.
 *
 * 1. Store, keys and trust belong to the pipeline while there are calls in it, else to this thread.
 * 2. SIGTERM and SIGINT: what came in is finished and answered, for DRAIN_MS at most, then exit 0;
 *    banks whose calls were not taken ask again.
 * 3. What cannot be known (a commit without an answer, trust that cannot be loaded) ends the
 *    server with an error: started again, it knows.
 *
 * Never needs the root key. */
#include "central/serve.h"

#include "central/keys.h"
#include "central/office.h"
#include "central/program.h"
#include "central/serve_control.h"
#include "central/serve_pipeline.h"
#include "central/serve_upkeep.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/time.h"

#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    KEPT_BLOCK_SIZE = 8 * 1024 * 1024,
    KEPT_FREE_SIZE = 16 * 1024 * 1024,
    DRAIN_MS =
        3000, /* from the signal on, for calls that came in; the batch under way is finished */
};

struct desk {
    struct office *office;
    struct net_server *server;
    struct serve_pipeline *pipeline;
    struct serve_control *control;
    struct serve_upkeep upkeep;
};

/* ---- stopping ---- */

static _Atomic uint64_t stop_by_ms; /* 0: nobody asked */
static struct net_server *_Atomic woken_server;

static void on_signal(int number)
{
    uint64_t nobody = 0;
    (void)number;
    atomic_compare_exchange_strong(&stop_by_ms, &nobody, time_monotonic_ms() + DRAIN_MS);
    struct net_server *server = atomic_load(&woken_server);
    if (server != NULL)
        net_server_wake(server);
}

static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

/* ---- opening ---- */

static enum err read_tls(struct cli *cli, struct secret *key, struct buffer *certificate,
                         struct buffer *authority, struct span passphrase)
{
    char path[CLI_PATH_SIZE];
    const char *network = office_of(cli)->service.network;
    cli_data_path(cli, path, KEYS_TLS_SERVER_KEY);
    TRY(keys_read_tls(key, path, network, "tls-server", passphrase));
    cli_data_path(cli, path, KEYS_TLS_SERVER);
    TRY(file_read(certificate, path, TLS_PEM_SIZE_MAX));
    cli_data_path(cli, path, KEYS_TLS_AUTHORITY);
    return file_read(authority, path, TLS_PEM_SIZE_MAX);
}

static int listen_tls(struct cli *cli, struct desk *desk, struct span passphrase)
{
    struct secret key AUTO(secret_wipe) = {0};
    struct buffer certificate AUTO(buffer_fini) = {0}, authority AUTO(buffer_fini) = {0};
    enum err error = read_tls(cli, &key, &certificate, &authority, passphrase);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the TLS key and certificates"), NULL);
    const struct net_server_options options = {
        .address = cli_setting(cli, "listen"),
        .certificate_pem = buffer_span(&certificate),
        .key_pem = span_of(key.bytes, key.size),
        .client_authority_pem = buffer_span(&authority),
    };
    error = net_server_open(&desk->server, &options);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, options.address,
                            _("the address must be free: see listen in central.ini"));
    atomic_store(&woken_server, desk->server);
    return CLI_OK;
}

/* ---- the pipeline ---- */

static long worker_count(const struct cli *cli)
{
    const char *text = cli_setting(cli, "workers");
    char *end = NULL;
    if (text == NULL) {
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        return processors < 1 ? 1 : processors > SERVE_WORKERS_MAX ? SERVE_WORKERS_MAX : processors;
    }
    const long count = strtol(text, &end, 10);
    return *text != 0 && *end == 0 && count >= 1 && count <= SERVE_WORKERS_MAX ? count : 0;
}

static int open_pipeline(struct cli *cli, struct desk *desk)
{
    const long count = worker_count(cli);
    if (count == 0)
        return cli_fail(cli, CLI_USAGE, "WORKERS", _("see workers in central.ini"),
                        _("workers is a number from 1 to %d"), SERVE_WORKERS_MAX);
    const struct serve_batch_chores chores = serve_upkeep_chores(&desk->upkeep);
    const enum err error = serve_pipeline_open(&desk->pipeline, &desk->office->service,
                                               desk->server, &chores, (size_t)count);
    return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, _("the worker threads"), NULL);
}

/* The same passphrase opens the signing keys and the TLS key: it is asked for once. */
static int open_keys(struct cli *cli, struct secret *passphrase)
{
    int code =
        office_passphrase(cli, passphrase, KEYS_ISSUING, _("passphrase of the central bank"));
    if (code == CLI_OK)
        code = office_open_keys_with(cli, span_of(passphrase->bytes, passphrase->size));
    if (code != CLI_OK)
        return code;
    const enum err error = office_load_trust(office_of(cli));
    return error == ERR_OK ? CLI_OK
                           : cli_fail_err(cli, error, _("the directory and revocation list"), NULL);
}

static int open_desk(struct cli *cli, struct desk *desk)
{
    struct secret passphrase AUTO(secret_wipe) = {0};
    int code = open_keys(cli, &passphrase);
    if (code == CLI_OK)
        code = listen_tls(cli, desk, span_of(passphrase.bytes, passphrase.size));
    if (code == CLI_OK)
        code = open_pipeline(cli, desk);
    if (code != CLI_OK)
        return code;
    const enum err error = serve_control_open(&desk->control, cli_data(cli), desk->server);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, "control.sock",
                            _("a path of a socket has at most 107 characters"));
    desk->office->is_server = true;
    if (cli_setting(cli, "address") == NULL)
        snprintf(desk->office->address, sizeof desk->office->address, "%s",
                 net_server_address(desk->server));
    return CLI_OK;
}

/* ---- working ---- */

/* What arrived goes into the pipeline; false if nothing did. */
static bool work(struct desk *desk, uint64_t wait_ms)
{
    struct net_request requests[NET_CALLS_MAX];
    size_t count = NET_CALLS_MAX;
    const enum err taken = net_server_take(desk->server, requests, &count, wait_ms);
    if (taken != ERR_OK || count == 0)
        return false;
    serve_pipeline_put(desk->pipeline, requests, count);
    return true;
}

static bool is_broken(struct desk *desk)
{
    struct office *office = desk->office;
    office->is_broken = office->is_broken || serve_pipeline_is_broken(desk->pipeline);
    return office->is_broken;
}

/* Commands need the store in this thread. */
static void obey(struct desk *desk)
{
    if (!serve_control_waits(desk->control))
        return;
    serve_pipeline_drain(desk->pipeline);
    serve_control_run(desk->control, &program_central, desk->office);
}

static void loop(struct desk *desk)
{
    while (atomic_load(&stop_by_ms) == 0 && !is_broken(desk)) {
        obey(desk);
        if (!work(desk, serve_upkeep_wait_ms(&desk->upkeep)))
            serve_pipeline_rest(desk->pipeline);
    }
    log_line(LOG_LEVEL_INFO, "central.stopping");
    serve_pipeline_drain(desk->pipeline);
    serve_control_stop(desk->control, &program_central, desk->office);
    while (!is_broken(desk) && time_monotonic_ms() < atomic_load(&stop_by_ms) && work(desk, 0))
        continue;
    serve_pipeline_drain(desk->pipeline);
    (void)is_broken(desk);
}

static void desk_fini(struct desk *desk)
{
    atomic_store(&woken_server, NULL);
    serve_control_close(&desk->control);
    serve_pipeline_close(&desk->pipeline);
    serve_upkeep_fini(&desk->upkeep);
    net_server_close(&desk->server);
}

static int serve(struct cli *cli)
{
    struct desk desk AUTO(desk_fini) = {.office = office_of(cli)};
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, KEYS_ARCHIVE);
    serve_upkeep_init(&desk.upkeep, &desk.office->service, path);
    catch_signals();
    int code = open_desk(cli, &desk);
    if (code != CLI_OK)
        return code;
    const char *address = net_server_address(desk.server);
    json_object_set_new(cli_result(cli), "address", json_string(address));
    cli_say(cli, _("dcep-central listens on %s"), address);
    (void)fflush(stdout); /* who waits for this line may call now */
    log_line(LOG_LEVEL_INFO, "central.ready address=%s", address);
    loop(&desk);
    if (!desk.office->is_broken)
        return CLI_OK;
    return cli_fail(cli, CLI_INTERNAL, "COMMIT_UNKNOWN",
                    _("start it again: it then reads what became of it"),
                    _("the database and this process may differ; the server stops"));
}

/* Arenas of calls come and go by the megabyte: given back to the kernel each time, their pages
 * would be cleared anew each time. */
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK_SIZE);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_FREE_SIZE);
}

int serve_run(struct cli *cli)
{
    keep_memory();
    int code = office_open_exclusive(cli);
    if (code == CLI_OK)
        code = serve(cli);
    office_close(cli);
    return code;
}
