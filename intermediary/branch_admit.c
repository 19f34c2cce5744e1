/* The central bank's answer to an enrolment (contract in branch.h).
 *
 * The root key is believed because of how the file came: people compare its fingerprint. All else
 * must verify under it and name this bank's own keys. */
#include "intermediary/branch.h"

struct admitting {
    const struct admission *admission;
    struct bank_certificate certificate;
    struct arena arena; /* of the trust that is tried */
};

static enum status read_certificate(struct admitting *admitting, const struct branch *branch,
                                    struct arena *arena)
{
    const struct admission *admission = admitting->admission;
    struct bank_certificate *certificate = &admitting->certificate;
    const enum err error = record_open(certificate, branch->network, KIND_BANK_CERTIFICATE,
                                       &admission->bank_certificate, &admission->root_key, arena);
    if (error != ERR_OK)
        return record_status(error);
    if (!key_equal(&certificate->bank_key, &branch->bank_key.public_key) ||
        !key_equal(&certificate->vault_key, &branch->vault_key.public_key))
        return STATUS_CERTIFICATE;
    return STATUS_OK;
}

static enum status read_directory(struct admitting *admitting, const struct branch *branch)
{
    const struct admission *admission = admitting->admission;
    struct trust trust = {0};
    const enum err error = trust_open(&trust, branch->network, &admission->root_key,
                                      &admission->directory, &admitting->arena);
    if (error != ERR_OK)
        return record_status(error);
    const struct trust_bank *mine = trust_bank(&trust, admitting->certificate.bank_id);
    if (mine == NULL || !key_equal(&mine->certificate.bank_key, &branch->bank_key.public_key) ||
        !key_equal(&mine->certificate.vault_key, &branch->vault_key.public_key))
        return STATUS_CERTIFICATE;
    if (branch->bank_id != 0 && trust.directory.version < branch->trust.directory.version)
        return STATUS_VERSION;
    return STATUS_OK;
}

static enum err admit(struct branch_env *env, enum status *status, void *context)
{
    const struct admitting *admitting = context;
    const struct admission *admission = admitting->admission;
    struct bank_trust row = {.id = BANK_NUMBER_ONE};
    bool found = false;
    *status = STATUS_OK;
    TRY(branch_find(env, &found, &bank_table_bank_trust, &row));
    if (found && (!key_equal(&row.root_key, &admission->root_key) ||
                  row.bank_id != admitting->certificate.bank_id)) {
        *status = STATUS_REUSED;
        return ERR_OK;
    }
    row.bank_id = admitting->certificate.bank_id;
    row.root_key = admission->root_key;
    row.certificate = admission->bank_certificate;
    row.directory = admission->directory;
    row.address = admission->address;
    row.tls_name = admission->tls_name;
    row.tls_authority = admission->tls_authority;
    row.tls_certificate = admission->tls_certificate;
    return store_put(env->purse.store, &bank_table_bank_trust, &row);
}

enum err branch_admit(struct branch *branch, enum status *status, const struct admission *admission)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct admitting admitting = {.admission = admission};
    struct branch_env env;
    branch_env_open(&env, branch, &arena);
    *status = read_certificate(&admitting, branch, &arena);
    if (*status == STATUS_OK)
        *status = read_directory(&admitting, branch);
    arena_fini(&admitting.arena);
    if (*status != STATUS_OK)
        return ERR_OK;
    TRY(branch_run(&env, status, admit, &admitting));
    return *status == STATUS_OK ? branch_load(branch) : ERR_OK;
}
