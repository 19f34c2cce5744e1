/* Looking: balance, coins, history. No private key is opened. */
#include "wallet/commands_news.h"

#include "common/purse/purse_row.h"

/* --- balance --- */

static void put_time(struct cli *cli, const char *key, uint64_t seconds)
{
    if (seconds > 0)
        commands_put_number(cli_result(cli), key, seconds);
    else
        json_object_set_new(cli_result(cli), key, json_null());
}

static void put_totals(struct cli *cli, const struct purse_totals *totals)
{
    struct amount unsettled = amount_zero();
    if (amount_sub(&unsettled, totals->spendable, totals->spendable_settled) != ERR_OK)
        unsettled = amount_zero();
    commands_put_amount(cli, "spendable", totals->spendable);
    commands_put_amount(cli, "settled", totals->spendable_settled);
    commands_put_amount(cli, "unsettled", unsettled);
    commands_put_amount(cli, "reserved", totals->reserved);
    commands_put_amount(cli, "handed_over", totals->handed_over);
    commands_put_amount(cli, "quarantined", totals->quarantined);
    commands_put_amount(cli, "orphaned", totals->orphaned);
    commands_put_amount(cli, "lost", totals->lost);
    commands_put_amount(cli, "from_older_keys", totals->frozen);
    commands_put_number(cli_result(cli), "coins", totals->coin_count);
}

void commands_put_standing(struct desk *desk, const struct standing *standing)
{
    struct cli *cli = desk->cli;
    json_t *result = cli_result(cli);
    put_totals(cli, &standing->totals);
    commands_put_amount(cli, "payable_offline", standing->payable);
    commands_put_amount(cli, "payment_max", standing->payment_max);
    commands_put_amount(cli, "left_until_sync", standing->left_until_sync);
    commands_put_amount(cli, "left_to_withdraw_today", standing->left_to_withdraw_today);
    put_time(cli, "last_sync_at", desk->wallet.state.last_sync_at);
    if (standing->has_certificate)
        commands_put_number(result, "certificate_until_day", standing->certificate.not_after_day);
    else
        json_object_set_new(result, "certificate_until_day", json_null());
    commands_put_number(result, "directory_version", standing->directory_version);
    put_time(cli, "directory_made_at", standing->directory_made_at);
    put_time(cli, "directory_until", standing->directory_not_after);
    commands_put_number(result, "revocations_version", standing->revocations_version);
    put_time(cli, "revocations_made_at", standing->revocations_made_at);
}

json_t *commands_findings_json(const struct findings *findings, bool troubles_only)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (troubles_only && finding->level == FINDING_FINE)
            continue;
        json_t *row = json_object();
        json_object_set_new(row, "name", json_string(finding->name));
        json_object_set_new(row, "level", json_string(findings_level_word(finding->level)));
        json_object_set_new(row, "text", cli_json_text(span_text(finding->text)));
        json_object_set_new(row, "command", cli_json_text(span_text(finding->command)));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void show_balance(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"spendable", N_("spendable"), CLI_AS_AMOUNT},
        {"settled", N_("  settled"), CLI_AS_AMOUNT},
        {"unsettled", N_("  not settled yet"), CLI_AS_AMOUNT},
        {"payable_offline", N_("payable offline now"), CLI_AS_AMOUNT},
        {"payment_max", N_("  limit of a payment"), CLI_AS_AMOUNT},
        {"left_until_sync", N_("  limit left before a sync"), CLI_AS_AMOUNT},
        {"left_to_withdraw_today", N_("limit left to withdraw today"), CLI_AS_AMOUNT},
        {"reserved", N_("reserved"), CLI_AS_AMOUNT},
        {"handed_over", N_("handed over, not settled yet"), CLI_AS_AMOUNT},
        {"quarantined", N_("quarantined"), CLI_AS_AMOUNT},
        {"from_older_keys", N_("from before the restore"), CLI_AS_AMOUNT},
        {"certificate_until_day", N_("certificate, good until"), CLI_AS_DAY},
        {"directory_made_at", N_("directory of banks, made"), CLI_AS_TIME},
        {"revocations_made_at", N_("revocation list, made"), CLI_AS_TIME},
        {"last_sync_at", N_("last sync"), CLI_AS_TIME},
        {0}};
    cli_show_record(cli, cli_result(cli), columns);
}

static void warn(struct cli *cli, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].level >= FINDING_WARNING)
            cli_warn(cli, "%s: %s", findings->items[i].text, findings->items[i].command);
}

int commands_balance(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct standing standing = {0};
    struct findings findings = {0};
    const int code = desk_open_to_look(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = standing_read(&desk.wallet, &standing, &desk.arena);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    commands_put_standing(&desk, &standing);
    show_balance(cli);
    findings_of_standing(&findings, &standing, desk.wallet.now);
    warn(cli, &findings);
    return CLI_OK;
}

/* --- coins --- */

struct held {
    struct purse_coin_list lists[PURSE_LOST + 1]; /* by state */
    struct purse_coin_list frozen;                /* of keys of before a restore */
};

static enum err held_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct held *held = context;
    (void)wallet;
    for (unsigned state = PURSE_AVAILABLE; state <= PURSE_LOST; state++)
        TRY(purse_coins(env, &held->lists[state], (enum purse_coin_state)state));
    return purse_part_frozen(env, &held->lists[PURSE_QUARANTINED], &held->frozen);
}

