/* Writes spec/vectors/: keys, serials and nonces come from names and counters, so only the
 * signatures differ from run to run. The files are committed once and made again only when the
 * protocol changes (make vectors). */
#include "tests/vectors/vector.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_vectors DIRECTORY (empty)\n");
        return 2;
    }
    vector_open(argv[1]);
    record_vectors();
    trust_vectors();
    other_vectors();
    packet_vectors();
    accept_vectors();
    news_vectors();
    printf("%zu vectors\n", vector_count());
    return 0;
}
