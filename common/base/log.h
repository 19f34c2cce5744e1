/* Log lines of servers, to stderr: "time level event key=value ...". Shells only: a core answers,
 * the shell talks. Never a secret or the name of a citizen; control characters are made visible. */
#ifndef DCEP_COMMON_BASE_LOG_H
#define DCEP_COMMON_BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
void log_set_level(enum log_level level);
/* format gives "event key=value ..."; values from outside go through text_printable first. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
