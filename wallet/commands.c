/* What the commands share. */
#include "wallet/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum err commands_look(struct desk *desk,
                       enum err (*work)(struct wallet *wallet, struct purse_env *env,
                                        void *context),
                       void *context)
{
    struct wallet *wallet = &desk->wallet;
    struct purse_env env = {.store = wallet->store,
                            .trust = &wallet->trust,
                            .now = wallet->now,
                            .arena = &desk->arena,
                            .context = wallet,
                            .key = wallet_key};
    TRY(store_begin(wallet->store, STORE_READ));
    const enum err error = work(wallet, &env, context);
    store_rollback(wallet->store);
    return error;
}

static enum err totals_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return purse_totals(env, context);
}

enum err commands_totals(struct desk *desk, struct purse_totals *out)
{
    return commands_look(desk, totals_work, out);
}

const char *commands_yuan(struct amount amount)
{
    enum { TURNS = 8 };
    static char texts[TURNS][CLI_AMOUNT_SIZE];
    static size_t turn;
    char *text = texts[turn++ % TURNS];
    cli_amount_text(text, amount);
    return text;
}

const char *commands_plan_word(uint64_t state)
{
    static const char *const words[] = {
        [PURSE_PLAN_RESERVED] = N_("reserved"),   [PURSE_PLAN_SIGNING] = N_("signing"),
        [PURSE_PLAN_COMMITTED] = N_("signed"),    [PURSE_PLAN_SENT] = N_("handed over"),
        [PURSE_PLAN_CONFIRMED] = N_("confirmed"), [PURSE_PLAN_SETTLED] = N_("settled"),
    };
    return state >= PURSE_PLAN_RESERVED && state <= PURSE_PLAN_SETTLED ? words[state] : "?";
}

void commands_put_text(struct cli *cli, const char *key, const char *text)
{
    json_object_set_new(cli_result(cli), key, cli_json_text(span_text(text)));
}

void commands_put_amount(struct cli *cli, const char *key, struct amount amount)
{
    json_object_set_new(cli_result(cli), key, cli_json_amount(amount));
}

void commands_put_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

void commands_short(char out[COMMANDS_SHORT_SIZE], struct span id)
{
    hex_encode(out, span_of(id.data, (COMMANDS_SHORT_SIZE - 1) / 2));
}

bool commands_duration(uint64_t *seconds, const char *text, uint64_t seconds_max)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"", 60}, {"h", 3600}, {"d", 86400}};
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0 || number == 0 || number > seconds_max)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        *seconds = number * units[i].seconds;
        return *seconds <= seconds_max;
    }
    return false;
}

struct looking {
    const char *prefix;
    struct purse_plan plan;
    size_t count;
};

static enum err find_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct looking *looking = context;
    struct purse_plan_list plans = {0};
    (void)wallet;
    TRY(purse_plans(env, &plans, PURSE_PLAN_PAY, PURSE_PLAN_RESERVED, PURSE_PLAN_SETTLED));
    for (size_t i = 0; i < plans.count; i++) {
        if (!cli_id_matches(SPAN(plans.items[i].plan_id), looking->prefix))
            continue;
        looking->plan = plans.items[i];
        looking->count++;
    }
    return ERR_OK;
}

enum err commands_find_plan(struct desk *desk, int *code, struct purse_plan *out,
                            const char *prefix)
{
    struct looking looking = {.prefix = prefix};
    TRY(commands_look(desk, find_work, &looking));
    *out = looking.plan;
    *code = CLI_OK;
    if (looking.count == 0)
        *code =
            cli_fail(desk->cli, CLI_REFUSED, "UNKNOWN",
                     _("dcep-wallet outbox lists them, and history as \"paid\"; 4 digits or more"),
                     _("no payment of mine begins with %s"), prefix);
    else if (looking.count > 1)
        *code = cli_fail(desk->cli, CLI_REFUSED, "AMBIGUOUS", _("write more of it"),
                         _("several payments begin with %s"), prefix);
    return ERR_OK;
}
