/* What is found about a wallet: each trouble by name, level and what mends it, at its bounds. */
#include "wallet/desk/findings.h"

#include "common/base/time.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>

enum { TODAY = 20000 };
static const uint64_t now = TODAY * SECONDS_PER_DAY;

/* All is well. */
static struct standing fine(void)
{
    return (struct standing){
        .has_certificate = true,
        .certificate = {.not_after_day = TODAY + 7},
        .directory_version = 1,
        .directory_made_at = now,
        .directory_not_after = now + 30 * SECONDS_PER_DAY,
        .has_coin = true,
        .next_spend_by = TODAY + 90,
        .next_redeem_by = TODAY + 120,
        .newest_signed_time = now,
    };
}

static const struct finding *find(const struct findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].name, name) == 0)
            return &findings->items[i];
    return NULL;
}

Test(findings, of_a_wallet_that_is_well_nothing_is_to_be_done)
{
    struct findings findings = {.count = 0};
    const struct standing standing = fine();
    int exit_code = -1;
    findings_of_standing(&findings, &standing, now);
    cr_assert_eq(findings.count, 4); /* clock, certificate, directory, revocations */
    for (size_t i = 0; i < findings.count; i++) {
        cr_assert_eq(findings.items[i].level, FINDING_FINE, "%s", findings.items[i].text);
        cr_assert_str_eq(findings.items[i].command, "");
        cr_assert(findings.items[i].text[0] != 0);
    }
    cr_assert_eq(findings_worst(&findings, &exit_code), FINDING_FINE);
    cr_assert_eq(exit_code, CLI_OK);
}

/* One thing at a time, on both sides of its bound; NULL: nothing of that name is said. */
static void expect(const char *name, const struct standing *standing, uint64_t at,
                   enum finding_level level, bool is_said, int line)
{
    struct findings findings = {.count = 0};
    findings_of_standing(&findings, standing, at);
    const struct finding *finding = find(&findings, name);
    cr_assert_eq(finding != NULL, is_said, "line %d: %s", line, name);
    if (finding == NULL)
        return;
    cr_assert_eq(finding->level, level, "line %d: %s", line, finding->text);
    cr_assert_eq(finding->command[0] != 0, level != FINDING_FINE, "line %d: %s", line,
                 finding->command);
}

#define WITH(name, level, change)                                                                  \
    do {                                                                                           \
        struct standing s = fine();                                                                \
        change;                                                                                    \
        expect(name, &s, now, level, true, __LINE__);                                              \
    } while (0)
#define SILENT(name, change)                                                                       \
    do {                                                                                           \
        struct standing s = fine();                                                                \
        change;                                                                                    \
        expect(name, &s, now, FINDING_FINE, false, __LINE__);                                      \
    } while (0)

Test(findings, what_is_believed_and_its_age)
{
    const uint64_t day = SECONDS_PER_DAY;
    WITH("clock", FINDING_FINE, s.newest_signed_time = now);
    WITH("clock", FINDING_BROKEN, s.newest_signed_time = now + 1);
    WITH("certificate", FINDING_FINE, s.certificate.not_after_day = TODAY + 2);
    WITH("certificate", FINDING_WARNING, s.certificate.not_after_day = TODAY + 1);
    WITH("certificate", FINDING_WARNING, s.certificate.not_after_day = TODAY);
    WITH("certificate", FINDING_WARNING, s.certificate.not_after_day = TODAY - 1);
    WITH("certificate", FINDING_WARNING, s.has_certificate = false);
    WITH("certificate", FINDING_WARNING, s.is_restored = true);
    WITH("directory", FINDING_FINE, s.directory_not_after = now + 7 * day);
    WITH("directory", FINDING_WARNING, s.directory_not_after = now + 7 * day - 1);
    WITH("directory", FINDING_WARNING, s.directory_not_after = now - 1);
    WITH("directory", FINDING_WARNING, s.directory_version = 0);
    WITH("revocations", FINDING_FINE, s.revocations_version = 0);
    WITH("revocations", FINDING_FINE,
         (s.revocations_version = 1, s.revocations_made_at = now - 7 * day));
    WITH("revocations", FINDING_NOTE,
         (s.revocations_version = 1, s.revocations_made_at = now - 8 * day));
}

/* On its last day it is still good. */
Test(findings, a_certificate_has_expired_the_day_after)
{
    for (uint64_t last = TODAY - 1; last <= TODAY; last++) {
        struct findings findings = {.count = 0};
        struct standing standing = fine();
        standing.certificate.not_after_day = last;
        findings_of_standing(&findings, &standing, now);
        const char *text = find(&findings, "certificate")->text;
        cr_assert_eq(strstr(text, "has expired") != NULL, last < TODAY, "%s", text);
    }
}

