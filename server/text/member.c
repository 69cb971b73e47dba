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

bool json_member_next(const char *text, size_t n, size_t *at, json_member *out)
{
    if (*at == 0) {
        *at = skip_blanks(text, n, 0);
        if (*at == n || text[*at] != '{')
            return false;
        *at = skip_blanks(text, n, *at + 1);
    }
    if (*at >= n || text[*at] != '"')
        return false;
    size_t name = *at + 1, end = skip_string(text, n, *at);
    size_t value = skip_blanks(text, n, skip_blanks(text, n, end) + 1); /* past the colon */
    size_t value_end = skip_value(text, n, value);
    *out = (json_member){.name = text + name,
                         .name_bytes = end - 1 - name,
                         .value = text + value,
                         .value_bytes = value_end - value};
    *at = skip_blanks(text, n, skip_blanks(text, n, value_end) + 1); /* past the comma */
    return true;
}

bool json_member_find(const char *text, size_t n, const char *name, const char **value,
                      size_t *value_bytes)
{
    size_t at = 0, name_bytes = strlen(name);
    json_member m;
    while (json_member_next(text, n, &at, &m))
        if (m.name_bytes == name_bytes && memcmp(m.name, name, name_bytes) == 0) {
            *value = m.value;
            *value_bytes = m.value_bytes;
            return true;
        }
    return false;
}
