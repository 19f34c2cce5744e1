/* The calls that are in the house: NET_CALLS_MAX slots, filled from many links. Private to this
 * room.
 *
 *     FREE -> WAITING (in the queue) -> TAKEN -> SENDING -> FREE    (dropped: TAKEN -> FREE)
 *
 * Every function is called with the server's lock held.
 */
#ifndef DCEP_COMMON_NET_NET_SLOTS_H
#define DCEP_COMMON_NET_NET_SLOTS_H

#include "common/net/net.h"
#include "common/net/net_link.h"

enum net_slot_state {
    NET_SLOT_FREE,
    NET_SLOT_WAITING,
    NET_SLOT_TAKEN,
    NET_SLOT_SENDING,
};

struct net_slot {
    enum net_slot_state state;
    struct net_link *link;
    uint32_t number; /* which use of the link it came from */
    struct net_frame *request;
    uint64_t replied_ms;   /* SENDING: since when */
    struct net_slot *next; /* in the queue of those WAITING */
};

struct net_slots {
    struct net_slot items[NET_CALLS_MAX];
    struct net_slot *first, *last;
    struct net_link *links; /* all that may be parked */
    size_t link_count;
    size_t parked_count;
    uint64_t last_parked;
};

/* Takes the link's request into a free slot, or parks the link until there is one. */
void net_slots_offer(struct net_slots *slots, struct net_link *link);
/* The link ends: it no longer waits for a slot. */
void net_slots_forget(struct net_slots *slots, struct net_link *link);
/* The slot that has been WAITING longest, now TAKEN; NULL: none. */
struct net_slot *net_slots_take(struct net_slots *slots);
/* The slot is done with; a parked link gets it. */
void net_slots_release(struct net_slots *slots, struct net_slot *slot);
bool net_slots_are_sending(const struct net_slots *slots);
/* If no slot is free: the one whose reply has waited longest; else, or if none is SENDING, NULL. */
struct net_slot *net_slots_stalled(struct net_slots *slots);
void net_slots_fini(struct net_slots *slots);

#endif
