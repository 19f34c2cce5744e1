/* Golden cases, written as JSON (contract in vector.h). Our own values only, so nothing is escaped.
 */
#include "tests/vectors/vector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *directory_path;
static size_t written;

void vector_open(const char *directory)
{
    directory_path = directory;
}

size_t vector_count(void)
{
    return written;
}

/* --- JSON --- */

static void put_hex(FILE *file, struct span bytes)
{
    fputc('"', file);
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(file, "%02x", bytes.data[i]);
    fputc('"', file);
}

static void put_name(FILE *file, const char *name)
{
    fprintf(file, ",\n  \"%s\": ", name);
}

static void put_member(FILE *file, const char *name, struct span bytes)
{
    put_name(file, name);
    put_hex(file, bytes);
}

/* Inside an object: a comma before all but the first. */
static const char *comma(bool *is_first)
{
    const char *text = *is_first ? "" : ",";
    *is_first = false;
    return text;
}

static void put_inner(FILE *file, bool *is_first, const char *name, struct span bytes)
{
    fprintf(file, "%s\n    \"%s\": ", comma(is_first), name);
    put_hex(file, bytes);
}

static void put_inner_number(FILE *file, bool *is_first, const char *name, uint64_t value)
{
    fprintf(file, "%s\n    \"%s\": %" PRIu64, comma(is_first), name, value);
}

static void put_inner_cose(FILE *file, bool *is_first, const char *name, struct world *world,
                           const struct cose *cose)
{
    if (cose != NULL)
        put_inner(file, is_first, name, world_bytes(world, cose));
}

/* --- fields: the readable twin, null where the bytes are no such record --- */

static void put_dump(FILE *file, struct world *world, const struct schema *schema,
                     struct span bytes)
{
    struct buffer text AUTO(buffer_fini) = {0};
    void *value;
    CHECK(arena_alloc(&world->arena, &value, 1, schema->struct_size) == ERR_OK);
    if (wire_decode(schema, value, bytes, &world->arena) != ERR_OK) {
        fputs("null", file);
        return;
    }
    CHECK(wire_dump(&text, schema, value) == ERR_OK);
    fwrite(text.data, 1, text.size, file);
}

static void put_signed_list(FILE *file, struct world *world, const char *name,
                            const struct schema *schema, const struct signed_item_list *list)
{
    fprintf(file, "\"%s\": [", name);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i == 0 ? "" : ", ", file);
        put_dump(file, world, schema, list->items[i].record.payload);
    }
    fputs("], ", file);
}

static void put_packet(FILE *file, struct world *world, struct span bytes)
{
    struct packet packet;
    if (packet_decode(&packet, bytes, &world->arena) != ERR_OK) {
        fputs("null", file);
        return;
    }
    fputc('{', file);
    put_signed_list(file, world, "tokens", &message_token, &packet.tokens);
    put_signed_list(file, world, "payments", &message_payment, &packet.payments);
    put_signed_list(file, world, "certificates", &message_wallet_certificate, &packet.certificates);
    fprintf(file, "\"directory_version\": %" PRIu64 "}", packet.directory_version);
}

static void put_proof(FILE *file, struct world *world, struct span bytes)
{
    struct proof proof;
    if (proof_decode(&proof, bytes, &world->arena) != ERR_OK) {
        fputs("null", file);
        return;
    }
    fputs("{\"wallet_certificate\": ", file);
    if (proof.has_wallet_certificate)
        put_dump(file, world, &message_wallet_certificate, proof.wallet_certificate.payload);
    else
        fputs("null", file);
    fputs(", \"bank_certificate\": ", file);
    put_dump(file, world, &message_bank_certificate, proof.bank_certificate.payload);
    fputs(", \"payment_a\": ", file);
    put_dump(file, world, &message_payment, proof.payment_a.payload);
    fputs(", \"payment_b\": ", file);
    put_dump(file, world, &message_payment, proof.payment_b.payload);
    fputc('}', file);
}

