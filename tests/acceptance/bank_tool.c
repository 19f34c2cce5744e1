/* A bank reduced to what the central bank's own tests need: it asks to be enrolled, orders money,
 * and pays one coin twice.
 *
 *   bank_tool DIR request NAME FILE          fresh keys in DIR, the enrolment request to FILE
 *   bank_tool DIR account ADMISSION          "OK RESERVE GUARANTEE"
 *   bank_tool DIR issue ADMISSION YUAN NUMBER  one coin for its vault; NUMBER names the order:
 * "PENDING", "OK SERIAL", "FUNDS", ...
 *   bank_tool DIR double ADMISSION YUAN NUMBER  the coin of that order, paid to two keys: the
 * outcomes, in words
 *   bank_tool DIR foreign ADMISSION          a call under a TLS certificate of nobody's: "PEER"
 *
 * Prints one line and exits 0 if the central bank answered at all, whatever it said. */
#include "common/base/file.h"
#include "common/base/time.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/tls_certificate.h"
#include "common/money/call.h"
#include "common/net/net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024, WAIT_MS = 5000 };

static const char *directory;
static struct arena arena;
static char network[NETWORK_SIZE_MAX + 1];
static struct admission admission;

static void must(enum err error, const char *what)
{
    if (error == ERR_OK)
        return;
    printf("%s\n", err_name(error));
    (void)fflush(stdout);
    fprintf(stderr, "bank_tool: %s: %s\n", what, err_text(error));
    _exit(1); /* not exit: what is left over then is nobody's leak */
}

static const char *path_of(const char *name)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static struct span read_all(const char *path)
{
    struct buffer buffer AUTO(buffer_fini) = {.limit = FILE_SIZE_MAX};
    struct span bytes;
    must(file_read(&buffer, path, FILE_SIZE_MAX), path);
    must(arena_copy(&arena, &bytes, buffer_span(&buffer)), path);
    return bytes;
}

/* ---- keys, unsealed ---- */

static const struct keyfile_label label = {"tool", "tool"};

static void make_key(struct key_pair *out, const char *name)
{
    struct buffer file AUTO(buffer_fini) = {.limit = KEYFILE_SIZE_MAX};
    must(crypto()->key_generate(out), name);
    must(keyfile_seal(&file, out, &label, (struct span){NULL, 0}), name);
    must(file_write_new(path_of(name), buffer_span(&file), FILE_PRIVATE), name);
}

static struct key_pair load_key(const char *name)
{
    struct key_pair pair;
    must(keyfile_open(&pair, read_all(path_of(name)), &label, (struct span){NULL, 0}), name);
    return pair;
}

static void request(const char *name, const char *file)
{
    struct key_pair bank, vault;
    struct secret tls;
    struct buffer public_pem AUTO(buffer_fini) = {0}, body AUTO(buffer_fini) = {0},
                             wrapped AUTO(buffer_fini) = {0};
    must(file_make_dir(directory), directory);
    make_key(&bank, "bank.key");
    make_key(&vault, "vault.key");
    must(tls_key_generate(&tls), "tls key");
    must(file_write_new(path_of("tls.pem"), span_of(tls.bytes, tls.size), FILE_PRIVATE), "tls");
    must(tls_key_public(&public_pem, span_of(tls.bytes, tls.size)), "tls key");
    const struct bank_request record = {.name = span_text(name),
                                        .bank_key = bank.public_key,
                                        .vault_key = vault.public_key,
                                        .tls_public_key = buffer_span(&public_pem),
                                        .made_at = time_now()};
    struct enrollment enrollment;
    must(record_sign(&enrollment.by_bank_key, "dcep-test", KIND_BANK_REQUEST, &record, &bank,
                     &arena),
         "sign");
    must(record_sign(&enrollment.by_vault_key, "dcep-test", KIND_BANK_REQUEST, &record, &vault,
                     &arena),
         "sign");
    must(enrollment_encode(&body, &enrollment), "encode");
    must(wire_wrap(&wrapped, "dcep-test", KIND_ENROLLMENT, buffer_span(&body)), "wrap");
    must(file_replace(file, buffer_span(&wrapped), FILE_PUBLIC), file);
    puts("OK");
}

/* ---- calls ---- */

static void read_admission(const char *file)
{
    struct wire_wrapper wrapper;
    must(wire_unwrap(&wrapper, read_all(file)), file);
    must(admission_decode(&admission, wrapper.body, &arena), file);
    memcpy(network, wrapper.network, sizeof network);
}

static char *text_of(struct span span)
{
    void *text = NULL;
    must(arena_alloc(&arena, &text, span.size + 1, 1), "memory");
    memcpy(text, span.data, span.size);
    return text;
}

static enum status call(enum verb verb, const void *body, void *reply, struct span certificate,
                        struct span key)
{
    struct net_client *client AUTO(net_client_close) = NULL;
    struct buffer out AUTO(buffer_fini) = {0}, in AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    struct span answer;
    struct key_pair bank = load_key("bank.key");
    struct nonce id;
    enum status status = STATUS_FAILED;
    const struct net_client_options options = {.address = text_of(admission.address),
                                               .server_name = text_of(admission.tls_name),
                                               .authority_pem = admission.tls_authority,
                                               .certificate_pem = certificate,
                                               .key_pem = key};
    crypto_random(id.bytes, sizeof id.bytes);
    must(call_seal(&out, network, verb, body, &id, time_now(), &bank, &arena), "call");
    must(net_client_open(&client, &options), "client");
    must(net_call(client, &in, buffer_span(&out), WAIT_MS), "call");
    must(arena_copy(&arena, &answer, buffer_span(&in)), "reply");
    must(call_read_reply(&status, reply, verb, &id, answer, &arena), "reply");
    return status;
}

