/* Verification over mbedTLS's points (contract in crypto_mbedtls_verify.h).
 *
 * 1. A verdict is r = x(u1 G + u2 Q) mod n. PSA gives the same, but loads the curve each time, and
 *    up to 2.28 makes the table of multiples of G anew for each signature. Here the curve stays,
 *    and its table with it.
 * 2. Up to 2.28 a group may be given another generator, and this curve's order is prime: each of
 *    its points generates it. So a key that is remembered is a group whose generator is that key,
 *    and mbedTLS keeps the table of its multiples as it does for G. From 3.0 on G's table is built
 *    in and a group is closed: there, a key's table is made each time.
 * 3. All numbers here are public, and nothing needs blinding. mbedTLS blinds all the same, from a
 *    generator that it seeds for each multiplication if it is not given random numbers.
 *
 * Never: a private key; sums or multiples of points that are not the library's.
 * docs/adr/0046-tables-that-stay.md
 */
#include "common/crypto/crypto_mbedtls_verify.h"

#if __has_include(<mbedtls/build_info.h>)
#include <mbedtls/build_info.h> /* 3.x */
#else
#include <mbedtls/version.h> /* 2.28 */
#endif
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>

#include <pthread.h>
#include <string.h>

enum {
    COORDINATE_SIZE = 32,
    POINT_SIZE = 1 + 2 * COORDINATE_SIZE,
    POINT_UNCOMPRESSED = 0x04,
    KNOWN_MAX = CRYPTO_MBEDTLS_KNOWN_MAX,
    BATCH_MAX = CRYPTO_MBEDTLS_BATCH_MAX,
};

struct known {
    struct public_key key;
    mbedtls_ecp_point point;
    mbedtls_ecp_group group; /* the curve, with point as its generator; empty from 3.0 on */
    uint64_t used;           /* the time of the last use, counted in uses; 0: nothing is here */
};

/* ---- the curve: what stays, under one mutex ---- */

static pthread_mutex_t curve_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool is_ready;
    mbedtls_ecp_group group;
    mbedtls_mpi one, root_exponent;
    struct known known[KNOWN_MAX];
    uint64_t uses;
} curve;

/* What mbedTLS's functions return, as ours do. */
static enum err done(int failed)
{
    if (failed == 0)
        return ERR_OK;
    if (failed == MBEDTLS_ERR_MPI_ALLOC_FAILED || failed == MBEDTLS_ERR_ECP_ALLOC_FAILED)
        return ERR_MEMORY;
    return ERR_CRYPTO;
}

static enum err curve_load(void)
{
    mbedtls_ecp_group_init(&curve.group);
    mbedtls_mpi_init(&curve.one);
    mbedtls_mpi_init(&curve.root_exponent);
    TRY(done(mbedtls_ecp_group_load(&curve.group, MBEDTLS_ECP_DP_SECP256R1)));
    TRY(done(mbedtls_mpi_lset(&curve.one, 1)));
    /* p = 3 mod 4: a square's (p+1)/4-th power is its root. */
    TRY(done(mbedtls_mpi_add_int(&curve.root_exponent, &curve.group.P, 1)));
    TRY(done(mbedtls_mpi_shift_r(&curve.root_exponent, 2)));
    curve.is_ready = true;
    return ERR_OK;
}

static void curve_close(const bool *is_open)
{
    if (*is_open)
        CHECK(pthread_mutex_unlock(&curve_mutex) == 0);
}

static enum err curve_open(bool *is_open)
{
    CHECK(pthread_mutex_lock(&curve_mutex) == 0);
    *is_open = true;
    return curve.is_ready ? ERR_OK : curve_load();
}

/* ---- y of a compressed key: mbedTLS 2.28 reads whole points only ---- */

struct coordinates {
    mbedtls_mpi x, y, y_squared, t;
};

static void coordinates_fini(struct coordinates *c)
{
    mbedtls_mpi_free(&c->x);
    mbedtls_mpi_free(&c->y);
    mbedtls_mpi_free(&c->y_squared);
    mbedtls_mpi_free(&c->t);
}

