/* The calls that are in the house: NET_CALLS_MAX slots, filled from many links.
 *
 * 1. A request that finds no free slot stays with its link, which is parked and not read from.
 * 2. A slot that becomes free goes at once to the link that was parked first: no link is passed
 *    over, however much another one sends.
 *
 * Never waits, never wakes anybody: the server does.
 */
#include "common/net/net_slots.h"

static void enqueue(struct net_slots *slots, struct net_slot *slot)
{
    slot->next = NULL;
    if (slots->last == NULL)
        slots->first = slot;
    else
        slots->last->next = slot;
    slots->last = slot;
}

static struct net_slot *find_free(struct net_slots *slots)
{
    for (size_t i = 0; i < NET_CALLS_MAX; i++) {
        if (slots->items[i].state == NET_SLOT_FREE)
            return &slots->items[i];
    }
    return NULL;
}

/* Reading on may only be asked of nng last: the link may end over it. */
static void fill(struct net_slots *slots, struct net_slot *slot, struct net_link *link)
{
    slot->state = NET_SLOT_WAITING;
    slot->link = link;
    slot->number = link->number;
    enqueue(slots, slot);
    slot->request = net_link_take(link);
}

void net_slots_offer(struct net_slots *slots, struct net_link *link)
{
    struct net_slot *slot = find_free(slots);
    if (slot != NULL) {
        fill(slots, slot, link);
        return;
    }
    link->parked = ++slots->last_parked;
    slots->parked_count++;
}

void net_slots_forget(struct net_slots *slots, struct net_link *link)
{
    if (link->parked != 0)
        slots->parked_count--;
    link->parked = 0;
}

static struct net_link *first_parked(struct net_slots *slots)
{
    struct net_link *first = NULL;
    if (slots->parked_count == 0)
        return NULL;
    for (size_t i = 0; i < slots->link_count; i++) {
        struct net_link *link = &slots->links[i];
        if (link->parked != 0 && (first == NULL || link->parked < first->parked))
            first = link;
    }
    return first;
}

struct net_slot *net_slots_take(struct net_slots *slots)
{
    struct net_slot *slot = slots->first;
    if (slot == NULL)
        return NULL;
    slots->first = slot->next;
    if (slots->first == NULL)
        slots->last = NULL;
    slot->state = NET_SLOT_TAKEN;
    return slot;
}

void net_slots_release(struct net_slots *slots, struct net_slot *slot)
{
    net_frame_free(slot->request);
    *slot = (struct net_slot){.state = NET_SLOT_FREE};
    struct net_link *link = first_parked(slots);
    if (link != NULL) {
        net_slots_forget(slots, link);
        fill(slots, slot, link);
    }
}

bool net_slots_are_sending(const struct net_slots *slots)
{
    for (size_t i = 0; i < NET_CALLS_MAX; i++) {
        if (slots->items[i].state == NET_SLOT_SENDING)
            return true;
    }
    return false;
}

struct net_slot *net_slots_stalled(struct net_slots *slots)
{
    struct net_slot *longest = NULL;
    for (size_t i = 0; i < NET_CALLS_MAX; i++) {
        struct net_slot *slot = &slots->items[i];
        if (slot->state == NET_SLOT_FREE)
            return NULL;
        if (slot->state == NET_SLOT_SENDING &&
            (longest == NULL || slot->replied_ms < longest->replied_ms))
            longest = slot;
    }
    return longest;
}

void net_slots_fini(struct net_slots *slots)
{
    for (size_t i = 0; i < NET_CALLS_MAX; i++)
        net_frame_free(TAKE(slots->items[i].request));
}
