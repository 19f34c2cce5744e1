/* Every golden case of spec/vectors/, judged by the C as spec/vectors/README.md says. Run from the
 * root of the tree. */
#include "common/money/merkle.h"
#include "common/money/order.h"
#include "common/money/packet.h"
#include "common/money/proof.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <string.h>

#define VECTORS "spec/vectors"

/* One file being judged. */
struct judge {
    json_t *root;
    const char *network;
    enum kind kind;
    struct span bytes;
    struct trust trust; /* if the file has a directory */
    struct public_key root_key;
    struct arena arena;
};

static struct span hex_of(struct judge *judge, const json_t *object, const char *name)
{
    const char *digits = json_string_value(json_object_get(object, name));
    return digits == NULL ? (struct span){0} : unhex(&judge->arena, digits);
}

/* False if the file has no such member. */
static bool cose_of(struct cose *out, struct judge *judge, const char *object, const char *name)
{
    struct span bytes = hex_of(judge, json_object_get(judge->root, object), name);
    if (bytes.size == 0)
        return false;
    cr_assert_eq(wire_decode_cose(out, bytes), ERR_OK, "%s", name);
    return true;
}

static void copy_of(void *out, size_t size, struct judge *judge, const json_t *object,
                    const char *name)
{
    struct span bytes = hex_of(judge, object, name);
    cr_assert_eq(bytes.size, size, "%s", name);
    memcpy(out, bytes.data, size);
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static bool is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static json_t *held(const struct judge *judge)
{
    return json_object_get(judge->root, "held");
}

/* --- signed records --- */

static enum status judge_plain(struct judge *judge, const struct cose *cose)
{
    struct public_key signer;
    union {
        struct directory directory;
        uint8_t room[1024];
    } value;
    cr_assert_leq(message_kind_schema(judge->kind)->struct_size, sizeof value);
    copy_of(signer.bytes, KEY_SIZE, judge, judge->root, "signer");
    return record_status(
        record_open(&value, judge->network, judge->kind, cose, &signer, &judge->arena));
}

static enum status judge_settled(struct judge *judge, const struct cose *cose)
{
    struct placed_leaf placed;
    struct span bytes = hex_of(judge, judge->root, "placed_leaf");
    cr_assert_eq(placed_leaf_decode(&placed, bytes, &judge->arena), ERR_OK);
    return merkle_settled(&judge->trust, cose, &placed, &judge->arena);
}

static enum status judge_request(struct judge *judge, const struct cose *cose)
{
    struct request request;
    struct id id;
    struct wallet_certificate payee;
    const struct trust_bank *bank;
    struct cose certificate;
    bool has_certificate = cose_of(&certificate, judge, "trust", "certificate");
    return trust_request(&request, &id, &payee, &bank, &judge->trust, cose,
                         has_certificate ? &certificate : NULL, &judge->arena);
}

static enum status judge_revocations(struct judge *judge, const struct cose *cose)
{
    judge->trust.revocations.version = number_of(held(judge), "revocations_version");
    return record_status(trust_set_revocations(&judge->trust, cose, &judge->arena));
}

static enum status judge_signed(struct judge *judge)
{
    struct cose cose;
    struct wallet_certificate certificate;
    struct trust trust;
    enum err error = wire_decode_cose(&cose, judge->bytes);
    if (error != ERR_OK)
        return record_status(error);
    if (json_object_get(judge->root, "trust") == NULL)
        return judge_plain(judge, &cose);
    if (judge->kind == KIND_DIRECTORY)
        return record_status(
            trust_open(&trust, judge->network, &judge->root_key, &cose, &judge->arena));
    if (judge->kind == KIND_REVOCATIONS)
        return judge_revocations(judge, &cose);
    if (judge->kind == KIND_WALLET_CERTIFICATE)
        return trust_certificate(&certificate, &judge->trust, &cose, &judge->arena);
    if (judge->kind == KIND_REQUEST)
        return judge_request(judge, &cose);
    cr_assert_eq(judge->kind, KIND_SETTLED);
    return judge_settled(judge, &cose);
}

/* --- packets --- */

static enum err find_row(void *context, bool *found, struct packet_known_coin *out, uint64_t serial,
                         const struct id *coin_id)
{
    struct judge *judge = context;
    json_t *row;
    size_t index;
    *found = false;
    json_array_foreach(json_object_get(held(judge), "rows"), index, row)
    {
        struct span id = hex_of(judge, row, "coin_id");
        if (number_of(row, "serial") != serial || !span_equal(id, SPAN(*coin_id)))
            continue;
        *found = true;
        *out = (struct packet_known_coin){.hops = number_of(row, "hops"),
                                          .depth = number_of(row, "depth")};
        copy_of(out->owner_key.bytes, KEY_SIZE, judge, row, "owner_key");
        TRY(amount_from_fen(&out->amount, number_of(row, "amount")));
    }
    return ERR_OK;
}

static enum err find_coin(void *context, bool *found, uint64_t serial, const struct id *coin_id)
{
    struct judge *judge = context;
    json_t *coin;
    size_t index;
    *found = false;
    json_array_foreach(json_object_get(held(judge), "coins"), index, coin)
    {
        *found |= number_of(coin, "serial") == serial &&
                  span_equal(hex_of(judge, coin, "coin_id"), SPAN(*coin_id));
    }
    return ERR_OK;
}

static enum err find_conflict(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                              const struct id *payment_id)
{
    struct judge *judge = context;
    json_t *payment;
    size_t index;
    *found = false;
    json_array_foreach(json_object_get(held(judge), "payments"), index, payment)
    {
        *found |= number_of(payment, "serial") == serial &&
                  span_equal(hex_of(judge, payment, "coin_id"), SPAN(*coin_id)) &&
                  !span_equal(hex_of(judge, payment, "payment_id"), SPAN(*payment_id));
    }
    return ERR_OK;
}

static bool is_duplicate(struct judge *judge, const struct packet_view *view)
{
    struct cose cose;
    struct receipt receipt;
    struct id ids[PACKET_COINS_MAX];
    if (!cose_of(&cose, judge, "held", "receipt"))
        return false;
    cr_assert_eq(receipt_decode(&receipt, cose.payload, &judge->arena), ERR_OK);
    for (size_t i = 0; i < receipt.payment_ids.count; i++)
        ids[i] = receipt.payment_ids.items[i].id;
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct payment *payment = &view->payments[view->leaves[i]].payment;
        if (!payment->has_reference || !id_equal(&payment->reference, &receipt.request_id))
            return false;
    }
    return packet_is_same(view, ids, receipt.payment_ids.count);
}

