/* A lost wallet (contract in loss.h). */
#include "tests/intermediary/loss.h"

#include "common/base/time.h"

#include <criterion/criterion.h>

void loss_give_up(struct loss *loss, size_t expected)
{
    struct branch_env env = street_env(&loss->street);
    enum status status = STATUS_OK;
    size_t count = 0;
    HALL_OK(certify_give_up(&env, &status, &count, loss->alice.number));
    HALL_STATUS(status, STATUS_OK);
    cr_assert_eq(count, expected);
}

void loss_open(struct loss *out, const uint64_t *fens)
{
    street_open(&out->street);
    street_stock(&out->street, 500000);
    street_resident(&out->alice, &out->street, "Alice", 2, 200000);
    for (size_t i = 0; fens[i] != 0; i++)
        street_coin(&out->coins[i], &out->street, &out->alice, fens[i]);
    out->day = hall_coin(&out->street.hall, &out->coins[0]).redeem_by_day;
    loss_give_up(out, 1);
    out->fresh = (struct world_wallet){.pair = world_key("Alice, new")};
    out->code = street_code(&out->street, out->alice.number);
    HALL_STATUS(street_join(&out->street, &out->fresh, &out->code), STATUS_OK);
}

void loss_close(struct loss *loss)
{
    street_close(&loss->street);
}

void loss_move_to(struct loss *loss, uint64_t day)
{
    loss->street.bank.now = day * SECONDS_PER_DAY;
}

uint64_t loss_owned(struct loss *loss, const struct key_pair *pair)
{
    return hall_owned(&loss->street.hall, &pair->public_key);
}

enum status loss_refund(struct loss *loss, struct recovery_report *report)
{
    struct branch_env env = street_env(&loss->street);
    enum status status = STATUS_OK;
    HALL_OK(recovery_refund(&env, &status, report, loss->alice.number));
    return status;
}

enum status loss_advance(struct loss *loss, struct recovery_advance *out, uint64_t fen,
                         uint64_t customer_max, uint64_t bank_max)
{
    struct branch_env env = street_env(&loss->street);
    enum status status = STATUS_OK;
    *out = (struct recovery_advance){.wanted = world_fen(fen),
                                     .customer_max = world_fen(customer_max),
                                     .bank_max = world_fen(bank_max)};
    HALL_OK(recovery_advance(&env, &status, out, loss->alice.number));
    return status;
}

struct advance_list loss_advances(struct loss *loss)
{
    struct branch_env env = street_begin(&loss->street);
    struct advance_list list = {0};
    HALL_OK(recovery_advances(&env, &list, loss->alice.number));
    street_end(&loss->street);
    return list;
}
