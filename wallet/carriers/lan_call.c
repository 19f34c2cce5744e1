/* The end that calls (contract in lan.h): one link at a time, every step within its time. */
#include "wallet/carriers/lan.h"

#include "common/base/time.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GOODBYE_MS = 200 };

struct caller {
    struct carrier carrier;
    char address[LAN_ADDRESS_SIZE];
    uint64_t timeout_ms;
    int fd; /* while an answer is awaited; else -1 */
};

/* ---- waiting ---- */

static enum err wait_for(int fd, short events, uint64_t until_ms)
{
    struct pollfd polled = {fd, events, 0};
    for (;;) {
        const uint64_t now = time_monotonic_ms();
        if (now >= until_ms)
            return ERR_TIMEOUT;
        const int ready = poll(&polled, 1, (int)(until_ms - now));
        if (ready > 0)
            return ERR_OK;
        if (ready < 0 && errno != EINTR)
            return ERR_IO;
    }
}

static enum err read_whole(struct lan_reader *reader, int fd, uint64_t until_ms)
{
    for (bool whole = false; !whole;) {
        TRY(wait_for(fd, POLLIN, until_ms));
        TRY(lan_read(reader, &whole, fd));
    }
    return ERR_OK;
}

static enum err write_whole(struct lan_writer *writer, int fd, uint64_t until_ms)
{
    for (bool whole = false; !whole;) {
        TRY(wait_for(fd, POLLOUT, until_ms));
        TRY(lan_write(writer, &whole, fd));
    }
    return ERR_OK;
}

/* ---- calling ---- */

static enum err connect_to(int *out, const struct addrinfo *where, uint64_t until_ms)
{
    int problem = 0;
    socklen_t size = sizeof problem;
    int fd AUTO(lan_close) =
        socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, where->ai_addr, where->ai_addrlen) != 0) {
        if (errno != EINPROGRESS)
            return ERR_UNREACHABLE;
        TRY(wait_for(fd, POLLOUT, until_ms));
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0 || problem != 0)
            return problem == ETIMEDOUT ? ERR_TIMEOUT : ERR_UNREACHABLE;
    }
    *out = fd;
    fd = -1;
    return ERR_OK;
}

static enum err dial(int *out, const struct caller *caller, uint64_t until_ms)
{
    struct addrinfo *all = NULL;
    enum err error = ERR_UNREACHABLE;
    TRY(lan_resolve(&all, caller->address, false));
    for (const struct addrinfo *where = all; where != NULL; where = where->ai_next) {
        error = connect_to(out, where, until_ms);
        if (error == ERR_OK || error == ERR_TIMEOUT)
            break;
    }
    freeaddrinfo(all);
    return error;
}

/* ---- the carrier ---- */

static enum err caller_take(struct carrier *carrier, struct buffer *out)
{
    struct caller *caller = (struct caller *)carrier;
    struct lan_reader reader AUTO(lan_reader_fini) = {0};
    const uint64_t until_ms = time_monotonic_ms() + caller->timeout_ms;
    int called AUTO(lan_close) = -1;
    if (caller->fd < 0)
        TRY(dial(&called, caller, until_ms));
    TRY(read_whole(&reader, caller->fd < 0 ? called : caller->fd, until_ms));
    return buffer_put(out, buffer_span(&reader.bytes));
}

static enum err say_goodbye(struct caller *caller)
{
    struct lan_writer writer = {0};
    const uint64_t until_ms = time_monotonic_ms() + GOODBYE_MS;
    enum err error = lan_writer_set(&writer, span_of(NULL, 0));
    if (error == ERR_OK)
        error = write_whole(&writer, caller->fd, until_ms);
    buffer_fini(&writer.bytes);
    lan_close(&caller->fd);
    return error;
}

static enum err caller_give(struct carrier *carrier, struct span bytes)
{
    struct caller *caller = (struct caller *)carrier;
    struct lan_reader offer AUTO(lan_reader_fini) = {0};
    struct lan_writer writer = {0};
    const uint64_t until_ms = time_monotonic_ms() + caller->timeout_ms;
    if (bytes.size == 0)
        return caller->fd < 0 ? ERR_OK : say_goodbye(caller);
    lan_close(&caller->fd);
    TRY(dial(&caller->fd, caller, until_ms));
    enum err error = read_whole(&offer, caller->fd, until_ms);
    if (error == ERR_OK)
        error = lan_writer_set(&writer, bytes);
    if (error == ERR_OK)
        error = write_whole(&writer, caller->fd, until_ms);
    buffer_fini(&writer.bytes);
    return error;
}

static void caller_close(struct carrier *carrier)
{
    struct caller *caller = (struct caller *)carrier;
    lan_close(&caller->fd);
    free(caller);
}

static const struct carrier_ops caller_ops = {
    .take = caller_take, .give = caller_give, .close = caller_close, .answers = true};

enum err lan_call(struct carrier **out, const char *address, uint64_t timeout_ms)
{
    struct addrinfo *where = NULL;
    TRY(lan_resolve(&where, address, false));
    freeaddrinfo(where);
    struct caller *caller = calloc(1, sizeof *caller);
    if (caller == NULL)
        return ERR_MEMORY;
    caller->carrier.ops = &caller_ops;
    caller->fd = -1;
    caller->timeout_ms = timeout_ms;
    memcpy(caller->address, address, strlen(address) + 1); /* the resolver has seen its size */
    *out = &caller->carrier;
    return ERR_OK;
}
