/* Segments as bytes: packed, chained, checked (contract in archive.h). A file is believed only if
 * its hash is the one that the database has of it. */
#include "central/archive.h"

#include <zstd.h>

enum {
    LEVEL = 6
}; /* measured: smaller than 3, and four times as fast as 12 (docs/performance.md) */

RECORD_SCHEMA(archive_schema, archive_file, ARCHIVE_FILE_FIELDS, false)

static enum err compress(struct buffer *out, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    const size_t bound = ZSTD_compressBound(bytes.size);
    void *memory = NULL;
    TRY(arena_alloc(&arena, &memory, bound, 1));
    const size_t size = ZSTD_compress(memory, bound, bytes.data, bytes.size, LEVEL);
    return ZSTD_isError(size) ? ERR_LIBRARY : buffer_put(out, span_of(memory, size));
}

static enum err decompress(struct buffer *out, struct span bytes, size_t size)
{
    struct arena arena AUTO(arena_fini) = {.limit = SIZE_MAX};
    void *memory = NULL;
    TRY(arena_alloc(&arena, &memory, size, 1));
    if (ZSTD_decompress(memory, size, bytes.data, bytes.size) != size)
        return ERR_INTEGRITY;
    return buffer_put(out, span_of(memory, size));
}

enum err archive_pack(struct buffer *out, struct archive_segment *segment,
                      const struct id *previous, const char *network, struct span rows)
{
    struct buffer lines AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    TRY(compress(&lines, rows));
    const struct archive_file file = {
        .network = span_text(network),
        .number = segment->number,
        .previous = *previous,
        .first_serial = segment->first_serial,
        .last_serial = segment->last_serial,
        .line_count = segment->line_count,
        .row_count = segment->row_count,
        .made_at = segment->made_at,
        .rows_size = rows.size,
        .lines = buffer_span(&lines),
    };
    TRY(wire_encode(out, &archive_schema_archive_file, &file));
    segment->size = out->size;
    segment->hash = crypto_hash(&(struct span){out->data, out->size}, 1);
    return ERR_OK;
}

static bool belongs(const struct archive_file *file, const struct archive_segment *segment,
                    const struct id *previous, const char *network)
{
    return span_equal(file->network, span_text(network)) && file->number == segment->number &&
           id_equal(&file->previous, previous) && file->first_serial == segment->first_serial &&
           file->last_serial == segment->last_serial && file->line_count == segment->line_count &&
           file->row_count == segment->row_count && file->rows_size == segment->rows_size;
}

enum err archive_unpack(struct buffer *rows, const struct archive_segment *segment,
                        const struct id *previous, const char *network, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct archive_file file = {0};
    const struct id hash = crypto_hash(&bytes, 1);
    if (!id_equal(&hash, &segment->hash) ||
        wire_decode(&archive_schema_archive_file, &file, bytes, &arena) != ERR_OK ||
        !belongs(&file, segment, previous, network))
        return ERR_INTEGRITY;
    return decompress(rows, file.lines, file.rows_size);
}
