/* One golden case of spec/vectors/: what a stranger's implementation is shown, and the verdict it
 * must come to. The members of the file are described in spec/vectors/README.md. Of tests only. */
#ifndef DCEP_TESTS_VECTORS_VECTOR_H
#define DCEP_TESTS_VECTORS_VECTOR_H

#include "tests/support/scene.h"

enum vector_role { VECTOR_PAYEE, VECTOR_PAYER, VECTOR_UNSIGNED, VECTOR_REGISTER };

/* What the verifier holds; what is zero is left out of the file. */
struct vector_held {
    const struct cose *request, *receipt;
    const struct world_coin *seen; /* a coin that it holds or held as its own */
    const struct payment *paid;    /* another payment of a coin, that it holds */
    const struct world_coin *row;  /* the register's row of a coin */
    uint64_t row_hops, row_depth;
    uint64_t newest_signed_time, revocations_version;
    bool is_restored;
};
struct vector {
    const char *name, *why; /* the file's name; one sentence */
    enum kind kind;
    struct span bytes;
    bool is_wrapped;
    const struct public_key *signer;
    enum status verdict;
    const char *fraud; /* of a proof: "double_spend", "clone" */
    /* trust: the root key always goes with these */
    const struct public_key *root_key;
    const struct cose *directory, *revocations, *certificate;
    /* packets */
    enum vector_role role;
    bool is_online;
    uint64_t now;
    struct vector_held held;
    struct span packet;      /* an order's */
    struct span placed_leaf; /* of `settled` */
};

/* Where the files go; set once. */
void vector_open(const char *directory);
/* Writes the case, after judging it by nothing: the test reads it back and judges. */
void vector_write(struct world *world, const struct vector *vector);
size_t vector_count(void);

/* The cases, by theme. */
void record_vectors(void);
void trust_vectors(void);
void other_vectors(void);
void packet_vectors(void);
void accept_vectors(void);
void news_vectors(void);

#endif
