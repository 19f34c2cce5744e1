/* A packet drawn as text: each token, the payments that follow from it, their outputs and who got
 * them.
 *
 *     ¥50.00  coin 12, issued 2026-11-22 to 1a2b3c4d, North Bank
 *     `- paid 2026-11-22 by 1a2b3c4d, North Bank
 *        |- ¥20.00 to Tea shop, South Bank
 *        |  `- paid 2026-11-23 by Tea shop, South Bank
 *        |     `- ¥20.00 to 77aa01ff  <- handed over
 *        `- ¥30.00 to 1a2b3c4d, North Bank (change)
 *
 * Drawn from what is written, before anything is verified; the depth is bounded by what a packet
 * can hold. */
#include "wallet/inspect.h"

#include "common/base/time.h"

#include <string.h>

struct node { /* one payment */
    struct payment payment;
    struct id id;
    struct public_key owner; /* of the coin it spends; has_owner: its parent is in the packet */
    bool has_owner, is_drawn;
};
struct drawing {
    struct inspection *inspection;
    struct token tokens[PACKET_COINS_MAX];
    struct id roots[PACKET_COINS_MAX];
    struct node nodes[PACKET_PAYMENTS_MAX];
    struct wallet_certificate certificates[PACKET_PAYMENTS_MAX];
    size_t token_count, node_count, certificate_count;
    json_t *payments;
};
enum { PREFIX_SIZE = 4 * (PACKET_PAYMENTS_MAX + 2) };

/* --- reading --- */

static enum err read_tokens(struct drawing *drawing, const struct packet *packet)
{
    for (size_t i = 0; i < packet->tokens.count; i++) {
        const struct cose *cose = &packet->tokens.items[i].record;
        TRY(token_decode(&drawing->tokens[i], cose->payload, drawing->inspection->arena));
        const struct id id = record_id(drawing->inspection->network, KIND_TOKEN, cose->payload);
        drawing->roots[i] = record_coin_root(&id);
        drawing->token_count++;
    }
    return ERR_OK;
}

static enum err read_payments(struct drawing *drawing, const struct packet *packet)
{
    for (size_t i = 0; i < packet->payments.count; i++) {
        const struct cose *cose = &packet->payments.items[i].record;
        struct node *node = &drawing->nodes[i];
        TRY(payment_decode(&node->payment, cose->payload, drawing->inspection->arena));
        node->id = record_id(drawing->inspection->network, KIND_PAYMENT, cose->payload);
        drawing->node_count++;
    }
    for (size_t i = 0; i < packet->certificates.count; i++) {
        TRY(wallet_certificate_decode(&drawing->certificates[i],
                                      packet->certificates.items[i].record.payload,
                                      drawing->inspection->arena));
        drawing->certificate_count++;
    }
    return ERR_OK;
}

/* --- drawing --- */

static void name_of(char out[WALLET_NAME_SIZE], const struct drawing *drawing,
                    const struct public_key *key)
{
    const struct trust *trust = drawing->inspection->trust;
    const struct trust_bank *vault = trust != NULL ? trust_vault(trust, key) : NULL;
    const struct wallet_certificate *certificate = NULL;
    for (size_t i = 0; i < drawing->certificate_count; i++)
        if (key_equal(&drawing->certificates[i].wallet_key, key))
            certificate = &drawing->certificates[i];
    if (vault != NULL)
        wallet_name(out, NULL, vault);
    else
        inspect_name(out, drawing->inspection, key, certificate);
}

static struct node *spender_of(struct drawing *drawing, uint64_t serial, const struct id *coin_id)
{
    for (size_t i = 0; i < drawing->node_count; i++) {
        struct node *node = &drawing->nodes[i];
        if (!node->is_drawn && node->payment.serial == serial &&
            id_equal(&node->payment.coin_id, coin_id))
            return node;
    }
    return NULL;
}

static json_t *node_json(const struct drawing *drawing, const struct node *node)
{
    char name[WALLET_NAME_SIZE];
    json_t *row = json_object(), *outputs = json_array();
    json_object_set_new(row, "id", cli_json_hex(SPAN(node->id)));
    commands_put_number(row, "serial", node->payment.serial);
    json_object_set_new(row, "coin_id", cli_json_hex(SPAN(node->payment.coin_id)));
    name_of(name, drawing, &node->owner);
    json_object_set_new(row, "payer",
                        node->has_owner ? cli_json_text(span_text(name)) : json_null());
    commands_put_number(row, "paid_day", node->payment.paid_day);
    for (size_t i = 0; i < node->payment.outputs.count; i++) {
        const struct output *output = &node->payment.outputs.items[i];
        json_t *item = json_object();
        name_of(name, drawing, &output->key);
        json_object_set_new(item, "amount", cli_json_amount(output->amount));
        json_object_set_new(item, "payee", cli_json_text(span_text(name)));
        json_object_set_new(item, "change",
                            json_boolean(node->has_owner && key_equal(&output->key, &node->owner)));
        json_array_append_new(outputs, item);
    }
    json_object_set_new(row, "outputs", outputs);
    return row;
}

static void say_output(struct drawing *drawing, const char *prefix, const char *branch,
                       const struct node *node, const struct output *output, bool is_leaf)
{
    char name[WALLET_NAME_SIZE];
    const bool is_change = node->has_owner && key_equal(&output->key, &node->owner);
    name_of(name, drawing, &output->key);
    cli_say(drawing->inspection->cli, _("%s%s%s to %s%s"), prefix, branch,
            commands_yuan(output->amount), name,
            is_change ? _(" (change)")
            : is_leaf ? _("  <- handed over")
                      : "");
}

