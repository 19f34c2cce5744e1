/* The language for people: gettext, chosen by us and not by the machine's locales.
 *
 * 1. The locale is always C.UTF-8: numbers and dates never change their form, and a machine without
 *    Chinese locales speaks Chinese all the same (LANGUAGE picks the catalogue).
 * 2. The language can change between two commands of one process: a server answers each caller in
 *    its own.
 *
 * Never used for what programs read: names, codes and JSON keys stay English. */
#include "common/base/file.h"
#include "common/cli/cli_frame.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char domain[] = "dcep";
extern int _nl_msg_cat_cntr; /* gettext manual, "gettext grok": tells it that LANGUAGE changed */

static bool exists_below(char path[CLI_PATH_SIZE], const char *directory, const char *below)
{
    int size = snprintf(path, CLI_PATH_SIZE, "%s/%s", directory, below);
    return size > 0 && size < CLI_PATH_SIZE && file_exists(path);
}

/* The build tree has locale/ beside the programs and above the test programs; an installation has
 * ../share/locale. */
static bool find_catalogues(char path[CLI_PATH_SIZE])
{
    char exe[CLI_PATH_SIZE / 2];
    ssize_t size = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (size <= 0)
        return false;
    exe[size] = '\0';
    char *slash = strrchr(exe, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return exists_below(path, exe, "locale") || exists_below(path, exe, "../locale") ||
           exists_below(path, exe, "../share/locale");
}

void cli_language_start(void)
{
    char path[CLI_PATH_SIZE];
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        setlocale(LC_ALL, "C");
    if (find_catalogues(path))
        bindtextdomain(domain, path);
    bind_textdomain_codeset(domain, "UTF-8");
    textdomain(domain);
}

const char *cli_language_choose(const char *option)
{
    static const char *const variables[] = {"DCEP_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES",
                                            "LANG"};
    const char *wish = option;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0] && wish == NULL; i++) {
        wish = getenv(variables[i]);
        if (wish != NULL && wish[0] == '\0')
            wish = NULL;
    }
    return wish != NULL && strncmp(wish, "zh", 2) == 0 ? "zh" : "en";
}

const char *cli_language_now(void)
{
    const char *language = getenv("LANGUAGE");
    return language != NULL && strcmp(language, "zh") == 0 ? "zh" : "en";
}

/* ---- amounts ---- */

enum { FORMAL_ABOVE_FEN = 100000 }; /* ¥1,000.00 */

void cli_amount_formal(char text[AMOUNT_WORDS_SIZE], struct amount amount)
{
    char words[AMOUNT_WORDS_SIZE];
    text[0] = '\0';
    if (amount_fen(amount) <= FORMAL_ABOVE_FEN || strcmp(cli_language_now(), "zh") != 0)
        return;
    amount_words(words, amount);
    CHECK(snprintf(text, AMOUNT_WORDS_SIZE, "（%s）", words) < AMOUNT_WORDS_SIZE);
}

void cli_amount_text(char text[CLI_AMOUNT_SIZE], struct amount amount)
{
    char plain[AMOUNT_TEXT_SIZE], formal[AMOUNT_WORDS_SIZE];
    amount_format(plain, amount);
    cli_amount_formal(formal, amount);
    CHECK(snprintf(text, CLI_AMOUNT_SIZE, "%s%s", plain, formal) < CLI_AMOUNT_SIZE);
}

void cli_language_use(const char *language)
{
    setenv("LANGUAGE", language, 1);
    _nl_msg_cat_cntr++;
}
