/* Looking at files (contract in look.h). */
#include "tests/wallet/look.h"

#include "common/cli/cli_frame.h"
#include "wallet/inspect.h"
#include "wallet/program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_command *find_command(void)
{
    const struct cli_command *row = program_wallet.commands;
    while (row->verb != NULL && strcmp(row->verb, "inspect") != 0)
        row++;
    cr_assert_not_null(row->verb);
    return row;
}

/* As if it had been given "inspect FILE", read already. */
static struct cli *told(struct span file, FILE *text, FILE *notes)
{
    struct cli *cli = cli_new(&program_wallet, text, notes);
    cli->command = find_command();
    cli->value_count = 1;
    cli->values[0].parameter = &cli->command->parameters[0];
    cli->values[0].text = "FILE";
    cr_assert_eq(buffer_put(&cli->values[0].bytes, file), ERR_OK);
    return cli;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

void look_at(struct look *out, struct folk *folk, struct span file)
{
    size_t text_size = 0, notes_size = 0;
    *out = (struct look){0};
    FILE *text = open_memstream(&out->text, &text_size);
    FILE *notes = open_memstream(&out->notes, &notes_size);
    cr_assert(text != NULL && notes != NULL);
    struct cli *cli AUTO(cli_free) = told(file, text, notes);
    struct desk desk = {.cli = cli, .wallet = {.now = WORLD_NOW}};
    if (folk != NULL)
        desk.wallet = folk->wallet;
    out->exit_code = inspect_file(&desk, folk != NULL);
    arena_fini(&desk.arena);
    fclose(text);
    fclose(notes);
    out->result = json_incref(cli->result);
    out->failure = json_incref(cli->error);
    out->error = text_of(out->failure, "name");
    out->hint = text_of(out->failure, "hint");
}

void look_fini(struct look *look)
{
    free(look->text);
    free(look->notes);
    json_decref(look->result);
    json_decref(look->failure);
}

const char *look_member(const struct look *look, const char *name)
{
    const char *text = text_of(look->result, name);
    return text != NULL ? text : "";
}

/* ---- files ---- */

struct span look_file(struct world *world, enum kind kind, struct span body)
{
    struct buffer file AUTO(buffer_fini) = {0};
    struct span kept = {0};
    cr_assert_eq(wire_wrap(&file, world->network, kind, body), ERR_OK);
    cr_assert_eq(arena_copy(&world->arena, &kept, buffer_span(&file)), ERR_OK);
    return kept;
}

struct span look_file_of(struct world *world, enum kind kind, const void *value)
{
    struct buffer body AUTO(buffer_fini) = {0};
    cr_assert_eq(wire_encode(&body, message_kind_schema(kind), value), ERR_OK);
    return look_file(world, kind, buffer_span(&body));
}

struct span look_file_signed(struct world *world, enum kind kind, const struct cose *cose)
{
    return look_file(world, kind, world_bytes(world, cose));
}

/* ---- what is expected ---- */

void look_expect(const struct look *look, const char *verdict, const char *part)
{
    cr_expect_str_eq(look_member(look, "verdict"), verdict, "%s%s", look->text, look->notes);
    cr_expect(strstr(look->text, part) != NULL, "\"%s\" is not in\n%s", part, look->text);
    cr_expect_eq(look->exit_code == CLI_OK,
                 strcmp(verdict, "OK") == 0 || strcmp(verdict, "UNCHECKED") == 0, "exit %d",
                 look->exit_code);
}

/* Where the value begins on the line that begins with title; 0: there is no such line. */
static size_t value_at(const char *text, const char *title)
{
    const size_t size = strlen(title);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += line != text;
        if (strncmp(line, title, size) == 0 && strncmp(line + size, "  ", 2) == 0)
            return size + strspn(line + size, " ");
    }
    return 0;
}

void look_expect_aligned(const struct look *look, const char *const *titles)
{
    const size_t first = value_at(look->text, titles[0]);
    for (size_t i = 0; titles[i] != NULL; i++) {
        const size_t at = value_at(look->text, titles[i]);
        cr_expect(at > 0, "no line \"%s\" in\n%s", titles[i], look->text);
        cr_expect_eq(at, first, "\"%s\" out of line:\n%s", titles[i], look->text);
    }
}
