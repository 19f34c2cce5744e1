/* The end: everybody has reconnected. I7, STUCK, WORTH, and COMP for honest claims. */
#include "central/tables.h"
#include "common/money/evidence.h"
#include "common/money/proof.h"
#include "common/purse/tables.h"
#include "tests/simulation/agency.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"

#include <inttypes.h>
#include <string.h>

struct final {
    struct auditor *auditor;
    struct arena arena;
    struct coin *coins; /* all of the register's rows */
    size_t coin_count;
    struct lookup by_coin;                             /* position + 1 in coins */
    struct lookup by_counter, cloned;                  /* key and counter; keys with a case */
    struct lookup settled;                             /* payments whose coin they spent for good */
    int64_t unspent[SIM_PERSONS + 1];                  /* by owner */
    int64_t in[SIM_PERSONS + 1], out[SIM_PERSONS + 1]; /* settled payments between persons */
    int64_t compensated[SIM_PERSONS + 1];
};

static struct list central_rows(struct final *final, const struct table *table)
{
    return auditor_book_rows(final->auditor, centre_store(final->auditor->sim->centre), table, -1,
                             NULL, &final->arena);
}

/* A coin's own row never says that it is spent. */
static void mark_spent(struct final *final)
{
    const struct list rows = central_rows(final, &tables_table_spend);
    const struct spend *spends = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const size_t at = lookup_get(&final->by_coin, SPAN(spends[i].coin_id));
        if (at != 0 && final->coins[at - 1].state == COIN_UNSPENT)
            final->coins[at - 1].state = COIN_SPENT;
        else if (at != 0 && final->coins[at - 1].state == COIN_ORPHAN)
            final->coins[at - 1].state = COIN_ORPHAN_SPENT;
    }
}

static void read_coins(struct final *final)
{
    const struct list rows = central_rows(final, &tables_table_coin);
    final->coins = rows.items;
    final->coin_count = rows.count;
    final->auditor->sim->counts[SIM_COINS] = rows.count;
    for (size_t i = 0; i < rows.count; i++)
        *lookup_at(&final->by_coin, SPAN(final->coins[i].coin_id)) = i + 1;
    mark_spent(final);
    for (size_t i = 0; i < rows.count; i++) {
        if (final->coins[i].state == COIN_UNSPENT)
            final->unspent[auditor_person(final->auditor, &final->coins[i].owner_key)] +=
                sim_amount(final->coins[i].amount);
    }
}

static const struct coin *coin_row(const struct final *final, const struct id *coin_id)
{
    const size_t at = lookup_get(&final->by_coin, SPAN(*coin_id));
    return at == 0 ? NULL : &final->coins[at - 1];
}

/* What changed hands for good. Payments to vaults are deposits: they show in the account. */
static void add_settled(struct final *final, const struct auditor_payment *payment)
{
    const size_t payer = auditor_person(final->auditor, &payment->signer);
    for (size_t i = 0; i < payment->output_count; i++) {
        const size_t payee = auditor_person(final->auditor, &payment->outputs[i].key);
        if (payee == payer || payee >= SIM_CITIZENS)
            continue;
        final->out[payer] += sim_amount(payment->outputs[i].amount);
        final->in[payee] += sim_amount(payment->outputs[i].amount);
    }
}

static struct id spend_payment_id(struct final *final, const struct spend *spend)
{
    struct cose payment = {0};
    sim_check(
        final->auditor->sim,
        evidence_unpack(&payment, spend->evidence, spend->serial, &spend->coin_id, &final->arena),
        "the auditor reads evidence");
    return record_id(WORLD_NETWORK, KIND_PAYMENT, payment.payload);
}

/* Two coins, one counter, both spent by it: by now there is a case. (What left was noted as
 * long as it was there: docs/adr/0033-spent-lines-leave-for-an-archive.md.) */
