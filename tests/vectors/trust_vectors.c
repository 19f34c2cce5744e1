/* Records that are judged under a root key or a directory: directories, revocation lists,
 * certificates, requests, the register's signed word. */
#include "tests/vectors/vector.h"

#include "common/money/merkle.h"

#include <string.h>

static void write_under(struct scene *s, struct vector *vector, const struct cose *cose)
{
    vector->bytes = world_bytes(&s->world, cose);
    vector->root_key = &s->world.root.public_key;
    if (vector->kind != KIND_DIRECTORY)
        vector->directory = &s->world.directory_cose;
    vector_write(&s->world, vector);
}

/* --- directories --- */

static void write_directory(struct scene *s, const char *name, const char *why,
                            const struct cose *cose, enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_DIRECTORY,
                            .signer = &s->world.root.public_key,
                            .verdict = verdict};
    write_under(s, &vector, cose);
}

static struct cose sign_directory(struct scene *s, const struct directory *directory)
{
    return world_sign(&s->world, KIND_DIRECTORY, directory, &s->world.root);
}

static void write_directories(struct scene *s)
{
    struct directory directory = s->world.directory;
    struct signed_item *banks = directory.bank_certificates.items, first = banks[0];
    struct cose cose = s->world.directory_cose;
    write_directory(s, "directory-ok", "two banks, four tiers", &cose, STATUS_OK);
    cose = world_sign(&s->world, KIND_DIRECTORY, &directory, &s->world.issuing);
    write_directory(s, "directory-signature", "signed by the issuing key", &cose, STATUS_SIGNATURE);
    banks[0] = banks[1];
    cose = sign_directory(s, &directory);
    write_directory(s, "directory-bank-twice", "bank ids do not ascend", &cose, STATUS_CANONICAL);
    banks[0].record = world_sign(&s->world, KIND_BANK_CERTIFICATE, &s->world.banks[0].certificate,
                                 &s->world.banks[0].bank_key);
    cose = sign_directory(s, &directory);
    write_directory(s, "directory-bank-signature", "a bank certified itself", &cose,
                    STATUS_SIGNATURE);
    banks[0] = first;
    directory.register_key = s->world.banks[1].vault_key.public_key;
    cose = sign_directory(s, &directory);
    write_directory(s, "directory-key-twice", "the register's key is a bank's vault key", &cose,
                    STATUS_RANGE);
    directory.register_key.bytes[0] = 0;
    cose = sign_directory(s, &directory);
    write_directory(s, "directory-point", "the register's key begins with 00", &cose, STATUS_POINT);
    directory = s->world.directory;
    directory.version = 2;
    directory.bank_certificates.count = 0;
    cose = sign_directory(s, &directory);
    write_directory(s, "directory-no-banks-ok", "a second version, before any bank enrolled", &cose,
                    STATUS_OK);
}

/* --- revocation lists --- */

static void write_list(struct scene *s, const char *name, const char *why, const uint8_t *firsts,
                       size_t count, uint64_t held_version, const struct key_pair *pair,
                       enum status verdict)
{
    struct revocation entries[4] = {0};
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct revocation){.reason = 1, .since_day = WORLD_TODAY, .until_day = 30000};
        entries[i].key_id.bytes[0] = firsts[i];
    }
    struct revocations list = {
        .version = 3, .entries = {entries, count}, .made_at = WORLD_NOW - 600};
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_REVOCATIONS,
                            .signer = &s->world.revocation.public_key,
                            .held.revocations_version = held_version,
                            .verdict = verdict};
    struct cose cose = world_sign(&s->world, KIND_REVOCATIONS, &list, pair);
    write_under(s, &vector, &cose);
}

static void write_lists(struct scene *s)
{
    const uint8_t rising[] = {1, 2, 200}, falling[] = {1, 200, 2}, twice[] = {1, 1};
    const struct key_pair *right = &s->world.revocation;
    write_list(s, "revocations-ok", "three keys", rising, 3, 0, right, STATUS_OK);
    write_list(s, "revocations-empty-ok", "an empty list", rising, 0, 0, right, STATUS_OK);
    write_list(s, "revocations-same-version-ok", "the version that is held already", rising, 3, 3,
               right, STATUS_OK);
    write_list(s, "revocations-older", "a newer list is held", rising, 3, 4, right, STATUS_VERSION);
    write_list(s, "revocations-order", "key ids do not ascend", falling, 3, 0, right,
               STATUS_CANONICAL);
    write_list(s, "revocations-twice", "one key twice", twice, 2, 0, right, STATUS_CANONICAL);
    write_list(s, "revocations-signature", "signed by the root key", rising, 3, 0, &s->world.root,
               STATUS_SIGNATURE);
}