static enum status judge_acceptance(struct judge *judge, const struct packet_view *view,
                                    bool is_payer)
{
    struct request request;
    struct cose cose;
    enum status status;
    struct packet_terms terms = {
        .now = number_of(judge->root, "now"),
        .newest_signed_time = number_of(held(judge), "newest_signed_time"),
        .is_online = is_true(judge->root, "online"),
        .is_restored = is_true(held(judge), "restored"),
        .is_payer = is_payer,
        .context = judge,
        .seen = find_coin,
        .conflict = find_conflict,
    };
    if (cose_of(&cose, judge, "held", "request")) {
        cr_assert_eq(request_decode(&request, cose.payload, &judge->arena), ERR_OK);
        terms.request = &request;
        terms.request_id = record_id(judge->network, KIND_REQUEST, cose.payload);
    }
    cr_assert_eq(packet_accept(&status, view, &judge->trust, &terms), ERR_OK);
    return status;
}

static enum status judge_packet(struct judge *judge)
{
    const char *role = json_string_value(json_object_get(judge->root, "role"));
    bool is_payee = strcmp(role, "payee") == 0, is_payer = strcmp(role, "payer") == 0;
    bool is_register = strcmp(role, "register") == 0;
    struct packet_options options = {.role = is_register ? PACKET_FOR_REGISTER
                                             : is_payee  ? PACKET_FOR_PAYEE
                                                         : PACKET_UNSIGNED};
    struct packet_view view;
    enum status status;
    if (is_register)
        options.known = (struct packet_known){.context = judge, .coin = find_row};
    cr_assert_eq(
        packet_verify(&view, &status, judge->bytes, &judge->trust, &options, &judge->arena),
        ERR_OK);
    if (status != STATUS_OK)
        return status;
    if (is_payee && is_duplicate(judge, &view))
        return STATUS_DUPLICATE;
    bool asks = (is_payee || is_payer) && json_object_get(judge->root, "now") != NULL;
    return asks ? judge_acceptance(judge, &view, is_payer) : STATUS_OK;
}

/* --- orders, proofs, wrappers --- */

static enum status judge_order(struct judge *judge)
{
    struct order order;
    struct packet_view view;
    struct packet_options options = {.role = PACKET_FOR_REGISTER};
    struct span packet = hex_of(judge, judge->root, "packet");
    enum status status =
        order_read(&order, judge->network, judge->kind, judge->bytes, &judge->trust, &judge->arena);
    if (status != STATUS_OK || packet.size == 0)
        return status;
    cr_assert_eq(packet_verify(&view, &status, packet, &judge->trust, &options, &judge->arena),
                 ERR_OK);
    cr_assert_eq(status, STATUS_OK);
    return order_funded(&order, &view, &judge->trust);
}

