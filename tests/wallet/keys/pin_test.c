/* The PIN file: adversarial row G6 (ten wrong PINs, cost, lockout, no oracle), and what a crash
 * leaves. */
#include "wallet/keys/pin.h"

#include "common/base/file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct safe_key master = {{1, 2, 3, 4}};

struct place {
    char directory[64];
    char path[96];
};

/* A kill may leave the temporary file of file_replace beside it. */
static void place_fini(struct place *place)
{
    DIR *directory = opendir(place->directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    rmdir(place->directory);
}

static struct place make_place(const char *pin)
{
    struct place place;
    const char *base = getenv("TMPDIR");
    snprintf(place.directory, sizeof place.directory, "%s/dcep-pin-XXXXXX",
             base != NULL && strlen(base) < 32 ? base : "/tmp");
    cr_assert_not_null(mkdtemp(place.directory));
    snprintf(place.path, sizeof place.path, "%s/wallet.pin", place.directory);
    cr_assert_eq(pin_make(place.path, &master, span_text(pin)), ERR_OK);
    return place;
}

static struct pin_answer try(const struct place *place, const char *pin, uint64_t now)
{
    struct safe_key found = {{0}};
    struct pin_answer answer;
    cr_assert_eq(pin_open(&found, &answer, place->path, span_text(pin), now), ERR_OK);
    if (answer.verdict == PIN_RIGHT)
        cr_expect_arr_eq(found.bytes, master.bytes, SAFE_KEY_SIZE);
    else
        cr_expect_arr_eq(found.bytes, (struct safe_key){{0}}.bytes, SAFE_KEY_SIZE);
    return answer;
}

/* --- G6 --- */

Test(pin, G6_ten_wrong_ones_then_a_day)
{
    static const struct {
        uint64_t at; /* seconds since the first */
        const char *pin;
        enum pin_verdict verdict;
        uint64_t wait_s;
    } events[] = {
        {0, "1111", PIN_WRONG, 0},
        {0, "2222", PIN_WRONG, 0},
        {0, "3333", PIN_WRONG, 5},
        {0, "1234", PIN_WAIT, 5}, /* the right one is not looked at either */
        {4, "4444", PIN_WAIT, 1}, /* nor is this one counted */
        {5, "4444", PIN_WRONG, 15},
        {20, "5555", PIN_WRONG, 60},
        {80, "6666", PIN_WRONG, 300},
        {380, "7777", PIN_WRONG, 900},
        {1280, "8888", PIN_WRONG, 3600},
        {4880, "9999", PIN_WRONG, 14400},
        {19280, "0000", PIN_WRONG, 86400}, /* the tenth */
        {19281, "1234", PIN_WAIT, 86399},
        {105680, "0001", PIN_WRONG, 86400},
        {192079, "1234", PIN_WAIT, 1},
        {192080, "1234", PIN_RIGHT, 0},
        {192080, "1111", PIN_WRONG, 0}, /* the count began anew */
    };
    struct place place AUTO(place_fini) = make_place("1234");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const struct pin_answer answer = try(&place, events[i].pin, 1000000 + events[i].at);
        cr_expect_eq(answer.verdict, events[i].verdict, "event %zu", i);
        cr_expect_eq(answer.wait_s, events[i].wait_s, "event %zu", i);
    }
}

Test(pin, G6_every_wrong_pin_looks_the_same)
{
    static const char *const wrong[] = {"1", "123", "12345", "1233", "1234 ", "\xff\xff"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct place place AUTO(place_fini) = make_place("1234");
        const struct pin_answer answer = try(&place, wrong[i], 1000);
        cr_expect_eq(answer.verdict, PIN_WRONG);
        cr_expect_eq(answer.wrong_count, 1);
    }
}

Test(pin, G6_an_altered_file_looks_like_a_wrong_pin)
{
    struct place place AUTO(place_fini) = make_place("1234");
    struct buffer bytes AUTO(buffer_fini) = {0};
    cr_assert_eq(file_read(&bytes, place.path, 4096), ERR_OK);
    bytes.data[bytes.size - 1] ^= 1;
    cr_assert_eq(file_replace(place.path, buffer_span(&bytes), FILE_PRIVATE), ERR_OK);
    cr_expect_eq(try(&place, "1234", 1000).verdict, PIN_WRONG);
}

/* Killed wherever he likes: the attempt is counted before it is looked at. */
Test(pin, G6_a_kill_gives_no_free_try)
{
    struct place place AUTO(place_fini) = make_place("1234");
    unsigned counted = 0;
    for (useconds_t pause_us = 0; pause_us < 60000; pause_us += 4000) {
        const pid_t child = fork();
        if (child == 0) {
            struct safe_key found;
            struct pin_answer answer;
            const enum err error =
                pin_open(&found, &answer, place.path, span_text("0000"), 1u << 30);
            _exit(error == ERR_OK && answer.verdict == PIN_WRONG ? 1 : 0);
        }
        int status = 0;
        usleep(pause_us);
        kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, &status, 0), child);
        struct buffer bytes AUTO(buffer_fini) = {0};
        cr_assert_eq(file_read(&bytes, place.path, 4096), ERR_OK);
        const unsigned now = bytes.data[8]; /* as in the layout of pin.h */
        if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
            cr_expect_eq(now, counted + 1, "an answer was given and not counted");
        cr_expect(now == counted || now == counted + 1);
        counted = now;
        if (counted >= PIN_TRIES_FREE)
            break; /* from here on it waits */
    }
    cr_expect_eq(counted, PIN_TRIES_FREE);
}

