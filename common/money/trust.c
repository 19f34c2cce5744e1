/* What a verifier believes, opened from signed bytes (contract in trust.h).
 *
 * 1. A directory is believed whole or not at all: its signature, every bank certificate in it,
 * every key.
 * 2. No key serves two purposes: a bank can't sign tokens with a key that certifies its customers.
 * 3. A revocation list replaces the one held only if its version is not lower; until then trust is
 * unchanged.
 * 4. The bank that a certificate names is the bank whose key must have signed it.
 *
 * Never looks at a date: that is policy, judged where the clock is passed in (packet_accept). */
#include "common/money/trust.h"

#include <stdlib.h>
#include <string.h>

/* --- the directory --- */

static enum err open_bank(struct trust_bank *out, const struct trust *trust,
                          const struct cose *cose, struct arena *arena)
{
    out->cose = *cose;
    TRY(record_open(&out->certificate, trust->network, KIND_BANK_CERTIFICATE, cose,
                    &trust->root_key, arena));
    out->bank_key_id = crypto_key_id(&out->certificate.bank_key);
    return ERR_OK;
}

static enum err open_banks(struct trust *trust, struct arena *arena)
{
    const struct signed_item_list *list = &trust->directory.bank_certificates;
    void *banks;
    TRY(arena_alloc(arena, &banks, list->count, sizeof *trust->banks));
    trust->banks = banks;
    trust->bank_count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        TRY(open_bank(&trust->banks[i], trust, &list->items[i].record, arena));
        if (i > 0 && trust->banks[i - 1].certificate.bank_id >= trust->banks[i].certificate.bank_id)
            return ERR_CANONICAL;
    }
    return ERR_OK;
}

static enum err name_issuing_keys(struct trust *trust, struct arena *arena)
{
    const struct key_item_list *list = &trust->directory.issuing_keys;
    void *ids;
    TRY(arena_alloc(arena, &ids, list->count, sizeof *trust->issuing_key_ids));
    trust->issuing_key_ids = ids;
    for (size_t i = 0; i < list->count; i++)
        trust->issuing_key_ids[i] = crypto_key_id(&list->items[i].key);
    return ERR_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct public_key));
}

/* Every key of the directory, the root's too, into keys: how many. */
static size_t gather_keys(struct public_key *keys, const struct trust *trust)
{
    const struct directory *directory = &trust->directory;
    size_t count = 0;
    keys[count++] = trust->root_key;
    keys[count++] = directory->register_key;
    keys[count++] = directory->revocation_key;
    for (size_t i = 0; i < directory->issuing_keys.count; i++)
        keys[count++] = directory->issuing_keys.items[i].key;
    for (size_t i = 0; i < trust->bank_count; i++) {
        keys[count++] = trust->banks[i].certificate.bank_key;
        keys[count++] = trust->banks[i].certificate.vault_key;
    }
    return count;
}

static enum err check_keys(const struct trust *trust, struct arena *arena)
{
    size_t count = 3 + trust->directory.issuing_keys.count + 2 * trust->bank_count;
    void *memory;
    TRY(arena_alloc(arena, &memory, count, sizeof(struct public_key)));
    struct public_key *keys = memory;
    CHECK(gather_keys(keys, trust) == count);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        TRY(crypto()->key_check(&keys[i]));
        if (i > 0 && key_equal(&keys[i - 1], &keys[i]))
            return ERR_RANGE;
    }
    return ERR_OK;
}

static enum err open_directory(struct trust *trust, const struct cose *cose, struct arena *arena)
{
    TRY(crypto()->key_check(&trust->root_key));
    TRY(record_open(&trust->directory, trust->network, KIND_DIRECTORY, cose, &trust->root_key,
                    arena));
    TRY(open_banks(trust, arena));
    TRY(name_issuing_keys(trust, arena));
    return check_keys(trust, arena);
}

enum err trust_open(struct trust *out, const char *network, const struct public_key *root_key,
                    const struct cose *directory, struct arena *arena)
{
    CHECK(wire_network_valid(network));
    memset(out, 0, sizeof *out);
    memcpy(out->network, network, strlen(network));
    out->root_key = *root_key;
    enum err error = open_directory(out, directory, arena);
    if (error != ERR_OK)
        memset(out, 0, sizeof *out);
    return error;
}

/* --- the revocation list --- */

enum err trust_set_revocations(struct trust *trust, const struct cose *revocations,
                               struct arena *arena)
{
    struct revocations list;
    void *memory;
    TRY(record_open(&list, trust->network, KIND_REVOCATIONS, revocations,
                    &trust->directory.revocation_key, arena));
    TRY(arena_alloc(arena, &memory, list.entries.count, sizeof(struct key_id)));
    struct key_id *ids = memory;
    for (size_t i = 0; i < list.entries.count; i++) {
        ids[i] = list.entries.items[i].key_id;
        if (i > 0 && span_compare(SPAN(ids[i - 1]), SPAN(ids[i])) >= 0)
            return ERR_CANONICAL;
    }
    if (list.version < trust->revocations.version)
        return ERR_VERSION;
    trust->revocations = list;
    trust->revoked = ids;
    return ERR_OK;
}

