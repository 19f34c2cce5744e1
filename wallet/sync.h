/* Online: join, withdraw, deposit, sync (design, section 6; docs/PROTOCOL.md section 9). Orders and withdrawals are durable before
 * they leave, and repeated with the same bytes until they are answered. */
#ifndef DCEP_WALLET_SYNC_H
#define DCEP_WALLET_SYNC_H

#include "wallet/wallet.h"

/* A new wallet from its join file: state and first key are kept, then the bank is asked; repeating after a failure asks for the same.
 * *status: STATUS_OK, STATUS_CODE, STATUS_UNREACHABLE... */
enum err sync_init(struct wallet *wallet, enum status *status, struct span join_file) MUST_USE;
enum err sync_join(struct wallet *wallet, enum status *status) MUST_USE;

/* STATUS_OK, STATUS_PENDING (sync asks again), limits and FUNDS refused by the bank. */
enum err sync_withdraw(struct wallet *wallet, enum status *status, struct amount amount) MUST_USE;
/* Asks for a request, pays it with settled coins, hands the packet in. *credited what the account got. STATUS_OK, STATUS_PENDING,
 * STATUS_FUNDS, STATUS_CONFLICT ... all: everything settled. */
enum err sync_deposit(struct wallet *wallet, enum status *status, struct amount *credited,
                      struct amount amount) MUST_USE;
enum err sync_deposit_packet(struct wallet *wallet, enum status *status, struct amount *credited,
                             struct span packet_file) MUST_USE;

struct sync_report {
    struct amount settled, orphaned, compensated, lost, exchanged;
    size_t conflict_count;  /* payments to me that lost: exit 7, whatever was made good */
    size_t refused_count;   /* packets that the register does not take */
    size_t pending_count;   /* not answered yet */
    bool is_unreachable;    /* the bank did not answer; what was done stays done */
    enum status key_status; /* of the new certificate */
};
enum err sync_all(struct wallet *wallet, struct sync_report *report) MUST_USE;

#endif
