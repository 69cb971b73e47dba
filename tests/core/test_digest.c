/* SHA-256 against the examples of FIPS 180-4 and the empty text. */
#include "core/base/digest.h"
#include "tests/check.h"

static void known_texts(void)
{
    static const struct {
        const char *text, *sha256;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char text[DIGEST_TEXT_BYTES];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        digest_write_of(known[i].text, strlen(known[i].text), text);
        CHECK_EQUAL_STRING(text, known[i].sha256);
    }
}

static void a_million_in_pieces(void)
{
    char piece[997], text[DIGEST_TEXT_BYTES];
    digest d;
    memset(piece, 'a', sizeof piece);
    digest_init(&d);
    for (size_t left = 1000000; left > 0;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        digest_add(&d, piece, n);
        left -= n;
    }
    digest_write(&d, text);
    CHECK_EQUAL_STRING(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void starts_anew(void)
{
    char text[DIGEST_TEXT_BYTES];
    digest d;
    digest_init(&d);
    digest_add(&d, "x", 1);
    digest_write(&d, text);
    digest_add(&d, "abc", 3);
    digest_write(&d, text);
    CHECK_EQUAL_STRING(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

CHECK_MAIN("digest", known_texts, a_million_in_pieces, starts_anew)
