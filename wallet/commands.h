/* The citizen's commands, one function each; the table that names them is in program.c. Each gives
 * an exit code. */
#ifndef DCEP_WALLET_COMMANDS_H
#define DCEP_WALLET_COMMANDS_H

#include "wallet/desk.h"
#include "wallet/findings.h"

int commands_home(struct cli *cli);
int commands_init(struct cli *cli);
int commands_balance(struct cli *cli);
int commands_coins(struct cli *cli);
int commands_history(struct cli *cli);
int commands_request(struct cli *cli);
int commands_pay(struct cli *cli);
int commands_receive(struct cli *cli);
int commands_inspect(struct cli *cli);
int commands_outbox(struct cli *cli);
int commands_cancel(struct cli *cli);
int commands_receipt(struct cli *cli);
int commands_receipt_verify(struct cli *cli);
int commands_withdraw(struct cli *cli);
int commands_deposit(struct cli *cli);
int commands_sync(struct cli *cli);
int commands_doctor(struct cli *cli);

/* --- shared by commands --- */

/* One read of the wallet's rows: work in a transaction, what it finds lives in the desk's arena. */
enum err commands_look(struct desk *desk,
                       enum err (*work)(struct wallet *wallet, struct purse_env *env,
                                        void *context),
                       void *context) MUST_USE;
enum err commands_totals(struct desk *desk, struct purse_totals *out) MUST_USE;
/* "¥1,234.50", in one of a few buffers that are used in turn. */
const char *commands_yuan(struct amount amount);
const char *commands_plan_word(uint64_t state); /* of a plan: "reserved", ... */
void commands_put_text(struct cli *cli, const char *key, const char *text);
void commands_put_amount(struct cli *cli, const char *key, struct amount amount);
void commands_put_number(json_t *object, const char *key, uint64_t value);
/* How the wallet stands, into the result; findings as an array. */
void commands_put_standing(struct desk *desk, const struct standing *standing);
json_t *commands_findings_json(const struct findings *findings, bool troubles_only);
/* A short form of an id, for people. */
enum { COMMANDS_SHORT_SIZE = 9 };
void commands_short(char out[COMMANDS_SHORT_SIZE], struct span id);
/* The plan of a payment by the beginning of its id: *code is not CLI_OK if there is none, or
 * several. */
enum err commands_find_plan(struct desk *desk, int *code, struct purse_plan *out,
                            const char *prefix) MUST_USE;

#endif