/* --- certificates --- */

static void write_certificate(struct scene *s, const char *name, const char *why,
                              const struct wallet_certificate *certificate,
                              const struct key_pair *pair, enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_WALLET_CERTIFICATE,
                            .signer = &s->world.banks[0].bank_key.public_key,
                            .verdict = verdict};
    struct cose cose = world_sign(&s->world, KIND_WALLET_CERTIFICATE, certificate, pair);
    write_under(s, &vector, &cose);
}

static void write_certificates(struct scene *s)
{
    struct wallet_certificate certificate = s->alice.certificate;
    const struct key_pair *bank_a = &s->world.banks[0].bank_key;
    write_certificate(s, "certificate-ok", "of a wallet of bank 1", &certificate, bank_a,
                      STATUS_OK);
    write_certificate(s, "certificate-of-another-bank", "it names bank 1, bank 2 signed it",
                      &certificate, &s->world.banks[1].bank_key, STATUS_CERTIFICATE);
    write_certificate(s, "certificate-by-vault-key", "signed by the bank's other key", &certificate,
                      &s->world.banks[0].vault_key, STATUS_CERTIFICATE);
    certificate.has_label = true;
    certificate.label = span_text("茶馆");
    write_certificate(s, "certificate-label-ok", "of a merchant", &certificate, bank_a, STATUS_OK);
    certificate.bank_id = 9;
    write_certificate(s, "certificate-of-no-bank", "the directory has no bank 9", &certificate,
                      bank_a, STATUS_CERTIFICATE);
    certificate.wallet_key.bytes[0] = 4;
    write_certificate(s, "certificate-point", "the wallet's key begins with 04", &certificate,
                      bank_a, STATUS_POINT);
}

/* --- requests --- */

static void write_request(struct scene *s, const char *name, const char *why,
                          const struct cose *cose, const struct public_key *payee,
                          const struct cose *certificate, enum status verdict)
{
    struct vector vector = {.name = name,
                            .why = why,
                            .kind = KIND_REQUEST,
                            .signer = payee,
                            .certificate = certificate,
                            .verdict = verdict};
    write_under(s, &vector, cose);
}

static void write_requests(struct scene *s)
{
    const struct public_key *shop = &s->shop.pair.public_key;
    const struct cose *certificate = &s->shop.certificate_cose;
    struct cose good = s->request.cose, bad = good;
    write_request(s, "request-ok", "50.00 for tea", &good, shop, certificate, STATUS_OK);
    write_request(s, "request-without-certificate", "the payee is no bank's vault", &good, shop,
                  NULL, STATUS_CERTIFICATE);
    write_request(s, "request-with-anothers-certificate", "Bob's", &good, shop,
                  &s->bob.certificate_cose, STATUS_CERTIFICATE);
    bad.signature.bytes[0] ^= 0x80;
    write_request(s, "request-signature", "the first bit of the signature is another", &bad, shop,
                  certificate, STATUS_SIGNATURE);
    struct world_request of_vault;
    world_request(&of_vault, &s->world, &s->vault_a, 100000);
    write_request(s, "request-vault-ok", "a deposit: the payee is a vault key", &of_vault.cose,
                  &s->vault_a.pair.public_key, NULL, STATUS_OK);
}

/* A memo is text(0..140): longer and broken ones, spelled by hand. */
static void write_memo(struct scene *s, const char *name, const char *why, struct span memo,
                       enum status verdict)
{
    struct buffer out = {0};
    raw_head(&out, RAW_ARRAY, 11);
    raw_head(&out, RAW_UINT, 1);
    raw_bytes(&out, SPAN(s->shop.pair.public_key));
    raw_head(&out, RAW_UINT, 100);
    raw_bytes(&out, SPAN(s->request.request.nonce));
    raw_head(&out, RAW_UINT, WORLD_NOW);
    raw_head(&out, RAW_UINT, WORLD_NOW + 600);
    raw_head(&out, RAW_TEXT, memo.size);
    CHECK(buffer_put(&out, memo) == ERR_OK);
    for (uint64_t i = 1; i <= 4; i++)
        raw_head(&out, RAW_UINT, i);
    struct cose cose = raw_sign(&s->world, KIND_REQUEST, raw_keep(&s->world, &out), &s->shop.pair);
    write_request(s, name, why, &cose, &s->shop.pair.public_key, &s->shop.certificate_cose,
                  verdict);
}

