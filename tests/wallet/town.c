/* The town's register (town.h): rows, one conflict rule, answers given once. */
#include "tests/wallet/town_inside.h"

#include "common/money/merkle.h"

#include <criterion/criterion.h>
#include <string.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

/* --- rows --- */

struct town_row *town_row_of(struct town *town, const struct id *coin_id)
{
    for (size_t i = 0; i < town->row_count; i++)
        if (id_equal(&town->rows[i].coin_id, coin_id))
            return &town->rows[i];
    return NULL;
}

static struct town_row *add_row(struct town *town, const struct town_row *row)
{
    struct town_row *held = town_row_of(town, &row->coin_id);
    if (held != NULL)
        return held;
    cr_assert_lt(town->row_count, TOWN_ROWS_MAX);
    town->rows[town->row_count] = *row;
    return &town->rows[town->row_count++];
}

static struct cose keep(struct town *town, const struct cose *cose)
{
    struct cose kept = *cose;
    OK(arena_copy(&town->world->arena, &kept.payload, cose->payload));
    return kept;
}

static void add_token(struct town *town, const struct token *token, const struct cose *cose)
{
    const struct id id = record_id(town->world->network, KIND_TOKEN, cose->payload);
    add_row(town, &(struct town_row){.serial = token->serial,
                                     .coin_id = record_coin_root(&id),
                                     .amount = token->amount,
                                     .owner_key = token->owner_key,
                                     .token = keep(town, cose),
                                     .parent = -1});
}

struct cose town_mint(struct town *town, struct amount amount, const struct public_key *owner)
{
    struct world_wallet wallet = {.pair.public_key = *owner};
    struct token token = world_token_value(town->world, 1, &wallet);
    token.amount = amount;
    const struct cose cose = world_sign(town->world, KIND_TOKEN, &token, &town->world->issuing);
    add_token(town, &token, &cose);
    return cose;
}

void town_know(struct town *town, const struct world_coin *coin)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct token token = {0};
    OK(token_decode(&token, coin->token.payload, &arena));
    add_token(town, &token, &coin->token);
}

void town_coin(struct town *town, struct folk *folk, uint64_t fen)
{
    struct world_coin coin;
    world_token(&coin, town->world, fen, &folk->first);
    town_know(town, &coin);
    folk_take(folk, &coin);
}

uint64_t town_unspent(struct town *town)
{
    uint64_t fen = 0;
    for (size_t i = 0; i < town->row_count; i++)
        if (!town->rows[i].is_spent && !town->rows[i].is_orphan)
            fen += amount_fen(town->rows[i].amount);
    return fen;
}

/* --- answers given once --- */

struct town_answer *town_answer_of(struct town *town, struct span key, bool *fresh)
{
    const struct id id = crypto_hash(&key, 1);
    for (size_t i = 0; i < town->answer_count; i++)
        if (id_equal(&town->answers[i].key, &id)) {
            *fresh = false;
            return &town->answers[i];
        }
    cr_assert_lt(town->answer_count, TOWN_ANSWERS_MAX);
    *fresh = true;
    town->answers[town->answer_count].key = id;
    return &town->answers[town->answer_count++];
}

/* --- the conflict rule --- */

enum outcome town_apply(struct town *town, const struct packet_payment *payment)
{
    struct town_row *row = town_row_of(town, &payment->payment.coin_id);
    cr_assert_not_null(row);
    const int parent = (int)(row - town->rows);
    const bool again = row->is_spent && id_equal(&row->spent_by, &payment->id);
    enum outcome outcome = row->is_orphan ? OUTCOME_ORPHAN : OUTCOME_SETTLED;
    if (row->is_spent && !again)
        outcome = OUTCOME_CONFLICT;
    if (!row->is_spent) {
        row->is_spent = true;
        row->spent_by = payment->id;
    }
    for (size_t i = 0; i < payment->payment.outputs.count; i++) {
        const struct output *output = &payment->payment.outputs.items[i];
        if (key_equal(&output->key, &town->world->register_key.public_key))
            continue;
        add_row(town, &(struct town_row){.serial = payment->payment.serial,
                                         .coin_id = record_coin_output(&payment->id, (uint16_t)i),
                                         .amount = output->amount,
                                         .owner_key = output->key,
                                         .token = town->rows[parent].token,
                                         .maker = keep(town, &payment->cose),
                                         .parent = parent,
                                         .is_orphan = outcome != OUTCOME_SETTLED});
    }
    return outcome;
}

