/* The statements of a sweep (contract in store_sweep_sql.h).
 *
 * 1. In a pattern, @c is the cluster, @n the names of (key, part), @f the first of them, @e that
 *    they are equal to parameters, @j that k and r have the same (key, part), @p one parameter for
 *    each of them and the row's number, @r STORE_SWEEP_PUT_ROWS times that, @m the mark.
 */
#include "common/store/store_sweep_sql.h"

#include <string.h>

#define WITHOUT_KEY                                                                                \
    "FROM \"@c\" AS r WHERE \"row\" > @m AND NOT EXISTS (SELECT 1 FROM \"@c_key\" AS k WHERE @j)"

static const char *const patterns[STORE_SWEEP_STEPS] = {
    [STORE_SWEEP_IS_BEHIND] = "SELECT coalesce((SELECT max(\"row\") FROM \"@c\"), 0) > @m",
    [STORE_SWEEP_IS_MISSING] = "SELECT EXISTS (SELECT 1 " WITHOUT_KEY ")",
    [STORE_SWEEP_KEY_OF] = "SELECT \"row\", @n FROM \"@c\" WHERE \"row\" = ?1",
    [STORE_SWEEP_FETCH] = "INSERT INTO \"@c_key\" SELECT @n, \"row\" " WITHOUT_KEY " ORDER BY @n",
    [STORE_SWEEP_LOAD] = "SELECT \"row\", @n " WITHOUT_KEY,
    [STORE_SWEEP_NEXT_ROW] = "SELECT 1 + max(coalesce((SELECT max(\"row\") FROM \"@c\"), 0), @m)",
    [STORE_SWEEP_LINE] = "SELECT \"row\", @n FROM \"@c_key\" WHERE \"@f\" = ?1 LIMIT ?2",
    [STORE_SWEEP_FIND] = "SELECT \"row\" FROM \"@c_key\" WHERE @e",
    [STORE_SWEEP_TAKE] = "DELETE FROM \"@c_key\" WHERE @e",
    [STORE_SWEEP_PUT] = "INSERT INTO \"@c_key\" VALUES (@p)",
    [STORE_SWEEP_PUT_MANY] = "INSERT INTO \"@c_key\" VALUES @r",
    [STORE_SWEEP_MARK] = "INSERT OR REPLACE INTO store_meta(name, value) "
                         "VALUES ('@c_row', CAST(?1 AS TEXT))",
    [STORE_SWEEP_MISSING] =
        "SELECT (SELECT count(*) FROM \"@c\") - (SELECT count(*) FROM \"@c_key\")",
    [STORE_SWEEP_STRAY] =
        "SELECT count(*) FROM \"@c_key\" AS k LEFT JOIN \"@c\" AS r ON r.\"row\" = k.\"row\" "
        "WHERE r.\"row\" IS NULL OR NOT (@j)",
};

static void put(struct store_sql *sql, const char *text, size_t size)
{
    if (sql->error == ERR_OK)
        sql->error = buffer_put(&sql->text, span_of(text, size));
}

static void put_text(struct store_sql *sql, const char *text)
{
    put(sql, text, strlen(text));
}

static const char *name_of(const struct table *table, size_t number)
{
    return number < table->key_count ? table->schema->fields[number].name : "part";
}

static void put_names(struct store_sql *sql, const struct table *table)
{
    for (size_t i = 0; i <= table->key_count; i++) {
        put_text(sql, i == 0 ? "\"" : ", \"");
        put_text(sql, name_of(table, i));
        put_text(sql, "\"");
    }
}

static void put_join(struct store_sql *sql, const struct table *table)
{
    for (size_t i = 0; i <= table->key_count; i++) {
        put_text(sql, i == 0 ? "k.\"" : " AND k.\"");
        put_text(sql, name_of(table, i));
        put_text(sql, "\" = r.\"");
        put_text(sql, name_of(table, i));
        put_text(sql, "\"");
    }
}

static void put_equal(struct store_sql *sql, const struct table *table)
{
    for (size_t i = 0; i <= table->key_count; i++) {
        put_text(sql, i == 0 ? "\"" : " AND \"");
        put_text(sql, name_of(table, i));
        put_text(sql, "\" = ?");
    }
}

static void put_mark(struct store_sql *sql, const struct table *table)
{
    put_text(sql, "coalesce((SELECT CAST(value AS INTEGER) FROM store_meta WHERE name = '");
    put_text(sql, table->cluster);
    put_text(sql, "_row'), 0)");
}

static void put_parameters(struct store_sql *sql, size_t count)
{
    put_text(sql, "?");
    for (size_t i = 1; i < count; i++)
        put_text(sql, ", ?");
}

static void put_rows(struct store_sql *sql, const struct table *table)
{
    for (size_t i = 0; i < STORE_SWEEP_PUT_ROWS; i++) {
        put_text(sql, i == 0 ? "(" : ", (");
        put_parameters(sql, table->key_count + 2);
        put_text(sql, ")");
    }
}

static void put_letter(struct store_sql *sql, const struct table *table, char letter)
{
    if (letter == 'c')
        put_text(sql, table->cluster);
    else if (letter == 'n')
        put_names(sql, table);
    else if (letter == 'j')
        put_join(sql, table);
    else if (letter == 'f')
        put_text(sql, name_of(table, 0));
    else if (letter == 'e')
        put_equal(sql, table);
    else if (letter == 'p')
        put_parameters(sql, table->key_count + 2);
    else if (letter == 'r')
        put_rows(sql, table);
    else
        put_mark(sql, table);
}

void store_sweep_sql(struct store_sql *sql, const struct table *table, enum store_sweep_step step)
{
    const char *text = patterns[step];
    while (*text != '\0') {
        const size_t plain = strcspn(text, "@");
        put(sql, text, plain);
        text += plain;
        if (*text == '@') {
            put_letter(sql, table, text[1]);
            text += 2;
        }
    }
}
