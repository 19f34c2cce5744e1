/* What signatures cost: verifications, signatures and hashes a CPU-second, for each backend.
 *
 * usage: verify_bench [--json FILE] [--seconds S]
 *
 * CPU time of one thread, so that what else runs on the machine disturbs little; S (default 1) is
 * the time spent on each figure. "fresh keys": each check brings a key not seen for a thousand
 * checks; "same key": always the same one; "R told": with the commitment of each signature.
 */
#include "common/crypto/crypto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_COUNT = 1024, MESSAGE_SIZE = 200, BATCH_COUNT = 32 };

struct material {
    struct key_pair pairs[KEY_COUNT];
    struct crypto_check fresh[KEY_COUNT], same[KEY_COUNT], told[KEY_COUNT];
    uint8_t message[MESSAGE_SIZE];
};

static const struct crypto *const backends[] = {&crypto_mbedtls, &crypto_libcrypto};
enum { BACKEND_COUNT = sizeof backends / sizeof backends[0] };

static struct span message_of(const struct material *m)
{
    return span_of(m->message, sizeof m->message);
}

static void material_make(struct material *m)
{
    crypto_random(m->message, sizeof m->message);
    for (size_t index = 0; index < KEY_COUNT; index++) {
        struct key_pair *pair = &m->pairs[index];
        struct crypto_check *check = &m->fresh[index];

        CHECK(crypto_libcrypto.key_generate(pair) == ERR_OK);
        *check = (struct crypto_check){.key = pair->public_key, .message = message_of(m)};
        CHECK(crypto_libcrypto.sign(&check->signature, pair, check->message) == ERR_OK);
        m->same[index] = m->fresh[0];
        m->told[index] = *check;
    }
    CHECK(crypto_libcrypto.verify_many(m->told, KEY_COUNT) == ERR_OK);
}

/* ---- what is measured: one turn does BATCH_COUNT of it, starting at a position ---- */

static void turn_many(const struct crypto *c, struct crypto_check *checks)
{
    CHECK(c->verify_many(checks, BATCH_COUNT) == ERR_OK);
    for (size_t index = 0; index < BATCH_COUNT; index++)
        CHECK(checks[index].valid);
}

/* Nobody says anything about R. */
static void turn_many_alone(const struct crypto *c, struct crypto_check *checks)
{
    for (size_t index = 0; index < BATCH_COUNT; index++)
        checks[index].commitment = (struct commitment){{0}};
    turn_many(c, checks);
}

static void turn_many_fresh(const struct crypto *c, struct material *m, size_t at)
{
    turn_many_alone(c, m->fresh + at);
}

static void turn_many_same(const struct crypto *c, struct material *m, size_t at)
{
    turn_many_alone(c, m->same + at);
}

static void turn_many_told(const struct crypto *c, struct material *m, size_t at)
{
    turn_many(c, m->told + at);
}

static void turn_one_by_one(const struct crypto *c, struct material *m, size_t at)
{
    for (size_t index = at; index < at + BATCH_COUNT; index++) {
        const struct crypto_check *check = &m->fresh[index];

        CHECK(c->verify(&check->key, check->message, &check->signature) == ERR_OK);
    }
}

static void turn_sign(const struct crypto *c, struct material *m, size_t at)
{
    struct signature signature;

    for (size_t index = at; index < at + BATCH_COUNT; index++)
        CHECK(c->sign(&signature, &m->pairs[index], message_of(m)) == ERR_OK);
}

static void turn_hash(const struct crypto *c, struct material *m, size_t at)
{
    struct span message = message_of(m);
    struct id id;

    (void)at;
    for (size_t index = 0; index < BATCH_COUNT; index++)
        CHECK(c->sha256(&id, &message, 1) == ERR_OK);
}

static const struct figure {
    const char *name, *text;
    void (*turn)(const struct crypto *c, struct material *m, size_t at);
} figures[] = {
    {"verify_many_fresh_keys", "verify_many, fresh keys", turn_many_fresh},
    {"verify_many_same_key", "verify_many, same key", turn_many_same},
    {"verify_many_told", "verify_many, fresh keys, R told", turn_many_told},
    {"verify_fresh_keys", "verify one by one, fresh keys", turn_one_by_one},
    {"sign", "sign", turn_sign},
    {"sha256_200_bytes", "SHA-256 of 200 bytes", turn_hash},
};
enum { FIGURE_COUNT = sizeof figures / sizeof figures[0] };

static double cpu_s(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double measure(const struct figure *figure, const struct crypto *c, struct material *m,
                      double seconds)
{
    double start, end;
    size_t done = 0;

    figure->turn(c, m, 0); /* warm */
    start = cpu_s();
    do {
        figure->turn(c, m, done % KEY_COUNT);
        done += BATCH_COUNT;
        end = cpu_s();
    } while (end - start < seconds);
    return (double)done / (end - start);
}

static int write_json(const char *path, double (*per_s)[FIGURE_COUNT])
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        fprintf(stderr, "verify_bench: %s: %s\n", path, strerror(errno));
        return 1;
    }
    fputc('{', file);
    for (size_t backend = 0; backend < BACKEND_COUNT; backend++) {
        fprintf(file, "%s\n  \"%s\": {", backend == 0 ? "" : ",", backends[backend]->name);
        for (size_t index = 0; index < FIGURE_COUNT; index++)
            fprintf(file, "%s\n    \"%s_per_cpu_second\": %.0f", index == 0 ? "" : ",",
                    figures[index].name, per_s[backend][index]);
        fprintf(file, "\n  }");
    }
    fprintf(file, "\n}\n");
    return fclose(file) == 0 ? 0 : 1;
}

static int usage(void)
{
    fprintf(stderr, "usage: verify_bench [--json FILE] [--seconds S]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static double per_s[BACKEND_COUNT][FIGURE_COUNT];
    static struct material material;
    const char *json = NULL;
    double seconds = 1;

    for (int index = 1; index < argc; index += 2) {
        if (index + 1 < argc && strcmp(argv[index], "--json") == 0)
            json = argv[index + 1];
        else if (index + 1 < argc && strcmp(argv[index], "--seconds") == 0)
            seconds = strtod(argv[index + 1], NULL);
        else
            return usage();
    }
    material_make(&material);
    printf("%-34s %12s %12s   a CPU-second, one core\n", "", "mbedtls", "libcrypto");
    for (size_t index = 0; index < FIGURE_COUNT; index++) {
        for (size_t backend = 0; backend < BACKEND_COUNT; backend++)
            per_s[backend][index] = measure(&figures[index], backends[backend], &material, seconds);
        printf("%-34s %12.0f %12.0f\n", figures[index].text, per_s[0][index], per_s[1][index]);
    }
    return json != NULL ? write_json(json, per_s) : 0;
}
