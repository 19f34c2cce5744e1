/* Files: what is refused, what survives, what a failed write leaves. Works in a new directory. */
#include "common/base/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about, (void)kind, (void)walk;
    return remove(path);
}

static void enter(void)
{
    snprintf(directory, sizeof directory, "/tmp/dcep-file-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
}

static void leave(void)
{
    cr_assert_eq(chdir("/"), 0);
    nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(file, .init = enter, .fini = leave);

static void expect_content(const char *path, const char *content)
{
    struct buffer buffer AUTO(buffer_fini) = {0};
    cr_expect_eq(file_read(&buffer, path, 1 << 20), ERR_OK, "%s", path);
    cr_expect(span_equal(buffer_span(&buffer), span_text(content)), "%s", path);
}

static mode_t mode_of(const char *path)
{
    struct stat about;
    cr_assert_eq(stat(path, &about), 0);
    return about.st_mode & 0777;
}

static unsigned entries_count(void)
{
    FILE *list = popen("ls -A | wc -l", "r");
    unsigned count = 0;
    cr_assert_eq(fscanf(list, "%u", &count), 1);
    pclose(list);
    return count;
}

Test(file, read)
{
    static const struct {
        const char *path;
        size_t limit;
        enum err error;
    } rows[] = {
        {"ten", 10, ERR_OK},   {"ten", 11, ERR_OK},       {"ten", 9, ERR_LIMIT},
        {"ten", 0, ERR_LIMIT}, {"empty", 0, ERR_OK},      {"empty", 1, ERR_OK},
        {"one", 0, ERR_LIMIT}, {"none", 10, ERR_MISSING}, {"ten/x", 10, ERR_MISSING},
        {".", 10, ERR_IO},     {"/dev/zero", 10, ERR_IO},
    };
    cr_assert_eq(file_write_new("ten", span_text("0123456789"), FILE_PUBLIC), ERR_OK);
    cr_assert_eq(file_write_new("one", span_text("1"), FILE_PUBLIC), ERR_OK);
    cr_assert_eq(file_write_new("empty", span_of(NULL, 0), FILE_PUBLIC), ERR_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer buffer AUTO(buffer_fini) = {0};
        cr_expect_eq(file_read(&buffer, rows[i].path, rows[i].limit), rows[i].error, "row %zu", i);
        if (rows[i].error != ERR_OK)
            cr_expect_eq(buffer.size, 0u, "row %zu", i);
    }
}

Test(file, a_file_larger_than_the_default_buffer_is_read_when_the_caller_says_so)
{
    size_t size = BUFFER_LIMIT_DEFAULT + 1;
    struct buffer buffer AUTO(buffer_fini) = {0};
    int fd = open("large", O_CREAT | O_WRONLY, 0600);
    cr_assert_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
    cr_expect_eq(file_read(&buffer, "large", size), ERR_OK);
    cr_expect_eq(buffer.size, size);
}

Test(file, read_takes_a_pipe_to_its_end)
{
    cr_assert_eq(mkfifo("pipe", 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        int fd = open("pipe", O_WRONLY);
        bool good = write(fd, "01234", 5) == 5 && usleep(20000) == 0 && write(fd, "56789", 5) == 5;
        _exit(good ? 0 : 1);
    }
    expect_content("pipe", "0123456789");
    waitpid(writer, NULL, 0);
}

Test(file, read_secret)
{
    static const struct {
        mode_t mode;
        enum err error;
    } rows[] = {
        {0600, ERR_OK},         {0400, ERR_OK},         {0640, ERR_PERMISSION},
        {0604, ERR_PERMISSION}, {0620, ERR_PERMISSION}, {0644, ERR_PERMISSION},
    };
    cr_assert_eq(file_write_new("key", span_text("k"), FILE_PRIVATE), ERR_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer buffer AUTO(buffer_fini) = {0};
        cr_assert_eq(chmod("key", rows[i].mode), 0);
        cr_expect_eq(file_read_secret(&buffer, "key", 10), rows[i].error, "%03o", rows[i].mode);
    }
}

Test(file, write_new_refuses_an_existing_name_and_leaves_it)
{
    cr_expect_eq(file_write_new("a", span_text("old"), FILE_PRIVATE), ERR_OK);
    cr_expect_eq(mode_of("a"), 0600u);
    cr_expect_eq(file_write_new("a", span_text("new"), FILE_PUBLIC), ERR_EXISTS);
    cr_expect_eq(symlink("nowhere", "dangling"), 0);
    cr_expect_eq(file_write_new("dangling", span_text("new"), FILE_PUBLIC), ERR_EXISTS);
    cr_expect_eq(file_write_new("none/a", span_text("new"), FILE_PUBLIC), ERR_MISSING);
    expect_content("a", "old");
    cr_expect_eq(entries_count(), 2u, "no temporary file stays");
}

Test(file, replace)
{
    umask(077);
    cr_expect_eq(file_replace("a", span_text("one"), FILE_PUBLIC), ERR_OK);
    cr_expect_eq(mode_of("a"), 0644u, "the umask has no say");
    cr_expect_eq(file_replace("a", span_text("two"), FILE_PRIVATE), ERR_OK);
    expect_content("a", "two");
    cr_expect_eq(mode_of("a"), 0600u);
    cr_expect_eq(symlink("a", "link"), 0);
    cr_expect_eq(file_replace("link", span_text("three"), FILE_PRIVATE), ERR_OK);
    expect_content("a", "three");
    cr_expect_eq(mkdir("dir", 0700), 0);
    cr_expect_neq(file_replace("dir", span_text("x"), FILE_PRIVATE), ERR_OK);
    cr_expect_eq(entries_count(), 3u, "no temporary file stays");
}

/* A pipe of our own: a real device could be lost to a mistake here. */
Test(file, a_pipe_is_written_to_and_never_replaced)
{
    struct stat about;
    char got[4] = "";
    cr_assert_eq(mkfifo("pipe", 0600), 0);
    int fd = open("pipe", O_RDWR); /* so that no side waits for the other */
    cr_expect_eq(file_replace("pipe", span_text("a"), FILE_PRIVATE), ERR_OK);
    cr_expect_eq(file_write_new("pipe", span_text("b"), FILE_PRIVATE), ERR_OK);
    cr_assert_eq(stat("pipe", &about), 0);
    cr_assert(S_ISFIFO(about.st_mode));
    cr_expect_eq(read(fd, got, 2), 2);
    cr_expect_str_eq(got, "ab");
    close(fd);
}

Test(file, standard_output)
{
    int saved = dup(STDOUT_FILENO);
    int out = open("out", O_CREAT | O_WRONLY, 0600), full = open("/dev/full", O_WRONLY);
    dup2(out, STDOUT_FILENO);
    enum err good = file_write_new("-", span_text("text"), FILE_PRIVATE);
    dup2(full, STDOUT_FILENO);
    enum err refused = file_replace("-", span_text("text"), FILE_PRIVATE);
    dup2(saved, STDOUT_FILENO);
    close(saved), close(out), close(full);
    cr_expect_eq(good, ERR_OK);
    cr_expect_eq(refused, ERR_DISK_FULL);
    expect_content("out", "text");
    cr_expect(!file_exists("-"));
}

Test(file, make_dir)
{
    cr_expect_eq(file_make_dir("a/b/c"), ERR_OK);
    cr_expect_eq(mode_of("a"), 0700u);
    cr_expect_eq(mode_of("a/b/c"), 0700u);
    cr_expect_eq(file_make_dir("a/b/c"), ERR_OK);
    cr_expect_eq(file_make_dir("a/b//d/"), ERR_OK);
    cr_expect_eq(file_write_new("f", span_text("x"), FILE_PRIVATE), ERR_OK);
    cr_expect_eq(file_make_dir("f"), ERR_EXISTS);
    cr_expect_eq(file_make_dir("f/g"), ERR_EXISTS);
    cr_expect_eq(file_make_dir(""), ERR_IO);
    cr_expect(file_exists("a/b/d") && !file_exists("a/x"));
}

Test(file, lock_is_exclusive_and_ends_with_its_holder)
{
    int mine = -1, other = -1;
    cr_expect_eq(file_lock(&mine, "lock"), ERR_OK);
    cr_expect_eq(file_lock(&other, "lock"), ERR_LOCKED);
    cr_expect_eq(other, -1);
    close(mine);
    pid_t holder = fork();
    if (holder == 0)
        _exit(file_lock(&other, "lock") == ERR_OK ? 0 : 1);
    int result = 0;
    waitpid(holder, &result, 0);
    cr_expect_eq(result, 0);
    cr_expect_eq(file_lock(&other, "lock"), ERR_OK);
    close(other);
}

/* In a mount namespace of this process, so that it goes when the process does. */
static bool mount_read_only(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(directory, directory, NULL, MS_BIND, NULL) == 0 &&
           mount(NULL, directory, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0 &&
           chdir(directory) == 0;
}

Test(file, a_read_only_disk_is_said_to_be_one)
{
    int lock = -1;
    cr_assert_eq(file_write_new("old", span_text("x"), FILE_PRIVATE), ERR_OK);
    if (!mount_read_only())
        cr_skip_test("no right to mount");
    cr_expect_eq(file_write_new("new", span_text("y"), FILE_PRIVATE), ERR_READ_ONLY);
    cr_expect_eq(file_replace("old", span_text("y"), FILE_PRIVATE), ERR_READ_ONLY);
    cr_expect_eq(file_make_dir("a/b"), ERR_READ_ONLY);
    cr_expect_eq(file_lock(&lock, "lock"), ERR_READ_ONLY);
    expect_content("old", "x");
    cr_expect_eq(entries_count(), 1);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(umount(directory), 0);
}
