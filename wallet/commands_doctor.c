/* doctor: what is wrong with this wallet, and which command mends it. Changes nothing.
 *
 * 1. A wallet that cannot be opened is examined as far as it goes: the directory's modes, the disk.
 * 2. The exit code is the worst of what is broken: 9 for rows that do not check out, 4 for files
 *    that others can read, 1 for the rest. What only waits, or ages, is no failure.
 *
 * Never opens a private key. */
#include "wallet/commands.h"

#include "common/base/text.h"
#include "common/purse/purse_row.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DISK_WARN_MIB = 64, DISK_LEAST_MIB = 4, CHECK_TEXT_SIZE = 160 };

/* --- files --- */

static void judge_mode(struct findings *findings, const char *path, bool is_directory)
{
    struct stat status;
    char command[CLI_PATH_SIZE + 16];
    if (lstat(path, &status) != 0 || S_ISLNK(status.st_mode))
        return;
    (void)snprintf(command, sizeof command, "chmod %s %s", is_directory ? "700" : "600", path);
    if (status.st_uid != geteuid())
        findings_add(findings, "permission", FINDING_BROKEN, "", _("%s belongs to somebody else"),
                     path)
            ->exit_code = CLI_AUTH;
    else if ((status.st_mode & 077) != 0)
        findings_add(findings, "permission", FINDING_BROKEN, command,
                     _("others can get at %s (mode %o)"), path, status.st_mode & 0777)
            ->exit_code = CLI_AUTH;
}

static void judge_files(struct findings *findings, const struct cli *cli)
{
    const size_t before = findings->count;
    char path[CLI_PATH_SIZE];
    judge_mode(findings, cli_data(cli), true);
    DIR *directory = opendir(cli_data(cli));
    for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
         entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const int size = snprintf(path, sizeof path, "%s/%s", cli_data(cli), entry->d_name);
        if (size > 0 && size < (int)sizeof path)
            judge_mode(findings, path, entry->d_type == DT_DIR);
    }
    if (directory != NULL)
        closedir(directory);
    if (findings->count == before)
        findings_add(findings, "permission", FINDING_FINE, "",
                     _("the files are this user's alone"));
}

static void judge_disk(struct findings *findings, const struct cli *cli)
{
    struct statvfs disk;
    if (statvfs(cli_data(cli), &disk) != 0)
        return;
    const unsigned long long free_mib =
        (unsigned long long)disk.f_bavail * disk.f_frsize / (1024 * 1024);
    if ((disk.f_flag & ST_RDONLY) != 0)
        findings_add(findings, "disk", FINDING_BROKEN, "mount -o remount,rw",
                     _("the disk cannot be written to"))
            ->exit_code = CLI_REFUSED;
    else if (free_mib < DISK_LEAST_MIB)
        findings_add(findings, "disk", FINDING_BROKEN, "df",
                     _("the disk is full: nothing can be paid or taken"))
            ->exit_code = CLI_REFUSED;
    else
        findings_add(findings, "disk", free_mib < DISK_WARN_MIB ? FINDING_WARNING : FINDING_FINE,
                     free_mib < DISK_WARN_MIB ? "df" : "", _("%llu MiB of disk are free"),
                     free_mib);
}

/* --- rows --- */

/* Each coin stands on a whole line, each key that signs has its private half. */
static enum err check_rows(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct purse_key_list keys = {0};
    (void)wallet;
    (void)context;
    for (unsigned state = PURSE_AVAILABLE; state <= PURSE_LOST; state++) {
        struct purse_coin_list coins = {0};
        TRY(purse_coins(env, &coins, (enum purse_coin_state)state));
        for (size_t i = 0; i < coins.count; i++) {
            struct purse_line line;
            TRY(purse_line(env, &line, &coins.items[i]));
        }
    }
    TRY(purse_keys(env, &keys));
    for (size_t i = 0; i < keys.count; i++) {
        struct sealed_key sealed = {.key = keys.items[i].key};
        bool found = false;
        TRY(purse_find(env, &found, &tables_table_sealed_key, &sealed));
        if (!found && keys.items[i].state != PURSE_KEY_FROZEN)
            return ERR_INTEGRITY;
    }
    return ERR_OK;
}

