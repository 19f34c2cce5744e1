/* Opening a wallet for a command.
 *
 * 1. One process at a time: the wallet's lock, then the database, opened exclusively.
 * 2. Nothing is read, not a balance either, without the master key: by PIN, or of an unlocked
 *    wallet (desk_pin.c).
 * 3. What holds secrets is in memory that is neither swapped nor dumped, and wiped.
 *
 * Never decides about money: that is the core's. */
#include "wallet/desk/desk_inside.h"

#include "common/base/file.h"
#include "common/base/time.h"
#include "common/money/call.h"

#include <string.h>
#include <unistd.h>

enum { WAKE_WAIT_MS = 10000 };

/* --- keys --- */

/* A private key at rest: which kind, its public key in clear, the scalar in a box that is bound to
 * both and to the network. The database's pages are sealed as well; this keeps scalars out of its
 * buffers, and out of a copy of its rows. */
enum { KEY_SOFTWARE = 1, KEY_HEAD_SIZE = 1 + KEY_SIZE };
enum { KEY_BOX_SIZE = sizeof((struct key_pair *)0)->private_scalar + SAFE_OVERHEAD };

static enum err bind_key(struct buffer *out, const struct desk *desk, struct span head)
{
    TRY(buffer_put(out, head));
    return buffer_put(out, span_text(desk->wallet.trust.network));
}

static enum err seal_key(void *context, struct span *sealed, const struct key_pair *pair,
                         struct arena *arena)
{
    const struct desk *desk = context;
    struct buffer bound AUTO(buffer_fini) = {0};
    uint8_t bytes[KEY_HEAD_SIZE + KEY_BOX_SIZE] = {KEY_SOFTWARE};
    memcpy(bytes + 1, pair->public_key.bytes, KEY_SIZE);
    TRY(bind_key(&bound, desk, span_of(bytes, KEY_HEAD_SIZE)));
    TRY(safe_seal(bytes + KEY_HEAD_SIZE, &desk->key_of_keys,
                  span_of(pair->private_scalar, sizeof pair->private_scalar), buffer_span(&bound)));
    return arena_copy(arena, sealed, span_of(bytes, sizeof bytes));
}

static enum err unseal(struct key_pair *out, const struct desk *desk, struct span sealed)
{
    struct key_pair pair AUTO(key_pair_wipe) = {0};
    struct buffer bound AUTO(buffer_fini) = {0};
    uint8_t scalar[sizeof pair.private_scalar];
    TRY(bind_key(&bound, desk, span_of(sealed.data, KEY_HEAD_SIZE)));
    TRY(safe_open(scalar, &desk->key_of_keys,
                  span_of(sealed.data + KEY_HEAD_SIZE, sealed.size - KEY_HEAD_SIZE),
                  buffer_span(&bound)));
    const enum err error = crypto()->key_load(&pair, scalar);
    secret_wipe_bytes(scalar, sizeof scalar);
    TRY(error);
    if (memcmp(pair.public_key.bytes, sealed.data + 1, KEY_SIZE) != 0)
        return ERR_INTEGRITY;
    *out = pair;
    return ERR_OK;
}

static enum err open_key(void *context, struct key_pair *out, struct span sealed)
{
    struct desk *desk = context;
    if (sealed.size != KEY_HEAD_SIZE + KEY_BOX_SIZE || sealed.data[0] != KEY_SOFTWARE)
        return ERR_INTEGRITY;
    for (size_t i = 0; i < desk->opened_count; i++)
        if (memcmp(desk->opened[i].public_key.bytes, sealed.data + 1, KEY_SIZE) == 0) {
            *out = desk->opened[i];
            return ERR_OK;
        }
    TRY(unseal(out, desk, sealed));
    if (desk->opened_count < DESK_KEYS_MAX)
        desk->opened[desk->opened_count++] = *out;
    return ERR_OK;
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
    const enum err error = net_client_open(&desk->client, &options);
    if (err_class(error) != ERR_CLASS_MALFORMED)
        return error;
    desk->exit_code =
        cli_fail(desk->cli, CLI_INVALID, "CERTIFICATE",
                 _("the join file was altered on its way: ask the bank for a new one"),
                 _("the bank's address or TLS certificate, as the join file gave it, "
                   "cannot be read"));
    return ERR_INTEGRITY; /* no answer of the bank's: the step fails, and nothing else is tried */
}

static void tell_waiting(struct desk *desk)
{
    char text[160];
    if (desk->step_count > 0)
        (void)snprintf(text, sizeof text, _("asking the bank, step %zu of %zu ..."), desk->step,
                       desk->step_count);
    else
        (void)snprintf(text, sizeof text, "%s", _("asking the bank ..."));
    cli_waiting(desk->cli, text);
}

static void note_progress(void *context, size_t step, size_t step_count)
{
    struct desk *desk = context;
    desk->step = step;
    desk->step_count = step_count;
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
    tell_waiting(desk);
    const enum err called =
        net_call(desk->client, &answer, buffer_span(&request), cli_timeout_ms(desk->cli));
    cli_waiting(desk->cli, NULL);
    desk->is_peer_refused = called == ERR_PEER;
    TRY(called);
    TRY(arena_copy(arena, &kept, buffer_span(&answer)));
    return call_read_reply(status, reply, verb, &call_id, kept, arena);
}

