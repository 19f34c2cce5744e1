/* The payee's side; the payer's is in handover_pay.c.
 *
 * Invariants: 1 a request is kept before it is shown. 2 coins, request and receipt go into the
 * store in one transaction, before the receipt leaves. 3 what is genuine and pays me is kept,
 * whatever the rules say of it. Never: judges; packet_verify and packet_accept do. */
#include "wallet/handover/handover.h"

#include "common/base/text.h"
#include "common/base/time.h"
#include "common/purse/purse_row.h"
#include "wallet/news/fork.h"
#include "wallet/news/sighting.h"
#include "wallet/state/wallet_file.h"

/* --- asking --- */

struct asking {
    const struct handover_ask *ask;
    struct id request_id;
    struct invoice invoice;
};

static enum err make_request(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct asking *asking = context;
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct purse_key current = {0};
    const struct policy *policy = trust_policy(&wallet->trust);
    TRY(purse_key_current(env, &current));
    if (!current.has_certificate)
        return ERR_MISSING;
    TRY(wallet_key(wallet, &pair, &current.key));
    struct request request = {
        .payee_key = current.key,
        .amount = asking->ask->amount,
        .made_at = wallet->now,
        .expires_at = wallet->now + asking->ask->expires_s,
        .memo = span_text(asking->ask->memo),
        .directory_version = wallet->trust.directory.version,
        .revocations_version = wallet->trust.revocations.version,
        .hops_max = policy->hops_max,
        .coins_max = PACKET_COINS_MAX,
    };
    wallet->random(wallet->context, request.nonce.bytes, NONCE_SIZE);
    TRY(record_sign(&asking->invoice.request, wallet->trust.network, KIND_REQUEST, &request, &pair,
                    env->arena));
    asking->invoice.has_certificate = true;
    TRY(wire_decode_cose(&asking->invoice.certificate, current.certificate));
    return purse_request_add(env, &asking->request_id, &asking->invoice.request);
}

enum err handover_request(struct wallet *wallet, struct span *file, struct id *request_id,
                          const struct handover_ask *ask, struct arena *arena)
{
    struct asking asking = {.ask = ask};
    TRY(wallet_transact(wallet, make_request, &asking, arena));
    *request_id = asking.request_id;
    TRY(wallet_file_wrap(wallet, file, KIND_INVOICE, &asking.invoice, arena));
    return news_tell_anybody(wallet, file, arena);
}

/* --- receiving --- */

enum handover_result handover_next(enum handover_asked asked, enum handover_shown shown)
{
#define NO HANDOVER_REFUSED
#define SAME HANDOVER_DUPLICATE
#define ASIDE HANDOVER_QUARANTINED
    static const enum handover_result results[][HANDOVER_SHOWN_COUNT] = {
        /*                     NOT_MINE THE_SAME AGAINST GOOD */
        [HANDOVER_NOT_ASKED] = {NO, ASIDE, ASIDE, ASIDE},
        [HANDOVER_OPEN] = {NO, SAME, ASIDE, HANDOVER_TAKEN},
        [HANDOVER_PAID] = {NO, SAME, ASIDE, ASIDE},
    };
#undef NO
#undef SAME
#undef ASIDE
    CHECK(asked < HANDOVER_ASKED_COUNT && shown < HANDOVER_SHOWN_COUNT);
    return results[asked][shown];
}

struct receiving {
    struct handover_received *out;
    const struct packet_view *view;
    struct span packet;
    bool has_request;
    struct purse_request row;
    struct request request;
    struct invoice shown; /* request and certificate for the confirmation */
};

/* What of the packet is mine, over all my keys. */
static enum err sum_mine(struct purse_env *env, struct receiving *receiving)
{
    const struct packet_view *view = receiving->view;
    receiving->out->amount = amount_zero();
    for (size_t i = 0; i < view->leaf_count; i++) {
        const struct packet_payment *leaf = &view->payments[view->leaves[i]];
        for (size_t j = 0; j < leaf->payment.outputs.count; j++) {
            bool mine = false;
            TRY(purse_key_is_mine(env, &mine, &leaf->payment.outputs.items[j].key));
            if (!mine)
                continue;
            receiving->out->coin_count++;
            if (amount_add(&receiving->out->amount, receiving->out->amount,
                           leaf->payment.outputs.items[j].amount) != ERR_OK)
                receiving->out->status = STATUS_RANGE; /* forged: there is not that much money */
            if (packet_output_hops(leaf, j) > receiving->out->hops_max)
                receiving->out->hops_max = packet_output_hops(leaf, j);
        }
    }
    return ERR_OK;
}