static enum err known_coin(void *context, bool *found, struct packet_known_coin *out,
                           uint64_t serial, const struct id *coin_id)
{
    const struct town_row *row = town_row_of(context, coin_id);
    *found = row != NULL && row->serial == serial;
    if (*found)
        *out = (struct packet_known_coin){.amount = row->amount, .owner_key = row->owner_key};
    return ERR_OK;
}

enum status town_verify(struct town *town, struct packet_view *view, struct span packet,
                        struct arena *arena)
{
    const struct packet_options options = {.role = PACKET_FOR_REGISTER,
                                           .known = {.context = town, .coin = known_coin}};
    enum status status = STATUS_OK;
    OK(packet_verify(view, &status, packet, &town->world->trust, &options, arena));
    for (size_t i = 0; status == STATUS_OK && i < view->token_count; i++)
        add_token(town, &view->tokens[i].token, &view->tokens[i].cose);
    return status;
}

/* --- the signed word --- */

struct cose town_sign_leaves(struct town *town, struct placed_leaf *const *placed, size_t count,
                             struct arena *arena)
{
    struct id hashes[1024];
    for (size_t i = 0; i < count; i++)
        OK(merkle_leaf_hash(&hashes[i], &placed[i]->leaf));
    for (size_t i = 0; i < count; i++) {
        struct id path[PATH_MAX_HASHES];
        void *items = NULL;
        const size_t at = town->fault == TOWN_SWAPS_PATHS ? count - 1 - i : i;
        placed[i]->index = at;
        placed[i]->path.count = merkle_path(path, hashes, count, at);
        OK(arena_alloc(arena, &items, PATH_MAX_HASHES, sizeof(struct id_item)));
        placed[i]->path.items = items;
        for (size_t j = 0; j < placed[i]->path.count; j++)
            placed[i]->path.items[j].id = path[j];
    }
    const struct settled settled = {
        .merkle_root = merkle_root(hashes, count), .count = count, .made_at = WORLD_NOW};
    return world_sign(town->world, KIND_SETTLED, &settled,
                      town->fault == TOWN_FORGES ? &town->world->root : &town->world->register_key);
}

/* Results of packets, and one signature over all their leaves. */
static bool settle(struct town *town, struct settle_result *results, struct cose *settled,
                   const struct span *packets, size_t count, struct arena *arena)
{
    struct placed_leaf *placed[1024];
    size_t leaf_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct packet_view view = {0};
        void *leaves = NULL;
        results[i] = (struct settle_result){.status = town_verify(town, &view, packets[i], arena)};
        if (results[i].status != STATUS_OK)
            continue;
        OK(arena_alloc(arena, &leaves, view.payment_count, sizeof(struct placed_leaf)));
        results[i].leaves.items = leaves;
        for (size_t j = 0; j < view.payment_count; j++) {
            struct placed_leaf *leaf = &results[i].leaves.items[j];
            leaf->leaf = (struct leaf){view.payments[j].payment.coin_id, view.payments[j].id,
                                       town_apply(town, &view.payments[j])};
            placed[leaf_count++] = leaf;
        }
        results[i].leaves.count = town->fault == TOWN_DROPS_LEAVES ? 0 : view.payment_count;
    }
    if (leaf_count > 0)
        *settled = town_sign_leaves(town, placed, leaf_count, arena);
    return leaf_count > 0;
}

static enum status serve_settle(struct town *town, struct settle_reply *reply,
                                const struct settle_body *body, struct arena *arena)
{
    struct span packets[SETTLE_PACKETS_MAX];
    void *results = NULL;
    if (town->fault == TOWN_PENDING)
        return STATUS_PENDING;
    for (size_t i = 0; i < body->packets.count; i++)
        packets[i] = body->packets.items[i].bytes;
    for (size_t i = 0; i < body->commitments.count; i++)
        town->told_count +=
            span_equal(body->commitments.items[i].bytes, world_met(town->world, packets[i]));
    OK(arena_alloc(arena, &results, body->packets.count, sizeof(struct settle_result)));
    reply->results = (struct settle_result_list){results, body->packets.count};
    reply->has_settled =
        settle(town, reply->results.items, &reply->settled, packets, body->packets.count, arena);
    return STATUS_OK;
}

