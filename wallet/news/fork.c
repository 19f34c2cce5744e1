/* Coins paid twice, and the proofs (contract in fork.h). */
#include "wallet/news/fork.h"

#include "common/base/time.h"
#include "common/money/proof.h"
#include "common/purse/purse_row.h"

#include <stdlib.h>

/* --- what follows from a fork --- */

static enum err is_known(struct purse_env *env, bool *known, uint64_t serial,
                         const struct id *coin_id)
{
    struct fork row = {.serial = serial, .coin_id = *coin_id};
    return purse_find(env, known, &tables_table_fork, &row);
}

/* Does the line of a coin of mine go through that one? */
static enum err comes_from(struct purse_env *env, bool *does, const struct purse_coin *coin,
                           const struct fork *fork)
{
    struct purse_line line = {0};
    *does = false;
    if (coin->serial != fork->serial || coin->is_settled)
        return ERR_OK;
    TRY(purse_line(env, &line, coin));
    for (size_t i = 0; i < line.payment_count; i++)
        *does = *does || id_equal(&line.payments[i].coin_id, &fork->coin_id);
    return ERR_OK;
}

static enum err set_aside(struct purse_env *env, const struct fork *fork)
{
    struct purse_coin_list coins = {0};
    TRY(purse_coins(env, &coins, PURSE_AVAILABLE));
    for (size_t i = 0; i < coins.count; i++) {
        bool does = false;
        TRY(comes_from(env, &does, &coins.items[i], fork));
        if (!does)
            continue;
        coins.items[i].state = PURSE_QUARANTINED;
        TRY(purse_coin_put(env, &coins.items[i]));
    }
    return ERR_OK;
}

static enum err amount_of(struct amount *out, const struct payment *payment)
{
    *out = amount_zero();
    for (size_t i = 0; i < payment->outputs.count; i++)
        TRY(amount_add(out, *out, payment->outputs.items[i].amount));
    return ERR_OK;
}

static enum err next_number(struct purse_env *env, uint64_t *number)
{
    struct fork_list all = {0};
    TRY(fork_all(env, &all));
    if (all.count >= FORKS_MAX)
        return ERR_LIMIT;
    *number = all.count == 0 ? 1 : all.items[0].number + 1;
    return ERR_OK;
}

static enum err keep(struct wallet *wallet, struct purse_env *env, bool *found, struct span proof)
{
    struct proof_finding named;
    bool known = false;
    const enum status status =
        proof_verify(&named, wallet->trust.network, &wallet->trust.root_key, proof, env->arena);
    if (status != STATUS_OK)
        return ERR_SIGNATURE;
    if (named.kind != PROOF_DOUBLE_SPEND)
        return ERR_OK;
    struct fork row = {.serial = named.payment_a.serial,
                       .coin_id = named.payment_a.coin_id,
                       .key = named.key,
                       .proof = proof,
                       .found_at = env->now};
    TRY(is_known(env, &known, row.serial, &row.coin_id));
    if (known)
        return ERR_OK;
    TRY(amount_of(&row.amount, &named.payment_a));
    TRY(next_number(env, &row.number));
    TRY(store_insert(env->store, &tables_table_fork, &row));
    TRY(set_aside(env, &row));
    *found = true;
    const struct trust_bank *bank = trust_bank(&wallet->trust, named.bank_id);
    char name[WALLET_NAME_SIZE];
    wallet_name(name, named.is_vault ? NULL : &named.certificate, bank);
    return wallet_history(wallet, HISTORY_CONFLICT, row.amount, &row.coin_id, span_text(name),
                          span_text(""));
}

/* --- making the proof --- */

/* *has false: nothing here says whose key it is. */
static enum err certificate_of(struct purse_env *env, bool *has, struct cose *out,
                               const struct public_key *key)
{
    struct purse_certificate row = {.key = *key};
    struct purse_key mine = {.key = *key};
    TRY(purse_find(env, has, &purse_table_purse_certificate, &row));
    *out = row.certificate;
    if (*has)
        return ERR_OK;
    TRY(purse_find(env, has, &purse_table_purse_key, &mine)); /* a copy of me, somewhere */
    *has = *has && mine.has_certificate;
    return *has ? wire_decode_cose(out, mine.certificate) : ERR_OK;
}

