/* Signing with the root key.
 *
 * 1. It signs only what follows from a directory that it signed before: the next version, made of
 *    the last one.
 * 2. It is wiped when the command ends.
 *
 * Never writes a file or a row. */
#include "central/root.h"

#include "central/authority.h"
#include "central/keys.h"
#include "common/base/time.h"

#include <stdio.h>
#include <string.h>

void root_fini(struct root *root)
{
    key_pair_wipe(&root->key);
    secret_wipe(&root->passphrase);
    arena_fini(&root->arena);
}

enum err root_bytes(struct span *out, const json_t *object, const char *key, struct arena *arena)
{
    const char *hex = json_string_value(json_object_get(object, key));
    void *memory = NULL;
    if (hex == NULL)
        return ERR_PARSE;
    const size_t size = strlen(hex) / 2;
    TRY(arena_alloc(arena, &memory, size + 1, 1));
    TRY(hex_decode(memory, size, hex));
    *out = span_of(memory, size);
    return ERR_OK;
}

static enum err read_directory(struct root *root, const json_t *draft)
{
    struct span bytes = {NULL, 0};
    const char *network = json_string_value(json_object_get(draft, "network"));
    if (network == NULL || !wire_network_valid(network))
        return ERR_PARSE;
    snprintf(root->network, sizeof root->network, "%s", network);
    TRY(root_bytes(&bytes, draft, "directory", &root->arena));
    return wire_decode_cose(&root->directory, bytes);
}

static int read_key(struct cli *cli, struct root *root)
{
    const struct span file = cli_file(cli, "--root-key");
    int code = CLI_OK;
    if (keyfile_is_sealed(file))
        code = cli_passphrase(cli, &root->passphrase, _("passphrase of the root key"), false);
    if (code != CLI_OK)
        return code;
    const enum err error = keys_open(&root->key, file, root->network, "root",
                                     span_of(root->passphrase.bytes, root->passphrase.size));
    return error == ERR_OK
               ? CLI_OK
               : cli_fail_err(cli, error, "--root-key", _("init wrote the root key's file"));
}

int root_open(struct cli *cli, struct root *out, const json_t *draft)
{
    enum err error = read_directory(out, draft);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the directory in force"), NULL);
    int code = read_key(cli, out);
    if (code != CLI_OK)
        return code;
    error =
        trust_open(&out->trust, out->network, &out->key.public_key, &out->directory, &out->arena);
    if (error == ERR_SIGNATURE)
        return cli_fail(cli, CLI_AUTH, "ROOT_KEY",
                        _("take the root key that init made for this central bank"),
                        _("this root key did not sign the directory in force"));
    return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, _("the directory in force"), NULL);
}

static enum err sign_next(struct root *root, const struct signed_item_list *certificates,
                          uint64_t days)
{
    struct register_env env = {.trust = &root->trust, .now = time_now(), .arena = &root->arena};
    const struct authority_draft_options options = {.bank_certificates = certificates,
                                                    .valid_days = days};
    struct directory next = {0};
    TRY(authority_directory_draft(&env, &next, &options));
    return record_sign(&root->directory, root->network, KIND_DIRECTORY, &next, &root->key,
                       &root->arena);
}

static int hand_in(struct cli *cli, struct span directory)
{
    const char *words[] = {"directory", "accept", "directory", NULL};
    const struct cli_input input = {"FILE", directory};
    json_t *result = NULL;
    const int code = cli_call(cli, &result, words, &input, 1);
    if (code == CLI_OK)
        json_object_update(cli_result(cli), result);
    json_decref(result);
    return code;
}

int root_publish(struct cli *cli, struct root *root, const struct signed_item_list *certificates,
                 uint64_t days)
{
    struct span bytes = {NULL, 0};
    enum err error = sign_next(root, certificates, days);
    if (error == ERR_OK)
        error = record_bytes(&bytes, &root->directory, &root->arena);
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the next directory"), NULL);
    return hand_in(cli, bytes);
}
