/* A directory for one test, gone at its end. */
#ifndef DCEP_TESTS_COMMON_STORE_TEMPORARY_H
#define DCEP_TESTS_COMMON_STORE_TEMPORARY_H

enum { TEMPORARY_SIZE = 128 };
struct temporary {
    char directory[TEMPORARY_SIZE];
    char path[TEMPORARY_SIZE + 16];  /* directory/a.db */
    char other[TEMPORARY_SIZE + 16]; /* directory/b.db */
};
struct temporary temporary_make(void);
void temporary_fini(struct temporary *temporary); /* fit for AUTO */

#endif
