/* The operator's commands, one function each; the table that names them is in main.c. Each gives
 * an exit code. */
#ifndef DCEP_CENTRAL_COMMANDS_H
#define DCEP_CENTRAL_COMMANDS_H

#include "central/office.h"

int commands_bank_list(struct cli *cli);
int commands_bank_show(struct cli *cli);
int commands_bank_draft(struct cli *cli);
int commands_bank_enroll(struct cli *cli);
int commands_reserve_credit(struct cli *cli);
int commands_reserve_debit(struct cli *cli);
int commands_reserve_show(struct cli *cli);
int commands_guarantee_post(struct cli *cli);
int commands_guarantee_release(struct cli *cli);
int commands_supply(struct cli *cli);
int commands_approval_list(struct cli *cli);
int commands_approval_show(struct cli *cli);
int commands_approval_approve(struct cli *cli);
int commands_approval_reject(struct cli *cli);
int commands_directory_show(struct cli *cli);
int commands_directory_draft(struct cli *cli);
int commands_directory_accept(struct cli *cli);
int commands_directory_publish(struct cli *cli);
int commands_case_list(struct cli *cli);
int commands_case_show(struct cli *cli);
int commands_case_evidence(struct cli *cli);
int commands_case_verify(struct cli *cli);
int commands_revocation_list(struct cli *cli);
int commands_revocation_add(struct cli *cli);
int commands_db_check(struct cli *cli);
int commands_db_backup(struct cli *cli);
int commands_db_archive(struct cli *cli);
int commands_db_unarchive(struct cli *cli);
int commands_status(struct cli *cli);

/* --- shared by commands --- */

/* The argument BANK: an id, a name, or the beginning of one name. *code is not CLI_OK if there is
 * none. */
enum err commands_find_bank(struct cli *cli, int *code, struct bank *out,
                            struct register_env *env) MUST_USE;
json_t *commands_bank_json(const struct bank *bank, struct register_env *env);
struct span commands_bank_name(const struct trust *trust, uint64_t bank_id); /* empty if unknown */
/* "balanced" and all sums into the result, by the running sum or with every coin added up; exit 9
 * with an error if they do not balance. */
enum err commands_put_running(struct cli *cli, int *code, struct register_env *env) MUST_USE;
enum err commands_put_supply(struct cli *cli, int *code, struct register_env *env) MUST_USE;

static inline void commands_put_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

#endif
