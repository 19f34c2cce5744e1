/* Customers: open, import, join, list, show.
 *
 * 1. A join file is a secret: it is written 0600, and its code is in the database as a hash only.
 * 2. What is shown was committed. */
#include "common/base/file.h"
#include "intermediary/bank_files.h"
#include "intermediary/certify.h"
#include "intermediary/commands.h"

/* ---- shared ---- */

enum err commands_customer(struct branch_env *env, enum status *status, struct customer *out,
                           const struct cli *cli)
{
    return customers_find(env, status, out, cli_text(cli, "CUSTOMER"));
}

int commands_unknown(struct cli *cli, enum err error, enum status status)
{
    if (error == ERR_OK && status == STATUS_REUSED)
        return cli_fail(cli, CLI_USAGE, "AMBIGUOUS", _("give the customer's number"),
                        _("several customers match \"%s\""), cli_text(cli, "CUSTOMER"));
    return premises_end(cli, error, status,
                        status == STATUS_UNKNOWN ? _("dcep-bank customer list shows all") : NULL);
}

json_t *commands_customer_json(const struct customer *customer)
{
    json_t *json = json_object();
    json_object_set_new(json, "number", json_integer((json_int_t)customer->number));
    json_object_set_new(json, "id", cli_json_hex(SPAN(customer->customer_id)));
    json_object_set_new(json, "name", cli_json_text(customer->name));
    json_object_set_new(json, "tier", json_integer((json_int_t)customer->tier));
    json_object_set_new(json, "balance", cli_json_amount(customer->balance));
    json_object_set_new(json, "held", cli_json_amount(customer->held));
    json_object_set_new(json, "phone", cli_json_text(customer->phone));
    json_object_set_new(json, "id_number", cli_json_text(customer->id_number));
    json_object_set_new(json, "label",
                        customer->has_label ? cli_json_text(customer->label) : json_null());
    json_object_set_new(json, "opened_at", json_integer((json_int_t)customer->opened_at));
    return json;
}

static const struct cli_column columns[] = {
    {"number", N_("no."), CLI_AS_NUMBER},
    {"name", N_("name"), CLI_AS_TEXT},
    {"tier", N_("tier"), CLI_AS_NUMBER},
    {"balance", N_("account"), CLI_AS_AMOUNT},
    {"held", N_("in wallets"), CLI_AS_AMOUNT},
    {"phone", N_("phone"), CLI_AS_TEXT},
    {"label", N_("label"), CLI_AS_TEXT},
    {"id", N_("id"), CLI_AS_ID},
    {.key = NULL},
};

/* ---- join files ---- */

enum err commands_join_file(struct cli *cli, struct buffer *out, const struct nonce *code,
                            uint64_t expires_at)
{
    const struct premises *premises = premises_of(cli);
    const struct branch *branch = &premises->branch;
    struct buffer pem AUTO(buffer_fini) = {0}, body AUTO(buffer_fini) = {0};
    struct tls_certificate_facts facts = {0};
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, BANK_FILES_SERVER);
    TRY(file_read(&pem, path, TLS_PEM_SIZE_MAX));
    TRY(tls_certificate_read(&facts, buffer_span(&pem)));
    const struct join join = {
        .root_key = branch->root_key,
        .bank_id = branch->bank_id,
        .bank_name = span_text(premises->name),
        .address = span_text(premises->listen),
        .tls_name = span_text(facts.name),
        .tls_certificate = buffer_span(&pem),
        .code = *code,
        .expires_at = expires_at,
    };
    TRY(join_encode(&body, &join));
    return wire_wrap(out, branch->network, KIND_JOIN, buffer_span(&body));
}

static int give_join(struct cli *cli, const struct nonce *code, uint64_t expires_at)
{
    struct buffer file AUTO(buffer_fini) = {0};
    const enum err error = commands_join_file(cli, &file, code, expires_at);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the join file"),
                            _("dcep-bank customer join makes another one"));
    cli_give_file(cli, "--output", buffer_span(&file), true);
    json_object_set_new(cli_result(cli), "expires_at", json_integer((json_int_t)expires_at));
    return CLI_OK;
}

static uint64_t code_days(const struct cli *cli)
{
    const uint64_t days = cli_number(cli, "--days", CUSTOMERS_CODE_DAYS);
    return days == 0 ? 1 : days > 365 ? 365 : days;
}

/* ---- open ---- */

struct opening {
    struct customers_spec spec;
    uint64_t valid_days, expires_at;
    bool for_element;
    struct nonce code;
    struct customer customer;
};

static struct span text_option(const struct cli *cli, const char *name)
{
    const char *text = cli_text(cli, name);
    return span_text(text != NULL ? text : "");
}

static enum err open_one(struct branch_env *env, enum status *status, void *context)
{
    struct opening *opening = context;
    uint64_t number = 0;
    bool found = false;
    TRY(customers_open(env, status, &number, &opening->spec));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(customers_code(env, &opening->code, &opening->expires_at, number, opening->valid_days));
    if (opening->for_element)
        TRY(customers_code_for_element(env, &opening->code));
    return customers_get(env, &found, &opening->customer, number);
}

