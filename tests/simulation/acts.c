/* What happens next (contract in acts.h): one table, one line an act, with its weight. */
#include "tests/simulation/acts.h"

#include "tests/simulation/agency.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"
#include "tests/simulation/mob.h"
#include "tests/simulation/post.h"

static struct citizen *anybody(struct sim *sim)
{
    return sim->citizens[chance_below(&sim->chance, SIM_CITIZENS)];
}

static void act_withdraw(struct sim *sim)
{
    citizen_withdraw(anybody(sim), chance_between(&sim->chance, 500, 12000));
}

static void act_pay(struct sim *sim)
{
    struct citizen *payer = anybody(sim), *payee = anybody(sim);
    if (payer != payee)
        citizen_pay(payer, payee, chance_between(&sim->chance, 1, 6000));
}

static void act_cash(struct sim *sim)
{
    citizen_cash(anybody(sim), chance_between(&sim->chance, 1, 30000),
                 chance_permille(&sim->chance, 600));
}

static void act_deposit(struct sim *sim)
{
    citizen_deposit(anybody(sim), chance_between(&sim->chance, 100, 8000));
}

static void act_sync(struct sim *sim)
{
    citizen_sync(anybody(sim));
}

static void act_resume(struct sim *sim)
{
    citizen_resume(anybody(sim));
}

static void act_bank(struct sim *sim)
{
    agency_work(sim->agencies[chance_below(&sim->chance, SIM_BANKS)]);
}

static void act_order(struct sim *sim)
{
    agency_order(sim->agencies[chance_below(&sim->chance, SIM_BANKS)],
                 chance_between(&sim->chance, 1000, 60000));
}

static void act_return(struct sim *sim)
{
    agency_return(sim->agencies[chance_below(&sim->chance, SIM_BANKS)],
                  chance_between(&sim->chance, 1000, 40000));
}

static void act_operator(struct sim *sim)
{
    const size_t bank = chance_below(&sim->chance, SIM_BANKS);
    const uint64_t value = chance_between(&sim->chance, 1, 20000);
    switch (chance_below(&sim->chance, 6)) {
    case 0:
        centre_credit(sim->centre, bank, value);
        break;
    case 1:
        centre_debit(sim->centre, bank, value);
        break;
    case 2:
        centre_post(sim->centre, bank, value);
        break;
    case 3:
        centre_release(sim->centre, bank, value);
        break;
    default:
        centre_work(sim->centre);
        break;
    }
}

static void act_late_packet(struct sim *sim)
{
    struct arena arena AUTO(arena_fini) = {0};
    size_t payee = 0;
    const struct span file = post_old_packet(sim, &payee);
    if (file.size == 0)
        return;
    if (chance_permille(&sim->chance, 200)) /* somebody else's */
        payee = chance_below(&sim->chance, SIM_CITIZENS);
    sim_count(sim, SIM_LATE);
    citizen_receive(sim->citizens[payee], NULL, file, &arena);
}

/* Out of order, twice, by somebody else, damaged: whatever carriers do to the three messages. */
static void act_carriers(struct sim *sim)
{
    struct arena arena AUTO(arena_fini) = {0};
    size_t person = 0;
    struct span file = {0};
    switch (chance_below(&sim->chance, 5)) {
    case 0:
    case 1:
        file = post_old_request(sim, &person);
        if (file.size > 0)
            citizen_pay_request(anybody(sim), sim->citizens[person], file);
        break;
    case 2:
        file = post_old_receipt(sim, &person);
        if (file.size > 0)
            citizen_confirm(
                chance_permille(&sim->chance, 700) ? sim->citizens[person] : anybody(sim), file);
        break;
    case 3:
        file = post_old_receipt(sim, &person);
        if (file.size > 0)
            citizen_confirm(sim->citizens[person], post_damage(sim, file));
        break;
    default:
        file = post_old_packet(sim, &person);
        if (file.size > 0)
            citizen_receive(sim->citizens[person], NULL, post_damage(sim, file), &arena);
        break;
    }
    if (file.size > 0)
        sim_count(sim, SIM_LATE);
}

static void act_deposit_packet(struct sim *sim)
{
    size_t payee = 0;
    const struct span file = post_old_packet(sim, &payee);
    if (file.size > 0)
        citizen_deposit_packet(sim->citizens[payee], file);
}

static void pass(struct sim *sim, uint64_t days)
{
    sim->now += days * 86400;
    sim->counts[SIM_DAYS] += days;
    sim_note(sim, "%llu days pass", (unsigned long long)days);
}

static void act_days(struct sim *sim)
{
    pass(sim, chance_between(&sim->chance, 1, 3));
}

static void act_months(struct sim *sim)
{
    static const uint64_t leaps[] = {8, 30, 95, 125};
    pass(sim, leaps[chance_below(&sim->chance, sizeof leaps / sizeof leaps[0])]);
}

static void act_lose(struct sim *sim)
{
    const size_t person = chance_below(&sim->chance, SIM_CITIZENS);
    sim->has_lost[person] = true;
    citizen_lose(sim->citizens[person]);
}

static void act_backup(struct sim *sim)
{
    citizen_backup(anybody(sim));
}

