/* Segments as files. A file that no row names yet may be there already, from before a crash or from
 * a database that was set back: it is replaced, for its lines are rows again. */
#include "central/archive_files.h"

#include "common/base/file.h"

#include <stdio.h>

static enum err path_of(char path[ARCHIVE_FILES_PATH_SIZE], const struct archive_files *files,
                        uint64_t number)
{
    const int size = snprintf(path, ARCHIVE_FILES_PATH_SIZE, "%s/%08llu.dcepa", files->path,
                              (unsigned long long)number);
    return size > 0 && size < ARCHIVE_FILES_PATH_SIZE ? ERR_OK : ERR_SPACE;
}

static enum err keep(void *context, uint64_t number, struct span file)
{
    const struct archive_files *files = context;
    char path[ARCHIVE_FILES_PATH_SIZE];
    TRY(path_of(path, files, number));
    TRY(file_make_dir(files->path));
    return file_replace(path, file, FILE_PRIVATE);
}

static enum err fetch(void *context, struct buffer *file, uint64_t number)
{
    char path[ARCHIVE_FILES_PATH_SIZE];
    TRY(path_of(path, context, number));
    return file_read(file, path, ARCHIVE_ROWS_MAX);
}

struct archive_folder archive_files_folder(struct archive_files *files)
{
    return (struct archive_folder){.context = files, .keep = keep, .fetch = fetch};
}
