/* The root key at work: in the process of the command that was given its file, never in the
 * server. What it signs comes from the central bank as a draft, is looked at here, and goes back
 * signed. */
#ifndef DCEP_CENTRAL_ROOT_H
#define DCEP_CENTRAL_ROOT_H

#include "common/cli/cli.h"
#include "common/money/trust.h"

enum { ROOT_DIRECTORY_DAYS = 90 };

struct root {
    char network[NETWORK_SIZE_MAX + 1];
    struct key_pair key;
    struct secret passphrase; /* of the root key's file */
    struct cose directory;    /* the newest one, verified under key */
    struct trust trust;       /* made of it */
    struct arena arena;
};
void root_fini(struct root *root); /* for AUTO */
/* Opens --root-key and the directory in draft (members network, directory). Refuses a key that did
 * not sign it: exit 4. */
int root_open(struct cli *cli, struct root *out, const json_t *draft);
/* Signs the directory that follows, for days, with certificates if not NULL, and hands it in.
 * root->directory is the new one. */
int root_publish(struct cli *cli, struct root *root, const struct signed_item_list *certificates,
                 uint64_t days);
/* A hex member of a JSON object as bytes in arena. ERR_PARSE. */
enum err root_bytes(struct span *out, const json_t *object, const char *key,
                    struct arena *arena) MUST_USE;

#endif
