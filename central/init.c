/* Making a central bank.
 *
 * 1. Everything is made in DATA/.init first. Once all of it is durable, a mark says so, and the
 *    files move to their places, the database last: without it there is no central bank. Run again
 *    after a crash, init starts over without the mark and goes on moving with it.
 * 2. A root key is never overwritten.
 * 3. The directory names the hash of the root key that comes next, so that the root can change
 *    hands one day.
 *
 * Never shows a private key or a passphrase. */
#include "central/init.h"

#include "central/authority.h"
#include "central/books.h"
#include "central/init_move.h"
#include "central/keys.h"
#include "central/service.h"
#include "common/base/file.h"
#include "common/base/time.h"
#include "common/net/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIRECTORY_DAYS = 90,
    TLS_AUTHORITY_DAYS = 3650,
    TLS_SERVER_DAYS = 730,
    TLS_EARLY_S = SECONDS_PER_DAY, /* the other side's clock may be behind */
};

struct founding {
    const char *network, *tls_name;
    char listen[ADDRESS_SIZE_MAX + 1];
    struct secret passphrase;
    struct key_pair root, next_root;
    struct service service; /* signing keys, store, trust */
};

static void founding_fini(struct founding *founding)
{
    secret_wipe(&founding->passphrase);
    key_pair_wipe(&founding->root);
    key_pair_wipe(&founding->next_root);
    service_fini(&founding->service);
    store_close(&founding->service.store);
}

static struct span passphrase_of(const struct founding *founding)
{
    return span_of(founding->passphrase.bytes, founding->passphrase.size);
}

static void staged(const struct cli *cli, char path[CLI_PATH_SIZE], const char *name)
{
    char below[CLI_PATH_SIZE];
    snprintf(below, sizeof below, "%s/%s", INIT_MOVE_STAGING, name);
    cli_data_path(cli, path, below);
}

/* ---- keys ---- */

static enum err make_key(const struct cli *cli, struct key_pair *out,
                         const struct founding *founding, const char *file, const char *role)
{
    char path[CLI_PATH_SIZE];
    staged(cli, path, file);
    TRY(crypto()->key_generate(out));
    return keys_write(path, out, founding->network, role, passphrase_of(founding));
}

static enum err make_keys(const struct cli *cli, struct founding *founding)
{
    char path[CLI_PATH_SIZE];
    struct service *service = &founding->service;
    TRY(make_key(cli, &founding->root, founding, KEYS_ROOT, "root"));
    TRY(make_key(cli, &founding->next_root, founding, KEYS_ROOT KEYS_ROOT_NEXT, "root"));
    TRY(make_key(cli, &service->issuing_key, founding, KEYS_ISSUING, "issuing"));
    TRY(make_key(cli, &service->register_key, founding, KEYS_REGISTER, "register"));
    TRY(make_key(cli, &service->revocation_key, founding, KEYS_REVOCATION, "revocation"));
    service->root_key = founding->root.public_key;
    staged(cli, path, KEYS_ROOT_PUBLIC);
    return keys_write_public(path, &service->root_key);
}

static enum err keep_tls(const struct cli *cli, const struct founding *founding,
                         const char *key_file, const char *role, const struct secret *key,
                         const char *pem_file, struct span pem)
{
    char path[CLI_PATH_SIZE];
    staged(cli, path, key_file);
    TRY(keys_write_tls(path, key, founding->network, role, passphrase_of(founding)));
    staged(cli, path, pem_file);
    return file_write_new(path, pem, FILE_PUBLIC);
}

