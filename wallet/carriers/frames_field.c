/* The erasure code of frames: a Cauchy matrix over GF(2^16), so that any `count` of the shares give
 * the data back (docs/PROTOCOL.md section 9.7).
 *
 * Share i of the data is itself; share r beyond them is the sum over i of data i times 1/(r xor i).
 * All numbers of shares differ, so every square part of that matrix can be inverted. */
#include "wallet/carriers/frames.h"

#include <string.h>

enum { FIELD_SIZE = FRAMES_FIELD_ORDER + 1, POLYNOMIAL = 0x1100b };

enum err frames_field_make(struct frames_field *out, struct arena *arena)
{
    void *power = NULL, *logarithm = NULL;
    TRY(arena_alloc(arena, &power, 2 * FRAMES_FIELD_ORDER, sizeof *out->power));
    TRY(arena_alloc(arena, &logarithm, FIELD_SIZE, sizeof *out->logarithm));
    *out = (struct frames_field){power, logarithm};
    uint32_t value = 1;
    for (unsigned i = 0; i < FRAMES_FIELD_ORDER; i++) {
        out->power[i] = out->power[i + FRAMES_FIELD_ORDER] = (uint16_t)value;
        out->logarithm[value] = (uint16_t)i;
        value <<= 1;
        if (value >= FIELD_SIZE)
            value ^= POLYNOMIAL;
    }
    return ERR_OK;
}

uint16_t frames_field_inverse(const struct frames_field *field, uint16_t value)
{
    return field->power[FRAMES_FIELD_ORDER - field->logarithm[value]];
}

uint16_t frames_field_times(const struct frames_field *field, uint16_t a, uint16_t b)
{
    return a == 0 || b == 0 ? 0 : field->power[field->logarithm[a] + field->logarithm[b]];
}

uint16_t frames_field_part(const struct frames_field *field, size_t row, size_t column)
{
    return frames_field_inverse(field, (uint16_t)(row ^ column));
}

void frames_field_add(const struct frames_field *field, uint8_t *to, const uint8_t *from,
                      uint16_t factor, size_t size)
{
    const uint16_t *times = field->power + field->logarithm[factor];
    if (factor == 0)
        return;
    for (size_t i = 0; i + 1 < size; i += 2) {
        const unsigned value = from[i] * 256U + from[i + 1];
        const unsigned product = value == 0 ? 0 : times[field->logarithm[value]];
        to[i] ^= (uint8_t)(product >> 8);
        to[i + 1] ^= (uint8_t)product;
    }
}

/* ---- solving for what is missing ---- */

struct solving {
    struct frames_field field;
    uint8_t *shares;
    uint16_t *indices;
    size_t count, share_size;
    size_t missing_count;
    uint16_t missing[FRAME_PARITY_MAX]; /* numbers of data shares */
    uint16_t rows[FRAME_PARITY_MAX];    /* positions that spare shares stand at, then results */
    uint16_t *matrix;                   /* missing_count squared */
};

static void swap_bytes(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Each data share goes to the position of its number; spare ones are left in what is free. */
static void place(struct solving *solving)
{
    for (size_t i = 0; i < solving->count; i++)
        while (solving->indices[i] < solving->count && solving->indices[i] != i) {
            const uint16_t home = solving->indices[i];
            swap_bytes(solving->shares + i * solving->share_size,
                       solving->shares + home * solving->share_size, solving->share_size);
            solving->indices[i] = solving->indices[home];
            solving->indices[home] = home;
        }
}

static enum err find_missing(struct solving *solving)
{
    for (size_t i = 0; i < solving->count; i++) {
        if (solving->indices[i] < solving->count)
            continue;
        if (solving->missing_count == FRAME_PARITY_MAX)
            return ERR_LIMIT;
        solving->rows[solving->missing_count] = solving->indices[i];
        solving->missing[solving->missing_count++] = (uint16_t)i;
    }
    return ERR_OK;
}

static uint8_t *right_side(const struct solving *solving, size_t row)
{
    return solving->shares + solving->missing[row] * solving->share_size;
}

/* What each spare share says of the missing ones alone. */
static void take_known_out(struct solving *solving)
{
    for (size_t row = 0; row < solving->missing_count; row++)
        for (size_t i = 0; i < solving->count; i++)
            if (solving->indices[i] == i)
                frames_field_add(&solving->field, right_side(solving, row),
                                 solving->shares + i * solving->share_size,
                                 frames_field_part(&solving->field, solving->rows[row], i),
                                 solving->share_size);
}

static uint16_t *matrix_row(const struct solving *solving, size_t row)
{
    return solving->matrix + row * solving->missing_count;
}

static void add_row(struct solving *solving, size_t to, size_t from, uint16_t factor)
{
    for (size_t i = 0; i < solving->missing_count; i++)
        matrix_row(solving, to)[i] ^=
            frames_field_times(&solving->field, matrix_row(solving, from)[i], factor);
    frames_field_add(&solving->field, right_side(solving, to), right_side(solving, from), factor,
                     solving->share_size);
}

static void scale_row(struct solving *solving, size_t row, uint16_t factor)
{
    uint8_t scaled[FRAME_SHARE_MAX] = {0};
    for (size_t i = 0; i < solving->missing_count; i++)
        matrix_row(solving, row)[i] =
            frames_field_times(&solving->field, matrix_row(solving, row)[i], factor);
    frames_field_add(&solving->field, scaled, right_side(solving, row), factor,
                     solving->share_size);
    memcpy(right_side(solving, row), scaled, solving->share_size);
}

/* Gauss and Jordan. No pivot is zero: the leading parts of a Cauchy matrix can all be inverted. */
static void eliminate(struct solving *solving)
{
    for (size_t i = 0; i < solving->missing_count; i++) {
        const uint16_t pivot = matrix_row(solving, i)[i];
        CHECK(pivot != 0);
        scale_row(solving, i, frames_field_inverse(&solving->field, pivot));
        for (size_t row = 0; row < solving->missing_count; row++)
            if (row != i)
                add_row(solving, row, i, matrix_row(solving, row)[i]);
    }
}

enum err frames_solve(uint8_t *shares, uint16_t *indices, size_t count, size_t share_size,
                      struct arena *arena)
{
    void *matrix = NULL;
    struct solving solving = {
        .shares = shares, .indices = indices, .count = count, .share_size = share_size};
    place(&solving);
    TRY(find_missing(&solving));
    if (solving.missing_count == 0)
        return ERR_OK;
    TRY(frames_field_make(&solving.field, arena));
    TRY(arena_alloc(arena, &matrix, solving.missing_count * solving.missing_count,
                    sizeof *solving.matrix));
    solving.matrix = matrix;
    for (size_t i = 0; i < solving.missing_count; i++)
        for (size_t j = 0; j < solving.missing_count; j++)
            matrix_row(&solving, i)[j] =
                frames_field_part(&solving.field, solving.rows[i], solving.missing[j]);
    take_known_out(&solving);
    eliminate(&solving);
    for (size_t i = 0; i < count; i++)
        indices[i] = (uint16_t)i;
    return ERR_OK;
}
