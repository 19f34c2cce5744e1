/* The mob's friend at a bank (contract in mob_clerk.h).
 *
 * What he asks for is always something that the register must refuse, or a refund of the mob's own
 * coins: an honest customer loses nothing by him. */
#include "tests/simulation/mob_clerk.h"

#include "central/tables.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/centre.h"
#include "tests/simulation/citizen.h"
#include "tests/simulation/post.h"

static struct list rows_of(struct sim *sim, struct store *store, const struct store_query *query,
                           const void *from, struct arena *arena)
{
    struct list rows = {0};
    sim_check(sim, store_begin(store, STORE_READ), "the clerk looks");
    sim_check(sim, store_list(store, &rows, query, from, arena), "the clerk looks");
    store_rollback(store);
    return rows;
}

static bool is_spent(struct sim *sim, const struct coin *coin, struct arena *arena)
{
    struct store *store = centre_store(sim->centre);
    struct spend row = {.serial = coin->serial, .coin_id = coin->coin_id};
    sim_check(sim, store_begin(store, STORE_READ), "the clerk looks");
    const enum err error = store_get(store, &tables_table_spend, &row, arena);
    store_rollback(store);
    return error == ERR_OK;
}

/* --- whose coin --- */

struct wanted {
    size_t person; /* whose; SIM_NOBODY: anybody's */
    size_t bank;   /* and of which bank */
    bool is_due, is_of_mob;
    int64_t more_than;
};

static bool is_wanted(struct mob *mob, const struct wanted *wanted, const struct coin *coin)
{
    const size_t person = auditor_person(mob->sim->auditor, &coin->owner_key);
    const bool is_due = coin->redeem_by_day <= mob->sim->now / 86400;
    return person < SIM_CITIZENS && person % SIM_BANKS == wanted->bank &&
           (wanted->person == SIM_NOBODY || wanted->person == person) && is_due == wanted->is_due &&
           sim_amount(coin->amount) > wanted->more_than &&
           (!wanted->is_of_mob || person >= SIM_HONEST);
}

/* One of the unspent coins that fit, any of them. */
static bool find(struct mob *mob, struct coin *out, const struct wanted *wanted,
                 struct arena *arena)
{
    struct sim *sim = mob->sim;
    const struct coin from = {.state = COIN_UNSPENT};
    const struct store_query query = {
        .table = &tables_table_coin, .index_number = 0, .prefix_count = 1};
    const struct list rows = rows_of(sim, centre_store(sim->centre), &query, &from, arena);
    const struct coin *coins = rows.items;
    const size_t start = rows.count > 0 ? chance_below(&sim->chance, rows.count) : 0;
    for (size_t i = 0; i < rows.count; i++) {
        *out = coins[(start + i) % rows.count];
        if (is_wanted(mob, wanted, out) && !is_spent(sim, out, arena))
            return true;
    }
    return false;
}

/* --- asking --- */

static void ask(struct mob *mob, size_t bank, struct refund_item *item, struct arena *arena)
{
    struct sim *sim = mob->sim;
    struct buffer request AUTO(buffer_fini) = {0};
    struct buffer reply AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    const struct refund_body body = {.items = {item, 1}};
    struct nonce call_id;
    chance_bytes(&sim->chance, call_id.bytes, sizeof call_id.bytes);
    sim_check(sim,
              call_seal(&request, sim->world.network, VERB_REFUND, &body, &call_id, sim->now,
                        &sim->world.banks[bank].bank_key, arena),
              "the clerk asks");
    (void)centre_handle(sim->centre, &reply, buffer_span(&request));
}

static struct refund_item item_of(const struct coin *coin, const struct public_key *to_key)
{
    return (struct refund_item){
        .serial = coin->serial, .coin_id = coin->coin_id, .to_key = *to_key};
}

/* A key of the mob's customer of this bank: the newest. */
static const struct public_key *own_key(const struct mob *mob, size_t bank)
{
    for (size_t i = mob->pair_count; i-- > 0;)
        if (mob->pairs[i].person % SIM_BANKS == bank)
            return &mob->pairs[i].pair.public_key;
    return NULL;
}

