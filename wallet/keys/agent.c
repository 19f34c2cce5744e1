/* An unlocked wallet (contract in agent.h).
 *
 * 1. The socket is 0600 in a directory of 0700, and the peer's user is asked of the kernel.
 * 2. The key is in locked memory, wiped at the end; the process leaves no core (secret.h).
 * 3. A peer that says nothing holds it up for a second at most.
 *
 * Never: writes the key anywhere, outlives its time, keeps a file of its parent open. */
#include "wallet/keys/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAITING_MAX = 8, PEER_SECONDS = 1, MS_PER_S = 1000 };
enum asked { ASK_KEY = 'K', ASK_STOP = 'S' };

#define AGENT_SOCKET "unlock.sock"

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* --- the socket's place --- */

/* Through the directory's descriptor: a path of any length fits an address. */
static enum err place(struct sockaddr_un *out, int *directory_fd, const char *directory)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    *directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*directory_fd < 0)
        return ERR_MISSING;
    (void)snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" AGENT_SOCKET,
                   *directory_fd);
    return ERR_OK;
}

static bool is_same_user(int fd)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static void limit_waiting(int fd)
{
    const struct timeval limit = {.tv_sec = PEER_SECONDS};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* --- the process --- */

static uint64_t awake_ms(void)
{
    struct timespec now = {0};
    CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / 1000000;
}

static bool serve_one(int listening, const struct safe_key *master)
{
    int peer AUTO(close_fd) = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    uint8_t asked = 0;
    if (peer < 0 || !is_same_user(peer))
        return true;
    limit_waiting(peer);
    if (recv(peer, &asked, 1, 0) != 1)
        return true;
    if (asked == ASK_KEY)
        (void)send(peer, master->bytes, sizeof master->bytes, MSG_NOSIGNAL);
    if (asked != ASK_STOP)
        return true;
    peer = -1; /* the end of this process closes it: whoever waits for that finds nothing left */
    return false;
}

static void serve(int listening, const struct safe_key *master, uint64_t until_ms)
{
    bool goes_on = true;
    for (uint64_t now = awake_ms(); goes_on && now < until_ms; now = awake_ms()) {
        struct pollfd waiting = {.fd = listening, .events = POLLIN};
        /* looks at the clock at least once a second: poll's own does not run while asleep */
        const uint64_t left = until_ms - now;
        if (poll(&waiting, 1, left < MS_PER_S ? (int)left : MS_PER_S) > 0)
            goes_on = serve_one(listening, master);
    }
}

/* Nothing of the parent stays: no file, no terminal, no signal that was ignored. */
static bool detach(int listening, int directory_fd)
{
    const int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || setsid() < 0 || chdir("/") != 0)
        return false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(nothing, fd) < 0)
            return false;
    for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
        if (fd != listening && fd != directory_fd)
            close(fd);
    return close_range(1024, ~0U, 0) == 0 || errno == ENOSYS;
}

static _Noreturn void run(int listening, int directory_fd, const struct safe_key *given,
                          uint64_t until_ms)
{
    static struct safe_key master;
    safe_lock_memory(&master, sizeof master);
    master = *given;
    signal(SIGHUP, SIG_IGN);
    if (detach(listening, directory_fd))
        serve(listening, &master, until_ms);
    (void)unlinkat(directory_fd, AGENT_SOCKET, 0);
    safe_unlock_memory(&master, sizeof master);
    _exit(0);
}

/* --- starting --- */

static enum err listen_at(int *out, const struct sockaddr_un *address, int directory_fd)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    *out = fd;
    (void)unlinkat(directory_fd, AGENT_SOCKET, 0); /* of one that was killed */
    const mode_t before = umask(0177);
    const bool bound = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    umask(before);
    return bound && listen(fd, WAITING_MAX) == 0 ? ERR_OK : ERR_IO;
}

/* Twice forked: the agent is nobody's child, so nobody has to wait for it. */
static enum err leave(int listening, int directory_fd, const struct safe_key *master,
                      uint64_t until_ms)
{
    int status = 1;
    const pid_t child = fork();
    if (child < 0)
        return ERR_IO;
    if (child == 0) {
        const pid_t agent = fork();
        if (agent == 0)
            run(listening, directory_fd, master, until_ms);
        _exit(agent < 0 ? 1 : 0);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERR_OK : ERR_IO;
}

enum err agent_start(const char *directory, const struct safe_key *master, uint64_t seconds)
{
    struct sockaddr_un address;
    int listening AUTO(close_fd) = -1, directory_fd AUTO(close_fd) = -1;
    bool was_running = false;
    const uint64_t until_ms = awake_ms() + seconds * MS_PER_S;
    TRY(agent_stop(&was_running, directory));
    TRY(place(&address, &directory_fd, directory));
    TRY(listen_at(&listening, &address, directory_fd));
    return leave(listening, directory_fd, master, until_ms);
}

/* --- asking --- */

static enum err reach(int *out, const char *directory)
{
    struct sockaddr_un address;
    int directory_fd AUTO(close_fd) = -1;
    TRY(place(&address, &directory_fd, directory));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    *out = fd;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 || !is_same_user(fd))
        return ERR_MISSING;
    limit_waiting(fd);
    return ERR_OK;
}

static enum err ask(int fd, enum asked what)
{
    const uint8_t byte = (uint8_t)what;
    return send(fd, &byte, 1, MSG_NOSIGNAL) == 1 ? ERR_OK : ERR_MISSING;
}

enum err agent_ask(struct safe_key *master, const char *directory)
{
    int fd AUTO(close_fd) = -1;
    TRY(reach(&fd, directory));
    TRY(ask(fd, ASK_KEY));
    return recv(fd, master->bytes, sizeof master->bytes, MSG_WAITALL) ==
                   (ssize_t)sizeof master->bytes
               ? ERR_OK
               : ERR_MISSING;
}

enum err agent_stop(bool *was_running, const char *directory)
{
    int fd AUTO(close_fd) = -1;
    uint8_t end = 0;
    const enum err error = reach(&fd, directory);
    *was_running = error == ERR_OK;
    if (error == ERR_MISSING)
        return ERR_OK;
    TRY(error);
    TRY(ask(fd, ASK_STOP));
    (void)recv(fd, &end, 1, 0); /* its end, or a second */
    return ERR_OK;
}
