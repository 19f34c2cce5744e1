/* A packet drawn: its lines, who paid whom, what is handed over, what is change. */
#include "tests/support/scene.h"
#include "tests/wallet/look.h"

#include <criterion/criterion.h>
#include <string.h>

static struct scene scene;
static struct folk reader;

static void open_scene(void)
{
    scene_open(&scene);
    folk_open(&reader, &scene.world, "reader", WORLD_BANK_A);
}

static void close_scene(void)
{
    folk_close(&reader);
    scene_close(&scene);
}

TestSuite(inspect_line, .init = open_scene, .fini = close_scene);

static struct span packet_file(void)
{
    return look_file(&scene.world, KIND_PACKET, world_packet_bytes(&scene.world, &scene.packet));
}

static json_t *payment(const struct look *look, size_t index)
{
    return json_array_get(json_object_get(look->result, "line"), index);
}

Test(inspect_line, each_coin_with_all_that_came_of_it)
{
    static const char drawn[] =
        "packet: a payment handed over\n"
        "network dcep-test, 1523 bytes\n"
        "¥100.00  coin 1, issued 2026-02-06 to 3db97542, Bank of the East Gate\n"
        "`- paid 2026-02-16 by 3db97542, Bank of the East Gate\n"
        "   |- ¥60.00 to 4d2dad19, 河畔银行\n"
        "   |  `- paid 2026-02-16 by 4d2dad19, 河畔银行\n"
        "   |     |- ¥50.00 to bb222f48, Bank of the East Gate\n"
        "   |     |  `- paid 2026-02-16 by bb222f48, Bank of the East Gate\n"
        "   |     |     |- ¥30.00 to d48fd53d  <- handed over\n"
        "   |     |     `- ¥20.00 to bb222f48, Bank of the East Gate (change)\n"
        "   |     `- ¥10.00 to 4d2dad19, 河畔银行 (change)\n"
        "   `- ¥40.00 to 3db97542, Bank of the East Gate (change)\n"
        "¥20.00  coin 2, issued 2026-02-06 to bb222f48, Bank of the East Gate\n"
        "`- paid 2026-02-16 by bb222f48, Bank of the East Gate\n"
        "   `- ¥20.00 to d48fd53d  <- handed over\n"
        "¥50.00 in 2 coins\n"
        "3 hops\n"
        "genuine, as far as it can be told without using it\n";
    struct look look AUTO(look_fini) = {0};
    look_at(&look, &reader, packet_file());
    cr_expect_str_eq(look.text, drawn);
    cr_expect_str_eq(look.notes, "");
    cr_expect_str_eq(look_member(&look, "verdict"), "OK");
    cr_expect_str_eq(look_member(&look, "amount"), "50.00");
}

Test(inspect_line, for_programs)
{
    struct look look AUTO(look_fini) = {0};
    look_at(&look, &reader, packet_file());
    const json_t *result = look.result;
    cr_expect_eq(json_integer_value(json_object_get(result, "payments")), 4);
    cr_expect_eq(json_integer_value(json_object_get(result, "coins")), 2);
    cr_expect_eq(json_integer_value(json_object_get(result, "hops")), 3);
    cr_expect_eq(json_integer_value(json_object_get(result, "depth")), 3);
    cr_expect_eq(json_array_size(json_object_get(result, "line")), 4);
    const json_t *outputs = json_object_get(payment(&look, 0), "outputs");
    cr_assert_eq(json_array_size(outputs), 2);
    cr_expect(json_is_false(json_object_get(json_array_get(outputs, 0), "change")));
    cr_expect(json_is_true(json_object_get(json_array_get(outputs, 1), "change")));
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(outputs, 1), "amount")),
                     "40.00");
}

Test(inspect_line, without_a_wallet_it_is_drawn_and_not_believed)
{
    struct look look AUTO(look_fini) = {0};
    look_at(&look, NULL, packet_file());
    look_expect(&look, "UNCHECKED", "`- ¥40.00 to 3db97542, bank 1 (change)\n");
    look_expect(&look, "UNCHECKED", "\nnot checked: without a wallet no root key is known");
    cr_expect_null(strstr(look.text, "genuine, as"));
    cr_expect_null(json_object_get(look.result, "amount"), "a sum is a verdict");
}

Test(inspect_line, a_forgery_is_drawn_with_its_verdict)
{
    struct payment changed = scene_payment(&scene, SCENE_C_TO_SHOP);
    struct look look AUTO(look_fini) = {0};
    changed.outputs.items[0].amount = world_fen(3100);
    changed.outputs.items[1].amount = world_fen(1900);
    scene_forge(&scene, SCENE_C_TO_SHOP, &changed);
    look_at(&look, &reader, packet_file());
    look_expect(&look, "SIGNATURE", "¥31.00 to d48fd53d  <- handed over\n");
    cr_expect_not_null(look.hint);
    cr_expect_null(json_object_get(look.result, "amount"), "a sum is a verdict");
}

/* Its coin is of no token here: somebody paid, nobody knows who. */
Test(inspect_line, what_hangs_on_nothing_is_drawn_too)
{
    struct look look AUTO(look_fini) = {0};
    scene.packet.tokens[0] = scene.packet.tokens[1];
    scene.packet.token_count = 1;
    look_at(&look, &reader, packet_file());
    cr_expect(strstr(look.text, "`- paid 2026-02-16 by ?\n") != NULL, "%s", look.text);
    cr_expect_eq(json_array_size(json_object_get(look.result, "line")), 4);
    cr_expect(json_is_null(json_object_get(payment(&look, 1), "payer")), "%s", look.text);
    cr_expect_eq(look.exit_code, CLI_INVALID);
}

Test(inspect_line, bytes_that_are_no_packet)
{
    struct look look AUTO(look_fini) = {0};
    look_at(&look, &reader, look_file(&scene.world, KIND_PACKET, span_text("\x80")));
    cr_expect_eq(look.exit_code, CLI_INVALID);
    cr_expect_str_eq(look_member(&look, "kind"), "packet");
    cr_expect_null(json_object_get(look.result, "line"));
}
