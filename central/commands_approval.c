/* What waits for an operator's word: issue orders, and claims of forged money. The operator is the
 * unix user of this process. */
#include "central/commands.h"
#include "central/register_row.h"
#include "central/vault.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPERATOR_SIZE = 64, REASON_SIZE_MAX = 255 };

static const char *kind_text(uint64_t kind)
{
    return kind == APPROVAL_ISSUE ? N_("issue") : N_("claim");
}

static const char *state_text(uint64_t state)
{
    static const char *const texts[] = {[APPROVAL_PENDING] = N_("pending"),
                                        [APPROVAL_APPROVED] = N_("approved"),
                                        [APPROVAL_REJECTED] = N_("rejected")};
    CHECK(state >= APPROVAL_PENDING && state <= APPROVAL_REJECTED);
    return texts[state];
}

static json_t *row_json(const struct approval *row, const struct trust *trust)
{
    json_t *object = json_object();
    commands_put_number(object, "number", row->number);
    json_object_set_new(object, "kind", json_string(kind_text(row->kind)));
    json_object_set_new(object, "state", json_string(state_text(row->state)));
    commands_put_number(object, "bank_id", row->bank_id);
    json_object_set_new(object, "bank", cli_json_text(commands_bank_name(trust, row->bank_id)));
    json_object_set_new(object, "amount", cli_json_amount(row->amount));
    json_object_set_new(object, "subject_id", cli_json_hex(SPAN(row->subject_id)));
    commands_put_number(object, "made_at", row->made_at);
    if (row->state == APPROVAL_PENDING)
        return object;
    commands_put_number(object, "decided_at", row->decided_at);
    json_object_set_new(object, "decided_by", cli_json_text(row->decided_by));
    json_object_set_new(object, "reason", cli_json_text(row->reason));
    return object;
}

static enum err list(struct cli *cli, int *code, struct register_env *env)
{
    struct approval_list approvals = {0};
    json_t *rows = json_array();
    (void)code;
    json_object_set_new(cli_result(cli), "approvals", rows);
    TRY(vault_approvals(env, &approvals, cli_flag(cli, "--all") ? 0 : APPROVAL_PENDING));
    for (size_t i = 0; i < approvals.count; i++)
        json_array_append_new(rows, row_json(&approvals.items[i], env->trust));
    return ERR_OK;
}

int commands_approval_list(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"number", N_("number"), CLI_AS_NUMBER}, {"kind", N_("kind"), CLI_AS_WORD},
        {"bank", N_("bank"), CLI_AS_TEXT},       {"amount", N_("amount"), CLI_AS_AMOUNT},
        {"state", N_("state"), CLI_AS_WORD},     {"made_at", N_("made"), CLI_AS_TIME},
        {"decided_by", N_("by"), CLI_AS_TEXT},   {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, list);
    if (code == CLI_OK)
        cli_show_table(cli, json_object_get(cli_result(cli), "approvals"), columns);
    return code;
}

/* What an issue order asks for, coin by coin. */
static enum err put_outputs(json_t *object, const struct approval *row, struct arena *arena)
{
    struct issue issue = {0};
    json_t *amounts = json_array();
    json_object_set_new(object, "coins", amounts);
    if (row->kind != APPROVAL_ISSUE)
        return ERR_OK;
    TRY(issue_decode(&issue, row->body, arena));
    for (size_t i = 0; i < issue.outputs.count; i++)
        json_array_append_new(amounts, cli_json_amount(issue.outputs.items[i].amount));
    commands_put_number(object, "coin_count", issue.outputs.count);
    return ERR_OK;
}

static enum err put_row(struct cli *cli, int *code, struct register_env *env)
{
    struct approval row = {.number = cli_number(cli, "NUMBER", 0)};
    bool found = false;
    TRY(register_find(env, &found, &tables_table_approval, &row));
    if (!found) {
        *code = cli_fail_status(cli, STATUS_UNKNOWN, _("dcep-central approval list shows them"));
        return ERR_OK;
    }
    json_t *object = row_json(&row, env->trust);
    json_object_update(cli_result(cli), object);
    json_decref(object);
    return put_outputs(cli_result(cli), &row, env->arena);
}

static void show_row(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"number", N_("number"), CLI_AS_NUMBER},    {"kind", N_("kind"), CLI_AS_WORD},
        {"state", N_("state"), CLI_AS_WORD},        {"bank", N_("bank"), CLI_AS_TEXT},
        {"amount", N_("amount"), CLI_AS_AMOUNT},    {"coin_count", N_("coins"), CLI_AS_NUMBER},
        {"subject_id", N_("order"), CLI_AS_ID},     {"made_at", N_("made"), CLI_AS_TIME},
        {"decided_at", N_("decided"), CLI_AS_TIME}, {"decided_by", N_("by"), CLI_AS_TEXT},
        {"reason", N_("reason"), CLI_AS_TEXT},      {NULL, NULL, CLI_AS_TEXT},
    };
    cli_show_record(cli, cli_result(cli), columns);
}

int commands_approval_show(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_READ, put_row);
    if (code == CLI_OK)
        show_row(cli);
    return code;
}

/* ---- deciding ---- */

static void operator_name(char name[OPERATOR_SIZE])
{
    const struct passwd *user = getpwuid(getuid());
    if (user != NULL)
        snprintf(name, OPERATOR_SIZE, "%s", user->pw_name);
    else
        snprintf(name, OPERATOR_SIZE, "uid %u", (unsigned)getuid());
}

static int refuse(struct cli *cli, enum status status)
{
    if (status == STATUS_FUNDS)
        return cli_fail_status(cli, status,
                               _("dcep-central reserve credit BANK AMOUNT, then approve it again"));
    if (status == STATUS_STATE)
        return cli_fail_status(cli, status,
                               _("it was decided before: dcep-central approval show NUMBER"));
    return cli_fail_status(cli, status, _("dcep-central approval list shows what waits"));
}

static enum err decide(struct cli *cli, int *code, struct register_env *env, bool approved)
{
    const char *reason = cli_text(cli, "--reason");
    char name[OPERATOR_SIZE];
    enum status status = STATUS_OK;
    operator_name(name);
    if (reason != NULL && strlen(reason) > REASON_SIZE_MAX) {
        *code = cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--reason: at most 255 bytes"));
        return ERR_OK;
    }
    TRY(vault_decide(env, &status, cli_number(cli, "NUMBER", 0), approved, name,
                     reason != NULL ? reason : ""));
    if (status == STATUS_OK)
        return put_row(cli, code, env);
    *code = refuse(cli, status);
    return ERR_OK;
}

static enum err approve(struct cli *cli, int *code, struct register_env *env)
{
    return decide(cli, code, env, true);
}

static enum err reject(struct cli *cli, int *code, struct register_env *env)
{
    return decide(cli, code, env, false);
}

int commands_approval_approve(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_SIGN, approve);
    if (code == CLI_OK)
        show_row(cli);
    return code;
}

int commands_approval_reject(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_WRITE, reject);
    if (code == CLI_OK)
        show_row(cli);
    return code;
}
