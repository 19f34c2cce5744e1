/* Customers: who is found, and what is wrong with a list, line by line. */
#include "tests/intermediary/street.h"

#include <criterion/criterion.h>
#include <string.h>

#define HEADER "name,tier,phone,id_number,label,opening_deposit\n"

static const struct sheet {
    const char *text;
    enum customers_fault fault;
    size_t line, count;
} sheets[] = {
    {HEADER "Ann,3,13800000000,110101199001011234,,500\n", CUSTOMERS_GOOD, 0, 1},
    {"\xEF\xBB\xBF" HEADER "爱丽丝,3,,,,1,,\r\n", CUSTOMERS_FIELDS, 2, 0},
    {"\xEF\xBB\xBF" HEADER "爱丽丝,3,,,,\r\n清心茶馆,2,,,\"清心, 茶馆\",\"1,000.50\"\r\n",
     CUSTOMERS_GOOD, 0, 2},
    {"tier,name\n4,Bob", CUSTOMERS_GOOD, 0, 1},
    {"name,tier\n\"two\"\"quotes\",4\n\n\nAnn,4\n", CUSTOMERS_GOOD, 0, 2},
    {"", CUSTOMERS_EMPTY, 1, 0},
    {HEADER, CUSTOMERS_EMPTY, 1, 0},
    {"name\nAnn\n", CUSTOMERS_NO_COLUMN, 1, 0},
    {"name,tier,name\nAnn,3,Ann\n", CUSTOMERS_COLUMN, 1, 0},
    {"name,tier,shoe_size\nAnn,3,42\n", CUSTOMERS_COLUMN, 1, 0},
    {"name,tier\nAnn,3\nBob\n", CUSTOMERS_FIELDS, 3, 0},
    {"name,tier\nAnn,3\n,3\n", CUSTOMERS_BAD_NAME, 3, 0},
    {"name,tier\nAnn,3\nBob,9\n", CUSTOMERS_BAD_TIER, 3, 0},
    {"name,tier\nAnn,three\n", CUSTOMERS_BAD_TIER, 2, 0},
    {"name,tier\nAnn,99999999999999999999999\n", CUSTOMERS_BAD_TIER, 2, 0},
    {"name,tier,opening_deposit\nAnn,3,1.234\n", CUSTOMERS_BAD_AMOUNT, 2, 0},
    {"name,tier,opening_deposit\nAnn,3,-5\n", CUSTOMERS_BAD_AMOUNT, 2, 0},
    {"name,tier\nAn\x1b[2Jn,3\n", CUSTOMERS_BAD_TEXT, 2, 0},
    {"name,tier\n\"Ann,3\nBob,3\n", CUSTOMERS_NOT_TEXT, 2, 0},
    {"name,tier\nA\xFFn,3\n", CUSTOMERS_NOT_TEXT, 1, 0},
    {"name,tier\n\"two\nlines\",3\nBob,9\n", CUSTOMERS_BAD_TEXT, 2, 0},
};

static struct span text_span(const char *text)
{
    return span_of(text, strlen(text));
}

static enum err import(struct branch_env *env, enum status *status, void *context)
{
    struct customers_import *report = ((void **)context)[0];
    const char *text = ((void **)context)[1];
    return customers_import(env, status, report, text_span(text));
}

Test(customers_import, all_rows_or_none)
{
    for (size_t i = 0; i < sizeof sheets / sizeof sheets[0]; i++) {
        struct street street;
        struct customers_import report = {0};
        enum status status = STATUS_OK;
        void *context[] = {&report, (void *)(uintptr_t)sheets[i].text};
        street_open(&street);
        struct branch_env env = street_env(&street);
        HALL_OK(branch_run(&env, &status, import, context));
        cr_expect_eq(report.fault, sheets[i].fault, "sheet %zu: fault %d", i, report.fault);
        if (sheets[i].fault != CUSTOMERS_GOOD)
            cr_expect_eq(report.line, sheets[i].line, "sheet %zu: line %zu", i, report.line);
        cr_expect_eq(street_count(&street, &bank_table_customer), sheets[i].count,
                     "sheet %zu: the customers there", i);
        street_close(&street);
    }
}

Test(customers_import, fields_end_up_where_they_belong)
{
    struct street street;
    struct customers_import report = {0};
    enum status status = STATUS_OK;
    char text[] = "opening_deposit,label,name,tier,id_number,phone\n"
                  "\"1,000.50\",\"say \"\"tea\"\"\",清心茶馆,2,91X,138\n";
    void *context[] = {&report, text};
    street_open(&street);
    struct branch_env env = street_env(&street);
    HALL_OK(branch_run(&env, &status, import, context));
    const struct customer tea = street_get(&street, report.first);
    cr_assert(span_equal(tea.name, text_span("清心茶馆")));
    cr_assert(tea.has_label && span_equal(tea.label, text_span("say \"tea\"")));
    cr_assert(span_equal(tea.id_number, text_span("91X")));
    cr_assert(span_equal(tea.phone, text_span("138")));
    cr_assert_eq(tea.tier, 2);
    cr_assert_eq(amount_fen(tea.balance), 100050);
    street_close(&street);
}

static enum status find(struct street *street, const char *text, uint64_t *number)
{
    struct customer customer = {0};
    enum status status = STATUS_FAILED;
    struct branch_env env = street_begin(street);
    HALL_OK(customers_find(&env, &status, &customer, text));
    street_end(street);
    *number = customer.number;
    return status;
}

Test(customers, found_by_number_name_or_id)
{
    struct street street;
    char hex[NONCE_SIZE * 2 + 1];
    uint64_t number = 0;
    street_open(&street);
    const uint64_t alice = street_customer(&street, "Alice", 3, 0);
    (void)street_customer(&street, "Bob", 3, 0);
    (void)street_customer(&street, "Bob", 4, 0);
    const struct customer row = street_get(&street, alice);
    hex_encode(hex, SPAN(row.customer_id));
    HALL_STATUS(find(&street, "1", &number), STATUS_OK);
    cr_assert_eq(number, alice);
    HALL_STATUS(find(&street, "Alice", &number), STATUS_OK);
    cr_assert_eq(number, alice);
    hex[6] = '\0';
    HALL_STATUS(find(&street, hex, &number), STATUS_OK);
    cr_assert_eq(number, alice);
    hex[3] = '\0';
    HALL_STATUS(find(&street, hex, &number), STATUS_UNKNOWN);
    HALL_STATUS(find(&street, "Bob", &number), STATUS_REUSED);
    HALL_STATUS(find(&street, "99", &number), STATUS_UNKNOWN);
    HALL_STATUS(find(&street, "Ali", &number), STATUS_UNKNOWN);
    HALL_STATUS(find(&street, "", &number), STATUS_UNKNOWN);
    street_close(&street);
}

Test(customers, tiers_are_those_of_the_policy)
{
    struct street street;
    uint64_t number = 0;
    enum status status = STATUS_OK;
    struct customers_spec spec = {.name = span_text("Ann"), .tier = 5};
    street_open(&street);
    struct branch_env env = street_begin(&street);
    HALL_OK(customers_open(&env, &status, &number, &spec));
    HALL_STATUS(status, STATUS_UNKNOWN);
    spec.tier = 1;
    spec.name = span_text("");
    HALL_OK(customers_open(&env, &status, &number, &spec));
    HALL_STATUS(status, STATUS_RANGE);
    street_end(&street);
    street_close(&street);
}
