/* Tables, declared once: from one field list come the row's struct, its SQL and its CHECKs.
 *
 *     #define COIN_FIELDS(F)                                                                 \
 *         F(UINT, serial, 1, INTEGER_MAX) F(ID, coin_id) F(AMOUNT, amount) F(KEY, owner_key) \
 *         F(UINT, state, 1, 5) F(OPT_ID, token_id)
 *     #define CENTRAL_TABLES(T)                                                              \
 *         T(central, coin, COIN_FIELDS, 2, TABLE_INDEX("owner_key"), TABLE_UNIQUE("token_id")) \
 *         T(central, account, ACCOUNT_FIELDS, 1)
 *     TABLES_DECLARE(CENTRAL_TABLES)     in tables.h: struct coin, struct coin_list,
 *                                        extern const struct table central_table_coin
 *     TABLES_DEFINE(CENTRAL_TABLES)      in tables.c
 *     const struct table *const central_tables[] = {
 *         TABLES_POINTERS(CENTRAL_TABLES) TABLES_POINTERS(PURSE_TABLES) NULL};
 *
 * A row of the list: symbol prefix, name of struct and SQL table, field list, how many leading
 * fields are the primary key, then up to TABLE_INDEXES_MAX indexes. The struct's name must be
 * free: not one of the wire's records. Fields allowed: UINT, AMOUNT, AMOUNT0, BALANCE, ID, KEY,
 * KEY_ID, NONCE, BLOB, TEXT, SIGNED (kept as the tagged COSE_Sign1 bytes) and their OPT_ forms.
 * Key fields: UINT and fixed bytes, not nullable. Index fields: those, TEXT and their OPT_
 * forms. tests/common/store/contract_tables.h is a whole example.
 */
#ifndef DCEP_COMMON_STORE_TABLE_H
#define DCEP_COMMON_STORE_TABLE_H

#include "common/wire/schema.h"

enum { TABLE_INDEX_FIELDS_MAX = 3, TABLE_INDEXES_MAX = 4, TABLE_FIELDS_MAX = 32 };
struct table_index {
    const char
        *fields[TABLE_INDEX_FIELDS_MAX]; /* NULL-padded; equality prefix, then primary key order */
    bool unique;                         /* over non-null values */
    bool is_scan; /* not kept: a query by it reads all rows. For what is seldom asked of a table
                     that is often written. */
};
struct table {
    const char *name;
    const struct schema *schema;
    size_t key_count; /* the first key_count fields are the primary key */
    struct table_index indexes[TABLE_INDEXES_MAX];
};

#define TABLE_INDEX(...)                                                                           \
    {                                                                                              \
        .fields = { __VA_ARGS__ }                                                                  \
    }
#define TABLE_UNIQUE(...)                                                                          \
    {                                                                                              \
        .fields = {__VA_ARGS__}, .unique = true                                                    \
    }

#define TABLE_SCAN(...)                                                                            \
    {                                                                                              \
        .fields = {__VA_ARGS__}, .is_scan = true                                                   \
    }

#define TABLES_DECLARE(LIST) LIST(TABLE_DECLARE)
#define TABLES_DEFINE(LIST) LIST(TABLE_DEFINE)
#define TABLES_POINTERS(LIST) LIST(TABLE_POINTER)

#define TABLE_DECLARE(prefix, type, FIELDS, keys, ...)                                             \
    RECORD_STRUCT(type, FIELDS)                                                                    \
    extern const struct table prefix##_table_##type;
#define TABLE_POINTER(prefix, type, FIELDS, keys, ...) &prefix##_table_##type,
#define TABLE_DEFINE(prefix, type, FIELDS, keys, ...)                                              \
    RECORD_SCHEMA(prefix##_schema, type, FIELDS, false)                                            \
    const struct table prefix##_table_##type = {                                                   \
        #type, &prefix##_schema_##type, keys, {__VA_ARGS__}};

#endif
