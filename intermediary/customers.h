/* Customers: opened one by one or from a list, known by number, name or id; the codes by which they
 * join. Pure; inside a transaction.
 *
 * Invariants: 1 a code opens one wallet, once, until it expires; the database holds only its hash.
 * 2 a list is taken whole or not at all. */
#ifndef DCEP_INTERMEDIARY_CUSTOMERS_H
#define DCEP_INTERMEDIARY_CUSTOMERS_H

#include "intermediary/branch.h"

enum { CUSTOMERS_CODE_DAYS = 7, CUSTOMERS_LIST_MAX = 20000, CUSTOMERS_CODES_MAX = 4096 };

struct customers_spec {
    struct span name, phone, id_number, label; /* label: size 0 = none */
    uint64_t tier;
    struct amount deposit; /* paid in over the counter at once; may be zero */
};
/* STATUS_OK, STATUS_RANGE (a text is empty, too long or not fit to show), STATUS_UNKNOWN (no such
 * tier in the policy). */
enum err customers_open(struct branch_env *env, enum status *status, uint64_t *number,
                        const struct customers_spec *spec) MUST_USE;
enum err customers_get(struct branch_env *env, bool *found, struct customer *out,
                       uint64_t number) MUST_USE;
enum err customers_list(struct branch_env *env, struct customer_list *out) MUST_USE;
/* By number, whole name, or the first four or more hex digits of the id. STATUS_UNKNOWN;
 * STATUS_REUSED if several match. */
enum err customers_find(struct branch_env *env, enum status *status, struct customer *out,
                        const char *text) MUST_USE;
/* A fresh code; older unused ones of the customer are void. */
enum err customers_code(struct branch_env *env, struct nonce *code, uint64_t *expires_at,
                        uint64_t customer, uint64_t valid_days) MUST_USE;
/* The code is for a wallet in a secure element, from a device that the bank has seen. */
enum err customers_code_for_element(struct branch_env *env, const struct nonce *code) MUST_USE;
struct id customers_code_hash(const struct nonce *code);
/* The tier's limits; NULL if the policy has none of that number. */
const struct limits *customers_limits(const struct branch_env *env, uint64_t tier);

/* What is wrong with a list, and where. */
enum customers_fault {
    CUSTOMERS_GOOD,
    CUSTOMERS_NOT_TEXT,  /* not UTF-8, or a quote that never ends */
    CUSTOMERS_EMPTY,     /* no header, or no row */
    CUSTOMERS_COLUMN,    /* a column that is not known, or twice */
    CUSTOMERS_NO_COLUMN, /* name or tier is missing */
    CUSTOMERS_FIELDS,    /* a row has more or fewer fields than the header */
    CUSTOMERS_BAD_NAME,
    CUSTOMERS_BAD_TIER,
    CUSTOMERS_BAD_TEXT,
    CUSTOMERS_BAD_AMOUNT,
    CUSTOMERS_TOO_MANY,
};
struct customers_import {
    enum customers_fault fault;
    size_t line; /* of the fault, from 1 */
    uint64_t first, count;
};
/* Rows of name,tier,phone,id_number,label,opening_deposit (the header says which, in any order;
 * name and tier must be there), RFC 4180, UTF-8. STATUS_OK, or STATUS_PARSE with the fault: then
 * nothing was taken. */
enum err customers_import(struct branch_env *env, enum status *status, struct customers_import *out,
                          struct span bytes) MUST_USE;

#endif
