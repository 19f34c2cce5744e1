/* Moving the files of a new central bank to their places: root keys first, the database last
 * (init.c, 1).
 *
 * 1. Each step may be repeated: a file that is where it belongs is not moved again.
 * 2. The copy of a root key in the staging directory goes only once its own file is durable.
 *
 * Never overwrites a root key. */
#include "central/init_move.h"

#include "central/keys.h"
#include "common/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "complete"

static const char *const moved[] = {
    KEYS_CONFIG,     KEYS_ROOT_PUBLIC,       KEYS_ISSUING,       KEYS_REGISTER,
    KEYS_REVOCATION, KEYS_TLS_AUTHORITY_KEY, KEYS_TLS_AUTHORITY, KEYS_TLS_SERVER_KEY,
    KEYS_TLS_SERVER, KEYS_DATABASE, /* last */
};

static void staged(const struct cli *cli, char path[CLI_PATH_SIZE], const char *name)
{
    char below[CLI_PATH_SIZE];
    snprintf(below, sizeof below, INIT_MOVE_STAGING "/%s", name);
    cli_data_path(cli, path, below);
}

/* --root-key, made absolute, or the data directory's own. */
static enum err root_key_path(const struct cli *cli, char path[CLI_PATH_SIZE])
{
    const char *given = cli_text(cli, "--root-key");
    char here[CLI_PATH_SIZE] = "";
    if (given == NULL) {
        cli_data_path(cli, path, KEYS_ROOT);
        return ERR_OK;
    }
    if (given[0] != '/' && getcwd(here, sizeof here) == NULL)
        return ERR_IO;
    const int size =
        snprintf(path, CLI_PATH_SIZE, "%s%s%s", here, here[0] != '\0' ? "/" : "", given);
    return size > 0 && (size_t)size + sizeof KEYS_ROOT_NEXT < CLI_PATH_SIZE ? ERR_OK : ERR_LIMIT;
}

int init_move_check(struct cli *cli)
{
    char path[CLI_PATH_SIZE], next[CLI_PATH_SIZE + sizeof KEYS_ROOT_NEXT];
    enum err error = root_key_path(cli, path);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, "--root-key", NULL);
    snprintf(next, sizeof next, "%s" KEYS_ROOT_NEXT, path);
    if (!file_exists(path) && !file_exists(next))
        return cli_given(cli, "--root-key") ? cli_check_output(cli, path) : CLI_OK;
    return cli_fail(cli, CLI_REFUSED, "EXISTS", _("move it away, or name another --root-key FILE"),
                    _("a root key is never overwritten: %s"), path);
}

static enum err sync_directory(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    const int result = fsync(fd);
    close(fd);
    return result == 0 ? ERR_OK : ERR_IO;
}

static enum err empty(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return ERR_IO;
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) /* the two that cannot be removed fail, and may */
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    return ERR_OK;
}

/* What lies there is of an init that did not come to its mark: it was never used. */
enum err init_move_clear(const struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, INIT_MOVE_STAGING);
    TRY(file_make_dir(path));
    return empty(path);
}

enum err init_move_mark(const struct cli *cli)
{
    char mark[CLI_PATH_SIZE], root_key[CLI_PATH_SIZE];
    TRY(root_key_path(cli, root_key));
    staged(cli, mark, MARK);
    return file_write_new(mark, span_text(root_key), FILE_PRIVATE);
}

bool init_move_is_marked(const struct cli *cli)
{
    char mark[CLI_PATH_SIZE];
    staged(cli, mark, MARK);
    return file_exists(mark);
}

/* Another --root-key than at first may be named: the first one's place may be what failed. */
static enum err marked_root_key(const struct cli *cli, char path[CLI_PATH_SIZE])
{
    struct buffer text AUTO(buffer_fini) = {.limit = CLI_PATH_SIZE};
    char mark[CLI_PATH_SIZE];
    if (cli_given(cli, "--root-key"))
        return root_key_path(cli, path);
    staged(cli, mark, MARK);
    TRY(file_read(&text, mark, CLI_PATH_SIZE - 1));
    memcpy(path, text.data, text.size);
    path[text.size] = '\0';
    return ERR_OK;
}

static enum err move_root_key(const struct cli *cli, const char *name, const char *target)
{
    struct buffer file AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX},
                       there AUTO(secret_wipe_buffer) = {.limit = KEYFILE_SIZE_MAX};
    char source[CLI_PATH_SIZE];
    staged(cli, source, name);
    enum err error = file_read_secret(&file, source, KEYFILE_SIZE_MAX);
    if (error == ERR_MISSING && file_exists(target))
        return ERR_OK;
    TRY(error);
    error = file_write_new(target, buffer_span(&file), FILE_PRIVATE);
    if (error == ERR_EXISTS) {
        TRY(file_read_secret(&there, target, KEYFILE_SIZE_MAX));
        error = span_equal(buffer_span(&file), buffer_span(&there)) ? ERR_OK : ERR_EXISTS;
    }
    TRY(error);
    return unlink(source) == 0 ? ERR_OK : ERR_IO;
}

static enum err move_files(const struct cli *cli)
{
    char staging[CLI_PATH_SIZE];
    cli_data_path(cli, staging, INIT_MOVE_STAGING);
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        char source[CLI_PATH_SIZE], target[CLI_PATH_SIZE];
        staged(cli, source, moved[i]);
        cli_data_path(cli, target, moved[i]);
        if (i + 1 == sizeof moved / sizeof moved[0])
            TRY(sync_directory(cli_data(cli)));
        if (rename(source, target) != 0 && !(errno == ENOENT && file_exists(target)))
            return ERR_IO;
    }
    TRY(sync_directory(cli_data(cli)));
    TRY(empty(staging));
    return rmdir(staging) == 0 ? ERR_OK : ERR_IO;
}

static enum err finish(const struct cli *cli, const char *root_key)
{
    char next[CLI_PATH_SIZE + sizeof KEYS_ROOT_NEXT];
    snprintf(next, sizeof next, "%s" KEYS_ROOT_NEXT, root_key);
    TRY(move_root_key(cli, KEYS_ROOT, root_key));
    TRY(move_root_key(cli, KEYS_ROOT KEYS_ROOT_NEXT, next));
    return move_files(cli);
}

int init_move_finish(struct cli *cli)
{
    char root_key[CLI_PATH_SIZE] = "";
    enum err error = marked_root_key(cli, root_key);
    if (error == ERR_OK)
        error = finish(cli, root_key);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, root_key,
                            _("run init again once this is put right; it goes on where it was"));
    json_object_set_new(cli_result(cli), "root_key_file", json_string(root_key));
    return CLI_OK;
}
