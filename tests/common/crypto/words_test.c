/* Recovery words: the published vectors of BIP-39 and SLIP-0010, and what people type. */
#include "common/crypto/words.h"

#include "common/crypto/words_list.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_hex(struct span bytes, const char *hex)
{
    char text[2 * WORDS_SEED_SIZE + 1];
    cr_assert_leq(bytes.size, (size_t)WORDS_SEED_SIZE);
    hex_encode(text, bytes);
    cr_expect_str_eq(text, hex);
}

static size_t from_hex(uint8_t *out, const char *hex)
{
    const size_t size = strlen(hex) / 2;
    cr_assert_eq(hex_decode(out, size, hex), ERR_OK);
    return size;
}

/* --- the lists are the published ones --- */

static void expect_list(const char *list, const char *sum)
{
    struct buffer lines AUTO(buffer_fini) = {0};
    size_t count = 0;
    cr_assert_eq(buffer_put(&lines, span_text(list)), ERR_OK);
    for (size_t i = 0; i < lines.size; i++)
        if (lines.data[i] == ' ') {
            lines.data[i] = '\n';
            count++;
        }
    const struct span all = buffer_span(&lines);
    const struct id hash = crypto_hash(&all, 1);
    cr_expect_eq(count, (size_t)WORDS_LIST_COUNT);
    expect_hex(SPAN(hash), sum);
}

Test(words, the_lists_are_the_published_files)
{
    expect_list(words_list_english,
                "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
    expect_list(words_list_chinese,
                "5c5942792bd8340cb8b27cd592f1015edf56a8c5b26276ee18a482428e7c5726");
}

/* --- BIP-39: entropy, words, seed under the passphrase TREZOR --- */

#define TWELVE(word)                                                                               \
    word " " word " " word " " word " " word " " word " " word " " word " " word " " word " " word \
         " "
static const struct {
    enum words_language language;
    const char *entropy, *words, *seed;
} vectors[] = {
    {WORDS_ENGLISH, "00000000000000000000000000000000", TWELVE("abandon") "about",
     "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
     "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"},
    {WORDS_ENGLISH, "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank yellow",
     "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
     "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"},
    {WORDS_ENGLISH, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     TWELVE("zoo") TWELVE("zoo") "zoo vote",
     "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e16"
     "13912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad"},
    {WORDS_ENGLISH, "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing "
     "screen patrol group space point ten exist slush involve unfold",
     "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0"
     "e35524a518034ddc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998"},
    {WORDS_CHINESE, "00000000000000000000000000000000", TWELVE("的") "在",
     "7f7c7f91ef81f0fb6a3b95b346c50e6472c1d554f8ba90637bad8afce4a4de87"
     "c322c1acafa2f6f5e9a8f9b2d2c40e9d389efdc2adbe4445c21a0939fb39e91f"},
    {WORDS_CHINESE, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     TWELVE("歇") TWELVE("歇") "歇 佳",
     "8e6607a07fa664d6e4ead23fcc08caf72216d6f078c3b2e5be94e4b6e8d64c78"
     "4d36bf9b70144fa05840e9a49899128111be5093a2b552b6ab76c0906e9b0e65"},
    {WORDS_CHINESE, "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "柄 需 固 姆 色 斥 霍 握 宾 琴 况 团 抵 经 摸 郭 沙 鸣 拖 妙 阳 辈 掉 迁",
     "4dccb0a3578716975b840c51e279c2af728567ff42e98dd09b9e61742b41d9f3"
     "0d411a501172cce9b7d5706a480dd4d4e7fb26021a36a74381156b09d251d65a"},
};

Test(words, the_vectors_of_bip_39)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t entropy[WORDS_ENTROPY_MAX], seed[WORDS_SEED_SIZE];
        struct secret text = {0}, read = {0};
        size_t position = 0;
        const size_t size = from_hex(entropy, vectors[i].entropy);
        cr_assert_eq(words_from_entropy(&text, vectors[i].language, span_of(entropy, size)),
                     ERR_OK);
        const struct span written = span_of(text.bytes, text.size);
        cr_expect(span_equal(written, span_text(vectors[i].words)), "%s", vectors[i].words);
        cr_expect_eq(words_read(&read, &position, written), WORDS_GOOD);
        cr_expect(span_equal(span_of(read.bytes, read.size), written));
        cr_assert_eq(words_seed(seed, written, "TREZOR"), ERR_OK);
        expect_hex(span_of(seed, sizeof seed), vectors[i].seed);
    }
}

