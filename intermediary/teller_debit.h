/* Inside the teller: what its files share. Not for other files. */
#ifndef DCEP_INTERMEDIARY_TELLER_DEBIT_H
#define DCEP_INTERMEDIARY_TELLER_DEBIT_H

#include "intermediary/teller.h"

/* Account, the day's sum, what is held, journal. STATUS_OK, STATUS_FUNDS. */
enum err teller_debit(struct branch_env *env, enum status *status, uint64_t customer,
                      struct amount amount) MUST_USE;

#endif
