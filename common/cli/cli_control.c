/* The far end of the control socket: one forwarded command, run inside the server.
 *
 * 1. The command is parsed, checked and run by the same code as in the calling process, in the
 *    caller's language; the server's own language comes back afterwards.
 * 2. The answer is an envelope: {"text" or, with --json, "result"; "warnings", "error", "secret"};
 *    its files are the output files, "secret" naming those that must be 0600.
 * 3. An answer that is too large is an error to the caller and never a silence.
 *
 * Never asks, never opens a file that the caller named as input or output. */
#include "common/cli/cli_frame.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

/* ---- the answer ---- */

struct memory_file {
    FILE *file;
    char *text;
    size_t size;
};

static void open_memory(struct memory_file *memory)
{
    memory->file = open_memstream(&memory->text, &memory->size);
    CHECK(memory->file != NULL);
}

static void close_memory(struct memory_file *memory)
{
    if (memory->file != NULL)
        fclose(memory->file);
    free(memory->text);
}

static json_t *make_envelope(const struct cli *cli, int exit_code, const char *text,
                             const char *warnings)
{
    json_t *envelope = json_object(), *secret = json_array();
    if (cli->json)
        json_object_set(envelope, "result", cli->result);
    else
        json_object_set_new(envelope, "text", json_string(text));
    json_object_set_new(envelope, "warnings", json_string(warnings));
    if (cli->error != NULL && exit_code != CLI_OK)
        json_object_set(envelope, "error", cli->error);
    for (size_t i = 0; i < cli->output_count; i++) {
        if (cli->outputs[i].secret)
            json_array_append_new(secret, json_string(cli->outputs[i].parameter->name));
    }
    json_object_set_new(envelope, "secret", secret);
    return envelope;
}

static enum err encode_reply(struct buffer *out, const struct cli *cli, int exit_code,
                             const json_t *envelope)
{
    struct file_item files[CLI_FILES_MAX];
    for (size_t i = 0; i < cli->output_count; i++)
        files[i] = (struct file_item){.name = span_text(cli->outputs[i].parameter->name),
                                      .bytes = buffer_span(&cli->outputs[i].bytes)};
    char *json = json_dumps(envelope, JSON_COMPACT);
    if (json == NULL)
        return ERR_LIBRARY;
    struct control_reply reply = {.exit_code = (uint64_t)exit_code,
                                  .json = span_text(json),
                                  .files = {.items = files, .count = cli->output_count}};
    enum err error = control_reply_encode(out, &reply);
    free(json);
    return error;
}

/* What does not fit is answered with an error; the command has done its work. */
static enum err answer_too_large(struct buffer *out, struct cli *cli)
{
    struct cli *small AUTO(cli_free) = cli_new(cli->program, cli->text, cli->notes);
    int code = cli_fail(small, CLI_REFUSED, "LIMIT", _("ask for less at once"),
                        _("it was done, but the answer is too large"));
    json_t *envelope = make_envelope(small, code, "", "");
    enum err error = encode_reply(out, small, code, envelope);
    json_decref(envelope);
    return error;
}

/* ---- the command ---- */

static enum err copy_text(char **out, struct span text, struct arena *arena)
{
    void *memory = NULL;
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        return ERR_PARSE;
    TRY(arena_alloc(arena, &memory, text.size + 1, 1));
    if (text.size > 0)
        memcpy(memory, text.data, text.size);
    *out = memory;
    return ERR_OK;
}

struct forwarded {
    char *words[CLI_WORDS_MAX];
    size_t word_count;
    struct cli_input inputs[CLI_FILES_MAX];
    size_t input_count;
};

static enum err decode_request(struct forwarded *out, struct span bytes, struct arena *arena)
{
    struct control_request request;
    TRY(control_request_decode(&request, bytes, arena));
    if (request.arguments.count > CLI_WORDS_MAX || request.files.count > CLI_FILES_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < request.arguments.count; i++)
        TRY(copy_text(&out->words[i], request.arguments.items[i].text, arena));
    for (size_t i = 0; i < request.files.count; i++) {
        char *name = NULL;
        TRY(copy_text(&name, request.files.items[i].name, arena));
        out->inputs[i] = (struct cli_input){name, request.files.items[i].bytes};
    }
    out->word_count = request.arguments.count;
    out->input_count = request.files.count;
    return ERR_OK;
}

static enum err run_and_answer(struct cli *cli, struct buffer *reply, struct forwarded *request,
                               struct memory_file *text, struct memory_file *notes)
{
    int code = cli_run(cli, request->word_count, request->words);
    if (code != CLI_OK && code != CLI_PENDING && cli->error == NULL)
        cli_fail(cli, code, "FAILED", NULL, _("the command failed (exit code %d)"), code);
    fflush(text->file);
    fflush(notes->file);
    json_t *envelope = make_envelope(cli, code, text->text, notes->text);
    size_t before = reply->size;
    enum err error = encode_reply(reply, cli, code, envelope);
    json_decref(envelope);
    if (error != ERR_LIMIT)
        return error;
    reply->size = before;
    return answer_too_large(reply, cli);
}

enum err cli_serve_control(const struct cli_program *program, void *context, const char *data,
                           struct buffer *reply, struct span request)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct forwarded forwarded = {0};
    TRY(decode_request(&forwarded, request, &arena));
    if (strlen(data) >= CLI_PATH_SIZE)
        return ERR_LIMIT;
    struct memory_file text AUTO(close_memory) = {0}, notes AUTO(close_memory) = {0};
    open_memory(&text);
    open_memory(&notes);
    const char *language = cli_language_now();
    struct cli *cli AUTO(cli_free) = cli_new(program, text.file, notes.file);
    cli->has_inputs = cli->is_server = true;
    cli->inputs = forwarded.inputs;
    cli->input_count = forwarded.input_count;
    cli->context = context;
    snprintf(cli->data, sizeof cli->data, "%s", data);
    enum err error = run_and_answer(cli, reply, &forwarded, &text, &notes);
    cli_language_use(language);
    return error;
}
