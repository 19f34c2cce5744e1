/* News beside a message (bundles, sightings), and the register's word on lost wallets (holdings,
 * refunds). */
#include "tests/support/raw.h"
#include "tests/vectors/vector.h"

/* --- bundles --- */

static void write_plain(struct scene *s, const char *name, const char *why, enum kind kind,
                        struct span bytes, bool is_wrapped, enum status verdict)
{
    const struct vector vector = {.name = name,
                                  .why = why,
                                  .kind = kind,
                                  .bytes = bytes,
                                  .is_wrapped = is_wrapped,
                                  .verdict = verdict};
    vector_write(&s->world, &vector);
}

static struct span wrapped(struct scene *s, enum kind kind, struct span body)
{
    struct buffer out = {0};
    CHECK(wire_wrap(&out, WORLD_NETWORK, kind, body) == ERR_OK);
    return raw_keep(&s->world, &out);
}

static struct span invoice_of(struct scene *s)
{
    struct buffer out = {0};
    const struct invoice invoice = {.request = s->request.cose,
                                    .has_certificate = true,
                                    .certificate = s->shop.certificate_cose};
    CHECK(invoice_encode(&out, &invoice) == ERR_OK);
    return wrapped(s, KIND_INVOICE, raw_keep(&s->world, &out));
}

/* So many messages, all of these bytes. */
static struct span same_messages(struct scene *s, size_t count, struct span message)
{
    struct buffer out = {0};
    raw_head(&out, RAW_ARRAY, 1);
    raw_head(&out, RAW_ARRAY, count);
    for (size_t i = 0; i < count; i++)
        raw_bytes(&out, message);
    return raw_keep(&s->world, &out);
}

static void write_bundles(struct scene *s)
{
    struct encoded_message messages[] = {
        {invoice_of(s)},
        {wrapped(s, KIND_DIRECTORY, world_bytes(&s->world, &s->world.directory_cose))}};
    const struct bundle bundle = {.messages = {messages, 2}};
    struct buffer out = {0};
    CHECK(bundle_encode(&out, &bundle) == ERR_OK);
    const struct span good = raw_keep(&s->world, &out);
    const struct span byte = span_of("", 1);
    write_plain(s, "bundle-ok", "a request, and the newest directory beside it", KIND_BUNDLE,
                wrapped(s, KIND_BUNDLE, good), true, STATUS_OK);
    write_plain(s, "bundle-16-ok", "as many messages as there may be; what each is, is not judged",
                KIND_BUNDLE, same_messages(s, 16, byte), false, STATUS_OK);
    write_plain(s, "bundle-17", "one message more", KIND_BUNDLE, same_messages(s, 17, byte), false,
                STATUS_LIMIT);
    write_plain(s, "bundle-alone", "a message with nothing beside it is no bundle", KIND_BUNDLE,
                same_messages(s, 1, messages[0].bytes), false, STATUS_PARSE);
    write_plain(s, "bundle-nothing", "two messages of no bytes", KIND_BUNDLE,
                same_messages(s, 2, span_of("", 0)), false, STATUS_PARSE);
    write_plain(s, "bundle-cut", "the last byte is missing", KIND_BUNDLE,
                span_of(good.data, good.size - 1), false, STATUS_PARSE);
}

/* --- sightings --- */

static struct span sightings(struct scene *s, uint64_t version, size_t salt_size, size_t tags_size)
{
    static uint8_t tags[8193];
    struct buffer out = {0};
    for (size_t i = 0; i < tags_size; i++)
        tags[i] = (uint8_t)(i % 8 == 1 ? i / 8 : i % 8 == 0 ? i / 8 / 256 : 7); /* ascending */
    raw_head(&out, RAW_ARRAY, 3);
    raw_head(&out, RAW_UINT, version);
    raw_bytes(&out, span_of("0123456789abcdef", salt_size));
    raw_bytes(&out, span_of(tags, tags_size));
    return raw_keep(&s->world, &out);
}

