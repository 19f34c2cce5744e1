/* A bank reduced to its settlements (contract in load_bank.h). */
#include "tools/bench/load_bank.h"

#include "common/base/file.h"
#include "common/base/time.h"
#include "common/crypto/keyfile.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 1024 };

static struct span read_all(struct load_bank *bank, const char *directory, const char *name)
{
    char path[PATH_SIZE];
    struct buffer buffer AUTO(buffer_fini) = {.limit = FILE_SIZE_MAX};
    struct span bytes;
    (void)snprintf(path, sizeof path, "%s%s%s", directory, *directory != 0 ? "/" : "", name);
    CHECK(file_read(&buffer, path, FILE_SIZE_MAX) == ERR_OK);
    CHECK(arena_copy(&bank->arena, &bytes, buffer_span(&buffer)) == ERR_OK);
    return bytes;
}

static const char *text_of(struct load_bank *bank, struct span span)
{
    void *text = NULL;
    CHECK(arena_alloc(&bank->arena, &text, span.size + 1, 1) == ERR_OK);
    memcpy(text, span.data, span.size);
    return text;
}

static void open_clients(struct load_bank *bank, const struct net_client_options *options)
{
    for (size_t i = 0; i < bank->client_count; i++) {
        CHECK(net_client_open(&bank->clients[i], options) == ERR_OK);
        CHECK(net_client_connect(bank->clients[i], LOAD_WAIT_MS) == ERR_OK);
    }
}

static void read_admission(struct load_bank *bank, struct admission *out, const char *file)
{
    struct wire_wrapper wrapper;
    CHECK(wire_unwrap(&wrapper, read_all(bank, "", file)) == ERR_OK);
    CHECK(admission_decode(out, wrapper.body, &bank->arena) == ERR_OK);
    memcpy(bank->network, wrapper.network, sizeof bank->network);
    CHECK(trust_open(&bank->trust, bank->network, &out->root_key, &out->directory, &bank->arena) ==
          ERR_OK);
}

void load_bank_open(struct load_bank *bank, const char *directory, const char *admission_file,
                    size_t client_count)
{
    const struct keyfile_label label = {"tool", "tool"};
    struct admission admission;
    CHECK(client_count > 0 && client_count <= LOAD_CLIENTS_MAX);
    *bank = (struct load_bank){.client_count = client_count};
    read_admission(bank, &admission, admission_file);
    CHECK(keyfile_open(&bank->bank_key, read_all(bank, directory, "bank.key"), &label,
                       (struct span){NULL, 0}) == ERR_OK);
    const struct net_client_options options = {.address = text_of(bank, admission.address),
                                               .server_name = text_of(bank, admission.tls_name),
                                               .authority_pem = admission.tls_authority,
                                               .certificate_pem = admission.tls_certificate,
                                               .key_pem = read_all(bank, directory, "tls.pem")};
    open_clients(bank, &options);
}

void load_bank_open_door(struct load_bank *bank, const struct load_door *door,
                         const char *admission_file, size_t client_count)
{
    struct admission admission;
    CHECK(client_count > 0 && client_count <= LOAD_CLIENTS_MAX);
    *bank = (struct load_bank){.client_count = client_count};
    read_admission(bank, &admission, admission_file);
    CHECK(crypto()->key_generate(&bank->bank_key) == ERR_OK); /* nobody's */
    const struct net_client_options options = {.address = door->address,
                                               .server_name = door->tls_name,
                                               .authority_pem =
                                                   read_all(bank, "", door->certificate_file)};
    open_clients(bank, &options);
}

void load_bank_fini(struct load_bank *bank)
{
    for (size_t i = 0; i < bank->client_count; i++)
        net_client_close(&bank->clients[i]);
    key_pair_wipe(&bank->bank_key);
    arena_fini(&bank->arena);
}

void load_bank_settle(struct load_answer *out, const struct load_bank *bank, size_t client,
                      const struct settle_body *body, const struct key_pair *sender)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer request AUTO(buffer_fini) = {0};
    *out = (struct load_answer){.reply = {.limit = NET_SIZE_MAX}};
    crypto_random(out->call_id.bytes, sizeof out->call_id.bytes);
    CHECK(call_seal(&request, bank->network, VERB_SETTLE, body, &out->call_id, time_now(), sender,
                    &arena) == ERR_OK);
    out->error = net_call(bank->clients[client], &out->reply, buffer_span(&request), LOAD_WAIT_MS);
}

enum status load_bank_read(struct settle_reply *out, const struct load_answer *answer,
                           struct arena *arena)
{
    enum status status = STATUS_FAILED;
    *out = (struct settle_reply){0};
    CHECK(call_read_reply(&status, out, VERB_SETTLE, &answer->call_id, buffer_span(&answer->reply),
                          arena) == ERR_OK);
    return status;
}
