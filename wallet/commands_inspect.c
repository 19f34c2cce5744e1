/* inspect: what is in a file, and would it be taken? Changes nothing. */
#include "wallet/commands.h"

#include "common/base/text.h"
#include "wallet/handover.h"
#include "wallet/handover_file.h"

/* --- a packet --- */

static void put_packet(struct cli *cli, const struct packet_view *view)
{
    uint64_t hops_max = 0, depth_max = 0;
    struct amount sum = amount_zero();
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *leaf = &view->payments[view->leaves[i]];
        if (packet_output_hops(leaf, 0) > hops_max)
            hops_max = packet_output_hops(leaf, 0);
        if (leaf->depth + 1 > depth_max)
            depth_max = leaf->depth + 1;
        if (amount_add(&sum, sum, leaf->payment.outputs.items[0].amount) != ERR_OK)
            sum = amount_zero();
    }
    commands_put_amount(cli, "amount", sum);
    commands_put_number(cli_result(cli), "coins", view->leaf_count);
    commands_put_number(cli_result(cli), "payments", view->payment_count);
    commands_put_number(cli_result(cli), "certificates", view->certificate_count);
    commands_put_number(cli_result(cli), "hops", hops_max);
    commands_put_number(cli_result(cli), "depth", depth_max);
    cli_say(cli, _("%s in %zu coins; %zu payments, %llu hops, %zu certificates"),
            commands_yuan(sum), view->leaf_count, view->payment_count, (unsigned long long)hops_max,
            view->certificate_count);
}

static enum err inspect_packet(struct desk *desk, enum status *status, struct span body)
{
    struct packet_view view = {0};
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    TRY(packet_verify(&view, status, body, &desk->wallet.trust, &options, &desk->arena));
    if (*status == STATUS_OK)
        put_packet(desk->cli, &view);
    return ERR_OK;
}

/* --- a request --- */

static void put_request(struct cli *cli, const struct request *request, const char *payee)
{
    char memo[MEMO_SIZE_MAX * 3 + 1];
    text_printable(memo, sizeof memo, request->memo);
    commands_put_text(cli, "payee", payee);
    commands_put_amount(cli, "amount", request->amount);
    commands_put_text(cli, "memo", memo);
    commands_put_number(cli_result(cli), "expires_at", request->expires_at);
    cli_say(cli, _("%s for %s: %s"), commands_yuan(request->amount), payee, memo);
}

static enum err inspect_invoice(struct desk *desk, enum status *status, struct span body)
{
    struct invoice invoice = {0};
    struct request request = {0};
    struct id id;
    struct wallet_certificate payee = {0};
    const struct trust_bank *bank = NULL;
    char name[WALLET_NAME_SIZE];
    *status = record_status(invoice_decode(&invoice, body, &desk->arena));
    if (*status == STATUS_OK)
        *status =
            trust_request(&request, &id, &payee, &bank, &desk->wallet.trust, &invoice.request,
                          invoice.has_certificate ? &invoice.certificate : NULL, &desk->arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    wallet_name(name, invoice.has_certificate ? &payee : NULL, bank);
    put_request(desk->cli, &request, name);
    return ERR_OK;
}

static enum err inspect_confirmation(struct desk *desk, enum status *status, struct span file)
{
    struct handover_receipt receipt = {0};
    TRY(handover_receipt_verify(&desk->wallet, &receipt, status, file, &desk->arena));
    if (*status == STATUS_OK)
        put_request(desk->cli, &receipt.request, receipt.payee_name);
    return ERR_OK;
}

/* --- any other kind: is it well formed? --- */

static enum status inspect_form(struct desk *desk, const struct wire_wrapper *wrapper)
{
    const struct schema *schema = message_kind_schema(wrapper->kind);
    struct cose cose = {0};
    struct span payload = wrapper->body;
    void *value = NULL;
    if (message_kind_signed(wrapper->kind)) {
        const enum err error = wire_decode_cose(&cose, wrapper->body);
        if (error != ERR_OK)
            return record_status(error);
        payload = cose.payload;
    }
    if (arena_alloc(&desk->arena, &value, 1, schema->struct_size) != ERR_OK)
        return STATUS_FAILED;
    return record_status(wire_decode(schema, value, payload, &desk->arena));
}

static enum err inspect_body(struct desk *desk, enum status *status,
                             const struct wire_wrapper *wrapper, struct span file)
{
    if (!span_equal(span_text(wrapper->network), span_text(desk->wallet.trust.network)))
        *status = STATUS_NETWORK;
    else if (wrapper->kind == KIND_PACKET)
        TRY(inspect_packet(desk, status, wrapper->body));
    else if (wrapper->kind == KIND_INVOICE)
        TRY(inspect_invoice(desk, status, wrapper->body));
    else if (wrapper->kind == KIND_CONFIRMATION)
        TRY(inspect_confirmation(desk, status, file));
    else
        *status = inspect_form(desk, wrapper);
    return ERR_OK;
}

int commands_inspect(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct wire_wrapper wrapper = {0};
    enum status status = STATUS_OK;
    struct span file = cli_file(cli, "FILE");
    const int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    commands_put_number(cli_result(cli), "size", file.size);
    enum err unwrapped = handover_file_message(&desk.wallet, &file, file, &desk.arena);
    if (unwrapped == ERR_OK)
        unwrapped = wire_unwrap(&wrapper, file);
    if (unwrapped != ERR_OK)
        return desk_refuse(&desk, record_status(unwrapped));
    commands_put_text(cli, "kind", message_kind_text(wrapper.kind));
    commands_put_text(cli, "network", wrapper.network);
    cli_say(cli, _("%s of network %s, %zu bytes"), message_kind_text(wrapper.kind), wrapper.network,
            file.size);
    const enum err error = inspect_body(&desk, &status, &wrapper, file);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    commands_put_text(cli, "verdict", status_name(status));
    if (status != STATUS_OK)
        return desk_refuse(&desk, status);
    cli_say(cli, _("genuine, as far as it can be told without using it"));
    return CLI_OK;
}
