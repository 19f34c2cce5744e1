/* Wallets and coins out of numbers (contract in crowd.h). */
#include "tools/bench/crowd.h"

#include "common/money/packet.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGE_FEN = 1 };

/* ---- threads ---- */

struct share {
    pthread_t thread;
    void (*work)(void *context, size_t share, size_t from, size_t to);
    void *context;
    size_t number, from, to;
};

static void *do_share(void *argument)
{
    const struct share *share = argument;
    share->work(share->context, share->number, share->from, share->to);
    return NULL;
}

size_t crowd_cores(void)
{
    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    return (size_t)CPU_COUNT(&set);
}

void crowd_share_out(size_t count,
                     void (*work)(void *context, size_t share, size_t from, size_t to),
                     void *context)
{
    struct share shares[CROWD_THREADS_MAX];
    const size_t cores = crowd_cores();
    const size_t threads = cores < CROWD_THREADS_MAX ? cores : CROWD_THREADS_MAX;
    for (size_t i = 0; i < threads; i++) {
        shares[i] = (struct share){.work = work,
                                   .number = i,
                                   .context = context,
                                   .from = count * i / threads,
                                   .to = count * (i + 1) / threads};
        CHECK(pthread_create(&shares[i].thread, NULL, do_share, &shares[i]) == 0);
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(shares[i].thread, NULL);
}

/* ---- keys ---- */

static void make_wallets(void *context, size_t share, size_t from, size_t to)
{
    struct crowd *crowd = context;
    (void)share;
    for (size_t i = from; i < to; i++) {
        const uint64_t number[] = {crowd->seed, i};
        const struct span parts[] = {span_text("dcep bench wallet"),
                                     span_of(number, sizeof number)};
        const struct id scalar = crypto_hash(parts, 2);
        CHECK(crypto()->key_load(&crowd->wallets[i], scalar.bytes) == ERR_OK);
    }
}

void crowd_open(struct crowd *crowd)
{
    crowd->wallets = calloc(crowd->wallet_count, sizeof *crowd->wallets);
    CHECK(crowd->wallets != NULL && crowd->wallet_count > CROWD_LINE_MAX);
    crowd_share_out(crowd->wallet_count, make_wallets, crowd);
}

void crowd_fini(struct crowd *crowd)
{
    free(crowd->wallets);
    crowd->wallets = NULL;
}

/* ---- coins ---- */

const struct key_pair *crowd_owner(const struct crowd *crowd, uint64_t coin)
{
    return &crowd->wallets[coin % crowd->wallet_count];
}

/* Whom the holder of a coin pays: far away in the list, never itself. If there are enough wallets
 * that own no coin, each is paid once at most. */
static const struct key_pair *payee_of(const struct crowd *crowd, uint64_t coin, uint64_t hop)
{
    if (hop == 0 && crowd->wallet_count >= 2 * crowd->coin_count)
        return &crowd->wallets[crowd->coin_count + coin];
    const uint64_t step = 1 + (coin * 2654435761U + hop * 40503) % (crowd->wallet_count - 1);
    return &crowd->wallets[(coin + step) % crowd->wallet_count];
}

static struct amount fen_of(uint64_t fen)
{
    struct amount amount;
    CHECK(amount_from_fen(&amount, fen) == ERR_OK);
    return amount;
}

static enum err sign_nothing(struct signature *out, const struct key_pair *pair,
                             struct span message)
{
    (void)pair;
    (void)message;
    memset(out->bytes, CROWD_SIGNATURE, sizeof out->bytes);
    return ERR_OK;
}

const struct crypto *crowd_mint_crypto(void)
{
    static struct crypto quick;
    quick = crypto_libcrypto;
    quick.sign = sign_nothing;
    return &quick;
}

static struct cose token_of(const struct crowd *crowd, uint64_t coin, struct arena *arena)
{
    const struct policy *policy = trust_policy(crowd->trust);
    const struct token token = {
        .issuing_key_id = crowd->trust->issuing_key_ids[0],
        .serial = crowd->first_serial + coin,
        .amount = fen_of(CROWD_COIN_FEN),
        .owner_key = crowd_owner(crowd, coin)->public_key,
        .issued_day = crowd->issued_day,
        .spend_by_day = crowd->issued_day + policy->spend_by_days,
        .redeem_by_day = crowd->issued_day + policy->spend_by_days + policy->redeem_by_days,
    };
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct cose cose;
    if (crowd->issuing_key != NULL) {
        CHECK(record_sign(&cose, crowd->trust->network, KIND_TOKEN, &token, crowd->issuing_key,
                          arena) == ERR_OK);
        return cose;
    }
    CHECK(token_encode(&bytes, &token) == ERR_OK);
    CHECK(arena_copy(arena, &cose.payload, buffer_span(&bytes)) == ERR_OK);
    memset(cose.signature.bytes, CROWD_SIGNATURE, sizeof cose.signature.bytes);
    return cose;
}

/* ---- payments ---- */

struct step {
    struct id coin_id;
    uint64_t value; /* fen */
    const struct key_pair *owner;
};

/* The holder of step pays on; then step is what the payee holds. */
static struct cose pay_on(const struct crowd *crowd, struct step *step, const struct key_pair *to,
                          struct payment *payment, struct arena *arena)
{
    struct cose cose;
    struct output outputs[] = {{fen_of(step->value - CHANGE_FEN), to->public_key},
                               {fen_of(CHANGE_FEN), step->owner->public_key}};
    payment->coin_id = step->coin_id;
    payment->outputs = (struct output_list){outputs, 2};
    CHECK(record_sign(&cose, crowd->trust->network, KIND_PAYMENT, payment, step->owner, arena) ==
          ERR_OK);
    const struct id id = record_id(crowd->trust->network, KIND_PAYMENT, cose.payload);
    *step = (struct step){record_coin_output(&id, 0), step->value - CHANGE_FEN, to};
    return cose;
}

void crowd_pay(struct buffer *out, const struct crowd *crowd, uint64_t coin, size_t line,
               uint64_t variant, uint64_t counter)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct cose payments[CROWD_LINE_MAX];
    const struct cose token = token_of(crowd, coin, &arena);
    const struct id token_id = record_id(crowd->trust->network, KIND_TOKEN, token.payload);
    struct step step = {record_coin_root(&token_id), CROWD_COIN_FEN, crowd_owner(crowd, coin)};
    struct payment payment = {.serial = crowd->first_serial + coin,
                              .has_reference = true,
                              .counter = counter,
                              .paid_day = crowd->issued_day};
    const struct span reference[] = {SPAN(step.coin_id), span_of(&variant, sizeof variant)};
    payment.reference = crypto_hash(reference, 2);
    CHECK(line >= 1 && line <= CROWD_LINE_MAX);
    for (size_t i = 0; i < line; i++, payment.counter++)
        payments[i] =
            pay_on(crowd, &step, payee_of(crowd, coin, i * 2 + variant), &payment, &arena);
    CHECK(packet_encode_parts(out, &token, 1, payments, line, NULL, 0,
                              crowd->trust->directory.version) == ERR_OK);
}