/* Somebody else's coin, on its day, to the mob. */
static void for_others(struct mob *mob, size_t bank, struct arena *arena)
{
    struct sim *sim = mob->sim;
    const struct wanted wanted = {.person = SIM_NOBODY, .bank = bank, .is_due = true};
    const struct public_key *own = own_key(mob, bank);
    struct coin coin;
    if (own == NULL || !find(mob, &coin, &wanted, arena) ||
        auditor_person(sim->auditor, &coin.owner_key) >= SIM_HONEST)
        return;
    struct refund_item item = item_of(&coin, own);
    ask(mob, bank, &item, arena);
    sim_note(sim, "the clerk of bank %zu asks for another's coin", bank);
}

/* To its own owner, but before its day. */
static void too_early(struct mob *mob, size_t bank, struct arena *arena)
{
    const struct wanted wanted = {.person = SIM_NOBODY, .bank = bank};
    struct coin coin;
    if (!find(mob, &coin, &wanted, arena))
        return;
    struct refund_item item = item_of(&coin, &coin.owner_key);
    ask(mob, bank, &item, arena);
    sim_note(mob->sim, "the clerk of bank %zu asks before the day", bank);
}

/* What was refunded once more, to the mob. */
static void again(struct mob *mob, size_t bank, struct arena *arena)
{
    struct sim *sim = mob->sim;
    const struct store_query query = {.table = &tables_table_refund, .index_number = -1};
    const struct list rows = rows_of(sim, centre_store(sim->centre), &query, NULL, arena);
    const struct refund *refunds = rows.items;
    const struct public_key *own = own_key(mob, bank);
    if (own == NULL || rows.count == 0)
        return;
    const struct refund *old = &refunds[chance_below(&sim->chance, rows.count)];
    struct refund_item item = {.serial = old->serial, .coin_id = old->coin_id, .to_key = *own};
    ask(mob, bank, &item, arena);
    sim_note(sim, "the clerk of bank %zu asks for what was refunded", bank);
}

/* Of one in the archive he knows no more than that it is nobody's. */
static struct coin coin_of(struct sim *sim, uint64_t serial, const struct id *coin_id,
                           struct arena *arena)
{
    struct store *store = centre_store(sim->centre);
    struct coin coin = {.serial = serial, .coin_id = *coin_id};
    sim_check(sim, store_begin(store, STORE_READ), "the clerk looks");
    const enum err error = store_get(store, &tables_table_coin, &coin, arena);
    store_rollback(store);
    sim_check(sim, error == ERR_MISSING ? ERR_OK : error, "the clerk looks");
    return coin;
}

/* What an order paid to whom its first coin went to, less what was taken back for it. */
static int64_t left_of(struct sim *sim, size_t *person, const struct id *order_id,
                       struct arena *arena)
{
    const struct order_token from = {.order_id = *order_id};
    const struct refund taken = {.has_advance_id = true, .advance_id = *order_id};
    struct store *store = centre_store(sim->centre);
    const struct store_query query = {
        .table = &tables_table_order_token, .index_number = -1, .prefix_count = 1};
    const struct store_query refunded = {
        .table = &tables_table_refund, .index_number = 0, .prefix_count = 1};
    const struct list rows = rows_of(sim, store, &query, &from, arena);
    const struct list used = rows_of(sim, store, &refunded, &taken, arena);
    const struct order_token *tokens = rows.items;
    const struct refund *refunds = used.items;
    int64_t left = 0;
    *person = SIM_NOBODY;
    for (size_t i = 0; i < rows.count; i++) {
        const struct coin coin = coin_of(sim, tokens[i].serial, &tokens[i].coin_id, arena);
        const size_t owner = auditor_person(sim->auditor, &coin.owner_key);
        *person = i == 0 ? owner : *person;
        left += owner == *person ? sim_amount(coin.amount) : 0;
    }
    for (size_t i = 0; i < used.count; i++)
        left -= sim_amount(refunds[i].amount);
    return left;
}

