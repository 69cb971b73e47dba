#include "server/http/gate.h"
#include "server/text/utf8.h"

#include "server/codec/codec.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *method, *routed;
} METHODS[] = {{"GET", "GET"}, {"HEAD", "GET"},    {"POST", "POST"},
               {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"DELETE", "DELETE"}};

const char *http_gate_find_method(const char *method)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        if (strcmp(METHODS[i].method, method) == 0)
            return METHODS[i].routed;
    return NULL;
}

bool http_gate_check_uri(const char *raw, int *status, fail *f)
{
    size_t n = strnlen(raw, HTTP_GATE_URI_LIMIT + 1);
    *status = 0;
    if (n > HTTP_GATE_URI_LIMIT) {
        *status = 414;
        return fail_set(f, FAIL_TOO_LARGE, NULL, "The address is longer than %d bytes.",
                        HTTP_GATE_URI_LIMIT);
    }
    if (raw[0] != '/')
        return fail_set(f, FAIL_SYNTAX, NULL, "The request's target must be a path.");
    for (size_t i = 0; i < n; i++)
        if (raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '#')
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "The address holds a character that must be percent-encoded.");
    return true;
}

/* ---- decoding ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)tolower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool http_gate_is_text(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)text[i];
        size_t length = utf8_length(text + i, n - i);
        bool is_control = c < ' ' ? c == '\0' || !strchr("\t\r\n", c) : c == 0x7f;
        if (length == 0 || is_control)
            return false;
        i += length;
    }
    return true;
}

/* Decodes n bytes to out (NUL-terminated, n + 1 bytes are enough); returns the length, or -1. */
static long decode(const char *text, size_t n, bool plus_is_space, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '%') {
            int high = n - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = n - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -1;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[length++] = c;
    }
    out[length] = '\0';
    return http_gate_is_text(out, length) ? (long)length : -1;
}

static bool has_dot_segment(const char *path)
{
    for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
        size_t n = strcspn(at + 1, "/");
        if ((n == 1 && at[1] == '.') || (n == 2 && at[1] == '.' && at[2] == '.'))
            return true;
    }
    return false;
}

static size_t count(const char *text, size_t n, char c)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += text[i] == c;
    return found;
}

bool http_gate_read_path(const char *raw, char *out, fail *f)
{
    static const char ALLOWED[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-/";
    size_t n = strcspn(raw, "?");
    long length = decode(raw, n, false, out);
    if (length < 0)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "The path has a wrong percent-escape, a control character or invalid "
                        "UTF-8.");
    if (strspn(out, ALLOWED) != (size_t)length)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "The path may hold letters, digits and the characters . _ ~ - only.");
    if (has_dot_segment(out) || count(out, (size_t)length, '/') != count(raw, n, '/'))
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "The path may not hold an encoded slash or the segments . and ..");
    return true;
}

/* One "name=value" of n bytes at *raw; its texts go to *text, which moves on. */
static bool read_pair(const char *raw, size_t n, char **text, message_pair *pair, fail *f)
{
    const char *equals = memchr(raw, '=', n);
    size_t name_bytes = equals ? (size_t)(equals - raw) : n;
    long name = decode(raw, name_bytes, true, *text);
    if (name <= 0)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "The name of a query parameter is empty, or has a wrong percent-escape, a "
                        "control character or invalid UTF-8.");
    pair->name = *text;
    *text += name;
    pair->value = *text; /* "": no byte more than the raw text had */
    if (equals) {
        pair->value = ++*text;
        long value = decode(equals + 1, n - name_bytes - 1, true, *text);
        if (value < 0)
            return fail_set(f, FAIL_SYNTAX, NULL,
                            "The value of the query parameter %.60s has a wrong percent-escape, a "
                            "control character or invalid UTF-8.",
                            pair->name);
        *text += value;
    }
    (*text)++;
    return true;
}

static bool is_repeated(const message_pair *pairs, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(pairs[i].name, pairs[n].name) == 0)
            return true;
    return false;
}

bool http_gate_read_query(const char *raw, char *text, message_pair pairs[HTTP_GATE_QUERY_LIMIT],
                          int *n, fail *f)
{
    int found = 0;
    const char *at = strchr(raw, '?');
    at = at ? at + 1 : "";
    while (*at) {
        size_t length = strcspn(at, "&");
        if (length > 0) {
            if (found == HTTP_GATE_QUERY_LIMIT)
                return fail_set(f, FAIL_OUT_OF_RANGE, NULL, "More than %d query parameters.",
                                HTTP_GATE_QUERY_LIMIT);
            if (!read_pair(at, length, &text, &pairs[found], f))
                return false;
            if (is_repeated(pairs, found))
                return fail_set(f, FAIL_DUPLICATE_KEY, NULL,
                                "The query parameter %.60s is given twice.", pairs[found].name);
            found++;
        }
        at += length + (at[length] == '&');
    }
    *n = found;
    return true;
}

/* ---- header lines ---- */

static bool is_token(const char *text, size_t n)
{
    static const char MARKS[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || !c || (!isalnum(c) && !strchr(MARKS, c)))
            return false;
    }
    return n > 0;
}

static bool is_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return true;
}

/* Two NULs were CR LF, one was LF; NULL if neither is there. */
static const char *skip_line_end(const char *at, const char *end)
{
    if (at >= end || *at)
        return NULL;
    return at + 1 < end && !at[1] ? at + 2 : at + 1;
}

void http_gate_begin_header(http_gate_header *h, const char *at, const char *end)
{
    *h = (http_gate_header){.at = skip_line_end(at, end), .end = end};
    h->is_broken = !h->at;
}

