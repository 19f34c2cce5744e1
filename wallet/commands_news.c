/* News and early warning, as commands show them (contract in commands_news.h). */
#include "wallet/commands_news.h"

#include "wallet/news/fork.h"
#include "wallet/news/news.h"
#include "wallet/state/wallet_file.h"

int commands_news_choose(struct desk *desk)
{
    struct cli *cli = desk->cli;
    if (cli_flag(cli, "--news") && cli_flag(cli, "--no-news"))
        return cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--news or --no-news, not both"));
    if (cli_flag(cli, "--news"))
        desk->wallet.news.tell = WALLET_TELL_ALL;
    if (cli_flag(cli, "--no-news"))
        desk->wallet.news.tell = WALLET_TELL_NOTHING;
    return CLI_OK;
}

/* --- what was heard --- */

static void put_heard(struct desk *desk)
{
    const struct wallet_news *news = &desk->wallet.news;
    json_t *heard = json_object();
    json_object_set_new(heard, "directory", json_boolean(news->has_new_directory));
    json_object_set_new(heard, "revocations", json_boolean(news->has_new_revocations));
    commands_put_number(heard, "paid_twice", news->fork_count);
    commands_put_number(heard, "ignored", news->ignored_count);
    json_object_set_new(cli_result(desk->cli), "news", heard);
}

void commands_news_show(struct desk *desk)
{
    struct cli *cli = desk->cli;
    const struct wallet_news *news = &desk->wallet.news;
    put_heard(desk);
    if (news->has_new_directory)
        cli_say(cli, _("a newer directory came with it: version %llu"),
                (unsigned long long)desk->wallet.trust.directory.version);
    if (news->has_new_revocations)
        cli_say(cli, _("a newer revocation list came with it: version %llu"),
                (unsigned long long)desk->wallet.trust.revocations.version);
    if (news->ignored_count > 0)
        cli_warn(cli, _("what came beside it was older than mine, broken or not to be believed: "
                        "ignored"));
    if (news->fork_count > 0)
        cli_warn(cli, _("somebody paid a coin twice: dcep-wallet history shows it, history "
                        "--proof ID -o FILE writes the proof"));
}

int commands_news_judge(struct desk *desk)
{
    const struct wallet_news *news = &desk->wallet.news;
    if (news->fork_count > 0)
        return cli_fail(desk->cli, CLI_DOUBLE_SPEND, "CONFLICT",
                        _("dcep-wallet history --proof ID -o FILE writes the proof; sync tells "
                          "whose payment counts"),
                        _("it proves that somebody paid a coin twice"));
    if (news->ignored_count > 0 && !news->has_new_directory && !news->has_new_revocations)
        return cli_fail(desk->cli, CLI_INVALID, "NEWS",
                        _("nothing was changed; dcep-wallet sync asks the bank for what is new"),
                        _("there is nothing in it that is newer than mine and to be believed"));
    return CLI_OK;
}

int commands_news_receive(struct desk *desk, struct span file)
{
    struct span message = {0};
    struct news_answers answers;
    const enum err error = news_hear(&desk->wallet, &message, &answers, file, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    commands_put_text(desk->cli, "result", "news");
    commands_news_show(desk);
    const int code = commands_news_judge(desk);
    if (code == CLI_OK)
        cli_say(desk->cli, _("directory %llu, revocation list %llu"),
                (unsigned long long)desk->wallet.trust.directory.version,
                (unsigned long long)desk->wallet.trust.revocations.version);
    return code;
}

/* --- what is told --- */

int commands_news_give(struct desk *desk)
{
    struct span file = {0};
    const enum err error = news_file(&desk->wallet, &file, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    commands_put_number(cli_result(desk->cli), "size", file.size);
    cli_say(desk->cli, _("what I know, for another wallet (%zu bytes); it takes it with receive"),
            file.size);
    cli_give_file(desk->cli, "--output", file, false);
    return CLI_OK;
}

/* --- coins paid twice --- */

static enum err list_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return fork_all(env, context);
}

static int find(struct desk *desk, const struct fork **out, const struct fork_list *list)
{
    const char *prefix = cli_text(desk->cli, "--proof");
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!cli_id_matches(SPAN(list->items[i].coin_id), prefix))
            continue;
        *out = &list->items[i];
        count++;
    }
    if (count == 1)
        return CLI_OK;
    if (count > 1)
        return cli_fail(desk->cli, CLI_REFUSED, "AMBIGUOUS", _("write more of it"),
                        _("several coins begin with %s"), prefix);
    return cli_fail(desk->cli, CLI_REFUSED, "UNKNOWN",
                    _("dcep-wallet history lists them as \"paid twice\"; 4 digits or more. A "
                      "conflict that the register found is proved there"),
                    _("there is no proof here for a coin that begins with %s"), prefix);
}

int commands_news_proof(struct desk *desk)
{
    struct fork_list list = {0};
    const struct fork *fork = NULL;
    struct span file = {0};
    enum err error = commands_look(desk, list_work, &list);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    const int code = find(desk, &fork, &list);
    if (code != CLI_OK)
        return code;
    error = wallet_file_wrap_bytes(&desk->wallet, &file, KIND_PROOF, fork->proof, &desk->arena);
    if (error != ERR_OK)
        return desk_fail(desk, error);
    json_object_set_new(cli_result(desk->cli), "id", cli_json_hex(SPAN(fork->coin_id)));
    json_object_set_new(cli_result(desk->cli), "key", cli_json_hex(SPAN(fork->key)));
    commands_put_amount(desk->cli, "amount", fork->amount);
    commands_put_number(cli_result(desk->cli), "size", file.size);
    cli_say(desk->cli,
            _("proof that a coin of %s was paid twice (%zu bytes); anybody can check it"),
            commands_yuan(fork->amount), file.size);
    cli_give_file(desk->cli, "--output", file, false);
    return CLI_OK;
}
