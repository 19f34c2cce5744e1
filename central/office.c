/* Opening, closing, and running a command in one transaction.
 *
 * 1. A command's changes are kept only if it succeeded (exit 0 or 8) and the commit did.
 * 2. Without the keys nothing can be minted or signed: commands say what they need, and only then
 *    a passphrase is asked for.
 *
 * Never decides about money: that is the core's. */
#include "central/office.h"

#include "central/authority.h"
#include "central/keys.h"
#include "common/base/log.h"
#include "common/base/time.h"

#include <stdlib.h>
#include <string.h>

struct office *office_of(const struct cli *cli)
{
    struct office *office = cli_context(cli);
    CHECK(office != NULL);
    return office;
}

/* ---- opening ---- */

/* The server's database: coins are paid in random order, so it pays to hold the pages of the last
 * million of them. */
enum { SERVER_CACHE_KIB = 256 * 1024, SERVER_LOG_PAGES = 8000 };

static int fail_open(struct cli *cli, enum err error, const char *name)
{
    if (error == ERR_MISSING)
        return cli_fail(cli, CLI_REFUSED, "MISSING",
                        _("dcep-central init makes one; --data DIR says where it is"),
                        _("there is no central bank in %s (%s is missing)"), cli_data(cli), name);
    if (error == ERR_LOCKED || error == ERR_BUSY)
        return cli_fail(cli, CLI_UNREACHABLE, err_name(error),
                        _("a server starts or stops, or another command is at work: try again"),
                        _("another process holds the database"));
    return cli_fail_err(cli, error, name,
                        error == ERR_VERSION ? _("another version of dcep-central made it") : NULL);
}

/* What every command may believe: the directory, verified under the root key. The revocation list
 * is loaded with the keys, for its newest version may have to be signed first. */
static enum err load_directory(struct service *service)
{
    struct cose directory = {0};
    struct register_env env = service_env(service, &service->trust_arena);
    TRY(store_begin(service->store, STORE_READ));
    enum err error = authority_directory(&env, &directory);
    store_rollback(service->store);
    TRY(error);
    return trust_open(&service->trust, service->network, &service->root_key, &directory,
                      &service->trust_arena);
}

static int set_identity(struct cli *cli, struct office *office)
{
    char path[CLI_PATH_SIZE];
    const char *network = cli_setting(cli, "network"), *address = cli_setting(cli, "address");
    if (!wire_network_valid(network))
        return cli_fail(cli, CLI_USAGE, "CONFIG", _("a-z, 0-9 and -, at most 16 of them"),
                        _("\"%s\" is no name of a network"), network);
    if (address == NULL)
        address = cli_setting(cli, "listen");
    snprintf(office->service.network, sizeof office->service.network, "%s", network);
    snprintf(office->address, sizeof office->address, "%s", address);
    cli_data_path(cli, path, KEYS_ROOT_PUBLIC);
    enum err error = keys_read_public(&office->service.root_key, path);
    return error == ERR_OK ? CLI_OK : fail_open(cli, error, KEYS_ROOT_PUBLIC);
}

static int open_office(struct cli *cli, struct office *office, bool exclusive)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, KEYS_DATABASE);
    enum err error = store_sqlite_open(
        &office->service.store, path, &tables_schema,
        &(struct store_sqlite_options){.exclusive = exclusive,
                                       .settles_aside = exclusive,
                                       .log_pages_max = exclusive ? SERVER_LOG_PAGES : 0,
                                       .cache_kib = exclusive ? SERVER_CACHE_KIB : 0});
    if (error != ERR_OK)
        return fail_open(cli, error, KEYS_DATABASE);
    int code = set_identity(cli, office);
    if (code != CLI_OK)
        return code;
    error = load_directory(&office->service);
    if (error == ERR_SIGNATURE || error == ERR_NETWORK)
        return cli_fail(cli, CLI_INTEGRITY, err_name(error),
                        _("root.pub and network must be those that init made"),
                        _("the directory in the database is not signed by this root key"));
    return error == ERR_OK ? CLI_OK : fail_open(cli, error, KEYS_DATABASE);
}

static int open_as(struct cli *cli, bool exclusive)
{
    struct office *office = calloc(1, sizeof *office);
    CHECK(office != NULL);
    cli_set_context(cli, office);
    return open_office(cli, office, exclusive);
}

int office_open(struct cli *cli)
{
    return open_as(cli, false);
}

int office_open_exclusive(struct cli *cli)
{
    return open_as(cli, true);
}