static enum status judge_proof(struct judge *judge)
{
    static const char *const frauds[] = {"double_spend", "clone"};
    struct proof_finding finding;
    struct public_key signer;
    enum status status =
        proof_verify(&finding, judge->network, &judge->root_key, judge->bytes, &judge->arena);
    if (status != STATUS_OK)
        return status;
    copy_of(signer.bytes, KEY_SIZE, judge, judge->root, "signer");
    cr_expect(key_equal(&signer, &finding.key));
    cr_expect_str_eq(frauds[finding.kind],
                     json_string_value(json_object_get(judge->root, "fraud")));
    return status;
}

static enum status judge_body(struct judge *judge)
{
    struct issue issue;
    struct bundle bundle;
    struct sightings sightings;
    if (message_kind_signed(judge->kind))
        return judge_signed(judge);
    if (judge->kind == KIND_PACKET)
        return judge_packet(judge);
    if (judge->kind == KIND_PROOF)
        return judge_proof(judge);
    if (judge->kind == KIND_ISSUE)
        return record_status(issue_decode(&issue, judge->bytes, &judge->arena));
    if (judge->kind == KIND_BUNDLE)
        return record_status(bundle_decode(&bundle, judge->bytes, &judge->arena));
    if (judge->kind == KIND_SIGHTINGS)
        return record_status(sightings_decode(&sightings, judge->bytes, &judge->arena));
    return judge_order(judge);
}

static enum status judge_all(struct judge *judge)
{
    if (is_true(judge->root, "wrapped")) {
        struct span body;
        enum err error = wire_unwrap_expect(&body, judge->bytes, judge->network, judge->kind);
        if (error != ERR_OK)
            return record_status(error);
        judge->bytes = body;
    }
    return judge_body(judge);
}

/* --- ids --- */

static void expect_id(struct judge *judge)
{
    struct cose cose;
    struct span expected = hex_of(judge, judge->root, "id"), payload = judge->bytes;
    if (expected.size == 0)
        return;
    if (message_kind_signed(judge->kind)) {
        cr_assert_eq(wire_decode_cose(&cose, judge->bytes), ERR_OK);
        payload = cose.payload;
    }
    struct id id = record_id(judge->network, judge->kind, payload);
    cr_expect(span_equal(SPAN(id), expected), "id");
}

static void open_trust(struct judge *judge)
{
    json_t *trust = json_object_get(judge->root, "trust");
    struct cose cose;
    if (trust == NULL)
        return;
    copy_of(judge->root_key.bytes, KEY_SIZE, judge, trust, "root_key");
    if (cose_of(&cose, judge, "trust", "directory"))
        cr_assert_eq(
            trust_open(&judge->trust, judge->network, &judge->root_key, &cose, &judge->arena),
            ERR_OK);
    if (cose_of(&cose, judge, "trust", "revocations"))
        cr_assert_eq(trust_set_revocations(&judge->trust, &cose, &judge->arena), ERR_OK);
}

static bool judge_file(const char *name, bool said[256])
{
    char path[512];
    struct judge judge = {0};
    snprintf(path, sizeof path, VECTORS "/%s", name);
    judge.root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(judge.root, "%s", name);
    judge.network = json_string_value(json_object_get(judge.root, "network"));
    const char *kind = json_string_value(json_object_get(judge.root, "kind"));
    const char *verdict = json_string_value(json_object_get(judge.root, "verdict"));
    cr_assert_eq(message_kind_from_text(&judge.kind, span_text(kind)), ERR_OK, "%s", name);
    judge.bytes = hex_of(&judge, judge.root, "bytes");
    open_trust(&judge);
    expect_id(&judge);
    enum status status = judge_all(&judge);
    cr_expect_eq(strcasecmp(status_name(status), verdict), 0, "%s: %s, not %s", name,
                 status_name(status), verdict);
    said[status & 255] = true;
    json_decref(judge.root);
    arena_fini(&judge.arena);
    return status == STATUS_OK;
}

/* Every status that the verifier can come to is in the vectors, and at least half of them refuse.
 */
static void judge_files(const struct crypto *backend)
{
    size_t count = 0, accepted = 0;
    bool said[256] = {false};
    DIR *directory = opendir(VECTORS);
    crypto_use(backend);
    cr_assert_not_null(directory, "run from the root of the tree");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strstr(entry->d_name, ".json") == NULL)
            continue;
        accepted += judge_file(entry->d_name, said);
        count++;
    }
    closedir(directory);
    cr_expect_geq(count, 60);
    cr_expect_geq(count - accepted, count / 2, "%zu of %zu are accepted", accepted, count);
    for (int status = STATUS_OK; status <= STATUS_CONFLICT; status++)
        cr_expect(said[status] || strcmp(status_name((enum status)status), "unknown") == 0,
                  "no vector says %s", status_name((enum status)status));
}

Test(money, vectors)
{
    judge_files(&crypto_libcrypto);
}

Test(money, vectors_by_the_other_backend)
{
    judge_files(&crypto_mbedtls);
}
