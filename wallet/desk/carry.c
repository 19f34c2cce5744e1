/* Options to carriers (contract in carry.h). */
#include "wallet/desk/carry.h"

#include "common/base/file.h"
#include "common/wire/wire.h"
#include "wallet/carriers/lan.h"
#include "wallet/carriers/qr_show.h"
#include "wallet/carriers/scan.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN_S = 600, CAMERA_S = 120, FPS_DEFAULT = 4, FPS_MAX = 30, IMAGES_MAX = 1000 };
enum { CODES_PRACTICAL = 40 };
enum { PICTURE_TIMES = 3 }; /* decoding may take three times as long as an answer */

/* ---- ways in and out, counted ---- */

static int count_given(const struct cli *cli, const char *const *names)
{
    int given = 0;
    for (size_t i = 0; names[i] != NULL; i++)
        given += cli_given(cli, names[i]);
    return given;
}

static int check_ways(struct cli *cli, const struct carry_want *want, enum carry_out must)
{
    const char *argument = want != NULL ? want->argument : NULL;
    const char *const in[] = {"--scan", "--camera", "--to", argument, NULL};
    const char *const out[] = {"--output", "--qr", "--listen", "--to", NULL};
    const int ways = count_given(cli, in);
    if (argument != NULL && ways != 1)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("\"dcep-wallet help\" and a command list them"),
                        ways == 0 ? _("it is not said where it comes from: a file, or --scan, "
                                      "--camera, --to")
                                  : _("a file, --scan, --camera and --to: only one of them"));
    if (must == CARRY_OUT_MUST && count_given(cli, out) == 0)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("-o FILE, or --qr terminal"),
                        _("it is not said where it goes"));
    return CLI_OK;
}

/* ---- what kind it is ---- */

/* Of a bundle its first message: that is what it is about. KIND_COUNT: no file of dcep. */
static enum kind kind_of(struct span message)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct wire_wrapper wrapper = {0};
    struct bundle bundle = {0};
    if (wire_unwrap(&wrapper, message) != ERR_OK)
        return KIND_COUNT;
    if (wrapper.kind == KIND_BUNDLE &&
        (bundle_decode(&bundle, wrapper.body, &arena) != ERR_OK ||
         wire_unwrap(&wrapper, bundle.messages.items[0].bytes) != ERR_OK))
        return KIND_COUNT;
    return wrapper.kind;
}

static void note_other(struct carry *carry, enum kind kind)
{
    static const struct {
        enum kind kind;
        const char *what, *hint;
    } others[] = {
        {KIND_INVOICE, N_("a request for a payment"), N_("dcep-wallet pay takes it")},
        {KIND_PACKET, N_("a payment"), N_("dcep-wallet receive takes it, if it is for you")},
        {KIND_CONFIRMATION, N_("a receipt"), N_("dcep-wallet receive takes it")},
        {KIND_JOIN, N_("a join file"), N_("dcep-wallet init --join FILE opens a wallet with it")},
        {KIND_COUNT, N_("something that is no file of dcep"), N_("ask for the right one")},
    };
    carry->other = N_("another file of dcep");
    carry->other_hint = N_("dcep-wallet inspect FILE says what is in it");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].kind == kind) {
            carry->other = others[i].what;
            carry->other_hint = others[i].hint;
        }
}

static int refuse_other(struct carry *carry)
{
    return cli_fail(carry->cli, CLI_INVALID, "KIND", _(carry->other_hint),
                    _("this is %s; %s is wanted here"), _(carry->other), _(carry->want->what));
}

/* A file that is none of dcep's: whoever reads it says what is wrong with it. */
static int check_kind(struct carry *carry, struct span message)
{
    const enum kind kind = kind_of(message);
    if (kind == KIND_COUNT || carry->want->takes(kind))
        return CLI_OK;
    note_other(carry, kind);
    return refuse_other(carry);
}

/* For the carrier that looks. */
static bool is_wanted(void *context, struct span message)
{
    struct carry *carry = context;
    const enum kind kind = kind_of(message);
    if (kind != KIND_COUNT && carry->want->takes(kind))
        return true;
    const uint64_t bit = UINT64_C(1) << kind;
    note_other(carry, kind);
    if ((carry->passed_over & bit) == 0)
        cli_note(carry->cli, _("%s was seen; %s is wanted: still looking"), _(carry->other),
                 _(carry->want->what));
    carry->passed_over |= bit;
    return false;
}
_Static_assert((int)KIND_COUNT < 64, "a bit for each kind");

/* ---- a link ---- */

