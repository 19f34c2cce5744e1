/* inspect: requests, receipts, tokens, proofs. */
#include "wallet/inspect.h"

#include "common/money/proof.h"
#include "wallet/handover/handover.h"

/* --- requests --- */

/* Of a receipt more is known, and it is one record all the same. */
/* clang-format off */
#define REQUEST_COLUMNS                                                                            \
    {"payee", N_("payee"), CLI_AS_TEXT}, {"amount", N_("amount"), CLI_AS_AMOUNT},                  \
    {"memo", N_("memo"), CLI_AS_TEXT}, {"made_at", N_("made"), CLI_AS_TIME},                       \
    {"expires_at", N_("can be paid until"), CLI_AS_TIME},                                          \
    {"hops_max", N_("hops at most"), CLI_AS_NUMBER},                                               \
    {"coins_max", N_("coins at most"), CLI_AS_NUMBER}
/* clang-format on */
static const struct cli_column request_columns[] = {REQUEST_COLUMNS, {0}};

static void put_request(struct inspection *inspection, const struct request *request,
                        const char *payee)
{
    struct cli *cli = inspection->cli;
    commands_put_text(cli, "payee", payee);
    commands_put_amount(cli, "amount", request->amount);
    inspect_put_text(inspection, "memo", request->memo);
    inspect_put_number(inspection, "made_at", request->made_at);
    inspect_put_number(inspection, "expires_at", request->expires_at);
    inspect_put_number(inspection, "hops_max", request->hops_max);
    inspect_put_number(inspection, "coins_max", request->coins_max);
}

