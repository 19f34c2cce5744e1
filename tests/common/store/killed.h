/* A process that commits until it is killed. Needs criterion. */
#ifndef DCEP_TESTS_COMMON_STORE_KILLED_H
#define DCEP_TESTS_COMMON_STORE_KILLED_H

#include "common/store/store.h"

/* Kills such processes at many moments; each time the file, opened with the same options, holds
 * what was acknowledged, at most one transaction more, and each as a whole. */
void killed_expect_whole(const struct store_sqlite_options *options);

#endif