static void note_counter(struct final *final, const struct auditor_payment *payment)
{
    uint8_t name[KEY_SIZE + sizeof payment->counter];
    memcpy(name, payment->signer.bytes, KEY_SIZE);
    memcpy(name + KEY_SIZE, &payment->counter, sizeof payment->counter);
    size_t *at = lookup_at(&final->by_counter, span_of(name, sizeof name));
    if (*at != 0 && lookup_get(&final->cloned, SPAN(payment->signer)) == 0)
        auditor_book_fail(final->auditor, "I6", "a clone without a case", &payment->coin_id);
    *at = 1;
}

static void read_clones(struct final *final)
{
    const struct list rows = central_rows(final, &tables_table_fraud_case);
    const struct fraud_case *cases = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        if (cases[i].kind != PROOF_CLONE)
            continue;
        size_t *at = lookup_at(&final->cloned, SPAN(cases[i].offender_key));
        if (*at != 0)
            auditor_book_fail(final->auditor, "I6", "two cases of one clone", &cases[i].coin_id);
        *at = 1;
    }
}

static void read_spends(struct final *final)
{
    struct auditor *auditor = final->auditor;
    const struct list rows = central_rows(final, &tables_table_spend);
    const struct spend *spends = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct coin *coin = coin_row(final, &spends[i].coin_id);
        const struct id payment_id = spend_payment_id(final, &spends[i]);
        const struct auditor_payment *payment = auditor_book_payment(auditor, &payment_id);
        if (payment == NULL || coin == NULL || !payment->is_shown ||
            !id_equal(&payment->coin_id, &coin->coin_id) ||
            !key_equal(&payment->signer, &coin->owner_key))
            auditor_book_fail(auditor, "I2", "a coin is spent by what nobody signed for it",
                              &spends[i].coin_id);
        if (!auditor_archive_had(auditor, payment->serial))
            note_counter(final, payment);
        if (coin->state != COIN_SPENT)
            continue;
        *lookup_at(&final->settled, SPAN(payment->payment_id)) = 1;
        add_settled(final, payment);
    }
}

/* --- I7 --- */

static bool is_spoiled(const struct final *final, const struct auditor_payment *payment)
{
    const struct auditor *auditor = final->auditor;
    if (auditor_book_forged(auditor, payment->serial) != 0)
        return true;
    while (payment != NULL) {
        const struct auditor_coin *coin = auditor_book_coin(auditor, &payment->coin_id);
        if (auditor->payments[coin->first - 1].next != 0)
            return true;
        payment = auditor_book_maker(auditor, &payment->coin_id);
    }
    return false;
}

/* A coin on its line was refunded before it was shown. */
static bool is_late(const struct final *final, const struct auditor_payment *payment)
{
    for (; payment != NULL; payment = auditor_book_maker(final->auditor, &payment->coin_id)) {
        const struct coin *coin = coin_row(final, &payment->coin_id);
        if (coin != NULL && coin->state == COIN_REFUNDED)
            return true;
    }
    return false;
}

static void check_taken(struct final *final)
{
    struct auditor *auditor = final->auditor;
    for (size_t i = 0; i < auditor->taken_count; i++) {
        const struct id *id = &auditor->taken[i].payment_id;
        if (lookup_get(&final->settled, SPAN(*id)) != 0)
            continue;
        if (auditor->taken[i].is_lost)
            continue;
        if (is_late(final, auditor_book_payment(auditor, id))) {
            sim_count(auditor->sim, SIM_LATE_LOSSES);
            continue;
        }
        if (!is_spoiled(final, auditor_book_payment(auditor, id)))
            auditor_book_fail(auditor, "I7", "taken offline, and it never settled", id);
        sim_count(auditor->sim, SIM_FORK_LOSSES);
    }
}

/* --- claims --- */

/* The payment by which a person came by a coin: the last on its line that he did not sign. */
static const struct auditor_payment *came_by(const struct auditor *auditor,
                                             const struct id *coin_id, size_t person)
{
    const struct auditor_payment *maker = auditor_book_maker(auditor, coin_id);
    while (maker != NULL && auditor_person(auditor, &maker->signer) == person)
        maker = auditor_book_maker(auditor, &maker->coin_id);
    return maker;
}

