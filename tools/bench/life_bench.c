/* A month of daily life: what packets weigh when people pay as people do.
 *
 * usage: life_bench [--json FILE]
 *
 * The real cores of wallet, bank and central bank, in the simulated world (tests/simulation/) with
 * no fault and no thief: 48 people, half of whom pay and are paid, a third mostly pay, the rest are
 * shops. Each but the shops makes 60 payments in 30 days, all hand to hand; each syncs once a week,
 * on a day of its own, and then fills up its pocket or brings to the bank what is too much. Amounts
 * are everyday ones, as in `prices`. One seed, one month: counts and bytes are exact. At the end
 * everybody syncs and the simulation's auditor judges the books. */
#include "tools/bench/bench.h"

#include "tests/simulation/agency.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"
#include "wallet/handover/handover.h"
#include "wallet/state/wallet_file.h"

#include <stdlib.h>
#include <string.h>

enum {
    DAYS = 30,
    DAY_S = 86400,
    WEEK = 7,
    PAYMENTS_A_PERSON = 60,
    A_DAY = PAYMENTS_A_PERSON / DAYS,
    POCKET_FEN = 80000,      /* what a person fills up to */
    POCKET_MAX_FEN = 120000, /* what is too much */
    TILL_FEN = 20000,        /* what a shop keeps */
    SHOPS = SIM_HONEST / 6,  /* the first ones */
    SHOP_PERMILLE = 620,     /* of payments go to a shop */
    BANK_FEN = 6000000,      /* in each vault, beside what the world begins with */
    SAMPLES_MAX = 2 * SIM_HONEST * PAYMENTS_A_PERSON,
    SEED = 20
};

/* Everyday prices: how many of a thousand lie in each range, in fen. */
static const struct price {
    unsigned permille;
    uint64_t low, high;
} prices[] = {
    {180, 150, 600},    /* bus, bread, water */
    {330, 600, 2000},   /* breakfast, tea, a parcel */
    {280, 2000, 5000},  /* lunch, fruit, a taxi */
    {140, 5000, 12000}, /* the market, a haircut */
    {55, 12000, 25000}, /* dinner for some */
    {15, 25000, 45000}, /* shoes */
};

enum measure { BYTES, FILE_BYTES, COINS, PAYMENTS, DEPTH, HOPS, HELD, MEASURE_COUNT };
static const struct {
    const char *name, *text;
} measures[MEASURE_COUNT] = {
    {"packet_bytes", "bytes of a packet alone"},
    {"file_bytes", "bytes of its file, with news"},
    {"coins", "coins in it"},
    {"payments", "payments in it"},
    {"depth", "depth of its deepest line"},
    {"hops", "hops of its worn coin"},
    {"coins_held", "coins in the payer's wallet"},
};
static uint64_t samples[MEASURE_COUNT][SAMPLES_MAX];
static size_t sample_count;

/* Why a payment could not be made offline. */
static size_t refused[256], refused_count, quarantined_count;

static struct sim sim;

/* --- people --- */

static bool is_shop(size_t person)
{
    return person < SHOPS;
}

/* Half of all are paid too; the others only pay. */
static bool is_paid(size_t person)
{
    return is_shop(person) || person >= SIM_HONEST / 2;
}

static uint64_t price(void)
{
    uint64_t draw = chance_below(&sim.chance, 1000), fen = 0;
    size_t i = 0;
    while (draw >= prices[i].permille)
        draw -= prices[i++].permille;
    fen = chance_between(&sim.chance, prices[i].low, prices[i].high);
    const uint64_t roundness = chance_below(&sim.chance, 10);
    const uint64_t step = roundness < 5 ? 100 : roundness < 8 ? 50 : roundness < 9 ? 10 : 1;
    return (fen + step - 1) / step * step;
}

static size_t payee_for(size_t payer)
{
    size_t payee = payer;
    while (payee == payer || !is_paid(payee))
        payee = chance_permille(&sim.chance, SHOP_PERMILLE)
                    ? chance_below(&sim.chance, SHOPS)
                    : SIM_HONEST / 2 + chance_below(&sim.chance, SIM_HONEST - SIM_HONEST / 2);
    return payee;
}

/* --- one payment --- */

static enum err totals_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return purse_totals(env, context);
}