int commands_customer_open(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct opening opening = {
        .spec = {.name = text_option(cli, "--name"),
                 .phone = text_option(cli, "--phone"),
                 .id_number = text_option(cli, "--id-number"),
                 .label = text_option(cli, "--label"),
                 .tier = cli_number(cli, "--tier", 0),
                 .deposit = cli_amount(cli, "--deposit")},
        .valid_days = code_days(cli),
        .for_element = cli_flag(cli, "--element"),
    };
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ADMITTED);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, open_one, &opening);
    if (error == ERR_OK && status == STATUS_UNKNOWN)
        return cli_fail(cli, CLI_REFUSED, "TIER", _("the central bank's policy names the tiers"),
                        _("there is no such tier"));
    if (error == ERR_OK && status == STATUS_RANGE)
        return cli_fail(cli, CLI_USAGE, "TEXT", _("1 to 64 bytes of plain text"),
                        _("a name, phone, id number or label is not fit"));
    code = premises_end(cli, error, status, NULL);
    if (code != CLI_OK)
        return code;
    json_t *json = commands_customer_json(&opening.customer);
    json_object_update(cli_result(cli), json);
    json_decref(json);
    code = give_join(cli, &opening.code, opening.expires_at);
    cli_say(cli, _("Customer %llu is opened; the join file works once."),
            (unsigned long long)opening.customer.number);
    return code;
}

/* ---- import ---- */

struct importing {
    struct span bytes;
    struct customers_import report;
    bool with_codes;
    struct nonce *codes;
    uint64_t valid_days, expires_at;
    struct customer *customers;
};

static enum err import_all(struct branch_env *env, enum status *status, void *context)
{
    struct importing *importing = context;
    void *memory = NULL;
    TRY(customers_import(env, status, &importing->report, importing->bytes));
    if (*status != STATUS_OK)
        return ERR_OK;
    const uint64_t count = importing->report.count;
    TRY(arena_alloc(env->purse.arena, &memory, count, sizeof(struct nonce)));
    importing->codes = memory;
    TRY(arena_alloc(env->purse.arena, &memory, count, sizeof(struct customer)));
    importing->customers = memory;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t number = importing->report.first + i;
        bool found = false;
        TRY(customers_get(env, &found, &importing->customers[i], number));
        if (importing->with_codes)
            TRY(customers_code(env, &importing->codes[i], &importing->expires_at, number,
                               importing->valid_days));
    }
    return ERR_OK;
}

static const char *fault_text(enum customers_fault fault)
{
    switch (fault) {
    case CUSTOMERS_GOOD:
        break;
    case CUSTOMERS_NOT_TEXT:
        return _("it is not UTF-8, or a quote never ends");
    case CUSTOMERS_EMPTY:
        return _("there is no customer in it");
    case CUSTOMERS_COLUMN:
        return _("a column is unknown, or there twice");
    case CUSTOMERS_NO_COLUMN:
        return _("the columns name and tier must be there");
    case CUSTOMERS_FIELDS:
        return _("it has more or fewer fields than the header");
    case CUSTOMERS_BAD_NAME:
        return _("the name is missing or too long");
    case CUSTOMERS_BAD_TIER:
        return _("there is no such tier");
    case CUSTOMERS_BAD_TEXT:
        return _("a name, phone, id number or label is not fit");
    case CUSTOMERS_BAD_AMOUNT:
        return _("the opening deposit is not an amount");
    case CUSTOMERS_TOO_MANY:
        return _("these are too many customers for one file");
    }
    return _("ok");
}

static enum err write_join(struct cli *cli, json_t *row, const struct importing *importing,
                           uint64_t index)
{
    struct buffer file AUTO(buffer_fini) = {0};
    char path[CLI_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%llu.join", cli_text(cli, "--joins"),
                   (unsigned long long)importing->customers[index].number);
    json_object_set_new(row, "join", json_string(path));
    TRY(commands_join_file(cli, &file, &importing->codes[index], importing->expires_at));
    return file_replace(path, buffer_span(&file), FILE_PRIVATE);
}

static int show_import(struct cli *cli, const struct importing *importing)
{
    static const struct cli_column shown[] = {
        {"number", N_("no."), CLI_AS_NUMBER},   {"name", N_("name"), CLI_AS_TEXT},
        {"tier", N_("tier"), CLI_AS_NUMBER},    {"balance", N_("account"), CLI_AS_AMOUNT},
        {"join", N_("join file"), CLI_AS_TEXT}, {.key = NULL}};
    json_t *rows = json_array();
    enum err error = importing->with_codes ? file_make_dir(cli_text(cli, "--joins")) : ERR_OK;
    for (uint64_t i = 0; i < importing->report.count && error == ERR_OK; i++) {
        json_t *row = commands_customer_json(&importing->customers[i]);
        if (importing->with_codes)
            error = write_join(cli, row, importing, i);
        json_array_append_new(rows, row);
    }
    json_object_set_new(cli_result(cli), "customers", rows);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, cli_text(cli, "--joins"),
                            _("they are imported; dcep-bank customer join makes join files"));
    cli_show_table(cli, rows, shown);
    return CLI_OK;
}

