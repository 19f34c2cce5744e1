/* Secrets: fixed-size, wiped at the end of their scope, never logged, never in argv.
 * Declare as: struct secret s AUTO(secret_wipe) = {0}; */
#ifndef DCEP_COMMON_BASE_SECRET_H
#define DCEP_COMMON_BASE_SECRET_H

#include "common/base/span.h"

enum { SECRET_SIZE_MAX = 1024 };
struct secret {
    uint8_t bytes[SECRET_SIZE_MAX];
    size_t size;
};
void secret_wipe(struct secret *secret);         /* explicit_bzero, size 0 */
bool secret_equal(struct span a, struct span b); /* constant time in the content */
void secret_wipe_bytes(void *data, size_t size);
/* As buffer_fini, for a buffer that held a secret. */
void secret_wipe_buffer(struct buffer *buffer);
/* At start-up of every program: no core dumps, not ptraceable by others (prctl, setrlimit). */
void secret_harden_process(void);

#endif