/* Never into the same directory: that one may still be of use to whoever looks at it. */
#define RESTORE "dcep-wallet -w NEW backup restore FILE"

static void judge_database(struct findings *findings, struct desk *desk)
{
    char text[CHECK_TEXT_SIZE] = "";
    enum err error = store_check(desk->wallet.store, text, sizeof text);
    if (error == ERR_OK)
        error = commands_look(desk, check_rows, NULL);
    if (error == ERR_OK)
        findings_add(findings, "database", FINDING_FINE, "",
                     _("the database is whole, every coin with its line"));
    else
        findings_add(findings, "database", FINDING_BROKEN, RESTORE,
                     _("the database does not check out: %s %s"), _(err_text(error)), text)
            ->exit_code = CLI_INTEGRITY;
}

static int judge_wallet(struct findings *findings, struct desk *desk)
{
    struct standing standing = {0};
    judge_database(findings, desk);
    const enum err error = standing_read(&desk->wallet, &standing, &desk->arena);
    if (error == ERR_INTEGRITY || err_class(error) == ERR_CLASS_MALFORMED)
        return CLI_OK; /* told as the database's */
    if (error != ERR_OK)
        return desk_fail(desk, error);
    findings_of_standing(findings, &standing, desk->wallet.now);
    return CLI_OK;
}

/* --- the report --- */

static void say_finding(struct cli *cli, const struct finding *finding, size_t width)
{
    const char *word = _(findings_level_word(finding->level));
    const int gap = (int)(width - text_columns(word));
    cli_say(cli, "%s%*s  %s", word, gap, "", finding->text);
    if (finding->command[0] != '\0')
        cli_say(cli, "%*s  -> %s", (int)width, "", finding->command);
}

static void say_findings(struct cli *cli, const struct findings *findings)
{
    size_t width = 0;
    for (int level = FINDING_FINE; level <= FINDING_BROKEN; level++) {
        const size_t columns = text_columns(_(findings_level_word((enum finding_level)level)));
        width = columns > width ? columns : width;
    }
    for (size_t i = 0; i < findings->count; i++)
        say_finding(cli, &findings->items[i], width);
}

static int show(struct cli *cli, const struct findings *findings)
{
    int code = CLI_OK;
    const enum finding_level worst = findings_worst(findings, &code);
    json_t *rows = commands_findings_json(findings, false);
    json_object_set_new(cli_result(cli), "findings", rows);
    json_object_set_new(cli_result(cli), "worst", json_string(findings_level_word(worst)));
    say_findings(cli, findings);
    if (worst == FINDING_BROKEN)
        return cli_fail(cli, code, "BROKEN", _("do what stands behind the arrows, then ask again"),
                        _("something is wrong with this wallet"));
    if (worst == FINDING_FINE)
        cli_say(cli, _("nothing needs attention"));
    return CLI_OK;
}

/* Not opened for a reason that the database itself gives. */
static bool is_examined(int code)
{
    return code == CLI_OK || code == CLI_INTEGRITY;
}

int commands_doctor(struct cli *cli)
{
    struct desk desk AUTO(desk_close) = {0};
    struct findings findings = {0};
    int code = desk_open_to_look(&desk, cli);
    if (!is_examined(code))
        return code;
    judge_files(&findings, cli);
    judge_disk(&findings, cli);
    if (code == CLI_OK)
        code = judge_wallet(&findings, &desk);
    else
        findings_add(&findings, "database", FINDING_BROKEN, RESTORE,
                     _("the database cannot be read: keep the directory as it is"))
            ->exit_code = CLI_INTEGRITY;
    return code == CLI_OK || code == CLI_INTEGRITY ? show(cli, &findings) : code;
}
