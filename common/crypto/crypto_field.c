/* Numbers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (contract in crypto_field.h).
 *
 * 1. A number is four limbs, lowest first, below p, in Montgomery form (x * 2^256 mod p).
 * 2. p mod 4 is 3, so a root of a is a^((p + 1) / 4), if a has one: squaring it tells.
 *
 * Never sees a private key. */
#include "common/crypto/crypto_field.h"

#include <string.h>

#ifndef __SIZEOF_INT128__
#error "dcep needs a 64-bit machine"
#endif

enum { LIMBS = 4, LIMB_BITS = 64, LIMB_SIZE = 8 };
struct number {
    uint64_t limbs[LIMBS];
};

static const struct number PRIME = {
    {UINT64_C(0xffffffffffffffff), UINT64_C(0x00000000ffffffff), 0, UINT64_C(0xffffffff00000001)}};
/* 2^512 mod p: makes Montgomery form */
static const struct number SQUARED = {
    {3, UINT64_C(0xfffffffbffffffff), UINT64_C(0xfffffffffffffffe), UINT64_C(0x00000004fffffffd)}};
/* b of y^2 = x^3 - 3x + b (SEC 2 section 2.4.2), as it is */
static const struct number CURVE_B = {{UINT64_C(0x3bce3c3e27d2604b), UINT64_C(0x651d06b0cc53b0f6),
                                       UINT64_C(0xb3ebbd55769886bc), UINT64_C(0x5ac635d8aa3a93e7)}};

/* *out = a - b; true if that was negative. */
static bool subtract(struct number *out, const struct number *a, const struct number *b)
{
    uint64_t borrow = 0;
#pragma GCC unroll 4
    for (size_t i = 0; i < LIMBS; i++) {
        const unsigned __int128 difference = (unsigned __int128)a->limbs[i] - b->limbs[i] - borrow;
        out->limbs[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> LIMB_BITS) & 1;
    }
    return borrow != 0;
}

/* a + 2^256 * carry, which is below 2p, less p if it is not below p. */
static void reduce(struct number *out, const struct number *a, uint64_t carry)
{
    struct number less;
    const bool is_less = subtract(&less, a, &PRIME);
    *out = carry == 0 && is_less ? *a : less;
}

static void add(struct number *out, const struct number *a, const struct number *b)
{
    struct number sum;
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)a->limbs[i] + b->limbs[i];
        sum.limbs[i] = (uint64_t)carry;
        carry >>= LIMB_BITS;
    }
    reduce(out, &sum, (uint64_t)carry);
}

/* out = a * b / 2^256: a limb of a at a time, each made divisible by 2^64 by adding a multiple of
 * p; that multiple is the lowest limb itself, since p ends in 64 ones. Unrolled, it takes a third
 * of the time. */
static void multiply(struct number *out, const struct number *a, const struct number *b)
{
    uint64_t t[LIMBS + 2] = {0};
#pragma GCC unroll 4
    for (size_t i = 0; i < LIMBS; i++) {
        unsigned __int128 carry = 0;
#pragma GCC unroll 4
        for (size_t j = 0; j < LIMBS; j++) {
            carry += (unsigned __int128)a->limbs[i] * b->limbs[j] + t[j];
            t[j] = (uint64_t)carry;
            carry >>= LIMB_BITS;
        }
        carry += t[LIMBS];
        t[LIMBS] = (uint64_t)carry;
        t[LIMBS + 1] = (uint64_t)(carry >> LIMB_BITS);
        const uint64_t factor = t[0];
        carry = factor; /* t[0] + factor * (2^64 - 1) = factor * 2^64 */
#pragma GCC unroll 4
        for (size_t j = 1; j < LIMBS; j++) {
            carry += (unsigned __int128)factor * PRIME.limbs[j] + t[j];
            t[j - 1] = (uint64_t)carry;
            carry >>= LIMB_BITS;
        }
        carry += t[LIMBS];
        t[LIMBS - 1] = (uint64_t)carry;
        t[LIMBS] = t[LIMBS + 1] + (uint64_t)(carry >> LIMB_BITS);
    }
    const struct number product = {{t[0], t[1], t[2], t[3]}};
    reduce(out, &product, t[LIMBS]);
}

static void square_times(struct number *number, size_t count)
{
    for (size_t i = 0; i < count; i++)
        multiply(number, number, number);
}

/* a^(2^(2 * bits) - 1) of a^(2^bits - 1) */
static void double_ones(struct number *ones, size_t bits)
{
    const struct number half = *ones;
    square_times(ones, bits);
    multiply(ones, ones, &half);
}

/* a^((p + 1) / 4). (p + 1) / 4 = ((2^32 - 1) * 2^32 + 1) * 2^96 + 1) * 2^94: 253 squarings, 7
 * multiplications. */
static void root(struct number *out, const struct number *a)
{
    struct number power = *a;
    for (size_t bits = 1; bits < 32; bits *= 2)
        double_ones(&power, bits);
    square_times(&power, 32);
    multiply(&power, &power, a);
    square_times(&power, 96);
    multiply(&power, &power, a);
    square_times(&power, 94);
    *out = power;
}

/* ---- bytes ---- */

static void read_bytes(struct number *out, const uint8_t bytes[FIELD_SIZE])
{
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t limb = 0;
        for (size_t j = 0; j < LIMB_SIZE; j++)
            limb = limb << 8 | bytes[(LIMBS - 1 - i) * LIMB_SIZE + j];
        out->limbs[i] = limb;
    }
}

static void write_bytes(uint8_t bytes[FIELD_SIZE], const struct number *number)
{
    for (size_t i = 0; i < FIELD_SIZE; i++)
        bytes[FIELD_SIZE - 1 - i] = (uint8_t)(number->limbs[i / LIMB_SIZE] >> (i % LIMB_SIZE * 8));
}

/* x^3 - 3x + b, x in Montgomery form */
static void curve_side(struct number *out, const struct number *x)
{
    struct number three_x, b, cube;
    multiply(&b, &CURVE_B, &SQUARED);
    add(&three_x, x, x);
    add(&three_x, &three_x, x);
    multiply(&cube, x, x);
    multiply(&cube, &cube, x);
    add(&cube, &cube, &b);
    if (subtract(out, &cube, &three_x)) {
        struct number missing;
        (void)subtract(&missing, &three_x, &cube);
        (void)subtract(out, &PRIME, &missing);
    }
}

bool crypto_field_point(uint8_t out[FIELD_POINT_SIZE], const struct public_key *key)
{
    static const struct number one = {{1}};
    struct number x, y, side, squared, rest;
    const uint8_t sign = key->bytes[0];
    read_bytes(&x, key->bytes + 1);
    if ((sign != 0x02 && sign != 0x03) || !subtract(&rest, &x, &PRIME))
        return false;
    multiply(&x, &x, &SQUARED);
    curve_side(&side, &x);
    root(&y, &side);
    multiply(&squared, &y, &y);
    if (memcmp(&squared, &side, sizeof side) != 0)
        return false;
    multiply(&y, &y, &one);             /* out of Montgomery form */
    if ((y.limbs[0] & 1) != (sign & 1)) /* no point of the curve has y = 0: its order is odd */
        (void)subtract(&y, &PRIME, &y);
    out[0] = 0x04;
    memcpy(out + 1, key->bytes + 1, FIELD_SIZE);
    write_bytes(out + 1 + FIELD_SIZE, &y);
    return true;
}
