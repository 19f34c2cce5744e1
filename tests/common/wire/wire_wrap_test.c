/* The wrapper: what is it, of which network, and the order of the verdicts. */
#include "common/wire/wire.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <string.h>

#define TEST_4 "64 74657374"
#define TOKEN_5 "65 746f6b656e"

struct row {
    const char *name, *bytes;
    enum err verdict;
};

Test(wire_wrap, unwrap)
{
    static const struct row rows[] = {
        {"a token's", "84 01" TEST_4 TOKEN_5 "80", ERR_OK},
        {"version 2", "84 02" TEST_4 TOKEN_5 "80", ERR_VERSION},
        {"version 2 with other parts", "82 02 80", ERR_VERSION},
        {"version 0", "84 00" TEST_4 TOKEN_5 "80", ERR_VERSION},
        {"unknown kind", "84 01" TEST_4 "63 746f6b 80", ERR_KIND},
        {"kind in capitals", "84 01" TEST_4 "65 544f4b454e 80", ERR_KIND},
        {"kind empty", "84 01" TEST_4 "60 80", ERR_KIND},
        {"kind a number", "84 01" TEST_4 "01 80", ERR_PARSE},
        {"network empty", "84 01 60" TOKEN_5 "80", ERR_PARSE},
        {"network with a NUL", "84 01 64 74650074" TOKEN_5 "80", ERR_PARSE},
        {"network in capitals", "84 01 64 54455354" TOKEN_5 "80", ERR_PARSE},
        {"network of 17", "84 01 71 3030303030303030303030303030303030" TOKEN_5 "80", ERR_PARSE},
        {"network of 16", "84 01 70 30303030303030303030303030303030" TOKEN_5 "80", ERR_OK},
        {"network as bytes", "84 01 44 74657374" TOKEN_5 "80", ERR_PARSE},
        {"three parts", "83 01" TEST_4 TOKEN_5, ERR_PARSE},
        {"five parts", "85 01" TEST_4 TOKEN_5 "80 80", ERR_PARSE},
        {"I6 two of them", "84 01" TEST_4 TOKEN_5 "80 84 01" TEST_4 TOKEN_5 "80", ERR_PARSE},
        {"I1 inside the body", "84 01" TEST_4 TOKEN_5 "81 1801", ERR_CANONICAL},
        {"I2 the body indefinite", "84 01" TEST_4 TOKEN_5 "9f ff", ERR_CANONICAL},
        {"tagged", "d2 84 01" TEST_4 TOKEN_5 "80", ERR_PARSE},
        {"I12 nothing", "", ERR_PARSE},
        {"an empty array", "80", ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        struct wire_wrapper wrapper;
        enum err verdict = wire_unwrap(&wrapper, unhex(&arena, rows[i].bytes));
        cr_expect(verdict == rows[i].verdict, "%s: %s", rows[i].name, err_name(verdict));
    }
}

Test(wire_wrap, expect_says_network_before_kind)
{
    static const struct {
        const char *name, *bytes, *network;
        enum kind kind;
        enum err verdict;
    } rows[] = {
        {"right", "84 01" TEST_4 TOKEN_5 "80", "test", KIND_TOKEN, ERR_OK},
        {"C9 other network", "84 01" TEST_4 TOKEN_5 "80", "prod", KIND_TOKEN, ERR_NETWORK},
        {"a prefix of it", "84 01" TEST_4 TOKEN_5 "80", "tes", KIND_TOKEN, ERR_NETWORK},
        {"J5 other kind", "84 01" TEST_4 TOKEN_5 "80", "test", KIND_PAYMENT, ERR_KIND},
        {"both other", "84 01" TEST_4 TOKEN_5 "80", "prod", KIND_PAYMENT, ERR_NETWORK},
        {"unknown kind of another", "84 01" TEST_4 "6178 80", "prod", KIND_TOKEN, ERR_NETWORK},
        {"unknown kind", "84 01" TEST_4 "6178 80", "test", KIND_TOKEN, ERR_KIND},
        {"broken before all", "84 01" TEST_4 TOKEN_5 "ff", "prod", KIND_TOKEN, ERR_CANONICAL},
        {"kind no text", "84 01" TEST_4 "00 80", "prod", KIND_TOKEN, ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        struct span body, bytes = unhex(&arena, rows[i].bytes);
        enum err verdict = wire_unwrap_expect(&body, bytes, rows[i].network, rows[i].kind);
        cr_expect(verdict == rows[i].verdict, "%s: %s", rows[i].name, err_name(verdict));
    }
}

Test(wire_wrap, every_kind_and_back)
{
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        struct buffer out AUTO(buffer_fini) = {0};
        struct wire_wrapper wrapper;
        cr_assert(wire_wrap(&out, "cn-test", (enum kind)kind, span_of("\x81\x05", 2)) == ERR_OK);
        cr_assert(wire_unwrap(&wrapper, buffer_span(&out)) == ERR_OK);
        cr_expect(wrapper.kind == (enum kind)kind);
        cr_expect(strcmp(wrapper.network, "cn-test") == 0);
        cr_expect(span_equal(wrapper.body, span_of("\x81\x05", 2)));
    }
}
