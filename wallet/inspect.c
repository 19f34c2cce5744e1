/* The kinds that inspect explains, each a row, and what the rows share.
 *
 * 1. A new kind is one row here and one function; a kind without a row is shown field by field.
 * 2. What is shown was read from the file; only the verdict says whether it is genuine. */
#include "wallet/inspect.h"

#include "common/base/text.h"

#include <string.h>

static const struct kind_row {
    enum kind kind;
    const char *title;
    enum err (*show)(struct inspection *inspection, enum status *status);
    bool is_unsigned; /* its verdict needs no trust */
} kind_rows[] = {
    {KIND_PACKET, N_("packet: a payment handed over"), inspect_packet, false},
    {KIND_INVOICE, N_("request for a payment"), inspect_invoice, false},
    {KIND_REQUEST, N_("request for a payment, without certificate"), inspect_request, false},
    {KIND_CONFIRMATION, N_("receipt of a payment"), inspect_confirmation, false},
    {KIND_TOKEN, N_("token: a coin as it was issued"), inspect_token, false},
    {KIND_PROOF, N_("proof of fraud"), inspect_proof, false},
    {KIND_WALLET_CERTIFICATE, N_("certificate of a wallet"), inspect_wallet_certificate, false},
    {KIND_BANK_CERTIFICATE, N_("certificate of a bank"), inspect_bank_certificate, false},
    {KIND_DIRECTORY, N_("directory of banks, keys and policy"), inspect_directory, false},
    {KIND_REVOCATIONS, N_("list of revoked keys"), inspect_revocations, false},
    {KIND_JOIN, N_("join file: a secret, opens one wallet"), inspect_join, true},
    {KIND_ENROLLMENT, N_("a bank's request to be enrolled"), inspect_enrollment, true},
    {KIND_ADMISSION, N_("a bank's admission by the central bank"), inspect_admission, false},
};

static const struct kind_row *find_row(enum kind kind)
{
    for (size_t i = 0; i < sizeof kind_rows / sizeof kind_rows[0]; i++)
        if (kind_rows[i].kind == kind)
            return &kind_rows[i];
    return NULL;
}

/* --- shared --- */

enum status inspect_open(struct inspection *inspection, void *value, struct cose *cose,
                         enum kind kind)
{
    enum err error = wire_decode_cose(cose, inspection->body);
    if (error == ERR_OK)
        error = wire_decode(message_kind_schema(kind), value, cose->payload, inspection->arena);
    return record_status(error);
}

void inspect_put_text(struct inspection *inspection, const char *key, struct span text)
{
    json_object_set_new(cli_result(inspection->cli), key, cli_json_text(text));
}

void inspect_put_key(struct inspection *inspection, const char *key, const struct public_key *value)
{
    const struct key_id id = crypto_key_id(value);
    json_object_set_new(cli_result(inspection->cli), key, cli_json_hex(SPAN(id)));
}

void inspect_put_number(struct inspection *inspection, const char *key, uint64_t value)
{
    commands_put_number(cli_result(inspection->cli), key, value);
}

void inspect_bank_name(char out[WALLET_NAME_SIZE], const struct inspection *inspection,
                       uint64_t bank_id)
{
    const struct trust_bank *bank =
        inspection->trust != NULL ? trust_bank(inspection->trust, bank_id) : NULL;
    if (bank != NULL)
        text_printable(out, WALLET_NAME_SIZE, bank->certificate.name);
    else
        (void)snprintf(out, WALLET_NAME_SIZE, _("bank %llu"), (unsigned long long)bank_id);
}

void inspect_name(char out[WALLET_NAME_SIZE], const struct inspection *inspection,
                  const struct public_key *key, const struct wallet_certificate *certificate)
{
    char bank[WALLET_NAME_SIZE], label[80], digits[2 * KEY_ID_SIZE + 1];
    const struct key_id id = crypto_key_id(key);
    hex_encode(digits, SPAN(id));
    digits[8] = '\0';
    if (certificate == NULL) {
        (void)snprintf(out, WALLET_NAME_SIZE, "%s", digits);
        return;
    }
    inspect_bank_name(bank, inspection, certificate->bank_id);
    text_printable(label, sizeof label,
                   certificate->has_label ? certificate->label : (struct span){0});
    (void)snprintf(out, WALLET_NAME_SIZE, "%s, %.80s", certificate->has_label ? label : digits,
                   bank);
}

