/* Banks: list and show. Enrolment is in commands_enroll.c. */
#include "central/authority.h"
#include "central/commands.h"
#include "central/vault.h"
#include "common/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span commands_bank_name(const struct trust *trust, uint64_t bank_id)
{
    const struct trust_bank *bank = trust_bank(trust, bank_id);
    return bank != NULL ? bank->certificate.name : (struct span){NULL, 0};
}

static bool begins_with(struct span name, const char *word)
{
    const size_t size = strlen(word);
    return name.size >= size && memcmp(name.data, word, size) == 0;
}

static bool is_id(uint64_t bank_id, const char *word)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)bank_id);
    return strcmp(text, word) == 0;
}

/* An id or a whole name wins over the beginning of a name. */
static const struct bank *find(const struct bank_list *banks, const char *word, size_t *count)
{
    const struct bank *found = NULL;
    *count = 0;
    for (size_t i = 0; i < banks->count; i++) {
        const struct bank *bank = &banks->items[i];
        if (is_id(bank->bank_id, word) || span_equal(bank->name, span_text(word))) {
            *count = 1;
            return bank;
        }
        if (word[0] != '\0' && begins_with(bank->name, word)) {
            found = bank;
            *count += 1;
        }
    }
    return found;
}

enum err commands_find_bank(struct cli *cli, int *code, struct bank *out, struct register_env *env)
{
    const char *word = cli_text(cli, "BANK");
    struct bank_list banks = {0};
    size_t count = 0;
    TRY(vault_banks(env, &banks));
    const struct bank *bank = find(&banks, word, &count);
    if (count == 1)
        *out = *bank;
    else if (count > 1)
        *code = cli_fail(cli, CLI_USAGE, "AMBIGUOUS", _("give the whole name, or the id"),
                         _("several banks begin with \"%s\""), word);
    else
        *code = cli_fail(cli, CLI_REFUSED, "UNKNOWN", _("dcep-central bank list shows all"),
                         _("there is no bank \"%s\""), word);
    return ERR_OK;
}

json_t *commands_bank_json(const struct bank *bank, struct register_env *env)
{
    json_t *object = json_object();
    const struct trust_bank *certified = trust_bank(env->trust, bank->bank_id);
    commands_put_number(object, "bank_id", bank->bank_id);
    json_object_set_new(object, "name", cli_json_text(bank->name));
    json_object_set_new(object, "reserve", cli_json_amount(bank->reserve));
    json_object_set_new(object, "guarantee", cli_json_amount(bank->guarantee));
    json_object_set_new(object, "bank_key", cli_json_hex(SPAN(bank->bank_key)));
    json_object_set_new(object, "bank_key_id", cli_json_hex(SPAN(bank->bank_key_id)));
    json_object_set_new(object, "vault_key", cli_json_hex(SPAN(bank->vault_key)));
    commands_put_number(object, "enrolled_at", bank->enrolled_at);
    if (certified != NULL)
        commands_put_number(object, "not_after_day", certified->certificate.not_after_day);
    return object;
}

static enum err list_banks(struct cli *cli, int *code, struct register_env *env)
{
    struct bank_list banks = {0};
    json_t *rows = json_array();
    (void)code;
    json_object_set_new(cli_result(cli), "banks", rows);
    TRY(vault_banks(env, &banks));
    for (size_t i = 0; i < banks.count; i++)
        json_array_append_new(rows, commands_bank_json(&banks.items[i], env));
    return ERR_OK;
}

int commands_bank_list(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"bank_id", N_("bank"), CLI_AS_NUMBER},
        {"name", N_("name"), CLI_AS_TEXT},
        {"reserve", N_("reserve"), CLI_AS_AMOUNT},
        {"guarantee", N_("guarantee"), CLI_AS_AMOUNT},
        {"not_after_day", N_("certified until"), CLI_AS_DAY},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, list_banks);
    if (code == CLI_OK)
        cli_show_table(cli, json_object_get(cli_result(cli), "banks"), columns);
    return code;
}

static enum err show_bank(struct cli *cli, int *code, struct register_env *env)
{
    struct bank bank = {0};
    bool revoked = false;
    uint64_t version = 0;
    TRY(commands_find_bank(cli, code, &bank, env));
    if (*code != CLI_OK)
        return ERR_OK;
    json_t *object = commands_bank_json(&bank, env);
    json_object_update(cli_result(cli), object);
    json_decref(object);
    TRY(authority_revoked_version(env, &revoked, &version, &bank.bank_key));
    json_object_set_new(cli_result(cli), "revoked", json_boolean(revoked));
    return ERR_OK;
}

int commands_bank_show(struct cli *cli)
{
    static const struct cli_column columns[] = {
        {"bank_id", N_("bank"), CLI_AS_NUMBER},
        {"name", N_("name"), CLI_AS_TEXT},
        {"reserve", N_("reserve"), CLI_AS_AMOUNT},
        {"guarantee", N_("guarantee"), CLI_AS_AMOUNT},
        {"bank_key_id", N_("key"), CLI_AS_TEXT},
        {"enrolled_at", N_("enrolled"), CLI_AS_TIME},
        {"not_after_day", N_("certified until"), CLI_AS_DAY},
        {"revoked", N_("revoked"), CLI_AS_BOOL},
        {NULL, NULL, CLI_AS_TEXT},
    };
    const int code = office_run(cli, OFFICE_READ, show_bank);
    if (code == CLI_OK)
        cli_show_record(cli, cli_result(cli), columns);
    return code;
}
