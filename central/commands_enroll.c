/* Enrolling a bank: its request in, its admission out.
 *
 * 1. The certificate is drafted where the database is, looked at and signed where the root key is,
 *    and counts once the directory that names it was taken in.
 * 2. A request whose bank is enrolled already gets its admission again, and changes nothing: a
 *    reply that was lost, or a crash between the two halves, costs nothing.
 *
 * Never signs what the bank did not ask for. */
#include "central/authority.h"
#include "central/commands.h"
#include "central/keys.h"
#include "central/root.h"
#include "central/vault.h"
#include "common/base/file.h"
#include "common/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATE_DAYS = 365, CERTIFICATE_DAYS_MAX = 3650, BANK_NAME_SIZE = 64 };

/* ---- the half that reads the database ---- */

static const struct bank *same_bank(const struct bank_list *banks,
                                    const struct bank_request *request)
{
    for (size_t i = 0; i < banks->count; i++)
        if (key_equal(&banks->items[i].bank_key, &request->bank_key) &&
            key_equal(&banks->items[i].vault_key, &request->vault_key) &&
            span_equal(banks->items[i].name, request->name))
            return &banks->items[i];
    return NULL;
}

static bool name_is_taken(const struct bank_list *banks, struct span name)
{
    for (size_t i = 0; i < banks->count; i++)
        if (span_equal(banks->items[i].name, name))
            return true;
    return false;
}

static enum err put_draft(struct cli *cli, const struct authority_enrolment *enrolment,
                          const struct bank *enrolled, struct register_env *env)
{
    json_t *result = cli_result(cli);
    struct buffer payload AUTO(buffer_fini) = {0};
    struct cose directory = {0};
    struct span bytes = {NULL, 0};
    TRY(authority_directory(env, &directory));
    TRY(record_bytes(&bytes, &directory, env->arena));
    json_object_set_new(result, "network", json_string(env->trust->network));
    json_object_set_new(result, "directory", cli_json_hex(bytes));
    json_object_set_new(result, "address", json_string(office_of(cli)->address));
    json_object_set_new(result, "tls_name", json_string(cli_setting(cli, "tls_name")));
    if (enrolled != NULL) {
        TRY(record_bytes(&bytes, &enrolled->certificate, env->arena));
        json_object_set_new(result, "enrolled", cli_json_hex(bytes));
        return ERR_OK;
    }
    TRY(bank_certificate_encode(&payload, &enrolment->certificate));
    json_object_set_new(result, "certificate", cli_json_hex(buffer_span(&payload)));
    return ERR_OK;
}

static int refuse_draft(struct cli *cli, enum status status)
{
    if (status == STATUS_CERTIFIED_ELSEWHERE)
        return cli_fail_status(cli, status, _("the bank needs fresh keys: dcep-bank init"));
    return cli_fail_status(cli, status, _("ask the bank for the file that dcep-bank enroll wrote"));
}

static enum err draft(struct cli *cli, int *code, struct register_env *env)
{
    struct authority_enrolment enrolment;
    struct bank_list banks = {0};
    struct span body = {NULL, 0};
    enum status status = record_status(
        wire_unwrap_expect(&body, cli_file(cli, "FILE"), env->trust->network, KIND_ENROLLMENT));
    if (status == STATUS_OK)
        TRY(authority_enrolment_read(env, &status, &enrolment, body,
                                     cli_number(cli, "--days", CERTIFICATE_DAYS)));
    TRY(vault_banks(env, &banks));
    const struct bank *enrolled =
        status == STATUS_CERTIFIED_ELSEWHERE ? same_bank(&banks, &enrolment.request) : NULL;
    if (status != STATUS_OK && enrolled == NULL)
        *code = refuse_draft(cli, status);
    else if (enrolled == NULL && name_is_taken(&banks, enrolment.request.name))
        *code = cli_fail(cli, CLI_REFUSED, "NAME", _("the bank needs another name"),
                         _("a bank of this name is enrolled already"));
    return *code == CLI_OK ? put_draft(cli, &enrolment, enrolled, env) : ERR_OK;
}

int commands_bank_draft(struct cli *cli)
{
    return office_run(cli, OFFICE_READ, draft);
}

/* ---- the half that holds the root key ---- */

struct enrolment {
    struct root root;
    json_t *draft;
    struct bank_request request;
    struct cose cose; /* the bank's certificate */
    struct bank_certificate certificate;
};

