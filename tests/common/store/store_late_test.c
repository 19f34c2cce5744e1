/* A sorted set of keys, against one that is an array searched from its beginning. */
#include "common/store/store_late.h"

#include <criterion/criterion.h>
#include <string.h>

enum { KEY_SIZE_MOST = 12, NUMBERS = 4096 };

/* Where in a key its number is, in two bytes; the others are the same in all keys. What is behind
 * the eighth byte the store compares apart. */
static const struct layout {
    size_t size, at;
} layouts[] = {{3, 0}, {8, 0}, {8, 6}, {11, 7}, {12, 8}, {12, 10}};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };
static struct layout used;

/* rows[n] is the row of key n, 0 if it is not there; before is what a roll-back returns to. */
struct model {
    int64_t rows[NUMBERS], before[NUMBERS];
};

static void make_key(uint8_t key[KEY_SIZE_MOST], unsigned number)
{
    memset(key, 9, KEY_SIZE_MOST);
    key[used.at] = (uint8_t)(number >> 8);
    key[used.at + 1] = (uint8_t)number;
}

static unsigned number_of(const uint8_t *key)
{
    return (unsigned)key[used.at] << 8 | key[used.at + 1];
}

static unsigned next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(*state >> 33);
}

static void expect_same(const struct store_late *late, const struct model *model)
{
    size_t count = 0;
    int64_t row = 0;
    uint8_t key[KEY_SIZE_MOST];
    make_key(key, 0);
    struct store_late_walk walk = store_late_walk(late, key, used.size);
    for (unsigned i = 0; i < NUMBERS; i++) {
        make_key(key, i);
        cr_assert_eq(store_late_find(late, key, &row), model->rows[i] != 0, "%u", i);
        if (model->rows[i] == 0)
            continue;
        count++;
        cr_assert_eq(row, model->rows[i], "%u", i);
        const uint8_t *walked = store_late_next(&walk, &row);
        cr_assert_not_null(walked);
        cr_assert(number_of(walked) == i && row == model->rows[i], "%u", i);
    }
    cr_assert_null(store_late_next(&walk, &row));
    cr_assert_eq(late->count, count);
}

static void act(struct store_late *late, struct model *model, unsigned number, unsigned kind)
{
    uint8_t key[KEY_SIZE_MOST];
    make_key(key, number);
    const int64_t row = 1 + (int64_t)kind;
    if (kind % 5 < 3) {
        const enum err error = store_late_add(late, key, row);
        cr_assert_eq(error, model->rows[number] != 0 ? ERR_EXISTS : ERR_OK);
        if (error == ERR_OK)
            model->rows[number] = row;
    } else {
        const enum err error = store_late_remove(late, key);
        cr_assert_eq(error, model->rows[number] == 0 ? ERR_MISSING : ERR_OK);
        model->rows[number] = 0;
    }
}

static void end(struct store_late *late, struct model *model, bool is_kept)
{
    if (is_kept) {
        store_late_commit(late);
        memcpy(model->before, model->rows, sizeof model->rows);
    } else {
        store_late_undo(late);
        memcpy(model->rows, model->before, sizeof model->rows);
    }
}

static void act_like_an_array(void)
{
    struct model model = {0};
    uint64_t state = 20261130;
    struct store_late late;
    store_late_init(&late, used.size);
    for (unsigned transaction = 0; transaction < 400; transaction++) {
        const unsigned range = transaction % 3 == 0 ? NUMBERS : 1 + transaction * 8;
        for (unsigned i = 0; i < 50; i++)
            act(&late, &model, next_random(&state) % range, next_random(&state) % 1000);
        if (transaction % 7 == 0)
            expect_same(&late, &model);
        end(&late, &model, transaction % 4 != 3);
        expect_same(&late, &model);
    }
    store_late_fini(&late);
}

Test(store_late, acts_like_an_array)
{
    for (size_t i = 0; i < LAYOUTS; i++) {
        used = layouts[i];
        act_like_an_array();
    }
}

/* As a sweep does: the lowest go, until none is left. */
Test(store_late, is_emptied_from_its_beginning)
{
    used = layouts[0];
    struct store_late late;
    uint8_t key[KEY_SIZE_MOST];
    int64_t row = 0;
    store_late_init(&late, used.size);
    for (unsigned i = 0; i < NUMBERS; i++) {
        make_key(key, i * 1237 % NUMBERS);
        cr_assert_eq(store_late_add(&late, key, 1 + (int64_t)i), ERR_OK);
    }
    store_late_commit(&late);
    cr_assert_gt(late.chunk_count, NUMBERS / 256);
    while (late.count > 0) {
        make_key(key, 0);
        struct store_late_walk walk = store_late_walk(&late, key, 0);
        for (unsigned i = 0; i < 100; i++) {
            const uint8_t *first = store_late_next(&walk, &row);
            if (first != NULL)
                cr_assert_eq(store_late_remove(&late, first), ERR_OK);
        }
        store_late_commit(&late);
    }
    cr_assert_eq(late.chunk_count, 0);
    cr_assert_not(store_late_find(&late, key, &row));
    cr_assert_eq(store_late_add(&late, key, 5), ERR_OK);
    cr_assert(store_late_find(&late, key, &row) && row == 5);
    store_late_fini(&late);
}

/* One line a walk: from there, by the key up to so many bytes of its number, the first that is met.
 */
Test(store_late, walks_from_a_place)
{
    static const struct {
        unsigned from;
        int bytes; /* 2: the whole key */
        int first; /* -1: none */
    } cases[] = {
        {0, -8, 0},    {1, 2, 2},     {2, 2, 2},     {255, 2, 256}, {511, 0, 0},
        {300, 1, 256}, {511, 1, 256}, {512, 1, 512}, {1999, 2, -1},
    };
    for (size_t i = 0; i < LAYOUTS * (sizeof cases / sizeof cases[0]); i++) {
        struct store_late late;
        uint8_t key[KEY_SIZE_MOST];
        int64_t row = 0;
        const size_t at = i / LAYOUTS;
        used = layouts[i % LAYOUTS];
        const int size = cases[at].bytes == 2 ? (int)used.size : (int)used.at + cases[at].bytes;
        store_late_init(&late, used.size);
        for (unsigned number = 0; number < 1998; number += 2) {
            make_key(key, number);
            cr_assert_eq(store_late_add(&late, key, 1), ERR_OK);
        }
        make_key(key, cases[at].from);
        struct store_late_walk walk = store_late_walk(&late, key, size < 0 ? 0 : (size_t)size);
        const uint8_t *first = store_late_next(&walk, &row);
        cr_expect_eq(first == NULL ? -1 : (int)number_of(first), cases[at].first, "%zu", i);
        store_late_fini(&late);
    }
}
