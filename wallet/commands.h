/* The citizen's commands, one function each; the table that names them is in program.c. Each gives
 * an exit code. */
#ifndef DCEP_WALLET_COMMANDS_H
#define DCEP_WALLET_COMMANDS_H

#include "wallet/desk/carry.h"
#include "wallet/desk/desk.h"
#include "wallet/desk/findings.h"
#include "wallet/handover/handover.h"

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
int commands_lock(struct cli *cli);
int commands_unlock(struct cli *cli);
int commands_pin_change(struct cli *cli);
int commands_words_new(struct cli *cli);
int commands_words_check(struct cli *cli);
int commands_backup_create(struct cli *cli);
int commands_backup_verify(struct cli *cli);
int commands_backup_restore(struct cli *cli);
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
/* "90s", "10m", "2h", "1d"; a bare number counts minutes. */
bool commands_duration(uint64_t *seconds, const char *text, uint64_t seconds_max);
/* How the wallet stands, into the result; findings as an array. */
void commands_put_standing(struct desk *desk, const struct standing *standing);
json_t *commands_findings_json(const struct findings *findings, bool troubles_only);
/* A short form of an id, for people. */
enum { COMMANDS_SHORT_SIZE = 9 };
void commands_short(char out[COMMANDS_SHORT_SIZE], struct span id);
/* --join is a join file, and it has not expired, unless words prove the rest: before anything is
 * asked or made. An exit code. */
int commands_check_join(struct cli *cli, bool has_proof) MUST_USE;
/* --- recovery words (commands_words.c) --- */
/* New ones, into `text`, in the language of --words-language or of the messages. */
int commands_words_draw(struct cli *cli, struct secret *text, struct key_pair *pair) MUST_USE;
/* Is there anywhere to show them: --words-out, or a terminal? */
bool commands_words_can_show(const struct cli *cli);
/* New ones, once the bank knows them; they are seen only if they could be shown. */
int commands_words_show(struct desk *desk, const struct secret *text) MUST_USE;
/* Those that are typed, or in --words-file: the key that they stand for. */
int commands_words_ask(struct cli *cli, struct key_pair *pair) MUST_USE;
/* The same, to open a wallet anew by them: the bank gives up all others of the customer, so that is
 * asked first (-y: yes). */
int commands_words_prove(struct cli *cli, struct key_pair *pair) MUST_USE;
/* The plan of a payment by the beginning of its id: *code is not CLI_OK if there is none, or
 * several. */
enum err commands_find_plan(struct desk *desk, int *code, struct purse_plan *out,
                            const char *prefix) MUST_USE;

/* "3f2a 91bc 07d5 e811": what payer and payee compare on a link that strangers share. */
enum { COMMANDS_CODE_SIZE = 20 };
void commands_code(char out[COMMANDS_CODE_SIZE], const struct id *request_id);

/* --- over a link (commands_carry.c) --- */
struct commands_asked { /* a request, and its file */
    struct id id;
    uint64_t expires_at;
    struct span file;
};
/* The payee's side: the request is offered to whoever calls, until it is paid, or nobody can pay it
 * any more. */
int commands_await(struct desk *desk, struct carry *carry,
                   const struct commands_asked *asked) MUST_USE;
/* The payer's: the packet goes to the payee, its receipt comes back and is kept. */
int commands_push(struct desk *desk, struct carry *carry, const struct id *plan_id,
                  struct span packet) MUST_USE;
/* A request of mine by the beginning of its id, and its file once more; *code is not CLI_OK if
 * there is none, or several. */
enum err commands_find_request(struct desk *desk, int *code, struct purse_request *out,
                               struct span *file, const char *prefix) MUST_USE;

/* --- what came (commands_receive.c) --- */
/* Of a packet, on whatever way: told; the exit code. */
int commands_received(struct desk *desk, const struct handover_received *received);

#endif
