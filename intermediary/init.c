/* Making a bank.
 *
 * 1. The database says who the bank is, and the row that says so comes last. A database without it
 *    was left by an init that did not finish: all is made anew. Keys without a database are a bank
 *    that lost it: they are left alone.
 * 2. Keys are made here and never leave but sealed.
 *
 * Never shows a private key or a passphrase. */
#include "intermediary/init.h"

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/base/time.h"
#include "intermediary/bank_files.h"
#include "intermediary/premises.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVER_DAYS = 3650, TLS_EARLY_S = SECONDS_PER_DAY /* the wallet's clock may be behind */ };

struct founding {
    const char *name, *network, *tls_name;
    char listen[ADDRESS_SIZE_MAX + 1];
    struct secret passphrase;
    struct branch branch;
};

static void founding_fini(struct founding *founding)
{
    secret_wipe(&founding->passphrase);
    branch_fini(&founding->branch);
    store_close(&founding->branch.store);
}

static struct span passphrase_of(const struct founding *founding)
{
    return span_of(founding->passphrase.bytes, founding->passphrase.size);
}

/* ---- what is asked for ---- */

static bool is_name(const char *name)
{
    char shown[NAME_SIZE_MAX * 4 + 1];
    const struct span text = span_text(name);
    if (text.size == 0 || text.size > NAME_SIZE_MAX || !text_is_utf8(text))
        return false;
    text_printable(shown, sizeof shown, text);
    return strcmp(shown, name) == 0;
}

/* Port 0: one that is free now, so that the address can be told to wallets before the first
 * start. */
static int read_listen(struct cli *cli, struct founding *founding)
{
    const char *listen = cli_setting(cli, "listen");
    const char *colon = strrchr(listen, ':');
    uint16_t port = 0;
    if (colon == NULL || strlen(listen) > ADDRESS_SIZE_MAX - 8)
        return cli_fail(cli, CLI_USAGE, "LISTEN", _("for example 127.0.0.1:7100"),
                        _("\"%s\" is not HOST:PORT"), listen);
    (void)snprintf(founding->listen, sizeof founding->listen, "%s", listen);
    if (strcmp(colon, ":0") != 0)
        return CLI_OK;
    const enum err error = net_free_port(&port);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, listen, NULL);
    (void)snprintf(founding->listen, sizeof founding->listen, "%.*s:%u", (int)(colon - listen),
                   listen, (unsigned)port);
    return CLI_OK;
}

static int read_options(struct cli *cli, struct founding *founding)
{
    founding->name = cli_text(cli, "--name");
    founding->network = cli_setting(cli, "network");
    founding->tls_name = cli_setting(cli, "tls_name");
    if (!is_name(founding->name))
        return cli_fail(cli, CLI_USAGE, "NAME", _("1 to 64 bytes of plain text"),
                        _("this is no name for a bank"));
    if (!wire_network_valid(founding->network))
        return cli_fail(cli, CLI_USAGE, "NETWORK", _("a-z, 0-9 and -, at most 16 of them"),
                        _("\"%s\" is no name of a network"), founding->network);
    int code = read_listen(cli, founding);
    if (code != CLI_OK)
        return code;
    if (!cli_flag(cli, "--no-passphrase"))
        return cli_passphrase(cli, &founding->passphrase, _("new passphrase of the bank"), true);
    cli_warn(cli, _("the keys are not sealed: for a demo or a test only"));
    return CLI_OK;
}

/* ---- making it ---- */

static void clear_leftovers(const struct cli *cli)
{
    static const char *const names[] = {
        BANK_FILES_CONFIG,    BANK_FILES_SERVER,          BANK_FILES_BANK_KEY,
        BANK_FILES_VAULT_KEY, BANK_FILES_CLIENT_KEY,      BANK_FILES_SERVER_KEY,
        BANK_FILES_DATABASE,  BANK_FILES_DATABASE "-wal", BANK_FILES_DATABASE "-shm",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[CLI_PATH_SIZE];
        cli_data_path(cli, path, names[i]);
        (void)unlink(path);
    }
}

static enum err make_key(const struct cli *cli, struct key_pair *out,
                         const struct founding *founding, const char *file, const char *role)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, file);
    TRY(crypto()->key_generate(out));
    return bank_files_write(path, out, founding->network, role, passphrase_of(founding));
}

