/* The directory: shown, drafted, published, taken in. */
#include "central/authority.h"
#include "central/commands.h"
#include "central/root.h"
#include "common/base/time.h"

enum { DAYS_MAX = 3650 };

static void put_limits(json_t *object, const struct limits *limits)
{
    json_object_set_new(object, "held_max", cli_json_amount(limits->held_max));
    json_object_set_new(object, "payment_max", cli_json_amount(limits->payment_max));
    json_object_set_new(object, "day_max", cli_json_amount(limits->day_max));
}

static json_t *policy_json(const struct policy *policy)
{
    json_t *object = json_object(), *tiers = json_array();
    json_object_set_new(object, "offline_payment_max",
                        cli_json_amount(policy->offline_payment_max));
    json_object_set_new(object, "offline_total_max", cli_json_amount(policy->offline_total_max));
    json_object_set_new(object, "element_payment_max",
                        cli_json_amount(policy->element_payment_max));
    json_object_set_new(object, "element_total_max", cli_json_amount(policy->element_total_max));
    json_object_set_new(object, "compensation_max", cli_json_amount(policy->compensation_max));
    commands_put_number(object, "hops_max", policy->hops_max);
    commands_put_number(object, "depth_max", policy->depth_max);
    commands_put_number(object, "spend_by_days", policy->spend_by_days);
    commands_put_number(object, "redeem_by_days", policy->redeem_by_days);
    commands_put_number(object, "certificate_days", policy->certificate_days);
    commands_put_number(object, "archive_days", policy->archive_days);
    for (size_t i = 0; i < policy->tiers.count; i++) {
        json_t *tier = json_object();
        commands_put_number(tier, "tier", policy->tiers.items[i].tier);
        put_limits(tier, &policy->tiers.items[i].limits);
        json_array_append_new(tiers, tier);
    }
    json_object_set_new(object, "tiers", tiers);
    return object;
}

static json_t *banks_json(const struct trust *trust)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < trust->bank_count; i++) {
        const struct bank_certificate *bank = &trust->banks[i].certificate;
        json_t *row = json_object();
        commands_put_number(row, "bank_id", bank->bank_id);
        json_object_set_new(row, "name", cli_json_text(bank->name));
        const struct key_id key_id = crypto_key_id(&bank->bank_key);
        json_object_set_new(row, "bank_key", cli_json_hex(SPAN(bank->bank_key)));
        json_object_set_new(row, "bank_key_id", cli_json_hex(SPAN(key_id)));
        json_object_set_new(row, "vault_key", cli_json_hex(SPAN(bank->vault_key)));
        commands_put_number(row, "not_before_day", bank->not_before_day);
        commands_put_number(row, "not_after_day", bank->not_after_day);
        json_array_append_new(rows, row);
    }
    return rows;
}

static enum err show(struct cli *cli, int *code, struct register_env *env)
{
    const struct directory *directory = &env->trust->directory;
    json_t *result = cli_result(cli), *issuing = json_array();
    (void)code;
    commands_put_number(result, "version", directory->version);
    commands_put_number(result, "made_at", directory->made_at);
    commands_put_number(result, "not_after", directory->not_after);
    json_object_set_new(result, "network", json_string(env->trust->network));
    json_object_set_new(result, "root_public_key", cli_json_hex(SPAN(env->trust->root_key)));
    for (size_t i = 0; i < directory->issuing_keys.count; i++)
        json_array_append_new(issuing, cli_json_hex(SPAN(directory->issuing_keys.items[i].key)));
    json_object_set_new(result, "issuing_keys", issuing);
    json_object_set_new(result, "register_key", cli_json_hex(SPAN(directory->register_key)));
    json_object_set_new(result, "revocation_key", cli_json_hex(SPAN(directory->revocation_key)));
    json_object_set_new(result, "next_root_key_hash",
                        cli_json_hex(SPAN(directory->next_root_key_hash)));
    json_object_set_new(result, "policy", policy_json(&directory->policy));
    json_object_set_new(result, "banks", banks_json(env->trust));
    return ERR_OK;
}