static void coordinates_init(struct coordinates *out)
{
    mbedtls_mpi_init(&out->x);
    mbedtls_mpi_init(&out->y);
    mbedtls_mpi_init(&out->y_squared);
    mbedtls_mpi_init(&out->t);
}

/* y_squared = x^3 - 3x + b mod p = (x^2 - 3) x + b mod p */
static enum err curve_equation(struct coordinates *c)
{
    TRY(done(mbedtls_mpi_mul_mpi(&c->t, &c->x, &c->x)));
    TRY(done(mbedtls_mpi_sub_int(&c->t, &c->t, 3)));
    TRY(done(mbedtls_mpi_mul_mpi(&c->t, &c->t, &c->x)));
    TRY(done(mbedtls_mpi_add_mpi(&c->t, &c->t, &curve.group.B)));
    return done(mbedtls_mpi_mod_mpi(&c->y_squared, &c->t, &curve.group.P));
}

/* y, of which y_squared is the square; ERR_POINT if it is none: no point has this x. */
static enum err curve_root(struct coordinates *c)
{
    TRY(done(
        mbedtls_mpi_exp_mod(&c->y, &c->y_squared, &curve.root_exponent, &curve.group.P, NULL)));
    TRY(done(mbedtls_mpi_mul_mpi(&c->t, &c->y, &c->y)));
    TRY(done(mbedtls_mpi_mod_mpi(&c->t, &c->t, &curve.group.P)));
    return mbedtls_mpi_cmp_mpi(&c->t, &c->y_squared) == 0 ? ERR_OK : ERR_POINT;
}

static enum err key_uncompress(uint8_t point[POINT_SIZE], const struct public_key *key)
{
    struct coordinates c AUTO(coordinates_fini);
    const uint8_t prefix = key->bytes[0];

    coordinates_init(&c);
    if (prefix != 0x02 && prefix != 0x03)
        return ERR_POINT;
    TRY(done(mbedtls_mpi_read_binary(&c.x, key->bytes + 1, COORDINATE_SIZE)));
    if (mbedtls_mpi_cmp_mpi(&c.x, &curve.group.P) >= 0)
        return ERR_POINT;
    TRY(curve_equation(&c));
    TRY(curve_root(&c));
    /* y = 0 cannot be: the group has odd order, so no point of order two. */
    if (mbedtls_mpi_get_bit(&c.y, 0) != (prefix & 1))
        TRY(done(mbedtls_mpi_sub_mpi(&c.y, &curve.group.P, &c.y)));
    point[0] = POINT_UNCOMPRESSED;
    memcpy(point + 1, key->bytes + 1, COORDINATE_SIZE);
    return done(mbedtls_mpi_write_binary(&c.y, point + 1 + COORDINATE_SIZE, COORDINATE_SIZE));
}

/* ---- keys that are remembered ---- */

#if MBEDTLS_VERSION_NUMBER < 0x03000000
static enum err known_make_group(struct known *known)
{
    mbedtls_ecp_group *group = &known->group;

    group->id = curve.group.id; /* A stays empty, which means p - 3, as in the curve */
    group->pbits = curve.group.pbits;
    group->nbits = curve.group.nbits;
    group->modp = curve.group.modp;
    TRY(done(mbedtls_mpi_copy(&group->P, &curve.group.P)));
    TRY(done(mbedtls_mpi_copy(&group->B, &curve.group.B)));
    TRY(done(mbedtls_mpi_copy(&group->N, &curve.group.N)));
    return done(mbedtls_ecp_copy(&group->G, &known->point));
}

static mbedtls_ecp_group *known_group(struct known *known)
{
    return &known->group;
}
#else
static enum err known_make_group(const struct known *known)
{
    (void)known;
    return ERR_OK;
}

static mbedtls_ecp_group *known_group(const struct known *known)
{
    (void)known;
    return &curve.group;
}
#endif

static enum err known_fill(struct known *known, const struct public_key *key)
{
    uint8_t point[POINT_SIZE];

    TRY(key_uncompress(point, key));
    known->used = 0;
    mbedtls_ecp_group_free(&known->group);
    mbedtls_ecp_group_init(&known->group);
    mbedtls_ecp_point_free(&known->point);
    mbedtls_ecp_point_init(&known->point);
    TRY(done(mbedtls_ecp_point_read_binary(&curve.group, &known->point, point, sizeof point)));
    TRY(known_make_group(known));
    known->key = *key;
    return ERR_OK;
}