int commands_customer_import(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct importing importing = {.bytes = cli_file(cli, "FILE"),
                                  .with_codes = cli_given(cli, "--joins"),
                                  .valid_days = code_days(cli)};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ADMITTED);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, import_all, &importing);
    if (error == ERR_OK && status == STATUS_PARSE)
        return cli_fail(cli, CLI_REFUSED, "CSV",
                        _("nothing was imported; columns: name, tier, phone, id_number, label, "
                          "opening_deposit"),
                        _("line %zu: %s"), importing.report.line,
                        fault_text(importing.report.fault));
    code = premises_end(cli, error, status, NULL);
    return code == CLI_OK ? show_import(cli, &importing) : code;
}

/* ---- join ---- */

struct joining {
    struct cli *cli;
    struct customer customer;
    struct nonce code;
    uint64_t expires_at;
};

static enum err make_code(struct branch_env *env, enum status *status, void *context)
{
    struct joining *joining = context;
    TRY(commands_customer(env, status, &joining->customer, joining->cli));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(customers_code(env, &joining->code, &joining->expires_at, joining->customer.number,
                       code_days(joining->cli)));
    return cli_flag(joining->cli, "--element") ? customers_code_for_element(env, &joining->code)
                                               : ERR_OK;
}

static enum err find_joining(struct branch_env *env, enum status *status, void *context)
{
    struct joining *joining = context;
    return commands_customer(env, status, &joining->customer, joining->cli);
}

/* First the keys go, then a new wallet may come: else the money might go to a lost one. */
static int give_up(struct cli *cli, struct premises_job *job, struct joining *joining)
{
    enum status status = STATUS_OK;
    size_t count = 0;
    enum err error = branch_run(&job->env, &status, find_joining, joining);
    int code = commands_unknown(cli, error, status);
    if (code == CLI_OK)
        code = premises_open_keys(cli, NULL);
    if (code != CLI_OK)
        return code;
    error = certify_give_up(&job->env, &status, &count, joining->customer.number);
    code = premises_end(cli, error, status,
                        status == STATUS_UNREACHABLE ? _("ask again: it goes on") : NULL);
    json_object_set_new(cli_result(cli), "given_up", json_integer((json_int_t)count));
    if (code == CLI_OK)
        cli_say(cli,
                ngettext("%zu key is given up; what it holds comes back by refund.",
                         "%zu keys are given up; what they hold comes back by refund.", count),
                count);
    return code;
}

int commands_customer_join(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct joining joining = {.cli = cli};
    enum status status = STATUS_OK;
    const bool is_lost = cli_flag(cli, "--lost");
    int code = premises_begin(cli, &job, PREMISES_ADMITTED);
    if (code == CLI_OK && is_lost)
        code = give_up(cli, &job, &joining);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, make_code, &joining);
    code = commands_unknown(cli, error, status);
    if (code == CLI_OK)
        code = give_join(cli, &joining.code, joining.expires_at);
    if (code == CLI_OK)
        cli_say(cli, _("The join file works once; older ones of this customer are void."));
    return code;
}

/* ---- list, show ---- */

static enum err list_all(struct branch_env *env, enum status *status, void *context)
{
    *status = STATUS_OK;
    return customers_list(env, context);
}

int commands_customer_list(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct customer_list list = {0};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, list_all, &list);
    code = premises_end(cli, error, status, NULL);
    if (code != CLI_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < list.count; i++)
        json_array_append_new(rows, commands_customer_json(&list.items[i]));
    json_object_set_new(cli_result(cli), "customers", rows);
    cli_show_table(cli, rows, columns);
    return CLI_OK;
}

struct showing {
    struct cli *cli;
    struct customer customer;
    struct bank_wallet_list wallets;
};

static enum err show_one(struct branch_env *env, enum status *status, void *context)
{
    struct showing *showing = context;
    TRY(commands_customer(env, status, &showing->customer, showing->cli));
    return *status == STATUS_OK ? certify_wallets(env, &showing->wallets, showing->customer.number)
                                : ERR_OK;
}

int commands_customer_show(struct cli *cli)
{
    static const struct cli_column more[] = {{"id_number", N_("id number"), CLI_AS_TEXT},
                                             {"opened_at", N_("opened"), CLI_AS_TIME},
                                             {.key = NULL}};
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct showing showing = {.cli = cli};
    enum status status = STATUS_OK;
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    const enum err error = branch_run(&job.env, &status, show_one, &showing);
    code = commands_unknown(cli, error, status);
    if (code != CLI_OK)
        return code;
    json_t *json = commands_customer_json(&showing.customer), *rows = json_array();
    json_object_update(cli_result(cli), json);
    json_decref(json);
    for (size_t i = 0; i < showing.wallets.count; i++)
        json_array_append_new(rows, commands_wallet_json(&showing.wallets.items[i]));
    json_object_set_new(cli_result(cli), "wallets", rows);
    cli_show_record(cli, cli_result(cli), columns);
    cli_show_record(cli, cli_result(cli), more);
    return CLI_OK;
}
