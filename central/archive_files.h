/* The folder of segments in the data directory: archive/00000001.dcepa and so on. */
#ifndef DCEP_CENTRAL_ARCHIVE_FILES_H
#define DCEP_CENTRAL_ARCHIVE_FILES_H

#include "central/archive.h"

enum { ARCHIVE_FILES_PATH_SIZE = 1024 };
struct archive_files {
    char path[ARCHIVE_FILES_PATH_SIZE]; /* of the folder; it is made when it is first needed */
};
/* files is borrowed by the folder. */
struct archive_folder archive_files_folder(struct archive_files *files);

#endif
