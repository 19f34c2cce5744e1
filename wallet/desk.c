/* Opening a wallet for a command.
 *
 * 1. One process at a time: the database is opened exclusively.
 * 2. No key is sealed before it is known under which PIN the others are.
 * 3. Looking (balance, coins, history) opens no key and asks nobody.
 *
 * Never decides about money: that is the core's. */
#include "wallet/desk.h"

#include "common/base/file.h"
#include "common/base/time.h"
#include "common/crypto/keyfile.h"
#include "common/money/call.h"

#include <string.h>

#define DESK_DATABASE "wallet.db"

/* --- keys --- */

static void label_of(struct keyfile_label *label, const struct desk *desk)
{
    *label = (struct keyfile_label){.role = "wallet"};
    memcpy(label->network, desk->wallet.trust.network, sizeof label->network);
}

static struct span pin_of(const struct desk *desk)
{
    return span_of(desk->pin.bytes, desk->is_sealed ? desk->pin.size : 0);
}

static enum err seal_key(void *context, struct span *sealed, const struct key_pair *pair,
                         struct arena *arena)
{
    struct desk *desk = context;
    struct buffer file AUTO(buffer_fini) = {0};
    struct keyfile_label label;
    CHECK(desk->has_pin); /* rule 2 */
    label_of(&label, desk);
    TRY(keyfile_seal(&file, pair, &label, pin_of(desk)));
    return arena_copy(arena, sealed, buffer_span(&file));
}

static enum err need_pin(struct desk *desk, struct span sealed)
{
    if (desk->has_pin)
        return ERR_OK;
    desk->is_sealed = keyfile_is_sealed(sealed);
    if (desk->is_sealed)
        desk->exit_code = cli_passphrase(desk->cli, &desk->pin, _("PIN of the wallet"), false);
    desk->has_pin = desk->exit_code == CLI_OK;
    return desk->has_pin ? ERR_OK : ERR_AUTH;
}

static enum err open_key(void *context, struct key_pair *out, struct span sealed)
{
    struct desk *desk = context;
    struct public_key key;
    struct keyfile_label label;
    TRY(keyfile_public(&key, sealed));
    for (size_t i = 0; i < desk->opened_count; i++)
        if (key_equal(&desk->opened[i].public_key, &key)) {
            *out = desk->opened[i];
            return ERR_OK;
        }
    TRY(need_pin(desk, sealed));
    label_of(&label, desk);
    TRY(keyfile_open(out, sealed, &label, pin_of(desk)));
    if (desk->opened_count < DESK_KEYS_MAX)
        desk->opened[desk->opened_count++] = *out;
    return ERR_OK;
}

int desk_choose_pin(struct desk *desk, bool is_new)
{
    if (desk->exit_code != CLI_OK)
        return desk->exit_code;
    desk->is_sealed = !cli_flag(desk->cli, "--no-passphrase");
    if (desk->is_sealed) {
        const int code =
            cli_passphrase(desk->cli, &desk->pin,
                           is_new ? _("PIN for the new wallet") : _("PIN of the wallet"), is_new);
        if (code != CLI_OK)
            return code;
    } else {
        cli_warn(desk->cli, _("the keys are not sealed: whoever copies the directory has the "
                              "money. For tests only"));
    }
    desk->has_pin = true;
    return CLI_OK;
}

/* --- the bank --- */

static void text_of(char *out, size_t size, struct span text)
{
    const size_t used = text.size < size ? text.size : size - 1;
    memcpy(out, text.data, used);
    out[used] = '\0';
}

static enum err connect_bank(struct desk *desk)
{
    char address[ADDRESS_SIZE_MAX + 1], name[64];
    const struct wallet_state *state = &desk->wallet.state;
    if (desk->client != NULL)
        return ERR_OK;
    text_of(address, sizeof address, state->address);
    text_of(name, sizeof name, state->tls_name);
    const struct net_client_options options = {
        .address = address, .server_name = name, .authority_pem = state->tls_certificate};
    return net_client_open(&desk->client, &options);
}

