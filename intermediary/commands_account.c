/* Accounts, and the keys of customers' wallets. */
#include "common/base/time.h"
#include "intermediary/certify.h"
#include "intermediary/commands.h"
#include "intermediary/teller.h"

#include <string.h>

/* ---- accounts ---- */

struct banking {
    struct cli *cli;
    struct customer customer;
    struct account_entry_list entries;
    enum err (*act)(struct branch_env *env, enum status *status, uint64_t customer,
                    struct amount amount, struct span note);
};

static const char *entry_text(uint64_t kind)
{
    static const char *const texts[] = {
        [ACCOUNT_PAID_IN] = N_("paid in"),
        [ACCOUNT_PAID_OUT] = N_("paid out"),
        [ACCOUNT_WITHDRAWAL] = N_("into the wallet"),
        [ACCOUNT_DEPOSIT] = N_("from the wallet"),
        [ACCOUNT_ADVANCE] = N_("advance taken back"),
    };
    return kind < sizeof texts / sizeof texts[0] && texts[kind] != NULL ? texts[kind] : "";
}

static enum err read_account(struct branch_env *env, enum status *status, void *context)
{
    struct banking *banking = context;
    TRY(commands_customer(env, status, &banking->customer, banking->cli));
    return *status == STATUS_OK ? teller_entries(env, &banking->entries, banking->customer.number)
                                : ERR_OK;
}

static enum err act_on_account(struct branch_env *env, enum status *status, void *context)
{
    struct banking *banking = context;
    bool found = false;
    TRY(commands_customer(env, status, &banking->customer, banking->cli));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(banking->act(env, status, banking->customer.number, cli_amount(banking->cli, "AMOUNT"),
                     span_text("")));
    return customers_get(env, &found, &banking->customer, banking->customer.number);
}

static void show_account(struct cli *cli, const struct customer *customer)
{
    static const struct cli_column columns[] = {{"number", N_("no."), CLI_AS_NUMBER},
                                                {"name", N_("name"), CLI_AS_TEXT},
                                                {"balance", N_("account"), CLI_AS_AMOUNT},
                                                {"held", N_("in wallets"), CLI_AS_AMOUNT},
                                                {.key = NULL}};
    json_t *json = commands_customer_json(customer);
    json_object_update(cli_result(cli), json);
    json_decref(json);
    cli_show_record(cli, cli_result(cli), columns);
}

static json_t *entries_json(const struct account_entry_list *entries)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < entries->count; i++) {
        const struct account_entry *entry = &entries->items[i];
        json_t *row = json_object();
        json_object_set_new(row, "number", json_integer((json_int_t)entry->number));
        json_object_set_new(row, "made_at", json_integer((json_int_t)entry->made_at));
        json_object_set_new(row, "act", json_string(entry_text(entry->kind)));
        json_object_set_new(row, "amount", cli_json_amount(entry->amount));
        json_object_set_new(row, "balance", cli_json_amount(entry->balance));
        json_array_append_new(rows, row);
    }
    return rows;
}

int commands_account_show(struct cli *cli)
{
    static const struct cli_column columns[] = {{"made_at", N_("when"), CLI_AS_TIME},
                                                {"act", N_("what"), CLI_AS_WORD},
                                                {"amount", N_("amount"), CLI_AS_AMOUNT},
                                                {"balance", N_("account"), CLI_AS_AMOUNT},
                                                {.key = NULL}};
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct banking banking = {.cli = cli};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, read_account, &banking);
    code = commands_unknown(cli, error, status);
    if (code != CLI_OK)
        return code;
    show_account(cli, &banking.customer);
    json_t *rows = entries_json(&banking.entries);
    json_object_set_new(cli_result(cli), "entries", rows);
    cli_show_table(cli, rows, columns);
    return CLI_OK;
}

static int act(struct cli *cli, struct banking *banking)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    if (amount_is_zero(cli_amount(cli, "AMOUNT")))
        return cli_fail(cli, CLI_USAGE, "AMOUNT", _("write 12.5, 12.50 or 1,234.50"),
                        _("the amount must be more than zero"));
    const enum err error = branch_run(&job.env, &status, act_on_account, banking);
    code = commands_unknown(cli, error, status);
    if (code == CLI_OK)
        show_account(cli, &banking->customer);
    return code;
}

int commands_account_deposit(struct cli *cli)
{
    struct banking banking = {.cli = cli, .act = teller_pay_in};
    return act(cli, &banking);
}

int commands_account_withdraw(struct cli *cli)
{
    struct banking banking = {.cli = cli, .act = teller_pay_out};
    return act(cli, &banking);
}

/* ---- wallets ---- */

static const char *state_text(uint64_t state)
{
    static const char *const texts[] = {
        [BANK_WALLET_WAITING] = N_("waiting for the log"),
        [BANK_WALLET_ACTIVE] = N_("active"),
        [BANK_WALLET_OLD] = N_("old"),
        [BANK_WALLET_REVOKED] = N_("revoked"),
        [BANK_WALLET_VOID] = N_("given up unused"),
    };
    return state < sizeof texts / sizeof texts[0] && texts[state] != NULL ? texts[state] : "";
}

