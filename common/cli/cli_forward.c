/* The near end of the control socket: a command goes to the server that holds the database.
 *
 * 1. Whether a server listens is asked of the socket itself, before anything is sent; once
 *    something was sent, the command is never tried here: a server that dies meanwhile is exit 3.
 * 2. Input files and the pin file travel by content, output files come back by content; the server
 *    opens no file of the caller's. Paths that it does use are made absolute.
 *
 * Never interprets the result: it is printed as it would have been here. */
#include "common/base/file.h"
#include "common/cli/cli_frame.h"
#include "common/net/net.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_MARGIN_MS = 5000 }; /* the server may itself wait for --timeout */

/* ---- is there a server? ---- */

/* A socket file without a listener, as kill -9 leaves it, is no server; one that accepts and
 * then says nothing is one, and the call will tell. */
static bool find_server(struct net_client **client, const struct cli *cli)
{
    char address[CLI_ADDRESS_SIZE];
    cli_control_address(address, cli->data);
    if (!file_exists(address + strlen("ipc:")))
        return false;
    struct net_client *opened AUTO(net_client_close) = NULL;
    if (net_client_open(&opened, &(struct net_client_options){.address = address}) != ERR_OK)
        return false; /* too long a path: no server could listen there either */
    if (net_client_connect(opened, cli_timeout_ms(cli)) == ERR_UNREACHABLE)
        return false;
    *client = TAKE(opened);
    return true;
}

/* ---- the request ---- */

static bool stays_here(const struct cli_value *value)
{
    static const char *const names[] = {"--data",     "--wallet", "--config",  "--lang",
                                        "--pin-file", "--pin-fd", "--no-input"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value->parameter->name, names[i]) == 0)
            return true;
    }
    return false;
}

static enum err add_text(struct cli_words *words, const char *before, const struct cli_value *value)
{
    char here[CLI_PATH_SIZE];
    if (value->parameter->kind != CLI_PATH || value->text[0] == '/')
        return cli_words_add(words, "%s%s", before, value->text);
    if (getcwd(here, sizeof here) == NULL)
        return ERR_IO;
    return cli_words_add(words, "%s%s/%s", before, here, value->text);
}

static enum err add_option(struct cli_words *words, const struct cli_value *value)
{
    char before[64];
    if (value->text == NULL)
        return cli_words_add(words, "%s", value->parameter->name);
    snprintf(before, sizeof before, "%s=", value->parameter->name);
    return add_text(words, before, value);
}

static enum err make_words(struct cli_words *words, const struct cli *cli)
{
    if (cli->command->noun != NULL)
        TRY(cli_words_add(words, "%s", cli->command->noun));
    TRY(cli_words_add(words, "%s", cli->command->verb));
    TRY(cli_words_add(words, "--lang=%s", cli_language_now()));
    TRY(cli_words_add(words, "--no-input"));
    for (size_t i = 0; i < cli->value_count; i++) {
        const struct cli_value *value = &cli->values[i];
        if (value->parameter->name[0] == '-' && !stays_here(value))
            TRY(add_option(words, value));
    }
    TRY(cli_words_add(words, "--"));
    for (size_t i = 0; i < cli->value_count; i++) {
        if (cli->values[i].parameter->name[0] != '-')
            TRY(add_text(words, "", &cli->values[i]));
    }
    return ERR_OK;
}

static enum err add_file(struct file_item *files, size_t *count, const char *name,
                         struct span bytes)
{
    if (*count == CLI_FILES_MAX)
        return ERR_LIMIT;
    files[(*count)++] = (struct file_item){.name = span_text(name), .bytes = bytes};
    return ERR_OK;
}

static enum err encode_request(struct buffer *out, const struct cli *cli, struct span pin)
{
    struct cli_words words AUTO(cli_words_fini) = {0};
    struct text_item arguments[CLI_WORDS_MAX];
    struct file_item files[CLI_FILES_MAX];
    struct control_request request = {.arguments = {.items = arguments}, .files = {.items = files}};
    TRY(make_words(&words, cli));
    for (size_t i = 0; i < words.count; i++)
        arguments[i].text = span_text(words.items[i]);
    request.arguments.count = words.count;
    for (size_t i = 0; i < cli->value_count; i++) {
        const struct cli_value *value = &cli->values[i];
        if (value->parameter->kind == CLI_IN_FILE || value->parameter->kind == CLI_SECRET_FILE)
            TRY(add_file(files, &request.files.count, value->parameter->name,
                         buffer_span(&value->bytes)));
    }
    if (pin.data != NULL)
        TRY(add_file(files, &request.files.count, "--pin-file", pin));
    return control_request_encode(out, &request);
}

