/* Genuine packets that a payee accepts or not, and what a payer asks before it signs: one thing
 * changed each. */
#include "tests/vectors/vector.h"

#include <string.h>

/* The case in the making: the scene, and what the verdict depends on. */
struct ask {
    struct scene scene;
    struct vector vector;
    struct world_coin coin; /* of cases that make their own */
    struct cose receipt;
    struct payment paid;
};

static void pack_one(struct ask *a)
{
    const struct world_coin *coins[] = {&a->coin};
    scene_pack(&a->scene, coins, 1);
}

static void repack(struct ask *a)
{
    const struct world_coin *coins[] = {&a->scene.to_shop, &a->scene.second_to_shop};
    scene_pack(&a->scene, coins, 2);
}

static void nothing(struct ask *a)
{
    (void)a;
}

static void sign_receipt(struct ask *a, size_t first, size_t second)
{
    struct scene *s = &a->scene;
    struct id_item ids[] = {
        {record_id(WORLD_NETWORK, KIND_PAYMENT, s->packet.payments[first].payload)},
        {record_id(WORLD_NETWORK, KIND_PAYMENT, s->packet.payments[second].payload)}};
    struct receipt receipt = {
        .request_id = s->request.id, .payment_ids = {ids, 2}, .received_at = WORLD_NOW};
    a->receipt = world_sign(&s->world, KIND_RECEIPT, &receipt, &s->shop.pair);
    a->vector.held.receipt = &a->receipt;
}

static void duplicate(struct ask *a)
{
    sign_receipt(a, SCENE_SECOND, SCENE_C_TO_SHOP);
    a->vector.held.request = NULL; /* answered: no longer open */
}

static void other_duplicate(struct ask *a)
{
    sign_receipt(a, SCENE_SECOND, SCENE_B_TO_C);
    a->vector.held.request = NULL;
}

static void expired(struct ask *a)
{
    a->scene.carol.certificate.not_after_day = WORLD_TODAY - 1;
    world_certify(&a->scene.carol, &a->scene.world);
    repack(a);
}

static void not_yet(struct ask *a)
{
    a->scene.carol.certificate.not_before_day = WORLD_TODAY + 1;
    world_certify(&a->scene.carol, &a->scene.world);
    repack(a);
}

static void ancestor_expired(struct ask *a)
{
    a->scene.alice.certificate.not_after_day = WORLD_TODAY - 1;
    world_certify(&a->scene.alice, &a->scene.world);
    repack(a);
}

static void from_vault(struct ask *a)
{
    struct scene *s = &a->scene;
    world_token(&a->coin, &s->world, 5000, &s->vault_a);
    world_pay(&a->coin, NULL, &s->world, &a->coin, &s->shop, 5000, &s->request.id);
    pack_one(a);
}

static void bank_expired(struct ask *a)
{
    a->scene.world.banks[0].certificate.not_after_day = WORLD_TODAY - 1;
    world_publish(&a->scene.world);
    from_vault(a);
}

static void revoke(struct ask *a, const struct public_key *key)
{
    struct key_id id = crypto_key_id(key);
    world_revoke(&a->scene.world, &id);
}

static void payer_revoked(struct ask *a)
{
    revoke(a, &a->scene.carol.pair.public_key);
}

static void ancestor_revoked(struct ask *a)
{
    revoke(a, &a->scene.alice.pair.public_key);
}

static void bank_revoked(struct ask *a)
{
    revoke(a, &a->scene.world.banks[1].bank_key.public_key); /* Bob's */
}

static void vaults_bank_revoked(struct ask *a)
{
    from_vault(a);
    revoke(a, &a->scene.world.banks[0].bank_key.public_key);
}

static void issuer_revoked(struct ask *a)
{
    revoke(a, &a->scene.world.issuing.public_key);
}

static void payee_revoked(struct ask *a)
{
    revoke(a, &a->scene.shop.pair.public_key);
}

