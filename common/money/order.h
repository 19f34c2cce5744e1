/* Orders: exchange and redeem, unsigned, funded by payments to the register's key (design, section
 * 3; docs/PROTOCOL.md section 6). Pure. */
#ifndef DCEP_COMMON_MONEY_ORDER_H
#define DCEP_COMMON_MONEY_ORDER_H

#include "common/money/packet.h"

struct order {
    enum kind kind; /* KIND_EXCHANGE or KIND_REDEEM */
    struct id id;
    struct exchange exchange;
    struct redeem redeem;
};
/* Decode: an exchange has 5 fields in another shape than a redeem's 5; the kind is told by the
 * verb. Outputs must be points and not the register's key (STATUS_POINT, STATUS_ORDER). */
enum status order_read(struct order *out, const char *network, enum kind kind, struct span bytes,
                       const struct trust *trust, struct arena *arena);
/* Every leaf of the packet has one output, to register_key, and reference = the order's id; no
 * other payment of the packet pays the register. Else STATUS_ORDER. A packet that pays the register
 * without an order is refused by order_none: STATUS_ORDER. */
enum status order_funded(const struct order *order, const struct packet_view *view,
                         const struct trust *trust);
enum status order_none(const struct packet_view *view, const struct trust *trust);

#endif
