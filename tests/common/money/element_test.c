/* What a TPM said of two of its keys, recorded from swtpm, and what becomes of it when any part is
 * changed: one line a change. */
#include "common/money/element.h"

#include "tests/support/unhex.h"

#include <criterion/criterion.h>
#include <string.h>

#define OK(expr) cr_assert_eq((expr), ERR_OK)

static const char attestor[] = "0288436c1d958a9b36dd4a6cf2874bcd896e85bbbc2ad3d953eddedda64fef0a56";
struct said {
    const char *key, *area, *statement, *signature;
};
static const struct said of_payer = {
    "02120d188c06df3d668ebcb1b1b1b460882b863c073cfb0120b5d599f2bdecba3a",
    "0023000b00040072000000100018000b000300100020120d188c06df3d668ebcb1b1b1b460882b863c073cfb0120b5"
    "d5"
    "99f2bdecba3a00209129be8e839bb0ce12382a86b15f090d36af808ecf2a2688c70e82da76ddbf6a",
    "ff54434780170022000b578f510e0194ef462676bbc8785ea963b62d2d5e625604eb4f269f1844db846100207e00bb"
    "dd"
    "5d861b6816254209315620a8bb983e42871ab97a0b1c0b7a2d4d8c530000000000000105c6befdbf8d64d4ed01fa91"
    "9a"
    "5059d7c11e0022000b9e85374489391ea91724ad2e899049c1ef3eb6d1133abd0b994da03ad5e1f9050022000bbc2c"
    "a2"
    "9bf095b8ae1cd01843646b6621fc4c8da06756ff7d5cb314c6397adb36",
    "8fd0fe709376ab94ea4b12563db3888de48432348c0c24f6bb6c57e1c5762ddd3c8273fc5355c1ae021c4ea54659b1"
    "91"
    "52e30d69ad6813da1eb30e5c5f6ee986"};
/* A restricted key: it could not sign payments. */
static const struct said of_restricted = {
    "0306d3f99c20913f472feb3ed8d11a239c9bdc782e97d6867cf49e81a37d9b1c63",
    "0023000b00050072000000100018000b00030010002006d3f99c20913f472feb3ed8d11a239c9bdc782e97d6867cf4"
    "9e"
    "81a37d9b1c630020a0663236ff069da72861c92c669f9de4dbc0beac53cd6b81942af6ff7f58f21d",
    "ff54434780170022000b578f510e0194ef462676bbc8785ea963b62d2d5e625604eb4f269f1844db84610020013d12"
    "2b"
    "eda3587388a4c623c71d00d1cea089e2bf10fe934e53de312babcf660000000000000122c6befdbf8d64d4ed01fa91"
    "9a"
    "5059d7c11e0022000b7c53a142b0b42fdce08ef6cfe7109e24aa1313e1b4545af862263396ce3e5d870022000b5b93"
    "d5"
    "5296d54a8682a1bc09bd461b1c4f285dff17f2ab249dc407d9ef736a08",
    "9c6b19d1a42bf20bbb05709d29b7687421248bb2fab754e0e1bbc9d3837dfd2b14bf07e0706f07e88ea898ffdf621b"
    "7f"
    "b1ae0593d66cfd0400328f118bfc6657"};

