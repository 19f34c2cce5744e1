/* A small world for tests: one central bank, two banks, as many wallets as one likes, and what they
 * sign.
 *
 * Everything is deterministic but the signatures: keys come from their names, serials and nonces
 * from counters, time stands still at WORLD_NOW. Every function CHECKs; none fails. Values live in
 * the world's arena until world_close. Edit a member (world.directory, world.policy ...) and
 * call world_publish to sign it anew. */
#ifndef DCEP_TESTS_SUPPORT_WORLD_H
#define DCEP_TESTS_SUPPORT_WORLD_H

#include "common/money/packet.h"
#include "common/money/trust.h"

enum { WORLD_BANKS = 2, WORLD_BANK_A = 1, WORLD_BANK_B = 2, WORLD_TODAY = 20500 };
#define WORLD_NOW (UINT64_C(20500) * 86400 + 43200) /* noon of WORLD_TODAY */
#define WORLD_NETWORK "dcep-test"

struct world_bank {
    struct key_pair bank_key, vault_key;
    struct bank_certificate certificate;
};
struct world {
    const char *network;
    struct arena arena;
    struct key_pair root, issuing, register_key, revocation;
    struct world_bank banks[WORLD_BANKS]; /* bank_id = position + 1 */
    struct policy policy;
    struct directory directory;     /* bank_certificates and policy are set by world_publish */
    struct revocations revocations; /* version 0: none yet */
    struct cose directory_cose, revocations_cose;
    struct trust trust;
    uint64_t serial, nonce; /* last used */
};
/* Four tiers, the policy of the design to start with, directory version 1, no revocation list. */
void world_open(struct world *out);
void world_close(struct world *world);
void world_publish(struct world *world);
/* Adds an entry and signs the next version of the list. */
void world_revoke(struct world *world, const struct key_id *key_id);

struct key_pair world_key(const char *name); /* the scalar is SHA-256("dcep test key " || name) */
struct nonce world_nonce(struct world *world);
struct id world_hash(const char *text); /* some 32 bytes */
struct amount world_fen(uint64_t fen);
struct cose world_sign(struct world *world, enum kind kind, const void *value,
                       const struct key_pair *pair);
struct span world_bytes(struct world *world, const struct cose *cose); /* tagged */

struct world_wallet {
    struct key_pair pair;
    bool is_vault; /* a bank's vault key: no certificate */
    struct wallet_certificate certificate;
    struct cose certificate_cose;
    uint64_t counter; /* of the last payment */
};
void world_wallet(struct world_wallet *out, struct world *world, const char *name,
                  uint64_t bank_id);
void world_vault(struct world_wallet *out, struct world *world, uint64_t bank_id);
void world_register_wallet(struct world_wallet *out, struct world *world); /* a payee only */
/* Sign wallet->certificate again, by the bank it names. */
void world_certify(struct world_wallet *wallet, struct world *world);

/* A coin and the line that leads to it. */
struct world_coin {
    struct cose token;
    struct cose payments[PACKET_PAYMENTS_MAX];
    const struct world_wallet *signers[PACKET_PAYMENTS_MAX];
    size_t payment_count;
    uint64_t serial;
    struct amount amount;
    struct id coin_id;
    struct world_wallet *owner; /* borrowed: wallets outlive their coins */
};
struct world_request {
    struct request request;
    struct cose cose;
    struct id id;
};
void world_token(struct world_coin *out, struct world *world, uint64_t fen,
                 struct world_wallet *owner);
struct token world_token_value(struct world *world, uint64_t fen, const struct world_wallet *owner);
void world_token_signed(struct world_coin *out, struct world *world, const struct token *token,
                        struct world_wallet *owner);
void world_request(struct world_request *out, struct world *world, const struct world_wallet *payee,
                   uint64_t fen);
/* The owner of coin pays fen of it to payee under reference (NULL: none), the rest comes back.
 * change may be NULL if nothing is left. */
void world_pay(struct world_coin *paid, struct world_coin *change, struct world *world,
               const struct world_coin *coin, struct world_wallet *payee, uint64_t fen,
               const struct id *reference);
/* The same in steps: the value (outputs in the arena), to be changed by hand, and the child coin
 * of one output. */
struct payment world_payment_value(struct world *world, const struct world_coin *coin,
                                   const struct world_wallet *payee, uint64_t fen,
                                   const struct id *reference);
void world_payment_signed(struct world_coin *child, struct world *world,
                          const struct world_coin *coin, const struct payment *payment,
                          struct world_wallet *owner, size_t output);

/* A packet in the making: change its parts by hand at will. Lines are added once, parents first. */
struct world_packet {
    struct cose tokens[PACKET_COINS_MAX + 2], payments[PACKET_PAYMENTS_MAX + 2],
        certificates[PACKET_PAYMENTS_MAX + 2];
    size_t token_count, payment_count, certificate_count;
    uint64_t directory_version;
};
void world_packet_add(struct world_packet *packet, const struct world_coin *coin);
struct span world_packet_bytes(struct world *world, const struct world_packet *packet);
/* The commitments of its payments, as whoever verifies it meets them. */
struct span world_met(struct world *world, struct span packet);

#endif