/* Of those who have a backup, anybody. Who was handed something since may come before the refund of
 * it, or after. */
static void act_restore(struct sim *sim)
{
    const size_t start = chance_below(&sim->chance, SIM_CITIZENS);
    for (size_t i = 0; i < SIM_CITIZENS; i++) {
        const size_t person = (start + i) % SIM_CITIZENS;
        if (!citizen_restore(sim->citizens[person]))
            continue;
        sim->has_lost[person] = true;
        return;
    }
}

/* Asked for before the backup, paid after the restore. */
static void act_asked_before(struct sim *sim)
{
    struct arena arena AUTO(arena_fini) = {0};
    const size_t person = chance_below(&sim->chance, SIM_CITIZENS);
    struct citizen *payee = sim->citizens[person], *payer = anybody(sim);
    struct citizen_request request = {0};
    if (payer == payee ||
        !citizen_request(payee, &request, chance_between(&sim->chance, 1, 3000), &arena))
        return;
    citizen_backup(payee);
    citizen_pay(payee, payer, chance_between(&sim->chance, 1, 3000));
    if (citizen_restore(payee))
        sim->has_lost[person] = true;
    citizen_pay_request(payer, payee, request.file);
}

/* Somebody who lost a wallet, if there is one. */
static struct citizen *victim(struct sim *sim)
{
    const size_t start = chance_below(&sim->chance, SIM_CITIZENS);
    for (size_t i = 0; i < SIM_CITIZENS; i++)
        if (sim->has_lost[(start + i) % SIM_CITIZENS])
            return sim->citizens[(start + i) % SIM_CITIZENS];
    return sim->citizens[start];
}

static void act_advance(struct sim *sim)
{
    const struct citizen *citizen = victim(sim);
    (void)agency_advance(citizen_agency(citizen), citizen_customer(citizen),
                         chance_between(&sim->chance, 500, 20000));
}

/* Sometimes right after an advance, whatever became of that. */
static void act_refund(struct sim *sim)
{
    const struct citizen *citizen = victim(sim);
    if (chance_permille(&sim->chance, 300))
        (void)agency_advance(citizen_agency(citizen), citizen_customer(citizen), 3000);
    agency_refund(citizen_agency(citizen), citizen_customer(citizen));
}

/* On the day itself, over a link that carries questions but no packets: the advance is ordered and
 * not answered when the refund is asked for. */
static void act_narrow(struct sim *sim)
{
    enum { CARRIES = 450 };
    const size_t start = chance_below(&sim->chance, SIM_CITIZENS);
    bool is_ordered = false;
    if (chance_permille(&sim->chance, 500)) {
        sim->has_lost[start] = true;
        citizen_lose(sim->citizens[start]);
    }
    pass(sim, 125);
    sim->carries_max = CARRIES;
    sim->loss_permille = 0;
    for (size_t i = 0; i < SIM_CITIZENS && !is_ordered; i++) {
        const struct citizen *citizen = sim->citizens[(start + i) % SIM_CITIZENS];
        is_ordered = agency_advance(citizen_agency(citizen), citizen_customer(citizen), 30000);
        if (is_ordered)
            agency_refund(citizen_agency(citizen), citizen_customer(citizen));
    }
    sim->carries_max = 0;
}

static void act_look(struct sim *sim)
{
    (void)centre_look(sim->centre);
}

static void act_archive(struct sim *sim)
{
    const uint64_t steps = chance_between(&sim->chance, 1, 12);
    for (uint64_t i = 0; i < steps && centre_archive(sim->centre); i++)
        continue;
}

static void act_put_back(struct sim *sim)
{
    centre_put_back(sim->centre);
}

static void act_mob(struct sim *sim)
{
    mob_act(sim->mob);
}

static const struct {
    unsigned weight;
    void (*act)(struct sim *sim);
} acts_table[] = {
    {100, act_withdraw}, {330, act_pay},        {40, act_deposit},    {170, act_sync},
    {40, act_resume},    {80, act_bank},        {10, act_order},      {10, act_return},
    {25, act_operator},  {50, act_late_packet}, {50, post_late_call}, {10, act_deposit_packet},
    {15, act_cash},      {22, act_days},        {3, act_months},      {250, act_mob},
    {60, act_carriers},  {5, act_lose},         {15, act_advance},    {8, act_refund},
    {40, act_look},      {20, act_backup},      {15, act_restore},    {8, act_asked_before},
    {5, act_narrow},     {40, act_archive},     {4, act_put_back},
};

/* Messages lost of a thousand: most days the network is good. */
static const unsigned weather[] = {0, 0, 0, 20, 60, 200};

void acts_next(struct sim *sim)
{
    const size_t count = sizeof acts_table / sizeof acts_table[0];
    uint64_t all = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        all += acts_table[i].weight;
    uint64_t draw = chance_below(&sim->chance, all);
    while (draw >= acts_table[at].weight)
        draw -= acts_table[at++].weight;
    sim->now += chance_between(&sim->chance, 1, 240);
    sim->loss_permille = weather[chance_below(&sim->chance, sizeof weather / sizeof weather[0])];
    acts_table[at].act(sim);
}
