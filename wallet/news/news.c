/* News beside a message (contract in news.h). */
#include "wallet/news/news.h"

#include "common/purse/purse_row.h"
#include "wallet/news/fork.h"
#include "wallet/news/sighting.h"
#include "wallet/state/wallet_file.h"

enum { EVIDENCE_MAX = 8 }; /* payments and proofs in one file: each costs verifications */

bool news_is_news(enum kind kind)
{
    return kind == KIND_DIRECTORY || kind == KIND_REVOCATIONS || kind == KIND_PROOF ||
           kind == KIND_PAYMENT || kind == KIND_SIGHTINGS;
}

/* --- hearing: what is in the file --- */

/* What came, one of each but evidence; a second one is ignored. */
struct heard {
    struct span messages[BUNDLE_MESSAGES_MAX];
    size_t count;
    bool has_directory, has_revocations, has_sightings;
    struct cose directory, revocations;
    struct sightings sightings;
    struct span proofs[EVIDENCE_MAX];
    struct cose payments[EVIDENCE_MAX];
    size_t proof_count, payment_count;
    struct news_answers *answers;
};

/* The first message of a bundle is what the file is about; a file of news alone is all news. */
static enum err open_file(struct wallet *wallet, struct heard *heard, struct span *message,
                          struct span file, struct arena *arena)
{
    struct span body = {0};
    struct bundle bundle = {0};
    struct wire_wrapper first = {0};
    size_t from = 0;
    heard->messages[0] = file;
    heard->count = 1;
    *message = file;
    if (file.size > FILE_SIZE_MAX)
        return ERR_LIMIT;
    TRY(wire_unwrap(&first, file));
    if (first.kind == KIND_BUNDLE) {
        TRY(wire_unwrap_expect(&body, file, wallet->trust.network, KIND_BUNDLE));
        TRY(bundle_decode(&bundle, body, arena));
        for (size_t i = 0; i < bundle.messages.count; i++)
            heard->messages[i] = bundle.messages.items[i].bytes;
        heard->count = bundle.messages.count;
        *message = heard->messages[0];
        TRY(wire_unwrap(&first, *message));
    }
    if (first.kind == KIND_BUNDLE) { /* one in another */
        *message = file;
        return ERR_KIND;
    }
    if (!news_is_news(first.kind))
        from = 1;
    heard->count -= from;
    for (size_t i = 0; i < heard->count; i++)
        heard->messages[i] = heard->messages[i + from];
    return ERR_OK;
}

static enum err sort_cose(struct heard *heard, enum kind kind, struct span body)
{
    struct cose cose = {0};
    TRY(wire_decode_cose(&cose, body));
    if (kind == KIND_DIRECTORY && !heard->has_directory) {
        heard->has_directory = true;
        heard->directory = cose;
    } else if (kind == KIND_REVOCATIONS && !heard->has_revocations) {
        heard->has_revocations = true;
        heard->revocations = cose;
    } else if (kind == KIND_PAYMENT && heard->payment_count < EVIDENCE_MAX) {
        heard->payments[heard->payment_count++] = cose;
    } else {
        return ERR_LIMIT;
    }
    return ERR_OK;
}

static enum err sort_message(struct wallet *wallet, struct heard *heard, struct span message,
                             struct arena *arena)
{
    struct wire_wrapper wrapper = {0};
    TRY(wire_unwrap(&wrapper, message));
    if (!span_equal(span_text(wrapper.network), span_text(wallet->trust.network)))
        return ERR_NETWORK;
    if (!news_is_news(wrapper.kind))
        return ERR_KIND;
    if (message_kind_signed(wrapper.kind))
        return sort_cose(heard, wrapper.kind, wrapper.body);
    if (wrapper.kind == KIND_SIGHTINGS && !heard->has_sightings) {
        TRY(sightings_decode(&heard->sightings, wrapper.body, arena));
        heard->has_sightings = true;
        return ERR_OK;
    }
    if (wrapper.kind != KIND_PROOF || heard->proof_count == EVIDENCE_MAX)
        return ERR_LIMIT;
    heard->proofs[heard->proof_count++] = wrapper.body;
    return ERR_OK;
}

/* --- hearing: directory and list --- */

/* Only the version is read here: what is not higher than mine is not worth verifying. */
static enum err drop_old(struct wallet *wallet, struct heard *heard, struct arena *arena)
{
    struct directory directory = {0};
    struct revocations list = {0};
    if (heard->has_directory) {
        const enum err read = directory_decode(&directory, heard->directory.payload, arena);
        heard->has_directory =
            read == ERR_OK && directory.version > wallet->trust.directory.version;
        if (read != ERR_OK || directory.version < wallet->trust.directory.version)
            wallet->news.ignored_count++;
    }
    if (heard->has_revocations) {
        const enum err read = revocations_decode(&list, heard->revocations.payload, arena);
        heard->has_revocations = read == ERR_OK && list.version > wallet->trust.revocations.version;
        if (read != ERR_OK || list.version < wallet->trust.revocations.version)
            wallet->news.ignored_count++;
    }
    return ERR_OK;
}

