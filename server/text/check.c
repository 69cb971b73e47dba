/* json_check_text(): one pass over a JSON text before cJSON sees it. cJSON 1.7 lets pass what RFC
 * 8259 forbids (01, raw control characters, overlong UTF-8, text behind the end) and cuts strings
 * at \u0000. */
#include "server/text/check.h"
#include "core/base/array.h"
#include "server/text/pointer.h"
#include "server/text/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_LIMIT = 63 }; /* cJSON cuts longer ones silently */

typedef struct nesting { /* an open object or array */
    bool is_object;
    int index;        /* of the current element */
    size_t first_key; /* its keys start here */
} nesting;

typedef struct scanner {
    const char *text;
    size_t n, at;
    fail *f;
    int n_nodes, depth;
    nesting levels[JSON_DEPTH_LIMIT];
    char *names; /* decoded keys of the open objects, each with its NUL; n + 1 bytes */
    size_t names_used;
    char **keys; /* into names */
    size_t n_keys, keys_capacity;
} scanner;

static bool refuse(scanner *s, size_t at, const char *what)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at && i < s->n; i++)
        if (s->text[i] == '\n') {
            line++;
            start = i + 1;
        }
    return fail_set(s->f, FAIL_SYNTAX, "", "not valid JSON at byte %zu (line %zu, column %zu): %s",
                    at, line, at - start + 1, what);
}

static int peek(const scanner *s)
{
    return s->at < s->n ? (unsigned char)s->text[s->at] : -1;
}

static void skip_space(scanner *s)
{
    while (s->at < s->n && memchr(" \t\r\n", s->text[s->at], 4))
        s->at++;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits after \u; -1 if they are not there. */
static int32_t read_hex(scanner *s)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(s));
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
        s->at++;
    }
    return code;
}

static void keep(char **out, int32_t code)
{
    if (!*out)
        return;
    char *p = *out;
    if (code < 0x80) {
        *p++ = (char)code;
    } else if (code < 0x800) {
        *p++ = (char)(0xC0 | code >> 6);
        *p++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *p++ = (char)(0xE0 | code >> 12);
        *p++ = (char)(0x80 | (code >> 6 & 0x3F));
        *p++ = (char)(0x80 | (code & 0x3F));
    } else {
        *p++ = (char)(0xF0 | code >> 18);
        *p++ = (char)(0x80 | (code >> 12 & 0x3F));
        *p++ = (char)(0x80 | (code >> 6 & 0x3F));
        *p++ = (char)(0x80 | (code & 0x3F));
    }
    *out = p;
}

static bool scan_unicode_escape(scanner *s, char **out)
{
    size_t start = s->at - 2;
    int32_t code = read_hex(s);
    if (code < 0)
        return refuse(s, s->at, "\\u needs four hexadecimal digits");
    if (code == 0)
        return refuse(s, start, "\\u0000 is not allowed in texts");
    if (code >= 0xDC00 && code < 0xE000)
        return refuse(s, start, "a low surrogate without its high one");
    if (code >= 0xD800 && code < 0xDC00) {
        int32_t low = -1;
        if (peek(s) == '\\' && s->at + 1 < s->n && s->text[s->at + 1] == 'u') {
            s->at += 2;
            low = read_hex(s);
        }
        if (low < 0xDC00 || low >= 0xE000)
            return refuse(s, start, "a high surrogate without its low one");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    keep(out, code);
    return true;
}

static bool scan_escape(scanner *s, char **out)
{
    static const char NAMES[] = "\"\\/bfnrt", VALUES[] = "\"\\/\b\f\n\r\t";
    s->at++;
    int c = peek(s);
    s->at++;
    if (c == 'u')
        return scan_unicode_escape(s, out);
    const char *name = c > 0 ? strchr(NAMES, c) : NULL;
    if (!name)
        return refuse(s, s->at - 2, "an unknown escape in a text");
    keep(out, VALUES[name - NAMES]);
    return true;
}

/* A text; decoded to `out` with its NUL unless out is NULL. */
static bool scan_string(scanner *s, char *out)
{
    size_t start = s->at++;
    for (;;) {
        int c = peek(s);
        if (c < 0)
            return refuse(s, start, "a text without its closing quote");
        if (c == '"')
            break;
        if (c < 0x20)
            return refuse(s, s->at,
                          "a control character in a text; write it as \\n, \\t or \\u00XX");
        if (c == '\\') {
            if (!scan_escape(s, &out))
                return false;
            continue;
        }
        size_t length = utf8_length(s->text + s->at, s->n - s->at);
        if (!length)
            return refuse(s, s->at, "bytes that are not UTF-8");
        if (out) {
            memcpy(out, s->text + s->at, length);
            out += length;
        }
        s->at += length;
    }
    s->at++;
    if (out)
        *out = '\0';
    return true;
}

static size_t scan_digits(scanner *s)
{
    size_t start = s->at;
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return s->at - start;
}

static bool scan_number(scanner *s)
{
    size_t start = s->at;
    if (peek(s) == '-')
        s->at++;
    bool zero = peek(s) == '0';
    size_t digits = scan_digits(s);
    if (digits == 0 || (zero && digits > 1))
        return refuse(s, start, digits ? "a number with a leading zero" : "a number needs digits");
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s))
            return refuse(s, start, "a number needs digits after its point");
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!scan_digits(s))
            return refuse(s, start, "a number needs digits in its exponent");
    }
    return s->at - start <= NUMBER_LIMIT || refuse(s, start, "a number of more than 63 characters");
}

