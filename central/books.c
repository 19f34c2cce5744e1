/* The books: running figures in one row, moved together with the coins, and recomputed from the
 * rows on demand. */
#include "central/books.h"

#include <string.h>

enum err books_open(struct store *store)
{
    const struct books row = {.id = 1, .next_serial = 1, .next_number = 1, .next_bank_id = 1};
    return store_insert(store, &tables_table_books, &row);
}

enum err books_get(struct store *store, struct books *out)
{
    struct arena none = {0}; /* the row has no blobs */
    *out = (struct books){.id = 1};
    return store_get(store, &tables_table_books, out, &none);
}

enum err books_put(struct store *store, const struct books *books)
{
    return store_update(store, &tables_table_books, books);
}

static enum err sum_of(struct store *store, struct balance *sum, uint64_t *count,
                       const struct table *table, const char *field)
{
    const struct store_query query = {.table = table, .index_number = -1};
    return store_sum(store, sum, count, &query, NULL, field);
}

static enum err judge(struct books_supply *supply)
{
    struct balance total = balance_from_fen(0);
    TRY(balance_sum(&total, supply->reserves, supply->guarantees));
    TRY(balance_sum(&total, total, supply->loss));
    TRY(balance_sum(&total, total, supply->unspent));
    supply->is_balanced = balance_compare(total, supply->funded) == 0 &&
                          balance_compare(supply->unspent, supply->unspent_running) == 0;
    return ERR_OK;
}

enum err books_running(struct store *store, struct books_supply *out)
{
    struct books books = {0};
    uint64_t ignored = 0;
    *out = (struct books_supply){0};
    TRY(books_get(store, &books));
    out->funded = books.funded;
    out->loss = books.loss;
    TRY(sum_of(store, &out->reserves, &out->bank_count, &tables_table_bank, "reserve"));
    TRY(sum_of(store, &out->guarantees, &ignored, &tables_table_bank, "guarantee"));
    TRY(balance_add(&out->unspent_running, balance_from_fen(0), books.unspent));
    out->unspent = out->unspent_running;
    return judge(out);
}

enum err books_supply(struct store *store, struct books_supply *out, struct arena *arena)
{
    const struct coin money = {.state = COIN_UNSPENT};
    const struct store_query coins = {
        .table = &tables_table_coin, .index_number = 0, .prefix_count = 1};
    const struct spend ending = {.state = COIN_UNSPENT};
    const struct store_query spends = {
        .table = &tables_table_spend, .index_number = 0, .prefix_count = 1};
    struct balance ended = balance_from_fen(0);
    uint64_t ended_count = 0;
    (void)arena;
    TRY(books_running(store, out));
    TRY(store_sum(store, &out->unspent, &out->unspent_count, &coins, &money, "amount"));
    TRY(store_sum(store, &ended, &ended_count, &spends, &ending, "amount"));
    TRY(balance_sum(&out->unspent, out->unspent, balance_from_fen(-balance_fen(ended))));
    out->unspent_count -= ended_count;
    return judge(out);
}

enum err books_unspent_add(struct store *store, struct amount amount)
{
    struct books books = {0};
    TRY(books_get(store, &books));
    TRY(amount_add(&books.unspent, books.unspent, amount));
    return books_put(store, &books);
}

enum err books_unspent_sub(struct store *store, struct amount amount)
{
    struct books books = {0};
    TRY(books_get(store, &books));
    TRY(amount_sub(&books.unspent, books.unspent, amount));
    return books_put(store, &books);
}

enum err books_next_number(struct store *store, uint64_t *number)
{
    struct books books = {0};
    TRY(books_get(store, &books));
    *number = books.next_number++;
    return books_put(store, &books);
}

enum err books_next_serial(struct store *store, uint64_t *serial)
{
    struct books books = {0};
    TRY(books_get(store, &books));
    *serial = books.next_serial++;
    return books_put(store, &books);
}

enum err books_journal(struct store *store, const char *act, uint64_t bank_id, struct amount amount,
                       uint64_t now, const char *note)
{
    struct act row = {.act = span_text(act),
                      .bank_id = bank_id,
                      .amount = amount,
                      .made_at = now,
                      .note = span_text(note)};
    TRY(books_next_number(store, &row.number));
    return store_insert(store, &tables_table_act, &row);
}