static void write_sightings(struct scene *s)
{
    static const struct {
        const char *name, *why;
        uint64_t version;
        size_t salt_size, tags_size;
        enum status verdict;
    } rows[] = {
        {"sightings-ok", "sixteen tags, ascending", 1, 16, 128, STATUS_OK},
        {"sightings-none-ok", "a salt and no tag", 1, 16, 0, STATUS_OK},
        {"sightings-1024-ok", "as many tags as there may be", 1, 16, 8192, STATUS_OK},
        {"sightings-odd-size-ok", "no whole number of tags: the record is good, 9.6 ignores it", 1,
         16, 127, STATUS_OK},
        {"sightings-too-many", "one byte more", 1, 16, 8193, STATUS_LIMIT},
        {"sightings-salt", "a salt of 15 bytes", 1, 15, 128, STATUS_PARSE},
        {"sightings-version", "a version that nobody knows", 2, 16, 128, STATUS_VERSION},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        write_plain(s, rows[i].name, rows[i].why, KIND_SIGHTINGS,
                    sightings(s, rows[i].version, rows[i].salt_size, rows[i].tags_size), false,
                    rows[i].verdict);
}

/* --- the register's word --- */

static void write_word(struct scene *s, const char *name, const char *why, enum kind kind,
                       const struct cose *cose, enum status verdict)
{
    const struct vector vector = {.name = name,
                                  .why = why,
                                  .kind = kind,
                                  .bytes = world_bytes(&s->world, cose),
                                  .signer = &s->world.register_key.public_key,
                                  .verdict = verdict};
    vector_write(&s->world, &vector);
}

static void write_holdings(struct scene *s)
{
    struct held_coin coins[] = {{.key_index = 0,
                                 .state = 1,
                                 .serial = s->first.serial,
                                 .coin_id = s->first.coin_id,
                                 .amount = s->first.amount,
                                 .redeem_by_day = 20000},
                                {.key_index = 63,
                                 .state = 3,
                                 .serial = s->second.serial,
                                 .coin_id = s->second.coin_id,
                                 .amount = s->second.amount,
                                 .redeem_by_day = 20000,
                                 .has_purpose = true,
                                 .purpose = 7}};
    const struct holdings value = {.question_id = world_hash("a question"),
                                   .coins = {coins, 2},
                                   .more = 1,
                                   .made_at = WORLD_NOW};
    struct world *w = &s->world;
    struct cose cose = world_sign(w, KIND_HOLDINGS, &value, &w->register_key);
    write_word(s, "holdings-ok", "an unspent coin of one key, an orphan of another; there are more",
               KIND_HOLDINGS, &cose, STATUS_OK);
    cose = world_sign(w, KIND_HOLDINGS, &value, &w->issuing);
    write_word(s, "holdings-by-the-issuing-key", "not the register's signature", KIND_HOLDINGS,
               &cose, STATUS_SIGNATURE);
}

static void write_refunds(struct scene *s)
{
    struct refund_result results[] = {
        {.status = STATUS_OK,
         .redeem_by_day = 20000,
         .has_token_coin_id = true,
         .token_coin_id = s->first.coin_id},
        {.status = STATUS_OK, .redeem_by_day = 20000}, /* claimed */
        {.status = STATUS_EARLY, .redeem_by_day = 20001},
        {.status = STATUS_FORBIDDEN},
    };
    struct refunds value = {
        .question_id = world_hash("a question"), .results = {results, 4}, .made_at = WORLD_NOW};
    struct world *w = &s->world;
    struct cose cose = world_sign(w, KIND_REFUNDS, &value, &w->register_key);
    write_word(s, "refunds-ok", "minted anew, claimed, too early, another bank's", KIND_REFUNDS,
               &cose, STATUS_OK);
    write_word(s, "refunds-as-holdings", "the same bytes under the name of another answer",
               KIND_HOLDINGS, &cose, STATUS_PARSE);
    cose = world_sign(w, KIND_REFUNDS, &value, &w->banks[0].bank_key);
    write_word(s, "refunds-by-a-bank", "not the register's signature", KIND_REFUNDS, &cose,
               STATUS_SIGNATURE);
    cose = raw_sign(w, KIND_REFUNDS, span_of("\x84\x01\x40\x80\x00", 5), &w->register_key);
    write_word(s, "refunds-question", "the answer to no question", KIND_REFUNDS, &cose,
               STATUS_PARSE);
}

void news_vectors(void)
{
    struct scene s AUTO(scene_close);
    scene_open(&s);
    write_bundles(&s);
    write_sightings(&s);
    write_holdings(&s);
    write_refunds(&s);
}
