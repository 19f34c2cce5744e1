/* What may wait (contract in serve_room.h). */
#include "central/serve_room.h"

enum {
    MIB = 1024 * 1024,
    /* What waits takes its time: so little of it that the answer comes soon; but enough for a
     * batch, or small ones would make the register slower still. */
    BYTES_MAX = MIB,
    BYTES_MIN = 4 * 64 * 1024, /* full calls: for each of two workers, the writer, who flushes */
    MS_MAX = 60,
    PACE_FADES = 8, /* what was done counts for an eighth of the pace */
};

static uint64_t ms_of(const struct serve_room *room, size_t bytes)
{
    return room->ms_by_mib * bytes / MIB;
}

bool serve_room_is_for(const struct serve_room *room, size_t size)
{
    const size_t bytes = room->bytes + size;
    if (room->bytes == 0 || bytes <= BYTES_MIN)
        return true;
    return bytes <= BYTES_MAX && ms_of(room, bytes) <= MS_MAX;
}

void serve_room_enter(struct serve_room *room, size_t size)
{
    room->bytes += size;
}

/* From when it could begin to its end. Old ones fade. */
void serve_room_leave(struct serve_room *room, size_t size, uint64_t put_ms, uint64_t now_ms)
{
    const uint64_t took = now_ms - (put_ms > room->done_ms ? put_ms : room->done_ms);
    const uint64_t pace = took * MIB / (size + 1);
    room->ms_by_mib = room->ms_by_mib == 0
                          ? pace + 1
                          : (room->ms_by_mib * (PACE_FADES - 1) + pace) / PACE_FADES + 1;
    room->done_ms = now_ms;
    room->bytes -= size;
}

uint64_t serve_room_wait_ms(const struct serve_room *room)
{
    return room->ms_by_mib == 0 ? 0 : 1 + ms_of(room, room->bytes);
}
