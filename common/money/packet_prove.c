/* What can be asked of the curve before any row is read, for many packets in one call.
 *
 * 1. Only questions whose answer depends on nothing but the packet: whose coin a payment spends
 *    must follow from a token or an earlier payment in it.
 * 2. All signatures go to the backend together: it shares work among them.
 * 3. What was proved before, to the byte, is not asked again.
 * 4. What somebody says of a signature's R goes to the backend with it. Never more than a hint.
 *
 * Never a verdict: an answer that turns out not to matter is ignored. */
#include "common/money/packet_check.h"

struct question {
    struct packet_check *check;
    size_t payment;
};
struct questions {
    struct question *items;
    struct crypto_check *checks;
    size_t count;
};

/* Who must have signed it, if the packet tells. */
static bool find_owner(struct packet_payment *payment, const struct packet_view *view)
{
    if (payment->parent != PACKET_NONE)
        payment->owner_key =
            view->payments[payment->parent].payment.outputs.items[payment->parent_output].key;
    else if (payment->token != PACKET_NONE)
        payment->owner_key = view->tokens[payment->token].token.owner_key;
    return payment->parent != PACKET_NONE || payment->token != PACKET_NONE;
}

/* Only what is wholly good is remembered. */
static bool was_proved(struct packet_check *check, size_t index, const struct packet_proven *proven)
{
    const struct packet_payment *payment = &check->view->payments[index];
    if (proven == NULL || !proven->has(proven->context, &payment->id, &payment->cose.signature))
        return false;
    check->signature[index] = check->points[index] = PACKET_GOOD;
    return true;
}

static void remember(const struct packet_check *check, size_t index,
                     const struct packet_proven *proven)
{
    const struct packet_payment *payment = &check->view->payments[index];
    if (proven != NULL && check->signature[index] == PACKET_GOOD &&
        check->points[index] == PACKET_GOOD)
        proven->keep(proven->context, &payment->id, &payment->cose.signature);
}

/* A signature that is not valid has no commitment, whatever was said of it. */
static void note_met(struct packet_check *check, size_t index, const struct crypto_check *asked)
{
    struct commitment *commitment = &check->view->payments[index].commitment;
    const bool was_told = commitment_is_known(commitment);
    const bool is_met = commitment_is_known(&asked->commitment);
    if (was_told &&
        (!asked->valid || (is_met && !commitment_equal(commitment, &asked->commitment))))
        check->is_misled = true;
    *commitment = asked->commitment;
}

static enum err ask(struct questions *questions, struct packet_check *check, size_t index)
{
    const struct packet_payment *payment = &check->view->payments[index];
    struct crypto_check *one = &questions->checks[questions->count];
    bool is_good = false;
    TRY(packet_ask_points(&is_good, payment));
    check->points[index] = is_good ? PACKET_GOOD : PACKET_BAD;
    TRY(record_message(&one->message, check->trust->network, KIND_PAYMENT, payment->cose.payload,
                       check->arena));
    one->key = payment->owner_key;
    one->signature = payment->cose.signature;
    one->commitment = payment->commitment;
    questions->items[questions->count++] = (struct question){check, index};
    return ERR_OK;
}

static enum err make_room(struct questions *out, struct packet_check *const *checks, size_t count,
                          struct arena *arena)
{
    void *items = NULL, *room = NULL;
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += checks[i]->view->payment_count;
    TRY(arena_alloc(arena, &items, most, sizeof *out->items));
    TRY(arena_alloc(arena, &room, most, sizeof *out->checks));
    *out = (struct questions){items, room, 0};
    return ERR_OK;
}

enum err packet_prove_payments(struct packet_check *const *checks, size_t count,
                               const struct packet_proven *proven, struct arena *arena)
{
    struct questions questions;
    TRY(make_room(&questions, checks, count, arena));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < checks[i]->view->payment_count; j++)
            if (find_owner(&checks[i]->view->payments[j], checks[i]->view) &&
                !was_proved(checks[i], j, proven))
                TRY(ask(&questions, checks[i], j));
    if (questions.count > 0)
        TRY(crypto()->verify_many(questions.checks, questions.count));
    for (size_t i = 0; i < questions.count; i++) {
        const struct question *question = &questions.items[i];
        question->check->signature[question->payment] =
            questions.checks[i].valid ? PACKET_GOOD : PACKET_BAD;
        remember(question->check, question->payment, proven);
        note_met(question->check, question->payment, &questions.checks[i]);
    }
    return ERR_OK;
}