/* The key, remembered from now on in place of the one that was not used for longest. */
static enum err known_find(struct known **out, const struct public_key *key)
{
    struct known *oldest = &curve.known[0];

    for (struct known *known = curve.known; known < curve.known + KNOWN_MAX; known++) {
        if (known->used != 0 && key_equal(&known->key, key)) {
            known->used = ++curve.uses;
            *out = known;
            return ERR_OK;
        }
        if (known->used < oldest->used)
            oldest = known;
    }
    TRY(known_fill(oldest, key));
    oldest->used = ++curve.uses;
    *out = oldest;
    return ERR_OK;
}

enum err crypto_mbedtls_key_check(const struct public_key *key)
{
    bool is_open AUTO(curve_close) = false;
    struct known *known;

    TRY(curve_open(&is_open));
    return known_find(&known, key);
}

/* ---- verdicts ---- */

struct batch {
    struct crypto_check *checks[BATCH_MAX];
    const struct id *hashes[BATCH_MAX];
    size_t count;
    mbedtls_mpi s[BATCH_MAX], product[BATCH_MAX]; /* product[i] = s[0] ... s[i] mod n */
    mbedtls_mpi inverse;                          /* of product[count - 1], then of fewer */
    mbedtls_mpi r, u1, u2, t;
    mbedtls_ecp_point of_g, of_q;
};

static void batch_init(struct batch *out)
{
    out->count = 0;
    for (size_t index = 0; index < BATCH_MAX; index++) {
        mbedtls_mpi_init(&out->s[index]);
        mbedtls_mpi_init(&out->product[index]);
    }
    mbedtls_mpi_init(&out->inverse);
    mbedtls_mpi_init(&out->r);
    mbedtls_mpi_init(&out->u1);
    mbedtls_mpi_init(&out->u2);
    mbedtls_mpi_init(&out->t);
    mbedtls_ecp_point_init(&out->of_g);
    mbedtls_ecp_point_init(&out->of_q);
}

static void batch_fini(struct batch *batch)
{
    for (size_t index = 0; index < BATCH_MAX; index++) {
        mbedtls_mpi_free(&batch->s[index]);
        mbedtls_mpi_free(&batch->product[index]);
    }
    mbedtls_mpi_free(&batch->inverse);
    mbedtls_mpi_free(&batch->r);
    mbedtls_mpi_free(&batch->u1);
    mbedtls_mpi_free(&batch->u2);
    mbedtls_mpi_free(&batch->t);
    mbedtls_ecp_point_free(&batch->of_g);
    mbedtls_ecp_point_free(&batch->of_q);
}

/* out = a b mod n */
static enum err times(mbedtls_mpi *out, const mbedtls_mpi *a, const mbedtls_mpi *b)
{
    TRY(done(mbedtls_mpi_mul_mpi(out, a, b)));
    return done(mbedtls_mpi_mod_mpi(out, out, &curve.group.N));
}

static bool in_range(const mbedtls_mpi *number)
{
    return mbedtls_mpi_cmp_int(number, 0) > 0 && mbedtls_mpi_cmp_mpi(number, &curve.group.N) < 0;
}

/* A signature with r or s out of range, or by what is no point, is refused here. */
static enum err batch_add(struct batch *batch, struct crypto_check *check, const struct id *hash)
{
    const size_t index = batch->count;
    mbedtls_mpi *s = &batch->s[index];

    check->valid = false;
    check->commitment = (struct commitment){{0}};
    TRY(done(mbedtls_mpi_read_binary(&batch->r, check->signature.bytes, COORDINATE_SIZE)));
    TRY(done(
        mbedtls_mpi_read_binary(s, check->signature.bytes + COORDINATE_SIZE, COORDINATE_SIZE)));
    if (!in_range(&batch->r) || !in_range(s))
        return ERR_OK;
    if (index == 0)
        TRY(done(mbedtls_mpi_copy(&batch->product[0], s)));
    else
        TRY(times(&batch->product[index], &batch->product[index - 1], s));
    batch->checks[index] = check;
    batch->hashes[index] = hash;
    batch->count++;
    return ERR_OK;
}

