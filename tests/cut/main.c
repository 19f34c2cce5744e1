/* cut --root DIR [--at N] [--how HOW] [--seed S] [--log FILE] [--gate FILE] [--at-end]
 *     -- PROGRAM ARGUMENTS
 *
 * The log has a line "NUMBER CALL STATE PATH" for each call that counts (STATE: clean, if all that
 * was written before is synced, or dirty); its last line is "cut", if the Nth call was reached and
 * did what --how says, or "end STATE". --at-end: the power goes when the program has ended by
 * itself. --gate: what `pause` waits for to go. Exit status: the program's, 128 + the signal that
 * ended it, 125 for trouble of our own. The program, its threads and what it left behind (an
 * unlocked wallet's agent) die with this one. */
#include "tests/cut/cut.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILTER_MAX = 160, PAUSE_US = 2000, CHILDREN_MAX = 8 };

struct cut {
    enum cut_how how;
    unsigned long at, count;
    bool at_end, is_cut, is_over;
    FILE *log;
    const char *gate;
    pid_t child, others[CHILDREN_MAX]; /* others: what it forked */
    size_t other_count;
    int status;
};

static void fail(const char *what)
{
    perror(what);
    exit(125);
}

/* --- the program --- */

static void install_filter(void)
{
    struct sock_filter filter[FILTER_MAX];
    unsigned short count = 0;
    filter[count++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < cut_call_count; i++) {
        filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                       (unsigned)cut_calls[i].number, 0, 1);
        filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {count, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        fail("seccomp");
}

static void start(struct cut *cut, char **words)
{
    const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
    cut->child = fork();
    if (cut->child < 0)
        fail("fork");
    if (cut->child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            fail("ptrace");
        raise(SIGSTOP);
        install_filter();
        execv(words[0], words);
        fail(words[0]);
    }
    if (waitpid(cut->child, &cut->status, 0) < 0 ||
        ptrace(PTRACE_SETOPTIONS, cut->child, NULL, options) != 0 ||
        ptrace(PTRACE_CONT, cut->child, NULL, NULL) != 0)
        fail("ptrace");
}

/* --- one call --- */

static unsigned long long argument(const struct user_regs_struct *regs, int index)
{
    const unsigned long long all[] = {regs->rdi, regs->rsi, regs->rdx,
                                      regs->r10, regs->r8,  regs->r9};
    return index < 0 ? 0 : all[index];
}

static bool read_text(char out[CUT_PATH_SIZE], pid_t pid, unsigned long long address)
{
    size_t size = 0;
    while (size < CUT_PATH_SIZE - 1) { /* not over the end of a page that may be the last */
        const size_t left = 4096 - (size_t)(address + size) % 4096;
        const size_t room = CUT_PATH_SIZE - 1 - size;
        struct iovec local = {out + size, left < room ? left : room};
        struct iovec remote = {(void *)(uintptr_t)(address + size), local.iov_len};
        const ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
        if (got <= 0)
            return false;
        if (memchr(out + size, '\0', (size_t)got) != NULL)
            return true;
        size += (size_t)got;
    }
    return false;
}

static void path_of(char out[CUT_PATH_SIZE], pid_t pid, const struct cut_call *call, int index,
                    const struct user_regs_struct *regs)
{
    char text[CUT_PATH_SIZE];
    out[0] = '\0';
    if (index == call->fd && index >= 0) {
        snprintf(text, sizeof text, "/proc/%d/fd/%d", (int)pid, (int)argument(regs, index));
        const ssize_t size = readlink(text, out, CUT_PATH_SIZE - 1);
        out[size < 0 ? 0 : size] = '\0';
    } else if (index >= 0 && read_text(text, pid, argument(regs, index))) {
        char here[CUT_PATH_SIZE];
        if (text[0] == '/' || getcwd(here, sizeof here) == NULL)
            here[0] = '\0';
        if (snprintf(out, CUT_PATH_SIZE, "%s%s%s", here, here[0] != '\0' ? "/" : "", text) < 0)
            out[0] = '\0';
    }
}

static int open_flags(const struct cut_call *call, const struct user_regs_struct *regs)
{
    if (strcmp(call->name, "creat") == 0)
        return O_CREAT | O_TRUNC | O_WRONLY;
    return (int)argument(regs, call->path + 1);
}

/* Threads wake each other through descriptors of that kind: nothing that a cut could hit. */
static bool counts(const struct cut_call *call, const char *path,
                   const struct user_regs_struct *regs)
{
    if (call->kind == CUT_OTHER)
        return false;
    if (call->kind == CUT_OPEN)
        return (open_flags(call, regs) & (O_CREAT | O_TRUNC)) != 0 &&
               (cut_disk_holds(path) || strncmp(path, "/dev/", 5) != 0); /* /dev/shm is a disk */
    return strncmp(path, "anon_inode:", 11) != 0 && strncmp(path, "/proc/", 6) != 0 &&
           !(strncmp(path, "pipe:", 5) == 0 && argument(regs, call->fd) > STDERR_FILENO);
}

/* Before the call: the disk takes note. */
static void note(const struct cut_call *call, const char *path, const char *to,
                 const struct user_regs_struct *regs)
{
    const char *name = call->name;
    if (call->kind == CUT_OPEN) {
        cut_disk_create(path);
        if ((open_flags(call, regs) & O_TRUNC) != 0)
            cut_disk_change(path);
    } else if (call->kind == CUT_WRITE || call->kind == CUT_TRUNCATE)
        cut_disk_change(path);
    else if (call->kind == CUT_SYNC)
        cut_disk_sync(path);
    else if (strncmp(name, "mkdir", 5) == 0)
        cut_disk_create(path);
    else if (strncmp(name, "rename", 6) == 0)
        cut_disk_rename(path, to);
    else if (strncmp(name, "link", 4) == 0)
        cut_disk_link(path, to);
    else if (strncmp(name, "unlink", 6) == 0)
        cut_disk_remove(path);
}

static void refuse(pid_t pid, struct user_regs_struct *regs, int number)
{
    regs->orig_rax = (unsigned long long)-1;
    regs->rax = (unsigned long long)-(long long)number;
    if (ptrace(PTRACE_SETREGS, pid, NULL, regs) != 0)
        fail("ptrace");
}

/* Is it this call's turn? Full and read-only disks stay so. */
static bool is_turn(const struct cut *cut)
{
    const bool stays = cut->how == CUT_FULL || cut->how == CUT_ROFS;
    return cut->at != 0 && (stays ? cut->count >= cut->at : cut->count == cut->at);
}

/* Held before the call for as long as the gate file is there: another process has its try. */
static bool hold(struct cut *cut)
{
    fprintf(cut->log, "paused\n");
    fflush(cut->log);
    while (access(cut->gate, F_OK) == 0)
        usleep(PAUSE_US);
    cut->is_cut = true;
    return false;
}

/* True: the call must not be made. */
static bool strike(struct cut *cut, pid_t pid, const struct cut_call *call, const char *path,
                   struct user_regs_struct *regs)
{
    if (cut->how == CUT_KILL || cut->how == CUT_POWER || cut->how == CUT_TORN) {
        cut->is_cut = cut->is_over = true;
        return true;
    }
    if (cut->how == CUT_PAUSE)
        return hold(cut);
    if (cut->how == CUT_SHORT) {
        if (call->size < 0 || argument(regs, call->size) < 2)
            return false;
        regs->rdx /= 2; /* the third argument of each call that has a size */
        cut->is_cut = true;
        if (ptrace(PTRACE_SETREGS, pid, NULL, regs) != 0)
            fail("ptrace");
        return false;
    }
    const int number = cut_call_errno(call, cut->how);
    const bool on_disk = path[0] == '/' || call->kind == CUT_SEND;
    if (number == 0 || !on_disk)
        return false;
    cut->is_cut = true;
    if (call->kind == CUT_SYNC && cut->how == CUT_EIO)
        cut_disk_sync_failed(path);
    refuse(pid, regs, number);
    return true;
}

static const char *disk_state(void)
{
    return cut_disk_is_clean() ? "clean" : "dirty";
}

static void look(struct cut *cut, pid_t pid)
{
    struct user_regs_struct regs;
    char path[CUT_PATH_SIZE], to[CUT_PATH_SIZE];
    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0)
        return; /* another thread ended the process meanwhile */
    const struct cut_call *call = cut_call_find((long)regs.orig_rax);
    if (call == NULL)
        return;
    if (call->kind == CUT_OTHER) { /* its memory stays readable for us */
        if (regs.rdi == PR_SET_DUMPABLE)
            refuse(pid, &regs, 0);
        return;
    }
    path_of(path, pid, call, call->path >= 0 ? call->path : call->fd, &regs);
    path_of(to, pid, call, call->to, &regs);
    if (!counts(call, path, &regs))
        return;
    cut->count++;
    fprintf(cut->log, "%lu %s %s %s\n", cut->count, call->name, disk_state(), path);
    if (!is_turn(cut) || !strike(cut, pid, call, path, &regs))
        note(call, path, to, &regs);
}

