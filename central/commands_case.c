/* Cases of fraud, their evidence, and checking evidence without trusting whoever shows
 * it. */
#include "central/cases.h"
#include "central/commands.h"
#include "central/keys.h"
#include "central/register_row.h"
#include "common/base/file.h"
#include "common/money/proof.h"

#include <string.h>

/* What people call a key by: everywhere the same first digits. */
static void put_key_id(json_t *object, const char *name, const struct public_key *key)
{
    const struct key_id id = crypto_key_id(key);
    json_object_set_new(object, name, cli_json_hex(SPAN(id)));
}

static const char *kind_text(uint64_t kind)
{
    return kind == PROOF_CLONE ? N_("cloned wallet") : N_("double spend");
}

static json_t *case_json(const struct fraud_case *row, const struct trust *trust)
{
    json_t *object = json_object();
    commands_put_number(object, "number", row->number);
    json_object_set_new(object, "kind", json_string(kind_text(row->kind)));
    commands_put_number(object, "serial", row->serial);
    json_object_set_new(object, "coin_id", cli_json_hex(SPAN(row->coin_id)));
    json_object_set_new(object, "payment_a_id", cli_json_hex(SPAN(row->payment_a_id)));
    json_object_set_new(object, "payment_b_id", cli_json_hex(SPAN(row->payment_b_id)));
    json_object_set_new(object, "offender_key", cli_json_hex(SPAN(row->offender_key)));
    put_key_id(object, "offender_key_id", &row->offender_key);
    commands_put_number(object, "bank_id", row->bank_id);
    json_object_set_new(object, "bank", cli_json_text(commands_bank_name(trust, row->bank_id)));
    json_object_set_new(object, "customer",
                        row->has_customer ? cli_json_hex(SPAN(row->customer)) : json_null());
    json_object_set_new(object, "has_proof", json_boolean(row->has_proof));
    commands_put_number(object, "opened_at", row->opened_at);
    return object;
}

static enum err list(struct cli *cli, int *code, struct register_env *env)
{
    struct fraud_case_list cases = {0};
    json_t *rows = json_array();
    (void)code;
    json_object_set_new(cli_result(cli), "cases", rows);
    TRY(cases_list(env, &cases));
    for (size_t i = 0; i < cases.count; i++)
        json_array_append_new(rows, case_json(&cases.items[i], env->trust));
    return ERR_OK;
}

int commands_case_list(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"number", N_("number"), CLI_AS_NUMBER},
        {"kind", N_("kind"), CLI_AS_WORD},
        {"offender_key_id", N_("key"), CLI_AS_ID},
        {"bank", N_("its bank"), CLI_AS_TEXT},
        {"has_proof", N_("proof"), CLI_AS_BOOL},
        {"opened_at", N_("opened"), CLI_AS_TIME},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, list);
    if (code == CLI_OK)
        cli_show_table(cli, json_object_get(cli_result(cli), "cases"), columns);
    return code;
}

static enum err find_case(struct cli *cli, int *code, struct fraud_case *out,
                          struct register_env *env)
{
    const enum err error = cases_get(env, out, cli_number(cli, "NUMBER", 0));
    if (error != ERR_MISSING)
        return error;
    *code = cli_fail_status(cli, STATUS_UNKNOWN, _("dcep-central case list shows them"));
    return ERR_OK;
}

/* ---- what became of the money ---- */

static const char *claim_text(uint64_t state)
{
    static const char *const texts[] = {[CLAIM_WAITING] = N_("waiting"),
                                        [CLAIM_PAID] = N_("paid"),
                                        [CLAIM_REFUSED] = N_("refused"),
                                        [CLAIM_APPROVAL] = N_("waits for approval")};
    CHECK(state >= CLAIM_WAITING && state <= CLAIM_APPROVAL);
    return texts[state];
}

/* The claims of those whom the offender's key cheated. */
static enum err put_claims(json_t *object, const struct fraud_case *row, struct register_env *env)
{
    struct list claims = {0};
    json_t *rows = json_array();
    json_object_set_new(object, "claims", rows);
    TRY(register_rows(env, &claims, &tables_table_claim, -1, 0, NULL));
    const struct claim *items = claims.items;
    for (size_t i = 0; i < claims.count; i++) {
        if (!items[i].has_offender_key || !key_equal(&items[i].offender_key, &row->offender_key))
            continue;
        json_t *claim = json_object();
        commands_put_number(claim, "number", items[i].number);
        json_object_set_new(claim, "amount", cli_json_amount(items[i].amount));
        json_object_set_new(claim, "paid", cli_json_amount(items[i].paid));
        json_object_set_new(claim, "state", json_string(claim_text(items[i].state)));
        json_object_set_new(claim, "claimant_key", cli_json_hex(SPAN(items[i].claimant_key)));
        put_key_id(claim, "claimant_key_id", &items[i].claimant_key);
        json_array_append_new(rows, claim);
    }
    return ERR_OK;
}

