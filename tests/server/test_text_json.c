/* Numbers, strings, times and keys of server/text/json.c. */
#include "core/base/nearest.h"
#include "server/codec/codec.h"
#include "server/text/check.h"
#include "server/text/csv.h"
#include "tests/check.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static uint64_t next_random(uint64_t *state) /* SplitMix64 */
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static const char *text_of(double value)
{
    static char text[64];
    buffer b;
    buffer_init(&b, 64);
    json_add_number(&b, value);
    snprintf(text, sizeof text, "%s", b.data);
    buffer_close(&b);
    return text;
}

static const char *text_of_float(float value)
{
    static char text[64];
    buffer b;
    buffer_init(&b, 64);
    json_add_float(&b, value);
    snprintf(text, sizeof text, "%s", b.data);
    buffer_close(&b);
    return text;
}

static bool same_bits(double a, double b)
{
    return a >= b && a <= b && signbit(a) == signbit(b);
}

static size_t count_digits(const char *text)
{
    size_t n = 0, zeros = 0;
    bool leading = true;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9')
            continue;
        leading = leading && *text == '0';
        n += !leading;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return n > zeros ? n - zeros : n;
}

/* Digits of the shortest %e that reads back: what no writer can beat but at powers of two. */
static size_t count_needed(double value)
{
    char text[64];
    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (same_bits(strtod(text, NULL), value))
            return count_digits(text);
    }
    return 17;
}

static void numbers_read_back(void)
{
    uint64_t state = 1;
    int n_wrong = 0, n_long = 0, n_finite = 0;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        n_finite++;
        const char *text = text_of(value);
        fail f;
        n_wrong +=
            !same_bits(strtod(text, NULL), value) || !json_check_text(text, strlen(text), &f);
        n_long += i % 10 == 0 && count_digits(text) > count_needed(value);
    }
    CHECK(n_finite > 190000);
    CHECK_EQUAL_INT(n_wrong, 0);
    CHECK_EQUAL_INT(n_long, 0);
}

static void floats_read_back(void)
{
    uint64_t state = 2;
    int n_wrong = 0;
    for (int i = 0; i < 100000; i++) {
        uint32_t bits = (uint32_t)next_random(&state);
        float value, again;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        const char *text = text_of_float(value);
        again = strtof(text, NULL);
        n_wrong += again < value || again > value;
    }
    CHECK_EQUAL_INT(n_wrong, 0);
    CHECK_EQUAL_STRING(text_of_float(0.1f), "0.1");
    CHECK_EQUAL_STRING(text_of_float(16777216.0f), "16777216");
    CHECK_EQUAL_STRING(text_of_float(1e-45f), "1e-45");
    CHECK_EQUAL_STRING(text_of_float(3.4028235e38f), "3.4028235e38");
}

static void powers_of_two_are_shortest(void)
{
    int n_wrong = 0;
    for (int e = -1074; e < 1024; e++) {
        double value = ldexp(1, e);
        n_wrong += !same_bits(strtod(text_of(value), NULL), value);
        n_wrong += !same_bits(strtod(text_of(-value), NULL), -value);
    }
    CHECK_EQUAL_INT(n_wrong, 0);
    CHECK_EQUAL_STRING(text_of(ldexp(1, -44)), "5.684341886080802e-14");
}

static void known_numbers(void)
{
    static const struct {
        double value;
        const char *text;
    } KNOWN[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1, "-1"},
                 {0.1, "0.1"},
                 {0.3, "0.3"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e-4, "0.0001"},
                 {1e-5, "1e-5"},
                 {1.5e-10, "1.5e-10"},
                 {123456789012345, "123456789012345"},
                 {1e15, "1e15"},
                 {9007199254740991.0, "9007199254740991"},
                 {1e22, "1e22"},
                 {1e23, "1e23"},
                 {1.0 / 3, "0.3333333333333333"},
                 {DBL_MAX, "1.7976931348623157e308"},
                 {DBL_MIN, "2.2250738585072014e-308"},
                 {5e-324, "5e-324"},
                 {2.5, "2.5"},
                 {-12.75, "-12.75"},
                 {100, "100"},
                 {1e300, "1e300"}};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        CHECK_EQUAL_STRING(text_of(KNOWN[i].value), KNOWN[i].text);
    CHECK_EQUAL_STRING(text_of(NAN), "null");
    CHECK_EQUAL_STRING(text_of(INFINITY), "null");
    CHECK_EQUAL_STRING(text_of(-INFINITY), "null");
}

static void the_locale_changes_nothing(void)
{
    const char *set = setlocale(LC_ALL, "de_DE.UTF-8");
    CHECK_EQUAL_STRING(text_of(0.5), "0.5"); /* also where that locale is not installed */
    CHECK_EQUAL_STRING(text_of(1.25e-7), "1.25e-7");
    if (set)
        setlocale(LC_ALL, "C");
}