static struct purse_totals totals_of(size_t person)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_totals totals = {0};
    sim_check(&sim,
              wallet_transact(citizen_wallet(sim.citizens[person]), totals_work, &totals, &arena),
              "totals");
    return totals;
}

/* Payments of the line that has most. */
static uint64_t deepest(const struct packet *packet, struct arena *arena)
{
    uint64_t serials[PACKET_PAYMENTS_MAX], most = 0;
    for (size_t i = 0; i < packet->payments.count; i++) {
        struct payment payment = {0};
        uint64_t same = 1;
        sim_check(&sim, payment_decode(&payment, packet->payments.items[i].record.payload, arena),
                  "a payment");
        serials[i] = payment.serial;
        for (size_t j = 0; j < i; j++)
            same += serials[j] == payment.serial;
        most = same > most ? same : most;
    }
    return most;
}

/* Directory, list and sightings may travel beside it (docs/adr/0029). */
static struct span first_message(struct span file, struct arena *arena)
{
    struct wire_wrapper wrapper = {0};
    struct bundle bundle = {0};
    sim_check(&sim, wire_unwrap(&wrapper, file), "a file");
    if (wrapper.kind != KIND_BUNDLE)
        return file;
    sim_check(&sim, bundle_decode(&bundle, wrapper.body, arena), "a bundle");
    CHECK(bundle.messages.count > 0);
    return bundle.messages.items[0].bytes;
}

static void weigh(struct span file, const struct handover_received *received, uint64_t held,
                  struct arena *arena)
{
    struct wire_wrapper wrapper = {0};
    struct packet packet = {0};
    const struct span message = first_message(file, arena);
    CHECK(sample_count < SAMPLES_MAX);
    sim_check(&sim, wire_unwrap(&wrapper, message), "a packet");
    sim_check(&sim, packet_decode(&packet, wrapper.body, arena), "a packet");
    samples[BYTES][sample_count] = message.size;
    samples[FILE_BYTES][sample_count] = file.size;
    samples[COINS][sample_count] = received->coin_count;
    samples[PAYMENTS][sample_count] = packet.payments.count;
    samples[DEPTH][sample_count] = deepest(&packet, arena);
    samples[HOPS][sample_count] = received->hops_max;
    samples[HELD][sample_count] = held;
    sample_count++;
}

static enum status hand_over(struct span *file, size_t payer, struct span invoice,
                             struct arena *arena)
{
    struct wallet *wallet = citizen_wallet(sim.citizens[payer]);
    struct handover_offer offer = {0};
    enum status status = STATUS_OK;
    sim_check(&sim, handover_offer(wallet, &offer, &status, invoice, arena), "an offer");
    if (status == STATUS_OK)
        sim_check(&sim, handover_pay(wallet, file, &status, &offer, false, arena), "a payment");
    return status;
}

static void pay(size_t payer, size_t payee)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct citizen_request request = {0};
    struct handover_received received = {0};
    struct span file = {0};
    const uint64_t held = totals_of(payer).coin_count;
    CHECK(citizen_request(sim.citizens[payee], &request, price(), &arena));
    const enum status status = hand_over(&file, payer, request.file, &arena);
    if (status != STATUS_OK) {
        refused[status]++;
        refused_count++;
        return;
    }
    sim_check(&sim, handover_receive(citizen_wallet(sim.citizens[payee]), &received, file, &arena),
              "a packet");
    if (received.result != HANDOVER_TAKEN)
        quarantined_count++;
    weigh(file, &received, held, &arena);
}

/* --- the month --- */

static void work(size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        centre_work(sim.centre);
        for (size_t bank = 0; bank < SIM_BANKS; bank++)
            agency_work(sim.agencies[bank]);
        sim.now += 20;
    }
}

/* To the fen of what one wants to have on one. */
static void visit_bank(size_t person)
{
    struct citizen *citizen = sim.citizens[person];
    citizen_sync(citizen);
    const struct purse_totals totals = totals_of(person);
    const uint64_t has = amount_fen(totals.spendable),
                   settled = amount_fen(totals.spendable_settled);
    const uint64_t most = is_shop(person) ? TILL_FEN : POCKET_MAX_FEN;
    const uint64_t keep = is_shop(person) ? TILL_FEN : POCKET_FEN;
    if (has > most && settled > has - keep)
        citizen_deposit(citizen, has - keep);
    else if (!is_shop(person) && has < keep) {
        citizen_cash(citizen, keep - has, true);
        citizen_withdraw(citizen, (keep - has + 99) / 100 * 100);
    }
    work(1);
}

