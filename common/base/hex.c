/* Hex in lower case (contract in span.h).
 *
 * 1. One value has one text: what hex_decode accepts, hex_encode writes again; no upper case.
 * 2. hex_decode writes nothing when it refuses. */
#include "common/base/span.h"

#include <string.h>

void hex_encode(char *text, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    text[2 * bytes.size] = '\0';
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return 16;
}

enum err hex_decode(uint8_t *bytes, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length % 2 != 0 || length / 2 != size)
        return ERR_PARSE;
    for (size_t i = 0; i < length; i++)
        if (digit_value(text[i]) > 15)
            return ERR_PARSE;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    return ERR_OK;
}
