/* With the bank: init, withdraw, deposit, sync. */
#include "wallet/commands.h"

#include "common/base/text.h"
#include "common/base/time.h"
#include "common/purse/purse_row.h"
#include "wallet/handover/handover.h"
#include "wallet/sync/sync.h"

/* --- init --- */

static enum err key_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return purse_key_current(env, context);
}

static int show_new(struct desk *desk)
{
    struct cli *cli = desk->cli;
    struct purse_key key = {0};
    char bank[NAME_SIZE_MAX * 3 + 1];
    const enum err error = commands_look(desk, key_work, &key);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    const struct key_id key_id = crypto_key_id(&key.key);
    text_printable(bank, sizeof bank, desk->wallet.state.bank_name);
    commands_put_text(cli, "bank", bank);
    commands_put_text(cli, "network", desk->wallet.trust.network);
    json_object_set_new(cli_result(cli), "key_id", cli_json_hex(SPAN(key_id)));
    commands_put_text(cli, "directory", cli_data(cli));
    cli_say(cli, _("the wallet is ready, with %s"), bank);
    if (desk->wallet.state.has_recovery_key)
        cli_say(cli, _("There is no backup yet: dcep-wallet backup create FILE makes one."));
    else
        cli_warn(cli, _("there are no recovery words: dcep-wallet words new makes them"));
    return CLI_OK;
}

int commands_check_join(struct cli *cli, bool has_proof)
{
    const enum status status =
        sync_join_file_status(cli_file(cli, "--join"), time_now(), has_proof);
    if (status == STATUS_OK)
        return CLI_OK;
    if (status == STATUS_CODE)
        return cli_fail(cli, status_exit(status), status_name(status),
                        _("ask the bank for a new join file"), _("the join file has expired"));
    return cli_fail(cli, status_exit(status), status_name(status),
                    _("ask the bank for a new join file"), _("this is no join file: %s"),
                    _(status_text(status)));
}

/* An interrupted init goes on with the holder it began with. */
static int choose_holder(struct desk *desk)
{
    const bool is_begun = desk->wallet.state.bank_id != 0;
    const bool had_element = is_begun && desk->wallet.state.holder == HOLDER_ELEMENT;
    if (is_begun && had_element != cli_flag(desk->cli, "--element"))
        return cli_fail(desk->cli, CLI_USAGE, "USAGE", _("-w NAME makes another one"),
                        had_element ? _("this wallet was begun with --element")
                                    : _("this wallet was begun without --element"));
    return cli_flag(desk->cli, "--element") ? desk_new_element(desk) : CLI_OK;
}

static bool has_words(const struct cli *cli)
{
    return cli_flag(cli, "--words") || cli_given(cli, "--words-file");
}

/* By the words of a wallet that is lost; else with new ones, if there is anywhere to show them. */
static int choose_words(struct desk *desk, struct secret *text, struct key_pair *pair,
                        struct sync_words *words)
{
    struct cli *cli = desk->cli;
    *words = (struct sync_words){.pair = pair};
    words->is_proof = has_words(cli);
    if (words->is_proof)
        return commands_words_prove(cli, pair);
    if (commands_words_can_show(cli))
        return commands_words_draw(cli, text, pair);
    words->pair = NULL;
    return CLI_OK;
}

static int join(struct desk *desk, const struct sync_words *words, const struct secret *text)
{
    enum status status = STATUS_OK;
    words = words->pair != NULL ? words : NULL;
    enum err error = sync_init(&desk->wallet, &status, cli_file(desk->cli, "--join"), words);
    if (error == ERR_OK && status == STATUS_OK)
        error = wallet_begin_count(&desk->wallet);
    if (error == ERR_OK && status == STATUS_OK)
        error = sync_join(&desk->wallet, &status, words);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    if (status == STATUS_FORBIDDEN)
        return cli_fail(desk->cli, status_exit(status), status_name(status),
                        _("is it your wallet? Then ask the bank for a new join file"),
                        _("the bank gave this wallet up before it was ready: its customer said "
                          "that it was lost"));
    if (status != STATUS_OK)
        return desk_refuse(desk, status);
    const int code = text->size > 0 ? commands_words_show(desk, text) : CLI_OK;
    return code == CLI_OK ? show_new(desk) : code;
}

/* An interrupted init goes on with the key it made. */
int commands_init(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct secret text AUTO(secret_wipe) = {0};
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct sync_words words;
    int code = commands_check_join(cli, has_words(cli));
    if (code == CLI_OK)
        code = desk_make(&desk, cli);
    if (code != CLI_OK)
        return code;
    if (desk.wallet.state.is_joined)
        return cli_fail(cli, CLI_REFUSED, "EXISTS", _("-w NAME makes another one"),
                        _("there is a wallet in %s already"), cli_data(cli));
    code = desk_finish_pin(&desk);
    if (code == CLI_OK)
        code = choose_holder(&desk);
    if (code == CLI_OK)
        code = choose_words(&desk, &text, &pair, &words);
    return code == CLI_OK ? join(&desk, &words, &text) : code;
}

/* --- withdraw --- */

static int show_spendable(struct desk *desk)
{
    struct purse_totals totals = {0};
    const enum err error = commands_totals(desk, &totals);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    commands_put_amount(desk->cli, "spendable", totals.spendable);
    return CLI_OK;
}