static void describe_payer(struct receiving *receiving)
{
    const struct packet_payment *leaf = &receiving->view->payments[receiving->view->leaves[0]];
    const struct wallet_certificate *certificate =
        leaf->certificate == PACKET_NONE ? NULL : &receiving->view->certificates[leaf->certificate];
    wallet_name(receiving->out->payer, certificate, leaf->bank);
    if (receiving->has_request)
        text_printable(receiving->out->memo, sizeof receiving->out->memo, receiving->request.memo);
}

/* My own request, made before the backup was: its key can't sign a receipt any more. */
static enum err is_frozen(struct purse_env *env, bool *frozen, const struct receiving *receiving)
{
    struct purse_key key = {.key = receiving->row.payee_key};
    bool found = false;
    if (receiving->has_request)
        TRY(purse_find(env, &found, &purse_table_purse_key, &key));
    *frozen = found && key.state == PURSE_KEY_FROZEN;
    return ERR_OK;
}

static enum err judge(struct wallet *wallet, struct purse_env *env, struct receiving *receiving)
{
    bool frozen = false;
    TRY(is_frozen(env, &frozen, receiving));
    const struct packet_terms terms = {
        .now = wallet->now,
        .newest_signed_time = wallet_newest_time(wallet),
        .request = receiving->has_request && receiving->row.state == PURSE_REQUEST_OPEN
                       ? &receiving->request
                       : NULL,
        .request_id = receiving->row.request_id,
        .is_restored = wallet->is_restored || frozen,
        .context = env,
        .seen = purse_seen,
        .conflict = fork_conflict,
    };
    return packet_accept(&receiving->out->status, receiving->view, &wallet->trust, &terms);
}

static enum err confirmation_of(struct wallet *wallet, struct purse_env *env,
                                struct receiving *receiving)
{
    struct purse_key key = {.key = receiving->row.payee_key};
    struct confirmation confirmation = {.receipt = receiving->row.receipt,
                                        .request = receiving->row.request};
    TRY(store_get(env->store, &purse_table_purse_key, &key, env->arena));
    if (key.has_certificate) {
        confirmation.has_certificate = true;
        TRY(wire_decode_cose(&confirmation.certificate, key.certificate));
    }
    return wallet_file_wrap(wallet, &receiving->out->receipt, KIND_CONFIRMATION, &confirmation,
                            env->arena);
}

static enum err sign_receipt(struct wallet *wallet, struct purse_env *env, struct cose *out,
                             const struct receiving *receiving)
{
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct id_item ids[PACKET_COINS_MAX];
    for (size_t i = 0; i < receiving->view->leaf_count; i++)
        ids[i].id = receiving->view->payments[receiving->view->leaves[i]].id;
    const struct receipt receipt = {
        .request_id = receiving->row.request_id,
        .payment_ids = {ids, receiving->view->leaf_count},
        .received_at = wallet->now,
    };
    TRY(wallet_key(wallet, &pair, &receiving->row.payee_key));
    return record_sign(out, wallet->trust.network, KIND_RECEIPT, &receipt, &pair, env->arena);
}

static enum err note_time(struct wallet *wallet, const struct packet_view *view);

static enum err is_kept(struct purse_env *env, bool *kept, const struct receiving *receiving)
{
    struct purse_inbox row = {.packet_hash = crypto_hash(&receiving->packet, 1)};
    return purse_find(env, kept, &purse_table_purse_inbox, &row);
}

/* What a sync found before its packet came stands in the history already. */
static enum err note_received(struct wallet *wallet, const struct receiving *receiving,
                              bool was_kept)
{
    const struct handover_received *out = receiving->out;
    if (receiving->row.state == PURSE_REQUEST_PAID && !was_kept)
        return ERR_OK;
    return wallet_history(wallet, HISTORY_RECEIVED, out->amount, &receiving->row.request_id,
                          span_text(out->payer), receiving->request.memo);
}

