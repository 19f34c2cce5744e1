/* Secrets: wiping, comparing, and keeping the process's memory to itself.
 *
 * 1. Wiping is not optimised away (explicit_bzero).
 * 2. secret_equal takes the same time wherever the contents differ; sizes are not secret.
 *
 * Never logs, never allocates. */
#include "common/base/secret.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void secret_wipe_bytes(void *data, size_t size)
{
    if (data != NULL && size != 0)
        explicit_bzero(data, size);
}

void secret_wipe_buffer(struct buffer *buffer)
{
    secret_wipe_bytes(buffer->data, buffer->size);
    buffer_fini(buffer);
}

void secret_wipe(struct secret *secret)
{
    explicit_bzero(secret->bytes, sizeof secret->bytes);
    secret->size = 0;
}

bool secret_equal(struct span a, struct span b)
{
    if (a.size != b.size)
        return false;
    volatile uint8_t difference = 0; /* volatile: no early exit may be invented */
    for (size_t i = 0; i < a.size; i++)
        difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
    return difference == 0;
}

void secret_harden_process(void)
{
    struct rlimit none = {0, 0};
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
#ifndef DCEP_SANITIZED /* the leak checker attaches to its own process */
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
#endif
}
