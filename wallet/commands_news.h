/* What the commands say of news, and of coins paid twice. */
#ifndef DCEP_WALLET_COMMANDS_NEWS_H
#define DCEP_WALLET_COMMANDS_NEWS_H

#include "wallet/commands.h"

/* --news and --no-news of a command that tells; after desk_open. CLI_USAGE for both. */
int commands_news_choose(struct desk *desk);
/* After a command that heard: what is new and what was ignored, on stderr and in the result. */
void commands_news_show(struct desk *desk);
/* Exit 7 if a coin paid twice came out, 6 if there was nothing to believe. */
int commands_news_judge(struct desk *desk);
/* A file of news alone is taken: exit 7 if it brings out a coin paid twice. */
int commands_news_receive(struct desk *desk, struct span file);
/* outbox --news -o FILE */
int commands_news_give(struct desk *desk);
/* history --proof ID -o FILE */
int commands_news_proof(struct desk *desk);

#define NEWS_OPTIONS                                                                               \
    CLI_OPTION("--news", 0, CLI_FLAG, N_("add directory and revocation list in any case")),        \
        CLI_OPTION("--no-news", 0, CLI_FLAG, N_("add nothing to it"))

#endif