static enum err ask_bank(void *context, enum status *status, void *reply, enum verb verb,
                         const void *body, const struct key_pair *pair, struct arena *arena)
{
    struct desk *desk = context;
    struct buffer request AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    struct buffer answer AUTO(buffer_fini) = {.limit = NET_SIZE_MAX};
    struct span kept = {0};
    struct nonce call_id;
    crypto_random(call_id.bytes, sizeof call_id.bytes);
    TRY(connect_bank(desk));
    TRY(call_seal(&request, desk->wallet.trust.network, verb, body, &call_id, desk->wallet.now,
                  pair, arena));
    TRY(net_call(desk->client, &answer, buffer_span(&request), cli_timeout_ms(desk->cli)));
    TRY(arena_copy(arena, &kept, buffer_span(&answer)));
    return call_read_reply(status, reply, verb, &call_id, kept, arena);
}

static void draw(void *context, void *out, size_t size)
{
    (void)context;
    crypto_random(out, size);
}

/* --- opening --- */

static int fail_open(struct desk *desk, enum err error)
{
    if (error == ERR_MISSING)
        return cli_fail(desk->cli, CLI_REFUSED, "MISSING",
                        _("dcep-wallet init --join FILE makes one; -w NAME picks another"),
                        _("there is no wallet in %s"), cli_data(desk->cli));
    if (error == ERR_LOCKED || error == ERR_BUSY)
        return cli_fail(desk->cli, CLI_UNREACHABLE, "LOCKED",
                        _("wait until the other command is done"),
                        _("another process is using this wallet"));
    if (err_class(error) == ERR_CLASS_MALFORMED)
        return cli_fail(desk->cli, CLI_INTEGRITY, err_name(error),
                        _("keep the directory as it is and ask your bank"),
                        _("the wallet's database does not check out: %s"), _(err_text(error)));
    return cli_fail_err(desk->cli, error, DESK_DATABASE, NULL);
}

static int open_database(struct desk *desk, bool create)
{
    char path[CLI_PATH_SIZE];
    const struct store_sqlite_options options = {.create = create, .exclusive = true};
    cli_data_path(desk->cli, path, DESK_DATABASE);
    const enum err error = store_sqlite_open(&desk->wallet.store, path, &wallet_schema, &options);
    return error == ERR_OK ? CLI_OK : fail_open(desk, error);
}

static void prepare(struct desk *desk, struct cli *cli)
{
    desk->cli = cli;
    desk->wallet = (struct wallet){.now = time_now(),
                                   .context = desk,
                                   .random = draw,
                                   .seal_key = seal_key,
                                   .open_key = open_key,
                                   .bank = ask_bank};
}

int desk_open(struct desk *out, struct cli *cli)
{
    prepare(out, cli);
    const int code = open_database(out, false);
    if (code != CLI_OK)
        return code;
    const enum err error = wallet_load(&out->wallet);
    if (error != ERR_OK)
        return fail_open(out, error);
    if (out->wallet.state.holder == HOLDER_ELEMENT)
        desk_take_element(out);
    if (!out->wallet.state.is_joined)
        return cli_fail(cli, CLI_REFUSED, "MISSING",
                        _("dcep-wallet init --join FILE asks the bank again"),
                        _("this wallet has no certificate of its bank yet"));
    return CLI_OK;
}

int desk_make(struct desk *out, struct cli *cli)
{
    prepare(out, cli);
    const enum err made = file_make_dir(cli_data(cli));
    if (made != ERR_OK)
        return cli_fail_err(cli, made, cli_data(cli), NULL);
    const int code = open_database(out, true);
    if (code != CLI_OK)
        return code;
    const enum err error = wallet_load(&out->wallet);
    return error == ERR_OK || error == ERR_MISSING ? CLI_OK : fail_open(out, error);
}

