/* Looking: home screen, balance, coins, history. No key is opened, nobody is asked. */
#include "wallet/commands.h"

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/base/time.h"
#include "common/purse/purse_row.h"

enum { WARN_DAYS = 2, WARN_COIN_DAYS = 14 };

/* --- balance --- */

struct standing {
    struct purse_totals totals;
    struct amount payable; /* offline, in one payment, now */
    bool has_certificate;
    uint64_t certificate_end; /* day */
    bool has_coin;
    uint64_t next_spend_by; /* day, of the coin that ends first */
};

static enum err read_certificate(struct purse_env *env, struct standing *standing,
                                 struct wallet_certificate *out)
{
    struct purse_key current = {0};
    struct cose cose = {0};
    TRY(purse_key_current(env, &current));
    standing->has_certificate = current.has_certificate;
    if (!current.has_certificate)
        return ERR_OK;
    TRY(wire_decode_cose(&cose, current.certificate));
    TRY(wallet_certificate_decode(out, cose.payload, env->arena));
    standing->certificate_end = out->not_after_day;
    return ERR_OK;
}

static enum err standing_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct standing *standing = context;
    struct wallet_certificate mine = {0};
    struct purse_coin_list coins = {0};
    struct amount left = amount_zero();
    const uint64_t today = time_day(wallet->now);
    TRY(purse_totals(env, &standing->totals));
    TRY(read_certificate(env, standing, &mine));
    TRY(purse_coins(env, &coins, PURSE_AVAILABLE));
    for (size_t i = 0; i < coins.count; i++) {
        if (!standing->has_coin || coins.items[i].spend_by_day < standing->next_spend_by)
            standing->next_spend_by = coins.items[i].spend_by_day;
        standing->has_coin = true;
    }
    const struct trust_offline limits = trust_offline(&wallet->trust, mine.holder);
    if (today > standing->certificate_end ||
        amount_compare(wallet->state.paid_since_sync, limits.total_max) >= 0)
        return ERR_OK;
    TRY(amount_sub(&left, limits.total_max, wallet->state.paid_since_sync));
    left = amount_min(amount_min(left, limits.payment_max), mine.limits.payment_max);
    standing->payable = amount_min(left, standing->totals.spendable);
    return ERR_OK;
}

static void put_standing(struct desk *desk, const struct standing *standing)
{
    struct cli *cli = desk->cli;
    const struct purse_totals *totals = &standing->totals;
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
    commands_put_amount(cli, "payable_offline", standing->payable);
    commands_put_number(cli_result(cli), "coins", totals->coin_count);
    if (desk->wallet.state.last_sync_at > 0)
        commands_put_number(cli_result(cli), "last_sync_at", desk->wallet.state.last_sync_at);
    else
        json_object_set_new(cli_result(cli), "last_sync_at", json_null());
}

static void warn(struct desk *desk, const struct standing *standing)
{
    const uint64_t today = time_day(desk->wallet.now);
    const struct purse_totals *totals = &standing->totals;
    if (today > standing->certificate_end)
        cli_warn(desk->cli, _("the certificate has expired: payees will refuse; sync first"));
    else if (today + WARN_DAYS > standing->certificate_end)
        cli_warn(desk->cli, _("the certificate expires soon: sync"));
    if (standing->has_coin && today + WARN_COIN_DAYS > standing->next_spend_by)
        cli_warn(desk->cli, _("a coin can soon be spent no more: sync makes fresh ones"));
    if (!amount_is_zero(totals->quarantined))
        cli_warn(desk->cli, _("%s are kept aside and not counted: sync finds out"),
                 commands_yuan(totals->quarantined));
    if (!amount_is_zero(totals->orphaned))
        cli_warn(desk->cli, _("%s were paid twice by somebody: sync claims them"),
                 commands_yuan(totals->orphaned));
}

static void show_balance(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"spendable", N_("spendable"), CLI_AS_AMOUNT},
        {"settled", N_("  settled"), CLI_AS_AMOUNT},
        {"unsettled", N_("  not settled yet"), CLI_AS_AMOUNT},
        {"payable_offline", N_("payable offline now"), CLI_AS_AMOUNT},
        {"reserved", N_("reserved"), CLI_AS_AMOUNT},
        {"handed_over", N_("handed over, not settled yet"), CLI_AS_AMOUNT},
        {"quarantined", N_("quarantined"), CLI_AS_AMOUNT},
        {"last_sync_at", N_("last sync"), CLI_AS_TIME},
        {0}};
    cli_show_record(cli, cli_result(cli), columns);
}

int commands_balance(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct standing standing = {0};
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = commands_look(&desk, standing_work, &standing);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    put_standing(&desk, &standing);
    show_balance(cli);
    warn(&desk, &standing);
    return CLI_OK;
}

/* --- coins --- */

struct held {
    struct purse_coin_list lists[PURSE_LOST + 1]; /* by state */
};

static enum err held_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct held *held = context;
    (void)wallet;
    for (unsigned state = PURSE_AVAILABLE; state <= PURSE_LOST; state++)
        TRY(purse_coins(env, &held->lists[state], (enum purse_coin_state)state));
    return ERR_OK;
}

static json_t *coin_json(const struct purse_coin *coin)
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
    json_object_set_new(row, "state", json_string(words[coin->state]));
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
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = commands_look(&desk, held_work, &held);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    json_t *rows = json_array();
    json_object_set_new(cli_result(cli), "coins", rows);
    for (unsigned state = PURSE_AVAILABLE; state <= PURSE_LOST; state++)
        for (size_t i = 0; i < held.lists[state].count; i++)
            json_array_append_new(rows, coin_json(&held.lists[state].items[i]));
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
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
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

/* --- no arguments --- */

static void say_no_wallet(struct cli *cli)
{
    cli_say(cli, _("No wallet here yet. Your bank gives you a join file; then:"));
    cli_say(cli, "  dcep-wallet init --join FILE");
}

static void say_next_steps(struct cli *cli)
{
    cli_say(cli, "%s", "");
    cli_say(cli, _("pay       dcep-wallet pay REQUEST -o PACKET"));
    cli_say(cli, _("be paid   dcep-wallet request AMOUNT -o REQUEST, then receive PACKET"));
    cli_say(cli, _("go online dcep-wallet sync, withdraw AMOUNT, deposit AMOUNT"));
    cli_say(cli, _("more      dcep-wallet help"));
    cli_say(cli, "%s", "");
    cli_say(cli, _("There is no backup yet: whoever loses this directory loses the money in it."));
    cli_say(cli, _("A software wallet detects double spending; it cannot prevent it."));
}

int commands_home(struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    struct desk desk AUTO(desk_close) = {0};
    struct standing standing = {0};
    char bank[NAME_SIZE_MAX * 3 + 1];
    cli_data_path(cli, path, "wallet.db");
    if (!file_exists(path)) {
        json_object_set_new(cli_result(cli), "wallet", json_null());
        say_no_wallet(cli);
        return CLI_OK;
    }
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const enum err error = commands_look(&desk, standing_work, &standing);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    text_printable(bank, sizeof bank, desk.wallet.state.bank_name);
    commands_put_text(cli, "bank", bank);
    put_standing(&desk, &standing);
    cli_say(cli, _("%s spendable, with %s"), commands_yuan(standing.totals.spendable), bank);
    show_balance(cli);
    warn(&desk, &standing);
    say_next_steps(cli);
    return CLI_OK;
}
