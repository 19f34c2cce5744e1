/* The tables of the contract suite, and the example of how a room declares its own. Every field
 * kind a row may have is here once plain and once nullable. */
#ifndef DCEP_TESTS_COMMON_STORE_CONTRACT_TABLES_H
#define DCEP_TESTS_COMMON_STORE_CONTRACT_TABLES_H

#include "common/store/table.h"

/* The register's shape: composite key, an index, states. */
#define CONTRACT_COIN_FIELDS(F)                                                                    \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id)                                                                                 \
    F(AMOUNT, amount) F(KEY, owner_key) F(UINT, state, 1, 5) F(OPT_ID, parent_coin_id)
/* One of each kind. */
/* clang-format off */
#define CONTRACT_THING_FIELDS(F)                                                                   \
    F(NONCE, thing_id) F(UINT, small, 3, 9) F(AMOUNT0, amount) F(BALANCE, balance)                 \
    F(KEY_ID, key_id) F(BLOB, blob, 2, 300) F(TEXT, text, 0, 20) F(SIGNED, record)                 \
    F(OPT_UINT, maybe_uint, 1, 100) F(OPT_ID, maybe_id) F(OPT_KEY, maybe_key)                      \
    F(OPT_NONCE, maybe_nonce) F(OPT_BLOB, maybe_blob, 1, 10) F(OPT_TEXT, maybe_text, 1, 10)        \
    F(OPT_SIGNED, maybe_record)
/* clang-format on */
#define CONTRACT_SETTING_FIELDS(F) F(UINT, setting_id, 0, INTEGER_MAX) F(BLOB, value, 0, 64)
/* Two that lie together, and the same alone. */
#define CONTRACT_PART_FIELDS(F)                                                                    \
    F(UINT, serial, 1, INTEGER_MAX)                                                                \
    F(ID, coin_id) F(AMOUNT, amount) F(UINT, state, 1, 3) F(OPT_KEY, key) F(OPT_BLOB, bytes, 1, 40)
#define CONTRACT_TABLES(T)                                                                         \
    T(contract, contract_coin, CONTRACT_COIN_FIELDS, 2, TABLE_INDEX("owner_key"),                  \
      TABLE_INDEX("owner_key", "state"), TABLE_UNIQUE("parent_coin_id"))                           \
    T(contract, contract_thing, CONTRACT_THING_FIELDS, 1, TABLE_INDEX("text"),                     \
      TABLE_UNIQUE("maybe_uint", "maybe_id"))                                                      \
    T(contract, contract_setting, CONTRACT_SETTING_FIELDS, 1)                                      \
    T(contract, contract_front, CONTRACT_PART_FIELDS, TABLE_PART("contract_line", 0, 2),           \
      TABLE_SCAN("state"), TABLE_SCAN("key"))                                                      \
    T(contract, contract_back, CONTRACT_PART_FIELDS, TABLE_PART("contract_line", 1, 2),            \
      TABLE_SCAN("state"), TABLE_SCAN("key"))                                                      \
    T(contract, contract_lone, CONTRACT_PART_FIELDS, 2, TABLE_SCAN("state"), TABLE_SCAN("key"))

TABLES_DECLARE(CONTRACT_TABLES)
extern const struct table *const contract_tables[];

#endif