Test(findings, days_of_coins)
{
    SILENT("coins", s.next_spend_by = TODAY + 14);
    WITH("coins", FINDING_WARNING, s.next_spend_by = TODAY + 13);
    WITH("coins", FINDING_WARNING, s.next_spend_by = TODAY);
    WITH("coins", FINDING_WARNING, s.next_spend_by = TODAY - 1);
    SILENT("coins", (s.has_coin = false, s.next_spend_by = 0));
    SILENT("redeem_by", s.next_redeem_by = TODAY + 30);
    WITH("redeem_by", FINDING_WARNING, s.next_redeem_by = TODAY + 29);
    WITH("redeem_by", FINDING_WARNING, s.next_redeem_by = TODAY);
    SILENT("redeem_by", s.next_redeem_by = 0);
}

Test(findings, what_waits)
{
    SILENT("older_keys", s.totals.frozen = amount_zero());
    WITH("older_keys", FINDING_NOTE, s.totals.frozen = world_fen(1));
    static const struct {
        const char *name;
        size_t offset;
        enum finding_level level;
    } rows[] = {
        {"quarantined", offsetof(struct standing, quarantined_count), FINDING_WARNING},
        {"orphaned", offsetof(struct standing, orphan_count), FINDING_WARNING},
        {"paid_twice", offsetof(struct standing, fork_count), FINDING_NOTE},
        {"reserved", offsetof(struct standing, reserved_count), FINDING_NOTE},
        {"unsent", offsetof(struct standing, unsent_count), FINDING_NOTE},
        {"unconfirmed", offsetof(struct standing, unconfirmed_count), FINDING_NOTE},
        {"unsettled", offsetof(struct standing, unsettled_count), FINDING_NOTE},
        {"withdrawals", offsetof(struct standing, withdrawal_count), FINDING_NOTE},
        {"deposits", offsetof(struct standing, deposit_count), FINDING_NOTE},
        {"orders", offsetof(struct standing, order_count), FINDING_NOTE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t count = 0; count <= 2; count++) {
            struct findings findings = {.count = 0};
            struct standing standing = fine();
            char number[8];
            *(size_t *)((char *)&standing + rows[i].offset) = count;
            expect(rows[i].name, &standing, now, rows[i].level, count > 0, (int)i);
            findings_of_standing(&findings, &standing, now);
            cr_assert_eq(findings.count, 4 + (count > 0)); /* nothing else is said of it */
            (void)snprintf(number, sizeof number, "%zu ", count);
            if (count == 0)
                continue;
            const char *text = findings.items[4].text;
            const bool is_plural = strstr(text, " are ") != NULL ||
                                   strstr(text, " were ") != NULL || strstr(text, " have ") != NULL;
            cr_assert_eq(is_plural, count > 1, "%s", text);
            cr_assert_eq(strncmp(text, number, strlen(number)), 0, "%s", text);
        }
}

Test(findings, the_worst_decides)
{
    struct findings findings = {.count = 0};
    int exit_code = -1;
    findings_add(&findings, "a", FINDING_NOTE, "", "a");
    findings_add(&findings, "b", FINDING_WARNING, "mend", "%d %s", 7, "b");
    cr_assert_str_eq(findings.items[1].text, "7 b");
    cr_assert_eq(findings_worst(&findings, &exit_code), FINDING_WARNING);
    cr_assert_eq(exit_code, CLI_OK); /* a warning is no failure */
    findings_add(&findings, "c", FINDING_BROKEN, "", "c")->exit_code = CLI_REFUSED;
    findings_add(&findings, "w", FINDING_WARNING, "", "w")->exit_code = CLI_INTEGRITY;
    cr_assert_eq(findings_worst(&findings, &exit_code), FINDING_BROKEN);
    cr_assert_eq(exit_code, CLI_REFUSED);
    findings_add(&findings, "d", FINDING_BROKEN, "", "d")->exit_code = CLI_INTEGRITY;
    findings_add(&findings, "e", FINDING_FINE, "", "e")->exit_code = CLI_INTERNAL;
    cr_assert_eq(findings_worst(&findings, &exit_code), FINDING_BROKEN);
    cr_assert_eq(exit_code, cli_worse(CLI_REFUSED, CLI_INTEGRITY));
    for (size_t i = 0; i < 2 * FINDINGS_MAX; i++)
        findings_add(&findings, "last", FINDING_FINE, "", "%zu", i);
    cr_assert_eq(findings.count, FINDINGS_MAX);
    cr_assert_str_eq(findings.items[FINDINGS_MAX - 1].text, "95");
    cr_assert_str_eq(findings.items[0].name, "a");
}

Test(findings, levels_have_words)
{
    for (enum finding_level level = FINDING_FINE; level <= FINDING_BROKEN; level++)
        cr_assert(findings_level_word(level)[0] != 0);
}
