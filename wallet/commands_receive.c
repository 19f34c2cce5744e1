/* Hand to hand, who is paid: receive, and what is said of a payment that came, on whatever way. All
 * of it works with no network. */
#include "wallet/commands_news.h"

#include "wallet/state/wallet_file.h"

static void show_received(struct cli *cli, const struct handover_received *received)
{
    static const char *const words[] = {
        [HANDOVER_TAKEN] = N_("taken"),
        [HANDOVER_DUPLICATE] = N_("taken before"),
        [HANDOVER_QUARANTINED] = N_("quarantined"),
        [HANDOVER_REFUSED] = N_("refused"),
    };
    commands_put_text(cli, "result", words[received->result]);
    commands_put_text(cli, "status", status_name(received->status));
    if (received->result == HANDOVER_REFUSED)
        return;
    commands_put_amount(cli, "amount", received->amount);
    commands_put_text(cli, "payer", received->payer);
    commands_put_text(cli, "memo", received->memo);
    commands_put_number(cli_result(cli), "coins", received->coin_count);
    commands_put_number(cli_result(cli), "hops", received->hops_max);
}

int commands_received(struct desk *desk, const struct handover_received *received)
{
    struct cli *cli = desk->cli;
    show_received(cli, received);
    commands_news_show(desk);
    const char *amount = commands_yuan(received->amount);
    if (received->result == HANDOVER_QUARANTINED)
        return cli_fail(cli, cli_worse(CLI_INVALID, status_exit(received->status)),
                        status_name(received->status),
                        _("do not hand over the goods; dcep-wallet sync finds out"),
                        _("%s came and is kept aside, but it is no payment to count on: %s"),
                        amount, _(status_text(received->status)));
    if (received->is_my_own)
        return cli_fail(cli, status_exit(received->status), status_name(received->status),
                        _("hand it to the payee: dcep-wallet outbox ID shows it again"),
                        _("this is a payment that I made, not one to me"));
    if (received->result == HANDOVER_REFUSED)
        return cli_fail(cli, status_exit(received->status), status_name(received->status),
                        _("do not hand over the goods"), _("this is no payment to me: %s"),
                        _(status_text(received->status)));
    if (received->result == HANDOVER_DUPLICATE)
        cli_say(cli, _("this very payment of %s was received before: the same receipt again"),
                amount);
    else
        cli_say(cli, _("received %s from %s; not settled yet, but it can be paid on"), amount,
                received->payer);
    return CLI_OK;
}

static int receive_packet(struct desk *desk, struct carry *carry, struct span file)
{
    struct handover_received received = {0};
    const enum err error = handover_receive(&desk->wallet, &received, file, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    const int code = commands_received(desk, &received);
    return code == CLI_OK ? carry_give(carry, received.receipt) : code;
}

static int receive_receipt(struct desk *desk, struct span file)
{
    struct id id = {{0}};
    enum status status = STATUS_OK;
    const enum err error = handover_confirm(&desk->wallet, &status, &id, file);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    if (status == STATUS_UNKNOWN)
        return cli_fail(desk->cli, CLI_REFUSED, "UNKNOWN",
                        _("dcep-wallet receipt verify FILE checks anybody's"),
                        _("this receipt is not for a payment of mine"));
    if (status != STATUS_OK)
        return desk_refuse(desk, status);
    commands_put_text(desk->cli, "result", "confirmed");
    json_object_set_new(cli_result(desk->cli), "id", cli_json_hex(SPAN(id)));
    cli_say(desk->cli, _("the payee confirmed the payment"));
    commands_news_show(desk);
    return desk->wallet.news.fork_count == 0 ? CLI_OK : commands_news_judge(desk);
}

static bool receive_takes(enum kind kind)
{
    return kind == KIND_PACKET || kind == KIND_CONFIRMATION || news_is_news(kind);
}
static const struct carry_want receive_wants = {
    .argument = "FILE", .takes = receive_takes, .what = N_("a payment or a receipt")};

int commands_receive(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct carry carry AUTO(carry_close) = {0};
    struct wire_wrapper wrapper = {0};
    struct span file = {0}, message = {0};
    int code = carry_open(&carry, cli, &receive_wants, CARRY_OUT_MAY);
    if (code == CLI_OK)
        code = carry_take(&carry, &file);
    if (code == CLI_OK)
        code = desk_open(&desk, cli);
    if (code == CLI_OK)
        code = commands_news_choose(&desk);
    if (code != CLI_OK)
        return code;
    message = file;
    enum err error = wallet_file_message(&desk.wallet, &message, file, &desk.arena);
    if (error == ERR_OK)
        error = wire_unwrap(&wrapper, message);
    if (error == ERR_OK && news_is_news(wrapper.kind))
        return commands_news_receive(&desk, file);
    if (error == ERR_OK && wrapper.kind == KIND_CONFIRMATION)
        return receive_receipt(&desk, file);
    return receive_packet(&desk, &carry, file);
}
