/* Hand to hand over a link: the payee waits, the payer calls (wallet/carriers/lan.h).
 *
 * 1. While it waits, the payee's wallet is free for other commands; it is opened for each packet.
 * 2. Whatever a stranger sends, the payee goes on waiting for its own payment.
 * 3. A link that broke has changed nothing: the same packet again gets the same receipt. */
#include "wallet/commands.h"

#include "common/base/time.h"
#include "wallet/carriers/lan.h"
#include "wallet/state/wallet_file.h"

#include <stdio.h>
#include <string.h>

enum { LINGER_MS = 5000, LISTEN_AGAIN_S = 600, CODE_GROUPS = 4, GROUP_DIGITS = 4 };

void commands_code(char out[COMMANDS_CODE_SIZE], const struct id *request_id)
{
    char digits[CODE_GROUPS * GROUP_DIGITS + 1];
    hex_encode(digits, span_of(request_id->bytes, sizeof digits / 2));
    (void)snprintf(out, COMMANDS_CODE_SIZE, "%.4s %.4s %.4s %.4s", digits, digits + GROUP_DIGITS,
                   digits + 2 * GROUP_DIGITS, digits + 3 * GROUP_DIGITS);
}

/* ---- requests of mine ---- */

struct seeking {
    const char *prefix;
    struct purse_request row;
    struct invoice invoice;
    size_t count;
};

static enum err fill_invoice(struct purse_env *env, struct seeking *seeking)
{
    struct purse_key key = {.key = seeking->row.payee_key};
    seeking->invoice.request = seeking->row.request;
    TRY(store_get(env->store, &purse_table_purse_key, &key, env->arena));
    seeking->invoice.has_certificate = key.has_certificate;
    return key.has_certificate ? wire_decode_cose(&seeking->invoice.certificate, key.certificate)
                               : ERR_OK;
}

static enum err seek_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct seeking *seeking = context;
    const struct store_query all = {.table = &purse_table_purse_request, .index_number = -1};
    struct list rows = {0};
    (void)wallet;
    TRY(store_list(env->store, &rows, &all, NULL, env->arena));
    for (size_t i = 0; i < rows.count; i++) {
        const struct purse_request *row = (const struct purse_request *)rows.items + i;
        if (!cli_id_matches(SPAN(row->request_id), seeking->prefix))
            continue;
        seeking->row = *row;
        seeking->count++;
    }
    return seeking->count == 1 ? fill_invoice(env, seeking) : ERR_OK;
}

enum err commands_find_request(struct desk *desk, int *code, struct purse_request *out,
                               struct span *file, const char *prefix)
{
    struct seeking seeking = {.prefix = prefix};
    TRY(commands_look(desk, seek_work, &seeking));
    *code = CLI_OK;
    if (seeking.count == 0)
        *code = cli_fail(desk->cli, CLI_REFUSED, "UNKNOWN",
                         _("what the request said when it was made; 4 digits or more"),
                         _("no request of mine begins with %s"), prefix);
    else if (seeking.count > 1)
        *code = cli_fail(desk->cli, CLI_REFUSED, "AMBIGUOUS", _("write more of it"),
                         _("several requests begin with %s"), prefix);
    if (*code != CLI_OK)
        return ERR_OK;
    *out = seeking.row;
    return wallet_file_wrap(&desk->wallet, file, KIND_INVOICE, &seeking.invoice, &desk->arena);
}

/* ---- the payee waits ---- */

struct paid_look {
    const struct id *request_id;
    bool is_paid;
};

static enum err paid_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct paid_look *look = context;
    struct purse_request row = {0};
    (void)wallet;
    TRY(purse_request_get(env, &row, look->request_id));
    look->is_paid = row.state == PURSE_REQUEST_PAID;
    return ERR_OK;
}

/* Opened for one packet: taken in, and whether the request that is waited for is paid now. */
static int take_packet(struct desk *desk, struct handover_received *received, bool *is_paid,
                       struct span packet, const struct id *request_id, struct arena *arena)
{
    struct paid_look look = {.request_id = request_id};
    const int code = desk_wake(desk);
    if (code != CLI_OK)
        return code;
    enum err error = handover_receive(&desk->wallet, received, packet, arena);
    if (error == ERR_OK)
        error = commands_look(desk, paid_work, &look);
    *is_paid = look.is_paid;
    desk_rest(desk);
    return error == ERR_OK ? CLI_OK : desk_fail(desk, error);
}

static bool is_taken(const struct handover_received *received)
{
    return received->result == HANDOVER_TAKEN || received->result == HANDOVER_DUPLICATE;
}

/* A packet that is not the payment waited for. */
static void tell_aside(struct cli *cli, const struct handover_received *received)
{
    const char *amount = commands_yuan(received->amount);
    if (received->result == HANDOVER_REFUSED)
        cli_note(cli, _("something came that is no payment to me: %s; still waiting"),
                 _(status_text(received->status)));
    else if (received->result == HANDOVER_QUARANTINED)
        cli_warn(cli, _("%s came and is kept aside, but it is no payment to count on: %s"), amount,
                 _(status_text(received->status)));
    else
        cli_note(cli, _("%s came for another request; still waiting"), amount);
}

