/* The holder of holder.h. */
#include "tests/common/purse/holder.h"

#include <criterion/criterion.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static const struct table *const tables[] = {TABLES_POINTERS(PURSE_TABLES) NULL};
static const struct store_schema schema = {.application = "holder", .version = 1, .tables = tables};

static enum err find_pair(void *context, struct key_pair *out, const struct public_key *key)
{
    const struct holder *holder = context;
    for (size_t i = 0; i < holder->pair_count; i++)
        if (key_equal(&holder->pairs[i].public_key, key)) {
            *out = holder->pairs[i];
            return ERR_OK;
        }
    return ERR_MISSING;
}

void holder_key(struct holder *holder, const struct world_wallet *wallet)
{
    cr_assert_lt(holder->pair_count, HOLDER_KEYS_MAX);
    holder->pairs[holder->pair_count++] = wallet->pair;
    OK(purse_key_add(&holder->env, &wallet->pair.public_key,
                     world_bytes(&holder->world, &wallet->certificate_cose)));
}

void holder_open(struct holder *out)
{
    *out = (struct holder){0};
    world_open(&out->world);
    OK(store_memory_open(&out->store, &schema));
    OK(store_begin(out->store, STORE_WRITE));
    out->env = (struct purse_env){.store = out->store,
                                  .trust = &out->world.trust,
                                  .now = WORLD_NOW,
                                  .arena = &out->world.arena,
                                  .context = out,
                                  .key = find_pair};
    world_wallet(&out->me, &out->world, "me", WORLD_BANK_A);
    world_wallet(&out->other, &out->world, "other", WORLD_BANK_B);
    holder_key(out, &out->me);
}

void holder_close(struct holder *holder)
{
    store_close(&holder->store);
    world_close(&holder->world);
}

enum status holder_take_token(struct holder *holder, const struct cose *token)
{
    enum status status = STATUS_FAILED;
    OK(purse_take_token(&holder->env, &status, token));
    return status;
}

void holder_coin(struct world_coin *coin, struct holder *holder, uint64_t fen)
{
    world_token(coin, &holder->world, fen, &holder->me);
    expect_status(holder_take_token(holder, &coin->token), STATUS_OK);
}

struct purse_coin holder_row(struct holder *holder, uint64_t serial, const struct id *coin_id)
{
    struct purse_coin row = {.serial = serial, .coin_id = *coin_id};
    OK(store_get(holder->store, &purse_table_purse_coin, &row, holder->env.arena));
    return row;
}

bool holder_holds(struct holder *holder, uint64_t serial, const struct id *coin_id)
{
    struct purse_coin row = {.serial = serial, .coin_id = *coin_id};
    bool found = false;
    OK(purse_find(&holder->env, &found, &purse_table_purse_coin, &row));
    return found;
}

struct purse_totals holder_totals(struct holder *holder)
{
    struct purse_totals totals = {0};
    OK(purse_totals(&holder->env, &totals));
    return totals;
}

struct span holder_packet(struct packet_view *view, struct holder *holder,
                          const struct world_coin *const *coins, size_t count)
{
    struct world_packet packet = {0};
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    enum status status = STATUS_FAILED;
    for (size_t i = 0; i < count; i++)
        world_packet_add(&packet, coins[i]);
    const struct span bytes = world_packet_bytes(&holder->world, &packet);
    OK(packet_verify(view, &status, bytes, &holder->world.trust, &options, holder->env.arena));
    expect_status(status, STATUS_OK);
    return bytes;
}

struct purse_plan holder_pay(struct holder *holder, uint64_t fen, struct world_request *request)
{
    struct purse_plan plan = {0};
    struct purse_coin_list coins = {0};
    enum status status = STATUS_FAILED;
    world_request(request, &holder->world, &holder->other, fen);
    OK(purse_choose(&holder->env, &status, &coins, world_fen(fen),
                    &(struct purse_choice_options){0}));
    expect_status(status, STATUS_OK);
    OK(purse_reserve_payment(&holder->env, &plan, &coins, &request->request, &request->id,
                             &request->cose));
    OK(purse_mark(&holder->env, &plan));
    OK(purse_sign(&holder->env, &plan));
    return plan;
}