/* A coin of 50.00: payments of Alice to herself, then through other hands, then to the shop. */
static void along(struct ask *a, size_t own, size_t hops)
{
    struct scene *s = &a->scene;
    struct world_wallet *hands[] = {&s->alice, &s->bob};
    world_token(&a->coin, &s->world, 5000, &s->alice);
    for (size_t i = 0; i < own; i++)
        world_pay(&a->coin, NULL, &s->world, &a->coin, &s->alice, 5000, NULL);
    for (size_t i = 1; i < hops; i++)
        world_pay(&a->coin, NULL, &s->world, &a->coin, hands[i % 2], 5000, NULL);
    world_pay(&a->coin, NULL, &s->world, &a->coin, &s->shop, 5000, &s->request.id);
    pack_one(a);
}

static void five_hops(struct ask *a)
{
    along(a, 0, 5);
}

static void six_hops(struct ask *a)
{
    along(a, 0, 6);
}

static void depth_16(struct ask *a)
{
    along(a, 15, 1);
}

static void depth_17(struct ask *a)
{
    along(a, 16, 1);
}

/* The shop's request with other limits: signed anew, and paid anew. */
static void request_again(struct ask *a, uint64_t fen, uint64_t hops_max, uint64_t coins_max)
{
    struct scene *s = &a->scene;
    s->request.request.amount = world_fen(fen);
    s->request.request.hops_max = hops_max;
    s->request.request.coins_max = coins_max;
    s->request.cose = world_sign(&s->world, KIND_REQUEST, &s->request.request, &s->shop.pair);
    s->request.id = record_id(WORLD_NETWORK, KIND_REQUEST, s->request.cose.payload);
    world_pay(&s->to_shop, NULL, &s->world, &s->to_carol, &s->shop, 3000, &s->request.id);
    world_pay(&s->second_to_shop, NULL, &s->world, &s->second, &s->shop, 2000, &s->request.id);
    repack(a);
}

static void request_hops(struct ask *a)
{
    request_again(a, 5000, 2, 16);
}

static void request_coins(struct ask *a)
{
    request_again(a, 5000, 5, 1);
}

static void other_amount(struct ask *a)
{
    request_again(a, 5001, 5, 16);
}

static void offline_limit(struct ask *a)
{
    a->scene.world.policy.offline_payment_max = world_fen(4999);
    world_publish(&a->scene.world);
}

static void online(struct ask *a)
{
    offline_limit(a);
    a->vector.is_online = true;
}

static void tier_limit(struct ask *a)
{
    a->scene.carol.certificate.limits.payment_max = world_fen(4999);
    world_certify(&a->scene.carol, &a->scene.world);
    repack(a);
    a->vector.is_online = true;
}

static void spend_by(struct ask *a, uint64_t day)
{
    struct scene *s = &a->scene;
    struct token token = world_token_value(&s->world, 5000, &s->alice);
    token.spend_by_day = day;
    world_token_signed(&a->coin, &s->world, &token, &s->alice);
    world_pay(&a->coin, NULL, &s->world, &a->coin, &s->shop, 5000, &s->request.id);
    pack_one(a);
}

static void last_day(struct ask *a)
{
    spend_by(a, WORLD_TODAY);
}

static void past_spend_by(struct ask *a)
{
    spend_by(a, WORLD_TODAY - 1);
}

static void old_directory(struct ask *a)
{
    a->scene.world.directory.not_after = WORLD_NOW - 1;
    world_publish(&a->scene.world);
}

static void slow_clock(struct ask *a)
{
    a->vector.held.newest_signed_time = WORLD_NOW + 1;
}

static void restored(struct ask *a)
{
    a->vector.held.is_restored = true;
}

static void no_request(struct ask *a)
{
    a->vector.held.request = NULL;
}

static void other_request(struct ask *a)
{
    world_request(&a->scene.request, &a->scene.world, &a->scene.shop, 5000);
}

static void no_reference(struct ask *a)
{
    struct payment payment = scene_payment(&a->scene, SCENE_SECOND);
    payment.has_reference = false;
    scene_resign(&a->scene, SCENE_SECOND, &payment, &a->scene.carol.pair);
}

static void after_expiry(struct ask *a)
{
    a->vector.now = a->scene.request.request.expires_at + 1;
}