static enum err make_tls(const struct cli *cli, const struct founding *founding)
{
    const uint64_t now = time_now(), from = now - TLS_EARLY_S;
    struct secret authority_key AUTO(secret_wipe) = {0}, key AUTO(secret_wipe) = {0};
    struct buffer authority AUTO(buffer_fini) = {0}, server AUTO(buffer_fini) = {0},
                            public_pem AUTO(buffer_fini) = {0};
    const struct tls_certificate_spec authority_spec = {
        "authority.dcep", true, from, now + (uint64_t)TLS_AUTHORITY_DAYS * SECONDS_PER_DAY};
    const struct tls_certificate_spec server_spec = {
        founding->tls_name, false, from, now + (uint64_t)TLS_SERVER_DAYS * SECONDS_PER_DAY};
    TRY(tls_key_generate(&authority_key));
    TRY(tls_key_generate(&key));
    const struct span authority_key_pem = span_of(authority_key.bytes, authority_key.size);
    TRY(tls_certificate_self(&authority, authority_key_pem, &authority_spec));
    TRY(tls_key_public(&public_pem, span_of(key.bytes, key.size)));
    TRY(tls_certificate_issue(&server, buffer_span(&authority), authority_key_pem,
                              buffer_span(&public_pem), &server_spec));
    TRY(keep_tls(cli, founding, KEYS_TLS_AUTHORITY_KEY, "tls-authority", &authority_key,
                 KEYS_TLS_AUTHORITY, buffer_span(&authority)));
    return keep_tls(cli, founding, KEYS_TLS_SERVER_KEY, "tls-server", &key, KEYS_TLS_SERVER,
                    buffer_span(&server));
}

/* ---- the register and the first directory ---- */

static enum err sign_directory(struct founding *founding, struct cose *out, struct arena *arena)
{
    struct key_item issuing = {founding->service.issuing_key.public_key};
    const struct span next = SPAN(founding->next_root.public_key);
    const uint64_t now = founding->service.now;
    struct directory directory = {
        .version = 1,
        .issuing_keys = {&issuing, 1},
        .register_key = founding->service.register_key.public_key,
        .revocation_key = founding->service.revocation_key.public_key,
        .next_root_key_hash = crypto_hash(&next, 1),
        .made_at = now,
        .not_after = now + (uint64_t)DIRECTORY_DAYS * SECONDS_PER_DAY,
    };
    TRY(authority_first_policy(&directory.policy, arena));
    return record_sign(out, founding->network, KIND_DIRECTORY, &directory, &founding->root, arena);
}

static enum err fill_database(struct founding *founding)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct service *service = &founding->service;
    struct register_env env = service_env(service, &arena);
    struct cose directory = {0};
    enum status status = STATUS_OK;
    TRY(store_begin(service->store, STORE_WRITE));
    TRY(books_open(service->store));
    TRY(authority_revocations_open(&env));
    TRY(sign_directory(founding, &directory, &arena));
    TRY(authority_directory_accept(&env, &status, &service->root_key, founding->network,
                                   &directory));
    CHECK(status == STATUS_OK);
    TRY(service_load_trust(service));
    return store_commit(service->store);
}

static enum err make_database(const struct cli *cli, struct founding *founding)
{
    char path[CLI_PATH_SIZE];
    struct service *service = &founding->service;
    staged(cli, path, KEYS_DATABASE);
    service->now = time_now();
    snprintf(service->network, sizeof service->network, "%s", founding->network);
    TRY(store_sqlite_open(&service->store, path, &tables_schema,
                          &(struct store_sqlite_options){.create = true, .exclusive = true}));
    TRY(fill_database(founding));
    store_close(&service->store); /* one file is left: the journal is in it */
    return ERR_OK;
}

/* ---- settings ---- */

/* As the settings are now, but with the port that was chosen. */
static enum err make_config(const struct cli *cli, const struct founding *founding)
{
    struct buffer out AUTO(buffer_fini) = {0};
    char path[CLI_PATH_SIZE];
    TRY(cli_config_text(cli, &out, "listen", founding->listen));
    staged(cli, path, KEYS_CONFIG);
    return file_write_new(path, buffer_span(&out), FILE_PUBLIC);
}

