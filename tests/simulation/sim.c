/* The simulated world's frame (contract in sim.h). */
#include "tests/simulation/sim.h"

#include "tests/simulation/acts.h"
#include "tests/simulation/agency.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"
#include "tests/simulation/memo.h"
#include "tests/simulation/mob.h"
#include "tests/simulation/post.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP_ROUNDS = 12, LAST_ROUNDS = 10, YEARS = 40, ARCHIVE_DAYS = 2 };

void *sim_new(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    CHECK(memory != NULL);
    return memory;
}

struct span sim_keep(struct sim *sim, struct span bytes)
{
    struct span kept = {0};
    CHECK(arena_copy(&sim->world.arena, &kept, bytes) == ERR_OK);
    return kept;
}

int64_t sim_amount(struct amount amount)
{
    return (int64_t)amount_fen(amount);
}

void sim_count(struct sim *sim, enum sim_count count)
{
    sim->counts[count]++;
}

void sim_note(struct sim *sim, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const char *c = text; *c != '\0'; c++)
        sim->digest = (sim->digest ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    if (sim->is_tracing)
        printf("%5llu  %s\n", (unsigned long long)sim->act_number, text);
}

void sim_fail(struct sim *sim, const char *rule, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fflush(stdout);
    fprintf(stderr, "seed %llu, act %llu: %s: %s\n  again: make sim SEED=%llu ACTS=%llu TRACE=1\n",
            (unsigned long long)sim->seed, (unsigned long long)sim->act_number, rule, text,
            (unsigned long long)sim->seed, (unsigned long long)sim->acts);
    exit(1);
}

void sim_check(struct sim *sim, enum err error, const char *what)
{
    if (error != ERR_OK)
        sim_fail(sim, "MACHINERY", "%s: %s", what, err_name(error));
}

/* The directory of the world, with dates that outlast the run, a cap that is reached, and lines
 * that leave soon. */
static void publish(struct sim *sim)
{
    struct world *world = &sim->world;
    for (size_t i = 0; i < SIM_BANKS; i++)
        world->banks[i].certificate.not_after_day = WORLD_TODAY + YEARS * 365;
    world->directory.not_after = WORLD_NOW + YEARS * UINT64_C(365) * 86400;
    world->policy.compensation_max = world_fen(12000);
    world->policy.archive_days = ARCHIVE_DAYS;
    world_publish(world);
}

static void people(struct sim *sim)
{
    for (size_t i = 0; i < SIM_BANKS; i++)
        sim->agencies[i] = agency_open(sim, i);
    for (size_t i = 0; i < SIM_CITIZENS; i++)
        sim->citizens[i] = citizen_open(sim, i);
    for (size_t i = 0; i < WARM_UP_ROUNDS; i++) {
        centre_work(sim->centre);
        for (size_t bank = 0; bank < SIM_BANKS; bank++)
            agency_work(sim->agencies[bank]);
        sim->now += 20;
    }
}

void sim_open(struct sim *sim, uint64_t seed, uint64_t acts, bool is_tracing)
{
    *sim = (struct sim){.seed = seed, .acts = acts, .now = WORLD_NOW, .is_tracing = is_tracing};
    sim->is_lossless = true;
    sim->digest = UINT64_C(0xcbf29ce484222325);
    chance_seed(&sim->chance, seed);
    world_open(&sim->world);
    sim->world.arena.limit = (size_t)1 << 31;
    sim->auditor = auditor_open(sim);
    memo_open(auditor_on_sign, sim->auditor);
    publish(sim);
    sim->post = post_open(sim);
    sim->mob = mob_open(sim);
    sim->centre = centre_open(sim);
    people(sim);
    sim->is_lossless = false;
}

/* Everybody reconnects, the network is good, days go by: nothing may be stuck. A wallet asks for an
 * old key one sync in eight: what an operator has paid to it since the first round, it finds in the
 * ninth at the latest. */
static void reconnect(struct sim *sim)
{
    sim->is_lossless = true;
    centre_put_all_back(sim->centre); /* what is asked for again is answered as it was */
    for (size_t round = 0; round < LAST_ROUNDS; round++) {
        sim->now += round == 5 ? 86400 : round == 3 ? UINT64_C(125) * 86400 : 700;
        centre_work(sim->centre);
        for (size_t i = 0; i < SIM_BANKS; i++)
            agency_work(sim->agencies[i]);
        for (size_t i = 0; i < SIM_CITIZENS; i++)
            citizen_resume(sim->citizens[i]);
        for (size_t i = 0; i < SIM_CITIZENS; i++)
            citizen_sync(sim->citizens[i]);
        while (centre_look(sim->centre))
            continue;
        auditor_check(sim->auditor);
    }
}

void sim_run(struct sim *sim)
{
    for (sim->act_number = 1; sim->act_number <= sim->acts; sim->act_number++) {
        acts_next(sim);
        sim_count(sim, SIM_ACTS);
        auditor_check(sim->auditor);
    }
    reconnect(sim);
    auditor_final(sim->auditor);
}
