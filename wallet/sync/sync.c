/* Sync: one step after the other, each fit to be repeated.
 *
 * Invariants: 1 a step that cannot be asked now stops the run; what was done stays done. 2 nothing
 * is exchanged before everything that was paid has been handed in. Never: decides what a word of
 * the register means; common/purse does. */
#include "wallet/sync/sync_step.h"

#include "common/base/text.h"
#include "common/purse/purse_row.h"
#include "wallet/handover/handover.h"

#include <string.h>

bool sync_is_transient(enum status status)
{
    return status == STATUS_PENDING || status == STATUS_BUSY || status == STATUS_UNREACHABLE ||
           status == STATUS_FAILED || status == STATUS_SENDER || status == STATUS_CALL_DATE ||
           status == STATUS_CALL_REUSED;
}

enum err sync_call(struct wallet *wallet, enum status *status, void *reply, enum verb verb,
                   const void *body, const struct key_pair *pair, struct arena *arena)
{
    struct key_pair current AUTO(key_pair_wipe) = {0};
    if (pair == NULL)
        TRY(wallet_pair(wallet, &current, NULL));
    const enum err error = wallet->bank(wallet->context, status, reply, verb, body,
                                        pair != NULL ? pair : &current, arena);
    if (err_class(error) == ERR_CLASS_UNREACHABLE)
        *status = STATUS_UNREACHABLE;
    else if (err_class(error) == ERR_CLASS_MALFORMED)
        *status = STATUS_FAILED; /* an answer that cannot be read */
    else
        TRY(error);
    if (*status == STATUS_BUSY)
        *status = STATUS_UNREACHABLE;
    return ERR_OK;
}

void sync_note(struct sync_run *run, enum status status)
{
    struct sync_report *report = run->report;
    if (status == STATUS_OK)
        return;
    if (status == STATUS_UNREACHABLE) {
        report->is_unreachable = true;
        run->is_stopped = true;
    } else if (status == STATUS_PENDING) {
        report->pending_count++;
    } else {
        report->refused_count++;
        report->refusal = status_first(report->refusal, status);
    }
}

/* Amounts of a report are only shown: at the edge of the range they stay as they are. */
static void add_up(struct amount *sum, struct amount amount)
{
    if (amount_add(sum, *sum, amount) != ERR_OK)
        *sum = amount_zero();
}

void sync_note_news(struct sync_run *run, const struct purse_news *news)
{
    add_up(&run->report->settled, news->settled);
    add_up(&run->report->orphaned, news->orphaned);
    add_up(&run->report->lost, news->lost);
    run->report->conflict_count += news->conflict_count;
}

/* --- steps of a few lines --- */

enum err sync_resume(struct sync_run *run)
{
    return handover_resume(run->wallet);
}

/* What cannot be believed is left: an older list, a bad signature (STATUS_SIGNATURE). */
static enum err believe(struct sync_run *run, const struct cose *directory,
                        const struct cose *revocations)
{
    if (directory == NULL && revocations == NULL)
        return ERR_OK;
    enum err error = wallet_believe(run->wallet, directory, revocations);
    if (error == ERR_VERSION && directory != NULL && revocations != NULL) {
        TRY(believe(run, directory, NULL));
        return believe(run, NULL, revocations);
    }
    if (error == ERR_VERSION) /* older than mine: refused, and no harm */
        return ERR_OK;
    if (err_class(error) != ERR_CLASS_MALFORMED)
        return error;
    sync_note(run, STATUS_SIGNATURE);
    return ERR_OK;
}

enum err sync_fetch(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct wallet *wallet = run->wallet;
    struct fetch_reply reply = {0};
    enum status status = STATUS_OK;
    const struct fetch_body body = {.directory_version = wallet->trust.directory.version,
                                    .revocations_version = wallet->trust.revocations.version};
    TRY(sync_call(wallet, &status, &reply, VERB_FETCH, &body, NULL, &arena));
    sync_note(run, status);
    return status == STATUS_OK ? believe(run, reply.has_directory ? &reply.directory : NULL,
                                         reply.has_revocations ? &reply.revocations : NULL)
                               : ERR_OK;
}

