/* What somebody says of R (the commitment of a crypto_check), over both backends: it changes no
 * verdict, and what comes out is what verifying without it finds. libcrypto puts such signatures
 * into one sum (crypto_sum.h), in which no errors cancel. */
#include "common/crypto/crypto_sum.h"

#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

/* SEC 2, secp256r1 */
#define P_HEX "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define N_HEX "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define Y_OF_6 "36b24c2c54250ac2466985e533720047dcd102b80fe7c0e9220d5128828223cb"
#define TOP "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

enum { MOST = 100, ANY_KEYS = 7 };
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct span hello = {(const uint8_t *)"hello", 5};
static uint8_t messages[MOST][4];

static struct crypto_engine *engine;
static void engine_open(void)
{
    cr_assert_eq(crypto_engine_get(&engine), ERR_OK);
}
TestSuite(crypto_sum, .init = engine_open);

static void put_hex(uint8_t *out, size_t size, const char *hex)
{
    cr_assert(hex == NULL || hex_decode(out, size, hex) == ERR_OK, "%s", hex);
}

static void put_number(uint8_t out[SCALAR_SIZE], const BIGNUM *number)
{
    cr_assert_eq(BN_bn2binpad(number, out, SCALAR_SIZE), SCALAR_SIZE);
}

/* out = modulus - in */
static void mirror(uint8_t out[SCALAR_SIZE], const uint8_t in[SCALAR_SIZE], const BIGNUM *modulus)
{
    BIGNUM *number = BN_bin2bn(in, SCALAR_SIZE, NULL);
    cr_assert(BN_mod_sub(number, modulus, number, modulus, engine->context) == 1);
    put_number(out, number);
    BN_free(number);
}

static size_t draw(size_t below) /* the same numbers every time */
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static struct key_pair pair_of(size_t last)
{
    struct key_pair pair = {0};
    uint8_t scalar[32] = {[0] = 0x5a, [31] = (uint8_t)last};
    cr_assert_eq(crypto_libcrypto.key_load(&pair, scalar), ERR_OK);
    return pair;
}

/* ---- one signature, and what is known of it when nothing is said ---- */

/* Alone, with nothing said: what any other way must come to. */
static void judge_alone(struct crypto_check *check)
{
    check->commitment = (struct commitment){{0}};
    struct crypto_check other = *check;
    cr_assert_eq(crypto_mbedtls.verify_many(check, 1), ERR_OK);
    cr_assert_eq(crypto_libcrypto.verify_many(&other, 1), ERR_OK);
    cr_assert_eq(check->valid, other.valid);
    cr_assert(commitment_equal(&check->commitment, &other.commitment));
    cr_assert_eq(commitment_is_known(&check->commitment), check->valid);
}

static void fill(struct crypto_check *checks, size_t count, size_t key_count)
{
    for (size_t i = 0; i < count; i++) {
        struct key_pair pair AUTO(key_pair_wipe) = pair_of(i % key_count);
        memcpy(messages[i], (uint8_t[]){1, 2, 3, (uint8_t)i}, 4);
        checks[i] = (struct crypto_check){.key = pair.public_key, .message = {messages[i], 4}};
        cr_assert_eq(crypto_libcrypto.sign(&checks[i].signature, &pair, checks[i].message), ERR_OK);
        judge_alone(&checks[i]);
    }
}