static enum err take(struct wallet *wallet, struct purse_env *env, struct receiving *receiving)
{
    struct cose receipt = {0};
    bool was_kept = false;
    TRY(sign_receipt(wallet, env, &receipt, receiving));
    TRY(is_kept(env, &was_kept, receiving));
    TRY(note_received(wallet, receiving, was_kept));
    TRY(purse_take_packet(env, receiving->view, receiving->packet, PURSE_AVAILABLE,
                          &receiving->row.request_id));
    TRY(sighting_add(wallet, env, receiving->view));
    TRY(purse_request_paid(env, &receiving->row, receiving->view, &receipt));
    TRY(note_time(wallet, receiving->view));
    return confirmation_of(wallet, env, receiving);
}

/* Both payments are here: that is the proof. */
static enum err note_conflict(struct wallet *wallet, struct purse_env *env,
                              const struct packet_view *view)
{
    bool found = false;
    TRY(fork_hear_packet(wallet, env, &found, view));
    wallet->news.fork_count += found;
    return ERR_OK;
}

static enum err quarantine(struct wallet *wallet, struct purse_env *env,
                           struct receiving *receiving)
{
    struct handover_received *out = receiving->out;
    const struct id hash = crypto_hash(&receiving->packet, 1);
    const struct id *request_id = receiving->has_request ? &receiving->row.request_id : NULL;
    bool again = false;
    TRY(is_kept(env, &again, receiving));
    if (again)
        return ERR_OK;
    if (out->status == STATUS_CONFLICT)
        TRY(note_conflict(wallet, env, receiving->view));
    TRY(purse_take_packet(env, receiving->view, receiving->packet, PURSE_QUARANTINED, request_id));
    TRY(sighting_add(wallet, env, receiving->view));
    return wallet_history(wallet, HISTORY_QUARANTINED, out->amount, &hash, span_text(out->payer),
                          span_text(""));
}

static enum handover_asked asked_of(const struct receiving *receiving)
{
    if (!receiving->has_request)
        return HANDOVER_NOT_ASKED;
    return receiving->row.state == PURSE_REQUEST_OPEN ? HANDOVER_OPEN : HANDOVER_PAID;
}

/* Do its payments count for the request already? A receipt that is not signed yet must be possible:
 * never under a key of a backup. */
static enum err is_paid_by(struct purse_env *env, bool *same, const struct receiving *receiving)
{
    bool frozen = false;
    *same = receiving->has_request && purse_request_is_duplicate(&receiving->row, receiving->view);
    if (*same && !receiving->row.has_receipt)
        TRY(is_frozen(env, &frozen, receiving));
    *same = *same && !frozen;
    return ERR_OK;
}

/* A packet that I made and hold all of: my change is no payment to me. */
static enum err is_my_own(struct purse_env *env, bool *own, const struct receiving *receiving)
{
    const struct packet_view *view = receiving->view;
    *own = !receiving->has_request;
    for (size_t i = 0; *own && i < view->leaf_count; i++) {
        const struct packet_payment *leaf = &view->payments[view->leaves[i]];
        TRY(purse_key_is_mine(env, own, &leaf->owner_key));
        for (size_t j = 0; *own && j < leaf->payment.outputs.count; j++) {
            const struct id coin_id = record_coin_output(&leaf->id, (uint16_t)j);
            bool mine = false, held = false;
            TRY(purse_key_is_mine(env, &mine, &leaf->payment.outputs.items[j].key));
            TRY(purse_seen(env, &held, leaf->payment.serial, &coin_id));
            *own = held || !mine;
        }
    }
    return ERR_OK;
}