static void put_fields(FILE *file, struct world *world, const struct vector *vector)
{
    struct span bytes = vector->bytes;
    struct wire_wrapper wrapper;
    struct cose cose;
    put_name(file, "fields");
    if (vector->is_wrapped && wire_unwrap(&wrapper, bytes) == ERR_OK)
        bytes = wrapper.body;
    if (vector->kind == KIND_PACKET)
        put_packet(file, world, bytes);
    else if (vector->kind == KIND_PROOF)
        put_proof(file, world, bytes);
    else if (!message_kind_signed(vector->kind))
        put_dump(file, world, message_kind_schema(vector->kind), bytes);
    else if (wire_decode_cose(&cose, bytes) == ERR_OK)
        put_dump(file, world, message_kind_schema(vector->kind), cose.payload);
    else
        fputs("null", file);
}

/* --- ids --- */

static void put_packet_ids(FILE *file, struct world *world, struct span bytes)
{
    struct packet packet;
    struct payment payment;
    if (packet_decode(&packet, bytes, &world->arena) != ERR_OK)
        return;
    fputs(",\n  \"ids\": {\"tokens\": [", file);
    for (size_t i = 0; i < packet.tokens.count; i++) {
        struct id id = record_id(WORLD_NETWORK, KIND_TOKEN, packet.tokens.items[i].record.payload);
        struct id coin = record_coin_root(&id);
        fputs(i == 0 ? "\n    [" : ",\n    [", file);
        put_hex(file, SPAN(id));
        fputs(", ", file);
        put_hex(file, SPAN(coin));
        fputc(']', file);
    }
    fputs("], \"payments\": [", file);
    for (size_t i = 0; i < packet.payments.count; i++) {
        struct span payload = packet.payments.items[i].record.payload;
        struct id id = record_id(WORLD_NETWORK, KIND_PAYMENT, payload);
        CHECK(payment_decode(&payment, payload, &world->arena) == ERR_OK);
        fputs(i == 0 ? "\n    [" : ",\n    [", file);
        put_hex(file, SPAN(id));
        for (size_t j = 0; j < payment.outputs.count; j++) {
            struct id coin = record_coin_output(&id, (uint16_t)j);
            fputs(", ", file);
            put_hex(file, SPAN(coin));
        }
        fputc(']', file);
    }
    fputs("]}", file);
}

static void put_id(FILE *file, struct world *world, const struct vector *vector)
{
    struct cose cose;
    struct id id;
    if (vector->is_wrapped)
        return;
    if (vector->kind == KIND_PACKET && vector->verdict == STATUS_OK) {
        put_packet_ids(file, world, vector->bytes);
    } else if (message_kind_signed(vector->kind) &&
               wire_decode_cose(&cose, vector->bytes) == ERR_OK) {
        id = record_id(WORLD_NETWORK, vector->kind, cose.payload);
        put_member(file, "id", SPAN(id));
    } else if (vector->kind == KIND_EXCHANGE || vector->kind == KIND_REDEEM ||
               vector->kind == KIND_ISSUE) {
        id = record_id(WORLD_NETWORK, vector->kind, vector->bytes);
        put_member(file, "id", SPAN(id));
    }
}

/* --- trust and held --- */

static void put_trust(FILE *file, struct world *world, const struct vector *vector)
{
    bool is_first = true;
    if (vector->root_key == NULL)
        return;
    put_name(file, "trust");
    fputc('{', file);
    put_inner(file, &is_first, "root_key", SPAN(*vector->root_key));
    put_inner_cose(file, &is_first, "directory", world, vector->directory);
    put_inner_cose(file, &is_first, "revocations", world, vector->revocations);
    put_inner_cose(file, &is_first, "certificate", world, vector->certificate);
    fputs("\n  }", file);
}

static void put_coin(FILE *file, uint64_t serial, const struct id *coin_id)
{
    fprintf(file, "{\"serial\": %" PRIu64 ", \"coin_id\": ", serial);
    put_hex(file, SPAN(*coin_id));
}

static void put_row(FILE *file, const struct vector_held *held)
{
    put_coin(file, held->row->serial, &held->row->coin_id);
    fprintf(file, ", \"amount\": %" PRIu64 ", \"owner_key\": ", amount_fen(held->row->amount));
    put_hex(file, SPAN(held->row->owner->pair.public_key));
    fprintf(file, ", \"hops\": %" PRIu64 ", \"depth\": %" PRIu64 "}", held->row_hops,
            held->row_depth);
}