static void write_memos(struct scene *s)
{
    char letters[MEMO_SIZE_MAX + 2];
    memset(letters, 'a', sizeof letters);
    write_memo(s, "request-memo-140-ok", "the longest memo", span_of(letters, MEMO_SIZE_MAX),
               STATUS_OK);
    write_memo(s, "request-memo-141", "a memo that is too long",
               span_of(letters, MEMO_SIZE_MAX + 1), STATUS_LIMIT);
    write_memo(s, "request-memo-overlong", "an overlong form of UTF-8", span_text("\xc0\xaf"),
               STATUS_PARSE);
    write_memo(s, "request-memo-surrogate", "a surrogate in UTF-8", span_text("\xed\xa0\x80"),
               STATUS_PARSE);
    write_memo(s, "request-memo-chinese-ok", "a memo in Chinese", span_text("一壶龙井"), STATUS_OK);
}

/* --- the register's signed word --- */

enum { WORD_LEAVES = 7, WORD_INDEX = 4 };

static void write_placed(struct scene *s, struct vector *vector, const struct placed_leaf *placed,
                         const struct settled *settled, const struct key_pair *pair)
{
    struct buffer encoded = {0};
    CHECK(placed_leaf_encode(&encoded, placed) == ERR_OK);
    vector->kind = KIND_SETTLED;
    vector->signer = &s->world.register_key.public_key;
    vector->placed_leaf = raw_keep(&s->world, &encoded);
    struct cose cose = world_sign(&s->world, KIND_SETTLED, settled, pair);
    write_under(s, vector, &cose);
}

static void write_word(struct scene *s, const char *name, const char *why, uint64_t index,
                       uint64_t count, const struct key_pair *pair, enum status verdict)
{
    struct id hashes[WORD_LEAVES], path[PATH_MAX_HASHES];
    struct leaf leaves[WORD_LEAVES];
    struct id_item items[PATH_MAX_HASHES];
    for (size_t i = 0; i < WORD_LEAVES; i++) {
        leaves[i] = (struct leaf){.outcome = 1 + i};
        leaves[i].coin_id.bytes[0] = (uint8_t)i;
        leaves[i].payment_id.bytes[31] = (uint8_t)i;
        CHECK(merkle_leaf_hash(&hashes[i], &leaves[i]) == ERR_OK);
    }
    struct placed_leaf placed = {.leaf = leaves[WORD_INDEX], .index = index};
    placed.path.count = merkle_path(path, hashes, WORD_LEAVES, WORD_INDEX);
    placed.path.items = items;
    for (size_t i = 0; i < placed.path.count; i++)
        items[i].id = path[i];
    struct settled settled = {
        .merkle_root = merkle_root(hashes, WORD_LEAVES), .count = count, .made_at = WORLD_NOW};
    struct vector vector = {.name = name, .why = why, .verdict = verdict};
    write_placed(s, &vector, &placed, &settled, pair);
}

/* The word on a packet of one payment, whose line has left the register. */
static void write_archived(struct scene *s)
{
    const struct placed_leaf placed = {
        .leaf = {.coin_id.bytes = {1}, .payment_id.bytes = {2}, .outcome = OUTCOME_ARCHIVED}};
    struct settled settled = {.count = 1, .made_at = WORLD_NOW};
    struct vector vector = {.name = "settled-archived-ok",
                            .why = "a tree of one leaf, which says that the line is archived",
                            .verdict = STATUS_OK};
    CHECK(merkle_leaf_hash(&settled.merkle_root, &placed.leaf) == ERR_OK);
    write_placed(s, &vector, &placed, &settled, &s->world.register_key);
}

static void write_words(struct scene *s)
{
    const struct key_pair *right = &s->world.register_key;
    write_word(s, "settled-ok", "leaf 4 of 7 and its path", WORD_INDEX, WORD_LEAVES, right,
               STATUS_OK);
    write_word(s, "settled-other-place", "the path of another leaf", WORD_INDEX + 1, WORD_LEAVES,
               right, STATUS_SIGNATURE);
    write_word(s, "settled-other-count", "the path of a smaller tree", WORD_INDEX, WORD_LEAVES + 2,
               right, STATUS_SIGNATURE);
    write_word(s, "settled-by-a-bank", "signed by a bank's key", WORD_INDEX, WORD_LEAVES,
               &s->world.banks[0].bank_key, STATUS_SIGNATURE);
    write_archived(s);
}

void trust_vectors(void)
{
    struct scene s AUTO(scene_close);
    scene_open(&s);
    write_directories(&s);
    write_lists(&s);
    write_certificates(&s);
    write_requests(&s);
    write_memos(&s);
    write_words(&s);
}