static enum err read_request(struct inspection *inspection, enum status *status,
                             const struct cose *cose, const struct cose *certificate,
                             const struct cli_column *columns)
{
    struct request request = {0};
    struct wallet_certificate payee = {0};
    struct id id;
    const struct trust_bank *bank = NULL;
    char name[WALLET_NAME_SIZE];
    *status = record_status(request_decode(&request, cose->payload, inspection->arena));
    if (*status == STATUS_OK && certificate != NULL)
        *status = record_status(
            wallet_certificate_decode(&payee, certificate->payload, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    bank = inspection->trust != NULL ? trust_vault(inspection->trust, &request.payee_key) : NULL;
    if (certificate == NULL && bank != NULL)
        wallet_name(name, NULL, bank);
    else
        inspect_name(name, inspection, &request.payee_key, certificate != NULL ? &payee : NULL);
    put_request(inspection, &request, name);
    cli_show_record(inspection->cli, cli_result(inspection->cli), columns);
    if (columns == request_columns && inspection->now > request.expires_at)
        cli_warn(inspection->cli, _("the request has expired: ask the payee for a new one"));
    if (inspection->trust != NULL)
        *status = trust_request(&request, &id, &payee, &bank, inspection->trust, cose, certificate,
                                inspection->arena);
    return ERR_OK;
}

enum err inspect_invoice(struct inspection *inspection, enum status *status)
{
    struct invoice invoice = {0};
    *status = record_status(invoice_decode(&invoice, inspection->body, inspection->arena));
    return *status == STATUS_OK
               ? read_request(inspection, status, &invoice.request,
                              invoice.has_certificate ? &invoice.certificate : NULL,
                              request_columns)
               : ERR_OK;
}

enum err inspect_request(struct inspection *inspection, enum status *status)
{
    struct request request = {0};
    struct cose cose = {0};
    *status = inspect_open(inspection, &request, &cose, KIND_REQUEST);
    return *status == STATUS_OK ? read_request(inspection, status, &cose, NULL, request_columns)
                                : ERR_OK;
}

/* --- receipts --- */

enum err inspect_confirmation(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {REQUEST_COLUMNS,
                                                {"id", N_("payment"), CLI_AS_ID},
                                                {"received_at", N_("received"), CLI_AS_TIME},
                                                {"payments", N_("coins"), CLI_AS_NUMBER},
                                                {0}};
    struct cli *cli = inspection->cli;
    struct confirmation confirmation = {0};
    struct receipt receipt = {0};
    struct handover_receipt verified = {0};
    *status =
        record_status(confirmation_decode(&confirmation, inspection->body, inspection->arena));
    if (*status == STATUS_OK)
        *status = record_status(
            receipt_decode(&receipt, confirmation.receipt.payload, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    json_object_set_new(cli_result(cli), "id", cli_json_hex(SPAN(receipt.request_id)));
    inspect_put_number(inspection, "received_at", receipt.received_at);
    inspect_put_number(inspection, "payments", receipt.payment_ids.count);
    TRY(read_request(inspection, status, &confirmation.request,
                     confirmation.has_certificate ? &confirmation.certificate : NULL, columns));
    if (*status != STATUS_OK || inspection->wallet == NULL)
        return ERR_OK;
    return handover_receipt_verify(inspection->wallet, &verified, status, inspection->file,
                                   inspection->arena);
}

/* --- tokens --- */

enum err inspect_token(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {{"amount", N_("amount"), CLI_AS_AMOUNT},
                                                {"serial", N_("serial"), CLI_AS_NUMBER},
                                                {"owner", N_("owner's key"), CLI_AS_ID},
                                                {"issued_day", N_("issued"), CLI_AS_DAY},
                                                {"spend_by_day", N_("spend by"), CLI_AS_DAY},
                                                {"redeem_by_day", N_("redeem by"), CLI_AS_DAY},
                                                {0}};
    struct cli *cli = inspection->cli;
    struct token token = {0};
    struct cose cose = {0};
    *status = inspect_open(inspection, &token, &cose, KIND_TOKEN);
    if (*status != STATUS_OK)
        return ERR_OK;
    commands_put_amount(cli, "amount", token.amount);
    inspect_put_number(inspection, "serial", token.serial);
    inspect_put_key(inspection, "owner", &token.owner_key);
    inspect_put_number(inspection, "issued_day", token.issued_day);
    inspect_put_number(inspection, "spend_by_day", token.spend_by_day);
    inspect_put_number(inspection, "redeem_by_day", token.redeem_by_day);
    cli_show_record(cli, cli_result(cli), columns);
    if (inspection->trust == NULL)
        return ERR_OK;
    const struct public_key *key = trust_issuing_key(inspection->trust, &token.issuing_key_id);
    if (key == NULL)
        *status = STATUS_ISSUER;
    else if (record_verify(inspection->network, KIND_TOKEN, &cose, key) != ERR_OK)
        *status = STATUS_SIGNATURE;
    return ERR_OK;
}

/* --- proofs --- */

static json_t *payment_json(const struct cose *cose, struct inspection *inspection)
{
    struct payment payment = {0};
    json_t *row = json_object();
    const struct id id = record_id(inspection->network, KIND_PAYMENT, cose->payload);
    if (payment_decode(&payment, cose->payload, inspection->arena) != ERR_OK)
        return row;
    json_object_set_new(row, "id", cli_json_hex(SPAN(id)));
    json_object_set_new(row, "coin_id", cli_json_hex(SPAN(payment.coin_id)));
    commands_put_number(row, "serial", payment.serial);
    commands_put_number(row, "counter", payment.counter);
    commands_put_number(row, "paid_day", payment.paid_day);
    return row;
}

enum err inspect_proof(struct inspection *inspection, enum status *status)
{
    static const struct cli_column columns[] = {{"id", N_("payment"), CLI_AS_ID},
                                                {"coin_id", N_("of coin"), CLI_AS_ID},
                                                {"counter", N_("counter"), CLI_AS_NUMBER},
                                                {"paid_day", N_("paid"), CLI_AS_DAY},
                                                {0}};
    struct cli *cli = inspection->cli;
    struct proof proof = {0};
    struct proof_finding finding = {0};
    char name[WALLET_NAME_SIZE];
    json_t *rows = json_array();
    *status = record_status(proof_decode(&proof, inspection->body, inspection->arena));
    json_object_set_new(cli_result(cli), "both", rows);
    if (*status != STATUS_OK)
        return ERR_OK;
    json_array_append_new(rows, payment_json(&proof.payment_a, inspection));
    json_array_append_new(rows, payment_json(&proof.payment_b, inspection));
    cli_show_table(cli, rows, columns);
    if (inspection->trust == NULL)
        return ERR_OK;
    *status = proof_verify(&finding, inspection->network, &inspection->trust->root_key,
                           inspection->body, inspection->arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    inspect_name(name, inspection, &finding.key, finding.is_vault ? NULL : &finding.certificate);
    commands_put_text(cli, "who", name);
    commands_put_text(cli, "fraud", finding.kind == PROOF_DOUBLE_SPEND ? "double-spend" : "clone");
    if (finding.kind == PROOF_DOUBLE_SPEND)
        cli_say(cli, _("%s paid the same coin twice"), name);
    else
        cli_say(cli, _("%s used one counter for two coins: a copied wallet"), name);
    return ERR_OK;
}