/* --- the run --- */

static void remember(struct cut *cut, pid_t pid)
{
    unsigned long forked = 0;
    if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &forked) != 0)
        return; /* it is dead already, and the fork with it */
    if (cut->other_count == CHILDREN_MAX)
        fail("too many processes");
    cut->others[cut->other_count++] = (pid_t)forked;
}

static void forget(struct cut *cut, pid_t pid)
{
    for (size_t i = 0; i < cut->other_count; i++)
        if (cut->others[i] == pid)
            cut->others[i] = cut->others[--cut->other_count];
}

static void kill_others(const struct cut *cut)
{
    for (size_t i = 0; i < cut->other_count; i++)
        kill(cut->others[i], SIGKILL);
}

static void run(struct cut *cut)
{
    for (;;) {
        int status = 0, passed = 0;
        const pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0)
            break;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            forget(cut, pid);
            if (pid == cut->child) {
                cut->status = status;
                kill_others(cut);
            }
            continue;
        }
        const int event = status >> 16;
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
            remember(cut, pid);
        if (event == PTRACE_EVENT_SECCOMP && !cut->is_over)
            look(cut, pid);
        else if (event == 0 && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP)
            passed = WSTOPSIG(status);
        if (cut->is_over) {
            kill(cut->child, SIGKILL);
            kill_others(cut);
        } else
            ptrace(PTRACE_CONT, pid, NULL, passed);
    }
    if (errno != ECHILD)
        fail("waitpid");
}

