/* A TPM's statement, read (contract in element.h).
 *
 * 1. The name in the statement is recomputed from the public area beside it: whoever changes one
 *    changes both, and the name is what the element signed.
 * 2. The area must say that the key was born inside, is tied to its element, and signs. */
#include "common/money/element.h"

#include <string.h>
#include <tss2/tss2_mu.h>

struct id element_qualifier(const char *network, const struct public_key *key)
{
    return record_id(network, KIND_CERTIFICATE_REQUEST, SPAN(*key));
}

static bool is_coordinate(const TPM2B_ECC_PARAMETER *number, const uint8_t *expected)
{
    static const uint8_t zeros[32];
    return number->size <= 32 && memcmp(zeros, expected, 32u - number->size) == 0 &&
           memcmp(number->buffer, expected + 32 - number->size, number->size) == 0;
}

/* x and the parity of y: the whole of a compressed point. */
static bool is_point(const TPMS_ECC_POINT *point, const struct public_key *key)
{
    return point->y.size > 0 && point->y.size <= 32 && is_coordinate(&point->x, key->bytes + 1) &&
           key->bytes[0] == ((point->y.buffer[point->y.size - 1] & 1) != 0 ? 3 : 2);
}

static bool is_area_of(struct span area, const struct public_key *key)
{
    const TPMA_OBJECT needed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                               TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_SIGN_ENCRYPT;
    TPMT_PUBLIC read = {0};
    size_t used = 0;
    return Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.size, &used, &read) == TSS2_RC_SUCCESS &&
           used == area.size && read.type == TPM2_ALG_ECC && read.nameAlg == TPM2_ALG_SHA256 &&
           (read.objectAttributes & needed) == needed &&
           (read.objectAttributes & (TPMA_OBJECT_DECRYPT | TPMA_OBJECT_RESTRICTED)) == 0 &&
           read.parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 &&
           is_point(&read.unique.ecc, key);
}

/* A name: the algorithm's number, then the hash of the area (part 1, section 16). */
static bool is_name_of(const TPM2B_NAME *name, struct span area)
{
    const struct id hash = crypto_hash(&area, 1);
    const uint8_t algorithm[2] = {TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 & 0xff};
    return name->size == sizeof algorithm + ID_SIZE &&
           memcmp(name->name, algorithm, sizeof algorithm) == 0 &&
           memcmp(name->name + sizeof algorithm, hash.bytes, ID_SIZE) == 0;
}

static bool is_statement_of(struct span statement, struct span area, const struct id *qualifier)
{
    TPMS_ATTEST read = {0};
    size_t used = 0;
    return Tss2_MU_TPMS_ATTEST_Unmarshal(statement.data, statement.size, &used, &read) ==
               TSS2_RC_SUCCESS &&
           used == statement.size && read.magic == TPM2_GENERATED_VALUE &&
           read.type == TPM2_ST_ATTEST_CERTIFY && read.extraData.size == ID_SIZE &&
           memcmp(read.extraData.buffer, qualifier->bytes, ID_SIZE) == 0 &&
           is_name_of(&read.attested.certify.name, area);
}

enum status element_verify(struct public_key *attestor, const char *network,
                           const struct certificate_request *request, struct arena *arena)
{
    struct element_statement read = {0};
    struct signature signature;
    const struct id qualifier = element_qualifier(network, &request->new_key);
    if (!request->has_element)
        return STATUS_ELEMENT;
    const enum err decoded = element_statement_decode(&read, request->element, arena);
    if (decoded != ERR_OK)
        return record_status(decoded);
    if (!is_area_of(read.public_area, &request->new_key) ||
        !is_statement_of(read.statement, read.public_area, &qualifier))
        return STATUS_ELEMENT;
    memcpy(signature.bytes, read.signature.data, sizeof signature.bytes);
    *attestor = read.attestor_key;
    return record_status(crypto()->verify(&read.attestor_key, read.statement, &signature));
}
