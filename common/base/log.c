/* Log lines of servers: "time level event key=value ...", one write a line.
 *
 * 1. A line is one write(2), so lines of threads and processes don't mix.
 * 2. Control characters never reach the terminal, whatever a value holds.
 * 3. Failing to log is not an error: the work goes on.
 *
 * Never waits for a lock, never allocates. */
#include "common/base/log.h"

#include "common/base/text.h"
#include "common/base/time.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 2048 };

static atomic_int threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return "debug";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_ERROR:
        return "error";
    }
    return "unknown";
}

void log_line(enum log_level level, const char *format, ...)
{
    if ((int)level < atomic_load(&threshold))
        return;
    char event[LINE_SIZE], safe[LINE_SIZE], time[TIME_TEXT_SIZE], line[LINE_SIZE + 64];
    va_list values;
    va_start(values, format);
    int size = vsnprintf(event, sizeof event, format, values);
    va_end(values);
    if (size < 0)
        return;
    text_printable(safe, sizeof safe, span_text(event));
    time_format(time, time_now());
    *strchr(time, ' ') = 'T'; /* one field of the line */
    size = snprintf(line, sizeof line, "%s %s %s\n", time, level_name(level), safe);
    if (size > 0 && write(STDERR_FILENO, line, (size_t)size) < 0)
        return;
}