static enum err prove(struct wallet *wallet, struct purse_env *env, struct span *proof,
                      const struct cose *certificate, const struct purse_payment *held,
                      const struct cose *payment)
{
    struct buffer bytes AUTO(buffer_fini) = {0};
    struct wallet_certificate signer = {0};
    const struct trust_bank *bank = trust_vault(&wallet->trust, &held->signer_key);
    const bool is_vault = bank != NULL;
    if (!is_vault) {
        TRY(wallet_certificate_decode(&signer, certificate->payload, env->arena));
        bank = trust_bank(&wallet->trust, signer.bank_id);
    }
    if (bank == NULL)
        return ERR_MISSING;
    TRY(proof_encode_parts(&bytes, is_vault ? NULL : certificate, &bank->cose, &held->payment,
                           payment));
    return arena_copy(env->arena, proof, buffer_span(&bytes));
}

/* held and payment spend one coin and differ. Without the signer's certificate there is no proof
 * now: the line came from the register, and the register has it all. */
static enum err found_pair(struct wallet *wallet, struct purse_env *env, bool *found,
                           const struct purse_payment *held, const struct cose *payment,
                           const struct cose *certificate)
{
    struct cose kept = {0};
    struct span proof = {0};
    bool has = false;
    TRY(certificate_of(env, &has, &kept, &held->signer_key));
    if (!has && certificate != NULL)
        kept = *certificate;
    if (!has && certificate == NULL && trust_vault(&wallet->trust, &held->signer_key) == NULL)
        return ERR_OK;
    const enum err error = prove(wallet, env, &proof, &kept, held, payment);
    if (error == ERR_MISSING) /* a bank that the directory does not name any more */
        return ERR_OK;
    TRY(error);
    return keep(wallet, env, found, proof);
}

enum err fork_hear_payment(struct wallet *wallet, struct purse_env *env, bool *found,
                           const struct cose *cose, const struct cose *certificate)
{
    struct payment payment = {0};
    struct list rows = {0};
    TRY(payment_decode(&payment, cose->payload, env->arena));
    const struct id id = record_id(wallet->trust.network, KIND_PAYMENT, cose->payload);
    const struct purse_payment from = {.serial = payment.serial, .coin_id = payment.coin_id};
    TRY(purse_rows(env, &rows, &purse_table_purse_payment, 0, 2, &from));
    const struct purse_payment *held = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        if (!id_equal(&held[i].payment_id, &id))
            return found_pair(wallet, env, found, &held[i], cose, certificate);
    return ERR_OK;
}

enum err fork_hear_packet(struct wallet *wallet, struct purse_env *env, bool *found,
                          const struct packet_view *view)
{
    for (size_t i = 0; i < view->payment_count; i++) {
        const struct packet_payment *payment = &view->payments[i];
        const struct cose *certificate =
            payment->certificate == PACKET_NONE
                ? NULL
                : &view->packet.certificates.items[payment->certificate].record;
        const enum err error = fork_hear_payment(wallet, env, found, &payment->cose, certificate);
        if (err_class(error) != ERR_CLASS_MALFORMED)
            TRY(error);
    }
    return ERR_OK;
}

enum err fork_hear_proof(struct wallet *wallet, struct purse_env *env, bool *found,
                         struct span proof)
{
    return keep(wallet, env, found, proof);
}

enum err fork_conflict(void *context, bool *found, uint64_t serial, const struct id *coin_id,
                       const struct id *payment_id)
{
    TRY(purse_conflict(context, found, serial, coin_id, payment_id));
    return *found ? ERR_OK : is_known(context, found, serial, coin_id);
}

/* --- listing --- */

static int newest_first(const void *a, const void *b)
{
    const struct fork *x = a, *y = b;
    return x->number > y->number ? -1 : x->number < y->number;
}

enum err fork_all(struct purse_env *env, struct fork_list *out)
{
    struct list rows = {0};
    TRY(purse_rows(env, &rows, &tables_table_fork, -1, 0, NULL));
    if (rows.count > 1)
        qsort(rows.items, rows.count, sizeof(struct fork), newest_first);
    *out = (struct fork_list){rows.items, rows.count};
    return ERR_OK;
}

enum err fork_to_tell(struct purse_env *env, struct fork_list *out)
{
    TRY(fork_all(env, out));
    size_t count = 0;
    while (count < out->count && count < FORK_TOLD_MAX &&
           out->items[count].found_at + FORK_TOLD_DAYS * SECONDS_PER_DAY >= env->now)
        count++;
    out->count = count;
    return ERR_OK;
}