static void draw(void *context, void *out, size_t size)
{
    (void)context;
    crypto_random(out, size);
}

/* --- opening --- */

int desk_fail_open(struct desk *desk, enum err error)
{
    if (error == ERR_MISSING)
        return cli_fail(desk->cli, CLI_REFUSED, "MISSING",
                        _("dcep-wallet init --join FILE makes one; -w NAME picks another"),
                        _("there is no wallet in %s"), cli_data(desk->cli));
    if (error == ERR_LOCKED || error == ERR_BUSY)
        return cli_fail(desk->cli, CLI_UNREACHABLE, "LOCKED",
                        _("wait until the other command is done"),
                        _("another process is using this wallet"));
    if (error == ERR_VERSION)
        return cli_fail(desk->cli, CLI_INTEGRITY, err_name(error),
                        _("nothing is lost: open it with the version that made it"),
                        _("another version of dcep-wallet made this wallet"));
    if (err_class(error) == ERR_CLASS_MALFORMED || error == ERR_INTEGRITY)
        return cli_fail(desk->cli, CLI_INTEGRITY, err_name(error),
                        _("keep the directory as it is and ask your bank"),
                        _("the wallet's database does not check out: %s"), _(err_text(error)));
    return cli_fail_err(desk->cli, error, DESK_DATABASE,
                        _("check the directory and its disk: dcep-wallet doctor"));
}

enum err desk_open_store(struct desk *desk, const char *path, bool create)
{
    struct safe_key pages AUTO(safe_key_wipe) = {{0}};
    const struct store_sqlite_options options = {
        .create = create, .exclusive = true, .key = &pages};
    TRY(safe_key_derive(&pages, &desk->master, SAFE_USE_PAGES));
    return store_sqlite_open(&desk->wallet.store, path, &wallet_schema, &options);
}

bool desk_may_look(struct desk *desk, enum err error)
{
    if (!desk->is_looking || (error != ERR_DISK_FULL && error != ERR_READ_ONLY))
        return false;
    if (!desk->is_unwritable)
        cli_warn(desk->cli, _("the disk is full or cannot be written to: this is only to look at, "
                              "nothing can be paid or taken"));
    desk->is_unwritable = true;
    return true;
}

static int open_database(struct desk *desk, bool create)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(desk->cli, path, DESK_DATABASE);
    enum err error = desk_open_store(desk, path, create);
    if (desk_may_look(desk, error))
        error = desk_open_copy(desk, path);
    return error == ERR_OK ? CLI_OK : desk_fail_open(desk, error);
}

static void set_wallet(struct desk *desk)
{
    desk->wallet = (struct wallet){.now = time_now(),
                                   .context = desk,
                                   .random = draw,
                                   .seal_key = seal_key,
                                   .open_key = open_key,
                                   .bank = ask_bank,
                                   .progress = note_progress};
}

void desk_prepare(struct desk *desk, struct cli *cli)
{
    safe_lock_memory(desk, sizeof *desk);
    desk->cli = cli;
    set_wallet(desk);
}

int desk_open(struct desk *out, struct cli *cli)
{
    int code = desk_unlock(out, cli);
    if (code == CLI_OK)
        code = open_database(out, false);
    if (code != CLI_OK)
        return code;
    const enum err error = wallet_load(&out->wallet);
    if (error != ERR_OK)
        return desk_fail_open(out, error);
    if (out->wallet.state.holder == HOLDER_ELEMENT)
        desk_take_element(out);
    if (!out->wallet.state.is_joined)
        return cli_fail(cli, CLI_REFUSED, "MISSING",
                        _("dcep-wallet init --join FILE asks the bank again"),
                        _("this wallet has no certificate of its bank yet"));
    return CLI_OK;
}

int desk_open_to_look(struct desk *out, struct cli *cli)
{
    out->is_looking = true;
    return desk_open(out, cli);
}

int desk_open_synced(struct desk *out, struct cli *cli)
{
    const int code = desk_open(out, cli);
    return code == CLI_OK && out->wallet.is_restored ? desk_refuse(out, STATUS_RESTORED) : code;
}

int desk_make(struct desk *out, struct cli *cli)
{
    const enum err made = file_make_dir(cli_data(cli));
    if (made != ERR_OK)
        return cli_fail_err(cli, made, cli_data(cli), NULL);
    int code = desk_make_pin(out, cli);
    if (code == CLI_OK)
        code = open_database(out, true);
    if (code != CLI_OK)
        return code;
    const enum err error = wallet_load(&out->wallet);
    return error == ERR_OK || error == ERR_MISSING ? CLI_OK : desk_fail_open(out, error);
}

/* --- resting --- */

static void let_go(struct desk *desk)
{
    if (desk->has_lock)
        close(desk->lock_fd);
    desk->has_lock = false;
}

