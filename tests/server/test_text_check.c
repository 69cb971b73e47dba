/* json_check_text(): what cJSON would let through or cut. */
#include "server/codec/codec.h"
#include "server/text/check.h"
#include "tests/check.h"

#include <stdlib.h>

static bool accepts(const char *text)
{
    fail f;
    bool ok = json_check_text(text, strlen(text), &f);
    if (!ok)
        printf("    refused: %s: %s\n", text, f.sentence);
    return ok;
}

static void valid_texts(void)
{
    static const char *const VALID[] = {
        "{}",
        "[]",
        " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "null",
        "true",
        "false",
        "\"\"",
        "0",
        "-0",
        "-0.5e-10",
        "1E+5",
        "123456789012345678901234567890",
        "1e400",
        "{\"a\":{\"a\":1},\"b\":[{\"a\":2}]}",
        "\"\\u00e4\\ud83d\\ude00\\/\\\"\"",
        "\"gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80\"",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" /* 32 deep */};
    for (size_t i = 0; i < sizeof VALID / sizeof *VALID; i++)
        CHECK(accepts(VALID[i]));
}

static const struct {
    const char *text, *says;
    fail_code code;
    const char *field;
} INVALID[] = {
    {"", "ends where a value should be", FAIL_SYNTAX, ""},
    {"   ", "byte 3", FAIL_SYNTAX, ""},
    {"{", "name in double quotes", FAIL_SYNTAX, ""},
    {"[1,", "ends where", FAIL_SYNTAX, ""},
    {"[1,]", "no value starts", FAIL_SYNTAX, ""},
    {"{\"a\":1,}", "name in double quotes", FAIL_SYNTAX, ""},
    {"{\"a\" 1}", "expected :", FAIL_SYNTAX, ""},
    {"{\"a\":1 \"b\":2}", "expected , or }", FAIL_SYNTAX, ""},
    {"[1 2]", "expected , or ]", FAIL_SYNTAX, ""},
    {"{} {}", "behind the end", FAIL_SYNTAX, ""},
    {"{}x", "byte 2", FAIL_SYNTAX, ""},
    {"01", "leading zero", FAIL_SYNTAX, ""},
    {"-", "needs digits", FAIL_SYNTAX, ""},
    {"+1", "no value starts", FAIL_SYNTAX, ""},
    {".5", "no value starts", FAIL_SYNTAX, ""},
    {"5.", "after its point", FAIL_SYNTAX, ""},
    {"1..2", "after its point", FAIL_SYNTAX, ""},
    {"1e", "exponent", FAIL_SYNTAX, ""},
    {"0x10", "behind the end", FAIL_SYNTAX, ""},
    {"NaN", "no value starts", FAIL_SYNTAX, ""},
    {"Infinity", "no value starts", FAIL_SYNTAX, ""},
    {"True", "no value starts", FAIL_SYNTAX, ""},
    {"'a'", "no value starts", FAIL_SYNTAX, ""},
    {"// c\n1", "no value starts", FAIL_SYNTAX, ""},
    {"0.0000000000000000000000000000000000000000000000000000000000000000001",
     "more than 63 characters", FAIL_SYNTAX, ""},
    {"\"abc", "closing quote", FAIL_SYNTAX, ""},
    {"\"a\nb\"", "control character", FAIL_SYNTAX, ""},
    {"\"a\tb\"", "control character", FAIL_SYNTAX, ""},
    {"\"\\x41\"", "unknown escape", FAIL_SYNTAX, ""},
    {"\"\\", "unknown escape", FAIL_SYNTAX, ""},
    {"\"\\u12g4\"", "four hexadecimal", FAIL_SYNTAX, ""},
    {"\"\\u0000\"", "\\u0000", FAIL_SYNTAX, ""},
    {"{\"a\\u0000b\":1}", "\\u0000", FAIL_SYNTAX, ""},
    {"\"\\ud800\"", "high surrogate", FAIL_SYNTAX, ""},
    {"\"\\ud800\\u0041\"", "high surrogate", FAIL_SYNTAX, ""},
    {"\"\\udc00\"", "low surrogate", FAIL_SYNTAX, ""},
    {"\"\xff\"", "UTF-8", FAIL_SYNTAX, ""},
    {"\"\xc0\xaf\"", "UTF-8", FAIL_SYNTAX, ""},
    {"\"\xe0\x80\xaf\"", "UTF-8", FAIL_SYNTAX, ""},
    {"\"\xed\xa0\x80\"", "UTF-8", FAIL_SYNTAX, ""},
    {"\"\xf4\x90\x80\x80\"", "UTF-8", FAIL_SYNTAX, ""},
    {"\"\xe2\x82\"", "UTF-8", FAIL_SYNTAX, ""},
    {"\xef\xbb\xbf{}", "byte order mark", FAIL_SYNTAX, ""},
    {"\f1", "no value starts", FAIL_SYNTAX, ""},
    {"{\"a\":1,\"a\":2}", "twice", FAIL_DUPLICATE_KEY, "/a"},
    {"{\"a\":1,\"b\":2,\"\\u0061\":3}", "twice", FAIL_DUPLICATE_KEY, "/a"},
    {"{\"x\":[0,{\"y\":{\"a/b\":1,\"a/b\":1}}]}", "twice", FAIL_DUPLICATE_KEY, "/x/1/y/a~1b"},
    {"{\"\":1,\"\":2}", "twice", FAIL_DUPLICATE_KEY, "/"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "32 deep", FAIL_SYNTAX,
     ""},
    {"{\n  \"a\": 1,\n  \"b\": x\n}", "line 3, column 8", FAIL_SYNTAX, ""},
};

static void invalid_texts(void)
{
    for (size_t i = 0; i < sizeof INVALID / sizeof *INVALID; i++) {
        fail f = {.code = FAIL_NONE};
        bool failed = CHECK_FAILS(json_check_text(INVALID[i].text, strlen(INVALID[i].text), &f), f,
                                  INVALID[i].code, INVALID[i].field);
        if (!failed || !CHECK_CONTAINS(f.sentence, INVALID[i].says))
            printf("    text: %s\n", INVALID[i].text);
    }
}

static void a_raw_nul_is_refused(void)
{
    fail f;
    CHECK_FAILS(json_check_text("{}\0{}", 5, &f), f, FAIL_SYNTAX, "");
    CHECK_FAILS(json_check_text("\"a\0b\"", 5, &f), f, FAIL_SYNTAX, "");
    CHECK(json_check_text("{}\0{}", 2, &f));
}

static char *repeated(const char *piece, size_t times, const char *start, const char *end)
{
    size_t n = strlen(piece);
    char *text = malloc(strlen(start) + times * n + strlen(end) + 1), *p = text;
    p += sprintf(p, "%s", start);
    for (size_t i = 0; i < times; i++, p += n)
        memcpy(p, piece, n);
    sprintf(p, "%s", end);
    return text;
}

static void large_texts_are_bounded(void)
{
    fail f;
    char *deep = repeated("[", 1000000, "", "");
    CHECK_FAILS(json_check_text(deep, strlen(deep), &f), f, FAIL_SYNTAX, "");
    free(deep);
    char *many = repeated("0,", 600000, "[", "0]");
    CHECK_FAILS(json_check_text(many, strlen(many), &f), f, FAIL_TOO_LARGE, "");
    free(many);
    char *some = repeated("0,", 200000, "[", "0]");
    CHECK(json_check_text(some, strlen(some), &f));
    free(some);
}

/* Every cut and every changed byte of a text ends in an answer, never outside it (the sanitizers
 * watch). */
static void mutations_end_in_an_answer(void)
{
    static const char TEXT[] =
        "{\"sweep\":{\"dropout\":[0,0.5,1e-3],\"l2\":{\"min\":1,\"max\":2,\"count\":3}},\"tags\":["
        "\"a\\u00e9\",\"\\ud83d\\ude00\"],\"seed\":12}";
    size_t n = sizeof TEXT - 1;
    int n_accepted = 0, n_refused = 0, n_salvaged = 0;
    for (size_t i = 0; i < n; i++) {
        char *cut = malloc(i ? i : 1);
        memcpy(cut, TEXT, i);
        fail f;
        n_refused += !json_check_text(cut, i, &f);
        free(cut);
    }
    CHECK_EQUAL_INT(n_refused, n);
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 256; c += 3) {
            char *copy = malloc(n);
            memcpy(copy, TEXT, n);
            copy[i] = (char)c;
            fail_list faults = {.n = 0};
            experiment_spec e;
            if (codec_read_experiment_spec(copy, n, &e, &faults)) {
                experiment_spec_close(&e);
                n_accepted++;
            } else if (codec_salvage_experiment_spec(copy, n, &e)) {
                grid p; /* what is left makes sense: a plan, or faults */
                faults.n = faults.n_found = 0;
                n_salvaged++;
                if (sweep_expand(&e, &p, &faults))
                    grid_close(&p);
                else
                    CHECK(faults.n_found > 0);
                experiment_spec_close(&e);
            }
            free(copy);
        }
    CHECK(n_accepted > 0 && n_salvaged > 0);
}

CHECK_MAIN("text_check", valid_texts, invalid_texts, a_raw_nul_is_refused, large_texts_are_bounded,
           mutations_end_in_an_answer)
