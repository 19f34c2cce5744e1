/* Hand to hand: request, pay, receive, receipt; both sides offline (design, section 6;
 * docs/PROTOCOL.md section 9).
 *
 * The payer's states are the plan's (common/purse/tables.h); purse_next is the whole table of
 * state x event.
 * Each file may be a bundle, with news beside its message: they are taken first
 * (wallet/news/news.h).
 * Never: signs a coin twice with other content; gives out bytes that are not durable; shows
 * quarantined money as paid. */
#ifndef DCEP_WALLET_HANDOVER_HANDOVER_H
#define DCEP_WALLET_HANDOVER_HANDOVER_H

#include "wallet/news/news.h"

/* --- payee --- */
struct handover_ask {
    struct amount amount;
    const char *memo;
    uint64_t expires_s; /* from now */
};
/* A request, kept, then the bytes of its file (a wrapped invoice), in arena. */
enum err handover_request(struct wallet *wallet, struct span *file, struct id *request_id,
                          const struct handover_ask *ask, struct arena *arena) MUST_USE;

/* What came of a packet shown to me. */
enum handover_result {
    HANDOVER_TAKEN,       /* paid: hand over the goods; receipt in *receipt */
    HANDOVER_DUPLICATE,   /* the very payments of before: the same receipt again */
    HANDOVER_QUARANTINED, /* genuine and mine, but no payment to count on: status says why; kept */
    HANDOVER_REFUSED,     /* not genuine, or nothing of it is mine: nothing kept */
};
/* The payee's table: what comes of a packet, by the state of the request it names and by what it
 * is. */
enum handover_asked { HANDOVER_NOT_ASKED, HANDOVER_OPEN, HANDOVER_PAID, HANDOVER_ASKED_COUNT };
enum handover_shown {
    HANDOVER_NOT_MINE, /* not genuine, or nothing of it pays a key of mine */
    HANDOVER_THE_SAME, /* the very payments that count for the request */
    HANDOVER_AGAINST,  /* genuine and mine; the payee's checks say no */
    HANDOVER_GOOD,     /* they say yes */
    HANDOVER_SHOWN_COUNT
};
enum handover_result handover_next(enum handover_asked asked, enum handover_shown shown);
struct handover_received {
    enum handover_result result;
    enum status status;
    bool is_my_own;       /* refused because I made it, and hold what of it is mine */
    struct amount amount; /* of the outputs to my keys */
    uint64_t hops_max;    /* deepest of its coins */
    size_t coin_count;
    struct span
        receipt; /* file bytes (wrapped confirmation), in arena; empty unless taken or duplicate */
    char payer[WALLET_NAME_SIZE]; /* printable */
    char memo[MEMO_SIZE_MAX * 3 + 1];
};
enum err handover_receive(struct wallet *wallet, struct handover_received *out,
                          struct span packet_file, struct arena *arena) MUST_USE;

/* --- payer --- */
struct handover_offer { /* what pay shows before it signs */
    struct request request;
    struct id request_id;
    struct cose request_cose;
    bool has_certificate;
    struct cose certificate_cose;
    struct wallet_certificate payee;
    char payee_name[WALLET_NAME_SIZE]; /* printable: label or fingerprint, and bank */
    char memo[MEMO_SIZE_MAX * 3 + 1];
    struct amount spendable_after;
    bool is_repeat; /* a plan for it exists: paying again shows the same bytes */
};
/* *status: STATUS_OK, form and certificate statuses, STATUS_REQUEST_UNKNOWN (expired),
 * STATUS_PAYMENT_LIMIT, STATUS_FUNDS, STATUS_CERTIFICATE_DATE (mine: sync first), STATUS_HOPS, ...
 * what the payee's checks will say. Changes nothing but what is believed. */
enum err handover_offer(struct wallet *wallet, struct handover_offer *out, enum status *status,
                        struct span invoice_file, struct arena *arena) MUST_USE;
/* Reserve, check as the payee will, mark, sign, keep; then the packet's file bytes. Repeating it
 * after any crash, or again, gives the same bytes. is_online: a deposit (no offline limits,
 * settled coins only). */
enum err handover_pay(struct wallet *wallet, struct span *file, enum status *status,
                      const struct handover_offer *offer, bool is_online,
                      struct arena *arena) MUST_USE;
/* What pay would do with a request now: the same steps up to the mark, then all undone. *status as
 * handover_pay would give it; what would be handed over if it is STATUS_OK. Changes nothing. */
struct handover_trial {
    struct handover_offer offer; /* payee_name is empty if the request itself is refused */
    size_t coin_count;           /* handed over */
    uint64_t hops_max;           /* of the deepest of them, in the payee's hands */
    struct amount change;        /* what comes back */
    size_t size;                 /* of the packet's file; 0 unless STATUS_OK */
};
enum err handover_trial(struct wallet *wallet, struct handover_trial *out, enum status *status,
                        struct span invoice_file, struct arena *arena) MUST_USE;
/* The most that can be paid offline now, in one payment, to a payee who takes all that policy
 * allows: a fen more is refused. */
enum err handover_payable(struct wallet *wallet, struct amount *out, struct arena *arena) MUST_USE;
/* After the bytes were written out. */
enum err handover_sent(struct wallet *wallet, const struct id *plan_id) MUST_USE;
/* The payee's receipt: CONFIRMED. *status: STATUS_OK (again too), STATUS_UNKNOWN,
 * STATUS_SIGNATURE, STATUS_STATE ... */
enum err handover_confirm(struct wallet *wallet, enum status *status, struct id *request_id,
                          struct span confirmation_file) MUST_USE;
/* Only before the mark: STATUS_STATE otherwise. */
enum err handover_cancel(struct wallet *wallet, enum status *status,
                         const struct id *plan_id) MUST_USE;
/* Plans that a crash or a cut link left between reservation and signed bytes: payments that are
 * marked are signed (the same payloads); exchanges that are only reserved give their coins free. */
enum err handover_resume(struct wallet *wallet) MUST_USE;
/* The bytes of a plan's packet, once more: a wrapped packet. ERR_MISSING before they are signed. */
enum err handover_packet_file(struct wallet *wallet, struct span *file,
                              const struct purse_plan *plan, struct arena *arena) MUST_USE;
/* A confirmation by anybody for anybody: request under its certificate, receipt under the payee's
 * key. */
struct handover_receipt {
    struct request request;
    struct receipt receipt;
    char payee_name[WALLET_NAME_SIZE];
};
enum err handover_receipt_verify(struct wallet *wallet, struct handover_receipt *out,
                                 enum status *status, struct span confirmation_file,
                                 struct arena *arena) MUST_USE;

#endif
