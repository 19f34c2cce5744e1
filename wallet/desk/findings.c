/* What is well and what is not, from how the wallet stands.
 *
 * 1. Everything that is not well names what to do next.
 * 2. Texts fit in half a line: the home screen shows text and command side by side.
 *
 * Never mends anything itself. */
#include "wallet/desk/findings.h"

#include "common/base/time.h"

#include <stdarg.h>

enum {
    CERTIFICATE_WARN_DAYS = 2,
    DIRECTORY_WARN_DAYS = 7,
    REVOCATIONS_OLD_DAYS = 7,
    COIN_WARN_DAYS = 14,
    REDEEM_WARN_DAYS = 30,
};

#define SYNC "dcep-wallet sync"
#define OUTBOX "dcep-wallet outbox"

struct finding *findings_add(struct findings *findings, const char *name, enum finding_level level,
                             const char *command, const char *text, ...)
{
    if (findings->count == FINDINGS_MAX)
        findings->count--;
    struct finding *finding = &findings->items[findings->count++];
    *finding = (struct finding){.name = name, .level = level};
    (void)snprintf(finding->command, sizeof finding->command, "%s", command);
    va_list arguments;
    va_start(arguments, text);
    (void)vsnprintf(finding->text, sizeof finding->text, text, arguments);
    va_end(arguments);
    return finding;
}

const char *findings_level_word(enum finding_level level)
{
    static const char *const words[] = {
        [FINDING_FINE] = N_("fine"),
        [FINDING_NOTE] = N_("note"),
        [FINDING_WARNING] = N_("warning"),
        [FINDING_BROKEN] = N_("broken"),
    };
    return words[level];
}

enum finding_level findings_worst(const struct findings *findings, int *exit_code)
{
    enum finding_level worst = FINDING_FINE;
    *exit_code = CLI_OK;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->level > worst)
            worst = finding->level;
        if (finding->level == FINDING_BROKEN)
            *exit_code = cli_worse(*exit_code, finding->exit_code);
    }
    return worst;
}

/* --- clock and age of what is believed --- */

static unsigned long long days(uint64_t later, uint64_t earlier)
{
    return later > earlier ? later - earlier : 0;
}

static void judge_clock(struct findings *findings, const struct standing *standing, uint64_t now)
{
    char newest[TIME_TEXT_SIZE];
    time_format(newest, standing->newest_signed_time);
    if (now < standing->newest_signed_time)
        findings_add(findings, "clock", FINDING_BROKEN, "date -s",
                     _("the clock is below a signed time: %s"), newest)
            ->exit_code = CLI_REFUSED;
    else
        findings_add(findings, "clock", FINDING_FINE, "", _("not below the newest signed time, %s"),
                     newest);
}

static void judge_certificate(struct findings *findings, const struct standing *standing,
                              uint64_t today)
{
    const uint64_t last = standing->certificate.not_after_day;
    const unsigned long long left = days(last, today);
    if (standing->is_restored)
        findings_add(findings, "certificate", FINDING_WARNING, SYNC,
                     _("restored: it neither pays nor takes yet"));
    else if (!standing->has_certificate)
        findings_add(findings, "certificate", FINDING_WARNING, SYNC,
                     _("there is no certificate: nobody can pay or be paid"));
    else if (today > last)
        findings_add(findings, "certificate", FINDING_WARNING, SYNC,
                     _("the certificate has expired: payees refuse"));
    else if (left < CERTIFICATE_WARN_DAYS)
        findings_add(findings, "certificate", FINDING_WARNING, SYNC,
                     ngettext("the certificate expires in %llu day",
                              "the certificate expires in %llu days", (unsigned long)left),
                     left);
    else
        findings_add(findings, "certificate", FINDING_FINE, "",
                     ngettext("the certificate is good for %llu more day",
                              "the certificate is good for %llu more days", (unsigned long)left),
                     left);
}

/* What it holds is not lost by that: the bank's own vault takes it, and pays the account. */
static void judge_key(struct findings *findings, const struct standing *standing)
{
    if (standing->is_refused)
        findings_add(findings, "revoked", FINDING_BROKEN, "dcep-wallet deposit --all",
                     _("this wallet's key is revoked: it cannot pay"))
            ->exit_code = CLI_AUTH;
}

static void judge_words(struct findings *findings, const struct standing *standing)
{
    if (!standing->has_words || standing->words == WORDS_SEEN)
        return;
    findings_add(findings, "words", FINDING_WARNING, "dcep-wallet words new",
                 standing->words == WORDS_VOID
                     ? _("another wallet of yours made newer recovery words: these are void")
                     : _("the recovery words were never shown"));
}

static void judge_directory(struct findings *findings, const struct standing *standing,
                            uint64_t now)
{
    const unsigned long long left = days(time_day(standing->directory_not_after), time_day(now));
    const unsigned long long age = days(time_day(now), time_day(standing->directory_made_at));
    if (standing->directory_version == 0)
        findings_add(findings, "directory", FINDING_WARNING, SYNC,
                     _("there is no directory of banks yet"));
    else if (now > standing->directory_not_after)
        findings_add(findings, "directory", FINDING_WARNING, SYNC,
                     _("the directory of banks has expired"));
    else if (left < DIRECTORY_WARN_DAYS)
        findings_add(findings, "directory", FINDING_WARNING, SYNC,
                     ngettext("the directory of banks expires in %llu day",
                              "the directory of banks expires in %llu days", (unsigned long)left),
                     left);
    else
        findings_add(findings, "directory", FINDING_FINE, "",
                     ngettext("the directory of banks is %llu day old",
                              "the directory of banks is %llu days old", (unsigned long)age),
                     age);
}

