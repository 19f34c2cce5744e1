/* Lost wallets: refunds and advances. */
#include "intermediary/certify.h"
#include "intermediary/commands.h"
#include "intermediary/recovery.h"

/* ---- shared ---- */

struct finding {
    struct cli *cli;
    struct customer customer;
    struct advance_list advances;
};

static enum err find(struct branch_env *env, enum status *status, void *context)
{
    struct finding *finding = context;
    TRY(commands_customer(env, status, &finding->customer, finding->cli));
    return *status == STATUS_OK
               ? recovery_advances(env, &finding->advances, finding->customer.number)
               : ERR_OK;
}

/* Looked for before the passphrase of the keys is asked for. */
static int begin(struct cli *cli, struct premises_job *job, struct finding *finding,
                 enum premises_need need)
{
    const bool needs_keys = need == PREMISES_KEYS;
    enum status status = STATUS_OK;
    int code = premises_begin(cli, job, needs_keys ? PREMISES_ADMITTED : need);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job->env, &status, find, finding);
    code = commands_unknown(cli, error, status);
    if (code == CLI_OK)
        json_object_set_new(cli_result(cli), "customer",
                            json_integer((json_int_t)finding->customer.number));
    return code == CLI_OK && needs_keys ? premises_open_keys(cli, NULL) : code;
}

static int end(struct cli *cli, enum err error, enum status status)
{
    if (error == ERR_OK && status == STATUS_STATE)
        return cli_fail(cli, CLI_REFUSED, "NO_WALLET",
                        _("dcep-bank customer join --lost makes a join file for a new one"),
                        _("the customer has no wallet in force that the money could go to"));
    if (error == ERR_OK && status == STATUS_UNKNOWN)
        return cli_fail(cli, CLI_REFUSED, "NO_COIN",
                        _("coins are advanced whole, those of lost wallets only: see dcep-bank "
                          "customer join --lost"),
                        _("no lost coin is small enough for this, or there is none"));
    return premises_end(cli, error, status, NULL);
}

/* ---- refund ---- */

static void put_sum(json_t *result, const char *key, const struct recovery_sum *sum)
{
    json_t *object = json_object();
    json_object_set_new(object, "coins", json_integer((json_int_t)sum->count));
    json_object_set_new(object, "amount", cli_json_amount(sum->amount));
    json_object_set_new(result, key, object);
}

static json_t *sum_row(const char *what, const struct recovery_sum *sum)
{
    json_t *row = json_object();
    json_object_set_new(row, "what", json_string(what));
    json_object_set_new(row, "coins", json_integer((json_int_t)sum->count));
    json_object_set_new(row, "amount", cli_json_amount(sum->amount));
    return row;
}

static void show_report(struct cli *cli, const struct recovery_report *report)
{
    static const struct cli_column columns[] = {{"what", N_("what"), CLI_AS_WORD},
                                                {"coins", N_("coins"), CLI_AS_NUMBER},
                                                {"amount", N_("amount"), CLI_AS_AMOUNT},
                                                {.key = NULL}};
    static const struct cli_column days[] = {{"next_day", N_("the next day"), CLI_AS_DAY},
                                             {.key = NULL}};
    json_t *rows = json_array(), *result = cli_result(cli);
    put_sum(result, "refunded", &report->refunded);
    put_sum(result, "claimed", &report->claimed);
    put_sum(result, "waiting", &report->waiting);
    put_sum(result, "advanced", &report->advanced);
    json_object_set_new(result, "next_day",
                        report->next_day == 0 ? json_null()
                                              : json_integer((json_int_t)report->next_day));
    json_array_append_new(rows, sum_row(N_("refunded to the new wallet"), &report->refunded));
    json_array_append_new(rows, sum_row(N_("on losing lines, claimed"), &report->claimed));
    json_array_append_new(rows, sum_row(N_("paid in advance before"), &report->advanced));
    json_array_append_new(rows, sum_row(N_("waits for its day"), &report->waiting));
    cli_show_table(cli, rows, columns);
    json_decref(rows);
    if (report->next_day > 0)
        cli_show_record(cli, result, days);
}

int commands_wallet_refund(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct finding finding = {.cli = cli};
    struct recovery_report report = {0};
    enum status status = STATUS_OK;
    int code = begin(cli, &job, &finding, PREMISES_KEYS);
    if (code != CLI_OK)
        return code;
    const enum err error = recovery_refund(&job.env, &status, &report, finding.customer.number);
    code = end(cli, error, status);
    if (code != CLI_OK)
        return code;
    show_report(cli, &report);
    if (report.refunded.count + report.claimed.count > 0) {
        cli_say(cli, _("The new wallet finds it at its next sync."));
        return CLI_OK;
    }
    if (report.waiting.count == 0)
        return CLI_OK;
    return cli_fail(cli, status_exit(STATUS_EARLY), status_name(STATUS_EARLY),
                    _("dcep-bank wallet advance pays before, at the bank's own risk"),
                    _("nothing could be refunded yet: the coins are before their redeem-by day"));
}