int carry_fail_link(struct carry *carry, enum err error, const char *hint)
{
    if (error == ERR_PARSE && hint == NULL)
        return cli_fail(carry->cli, CLI_USAGE, "USAGE",
                        _("write HOST:PORT, as in 192.168.1.7:7200"),
                        _("%s is no address, or no wallet listens there"), carry->where);
    if (error == ERR_LOCKED)
        return cli_fail(carry->cli, CLI_USAGE, "PORT_IN_USE", _("take another port, or 0 for any"),
                        _("somebody listens at %s already"), carry->where);
    const int code = err_class(error) == ERR_CLASS_MALFORMED ? CLI_INVALID : CLI_UNREACHABLE;
    return cli_fail(carry->cli, code, err_name(error),
                    hint != NULL ? hint
                                 : _("the payee says where it listens: dcep-wallet request AMOUNT "
                                     "--listen HOST:PORT"),
                    "%s: %s", carry->where, _(err_text(error)));
}

static int open_link(struct carry *carry)
{
    struct cli *cli = carry->cli;
    const bool listens = cli_given(cli, "--listen");
    if (!listens && !cli_given(cli, "--to"))
        return CLI_OK;
    carry->where = cli_text(cli, listens ? "--listen" : "--to");
    const enum err error = listens ? lan_listen(&carry->link, carry->where, LISTEN_S * 1000)
                                   : lan_call(&carry->link, carry->where, cli_timeout_ms(cli));
    return error == ERR_OK ? CLI_OK : carry_fail_link(carry, error, NULL);
}

/* ---- codes ---- */

static int fail_codes(struct cli *cli, enum err error)
{
    const char *target = cli_text(cli, "--qr");
    if (error == ERR_PARSE)
        return cli_fail(cli, CLI_USAGE, "USAGE", _("--qr terminal, --qr FILE.png or --qr FILE.svg"),
                        _("--qr %s: neither the terminal nor a PNG or SVG file"), target);
    if (error == ERR_EXISTS)
        return cli_fail(cli, CLI_USAGE, "EXISTS",
                        _("give another name, or --force to overwrite it"),
                        file_exists(target) ? _("the file %s exists already")
                                            : _("a numbered part of %s exists already"),
                        target);
    if (error == ERR_SPACE)
        return cli_fail(cli, CLI_USAGE, "SPACE",
                        _("make the window larger or the letters smaller, or take --qr FILE.png"),
                        _("a code does not fit this terminal"));
    if (error == ERR_LIMIT)
        return cli_fail(cli, CLI_REFUSED, "LIMIT",
                        _("a larger --density, or carry it as a file with -o"),
                        _("it is too large for codes of this size"));
    return cli_fail(cli, cli_err_exit(error), err_name(error), cli_hint_of_err(error, NULL),
                    _("the file %s cannot be written: %s"), target, _(err_text(error)));
}

static int open_codes(struct carry *carry)
{
    struct cli *cli = carry->cli;
    const struct qr_show_options options = {
        .target = cli_text(cli, "--qr"),
        .density = (unsigned)cli_number(cli, "--density", 0),
        .fps = (unsigned)cli_number(cli, "--fps", FPS_DEFAULT),
        .replace = cli_flag(cli, "--force"),
        .may_wait = !cli_flag(cli, "--no-input") && isatty(STDIN_FILENO),
    };
    const char *output = cli_text(cli, "--output");
    if (options.target == NULL)
        return CLI_OK;
    if (cli_given(cli, "--density") && (options.density < 1 || options.density > QR_VERSION_MAX))
        return cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--density is 1 to %d"), QR_VERSION_MAX);
    if (options.fps < 1 || options.fps > FPS_MAX)
        return cli_fail(cli, CLI_USAGE, "USAGE", NULL, _("--fps is 1 to %d"), FPS_MAX);
    if (strcmp(options.target, "terminal") == 0 &&
        (cli_json(cli) || (output != NULL && strcmp(output, "-") == 0)))
        return cli_fail(cli, CLI_USAGE, "USAGE", _("take --qr FILE.png"),
                        _("--qr terminal wants the standard output for itself"));
    const enum err error = qr_show(&carry->codes, &options);
    return error == ERR_OK ? CLI_OK : fail_codes(cli, error);
}

/* ---- images ---- */

/* People take longer than machines answer, unless they say how long. */
static uint64_t patience_ms(struct cli *cli, uint64_t seconds)
{
    return cli_given(cli, "--timeout") ? cli_timeout_ms(cli) : seconds * 1000;
}

static int fail_scan(struct carry *carry, enum err error)
{
    struct cli *cli = carry->cli;
    const struct scan_report report = scan_report(carry->seen);
    if (report.path == NULL && error == ERR_MISSING && report.count > 0)
        return cli_fail(cli, CLI_INVALID, "INCOMPLETE", _("show the others too, in any order"),
                        _("%zu of the %zu frames that are needed were seen"), report.got,
                        report.count);
    if (report.path == NULL && error == ERR_MISSING && carry->passed_over != 0)
        return refuse_other(carry);
    if (report.path == NULL && error == ERR_MISSING)
        return cli_fail(cli, CLI_INVALID, "NO_CODE",
                        _("the whole code with its white border, sharp and without glare"),
                        _("no code of a wallet was seen"));
    if (error == ERR_INTEGRITY)
        return cli_fail(cli, CLI_INVALID, "DAMAGED", _("show all of them again"),
                        _("the frames do not fit together: one of them is damaged or forged"));
    if (report.is_camera)
        return cli_fail(cli, CLI_USAGE, "CAMERA",
                        _("without one: photograph the code and give the picture to --scan"),
                        _("the camera %s cannot be used: %s"), report.path, _(report.problem));
    return cli_fail_reading(cli, error, report.path, _(report.problem));
}

