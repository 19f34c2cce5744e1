/* The lock of a wallet and the way to its master key.
 *
 * 1. One command at a time: an attempt at the PIN is counted by one process, and no other runs
 *    between counting and looking.
 * 2. A PIN stays in memory for as long as it is tried.
 * 3. A wrong PIN, an altered file: one answer, the same words.
 *
 * Never takes a PIN from argv or the environment. */
#include "wallet/desk/desk_inside.h"

#include "common/base/file.h"
#include "common/base/time.h"
#include "wallet/keys/agent.h"

#include <unistd.h>

enum { LOCK_WAIT_MS = 1000, LOCK_RETRY_MS = 10 };

/* --- what the answer is to people --- */

static int refuse_wait(struct cli *cli, const struct pin_answer *answer)
{
    char wait[32];
    if (answer->wait_s > 2 * 3600)
        snprintf(wait, sizeof wait, _("%llu hours"), (unsigned long long)answer->wait_s / 3600 + 1);
    else if (answer->wait_s > 2 * 60)
        snprintf(wait, sizeof wait, _("%llu minutes"), (unsigned long long)answer->wait_s / 60 + 1);
    else
        snprintf(wait, sizeof wait, ngettext("%llu second", "%llu seconds", answer->wait_s),
                 (unsigned long long)answer->wait_s);
    return cli_fail(cli, CLI_AUTH, "PIN_WAIT",
                    _("wait; a backup and the recovery words open a new wallet at any time"),
                    _("too many wrong PINs: the next one is looked at in %s"), wait);
}

static int refuse_wrong(struct cli *cli, const struct pin_answer *answer)
{
    const unsigned left =
        answer->wrong_count < PIN_TRIES_MAX ? PIN_TRIES_MAX - answer->wrong_count : 0;
    json_object_set_new(cli_result(cli), "tries_left", json_integer(left));
    json_object_set_new(cli_result(cli), "wait_s", json_integer((json_int_t)answer->wait_s));
    return cli_fail(cli, CLI_AUTH, "AUTH",
                    _("--pin-file FILE or --pin-fd N gives it; wrong ones make one wait"),
                    _("the PIN is wrong, or the wallet's files were altered"));
}

/* --- asking --- */

static int fail_pin(struct desk *desk, enum err error)
{
    if (err_class(error) != ERR_CLASS_MALFORMED && error != ERR_INTEGRITY)
        return desk_fail_open(desk, error);
    return cli_fail(desk->cli, CLI_INTEGRITY, err_name(error),
                    _("put an older copy of that file back, else a backup and the recovery words "
                      "open a new wallet"),
                    _("the wallet's file wallet.pin does not check out: %s"), _(err_text(error)));
}

static int try_pin(struct desk *desk, struct span pin)
{
    struct pin_answer answer;
    char path[CLI_PATH_SIZE];
    cli_data_path(desk->cli, path, DESK_PIN_FILE);
    enum err error = pin_open(&desk->master, &answer, path, pin, time_now());
    if (desk_may_look(desk, error))
        error = pin_look(&desk->master, &answer, path, pin, time_now());
    if (error != ERR_OK)
        return fail_pin(desk, error);
    if (answer.verdict == PIN_WAIT)
        return refuse_wait(desk->cli, &answer);
    desk->is_pin_shown = answer.verdict == PIN_RIGHT;
    return desk->is_pin_shown ? CLI_OK : refuse_wrong(desk->cli, &answer);
}

static int ask_pin(struct desk *desk)
{
    struct secret pin AUTO(secret_wipe) = {0};
    char path[CLI_PATH_SIZE];
    bool is_set = false;
    cli_data_path(desk->cli, path, DESK_PIN_FILE);
    const enum err error = pin_is_set(&is_set, path);
    if (error != ERR_OK)
        return fail_pin(desk, error);
    if (!is_set)
        return try_pin(desk, span_of("", 0));
    safe_lock_memory(&pin, sizeof pin);
    int code = cli_passphrase(desk->cli, &pin, _("PIN of the wallet"), false);
    if (code == CLI_OK)
        code = try_pin(desk, span_of(pin.bytes, pin.size));
    safe_unlock_memory(&pin, sizeof pin);
    return code;
}

int desk_demand_pin(struct desk *desk)
{
    return desk->is_pin_shown ? CLI_OK : ask_pin(desk);
}

/* --- unlocking --- */

int desk_take_lock(struct desk *desk, int wait_ms)
{
    char path[CLI_PATH_SIZE];
    if (!desk_is_there(desk->cli))
        return desk_fail_open(desk, ERR_MISSING);
    cli_data_path(desk->cli, path, DESK_LOCK_FILE);
    enum err error = file_lock(&desk->lock_fd, path);
    for (int waited_ms = 0; error == ERR_LOCKED && waited_ms < wait_ms;
         waited_ms += LOCK_RETRY_MS) { /* a command that is just ending */
        (void)usleep(LOCK_RETRY_MS * 1000);
        error = file_lock(&desk->lock_fd, path);
    }
    desk->has_lock = error == ERR_OK;
    if (desk_may_look(desk, error)) /* nobody else writes there either */
        return CLI_OK;
    return error == ERR_OK ? CLI_OK : desk_fail_open(desk, error);
}

