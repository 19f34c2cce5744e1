/* Online: join, withdraw, deposit, sync (design, section 6; docs/PROTOCOL.md section 9).
 *
 * Orders, withdrawals and deposits are durable before they leave, and repeated with the same bytes
 * until they are answered. What cannot be asked now stays as it is: each function can be called
 * again after any failure. */
#ifndef DCEP_WALLET_SYNC_SYNC_H
#define DCEP_WALLET_SYNC_SYNC_H

#include "wallet/state/wallet.h"

/* The customer's recovery key. is_proof: the bank has it from before, and it stands in for the code
 * of the join file, which may be an old one then; else it is new, and the bank is to keep it. */
struct sync_words {
    const struct key_pair *pair;
    bool is_proof;
};
/* Of a join file, before anything is kept: form statuses, STATUS_CODE (expired, and nothing else
 * proves whose it is). */
enum status sync_join_file_status(struct span join_file, uint64_t now, bool has_proof);
/* A new wallet from its join file: state and first key are kept; sync_join then asks the bank.
 * Repeating it before the bank answered keeps the key and takes the newer file's code, and these
 * words. words NULL: none. *status: STATUS_OK, form statuses, STATUS_CODE (expired), STATUS_STATE
 * (joined already). */
enum err sync_init(struct wallet *wallet, enum status *status, struct span join_file,
                   const struct sync_words *words) MUST_USE;
/* A restored wallet's new key, and what proves to the bank whose it is: words, or the code of a new
 * join file of the same bank (the other NULL or empty). Nobody is asked; sync does that.
 * STATUS_CERTIFICATE: another bank's or network's file. */
enum err sync_restored(struct wallet *wallet, enum status *status, struct span join_file,
                       const struct sync_words *words) MUST_USE;
/* New words in place of the old ones. STATUS_OK, STATUS_UNREACHABLE... */
enum err sync_new_words(struct wallet *wallet, enum status *status,
                        const struct key_pair *recovery) MUST_USE;
/* They are on paper now: whoever shows them says so. */
enum err sync_words_seen(struct wallet *wallet) MUST_USE;
/* words: as given to sync_init. STATUS_OK, STATUS_CODE, STATUS_FORBIDDEN (the bank gave this wallet
 * up before it was handed its certificate: words, or the code of a new join file, open it yet),
 * STATUS_CERTIFICATE (the answer does not fit), STATUS_UNREACHABLE... */
enum err sync_join(struct wallet *wallet, enum status *status,
                   const struct sync_words *words) MUST_USE;

/* One of the same amount that is not answered yet is asked for again; no second one is made.
 * STATUS_OK, STATUS_PENDING and STATUS_UNREACHABLE (sync asks again with the same id), limits and
 * FUNDS refused by the bank. */
enum err sync_withdraw(struct wallet *wallet, enum status *status, struct amount amount) MUST_USE;

/* What could be deposited now: settled coins. */
enum err sync_depositable(struct wallet *wallet, struct amount *out) MUST_USE;
/* Asks for a request, pays it with settled coins, hands the packet in; several times if it takes
 * more coins, or more money, than one payment may have. *credited: what the account got. STATUS_OK,
 * STATUS_PENDING (sync asks again), STATUS_FUNDS, STATUS_CONFLICT... */
enum err sync_deposit(struct wallet *wallet, enum status *status, struct amount *credited,
                      struct amount amount) MUST_USE;
/* A packet that pays me, quarantined or not seen yet: settled, and its money deposited. */
enum err sync_deposit_packet(struct wallet *wallet, enum status *status, struct amount *credited,
                             struct span packet_file) MUST_USE;

struct sync_report {
    struct amount settled, orphaned, lost, exchanged;
    struct amount found;    /* at the register: compensations, what others handed in */
    size_t conflict_count;  /* payments to me that lost: exit 7, whatever was made good */
    size_t refused_count;   /* what the register does not take, or whose answer is not believed */
    enum status refusal;    /* why, of the first */
    size_t pending_count;   /* not answered yet */
    bool is_unreachable;    /* the bank did not answer; what was done stays done */
    enum status key_status; /* of the new certificate */
};
enum err sync_all(struct wallet *wallet, struct sync_report *report) MUST_USE;

#endif
