/* inspect: certificates, directory, revocation list, join file, enrolment, admission. The code of a
 * join file is never shown. */
#include "wallet/inspect.h"

#include "common/base/time.h"

/* --- certificates --- */

static void show_wallet_certificate(struct inspection *inspection,
                                    const struct wallet_certificate *certificate)
{
    static const struct cli_column columns[] = {
        {"label", N_("label"), CLI_AS_TEXT},
        {"key_id", N_("key"), CLI_AS_ID},
        {"bank", N_("bank"), CLI_AS_TEXT},
        {"tier", N_("tier"), CLI_AS_NUMBER},
        {"payment_max", N_("limit of a payment"), CLI_AS_AMOUNT},
        {"held_max", N_("limit held"), CLI_AS_AMOUNT},
        {"day_max", N_("limit a day"), CLI_AS_AMOUNT},
        {"not_before_day", N_("good from"), CLI_AS_DAY},
        {"not_after_day", N_("good until"), CLI_AS_DAY},
        {0}};
    struct cli *cli = inspection->cli;
    char bank[WALLET_NAME_SIZE];
    inspect_bank_name(bank, inspection, certificate->bank_id);
    if (certificate->has_label)
        inspect_put_text(inspection, "label", certificate->label);
    else
        json_object_set_new(cli_result(cli), "label", json_null());
    inspect_put_key(inspection, "key_id", &certificate->wallet_key);
    commands_put_text(cli, "bank", bank);
    inspect_put_number(inspection, "tier", certificate->tier);
    commands_put_amount(cli, "payment_max", certificate->limits.payment_max);
    commands_put_amount(cli, "held_max", certificate->limits.held_max);
    commands_put_amount(cli, "day_max", certificate->limits.day_max);
    inspect_put_number(inspection, "not_before_day", certificate->not_before_day);
    inspect_put_number(inspection, "not_after_day", certificate->not_after_day);
    cli_show_record(cli, cli_result(cli), columns);
    if (time_day(inspection->now) > certificate->not_after_day)
        cli_warn(cli, _("it has expired: the wallet has to sync"));
}

enum err inspect_wallet_certificate(struct inspection *inspection, enum status *status)
{
    struct wallet_certificate certificate = {0};
    struct cose cose = {0};
    *status = inspect_open(inspection, &certificate, &cose, KIND_WALLET_CERTIFICATE);
    if (*status != STATUS_OK)
        return ERR_OK;
    show_wallet_certificate(inspection, &certificate);
    if (inspection->trust == NULL)
        return ERR_OK;
    *status = trust_certificate(&certificate, inspection->trust, &cose, inspection->arena);
    if (*status == STATUS_OK && trust_is_revoked(inspection->trust, &certificate.wallet_key))
        *status = STATUS_REVOKED;
    return ERR_OK;
}

/* Of an admission more is known, and it is one record all the same. */
/* clang-format off */
#define BANK_COLUMNS                                                                               \
    {"bank", N_("bank"), CLI_AS_TEXT}, {"bank_id", N_("number"), CLI_AS_NUMBER},                   \
    {"key_id", N_("key"), CLI_AS_ID}, {"vault_key_id", N_("vault's key"), CLI_AS_ID},              \
    {"not_before_day", N_("good from"), CLI_AS_DAY},                                               \
    {"not_after_day", N_("good until"), CLI_AS_DAY}
/* clang-format on */

static void put_bank_certificate(struct inspection *inspection,
                                 const struct bank_certificate *certificate)
{
    inspect_put_text(inspection, "bank", certificate->name);
    inspect_put_number(inspection, "bank_id", certificate->bank_id);
    inspect_put_key(inspection, "key_id", &certificate->bank_key);
    inspect_put_key(inspection, "vault_key_id", &certificate->vault_key);
    inspect_put_number(inspection, "not_before_day", certificate->not_before_day);
    inspect_put_number(inspection, "not_after_day", certificate->not_after_day);
}

/* Signed by this root key, or not. */
static enum status by_root(struct inspection *inspection, enum kind kind, const struct cose *cose,
                           const struct public_key *root)
{
    return record_verify(inspection->network, kind, cose, root) == ERR_OK ? STATUS_OK
                                                                          : STATUS_SIGNATURE;
}

enum err inspect_bank_certificate(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {BANK_COLUMNS, {0}};
    struct bank_certificate certificate = {0};
    struct cose cose = {0};
    *status = inspect_open(inspection, &certificate, &cose, KIND_BANK_CERTIFICATE);
    if (*status != STATUS_OK)
        return ERR_OK;
    put_bank_certificate(inspection, &certificate);
    cli_show_record(inspection->cli, cli_result(inspection->cli), columns);
    if (inspection->trust != NULL)
        *status = by_root(inspection, KIND_BANK_CERTIFICATE, &cose, &inspection->trust->root_key);
    return ERR_OK;
}

