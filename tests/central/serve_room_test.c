/* What may wait: a table of calls that come and leave. */
#include "central/serve_room.h"

#include <criterion/criterion.h>

enum { KIB = 1024, FULL = 64 * KIB };
enum verb { IS_FOR, ENTER, LEAVE, WAIT_MS };

/* verb, bytes, when the first of them came, when it was done; what is expected. */
struct event {
    enum verb verb;
    size_t bytes;
    uint64_t put_ms, now_ms, expected;
};

static uint64_t act(struct serve_room *room, const struct event *event)
{
    switch (event->verb) {
    case IS_FOR:
        return serve_room_is_for(room, event->bytes);
    case ENTER:
        serve_room_enter(room, event->bytes);
        return room->bytes;
    case LEAVE:
        serve_room_leave(room, event->bytes, event->put_ms, event->now_ms);
        return room->bytes;
    case WAIT_MS:
        return serve_room_wait_ms(room);
    }
    return 0;
}

static void play(const struct event *events, size_t count)
{
    struct serve_room room = {0};
    for (size_t i = 0; i < count; i++) {
        const uint64_t got = act(&room, &events[i]);
        cr_assert_eq(got, events[i].expected, "event %zu: %lu", i, (unsigned long)got);
    }
}

Test(serve_room, before_anything_was_done_bytes_count)
{
    static const struct event events[] = {
        {IS_FOR, 9000 * KIB, 0, 0, true}, /* alone */
        {WAIT_MS, 0, 0, 0, 0},
        {ENTER, FULL, 0, 0, FULL},
        {IS_FOR, 1024 * KIB - FULL, 0, 0, true},
        {IS_FOR, 1024 * KIB - FULL + 1, 0, 0, false},
    };
    play(events, sizeof events / sizeof events[0]);
}

Test(serve_room, four_full_calls_are_taken_at_any_pace)
{
    static const struct event events[] = {
        {ENTER, FULL, 0, 0, FULL},
        {LEAVE, FULL, 1000, 2000, 0}, /* a second for a sixteenth of a MiB */
        {ENTER, 3 * FULL, 0, 0, 3 * FULL},
        {IS_FOR, FULL, 0, 0, true},
        {IS_FOR, FULL + 1, 0, 0, false},
    };
    play(events, sizeof events / sizeof events[0]);
}

Test(serve_room, more_are_taken_if_they_are_done_soon)
{
    static const struct event events[] = {
        {ENTER, 1024 * KIB, 0, 0, 1024 * KIB},
        {LEAVE, 1024 * KIB, 0, 100, 0}, /* 100 ms for a MiB, and one more for what is rounded */
        {ENTER, 4 * FULL, 0, 0, 4 * FULL},
        {WAIT_MS, 0, 0, 0, 1 + 101 / 4},
        {IS_FOR, 5 * FULL, 0, 0, true},  /* 56 ms */
        {IS_FOR, 6 * FULL, 0, 0, false}, /* 63 ms */
        {LEAVE, 4 * FULL, 50, 120, 0},   /* 20 ms: it could begin when the last was done */
        {ENTER, FULL, 0, 0, FULL},
        {WAIT_MS, 0, 0, 0, 1 + (101 * 7 + 79) / 8 / 16},
    };
    play(events, sizeof events / sizeof events[0]);
}
