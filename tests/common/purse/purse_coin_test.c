/* A coin's moves, cell by cell. */
#include "common/purse/purse.h"

#include <criterion/criterion.h>

/* Every state with every event: the state that follows; NO: it may not happen. */
enum { NO = 99, AVA = 1, RES = 2, COM = 3, QUA = 4, ORP = 5, LST = 6 };

Test(purse_coin, states_x_events)
{
    static const struct {
        uint64_t state;
        uint64_t next[PURSE_COIN_EVENT_COUNT]; /* RESERVE SIGN FREE SETTLED LOSING REFUNDED */
    } rows[] = {
        {0, {NO, NO, NO, NO, NO, NO}},        {AVA, {RES, NO, NO, AVA, ORP, LST}},
        {RES, {NO, COM, AVA, RES, RES, RES}}, {COM, {NO, NO, NO, COM, COM, COM}},
        {QUA, {NO, NO, NO, AVA, ORP, LST}},   {ORP, {RES, NO, NO, ORP, ORP, ORP}},
        {LST, {NO, NO, NO, LST, LST, LST}},   {7, {NO, NO, NO, NO, NO, NO}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned event = 0; event < PURSE_COIN_EVENT_COUNT; event++) {
            uint64_t next = NO;
            const enum status status =
                purse_coin_next(&next, rows[i].state, (enum purse_coin_event)event);
            cr_expect_eq(status == STATUS_OK ? next : NO, rows[i].next[event],
                         "state %zu, event %u", i, event);
        }
    uint64_t next = NO;
    cr_expect_eq(purse_coin_next(&next, AVA, PURSE_COIN_EVENT_COUNT), STATUS_STATE);
    cr_expect_eq(next, NO);
}
