/* Merkle trees with the hashing of RFC 9162 section 2.1 (contract in merkle.h).
 *
 * 1. A leaf's hash and a node's begin with different bytes, so neither can be taken for the other.
 * 2. An empty tree does not exist here: a reply without outcomes bears no `settled`.
 *
 * Never trusts the sender's idea of the tree's shape: index and count fix it. */
#include "common/money/merkle.h"

static struct id hash_node(const struct id *left, const struct id *right)
{
    static const uint8_t prefix = 1;
    struct span parts[] = {span_of(&prefix, 1), SPAN(*left), SPAN(*right)};
    return crypto_hash(parts, sizeof parts / sizeof parts[0]);
}

enum err merkle_leaf_hash(struct id *out, const struct leaf *leaf)
{
    static const uint8_t prefix = 0;
    struct buffer encoded AUTO(buffer_fini) = {0};
    TRY(leaf_encode(&encoded, leaf));
    struct span parts[] = {span_of(&prefix, 1), buffer_span(&encoded)};
    *out = crypto_hash(parts, sizeof parts / sizeof parts[0]);
    return ERR_OK;
}

/* The largest power of two below count (count > 1): how many leaves hang on the left. */
static size_t split(size_t count)
{
    size_t left = 1;
    while (left * 2 < count)
        left *= 2;
    return left;
}

struct id merkle_root(const struct id *leaf_hashes, size_t count)
{
    CHECK(count >= 1 && count <= LEAVES_MAX);
    if (count == 1)
        return leaf_hashes[0];
    size_t left_count = split(count);
    struct id left = merkle_root(leaf_hashes, left_count);
    struct id right = merkle_root(leaf_hashes + left_count, count - left_count);
    return hash_node(&left, &right);
}

size_t merkle_path(struct id *path, const struct id *leaf_hashes, size_t count, size_t index)
{
    CHECK(index < count && count <= LEAVES_MAX);
    if (count == 1)
        return 0;
    size_t left_count = split(count), size;
    if (index < left_count) {
        size = merkle_path(path, leaf_hashes, left_count, index);
        path[size] = merkle_root(leaf_hashes + left_count, count - left_count);
    } else {
        size = merkle_path(path, leaf_hashes + left_count, count - left_count, index - left_count);
        path[size] = merkle_root(leaf_hashes, left_count);
    }
    return size + 1;
}

/* Splitting at the largest power of two is pairing level by level, a lone last node going up as it
 * is. nodes: level after level, the leaves first. */
void merkle_tree(struct id *nodes, const struct id *leaf_hashes, size_t count)
{
    CHECK(count >= 1 && count <= LEAVES_MAX);
    for (size_t i = 0; i < count; i++)
        nodes[i] = leaf_hashes[i];
    for (size_t level = count; level > 1; level = (level + 1) / 2) {
        struct id *above = nodes + level;
        for (size_t i = 0; i + 1 < level; i += 2)
            above[i / 2] = hash_node(&nodes[i], &nodes[i + 1]);
        if (level % 2 == 1)
            above[level / 2] = nodes[level - 1];
        nodes = above;
    }
}

size_t merkle_tree_path(struct id *path, const struct id *nodes, size_t count, size_t index)
{
    size_t size = 0;
    CHECK(index < count && count <= LEAVES_MAX);
    for (size_t level = count; level > 1; level = (level + 1) / 2, index /= 2) {
        if ((index ^ 1) < level)
            path[size++] = nodes[index ^ 1];
        nodes += level;
    }
    return size;
}

/* RFC 9162 section 2.1.3.2: fn is the node's position in its level, sn that of the level's last
 * node. */
bool merkle_verify(const struct id *root, const struct id *leaf_hash, size_t index, size_t count,
                   const struct id *path, size_t path_count)
{
    if (index >= count)
        return false;
    size_t fn = index, sn = count - 1;
    struct id node = *leaf_hash;
    for (size_t i = 0; i < path_count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) == 1 || fn == sn) {
            node = hash_node(&path[i], &node);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            node = hash_node(&node, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && id_equal(&node, root);
}

static bool is_in_tree(const struct settled *settled, const struct placed_leaf *placed)
{
    struct id hash, path[PATH_MAX_HASHES];
    if (placed->path.count > PATH_MAX_HASHES || settled->count > LEAVES_MAX ||
        merkle_leaf_hash(&hash, &placed->leaf) != ERR_OK)
        return false;
    for (size_t i = 0; i < placed->path.count; i++)
        path[i] = placed->path.items[i].id;
    return merkle_verify(&settled->merkle_root, &hash, placed->index, settled->count, path,
                         placed->path.count);
}

enum status merkle_settled(const struct trust *trust, const struct cose *settled,
                           const struct placed_leaf *placed, struct arena *arena)
{
    struct settled value;
    enum err error = record_open(&value, trust->network, KIND_SETTLED, settled,
                                 &trust->directory.register_key, arena);
    if (error != ERR_OK)
        return record_status(error);
    return is_in_tree(&value, placed) ? STATUS_OK : STATUS_SIGNATURE;
}