static void integers(void)
{
    buffer b;
    buffer_init(&b, 1000);
    const int64_t values[] = {0, 7, -7, 1000, INT64_MAX, INT64_MIN, 9007199254740991};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        json_add_integer(&b, values[i]);
        buffer_add_text(&b, " ");
    }
    CHECK_EQUAL_STRING(b.data,
                       "0 7 -7 1000 9223372036854775807 -9223372036854775808 9007199254740991 ");
    buffer_close(&b);
}

static const char *quoted(const char *text)
{
    static char out[256];
    buffer b;
    buffer_init(&b, 255);
    json_add_string(&b, text);
    snprintf(out, sizeof out, "%s", b.data);
    buffer_close(&b);
    return out;
}

static void strings(void)
{
    CHECK_EQUAL_STRING(quoted("plain"), "\"plain\"");
    CHECK_EQUAL_STRING(quoted(NULL), "null");
    CHECK_EQUAL_STRING(quoted(""), "\"\"");
    CHECK_EQUAL_STRING(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    CHECK_EQUAL_STRING(quoted("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
    CHECK_EQUAL_STRING(quoted("\x01\x1f\x7f"), "\"\\u0001\\u001f\\u007f\"");
    CHECK_EQUAL_STRING(quoted("grün € 😀"), "\"grün € 😀\"");
    CHECK_EQUAL_STRING(quoted("a\xff"
                              "b"),
                       "\"a\\ufffdb\"");
    CHECK_EQUAL_STRING(quoted("cut \xe2\x82"), "\"cut \\ufffd\\ufffd\"");
    CHECK_EQUAL_STRING(quoted("\xc0\xaf"), "\"\\ufffd\\ufffd\"");
}

static void every_byte_gives_valid_json(void)
{
    int n_bad = 0;
    for (int c = 1; c < 256; c++)
        for (int d = 1; d < 256; d += 7) {
            const char text[] = {(char)c, (char)d, 'x', 0};
            const char *json = quoted(text);
            fail f;
            n_bad += !json_check_text(json, strlen(json), &f);
        }
    CHECK_EQUAL_INT(n_bad, 0);
}

static void keys_and_times(void)
{
    buffer b;
    buffer_init(&b, 1000);
    buffer_add_text(&b, "{");
    json_add_key(&b, "a");
    json_add_string(&b, "ends with {");
    json_add_key(&b, "t");
    json_add_time(&b, 1767225600123);
    json_add_key(&b, "none");
    json_add_time(&b, 0);
    json_add_key(&b, "list");
    buffer_add_text(&b, "[");
    for (int i = 0; i < 3; i++) {
        json_add_separator(&b);
        json_add_boolean(&b, i == 1);
    }
    buffer_add_text(&b, "]");
    json_add_key(&b, "raw");
    json_add_json(&b, "[1]");
    json_add_key(&b, "no");
    json_add_json(&b, NULL);
    buffer_add_text(&b, "}");
    CHECK_EQUAL_STRING(
        b.data, "{\"a\":\"ends with "
                "{\",\"t\":\"2026-01-01T00:00:00.123Z\",\"none\":null,\"list\":[false,true,false],"
                "\"raw\":[1],\"no\":null}");
    buffer_close(&b);
}

static void csv_cells(void)
{
    buffer b;
    buffer_init(&b, 1000);
    csv_add_text(&b, "plain");
    buffer_add_text(&b, "|");
    csv_add_text(&b, "a,b");
    buffer_add_text(&b, "|");
    csv_add_text(&b, "say \"x\"\n");
    buffer_add_text(&b, "|");
    csv_add_number(&b, NAN);
    buffer_add_text(&b, "|");
    csv_add_number(&b, 0.25);
    CHECK_EQUAL_STRING(b.data, "plain|\"a,b\"|\"say \"\"x\"\"\n\"||0.25");
    buffer_close(&b);
}

static void nearest_names(void)
{
    static const char *const KNOWN[] = {"serve", "run", "dataset add", "--threads", NULL};
    CHECK_EQUAL_STRING(nearest_name("sevre", KNOWN), "serve");
    CHECK_EQUAL_STRING(nearest_name("rn", KNOWN), "run");
    CHECK_EQUAL_STRING(nearest_name("--thread", KNOWN), "--threads");
    CHECK(nearest_name("something", KNOWN) == NULL);
    CHECK(nearest_name("", KNOWN) == NULL);
}

CHECK_MAIN("text_json", numbers_read_back, floats_read_back, powers_of_two_are_shortest,
           known_numbers, the_locale_changes_nothing, integers, strings,
           every_byte_gives_valid_json, keys_and_times, csv_cells, nearest_names)
