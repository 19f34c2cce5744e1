/* The calls that count, and how each can fail. */
#include "tests/cut/cut.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

const struct cut_call cut_calls[] = {
    /*                      kind      fd path to size */
    {SYS_open, "open", CUT_OPEN, -1, 0, -1, -1},
    {SYS_openat, "openat", CUT_OPEN, -1, 1, -1, -1},
    {SYS_creat, "creat", CUT_OPEN, -1, 0, -1, -1},
    {SYS_mkdir, "mkdir", CUT_NAME, -1, 0, -1, -1},
    {SYS_mkdirat, "mkdirat", CUT_NAME, -1, 1, -1, -1},
    {SYS_write, "write", CUT_WRITE, 0, -1, -1, 2},
    {SYS_pwrite64, "pwrite64", CUT_WRITE, 0, -1, -1, 2},
    {SYS_writev, "writev", CUT_WRITE, 0, -1, -1, -1},
    {SYS_pwritev, "pwritev", CUT_WRITE, 0, -1, -1, -1},
    {SYS_pwritev2, "pwritev2", CUT_WRITE, 0, -1, -1, -1},
    {SYS_ftruncate, "ftruncate", CUT_TRUNCATE, 0, -1, -1, -1},
    {SYS_fallocate, "fallocate", CUT_TRUNCATE, 0, -1, -1, -1},
    {SYS_fsync, "fsync", CUT_SYNC, 0, -1, -1, -1},
    {SYS_fdatasync, "fdatasync", CUT_SYNC, 0, -1, -1, -1},
    {SYS_fchmod, "fchmod", CUT_NAME, 0, -1, -1, -1},
    {SYS_rename, "rename", CUT_NAME, -1, 0, 1, -1},
    {SYS_renameat, "renameat", CUT_NAME, -1, 1, 3, -1},
    {SYS_renameat2, "renameat2", CUT_NAME, -1, 1, 3, -1},
    {SYS_link, "link", CUT_NAME, -1, 0, 1, -1},
    {SYS_linkat, "linkat", CUT_NAME, -1, 1, 3, -1},
    {SYS_unlink, "unlink", CUT_NAME, -1, 0, -1, -1},
    {SYS_unlinkat, "unlinkat", CUT_NAME, -1, 1, -1, -1},
    {SYS_rmdir, "rmdir", CUT_NAME, -1, 0, -1, -1},
    {SYS_connect, "connect", CUT_SEND, 0, -1, -1, -1},
    {SYS_sendto, "sendto", CUT_SEND, 0, -1, -1, -1},
    {SYS_sendmsg, "sendmsg", CUT_SEND, 0, -1, -1, -1},
    {SYS_sendmmsg, "sendmmsg", CUT_SEND, 0, -1, -1, -1},
    {SYS_prctl, "prctl", CUT_OTHER, -1, -1, -1, -1},
};
const size_t cut_call_count = sizeof cut_calls / sizeof cut_calls[0];

const struct cut_call *cut_call_find(long number)
{
    for (size_t i = 0; i < cut_call_count; i++)
        if (cut_calls[i].number == number)
            return &cut_calls[i];
    return NULL;
}

static bool removes(const struct cut_call *call)
{
    return strcmp(call->name, "unlink") == 0 || strcmp(call->name, "unlinkat") == 0 ||
           strcmp(call->name, "rmdir") == 0 || strcmp(call->name, "fchmod") == 0;
}

int cut_call_errno(const struct cut_call *call, enum cut_how how)
{
    const bool is_send = call->kind == CUT_SEND, is_sync = call->kind == CUT_SYNC;
    if (how == CUT_FULL) /* what was there can still be removed and synced */
        return is_send || is_sync || call->kind == CUT_TRUNCATE || removes(call) ? 0 : ENOSPC;
    if (how == CUT_ROFS)
        return is_send || is_sync ? 0 : EROFS;
    if (how == CUT_EIO)
        return is_sync || call->kind == CUT_WRITE ? EIO : 0;
    if (how == CUT_EINTR)
        return call->kind == CUT_WRITE || is_send ? EINTR : 0;
    if (how == CUT_RESET && is_send)
        return strcmp(call->name, "connect") == 0 ? ECONNREFUSED : ECONNRESET;
    return 0;
}

bool cut_how_parse(enum cut_how *how, const char *word)
{
    static const char *const words[CUT_HOW_COUNT] = {
        "look", "kill", "power", "torn", "full", "eio", "rofs", "eintr", "short", "reset", "pause"};
    for (int i = 0; i < CUT_HOW_COUNT; i++)
        if (strcmp(words[i], word) == 0) {
            *how = (enum cut_how)i;
            return true;
        }
    return false;
}
