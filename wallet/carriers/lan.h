/* From hand to hand over a network that both wallets are in: one listens, the other calls. No bank,
 * no server, no secrecy: what is carried is signed (docs/PROTOCOL.md section 9.8, docs/adr/0022).
 *
 * On the link: the listener sends what it offers, as soon as somebody calls; the caller may send a
 * message; the listener answers it; an empty message from the caller says that the answer is kept.
 * A message is the four letters "dcep", its size in four bytes, most significant first, then its
 * bytes. An empty answer means: not taken.
 *
 * 1. Nobody who calls can keep another waiting: all are served at once, each within its own time,
 *    and when there is no room the one that came first gives way.
 * 2. Memory is taken as bytes arrive, for LAN_PEERS_MAX messages at most. */
#ifndef DCEP_WALLET_CARRIERS_LAN_H
#define DCEP_WALLET_CARRIERS_LAN_H

#include "wallet/carriers/carrier.h"

#include <stddef.h>

enum {
    LAN_PEERS_MAX = 16,
    LAN_PEER_MS = 15000, /* from the call to the whole message, and for the answer once more */
    LAN_HEAD_SIZE = 8,
    LAN_ADDRESS_SIZE = 300,
    LAN_ADDRESSES_MAX = 8,
};

/* --- listening ---
 *   give   before a message was taken: the offer, to all who call. Afterwards: the answer to the
 *          message taken last; empty: not taken
 *   take   a message from anybody. ERR_TIMEOUT: nobody came in time. While lingering ERR_MISSING:
 *          whoever was answered has the answer
 * address: "HOST:PORT", "[::1]:PORT"; port 0: the system chooses. ERR_PARSE: no such address;
 * ERR_LOCKED: somebody listens there; ERR_UNREACHABLE: the address is not this machine's. */
enum err lan_listen(struct carrier **out, const char *address, uint64_t timeout_ms) MUST_USE;
const char *lan_listen_address(const struct carrier *carrier);     /* with the port that it got */
void lan_listen_for(struct carrier *carrier, uint64_t timeout_ms); /* from now on, instead */
/* What a neighbour can write: the address itself, or, where it stands for all of this machine's
 * (0.0.0.0, ::), those of them that lead here from outside; 127.0.0.1 if none does. */
size_t lan_listen_addresses(char out[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE],
                            const struct carrier *carrier);
/* After an answer: wait for a word that it arrived, and serve whoever asks again. */
void lan_listen_linger(struct carrier *carrier, uint64_t timeout_ms);

/* --- calling ---
 *   take   before anything was given: what the other side offers (a call of its own, so that
 *          nobody is kept on the line while a person thinks). Afterwards: the answer
 *   give   a message, on a new call; empty: the answer is kept
 * Each is over within timeout_ms. ERR_UNREACHABLE, ERR_TIMEOUT; ERR_PARSE: no wallet of ours is
 * there; ERR_LIMIT: it says more than a file may hold. */
enum err lan_call(struct carrier **out, const char *address, uint64_t timeout_ms) MUST_USE;

/* --- inside: used by the other files of this module --- */
struct lan_reader { /* one message coming in; zeroed = nothing yet */
    uint8_t head[LAN_HEAD_SIZE];
    size_t got;  /* of the head */
    size_t size; /* of the message, once the head is there */
    struct buffer bytes;
};
/* Takes what is there. ERR_UNREACHABLE: closed; ERR_PARSE, ERR_LIMIT: no message of ours. */
enum err lan_read(struct lan_reader *reader, bool *whole, int fd) MUST_USE;
void lan_reader_fini(struct lan_reader *reader); /* and zeroed again */
struct lan_writer {                              /* one message going out */
    struct buffer bytes;
    size_t sent;
};
enum err lan_writer_set(struct lan_writer *writer, struct span message) MUST_USE;
enum err lan_write(struct lan_writer *writer, bool *whole, int fd) MUST_USE;

struct ifaddrs;
/* Of the machine's addresses those that a neighbour can write, with this port. ipv4_only: nobody
 * can call the others. */
size_t lan_addresses_pick(char out[LAN_ADDRESSES_MAX][LAN_ADDRESS_SIZE], const struct ifaddrs *all,
                          const char *port, bool ipv4_only);
enum err lan_address_name(char address[LAN_ADDRESS_SIZE], int fd) MUST_USE;

struct addrinfo;
enum err lan_resolve(struct addrinfo **out, const char *address, bool to_listen) MUST_USE;
void lan_close(int *fd); /* fit for AUTO; -1: nothing */

#endif