static json_t *coin_json(const struct purse_coin *coin, bool is_frozen)
{
    static const char *const words[] = {
        [PURSE_AVAILABLE] = N_("spendable"),   [PURSE_RESERVED] = N_("reserved"),
        [PURSE_COMMITTED] = N_("handed over"), [PURSE_QUARANTINED] = N_("quarantined"),
        [PURSE_ORPHANED] = N_("paid twice"),   [PURSE_LOST] = N_("lost"),
    };
    json_t *row = json_object();
    json_object_set_new(row, "id", cli_json_hex(SPAN(coin->coin_id)));
    commands_put_number(row, "serial", coin->serial);
    json_object_set_new(row, "amount", cli_json_amount(coin->amount));
    json_object_set_new(
        row, "state", json_string(is_frozen ? N_("from before the restore") : words[coin->state]));
    json_object_set_new(row, "settled", json_boolean(coin->is_settled));
    commands_put_number(row, "hops", coin->hops);
    commands_put_number(row, "depth", coin->depth);
    commands_put_number(row, "spend_by_day", coin->spend_by_day);
    commands_put_number(row, "redeem_by_day", coin->redeem_by_day);
    return row;
}

int commands_coins(struct cli *cli)
{
    static const struct cli_column columns[] = {{"id", N_("coin"), CLI_AS_ID},
                                                {"amount", N_("amount"), CLI_AS_AMOUNT},
                                                {"state", N_("state"), CLI_AS_WORD},
                                                {"settled", N_("settled"), CLI_AS_BOOL},
                                                {"hops", N_("hops"), CLI_AS_NUMBER},
                                                {"depth", N_("depth"), CLI_AS_NUMBER},
                                                {"spend_by_day", N_("spend by"), CLI_AS_DAY},
                                                {0}};
    struct desk desk AUTO(desk_close) = {0};
    struct held held = {0};
    const int code = desk_open_to_look(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = commands_look(&desk, held_work, &held);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    json_t *rows = json_array();
    json_object_set_new(cli_result(cli), "coins", rows);
    for (unsigned state = PURSE_AVAILABLE; state <= PURSE_LOST; state++)
        for (size_t i = 0; i < held.lists[state].count; i++)
            json_array_append_new(rows, coin_json(&held.lists[state].items[i], false));
    for (size_t i = 0; i < held.frozen.count; i++)
        json_array_append_new(rows, coin_json(&held.frozen.items[i], true));
    cli_show_table(cli, rows, columns);
    return CLI_OK;
}

/* --- history --- */

static enum err history_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct store_query query = {
        .table = &tables_table_history, .index_number = -1, .descending = true};
    (void)wallet;
    return store_list(env->store, context, &query, NULL, env->arena);
}

static json_t *history_json(const struct history *entry)
{
    static const char *const words[] = {
        [HISTORY_WITHDRAWN] = N_("withdrawn"),
        [HISTORY_DEPOSITED] = N_("deposited"),
        [HISTORY_PAID] = N_("paid"),
        [HISTORY_RECEIVED] = N_("received"),
        [HISTORY_QUARANTINED] = N_("quarantined"),
        [HISTORY_CONFLICT] = N_("paid twice"),
        [HISTORY_FOUND] = N_("found"),
    };
    json_t *row = json_object();
    commands_put_number(row, "at", entry->at);
    json_object_set_new(row, "what", json_string(words[entry->kind]));
    json_object_set_new(row, "amount", cli_json_amount(entry->amount));
    json_object_set_new(row, "with", cli_json_text(entry->counterparty));
    json_object_set_new(row, "memo", cli_json_text(entry->memo));
    json_object_set_new(row, "id", cli_json_hex(SPAN(entry->reference)));
    return row;
}

int commands_history(struct cli *cli)
{
    static const struct cli_column columns[] = {{"at", N_("when"), CLI_AS_TIME},
                                                {"what", N_("what"), CLI_AS_WORD},
                                                {"amount", N_("amount"), CLI_AS_AMOUNT},
                                                {"id", N_("id"), CLI_AS_ID},
                                                {"with", N_("with"), CLI_AS_TEXT},
                                                {"memo", N_("memo"), CLI_AS_TEXT},
                                                {0}};
    struct desk desk AUTO(desk_close) = {0};
    struct list entries = {0};
    if (cli_given(cli, "--proof") != cli_given(cli, "--output"))
        return cli_fail(cli, CLI_USAGE, "USAGE",
                        _("dcep-wallet history lists the ids, as \"paid twice\""),
                        _("--proof ID and -o FILE go together"));
    const int code = desk_open_to_look(&desk, cli);
    if (code != CLI_OK)
        return code;
    if (cli_given(cli, "--proof"))
        return commands_news_proof(&desk);
    const enum err error = commands_look(&desk, history_work, &entries);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    json_t *rows = json_array();
    json_object_set_new(cli_result(cli), "history", rows);
    for (size_t i = 0; i < entries.count; i++)
        json_array_append_new(rows, history_json(&((const struct history *)entries.items)[i]));
    cli_show_table(cli, rows, columns);
    return CLI_OK;
}
