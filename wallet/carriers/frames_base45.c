/* Base 45 (RFC 9285): two bytes as three characters of QR's alphanumeric mode. A code takes hardly
 * more room than for bare bytes, and every reader gives text back unchanged, which they do not do
 * with bytes. */
#include "wallet/carriers/frames.h"

#include <string.h>

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

enum { BASE = 45, PAIR_MAX = 0xffff, BYTE_MAX = 0xff };

enum err frames_base45_encode(struct buffer *out, struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i += 2) {
        const bool pair = i + 1 < bytes.size;
        const unsigned value = pair ? bytes.data[i] * 256U + bytes.data[i + 1] : bytes.data[i];
        const char text[] = {digits[value % BASE], digits[value / BASE % BASE],
                             digits[value / BASE / BASE]};
        TRY(buffer_put(out, span_of(text, pair ? 3 : 2)));
    }
    return ERR_OK;
}

static enum err take_digit(unsigned *value, uint8_t character, unsigned weight)
{
    const char *found = character == '\0' ? NULL : strchr(digits, character);
    if (found == NULL)
        return ERR_PARSE;
    *value += (unsigned)(found - digits) * weight;
    return ERR_OK;
}

enum err frames_base45_decode(struct buffer *out, struct span text)
{
    if (text.size % 3 == 1)
        return ERR_PARSE;
    for (size_t i = 0; i < text.size; i += 3) {
        const bool pair = i + 2 < text.size;
        unsigned value = 0;
        TRY(take_digit(&value, text.data[i], 1));
        TRY(take_digit(&value, text.data[i + 1], BASE));
        if (pair)
            TRY(take_digit(&value, text.data[i + 2], BASE * BASE));
        if (value > (pair ? PAIR_MAX : BYTE_MAX))
            return ERR_PARSE;
        const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
        TRY(buffer_put(out, pair ? span_of(bytes, 2) : span_of(bytes + 1, 1)));
    }
    return ERR_OK;
}