void office_close(struct cli *cli)
{
    struct office *office = cli_context(cli);
    if (office == NULL)
        return;
    service_fini(&office->service);
    store_close(&office->service.store);
    free(office);
    cli_set_context(cli, NULL);
}

/* ---- keys ---- */

int office_passphrase(struct cli *cli, struct secret *out, const char *key_file, const char *prompt)
{
    char path[CLI_PATH_SIZE];
    bool sealed = false;
    cli_data_path(cli, path, key_file);
    enum err error = keys_is_sealed(&sealed, path);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, path, _("a key file must be there, and yours alone"));
    secret_wipe(out);
    return sealed ? cli_passphrase(cli, out, prompt, false) : CLI_OK;
}

static enum err read_keys(struct cli *cli, struct service *service, struct span passphrase)
{
    const struct {
        struct key_pair *pair;
        const char *file, *role;
    } keys[] = {
        {&service->issuing_key, KEYS_ISSUING, "issuing"},
        {&service->register_key, KEYS_REGISTER, "register"},
        {&service->revocation_key, KEYS_REVOCATION, "revocation"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char path[CLI_PATH_SIZE];
        cli_data_path(cli, path, keys[i].file);
        TRY(keys_read(keys[i].pair, path, service->network, keys[i].role, passphrase));
    }
    return ERR_OK;
}

/* The directory names the keys that count: others would sign what nobody accepts. */
static bool are_certified(const struct service *service)
{
    const struct directory *directory = &service->trust.directory;
    const struct key_id issuing = crypto_key_id(&service->issuing_key.public_key);
    return trust_issuing_key(&service->trust, &issuing) != NULL &&
           key_equal(&directory->register_key, &service->register_key.public_key) &&
           key_equal(&directory->revocation_key, &service->revocation_key.public_key);
}

int office_open_keys_with(struct cli *cli, struct span passphrase)
{
    struct office *office = office_of(cli);
    const enum err error = read_keys(cli, &office->service, passphrase);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the signing keys"), NULL);
    if (!are_certified(&office->service))
        return cli_fail(cli, CLI_INTEGRITY, "KEYS", _("put back the key files that init made"),
                        _("the key files are not those that the directory names"));
    office->has_keys = true;
    return CLI_OK;
}

int office_open_keys(struct cli *cli)
{
    struct secret passphrase AUTO(secret_wipe) = {0};
    if (office_of(cli)->has_keys)
        return CLI_OK;
    const int code =
        office_passphrase(cli, &passphrase, KEYS_ISSUING, _("passphrase of the central bank"));
    return code == CLI_OK ? office_open_keys_with(cli, span_of(passphrase.bytes, passphrase.size))
                          : code;
}

/* ---- running ---- */

enum err office_load_trust(struct office *office)
{
    struct service *service = &office->service;
    service->now = time_now();
    TRY(store_begin(service->store, STORE_WRITE));
    enum err error = service_load_trust(service);
    if (error == ERR_OK)
        error = store_commit(service->store);
    store_rollback(service->store);
    return error;
}

/* The rows have changed; what the server believes must follow, or it must stop. */
static void refresh(struct office *office)
{
    if (!office->is_stale || !office->is_server)
        return;
    office->is_stale = false;
    enum err error = office_load_trust(office);
    if (error == ERR_OK)
        return;
    office->is_broken = true;
    log_line(LOG_LEVEL_ERROR, "central.trust_lost error=%s", err_name(error));
}

int office_run(struct cli *cli, enum office_need need,
               enum err (*work)(struct cli *cli, int *code, struct register_env *env))
{
    struct office *office = office_of(cli);
    struct store *store = office->service.store;
    struct arena arena AUTO(arena_fini) = {0};
    int code = need == OFFICE_SIGN ? office_open_keys(cli) : CLI_OK;
    if (code != CLI_OK)
        return code;
    office->service.now = time_now();
    struct register_env env = service_env(&office->service, &arena);
    enum err error = store_begin(store, need == OFFICE_READ ? STORE_READ : STORE_WRITE);
    if (error == ERR_OK)
        error = work(cli, &code, &env);
    const bool keeps = error == ERR_OK && (code == CLI_OK || code == CLI_PENDING);
    if (keeps)
        error = store_commit(store);
    store_rollback(store);
    office->is_broken = office->is_broken || error == ERR_COMMIT_UNKNOWN;
    if (error != ERR_OK) {
        json_object_clear(cli_result(cli));
        return cli_fail_err(cli, error, _("the central bank's database"), NULL);
    }
    if (keeps)
        refresh(office);
    return code;
}