/* Port 0: one that is free now, for ever: banks are told the address when they are enrolled. */
static enum err choose_address(struct founding *founding, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    uint16_t port = 0;
    if (colon == NULL || strlen(listen) > ADDRESS_SIZE_MAX - 8)
        return ERR_PARSE;
    if (strcmp(colon, ":0") != 0) {
        snprintf(founding->listen, sizeof founding->listen, "%s", listen);
        return ERR_OK;
    }
    TRY(net_free_port(&port));
    snprintf(founding->listen, sizeof founding->listen, "%.*s:%u", (int)(colon - listen), listen,
             port);
    return ERR_OK;
}

static int read_options(struct cli *cli, struct founding *founding)
{
    founding->network = cli_setting(cli, "network");
    founding->tls_name = cli_setting(cli, "tls_name");
    if (!wire_network_valid(founding->network))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("a-z, 0-9 and -, at most 16 of them"),
                        _("\"%s\" is no name of a network"), founding->network);
    if (choose_address(founding, cli_setting(cli, "listen")) != ERR_OK)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write HOST:PORT, as in 127.0.0.1:7001"),
                        _("\"%s\" is no address"), cli_setting(cli, "listen"));
    if (!cli_flag(cli, "--no-passphrase"))
        return cli_passphrase(cli, &founding->passphrase, _("new passphrase of the central bank"),
                              true);
    cli_warn(cli, _("the keys are not sealed: whoever reads the files has them; "
                    "for tests and demonstrations only"));
    return CLI_OK;
}

/* ---- all of it ---- */

static enum err build(const struct cli *cli, struct founding *founding)
{
    TRY(init_move_clear(cli));
    TRY(make_keys(cli, founding));
    TRY(make_tls(cli, founding));
    TRY(make_config(cli, founding));
    TRY(make_database(cli, founding));
    return init_move_mark(cli);
}

static int found(struct cli *cli)
{
    struct founding founding AUTO(founding_fini) = {0};
    int code = init_move_check(cli);
    if (code == CLI_OK)
        code = read_options(cli, &founding);
    if (code != CLI_OK)
        return code;
    enum err error = build(cli, &founding);
    if (error == ERR_OK)
        return CLI_OK;
    if (init_move_clear(cli) != ERR_OK)
        cli_warn(cli, _("%s/.init is left over; the next init removes it"), cli_data(cli));
    return cli_fail_err(cli, error, _("the central bank could not be made"),
                        _("--tls-name is a DNS name; the data directory must be writable"));
}

static int show(struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    struct public_key root_key;
    json_t *result = cli_result(cli);
    cli_data_path(cli, path, KEYS_ROOT_PUBLIC);
    enum err error = keys_read_public(&root_key, path);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, path, NULL);
    json_object_set_new(result, "data", json_string(cli_data(cli)));
    json_object_set_new(result, "root_public_key", cli_json_hex(SPAN(root_key)));
    cli_say(cli, _("The central bank is made in %s."), cli_data(cli));
    cli_say(cli, _("Root key: %s, and the one that comes next beside it (%s)."),
            json_string_value(json_object_get(result, "root_key_file")), KEYS_ROOT_NEXT);
    cli_say(cli, _("Take both offline: only bank enroll and directory publish need the first."));
    cli_say(cli, _("Next: dcep-central serve"));
    return CLI_OK;
}

int init_run(struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, KEYS_DATABASE);
    if (file_exists(path))
        return cli_fail(cli, CLI_REFUSED, "EXISTS", _("--data DIR makes another one"),
                        _("there is a central bank in %s already"), cli_data(cli));
    enum err error = file_make_dir(cli_data(cli));
    if (error != ERR_OK)
        return cli_fail_err(cli, error, cli_data(cli), NULL);
    int code = init_move_is_marked(cli) ? CLI_OK : found(cli);
    if (code == CLI_OK)
        code = init_move_finish(cli);
    return code == CLI_OK ? show(cli) : code;
}