static enum err finish_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    const struct sync_report *report = context;
    (void)env;
    if (report->key_status == STATUS_OK || report->key_status == STATUS_FORBIDDEN)
        wallet->state.is_refused = report->key_status == STATUS_FORBIDDEN;
    wallet->state.last_sync_at = wallet->now;
    wallet->state.is_restored = 0;
    return store_update(wallet->store, &tables_table_wallet_state, &wallet->state);
}

enum err sync_all(struct wallet *wallet, struct sync_report *report)
{
    static enum err (*const steps[])(struct sync_run *) = {
        sync_rejoin, sync_resume, sync_fetch, sync_deposits, sync_settle,  sync_withdrawals,
        sync_orders, sync_claims, sync_older, sync_owned,    sync_certify, sync_exchange,
    };
    struct arena arena AUTO(arena_fini) = {0};
    struct sync_run run = {.wallet = wallet, .report = report};
    *report = (struct sync_report){0};
    const size_t count = sizeof steps / sizeof steps[0];
    for (size_t i = 0; i < count && !run.is_stopped; i++) {
        if (wallet->progress != NULL)
            wallet->progress(wallet->context, i + 1, count);
        TRY(steps[i](&run));
    }
    if (run.is_stopped)
        return ERR_OK;
    TRY(wallet_transact(wallet, finish_work, report, &arena));
    wallet->is_restored = false;
    return ERR_OK;
}

/* --- what the register owes me --- */

struct owned_page {
    const struct owned_reply *reply;
    struct sync_run *run;
    struct amount found;
};

/* A request of mine may be paid by it before its packet comes. */
static enum err note_arrival(struct wallet *wallet, struct purse_env *env,
                             const struct owned_line *line)
{
    if (line->payments.count == 0)
        return ERR_OK;
    const struct span payload = line->payments.items[line->payments.count - 1].record.payload;
    const struct id id = record_id(wallet->trust.network, KIND_PAYMENT, payload);
    return purse_request_arrived(env, &id);
}

/* Who paid it: his label if a packet of his was here, else his key. Of a token, or of
 * my own change: my bank. */
static enum err name_payer(struct wallet *wallet, struct purse_env *env, char out[WALLET_NAME_SIZE],
                           const struct purse_coin *coin)
{
    struct purse_payment payment = {.payment_id = coin->parent_payment_id};
    bool found = false, mine = false;
    text_printable(out, WALLET_NAME_SIZE, wallet->state.bank_name);
    if (coin->has_parent_payment_id)
        TRY(purse_find(env, &found, &purse_table_purse_payment, &payment));
    if (found)
        TRY(purse_key_is_mine(env, &mine, &payment.signer_key));
    if (!found || mine)
        return ERR_OK;
    struct purse_certificate row = {.key = payment.signer_key};
    struct wallet_certificate certificate = {.wallet_key = payment.signer_key};
    TRY(purse_find(env, &found, &purse_table_purse_certificate, &row));
    if (found)
        TRY(wallet_certificate_decode(&certificate, row.certificate.payload, env->arena));
    wallet_name(out, &certificate, trust_bank(&wallet->trust, certificate.bank_id));
    return ERR_OK;
}

/* What was found from one payer, line after line: one entry. */
struct found {
    struct amount amount;
    struct id coin_id; /* the first */
    char payer[WALLET_NAME_SIZE];
};

static enum err list_found(struct wallet *wallet, struct owned_page *page, struct found *found)
{
    if (amount_is_zero(found->amount))
        return ERR_OK;
    add_up(&page->found, found->amount);
    TRY(wallet_history(wallet, HISTORY_FOUND, found->amount, &found->coin_id,
                       span_text(found->payer), span_text("")));
    *found = (struct found){.amount = amount_zero()};
    return ERR_OK;
}

static enum err note_found(struct wallet *wallet, struct purse_env *env, struct owned_page *page,
                           struct found *found, const struct purse_coin *coin)
{
    char payer[WALLET_NAME_SIZE];
    TRY(name_payer(wallet, env, payer, coin));
    if (strcmp(payer, found->payer) != 0)
        TRY(list_found(wallet, page, found));
    if (amount_is_zero(found->amount))
        found->coin_id = coin->coin_id;
    memcpy(found->payer, payer, sizeof payer);
    return amount_add(&found->amount, found->amount, coin->amount);
}