static int derive(struct desk *desk)
{
    enum err error = safe_key_derive(&desk->key_of_keys, &desk->master, SAFE_USE_KEYS);
    if (error == ERR_OK)
        error = safe_key_derive(&desk->key_of_element, &desk->master, SAFE_USE_ELEMENT);
    return error == ERR_OK ? CLI_OK : desk_fail_open(desk, error);
}

int desk_unlock(struct desk *out, struct cli *cli)
{
    desk_prepare(out, cli);
    int code = desk_take_lock(out, LOCK_WAIT_MS);
    if (code == CLI_OK && agent_ask(&out->master, cli_data(cli)) != ERR_OK)
        code = ask_pin(out);
    return code == CLI_OK ? derive(out) : code;
}

bool desk_is_there(const struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    cli_data_path(cli, path, DESK_PIN_FILE);
    return file_exists(path);
}

bool desk_has_pin(const struct cli *cli)
{
    char path[CLI_PATH_SIZE];
    bool is_set = false;
    cli_data_path(cli, path, DESK_PIN_FILE);
    return pin_is_set(&is_set, path) == ERR_OK && is_set;
}

bool desk_is_locked(const struct cli *cli)
{
    struct safe_key master AUTO(safe_key_wipe) = {{0}};
    return desk_has_pin(cli) && agent_ask(&master, cli_data(cli)) != ERR_OK;
}

int desk_lock(struct desk *out, bool *was_unlocked, struct cli *cli)
{
    desk_prepare(out, cli);
    if (!desk_is_there(cli))
        return desk_fail_open(out, ERR_MISSING);
    const enum err error = agent_stop(was_unlocked, cli_data(cli));
    return error == ERR_OK ? CLI_OK : cli_fail_err(cli, error, _("the unlocked wallet"), NULL);
}

/* --- a new PIN --- */

static int check_length(struct desk *desk, const struct secret *pin)
{
    return pin->size >= PIN_SIZE_MIN
               ? CLI_OK
               : cli_fail(desk->cli, CLI_USAGE, "USAGE", _("six digits or more; words are better"),
                          _("the PIN is shorter than %d characters"), PIN_SIZE_MIN);
}

/* A PIN that is too short is refused; --no-passphrase: none. */
static int choose(struct desk *desk, struct secret *pin)
{
    if (cli_flag(desk->cli, "--no-passphrase")) {
        cli_warn(desk->cli, _("the keys are not sealed: whoever copies the directory has the "
                              "money. For tests only"));
        return CLI_OK;
    }
    const int code = cli_passphrase(desk->cli, pin, _("PIN for the new wallet"), true);
    return code == CLI_OK ? check_length(desk, pin) : code;
}

/* Makes the file, or the file anew, under the PIN that `choose` gives. */
static int keep_pin(struct desk *desk, int (*choose_pin)(struct desk *desk, struct secret *pin),
                    enum err (*keep)(const char *path, const struct safe_key *master,
                                     struct span pin))
{
    struct secret pin AUTO(secret_wipe) = {0};
    char path[CLI_PATH_SIZE];
    cli_data_path(desk->cli, path, DESK_PIN_FILE);
    safe_lock_memory(&pin, sizeof pin);
    int code = choose_pin(desk, &pin);
    if (code == CLI_OK) {
        const enum err error = keep(path, &desk->master, span_of(pin.bytes, pin.size));
        code = error == ERR_OK ? CLI_OK : cli_fail_err(desk->cli, error, DESK_PIN_FILE, NULL);
    }
    safe_unlock_memory(&pin, sizeof pin);
    return code;
}

int desk_make_pin(struct desk *out, struct cli *cli)
{
    if (desk_is_there(cli))
        return desk_unlock(out, cli);
    desk_prepare(out, cli);
    safe_key_draw(&out->master);
    int code = keep_pin(out, choose, pin_make);
    if (code == CLI_OK)
        code = desk_take_lock(out, LOCK_WAIT_MS);
    out->is_pin_shown = code == CLI_OK;
    return code == CLI_OK ? derive(out) : code;
}

/* Nothing hangs on the master key of a wallet that never joined but its own first key. */
int desk_finish_pin(struct desk *desk)
{
    char path[CLI_PATH_SIZE];
    bool is_set = false;
    cli_data_path(desk->cli, path, DESK_PIN_FILE);
    const enum err error = pin_is_set(&is_set, path);
    if (error != ERR_OK)
        return desk_fail_open(desk, error);
    return is_set || cli_flag(desk->cli, "--no-passphrase") ? CLI_OK
                                                            : keep_pin(desk, choose, pin_change);
}

static int choose_next(struct desk *desk, struct secret *pin)
{
    const int code = cli_passphrase_of(desk->cli, pin, "--new-pin-file", _("the new PIN"), true);
    return code == CLI_OK ? check_length(desk, pin) : code;
}

int desk_change_pin(struct desk *desk)
{
    return keep_pin(desk, choose_next, pin_change);
}