static void put_paid(FILE *file, const struct payment *payment)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    CHECK(payment_encode(&encoded, payment) == ERR_OK);
    struct id id = record_id(WORLD_NETWORK, KIND_PAYMENT, buffer_span(&encoded));
    put_coin(file, payment->serial, &payment->coin_id);
    fputs(", \"payment_id\": ", file);
    put_hex(file, SPAN(id));
    fputc('}', file);
}

static bool holds_anything(const struct vector_held *held)
{
    return held->request != NULL || held->receipt != NULL || held->seen != NULL ||
           held->paid != NULL || held->row != NULL || held->newest_signed_time > 0 ||
           held->revocations_version > 0 || held->is_restored;
}

static void put_held(FILE *file, struct world *world, const struct vector_held *held)
{
    bool is_first = true;
    if (!holds_anything(held))
        return;
    put_name(file, "held");
    fputc('{', file);
    put_inner_cose(file, &is_first, "request", world, held->request);
    put_inner_cose(file, &is_first, "receipt", world, held->receipt);
    if (held->seen != NULL) {
        fprintf(file, "%s\n    \"coins\": [", comma(&is_first));
        put_coin(file, held->seen->serial, &held->seen->coin_id);
        fputs("}]", file);
    }
    if (held->paid != NULL) {
        fprintf(file, "%s\n    \"payments\": [", comma(&is_first));
        put_paid(file, held->paid);
        fputc(']', file);
    }
    if (held->row != NULL) {
        fprintf(file, "%s\n    \"rows\": [", comma(&is_first));
        put_row(file, held);
        fputc(']', file);
    }
    if (held->newest_signed_time > 0)
        put_inner_number(file, &is_first, "newest_signed_time", held->newest_signed_time);
    if (held->revocations_version > 0)
        put_inner_number(file, &is_first, "revocations_version", held->revocations_version);
    if (held->is_restored)
        fprintf(file, "%s\n    \"restored\": true", comma(&is_first));
    fputs("\n  }", file);
}

/* --- the file --- */

static void put_judging(FILE *file, const struct vector *vector)
{
    static const char *const roles[] = {"payee", "payer", "unsigned", "register"};
    if (vector->is_wrapped)
        fputs(",\n  \"wrapped\": true", file);
    if (vector->kind == KIND_PACKET)
        fprintf(file, ",\n  \"role\": \"%s\"", roles[vector->role]);
    if (vector->is_online)
        fputs(",\n  \"online\": true", file);
    if (vector->now > 0)
        fprintf(file, ",\n  \"now\": %" PRIu64, vector->now);
    if (vector->fraud != NULL)
        fprintf(file, ",\n  \"fraud\": \"%s\"", vector->fraud);
    if (vector->packet.size > 0)
        put_member(file, "packet", vector->packet);
    if (vector->placed_leaf.size > 0)
        put_member(file, "placed_leaf", vector->placed_leaf);
}

static void put_verdict(FILE *file, enum status status)
{
    const char *name = status_name(status);
    fputs(",\n  \"verdict\": \"", file);
    for (; *name != '\0'; name++)
        fputc(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name, file);
    fputc('"', file);
}

void vector_write(struct world *world, const struct vector *vector)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", directory_path, vector->name);
    FILE *file = fopen(path, "wx"); /* two cases of one name are a mistake */
    CHECK(file != NULL);
    fprintf(file, "{\n  \"name\": \"%s\",\n  \"why\": \"%s\",\n  \"kind\": \"%s\"", vector->name,
            vector->why, message_kind_text(vector->kind));
    fprintf(file, ",\n  \"network\": \"%s\"", WORLD_NETWORK);
    put_verdict(file, vector->verdict);
    put_judging(file, vector);
    if (vector->signer != NULL)
        put_member(file, "signer", SPAN(*vector->signer));
    put_id(file, world, vector);
    put_member(file, "bytes", vector->bytes);
    put_fields(file, world, vector);
    put_held(file, world, &vector->held);
    put_trust(file, world, vector);
    fputs("\n}\n", file);
    CHECK(fclose(file) == 0);
    written++;
}