/* A kind that no row explains: its fields as they are. */
enum err inspect_other(struct inspection *inspection, enum status *status, enum kind kind)
{
    const struct schema *schema = message_kind_schema(kind);
    struct buffer text AUTO(buffer_fini) = {0};
    struct cose cose = {0};
    struct span payload = inspection->body;
    void *value = NULL;
    if (message_kind_signed(kind)) {
        *status = record_status(wire_decode_cose(&cose, inspection->body));
        payload = cose.payload;
    }
    TRY(arena_alloc(inspection->arena, &value, 1, schema->struct_size));
    if (*status == STATUS_OK)
        *status = record_status(wire_decode(schema, value, payload, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(wire_dump(&text, schema, value));
    inspect_put_text(inspection, "fields", buffer_span(&text));
    cli_say(inspection->cli, "%.*s", (int)text.size, (const char *)text.data);
    return ERR_OK;
}

/* --- the command --- */

static int give_verdict(struct desk *desk, const struct inspection *inspection,
                        const struct kind_row *row, enum status status)
{
    struct cli *cli = inspection->cli;
    const bool unchecked = inspection->trust == NULL && (row == NULL || !row->is_unsigned);
    commands_put_text(cli, "verdict",
                      status == STATUS_OK && unchecked ? "UNCHECKED" : status_name(status));
    if (status != STATUS_OK)
        return desk_refuse(desk, status);
    if (unchecked)
        cli_say(cli, _("not checked: without a wallet no root key is known, so nothing\n"
                       "tells whether it is genuine"));
    else if (row == NULL)
        cli_say(cli, _("well formed; whether it is genuine, only its receiver can tell"));
    else if (row->is_unsigned)
        cli_say(cli, _("well formed; it bears no signature of the central bank"));
    else
        cli_say(cli, _("genuine, as far as it can be told without using it"));
    return CLI_OK;
}

static enum err show_body(struct inspection *inspection, enum status *status,
                          const struct kind_row *row, enum kind kind)
{
    if (inspection->trust != NULL && strcmp(inspection->network, inspection->trust->network) != 0) {
        *status = STATUS_NETWORK;
        return ERR_OK;
    }
    return row != NULL ? row->show(inspection, status) : inspect_other(inspection, status, kind);
}

/* A bundle is about its first message: that one is explained, the others are named. */
static enum err open_bundle(struct inspection *inspection, struct wire_wrapper *wrapper)
{
    struct bundle bundle = {0};
    json_t *beside = json_array();
    json_object_set_new(cli_result(inspection->cli), "beside", beside);
    TRY(bundle_decode(&bundle, wrapper->body, inspection->arena));
    for (size_t i = 1; i < bundle.messages.count; i++) {
        struct wire_wrapper other = {0};
        const enum err error = wire_unwrap(&other, bundle.messages.items[i].bytes);
        const char *kind = error == ERR_OK ? message_kind_text(other.kind) : err_name(error);
        const struct kind_row *row = error == ERR_OK ? find_row(other.kind) : NULL;
        const char *title = error == ERR_OK && other.kind == KIND_SIGHTINGS
                                ? _("tags of payments seen, for early warning")
                            : row != NULL ? _(row->title)
                                          : kind;
        json_array_append_new(beside, json_string(kind));
        cli_say(inspection->cli, _("beside it: %s, %zu bytes"), title,
                bundle.messages.items[i].bytes.size);
    }
    inspection->file = bundle.messages.items[0].bytes;
    return wire_unwrap(wrapper, inspection->file);
}

int inspect_file(struct desk *desk, bool has_wallet)
{
    struct cli *cli = desk->cli;
    struct wire_wrapper wrapper = {0};
    enum status status = STATUS_OK;
    struct inspection inspection = {.cli = cli,
                                    .wallet = has_wallet ? &desk->wallet : NULL,
                                    .trust = has_wallet ? &desk->wallet.trust : NULL,
                                    .now = desk->wallet.now,
                                    .file = cli_file(cli, "FILE"),
                                    .arena = &desk->arena};
    inspect_put_number(&inspection, "size", inspection.file.size);
    enum err unwrapped = wire_unwrap(&wrapper, inspection.file);
    if (unwrapped == ERR_OK && wrapper.kind == KIND_BUNDLE)
        unwrapped = open_bundle(&inspection, &wrapper);
    if (unwrapped != ERR_OK)
        return cli_fail(cli, CLI_INVALID, err_name(unwrapped),
                        _("was the file cut short or altered on its way? ask for it again"),
                        _("this is no file of dcep: %s"), _(err_text(unwrapped)));
    const struct kind_row *row = find_row(wrapper.kind);
    const char *title = row != NULL ? _(row->title) : message_kind_text(wrapper.kind);
    inspection.network = wrapper.network;
    inspection.body = wrapper.body;
    commands_put_text(cli, "kind", message_kind_text(wrapper.kind));
    commands_put_text(cli, "network", wrapper.network);
    cli_say(cli, "%s", title);
    cli_say(cli, ngettext("network %s, %zu byte", "network %s, %zu bytes", inspection.file.size),
            wrapper.network, inspection.file.size);
    const enum err error = show_body(&inspection, &status, row, wrapper.kind);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    return give_verdict(desk, &inspection, row, status);
}