static bool scan_word(scanner *s)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        size_t length = strlen(WORDS[i]);
        if (s->n - s->at >= length && memcmp(s->text + s->at, WORDS[i], length) == 0) {
            s->at += length;
            return true;
        }
    }
    if (s->n - s->at >= 3 && memcmp(s->text + s->at, "\xEF\xBB\xBF", 3) == 0)
        return refuse(s, s->at, "a byte order mark; save the text as UTF-8 without one");
    return refuse(s, s->at,
                  peek(s) < 0 ? "the text ends where a value should be"
                              : "no value starts like this");
}

static bool scan_value(scanner *s);

static bool open_frame(scanner *s, bool is_object)
{
    if (s->depth == JSON_DEPTH_LIMIT)
        return refuse(s, s->at, "nested more than 32 deep");
    s->levels[s->depth++] = (nesting){.is_object = is_object, .first_key = s->n_keys};
    s->at++;
    skip_space(s);
    return true;
}

static bool scan_array(scanner *s)
{
    if (!open_frame(s, false))
        return false;
    if (peek(s) != ']') {
        for (;; s->levels[s->depth - 1].index++) {
            skip_space(s);
            if (!scan_value(s))
                return false;
            skip_space(s);
            if (peek(s) != ',')
                break;
            s->at++;
        }
        if (peek(s) != ']')
            return refuse(s, s->at, "expected , or ] in an array");
    }
    s->at++;
    s->depth--;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The path to the open object and then `key`. */
static void point_to(const scanner *s, const char *key, char pointer[JSON_POINTER_BYTES])
{
    char parent[JSON_POINTER_BYTES] = "";
    for (int i = 0; i + 1 < s->depth; i++) {
        if (s->levels[i].is_object)
            json_pointer_add(parent, s->keys[s->levels[i + 1].first_key - 1], pointer);
        else
            json_pointer_add_index(parent, s->levels[i].index, pointer);
        memcpy(parent, pointer, sizeof parent);
    }
    json_pointer_add(parent, key, pointer);
}

static bool close_object(scanner *s)
{
    size_t first = s->levels[s->depth - 1].first_key, n = s->n_keys - first;
    if (n > 1)
        qsort(s->keys + first, n, sizeof *s->keys, compare_keys);
    for (size_t i = first; i + 1 < s->n_keys; i++)
        if (strcmp(s->keys[i], s->keys[i + 1]) == 0) {
            char pointer[JSON_POINTER_BYTES];
            point_to(s, s->keys[i], pointer);
            return fail_set(s->f, FAIL_DUPLICATE_KEY, pointer,
                            "\"%.80s\" is there twice in one object", s->keys[i]);
        }
    s->n_keys = first;
    s->at++;
    s->depth--;
    return true;
}

static bool scan_key(scanner *s)
{
    if (peek(s) != '"')
        return refuse(s, s->at, "expected a name in double quotes");
    if (!array_reserve(&s->keys, &s->keys_capacity, s->n_keys + 1, JSON_NODES_LIMIT))
        return fail_set(s->f, FAIL_OUT_OF_MEMORY, "", "no memory to read the JSON text");
    char *name = s->names + s->names_used;
    if (!scan_string(s, name))
        return false;
    s->names_used += strlen(name) + 1;
    s->keys[s->n_keys++] = name;
    skip_space(s);
    if (peek(s) != ':')
        return refuse(s, s->at, "expected : after a name");
    s->at++;
    skip_space(s);
    return true;
}

static bool scan_object(scanner *s)
{
    if (!open_frame(s, true))
        return false;
    if (peek(s) != '}') {
        for (;;) {
            skip_space(s);
            if (!scan_key(s) || !scan_value(s))
                return false;
            skip_space(s);
            if (peek(s) != ',')
                break;
            s->at++;
        }
        if (peek(s) != '}')
            return refuse(s, s->at, "expected , or } in an object");
    }
    return close_object(s);
}

static bool scan_value(scanner *s)
{
    if (++s->n_nodes > JSON_NODES_LIMIT)
        return fail_set(s->f, FAIL_TOO_LARGE, "", "the JSON text has more than %d values",
                        JSON_NODES_LIMIT);
    int c = peek(s);
    if (c == '{')
        return scan_object(s);
    if (c == '[')
        return scan_array(s);
    if (c == '"')
        return scan_string(s, NULL);
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s);
    return scan_word(s);
}

bool json_check_text(const char *text, size_t n, fail *f)
{
    scanner s = {.text = text, .n = n, .f = f, .names = malloc(n + 1)};
    if (!s.names)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "", "no memory to read a JSON text of %zu bytes", n);
    skip_space(&s);
    bool ok = scan_value(&s);
    skip_space(&s);
    if (ok && s.at < n)
        ok = refuse(&s, s.at, "text behind the end of the value");
    free(s.names);
    free(s.keys);
    return ok;
}