static enum err show(struct cli *cli, int *code, struct register_env *env)
{
    struct fraud_case row = {0};
    TRY(find_case(cli, code, &row, env));
    if (*code != CLI_OK)
        return ERR_OK;
    json_t *object = case_json(&row, env->trust);
    json_object_update(cli_result(cli), object);
    json_decref(object);
    return put_claims(cli_result(cli), &row, env);
}

int commands_case_show(struct cli *cli)
{
    static const struct cli_column facts[] = {
        {"number", N_("number"), CLI_AS_NUMBER},
        {"kind", N_("kind"), CLI_AS_WORD},
        {"offender_key", N_("key that signed both"), CLI_AS_TEXT},
        {"bank", N_("its bank"), CLI_AS_TEXT},
        {"customer", N_("its customer number there"), CLI_AS_TEXT},
        {"serial", N_("serial"), CLI_AS_NUMBER},
        {"coin_id", N_("coin"), CLI_AS_ID},
        {"payment_a_id", N_("one payment"), CLI_AS_ID},
        {"payment_b_id", N_("the other payment"), CLI_AS_ID},
        {"has_proof", N_("proof"), CLI_AS_BOOL},
        {"opened_at", N_("opened"), CLI_AS_TIME},
        {NULL, NULL, CLI_AS_TEXT},
    };
    static const struct cli_column claims[] = {
        {"number", N_("claim"), CLI_AS_NUMBER},       {"amount", N_("amount"), CLI_AS_AMOUNT},
        {"paid", N_("paid"), CLI_AS_AMOUNT},          {"state", N_("state"), CLI_AS_WORD},
        {"claimant_key_id", N_("to key"), CLI_AS_ID}, {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, show);
    const json_t *rows = json_object_get(cli_result(cli), "claims");
    if (code != CLI_OK)
        return code;
    cli_show_record(cli, cli_result(cli), facts);
    if (json_array_size(rows) > 0)
        cli_show_table(cli, rows, claims);
    return code;
}

/* ---- evidence ---- */

static enum err evidence(struct cli *cli, int *code, struct register_env *env)
{
    struct fraud_case row = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    TRY(find_case(cli, code, &row, env));
    if (*code != CLI_OK)
        return ERR_OK;
    if (!row.has_proof) {
        *code = cli_fail(cli, CLI_REFUSED, "NO_PROOF", NULL,
                         _("nobody certified the key that signed both: there is no proof to give"));
        return ERR_OK;
    }
    TRY(wire_wrap(&file, env->trust->network, KIND_PROOF, row.proof));
    cli_give_file(cli, "--output", buffer_span(&file), false);
    commands_put_number(cli_result(cli), "number", row.number);
    commands_put_number(cli_result(cli), "size", file.size);
    return ERR_OK;
}

int commands_case_evidence(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_READ, evidence);
    if (code == CLI_OK)
        cli_say(cli,
                _("Evidence of case %lld: %lld bytes. dcep-central case verify FILE checks it "
                  "with the root's public key."),
                (long long)json_integer_value(json_object_get(cli_result(cli), "number")),
                (long long)json_integer_value(json_object_get(cli_result(cli), "size")));
    return code;
}

/* ---- checking evidence: public keys only ---- */

static enum err key_of_file(struct public_key *out, char network[NETWORK_SIZE_MAX + 1],
                            struct span file, enum kind kind, struct arena *arena)
{
    struct wire_wrapper wrapper;
    struct join join = {0};
    struct admission admission = {0};
    TRY(wire_unwrap(&wrapper, file));
    if (wrapper.kind != kind)
        return ERR_KIND;
    memcpy(network, wrapper.network, sizeof wrapper.network);
    if (kind == KIND_JOIN)
        TRY(join_decode(&join, wrapper.body, arena));
    else
        TRY(admission_decode(&admission, wrapper.body, arena));
    *out = kind == KIND_JOIN ? join.root_key : admission.root_key;
    return ERR_OK;
}

/* The root's public key: as told on the command line, or that of this data directory. network
 * stays empty if only a key is known. */
static enum err root_key(struct cli *cli, struct public_key *out,
                         char network[NETWORK_SIZE_MAX + 1], struct arena *arena)
{
    char path[CLI_PATH_SIZE];
    if (cli_given(cli, "--root-public-key")) {
        TRY(hex_decode(out->bytes, KEY_SIZE, cli_text(cli, "--root-public-key")));
        return crypto()->key_check(out);
    }
    if (cli_given(cli, "--join"))
        return key_of_file(out, network, cli_file(cli, "--join"), KIND_JOIN, arena);
    if (cli_given(cli, "--admission"))
        return key_of_file(out, network, cli_file(cli, "--admission"), KIND_ADMISSION, arena);
    cli_data_path(cli, path, KEYS_ROOT_PUBLIC);
    return keys_read_public(out, path);
}

