/* Merkle trees: the shape of RFC 9162, every path of every small tree, `settled` (adversarial case
 * M5). */
#include "common/money/merkle.h"
#include "tests/support/unhex.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <string.h>

enum { LEAVES = 40 };

static struct leaf make_leaf(size_t i)
{
    struct leaf leaf = {.outcome = OUTCOME_SETTLED};
    leaf.coin_id.bytes[0] = (uint8_t)i;
    leaf.payment_id.bytes[0] = (uint8_t)(i + 1);
    return leaf;
}

static void make_hashes(struct id hashes[LEAVES])
{
    for (size_t i = 0; i < LEAVES; i++) {
        struct leaf leaf = make_leaf(i);
        cr_assert_eq(merkle_leaf_hash(&hashes[i], &leaf), ERR_OK);
    }
}

static struct id node(const struct id *left, const struct id *right)
{
    static const uint8_t one = 1;
    struct span parts[] = {span_of(&one, 1), SPAN(*left), SPAN(*right)};
    return crypto_hash(parts, 3);
}

Test(money, merkle_leaf_hash_as_written_down)
{
    struct buffer encoded AUTO(buffer_fini) = {0};
    struct leaf leaf = make_leaf(3);
    struct id hash, expected;
    static const uint8_t zero = 0;
    cr_assert_eq(leaf_encode(&encoded, &leaf), ERR_OK);
    struct span parts[] = {span_of(&zero, 1), buffer_span(&encoded)};
    expected = crypto_hash(parts, 2);
    cr_assert_eq(merkle_leaf_hash(&hash, &leaf), ERR_OK);
    cr_expect(id_equal(&hash, &expected));
}

/* RFC 9162 section 2.1.5, the tree of seven leaves: root = node(k, l), k = node(g, h), l = node(i,
 * d6). */
Test(money, merkle_root_of_seven)
{
    struct id d[LEAVES], g, h, i, k, l, expected;
    make_hashes(d);
    g = node(&d[0], &d[1]);
    h = node(&d[2], &d[3]);
    i = node(&d[4], &d[5]);
    k = node(&g, &h);
    l = node(&i, &d[6]);
    expected = node(&k, &l);
    struct id root = merkle_root(d, 7);
    cr_expect(id_equal(&root, &expected));
    struct id path[PATH_MAX_HASHES];
    cr_assert_eq(merkle_path(path, d, 7, 6), 2);
    cr_expect(id_equal(&path[0], &i) && id_equal(&path[1], &k));
    cr_assert_eq(merkle_path(path, d, 7, 3), 3);
    cr_expect(id_equal(&path[0], &d[2]) && id_equal(&path[1], &g) && id_equal(&path[2], &l));
    root = merkle_root(d, 1);
    cr_expect(id_equal(&root, &d[0]));
}

Test(money, merkle_every_path_and_no_other)
{
    struct id hashes[LEAVES], path[PATH_MAX_HASHES + 1] = {0};
    struct id nodes[MERKLE_NODES(LEAVES)], again[PATH_MAX_HASHES];
    make_hashes(hashes);
    for (size_t count = 1; count <= LEAVES; count++) {
        struct id root = merkle_root(hashes, count);
        merkle_tree(nodes, hashes, count);
        for (size_t index = 0; index < count; index++) {
            size_t size = merkle_path(path, hashes, count, index);
            cr_assert_eq(merkle_tree_path(again, nodes, count, index), size);
            cr_assert_arr_eq(again, path, size * sizeof path[0]);
            cr_assert(merkle_verify(&root, &hashes[index], index, count, path, size));
            for (size_t other = 0; other <= count; other++)
                cr_assert_eq(merkle_verify(&root, &hashes[index], other, count, path, size),
                             other == index, "%zu of %zu as %zu", index, count, other);
            cr_assert(!merkle_verify(&root, &hashes[index], index, count, path, size + 1));
            cr_assert(size == 0 ||
                      !merkle_verify(&root, &hashes[index], index, count, path, size - 1));
            cr_assert(
                !merkle_verify(&root, &hashes[(index + 1) % LEAVES], index, count, path, size));
            for (size_t i = 0; i < size; i++) {
                path[i].bytes[31] ^= 1;
                cr_assert(!merkle_verify(&root, &hashes[index], index, count, path, size));
                path[i].bytes[31] ^= 1;
            }
        }
    }
}

Test(money, merkle_of_the_largest_reply)
{
    static struct id hashes[LEAVES_MAX];
    struct id path[PATH_MAX_HASHES];
    for (size_t i = 0; i < LEAVES_MAX; i++)
        memcpy(hashes[i].bytes, &i, sizeof i);
    struct id root = merkle_root(hashes, LEAVES_MAX);
    size_t size = merkle_path(path, hashes, LEAVES_MAX, LEAVES_MAX - 1);
    cr_expect_eq(size, 14);
    cr_expect(
        merkle_verify(&root, &hashes[LEAVES_MAX - 1], LEAVES_MAX - 1, LEAVES_MAX, path, size));
}

struct word {
    struct settled settled;
    struct placed_leaf placed;
    struct id_item path[PATH_MAX_HASHES];
};

static void make_word(struct word *word)
{
    struct id hashes[LEAVES], path[PATH_MAX_HASHES];
    make_hashes(hashes);
    word->settled =
        (struct settled){.merkle_root = merkle_root(hashes, 9), .count = 9, .made_at = WORLD_NOW};
    word->placed = (struct placed_leaf){.leaf = make_leaf(4), .index = 4};
    word->placed.path.count = merkle_path(path, hashes, 9, 4);
    for (size_t i = 0; i < word->placed.path.count; i++)
        word->path[i].id = path[i];
    word->placed.path.items = word->path;
}

Test(money, M5_the_registers_signed_word)
{
    struct world w AUTO(world_close);
    struct word word;
    world_open(&w);
    make_word(&word);
    struct cose right = world_sign(&w, KIND_SETTLED, &word.settled, &w.register_key);
    struct cose by_bank = world_sign(&w, KIND_SETTLED, &word.settled, &w.banks[0].bank_key);
    struct cose broken = right;
    broken.payload.size--;
    cr_expect_eq(merkle_settled(&w.trust, &right, &word.placed, &w.arena), STATUS_OK);
    cr_expect_eq(merkle_settled(&w.trust, &by_bank, &word.placed, &w.arena), STATUS_SIGNATURE);
    cr_expect_eq(merkle_settled(&w.trust, &broken, &word.placed, &w.arena), STATUS_PARSE);
    word.placed.index = 5; /* another's path */
    cr_expect_eq(merkle_settled(&w.trust, &right, &word.placed, &w.arena), STATUS_SIGNATURE);
    word.placed.index = 4;
    word.placed.leaf.outcome = OUTCOME_CONFLICT; /* another outcome */
    cr_expect_eq(merkle_settled(&w.trust, &right, &word.placed, &w.arena), STATUS_SIGNATURE);
    word.placed.leaf.outcome = OUTCOME_SETTLED;
    word.settled.count = LEAVES_MAX + 1;
    struct cose too_many = world_sign(&w, KIND_SETTLED, &word.settled, &w.register_key);
    cr_expect_eq(merkle_settled(&w.trust, &too_many, &word.placed, &w.arena), STATUS_SIGNATURE);
}
