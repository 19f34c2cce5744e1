/* The INI file and the settings.
 *
 * 1. Option, then environment, then file, then default.
 * 2. An unknown or repeated key, or a broken line, is an error: a misspelt limit must not be
 *    ignored.
 *
 * Never holds a secret: settings are shown by status commands. */
#include "common/base/file.h"
#include "common/cli/cli_frame.h"

#include <ctype.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_SIZE_MAX = 64 * 1024, VARIABLE_SIZE = 64 };

struct reading {
    struct cli *cli;
    char problem[256];
    char hint[256];
};

/* ---- reading the file ---- */

static size_t position_of(const struct cli_program *program, const char *section, const char *key)
{
    size_t i = 0;
    while (program->settings[i].key != NULL &&
           (strcmp(program->settings[i].key, key) != 0 ||
            (section != NULL && strcmp(program->settings[i].section, section) != 0)))
        i++;
    return i;
}

static void describe_unknown(struct reading *reading, const char *section, const char *key)
{
    const struct cli_setting *settings = reading->cli->program->settings;
    const char *best = NULL;
    size_t distance = CLI_DISTANCE_MAX + 1;
    for (size_t i = 0; settings[i].key != NULL; i++)
        cli_suggest(&best, &distance, key, settings[i].key);
    snprintf(reading->problem, sizeof reading->problem, _("unknown key \"%s\" in section \"%s\""),
             key, section);
    for (size_t i = 0; best != NULL && settings[i].key != NULL; i++) {
        if (strcmp(settings[i].key, best) == 0)
            snprintf(reading->hint, sizeof reading->hint,
                     _("did you mean \"%s\" in section \"%s\"?"), best, settings[i].section);
    }
}

/* inih: 0 = error. Only the first problem is kept: its line is what ini_parse_string gives back. */
static int on_key(void *user, const char *section, const char *key, const char *value)
{
    struct reading *reading = user;
    const struct cli_program *program = reading->cli->program;
    if (reading->problem[0] != '\0')
        return 0;
    size_t position = position_of(program, section, key);
    if (program->settings[position].key == NULL) {
        describe_unknown(reading, section, key);
        return 0;
    }
    char **slot = &reading->cli->settings[position];
    if (*slot != NULL) {
        snprintf(reading->problem, sizeof reading->problem, _("the key \"%s\" is there twice"),
                 key);
        return 0;
    }
    *slot = strdup(value);
    CHECK(*slot != NULL);
    return 1;
}

/* inih reads lines of at most INI_MAX_LINE - 1 bytes and would cut a longer one into two. */
static int first_long_line(const char *text)
{
    int line = 1;
    for (const char *start = text; *start != '\0'; line++) {
        size_t size = strcspn(start, "\n");
        if (size > INI_MAX_LINE - 2)
            return line;
        start += size + (start[size] == '\n');
    }
    return 0;
}

static int parse_text(struct cli *cli, const char *path, const char *text)
{
    struct reading reading = {.cli = cli};
    int line = first_long_line(text);
    if (line == 0)
        line = ini_parse_string(text, on_key, &reading);
    if (line == 0)
        return CLI_OK;
    if (line < 0)
        return cli_fail_err(cli, ERR_MEMORY, path, NULL);
    return cli_fail(cli, CLI_USAGE, "CONFIG", reading.hint, _("%s, line %d: %s"), path, line,
                    reading.problem[0] != '\0' ? reading.problem : _("the line is not understood"));
}

static int read_config(struct cli *cli, const char *path, bool must_exist)
{
    struct buffer bytes AUTO(buffer_fini) = {.limit = CONFIG_SIZE_MAX + 1};
    enum err error = file_read(&bytes, path, CONFIG_SIZE_MAX);
    if (error == ERR_MISSING && !must_exist)
        return CLI_OK;
    if (error == ERR_OK)
        error = buffer_put(&bytes, span_of("", 1)); /* the NUL */
    if (error != ERR_OK)
        return cli_fail(cli, CLI_USAGE, "CONFIG", cli_hint_of_err(error, NULL), "%s: %s", path,
                        _(err_text(error)));
    if (strlen((const char *)bytes.data) + 1 != bytes.size)
        return cli_fail(cli, CLI_USAGE, "CONFIG", NULL, _("%s: it is not a text file"), path);
    return parse_text(cli, path, (const char *)bytes.data);
}

/* A command that is later forwarded to this process reads the same file. */
static void remember_config(const struct cli *cli)
{
    char path[PATH_MAX];
    const char *given = cli_text(cli, "--config");
    if (given != NULL && realpath(given, path) != NULL)
        setenv("DCEP_CONFIG", path, 1);
}

int cli_config_load(struct cli *cli)
{
    const struct cli_program *program = cli->program;
    if (program->settings == NULL || program->config_name == NULL)
        return CLI_OK;
    size_t count = 0;
    while (program->settings[count].key != NULL)
        count++;
    CHECK(count <= CLI_SETTINGS_MAX);
    remember_config(cli);
    const char *given = cli_common_text(cli, "--config", "DCEP_CONFIG");
    if (given != NULL)
        return read_config(cli, given, true);
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, program->config_name);
    bool own = program->default_data != NULL && strcmp(program->default_data, cli->data) == 0;
    if (own && !file_exists(path))
        snprintf(path, sizeof path, "/etc/dcep/%s", program->config_name);
    return read_config(cli, path, false);
}

/* ---- looking up ---- */

/* "tls_name" -> "--tls-name", DCEP_TLS_NAME */
static const char *from_option(const struct cli *cli, const char *key)
{
    char name[VARIABLE_SIZE];
    snprintf(name, sizeof name, "--%s", key);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    const struct cli_value *value = cli_find(cli, name, 0);
    return value != NULL ? value->text : NULL;
}

static const char *from_environment(const char *key)
{
    char name[VARIABLE_SIZE];
    snprintf(name, sizeof name, "DCEP_%s", key);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *cli_setting(const struct cli *cli, const char *key)
{
    CHECK(cli->program->settings != NULL);
    size_t position = position_of(cli->program, NULL, key);
    const struct cli_setting *setting = &cli->program->settings[position];
    CHECK(setting->key != NULL);
    const char *value = from_option(cli, key);
    if (value == NULL)
        value = from_environment(key);
    if (value == NULL)
        value = cli->settings[position];
    return value != NULL ? value : setting->fallback;
}

/* ---- writing ---- */

static void put_setting(FILE *out, const struct cli_setting *setting, const char *value,
                        const char *section)
{
    if (section == NULL || strcmp(section, setting->section) != 0)
        fprintf(out, "%s[%s]\n", section != NULL ? "\n" : "", setting->section);
    if (setting->help != NULL)
        fprintf(out, "; %s\n", _(setting->help));
    if (value != NULL)
        fprintf(out, "%s = %s\n", setting->key, value);
    else
        fprintf(out, "; %s =\n", setting->key);
}

enum err cli_config_text(const struct cli *cli, struct buffer *out, const char *key,
                         const char *value)
{
    char *text = NULL;
    size_t size = 0;
    const char *section = NULL;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL)
        return ERR_MEMORY;
    for (const struct cli_setting *s = cli->program->settings; s->key != NULL; s++) {
        const bool is_given = key != NULL && strcmp(s->key, key) == 0;
        put_setting(file, s, is_given ? value : cli_setting(cli, s->key), section);
        section = s->section;
    }
    fclose(file);
    enum err error = buffer_put(out, span_of(text, size));
    free(text);
    return error;
}
