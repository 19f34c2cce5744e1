/* Merkle tree of a reply's outcomes (RFC 9162 section 2.1): leaf hash SHA-256(0x00 || leaf), node
 * SHA-256(0x01 || l || r). A leaf's bytes are the encoded `leaf` record. Pure. */
#ifndef DCEP_COMMON_MONEY_MERKLE_H
#define DCEP_COMMON_MONEY_MERKLE_H

#include "common/money/trust.h"

enum err merkle_leaf_hash(struct id *out, const struct leaf *leaf) MUST_USE;
struct id merkle_root(const struct id *leaf_hashes, size_t count); /* count >= 1 */
/* Inclusion path of leaf `index`, lowest first; path has room for PATH_MAX_HASHES. */
size_t merkle_path(struct id *path, const struct id *leaf_hashes, size_t count, size_t index);
/* The whole tree, once, for who wants many paths: nodes has room for MERKLE_NODES(count). */
#define MERKLE_NODES(count) (2 * (count) + PATH_MAX_HASHES)
void merkle_tree(struct id *nodes, const struct id *leaf_hashes, size_t count);
size_t merkle_tree_path(struct id *path, const struct id *nodes, size_t count, size_t index);
bool merkle_verify(const struct id *root, const struct id *leaf_hash, size_t index, size_t count,
                   const struct id *path, size_t path_count); /* RFC 9162 section 2.1.3.2 */
/* The register's signed word about one leaf: signature, root, path. STATUS_OK or STATUS_SIGNATURE /
 * form statuses. */
enum status merkle_settled(const struct trust *trust, const struct cose *settled,
                           const struct placed_leaf *placed, struct arena *arena);

#endif