/* To the vault, for an order that paid its owner before: out of the vault, but less than that coin;
 * or as much, but out of his own purse. */
static void no_advance(struct mob *mob, size_t bank, bool is_by_vault, struct arena *arena)
{
    enum { TRIES = 40 };
    struct sim *sim = mob->sim;
    const struct store_query query = {.table = &tables_table_order_row, .index_number = -1};
    struct wanted wanted = {.person = SIM_NOBODY, .bank = bank, .is_due = true};
    struct coin any;
    if (!find(mob, &any, &wanted, arena)) /* most days */
        return;
    const struct list rows = rows_of(sim, centre_store(sim->centre), &query, NULL, arena);
    const struct order_row *orders = rows.items;
    for (size_t i = 0; i < TRIES && rows.count > 0; i++) {
        const struct order_row *order = &orders[chance_below(&sim->chance, rows.count)];
        struct coin coin;
        if (order->kind != KIND_EXCHANGE || order->bank_id != bank + 1 ||
            (order->is_by_vault == 1) != is_by_vault)
            continue;
        wanted.more_than = left_of(sim, &wanted.person, &order->order_id, arena);
        if (!is_by_vault)
            wanted.more_than = 0;
        if (wanted.person >= SIM_CITIZENS || !find(mob, &coin, &wanted, arena))
            continue;
        struct refund_item item = item_of(&coin, &sim->world.banks[bank].vault_key.public_key);
        item.has_advance_id = true;
        item.advance_id = order->order_id;
        ask(mob, bank, &item, arena);
        sim_note(sim, "the clerk of bank %zu asks for more than was advanced: %d", bank,
                 is_by_vault);
        return;
    }
}

static const struct mob_coin *in_loot(const struct mob *mob, const struct coin *coin)
{
    for (size_t i = 0; i < mob->coin_count; i++)
        if (id_equal(&mob->coins[i].coin_id, &coin->coin_id))
            return &mob->coins[i];
    return NULL;
}

/* A coin of the mob's is paid to two people, refunded on its day, and then both are handed in. */
static void late_fork(struct mob *mob, size_t bank, struct arena *arena)
{
    struct sim *sim = mob->sim;
    const struct wanted wanted = {
        .person = SIM_NOBODY, .bank = bank, .is_due = true, .is_of_mob = true};
    struct coin coin;
    struct mob_coin paid[2];
    const struct public_key *own = own_key(mob, bank);
    if (own == NULL || !find(mob, &coin, &wanted, arena))
        return;
    const struct mob_coin *found = in_loot(mob, &coin);
    if (found == NULL)
        return;
    const struct mob_coin spent = *found;
    for (size_t i = 0; i < 2; i++) {
        const struct output whole = {
            spent.amount, mob->pairs[chance_below(&sim->chance, mob->pair_count)].pair.public_key};
        mob_spend(mob, &paid[i], &spent, &whole, 1, NULL);
    }
    struct refund_item item = item_of(&coin, own);
    ask(mob, bank, &item, arena);
    for (size_t i = 0; i < 2; i++)
        mob_settle(mob, &paid[i], arena);
    sim_note(sim, "a coin of the mob is refunded, and both who were paid with it come");
}

/* He is seldom at his desk, and then tries everything. */
void mob_clerk_act(struct mob *mob, struct arena *arena)
{
    const size_t first = chance_below(&mob->sim->chance, SIM_BANKS);
    for (size_t i = 0; i < SIM_BANKS; i++) {
        const size_t bank = (first + i) % SIM_BANKS;
        too_early(mob, bank, arena);
        for_others(mob, bank, arena);
        again(mob, bank, arena);
        no_advance(mob, bank, true, arena);
        no_advance(mob, bank, false, arena);
        late_fork(mob, bank, arena);
    }
}
