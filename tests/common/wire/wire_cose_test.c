/* COSE_Sign1 in its one spelling, the Sig_structure, the external AAD. */
#include "common/wire/wire.h"
#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <string.h>

#define SIGNATURE                                                                                  \
    "5840 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"                        \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

struct row {
    const char *name, *bytes;
    enum err verdict;
};

Test(wire_cose, L4_one_spelling)
{
    static const struct row rows[] = {
        {"as it should be", "d2 84 43a10126 a0 43010203" SIGNATURE, ERR_OK},
        {"untagged", "84 43a10126 a0 43010203" SIGNATURE, ERR_PARSE},
        {"tag 18 in one byte more", "d812 84 43a10126 a0 43010203" SIGNATURE, ERR_CANONICAL},
        {"tag 98, COSE_Sign", "d862 84 43a10126 a0 43010203" SIGNATURE, ERR_PARSE},
        {"tag 17, COSE_Mac0", "d1 84 43a10126 a0 43010203" SIGNATURE, ERR_PARSE},
        {"tagged twice", "d2 d2 84 43a10126 a0 43010203" SIGNATURE, ERR_PARSE},
        {"in CWT's tag", "d83d d2 84 43a10126 a0 43010203" SIGNATURE, ERR_PARSE},
        {"alg ES384", "d2 84 44a1013822 a0 43010203" SIGNATURE, ERR_PARSE},
        {"alg EdDSA", "d2 84 43a10127 a0 43010203" SIGNATURE, ERR_PARSE},
        {"alg not shortest", "d2 84 44a1013806 a0 43010203" SIGNATURE, ERR_PARSE},
        {"alg as text", "d2 84 48a101654553323536 a0 43010203" SIGNATURE, ERR_PARSE},
        {"protected empty", "d2 84 40 a0 43010203" SIGNATURE, ERR_PARSE},
        {"protected an empty map", "d2 84 41a0 a0 43010203" SIGNATURE, ERR_PARSE},
        {"protected with kid", "d2 84 46a2012604414b a0 43010203" SIGNATURE, ERR_PARSE},
        {"protected a map itself", "d2 84 a10126 a0 43010203" SIGNATURE, ERR_PARSE},
        {"protected a text", "d2 84 6161 a0 43010203" SIGNATURE, ERR_PARSE},
        {"alg unprotected too", "d2 84 43a10126 a10126 43010203" SIGNATURE, ERR_PARSE},
        {"alg unprotected only", "d2 84 40 a10126 43010203" SIGNATURE, ERR_PARSE},
        {"kid unprotected", "d2 84 43a10126 a104414b 43010203" SIGNATURE, ERR_PARSE},
        {"unprotected null", "d2 84 43a10126 f6 43010203" SIGNATURE, ERR_PARSE},
        {"unprotected an array", "d2 84 43a10126 80 43010203" SIGNATURE, ERR_PARSE},
        {"unprotected map not shortest", "d2 84 43a10126 b800 43010203" SIGNATURE, ERR_CANONICAL},
        {"payload detached", "d2 84 43a10126 a0 f6" SIGNATURE, ERR_PARSE},
        {"payload undefined", "d2 84 43a10126 a0 f7" SIGNATURE, ERR_PARSE},
        {"payload empty", "d2 84 43a10126 a0 40" SIGNATURE, ERR_PARSE},
        {"payload an array", "d2 84 43a10126 a0 8101" SIGNATURE, ERR_PARSE},
        {"payload not shortest", "d2 84 43a10126 a0 5803010203" SIGNATURE, ERR_CANONICAL},
        {"I11 signature of 0", "d2 84 43a10126 a0 43010203 40", ERR_PARSE},
        {"I11 signature of 1", "d2 84 43a10126 a0 43010203 4101", ERR_PARSE},
        {"signature null", "d2 84 43a10126 a0 43010203 f6", ERR_PARSE},
        {"three parts", "d2 83 43a10126 a0 43010203", ERR_PARSE},
        {"five parts", "d2 85 43a10126 a0 43010203" SIGNATURE "00", ERR_PARSE},
        {"trailing", "d2 84 43a10126 a0 43010203" SIGNATURE "00", ERR_PARSE},
        {"not an array", "d2 00", ERR_PARSE},
        {"nothing", "", ERR_PARSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena AUTO(arena_fini) = {0};
        struct cose cose;
        enum err verdict = wire_decode_cose(&cose, unhex(&arena, rows[i].bytes));
        cr_expect(verdict == rows[i].verdict, "%s: %s", rows[i].name, err_name(verdict));
    }
}

/* A signature of each size but 64, with as many bytes as its head says. */
Test(wire_cose, I11_sizes_of_signatures)
{
    for (size_t size = 24; size < 256; size++) {
        uint8_t bytes[300] = {0xd2, 0x84, 0x43, 0xa1, 0x01, 0x26, 0xa0, 0x41, 0x80, 0x58};
        struct cose cose;
        bytes[10] = (uint8_t)size;
        enum err expected = size == SIGNATURE_SIZE ? ERR_OK : ERR_PARSE;
        cr_expect(wire_decode_cose(&cose, span_of(bytes, 11 + size)) == expected, "%zu", size);
    }
}

Test(wire_cose, parts_and_back)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer out AUTO(buffer_fini) = {0};
    struct span bytes = unhex(&arena, "d2 84 43a10126 a0 43010203" SIGNATURE);
    struct cose cose;
    cr_assert(wire_decode_cose(&cose, bytes) == ERR_OK);
    cr_expect(span_equal(cose.payload, span_of("\1\2\3", 3)));
    cr_expect(cose.signature.bytes[0] == 0 && cose.signature.bytes[63] == 0x3f);
    cr_assert(wire_encode_cose(&out, &cose) == ERR_OK);
    cr_expect(span_equal(buffer_span(&out), bytes));
    out.limit = out.size + 20;
    size_t size = out.size;
    cr_expect(wire_encode_cose(&out, &cose) == ERR_LIMIT);
    cr_expect(out.size == size);
}

/* RFC 9052 section 4.4: ["Signature1", protected, external_aad, payload]. */
Test(wire_cose, sig_structure)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer out AUTO(buffer_fini) = {0};
    cr_assert(wire_sig_structure(&out, span_text("aad"), span_of("\x80", 1)) == ERR_OK);
    struct span expected = unhex(&arena, "84 6a 5369676e617475726531 43 a10126 43 616164 41 80");
    cr_expect(span_equal(buffer_span(&out), expected));
}

Test(wire_cose, external_aad)
{
    char text[WIRE_AAD_SIZE_MAX];
    struct span aad = wire_aad(text, "test", KIND_TOKEN);
    cr_expect(span_equal(aad, span_text("dcep/1/test/token")));
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        (void)wire_aad(text, "0123456789abcdef", (enum kind)kind);
}

Test(wire_cose, network_names)
{
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {
        {"test", true},
        {"a", true},
        {"cn-2026-a", true},
        {"0123456789abcdef", true},
        {"0123456789abcdef0", false},
        {"", false},
        {"Test", false},
        {"te st", false},
        {"te/st", false},
        {"te_st", false},
        {"test\n", false},
        {"\xc3\xa9", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(wire_network_valid(rows[i].name) == rows[i].valid, "%s", rows[i].name);
}
