/* How much may wait in the pipeline, so that who is let in has his answer within a tenth of a
 * second: by the pace of what was done lately (docs/adr/0019). Knows sizes and times, no calls. */
#ifndef DCEP_CENTRAL_SERVE_ROOM_H
#define DCEP_CENTRAL_SERVE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct serve_room {
    size_t bytes;       /* of the calls that are in */
    uint64_t ms_by_mib; /* how long a MiB of calls took lately; 0: nothing was done yet */
    uint64_t done_ms;   /* when something was done last */
};

/* For a call of so many bytes; one that would be alone always finds room. */
bool serve_room_is_for(const struct serve_room *room, size_t size);
void serve_room_enter(struct serve_room *room, size_t size);
/* Calls of so many bytes together were done, the first of which had come at put_ms. */
void serve_room_leave(struct serve_room *room, size_t size, uint64_t put_ms, uint64_t now_ms);
/* By when what is in will be done, from now; 0: nobody knows. */
uint64_t serve_room_wait_ms(const struct serve_room *room);

#endif
