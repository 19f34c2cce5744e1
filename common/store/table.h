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
 *
 * Tables with the same key whose rows are read and written together may lie together:
 *
 *         T(central, coin, COIN_FIELDS, TABLE_PART("line", 0, 2), TABLE_SCAN("state"))
 *         T(central, spend, SPEND_FIELDS, TABLE_PART("line", 1, 2))
 *
 * are both in the cluster "line", as parts 0 and 1, each with a key of 2 fields. A backend may keep
 * a cluster as one table, with one of its keys under (key, part): a coin and its spend are then
 * neighbours there.
 * To who asks they are tables like others, but that their indexes can only be scans and no field
 * beside the key a balance.
 */
#ifndef DCEP_COMMON_STORE_TABLE_H
#define DCEP_COMMON_STORE_TABLE_H

#include "common/wire/schema.h"

enum {
    TABLE_INDEX_FIELDS_MAX = 3,
    TABLE_INDEXES_MAX = 4,
    TABLE_FIELDS_MAX = 32,
    TABLE_PART_MAX = 7
};
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
    const char *cluster; /* NULL: it lies alone */
    unsigned part;
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

#define TABLE_PART(cluster_name, number, keys) keys, .cluster = (cluster_name), .part = (number)

#define TABLES_DECLARE(LIST) LIST(TABLE_DECLARE)
#define TABLES_DEFINE(LIST) LIST(TABLE_DEFINE)
#define TABLES_POINTERS(LIST) LIST(TABLE_POINTER)

#define TABLE_DECLARE(prefix, type, FIELDS, keys, ...)                                             \
    RECORD_STRUCT(type, FIELDS)                                                                    \
    extern const struct table prefix##_table_##type;
#define TABLE_POINTER(prefix, type, FIELDS, keys, ...) &prefix##_table_##type,
#define TABLE_DEFINE(prefix, type, FIELDS, keys, ...)                                              \
    RECORD_SCHEMA(prefix##_schema, type, FIELDS, false)                                            \
    const struct table prefix##_table_##type = {.name = #type,                                     \
                                                .schema = &prefix##_schema_##type,                 \
                                                .key_count = keys,                                 \
                                                .indexes = {__VA_ARGS__}};

#endif
