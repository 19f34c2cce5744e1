/* Asking for a payment: request. */
#include "wallet/commands_news.h"

#include "common/base/text.h"
#include "wallet/state/limits.h"

#include <string.h>

enum { EXPIRES_DEFAULT_S = 600, EXPIRES_MAX_S = 30 * 86400 };

static bool is_memo(const char *memo)
{
    char shown[MEMO_SIZE_MAX * 3 + 1];
    text_printable(shown, sizeof shown, span_text(memo));
    return strlen(memo) <= MEMO_SIZE_MAX && strcmp(shown, memo) == 0;
}

static int read_ask(struct cli *cli, struct handover_ask *ask)
{
    *ask = (struct handover_ask){.amount = cli_amount(cli, "AMOUNT"),
                                 .memo = cli_given(cli, "--memo") ? cli_text(cli, "--memo") : "",
                                 .expires_s = EXPIRES_DEFAULT_S};
    if (amount_is_zero(ask->amount))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write how much, as in 12.50"),
                        _("the amount is zero"));
    if (cli_given(cli, "--expires") &&
        !commands_duration(&ask->expires_s, cli_text(cli, "--expires"), EXPIRES_MAX_S))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write 90s, 10m, 2h or 1d; at most 30d"),
                        _("--expires: \"%s\" is not a duration"), cli_text(cli, "--expires"));
    if (!is_memo(ask->memo))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write less, without line ends"),
                        _("--memo: at most %d bytes of plain text"), MEMO_SIZE_MAX);
    return CLI_OK;
}

static int make_request(struct desk *desk, struct carry *carry, struct commands_asked *asked)
{
    struct cli *cli = desk->cli;
    struct handover_ask ask;
    const int code = read_ask(cli, &ask);
    if (code != CLI_OK)
        return code;
    enum status status = STATUS_OK;
    enum err error = limits_ask(&desk->wallet, &status, ask.amount);
    if (error == ERR_OK && status != STATUS_OK)
        return desk_refuse(desk, status);
    if (error == ERR_OK)
        error = handover_request(&desk->wallet, &asked->file, &asked->id, &ask, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    commands_put_amount(cli, "amount", ask.amount);
    commands_put_text(cli, "memo", ask.memo);
    asked->expires_at = desk->wallet.now + ask.expires_s;
    commands_put_number(cli_result(cli), "expires_at", asked->expires_at);
    const int fits = carry_check(carry, asked->file);
    if (fits != CLI_OK)
        return fits;
    cli_say(cli, _("request for %s written (%zu bytes); show it to the payer"),
            commands_yuan(ask.amount), asked->file.size);
    return CLI_OK;
}

static int repeat_request(struct desk *desk, struct commands_asked *asked)
{
    struct cli *cli = desk->cli;
    struct purse_request row = {0};
    int code = CLI_OK;
    struct request request = {0};
    enum err error =
        commands_find_request(desk, &code, &row, &asked->file, cli_text(cli, "--again"));
    if (error == ERR_OK && code == CLI_OK)
        error = request_decode(&request, row.request.payload, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    if (code != CLI_OK)
        return code;
    asked->id = row.request_id;
    asked->expires_at = request.expires_at;
    commands_put_amount(cli, "amount", row.amount);
    cli_say(cli, _("the same request for %s again (%zu bytes)"), commands_yuan(row.amount),
            asked->file.size);
    return CLI_OK;
}

static int check_request(struct cli *cli)
{
    const char *const asked[] = {"AMOUNT", "--memo", "--expires"};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (cli_given(cli, "--again") && cli_given(cli, asked[i]))
            return cli_fail(cli, CLI_USAGE, "USAGE", NULL,
                            _("--again repeats a request as it was: no %s"), asked[i]);
    if (!cli_given(cli, "--again") && !cli_given(cli, "AMOUNT"))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("dcep-wallet request 20.00 -o REQUEST"),
                        _("%s is missing"), "AMOUNT");
    return CLI_OK;
}

int commands_request(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct carry carry AUTO(carry_close) = {0};
    struct commands_asked asked = {0};
    int code = check_request(cli);
    if (code == CLI_OK)
        code = carry_open(&carry, cli, NULL, CARRY_OUT_MUST);
    if (code == CLI_OK)
        code = desk_open_synced(&desk, cli);
    if (code == CLI_OK)
        code = commands_news_choose(&desk);
    if (code == CLI_OK)
        code = cli_given(cli, "--again") ? repeat_request(&desk, &asked)
                                         : make_request(&desk, &carry, &asked);
    if (code != CLI_OK)
        return code;
    json_object_set_new(cli_result(cli), "id", cli_json_hex(SPAN(asked.id)));
    commands_put_number(cli_result(cli), "size", asked.file.size);
    code = carry_give(&carry, asked.file);
    if (code != CLI_OK || carry.link == NULL)
        return code;
    return commands_await(&desk, &carry, &asked);
}
