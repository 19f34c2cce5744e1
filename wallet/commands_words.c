/* Recovery words: drawn, shown once, checked, asked for. They are on paper and nowhere else; the
 * wallet keeps the public key that they stand for. */
#include "wallet/commands.h"

#include "common/crypto/words.h"
#include "wallet/sync/sync.h"

#include <string.h>
#include <unistd.h>

/* --- new ones --- */

static bool read_language(enum words_language *out, const struct cli *cli)
{
    const char *given = cli_text(cli, "--words-language");
    const char *language = given != NULL ? given : cli_language_now();
    *out = strcmp(language, "zh") == 0 ? WORDS_CHINESE : WORDS_ENGLISH;
    return *out == WORDS_CHINESE || strcmp(language, "en") == 0;
}

int commands_words_draw(struct cli *cli, struct secret *text, struct key_pair *pair)
{
    uint8_t entropy[WORDS_ENTROPY_SIZE];
    enum words_language language = WORDS_ENGLISH;
    if (!read_language(&language, cli))
        return cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--words-language: en or zh"));
    crypto_random(entropy, sizeof entropy);
    enum err error = words_from_entropy(text, language, span_of(entropy, sizeof entropy));
    secret_wipe_bytes(entropy, sizeof entropy);
    if (error == ERR_OK)
        error = words_key(pair, span_of(text->bytes, text->size));
    return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, _("the recovery words"), NULL);
}

bool commands_words_can_show(const struct cli *cli)
{
    return cli_given(cli, "--words-out") ||
           (cli_can_ask(cli) && !cli_json(cli) && isatty(STDOUT_FILENO) == 1);
}

static int write_out(struct cli *cli, const struct secret *text)
{
    struct secret line AUTO(secret_wipe) = *text;
    const char *path = cli_text(cli, "--words-out");
    if (line.size < sizeof line.bytes)
        line.bytes[line.size++] = '\n';
    const enum err error =
        cli_give_file_now(cli, "--words-out", span_of(line.bytes, line.size), true);
    if (error != ERR_OK)
        return cli_fail(cli, CLI_REFUSED, err_name(error),
                        _("nobody has these words now, and older ones are void: dcep-wallet words "
                          "new makes others"),
                        _("the file %s cannot be written: %s"), path, _(err_text(error)));
    cli_say(cli, _("the recovery words are in %s: write them down, then remove the file"), path);
    return CLI_OK;
}

static void show(struct cli *cli, const struct secret *text)
{
    cli_say(cli, _("Your recovery words, shown this once. Write them down, in this order:"));
    cli_say(cli, "\n  %.*s\n", (int)text->size, (const char *)text->bytes);
    cli_say(cli,
            _("Whoever has them can open your wallet anew at the bank. dcep-wallet words check "
              "tries what you wrote; words new makes others."));
}

/* Marked as seen only once they are on the screen, or durable in the file. */
int commands_words_show(struct desk *desk, const struct secret *text)
{
    struct cli *cli = desk->cli;
    const int code = cli_given(cli, "--words-out") ? write_out(cli, text) : CLI_OK;
    if (code != CLI_OK)
        return code;
    if (!cli_given(cli, "--words-out"))
        show(cli, text);
    cli_say(cli, _("Older words of yours at this bank, another wallet's too, are void."));
    const enum err error = sync_words_seen(&desk->wallet);
    return error == ERR_OK ? CLI_OK : desk_fail(desk, error);
}

int commands_words_new(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct secret text AUTO(secret_wipe) = {0};
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    enum status status = STATUS_OK;
    if (!commands_words_can_show(cli))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("--words-out FILE takes them"),
                        _("there is no terminal to show the words on"));
    int code = desk_open(&desk, cli);
    if (code == CLI_OK)
        code = desk_demand_pin(&desk);
    if (code == CLI_OK)
        code = commands_words_draw(cli, &text, &pair);
    if (code != CLI_OK)
        return code;
    const enum err error = sync_new_words(&desk.wallet, &status, &pair);
    if (error != ERR_OK)
        return desk_fail(&desk, error);
    if (status != STATUS_OK)
        return desk_refuse(&desk, status);
    return commands_words_show(&desk, &text);
}

/* --- those on paper --- */

static int refuse(struct cli *cli, enum words_verdict verdict, size_t position)
{
    static const char *const texts[] = {
        [WORDS_BAD_COUNT] = N_("there must be 12 words (or 15, 18, 21, 24)"),
        [WORDS_BAD_CHECKSUM] = N_("all are words of the list, but one is another, or the order is"),
    };
    if (verdict == WORDS_UNKNOWN)
        return cli_fail(cli, CLI_AUTH, "WORDS", _("look at the paper again"),
                        _("word %zu is not in the list"), position);
    return cli_fail(cli, CLI_AUTH, "WORDS", _("look at the paper again"), "%s", _(texts[verdict]));
}

int commands_words_ask(struct cli *cli, struct key_pair *pair)
{
    struct secret typed AUTO(secret_wipe) = {0}, text AUTO(secret_wipe) = {0};
    size_t position = 0;
    const int code = cli_passphrase_of(cli, &typed, "--words-file", _("recovery words"), false);
    if (code != CLI_OK)
        return code;
    const enum words_verdict verdict =
        words_read(&text, &position, span_of(typed.bytes, typed.size));
    if (verdict != WORDS_GOOD)
        return refuse(cli, verdict, position);
    const enum err error = words_key(pair, span_of(text.bytes, text.size));
    return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, _("the recovery words"), NULL);
}

int commands_words_prove(struct cli *cli, struct key_pair *pair)
{
    int code = commands_words_ask(cli, pair);
    if (code == CLI_OK)
        (void)cli_confirm(cli, &code,
                          _("Every other wallet of yours at this bank stops paying by that, for "
                            "good. Go on?"));
    return code;
}

int commands_words_check(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    int code = desk_open(&desk, cli);
    if (code != CLI_OK)
        return code;
    const struct wallet_state *state = &desk.wallet.state;
    if (!state->has_recovery_key)
        return cli_fail(cli, CLI_REFUSED, "MISSING", _("dcep-wallet words new makes them"),
                        _("this wallet has no recovery words"));
    code = commands_words_ask(cli, &pair);
    if (code != CLI_OK)
        return code;
    if (key_equal(&pair.public_key, &state->recovery_key) && state->words == WORDS_VOID)
        return cli_fail(cli, CLI_AUTH, "WORDS",
                        _("dcep-wallet words new makes others, good for all"),
                        _("these are void: another wallet of yours made newer ones"));
    if (!key_equal(&pair.public_key, &state->recovery_key))
        return cli_fail(cli, CLI_AUTH, "WORDS", _("older words are void once there are new ones"),
                        _("these are not the recovery words of this wallet"));
    cli_say(cli, _("these are your recovery words"));
    return CLI_OK;
}
