/* Inside the vault room: what its files share. Not for other files. */
#ifndef DCEP_INTERMEDIARY_VAULTROOM_PLAN_H
#define DCEP_INTERMEDIARY_VAULTROOM_PLAN_H

#include "intermediary/vaultroom.h"

/* Settled coins free to be used, the largest first, and their sum. */
enum err vaultroom_coins(struct branch_env *env, struct purse_coin_list *out,
                         struct amount *total) MUST_USE;
/* Coins that cover amount, at most PACKET_COINS_MAX: STATUS_OK, STATUS_VAULT, STATUS_BUSY (then
 * chosen are the largest ones). */
enum err vaultroom_choose(struct branch_env *env, enum status *status,
                          struct purse_coin_list *chosen, struct amount *sum,
                          struct amount amount) MUST_USE;
/* Reserved and marked; kind: PURSE_PLAN_EXCHANGE or PURSE_PLAN_CLAIM. */
enum err vaultroom_exchange(struct branch_env *env, struct id *plan_id,
                            const struct purse_coin_list *coins, const struct output_list *outputs,
                            enum purse_plan_kind kind) MUST_USE;
enum err vaultroom_poll(struct branch_env *env, enum status *status,
                        const struct vault_order *order) MUST_USE;

#endif