static int random_numbers(void *context, unsigned char *out, size_t size)
{
    (void)context;
    crypto_random(out, size);
    return 0;
}

/* of_g = u1 G + u2 Q. u2 is never 0, since r is not; u1 is, for a hash that nobody can find. */
static enum err batch_sum(struct batch *batch, struct known *known)
{
    TRY(done(mbedtls_ecp_mul(known_group(known), &batch->of_q, &batch->u2, &known->point,
                             random_numbers, NULL)));
    if (mbedtls_mpi_cmp_int(&batch->u1, 0) == 0)
        return done(mbedtls_ecp_copy(&batch->of_g, &batch->of_q));
    TRY(done(mbedtls_ecp_mul(&curve.group, &batch->of_g, &batch->u1, &curve.group.G, random_numbers,
                             NULL)));
    return done(mbedtls_ecp_muladd(&curve.group, &batch->of_g, &curve.one, &batch->of_g, &curve.one,
                                   &batch->of_q));
}

/* Is r = x(of_g) mod n? At infinity there is no x. */
static enum err batch_compare(struct crypto_check *check, struct batch *batch)
{
    uint8_t point[POINT_SIZE];
    size_t size = 0;

    if (mbedtls_ecp_is_zero(&batch->of_g))
        return ERR_OK;
    TRY(done(mbedtls_ecp_point_write_binary(&curve.group, &batch->of_g, MBEDTLS_ECP_PF_UNCOMPRESSED,
                                            &size, point, sizeof point)));
    TRY(done(mbedtls_mpi_read_binary(&batch->t, point + 1, COORDINATE_SIZE)));
    TRY(done(mbedtls_mpi_mod_mpi(&batch->t, &batch->t, &curve.group.N)));
    check->valid = mbedtls_mpi_cmp_mpi(&batch->t, &batch->r) == 0;
    if (check->valid)
        memcpy(check->commitment.bytes, point + 1 + COORDINATE_SIZE, COMMITMENT_SIZE);
    return ERR_OK;
}

/* t = 1 / s[index], and inverse is that of product[index - 1] after it. */
static enum err batch_divide(struct batch *batch, size_t index)
{
    if (index == 0)
        return done(mbedtls_mpi_copy(&batch->t, &batch->inverse));
    TRY(times(&batch->t, &batch->inverse, &batch->product[index - 1]));
    return times(&batch->inverse, &batch->inverse, &batch->s[index]);
}

static enum err batch_judge(struct batch *batch, size_t index)
{
    struct crypto_check *check = batch->checks[index];
    struct known *known;
    enum err error;

    TRY(batch_divide(batch, index));
    TRY(done(mbedtls_mpi_read_binary(&batch->r, check->signature.bytes, COORDINATE_SIZE)));
    TRY(times(&batch->u2, &batch->r, &batch->t));
    TRY(done(mbedtls_mpi_read_binary(&batch->u1, batch->hashes[index]->bytes, ID_SIZE)));
    TRY(times(&batch->u1, &batch->u1, &batch->t));
    error = known_find(&known, &check->key);
    if (error == ERR_POINT)
        return ERR_OK; /* valid stays false */
    TRY(error);
    TRY(batch_sum(batch, known));
    return batch_compare(check, batch);
}

enum err crypto_mbedtls_verify(struct crypto_check *checks, const struct id *hashes, size_t count)
{
    bool is_open AUTO(curve_close) = false;
    struct batch batch AUTO(batch_fini);

    batch_init(&batch);
    CHECK(count <= BATCH_MAX);
    TRY(curve_open(&is_open));
    for (size_t index = 0; index < count; index++)
        TRY(batch_add(&batch, &checks[index], &hashes[index]));
    if (batch.count == 0)
        return ERR_OK;
    TRY(done(mbedtls_mpi_inv_mod(&batch.inverse, &batch.product[batch.count - 1], &curve.group.N)));
    for (size_t index = batch.count; index-- > 0;)
        TRY(batch_judge(&batch, index));
    return ERR_OK;
}
