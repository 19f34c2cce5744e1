/* ECDSA with nonces from a table (contract in signer.h): s = (hash + r d) / k modulo the order. */
#include "tests/simulation/signer.h"

#include <openssl/bn.h>
#include <string.h>

enum { SCALAR_SIZE = 32 };

struct nonce_row {
    BIGNUM *r, *k_inverse;
};
static struct {
    BIGNUM *order, *s, *scalar;
    BN_CTX *context;
    struct nonce_row rows[SIGNER_NONCES];
    size_t made; /* signatures */
} signer;

static const char signer_order[] =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static void make_nonce(struct nonce_row *row, size_t number)
{
    const struct span parts[] = {span_text("dcep simulation nonce"),
                                 span_of(&number, sizeof number)};
    struct id scalar;
    struct key_pair pair = {.device = NULL};
    CHECK(crypto_libcrypto.sha256(&scalar, parts, 2) == ERR_OK);
    CHECK(crypto_libcrypto.key_load(&pair, scalar.bytes) == ERR_OK); /* its point's x is r */
    row->r = BN_bin2bn(pair.public_key.bytes + 1, SCALAR_SIZE, NULL);
    row->k_inverse = BN_bin2bn(scalar.bytes, SCALAR_SIZE, NULL);
    CHECK(row->r != NULL && row->k_inverse != NULL);
    CHECK(BN_nnmod(row->r, row->r, signer.order, signer.context) == 1);
    CHECK(BN_mod_inverse(row->k_inverse, row->k_inverse, signer.order, signer.context) != NULL);
}

void signer_open(void)
{
    signer.made = 0;
    if (signer.context != NULL)
        return;
    signer.context = BN_CTX_new();
    signer.s = BN_new();
    signer.scalar = BN_new();
    CHECK(signer.context != NULL && signer.s != NULL && signer.scalar != NULL);
    CHECK(BN_hex2bn(&signer.order, signer_order) == sizeof signer_order - 1);
    for (size_t i = 0; i < SIGNER_NONCES; i++)
        make_nonce(&signer.rows[i], i);
}

static void compute(struct signature *out, const struct nonce_row *row,
                    const uint8_t scalar[SCALAR_SIZE], const struct id *hash)
{
    BIGNUM *s = signer.s, *d = signer.scalar;
    BN_CTX *context = signer.context;
    CHECK(BN_bin2bn(scalar, SCALAR_SIZE, d) != NULL);
    CHECK(BN_bin2bn(hash->bytes, sizeof hash->bytes, s) != NULL);
    CHECK(BN_mod_mul(d, d, row->r, signer.order, context) == 1);
    CHECK(BN_mod_add(s, s, d, signer.order, context) == 1);
    CHECK(BN_mod_mul(s, s, row->k_inverse, signer.order, context) == 1);
    CHECK(!BN_is_zero(s));
    CHECK(BN_bn2binpad(row->r, out->bytes, SCALAR_SIZE) == SCALAR_SIZE);
    CHECK(BN_bn2binpad(s, out->bytes + SCALAR_SIZE, SCALAR_SIZE) == SCALAR_SIZE);
}

enum err signer_sign(struct signature *out, const struct key_pair *pair, struct span message)
{
    static const uint8_t none[SCALAR_SIZE];
    struct id hash;
    const size_t number = signer.made++;
    if (memcmp(pair->private_scalar, none, sizeof none) == 0)
        return ERR_RANGE;
    TRY(crypto_libcrypto.sha256(&hash, &message, 1));
    compute(out, &signer.rows[number % SIGNER_NONCES], pair->private_scalar, &hash);
    if (number % (SIGNER_NONCES + 1) == 0) /* each nonce has its turn */
        CHECK(crypto_libcrypto.verify(&pair->public_key, message, out) == ERR_OK);
    return ERR_OK;
}
