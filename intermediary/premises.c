/* Opening and closing the bank, its keys, its line to the central bank (contract in premises.h).
 *
 * 1. Without the keys nothing can be signed: commands say what they need, and only then a
 *    passphrase is asked for.
 * 2. Who the bank is stands in the database; key files of another bank are refused.
 *
 * Never decides about money: that is the core's. */
#include "intermediary/premises.h"

#include "common/base/time.h"
#include "intermediary/bank_files.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_TIMEOUT_MS = 5000, /* below a wallet's own: it hears "pending" before it gives up */
    REST_MS = 2000,
};

struct premises *premises_of(const struct cli *cli)
{
    struct premises *premises = cli_context(cli);
    CHECK(premises != NULL);
    return premises;
}

/* ---- the line ---- */

struct net_client_options premises_line(const struct premises *premises)
{
    return (struct net_client_options){
        .address = premises->central_address,
        .server_name = premises->central_name,
        .authority_pem = buffer_span(&premises->central_authority),
        .certificate_pem = buffer_span(&premises->client_certificate),
        .key_pem = span_of(premises->client_key.bytes, premises->client_key.size),
    };
}

static enum err open_line(struct premises *premises)
{
    const struct net_client_options options = premises_line(premises);
    return premises->line != NULL ? ERR_OK : net_client_open(&premises->line, &options);
}

/* A line that hangs would hold up every wallet: after a time-out it rests. */
static enum err call_central(void *context, struct buffer *reply, struct span request)
{
    struct premises *premises = context;
    if (time_monotonic_ms() < premises->resting_until_ms)
        return ERR_UNREACHABLE;
    TRY(open_line(premises));
    const enum err error = net_call(premises->line, reply, request, premises->timeout_ms);
    premises->resting_until_ms = error == ERR_TIMEOUT ? time_monotonic_ms() + REST_MS : 0;
    return error;
}

static void system_random(void *context, void *out, size_t size)
{
    (void)context;
    crypto_random(out, size);
}

/* ---- opening ---- */

static int fail_open(struct cli *cli, enum err error)
{
    if (error == ERR_MISSING)
        return cli_fail(cli, CLI_REFUSED, "MISSING",
                        _("dcep-bank init makes one; --data DIR says where it is"),
                        _("there is no bank in %s"), cli_data(cli));
    if (error == ERR_LOCKED || error == ERR_BUSY)
        return cli_fail(cli, CLI_UNREACHABLE, err_name(error),
                        _("a server starts or stops, or another command is at work: try again"),
                        _("another process holds the database"));
    return cli_fail_err(cli, error, BANK_FILES_DATABASE, NULL);
}

static void put_text(char *out, size_t size, struct span text)
{
    const size_t kept = text.size < size ? text.size : size - 1;
    memcpy(out, text.data, kept);
    out[kept] = '\0';
}

static enum err read_identity(struct premises *premises, struct arena *arena)
{
    struct bank_state state = {.id = BANK_NUMBER_ONE};
    struct bank_trust trust = {.id = BANK_NUMBER_ONE};
    struct store *store = premises->branch.store;
    TRY(store_get(store, &bank_table_bank_state, &state, arena));
    put_text(premises->name, sizeof premises->name, state.name);
    if (!premises->has_keys) {
        premises->branch.bank_key.public_key = state.bank_key;
        premises->branch.vault_key.public_key = state.vault_key;
    }
    const enum err error = store_get(store, &bank_table_bank_trust, &trust, arena);
    if (error != ERR_OK)
        return error == ERR_MISSING ? ERR_OK : error;
    put_text(premises->central_address, sizeof premises->central_address, trust.address);
    put_text(premises->central_name, sizeof premises->central_name, trust.tls_name);
    buffer_fini(&premises->client_certificate);
    buffer_fini(&premises->central_authority);
    TRY(buffer_put(&premises->client_certificate, trust.tls_certificate));
    return buffer_put(&premises->central_authority, trust.tls_authority);
}

int premises_load(struct cli *cli)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct premises *premises = premises_of(cli);
    net_client_close(&premises->line); /* its certificates may be others now */
    premises->loads++;
    enum err error = store_begin(premises->branch.store, STORE_READ);
    if (error == ERR_OK)
        error = read_identity(premises, &arena);
    store_rollback(premises->branch.store);
    if (error == ERR_OK)
        error = branch_load(&premises->branch);
    return error == ERR_OK ? CLI_OK : fail_open(cli, error);
}

