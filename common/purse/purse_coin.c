/* A coin's states: the one table of what may become of it.
 *
 * Invariants: 1 a coin that is promised (reserved, committed) is moved by its plan alone; once
 * committed not even by that: its row goes with the register's signed word on the payment that I
 * made of it. 2 no word moves an orphan or a lost coin back. */
#include "common/purse/purse.h"

#define NO 0
enum { AVA = PURSE_AVAILABLE, RES, COM, QUA, ORP, LST };
static const unsigned char moves[][PURSE_COIN_EVENT_COUNT] = {
    /*                    RESERVE SIGN FREE SETTLED LOSING REFUNDED: the state that follows */
    [PURSE_AVAILABLE] = {RES, NO, NO, AVA, ORP, LST},
    [PURSE_RESERVED] = {NO, COM, AVA, RES, RES, RES},
    [PURSE_COMMITTED] = {NO, NO, NO, COM, COM, COM},
    [PURSE_QUARANTINED] = {NO, NO, NO, AVA, ORP, LST},
    [PURSE_ORPHANED] = {RES, NO, NO, ORP, ORP, ORP}, /* to claim it */
    [PURSE_LOST] = {NO, NO, NO, LST, LST, LST},
};

enum status purse_coin_next(uint64_t *next, uint64_t state, enum purse_coin_event event)
{
    if (state < PURSE_AVAILABLE || state > PURSE_LOST || event >= PURSE_COIN_EVENT_COUNT ||
        moves[state][event] == NO)
        return STATUS_STATE;
    *next = moves[state][event];
    return STATUS_OK;
}
