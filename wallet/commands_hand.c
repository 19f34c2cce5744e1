/* Hand to hand, who pays: pay, outbox, cancel. All of it works with no network. */
#include "wallet/commands_news.h"

#include <stdio.h>

/* A name, an amount and the words around them in any language. */
enum { QUESTION_SIZE = 320 };

/* --- what pay shows --- */

static void put_offer(struct cli *cli, const struct handover_offer *offer)
{
    json_object_set_new(cli_result(cli), "id", cli_json_hex(SPAN(offer->request_id)));
    commands_put_text(cli, "payee", offer->payee_name);
    commands_put_amount(cli, "amount", offer->request.amount);
    commands_put_text(cli, "memo", offer->memo);
    commands_put_amount(cli, "spendable_after", offer->spendable_after);
}

static void show_offer(struct cli *cli, const struct handover_offer *offer, bool is_linked)
{
    static const struct cli_column columns[] = {
        {"amount", N_("pay"), CLI_AS_AMOUNT},
        {"payee", N_("to"), CLI_AS_TEXT},
        {"memo", N_("for"), CLI_AS_TEXT},
        {"spendable_after", N_("spendable afterwards"), CLI_AS_AMOUNT},
        {0}};
    char code[COMMANDS_CODE_SIZE];
    put_offer(cli, offer);
    cli_show_record(cli, cli_result(cli), columns);
    commands_code(code, &offer->request_id);
    if (is_linked) /* on a network somebody else may have answered */
        cli_say(cli, _("code %s: the payee's screen must show the same"), code);
    fflush(stdout);
}

static int refuse_offer(struct desk *desk, enum status status)
{
    if (status == STATUS_REQUEST_UNKNOWN)
        return cli_fail(desk->cli, CLI_REFUSED, "EXPIRED", _("ask the payee for a new one"),
                        _("the request has expired"));
    if (status == STATUS_STATE)
        return cli_fail(desk->cli, CLI_REFUSED, "STATE", _("ask the payee for the right one"),
                        _("this request is my own"));
    return desk_refuse(desk, status);
}

static int give_packet(struct desk *desk, struct carry *carry, const struct handover_offer *offer,
                       struct span file)
{
    struct cli *cli = desk->cli;
    const enum err error = handover_sent(&desk->wallet, &offer->request_id);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    commands_put_number(cli_result(cli), "size", file.size);
    json_object_set_new(cli_result(cli), "repeated", json_boolean(offer->is_repeat));
    if (offer->is_repeat)
        cli_say(cli, _("paid before: the same packet again (%zu bytes)"), file.size);
    else if (carry->link != NULL)
        cli_say(cli, _("signed: packet of %zu bytes"), file.size);
    else
        cli_say(cli, _("signed: packet of %zu bytes; hand it to the payee"), file.size);
    const int code = carry_give(carry, file);
    if (code != CLI_OK || carry->link == NULL)
        return code;
    return commands_push(desk, carry, &offer->request_id, file);
}

/* --- pay --dry-run --- */

static void show_trial(struct cli *cli, const struct handover_trial *trial)
{
    static const struct cli_column columns[] = {
        {"amount", N_("pay"), CLI_AS_AMOUNT},
        {"payee", N_("to"), CLI_AS_TEXT},
        {"memo", N_("for"), CLI_AS_TEXT},
        {"spendable_after", N_("spendable afterwards"), CLI_AS_AMOUNT},
        {"change", N_("change"), CLI_AS_AMOUNT},
        {"coins", N_("coins"), CLI_AS_NUMBER},
        {"hops", N_("hops"), CLI_AS_NUMBER},
        {"size", N_("bytes"), CLI_AS_NUMBER},
        {0}};
    put_offer(cli, &trial->offer);
    commands_put_number(cli_result(cli), "coins", trial->coin_count);
    commands_put_number(cli_result(cli), "hops", trial->hops_max);
    commands_put_amount(cli, "change", trial->change);
    commands_put_number(cli_result(cli), "size", trial->size);
    json_object_set_new(cli_result(cli), "repeated", json_boolean(trial->offer.is_repeat));
    cli_show_record(cli, cli_result(cli), columns);
    if (trial->offer.is_repeat)
        cli_say(cli, _("paid before: pay gives the same packet again; nothing was changed"));
    else
        cli_say(cli, _("it can be paid offline now; nothing was changed"));
}

/* Nothing is resumed, marked or signed: no PIN is asked for, but where a crash left a payment
 * marked. */