int commands_directory_show(struct cli *cli)
{
    static const struct cli_column facts[] = {
        {"network", N_("network"), CLI_AS_TEXT},
        {"version", N_("version"), CLI_AS_NUMBER},
        {"made_at", N_("made"), CLI_AS_TIME},
        {"not_after", N_("valid until"), CLI_AS_TIME},
        {"root_public_key", N_("root public key"), CLI_AS_TEXT},
        {"register_key", N_("register key"), CLI_AS_TEXT},
        {"revocation_key", N_("revocation key"), CLI_AS_TEXT},
        {NULL, NULL, CLI_AS_TEXT},
    };
    static const struct cli_column policy[] = {
        {"offline_payment_max", N_("most a payment, offline"), CLI_AS_AMOUNT},
        {"offline_total_max", N_("most between two syncs"), CLI_AS_AMOUNT},
        {"element_payment_max", N_("the same from a secure element"), CLI_AS_AMOUNT},
        {"element_total_max", N_("and between two syncs"), CLI_AS_AMOUNT},
        {"compensation_max", N_("compensation for one offender"), CLI_AS_AMOUNT},
        {"hops_max", N_("hops"), CLI_AS_NUMBER},
        {"depth_max", N_("depth"), CLI_AS_NUMBER},
        {"spend_by_days", N_("days to spend a coin"), CLI_AS_NUMBER},
        {"redeem_by_days", N_("days more to redeem it"), CLI_AS_NUMBER},
        {"certificate_days", N_("days of a wallet's certificate"), CLI_AS_NUMBER},
        {"archive_days", N_("days more until a spent line is archived"), CLI_AS_NUMBER},
        {NULL, NULL, CLI_AS_TEXT},
    };
    static const struct cli_column banks[] = {
        {"bank_id", N_("bank"), CLI_AS_NUMBER},
        {"name", N_("name"), CLI_AS_TEXT},
        {"bank_key_id", N_("key"), CLI_AS_ID},
        {"not_before_day", N_("from"), CLI_AS_DAY},
        {"not_after_day", N_("certified until"), CLI_AS_DAY},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, show);
    if (code != CLI_OK)
        return code;
    cli_show_record(cli, cli_result(cli), facts);
    cli_show_record(cli, json_object_get(cli_result(cli), "policy"), policy);
    cli_show_table(cli, json_object_get(cli_result(cli), "banks"), banks);
    return code;
}

/* ---- the two halves of publishing that touch the database ---- */

static enum err draft(struct cli *cli, int *code, struct register_env *env)
{
    struct cose directory = {0};
    struct span bytes = {NULL, 0};
    (void)code;
    TRY(authority_directory(env, &directory));
    TRY(record_bytes(&bytes, &directory, env->arena));
    json_object_set_new(cli_result(cli), "network", json_string(env->trust->network));
    json_object_set_new(cli_result(cli), "directory", cli_json_hex(bytes));
    return ERR_OK;
}

int commands_directory_draft(struct cli *cli)
{
    return office_run(cli, OFFICE_READ, draft);
}

static enum err accept(struct cli *cli, int *code, struct register_env *env)
{
    struct office *office = office_of(cli);
    struct cose directory = {0};
    struct directory content = {0};
    enum status status = record_status(wire_decode_cose(&directory, cli_file(cli, "FILE")));
    if (status == STATUS_OK)
        TRY(authority_directory_accept(env, &status, &office->service.root_key,
                                       office->service.network, &directory));
    if (status != STATUS_OK) {
        *code = cli_fail_status(cli, status,
                                status == STATUS_VERSION
                                    ? _("another directory was published meanwhile: try again")
                                    : NULL);
        return ERR_OK;
    }
    TRY(directory_decode(&content, directory.payload, env->arena));
    commands_put_number(cli_result(cli), "version", content.version);
    commands_put_number(cli_result(cli), "not_after", content.not_after);
    office->is_stale = true;
    return ERR_OK;
}

int commands_directory_accept(struct cli *cli)
{
    return office_run(cli, OFFICE_WRITE, accept);
}

/* ---- publishing ---- */

static int publish(struct cli *cli, const json_t *drafted)
{
    struct root root AUTO(root_fini) = {.network = ""};
    const uint64_t days = cli_number(cli, "--days", ROOT_DIRECTORY_DAYS);
    if (days == 0 || days > DAYS_MAX)
        return cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--days: from 1 to %d"), DAYS_MAX);
    int code = root_open(cli, &root, drafted);
    if (code == CLI_OK)
        code = root_publish(cli, &root, NULL, days);
    if (code != CLI_OK)
        return code;
    char until[TIME_TEXT_SIZE];
    time_format(until, (uint64_t)json_integer_value(json_object_get(cli_result(cli), "not_after")));
    cli_say(cli, _("Directory version %lld is published, valid until %s."),
            (long long)json_integer_value(json_object_get(cli_result(cli), "version")), until);
    return CLI_OK;
}

int commands_directory_publish(struct cli *cli)
{
    const char *words[] = {"directory", "draft", NULL};
    json_t *drafted = NULL;
    int code = cli_call(cli, &drafted, words, NULL, 0);
    if (code == CLI_OK)
        code = publish(cli, drafted);
    json_decref(drafted);
    return code;
}
