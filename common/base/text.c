/* Text from outside, made safe to show.
 *
 * 1. What text_printable writes is valid UTF-8 and holds no character that moves the cursor, turns
 *    the direction of writing, or is invisible.
 * 2. An output is always terminated, and never cut inside a character.
 *
 * Never consults the locale: the answer is the same on every machine. */
#include "common/base/text.h"

#include <string.h>

struct range {
    uint32_t first, last;
};

static const uint8_t replacement[] = {0xef, 0xbf, 0xbd}; /* U+FFFD */

/* Of a lead byte: how many bytes follow, its own bits, the smallest honest value. */
static size_t lead_tail(uint8_t lead, uint32_t *bits, uint32_t *smallest)
{
    static const struct {
        uint8_t mask, mark;
        uint32_t smallest;
    } leads[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t tail = 0; tail < 4; tail++) {
        if ((lead & leads[tail].mask) == leads[tail].mark) {
            *bits = (uint32_t)(lead & ~leads[tail].mask);
            *smallest = leads[tail].smallest;
            return tail;
        }
    }
    return SIZE_MAX;
}

/* Reads one character; *size is what to step over. False: those bytes are not a character. */
static bool next_character(uint32_t *character, size_t *size, struct span text)
{
    uint32_t smallest;
    *size = 1;
    size_t tail = lead_tail(text.data[0], character, &smallest);
    if (tail == SIZE_MAX)
        return false;
    for (size_t i = 1; i <= tail; i++) {
        if (i >= text.size || (text.data[i] & 0xc0) != 0x80)
            return false;
        *character = *character << 6 | (text.data[i] & 0x3f);
        *size = i + 1;
    }
    bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return *character >= smallest && *character <= 0x10ffff && !surrogate;
}

bool text_is_utf8(struct span text)
{
    while (text.size > 0) {
        uint32_t character;
        size_t size;
        if (!next_character(&character, &size, text))
            return false;
        text = (struct span){text.data + size, text.size - size};
    }
    return true;
}

static bool in_ranges(const struct range *ranges, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

#define IN_RANGES(ranges, character)                                                               \
    in_ranges(ranges, sizeof(ranges) / sizeof(ranges)[0], character)

static bool is_unsafe(uint32_t character)
{
    static const struct range unsafe[] = {
        {0x00, 0x1f},       /* C0 */
        {0x7f, 0x9f},       /* DEL, C1 */
        {0x061c, 0x061c},   /* Arabic letter mark: a bidi control */
        {0x200b, 0x200f},   /* zero width, direction marks */
        {0x2028, 0x202e},   /* line and paragraph separators, bidi embeddings */
        {0x2060, 0x206f},   /* invisible operators, bidi isolates */
        {0xfeff, 0xfeff},   /* byte order mark */
        {0xfff9, 0xfffb},   /* interlinear annotation */
        {0xe0000, 0xe0fff}, /* invisible tags and selectors */
    };
    return IN_RANGES(unsafe, character);
}

void text_printable(char *out, size_t size, struct span text)
{
    CHECK(size > 0);
    size_t at = 0;
    while (text.size > 0) {
        uint32_t character;
        size_t step;
        bool good = next_character(&character, &step, text) && !is_unsafe(character);
        struct span piece =
            good ? (struct span){text.data, step} : (struct span){replacement, sizeof replacement};
        if (piece.size > size - 1 - at)
            break;
        memcpy(out + at, piece.data, piece.size);
        at += piece.size;
        text = (struct span){text.data + step, text.size - step};
    }
    out[at] = '\0';
}

static size_t character_columns(uint32_t character)
{
    static const struct range none[] = {
        {0x0000, 0x001f}, {0x007f, 0x009f},   {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
        {0x0610, 0x061a}, {0x064b, 0x065f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f},   {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
        {0xfeff, 0xfeff}, {0xe0000, 0xe0fff},
    };
    static const struct range wide[] = {
        {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
        {0x2614, 0x2615},   {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x274c, 0x274c},
        {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
        {0xa000, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
        {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    if (IN_RANGES(none, character))
        return 0;
    return IN_RANGES(wide, character) ? 2 : 1;
}

/* A byte that is no character takes the one column that its replacement would. */
size_t text_columns(const char *text)
{
    struct span rest = span_text(text);
    size_t columns = 0;
    while (rest.size > 0) {
        uint32_t character;
        size_t size;
        columns += next_character(&character, &size, rest) ? character_columns(character) : 1;
        rest = (struct span){rest.data + size, rest.size - size};
    }
    return columns;
}