static enum err take_line(struct wallet *wallet, struct purse_env *env, struct owned_page *page,
                          struct found *found, const struct owned_line *line)
{
    struct purse_coin coin = {.coin_id = line->coin_id};
    struct token token = {0};
    enum status status = STATUS_OK;
    bool seen = false, held = false;
    if (token_decode(&token, line->token.payload, env->arena) == ERR_OK)
        coin.serial = token.serial;
    TRY(purse_seen(env, &seen, coin.serial, &coin.coin_id));
    TRY(purse_take_owned(env, &status, line));
    sync_note(page->run, status);
    if (status != STATUS_OK)
        return ERR_OK;
    TRY(note_arrival(wallet, env, line));
    TRY(purse_find(env, &held, &purse_table_purse_coin, &coin));
    return !seen && held && coin.state == PURSE_AVAILABLE
               ? note_found(wallet, env, page, found, &coin)
               : ERR_OK;
}

static enum err take_lines(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct owned_page *page = context;
    struct found found = {.amount = amount_zero()};
    for (size_t i = 0; i < page->reply->lines.count; i++)
        TRY(take_line(wallet, env, page, &found, &page->reply->lines.items[i]));
    return list_found(wallet, page, &found);
}

/* Pages go upwards; one that does not is the bank's error, and would be asked for without end. */
static bool is_later(const struct token *token, const struct id *coin_id,
                     const struct ownership *question)
{
    if (token->serial != question->after_serial)
        return token->serial > question->after_serial;
    return memcmp(coin_id->bytes, question->after_coin_id.bytes, sizeof coin_id->bytes) > 0;
}

/* Asks after the last line of the page before; *more false at the end. */
static enum err ask_page(struct sync_run *run, bool *more, struct ownership *question,
                         const struct key_pair *pair)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct owned_body body = {0};
    struct owned_reply reply = {0};
    struct owned_page page = {.reply = &reply, .run = run};
    struct token token = {0};
    enum status status = STATUS_OK;
    TRY(record_sign(&body.ownership, run->wallet->trust.network, KIND_OWNERSHIP, question, pair,
                    &arena));
    TRY(sync_call(run->wallet, &status, &reply, VERB_OWNED, &body, NULL, &arena));
    sync_note(run, status);
    *more = status == STATUS_OK && reply.more == 1 && reply.lines.count > 0;
    if (status != STATUS_OK || reply.lines.count == 0)
        return ERR_OK;
    const struct owned_line *last = &reply.lines.items[reply.lines.count - 1];
    if (token_decode(&token, last->token.payload, &arena) != ERR_OK ||
        !is_later(&token, &last->coin_id, question))
        *more = false;
    question->after_serial = token.serial;
    question->after_coin_id = last->coin_id;
    TRY(wallet_transact(run->wallet, take_lines, &page, &arena));
    add_up(&run->report->found, page.found);
    return ERR_OK;
}

static enum err ask_key(struct sync_run *run, const struct public_key *key)
{
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct ownership question = {.key = *key, .made_at = run->wallet->now};
    bool more = true;
    TRY(wallet_pair(run->wallet, &pair, key));
    while (more && !run->is_stopped)
        TRY(ask_page(run, &more, &question, &pair));
    return ERR_OK;
}

enum { KEYS_ALWAYS_ASKED = 8, KEYS_ASKED_IN_TURN = 8 };

static enum err list_keys(struct wallet *wallet, struct purse_env *env, void *context)
{
    (void)wallet;
    return purse_keys(env, context);
}

/* Each sync adds a key, and every key may still be paid or compensated: the newest are asked for
 * each time, the others one sync in eight. */
enum err sync_owned(struct sync_run *run)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct purse_key_list keys = {0};
    TRY(wallet_transact(run->wallet, list_keys, &keys, &arena));
    for (size_t i = 0; i < keys.count && !run->is_stopped; i++) {
        const bool is_due = i < KEYS_ALWAYS_ASKED || (keys.count - i) % KEYS_ASKED_IN_TURN ==
                                                         keys.count % KEYS_ASKED_IN_TURN;
        if (is_due && keys.items[i].state != PURSE_KEY_FROZEN)
            TRY(ask_key(run, &keys.items[i].key));
    }
    return ERR_OK;
}
