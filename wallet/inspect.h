/* inspect: what is in a file of dcep, explained. Each kind is a row of the table in inspect.c;
 * what a row shows is in inspect_*.c. Nothing is changed, no key opened, no secret shown.
 *
 * Without a wallet there is no root key to believe: a row then shows what is written, and the
 * verdict is UNCHECKED (where it needs one). */
#ifndef DCEP_WALLET_INSPECT_H
#define DCEP_WALLET_INSPECT_H

#include "wallet/commands.h"

struct inspection {
    struct cli *cli;
    struct wallet *wallet;     /* NULL: there is none */
    const struct trust *trust; /* NULL with it */
    uint64_t now;
    const char *network; /* of the file */
    struct span file, body;
    struct arena *arena;
};

/* The command's FILE. Gives the exit code. */
int inspect_file(struct desk *desk, bool has_wallet);

/* Each shows what is in the body and gives the verdict; STATUS_OK where nothing was to be checked.
 * A row that checks nothing without trust returns before it asks for it. */
enum err inspect_packet(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_invoice(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_request(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_confirmation(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_token(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_proof(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_wallet_certificate(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_bank_certificate(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_directory(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_revocations(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_join(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_enrollment(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_admission(struct inspection *inspection, enum status *status) MUST_USE;
enum err inspect_other(struct inspection *inspection, enum status *status, enum kind kind) MUST_USE;

/* --- what the rows share --- */
/* The file as a signed record: decoded into value, its parts in *cose. Form statuses. */
enum status inspect_open(struct inspection *inspection, void *value, struct cose *cose,
                         enum kind kind);
void inspect_put_text(struct inspection *inspection, const char *key, struct span text);
void inspect_put_key(struct inspection *inspection, const char *key,
                     const struct public_key *value);
void inspect_put_number(struct inspection *inspection, const char *key, uint64_t value);
/* "label, Bank", "1a2b3c4d, Bank", "1a2b3c4d, bank 2" without trust, "1a2b3c4d" without a
 * certificate. */
void inspect_name(char out[WALLET_NAME_SIZE], const struct inspection *inspection,
                  const struct public_key *key, const struct wallet_certificate *certificate);
/* "North Bank", or "bank 2" if it is not in the directory. */
void inspect_bank_name(char out[WALLET_NAME_SIZE], const struct inspection *inspection,
                       uint64_t bank_id);

#endif