static void leaf_elsewhere(struct ask *a)
{
    struct scene *s = &a->scene;
    struct world_coin coin;
    world_token(&coin, &s->world, 5000, &s->alice);
    world_pay(&coin, NULL, &s->world, &coin, &s->shop, 5000, &s->request.id);
    world_pay(&a->coin, NULL, &s->world, &s->second, &s->bob, 2000, &s->request.id);
    const struct world_coin *coins[] = {&coin, &a->coin};
    scene_pack(s, coins, 2);
}

static void seen(struct ask *a)
{
    a->vector.held.seen = &a->scene.second_to_shop;
}

static void held_up_the_line(struct ask *a)
{
    a->vector.held.seen = &a->scene.to_bob;
}

static void conflict(struct ask *a)
{
    struct scene *s = &a->scene;
    a->paid = world_payment_value(&s->world, &s->first, &s->shop, 10000, NULL);
    a->vector.held.paid = &a->paid;
}

static void same_payment_held(struct ask *a)
{
    a->paid = scene_payment(&a->scene, SCENE_A_TO_B);
    a->vector.held.paid = &a->paid;
}

static const struct row {
    const char *name, *why;
    void (*change)(struct ask *a);
    enum vector_role role;
    enum status verdict;
} rows[] = {
    {"accept-ok", "50.00 with two coins, for a request of 50.00", nothing, VECTOR_PAYEE, STATUS_OK},
    {"accept-vault-ok", "a bank's vault pays", from_vault, VECTOR_PAYEE, STATUS_OK},
    {"accept-duplicate", "its receipt was given before", duplicate, VECTOR_PAYEE, STATUS_DUPLICATE},
    {"accept-not-duplicate", "another packet for a request that is answered", other_duplicate,
     VECTOR_PAYEE, STATUS_REQUEST_UNKNOWN},
    {"accept-certificate-expired", "the payer's certificate ended yesterday", expired, VECTOR_PAYEE,
     STATUS_CERTIFICATE_DATE},
    {"accept-certificate-early", "the payer's certificate begins tomorrow", not_yet, VECTOR_PAYEE,
     STATUS_CERTIFICATE_DATE},
    {"accept-ancestor-expired-ok", "an ancestor's certificate ended yesterday", ancestor_expired,
     VECTOR_PAYEE, STATUS_OK},
    {"accept-bank-expired", "a vault pays whose bank's certificate ended yesterday", bank_expired,
     VECTOR_PAYEE, STATUS_CERTIFICATE_DATE},
    {"accept-payer-revoked", "the payer's key is on the list", payer_revoked, VECTOR_PAYEE,
     STATUS_REVOKED},
    {"accept-ancestor-revoked", "a signer up the line is on the list", ancestor_revoked,
     VECTOR_PAYEE, STATUS_REVOKED},
    {"accept-bank-revoked", "a bank that certified a signer is on the list", bank_revoked,
     VECTOR_PAYEE, STATUS_REVOKED},
    {"accept-vaults-bank-revoked", "a vault pays whose bank is on the list", vaults_bank_revoked,
     VECTOR_PAYEE, STATUS_REVOKED},
    {"accept-issuer-revoked", "the issuing key is on the list", issuer_revoked, VECTOR_PAYEE,
     STATUS_REVOKED},
    {"accept-payee-revoked-ok", "only the payee's key is on the list", payee_revoked, VECTOR_PAYEE,
     STATUS_OK},
    {"accept-5-hops-ok", "as many hops as may be", five_hops, VECTOR_PAYEE, STATUS_OK},
    {"accept-6-hops", "one hop too many", six_hops, VECTOR_PAYEE, STATUS_HOPS},
    {"accept-request-hops", "more hops than the request allows", request_hops, VECTOR_PAYEE,
     STATUS_HOPS},
    {"accept-depth-16-ok", "as deep as may be", depth_16, VECTOR_PAYEE, STATUS_OK},
    {"accept-depth-17", "one payment too deep", depth_17, VECTOR_PAYEE, STATUS_DEPTH},
    {"accept-offline-limit", "above the policy's limit offline", offline_limit, VECTOR_PAYEE,
     STATUS_PAYMENT_LIMIT},
    {"accept-online-ok", "the same, online", online, VECTOR_PAYEE, STATUS_OK},
    {"accept-tier-limit", "above the limit of the payer's certificate, online", tier_limit,
     VECTOR_PAYEE, STATUS_PAYMENT_LIMIT},
    {"accept-last-day-ok", "on the spend-by day", last_day, VECTOR_PAYEE, STATUS_OK},
    {"accept-spend-by", "the day after the spend-by day", past_spend_by, VECTOR_PAYEE,
     STATUS_SPEND_BY},
    {"accept-directory-date", "the payee's directory is out of date", old_directory, VECTOR_PAYEE,
     STATUS_DIRECTORY_DATE},
    {"accept-clock", "the payee's clock is slow", slow_clock, VECTOR_PAYEE, STATUS_CLOCK},
    {"accept-restored", "the payee was restored from a backup", restored, VECTOR_PAYEE,
     STATUS_RESTORED},
    {"accept-no-request", "the payee asked for nothing", no_request, VECTOR_PAYEE,
     STATUS_REQUEST_UNKNOWN},
    {"accept-other-request", "it answers another request", other_request, VECTOR_PAYEE,
     STATUS_REQUEST_UNKNOWN},
    {"accept-no-reference", "one of two coins names no request", no_reference, VECTOR_PAYEE,
     STATUS_REQUEST_UNKNOWN},
    {"accept-after-expiry-ok", "the request's expiry does not stop the payee", after_expiry,
     VECTOR_PAYEE, STATUS_OK},
    {"accept-amount", "one fen less than was asked for", other_amount, VECTOR_PAYEE,
     STATUS_REQUEST_AMOUNT},
    {"accept-leaf-elsewhere", "the sum is right, but one coin pays somebody else", leaf_elsewhere,
     VECTOR_PAYEE, STATUS_REQUEST_AMOUNT},
    {"accept-coins", "more coins than the request allows", request_coins, VECTOR_PAYEE,
     STATUS_LIMIT},
    {"accept-seen", "one of the coins was the payee's before", seen, VECTOR_PAYEE, STATUS_SEEN},
    {"accept-held-up-the-line-ok", "the payee held a coin up the line before", held_up_the_line,
     VECTOR_PAYEE, STATUS_OK},
    {"accept-conflict", "the payee holds another payment of the first coin", conflict, VECTOR_PAYEE,
     STATUS_CONFLICT},
    {"accept-same-payment-held-ok", "the payee holds this very payment", same_payment_held,
     VECTOR_PAYEE, STATUS_OK},
    {"payer-ok", "a payer before it signs", nothing, VECTOR_PAYER, STATUS_OK},
    {"payer-after-expiry", "the request's expiry stops the payer", after_expiry, VECTOR_PAYER,
     STATUS_REQUEST_UNKNOWN},
    {"payer-slow-clock-ok", "the payee's clock is not the payer's business", slow_clock,
     VECTOR_PAYER, STATUS_OK},
    {"payer-6-hops", "the payer asks what the payee will ask", six_hops, VECTOR_PAYER, STATUS_HOPS},
};

static void write_case(const struct row *row)
{
    static struct ask a; /* large */
    memset(&a, 0, sizeof a);
    scene_open(&a.scene);
    a.vector = (struct vector){.name = row->name,
                               .why = row->why,
                               .kind = KIND_PACKET,
                               .role = row->role,
                               .verdict = row->verdict,
                               .now = WORLD_NOW,
                               .root_key = &a.scene.world.root.public_key,
                               .directory = &a.scene.world.directory_cose,
                               .held.request = &a.scene.request.cose};
    row->change(&a);
    if (a.scene.world.revocations.version > 0)
        a.vector.revocations = &a.scene.world.revocations_cose;
    a.vector.bytes = world_packet_bytes(&a.scene.world, &a.scene.packet);
    vector_write(&a.scene.world, &a.vector);
    scene_close(&a.scene);
}

void accept_vectors(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        write_case(&rows[i]);
}
