/* A knife for system calls: runs a program under ptrace and, at the Nth call that writes, syncs,
 * sends, names or removes something, kills it, takes the power away, or lets the call fail.
 *
 * The calls that count are told from all others by a seccomp filter, so that the rest runs at full
 * speed. The program itself is the released one: nothing is preloaded or recompiled
 * (docs/adr/0028-every-cut-with-ptrace.md). Linux on x86-64 only. */
#ifndef DCEP_TESTS_CUT_CUT_H
#define DCEP_TESTS_CUT_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CUT_PATH_SIZE = 4096 };

/* --- what happens at the Nth call --- */
enum cut_how {
    CUT_LOOK,  /* nothing: the calls are listed */
    CUT_KILL,  /* SIGKILL before the call; what was written is there (kill -9) */
    CUT_POWER, /* the same, and all that was not synced is lost: contents and names */
    CUT_TORN,  /* the same, but of what was not synced some sectors and names made it */
    CUT_FULL,  /* from here on the disk is full: ENOSPC */
    CUT_EIO,   /* this one fails with EIO; pages of a failed sync are lost when the program ends */
    CUT_ROFS,  /* from here on the file system is read-only: EROFS */
    CUT_EINTR, /* this one is interrupted: EINTR */
    CUT_SHORT, /* this one writes half */
    CUT_RESET, /* this one finds the connection gone */
    CUT_PAUSE, /* nothing, but it waits before this one */
    CUT_HOW_COUNT
};

/* --- the calls (cut_call.c) --- */
enum cut_kind { CUT_OTHER, CUT_OPEN, CUT_WRITE, CUT_SYNC, CUT_TRUNCATE, CUT_NAME, CUT_SEND };
struct cut_call {
    long number;
    const char *name;
    enum cut_kind kind;
    /* Which argument is the descriptor, the path, the second path, the size; -1: none. */
    int fd, path, to, size;
};
extern const struct cut_call cut_calls[];
extern const size_t cut_call_count;
const struct cut_call *cut_call_find(long number);
/* 0: the call is not one that can fail so. */
int cut_call_errno(const struct cut_call *call, enum cut_how how);
bool cut_how_parse(enum cut_how *how, const char *word);

/* --- the disk, as of the last sync (cut_disk.c) --- */
/* Paths are absolute; what is not below root is not followed. Before the call each time. */
void cut_disk_open(const char *root, uint64_t seed);
bool cut_disk_holds(const char *path);
void cut_disk_change(const char *path); /* contents will change */
void cut_disk_create(const char *path); /* a name will appear, if it is not there */
void cut_disk_remove(const char *path);
void cut_disk_rename(const char *from, const char *to);
void cut_disk_link(const char *from, const char *to);
void cut_disk_sync(const char *path); /* a file: its contents; a directory: the names in it */
void cut_disk_sync_failed(const char *path);
/* All that was written is synced: a power cut would take nothing. */
bool cut_disk_is_clean(void);
/* The program is dead: what was not synced is lost, or some of it. False: all of it was synced. */
bool cut_disk_power_cut(bool torn);
/* The program ended by itself: pages of a failed sync that were not written again are lost. */
void cut_disk_end(void);

#endif
