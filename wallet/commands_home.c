/* No arguments: what there is, what needs attention, what one can do next; on one screen of 80x24.
 * Nobody is asked: a locked wallet says that it is locked, and how it is unlocked. */
#include "wallet/commands.h"

#include "common/base/file.h"
#include "common/base/text.h"

enum { ATTENTION_MAX = 5, SCREEN_COLUMNS = 80 };

static void say_no_wallet(struct cli *cli)
{
    cli_say(cli, _("No wallet here yet. Your bank gives you a join file; then:"));
    cli_say(cli, "  dcep-wallet init --join FILE");
}

static void say_locked(struct cli *cli)
{
    cli_say(cli, _("This wallet is locked."));
    cli_say(cli, _("  look      dcep-wallet balance (it asks for the PIN, as pay and receive do)"));
    cli_say(cli, _("  unlock    dcep-wallet unlock --for 10m (no PIN is asked for until then)"));
    cli_say(cli, _("  more      dcep-wallet help"));
    cli_say(cli, _("A PIN that is forgotten is gone; backup and words open a new wallet."));
}

/* --- what needs attention --- */

static bool is_shown(const struct finding *finding)
{
    return finding->level >= FINDING_NOTE;
}

/* Text and command side by side, or below each other where the screen is too narrow. */
static void say_finding(struct cli *cli, const struct finding *finding, size_t width)
{
    const size_t columns = text_columns(finding->text);
    if (2 + width + 2 + text_columns(finding->command) <= SCREEN_COLUMNS)
        cli_say(cli, "  %s%*s  %s", finding->text, (int)(width - columns), "", finding->command);
    else
        cli_say(cli, "  %s\n    %s", finding->text, finding->command);
}

static void say_attention(struct cli *cli, const struct findings *findings)
{
    size_t width = 0, shown = 0, more = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const size_t columns = text_columns(findings->items[i].text);
        if (is_shown(&findings->items[i]) && columns > width)
            width = columns;
    }
    for (int level = FINDING_BROKEN; level >= FINDING_NOTE; level--)
        for (size_t i = 0; i < findings->count; i++) {
            if ((int)findings->items[i].level != level)
                continue;
            if (shown == 0)
                cli_say(cli, "\n%s", _("Needs attention:"));
            if (shown++ < ATTENTION_MAX)
                say_finding(cli, &findings->items[i], width);
            else
                more++;
        }
    if (more > 0)
        cli_say(cli, _("  and %zu more: dcep-wallet doctor"), more);
}

static void say_next_steps(struct cli *cli)
{
    cli_say(cli, "\n%s", _("What next:"));
    cli_say(cli, _("  pay        dcep-wallet pay REQUEST -o PACKET"));
    cli_say(cli, _("  be paid    dcep-wallet request AMOUNT -o REQUEST, then receive PACKET"));
    cli_say(cli, _("  go online  dcep-wallet sync, withdraw AMOUNT, deposit AMOUNT"));
    cli_say(cli, _("  more       dcep-wallet help"));
    cli_say(cli, _("  keep       dcep-wallet backup create FILE, words check, lock"));
    cli_say(cli, _("A software wallet detects double spending; it cannot prevent it."));
}

static void show(struct desk *desk, const struct standing *standing)
{
    static const struct cli_column columns[] = {
        {"spendable", N_("spendable"), CLI_AS_AMOUNT},
        {"unsettled", N_("  not settled yet"), CLI_AS_AMOUNT},
        {"payable_offline", N_("payable offline now"), CLI_AS_AMOUNT},
        {"handed_over", N_("handed over, not settled yet"), CLI_AS_AMOUNT},
        {"last_sync_at", N_("last sync"), CLI_AS_TIME},
        {0}};
    struct findings findings = {0};
    char bank[NAME_SIZE_MAX * 3 + 1];
    struct cli *cli = desk->cli;
    findings_of_standing(&findings, standing, desk->wallet.now);
    text_printable(bank, sizeof bank, desk->wallet.state.bank_name);
    commands_put_text(cli, "bank", bank);
    commands_put_standing(desk, standing);
    json_object_set_new(cli_result(cli), "attention", commands_findings_json(&findings, true));
    cli_say(cli, _("Wallet with %s"), bank);
    cli_show_record(cli, cli_result(cli), columns);
    say_attention(cli, &findings);
    say_next_steps(cli);
}

int commands_home(struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    struct desk desk AUTO(desk_close) = {0};
    struct standing standing = {0};
    cli_data_path(cli, path, "wallet.db");
    if (!file_exists(path)) {
        json_object_set_new(cli_result(cli), "wallet", json_null());
        say_no_wallet(cli);
        return CLI_OK;
    }
    if (!cli_has_passphrase(cli) && desk_is_locked(cli)) {
        json_object_set_new(cli_result(cli), "locked", json_true());
        say_locked(cli);
        return CLI_OK;
    }
    const int code = desk_open_to_look(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = standing_read(&desk.wallet, &standing, &desk.arena);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    show(&desk, &standing);
    return CLI_OK;
}
