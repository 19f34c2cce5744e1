/* Enrolment at the central bank.
 *
 * 1. The request is signed by both keys: whoever asks holds both.
 * 2. The admission is believed only as far as its root key, which people compare with what the
 *    central bank published; all else must verify under it. */
#include "intermediary/enroll.h"

#include "common/base/time.h"
#include "intermediary/bank_files.h"
#include "intermediary/premises.h"

#include <string.h>

/* ---- the request ---- */

static enum err make_request(struct cli *cli, struct premises_job *job, struct buffer *out)
{
    const struct premises *premises = premises_of(cli);
    const struct branch *branch = &premises->branch;
    struct buffer public_pem AUTO(buffer_fini) = {0}, body AUTO(buffer_fini) = {0};
    struct enrollment enrollment = {0};
    TRY(tls_key_public(&public_pem,
                       span_of(premises->client_key.bytes, premises->client_key.size)));
    const struct bank_request request = {
        .name = span_text(premises->name),
        .bank_key = branch->bank_key.public_key,
        .vault_key = branch->vault_key.public_key,
        .tls_public_key = buffer_span(&public_pem),
        .made_at = time_now(),
    };
    TRY(record_sign(&enrollment.by_bank_key, branch->network, KIND_BANK_REQUEST, &request,
                    &branch->bank_key, &job->arena));
    TRY(record_sign(&enrollment.by_vault_key, branch->network, KIND_BANK_REQUEST, &request,
                    &branch->vault_key, &job->arena));
    TRY(enrollment_encode(&body, &enrollment));
    return wire_wrap(out, branch->network, KIND_ENROLLMENT, buffer_span(&body));
}

static int give_request(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct buffer file AUTO(buffer_fini) = {0};
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code == CLI_OK)
        code = premises_open_keys(cli, NULL);
    if (code != CLI_OK)
        return code;
    const enum err error = make_request(cli, &job, &file);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the request"), NULL);
    const struct branch *branch = &premises_of(cli)->branch;
    json_object_set_new(cli_result(cli), "bank_key",
                        cli_json_hex(SPAN(branch->bank_key.public_key)));
    json_object_set_new(cli_result(cli), "vault_key",
                        cli_json_hex(SPAN(branch->vault_key.public_key)));
    cli_give_file(cli, "--output", buffer_span(&file), false);
    cli_say(cli, _("Give the request to the central bank's operator."));
    cli_say(cli, _("Next: dcep-bank enroll --accept REPLY"));
    return CLI_OK;
}

/* ---- the admission ---- */

static enum err check_tls(const struct admission *admission)
{
    struct tls_certificate_facts facts = {0};
    TRY(tls_certificate_read(&facts, admission->tls_authority));
    return tls_certificate_read(&facts, admission->tls_certificate);
}

static int show(struct cli *cli, const struct admission *admission)
{
    char hex[2 * KEY_SIZE + 1];
    const struct branch *branch = &premises_of(cli)->branch;
    json_t *result = cli_result(cli);
    hex_encode(hex, SPAN(admission->root_key));
    json_object_set_new(result, "bank_id", json_integer((json_int_t)branch->bank_id));
    json_object_set_new(result, "root_public_key", json_string(hex));
    json_object_set_new(result, "central_address", cli_json_text(admission->address));
    json_object_set_new(result, "central_tls_name", cli_json_text(admission->tls_name));
    cli_say(cli, _("Enrolled as bank %llu."), (unsigned long long)branch->bank_id);
    cli_say(cli, _("Root key: %s"), hex);
    cli_say(cli, _("Compare it with what the central bank published."));
    cli_say(cli, _("Next: dcep-bank serve"));
    return CLI_OK;
}

static int accept_reply(struct cli *cli)
{
    struct premises_job job AUTO(premises_job_fini) = {0};
    struct admission admission = {0};
    struct span body = {0};
    int code = premises_begin(cli, &job, PREMISES_ROWS);
    if (code != CLI_OK)
        return code;
    struct branch *branch = &premises_of(cli)->branch;
    enum err error =
        wire_unwrap_expect(&body, cli_file(cli, "--accept"), branch->network, KIND_ADMISSION);
    if (error == ERR_OK)
        error = admission_decode(&admission, body, &job.arena);
    if (error == ERR_OK)
        error = check_tls(&admission);
    if (error != ERR_OK)
        return cli_fail_status(cli, record_status(error),
                               _("ask the central bank for its answer to your request"));
    enum status status = STATUS_OK;
    error = branch_admit(branch, &status, &admission);
    code = premises_end(cli, error, status, _("the answer must be to the request of this bank"));
    if (code != CLI_OK && status == STATUS_VERSION)
        return cli_fail(cli, code, status_name(status),
                        _("take the newest answer in; the central bank writes it again"),
                        _("this answer is older than the directory that counts here"));
    if (code == CLI_OK)
        code = premises_load(cli);
    return code == CLI_OK ? show(cli, &admission) : code;
}

int enroll_run(struct cli *cli)
{
    const bool gives = cli_given(cli, "--output"), accepts = cli_given(cli, "--accept");
    if (gives == accepts)
        return cli_fail(cli, CLI_USAGE, "USAGE",
                        _("-o REQ writes the request, --accept REPLY takes the answer in"),
                        _("either -o or --accept is needed"));
    return gives ? give_request(cli) : accept_reply(cli);
}