/* ---- the reply ---- */

static bool is_secret(const json_t *envelope, const char *name)
{
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(envelope, "secret"), index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
            return true;
    }
    return false;
}

static enum err take_file(struct cli *cli, const struct file_item *file, const json_t *envelope)
{
    for (size_t i = 0; i < cli->value_count; i++) {
        const struct cli_parameter *parameter = cli->values[i].parameter;
        if (parameter->kind == CLI_OUT_FILE && span_equal(span_text(parameter->name), file->name))
            return cli_files_keep(cli, parameter, file->bytes,
                                  is_secret(envelope, parameter->name));
    }
    return ERR_PARSE;
}

static void print_texts(struct cli *cli, const json_t *envelope)
{
    const char *text = json_string_value(json_object_get(envelope, "text"));
    const char *warnings = json_string_value(json_object_get(envelope, "warnings"));
    if (text != NULL && text[0] != '\0')
        cli_say(cli, "%s", text);
    if (warnings != NULL && warnings[0] != '\0')
        cli_put(cli->notes, warnings);
}

static enum err take_reply(struct cli *cli, int *exit_code, struct span bytes)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct control_reply reply;
    TRY(control_reply_decode(&reply, bytes, &arena));
    json_t *envelope = json_loadb((const char *)reply.json.data, reply.json.size, 0, NULL);
    if (envelope == NULL)
        return ERR_PARSE;
    enum err error = ERR_OK;
    for (size_t i = 0; i < reply.files.count && error == ERR_OK; i++)
        error = take_file(cli, &reply.files.items[i], envelope);
    if (json_is_object(json_object_get(envelope, "result")))
        json_object_update(cli->result, json_object_get(envelope, "result"));
    if (json_is_object(json_object_get(envelope, "error"))) {
        json_decref(cli->error);
        cli->error = json_incref(json_object_get(envelope, "error"));
    }
    print_texts(cli, envelope);
    json_decref(envelope);
    *exit_code = (int)reply.exit_code;
    return error;
}

/* ---- both ---- */

static int fail_gone(struct cli *cli, enum err error)
{
    return cli_fail(cli, CLI_UNREACHABLE, err_name(error),
                    _("whether it was done is not known: look before you repeat it"),
                    _("the server stopped answering: %s"), _(err_text(error)));
}

static int forward(struct cli *cli, struct net_client *client)
{
    struct buffer pin AUTO(secret_wipe_buffer) = {.limit = SECRET_SIZE_MAX};
    struct buffer request AUTO(secret_wipe_buffer) = {.limit = NET_SIZE_MAX};
    struct buffer reply AUTO(secret_wipe_buffer) = {.limit = NET_SIZE_MAX};
    int exit_code = CLI_INTERNAL;
    enum err error = cli_pin_file(&pin, cli);
    if (error != ERR_OK && error != ERR_MISSING)
        return cli_fail_err(cli, error, "--pin-file", _("the file must be there and yours alone"));
    error = encode_request(&request, cli, error == ERR_OK ? buffer_span(&pin) : (struct span){0});
    if (error != ERR_OK)
        return cli_fail_err(cli, error, _("the command cannot be handed to the server"), NULL);
    error = net_call(client, &reply, buffer_span(&request), cli_timeout_ms(cli) + CALL_MARGIN_MS);
    if (error != ERR_OK)
        return fail_gone(cli, error);
    error = take_reply(cli, &exit_code, buffer_span(&reply));
    return error == ERR_OK ? exit_code : cli_fail_err(cli, error, _("the server's answer"), NULL);
}

bool cli_forward(struct cli *cli, int *exit_code)
{
    struct net_client *client AUTO(net_client_close) = NULL;
    if (!find_server(&client, cli))
        return false;
    *exit_code = forward(cli, client);
    return true;
}