/* --- directory and revocation list --- */

static enum err list_banks(struct inspection *inspection, const struct directory *directory)
{
    static const struct cli_column columns[] = {{"bank_id", N_("number"), CLI_AS_NUMBER},
                                                {"name", N_("bank"), CLI_AS_TEXT},
                                                {"not_after_day", N_("good until"), CLI_AS_DAY},
                                                {0}};
    json_t *rows = json_array();
    json_object_set_new(cli_result(inspection->cli), "banks", rows);
    for (size_t i = 0; i < directory->bank_certificates.count; i++) {
        struct bank_certificate bank = {0};
        json_t *row = json_object();
        TRY(bank_certificate_decode(&bank, directory->bank_certificates.items[i].record.payload,
                                    inspection->arena));
        commands_put_number(row, "bank_id", bank.bank_id);
        json_object_set_new(row, "name", cli_json_text(bank.name));
        commands_put_number(row, "not_after_day", bank.not_after_day);
        json_array_append_new(rows, row);
    }
    cli_show_table(inspection->cli, rows, columns);
    return ERR_OK;
}

static void show_directory(struct inspection *inspection, const struct directory *directory)
{
    static const struct cli_column columns[] = {
        {"version", N_("version"), CLI_AS_NUMBER},
        {"issuing_keys", N_("issuing keys"), CLI_AS_NUMBER},
        {"payment_max", N_("limit of a payment offline"), CLI_AS_AMOUNT},
        {"total_max", N_("limit before a sync"), CLI_AS_AMOUNT},
        {"hops_max", N_("hops at most"), CLI_AS_NUMBER},
        {"made_at", N_("made"), CLI_AS_TIME},
        {"not_after", N_("good until"), CLI_AS_TIME},
        {0}};
    struct cli *cli = inspection->cli;
    inspect_put_number(inspection, "version", directory->version);
    inspect_put_number(inspection, "issuing_keys", directory->issuing_keys.count);
    commands_put_amount(cli, "payment_max", directory->policy.offline_payment_max);
    commands_put_amount(cli, "total_max", directory->policy.offline_total_max);
    inspect_put_number(inspection, "hops_max", directory->policy.hops_max);
    inspect_put_number(inspection, "made_at", directory->made_at);
    inspect_put_number(inspection, "not_after", directory->not_after);
    cli_show_record(cli, cli_result(cli), columns);
}

enum err inspect_directory(struct inspection *inspection, enum status *status)
{
    struct directory directory = {0};
    struct cose cose = {0};
    struct trust whole = {0};
    *status = inspect_open(inspection, &directory, &cose, KIND_DIRECTORY);
    if (*status != STATUS_OK)
        return ERR_OK;
    show_directory(inspection, &directory);
    *status = record_status(list_banks(inspection, &directory));
    if (*status != STATUS_OK || inspection->trust == NULL)
        return ERR_OK;
    const enum err error = trust_open(&whole, inspection->network, &inspection->trust->root_key,
                                      &cose, inspection->arena);
    *status = error == ERR_SIGNATURE ? STATUS_SIGNATURE : record_status(error);
    return ERR_OK;
}

enum err inspect_revocations(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {{"key_id", N_("key"), CLI_AS_ID},
                                                {"reason", N_("reason"), CLI_AS_NUMBER},
                                                {"since_day", N_("since"), CLI_AS_DAY},
                                                {0}};
    static const struct cli_column head[] = {
        {"version", N_("version"), CLI_AS_NUMBER}, {"made_at", N_("made"), CLI_AS_TIME}, {0}};
    struct cli *cli = inspection->cli;
    struct revocations list = {0};
    struct cose cose = {0};
    json_t *rows = json_array();
    *status = inspect_open(inspection, &list, &cose, KIND_REVOCATIONS);
    json_object_set_new(cli_result(cli), "keys", rows);
    if (*status != STATUS_OK)
        return ERR_OK;
    inspect_put_number(inspection, "version", list.version);
    inspect_put_number(inspection, "made_at", list.made_at);
    cli_show_record(cli, cli_result(cli), head);
    for (size_t i = 0; i < list.entries.count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "key_id", cli_json_hex(SPAN(list.entries.items[i].key_id)));
        commands_put_number(row, "reason", list.entries.items[i].reason);
        commands_put_number(row, "since_day", list.entries.items[i].since_day);
        json_array_append_new(rows, row);
    }
    cli_show_table(cli, rows, columns);
    if (inspection->trust != NULL)
        *status = by_root(inspection, KIND_REVOCATIONS, &cose,
                          &inspection->trust->directory.revocation_key);
    return ERR_OK;
}

