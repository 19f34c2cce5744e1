/* Values as JSON, each in its one form: amounts "1234.50", ids and keys lower-case hex.
 *
 * Never makes a number of an amount: a reader's float would round it. */
#include "common/base/text.h"
#include "common/cli/cli_frame.h"

#include <stdlib.h>

json_t *cli_json_amount(struct amount amount)
{
    char text[AMOUNT_TEXT_SIZE];
    amount_format_plain(text, amount);
    return json_string(text);
}

json_t *cli_json_balance(struct balance balance)
{
    char text[AMOUNT_TEXT_SIZE];
    balance_format_plain(text, balance);
    return json_string(text);
}

json_t *cli_json_hex(struct span bytes)
{
    char *text = malloc(2 * bytes.size + 1);
    CHECK(text != NULL);
    hex_encode(text, bytes);
    json_t *value = json_string(text);
    free(text);
    return value;
}

json_t *cli_json_text(struct span text)
{
    size_t size = 3 * text.size + 1;
    char *safe = malloc(size);
    CHECK(safe != NULL);
    text_printable(safe, size, text);
    json_t *value = json_string(safe);
    free(safe);
    return value;
}