void http_gate_take_line(http_gate_header *h, const char *name, size_t name_bytes,
                         const char *value, size_t value_bytes)
{
    const char *blank = name + name_bytes + 1;
    if (h->is_broken || name != h->at || !is_token(name, name_bytes)) {
        h->is_broken = true;
        return;
    }
    while (blank < h->end && (*blank == ' ' || *blank == '\t'))
        blank++;
    h->at = value == blank && is_value(value, value_bytes)
                ? skip_line_end(value + value_bytes, h->end)
                : NULL;
    h->is_broken = !h->at;
}

bool http_gate_end_header(http_gate_header *h, fail *f)
{
    const char *end = h->is_broken ? NULL : h->at;
    if (end && end < h->end) /* the empty line */
        end = skip_line_end(end, h->end);
    h->is_broken = !end || end != h->end;
    if (!h->is_broken)
        return true;
    return fail_set(f, FAIL_SYNTAX, NULL,
                    "A header line is not well-formed: its name must be letters, digits and "
                    "!#$%%&'*+-.^_`|~ up to the colon, its value text without controls, on one "
                    "line.");
}

bool http_gate_is_chunk_line(const char *start, const char *data)
{
    if (data - start < 2 || data[-2] != '\r' || data[-1] != '\n')
        return false;
    const char *end = data - 2, *line = end;
    while (line > start && line[-1] != '\n')
        line--;
    return is_value(line, (size_t)(end - line)) &&
           (line == start || (line - start >= 2 && line[-2] == '\r'));
}

bool http_gate_read_framing(const http_gate_framing *framing, http_gate_body *out, int *status,
                            fail *f)
{
    *status = 0;
    http_gate_body body = {.chunked = framing->n_transfer_encoding > 0};
    if (framing->n_content_length + framing->n_transfer_encoding > 1)
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "A request may have one Content-Length, or one Transfer-Encoding, not "
                        "both.");
    if (body.chunked && strcasecmp(framing->transfer_encoding, "chunked") != 0) {
        *status = 501;
        return fail_set(f, FAIL_SYNTAX, NULL, "The only transfer encoding taken is chunked.");
    }
    if (framing->n_content_length == 1) {
        const char *text = framing->content_length;
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 19 || text[digits])
            return fail_set(f, FAIL_SYNTAX, NULL, "Content-Length is not a number.");
        body.bytes = strtoull(text, NULL, 10);
    }
    *out = body;
    return true;
}

/* The name without its port in *n, or false: "name", "name:8080", "[::1]", "[::1]:8080". */
static bool split_host(const char *host, const char **name, size_t *n)
{
    const char *end;
    if (*host == '[') {
        end = strchr(host, ']');
        if (!end)
            return false;
        *name = host + 1;
        *n = (size_t)(end - host - 1);
        end++;
    } else {
        *name = host;
        *n = strcspn(host, ":");
        end = host + *n;
    }
    size_t digits = *end == ':' ? strspn(end + 1, "0123456789") : 0;
    return *n > 0 && (*end == '\0' || (digits > 0 && digits <= 5 && end[1 + digits] == '\0'));
}

static bool is_name(const char *name, size_t n, const char *wanted)
{
    return strlen(wanted) == n && strncasecmp(name, wanted, n) == 0;
}

/* A page can be made to resolve its own name to our address, but not to be loaded from a numeric
 * one. */
static bool is_numeric(const char *name, size_t n)
{
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char address[16];
    if (n >= sizeof text)
        return false;
    memcpy(text, name, n);
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_ours(const http_gate_hosts *hosts, const char *name, size_t n)
{
    static const char *const LOOPBACK[] = {"localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < sizeof LOOPBACK / sizeof *LOOPBACK; i++)
        if (is_name(name, n, LOOPBACK[i]))
            return true;
    for (int i = 0; i < hosts->n_names; i++)
        if (is_name(name, n, hosts->names[i]))
            return true;
    bool any = strcmp(hosts->address, "0.0.0.0") == 0 || strcmp(hosts->address, "::") == 0;
    return any ? is_numeric(name, n) : is_name(name, n, hosts->address);
}

bool http_gate_check_host(const http_gate_hosts *hosts, int n_host, const char *host, int *status,
                          fail *f)
{
    const char *name;
    size_t n;
    *status = 0;
    if (n_host != 1)
        return fail_set(f, FAIL_SYNTAX, NULL, "A request must have exactly one Host.");
    if (split_host(host, &name, &n) && is_ours(hosts, name, n))
        return true;
    *status = 421;
    return fail_set(f, FAIL_FORBIDDEN, NULL,
                    "This server does not answer to that Host. Start it with --allow-host NAME to "
                    "allow a name.");
}

bool http_gate_check_origin(const char *origin, const char *host, fail *f)
{
    if (!origin)
        return true;
    const char *authority = strstr(origin, "://");
    if (authority && strcasecmp(authority + 3, host) == 0)
        return true;
    return fail_set(f, FAIL_FORBIDDEN, NULL,
                    "A page of another site may not change anything here: Origin is not this "
                    "host.");
}

void http_gate_read_type(const char *header, char *out, size_t out_bytes)
{
    size_t n = header ? strcspn(header, "; \t,") : 0;
    if (n >= out_bytes)
        n = 0;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)header[i]);
    out[n] = '\0';
}

bool http_gate_takes_type(const char *types, const char *type)
{
    const char *wanted = *type ? type : "-";
    size_t n = strlen(wanted);
    for (const char *at = types; *at;) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, wanted, n) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}
