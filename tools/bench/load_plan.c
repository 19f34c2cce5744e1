/* Packets and calls, made beforehand (contract in load_plan.h).
 *
 * Coins are drawn without putting back: draw i is the coin (i * STEP) mod range, STEP near the
 * golden section of the range and coprime to it, so that draws lie evenly over all of it at any
 * time. A cheat's second payment goes DOUBLE_GAP packets after the first, or a sixteenth of all if
 * that is less. */
#include "tools/bench/load_plan.h"

#include "common/money/packet.h"

#include <stdlib.h>
#include <string.h>

enum { DOUBLE_GAP = 4000, DOUBLE_SHARE = 16, ITEM_HEAD_MAX = 4 /* of bytes in a list */ };
enum { MEET_MAX = 32 /* packets at once */ };

struct draw {
    uint64_t from, range, step, next;
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct draw draw_open(const struct load_plan_options *options)
{
    struct draw draw = {.from = options->coin_from,
                        .range = options->coin_to - options->coin_from,
                        .next = options->skip};
    const double golden = 0.6180339887498949;
    CHECK(options->coin_to > options->coin_from);
    draw.step = (uint64_t)((double)draw.range * golden) | 1;
    while (common_divisor(draw.range, draw.step) != 1)
        draw.step += 2;
    return draw;
}

static bool is_empty(const struct draw *draw)
{
    return draw->next >= draw->range;
}

/* range and step are below 2^26: no overflow. */
static uint64_t draw_coin(struct draw *draw)
{
    CHECK(!is_empty(draw));
    return draw->from + draw->next++ * draw->step % draw->range;
}

/* ---- which coin is paid when ---- */

static bool is_cheat(const struct load_plan *plan, uint64_t coin)
{
    const size_t wallets = plan->crowd->wallet_count;
    return (double)(coin % wallets) < plan->options.cheats * (double)wallets;
}

static void append(struct load_plan *plan, uint64_t coin, uint32_t variant)
{
    plan->packets[plan->packet_count++] = (struct load_packet){.coin = coin, .variant = variant};
}

/* As many as are wanted; fewer when no coin is left. */
static void choose_coins(struct load_plan *plan, size_t packets)
{
    struct draw draw = draw_open(&plan->options);
    size_t waiting = 0, *due = calloc(packets, sizeof *due); /* firsts whose second comes */
    size_t next = 0;
    const size_t gap = packets / DOUBLE_SHARE < DOUBLE_GAP ? packets / DOUBLE_SHARE : DOUBLE_GAP;
    CHECK(due != NULL);
    while (plan->packet_count < packets) {
        if (next < waiting && due[next] + gap <= plan->packet_count) {
            append(plan, plan->packets[due[next++]].coin, 1);
            plan->double_count++;
            continue;
        }
        if (is_empty(&draw))
            break;
        append(plan, draw_coin(&draw), 0);
        if (is_cheat(plan, plan->packets[plan->packet_count - 1].coin))
            due[waiting++] = plan->packet_count - 1;
    }
    free(due);
}

/* ---- signing, on all cores ---- */

static void sign_share(void *context, size_t share, size_t from, size_t to)
{
    struct load_plan *plan = context;
    struct buffer *bytes = &plan->bytes[share];
    bytes->limit = SIZE_MAX;
    for (size_t i = from; i < to; i++) {
        struct load_packet *packet = &plan->packets[i];
        const uint64_t counter = (packet->coin * 2 + packet->variant) * CROWD_LINE_MAX;
        packet->share = (uint32_t)share;
        packet->at = bytes->size;
        crowd_pay(bytes, plan->crowd, packet->coin, plan->options.line, packet->variant, counter);
        packet->size = (uint32_t)(bytes->size - packet->at);
    }
}

static size_t told_size(const struct load_plan *plan)
{
    return plan->options.is_told ? plan->options.line * COMMITMENT_SIZE : 0;
}

/* As payees do, who verify what they are paid. */
static void learn_share(void *context, size_t share, size_t from, size_t to)
{
    struct load_plan *plan = context;
    (void)share;
    for (size_t i = from; i < to; i += MEET_MAX) {
        struct arena arena AUTO(arena_fini) = {0};
        struct span packets[MEET_MAX], met[MEET_MAX];
        size_t count = 0;
        for (; count < MEET_MAX && i + count < to; count++)
            packets[count] = load_plan_packet(plan, i + count);
        CHECK(packet_meet(met, packets, count, plan->crowd->trust, &arena) == ERR_OK);
        for (size_t j = 0; j < count; j++) {
            CHECK(met[j].size == told_size(plan));
            memcpy(plan->commitments + (i + j) * told_size(plan), met[j].data, met[j].size);
        }
    }
}

size_t load_plan_fits(const struct load_plan *plan, size_t first, size_t most)
{
    size_t count = 0, size = 0;
    while (count < most && first + count < plan->packet_count) {
        size += plan->packets[first + count].size + ITEM_HEAD_MAX + told_size(plan);
        if (count > 0 && size > LOAD_CALL_SIZE)
            break;
        count++;
    }
    return count;
}

/* None reaches beyond the warm-up. */
static void cut_calls(struct load_plan *plan)
{
    const size_t warm = plan->options.warm_payments / plan->options.line;
    for (size_t i = 0; i < plan->packet_count;) {
        size_t most = plan->options.packets_max;
        if (i < warm)
            most = warm - i < SETTLE_PACKETS_MAX ? warm - i : SETTLE_PACKETS_MAX;
        struct load_call *call = &plan->calls[plan->call_count++];
        *call = (struct load_call){i, load_plan_fits(plan, i, most)};
        plan->warm_call_count += i < warm;
        i += call->count;
    }
}

void load_plan_open(struct load_plan *plan, const struct crowd *crowd,
                    const struct load_plan_options *options)
{
    const size_t packets = (options->payments + options->line - 1) / options->line;
    CHECK(options->packets_max >= 1 && options->packets_max <= SETTLE_PACKETS_MAX);
    *plan = (struct load_plan){.options = *options, .crowd = crowd};
    plan->packets = calloc(packets, sizeof *plan->packets);
    plan->calls = calloc(packets, sizeof *plan->calls);
    CHECK(plan->packets != NULL && plan->calls != NULL);
    choose_coins(plan, packets);
    CHECK(plan->packet_count > 0);
    crowd_share_out(plan->packet_count, sign_share, plan);
    if (options->is_told) {
        plan->commitments = calloc(plan->packet_count, told_size(plan));
        CHECK(plan->commitments != NULL);
        crowd_share_out(plan->packet_count, learn_share, plan);
    }
    cut_calls(plan);
    plan->payment_count = plan->packet_count * options->line;
}

void load_plan_fini(struct load_plan *plan)
{
    for (size_t i = 0; i < CROWD_THREADS_MAX; i++)
        buffer_fini(&plan->bytes[i]);
    free(plan->packets);
    free(plan->calls);
    free(plan->commitments);
    *plan = (struct load_plan){0};
}

struct span load_plan_packet(const struct load_plan *plan, size_t index)
{
    const struct load_packet *packet = &plan->packets[index];
    return span_of(plan->bytes[packet->share].data + packet->at, packet->size);
}

struct span load_plan_commitments(const struct load_plan *plan, size_t index)
{
    const size_t size = told_size(plan);
    return size == 0 ? (struct span){NULL, 0} : span_of(plan->commitments + index * size, size);
}