/* ---- advance ---- */

static const char *state_text(uint64_t state)
{
    static const char *const texts[] = {
        [ADVANCE_ORDERED] = N_("pending"),
        [ADVANCE_PAID] = N_("paid in advance"),
        [ADVANCE_RECOVERED] = N_("recovered"),
        [ADVANCE_OWED] = N_("owed: the coin was paid to somebody"),
    };
    return state < sizeof texts / sizeof texts[0] && texts[state] != NULL ? texts[state] : "";
}

static int show_advances(struct cli *cli, const struct advance_list *advances)
{
    static const struct cli_column columns[] = {
        {"coin_id", N_("coin"), CLI_AS_ID},
        {"amount", N_("amount"), CLI_AS_AMOUNT},
        {"state", N_("state"), CLI_AS_WORD},
        {"redeem_by_day", N_("its day"), CLI_AS_DAY},
        {"collected", N_("from the account"), CLI_AS_AMOUNT},
        {"made_at", N_("when"), CLI_AS_TIME},
        {.key = NULL}};
    json_t *rows = json_array();
    for (size_t i = 0; i < advances->count; i++) {
        const struct advance *advance = &advances->items[i];
        json_t *row = json_object();
        json_object_set_new(row, "serial", json_integer((json_int_t)advance->serial));
        json_object_set_new(row, "coin_id", cli_json_hex(SPAN(advance->coin_id)));
        json_object_set_new(row, "amount", cli_json_amount(advance->amount));
        json_object_set_new(row, "state", json_string(state_text(advance->state)));
        json_object_set_new(row, "redeem_by_day", json_integer((json_int_t)advance->redeem_by_day));
        json_object_set_new(row, "collected", cli_json_amount(advance->collected));
        json_object_set_new(row, "made_at", json_integer((json_int_t)advance->made_at));
        json_array_append_new(rows, row);
    }
    json_object_set_new(cli_result(cli), "advances", rows);
    cli_show_table(cli, rows, columns);
    return CLI_OK;
}

static int read_limit(struct cli *cli, struct amount *out, const char *key)
{
    const enum err error = amount_parse(out, cli_setting(cli, key));
    return error == ERR_OK ? CLI_OK
                           : cli_fail_err(cli, error, key, _("write 12.5, 12.50 or 1,234.50"));
}

static int read_wish(struct cli *cli, struct recovery_advance *advance)
{
    int code = read_limit(cli, &advance->customer_max, "advance_customer_max");
    if (code == CLI_OK)
        code = read_limit(cli, &advance->bank_max, "advance_bank_max");
    advance->wanted = cli_amount(cli, "AMOUNT");
    if (code == CLI_OK && cli_flag(cli, "--all") == cli_given(cli, "AMOUNT"))
        code = cli_fail(cli, CLI_USAGE, "AMOUNT", NULL, _("give an amount, or --all"));
    else if (code == CLI_OK && !cli_flag(cli, "--all") && amount_is_zero(advance->wanted))
        code = cli_fail(cli, CLI_USAGE, "AMOUNT", _("write 12.5, 12.50 or 1,234.50"),
                        _("the amount must be more than zero"));
    if (code == CLI_OK && cli_flag(cli, "--all") &&
        amount_from_fen(&advance->wanted, AMOUNT_MAX) != ERR_OK)
        code = CLI_INTERNAL;
    return code;
}

static int make_advance(struct cli *cli, struct premises_job *job, const struct finding *finding)
{
    struct recovery_advance advance = {.count = 0};
    enum status status = STATUS_OK;
    char left[AMOUNT_TEXT_SIZE], paid[AMOUNT_TEXT_SIZE];
    int code = read_wish(cli, &advance);
    if (code != CLI_OK)
        return code;
    const enum err error = recovery_advance(&job->env, &status, &advance, finding->customer.number);
    amount_format(left, advance.left);
    if (error == ERR_OK && status == STATUS_LIMIT_HELD)
        return cli_fail(cli, CLI_FUNDS, "LIMIT",
                        _("advance_customer_max and advance_bank_max in bank.ini set the limits"),
                        _("no more than %s may be advanced now"), left);
    code = end(cli, error, status);
    if (code != CLI_OK && code != CLI_PENDING)
        return code;
    json_object_set_new(cli_result(cli), "advanced", cli_json_amount(advance.paid));
    json_object_set_new(cli_result(cli), "coins", json_integer((json_int_t)advance.count));
    amount_format(paid, advance.paid);
    if (code == CLI_OK)
        cli_say(cli, _("%s paid in advance; the new wallet finds it at its next sync."), paid);
    return code;
}

int commands_wallet_advance(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct finding finding = {.cli = cli};
    const bool is_question = !cli_given(cli, "AMOUNT") && !cli_flag(cli, "--all");
    const int code = begin(cli, &job, &finding, is_question ? PREMISES_ROWS : PREMISES_KEYS);
    if (code != CLI_OK)
        return code;
    return is_question ? show_advances(cli, &finding.advances) : make_advance(cli, &job, &finding);
}
