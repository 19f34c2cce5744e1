/* Text from outside, made safe to show: escape sequences, control and bidi characters, broken
 * UTF-8. */
#ifndef DCEP_COMMON_BASE_TEXT_H
#define DCEP_COMMON_BASE_TEXT_H

#include "common/base/span.h"

bool text_is_utf8(struct span text); /* strict: no overlong forms, surrogates, or above U+10FFFF */
/* Writes at most size-1 bytes and a NUL; each unsafe or invalid sequence becomes U+FFFD; cut at a
 * character boundary. Refused characters: C0, DEL, C1, bidi controls (U+202A-202E, U+2066-2069),
 * zero width (U+200B-200F), line/paragraph separators, U+FEFF. */
void text_printable(char *out, size_t size, struct span text);
/* Terminal columns of a UTF-8 string (East Asian wide = 2), without locale. */
size_t text_columns(const char *text);

#endif