void town_spend_elsewhere(struct town *town, struct world_coin *coin)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct world_coin paid;
    struct world_packet packet = {0};
    struct settle_result result = {0};
    struct cose settled = {0};
    struct world_wallet thief = {.pair = world_key("somebody else")};
    struct span bytes;
    world_pay(&paid, NULL, town->world, coin, &thief, amount_fen(coin->amount), NULL);
    world_packet_add(&packet, &paid);
    bytes = world_packet_bytes(town->world, &packet);
    settle(town, &result, &settled, &bytes, 1, &arena);
    cr_assert_eq(result.leaves.items[0].leaf.outcome, OUTCOME_SETTLED);
}

/* --- the rest --- */

static enum status serve_owned(struct town *town, struct owned_reply *reply,
                               const struct owned_body *body, struct arena *arena)
{
    struct ownership question = {0};
    void *lines = NULL;
    OK(ownership_decode(&question, body->ownership.payload, arena));
    OK(record_verify(town->world->network, KIND_OWNERSHIP, &body->ownership, &question.key));
    OK(arena_alloc(arena, &lines, OWNED_LINES_MAX, sizeof(struct owned_line)));
    *reply = (struct owned_reply){.lines = {lines, 0}};
    for (size_t i = 0; i < town->row_count; i++) { /* the rows of these tests: by serial enough */
        const struct town_row *row = &town->rows[i];
        struct owned_line *line = &reply->lines.items[reply->lines.count];
        void *payments = NULL;
        if (!key_equal(&row->owner_key, &question.key) || (row->is_spent && !town->shows_spent) ||
            reply->lines.count == OWNED_LINES_MAX)
            continue;
        OK(arena_alloc(arena, &payments, PACKET_PAYMENTS_MAX, sizeof(struct signed_item)));
        *line = (struct owned_line){.coin_id = row->coin_id,
                                    .state = row->is_orphan ? 3 : 1,
                                    .token = row->token,
                                    .payments.items = payments};
        size_t depth = 0;
        for (const struct town_row *r = row; r->parent >= 0; r = &town->rows[r->parent])
            depth++;
        line->payments.count = depth;
        for (const struct town_row *r = row; r->parent >= 0; r = &town->rows[r->parent])
            line->payments.items[--depth].record = r->maker;
        reply->lines.count++;
    }
    return STATUS_OK;
}

static enum status serve_withdraw(struct town *town, struct tokens_reply *reply,
                                  const struct withdraw_body *body, struct arena *arena)
{
    struct withdrawal withdrawal = {0};
    void *items = NULL;
    bool fresh = false;
    if (town->withdrawals != STATUS_OK)
        return town->withdrawals;
    OK(withdrawal_decode(&withdrawal, body->withdrawal.payload, arena));
    struct town_answer *answer = town_answer_of(town, SPAN(withdrawal.withdrawal_id), &fresh);
    for (size_t i = 0; fresh && i < withdrawal.amounts.count; i++)
        answer->tokens[answer->token_count++] =
            town_mint(town, withdrawal.amounts.items[i].amount, &withdrawal.wallet_key);
    if (town->withdraws_silently)
        return STATUS_PENDING;
    if (town->withdraws_the_first)
        answer = &town->answers[0];
    OK(arena_alloc(arena, &items, answer->token_count, sizeof(struct signed_item)));
    reply->tokens = (struct signed_item_list){items, answer->token_count};
    reply->tokens.count -= town->withdraws_short;
    for (size_t i = 0; i < reply->tokens.count; i++)
        reply->tokens.items[i].record = answer->tokens[town->withdraws_one_twice ? 0 : i];
    return STATUS_OK;
}

static enum status certify(struct town *town, struct certify_reply *reply,
                           const struct cose *request_cose, struct arena *arena)
{
    struct certificate_request request = {0};
    struct world_wallet wallet = {0};
    OK(certificate_request_decode(&request, request_cose->payload, arena));
    OK(record_verify(town->world->network, KIND_CERTIFICATE_REQUEST, request_cose,
                     &request.new_key));
    bool known = false;
    for (size_t i = 0; i < town->certified_count; i++)
        known = known || key_equal(&town->certified[i], &request.new_key);
    if (!known)
        town->certified[town->certified_count++] = request.new_key;
    cr_assert_lt(town->certified_count, TOWN_KEYS_MAX);
    world_wallet(&wallet, town->world, "template", WORLD_BANK_A);
    wallet.certificate.wallet_key = request.new_key;
    world_certify(&wallet, town->world);
    if (town->certifies != STATUS_OK)
        return town->certifies;
    *reply = (struct certify_reply){.has_recovery_key = town->has_words,
                                    .recovery_key = town->words,
                                    .certificate = wallet.certificate_cose,
                                    .directory = town->world->directory_cose,
                                    .revocations = town->world->revocations_cose};
    return STATUS_OK;
}

