/* lock, unlock, pin change. None of them opens the database. */
#include "wallet/commands.h"

#include "wallet/keys/agent.h"

enum { UNLOCK_DEFAULT_S = 600 };

static bool warn_open(struct cli *cli)
{
    const bool is_open = !desk_has_pin(cli);
    if (is_open)
        cli_warn(cli,
                 _("this wallet has no PIN, and nothing locks it: dcep-wallet pin change gives "
                   "it one"));
    return is_open;
}

int commands_lock(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    bool was_unlocked = false;
    const int code = desk_lock(&desk, &was_unlocked, cli);
    if (code != CLI_OK)
        return code;
    json_object_set_new(cli_result(cli), "was_unlocked", json_boolean(was_unlocked));
    if (!warn_open(cli))
        cli_say(cli, "%s", was_unlocked ? _("locked") : _("it was locked already"));
    return CLI_OK;
}

/* The time begins anew, and for that the PIN is asked for again. */
int commands_unlock(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    uint64_t seconds = UNLOCK_DEFAULT_S;
    if (cli_given(cli, "--for") &&
        !commands_duration(&seconds, cli_text(cli, "--for"), AGENT_SECONDS_MAX))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("write 90s, 10m or 2h; at most 1d"),
                        _("--for: \"%s\" is not a duration"), cli_text(cli, "--for"));
    int code = desk_unlock(&desk, cli);
    if (code == CLI_OK)
        code = desk_demand_pin(&desk);
    if (code != CLI_OK)
        return code;
    const enum err error = agent_start(cli_data(cli), &desk.master, seconds);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the unlocked wallet"), NULL);
    commands_put_number(cli_result(cli), "seconds", seconds);
    if (warn_open(cli))
        return CLI_OK;
    cli_say(cli,
            ngettext("unlocked for %llu second; dcep-wallet lock ends it",
                     "unlocked for %llu seconds; dcep-wallet lock ends it", seconds),
            (unsigned long long)seconds);
    return CLI_OK;
}

/* Keys and database hang on the master key, which stays: one small file changes, as a whole. */
int commands_pin_change(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    bool was_unlocked = false;
    int code = desk_unlock(&desk, cli);
    if (code == CLI_OK)
        code = desk_demand_pin(&desk);
    if (code == CLI_OK)
        code = desk_change_pin(&desk);
    if (code != CLI_OK)
        return code;
    const enum err error = agent_stop(&was_unlocked, cli_data(cli));
    if (error != ERR_OK)
        cli_warn(cli, _("the wallet may still be unlocked: dcep-wallet lock"));
    cli_say(cli, _("the PIN is changed, and the wallet locked"));
    return CLI_OK;
}
