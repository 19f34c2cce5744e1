/* X.509 certificates of the transport (not of the money): P-256, made with libcrypto.
 *
 * Central <-> bank: the central bank runs a small CA; both sides present certificates of it.
 * Wallet <-> bank: the bank's server certificate is self-signed and pinned by the join file.
 * Every server certificate bears its DNS name as subjectAltName and CN (mbedTLS 2.28 refuses IP
 * names).
 */
#ifndef DCEP_COMMON_CRYPTO_TLS_CERTIFICATE_H
#define DCEP_COMMON_CRYPTO_TLS_CERTIFICATE_H

#include "common/base/secret.h"
#include "common/base/span.h"

enum { TLS_PEM_SIZE_MAX = 4096, TLS_NAME_SIZE_MAX = 63 };

/* A TLS key in PEM (PKCS#8, unencrypted in memory; sealed on disk by keyfile_seal_bytes). */
enum err tls_key_generate(struct secret *key_pem) MUST_USE;
enum err tls_key_public(struct buffer *public_pem, struct span key_pem) MUST_USE;

struct tls_certificate_spec {
    const char *name;  /* DNS name: [a-z0-9.-]{1,63}; ERR_PARSE otherwise */
    bool is_authority; /* CA:TRUE, keyCertSign; else serverAuth + clientAuth */
    uint64_t not_before_s, not_after_s;
};
/* Self-signed (authority or pinned server certificate). PEM appended to out. */
enum err tls_certificate_self(struct buffer *out, struct span key_pem,
                              const struct tls_certificate_spec *spec) MUST_USE;
/* Issued by an authority for a subject's public key. ERR_KIND: the authority is none, the key is
 * not its key, or spec asks for another authority (there is one level). */
enum err tls_certificate_issue(struct buffer *out, struct span authority_pem,
                               struct span authority_key_pem, struct span subject_public_pem,
                               const struct tls_certificate_spec *spec) MUST_USE;
/* What status prints: name and validity. ERR_PARSE. */
struct tls_certificate_facts {
    char name[TLS_NAME_SIZE_MAX + 1];
    uint64_t not_before_s, not_after_s;
    struct id fingerprint; /* SHA-256 of the DER */
};
enum err tls_certificate_read(struct tls_certificate_facts *out, struct span pem) MUST_USE;

#endif