void desk_rest(struct desk *desk)
{
    wallet_fini(&desk->wallet);
    store_close(&desk->wallet.store);
    let_go(desk);
}

int desk_wake(struct desk *desk)
{
    set_wallet(desk);
    int code = desk_take_lock(desk, WAKE_WAIT_MS);
    if (code == CLI_OK)
        code = open_database(desk, false);
    if (code != CLI_OK)
        return code;
    const enum err error = wallet_load(&desk->wallet);
    if (error != ERR_OK)
        return desk_fail_open(desk, error);
    if (desk->wallet.state.holder == HOLDER_ELEMENT)
        desk_take_element(desk);
    return CLI_OK;
}

void desk_close(struct desk *desk)
{
    holder_tpm_close(&desk->element);
    net_client_close(&desk->client);
    wallet_fini(&desk->wallet);
    store_close(&desk->wallet.store);
    arena_fini(&desk->arena);
    let_go(desk);
    safe_unlock_memory(desk, sizeof *desk); /* keys wiped */
}

/* --- what went wrong --- */

int desk_fail(struct desk *desk, enum err error)
{
    if (desk->exit_code != CLI_OK) /* the question that failed has said why */
        return desk->exit_code;
    if (error == ERR_AUTH) /* a box that the master key does not open */
        return desk_fail_open(desk, ERR_INTEGRITY);
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
    return cli_fail_err(desk->cli, error, _("the wallet"),
                        _("dcep-wallet doctor looks for what is wrong; then try again"));
}

/* What to do about any other refusal follows from its kind. */
static const char *hint_of_exit(int exit_code)
{
    if (exit_code == CLI_INVALID)
        return _("do not rely on it; ask whoever gave it for another one");
    if (exit_code == CLI_DOUBLE_SPEND)
        return _("do not hand over the goods; dcep-wallet sync finds out who paid twice");
    if (exit_code == CLI_FUNDS)
        return _("dcep-wallet balance shows the limits; your bank sets your tier");
    if (exit_code == CLI_UNREACHABLE)
        return _("try again later");
    return _("dcep-wallet doctor looks for what is wrong; else ask your bank");
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
         N_("pay less at once; dcep-wallet limits shows what is left, sync begins a new stretch")},
        {STATUS_LIMIT_PAYMENT, N_("dcep-wallet limits shows every limit and what is left")},
        {STATUS_LIMIT_DAY, N_("dcep-wallet limits shows every limit and what is left")},
        {STATUS_LIMIT_HELD, N_("dcep-wallet limits shows them; deposit brings money to the bank")},
        {STATUS_REVOKED, N_("dcep-wallet sync exchanges what was not paid twice")},
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
        {STATUS_RESTORED, N_("dcep-wallet sync gets it a new key")},
        {STATUS_WORDS, N_("type them in once more, as the paper says: newer words, another "
                          "wallet's too, make older ones void; or ask the bank for a new join "
                          "file")},
        {STATUS_FORBIDDEN, N_("this wallet's key is revoked, or the wallet was opened "
                              "anew elsewhere: ask the bank")},
        {STATUS_VAULT, N_("try again later: your bank has to order more money")},
        {STATUS_STATE, N_("what is signed stays signed: dcep-wallet outbox shows the same bytes")},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].status == status)
            return _(hints[i].hint);
    return hint_of_exit(status_exit(status));
}

static int refuse_clock(struct desk *desk)
{
    char mine[TIME_TEXT_SIZE], seen[TIME_TEXT_SIZE];
    time_format(mine, desk->wallet.now);
    time_format(seen, wallet_newest_time(&desk->wallet));
    return cli_fail(
        desk->cli, status_exit(STATUS_CLOCK), status_name(STATUS_CLOCK), hint_of(STATUS_CLOCK),
        _("this machine's clock says %s, but what was signed at %s was seen before"), mine, seen);
}

int desk_refuse(struct desk *desk, enum status status)
{
    if (status == STATUS_CLOCK && desk->wallet.now < wallet_newest_time(&desk->wallet))
        return refuse_clock(desk);
    if (status == STATUS_PAYMENT_LIMIT) /* my own limit; a payee's is about what was handed to it */
        return cli_fail(desk->cli, CLI_FUNDS, status_name(status), hint_of(status), "%s",
                        _(status_text(status)));
    if (status == STATUS_UNREACHABLE && desk->is_peer_refused)
        return cli_fail(desk->cli, CLI_UNREACHABLE, err_name(ERR_PEER),
                        _("is this the right network? If it stays so, ask the bank for a new join "
                          "file"),
                        _("who answers at the bank's address cannot show the bank's certificate"));
    if (status == STATUS_UNREACHABLE) /* the bank's own word too: which of the two, is not told */
        return cli_fail(desk->cli, CLI_UNREACHABLE, status_name(status), hint_of(status), "%s",
                        _("the bank cannot be reached now, or it cannot reach the central bank"));
    return cli_fail_status(desk->cli, status, hint_of(status));
}