static bool was_taken(const struct final *final, const struct id *payment_id, size_t person)
{
    const struct auditor *auditor = final->auditor;
    for (size_t i = 0; i < auditor->taken_count; i++)
        if (auditor->taken[i].person == person &&
            id_equal(&auditor->taken[i].payment_id, payment_id))
            return true;
    return false;
}

/* Refused for its request, though the wallet had taken the payment as good: it did not know. */
static void check_refusal(struct final *final, const struct claim *claim)
{
    struct auditor *auditor = final->auditor;
    const size_t person = auditor_person(auditor, &claim->claimant_key);
    const struct auditor_payment *maker = came_by(auditor, &claim->coin_id, person);
    if (claim->refusal != CLAIM_HAD_LIST && claim->refusal != CLAIM_NO_REQUEST)
        return;
    if (person < SIM_HONEST && maker != NULL && was_taken(final, &maker->payment_id, person))
        auditor_book_fail(auditor, "COMP",
                          claim->refusal == CLAIM_HAD_LIST
                              ? "an honest claim is refused: it had the list"
                              : "an honest claim is refused: no request",
                          &claim->coin_id);
}

static void read_claims(struct final *final)
{
    const struct list rows = central_rows(final, &tables_table_claim);
    const struct claim *claims = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const size_t person = auditor_person(final->auditor, &claims[i].claimant_key);
        final->compensated[person] += sim_amount(claims[i].paid);
        check_refusal(final, &claims[i]);
    }
}

/* --- nothing is stuck --- */

static bool is_judged(const struct auditor *auditor, size_t person)
{
    (void)auditor;
    return person < SIM_HONEST || (person >= SIM_CITIZENS && person < SIM_PERSONS);
}

/* Can its owner claim this orphan? Only what he asked for: a claim shows the request. */
static bool is_claimable(struct final *final, const struct id *coin_id, size_t person)
{
    struct auditor *auditor = final->auditor;
    const struct auditor_payment *payment = came_by(auditor, coin_id, person);
    if (payment == NULL || !payment->has_reference)
        return false;
    struct store *store = auditor_purses_store(auditor, person);
    struct purse_request row = {.request_id = payment->reference};
    sim_check(auditor->sim, store_begin(store, STORE_READ), "a purse");
    const enum err error = store_get(store, &purse_table_purse_request, &row, &final->arena);
    store_rollback(store);
    return error == ERR_OK;
}

static void check_owner(struct final *final, const struct coin *coin)
{
    static const char *const states[] = {"absent",      "available", "reserved", "committed",
                                         "quarantined", "orphaned",  "lost"};
    struct auditor *auditor = final->auditor;
    const size_t person = auditor_person(auditor, &coin->owner_key);
    struct purse_coin row = {.serial = coin->serial, .coin_id = coin->coin_id};
    if (!is_judged(auditor, person))
        return;
    struct store *store = auditor_purses_store(auditor, person);
    sim_check(auditor->sim, store_begin(store, STORE_READ), "a purse");
    const enum err error = store_get(store, &purse_table_purse_coin, &row, &final->arena);
    store_rollback(store);
    const char *state = error != ERR_OK ? states[0] : states[row.state];
    const bool is_lost = auditor_refunds_is_lost(auditor, &coin->owner_key);
    const bool is_early = auditor->sim->now / 86400 < coin->redeem_by_day;
    if (coin->state == COIN_ORPHAN && coin->fault != FAULT_LATE && /* lost is lost */
        !is_lost && is_claimable(final, &coin->coin_id, person))
        sim_fail(auditor->sim, "COMP",
                 "an orphan of %" PRId64 " of person %zu was never claimed, "
                 "in his purse it is %s",
                 sim_amount(coin->amount), person, state);
    if (coin->state == COIN_ORPHAN && coin->fault != FAULT_LATE && is_lost && !is_early)
        auditor_book_fail(auditor, "REFUND", "nobody claimed an orphan of a lost wallet",
                          &coin->coin_id);
    if (coin->state != COIN_UNSPENT || (is_lost && is_early))
        return;
    if (error != ERR_OK || row.state != PURSE_AVAILABLE)
        sim_fail(auditor->sim, "STUCK", "%" PRId64 " of person %zu cannot be reached: %s",
                 sim_amount(coin->amount), person, state);
}

