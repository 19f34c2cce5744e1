/* What needs no particular transport: calls through the client's operations, a free port.
 *
 * 1. A request beyond NET_SIZE_MAX never reaches a transport.
 */
#include "common/net/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum err net_call(struct net_client *client, struct buffer *reply, struct span request,
                  uint64_t timeout_ms)
{
    if (request.size > NET_SIZE_MAX)
        return ERR_LIMIT;
    return client->ops->call(client, reply, request,
                             timeout_ms == 0 ? NET_TIMEOUT_DEFAULT_MS : timeout_ms);
}

enum err net_client_connect(struct net_client *client, uint64_t timeout_ms)
{
    if (client->ops->connect == NULL)
        return ERR_OK;
    return client->ops->connect(client, timeout_ms == 0 ? NET_TIMEOUT_DEFAULT_MS : timeout_ms);
}

void net_client_close(struct net_client **client)
{
    if (*client == NULL)
        return;
    struct net_client *taken = TAKE(*client);
    taken->ops->close(taken);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* The port may be taken again before the caller listens on it; the caller then sees ERR_LOCKED. */
enum err net_free_port(uint16_t *port)
{
    int fd AUTO(close_fd) = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return ERR_IO;
    *port = ntohs(address.sin_port);
    return ERR_OK;
}