/* said holds what somebody says, wanted what each is alone. */
static void expect(const struct crypto *c, const struct crypto_check *said,
                   const struct crypto_check *wanted, size_t count, const char *what)
{
    static struct crypto_check checks[MOST];
    memcpy(checks, said, count * sizeof *said);
    for (size_t i = 0; i < count; i++)
        checks[i].valid = !wanted[i].valid;
    cr_assert_eq(c->verify_many(checks, count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        cr_expect(checks[i].valid == wanted[i].valid &&
                      commitment_equal(&checks[i].commitment, &wanted[i].commitment),
                  "%s: %s: %zu of %zu", c->name, what, i, count);
    }
}

static void expect_both(const struct crypto_check *said, const struct crypto_check *wanted,
                        size_t count, const char *what)
{
    expect(&crypto_mbedtls, said, wanted, count, what);
    expect(&crypto_libcrypto, said, wanted, count, what);
}

/* ---- what may be said, what may be wrong ---- */

/* The first of sayings are in this order. */
enum claim { NOTHING, RIGHT, MIRRORED, NOISE, ANOTHERS, FLIPPED, NUMBER };

static const struct saying {
    const char *what;
    enum claim claim;
    const char *hex;
} sayings[] = {
    {"nothing", NOTHING, NULL}, {"the right y", RIGHT, NULL},  {"p - y", MIRRORED, NULL},
    {"noise", NOISE, NULL},     {"another's", ANOTHERS, NULL}, {"a bit flipped", FLIPPED, NULL},
    {"y = 1", NUMBER, ONE},     {"y = p", NUMBER, P_HEX},      {"y = 2^256 - 1", NUMBER, TOP},
};

/* right: of check before it was spoilt; others: of some other signature. */
static void say(struct crypto_check *check, const struct saying *saying,
                const struct commitment *right, const struct commitment *others)
{
    uint8_t *bytes = check->commitment.bytes;
    check->commitment = saying->claim == ANOTHERS ? *others : *right;
    if (saying->claim == NOTHING)
        check->commitment = (struct commitment){{0}};
    else if (saying->claim == MIRRORED)
        mirror(bytes, right->bytes, engine->prime);
    else if (saying->claim == NOISE)
        crypto_random(bytes, COMMITMENT_SIZE);
    else if (saying->claim == FLIPPED)
        bytes[draw(COMMITMENT_SIZE)] ^= (uint8_t)(1U << draw(8));
    else if (saying->claim == NUMBER)
        put_hex(bytes, COMMITMENT_SIZE, saying->hex);
}

enum { GOOD, TWIN, OTHER_MESSAGE, OFF_CURVE }; /* the first of spoils */
static const struct spoil {
    const char *what, *r, *s, *key; /* NULL: it stays as it is */
    size_t shorter, at;             /* the message; a byte of the signature */
    uint8_t bits, key_bits;         /* to flip, there and in the key's first byte */
    bool mirrored, valid;
} spoils[] = {
    {"good", .valid = true},
    {"n - s: valid, R is mirrored", .mirrored = true, .valid = true},
    {"another message", .shorter = 1},
    {"key off the curve", .key = "02" ONE},
    {"key 04", .key_bits = 0x02 ^ 0x04},
    {"key mirrored", .key_bits = 0x01},
    {"r = 0", .r = ZERO},
    {"r = n", .r = N_HEX},
    {"r = 2^256 - 1", .r = TOP},
    {"a bit of r", .at = SCALAR_SIZE - 1, .bits = 1},
    {"s = 0", .s = ZERO},
    {"s = n", .s = N_HEX},
    {"s = 2^256 - 1", .s = TOP},
    {"a bit of s", .at = SIGNATURE_SIZE - 1, .bits = 1},
};

static void spoil(struct crypto_check *check, const struct spoil *how)
{
    uint8_t *r = check->signature.bytes, *s = r + SCALAR_SIZE;
    put_hex(r, SCALAR_SIZE, how->r);
    put_hex(s, SCALAR_SIZE, how->s);
    put_hex(check->key.bytes, KEY_SIZE, how->key);
    check->message.size -= how->shorter;
    check->key.bytes[0] ^= how->key_bits;
    r[how->at] ^= how->bits;
    if (how->mirrored)
        mirror(s, s, engine->order);
    judge_alone(check);
    cr_assert_eq(check->valid, how->valid, "%s", how->what);
}

static void expect_on_curve(const struct crypto_check *check)
{
    BIGNUM *r = BN_bin2bn(check->signature.bytes, SCALAR_SIZE, NULL);
    BIGNUM *y = BN_bin2bn(check->commitment.bytes, COMMITMENT_SIZE, NULL);
    cr_expect(BN_cmp(y, engine->prime) < 0);
    cr_expect_eq(
        EC_POINT_set_affine_coordinates(engine->group, engine->point, r, y, engine->context), 1);
    BN_free(r);
    BN_free(y);
}

static const size_t sizes[] = {1, 3, 4, 5, 31, 32, 33, 64, MOST};

Test(crypto_sum, what_is_met_is_told)
{
    struct crypto_check unknown[MOST], wanted[MOST];
    for (size_t row = 0; row < COUNT(sizes); row++) {
        fill(wanted, sizes[row], ANY_KEYS);
        for (size_t i = 0; i < sizes[row]; i++) {
            spoil(&wanted[i], &spoils[i % 4 < 3 ? GOOD : i / 4 % COUNT(spoils)]);
            unknown[i] = wanted[i];
            say(&unknown[i], &sayings[NOTHING], &wanted[i].commitment, NULL);
        }
        expect_both(unknown, wanted, sizes[row], "unknown");
        expect_both(wanted, wanted, sizes[row], "told what was met");
        for (size_t i = 0; i < sizes[row]; i++)
            if (wanted[i].valid)
                expect_on_curve(&wanted[i]);
    }
}

/* Of one among seven of which the right y is said, then of all eight. */
Test(crypto_sum, anything_said_of_anything)
{
    struct crypto_check good[8], wanted[8], said[8];
    fill(good, 8, ANY_KEYS);
    for (size_t row = 0; row < COUNT(spoils) * COUNT(sayings); row++) {
        const struct spoil *how = &spoils[row / COUNT(sayings)];
        const struct saying *saying = &sayings[row % COUNT(sayings)];
        memcpy(wanted, good, sizeof wanted);
        spoil(&wanted[3], how);
        memcpy(said, wanted, sizeof said);
        say(&said[3], saying, &good[3].commitment, &good[4].commitment);
        expect_both(said, wanted, 8, how->what);
        for (size_t i = 0; i < 8; i++)
            say(&said[i], saying, &good[i].commitment, &good[7 - i].commitment);
        expect(&crypto_libcrypto, said, wanted, 8, how->what);
    }
}

Test(crypto_sum, mixtures)
{
    static struct crypto_check good[MOST], wanted[MOST], said[MOST];
    fill(good, MOST, ANY_KEYS);
    for (size_t turn = 0; turn < 4 * COUNT(sizes); turn++) {
        const size_t size = sizes[turn % COUNT(sizes)];
        const size_t odds = 1 + turn / COUNT(sizes) * 6; /* fewer and fewer are wrong */
        for (size_t i = 0; i < size; i++) {
            wanted[i] = good[i];
            spoil(&wanted[i], &spoils[draw(odds) > 0 ? GOOD : draw(COUNT(spoils))]);
            said[i] = wanted[i];
            say(&said[i], &sayings[draw(odds) > 0 ? RIGHT : draw(COUNT(sayings))],
                &good[i].commitment, &good[draw(MOST)].commitment);
        }
        expect_both(said, wanted, size, "mixture");
    }
}

/* (r, s) and (r, n - s) are both valid, and of mirrored points. Told the other way round they err
 * by 2 R and -2 R, which cancels where nothing is weighed. */
Test(crypto_sum, twice_in_a_batch)
{
    struct crypto_check wanted[MOST], said[MOST];
    fill(wanted, MOST, 1);
    expect_both(wanted, wanted, MOST, "one key");
    for (size_t i = 1; i < 8; i++)
        wanted[i] = wanted[0];
    expect_both(wanted, wanted, 8, "eight times the same");
    spoil(&wanted[5], &spoils[TWIN]);
    expect_both(wanted, wanted, 8, "one of them mirrored");
    memcpy(said, wanted, sizeof said);
    said[2].commitment = wanted[5].commitment;
    said[5].commitment = wanted[2].commitment;
    expect_both(said, wanted, 8, "told the other way round");
    spoil(&wanted[6], &spoils[OTHER_MESSAGE]);
    said[6].message = wanted[6].message;
    expect_both(said, wanted, 8, "the same again, of another message");
}

Test(crypto_sum, all_are_invalid)
{
    struct crypto_check good[33], wanted[33], said[33];
    fill(good, 33, ANY_KEYS);
    for (size_t row = OTHER_MESSAGE; row < COUNT(spoils); row++) {
        for (size_t i = 0; i < 33; i++) {
            wanted[i] = good[i];
            spoil(&wanted[i], &spoils[row]);
            said[i] = wanted[i];
            say(&said[i], &sayings[RIGHT], &good[i].commitment, NULL);
        }
        expect_both(said, wanted, 33, spoils[row].what);
    }
}

/* ---- the sum itself: without it all is verified one by one, and the above does not notice ---- */

static bool holds(const struct crypto_check *checks, size_t count, size_t *added)
{
    BIGNUM *s = BN_new();
    bool is_added, is_held;
    *added = 0;
    crypto_sum_begin(engine);
    for (size_t i = 0; i < count; i++) {
        const struct id hash = crypto_hash(&checks[i].message, 1);
        cr_assert(BN_bin2bn(checks[i].signature.bytes + SCALAR_SIZE, SCALAR_SIZE, s) != NULL);
        cr_assert(BN_mod_inverse(s, s, engine->order, engine->context) != NULL);
        cr_assert(BN_one(engine->r) == 1); /* scratch: whatever it was */
        cr_assert_eq(crypto_sum_add(engine, &is_added, &checks[i], &hash, s), ERR_OK);
        *added += is_added;
    }
    cr_assert_eq(crypto_sum_holds(engine, &is_held), ERR_OK);
    BN_free(s);
    return is_held;
}

Test(crypto_sum, holds_if_all_that_were_added_do)
{
    static const struct {
        size_t spoil, saying, added;
        bool holds;
    } rows[] = {
        {GOOD, RIGHT, 32, true},           {GOOD, MIRRORED, 32, false},
        {GOOD, ANOTHERS, 31, true},        {GOOD, NUMBER, 31, true},
        {GOOD, NUMBER + 1, 31, true},      {GOOD, NUMBER + 2, 31, true},
        {TWIN, RIGHT, 32, false},          {TWIN, MIRRORED, 32, true},
        {OTHER_MESSAGE, RIGHT, 32, false}, {OFF_CURVE, RIGHT, 31, true},
    };
    struct crypto_check good[32], said[32];
    size_t added;
    fill(good, 32, ANY_KEYS);
    for (size_t row = 0; row < COUNT(rows); row++) {
        for (size_t i = 0; i < 32; i += 31) { /* the first, the last */
            memcpy(said, good, sizeof said);
            spoil(&said[i], &spoils[rows[row].spoil]);
            say(&said[i], &sayings[rows[row].saying], &good[i].commitment,
                &good[31 - i].commitment);
            cr_expect_eq(holds(said, 32, &added), rows[row].holds, "row %zu, %zu", row, i);
            cr_expect_eq(added, rows[row].added, "row %zu, %zu", row, i);
        }
    }
    engine->weighed.count = 0;
    expect(&crypto_libcrypto, good, good, 3, "as fast one by one");
    cr_expect_eq(engine->weighed.count, 0);
    expect(&crypto_libcrypto, good, good, 4, "in a sum");
    cr_expect_eq(engine->weighed.count, 4);
}

/* ---- made by hand ---- */

/* A signature with a k that is drawn: s k = hash + r d. A liar's s is drawn too, and by how much R
 * is missed, in multiples of G, goes to sum; the last one's s makes up for the errors so far. */
static void lie(struct crypto_check *check, const struct key_pair *pair, BIGNUM *sum, bool is_last)
{
    const struct id hash = crypto_hash(&check->message, 1);
    BN_CTX_start(engine->context);
    BIGNUM *k = BN_CTX_get(engine->context), *r = BN_CTX_get(engine->context);
    BIGNUM *s = BN_CTX_get(engine->context), *y = BN_CTX_get(engine->context);
    BIGNUM *top = BN_CTX_get(engine->context);
    cr_assert(y != NULL && top != NULL && BN_rand_range(k, engine->order) == 1);
    cr_assert(EC_POINT_mul(engine->group, engine->point, k, NULL, NULL, engine->context) == 1);
    cr_assert(
        EC_POINT_get_affine_coordinates(engine->group, engine->point, r, y, engine->context) == 1);
    put_number(check->commitment.bytes, y);
    cr_assert(BN_nnmod(r, r, engine->order, engine->context) == 1);
    put_number(check->signature.bytes, r);
    cr_assert(BN_bin2bn(pair->private_scalar, SCALAR_SIZE, top) != NULL);
    cr_assert(BN_mod_mul(top, top, r, engine->order, engine->context) == 1);
    cr_assert(BN_bin2bn(hash.bytes, ID_SIZE, y) != NULL);
    cr_assert(BN_mod_add(top, top, y, engine->order, engine->context) == 1);
    cr_assert((is_last ? BN_mod_sub(s, k, sum, engine->order, engine->context)
                       : BN_rand_range(s, engine->order)) == 1);
    cr_assert(BN_mod_inverse(y, s, engine->order, engine->context) != NULL);
    cr_assert(BN_mod_mul(top, top, y, engine->order, engine->context) == 1); /* top / s */
    put_number(check->signature.bytes + SCALAR_SIZE, is_last ? top : s);
    if (!is_last) {
        cr_assert(BN_mod_sub(top, top, k, engine->order, engine->context) == 1);
        cr_assert(BN_mod_add(sum, sum, top, engine->order, engine->context) == 1);
    }
    BN_CTX_end(engine->context);
}

/* Liars whose u1 G + u2 Q - R come to nothing together, beside four honest ones or more. One alone
 * has nothing to make up for: his is a signature, which shows that lie() makes what it says. */
Test(crypto_sum, errors_that_cancel_are_refused)
{
    static const size_t liars[] = {1, 2, 3, 4, 12};
    struct crypto_check good[32], wanted[32], said[32];
    fill(good, 32, ANY_KEYS);
    for (size_t turn = 0; turn < 20 * COUNT(liars); turn++) {
        const size_t count = liars[turn % COUNT(liars)], size = count + 4 + draw(17);
        BIGNUM *sum = BN_new();
        memcpy(wanted, good, sizeof wanted);
        memcpy(said, good, sizeof said);
        for (size_t i = 0; i < count; i++) {
            struct key_pair pair AUTO(key_pair_wipe) = pair_of(turn + i % 2);
            const size_t place = size - 1 - i;
            said[place].key = pair.public_key;
            lie(&said[place], &pair, sum, i == count - 1);
            wanted[place] = said[place];
            judge_alone(&wanted[place]);
            cr_assert_eq(wanted[place].valid, count == 1);
        }
        expect(&crypto_libcrypto, said, wanted, size, "liars");
        BN_free(sum);
    }
}

/* A signature of hello, s = 1, for a point whose k nobody knows: Q = (R - hash G) / r. */
static void make_for_point(struct crypto_check *check, const char *x_hex, const char *y_hex)
{
    const struct id hash = crypto_hash(&hello, 1);
    BN_CTX_start(engine->context);
    BIGNUM *x = BN_CTX_get(engine->context), *y = BN_CTX_get(engine->context);
    BIGNUM *u = BN_CTX_get(engine->context), *r = BN_CTX_get(engine->context);
    cr_assert(BN_hex2bn(&x, x_hex) > 0 && BN_hex2bn(&y, y_hex) > 0);
    cr_assert(BN_bin2bn(hash.bytes, ID_SIZE, u) != NULL);
    cr_assert(
        EC_POINT_set_affine_coordinates(engine->group, engine->point, x, y, engine->context) == 1);
    cr_assert(BN_nnmod(x, x, engine->order, engine->context) == 1);
    *check = (struct crypto_check){.message = hello};
    put_number(check->signature.bytes, x);
    check->signature.bytes[SIGNATURE_SIZE - 1] = 1;
    cr_assert(BN_mod_inverse(r, x, engine->order, engine->context) != NULL);
    cr_assert(BN_mod_mul(u, u, r, engine->order, engine->context) == 1 &&
              BN_sub(u, engine->order, u) == 1);
    cr_assert(EC_POINT_mul(engine->group, engine->point, u, engine->point, r, engine->context) ==
              1);
    cr_assert_eq(EC_POINT_point2oct(engine->group, engine->point, POINT_CONVERSION_COMPRESSED,
                                    check->key.bytes, KEY_SIZE, engine->context),
                 KEY_SIZE);
    BN_CTX_end(engine->context);
}

/* Rare points, found by tools that took their time; r and s, where not those of the signature. An s
 * out of range stands as 1 among the others of its batch, where it would do. */
#define X_OF_N3 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632554"
#define Y_OF_N3 "484f0c0fda434ef0a808458914f328715d7a545e198ac7eee31dffe861b5d23f"
#define X_OF_N6 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632557"
#define Y_OF_N6 "6ee7e1bbd98b20c2417acaba6c7a3f1ad4d13740e4db7c58408cffdf176ed4de"
#define X_OF_Y5 "d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7"
#define FIVE "0000000000000000000000000000000000000000000000000000000000000005"
#define P_PLUS_5 "ffffffff00000001000000000000000000000001000000000000000000000004"

static const struct {
    const char *what, *x, *y, *said, *r, *s;
} rares[] = {
    {"y = 5, told the same modulo p", X_OF_Y5, FIVE, P_PLUS_5, NULL, NULL},
    {"x = n + 3, r = 3: no point has the x 3", X_OF_N3, Y_OF_N3, ONE, NULL, NULL},
    {"x = n + 6, told a point with the x 6", X_OF_N6, Y_OF_N6, Y_OF_6, NULL, NULL},
    {"r = x = n + 3", X_OF_N3, Y_OF_N3, ONE, X_OF_N3, NULL},
    {"s = 0", X_OF_Y5, FIVE, ONE, NULL, ZERO},
    {"s = 2^256 - 1", X_OF_Y5, FIVE, ONE, NULL, TOP},
};

Test(crypto_sum, rare_points)
{
    struct crypto_check wanted[8], said[8];
    struct commitment y;
    fill(wanted, 8, ANY_KEYS);
    for (size_t row = 0; row < COUNT(rares); row++) {
        const struct saying more = {"more", NUMBER, rares[row].said};
        uint8_t *r = wanted[6].signature.bytes;
        make_for_point(&wanted[6], rares[row].x, rares[row].y);
        put_hex(r, SCALAR_SIZE, rares[row].r);
        put_hex(r + SCALAR_SIZE, SCALAR_SIZE, rares[row].s);
        judge_alone(&wanted[6]);
        put_hex(y.bytes, sizeof y.bytes, rares[row].y);
        cr_assert_eq(commitment_equal(&wanted[6].commitment, &y),
                     rares[row].r == NULL && rares[row].s == NULL, "%s", rares[row].what);
        memcpy(said, wanted, sizeof said);
        for (size_t i = 0; i <= COUNT(sayings); i++) {
            say(&said[6], i < COUNT(sayings) ? &sayings[i] : &more, &y, &wanted[5].commitment);
            expect_both(said, wanted, 8, rares[row].what);
        }
    }
}

/* d = -hash / r and any s make u1 G + u2 Q the point at infinity (see crypto_contract_test.c): no R
 * has been met, whatever is said. r = 7 is the x of no point, r = 6 of one. */
Test(crypto_sum, a_sum_at_infinity_is_refused)
{
    static const struct {
        uint8_t r;
        const char *key, *y;
    } rows[] = {
        {7, "036a089b4e9d894bb5d4eda47487338e78bafe01e382cc35cbf8bccf4e37655fe6", ONE},
        {6, "026569f894e724a6f629593446cbf8582ecd4cb8457beddcddc41cc82204fa4f0c", Y_OF_6},
    };
    struct crypto_check wanted[8], said[8];
    fill(wanted, 8, ANY_KEYS);
    for (size_t row = 0; row < COUNT(rows); row++) {
        const struct saying y = {"y of r", NUMBER, rows[row].y};
        wanted[2] = (struct crypto_check){.message = hello};
        put_hex(wanted[2].key.bytes, KEY_SIZE, rows[row].key);
        wanted[2].signature.bytes[SCALAR_SIZE - 1] = rows[row].r;
        wanted[2].signature.bytes[SIGNATURE_SIZE - 1] = 1;
        judge_alone(&wanted[2]);
        cr_assert_not(wanted[2].valid);
        memcpy(said, wanted, sizeof said);
        for (size_t i = 0; i <= COUNT(sayings); i++) {
            say(&said[2], i < COUNT(sayings) ? &sayings[i] : &y, &wanted[1].commitment,
                &wanted[3].commitment);
            expect_both(said, wanted, 8, "infinity");
        }
    }
}