static int open_scan(struct carry *carry)
{
    struct cli *cli = carry->cli;
    const char *paths[IMAGES_MAX];
    size_t count = 0;
    if (cli_given(cli, "--camera"))
        return scan_camera(&carry->seen, cli_text(cli, "--camera"), patience_ms(cli, CAMERA_S)) ==
                       ERR_OK
                   ? CLI_OK
                   : CLI_INTERNAL;
    if (!cli_given(cli, "--scan"))
        return CLI_OK;
    for (; count < IMAGES_MAX && cli_text_at(cli, "--scan", count) != NULL; count++)
        paths[count] = cli_text_at(cli, "--scan", count);
    return scan_files(&carry->seen, paths, count, PICTURE_TIMES * cli_timeout_ms(cli)) == ERR_OK
               ? CLI_OK
               : CLI_INTERNAL;
}

static void tell_frames(void *context, size_t got, size_t count)
{
    char line[120];
    (void)snprintf(line, sizeof line, _("%zu of the %zu codes that are needed were seen ..."), got,
                   count);
    cli_waiting(context, line);
}

static int look(struct carry *carry)
{
    scan_want(carry->seen, is_wanted, carry);
    if (scan_report(carry->seen).is_camera) {
        cli_note(carry->cli, _("hold the code before the camera"));
        scan_tell(carry->seen, tell_frames, carry->cli);
    }
    buffer_fini(&carry->taken);
    const enum err error = carrier_take(carry->seen, &carry->taken);
    if (scan_report(carry->seen).is_camera)
        cli_waiting(carry->cli, NULL);
    return error == ERR_OK ? CLI_OK : fail_scan(carry, error);
}

/* ---- all of it ---- */

int carry_open(struct carry *out, struct cli *cli, const struct carry_want *want,
               enum carry_out must)
{
    *out = (struct carry){.cli = cli, .want = want, .taken = {.limit = FILE_SIZE_MAX}};
    int code = check_ways(cli, want, must);
    if (code == CLI_OK)
        code = open_codes(out);
    if (code == CLI_OK)
        code = open_scan(out);
    if (code == CLI_OK)
        code = open_link(out);
    if (code == CLI_OK && out->seen != NULL)
        code = look(out);
    return code;
}

int carry_take(struct carry *carry, struct span *message)
{
    if (carry->link != NULL) {
        buffer_fini(&carry->taken);
        const enum err error = carrier_take(carry->link, &carry->taken);
        if (error != ERR_OK)
            return carry_fail_link(carry, error, NULL);
    }
    *message = carry->link != NULL || carry->seen != NULL
                   ? buffer_span(&carry->taken)
                   : cli_file(carry->cli, carry->want->argument);
    return check_kind(carry, *message);
}

int carry_check(struct carry *carry, struct span message)
{
    return carry->codes != NULL && qr_show_count(carry->codes, message) == 0
               ? fail_codes(carry->cli, ERR_LIMIT)
               : CLI_OK;
}

int carry_give(struct carry *carry, struct span message)
{
    cli_give_file(carry->cli, "--output", message, false);
    if (carry->codes == NULL)
        return CLI_OK;
    const size_t count = qr_show_count(carry->codes, message);
    if (count > CODES_PRACTICAL)
        cli_warn(carry->cli,
                 _("%zu codes are more than anybody likes to photograph: a larger --density or a "
                   "larger window makes fewer, and -o FILE or a link carries it at once"),
                 count);
    const enum err error = carrier_give(carry->codes, message);
    const struct qr_show_report report = qr_show_report(carry->codes);
    if (error != ERR_OK)
        return fail_codes(carry->cli, error);
    json_object_set_new(cli_result(carry->cli), "frames", json_integer((json_int_t)report.frames));
    if (report.frames > 1 && strcmp(cli_text(carry->cli, "--qr"), "terminal") != 0)
        cli_say(carry->cli, _("%zu codes: %s to %s; any %zu of them are enough"), report.frames,
                report.first, report.last, report.needed);
    return CLI_OK;
}

void carry_close(struct carry *carry)
{
    carrier_close(&carry->seen);
    carrier_close(&carry->codes);
    carrier_close(&carry->link);
    buffer_fini(&carry->taken);
}
