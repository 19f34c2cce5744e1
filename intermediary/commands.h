/* The bank's commands over its database: each gives an exit code (common/cli/cli.h). */
#ifndef DCEP_INTERMEDIARY_COMMANDS_H
#define DCEP_INTERMEDIARY_COMMANDS_H

#include "intermediary/premises.h"

int commands_status(struct cli *cli);
int commands_settle_status(struct cli *cli);

int commands_vault_show(struct cli *cli);
int commands_vault_order(struct cli *cli);
int commands_vault_return(struct cli *cli);

int commands_customer_open(struct cli *cli);
int commands_customer_import(struct cli *cli);
int commands_customer_join(struct cli *cli);
int commands_customer_list(struct cli *cli);
int commands_customer_show(struct cli *cli);

int commands_account_show(struct cli *cli);
int commands_account_deposit(struct cli *cli);
int commands_account_withdraw(struct cli *cli);

int commands_wallet_list(struct cli *cli);
int commands_wallet_revoke(struct cli *cli);
int commands_wallet_refund(struct cli *cli);
int commands_wallet_advance(struct cli *cli);

/* --- what they share --- */
/* The customer that the argument CUSTOMER names; inside a step. */
enum err commands_customer(struct branch_env *env, enum status *status, struct customer *out,
                           const struct cli *cli) MUST_USE;
json_t *commands_customer_json(const struct customer *customer);
json_t *commands_wallet_json(const struct bank_wallet *wallet);
/* Of a join file, from a code. */
enum err commands_join_file(struct cli *cli, struct buffer *out, const struct nonce *code,
                            uint64_t expires_at) MUST_USE;
int commands_unknown(struct cli *cli, enum err error, enum status status);

#endif
