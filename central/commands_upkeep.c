/* Revocations, and the care of the database. */
#include "central/authority.h"
#include "central/commands.h"
#include "central/register_row.h"

#include <string.h>

/* ---- revocations ---- */

static const struct {
    const char *name;
    enum revocation_reason reason;
} reasons[] = {
    {N_("double-spend"), REVOKED_DOUBLE_SPEND},
    {N_("clone"), REVOKED_CLONE},
    {N_("bank"), REVOKED_BY_BANK},
    {N_("operator"), REVOKED_BY_OPERATOR},
    {N_("stolen"), REVOKED_STOLEN},
};
enum { REASON_COUNT = sizeof reasons / sizeof reasons[0] };

static const char *reason_text(uint64_t reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return N_("unknown");
}

static json_t *revoked_json(const struct revoked_key *row)
{
    json_t *object = json_object();
    json_object_set_new(object, "key_id", cli_json_hex(SPAN(row->key_id)));
    json_object_set_new(object, "reason", json_string(reason_text(row->reason)));
    commands_put_number(object, "since_day", row->since_day);
    commands_put_number(object, "until_day", row->until_day);
    commands_put_number(object, "version", row->version);
    return object;
}

static enum err list(struct cli *cli, int *code, struct register_env *env)
{
    struct list revoked = {0};
    json_t *rows = json_array();
    (void)code;
    json_object_set_new(cli_result(cli), "revocations", rows);
    TRY(register_rows(env, &revoked, &tables_table_revoked_key, -1, 0, NULL));
    const struct revoked_key *keys = revoked.items;
    for (size_t i = 0; i < revoked.count; i++)
        json_array_append_new(rows, revoked_json(&keys[i]));
    return ERR_OK;
}

static const struct cli_column revocation_columns[] = {
    {"key_id", N_("key"), CLI_AS_TEXT},
    {"reason", N_("reason"), CLI_AS_WORD},
    {"since_day", N_("since"), CLI_AS_DAY},
    {"until_day", N_("listed until"), CLI_AS_DAY},
    {"version", N_("list version"), CLI_AS_NUMBER},
    {NULL, NULL, CLI_AS_TEXT},
};

int commands_revocation_list(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_READ, list);
    if (code == CLI_OK)
        cli_show_table(cli, json_object_get(cli_result(cli), "revocations"), revocation_columns);
    return code;
}

/* A public key, or its id. */
static enum err read_key(struct key_id *out, const char *text)
{
    struct public_key key = {{0}};
    if (strlen(text) == 2 * KEY_ID_SIZE)
        return hex_decode(out->bytes, KEY_ID_SIZE, text);
    TRY(hex_decode(key.bytes, KEY_SIZE, text));
    TRY(crypto()->key_check(&key));
    *out = crypto_key_id(&key);
    return ERR_OK;
}

static bool read_reason(enum revocation_reason *out, const char *text)
{
    *out = REVOKED_BY_OPERATOR;
    for (size_t i = 0; text != NULL && i < REASON_COUNT; i++)
        if (strcmp(reasons[i].name, text) == 0) {
            *out = reasons[i].reason;
            return true;
        }
    return text == NULL;
}

static enum err add(struct cli *cli, int *code, struct register_env *env)
{
    struct revoked_key row = {.version = 0};
    enum revocation_reason reason;
    enum status status = STATUS_OK;
    bool found = false;
    if (read_key(&row.key_id, cli_text(cli, "KEY")) != ERR_OK) {
        *code = cli_fail(cli, CLI_USAGE, "USAGE", NULL,
                         _("KEY is a public key (66 hex digits) or a key id (16)"));
        return ERR_OK;
    }
    if (!read_reason(&reason, cli_text(cli, "--reason"))) {
        *code = cli_fail(cli, CLI_USAGE, "USAGE", NULL,
                         _("--reason: double-spend, clone, bank, operator or stolen"));
        return ERR_OK;
    }
    TRY(authority_revoke(env, &status, &row.key_id, reason));
    TRY(register_find(env, &found, &tables_table_revoked_key, &row));
    if (status != STATUS_OK || !found) {
        *code = cli_fail_status(cli, status, NULL);
        return ERR_OK;
    }
    json_t *object = revoked_json(&row);
    json_object_update(cli_result(cli), object);
    json_decref(object);
    office_of(cli)->is_stale = true;
    return ERR_OK;
}

int commands_revocation_add(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_WRITE, add);
    if (code == CLI_OK)
        cli_show_record(cli, cli_result(cli), revocation_columns);
    return code;
}

/* ---- the database ---- */

int commands_db_check(struct cli *cli)
{
    char finding[256] = "";
    const enum err error = store_check(office_of(cli)->service.store, finding, sizeof finding);
    if (error == ERR_INTEGRITY)
        return cli_fail(cli, CLI_INTEGRITY, "DATABASE",
                        _("keep the file as it is; go on from a backup"), "%s: %s",
                        _(err_text(error)), finding);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the central bank's database"), NULL);
    const int code = office_run(cli, OFFICE_READ, commands_put_supply);
    if (code == CLI_OK)
        cli_say(cli, _("The database is whole and the books balance."));
    return code;
}

int commands_db_backup(struct cli *cli)
{
    const char *path = cli_text(cli, "FILE");
    const enum err error = store_backup(office_of(cli)->service.store, path);
    if (error == ERR_EXISTS)
        return cli_fail(cli, CLI_REFUSED, "EXISTS", _("name a file that is not there yet"),
                        _("%s is there already"), path);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, path, NULL);
    json_object_set_new(cli_result(cli), "file", json_string(path));
    cli_say(cli, _("Backup written to %s. The key files are not in it."), path);
    return CLI_OK;
}
