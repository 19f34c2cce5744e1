/* By which addresses a neighbour can call: of this machine's interfaces, and of invented ones. */
#include "wallet/carriers/lan.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *host;
    unsigned flags;
    const char *expected, *expected_ipv4; /* NULL: left out */
};

static const struct row rows[] = {
    {"127.0.0.1", IFF_UP | IFF_LOOPBACK, NULL, NULL},
    {"192.168.1.7", IFF_UP, "192.168.1.7:7200", "192.168.1.7:7200"},
    {"10.0.0.4", 0, NULL, NULL}, /* the cable is out */
    {"::1", IFF_UP | IFF_LOOPBACK, NULL, NULL},
    {"fe80::1", IFF_UP, NULL, NULL}, /* of the link alone */
    {"fd00::2", IFF_UP, "[fd00::2]:7200", NULL},
    {NULL, IFF_UP, NULL, NULL}, /* an interface without an address */
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static struct sockaddr *make_address(struct sockaddr_storage *room, const char *host)
{
    struct sockaddr_in *four = (struct sockaddr_in *)room;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)room;
    if (host == NULL)
        return NULL;
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1)
        four->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1)
        six->sin6_family = AF_INET6;
    return (struct sockaddr *)room;
}

static void pick(bool ipv4_only)
{
    struct ifaddrs all[ROWS] = {0};
    struct sockaddr_storage rooms[ROWS] = {0};
    char picked[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE];
    for (size_t i = 0; i < ROWS; i++)
        all[i] = (struct ifaddrs){.ifa_next = i + 1 < ROWS ? &all[i + 1] : NULL,
                                  .ifa_flags = rows[i].flags,
                                  .ifa_addr = make_address(&rooms[i], rows[i].host)};
    const size_t count = lan_addresses_pick(picked, all, "7200", ipv4_only);
    size_t at = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const char *expected = ipv4_only ? rows[i].expected_ipv4 : rows[i].expected;
        if (expected == NULL)
            continue;
        cr_expect(at < count && strcmp(picked[at], expected) == 0, "%s", expected);
        at++;
    }
    cr_expect_eq(count, at);
}

Test(lan_address, neighbours)
{
    pick(false);
    pick(true);
}

Test(lan_address, as_many_as_there_is_room_for)
{
    struct ifaddrs all[LAN_ADDRESSES_MAX + 2] = {0};
    struct sockaddr_storage room = {0};
    char picked[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE];
    for (size_t i = 0; i < LAN_ADDRESSES_MAX + 2; i++)
        all[i] = (struct ifaddrs){.ifa_next = i <= LAN_ADDRESSES_MAX ? &all[i + 1] : NULL,
                                  .ifa_flags = IFF_UP,
                                  .ifa_addr = make_address(&room, "192.168.1.7")};
    cr_expect_eq(lan_addresses_pick(picked, all, "1", false), LAN_ADDRESSES_MAX);
}

/* What is told is where somebody can call. */
Test(lan_address, of_a_listener)
{
    static const char *const at[] = {"127.0.0.1:0", "0.0.0.0:0", "[::]:0"};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        struct carrier *listener AUTO(carrier_close) = NULL;
        char told[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE];
        if (lan_listen(&listener, at[i], 1000) != ERR_OK && i == 2)
            continue; /* no IPv6 here */
        const size_t count = lan_listen_addresses(told, listener);
        cr_assert(count >= 1 && (i > 0 || count == 1));
        for (size_t j = 0; j < count; j++) {
            cr_expect(strncmp(told[j], "0.0.0.0:", 8) != 0 && strncmp(told[j], "[::]:", 5) != 0);
            cr_expect_eq(strcmp(strrchr(told[j], ':'), strrchr(lan_listen_address(listener), ':')),
                         0);
        }
    }
}
