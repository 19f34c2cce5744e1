/* The encoder: exact bytes, bounds of our own values, buffers left whole. */
#include "common/wire/wire.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static struct amount fen(uint64_t value)
{
    struct amount amount;
    cr_assert(amount_from_fen(&amount, value) == ERR_OK);
    return amount;
}

Test(wire_encode, exact_bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer out AUTO(buffer_fini) = {0};
    struct output output = {.amount = fen(500), .key = {{2, 3}}};
    struct payment payment = {.serial = 7, .counter = 24, .paid_day = 20000};
    payment.outputs = (struct output_list){&output, 1};
    payment.coin_id.bytes[31] = 0xaa;
    cr_assert(payment_encode(&out, &payment) == ERR_OK);
    struct span expected =
        unhex(&arena, "88 01 07 5820"
                      "00000000000000000000000000000000000000000000000000000000000000aa"
                      "81 82 1901f4 5821"
                      "020300000000000000000000000000000000000000000000000000000000000000"
                      "f6 1818 194e20 00");
    cr_expect(span_equal(buffer_span(&out), expected));
}

Test(wire_encode, appends_and_leaves_whole)
{
    struct buffer out AUTO(buffer_fini) = {0};
    struct redeem redeem = {.bank_id = 1, .amount = fen(1)};
    cr_assert(buffer_put(&out, span_text("before")) == ERR_OK);
    cr_assert(redeem_encode(&out, &redeem) == ERR_OK);
    size_t size = out.size;
    redeem.made_at = INTEGER_MAX + 1;
    cr_expect(redeem_encode(&out, &redeem) == ERR_RANGE);
    cr_expect(out.size == size);
    cr_expect(memcmp(out.data, "before", 6) == 0);
    out.limit = size + 4;
    redeem.made_at = 0;
    cr_expect(redeem_encode(&out, &redeem) == ERR_LIMIT);
    cr_expect(out.size == size);
}

Test(wire_encode, bounds)
{
    static uint8_t letters[MEMO_SIZE_MAX + 1];
    memset(letters, 'x', sizeof letters);
    struct buffer out AUTO(buffer_fini) = {0};
    struct request request = {.amount = fen(1), .coins_max = 1};
    cr_expect(request_encode(&out, &request) == ERR_OK);
    request.memo = span_of(letters, MEMO_SIZE_MAX);
    cr_expect(request_encode(&out, &request) == ERR_OK);
    request.memo = span_of(letters, MEMO_SIZE_MAX + 1);
    cr_expect(request_encode(&out, &request) == ERR_LIMIT);
    request.memo = span_text("\xff");
    cr_expect(request_encode(&out, &request) == ERR_PARSE);
    request.memo = span_text("");
    request.coins_max = 0;
    cr_expect(request_encode(&out, &request) == ERR_RANGE);
    request.coins_max = 1;
    request.amount = amount_zero();
    cr_expect(request_encode(&out, &request) == ERR_RANGE);
    struct payment payment = {.serial = 1};
    cr_expect(payment_encode(&out, &payment) == ERR_LIMIT); /* no output */
}

Test(wire_encode, a_signature_of_nothing_is_our_bug, .signal = SIGABRT)
{
    struct buffer out AUTO(buffer_fini) = {0};
    struct settle_reply reply = {.has_settled = true};
    (void)!settle_reply_encode(&out, &reply);
}

/* Balances live in rows; a schema that would send one is our bug. */
#define LEDGER_FIELDS(F) F(BALANCE, loss)
RECORD_STRUCT(ledger, LEDGER_FIELDS)
extern const struct schema test_ledger;
RECORD_SCHEMA(test, ledger, LEDGER_FIELDS, false)

Test(wire_encode, a_balance_is_never_sent, .signal = SIGABRT)
{
    struct buffer out AUTO(buffer_fini) = {0};
    struct ledger ledger = {0};
    (void)!wire_encode(&out, &test_ledger, &ledger);
}
