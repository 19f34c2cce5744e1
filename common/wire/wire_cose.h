/* A COSE_Sign1 amid other items: what the decoder of records needs of wire_cose.c. Of this room
 * only. */
#ifndef DCEP_COMMON_WIRE_WIRE_COSE_H
#define DCEP_COMMON_WIRE_WIRE_COSE_H

#include "common/wire/schema.h"

/* Reads one at the start of rest, which item_scan has seen, and steps over it. ERR_PARSE. */
enum err wire_take_cose(struct cose *out, struct span *rest) MUST_USE;

#endif