enum part { NOTHING, AREA, STATEMENT, SIGNATURE, ATTESTOR, KEY };
struct row {
    const char *what;
    const struct said *said;
    const char *network;
    enum part part; /* one bit of it is turned, `at` bytes in */
    size_t at;
    int resize; /* of the part: bytes more or less */
    enum status expected;
};
static const struct row rows[] = {
    {"as it was said", &of_payer, "dcep-test", NOTHING, 0, 0, STATUS_OK},
    {"on another network", &of_payer, "dcep-prod", NOTHING, 0, 0, STATUS_ELEMENT},
    {"a restricted key", &of_restricted, "dcep-test", NOTHING, 0, 0, STATUS_ELEMENT},
    {"of another key", &of_payer, "dcep-test", KEY, 20, 0, STATUS_ELEMENT},
    {"of the other y", &of_payer, "dcep-test", KEY, 0, 0, STATUS_ELEMENT},
    {"area: not an ECC key", &of_payer, "dcep-test", AREA, 1, 0, STATUS_ELEMENT},
    {"area: not fixedTPM", &of_payer, "dcep-test", AREA, 7, 0, STATUS_ELEMENT},
    {"area: another curve", &of_payer, "dcep-test", AREA, 17, 0, STATUS_ELEMENT},
    {"area: another x", &of_payer, "dcep-test", AREA, 30, 0, STATUS_ELEMENT},
    {"area: another y", &of_payer, "dcep-test", AREA, 60, 0, STATUS_ELEMENT},
    {"area: a byte too many", &of_payer, "dcep-test", AREA, 88, 1, STATUS_ELEMENT},
    {"area: cut", &of_payer, "dcep-test", AREA, 87, -1, STATUS_ELEMENT},
    {"statement: not a TPM's", &of_payer, "dcep-test", STATEMENT, 0, 0, STATUS_ELEMENT},
    {"statement: no certification", &of_payer, "dcep-test", STATEMENT, 5, 0, STATUS_ELEMENT},
    {"statement: another qualifier", &of_payer, "dcep-test", STATEMENT, 50, 0, STATUS_ELEMENT},
    {"statement: another name", &of_payer, "dcep-test", STATEMENT, 110, 0, STATUS_ELEMENT},
    {"statement: another clock", &of_payer, "dcep-test", STATEMENT, 80, 0, STATUS_SIGNATURE},
    {"statement: cut", &of_payer, "dcep-test", STATEMENT, 172, -1, STATUS_ELEMENT},
    {"statement: a byte too many", &of_payer, "dcep-test", STATEMENT, 173, 1, STATUS_ELEMENT},
    {"signature", &of_payer, "dcep-test", SIGNATURE, 10, 0, STATUS_SIGNATURE},
    {"another attestor", &of_payer, "dcep-test", ATTESTOR, 0, 0, STATUS_SIGNATURE},
    {"an attestor off the curve", &of_payer, "dcep-test", ATTESTOR, 1, 0, STATUS_POINT},
};

static struct span part_of(struct arena *arena, const struct row *row, enum part part,
                           const char *digits)
{
    uint8_t bytes[256] = {0};
    struct span whole = unhex(arena, digits), out = {0};
    memcpy(bytes, whole.data, whole.size);
    if (row->part == part && part != NOTHING && row->resize == 0)
        bytes[row->at] ^= part == AREA && row->at == 7 ? 0x02 : 0x01;
    if (row->part == part)
        whole.size = (size_t)((int)whole.size + row->resize);
    OK(arena_copy(arena, &out, span_of(bytes, whole.size)));
    return out;
}

static enum status judge(const struct row *row, struct public_key *said_by)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer encoded AUTO(buffer_fini) = {0};
    struct element_statement record = {
        .public_area = part_of(&arena, row, AREA, row->said->area),
        .statement = part_of(&arena, row, STATEMENT, row->said->statement),
        .signature = part_of(&arena, row, SIGNATURE, row->said->signature)};
    struct certificate_request request = {.holder = 1, .has_element = true};
    memcpy(record.attestor_key.bytes, part_of(&arena, row, ATTESTOR, attestor).data, KEY_SIZE);
    memcpy(request.new_key.bytes, part_of(&arena, row, KEY, row->said->key).data, KEY_SIZE);
    OK(wire_encode(&encoded, &message_element_statement, &record));
    request.element = buffer_span(&encoded);
    return element_verify(said_by, row->network, &request, &arena);
}

Test(element, what_a_tpm_said_and_every_change_of_it)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct public_key said_by = {{0}};
        cr_expect_eq(judge(&rows[i], &said_by), rows[i].expected, "%s: %s", rows[i].what,
                     status_name(judge(&rows[i], &said_by)));
        cr_expect(rows[i].expected != STATUS_OK || said_by.bytes[1] == 0x88);
    }
}

Test(element, none_at_all_and_bytes_that_are_none)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct public_key said_by;
    struct certificate_request request = {.holder = 1};
    cr_assert_eq(element_verify(&said_by, "dcep-test", &request, &arena), STATUS_ELEMENT);
    request.has_element = true;
    request.element = span_text("\x85");
    cr_assert_eq(element_verify(&said_by, "dcep-test", &request, &arena), STATUS_PARSE);
}