/* True: believed, and kept. */
static enum err try_believe(struct wallet *wallet, bool *believed, const struct cose *directory,
                            const struct cose *revocations)
{
    const enum err error = wallet_believe(wallet, directory, revocations);
    *believed = error == ERR_OK;
    return err_class(error) == ERR_CLASS_MALFORMED ? ERR_OK : error;
}

static enum err believe(struct wallet *wallet, struct heard *heard)
{
    const struct cose *directory = heard->has_directory ? &heard->directory : NULL;
    const struct cose *list = heard->has_revocations ? &heard->revocations : NULL;
    struct wallet_news *news = &wallet->news;
    bool both = false;
    if (directory != NULL && list != NULL) /* a new list may be signed by a new directory's key */
        TRY(try_believe(wallet, &both, directory, list));
    if (both) {
        news->has_new_directory = news->has_new_revocations = true;
        return ERR_OK;
    }
    if (directory != NULL)
        TRY(try_believe(wallet, &news->has_new_directory, directory, NULL));
    if (list != NULL)
        TRY(try_believe(wallet, &news->has_new_revocations, NULL, list));
    if (directory != NULL && !news->has_new_directory)
        news->ignored_count++;
    if (list != NULL && !news->has_new_revocations)
        news->ignored_count++;
    return ERR_OK;
}

/* --- hearing: early warning --- */

/* Evidence that is none is counted; machinery failures are passed on. */
static enum err count_ignored(struct wallet *wallet, enum err error)
{
    if (err_class(error) != ERR_CLASS_MALFORMED)
        return error;
    wallet->news.ignored_count++;
    return ERR_OK;
}

static enum err evidence_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct heard *heard = context;
    for (size_t i = 0; i < heard->proof_count; i++) {
        bool found = false;
        TRY(count_ignored(wallet, fork_hear_proof(wallet, env, &found, heard->proofs[i])));
        wallet->news.fork_count += found;
    }
    for (size_t i = 0; i < heard->payment_count; i++) {
        bool found = false;
        TRY(count_ignored(wallet,
                          fork_hear_payment(wallet, env, &found, &heard->payments[i], NULL)));
        wallet->news.fork_count += found;
    }
    if (heard->has_sightings && wallet->news.tell != WALLET_TELL_NOTHING)
        TRY(count_ignored(wallet, sighting_match(env, heard->answers, &heard->sightings)));
    return ERR_OK;
}

enum err news_hear(struct wallet *wallet, struct span *message, struct news_answers *answers,
                   struct span file, struct arena *arena)
{
    const enum wallet_tell tell = wallet->news.tell;
    struct heard heard = {.answers = answers};
    *answers = (struct news_answers){0};
    wallet->news = (struct wallet_news){.tell = tell, .size_max = wallet->news.size_max};
    const enum err opened = open_file(wallet, &heard, message, file, arena);
    if (err_class(opened) == ERR_CLASS_MALFORMED)
        return ERR_OK; /* whoever reads the message says what is wrong with it */
    TRY(opened);
    for (size_t i = 0; i < heard.count; i++)
        TRY(count_ignored(wallet, sort_message(wallet, &heard, heard.messages[i], arena)));
    TRY(drop_old(wallet, &heard, arena));
    TRY(believe(wallet, &heard));
    if (heard.proof_count + heard.payment_count + heard.has_sightings == 0)
        return ERR_OK;
    return wallet_transact(wallet, evidence_work, &heard, arena);
}

/* --- telling --- */

struct telling {
    const struct news_hearer *hearer;
    bool is_alone; /* there is no message beside the news */
    struct encoded_message messages[BUNDLE_MESSAGES_MAX];
    size_t count, size;
};

enum { BUNDLE_OVERHEAD = 64, MESSAGE_OVERHEAD = 5 };

static size_t size_limit(const struct wallet *wallet)
{
    const size_t limit = wallet->news.size_max;
    return limit == 0 || limit > FILE_SIZE_MAX ? FILE_SIZE_MAX : limit;
}

/* What does not fit is left out: it is told another time. */
static void add(struct wallet *wallet, struct telling *telling, struct span message)
{
    const size_t size = telling->size + message.size + MESSAGE_OVERHEAD;
    if (telling->count == BUNDLE_MESSAGES_MAX || size > size_limit(wallet))
        return;
    telling->messages[telling->count++] = (struct encoded_message){.bytes = message};
    telling->size = size;
}

static enum err add_bytes(struct wallet *wallet, struct telling *telling, enum kind kind,
                          struct span body, struct arena *arena)
{
    struct span message = {0};
    TRY(wallet_file_wrap_bytes(wallet, &message, kind, body, arena));
    add(wallet, telling, message);
    return ERR_OK;
}

