/* backup create, verify, restore. The file opens under a passphrase of its own: it lies where a PIN
 * of six digits would not hold for an hour. */
#include "wallet/commands.h"

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/base/time.h"
#include "common/crypto/archive.h"
#include "wallet/state/backup.h"
#include "wallet/sync/sync.h"

enum { PASSPHRASE_SIZE_MIN = 8 };

static int fail_file(struct cli *cli, enum err error, const char *path)
{
    if (error == ERR_AUTH)
        return cli_fail(cli, CLI_AUTH, "AUTH", _("try again, or take another copy of the file"),
                        _("the passphrase is wrong, or the backup is damaged"));
    if (err_class(error) == ERR_CLASS_MALFORMED)
        return cli_fail(cli, CLI_INVALID, err_name(error),
                        _("backup create writes one; take another copy of the file"),
                        _("%s is not a backup: %s"), path, _(err_text(error)));
    const char *hint = _("give another name");
    if (error == ERR_EXISTS)
        return cli_fail(cli, CLI_USAGE, "EXISTS",
                        _("give another name, or --force to overwrite it"),
                        _("the file %s exists already"), path);
    if (error == ERR_MISSING)
        hint = _("make the directory first, or give another name");
    return cli_fail_err(cli, error, path, hint);
}

static int ask_passphrase(struct cli *cli, struct secret *out, bool is_new)
{
    const int code =
        cli_passphrase_of(cli, out, "--passphrase-file", _("passphrase of the backup"), is_new);
    if (code == CLI_OK && is_new && out->size < PASSPHRASE_SIZE_MIN)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("four words or more are good"),
                        _("the passphrase is shorter than %d characters"), PASSPHRASE_SIZE_MIN);
    return code;
}

/* --- create --- */

static enum err write_file(struct desk *desk, size_t *size, const char *path,
                           const struct secret *passphrase)
{
    struct buffer content AUTO(buffer_fini) = {.limit = BACKUP_SIZE_MAX};
    struct buffer file AUTO(buffer_fini) = {.limit = ARCHIVE_SIZE_MAX};
    TRY(backup_write(&desk->wallet, &content));
    TRY(archive_seal(&file, buffer_span(&content), span_of(passphrase->bytes, passphrase->size)));
    *size = file.size;
    return cli_flag(desk->cli, "--force") ? file_replace(path, buffer_span(&file), FILE_PRIVATE)
                                          : file_write_new(path, buffer_span(&file), FILE_PRIVATE);
}

int commands_backup_create(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct secret passphrase AUTO(secret_wipe) = {0};
    const char *path = cli_text(cli, "FILE");
    size_t size = 0;
    int code = cli_check_output(cli, path);
    if (code == CLI_OK)
        code = desk_open(&desk, cli);
    if (code == CLI_OK)
        code = ask_passphrase(cli, &passphrase, true);
    if (code != CLI_OK)
        return code;
    const enum err error = write_file(&desk, &size, path, &passphrase);
    if (error != ERR_OK)
        return fail_file(cli, error, path);
    commands_put_number(cli_result(cli), "size", size);
    commands_put_number(cli_result(cli), "made_at", desk.wallet.now);
    cli_say(cli, _("the backup is in %s"), path);
    if (!desk.wallet.state.has_recovery_key)
        cli_warn(cli, _("to restore it you will need recovery words, or a new join file from your "
                        "bank: dcep-wallet words new makes the words"));
    return CLI_OK;
}

/* --- verify --- */

/* What is no backup is said to be none before its passphrase is asked for. */
static int read_file(struct cli *cli, struct buffer *content)
{
    struct secret passphrase AUTO(secret_wipe) = {0};
    struct buffer file AUTO(buffer_fini) = {.limit = ARCHIVE_SIZE_MAX};
    const char *path = cli_text(cli, "FILE");
    enum err error = file_read(&file, path, ARCHIVE_SIZE_MAX);
    if (error != ERR_OK && error != ERR_LIMIT)
        return cli_fail_reading(cli, error, path, NULL);
    if (error == ERR_OK)
        error = archive_check(buffer_span(&file));
    if (error != ERR_OK)
        return fail_file(cli, error, path);
    const int code = ask_passphrase(cli, &passphrase, false);
    if (code != CLI_OK)
        return code;
    content->limit = BACKUP_SIZE_MAX;
    error = archive_open(content, buffer_span(&file), span_of(passphrase.bytes, passphrase.size));
    return error == ERR_OK ? CLI_OK : fail_file(cli, error, path);
}

static enum err totals_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return purse_totals(env, context);
}

static void show_backup(struct cli *cli, const struct wallet *wallet, uint64_t made_at,
                        const struct purse_totals *totals)
{
    static const struct cli_column columns[] = {
        {"bank", N_("bank"), CLI_AS_TEXT},
        {"network", N_("network"), CLI_AS_TEXT},
        {"made_at", N_("made"), CLI_AS_TIME},
        {"held", N_("held then"), CLI_AS_AMOUNT},
        {"handed_over", N_("handed over, not settled then"), CLI_AS_AMOUNT},
        {0}};
    json_object_set_new(cli_result(cli), "bank", cli_json_text(wallet->state.bank_name));
    commands_put_text(cli, "network", wallet->trust.network);
    commands_put_number(cli_result(cli), "made_at", made_at);
    commands_put_amount(cli, "held", totals->frozen);
    commands_put_amount(cli, "handed_over", totals->handed_over);
    cli_show_record(cli, cli_result(cli), columns);
}

