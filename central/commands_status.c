/* How the central bank is: what it is made of, what expires when, what waits, and whether the
 * books balance. */
#include "central/books.h"
#include "central/cases.h"
#include "central/commands.h"
#include "central/keys.h"
#include "central/register_row.h"
#include "central/vault.h"
#include "common/base/file.h"
#include "common/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 160 };

static int64_t warn_days(const struct cli *cli)
{
    return strtoll(cli_setting(cli, "warn_days"), NULL, 10);
}

static int64_t days_left(uint64_t not_after)
{
    const int64_t left_s = (int64_t)not_after - (int64_t)time_now();
    return (left_s - (left_s < 0 ? SECONDS_PER_DAY - 1 : 0)) / SECONDS_PER_DAY;
}

/* Lists call a key by its id. A TLS certificate has no key here. */
static void put_key_id(json_t *row, struct span key)
{
    struct public_key value;
    json_object_set_new(row, "key_id", json_null());
    if (key.size != sizeof value.bytes)
        return;
    memcpy(value.bytes, key.data, sizeof value.bytes);
    const struct key_id id = crypto_key_id(&value);
    json_object_set_new(row, "key_id", cli_json_hex(SPAN(id)));
}

/* not_after 0: it does not expire by itself. */
static void put_key(struct cli *cli, const char *role, struct span key, struct span name,
                    uint64_t not_after)
{
    json_t *row = json_object();
    json_object_set_new(row, "role", json_string(role));
    json_object_set_new(row, "name", cli_json_text(name));
    json_object_set_new(row, "key", key.size > 0 ? cli_json_hex(key) : json_null());
    put_key_id(row, key);
    json_object_set_new(row, "not_after",
                        not_after > 0 ? json_integer((json_int_t)not_after) : json_null());
    json_object_set_new(row, "days_left",
                        not_after > 0 ? json_integer(days_left(not_after)) : json_null());
    json_array_append_new(json_object_get(cli_result(cli), "keys"), row);
}

/* A certificate is a key that expires by itself, and is warned of. */
static void put_certificate(struct cli *cli, const char *role, struct span key, struct span name,
                            uint64_t not_after)
{
    const int64_t days = days_left(not_after);
    char line[LINE_SIZE];
    put_key(cli, role, key, name, not_after);
    snprintf(line, sizeof line, "%s%s%.*s", _(role), name.size > 0 ? " " : "", (int)name.size,
             (const char *)name.data);
    if (days < 0)
        cli_warn(cli, _("%s: expired"), line);
    else if (days < warn_days(cli))
        cli_warn(cli, _("%s: %lld days left"), line, (long long)days);
}

/* Issuing, register and revocation key are what the root says they are for as long as the
 * directory is in date. */
static void put_keys(struct cli *cli, const struct trust *trust)
{
    const struct directory *directory = &trust->directory;
    const struct span none = {NULL, 0};
    json_object_set_new(cli_result(cli), "keys", json_array());
    put_key(cli, N_("root key"), SPAN(trust->root_key), none, 0);
    for (size_t i = 0; i < directory->issuing_keys.count; i++)
        put_key(cli, N_("issuing key"), SPAN(directory->issuing_keys.items[i].key), none,
                directory->not_after);
    put_key(cli, N_("register key"), SPAN(directory->register_key), none, directory->not_after);
    put_key(cli, N_("revocation key"), SPAN(directory->revocation_key), none, directory->not_after);
    put_certificate(cli, N_("directory"), none, none, directory->not_after);
    for (size_t i = 0; i < trust->bank_count; i++) {
        const struct bank_certificate *bank = &trust->banks[i].certificate;
        put_certificate(cli, N_("bank certificate"), SPAN(bank->bank_key), bank->name,
                        (bank->not_after_day + 1) * SECONDS_PER_DAY - 1);
    }
}

static enum err put_tls(struct cli *cli, const char *role, const char *file)
{
    struct buffer pem AUTO(buffer_fini) = {0};
    struct tls_certificate_facts facts;
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, file);
    TRY(file_read(&pem, path, TLS_PEM_SIZE_MAX));
    TRY(tls_certificate_read(&facts, buffer_span(&pem)));
    put_certificate(cli, role, SPAN(facts.fingerprint), span_text(facts.name), facts.not_after_s);
    return ERR_OK;
}

static enum err put_counts(struct cli *cli, struct register_env *env)
{
    json_t *result = cli_result(cli);
    struct approval_list approvals = {0};
    struct fraud_case_list cases = {0};
    struct list claims = {0};
    struct books books = {0};
    const struct claim waiting = {.state = CLAIM_WAITING};
    TRY(vault_approvals(env, &approvals, APPROVAL_PENDING));
    TRY(cases_list(env, &cases));
    TRY(register_rows(env, &claims, &tables_table_claim, 0, 1, &waiting));
    TRY(books_get(env->store, &books));
    commands_put_number(result, "approvals_pending", approvals.count);
    commands_put_number(result, "cases", cases.count);
    commands_put_number(result, "claims_waiting", claims.count);
    commands_put_number(result, "directory_version", books.directory_version);
    commands_put_number(result, "revocations_version", books.revocations_version);
    return ERR_OK;
}

static enum err collect(struct cli *cli, int *code, struct register_env *env)
{
    const struct office *office = office_of(cli);
    json_t *result = cli_result(cli);
    json_object_set_new(result, "running", json_boolean(office->is_server));
    json_object_set_new(result, "network", json_string(env->trust->network));
    json_object_set_new(result, "address", json_string(office->address));
    json_object_set_new(result, "data", json_string(cli_data(cli)));
    put_keys(cli, env->trust);
    TRY(put_tls(cli, N_("TLS authority"), KEYS_TLS_AUTHORITY));
    TRY(put_tls(cli, N_("TLS server certificate"), KEYS_TLS_SERVER));
    TRY(put_counts(cli, env));
    return commands_put_running(cli, code, env);
}

int commands_status(struct cli *cli)
{
    static const struct cli_column facts[] = {
        {"network", N_("network"), CLI_AS_TEXT},
        {"running", N_("server runs"), CLI_AS_BOOL},
        {"address", N_("address"), CLI_AS_TEXT},
        {"bank_count", N_("banks"), CLI_AS_NUMBER},
        {"directory_version", N_("directory version"), CLI_AS_NUMBER},
        {"revocations_version", N_("revocation list version"), CLI_AS_NUMBER},
        {"approvals_pending", N_("approvals pending"), CLI_AS_NUMBER},
        {"claims_waiting", N_("claims waiting"), CLI_AS_NUMBER},
        {"cases", N_("cases"), CLI_AS_NUMBER},
        {"unspent", N_("unspent coins"), CLI_AS_AMOUNT},
        {"balanced", N_("balanced"), CLI_AS_BOOL},
        {NULL, NULL, CLI_AS_TEXT},
    };
    static const struct cli_column keys[] = {
        {"role", N_("key or certificate"), CLI_AS_WORD},
        {"name", N_("name"), CLI_AS_TEXT},
        {"key_id", N_("key"), CLI_AS_ID},
        {"not_after", N_("until"), CLI_AS_TIME},
        {"days_left", N_("days left"), CLI_AS_NUMBER},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, collect);
    if (code != CLI_OK && code != CLI_INTEGRITY)
        return code;
    cli_show_record(cli, cli_result(cli), facts);
    cli_show_table(cli, json_object_get(cli_result(cli), "keys"), keys);
    return code;
}