static void finish(struct cut *cut)
{
    const bool dead = cut->is_over && cut->how != CUT_KILL;
    const char *state = disk_state();
    if (dead || cut->at_end) {
        if (!cut_disk_power_cut(cut->how == CUT_TORN))
            fprintf(cut->log, "nothing lost\n");
        cut->is_cut = true;
    } else if (!cut->is_over) {
        cut_disk_end();
    }
    if (cut->is_cut)
        fprintf(cut->log, "cut\n");
    else
        fprintf(cut->log, "end %s\n", state);
    if (fclose(cut->log) != 0)
        fail("log");
}

static char **parse(struct cut *cut, int argc, char **argv)
{
    const char *root = "", *log = "/dev/null";
    uint64_t seed = 0;
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--at-end") == 0) {
            cut->at_end = true;
            continue;
        }
        if (strcmp(argv[i], "--gate") == 0)
            cut->gate = value;
        else if (strcmp(argv[i], "--root") == 0)
            root = value;
        else if (strcmp(argv[i], "--log") == 0)
            log = value;
        else if (strcmp(argv[i], "--at") == 0)
            cut->at = strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--how") != 0 || !cut_how_parse(&cut->how, value))
            return NULL;
        i++;
    }
    cut->log = fopen(log, "we");
    if (cut->log == NULL)
        fail(log);
    cut_disk_open(root, seed);
    return i + 1 < argc ? argv + i + 1 : NULL;
}

int main(int argc, char **argv)
{
    struct cut cut = {.how = CUT_LOOK, .gate = ""};
    char **words = parse(&cut, argc, argv);
    if (words == NULL) {
        fprintf(stderr, "usage: cut --root DIR [--at N] [--how HOW] [--seed S] [--log FILE] "
                        "[--gate FILE] [--at-end] -- PROGRAM ARGUMENTS\n");
        return 125;
    }
    start(&cut, words);
    run(&cut);
    finish(&cut);
    return WIFEXITED(cut.status) ? WEXITSTATUS(cut.status) : 128 + WTERMSIG(cut.status);
}
