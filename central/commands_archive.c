/* The archive of lines that are all spent: its segments, whether they are whole, putting one
 * back. */
#include "central/archive_files.h"
#include "central/commands.h"
#include "central/keys.h"

static struct archive_folder open_folder(struct cli *cli, struct archive_files *files)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, KEYS_ARCHIVE);
    snprintf(files->path, sizeof files->path, "%s", path);
    return archive_files_folder(files);
}

/* The lines of a segment, from its file. */
static enum err read_segment(struct buffer *rows, struct register_env *env,
                             const struct archive_folder *folder,
                             const struct archive_segment *segment, const struct id *previous)
{
    struct buffer file AUTO(buffer_fini) = {.limit = ARCHIVE_ROWS_MAX};
    rows->limit = ARCHIVE_ROWS_MAX;
    TRY(folder->fetch(folder->context, &file, segment->number));
    return archive_unpack(rows, segment, previous, env->trust->network, buffer_span(&file));
}

/* ---- listing and verifying ---- */

static const char *state_text(const struct archive_segment *row)
{
    return row->is_restored                 ? N_("put back")
           : row->cleared < row->line_count ? N_("being cleared")
                                            : N_("archived");
}

static json_t *segment_json(const struct archive_segment *row)
{
    json_t *object = json_object();
    commands_put_number(object, "number", row->number);
    json_object_set_new(object, "hash", cli_json_hex(SPAN(row->hash)));
    commands_put_number(object, "size", row->size);
    commands_put_number(object, "first_serial", row->first_serial);
    commands_put_number(object, "last_serial", row->last_serial);
    commands_put_number(object, "lines", row->line_count);
    commands_put_number(object, "payments", row->spend_count);
    commands_put_number(object, "rows", row->row_count);
    json_object_set_new(object, "state", json_string(state_text(row)));
    commands_put_number(object, "made_at", row->made_at);
    return object;
}

static const char *file_text(enum err error)
{
    return error == ERR_OK          ? N_("whole")
           : error == ERR_MISSING   ? N_("missing")
           : error == ERR_INTEGRITY ? N_("altered")
                                    : N_("unreadable");
}

/* Each hash is in the next segment and in the database: the chain is checked by them. */
static enum err verify(struct cli *cli, bool *whole, json_t *object, struct register_env *env,
                       const struct archive_segment *row, const struct id *previous)
{
    struct archive_files files;
    const struct archive_folder folder = open_folder(cli, &files);
    struct buffer rows AUTO(buffer_fini) = {0};
    const enum err error = read_segment(&rows, env, &folder, row, previous);
    if (error == ERR_MEMORY)
        return error;
    json_object_set_new(object, "file", json_string(file_text(error)));
    *whole = *whole && error == ERR_OK;
    return ERR_OK;
}

static bool is_asked_for(struct cli *cli, const struct archive_segment *row)
{
    const uint64_t serial = cli_number(cli, "--serial", 0);
    return !cli_given(cli, "--serial") ||
           (serial >= row->first_serial && serial <= row->last_serial);
}

static enum err list(struct cli *cli, int *code, struct register_env *env)
{
    struct list segments = {0};
    struct id previous = {{0}};
    json_t *rows = json_array();
    bool whole = true;
    json_object_set_new(cli_result(cli), "segments", rows);
    TRY(register_rows(env, &segments, &tables_table_archive_segment, -1, 0, NULL));
    const struct archive_segment *items = segments.items;
    for (size_t i = 0; i < segments.count; previous = items[i++].hash) {
        if (!is_asked_for(cli, &items[i]))
            continue;
        json_t *object = segment_json(&items[i]);
        json_array_append_new(rows, object);
        if (cli_given(cli, "--verify"))
            TRY(verify(cli, &whole, object, env, &items[i], &previous));
    }
    if (!whole)
        *code =
            cli_fail(cli, CLI_INTEGRITY, "ARCHIVE", _("fetch the file from a copy; never edit one"),
                     _("a segment of the archive is missing or altered"));
    return ERR_OK;
}

int commands_db_archive(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"number", N_("number"), CLI_AS_NUMBER},
        {"first_serial", N_("serials from"), CLI_AS_NUMBER},
        {"last_serial", N_("to"), CLI_AS_NUMBER},
        {"lines", N_("lines"), CLI_AS_NUMBER},
        {"payments", N_("payments"), CLI_AS_NUMBER},
        {"size", N_("bytes"), CLI_AS_NUMBER},
        {"state", N_("state"), CLI_AS_WORD},
        {"file", N_("file"), CLI_AS_WORD},
        {"made_at", N_("made"), CLI_AS_TIME},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, list);
    const json_t *rows = json_object_get(cli_result(cli), "segments");
    if ((code == CLI_OK || code == CLI_INTEGRITY) && rows != NULL)
        cli_show_table(cli, rows, columns);
    return code;
}

/* ---- putting back ---- */

static enum err put_back(struct cli *cli, int *code, struct register_env *env)
{
    struct archive_files files;
    const struct archive_folder folder = open_folder(cli, &files);
    struct archive_segment segment = {0};
    struct buffer rows AUTO(buffer_fini) = {0};
    struct id previous = {{0}};
    uint64_t line_count = 0;
    enum err error = archive_find(env, &segment, &previous, cli_number(cli, "NUMBER", 0));
    if (error == ERR_MISSING) {
        *code = cli_fail_status(cli, STATUS_UNKNOWN, _("dcep-central db archive shows them"));
        return ERR_OK;
    }
    TRY(error);
    error = read_segment(&rows, env, &folder, &segment, &previous);
    if (error == ERR_MISSING || error == ERR_INTEGRITY) {
        *code =
            cli_fail(cli, CLI_INTEGRITY, "ARCHIVE", _("fetch the file from a copy; never edit one"),
                     _("a segment of the archive is missing or altered"));
        return ERR_OK;
    }
    TRY(error);
    TRY(archive_restore(env, &line_count, &segment, buffer_span(&rows)));
    commands_put_number(cli_result(cli), "number", segment.number);
    commands_put_number(cli_result(cli), "lines", line_count);
    commands_put_number(cli_result(cli), "days", ARCHIVE_RESTORED_DAYS);
    return ERR_OK;
}

int commands_db_unarchive(struct cli *cli)
{
    const int code = office_run(cli, OFFICE_WRITE, put_back);
    const json_int_t lines = json_integer_value(json_object_get(cli_result(cli), "lines"));
    if (code == CLI_OK)
        cli_say(cli,
                ngettext("%lld line is rows again, for %d days at least.",
                         "%lld lines are rows again, for %d days at least.", (unsigned long)lines),
                (long long)lines, ARCHIVE_RESTORED_DAYS);
    return code;
}