Test(words, without_a_passphrase)
{
    uint8_t seed[WORDS_SEED_SIZE];
    cr_assert_eq(words_seed(seed, span_text(TWELVE("abandon") "about"), ""), ERR_OK);
    expect_hex(span_of(seed, sizeof seed),
               "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
               "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4");
}

/* --- SLIP-0010, test vector 1 for nist256p1, chain m --- */

Test(words, the_vector_of_slip_0010)
{
    uint8_t seed[16];
    struct key_pair pair;
    from_hex(seed, "000102030405060708090a0b0c0d0e0f");
    cr_assert_eq(words_key_of_seed(&pair, span_of(seed, sizeof seed)), ERR_OK);
    expect_hex(span_of(pair.private_scalar, 32),
               "612091aaa12e22dd2abef664f8a01a82cae99ad7441b7ef8110424915c268bc2");
    expect_hex(SPAN(pair.public_key),
               "0266874dc6ade47b3ecd096745ca09bcd29638dd52c2c12117b11ed3e458cfa9e8");
}

Test(words, every_word_makes_another_key)
{
    struct key_pair one, other, chinese;
    cr_assert_eq(words_key(&one, span_text(vectors[1].words)), ERR_OK);
    cr_assert_eq(words_key(&other, span_text(vectors[0].words)), ERR_OK);
    cr_assert_eq(words_key(&chinese, span_text(vectors[4].words)), ERR_OK);
    cr_expect_not(key_equal(&one.public_key, &other.public_key));
    cr_expect_not(key_equal(&other.public_key, &chinese.public_key));
}

/* --- what people type --- */

Test(words, typed_by_people)
{
    static const struct {
        const char *typed;
        enum words_verdict verdict;
        size_t position;
    } cases[] = {
        {"  Legal WINNER thank\tyear wave\nsausage worth useful\r\nlegal winner thank yellow \n",
         WORDS_GOOD, 0},
        {"legal winner thank year wave sausage worth useful legal winner thank", WORDS_BAD_COUNT,
         0},
        {"legal winner thank", WORDS_BAD_COUNT, 0},
        {"", WORDS_BAD_COUNT, 0},
        {"   ", WORDS_BAD_COUNT, 0},
        {"legal winner thank year wave sausage worth useful legal winner yellow thank",
         WORDS_BAD_CHECKSUM, 0},
        {"legal winner thank year wave sausage worth useful legal winner thank yelow",
         WORDS_UNKNOWN, 12},
        {"legal,winner thank year wave sausage worth useful legal winner thank yellow",
         WORDS_UNKNOWN, 1},
        {"legalwinnerthankyearwavesausage", WORDS_UNKNOWN, 1},
        {"的的的的的的的的的的的在", WORDS_GOOD, 0},
        {"的　的　的　的　的　的　的　的　的　的　的　在", WORDS_GOOD, 0},
        {"的的的的的的的的的的的的", WORDS_BAD_CHECKSUM, 0},
        {"的的的龘的的的的的的的在", WORDS_UNKNOWN, 4},
        {"的 abandon", WORDS_UNKNOWN, 2},
        {"abandon 的", WORDS_UNKNOWN, 2},
        {"\xe7\x9a", WORDS_UNKNOWN, 1},
        {"\x80\x80", WORDS_UNKNOWN, 1},
        {TWELVE("zoo") TWELVE("zoo") "zoo zoo zoo vote", WORDS_BAD_COUNT, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret text = {0};
        size_t position = 0;
        cr_expect_eq(words_read(&text, &position, span_text(cases[i].typed)), cases[i].verdict,
                     "%s", cases[i].typed);
        cr_expect_eq(position, cases[i].position, "%s", cases[i].typed);
    }
}

Test(words, entropy_of_other_sizes)
{
    static const uint8_t entropy[64] = {0};
    struct secret text = {0};
    for (size_t size = 0; size <= sizeof entropy; size++) {
        const bool is_good = size >= 16 && size <= 32 && size % 4 == 0;
        cr_expect_eq(words_from_entropy(&text, WORDS_ENGLISH, span_of(entropy, size)),
                     is_good ? ERR_OK : ERR_LIMIT);
    }
}
