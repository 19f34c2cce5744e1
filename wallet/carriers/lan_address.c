/* By which addresses others reach the end that listens (contract in lan.h). */
#include "wallet/carriers/lan.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { HOST_SIZE = 64, SERVICE_SIZE = 8 };

static bool write_address(char address[LAN_ADDRESS_SIZE], const struct sockaddr *name,
                          socklen_t size, const char *port)
{
    char host[HOST_SIZE], service[SERVICE_SIZE];
    if (getnameinfo(name, size, host, sizeof host, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    const char *form = strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s";
    (void)snprintf(address, LAN_ADDRESS_SIZE, form, host, port != NULL ? port : service);
    return true;
}

enum err lan_address_name(char address[LAN_ADDRESS_SIZE], int fd)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0 ||
        !write_address(address, (struct sockaddr *)&name, size, NULL))
        return ERR_IO;
    return ERR_OK;
}

/* An address of the link alone (fe80::) means another interface on the neighbour's side. */
static bool is_for_neighbours(const struct ifaddrs *one, bool ipv4_only)
{
    if (one->ifa_addr == NULL || (one->ifa_flags & IFF_UP) == 0 ||
        (one->ifa_flags & IFF_LOOPBACK) != 0)
        return false;
    if (one->ifa_addr->sa_family == AF_INET)
        return true;
    return one->ifa_addr->sa_family == AF_INET6 && !ipv4_only &&
           !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)one->ifa_addr)->sin6_addr);
}

size_t lan_addresses_pick(char out[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE], const struct ifaddrs *all,
                          const char *port, bool ipv4_only)
{
    size_t count = 0;
    for (; all != NULL && count < LAN_ADDRESSES_MAX; all = all->ifa_next) {
        if (!is_for_neighbours(all, ipv4_only))
            continue;
        const socklen_t size = all->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                   : sizeof(struct sockaddr_in6);
        if (write_address(out[count], all->ifa_addr, size, port))
            count++;
    }
    return count;
}

size_t lan_listen_addresses(char out[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE],
                            const struct carrier *carrier)
{
    static const char every_ipv4[] = "0.0.0.0:", every[] = "[::]:";
    const char *address = lan_listen_address(carrier), *port = strrchr(address, ':') + 1;
    const bool ipv4_only = strncmp(address, every_ipv4, sizeof every_ipv4 - 1) == 0;
    struct ifaddrs *all = NULL;
    (void)snprintf(out[0], LAN_ADDRESS_SIZE, "%s", address);
    if (!ipv4_only && strncmp(address, every, sizeof every - 1) != 0)
        return 1;
    (void)snprintf(out[0], LAN_ADDRESS_SIZE, "127.0.0.1:%s", port);
    if (getifaddrs(&all) != 0)
        return 1;
    const size_t count = lan_addresses_pick(out, all, port, ipv4_only);
    freeifaddrs(all);
    return count > 0 ? count : 1;
}
