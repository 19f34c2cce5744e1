/* Text to modules, by libqrencode (contract in qr.h). */
#include "wallet/carriers/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

enum { MODE_BITS = 4, PAIR_BITS = 11, SINGLE_BITS = 6, VERSION_FIRST = 1 };

/* Bytes of data by version, of ISO/IEC 18004 table 7. */
static const uint16_t data_bytes[][QR_VERSION_MAX] = {
    [QR_LOW] = {19,   34,   55,   80,   108,  136,  156,  194,  232,  274,  324,  370,  428,  461,
                523,  589,  647,  721,  795,  861,  932,  1006, 1094, 1174, 1276, 1370, 1468, 1531,
                1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702, 2812, 2956},
    [QR_MEDIUM] = {16,   28,   44,   64,   86,   108,  124,  154,  182,  216,
                   254,  290,  334,  365,  415,  453,  507,  563,  627,  669,
                   714,  782,  860,  914,  1000, 1062, 1128, 1193, 1267, 1373,
                   1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102, 2216, 2334},
};

size_t qr_width(unsigned version)
{
    return 17 + 4 * (size_t)version;
}

size_t qr_capacity(unsigned version, enum qr_level level)
{
    const size_t count_bits = version < 10 ? 9 : version < 27 ? 11 : 13;
    const size_t bits = data_bytes[level][version - 1] * 8U - MODE_BITS - count_bits;
    return bits / PAIR_BITS * 2 + (bits % PAIR_BITS >= SINGLE_BITS);
}

static enum err encode(QRcode **code, struct span text, unsigned version, enum qr_level level)
{
    QRinput *input = QRinput_new2((int)version, level == QR_LOW ? QR_ECLEVEL_L : QR_ECLEVEL_M);
    if (input == NULL)
        return ERR_MEMORY;
    enum err error = ERR_PARSE;
    if (QRinput_append(input, QR_MODE_AN, (int)text.size, text.data) == 0) {
        *code = QRcode_encodeInput(input);
        error = *code != NULL ? ERR_OK : errno == ENOMEM ? ERR_MEMORY : ERR_LIBRARY;
    }
    QRinput_free(input);
    return error;
}

enum err qr_make(struct qr_code *out, struct span text, enum qr_level level)
{
    unsigned version = VERSION_FIRST;
    QRcode *code = NULL;
    while (version <= QR_VERSION_MAX && qr_capacity(version, level) < text.size)
        version++;
    if (version > QR_VERSION_MAX || text.size == 0)
        return ERR_LIMIT;
    TRY(encode(&code, text, version, level));
    out->width = (size_t)code->width;
    CHECK(out->width == qr_width(version)); /* our table and the library's agree */
    for (size_t i = 0; i < out->width * out->width; i++)
        out->modules[i] = code->data[i] & 1;
    QRcode_free(code);
    return ERR_OK;
}
