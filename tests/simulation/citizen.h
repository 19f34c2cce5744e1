/* A simulated citizen: the real wallet over a store in memory, and whoever holds it. Honest ones do
 * nothing but use it; the thieves use it too, and the mob has their keys. */
#ifndef DCEP_TESTS_SIMULATION_CITIZEN_H
#define DCEP_TESTS_SIMULATION_CITIZEN_H

#include "tests/simulation/sim.h"

struct wallet;

struct citizen *citizen_open(struct sim *sim, size_t person);
bool citizen_is_honest(const struct citizen *citizen);
struct agency *citizen_agency(const struct citizen *citizen);
uint64_t citizen_customer(const struct citizen *citizen);
struct store *citizen_store(struct citizen *citizen);
struct wallet *citizen_wallet(struct citizen *citizen); /* its clock set */

void citizen_cash(struct citizen *citizen, uint64_t value, bool is_in); /* at the counter */
void citizen_withdraw(struct citizen *citizen, uint64_t value);
void citizen_deposit(struct citizen *citizen, uint64_t value);
/* A packet, quarantined or never seen, is brought to the bank. */
void citizen_deposit_packet(struct citizen *citizen, struct span file);
void citizen_sync(struct citizen *citizen);
/* The phone is gone, with all that was in it; a new one joins for the same customer. */
void citizen_lose(struct citizen *citizen);
/* A backup is made; the one before is thrown away. */
void citizen_backup(struct citizen *citizen);
/* The backup becomes the wallet, with words or with a new join file; it may crash meanwhile, and
 * goes on. It has not synced then. False if there is no backup. */
bool citizen_restore(struct citizen *citizen);
/* Hand to hand: request, packet, receipt; each may be lost, each side may crash. */
void citizen_pay(struct citizen *payer, struct citizen *payee, uint64_t value);
/* What was begun and not finished: signed what was marked, shown again, or cancelled. */
void citizen_resume(struct citizen *citizen);

/* A request of a citizen's, for whoever wants to pay. False if the wallet crashed over it. */
struct citizen_request {
    struct id id;
    struct public_key payee_key;
    struct span file;
};
bool citizen_request(struct citizen *payee, struct citizen_request *out, uint64_t value,
                     struct arena *arena);
/* A request, perhaps of long ago, perhaps paid by somebody, is paid; payee: whom to show it. */
void citizen_pay_request(struct citizen *payer, struct citizen *payee, struct span file);
/* A receipt, perhaps another's, perhaps damaged, is shown to a payer. */
void citizen_confirm(struct citizen *payer, struct span receipt);
/* A packet's file is shown to a citizen; receipt (may be NULL) is empty unless it was taken. */
void citizen_receive(struct citizen *payee, struct span *receipt, struct span file,
                     struct arena *arena);
/* A call to the citizen's bank with any key, for the mob. */
enum err citizen_call(struct citizen *citizen, enum status *status, void *reply, enum verb verb,
                      const void *body, const struct key_pair *pair, struct arena *arena);

#endif
