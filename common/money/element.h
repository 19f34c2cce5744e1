/* A secure element's word on a key: that the element made it and never gives it out
 * (docs/PROTOCOL.md section 4, element_statement; TCG TPM 2.0 Library part 2, TPMS_ATTEST; part 3,
 * TPM2_Certify). Pure.
 *
 * What it does not say: that the element is a genuine one. The attestor key stands for the element;
 * a bank takes it from a device that it has seen (docs/adr/0032-secure-element.md). */
#ifndef DCEP_COMMON_MONEY_ELEMENT_H
#define DCEP_COMMON_MONEY_ELEMENT_H

#include "common/money/record.h"

/* What the statement is about, beside the key itself: this network's certificate request for it. */
struct id element_qualifier(const char *network, const struct public_key *key);

/* The statement in a request with holder 1; *attestor: who says so. STATUS_OK; the form statuses;
 * STATUS_ELEMENT if it is missing, says something else or speaks of another key;
 * STATUS_SIGNATURE, STATUS_POINT. */
enum status element_verify(struct public_key *attestor, const char *network,
                           const struct certificate_request *request, struct arena *arena);

#endif