/* A second payment of a coin in the archive: a vault was told so, and does not ask again. */
static bool is_given_up(const struct auditor *auditor, size_t person, const struct purse_coin *coin)
{
    return person >= SIM_CITIZENS && coin->state == PURSE_QUARANTINED &&
           auditor_archive_had(auditor, coin->serial);
}

/* Nothing is left in a purse that is not the register's unspent coin; of keys of before a restore
 * it knows only what the backup said. */
static void check_purse(struct final *final, size_t person)
{
    struct auditor *auditor = final->auditor;
    const struct list rows = auditor_book_rows(auditor, auditor_purses_store(auditor, person),
                                               &purse_table_purse_coin, -1, NULL, &final->arena);
    const struct purse_coin *coins = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct coin *coin = coin_row(final, &coins[i].coin_id);
        const bool waits = coins[i].state == PURSE_ORPHANED && coin != NULL &&
                           coin->state == COIN_ORPHAN; /* judged by check_owner */
        if (auditor_book_is_frozen(auditor, &coins[i].owner_key) ||
            is_given_up(auditor, person, &coins[i]))
            continue;
        if (coins[i].state != PURSE_LOST && !waits && (coin == NULL || coin->state != COIN_UNSPENT))
            sim_fail(auditor->sim, "STUCK",
                     "person %zu still has a coin of %" PRId64 " in state %" PRIu64
                     ", the register has it in %" PRIu64,
                     person, sim_amount(coins[i].amount), coins[i].state,
                     coin == NULL ? 0 : coin->state);
    }
}

static void check_waiting(struct final *final)
{
    struct sim *sim = final->auditor->sim;
    char text[160];
    for (size_t i = 0; i < SIM_BANKS; i++)
        if (agency_waiting(sim->agencies[i], text, sizeof text) > 0)
            sim_fail(sim, "STUCK", "at bank %zu there still wait %s", i, text);
}

/* --- what everybody is worth --- */

static void check_worth(struct final *final, size_t person)
{
    struct auditor *auditor = final->auditor;
    const struct citizen *citizen = auditor->sim->citizens[person];
    const int64_t account = agency_account(citizen_agency(citizen), citizen_customer(citizen));
    const int64_t has = account + final->unspent[person];
    const int64_t should = auditor->cash[person] + final->in[person] - final->out[person] +
                           final->compensated[person] +
                           auditor_refunds_open(auditor, person % SIM_BANKS, person, true);
    if (has != should)
        sim_fail(auditor->sim, "WORTH",
                 "person %zu has %" PRId64 " in account and %" PRId64 " in coins, not %" PRId64
                 " (in %" PRId64 ", out %" PRId64 ", compensated %" PRId64 ")",
                 person, account, final->unspent[person], should, final->in[person],
                 final->out[person], final->compensated[person]);
}

void auditor_final(struct auditor *auditor)
{
    struct final final = {.auditor = auditor};
    final.arena.limit = (size_t)1 << 30;
    auditor->sim->act_number = 0; /* a whole look */
    auditor_check(auditor);
    read_coins(&final);
    read_clones(&final);
    read_spends(&final);
    read_claims(&final);
    check_taken(&final);
    check_waiting(&final);
    for (size_t i = 0; i < final.coin_count; i++)
        check_owner(&final, &final.coins[i]);
    for (size_t person = 0; person < SIM_PERSONS; person++)
        if (is_judged(auditor, person))
            check_purse(&final, person);
    for (size_t person = 0; person < SIM_HONEST; person++)
        check_worth(&final, person);
    for (size_t i = 0; i < final.coin_count; i++) {
        char hex[2 * ID_SIZE + 1];
        hex_encode(hex, SPAN(final.coins[i].coin_id));
        auditor->sim->is_tracing = false; /* the digest is enough */
        sim_note(auditor->sim, "%s %u", hex, (unsigned) final.coins[i].state);
    }
    lookup_fini(&final.by_coin);
    lookup_fini(&final.settled);
    lookup_fini(&final.by_counter);
    lookup_fini(&final.cloned);
    arena_fini(&final.arena);
}