static enum status ask(enum verb verb, const void *body, void *reply)
{
    return call(verb, body, reply, admission.tls_certificate, read_all(path_of("tls.pem")));
}

static void account(void)
{
    struct account_reply reply = {0};
    const struct empty_body body = {};
    const enum status status = ask(VERB_ACCOUNT, &body, &reply);
    char reserve[AMOUNT_TEXT_SIZE], guarantee[AMOUNT_TEXT_SIZE];
    amount_format_plain(reserve, reply.balance);
    amount_format_plain(guarantee, reply.guarantee);
    printf("%s %s %s\n", status_name(status), reserve, guarantee);
}

static void foreign(void)
{
    struct secret key;
    struct buffer certificate AUTO(buffer_fini) = {0};
    struct account_reply reply = {0};
    const struct empty_body body = {};
    const struct tls_certificate_spec spec = {"bank-1.dcep", false, time_now() - 60,
                                              time_now() + SECONDS_PER_DAY};
    must(tls_key_generate(&key), "key");
    const struct span key_pem = span_of(key.bytes, key.size);
    must(tls_certificate_self(&certificate, key_pem, &spec), "certificate");
    puts(status_name(call(VERB_ACCOUNT, &body, &reply, buffer_span(&certificate), key_pem)));
}

/* The order is the same bytes whenever it is asked for by the same number. */
static enum status issue(struct token *out, struct cose *cose, const char *yuan, const char *number)
{
    struct output output = {.key = load_key("vault.key").public_key};
    struct issue order = {.outputs = {&output, 1}, .made_at = 1};
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct tokens_reply reply = {0};
    must(amount_parse(&output.amount, yuan), yuan);
    snprintf((char *)order.order_id.bytes, sizeof order.order_id.bytes, "%s", number);
    must(issue_encode(&bytes, &order), "issue");
    const struct issue_body body = {buffer_span(&bytes)};
    const enum status status = ask(VERB_ISSUE, &body, &reply);
    if (status == STATUS_OK) {
        *cose = reply.tokens.items[0].record;
        must(token_decode(out, cose->payload, &arena), "token");
    }
    return status;
}

static void show_issue(const char *yuan, const char *number)
{
    struct token token = {.serial = 0};
    struct cose cose;
    const enum status status = issue(&token, &cose, yuan, number);
    if (status == STATUS_OK)
        printf("OK %llu\n", (unsigned long long)token.serial);
    else
        puts(status_name(status));
}

/* ---- crime ---- */

static struct span packet_to(const struct token *token, const struct cose *cose,
                             const struct key_pair *vault, uint64_t counter)
{
    struct key_pair payee;
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct span copy;
    must(crypto()->key_generate(&payee), "payee");
    struct output output = {token->amount, payee.public_key};
    const struct id token_id = record_id(network, KIND_TOKEN, cose->payload);
    const struct payment payment = {.serial = token->serial,
                                    .coin_id = record_coin_root(&token_id),
                                    .outputs = {&output, 1},
                                    .counter = counter,
                                    .paid_day = time_day(time_now())};
    struct signed_item tokens = {*cose}, payments;
    must(record_sign(&payments.record, network, KIND_PAYMENT, &payment, vault, &arena), "sign");
    const struct packet packet = {.tokens = {&tokens, 1}, .payments = {&payments, 1}};
    must(packet_encode(&bytes, &packet), "packet");
    must(arena_copy(&arena, &copy, buffer_span(&bytes)), "packet");
    return copy;
}

static void pay_twice(const char *yuan, const char *number)
{
    struct token token;
    struct cose cose;
    struct settle_reply reply = {0};
    const struct key_pair vault = load_key("vault.key");
    if (issue(&token, &cose, yuan, number) != STATUS_OK) {
        puts("NOTHING");
        return;
    }
    struct blob_item packets[2];
    for (uint64_t i = 0; i < 2; i++)
        packets[i].bytes = packet_to(&token, &cose, &vault, i);
    const struct settle_body body = {.packets = {packets, 2}};
    const enum status status = ask(VERB_SETTLE, &body, &reply);
    printf("%s", status_name(status));
    for (size_t i = 0; i < reply.results.count; i++) {
        const struct settle_result *result = &reply.results.items[i];
        printf(" %s", result->leaves.count > 0
                          ? message_outcome_text(result->leaves.items[0].leaf.outcome)
                          : status_name((enum status)result->status));
    }
    puts("");
}

static int run(int count, char **words)
{
    const char *verb = count > 3 ? words[2] : "";
    if (strcmp(verb, "request") == 0 && count == 5) {
        request(words[3], words[4]);
        return 0;
    }
    if (count > 3)
        read_admission(words[3]);
    if (strcmp(verb, "account") == 0)
        account();
    else if (strcmp(verb, "foreign") == 0)
        foreign();
    else if (strcmp(verb, "issue") == 0 && count == 6)
        show_issue(words[4], words[5]);
    else if (strcmp(verb, "double") == 0 && count == 6)
        pay_twice(words[4], words[5]);
    else
        return 2;
    return 0;
}

int main(int count, char **words)
{
    crypto_use(&crypto_libcrypto);
    directory = words[1];
    const int code = run(count, words);
    arena_fini(&arena);
    return code;
}