static int try_pay(struct desk *desk, struct span request)
{
    struct cli *cli = desk->cli;
    struct handover_trial trial = {0};
    enum status status = STATUS_OK;
    const enum err error = handover_trial(&desk->wallet, &trial, &status, request, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    json_object_set_new(cli_result(cli), "payable", json_boolean(status == STATUS_OK));
    if (status != STATUS_OK)
        return refuse_offer(desk, status);
    show_trial(cli, &trial);
    return CLI_OK;
}

/* --- pay --- */

/* With --json nothing has been shown yet: the question itself says what is paid to whom. */
static bool confirm_offer(struct cli *cli, int *code, const struct handover_offer *offer)
{
    char question[QUESTION_SIZE];
    (void)snprintf(question, sizeof question, _("Pay %s to %s?"),
                   commands_yuan(offer->request.amount), offer->payee_name);
    return cli_confirm(cli, code, question);
}

/* The PIN is asked for before the payment is marked: whoever mistypes it has begun nothing. */
static enum err unlock(struct desk *desk)
{
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    return wallet_pair(&desk->wallet, &pair, NULL);
}

static bool pay_takes(enum kind kind)
{
    return kind == KIND_INVOICE;
}
static const struct carry_want pay_wants = {
    .argument = "REQUEST", .takes = pay_takes, .what = N_("a request for a payment")};

int commands_pay(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct carry carry AUTO(carry_close) = {0};
    struct handover_offer offer = {0};
    struct span request = {0}, file = {0};
    enum status status = STATUS_OK;
    const bool is_trial = cli_flag(cli, "--dry-run");
    int code = carry_open(&carry, cli, &pay_wants, is_trial ? CARRY_OUT_MAY : CARRY_OUT_MUST);
    if (code == CLI_OK)
        code = carry_take(&carry, &request);
    if (code == CLI_OK)
        code = desk_open(&desk, cli);
    if (code == CLI_OK)
        code = commands_news_choose(&desk);
    if (code != CLI_OK || is_trial)
        return code != CLI_OK ? code : try_pay(&desk, request);
    enum err error = handover_resume(&desk.wallet);
    if (error == ERR_OK)
        error = handover_offer(&desk.wallet, &offer, &status, request, &desk.arena);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    commands_news_show(&desk);
    if (status != STATUS_OK)
        return refuse_offer(&desk, status);
    show_offer(cli, &offer, carry.link != NULL);
    if (!offer.is_repeat && !confirm_offer(cli, &code, &offer))
        return code;
    error = offer.is_repeat ? ERR_OK : unlock(&desk);
    if (error == ERR_OK)
        error = handover_pay(&desk.wallet, &file, &status, &offer, false, &desk.arena);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    return status == STATUS_OK ? give_packet(&desk, &carry, &offer, file)
                               : desk_refuse(&desk, status);
}

/* --- what is under way --- */

struct outgoing {
    struct purse_plan_list plans;
};

static enum err list_outgoing(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct outgoing *outgoing = context;
    (void)wallet;
    return purse_plans(env, &outgoing->plans, PURSE_PLAN_PAY, PURSE_PLAN_RESERVED,
                       PURSE_PLAN_CONFIRMED);
}

static int show_outbox(struct desk *desk)
{
    static const struct cli_column columns[] = {{"id", N_("id"), CLI_AS_ID},
                                                {"amount", N_("amount"), CLI_AS_AMOUNT},
                                                {"state", N_("state"), CLI_AS_WORD},
                                                {"made_at", N_("made"), CLI_AS_TIME},
                                                {0}};
    struct outgoing outgoing = {0};
    json_t *rows = json_array();
    json_object_set_new(cli_result(desk->cli), "payments", rows);
    const enum err error = commands_look(desk, list_outgoing, &outgoing);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    for (size_t i = 0; i < outgoing.plans.count; i++) {
        const struct purse_plan *plan = &outgoing.plans.items[i];
        json_t *row = json_object();
        json_object_set_new(row, "id", cli_json_hex(SPAN(plan->plan_id)));
        json_object_set_new(row, "amount", cli_json_amount(plan->amount));
        json_object_set_new(row, "state", json_string(commands_plan_word(plan->state)));
        commands_put_number(row, "made_at", plan->made_at);
        json_array_append_new(rows, row);
    }
    cli_show_table(desk->cli, rows, columns);
    return CLI_OK;
}

static int give_again(struct desk *desk, struct carry *carry)
{
    struct purse_plan plan = {0};
    struct span file = {0};
    int code = CLI_OK;
    enum err error = commands_find_plan(desk, &code, &plan, cli_text(desk->cli, "ID"));
    if (error == ERR_OK && code == CLI_OK)
        error = handover_packet_file(&desk->wallet, &file, &plan, &desk->arena);
    if (error == ERR_MISSING)
        return cli_fail(desk->cli, CLI_REFUSED, "STATE",
                        _("pay the request again to go on, or dcep-wallet cancel ID"),
                        _("this payment is not signed yet"));
    if (error != ERR_OK)
        return desk_fail(desk, error);
    if (code != CLI_OK)
        return code;
    commands_put_number(cli_result(desk->cli), "size", file.size);
    cli_say(desk->cli, _("the same packet again (%zu bytes)"), file.size);
    code = carry_give(carry, file);
    if (code != CLI_OK || carry->link == NULL)
        return code;
    return commands_push(desk, carry, &plan.plan_id, file);
}

int commands_outbox(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct carry carry AUTO(carry_close) = {0};
    const bool goes_out =
        cli_given(cli, "--output") || cli_given(cli, "--qr") || cli_given(cli, "--to");
    const bool is_news = cli_flag(cli, "--news") && !cli_given(cli, "ID");
    if ((cli_given(cli, "ID") || is_news) != goes_out)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("dcep-wallet outbox lists the ids"),
                        _("ID and -o FILE (or --qr, --to) go together; neither lists what is under "
                          "way"));
    int code = carry_open(&carry, cli, NULL, CARRY_OUT_MAY);
    if (code == CLI_OK)
        code = desk_open(&desk, cli);
    if (code == CLI_OK)
        code = commands_news_choose(&desk);
    if (code != CLI_OK)
        return code;
    if (is_news)
        return commands_news_give(&desk);
    const enum err error = handover_resume(&desk.wallet);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    return cli_given(cli, "ID") ? give_again(&desk, &carry) : show_outbox(&desk);
}

int commands_cancel(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct purse_plan plan = {0};
    enum status status = STATUS_OK;
    int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    enum err error = commands_find_plan(&desk, &code, &plan, cli_text(cli, "ID"));
    if (error == ERR_OK && code == CLI_OK)
        error = handover_cancel(&desk.wallet, &status, &plan.plan_id);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    if (code != CLI_OK)
        return code;
    if (status != STATUS_OK)
        return desk_refuse(&desk, status);
    cli_say(cli, _("cancelled; %s are free again"), commands_yuan(plan.amount));
    return CLI_OK;
}
