/* Payments whose signature was verified lately: the same bytes are not verified twice.
 *
 * By payment id and signature, compared whole. The id binds the network, the payload and with it
 * the coin, whose id binds its owner: so nothing else can be proved under the same pair. Bounded;
 * safe from several threads; forgetting costs time and changes no answer. */
#ifndef DCEP_CENTRAL_SERVE_PROVEN_H
#define DCEP_CENTRAL_SERVE_PROVEN_H

#include "common/money/packet.h"

enum { SERVE_PROVEN_MAX = 64 * 1024 }; /* 6 MiB: what a register settles in some seconds */

struct serve_proven;
enum err serve_proven_open(struct serve_proven **out) MUST_USE;
void serve_proven_close(struct serve_proven **proven); /* fit for AUTO */
/* What packet_prove asks and tells; borrows proven. */
struct packet_proven serve_proven_memory(struct serve_proven *proven);

#endif
