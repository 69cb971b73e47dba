#include "server/text/member.h"

#include <string.h>

static size_t skip_blanks(const char *text, size_t n, size_t at)
{
    while (at < n && memchr(" \t\r\n", text[at], 4))
        at++;
    return at;
}

/* Behind the string that starts at `at`. */
static size_t skip_string(const char *text, size_t n, size_t at)
{
    for (at++; at < n && text[at] != '"'; at++)
        if (text[at] == '\\')
            at++;
    return at < n ? at + 1 : n;
}

/* Behind the value that starts at `at`: brackets are counted outside of strings. */
static size_t skip_value(const char *text, size_t n, size_t at)
{
    int depth = 0;
    while (at < n) {
        char c = text[at];
        if (c == '"') {
            at = skip_string(text, n, at);
            if (depth == 0)
                return at;
            continue;
        }
        if (depth == 0 && memchr(",}] \t\r\n", c, 7))
            return at;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
        if (depth == 0 && (c == '}' || c == ']'))
            return at;
    }
    return n;
}

bool json_member_find(const char *text, size_t n, const char *name, const char **value,
                      size_t *value_bytes)
{
    size_t at = skip_blanks(text, n, 0), name_bytes = strlen(name);
    if (at == n || text[at] != '{')
        return false;
    at = skip_blanks(text, n, at + 1);
    while (at < n && text[at] == '"') {
        size_t key = at + 1, end = skip_string(text, n, at);
        bool is_wanted = end - 1 - key == name_bytes && memcmp(text + key, name, name_bytes) == 0;
        at = skip_blanks(text, n, skip_blanks(text, n, end) + 1); /* past the colon */
        end = skip_value(text, n, at);
        if (is_wanted) {
            *value = text + at;
            *value_bytes = end - at;
            return true;
        }
        at = skip_blanks(text, n, skip_blanks(text, n, end) + 1); /* past the comma */
    }
    return false;
}