static void judge_revocations(struct findings *findings, const struct standing *standing,
                              uint64_t now)
{
    const unsigned long long age = days(time_day(now), time_day(standing->revocations_made_at));
    if (standing->revocations_version == 0)
        findings_add(findings, "revocations", FINDING_FINE, "",
                     _("no key has been revoked that is known here"));
    else
        findings_add(findings, "revocations",
                     age > REVOCATIONS_OLD_DAYS ? FINDING_NOTE : FINDING_FINE,
                     age > REVOCATIONS_OLD_DAYS ? SYNC : "",
                     ngettext("the revocation list is %llu day old",
                              "the revocation list is %llu days old", (unsigned long)age),
                     age);
}

static void judge_coins(struct findings *findings, const struct standing *standing, uint64_t today)
{
    const unsigned long long left = days(standing->next_spend_by, today);
    if (standing->has_coin && today > standing->next_spend_by)
        findings_add(findings, "coins", FINDING_WARNING, SYNC,
                     _("a coin is past its spend-by day: exchange it"));
    else if (standing->has_coin && left < COIN_WARN_DAYS)
        findings_add(findings, "coins", FINDING_WARNING, SYNC,
                     ngettext("a coin can be spent for %llu more day",
                              "a coin can be spent for %llu more days", (unsigned long)left),
                     left);
}

/* From redeem_by on a coin that the register never saw me have may be refunded to somebody else. */
static void judge_redeem_by(struct findings *findings, const struct standing *standing,
                            uint64_t today)
{
    const unsigned long long left = days(standing->next_redeem_by, today);
    if (standing->next_redeem_by == 0 || left >= REDEEM_WARN_DAYS)
        return;
    if (left == 0)
        findings_add(findings, "redeem_by", FINDING_WARNING, SYNC,
                     _("a coin is past its last day: it may be refunded to an earlier owner"));
    else
        findings_add(findings, "redeem_by", FINDING_WARNING, SYNC,
                     ngettext("a coin must be exchanged within %llu day",
                              "a coin must be exchanged within %llu days", (unsigned long)left),
                     left);
}

/* --- what waits --- */

struct waiting {
    const char *name, *command;
    enum finding_level level;
    const char *one, *many; /* with %zu */
    size_t count;
};

static void judge_waiting(struct findings *findings, const struct standing *standing)
{
    if (!amount_is_zero(standing->totals.frozen))
        findings_add(findings, "older_keys", FINDING_NOTE, SYNC,
                     _("money of keys before the restore comes back by refund"));
#define PLURAL(one, many) one, many
    const struct waiting rows[] = {
        {"quarantined", SYNC, FINDING_WARNING,
         PLURAL(N_("%zu coin is kept aside and not counted"),
                N_("%zu coins are kept aside and not counted")),
         standing->quarantined_count},
        {"orphaned", SYNC, FINDING_WARNING,
         PLURAL(N_("%zu coin was paid twice by somebody: claim it"),
                N_("%zu coins were paid twice by somebody: claim them")),
         standing->orphan_count},
        {"paid_twice", "dcep-wallet history", FINDING_NOTE,
         PLURAL(N_("%zu coin was found to be paid twice, with proof"),
                N_("%zu coins were found to be paid twice, with proof")),
         standing->fork_count},
        {"reserved", OUTBOX, FINDING_NOTE,
         PLURAL(N_("%zu payment is begun and not signed"),
                N_("%zu payments are begun and not signed")),
         standing->reserved_count},
        {"unsent", "dcep-wallet outbox ID -o FILE", FINDING_NOTE,
         PLURAL(N_("%zu payment is signed and not handed over"),
                N_("%zu payments are signed and not handed over")),
         standing->unsent_count},
        {"unconfirmed", SYNC, FINDING_NOTE,
         PLURAL(N_("%zu payment has no receipt yet"), N_("%zu payments have no receipt yet")),
         standing->unconfirmed_count},
        {"unsettled", SYNC, FINDING_NOTE,
         PLURAL(N_("%zu received payment is not settled yet"),
                N_("%zu received payments are not settled yet")),
         standing->unsettled_count},
        {"withdrawals", SYNC, FINDING_NOTE,
         PLURAL(N_("%zu withdrawal is not answered yet"),
                N_("%zu withdrawals are not answered yet")),
         standing->withdrawal_count},
        {"deposits", SYNC, FINDING_NOTE,
         PLURAL(N_("%zu deposit is not credited yet"), N_("%zu deposits are not credited yet")),
         standing->deposit_count},
        {"orders", SYNC, FINDING_NOTE,
         PLURAL(N_("%zu exchange is not answered yet"), N_("%zu exchanges are not answered yet")),
         standing->order_count},
    };
#undef PLURAL
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].count == 0)
            continue;
        const char *form = _(rows[i].count == 1 ? rows[i].one : rows[i].many);
        char text[FINDING_TEXT_SIZE];
        (void)snprintf(text, sizeof text, form, rows[i].count);
        findings_add(findings, rows[i].name, rows[i].level, rows[i].command, "%s", text);
    }
}

void findings_of_standing(struct findings *findings, const struct standing *standing, uint64_t now)
{
    const uint64_t today = time_day(now);
    judge_clock(findings, standing, now);
    judge_certificate(findings, standing, today);
    judge_key(findings, standing);
    judge_words(findings, standing);
    judge_directory(findings, standing, now);
    judge_revocations(findings, standing, now);
    judge_coins(findings, standing, today);
    judge_redeem_by(findings, standing, today);
    judge_waiting(findings, standing);
}
