/* Receipts as files: one that I got, and anybody's checked. */
#include "wallet/commands.h"

#include "wallet/handover/handover.h"

struct fetching {
    struct receipt_row row;
};

static enum err fetch_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct fetching *fetching = context;
    (void)wallet;
    return store_get(env->store, &tables_table_receipt_row, &fetching->row, env->arena);
}

int commands_receipt(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct purse_plan plan = {0};
    struct fetching fetching = {0};
    struct carry carry AUTO(carry_close) = {0};
    int code = carry_open(&carry, cli, NULL, CARRY_OUT_MUST);
    if (code == CLI_OK)
        code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    enum err error = commands_find_plan(&desk, &code, &plan, cli_text(cli, "ID"));
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    if (code != CLI_OK)
        return code;
    fetching.row.request_id = plan.plan_id;
    error = commands_look(&desk, fetch_work, &fetching);
    if (error == ERR_MISSING)
        return cli_fail(cli, CLI_REFUSED, "UNKNOWN",
                        _("take the payee's receipt in with dcep-wallet receive FILE"),
                        _("there is no receipt for this payment"));
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    commands_put_number(cli_result(cli), "size", fetching.row.confirmation.size);
    cli_say(cli, _("receipt of %s written"), commands_yuan(plan.amount));
    return carry_give(&carry, fetching.row.confirmation);
}

int commands_receipt_verify(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct handover_receipt receipt = {0};
    enum status status = STATUS_OK;
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = handover_receipt_verify(&desk.wallet, &receipt, &status,
                                                   cli_file(cli, "FILE"), &desk.arena);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    if (status != STATUS_OK)
        return desk_refuse(&desk, status);
    commands_put_text(cli, "payee", receipt.payee_name);
    commands_put_amount(cli, "amount", receipt.request.amount);
    json_object_set_new(cli_result(cli), "memo", cli_json_text(receipt.request.memo));
    json_object_set_new(cli_result(cli), "id", cli_json_hex(SPAN(receipt.receipt.request_id)));
    commands_put_number(cli_result(cli), "received_at", receipt.receipt.received_at);
    cli_say(cli, _("genuine: %s says that %s were received"), receipt.payee_name,
            commands_yuan(receipt.request.amount));
    return CLI_OK;
}