static int compare_key_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct key_id));
}

bool trust_key_id_is_revoked(const struct trust *trust, const struct key_id *id)
{
    size_t count = trust->revocations.entries.count;
    return count > 0 &&
           bsearch(id, trust->revoked, count, sizeof *trust->revoked, compare_key_ids) != NULL;
}

bool trust_is_revoked(const struct trust *trust, const struct public_key *key)
{
    struct key_id id = crypto_key_id(key);
    return trust_key_id_is_revoked(trust, &id);
}

/* --- looking things up --- */

const struct trust_bank *trust_bank(const struct trust *trust, uint64_t bank_id)
{
    for (size_t i = 0; i < trust->bank_count; i++)
        if (trust->banks[i].certificate.bank_id == bank_id)
            return &trust->banks[i];
    return NULL;
}

const struct trust_bank *trust_vault(const struct trust *trust, const struct public_key *key)
{
    for (size_t i = 0; i < trust->bank_count; i++)
        if (key_equal(&trust->banks[i].certificate.vault_key, key))
            return &trust->banks[i];
    return NULL;
}

const struct public_key *trust_issuing_key(const struct trust *trust, const struct key_id *id)
{
    for (size_t i = 0; i < trust->directory.issuing_keys.count; i++)
        if (span_equal(SPAN(trust->issuing_key_ids[i]), SPAN(*id)))
            return &trust->directory.issuing_keys.items[i].key;
    return NULL;
}

const struct policy *trust_policy(const struct trust *trust)
{
    return &trust->directory.policy;
}

struct trust_offline trust_offline(const struct trust *trust, uint64_t holder)
{
    const struct policy *policy = trust_policy(trust);
    return holder == 1
               ? (struct trust_offline){policy->element_payment_max, policy->element_total_max}
               : (struct trust_offline){policy->offline_payment_max, policy->offline_total_max};
}

uint64_t trust_newest_time(const struct trust *trust)
{
    uint64_t directory = trust->directory.made_at, revocations = trust->revocations.made_at;
    return directory > revocations ? directory : revocations;
}

/* --- records that stand under the directory --- */

enum status trust_certificate(struct wallet_certificate *out, const struct trust *trust,
                              const struct cose *cose, struct arena *arena)
{
    enum status status = record_status(wallet_certificate_decode(out, cose->payload, arena));
    if (status != STATUS_OK)
        return status;
    if (crypto()->key_check(&out->wallet_key) != ERR_OK)
        return STATUS_POINT;
    const struct trust_bank *bank = trust_bank(trust, out->bank_id);
    if (bank == NULL || record_verify(trust->network, KIND_WALLET_CERTIFICATE, cose,
                                      &bank->certificate.bank_key) != ERR_OK)
        return STATUS_CERTIFICATE;
    return STATUS_OK;
}

/* The payee's bank, by its certificate or as a vault: NULL with the status why not. */
static const struct trust_bank *payee_bank(enum status *status, struct wallet_certificate *payee,
                                           const struct trust *trust,
                                           const struct public_key *payee_key,
                                           const struct cose *certificate, struct arena *arena)
{
    const struct trust_bank *bank = NULL;
    *status = STATUS_OK;
    if (certificate == NULL) {
        bank = trust_vault(trust, payee_key);
    } else {
        *status = trust_certificate(payee, trust, certificate, arena);
        if (*status == STATUS_OK && key_equal(&payee->wallet_key, payee_key))
            bank = trust_bank(trust, payee->bank_id);
    }
    if (bank == NULL && *status == STATUS_OK)
        *status = STATUS_CERTIFICATE;
    return bank;
}

enum status trust_request(struct request *out, struct id *request_id,
                          struct wallet_certificate *payee_certificate,
                          const struct trust_bank **bank, const struct trust *trust,
                          const struct cose *request, const struct cose *certificate,
                          struct arena *arena)
{
    enum status payee;
    memset(payee_certificate, 0, sizeof *payee_certificate);
    enum status status = record_status(request_decode(out, request->payload, arena));
    *bank = payee_bank(&payee, payee_certificate, trust, &out->payee_key, certificate, arena);
    status = status_first(status, payee);
    if (status == STATUS_OK &&
        record_verify(trust->network, KIND_REQUEST, request, &out->payee_key) != ERR_OK)
        status = STATUS_SIGNATURE;
    *request_id = record_id(trust->network, KIND_REQUEST, request->payload);
    if (status != STATUS_OK)
        *bank = NULL;
    return status;
}