static int fail_waiting(struct desk *desk, struct carry *carry, enum err error,
                        const struct commands_asked *asked)
{
    char hint[400], shown[COMMANDS_SHORT_SIZE];
    commands_short(shown, SPAN(asked->id));
    if (error != ERR_TIMEOUT)
        return carry_fail_link(carry, error, NULL);
    const char *again = _("dcep-wallet request --again %s --listen %s waits for the same payment");
    const char *anew = _("the request can't be paid any more: dcep-wallet request asks anew. For "
                         "what was signed in time: request --again %s --listen %s");
    (void)snprintf(hint, sizeof hint, time_now() < asked->expires_at ? again : anew, shown,
                   carry->where);
    return cli_fail(desk->cli, CLI_UNREACHABLE, "TIMEOUT", hint, _("nobody has paid in time"));
}

/* The receipt is on its way: whoever did not get it may call again for a while. */
static void linger(struct desk *desk, struct carry *carry, const struct id *request_id)
{
    lan_listen_linger(carry->link, LINGER_MS);
    for (;;) {
        struct arena arena AUTO(arena_fini) = {0};
        struct handover_received again = {0};
        bool is_paid = false;
        buffer_fini(&carry->taken);
        if (carrier_take(carry->link, &carry->taken) != ERR_OK)
            return;
        const int code =
            take_packet(desk, &again, &is_paid, buffer_span(&carry->taken), request_id, &arena);
        if (code != CLI_OK || carrier_give(carry->link, again.receipt) != ERR_OK)
            return;
    }
}

static void tell_where(struct carry *carry, const struct id *request_id)
{
    char code[COMMANDS_CODE_SIZE];
    char addresses[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE];
    const size_t count = lan_listen_addresses(addresses, carry->link);
    commands_code(code, request_id);
    cli_note(carry->cli, _("waiting at %s; the payer: dcep-wallet pay --to %s"), addresses[0],
             addresses[0]);
    for (size_t i = 1; i < count; i++)
        cli_note(carry->cli, _("or, from another network: pay --to %s"), addresses[i]);
    cli_note(carry->cli, _("code %s: the payer's screen must show the same"), code);
}

/* As long as it can be paid; for one that is asked for again, and may have been signed in time, a
 * while. */
static uint64_t patience_ms(struct cli *cli, uint64_t expires_at)
{
    const uint64_t now = time_now();
    if (cli_given(cli, "--timeout"))
        return cli_timeout_ms(cli);
    if (now < expires_at)
        return 1000 * (expires_at - now);
    return cli_given(cli, "--again") ? 1000 * LISTEN_AGAIN_S : 0;
}

int commands_await(struct desk *desk, struct carry *carry, const struct commands_asked *asked)
{
    enum err error = carrier_give(carry->link, asked->file);
    if (error != ERR_OK)
        return carry_fail_link(carry, error, NULL);
    desk_rest(desk);
    tell_where(carry, &asked->id);
    lan_listen_for(carry->link, patience_ms(desk->cli, asked->expires_at));
    for (;;) {
        struct arena arena AUTO(arena_fini) = {0}; /* strangers may come all day */
        struct handover_received received = {0};
        bool is_paid = false;
        buffer_fini(&carry->taken);
        error = carrier_take(carry->link, &carry->taken);
        if (error != ERR_OK)
            return fail_waiting(desk, carry, error, asked);
        int code =
            take_packet(desk, &received, &is_paid, buffer_span(&carry->taken), &asked->id, &arena);
        if (code != CLI_OK)
            return code;
        error = carrier_give(carry->link, received.receipt);
        if (error != ERR_OK)
            return carry_fail_link(carry, error, NULL);
        if (!is_paid || !is_taken(&received)) {
            tell_aside(desk->cli, &received);
            continue;
        }
        code = commands_received(desk, &received);
        linger(desk, carry, &asked->id);
        return code;
    }
}

/* ---- the payer calls ---- */

static int fail_push(struct desk *desk, struct carry *carry, enum err error,
                     const struct id *plan_id)
{
    char hint[320], shown[COMMANDS_SHORT_SIZE];
    commands_short(shown, SPAN(*plan_id));
    (void)snprintf(
        hint, sizeof hint,
        _("it is signed and cannot be lost: dcep-wallet outbox %s --to %s gives the same "
          "packet again, -o FILE as a file; sync does without"),
        shown, carry->where);
    return cli_fail(desk->cli, CLI_UNREACHABLE, err_name(error), hint,
                    _("the payee's receipt did not come (%s)"), _(err_text(error)));
}

static int keep_receipt(struct desk *desk, struct carry *carry, struct span receipt)
{
    struct id id = {{0}};
    enum status status = STATUS_OK;
    const enum err error = handover_confirm(&desk->wallet, &status, &id, receipt);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    if (status != STATUS_OK)
        return desk_refuse(desk, status);
    commands_put_text(desk->cli, "result", "confirmed");
    cli_say(desk->cli, _("the payee confirmed the payment"));
    if (carrier_give(carry->link, span_of(NULL, 0)) != ERR_OK)
        return CLI_OK; /* a courtesy: the payee would wait a little longer */
    return CLI_OK;
}

int commands_push(struct desk *desk, struct carry *carry, const struct id *plan_id,
                  struct span packet)
{
    enum err error = carrier_give(carry->link, packet);
    buffer_fini(&carry->taken);
    if (error == ERR_OK)
        error = carrier_take(carry->link, &carry->taken);
    if (error != ERR_OK)
        return fail_push(desk, carry, error, plan_id);
    if (carry->taken.size == 0)
        return cli_fail(desk->cli, CLI_REFUSED, "NOT_TAKEN",
                        _("ask the payee what its wallet says; sync settles what it kept"),
                        _("the payee's wallet did not take it as a payment"));
    return keep_receipt(desk, carry, buffer_span(&carry->taken));
}
