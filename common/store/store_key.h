/* Keys as bytes: integers big-endian with the sign bit flipped, a nullable field led by 0 or 1, a
 * text by its size. memcmp is then the order of the values, and a prefix of fields is a prefix of
 * bytes. Private to common/store.
 */
#ifndef DCEP_COMMON_STORE_STORE_KEY_H
#define DCEP_COMMON_STORE_STORE_KEY_H

#include "common/store/store.h"

/* Each writes to at unless it is NULL, and returns the size either way. */
size_t store_key_integer(uint8_t *at, int64_t number);
int64_t store_key_read_integer(const uint8_t *at);
size_t store_key_bytes(uint8_t *at, struct span bytes);
size_t store_key_primary(uint8_t *at, const struct table *table, const void *value);
/* Of a field that a cluster's key may have (table.h). */
size_t store_key_field_size(const struct field *field);
/* The fields that a query holds equal. */
size_t store_key_prefix(uint8_t *at, const struct store_query *query, const void *value);

/* Of a cluster's (key, part): the key's bytes, and one. */
size_t store_key_size(const struct table *table);

#endif
