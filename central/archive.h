/* Retention: a line whose money is all spent leaves the rows for a file, a term of the policy past
 * its redeem-by day, and can be put back (docs/PROTOCOL.md 7.9; docs/adr/0033).
 *
 * A segment is such a file: whole lines, compressed, with the hash of the segment before it. The
 * pure part: rows in; rows and a segment's bytes out. Where segments are kept is the caller's.
 *
 * Invariants:
 *  1. A line is archived as a whole or not at all: every coin of its serial is spent, none was ever
 *     an orphan or refunded, no payment of it was in dispute.
 *  2. A segment is durable before its row is, and its row before any line of it is deleted; a line
 *     is deleted only while its rows are still what the segment has.
 *  3. A serial that was minted and has no row of `minted` is in a segment (archive_holds): it is
 *     answered STATUS_ARCHIVED until it is put back, and nothing of it can settle.
 *  4. What is put back is row for row what left.
 */
#ifndef DCEP_CENTRAL_ARCHIVE_H
#define DCEP_CENTRAL_ARCHIVE_H

#include "central/register_row.h"

enum {
    ARCHIVE_RESTORED_DAYS = 30, /* so long a line that was put back stays */
    ARCHIVE_ROWS_MAX = 64 * 1024 * 1024,
};

/* clang-format off */
/* lines: compressed; of rows_size bytes before that: lines, each after its size in four bytes. */
#define ARCHIVE_FILE_FIELDS(F)                                                                     \
    F(VERSION, version)                                                                            \
    F(TEXT, network, 1, NETWORK_SIZE_MAX)                                                          \
    F(UINT, number, 1, INTEGER_MAX)                                                                \
    F(ID, previous)                                                                                \
    F(UINT, first_serial, 1, INTEGER_MAX) F(UINT, last_serial, 1, INTEGER_MAX)                     \
    F(UINT, line_count, 1, INTEGER_MAX) F(UINT, row_count, 1, INTEGER_MAX)                         \
    F(UINT, made_at, 0, INTEGER_MAX)                                                               \
    F(UINT, rows_size, 1, ARCHIVE_ROWS_MAX) F(BLOB, lines, 1, ARCHIVE_ROWS_MAX)
/* clang-format on */
RECORD_STRUCT(archive_file, ARCHIVE_FILE_FIELDS)

/* --- a line: struct archive_line of tables.h (archive_line.c) --- */

enum archive_verdict {
    ARCHIVE_DEAD,     /* may leave */
    ARCHIVE_EARLY,    /* its term is not over, nor that of the lines after it */
    ARCHIVE_ALIVE,    /* holds money that is unspent */
    ARCHIVE_DISPUTED, /* an orphan, a refunded coin, a payment that lost */
    ARCHIVE_LARGE,    /* more than ARCHIVE_COINS_MAX coins */
};
/* The rows of a minted serial, in *out if it is dead. */
enum err archive_judge(struct register_env *env, enum archive_verdict *verdict,
                       struct archive_line *out, const struct minted *minted) MUST_USE;
size_t archive_row_count(const struct archive_line *line);
/* The line is appended, after its size. */
enum err archive_put_line(struct buffer *rows, const struct archive_line *line) MUST_USE;
/* The next line of rows, from *at on; decoded too if out is not NULL. bytes: without the size. */
enum err archive_next_line(struct archive_line *out, struct span *bytes, size_t *at,
                           struct span rows, struct arena *arena) MUST_USE;
/* Deletes the rows of this line if they still are what bytes has. */
enum err archive_clear(struct register_env *env, struct span bytes) MUST_USE;
/* *is_back: the rows were put back; not so if the line is there. */
enum err archive_put_back(struct register_env *env, bool *is_back,
                          const struct archive_line *line) MUST_USE;

/* --- a segment (archive_segment.c) --- */

/* The file of a segment that follows one of hash `previous` (all zero: the first). segment: all but
 * hash and size, which come out. */
enum err archive_pack(struct buffer *out, struct archive_segment *segment,
                      const struct id *previous, const char *network, struct span rows) MUST_USE;
/* Its lines, if these are the bytes of that segment, and it follows that one. ERR_INTEGRITY. */
enum err archive_unpack(struct buffer *rows, const struct archive_segment *segment,
                        const struct id *previous, const char *network, struct span file) MUST_USE;

/* --- retention (archive.c) --- */

/* Where segments are kept. keep: durable and whole once it returns. fetch: ERR_MISSING. */
struct archive_folder {
    void *context;
    enum err (*keep)(void *context, uint64_t number, struct span file);
    enum err (*fetch)(void *context, struct buffer *file, uint64_t number);
};
/* What one walk has found and not sealed yet, or has sealed and not cleared. All zero at first, and
 * again (archive_forget) after a step whose transaction was not committed. */
struct archive {
    struct buffer rows;
    struct archive_segment segment; /* being made; or, if it has a number, being cleared */
    uint64_t redeem_by_day;         /* the latest in it */
    uint64_t at_serial;             /* the last one judged */
    size_t at;                      /* cleared up to here in rows */
    bool is_walking;
    bool is_sweeping; /* the index by owner has entries of lines that left */
    struct owner_run swept_to;
};
struct archive_limits {
    size_t lines;     /* judged or cleared a step */
    size_t rows_size; /* a segment is sealed at this size before compression */
    size_t chunks;    /* of the index by owner looked through a step */
};
extern const struct archive_limits archive_limits;
/* A bounded piece of the work, in a transaction of its own. *more: there is more to do today. */
enum err archive_step(struct archive *archive, bool *more, struct register_env *env,
                      const struct archive_folder *folder,
                      const struct archive_limits *limits) MUST_USE;
void archive_forget(struct archive *archive); /* fit for AUTO */

/* Is the line of this serial in the archive? redeem_by_day: of the token that is shown, which must
 * be an old one; 0 if it is not known. */
enum err archive_holds(struct register_env *env, bool *held, uint64_t serial,
                       uint64_t redeem_by_day) MUST_USE;
/* The segment of this number. ERR_MISSING. previous: the hash of the one before it, zeros if it is
 * the first. */
enum err archive_find(struct register_env *env, struct archive_segment *out, struct id *previous,
                      uint64_t number) MUST_USE;
/* All lines of a segment that are not there are put back. rows: from archive_unpack. */
enum err archive_restore(struct register_env *env, uint64_t *line_count,
                         struct archive_segment *segment, struct span rows) MUST_USE;

#endif