static int open_as(struct cli *cli, bool exclusive)
{
    char path[CLI_PATH_SIZE];
    struct premises *premises = calloc(1, sizeof *premises);
    CHECK(premises != NULL);
    cli_set_context(cli, premises);
    cli_data_path(cli, path, BANK_FILES_DATABASE);
    const enum err error =
        store_sqlite_open(&premises->branch.store, path, &bank_schema,
                          &(struct store_sqlite_options){.exclusive = exclusive});
    if (error != ERR_OK)
        return fail_open(cli, error);
    const char *address = cli_setting(cli, "address");
    (void)snprintf(premises->listen, sizeof premises->listen, "%s",
                   address != NULL ? address : cli_setting(cli, "listen"));
    premises->timeout_ms =
        cli_given(cli, "--timeout") ? cli_timeout_ms(cli) : (uint64_t)LINE_TIMEOUT_MS;
    premises->branch.now = time_now();
    premises->branch.random = system_random;
    return premises_load(cli);
}

int premises_open(struct cli *cli)
{
    return open_as(cli, false);
}

int premises_open_exclusive(struct cli *cli)
{
    return open_as(cli, true);
}

void premises_close(struct cli *cli)
{
    struct premises *premises = cli_context(cli);
    if (premises == NULL)
        return;
    net_client_close(&premises->line);
    branch_fini(&premises->branch);
    secret_wipe(&premises->client_key);
    buffer_fini(&premises->client_certificate);
    buffer_fini(&premises->central_authority);
    store_close(&premises->branch.store);
    free(premises);
    cli_set_context(cli, NULL);
}

/* ---- keys ---- */

static int ask_passphrase(struct cli *cli, struct secret *out)
{
    char path[CLI_PATH_SIZE];
    bool sealed = false;
    cli_data_path(cli, path, BANK_FILES_BANK_KEY);
    const enum err error = bank_files_is_sealed(&sealed, path);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, path, _("a key file must be there, and yours alone"));
    secret_wipe(out);
    return sealed ? cli_passphrase(cli, out, _("passphrase of the bank"), false) : CLI_OK;
}

static enum err read_keys(struct cli *cli, struct branch *keys, struct secret *client_key,
                          struct span passphrase)
{
    const char *network = premises_of(cli)->branch.network;
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, BANK_FILES_BANK_KEY);
    TRY(bank_files_read(&keys->bank_key, path, network, "bank", passphrase));
    cli_data_path(cli, path, BANK_FILES_VAULT_KEY);
    TRY(bank_files_read(&keys->vault_key, path, network, "vault", passphrase));
    cli_data_path(cli, path, BANK_FILES_CLIENT_KEY);
    return bank_files_read_tls(client_key, path, network, "tls-client", passphrase);
}

static int take_keys(struct cli *cli, const struct branch *keys)
{
    struct premises *premises = premises_of(cli);
    struct branch *branch = &premises->branch;
    if (!key_equal(&keys->bank_key.public_key, &branch->bank_key.public_key) ||
        !key_equal(&keys->vault_key.public_key, &branch->vault_key.public_key))
        return cli_fail(cli, CLI_INTEGRITY, "KEYS", _("put back the key files that init made"),
                        _("the key files are not those of this bank"));
    branch->bank_key = keys->bank_key;
    branch->vault_key = keys->vault_key;
    branch->central_context = premises;
    branch->central = call_central;
    premises->has_keys = true;
    return CLI_OK;
}

int premises_open_keys(struct cli *cli, struct secret *out)
{
    struct secret passphrase AUTO(secret_wipe) = {0};
    struct branch keys AUTO(branch_fini) = {0};
    struct premises *premises = premises_of(cli);
    if (premises->has_keys && out == NULL)
        return CLI_OK;
    const int code = ask_passphrase(cli, &passphrase);
    if (code != CLI_OK)
        return code;
    if (out != NULL)
        *out = passphrase;
    const enum err error =
        read_keys(cli, &keys, &premises->client_key, span_of(passphrase.bytes, passphrase.size));
    return error == ERR_OK ? take_keys(cli, &keys)
                           : cli_fail_err(cli, error, _("the bank's keys"), NULL);
}

/* ---- a command ---- */

int premises_begin(struct cli *cli, struct premises_job *job, enum premises_need need)
{
    struct premises *premises = premises_of(cli);
    if (need != PREMISES_ROWS && premises->branch.bank_id == 0)
        return cli_fail(cli, CLI_REFUSED, "NOT_ENROLLED",
                        _("dcep-bank enroll -o REQ, then dcep-bank enroll --accept REPLY"),
                        _("this bank is not enrolled yet"));
    if (need == PREMISES_KEYS) {
        const int code = premises_open_keys(cli, NULL);
        if (code != CLI_OK)
            return code;
    }
    premises->branch.now = time_now();
    branch_env_open(&job->env, &premises->branch, &job->arena);
    return CLI_OK;
}

int premises_end(struct cli *cli, enum err error, enum status status, const char *hint)
{
    struct premises *premises = premises_of(cli);
    premises->is_broken = premises->is_broken || error == ERR_COMMIT_UNKNOWN;
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the bank's database"), NULL);
    return status == STATUS_OK ? CLI_OK : cli_fail_status(cli, status, hint);
}

void premises_job_fini(struct premises_job *job)
{
    arena_fini(&job->arena);
}
