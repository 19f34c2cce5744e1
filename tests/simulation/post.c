/* The network (contract in post.h). */
#include "tests/simulation/post.h"

#include "tests/simulation/agency.h"
#include "tests/simulation/centre.h"

#include <stdlib.h>
#include <string.h>

struct letter {
    size_t to;
    uint8_t *bytes;
    size_t size;
};
struct ring {
    struct letter letters[POST_KEPT];
    size_t count; /* ever put in */
};
struct link {
    struct sim *sim;
    size_t to;
};
struct post {
    struct ring calls, packets, requests, receipts;
    struct link links[SIM_BANKS + 1];
};

enum { REPEAT_PERMILLE = 30, GARBLE_PERMILLE = 30 };

struct post *post_open(struct sim *sim)
{
    struct post *post = sim_new(1, sizeof *post);
    for (size_t i = 0; i <= SIM_BANKS; i++)
        post->links[i] = (struct link){sim, i};
    return post;
}

static void put(struct ring *ring, size_t to, struct span bytes)
{
    struct letter *letter = &ring->letters[ring->count++ % POST_KEPT];
    free(letter->bytes);
    *letter = (struct letter){.to = to, .bytes = malloc(bytes.size), .size = bytes.size};
    CHECK(letter->bytes != NULL);
    memcpy(letter->bytes, bytes.data, bytes.size);
}

static const struct letter *any(struct sim *sim, const struct ring *ring)
{
    const size_t count = ring->count < POST_KEPT ? ring->count : POST_KEPT;
    return count == 0 ? NULL : &ring->letters[chance_below(&sim->chance, count)];
}

bool post_is_lost(struct sim *sim)
{
    if (sim->is_lossless || !chance_permille(&sim->chance, sim->loss_permille))
        return false;
    sim_count(sim, SIM_LOST);
    return true;
}

static enum net_loopback_fault fault(void *context)
{
    struct sim *sim = ((struct link *)context)->sim;
    if (post_is_lost(sim))
        return NET_FAULT_LOSE_REQUEST;
    if (post_is_lost(sim))
        return NET_FAULT_LOSE_REPLY;
    if (sim->is_lossless || !chance_permille(&sim->chance, REPEAT_PERMILLE))
        return NET_FAULT_NONE;
    sim_count(sim, SIM_REPEATED);
    return NET_FAULT_REPEAT;
}

static enum err deliver(struct sim *sim, size_t to, struct buffer *reply, struct span request)
{
    return to == POST_TO_CENTRE ? centre_handle(sim->centre, reply, request)
                                : agency_handle(sim->agencies[to], reply, request);
}

/* Nobody's money may depend on what is not signed: a bit of an answer is turned over. */
static void garble(struct sim *sim, struct buffer *reply)
{
    if (sim->is_lossless || reply->size == 0 || !chance_permille(&sim->chance, GARBLE_PERMILLE))
        return;
    const size_t head = reply->size < 48 ? reply->size : 48; /* status, counts, amounts */
    const size_t reach = chance_permille(&sim->chance, 500) ? head : reply->size;
    reply->data[chance_below(&sim->chance, reach)] ^= (uint8_t)(1 << chance_below(&sim->chance, 8));
    sim_count(sim, SIM_GARBLED);
}

static enum err handle(void *context, struct buffer *reply, struct span request)
{
    const struct link *link = context;
    const size_t carries_max = link->sim->carries_max;
    if (!link->sim->is_lossless && carries_max != 0 && request.size > carries_max) {
        sim_count(link->sim, SIM_LOST);
        return ERR_TIMEOUT;
    }
    put(&link->sim->post->calls, link->to, request);
    TRY(deliver(link->sim, link->to, reply, request));
    garble(link->sim, reply);
    return ERR_OK;
}

struct net_client *post_client(struct sim *sim, size_t to)
{
    struct net_client *client = NULL;
    const struct net_loopback_options options = {
        .handler = handle, .context = &sim->post->links[to], .fault = fault};
    sim_check(sim, net_loopback_open(&client, &options), "loopback");
    return client;
}

void post_late_call(struct sim *sim)
{
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    const struct letter *letter = any(sim, &sim->post->calls);
    if (letter == NULL)
        return;
    struct span request = sim_keep(sim, span_of(letter->bytes, letter->size));
    sim_count(sim, SIM_LATE);
    const enum err error = deliver(sim, letter->to, &reply, request);
    sim_note(sim, "a late call to %zu: %s", letter->to, err_name(error));
}

void post_keep_packet(struct sim *sim, size_t payee, struct span file)
{
    put(&sim->post->packets, payee, file);
}

static struct span old(struct sim *sim, size_t *person, const struct ring *ring)
{
    const struct letter *letter = any(sim, ring);
    if (letter == NULL)
        return (struct span){0};
    *person = letter->to;
    return sim_keep(sim, span_of(letter->bytes, letter->size));
}

struct span post_old_packet(struct sim *sim, size_t *payee)
{
    return old(sim, payee, &sim->post->packets);
}

void post_keep_request(struct sim *sim, size_t payee, struct span file)
{
    put(&sim->post->requests, payee, file);
}

struct span post_old_request(struct sim *sim, size_t *payee)
{
    return old(sim, payee, &sim->post->requests);
}

void post_keep_receipt(struct sim *sim, size_t payer, struct span file)
{
    put(&sim->post->receipts, payer, file);
}

struct span post_old_receipt(struct sim *sim, size_t *payer)
{
    return old(sim, payer, &sim->post->receipts);
}

struct span post_damage(struct sim *sim, struct span file)
{
    struct buffer copy AUTO(buffer_fini) = {0};
    sim_check(sim, buffer_put(&copy, file), "a copy");
    if (chance_permille(&sim->chance, 500))
        copy.size = chance_below(&sim->chance, copy.size);
    else
        copy.data[chance_below(&sim->chance, copy.size)] ^=
            (uint8_t)(1 << chance_below(&sim->chance, 8));
    return sim_keep(sim, buffer_span(&copy));
}
