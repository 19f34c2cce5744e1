/* A way for bytes from one wallet to another: a file, a link in the same network, codes on a
 * screen. All carry the same bytes (a dcep file, at most FILE_SIZE_MAX), and none looks into them.
 *
 * 1. What is taken is whole, or there is an error: a carrier never hands on a part.
 * 2. Nothing from the other side costs more than FILE_SIZE_MAX of memory for each peer, or more
 *    time than the carrier was given.
 * 3. A carrier that failed has lost nothing: what was given is kept by the wallet and can be given
 *    again, as the same bytes.
 *
 * docs/adr/0022-carriers.md says why it is so. */
#ifndef DCEP_WALLET_CARRIERS_CARRIER_H
#define DCEP_WALLET_CARRIERS_CARRIER_H

#include "common/base/span.h"

struct carrier {
    const struct carrier_ops *ops;
};
struct carrier_ops {
    enum err (*take)(struct carrier *carrier, struct buffer *out);
    enum err (*give)(struct carrier *carrier, struct span bytes);
    void (*close)(struct carrier *carrier);
    bool answers; /* both ways: what is given is answered, and the answer can be taken */
};

/* One message, appended. Machinery errors as of the implementation; ERR_LIMIT: too large. */
enum err carrier_take(struct carrier *carrier, struct buffer *out) MUST_USE;
enum err carrier_give(struct carrier *carrier, struct span bytes) MUST_USE;
void carrier_close(struct carrier **carrier); /* fit for AUTO */

#endif
