/* Rows for the contract suite, told apart by numbers. */
#include "tests/common/store/store_contract.h"

#include <criterion/criterion.h>
#include <string.h>

const struct store_schema contract_schema = {
    .application = "contract", .version = 1, .tables = contract_tables};

struct amount contract_fen(uint64_t value)
{
    struct amount amount;
    EXPECT_OK(amount_from_fen(&amount, value));
    return amount;
}

/* By key they are in another order than by number. */
struct contract_front contract_make_front(uint64_t serial, unsigned number)
{
    struct contract_front row;
    memset(&row, 0, sizeof row);
    row.serial = serial;
    row.coin_id.bytes[0] = (uint8_t)(number * 37);
    row.coin_id.bytes[1] = (uint8_t)number;
    row.coin_id.bytes[2] = (uint8_t)(number >> 8);
    row.amount = contract_fen(1 + number);
    row.state = 1;
    return row;
}

struct contract_coin contract_make_coin(uint64_t serial, unsigned number)
{
    struct contract_coin coin;
    memset(&coin, 0, sizeof coin);
    coin.serial = serial;
    coin.coin_id.bytes[0] = (uint8_t)(number >> 8);
    coin.coin_id.bytes[31] = (uint8_t)number;
    coin.amount = contract_fen(100 + number);
    coin.owner_key.bytes[0] = 2;
    coin.owner_key.bytes[32] = (uint8_t)(number % 3);
    coin.state = 1 + number % 2;
    return coin;
}

static void fill_present(struct contract_thing *thing, unsigned number)
{
    static const uint8_t bytes[64] = {9, 8, 7};
    thing->has_maybe_uint = true;
    thing->maybe_uint = 1 + number % 100;
    thing->has_maybe_id = true;
    thing->maybe_id.bytes[5] = 5;
    thing->has_maybe_key = true;
    thing->maybe_key.bytes[32] = 6;
    thing->has_maybe_nonce = true;
    thing->maybe_nonce.bytes[0] = 7;
    thing->has_maybe_blob = true;
    thing->maybe_blob = span_of(bytes, 10);
    thing->has_maybe_text = true;
    thing->maybe_text = span_text("yuan");
    thing->has_maybe_record = true;
    thing->maybe_record.payload = span_of(bytes, 40);
    thing->maybe_record.signature.bytes[63] = 1;
}

struct contract_thing contract_make_thing(unsigned number, bool full)
{
    static const uint8_t bytes[300] = {1, 0, 2};
    struct contract_thing thing;
    memset(&thing, 0, sizeof thing);
    thing.thing_id.bytes[0] = (uint8_t)number;
    thing.small = 3 + number % 7;
    thing.amount = contract_fen(full ? AMOUNT_MAX : 0);
    thing.balance = balance_from_fen(full ? -(int64_t)AMOUNT_MAX : 12);
    thing.key_id.bytes[7] = 77;
    thing.blob = span_of(bytes, full ? 300 : 2);
    thing.text = full ? span_text("\xe5\x85\x83 twenty bytes ok!") : span_text("");
    thing.record.payload = span_of(bytes, full ? 200 : 1);
    thing.record.signature.bytes[0] = 3;
    if (full) {
        fill_present(&thing, number);
    }
    return thing;
}

void contract_insert_coins(struct store *store, uint64_t serial, unsigned count)
{
    EXPECT_OK(store_begin(store, STORE_WRITE));
    for (unsigned i = 0; i < count; i++) {
        const struct contract_coin coin = contract_make_coin(serial, i);
        EXPECT_OK(store_insert(store, &contract_table_contract_coin, &coin));
    }
    EXPECT_OK(store_commit(store));
}

size_t contract_count(struct store *store, const struct table *table)
{
    AUTO(arena_fini) struct arena arena = {0};
    struct list rows;
    const struct store_query all = {.table = table, .index_number = -1};
    EXPECT_OK(store_begin(store, STORE_READ));
    EXPECT_OK(store_list(store, &rows, &all, NULL, &arena));
    EXPECT_OK(store_commit(store));
    return rows.count;
}