static void enrolment_fini(struct enrolment *enrolment)
{
    root_fini(&enrolment->root);
    json_decref(enrolment->draft);
}

/* The draft must say what the bank asked for: its name and its two keys, under the signatures that
 * the draft half checked. */
static enum err read_draft(struct cli *cli, struct enrolment *enrolment)
{
    struct root *root = &enrolment->root;
    struct enrollment enrollment = {0};
    struct bank_certificate *certificate = &enrolment->certificate;
    struct span body = {NULL, 0}, bytes = {NULL, 0};
    TRY(wire_unwrap_expect(&body, cli_file(cli, "REQUEST"), root->network, KIND_ENROLLMENT));
    TRY(enrollment_decode(&enrollment, body, &root->arena));
    TRY(bank_request_decode(&enrolment->request, enrollment.by_bank_key.payload, &root->arena));
    TRY(record_verify(root->network, KIND_BANK_REQUEST, &enrollment.by_bank_key,
                      &enrolment->request.bank_key));
    if (json_object_get(enrolment->draft, "enrolled") != NULL) {
        TRY(root_bytes(&bytes, enrolment->draft, "enrolled", &root->arena));
        TRY(wire_decode_cose(&enrolment->cose, bytes));
        TRY(record_open(certificate, root->network, KIND_BANK_CERTIFICATE, &enrolment->cose,
                        &root->key.public_key, &root->arena));
    } else {
        TRY(root_bytes(&bytes, enrolment->draft, "certificate", &root->arena));
        TRY(bank_certificate_decode(certificate, bytes, &root->arena));
        TRY(record_sign_payload(&enrolment->cose, root->network, KIND_BANK_CERTIFICATE, bytes,
                                &root->key));
    }
    return key_equal(&certificate->bank_key, &enrolment->request.bank_key) &&
                   key_equal(&certificate->vault_key, &enrolment->request.vault_key) &&
                   span_equal(certificate->name, enrolment->request.name)
               ? ERR_OK
               : ERR_INTEGRITY;
}

/* All certificates in force and this one; its bank id is the highest. */
static int publish(struct cli *cli, struct enrolment *enrolment)
{
    const struct signed_item_list *present = &enrolment->root.trust.directory.bank_certificates;
    void *memory = NULL;
    const enum err error = arena_alloc(&enrolment->root.arena, &memory, present->count + 1,
                                       sizeof(struct signed_item));
    if (error != ERR_OK || present->count == BANKS_MAX)
        return cli_fail_err(cli, error != ERR_OK ? error : ERR_LIMIT, _("the next directory"),
                            NULL);
    struct signed_item_list all = {memory, present->count + 1};
    if (present->count > 0)
        memcpy(all.items, present->items, present->count * sizeof *all.items);
    all.items[present->count].record = enrolment->cose;
    return root_publish(cli, &enrolment->root, &all, ROOT_DIRECTORY_DAYS);
}

static enum err issue_tls(struct cli *cli, struct buffer *out, struct buffer *authority,
                          const struct enrolment *enrolment)
{
    struct secret key AUTO(secret_wipe) = {0};
    const struct secret *passphrase = &enrolment->root.passphrase;
    char path[CLI_PATH_SIZE], name[BANK_NAME_SIZE];
    snprintf(name, sizeof name, "bank-%llu.dcep",
             (unsigned long long)enrolment->certificate.bank_id);
    cli_data_path(cli, path, KEYS_TLS_AUTHORITY_KEY);
    TRY(keys_read_tls(&key, path, enrolment->root.network, "tls-authority",
                      span_of(passphrase->bytes, passphrase->size)));
    cli_data_path(cli, path, KEYS_TLS_AUTHORITY);
    TRY(file_read(authority, path, TLS_PEM_SIZE_MAX));
    const struct tls_certificate_spec spec = {
        .name = name,
        .not_before_s = time_now() - SECONDS_PER_DAY,
        .not_after_s = (enrolment->certificate.not_after_day + 1) * SECONDS_PER_DAY,
    };
    return tls_certificate_issue(out, buffer_span(authority), span_of(key.bytes, key.size),
                                 enrolment->request.tls_public_key, &spec);
}