void desk_close(struct desk *desk)
{
    for (size_t i = 0; i < desk->opened_count; i++)
        key_pair_wipe(&desk->opened[i]);
    desk->opened_count = 0;
    holder_tpm_close(&desk->element);
    secret_wipe(&desk->pin);
    net_client_close(&desk->client);
    wallet_fini(&desk->wallet);
    store_close(&desk->wallet.store);
    arena_fini(&desk->arena);
}

/* --- what went wrong --- */

int desk_fail(struct desk *desk, enum err error)
{
    if (desk->exit_code != CLI_OK) /* the question that failed has said why */
        return desk->exit_code;
    if (error == ERR_AUTH)
        return cli_fail(desk->cli, CLI_AUTH, "AUTH", _("try again; --pin-file FILE gives it"),
                        _("the PIN is wrong, or the key was altered"));
    if (error == ERR_ROLLBACK)
        return cli_fail(
            desk->cli, CLI_INTEGRITY, err_name(error),
            _("it signs nothing any more, so that nothing is paid twice: ask the bank for "
              "a new join file"),
            _("the secure element has counted further than this wallet: an older copy "
              "of its database was put back"));
    if (error == ERR_COMMIT_UNKNOWN)
        return cli_fail(desk->cli, CLI_UNREACHABLE, err_name(error),
                        _("run the command again: it goes on where it was"),
                        _("it is not known whether the last step was stored"));
    return cli_fail_err(desk->cli, error, _("the wallet"), NULL);
}

static const char *hint_of(enum status status)
{
    static const struct {
        enum status status;
        const char *hint;
    } hints[] = {
        {STATUS_CERTIFICATE,
         N_("its bank may be new: dcep-wallet sync brings the newest directory")},
        {STATUS_CERTIFICATE_DATE, N_("the wallet was offline too long: dcep-wallet sync")},
        {STATUS_DIRECTORY_DATE, N_("the wallet was offline too long: dcep-wallet sync")},
        {STATUS_PAYMENT_LIMIT,
         N_("pay less at once; dcep-wallet sync begins a new stretch offline")},
        {STATUS_FUNDS, N_("dcep-wallet balance shows what there is; sync may bring more")},
        {STATUS_HOPS, N_("these coins changed hands too often: dcep-wallet sync makes fresh ones")},
        {STATUS_DEPTH,
         N_("these coins changed hands too often: dcep-wallet sync makes fresh ones")},
        {STATUS_LIMIT, N_("it takes too many coins: dcep-wallet sync makes fewer")},
        {STATUS_CLOCK, N_("set this machine's clock right")},
        {STATUS_UNREACHABLE, N_("try again later; what was begun goes on at the next sync")},
        {STATUS_PENDING, N_("dcep-wallet sync asks again")},
        {STATUS_CODE, N_("ask the bank for a new join file")},
        {STATUS_SENDER, N_("the bank does not know this wallet's key: ask the bank")},
        {STATUS_CALL_DATE, N_("set this machine's clock right")},
        {STATUS_STATE, N_("what is signed stays signed: dcep-wallet outbox shows the same bytes")},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].status == status)
            return _(hints[i].hint);
    return NULL;
}

int desk_refuse(struct desk *desk, enum status status)
{
    if (status == STATUS_PAYMENT_LIMIT) /* my own limit; a payee's is about what was handed to it */
        return cli_fail(desk->cli, CLI_FUNDS, status_name(status), hint_of(status), "%s",
                        _(status_text(status)));
    if (status == STATUS_UNREACHABLE) /* the bank's own word too: which of the two, is not told */
        return cli_fail(desk->cli, CLI_UNREACHABLE, status_name(status), hint_of(status), "%s",
                        _("the bank cannot be reached now, or it cannot reach the central bank"));
    return cli_fail_status(desk->cli, status, hint_of(status));
}
