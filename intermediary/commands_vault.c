/* The vault: what is in it, money ordered with the reserve, money given back. */
#include "common/base/time.h"
#include "intermediary/commands.h"
#include "intermediary/vaultroom.h"

struct looking {
    struct purse_totals totals;
    struct vault_order_list orders;
    struct vault_return_list returns;
};

static enum err look(struct branch_env *env, enum status *status, void *context)
{
    struct looking *looking = context;
    *status = STATUS_OK;
    TRY(purse_totals(&env->purse, &looking->totals));
    TRY(vaultroom_orders(env, &looking->orders));
    return vaultroom_returns(env, &looking->returns);
}

static const char *order_text(uint64_t state)
{
    return state == VAULT_ORDER_DONE      ? N_("done")
           : state == VAULT_ORDER_REFUSED ? N_("refused")
                                          : N_("pending");
}

static json_t *order_rows(const struct looking *looking)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < looking->orders.count; i++) {
        const struct vault_order *order = &looking->orders.items[i];
        json_t *row = json_object();
        json_object_set_new(row, "number", json_integer((json_int_t)order->number));
        json_object_set_new(row, "act", json_string(N_("order")));
        json_object_set_new(row, "amount", cli_json_amount(order->amount));
        json_object_set_new(row, "state", json_string(order_text(order->state)));
        json_object_set_new(row, "made_at", json_integer((json_int_t)order->made_at));
        json_object_set_new(row, "word", json_string(status_text((enum status)order->status)));
        json_array_append_new(rows, row);
    }
    for (size_t i = 0; i < looking->returns.count; i++) {
        const struct vault_return *back = &looking->returns.items[i];
        const bool is_done = back->state == VAULT_RETURN_DONE;
        json_t *row = json_object();
        json_object_set_new(row, "number", json_integer((json_int_t)back->number));
        json_object_set_new(row, "act", json_string(N_("return")));
        json_object_set_new(row, "amount", cli_json_amount(back->amount));
        json_object_set_new(row, "state", json_string(is_done ? N_("done") : N_("pending")));
        json_object_set_new(row, "made_at", json_integer((json_int_t)back->made_at));
        json_object_set_new(row, "word",
                            json_string(status_text(is_done ? STATUS_OK : STATUS_PENDING)));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* Reserve and guarantee, if the central bank can be asked: no passphrase is worth it. */
static enum err put_reserve(struct cli *cli, struct branch_env *env)
{
    struct account_reply reply = {0};
    struct empty_body none;
    enum status status = STATUS_UNREACHABLE;
    if (premises_of(cli)->has_keys && premises_of(cli)->branch.bank_id != 0)
        TRY(branch_call(env, &status, &reply, VERB_ACCOUNT, &none));
    if (status != STATUS_OK)
        return ERR_OK;
    json_object_set_new(cli_result(cli), "reserve", cli_json_amount(reply.balance));
    json_object_set_new(cli_result(cli), "guarantee", cli_json_amount(reply.guarantee));
    return ERR_OK;
}

static void put_totals(json_t *result, const struct purse_totals *totals)
{
    json_object_set_new(result, "available", cli_json_amount(totals->spendable_settled));
    json_object_set_new(result, "coins", json_integer((json_int_t)totals->coin_count));
    json_object_set_new(result, "reserved", cli_json_amount(totals->reserved));
    json_object_set_new(result, "on_its_way", cli_json_amount(totals->handed_over));
    json_object_set_new(result, "aside", cli_json_amount(totals->quarantined));
    json_object_set_new(result, "orphaned", cli_json_amount(totals->orphaned));
}

int commands_vault_show(struct cli *cli)
{
    static const struct cli_column totals[] = {
        {"available", N_("in the vault"), CLI_AS_AMOUNT},
        {"coins", N_("coins"), CLI_AS_NUMBER},
        {"reserved", N_("reserved"), CLI_AS_AMOUNT},
        {"on_its_way", N_("on its way"), CLI_AS_AMOUNT},
        {"aside", N_("set aside"), CLI_AS_AMOUNT},
        {"orphaned", N_("on losing lines"), CLI_AS_AMOUNT},
        {"reserve", N_("reserve"), CLI_AS_AMOUNT},
        {"guarantee", N_("guarantee"), CLI_AS_AMOUNT},
        {.key = NULL},
    };
    static const struct cli_column orders[] = {
        {"number", N_("no."), CLI_AS_NUMBER},
        {"act", N_("what"), CLI_AS_WORD},
        {"amount", N_("amount"), CLI_AS_AMOUNT},
        {"state", N_("state"), CLI_AS_WORD},
        {"made_at", N_("when"), CLI_AS_TIME},
        {"word", N_("central bank's word"), CLI_AS_WORD},
        {.key = NULL},
    };
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct looking looking = {0};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    enum err error = branch_run(&job.env, &status, look, &looking);
    if (error == ERR_OK)
        error = put_reserve(cli, &job.env);
    code = premises_end(cli, error, status, NULL);
    if (code != CLI_OK)
        return code;
    put_totals(cli_result(cli), &looking.totals);
    json_t *rows = order_rows(&looking);
    json_object_set_new(cli_result(cli), "orders", rows);
    cli_show_record(cli, cli_result(cli), totals);
    if (json_array_size(rows) > 0)
        cli_show_table(cli, rows, orders);
    return CLI_OK;
}

/* An order or a return: its number, and what became of it so far. */
static int ask(struct cli *cli,
               enum err (*act)(struct branch_env *env, enum status *status, uint64_t *number,
                               struct amount amount),
               const char *pending_hint)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    enum status status = STATUS_OK;
    uint64_t number = 0;
    const struct amount amount = cli_amount(cli, "AMOUNT");
    if (amount_is_zero(amount))
        return cli_fail(cli, CLI_USAGE, "AMOUNT", _("write 12.5, 12.50 or 1,234.50"),
                        _("the amount must be more than zero"));
    int code = premises_begin(cli, &job, PREMISES_KEYS);
    if (code != CLI_OK)
        return code;
    const enum err error = act(&job.env, &status, &number, amount);
    if (number != 0)
        json_object_set_new(cli_result(cli), "number", json_integer((json_int_t)number));
    json_object_set_new(cli_result(cli), "amount", cli_json_amount(amount));
    json_object_set_new(cli_result(cli), "status", json_string(status_name(status)));
    code = premises_end(cli, error, status, status == STATUS_PENDING ? pending_hint : NULL);
    if (code == CLI_OK)
        cli_say(cli, _("Done: see dcep-bank vault show."));
    return code;
}

int commands_vault_order(struct cli *cli)
{
    return ask(cli, vaultroom_order,
               _("the central bank's operator approves it; the server asks again by itself"));
}

int commands_vault_return(struct cli *cli)
{
    return ask(cli, vaultroom_return, _("the server goes on with it by itself"));
}
