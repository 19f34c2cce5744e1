/* What an honest wallet allows itself: the signed policy, the tier of its certificate, and what the
 * owner set lower. Pure.
 *
 * Invariants: 1 of several bounds the lowest holds. 2 the owner's own can only be lower: one above
 * the others does nothing. 3 what a payment counts against a limit is booked in the transaction
 * that signs it. Never: the last word; only a payee can hold a patched wallet to a limit
 * (docs/PROTOCOL.md section 11). */
#ifndef DCEP_WALLET_STATE_LIMITS_H
#define DCEP_WALLET_STATE_LIMITS_H

#include "wallet/state/wallet.h"

enum limits_source { LIMITS_POLICY, LIMITS_TIER, LIMITS_OWN };
struct limits_bound {
    struct amount max; /* AMOUNT_MAX: none */
    enum limits_source source;
};
struct limits_bounds {
    struct limits_bound payment; /* one payment, offline */
    struct limits_bound day;     /* paid offline a day, UTC */
    struct limits_bound offline; /* paid offline between two syncs */
    struct limits_bound held;    /* what a request may bring it to */
};
void limits_bounds(struct limits_bounds *out, const struct wallet *wallet,
                   const struct wallet_certificate *mine);
struct amount limits_paid_today(const struct wallet *wallet);
/* What is left under a bound of which this much is used; zero if nothing is. */
struct amount limits_left(const struct limits_bound *bound, struct amount used);

/* May this be paid offline? STATUS_OK, STATUS_PAYMENT_LIMIT (this payment, or all since the last
 * sync), STATUS_LIMIT_DAY. */
enum status limits_pay(const struct wallet *wallet, const struct wallet_certificate *mine,
                       struct amount amount);
/* Counts a payment; the caller stores wallet->state. ERR_RANGE. */
enum err limits_book(struct wallet *wallet, struct amount amount) MUST_USE;
/* May this be asked for? STATUS_OK, STATUS_CLOCK, STATUS_LIMIT_HELD. What comes all the same is
 * kept: a limit takes no money away. */
enum err limits_ask(struct wallet *wallet, enum status *status, struct amount amount) MUST_USE;

/* My current certificate; if there is none, one without limits that has expired. */
enum err limits_certificate(struct purse_env *env, struct wallet_certificate *out) MUST_USE;

/* The owner's own: zero leaves that one as it is. *raises: one of them goes up, or away (reset). */
struct limits_own {
    struct amount payment_max, day_max, offline_max, held_max;
    bool reset; /* first all away */
};
bool limits_raises(const struct wallet *wallet, const struct limits_own *own);
enum err limits_set(struct wallet *wallet, const struct limits_own *own) MUST_USE;

#endif