/* None of its outputs is spent in this packet: what it pays is what the packet hands over. */
static bool is_leaf(struct drawing *drawing, const struct node *node)
{
    for (size_t i = 0; i < node->payment.outputs.count; i++) {
        const struct id coin_id = record_coin_output(&node->id, (uint16_t)i);
        if (spender_of(drawing, node->payment.serial, &coin_id) != NULL)
            return false;
    }
    return true;
}

static void draw(struct drawing *drawing, struct node *node, const char *prefix)
{
    char name[WALLET_NAME_SIZE], day[TIME_TEXT_SIZE], below[PREFIX_SIZE];
    const size_t count = node->payment.outputs.count;
    const bool leaf = is_leaf(drawing, node);
    node->is_drawn = true;
    name_of(name, drawing, &node->owner);
    time_format_day(day, node->payment.paid_day);
    cli_say(drawing->inspection->cli, _("%s`- paid %s by %s"), prefix, day,
            node->has_owner ? name : "?");
    json_array_append_new(drawing->payments, node_json(drawing, node));
    for (size_t i = 0; i < count; i++) {
        const struct output *output = &node->payment.outputs.items[i];
        const struct id coin_id = record_coin_output(&node->id, (uint16_t)i);
        struct node *next = spender_of(drawing, node->payment.serial, &coin_id);
        const bool last = i + 1 == count;
        (void)snprintf(below, sizeof below, "%s   ", prefix);
        say_output(drawing, below, last ? "`- " : "|- ", node, output, leaf);
        (void)snprintf(below, sizeof below, "%s   %s", prefix, last ? "   " : "|  ");
        if (next != NULL) {
            next->owner = output->key;
            next->has_owner = true;
            draw(drawing, next, below);
        }
    }
}

static void draw_token(struct drawing *drawing, size_t index)
{
    char name[WALLET_NAME_SIZE], day[TIME_TEXT_SIZE];
    const struct token *token = &drawing->tokens[index];
    name_of(name, drawing, &token->owner_key);
    time_format_day(day, token->issued_day);
    cli_say(drawing->inspection->cli, _("%s  coin %llu, issued %s to %s"),
            commands_yuan(token->amount), (unsigned long long)token->serial, day, name);
    struct node *next = spender_of(drawing, token->serial, &drawing->roots[index]);
    if (next == NULL)
        return;
    next->owner = token->owner_key;
    next->has_owner = true;
    draw(drawing, next, "");
}

/* What hangs on no token of the packet is drawn as well: a register would know its coin. */
static void draw_all(struct drawing *drawing)
{
    for (size_t i = 0; i < drawing->token_count; i++)
        draw_token(drawing, i);
    for (size_t i = 0; i < drawing->node_count; i++)
        if (!drawing->nodes[i].is_drawn)
            draw(drawing, &drawing->nodes[i], "");
}

/* --- the verdict and the figures --- */

static void put_figures(struct inspection *inspection, const struct packet_view *view)
{
    uint64_t hops_max = 0, depth_max = 0;
    struct amount sum = amount_zero();
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *leaf = &view->payments[view->leaves[i]];
        const uint64_t hops = packet_output_hops(leaf, 0);
        hops_max = hops > hops_max ? hops : hops_max;
        depth_max = leaf->depth + 1 > depth_max ? leaf->depth + 1 : depth_max;
        sum = amount_add_capped(sum, leaf->payment.outputs.items[0].amount);
    }
    commands_put_amount(inspection->cli, "amount", sum);
    inspect_put_number(inspection, "coins", view->leaf_count);
    inspect_put_number(inspection, "hops", hops_max);
    inspect_put_number(inspection, "depth", depth_max);
    cli_say(inspection->cli, ngettext("%s in %zu coin", "%s in %zu coins", view->leaf_count),
            commands_yuan(sum), view->leaf_count);
    cli_say(inspection->cli, ngettext("%llu hop", "%llu hops", (unsigned long)hops_max),
            (unsigned long long)hops_max);
}

enum err inspect_packet(struct inspection *inspection, enum status *status)
{
    struct drawing *drawing = NULL;
    void *memory = NULL;
    struct packet packet = {0};
    struct packet_view view = {0};
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    *status = record_status(packet_decode(&packet, inspection->body, inspection->arena));
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(arena_alloc(inspection->arena, &memory, 1, sizeof *drawing));
    drawing = memory;
    *drawing = (struct drawing){.inspection = inspection, .payments = json_array()};
    json_object_set_new(cli_result(inspection->cli), "line", drawing->payments);
    inspect_put_number(inspection, "payments", packet.payments.count);
    inspect_put_number(inspection, "certificates", packet.certificates.count);
    enum err error = read_tokens(drawing, &packet);
    if (error == ERR_OK)
        error = read_payments(drawing, &packet);
    *status = record_status(error);
    if (*status != STATUS_OK)
        return ERR_OK;
    draw_all(drawing);
    if (inspection->trust == NULL)
        return ERR_OK;
    TRY(packet_verify(&view, status, inspection->body, inspection->trust, &options,
                      inspection->arena));
    if (*status == STATUS_OK)
        put_figures(inspection, &view);
    return ERR_OK;
}