/* --- papers between a bank and others --- */

enum err inspect_join(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {{"bank", N_("bank"), CLI_AS_TEXT},
                                                {"bank_id", N_("number"), CLI_AS_NUMBER},
                                                {"address", N_("address"), CLI_AS_TEXT},
                                                {"root_key_id", N_("root key"), CLI_AS_ID},
                                                {"expires_at", N_("works until"), CLI_AS_TIME},
                                                {0}};
    struct cli *cli = inspection->cli;
    struct join join = {0};
    *status = record_status(join_decode(&join, inspection->body, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    inspect_put_text(inspection, "bank", join.bank_name);
    inspect_put_number(inspection, "bank_id", join.bank_id);
    inspect_put_text(inspection, "address", join.address);
    inspect_put_key(inspection, "root_key_id", &join.root_key);
    inspect_put_number(inspection, "expires_at", join.expires_at);
    cli_show_record(cli, cli_result(cli), columns);
    if (inspection->now > join.expires_at)
        cli_warn(cli, _("it has expired: ask the bank for a new join file"));
    return ERR_OK;
}

/* Both of the bank's keys signed the same request: that they are its own is all that it shows. */
enum err inspect_enrollment(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {{"bank", N_("bank"), CLI_AS_TEXT},
                                                {"key_id", N_("key"), CLI_AS_ID},
                                                {"vault_key_id", N_("vault's key"), CLI_AS_ID},
                                                {"made_at", N_("made"), CLI_AS_TIME},
                                                {0}};
    struct cli *cli = inspection->cli;
    struct enrollment enrollment = {0};
    struct bank_request request = {0};
    *status = record_status(enrollment_decode(&enrollment, inspection->body, inspection->arena));
    if (*status == STATUS_OK)
        *status = record_status(
            bank_request_decode(&request, enrollment.by_bank_key.payload, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    inspect_put_text(inspection, "bank", request.name);
    inspect_put_key(inspection, "key_id", &request.bank_key);
    inspect_put_key(inspection, "vault_key_id", &request.vault_key);
    inspect_put_number(inspection, "made_at", request.made_at);
    cli_show_record(cli, cli_result(cli), columns);
    if (!span_equal(enrollment.by_bank_key.payload, enrollment.by_vault_key.payload))
        *status = STATUS_CHAIN;
    else if (record_verify(inspection->network, KIND_BANK_REQUEST, &enrollment.by_bank_key,
                           &request.bank_key) != ERR_OK ||
             record_verify(inspection->network, KIND_BANK_REQUEST, &enrollment.by_vault_key,
                           &request.vault_key) != ERR_OK)
        *status = STATUS_SIGNATURE;
    return ERR_OK;
}

/* Whole under the root key it names; genuine if that is the one I know. */
enum err inspect_admission(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {
        BANK_COLUMNS,
        {"address", N_("central bank's address"), CLI_AS_TEXT},
        {"root_key_id", N_("root key"), CLI_AS_ID},
        {"version", N_("version"), CLI_AS_NUMBER},
        {0}};
    struct cli *cli = inspection->cli;
    struct admission admission = {0};
    struct bank_certificate certificate = {0};
    struct trust whole = {0};
    *status = record_status(admission_decode(&admission, inspection->body, inspection->arena));
    if (*status == STATUS_OK)
        *status = record_status(bank_certificate_decode(
            &certificate, admission.bank_certificate.payload, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    put_bank_certificate(inspection, &certificate);
    const enum err error = trust_open(&whole, inspection->network, &admission.root_key,
                                      &admission.directory, inspection->arena);
    inspect_put_text(inspection, "address", admission.address);
    inspect_put_key(inspection, "root_key_id", &admission.root_key);
    if (error == ERR_OK)
        inspect_put_number(inspection, "version", whole.directory.version);
    cli_show_record(cli, cli_result(cli), columns);
    *status = error == ERR_SIGNATURE ? STATUS_SIGNATURE : record_status(error);
    if (*status == STATUS_OK)
        *status = by_root(inspection, KIND_BANK_CERTIFICATE, &admission.bank_certificate,
                          &admission.root_key);
    if (*status == STATUS_OK && inspection->trust != NULL &&
        !key_equal(&admission.root_key, &inspection->trust->root_key))
        *status = STATUS_SIGNATURE;
    return ERR_OK;
}
