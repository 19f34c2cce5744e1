/* A wallet is lost, or comes back from its backup (contract in citizen.h).
 *
 * 1. What the wallet knew that is gone is gone: nothing of the old store is looked at again.
 * 2. What it said before it says again: whoever was shown a packet or a receipt may be shown the
 *    same bytes once more, never others. */
#include "tests/simulation/agency.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/citizen_inside.h"
#include "tests/simulation/disk.h"
#include "wallet/state/backup.h"
#include "wallet/state/tables.h"

/* Until the bank has given up the keys: the clerk tries until it is done. */
static void give_up(struct citizen *citizen)
{
    struct sim *sim = citizen->sim;
    const bool is_lossless = sim->is_lossless;
    while (!agency_give_up(citizen->agency, citizen->customer))
        sim->is_lossless = true;
    sim->is_lossless = is_lossless;
}

/* Whose wallet it is: by words, or at the counter. */
static bool prove(struct citizen *citizen)
{
    if (citizen->has_words && chance_permille(&citizen->sim->chance, 500))
        return true;
    give_up(citizen);
    citizen->join_file = agency_join_file(citizen->agency, citizen->customer);
    return false;
}

void citizen_lose(struct citizen *citizen)
{
    struct sim *sim = citizen->sim;
    const bool is_lossless = sim->is_lossless;
    const bool by_words = prove(citizen);
    auditor_lost(sim->auditor, citizen->person);
    wallet_fini(&citizen->wallet);
    lookup_fini(&citizen->said); /* what the lost one said, the new one cannot repeat */
    /* the old store is with the finder */
    citizen->wallet.store = disk_open(sim, &wallet_schema, citizen->person);
    sim->is_lossless = true;
    citizen_join(citizen, by_words);
    sim->is_lossless = is_lossless;
}

void citizen_backup(struct citizen *citizen)
{
    struct sim *sim = citizen->sim;
    struct buffer made AUTO(buffer_fini) = {.limit = BACKUP_SIZE_MAX};
    const bool is_armed = citizen_arm(citizen);
    const enum err error = backup_write(&citizen->wallet, &made);
    if (!citizen_survived(citizen, is_armed, error, "backup"))
        return;
    buffer_fini(&citizen->backup);
    citizen->backup = made;
    made = (struct buffer){0};
    auditor_backed_up(sim->auditor, citizen->person);
    sim_note(sim, "wallet %zu makes a backup", citizen->person);
    sim_count(sim, SIM_BACKUPS);
}

/* Rows first, then the proof: each may crash, and is then done once more. */
static enum err read_back(struct citizen *citizen, bool by_words)
{
    const struct sync_words words = {.pair = &citizen->words, .is_proof = true};
    uint64_t made_at = 0;
    enum status status = STATUS_OK;
    if (!citizen->wallet.is_restored)
        TRY(backup_read(&citizen->wallet, &made_at, buffer_span(&citizen->backup)));
    TRY(sync_restored(&citizen->wallet, &status, by_words ? span_of(NULL, 0) : citizen->join_file,
                      by_words ? &words : NULL));
    if (status != STATUS_OK)
        sim_fail(citizen->sim, "MACHINERY", "wallet %zu is restored: %s", citizen->person,
                 status_name(status));
    return ERR_OK;
}

void citizen_ask_for_code(struct citizen *citizen)
{
    enum status status = STATUS_OK;
    citizen->join_file = agency_join_file(citizen->agency, citizen->customer);
    const bool is_armed = citizen_arm(citizen);
    const enum err error = sync_restored(&citizen->wallet, &status, citizen->join_file, NULL);
    sim_note(citizen->sim, "wallet %zu has a new code: %s", citizen->person, status_name(status));
    (void)citizen_survived(citizen, is_armed, error, "a new code");
}

bool citizen_restore(struct citizen *citizen)
{
    struct sim *sim = citizen->sim;
    if (citizen->backup.size == 0)
        return false;
    const bool by_words = prove(citizen);
    auditor_restored(sim->auditor, citizen->person);
    wallet_fini(&citizen->wallet);
    citizen->wallet.store = disk_open(sim, &wallet_schema, citizen->person);
    citizen_start(citizen);
    bool is_done = false;
    while (!is_done) {
        const bool is_armed = citizen_arm(citizen);
        const enum err error = read_back(citizen, by_words);
        is_done = citizen_survived(citizen, is_armed, error, "restore");
    }
    sim_note(sim, "wallet %zu is restored, by %s", citizen->person, by_words ? "words" : "a code");
    sim_count(sim, SIM_RESTORES);
    return true;
}
