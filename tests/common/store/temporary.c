/* A directory for one test: mkdtemp, and everything in it unlinked at the end. */
#include "tests/common/store/temporary.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temporary temporary_make(void)
{
    struct temporary temporary;
    const char *base = getenv("TMPDIR");
    (void)snprintf(temporary.directory, sizeof temporary.directory, "%s/store-test-XXXXXX",
                   base == NULL ? "/tmp" : base);
    cr_assert(mkdtemp(temporary.directory) != NULL);
    (void)snprintf(temporary.path, sizeof temporary.path, "%s/a.db", temporary.directory);
    (void)snprintf(temporary.other, sizeof temporary.other, "%s/b.db", temporary.directory);
    return temporary;
}

void temporary_fini(struct temporary *temporary)
{
    DIR *directory = opendir(temporary->directory);
    struct dirent *entry = directory == NULL ? NULL : readdir(directory);
    while (entry != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
        }
        entry = readdir(directory);
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    (void)rmdir(temporary->directory);
}
