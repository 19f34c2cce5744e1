/* What holds a wallet's private keys, and a counter that only rises: one interface, two
 * implementations (docs/adr/0032-secure-element.md; docs/PROTOCOL.md section 9).
 *
 *   software   keys in the database, sealed under the PIN; no counter: a copied database is not
 *              noticed
 *   element    a secure element (holder_tpm.c): keys that cannot be taken out, a counter that no
 *              copied database can turn back
 *
 * The counter. The database counts the plans it marked (wallet_state.element_count); the element's
 * counter follows it, one step behind at most: first the mark is durable, then the element counts,
 * then a key may sign. A database that counts less than its element is an older copy: ERR_ROLLBACK.
 *
 * Pure: what the element is asked comes through the functions below. */
#ifndef DCEP_WALLET_KEYS_HOLDER_H
#define DCEP_WALLET_KEYS_HOLDER_H

#include "common/crypto/crypto.h"

enum holder_kind { HOLDER_SOFTWARE = 0, HOLDER_ELEMENT = 1 }; /* as in certificates */

struct holder {
    enum holder_kind kind;
    void *context;
    /* Elements only: where its counter is, and the key that attests, as kept in the database. */
    uint64_t index;
    struct span attestor;
    /* A new key, and what is to be kept of it in the database, in arena. */
    enum err (*make_key)(void *context, struct key_pair *out, struct span *kept,
                         struct arena *arena);
    /* A pair that signs, from what was kept. ERR_AUTH: wrong PIN. */
    enum err (*open_key)(void *context, struct key_pair *out, struct span kept);
    /* Elements only (NULL otherwise). follow: the counter is at `count`, or goes to it if it is one
     * step behind; ERR_ROLLBACK if it is ahead, ERR_INTEGRITY if it is further behind. begin: the
     * value it starts from. attest: the element's word that it made this key and keeps it. */
    enum err (*follow)(void *context, uint64_t count);
    enum err (*begin)(void *context, uint64_t *count);
    enum err (*attest)(void *context, struct span *statement, const struct public_key *key,
                       const struct id *qualifier, struct arena *arena);
};

#endif