static enum status serve_join(struct town *town, struct certify_reply *reply,
                              const struct join_body *body, struct arena *arena)
{
    struct certificate_request request = {0};
    OK(certificate_request_decode(&request, body->request.payload, arena));
    if (town->has_given_up && key_equal(&request.new_key, &town->given_up))
        return STATUS_FORBIDDEN;
    if (town->has_given_up && body->has_code &&
        memcmp(&body->code, &town->used_code, sizeof body->code) == 0)
        return STATUS_CODE;
    return certify(town, reply, &body->request, arena);
}

static enum status serve_deposit_request(struct town *town, struct deposit_request_reply *reply,
                                         const struct deposit_request_body *body)
{
    struct world_wallet vault;
    struct world_request request;
    world_vault(&vault, town->world, town->is_other_bank ? WORLD_BANK_B : WORLD_BANK_A);
    world_request(&request, town->world, &vault, amount_fen(body->amount));
    reply->request = request.cose;
    return STATUS_OK;
}

static enum status serve_deposit(struct town *town, struct deposit_reply *reply,
                                 const struct deposit_body *body, struct arena *arena)
{
    struct packet_view view = {0};
    bool fresh = false;
    if (town->fault == TOWN_PENDING)
        return STATUS_PENDING;
    cr_assert_eq(town_verify(town, &view, body->packet, arena), STATUS_OK);
    reply->has_settled = settle(town, &reply->result, &reply->settled, &body->packet, 1, arena);
    OK(packet_sum(&reply->credited, &view, &town->world->banks[0].vault_key.public_key));
    town_answer_of(town, body->packet, &fresh);
    if (fresh)
        OK(amount_add(&town->account, town->account, reply->credited));
    return STATUS_OK;
}

static enum status serve(struct town *town, void *reply, enum verb verb, const void *body,
                         struct arena *arena)
{
    switch (verb) {
    case VERB_FETCH:
        return STATUS_OK;
    case VERB_JOIN:
        return serve_join(town, reply, body, arena);
    case VERB_CERTIFY:
        return certify(town, reply, &((const struct certify_body *)body)->by_new_key, arena);
    case VERB_WITHDRAW:
        return serve_withdraw(town, reply, body, arena);
    case VERB_SETTLE:
        return serve_settle(town, reply, body, arena);
    case VERB_EXCHANGE:
        return town_exchange(town, reply, body, arena);
    case VERB_OWNED:
        return serve_owned(town, reply, body, arena);
    case VERB_DEPOSIT_REQUEST:
        return serve_deposit_request(town, reply, body);
    case VERB_DEPOSIT:
        return serve_deposit(town, reply, body, arena);
    case VERB_LOST:
        *(struct lost_reply *)reply = town->lost;
        return STATUS_OK;
    case VERB_REDEEM:
    case VERB_ISSUE:
    case VERB_LOG:
    case VERB_REVOKE:
    case VERB_RECOVERY:
        return STATUS_OK;
    case VERB_HELD:
    case VERB_REFUND:
    case VERB_ACCOUNT:
        break;
    }
    return STATUS_FORBIDDEN;
}

static enum err answer_call(void *context, enum status *status, void *reply, enum verb verb,
                            const void *body, struct arena *arena)
{
    struct town *town = context;
    const struct message_verb *row = message_verb(verb);
    town->calls[verb]++;
    memset(reply, 0, row->reply->struct_size);
    *status = serve(town, reply, verb, body, arena);
    if (town->lose_reply_at < 0 || town->lose_reply_at-- > 0)
        return ERR_OK;
    memset(reply, 0, row->reply->struct_size);
    return ERR_TIMEOUT; /* done, and nobody heard of it */
}

void town_open(struct town *out, struct world *world)
{
    const struct key_id nobody = {{9}};
    *out = (struct town){.world = world, .lose_reply_at = -1};
    world_revoke(world, &nobody); /* there is a list, as at a real bank */
}

void town_serve(struct town *town, struct folk *folk)
{
    folk->bank_context = town;
    folk->bank = answer_call;
}
