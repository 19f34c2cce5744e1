/* Limits: every one, where it comes from, what is left; the owner's own (wallet/state/limits.h). */
#include "wallet/commands_limits.h"

#include "wallet/state/limits.h"

/* --- looking --- */

struct view {
    struct limits_bounds bounds;
    struct amount held;
    struct wallet_certificate mine;
};

static enum err view_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct view *view = context;
    struct purse_totals totals = {0};
    TRY(limits_certificate(env, &view->mine));
    TRY(purse_totals(env, &totals));
    limits_bounds(&view->bounds, wallet, &view->mine);
    return amount_add(&view->held, totals.spendable, totals.reserved);
}

static json_t *bound_row(json_t *rows, const char *name, const char *source)
{
    json_t *row = json_object();
    json_object_set_new(row, "limit", json_string(name));
    json_object_set_new(row, "from", json_string(source));
    json_array_append_new(rows, row);
    return row;
}

static void put_bound(json_t *rows, const char *name, const struct limits_bound *bound,
                      struct amount used)
{
    static const char *const sources[] = {
        [LIMITS_POLICY] = N_("policy"), [LIMITS_TIER] = N_("tier"), [LIMITS_OWN] = N_("own")};
    json_t *row = bound_row(rows, name, sources[bound->source]);
    if (amount_fen(bound->max) == AMOUNT_MAX)
        return; /* null: unlimited */
    json_object_set_new(row, "max", cli_json_amount(bound->max));
    json_object_set_new(row, "left", cli_json_amount(limits_left(bound, used)));
}

static void put_count(json_t *rows, const char *name, uint64_t count)
{
    commands_put_number(bound_row(rows, name, N_("policy")), "count", count);
}

static void put_view(struct desk *desk, const struct view *view)
{
    const struct wallet *wallet = &desk->wallet;
    const struct policy *policy = trust_policy(&wallet->trust);
    const struct limits_bounds *bounds = &view->bounds;
    json_t *rows = json_array();
    json_object_set_new(cli_result(desk->cli), "limits", rows);
    put_bound(rows, N_("one payment, offline"), &bounds->payment, amount_zero());
    put_bound(rows, N_("paid a day, offline"), &bounds->day, limits_paid_today(wallet));
    put_bound(rows, N_("paid between two syncs"), &bounds->offline, wallet->state.paid_since_sync);
    put_bound(rows, N_("held"), &bounds->held, view->held);
    put_count(rows, N_("days offline before a payee refuses"), policy->certificate_days);
    put_count(rows, N_("hands a coin may go through (hops)"), policy->hops_max);
    put_count(rows, N_("payments a coin may bear (depth)"), policy->depth_max);
    commands_put_number(cli_result(desk->cli), "pays_until_day", view->mine.not_after_day);
}

int commands_limits(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"limit", N_("limit"), CLI_AS_WORD},   {"max", N_("at most"), CLI_AS_AMOUNT},
        {"count", N_("count"), CLI_AS_NUMBER}, {"left", N_("left"), CLI_AS_AMOUNT},
        {"from", N_("set by"), CLI_AS_WORD},   {0}};
    struct desk desk AUTO(desk_close) = {0};
    struct view view = {0};
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = commands_look(&desk, view_work, &view);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    put_view(&desk, &view);
    cli_show_table(cli, json_object_get(cli_result(cli), "limits"), columns);
    cli_say(cli, _("dcep-wallet limits set makes them lower for this wallet; the PIN raises them "
                   "again"));
    return CLI_OK;
}

/* --- setting --- */

static bool read_one(struct cli *cli, struct amount *out, const char *name, bool *any)
{
    *out = cli_amount(cli, name);
    *any = *any || cli_given(cli, name);
    return !cli_given(cli, name) || !amount_is_zero(*out);
}

static int read_own(struct cli *cli, struct limits_own *own)
{
    bool any = cli_flag(cli, "--reset");
    own->reset = any;
    if (!read_one(cli, &own->payment_max, "--payment", &any) ||
        !read_one(cli, &own->day_max, "--day", &any) ||
        !read_one(cli, &own->offline_max, "--offline", &any) ||
        !read_one(cli, &own->held_max, "--held", &any))
        return cli_fail(cli, CLI_USAGE, "USAGE",
                        _("write how much, as in 12.50; --reset takes the limits of your own away"),
                        _("a limit of zero is none"));
    if (!any)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("dcep-wallet limits shows them"),
                        _("one of --payment, --day, --offline, --held and --reset is needed"));
    return CLI_OK;
}

static void warn_above(struct cli *cli, const char *option, struct amount own,
                       const struct limits_bound *bound)
{
    if (cli_given(cli, option) && amount_compare(own, bound->max) > 0)
        cli_warn(cli,
                 bound->source == LIMITS_TIER ? _("%s: your tier's limit is lower, and holds: %s")
                                              : _("%s: the policy's limit is lower, and holds: %s"),
                 option, commands_yuan(bound->max));
}

/* A limit above what others set holds nothing back: that is no error, and is said. */
static int warn_idle(struct desk *desk, const struct limits_own *own)
{
    struct view view = {0};
    const enum err error = commands_look(desk, view_work, &view);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    warn_above(desk->cli, "--payment", own->payment_max, &view.bounds.payment);
    warn_above(desk->cli, "--day", own->day_max, &view.bounds.day);
    warn_above(desk->cli, "--offline", own->offline_max, &view.bounds.offline);
    warn_above(desk->cli, "--held", own->held_max, &view.bounds.held);
    return CLI_OK;
}

int commands_limits_set(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct limits_own own = {0};
    int code = read_own(cli, &own);
    if (code == CLI_OK)
        code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    code = limits_raises(&desk.wallet, &own) ? desk_demand_pin(&desk) : CLI_OK;
    if (code != CLI_OK)
        return code;
    const enum err error = limits_set(&desk.wallet, &own);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    cli_say(cli, _("set; dcep-wallet limits shows them"));
    return warn_idle(&desk, &own);
}