int commands_withdraw(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    enum status status = STATUS_OK;
    const struct amount amount = cli_amount(cli, "AMOUNT");
    if (amount_is_zero(amount))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write how much, as in 12.50"),
                        _("the amount is zero"));
    int code = desk_open_synced(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = sync_withdraw(&desk.wallet, &status, amount);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    if (status == STATUS_FUNDS)
        return cli_fail_status(cli, status, _("the account holds less"));
    if (status != STATUS_OK)
        return desk_refuse(&desk, status);
    commands_put_amount(cli, "amount", amount);
    code = show_spendable(&desk);
    cli_say(cli, _("withdrawn: %s"), commands_yuan(amount));
    return code;
}

/* --- deposit --- */

static int show_credited(struct desk *desk, enum status status, struct amount credited)
{
    commands_put_amount(desk->cli, "credited", credited);
    const int code = show_spendable(desk);
    if (code != CLI_OK)
        return code;
    if (!amount_is_zero(credited))
        cli_say(desk->cli, _("deposited: %s"), commands_yuan(credited));
    if (status == STATUS_FUNDS)
        return cli_fail_status(desk->cli, status,
                               _("only settled coins are deposited: dcep-wallet sync settles"));
    return status == STATUS_OK ? CLI_OK : desk_refuse(desk, status);
}

static enum err deposit(struct desk *desk, enum status *status, struct amount *credited)
{
    struct amount amount = cli_amount(desk->cli, "AMOUNT");
    if (cli_given(desk->cli, "--packet"))
        return sync_deposit_packet(&desk->wallet, status, credited,
                                   cli_file(desk->cli, "--packet"));
    if (cli_flag(desk->cli, "--all"))
        TRY(sync_depositable(&desk->wallet, &amount));
    if (amount_is_zero(amount)) {
        *status = STATUS_FUNDS;
        return ERR_OK;
    }
    return sync_deposit(&desk->wallet, status, credited, amount);
}

int commands_deposit(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    enum status status = STATUS_OK;
    struct amount credited = amount_zero();
    if (cli_given(cli, "AMOUNT") + cli_flag(cli, "--all") + cli_given(cli, "--packet") != 1)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("dcep-wallet deposit 100.00, for one"),
                        _("one of AMOUNT, --all and --packet FILE is needed"));
    if (cli_given(cli, "AMOUNT") && amount_is_zero(cli_amount(cli, "AMOUNT")))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write how much, as in 12.50"),
                        _("the amount is zero"));
    const int code = desk_open_synced(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = deposit(&desk, &status, &credited);
    return error == ERR_OK ? show_credited(&desk, status, credited) : desk_fail(&desk, error);
}

/* --- sync --- */

static void put_report(struct cli *cli, const struct sync_report *report)
{
    commands_put_amount(cli, "settled", report->settled);
    commands_put_amount(cli, "lost_to_double_spend", report->orphaned);
    commands_put_amount(cli, "refunded_before", report->lost);
    commands_put_amount(cli, "found", report->found);
    commands_put_amount(cli, "exchanged", report->exchanged);
    commands_put_number(cli_result(cli), "conflicts", report->conflict_count);
    commands_put_number(cli_result(cli), "refused", report->refused_count);
    commands_put_number(cli_result(cli), "pending", report->pending_count);
    if (!amount_is_zero(report->settled))
        cli_say(cli, _("settled: %s"), commands_yuan(report->settled));
    if (!amount_is_zero(report->found))
        cli_say(cli, _("found at the register: %s"), commands_yuan(report->found));
    if (!amount_is_zero(report->lost))
        cli_warn(cli,
                 _("%s came after their redeem-by day and had been refunded before: they are "
                   "lost to this wallet"),
                 commands_yuan(report->lost));
    if (!amount_is_zero(report->exchanged))
        cli_say(cli, _("exchanged into fresh coins: %s"), commands_yuan(report->exchanged));
}

/* The worst of what happened is the exit code; its words are the error. */
static int judge_report(struct desk *desk, const struct sync_report *report)
{
    struct cli *cli = desk->cli;
    int code = CLI_OK;
    if (report->pending_count > 0)
        code = cli_fail_status(cli, STATUS_PENDING,
                               _("the bank keeps it and settles later; sync asks again"));
    if (report->is_unreachable)
        code = cli_worse(code, desk_refuse(desk, STATUS_UNREACHABLE));
    if (report->refused_count > 0)
        code = cli_worse(code, desk_refuse(desk, report->refusal));
    if (report->conflict_count > 0)
        code = cli_fail(
            cli, CLI_DOUBLE_SPEND, "CONFLICT",
            _("the payer is named at the central bank, with a proof; what the guarantee "
              "covers is in the balance now, or comes with a later sync"),
            _("%s that I received had been spent before"), commands_yuan(report->orphaned));
    return code;
}

int commands_sync(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct sync_report report = {0};
    int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = sync_all(&desk.wallet, &report);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    put_report(cli, &report);
    code = show_spendable(&desk);
    if (code != CLI_OK)
        return code;
    struct purse_totals totals = {0};
    if (commands_totals(&desk, &totals) == ERR_OK)
        cli_say(cli, _("spendable: %s"), commands_yuan(totals.spendable));
    if (desk.wallet.state.has_recovery_key && desk.wallet.state.words == WORDS_VOID)
        cli_warn(cli, _("another wallet of yours made newer recovery words: these are void"));
    return judge_report(&desk, &report);
}