static void fill_vaults(void)
{
    for (size_t bank = 0; bank < SIM_BANKS; bank++) {
        centre_credit(sim.centre, bank, BANK_FEN);
        agency_order(sim.agencies[bank], BANK_FEN);
    }
    work(12);
}

/* Each person's payments of the day, in an order of the day's own. */
static void live_a_day(size_t day)
{
    size_t order[SIM_HONEST * A_DAY], count = 0;
    for (size_t person = 0; person < SIM_HONEST; person++) {
        if (person % WEEK == day % WEEK)
            visit_bank(person);
        for (size_t i = 0; i < A_DAY && !is_shop(person); i++)
            order[count++] = person;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t swap = chance_between(&sim.chance, i, count - 1), payer = order[swap];
        order[swap] = order[i];
        pay(payer, payee_for(payer));
        sim.now += 60;
    }
    sim.now = (sim.now / DAY_S + 1) * DAY_S + DAY_S / 3;
}

static void live(void)
{
    fill_vaults();
    for (size_t person = 0; person < SIM_HONEST; person++)
        visit_bank(person);
    for (size_t day = 0; day < DAYS; day++)
        live_a_day(day);
    sim.acts = 0;
    sim_run(&sim); /* everybody reconnects; the auditor's last word */
}

/* --- telling --- */

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t at(enum measure measure, double part)
{
    const size_t index = (size_t)(part * (double)(sample_count - 1) + 0.5);
    return samples[measure][index];
}

static double mean_of(int measure)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < sample_count; i++)
        sum += samples[measure][i];
    return (double)sum / (double)sample_count;
}

static void tell(FILE *json)
{
    const size_t asked = sample_count + refused_count;
    printf("%zu people, %d days, %zu payments asked for, %zu made offline\n", (size_t)SIM_HONEST,
           DAYS, asked, sample_count);
    printf("\n%-28s %8s %8s %8s %8s %8s\n", "", "mean", "median", "p90", "p99", "max");
    for (int m = 0; m < MEASURE_COUNT; m++) {
        qsort(samples[m], sample_count, sizeof samples[m][0], compare);
        const uint64_t shown[] = {at(m, 0.5), at(m, 0.9), at(m, 0.99), at(m, 1)};
        const double mean = mean_of(m);
        printf("%-28s %8.1f %8llu %8llu %8llu %8llu\n", measures[m].text, mean,
               (unsigned long long)shown[0], (unsigned long long)shown[1],
               (unsigned long long)shown[2], (unsigned long long)shown[3]);
        if (json != NULL)
            fprintf(json,
                    "  \"%s\": {\"mean\": %.2f, \"p50\": %llu, \"p90\": %llu, \"p99\": %llu, "
                    "\"max\": %llu},\n",
                    measures[m].name, mean, (unsigned long long)shown[0],
                    (unsigned long long)shown[1], (unsigned long long)shown[2],
                    (unsigned long long)shown[3]);
    }
    printf("\nnot payable offline: %zu, %.2f %%\n", refused_count,
           100.0 * (double)refused_count / (double)asked);
    for (size_t status = 0; status < sizeof refused / sizeof refused[0]; status++)
        if (refused[status] > 0) {
            printf("  %-20s %zu\n", status_name((enum status)status), refused[status]);
            if (json != NULL)
                fprintf(json, "  \"refused_%s\": %zu,\n", status_name((enum status)status),
                        refused[status]);
        }
    printf("taken, but aside: %zu\n", quarantined_count);
    if (json != NULL)
        fprintf(json, "  \"asked\": %zu, \"made\": %zu, \"quarantined\": %zu\n", asked,
                sample_count, quarantined_count);
}

int main(int argc, char **argv)
{
    struct bench_options options;
    bench_options_read(&options, argc, argv);
    sim_open(&sim, SEED, 0, false);
    sim.is_lossless = true;
    live();
    FILE *json = bench_json_open(options.json_path);
    if (json != NULL)
        fprintf(json, "{\n");
    tell(json);
    if (json != NULL) {
        fprintf(json, "}\n");
        bench_json_close(json);
    }
    return 0;
}
