/* Reserves, guarantees and the supply. */
#include "central/books.h"
#include "central/commands.h"
#include "central/vault.h"

static int refuse(struct cli *cli, enum status status, const char *funds_hint)
{
    if (status == STATUS_FUNDS)
        return cli_fail_status(cli, status, funds_hint);
    if (status == STATUS_STATE)
        return cli_fail_status(cli, status,
                               _("claims wait for this guarantee: it stays until they are paid"));
    return cli_fail_status(cli, status, NULL);
}

static enum err put_bank(struct cli *cli, uint64_t bank_id, struct register_env *env)
{
    struct bank bank = {0};
    TRY(vault_bank(env, &bank, bank_id));
    json_t *object = commands_bank_json(&bank, env);
    json_object_update(cli_result(cli), object);
    json_decref(object);
    return ERR_OK;
}

static enum err move(struct cli *cli, int *code, struct register_env *env,
                     enum err (*act)(struct register_env *env, enum status *status,
                                     uint64_t bank_id, struct amount amount),
                     const char *funds_hint)
{
    const struct amount amount = cli_amount(cli, "AMOUNT");
    struct bank bank = {0};
    enum status status = STATUS_OK;
    if (amount_is_zero(amount)) {
        *code = cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("the amount is zero"));
        return ERR_OK;
    }
    TRY(commands_find_bank(cli, code, &bank, env));
    if (*code != CLI_OK)
        return ERR_OK;
    TRY(act(env, &status, bank.bank_id, amount));
    if (status != STATUS_OK) {
        *code = refuse(cli, status, funds_hint);
        return ERR_OK;
    }
    json_object_set_new(cli_result(cli), "amount", cli_json_amount(amount));
    return put_bank(cli, bank.bank_id, env);
}

static enum err credit(struct cli *cli, int *code, struct register_env *env)
{
    return move(cli, code, env, vault_reserve_credit, NULL);
}

static enum err debit(struct cli *cli, int *code, struct register_env *env)
{
    return move(cli, code, env, vault_reserve_debit,
                _("the reserve has less: dcep-central reserve show"));
}

static enum err post(struct cli *cli, int *code, struct register_env *env)
{
    return move(cli, code, env, vault_guarantee_post,
                _("the reserve has less: dcep-central reserve credit BANK AMOUNT first"));
}

static enum err release(struct cli *cli, int *code, struct register_env *env)
{
    return move(cli, code, env, vault_guarantee_release,
                _("the guarantee has less: dcep-central reserve show"));
}

static const struct cli_column columns[] = {
    {"bank_id", N_("bank"), CLI_AS_NUMBER},
    {"name", N_("name"), CLI_AS_TEXT},
    {"reserve", N_("reserve"), CLI_AS_AMOUNT},
    {"guarantee", N_("guarantee"), CLI_AS_AMOUNT},
    {NULL, NULL, CLI_AS_TEXT},
};

static int run(struct cli *cli, enum office_need need,
               enum err (*work)(struct cli *cli, int *code, struct register_env *env))
{
    const int code = office_run(cli, need, work);
    if (code == CLI_OK)
        cli_show_record(cli, cli_result(cli), columns);
    return code;
}

int commands_reserve_credit(struct cli *cli)
{
    return run(cli, OFFICE_WRITE, credit);
}

int commands_reserve_debit(struct cli *cli)
{
    return run(cli, OFFICE_WRITE, debit);
}

/* A guarantee that grows may pay claims, and paying mints. */
int commands_guarantee_post(struct cli *cli)
{
    return run(cli, OFFICE_SIGN, post);
}

int commands_guarantee_release(struct cli *cli)
{
    return run(cli, OFFICE_WRITE, release);
}

static enum err show_reserve(struct cli *cli, int *code, struct register_env *env)
{
    struct bank bank = {0};
    TRY(commands_find_bank(cli, code, &bank, env));
    return *code == CLI_OK ? put_bank(cli, bank.bank_id, env) : ERR_OK;
}

/* One bank, or all. */
int commands_reserve_show(struct cli *cli)
{
    return cli_given(cli, "BANK") ? run(cli, OFFICE_READ, show_reserve) : commands_bank_list(cli);
}

/* ---- the supply ---- */

static void put_supply(struct cli *cli, int *code, const struct books_supply *supply)
{
    json_t *result = cli_result(cli);
    json_object_set_new(result, "funded", cli_json_balance(supply->funded));
    json_object_set_new(result, "reserves", cli_json_balance(supply->reserves));
    json_object_set_new(result, "guarantees", cli_json_balance(supply->guarantees));
    json_object_set_new(result, "loss", cli_json_balance(supply->loss));
    json_object_set_new(result, "unspent", cli_json_balance(supply->unspent));
    json_object_set_new(result, "unspent_running", cli_json_balance(supply->unspent_running));
    json_object_set_new(result, "unspent_count", json_null());
    commands_put_number(result, "bank_count", supply->bank_count);
    json_object_set_new(result, "balanced", json_boolean(supply->is_balanced));
    if (!supply->is_balanced)
        *code = cli_fail(cli, CLI_INTEGRITY, "BOOKS",
                         _("stop issuing; keep the database as it is and compare it with a backup"),
                         _("the books do not balance"));
}

enum err commands_put_running(struct cli *cli, int *code, struct register_env *env)
{
    struct books_supply supply;
    TRY(books_running(env->store, &supply));
    put_supply(cli, code, &supply);
    return ERR_OK;
}

enum err commands_put_supply(struct cli *cli, int *code, struct register_env *env)
{
    struct books_supply supply;
    TRY(books_supply(env->store, &supply, env->arena));
    put_supply(cli, code, &supply);
    commands_put_number(cli_result(cli), "unspent_count", supply.unspent_count);
    return ERR_OK;
}

int commands_supply(struct cli *cli)
{
    static const struct cli_column rows[] = {
        {"funded", N_("net funded"), CLI_AS_AMOUNT},
        {"reserves", N_("= reserves"), CLI_AS_AMOUNT},
        {"guarantees", N_("+ guarantees"), CLI_AS_AMOUNT},
        {"loss", N_("+ loss account"), CLI_AS_AMOUNT},
        {"unspent", N_("+ unspent coins"), CLI_AS_AMOUNT},
        {"unspent_count", N_("coins"), CLI_AS_NUMBER},
        {"balanced", N_("balanced"), CLI_AS_BOOL},
        {"recounted", N_("recounted"), CLI_AS_BOOL},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const bool is_recounted = cli_flag(cli, "--recount");
    const int code =
        office_run(cli, OFFICE_READ, is_recounted ? commands_put_supply : commands_put_running);
    json_object_set_new(cli_result(cli), "recounted", json_boolean(is_recounted));
    if (code == CLI_OK || code == CLI_INTEGRITY)
        cli_show_record(cli, cli_result(cli), rows);
    return code;
}