Test(pin, G6_the_clock_set_back_or_forth)
{
    struct place place AUTO(place_fini) = make_place("1234");
    for (int i = 0; i < PIN_TRIES_FREE; i++)
        try(&place, "0000", 2000000);
    cr_expect_eq(try(&place, "1234", 1000000).wait_s, 5, "back: the wait begins anew");
    cr_expect_eq(try(&place, "1234", 1000004).wait_s, 1, "and runs from there");
    cr_expect_eq(try(&place, "1234", 1000005).verdict, PIN_RIGHT);
}

/* Where nothing can be written: tried, not counted; a wait that was counted holds. */
Test(pin, G6_looking_only_counts_nothing_and_waits_all_the_same)
{
    struct place place AUTO(place_fini) = make_place("246810");
    struct safe_key key = {{0}};
    struct pin_answer answer;
    uint64_t now = 1000;
    cr_assert_eq(pin_look(&key, &answer, place.path, span_text("000000"), now), ERR_OK);
    cr_expect_eq(answer.verdict, PIN_WRONG);
    cr_expect_eq(answer.wrong_count, 0);
    cr_assert_eq(pin_look(&key, &answer, place.path, span_text("246810"), now), ERR_OK);
    cr_expect_eq(answer.verdict, PIN_RIGHT);
    cr_expect_arr_eq(key.bytes, master.bytes, sizeof master.bytes);
    for (unsigned i = 0; i <= PIN_TRIES_FREE; i++)
        cr_assert_eq(pin_open(&key, &answer, place.path, span_text("000000"), now), ERR_OK);
    cr_assert_gt(answer.wait_s, 0);
    const uint64_t wait_s = answer.wait_s;
    cr_assert_eq(pin_look(&key, &answer, place.path, span_text("246810"), now), ERR_OK);
    cr_expect_eq(answer.verdict, PIN_WAIT);
    cr_assert_eq(pin_look(&key, &answer, place.path, span_text("246810"), now - 500), ERR_OK);
    cr_expect_eq(answer.verdict, PIN_WAIT, "nor by setting the clock back");
    cr_assert_eq(pin_look(&key, &answer, place.path, span_text("246810"), now + wait_s), ERR_OK);
    cr_expect_eq(answer.verdict, PIN_RIGHT);
}

Test(pin, G6_ten_attempts_cost_more_than_a_tenth_of_a_second)
{
    struct place place AUTO(place_fini) = make_place("1234");
    const clock_t start = clock();
    for (uint64_t i = 0; i < 10; i++)
        cr_expect_neq(try(&place, "0000", i * 100000).verdict, PIN_RIGHT);
    cr_expect_gt((double)(clock() - start) / CLOCKS_PER_SEC, 0.1);
}

/* --- changing it --- */

Test(pin, changed_as_a_whole)
{
    struct place place AUTO(place_fini) = make_place("1234");
    struct stat about;
    cr_assert_eq(pin_change(place.path, &master, span_text("dinner at six")), ERR_OK);
    cr_expect_eq(try(&place, "1234", 1000).verdict, PIN_WRONG);
    cr_expect_eq(try(&place, "dinner at six", 1000).verdict, PIN_RIGHT);
    cr_assert_eq(stat(place.path, &about), 0);
    cr_expect_eq(about.st_mode & 0777, 0600);
}

Test(pin, killed_while_changing_exactly_one_opens)
{
    for (useconds_t pause_us = 0; pause_us < 48000; pause_us += 6000) {
        struct place place AUTO(place_fini) = make_place("1234");
        const pid_t child = fork();
        if (child == 0)
            _exit(pin_change(place.path, &master, span_text("5678")) == ERR_OK ? 0 : 1);
        usleep(pause_us);
        kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        const bool old_opens = try(&place, "1234", 1000).verdict == PIN_RIGHT;
        const bool new_opens = try(&place, "5678", 1000).verdict == PIN_RIGHT;
        cr_expect(old_opens != new_opens, "after %u us", (unsigned)pause_us);
    }
}

/* --- the file --- */

Test(pin, without_one_nothing_is_counted)
{
    struct place place AUTO(place_fini) = make_place("");
    bool set = true;
    cr_assert_eq(pin_is_set(&set, place.path), ERR_OK);
    cr_expect_not(set);
    for (int i = 0; i < 20; i++) {
        cr_expect_eq(try(&place, "", 1000).verdict, PIN_RIGHT);
        cr_expect_eq(try(&place, "1234", 1000).verdict, PIN_WRONG);
    }
}

Test(pin, malformed_files)
{
    struct place place AUTO(place_fini) = make_place("1234");
    struct buffer bytes AUTO(buffer_fini) = {0};
    bool set = false;
    cr_assert_eq(file_read(&bytes, place.path, 4096), ERR_OK);
    for (size_t size = 0; size <= 17; size++) {
        cr_assert_eq(file_replace(place.path, span_of(bytes.data, size), FILE_PRIVATE), ERR_OK);
        cr_expect_eq(pin_is_set(&set, place.path), ERR_PARSE, "%zu bytes", size);
    }
    cr_assert_eq(chmod(place.path, 0644), 0);
    cr_expect_eq(pin_is_set(&set, place.path), ERR_PERMISSION);
    cr_assert_eq(unlink(place.path), 0);
    cr_expect_eq(pin_is_set(&set, place.path), ERR_MISSING);
}