static enum err give_admission(struct cli *cli, const struct enrolment *enrolment)
{
    struct buffer tls AUTO(buffer_fini) = {0}, authority AUTO(buffer_fini) = {0},
                      body AUTO(buffer_fini) = {0}, file AUTO(buffer_fini) = {0};
    const json_t *draft = enrolment->draft;
    const char *address = json_string_value(json_object_get(draft, "address"));
    const char *tls_name = json_string_value(json_object_get(draft, "tls_name"));
    if (address == NULL || tls_name == NULL)
        return ERR_PARSE;
    TRY(issue_tls(cli, &tls, &authority, enrolment));
    const struct admission admission = {
        .root_key = enrolment->root.key.public_key,
        .bank_certificate = enrolment->cose,
        .directory = enrolment->root.directory,
        .address = span_text(address),
        .tls_name = span_text(tls_name),
        .tls_authority = buffer_span(&authority),
        .tls_certificate = buffer_span(&tls),
    };
    TRY(admission_encode(&body, &admission));
    TRY(wire_wrap(&file, enrolment->root.network, KIND_ADMISSION, buffer_span(&body)));
    cli_give_file(cli, "--output", buffer_span(&file), false);
    if (strncmp(address, "0.0.0.0:", 8) == 0 || strncmp(address, "[::]:", 5) == 0)
        cli_warn(cli, _("the bank is told to connect to %s; set address in central.ini"), address);
    return ERR_OK;
}

static void show(struct cli *cli, const struct enrolment *enrolment)
{
    static const struct cli_column columns[] = {
        {"bank_id", N_("bank"), CLI_AS_NUMBER},
        {"name", N_("name"), CLI_AS_TEXT},
        {"bank_key_id", N_("key"), CLI_AS_ID},
        {"not_after_day", N_("certified until"), CLI_AS_DAY},
        {"address", N_("central bank's address"), CLI_AS_TEXT},
        {"version", N_("directory version"), CLI_AS_NUMBER},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const struct bank_certificate *certificate = &enrolment->certificate;
    json_t *result = cli_result(cli);
    commands_put_number(result, "bank_id", certificate->bank_id);
    json_object_set_new(result, "name", cli_json_text(certificate->name));
    const struct key_id key_id = crypto_key_id(&certificate->bank_key);
    json_object_set_new(result, "bank_key", cli_json_hex(SPAN(certificate->bank_key)));
    json_object_set_new(result, "bank_key_id", cli_json_hex(SPAN(key_id)));
    json_object_set_new(result, "vault_key", cli_json_hex(SPAN(certificate->vault_key)));
    commands_put_number(result, "not_after_day", certificate->not_after_day);
    json_object_set(result, "address", json_object_get(enrolment->draft, "address"));
    if (json_object_get(result, "version") == NULL) /* nothing was published */
        commands_put_number(result, "version", enrolment->root.trust.directory.version);
    cli_show_record(cli, result, columns);
}

static int enroll(struct cli *cli, struct enrolment *enrolment)
{
    int code = root_open(cli, &enrolment->root, enrolment->draft);
    if (code != CLI_OK)
        return code;
    enum err error = read_draft(cli, enrolment);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the bank's request and the draft made of it"), NULL);
    const bool is_new = json_object_get(enrolment->draft, "enrolled") == NULL;
    if (is_new)
        code = publish(cli, enrolment);
    if (code != CLI_OK)
        return code;
    error = give_admission(cli, enrolment);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the bank is enrolled, but not its admission"),
                            _("run the same command again once this is put right"));
    if (!is_new)
        cli_warn(cli, _("this bank is enrolled already: here is its admission again"));
    show(cli, enrolment);
    return CLI_OK;
}

int commands_bank_enroll(struct cli *cli)
{
    struct enrolment enrolment AUTO(enrolment_fini) = {.draft = NULL};
    const uint64_t days = cli_number(cli, "--days", CERTIFICATE_DAYS);
    char option[32];
    if (days == 0 || days > CERTIFICATE_DAYS_MAX)
        return cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--days: from 1 to %d"),
                        CERTIFICATE_DAYS_MAX);
    snprintf(option, sizeof option, "--days=%llu", (unsigned long long)days);
    const char *words[] = {"bank", "draft", "request", option, NULL};
    const struct cli_input input = {"FILE", cli_file(cli, "REQUEST")};
    const int code = cli_call(cli, &enrolment.draft, words, &input, 1);
    return code == CLI_OK ? enroll(cli, &enrolment) : code;
}