/* What the packet is, and in the report its status. */
static enum err look(struct wallet *wallet, struct purse_env *env, struct receiving *receiving,
                     enum handover_shown *shown)
{
    struct handover_received *out = receiving->out;
    bool same = false;
    *shown = HANDOVER_NOT_MINE;
    TRY(sum_mine(env, receiving));
    if (amount_is_zero(out->amount))
        out->status = STATUS_REQUEST_UNKNOWN;
    if (out->status != STATUS_OK)
        return ERR_OK;
    TRY(purse_request_of(env, &receiving->has_request, &receiving->row, &receiving->request,
                         receiving->view));
    describe_payer(receiving);
    TRY(is_my_own(env, &out->is_my_own, receiving));
    if (out->is_my_own) {
        out->status = STATUS_REQUEST_UNKNOWN;
        return ERR_OK;
    }
    TRY(is_paid_by(env, &same, receiving));
    if (same) {
        *shown = HANDOVER_THE_SAME;
        out->status = STATUS_DUPLICATE;
        return ERR_OK;
    }
    TRY(judge(wallet, env, receiving));
    *shown = out->status == STATUS_OK ? HANDOVER_GOOD : HANDOVER_AGAINST;
    return ERR_OK;
}

static enum err receive_work(struct wallet *wallet, struct purse_env *env, void *context)
{
    struct receiving *receiving = context;
    enum handover_shown shown;
    TRY(look(wallet, env, receiving, &shown));
    receiving->out->result = handover_next(asked_of(receiving), shown);
    switch (receiving->out->result) {
    case HANDOVER_TAKEN:
        return take(wallet, env, receiving);
    case HANDOVER_DUPLICATE: /* the coins may have come before the packet did */
        return receiving->row.has_receipt ? confirmation_of(wallet, env, receiving)
                                          : take(wallet, env, receiving);
    case HANDOVER_QUARANTINED:
        return quarantine(wallet, env, receiving);
    case HANDOVER_REFUSED:
    default:
        return ERR_OK;
    }
}

/* What the payer has, by what it signed. */
static enum err tell_payer(struct wallet *wallet, const struct receiving *receiving,
                           const struct news_answers *answers, struct arena *arena)
{
    const struct packet_view *view = receiving->view;
    struct news_hearer payer = {.directory_version = view->packet.directory_version,
                                .answers = answers};
    for (size_t i = 0; i < view->leaf_count; i++) {
        const uint64_t version = view->payments[view->leaves[i]].payment.revocations_version;
        if (version > payer.revocations_version)
            payer.revocations_version = version;
    }
    return news_tell(wallet, &receiving->out->receipt, &payer, arena);
}

enum err handover_receive(struct wallet *wallet, struct handover_received *out,
                          struct span packet_file, struct arena *arena)
{
    struct packet_view view = {0};
    struct receiving receiving = {.out = out, .view = &view};
    struct news_answers answers = {0};
    struct span message = {0};
    const struct packet_options options = {.role = PACKET_FOR_PAYEE};
    *out = (struct handover_received){.result = HANDOVER_REFUSED};
    TRY(news_hear(wallet, &message, &answers, packet_file, arena));
    out->status = wallet_file_unwrap(wallet, &receiving.packet, KIND_PACKET, message);
    if (out->status == STATUS_OK)
        TRY(packet_verify(&view, &out->status, receiving.packet, &wallet->trust, &options, arena));
    if (out->status != STATUS_OK)
        return ERR_OK;
    TRY(wallet_transact(wallet, receive_work, &receiving, arena));
    return out->receipt.size == 0 ? ERR_OK : tell_payer(wallet, &receiving, &answers, arena);
}

static enum err note_day(struct wallet *wallet, uint64_t day)
{
    return day > time_day(wallet->now) ? ERR_OK : wallet_note_time(wallet, day * SECONDS_PER_DAY);
}

/* The newest signed day seen on a line that was accepted keeps the clock from being set back below
 * it. A payment's own day is the payer's word and could be far in the future: only what banks and
 * the central bank signed counts, and of that no day to come, or one bank's date up some line would
 * stop whoever takes the coin for good. */
static enum err note_time(struct wallet *wallet, const struct packet_view *view)
{
    for (size_t i = 0; i < view->token_count; i++)
        TRY(note_day(wallet, view->tokens[i].token.issued_day));
    for (size_t i = 0; i < view->certificate_count; i++)
        TRY(note_day(wallet, view->certificates[i].not_before_day));
    return ERR_OK;
}
