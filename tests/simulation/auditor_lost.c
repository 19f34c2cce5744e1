/* RESTORE, and what a lost wallet or one from a backup can't be held to. */
#include "tests/simulation/auditor_book.h"

#include <string.h>

static void begin_anew(struct auditor *auditor, size_t person, size_t taken_from)
{
    for (size_t i = taken_from; i < auditor->taken_count; i++)
        if (auditor->taken[i].person == person)
            auditor->taken[i].is_lost = true;
    memset(&auditor->heard[person], 0, sizeof auditor->heard[person]); /* it may know less now */
    auditor->is_whole_due = true;
}

void auditor_lost(struct auditor *auditor, size_t person)
{
    sim_note(auditor->sim, "wallet %zu is lost", person);
    sim_count(auditor->sim, SIM_LOST_PHONES);
    begin_anew(auditor, person, 0);
}

void auditor_backed_up(struct auditor *auditor, size_t person)
{
    auditor->backup[person].taken = auditor->taken_count;
    auditor->backup[person].payments = auditor->payment_count;
}

static void freeze_keys(struct auditor *auditor, size_t person)
{
    const struct lookup *keys = &auditor->by_key;
    for (size_t i = 0; i < keys->capacity; i++)
        if (keys->slots[i].size == KEY_SIZE && keys->slots[i].value == person + 1)
            *lookup_at(&auditor->frozen, span_of(keys->slots[i].key, KEY_SIZE)) = 1;
}

void auditor_restored(struct auditor *auditor, size_t person)
{
    for (size_t i = auditor->backup[person].payments; i < auditor->payment_count; i++) {
        struct auditor_payment *payment = &auditor->payments[i];
        if (auditor_person(auditor, &payment->signer) != person || payment->is_shown)
            continue;
        payment->is_forgotten = true;
        sim_count(auditor->sim, SIM_SINCE);
    }
    if (person < SIM_HONEST) /* thieves keep theirs */
        freeze_keys(auditor, person);
    begin_anew(auditor, person, auditor->backup[person].taken);
}

bool auditor_book_is_frozen(const struct auditor *auditor, const struct public_key *key)
{
    return lookup_get(&auditor->frozen, SPAN(*key)) != 0;
}
