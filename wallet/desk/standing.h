/* How a wallet stands: what it holds, what can be paid now, how old what it believes is, what
 * waits. Read once for the home screen, balance and doctor. No key is opened; nothing changes. */
#ifndef DCEP_WALLET_DESK_STANDING_H
#define DCEP_WALLET_DESK_STANDING_H

#include "wallet/handover/handover.h"

struct standing {
    struct purse_totals totals;
    struct amount payable; /* offline, in one payment, now: exact (handover_payable) */
    /* A payment offline, and all of them before the next sync, whatever coins there are. */
    struct amount payment_max, left_until_sync;
    struct amount withdrawn_today, left_to_withdraw_today; /* by this wallet; the bank counts all */
    bool is_restored;                                      /* from a backup, and not synced since */
    bool is_refused; /* the bank, or the revocation list, says no to my key */
    bool has_words;
    enum words_state words;
    bool has_certificate;
    struct wallet_certificate certificate;
    uint64_t directory_version, directory_made_at, directory_not_after; /* version 0: none */
    uint64_t revocations_version, revocations_made_at;
    bool has_coin;
    uint64_t next_spend_by;  /* day, of the coin that can be spent first no more */
    uint64_t next_redeem_by; /* day, of the coin that may be refunded first; kept aside ones too */
    size_t fork_count;       /* coins of others, proved to be paid twice in the last days */
    /* Payments by how far they came; orders: exchanges and claims. */
    size_t reserved_count, unsent_count, unconfirmed_count, order_count;
    size_t withdrawal_count, deposit_count, unsettled_count; /* the last: packets received */
    size_t orphan_count, quarantined_count;
    uint64_t newest_signed_time;
};
enum err standing_read(struct wallet *wallet, struct standing *out, struct arena *arena) MUST_USE;

#endif