json_t *commands_wallet_json(const struct bank_wallet *wallet)
{
    json_t *json = json_object();
    json_object_set_new(json, "key", cli_json_hex(SPAN(wallet->key)));
    json_object_set_new(json, "key_id", cli_json_hex(SPAN(wallet->key_id)));
    json_object_set_new(json, "customer", json_integer((json_int_t)wallet->customer));
    json_object_set_new(json, "state", json_string(state_text(wallet->state)));
    json_object_set_new(json, "not_after_day", json_integer((json_int_t)wallet->not_after_day));
    json_object_set_new(json, "made_at", json_integer((json_int_t)wallet->made_at));
    return json;
}

static enum err list_wallets(struct branch_env *env, enum status *status, void *context)
{
    *status = STATUS_OK;
    return certify_wallets(env, context, 0);
}

/* The central bank may have revoked a key: its word counts beside the row. */
static json_t *wallet_row(const struct cli *cli, const struct bank_wallet *wallet)
{
    const struct branch *branch = &premises_of(cli)->branch;
    struct bank_wallet shown = *wallet;
    if (branch->bank_id != 0 && trust_is_revoked(&branch->trust, &wallet->key))
        shown.state = BANK_WALLET_REVOKED;
    return commands_wallet_json(&shown);
}

int commands_wallet_list(struct cli *cli)
{
    static const struct cli_column columns[] = {{"key_id", N_("key"), CLI_AS_TEXT},
                                                {"customer", N_("customer"), CLI_AS_NUMBER},
                                                {"state", N_("state"), CLI_AS_WORD},
                                                {"not_after_day", N_("until"), CLI_AS_DAY},
                                                {.key = NULL}};
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct bank_wallet_list wallets = {0};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, list_wallets, &wallets);
    code = premises_end(cli, error, status, NULL);
    if (code != CLI_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < wallets.count; i++)
        json_array_append_new(rows, wallet_row(cli, &wallets.items[i]));
    json_object_set_new(cli_result(cli), "wallets", rows);
    cli_show_table(cli, rows, columns);
    return CLI_OK;
}

/* By prefix of the key or of its id. */
static int find_wallet(struct cli *cli, const struct bank_wallet **found,
                       const struct bank_wallet_list *list)
{
    const char *prefix = cli_text(cli, "KEY");
    size_t matches = 0;
    for (size_t i = 0; i < list->count; i++)
        if (cli_id_matches(SPAN(list->items[i].key), prefix) ||
            cli_id_matches(SPAN(list->items[i].key_id), prefix)) {
            *found = &list->items[i];
            matches++;
        }
    if (matches == 1)
        return CLI_OK;
    return cli_fail(cli, CLI_REFUSED, matches == 0 ? "UNKNOWN" : "AMBIGUOUS",
                    _("dcep-bank wallet list shows all"),
                    matches == 0 ? _("no wallet has a key \"%s\"")
                                 : _("several keys begin with \"%s\""),
                    prefix);
}

static void show_wallet(struct cli *cli, const struct bank_wallet *wallet)
{
    static const struct cli_column columns[] = {{"key", N_("key"), CLI_AS_TEXT},
                                                {"customer", N_("customer"), CLI_AS_NUMBER},
                                                {"state", N_("state"), CLI_AS_WORD},
                                                {"made_at", N_("made"), CLI_AS_TIME},
                                                {"not_after_day", N_("until"), CLI_AS_DAY},
                                                {.key = NULL}};
    json_t *row = wallet_row(cli, wallet);
    json_object_update(cli_result(cli), row);
    json_decref(row);
    cli_show_record(cli, cli_result(cli), columns);
}

static int revoke(struct cli *cli, struct premises_job *job, const struct bank_wallet *wallet)
{
    enum status status = STATUS_OK;
    int code = premises_open_keys(cli, NULL);
    if (code != CLI_OK)
        return code;
    const enum err error = certify_revoke(&job->env, &status, &wallet->key);
    code = premises_end(cli, error, status,
                        status == STATUS_UNREACHABLE ? _("nothing was revoked: try again") : NULL);
    if (code != CLI_OK)
        return code;
    json_object_set_new(cli_result(cli), "key", cli_json_hex(SPAN(wallet->key)));
    cli_say(cli, _("The key is revoked; wallets learn of it by sync."));
    return CLI_OK;
}

int commands_wallet_revoke(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct bank_wallet_list wallets = {0};
    const struct bank_wallet *wallet = NULL;
    enum status status = STATUS_OK;
    const bool is_look = cli_flag(cli, "--dry-run");
    int code = premises_begin(cli, &job, PREMISES_ADMITTED);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, list_wallets, &wallets);
    code = premises_end(cli, error, status, NULL);
    if (code == CLI_OK)
        code = find_wallet(cli, &wallet, &wallets);
    if (code != CLI_OK)
        return code;
    if (is_look)
        show_wallet(cli, wallet);
    return is_look ? CLI_OK : revoke(cli, &job, wallet);
}