static enum err make_tls(const struct cli *cli, const struct founding *founding)
{
    struct secret client AUTO(secret_wipe) = {0}, server AUTO(secret_wipe) = {0};
    struct buffer pem AUTO(buffer_fini) = {0};
    char path[CLI_PATH_SIZE];
    const uint64_t now = time_now();
    const struct tls_certificate_spec spec = {
        .name = founding->tls_name,
        .not_before_s = now - TLS_EARLY_S,
        .not_after_s = now + (uint64_t)SERVER_DAYS * SECONDS_PER_DAY,
    };
    TRY(tls_key_generate(&client));
    cli_data_path(cli, path, BANK_FILES_CLIENT_KEY);
    TRY(bank_files_write_tls(path, &client, founding->network, "tls-client",
                             passphrase_of(founding)));
    TRY(tls_key_generate(&server));
    cli_data_path(cli, path, BANK_FILES_SERVER_KEY);
    TRY(bank_files_write_tls(path, &server, founding->network, "tls-server",
                             passphrase_of(founding)));
    TRY(tls_certificate_self(&pem, span_of(server.bytes, server.size), &spec));
    cli_data_path(cli, path, BANK_FILES_SERVER);
    return file_write_new(path, buffer_span(&pem), FILE_PUBLIC);
}

/* The settings in force, with the port that was found. */
static enum err make_config(const struct cli *cli, const struct founding *founding)
{
    struct buffer out AUTO(buffer_fini) = {0};
    char path[CLI_PATH_SIZE];
    TRY(cli_config_text(cli, &out, "listen", founding->listen));
    cli_data_path(cli, path, BANK_FILES_CONFIG);
    return file_write_new(path, buffer_span(&out), FILE_PUBLIC);
}

static enum err make_database(const struct cli *cli, struct founding *founding)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, BANK_FILES_DATABASE);
    return store_sqlite_open(&founding->branch.store, path, &bank_schema,
                             &(struct store_sqlite_options){.create = true, .exclusive = true});
}

static enum err make_all(const struct cli *cli, struct founding *founding)
{
    clear_leftovers(cli);
    TRY(make_database(cli, founding));
    TRY(make_key(cli, &founding->branch.bank_key, founding, BANK_FILES_BANK_KEY, "bank"));
    TRY(make_key(cli, &founding->branch.vault_key, founding, BANK_FILES_VAULT_KEY, "vault"));
    TRY(make_tls(cli, founding));
    TRY(make_config(cli, founding));
    founding->branch.now = time_now();
    return branch_create(&founding->branch, founding->network, founding->name);
}

static bool has_lost_database(const struct cli *cli)
{
    char database[CLI_PATH_SIZE], bank[CLI_PATH_SIZE], vault[CLI_PATH_SIZE];
    cli_data_path(cli, database, BANK_FILES_DATABASE);
    cli_data_path(cli, bank, BANK_FILES_BANK_KEY);
    cli_data_path(cli, vault, BANK_FILES_VAULT_KEY);
    return !file_exists(database) && (file_exists(bank) || file_exists(vault));
}

/* A database without a bank in it was left by an init that did not finish. */
static bool is_made(const struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    struct store *store AUTO(store_close) = NULL;
    struct arena arena AUTO(arena_fini) = {0};
    struct bank_state state = {.id = BANK_NUMBER_ONE};
    cli_data_path(cli, path, BANK_FILES_DATABASE);
    if (!file_exists(path))
        return false;
    if (store_sqlite_open(&store, path, &bank_schema, &(struct store_sqlite_options){0}) !=
            ERR_OK ||
        store_begin(store, STORE_READ) != ERR_OK)
        return true;
    return store_get(store, &bank_table_bank_state, &state, &arena) != ERR_MISSING;
}

int init_run(struct cli *cli)
{
    struct founding founding AUTO(founding_fini) = {0};
    enum err error = file_make_dir(cli_data(cli));
    if (error != ERR_OK)
        return cli_fail_err(cli, error, cli_data(cli), NULL);
    if (is_made(cli))
        return cli_fail(cli, CLI_REFUSED, "EXISTS", _("--data DIR makes another one"),
                        _("there is a bank in %s already"), cli_data(cli));
    if (has_lost_database(cli))
        return cli_fail(cli, CLI_REFUSED, "KEYS",
                        _("put bank.db back, or move the keys to a safe place first"),
                        _("there are a bank's keys in %s, without their database"), cli_data(cli));
    const int code = read_options(cli, &founding);
    if (code != CLI_OK)
        return code;
    error = make_all(cli, &founding);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, cli_data(cli), NULL);
    json_t *result = cli_result(cli);
    json_object_set_new(result, "data", json_string(cli_data(cli)));
    json_object_set_new(result, "name", json_string(founding.name));
    json_object_set_new(result, "network", json_string(founding.network));
    json_object_set_new(result, "listen", json_string(founding.listen));
    cli_say(cli, _("The bank %s is made in %s."), founding.name, cli_data(cli));
    cli_say(cli, _("Next: dcep-bank enroll -o REQ, for the central bank"));
    return CLI_OK;
}
