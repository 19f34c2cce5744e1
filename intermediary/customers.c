/* Customers and their join codes (contract in customers.h). */
#include "intermediary/customers.h"

#include "common/base/text.h"
#include "common/base/time.h"
#include "intermediary/teller.h"

#include <string.h>

const struct limits *customers_limits(const struct branch_env *env, uint64_t tier)
{
    if (env->branch->bank_id == 0)
        return NULL;
    const struct tier_list *tiers = &trust_policy(env->purse.trust)->tiers;
    for (size_t i = 0; i < tiers->count; i++)
        if (tiers->items[i].tier == tier)
            return &tiers->items[i].limits;
    return NULL;
}

/* Not a character that could move a cursor or hide: names are printed. */
static bool is_fit(struct span text, size_t size_min)
{
    char shown[NAME_SIZE_MAX * 4 + 1];
    if (text.size < size_min || text.size > NAME_SIZE_MAX || !text_is_utf8(text))
        return false;
    text_printable(shown, sizeof shown, text);
    return span_equal(span_text(shown), text);
}

static enum status check_spec(const struct branch_env *env, const struct customers_spec *spec)
{
    if (!is_fit(spec->name, 1) || !is_fit(spec->phone, 0) || !is_fit(spec->id_number, 0) ||
        !is_fit(spec->label, 0))
        return STATUS_RANGE;
    return customers_limits(env, spec->tier) == NULL ? STATUS_UNKNOWN : STATUS_OK;
}

enum err customers_open(struct branch_env *env, enum status *status, uint64_t *number,
                        const struct customers_spec *spec)
{
    *status = check_spec(env, spec);
    if (*status != STATUS_OK)
        return ERR_OK;
    struct customer row = {
        .name = spec->name,
        .phone = spec->phone,
        .id_number = spec->id_number,
        .tier = spec->tier,
        .has_label = spec->label.size > 0,
        .label = spec->label,
        .opened_at = env->purse.now,
    };
    TRY(branch_next_customer(env, number));
    row.number = *number;
    branch_random(env, row.customer_id.bytes, sizeof row.customer_id.bytes);
    TRY(store_insert(env->purse.store, &bank_table_customer, &row));
    return amount_is_zero(spec->deposit)
               ? ERR_OK
               : teller_pay_in(env, status, *number, spec->deposit, span_text("opening deposit"));
}

enum err customers_get(struct branch_env *env, bool *found, struct customer *out, uint64_t number)
{
    *out = (struct customer){.number = number};
    return branch_find(env, found, &bank_table_customer, out);
}

enum err customers_list(struct branch_env *env, struct customer_list *out)
{
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_customer, -1, 0, NULL));
    *out = (struct customer_list){rows.items, rows.count};
    return ERR_OK;
}

static bool is_number(const char *text, uint64_t *number)
{
    *number = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || *number > INTEGER_MAX / 10 - 1)
            return false;
        *number = *number * 10 + (uint64_t)(*c - '0');
    }
    return text[0] != '\0';
}

static bool has_id_prefix(const struct customer *customer, const char *prefix)
{
    char hex[NONCE_SIZE * 2 + 1];
    const size_t size = strlen(prefix);
    hex_encode(hex, SPAN(customer->customer_id));
    return size >= 4 && size <= sizeof hex - 1 && strncmp(hex, prefix, size) == 0;
}

/* What looks like a number is one, if there is such a customer; a name wins over an id. */
enum err customers_find(struct branch_env *env, enum status *status, struct customer *out,
                        const char *text)
{
    struct customer_list all = {0};
    uint64_t number = 0;
    bool found = false;
    size_t names = 0, ids = 0;
    const struct customer *by_name = NULL, *by_id = NULL;
    *status = STATUS_OK;
    if (is_number(text, &number))
        TRY(customers_get(env, &found, out, number));
    if (found)
        return ERR_OK;
    TRY(customers_list(env, &all));
    for (size_t i = 0; i < all.count; i++) {
        if (span_equal(all.items[i].name, span_text(text))) {
            by_name = &all.items[i];
            names++;
        }
        if (has_id_prefix(&all.items[i], text)) {
            by_id = &all.items[i];
            ids++;
        }
    }
    const struct customer *match = names > 0 ? by_name : by_id;
    if (names > 1 || (names == 0 && ids > 1))
        *status = STATUS_REUSED;
    else if (match == NULL)
        *status = STATUS_UNKNOWN;
    else
        *out = *match;
    return ERR_OK;
}

struct id customers_code_hash(const struct nonce *code)
{
    const struct span parts[] = {span_text("dcep join code"), SPAN(*code)};
    return crypto_hash(parts, sizeof parts / sizeof parts[0]);
}

enum err customers_code(struct branch_env *env, struct nonce *code, uint64_t *expires_at,
                        uint64_t customer, uint64_t valid_days)
{
    const struct join_code from = {.customer = customer};
    struct list rows = {0};
    TRY(branch_rows(env, &rows, &bank_table_join_code, 0, 1, &from));
    const struct join_code *codes = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (!codes[i].has_used_by)
            TRY(store_delete(env->purse.store, &bank_table_join_code, &codes[i]));
    branch_random(env, code->bytes, sizeof code->bytes);
    *expires_at = env->purse.now + valid_days * SECONDS_PER_DAY;
    const struct join_code row = {
        .code_hash = customers_code_hash(code),
        .customer = customer,
        .made_at = env->purse.now,
        .expires_at = *expires_at,
    };
    return store_insert(env->purse.store, &bank_table_join_code, &row);
}

enum err customers_code_for_element(struct branch_env *env, const struct nonce *code)
{
    struct join_code row = {.code_hash = customers_code_hash(code)};
    TRY(store_get(env->purse.store, &bank_table_join_code, &row, env->purse.arena));
    row.for_element = 1;
    return store_update(env->purse.store, &bank_table_join_code, &row);
}