/* Read into rows in memory, as a restore would, and thrown away. */
static enum err try_content(struct cli *cli, struct wallet *wallet, struct span content)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_totals totals = {0};
    uint64_t made_at = 0;
    TRY(store_memory_open(&wallet->store, &wallet_schema));
    TRY(backup_read(wallet, &made_at, content));
    TRY(wallet_transact(wallet, totals_work, &totals, &arena));
    show_backup(cli, wallet, made_at, &totals);
    return ERR_OK;
}

int commands_backup_verify(struct cli *cli)
{
    struct buffer content AUTO(buffer_fini) = {0};
    struct wallet wallet = {.now = time_now()};
    const int code = read_file(cli, &content);
    if (code != CLI_OK)
        return code;
    const enum err error = try_content(cli, &wallet, buffer_span(&content));
    wallet_fini(&wallet);
    store_close(&wallet.store);
    return error == ERR_OK ? CLI_OK : fail_file(cli, error, cli_text(cli, "FILE"));
}

/* --- restore --- */

static int read_rows(struct desk *desk, struct span content)
{
    uint64_t made_at = 0;
    const enum err error = backup_read(&desk->wallet, &made_at, content);
    return error == ERR_OK ? CLI_OK : fail_file(desk->cli, error, cli_text(desk->cli, "FILE"));
}

/* A new key, and what proves whose it is. */
static int prove(struct desk *desk, const struct key_pair *words)
{
    const struct sync_words proof = {.pair = words, .is_proof = true};
    enum status status = STATUS_OK;
    const enum err error = sync_restored(&desk->wallet, &status, cli_file(desk->cli, "--join"),
                                         words != NULL ? &proof : NULL);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    return status == STATUS_OK ? CLI_OK : desk_refuse(desk, status);
}

/* Newer words than the backup knows are good; another customer's would be his to the bank. */
static void compare_words(struct desk *desk, const struct key_pair *words,
                          const struct wallet_state *before)
{
    if (before->has_recovery_key && !key_equal(&words->public_key, &before->recovery_key))
        cli_warn(desk->cli, _("these are not the words that the backup knows: are they newer ones "
                              "of the same wallet?"));
}

static int show_restored(struct desk *desk)
{
    struct purse_totals totals = {0};
    const enum err error = commands_totals(desk, &totals);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    commands_put_amount(desk->cli, "from_older_keys", totals.frozen);
    cli_say(desk->cli, _("restored. This wallet neither pays nor takes before it synced: "
                         "dcep-wallet sync"));
    cli_say(desk->cli,
            _("What older keys hold, %s at most, comes back by refund from its day on, or sooner "
              "if your bank advances it."),
            commands_yuan(totals.frozen));
    return CLI_OK;
}

static bool has_new_key(const struct desk *desk)
{
    return desk->wallet.state.is_joined && !desk->wallet.state.is_restored;
}

/* One that was begun goes on. */
static int open_begun(struct desk *desk, struct cli *cli)
{
    const int code = desk_make(desk, cli);
    return code == CLI_OK && has_new_key(desk)
               ? cli_fail(cli, CLI_REFUSED, "EXISTS", _("-w NAME restores into another one"),
                          _("there is a wallet in %s already"), cli_data(cli))
               : code;
}

/* Again after a failure, or with other words: what was read stays, the proof is made anew. Files
 * and the place are looked at before words are asked for, and a directory is made once all is
 * answered. */
int commands_backup_restore(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct key_pair words AUTO(key_pair_wipe) = {0};
    struct buffer content AUTO(buffer_fini) = {0};
    const bool by_file = cli_given(cli, "--join"), is_begun = desk_is_there(cli);
    int code = by_file ? commands_check_join(cli, false) : CLI_OK;
    if (code == CLI_OK && is_begun)
        code = open_begun(&desk, cli);
    const bool is_first = !desk.wallet.is_restored;
    if (code == CLI_OK && is_first)
        code = read_file(cli, &content);
    if (code == CLI_OK && !by_file)
        code = commands_words_prove(cli, &words);
    if (code == CLI_OK && !is_begun)
        code = desk_make(&desk, cli);
    if (code == CLI_OK)
        code = desk_finish_pin(&desk);
    if (code == CLI_OK && is_first)
        code = read_rows(&desk, buffer_span(&content));
    if (code == CLI_OK && is_first && !by_file) /* later the row holds those of the last attempt */
        compare_words(&desk, &words, &desk.wallet.state);
    if (code == CLI_OK)
        code = prove(&desk, by_file ? NULL : &words);
    return code == CLI_OK ? show_restored(&desk) : code;
}
