/* Each kind of value has one form in JSON. */
#include "common/cli/cli_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    cr_expect_str_eq(text, expected);
    free(text);
    json_decref(value);
}

Test(cli_json, forms)
{
    struct amount amount;
    cr_assert_eq(amount_from_fen(&amount, 123450), ERR_OK);
    expect(cli_json_amount(amount), "\"1234.50\"");
    expect(cli_json_balance(balance_from_fen(-5)), "\"-0.05\"");
    expect(cli_json_hex(span_of("\x00\xfa", 2)), "\"00fa\"");
    expect(cli_json_hex((struct span){NULL, 0}), "\"\"");
    expect(cli_json_text(span_text("茶")), "\"茶\"");
    expect(cli_json_text(span_of("a\x1b\xff", 3)), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}