static enum err bank_name(struct cli *cli, struct span body, struct arena *arena)
{
    struct proof proof = {0};
    struct bank_certificate bank = {0};
    TRY(proof_decode(&proof, body, arena));
    TRY(bank_certificate_decode(&bank, proof.bank_certificate.payload, arena));
    json_object_set_new(cli_result(cli), "bank", cli_json_text(bank.name));
    return ERR_OK;
}

static void put_finding(json_t *result, const struct proof_finding *finding)
{
    json_object_set_new(result, "valid", json_true());
    json_object_set_new(result, "kind", json_string(kind_text(finding->kind)));
    json_object_set_new(result, "offender_key", cli_json_hex(SPAN(finding->key)));
    json_object_set_new(
        result, "offender",
        json_string(finding->is_vault ? N_("the bank's own vault") : N_("a customer's wallet")));
    commands_put_number(result, "bank_id", finding->bank_id);
    commands_put_number(result, "serial", finding->payment_a.serial);
    json_object_set_new(result, "coin_id", cli_json_hex(SPAN(finding->payment_a.coin_id)));
    commands_put_number(result, "counter_a", finding->payment_a.counter);
    commands_put_number(result, "counter_b", finding->payment_b.counter);
    commands_put_number(result, "serial_b", finding->payment_b.serial);
    json_object_set_new(result, "coin_b_id", cli_json_hex(SPAN(finding->payment_b.coin_id)));
    json_object_set_new(result, "payment_a_id", cli_json_hex(SPAN(finding->payment_a_id)));
    json_object_set_new(result, "payment_b_id", cli_json_hex(SPAN(finding->payment_b_id)));
    commands_put_number(result, "paid_day_a", finding->payment_a.paid_day);
    commands_put_number(result, "paid_day_b", finding->payment_b.paid_day);
}

static int show_finding(struct cli *cli, enum proof_kind kind)
{
    static const struct cli_column columns[] = {
        {"network", N_("network"), CLI_AS_TEXT},
        {"kind", N_("kind"), CLI_AS_WORD},
        {"offender_key", N_("key that signed both"), CLI_AS_TEXT},
        {"offender", N_("whose"), CLI_AS_WORD},
        {"bank", N_("certified by"), CLI_AS_TEXT},
        {"serial", N_("serial"), CLI_AS_NUMBER},
        {"coin_id", N_("coin"), CLI_AS_ID},
        {"payment_a_id", N_("one payment"), CLI_AS_ID},
        {"payment_b_id", N_("the other payment"), CLI_AS_ID},
        {NULL, NULL, CLI_AS_TEXT},
    };
    static const struct cli_column clones[] = {
        {"coin_b_id", N_("the other coin"), CLI_AS_ID},
        {"counter_a", N_("counter of both"), CLI_AS_NUMBER},
        {NULL, NULL, CLI_AS_TEXT},
    };
    cli_show_record(cli, cli_result(cli), columns);
    if (kind == PROOF_CLONE)
        cli_show_record(cli, cli_result(cli), clones);
    cli_say(cli, kind == PROOF_CLONE
                     ? _("The proof is valid: two copies of this key's wallet paid, under one "
                         "counter, two coins.")
                     : _("The proof is valid: whoever holds this key paid one coin twice."));
    return CLI_OK;
}

int commands_case_verify(struct cli *cli)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct wire_wrapper wrapper = {.network = ""};
    struct public_key key = {{0}};
    struct proof_finding finding;
    char network[NETWORK_SIZE_MAX + 1] = "";
    enum err error = root_key(cli, &key, network, &arena);
    if (error != ERR_OK)
        return cli_fail(cli, error == ERR_MISSING ? CLI_USAGE : cli_err_exit(error), "ROOT_KEY",
                        _("give --root-public-key HEX, --join FILE or --admission FILE"),
                        _("the root's public key: %s"), _(err_text(error)));
    error = wire_unwrap(&wrapper, cli_file(cli, "FILE"));
    if (error == ERR_OK && wrapper.kind != KIND_PROOF)
        error = ERR_KIND;
    if (error == ERR_OK && network[0] != '\0' && strcmp(network, wrapper.network) != 0)
        error = ERR_NETWORK;
    if (error != ERR_OK)
        return cli_fail_status(cli, record_status(error), _("the file is no proof of this bank's"));
    const enum status status = proof_verify(&finding, wrapper.network, &key, wrapper.body, &arena);
    if (status != STATUS_OK)
        return cli_fail_status(cli, status, _("this file proves nothing against anybody"));
    json_object_set_new(cli_result(cli), "network", json_string(wrapper.network));
    put_finding(cli_result(cli), &finding);
    error = bank_name(cli, wrapper.body, &arena);
    return error == ERR_OK ? show_finding(cli, finding.kind)
                           : cli_fail_err(cli, error, "FILE", NULL);
}
