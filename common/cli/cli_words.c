/* A command line being made, word by word: for the server, or for a command inside another.
 *
 * Never checks the words: the parser at the other end does. */
#include "common/cli/cli_frame.h"

#include <stdarg.h>
#include <stdlib.h>

enum err cli_words_add(struct cli_words *words, const char *format, ...)
{
    if (words->count == CLI_WORDS_MAX)
        return ERR_LIMIT;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&words->items[words->count], format, arguments);
    va_end(arguments);
    if (size < 0)
        return ERR_MEMORY;
    words->count++;
    return ERR_OK;
}

void cli_words_fini(struct cli_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    words->count = 0;
}