static enum err add_cose(struct wallet *wallet, struct telling *telling, enum kind kind,
                         const struct cose *cose, struct arena *arena)
{
    struct span body = {0};
    TRY(record_bytes(&body, cose, arena));
    return add_bytes(wallet, telling, kind, body, arena);
}

/* Directory and list go together if both are newer: the one may be needed to verify the other. */
static enum err add_trust(struct wallet *wallet, struct telling *telling, struct arena *arena)
{
    const struct wallet_state *state = &wallet->state;
    const struct news_hearer *hearer = telling->hearer;
    const bool all = wallet->news.tell == WALLET_TELL_ALL || telling->is_alone;
    if (state->has_directory &&
        (all || hearer->directory_version < wallet->trust.directory.version))
        TRY(add_cose(wallet, telling, KIND_DIRECTORY, &state->directory, arena));
    if (state->has_revocations &&
        (all || hearer->revocations_version < wallet->trust.revocations.version))
        TRY(add_cose(wallet, telling, KIND_REVOCATIONS, &state->revocations, arena));
    return ERR_OK;
}

static enum err add_warnings(struct wallet *wallet, struct telling *telling, struct purse_env *env)
{
    const struct news_answers *answers = telling->hearer->answers;
    struct fork_list forks = {0};
    struct sightings sightings = {0};
    struct span message = {0};
    bool any = false;
    for (size_t i = 0; answers != NULL && i < answers->count; i++)
        TRY(add_cose(wallet, telling, KIND_PAYMENT, &answers->payments[i], env->arena));
    TRY(fork_to_tell(env, &forks));
    for (size_t i = 0; i < forks.count; i++)
        TRY(add_bytes(wallet, telling, KIND_PROOF, forks.items[i].proof, env->arena));
    if (telling->hearer->payment == NULL)
        return ERR_OK;
    TRY(sighting_tell(env, &any, &sightings, telling->hearer->payment));
    if (!any)
        return ERR_OK;
    TRY(wallet_file_wrap(wallet, &message, KIND_SIGHTINGS, &sightings, env->arena));
    add(wallet, telling, message);
    return ERR_OK;
}

/* Only reads: what is told beside a message must not keep the message back. */
static enum err gather(struct wallet *wallet, struct telling *telling, struct purse_env *env)
{
    TRY(add_trust(wallet, telling, env->arena));
    return add_warnings(wallet, telling, env);
}

static enum err gather_alone(struct wallet *wallet, struct telling *telling, struct arena *arena)
{
    struct purse_env env = {
        .store = wallet->store, .trust = &wallet->trust, .now = wallet->now, .arena = arena};
    TRY(store_begin(wallet->store, STORE_READ));
    const enum err error = gather(wallet, telling, &env);
    store_rollback(wallet->store);
    return error;
}

static enum err bundle_of(struct wallet *wallet, struct span *file, struct telling *telling,
                          struct arena *arena)
{
    const struct bundle bundle = {.messages = {telling->messages, telling->count}};
    *file = telling->messages[0].bytes;
    return telling->count < 2 ? ERR_OK
                              : wallet_file_wrap(wallet, file, KIND_BUNDLE, &bundle, arena);
}

static struct telling beside(struct span message, const struct news_hearer *hearer)
{
    return (struct telling){.hearer = hearer,
                            .messages = {{message}},
                            .count = 1,
                            .size = BUNDLE_OVERHEAD + message.size};
}

enum err news_tell_within(struct wallet *wallet, struct purse_env *env, struct span *file,
                          const struct news_hearer *hearer)
{
    struct telling telling = beside(*file, hearer);
    if (wallet->news.tell == WALLET_TELL_NOTHING)
        return ERR_OK;
    TRY(gather(wallet, &telling, env));
    return bundle_of(wallet, file, &telling, env->arena);
}

enum err news_tell(struct wallet *wallet, struct span *file, const struct news_hearer *hearer,
                   struct arena *arena)
{
    struct telling telling = beside(*file, hearer);
    if (wallet->news.tell == WALLET_TELL_NOTHING)
        return ERR_OK;
    TRY(gather_alone(wallet, &telling, arena));
    return bundle_of(wallet, file, &telling, arena);
}

enum err news_tell_anybody(struct wallet *wallet, struct span *file, struct arena *arena)
{
    const struct news_hearer anybody = {0};
    return wallet->news.tell == WALLET_TELL_ALL ? news_tell(wallet, file, &anybody, arena) : ERR_OK;
}

enum err news_file(struct wallet *wallet, struct span *file, struct arena *arena)
{
    const struct news_hearer anybody = {0};
    struct telling telling = {.hearer = &anybody, .is_alone = true, .size = BUNDLE_OVERHEAD};
    TRY(gather_alone(wallet, &telling, arena));
    return telling.count == 0 ? ERR_MISSING : bundle_of(wallet, file, &telling, arena);
}
