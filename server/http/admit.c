#include "server/http/admit.h"

#include "core/base/clock.h"
#include "server/api/app.h"
#include "server/api/routes.h"
#include "server/api/session.h"
#include "server/api/tokens.h"
#include "server/http/upload.h"

#include <stdio.h>
#include <string.h>

enum {
    UPLOADS_LIMIT = 64,
    UPLOAD_SLOW_BYTES = 256, /* in a millisecond: who sends less loses its place to who has none */
    UPLOAD_GRACE_MS = 2000
};

/* ---- header lines ---- */

enum {
    H_ACCEPT,
    H_IF_NONE_MATCH,
    H_IDEMPOTENCY_KEY,
    H_LAST_EVENT_ID, /* the kept ones first */
    H_HOST,
    H_CONTENT_LENGTH,
    H_TRANSFER_ENCODING,
    H_CONTENT_TYPE,
    H_ORIGIN,
    H_EXPECT,
    H_AUTHORIZATION,
    H_COOKIE,
    H_COUNT
};

static const char *const HEADER_NAMES[H_COUNT] = {
    "accept", "if-none-match",  "idempotency-key",   "last-event-id",
    "host",   "content-length", "transfer-encoding", "content-type",
    "origin", "expect",         "authorization",     "cookie"};

typedef struct header_lines {
    int n[H_COUNT];
    const char *first[H_COUNT]; /* NULL: not there */
    int unclean;                /* index of a kept one that is not text, or -1 */
    int n_cookies;
    http_gate_header header;
} header_lines;

/* libmicrohttpd looks at the first line of a name. It takes 64 bytes of the connection's memory for
 * each cookie, and refuses a request without Host with two answers; both are for us to judge. */
static const struct {
    const char *name, *value;
} DECOYS[] = {{"Cookie", "-"}, {"Host", "-"}};

static bool is_decoy(const char *name)
{
    return name == DECOYS[0].name || name == DECOYS[1].name;
}

void http_admit_prepare(struct MHD_Connection *connection, const char *uri)
{
    for (size_t i = 0; i < sizeof DECOYS / sizeof *DECOYS; i++)
        (void)MHD_set_connection_value(connection, MHD_HEADER_KIND, DECOYS[i].name,
                                       DECOYS[i].value);
    char *arguments = strchr(uri, '?'); /* each takes 64 bytes, too, and we have our own copy */
    if (arguments && arguments[1])
        arguments[1] = '\0';
}

static void note_line(header_lines *lines, int i, const char *value, size_t n_value)
{
    if (lines->n[i]++ == 0)
        lines->first[i] = value;
    if (!http_gate_is_text(value, n_value))
        lines->unclean = i;
    if (i != H_COOKIE)
        return;
    lines->n_cookies++;
    for (size_t at = 0; at < n_value; at++)
        lines->n_cookies += value[at] == ';' || value[at] == ',';
}

static enum MHD_Result read_line(void *context, enum MHD_ValueKind kind, const char *key,
                                 size_t n_key, const char *value, size_t n_value)
{
    (void)kind;
    header_lines *lines = context;
    if (is_decoy(key))
        return MHD_YES;
    http_gate_take_line(&lines->header, key, n_key, value, n_value);
    for (int i = 0; i < H_COUNT; i++)
        if (strcasecmp(key, HEADER_NAMES[i]) == 0)
            note_line(lines, i, value, n_value);
    return MHD_YES;
}

/* The header begins with the method and ends before the body; `version` ends the request line. */
static void read_header(http_exchange *x, const char *method, const char *version,
                        header_lines *lines)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    x->body_at = method + (info ? info->header_size : 0);
    http_gate_begin_header(&lines->header, version + strlen(version), x->body_at);
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, read_line, lines);
}

static void keep_headers(http_exchange *x, const header_lines *lines)
{
    x->q.headers = x->headers;
    for (int i = 0; i < HTTP_KEPT_HEADERS; i++)
        if (lines->first[i])
            x->headers[x->q.n_headers++] = (message_pair){HEADER_NAMES[i], lines->first[i]};
}

/* ---- the gate ---- */

static bool check_envelope(http_exchange *x, header_lines *lines, http_gate_body *body)
{
    fail f;
    int status = 0;
    if (!http_gate_end_header(&lines->header, &f))
        return http_exchange_refuse(x, 0, &f);
    if (lines->n_cookies > HTTP_GATE_COOKIE_LIMIT) {
        fail_set(&f, FAIL_TOO_LARGE, NULL, "More than %d cookies.", HTTP_GATE_COOKIE_LIMIT);
        return http_exchange_refuse(x, 431, &f);
    }
    http_gate_framing framing = {lines->n[H_CONTENT_LENGTH], lines->n[H_TRANSFER_ENCODING],
                                 lines->first[H_CONTENT_LENGTH], lines->first[H_TRANSFER_ENCODING]};
    if (!http_gate_read_framing(&framing, body, &status, &f) ||
        !http_gate_check_host(&x->server->hosts, lines->n[H_HOST], lines->first[H_HOST], &status,
                              &f) ||
        !http_gate_check_uri(x->uri, &status, &f) || !http_gate_read_path(x->uri, x->path, &f) ||
        !http_gate_read_query(x->uri, x->query_text, x->query, &x->q.n_query, &f))
        return http_exchange_refuse(x, status, &f);
    if (lines->unclean >= 0) {
        fail_set(&f, FAIL_SYNTAX, NULL, "The header %s is not clean UTF-8 text.",
                 HEADER_NAMES[lines->unclean]);
        return http_exchange_refuse(x, 0, &f);
    }
    x->q.path = x->path;
    x->q.query = x->query;
    keep_headers(x, lines);
    return true;
}

static bool refuse_method(http_exchange *x, const char *allow)
{
    fail f;
    fail_set(&f, FAIL_METHOD, NULL, "This path takes %s.", allow);
    http_exchange_refuse(x, 0, &f);
    response_add_header(&x->r, "Allow", "%s", allow);
    return false;
}

/* Sets x->row or x->asset. */
static bool find_target(http_exchange *x, const char *method)
{
    route_match match;
    routes_find(method ? method : "", x->path, &match);
    if (match.row) {
        x->row = match.row;
        memcpy(x->q.ids, match.ids, sizeof match.ids);
        x->q.name = match.name;
        if (match.name) /* its segment alone: "x" of /datasets/x/preview */
            x->path[match.name - x->path + (ptrdiff_t)strcspn(match.name, "/")] = '\0';
        x->q.method = match.row->method;
        x->q.route = match.row;
        return true;
    }
    if (match.path_known)
        return refuse_method(x, match.allow);
    x->asset = assets_find(x->server->assets, x->path);
    if (x->asset && (!method || strcmp(method, "GET") != 0)) {
        x->asset = NULL;
        return refuse_method(x, "GET, HEAD");
    }
    if (x->asset)
        return true;
    fail f;
    fail_set(&f, FAIL_NOT_FOUND, NULL, "There is nothing at this path.");
    return http_exchange_refuse(x, 0, &f);
}

void http_admit_note_wrong(http_exchange *x)
{
    x->hold_ms = http_logins_note(&x->server->logins, &x->peer->address, clock_steady_ms());
}

/* Before anything is compared: who is slowed down could else send more guesses at a time. */
static bool check_patience(http_exchange *x, const header_lines *lines)
{
    fail f;
    bool is_guess = x->row->handler == api_session_post ||
                    (!(x->row->flags & ROUTE_OPEN) &&
                     (lines->first[H_AUTHORIZATION] || lines->first[H_COOKIE]));
    if (!x->server->options.app->tokens || !is_guess ||
        !http_logins_is_full(&x->server->logins, &x->peer->address))
        return true;
    fail_set(&f, FAIL_UNAVAILABLE, NULL,
             "Too many wrong tokens have come from this address: wait for their answers.");
    return http_exchange_refuse(x, 429, &f);
}

static bool check_access(http_exchange *x, const header_lines *lines)
{
    fail f;
    bool is_wrong = false;
    int needed = route_access(x->row, &x->q);
    int given =
        needed ? api_session_access(x->server->options.app->tokens, lines->first[H_AUTHORIZATION],
                                    lines->first[H_COOKIE], &is_wrong)
               : 0;
    if ((given & needed) == needed)
        return true;
    if (is_wrong)
        http_admit_note_wrong(x);
    if (given)
        fail_set(&f, FAIL_FORBIDDEN, NULL, "This needs a token that may %s; the given one may not.",
                 needed == ACCESS_WORKER ? "work" : tokens_access_name(needed));
    else
        fail_set(&f, FAIL_UNAUTHORIZED, NULL,
                 "This needs the server's token: Authorization: Bearer TOKEN, or a session.");
    return http_exchange_refuse(x, 0, &f);
}

/* FNV-1a. */
static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t n)
{
    for (const unsigned char *at = bytes; n > 0; at++, n--)
        hash = (hash ^ *at) * 1099511628211U;
    return hash;
}

/* Whose share it takes: that of its token, else of its address (of IPv6, the network). */
static uint64_t client_of(const http_exchange *x, const header_lines *lines)
{
    static const unsigned char MAPPED[12] = {[10] = 0xff, [11] = 0xff};
    const unsigned char *address = x->peer->address.bytes;
    const char *token = x->server->options.app->tokens ? lines->first[H_AUTHORIZATION] : NULL;
    uint64_t start = 14695981039346656037U;
    size_t n = memcmp(address, MAPPED, sizeof MAPPED) == 0 ? 16 : 8;
    return (token ? add_bytes(start, token, strlen(token)) : add_bytes(start, address, n)) | 1;
}

static bool check_caller(http_exchange *x, const header_lines *lines)
{
    fail f;
    x->errand.client = client_of(x, lines);
    if (strcmp(x->row->method, "GET") != 0 &&
        !http_gate_check_origin(lines->first[H_ORIGIN], lines->first[H_HOST], &f))
        return http_exchange_refuse(x, 0, &f);
    return check_patience(x, lines) && check_access(x, lines);
}

bool http_admit_refuse_size(http_exchange *x)
{
    fail f;
    fail_set(&f, FAIL_TOO_LARGE, NULL, "The body is larger than the %llu bytes allowed here.",
             (unsigned long long)x->row->body_limit);
    return http_exchange_refuse(x, 0, &f);
}

static bool check_body(http_exchange *x, const header_lines *lines, const http_gate_body *body)
{
    fail f;
    const route *row = x->row;
    http_gate_read_type(lines->first[H_CONTENT_TYPE], x->content_type, sizeof x->content_type);
    x->q.content_type = x->content_type;
    if (!body->chunked && body->bytes == 0)
        return true;
    if (!row->types) {
        fail_set(&f, FAIL_SYNTAX, NULL, "This request takes no body.");
        return http_exchange_refuse(x, 0, &f);
    }
    if (!http_gate_takes_type(row->types, x->content_type)) {
        size_t n = strlen(row->types);
        if (n > 2 && strcmp(row->types + n - 2, " -") == 0)
            n -= 2;
        fail_set(&f, FAIL_UNSUPPORTED_MEDIA, NULL, "The Content-Type of the body must be %s%.*s.",
                 memchr(row->types, ' ', n) ? "one of " : "", (int)n, row->types);
        return http_exchange_refuse(x, 0, &f);
    }
    return body->bytes <= row->body_limit || http_admit_refuse_size(x);
}

static bool check_query(http_exchange *x)
{
    fail f;
    return route_check_query(x->row, &x->q, &f) || http_exchange_refuse(x, 0, &f);
}

/* Bytes in a millisecond. */
static uint64_t upload_rate(const http_exchange *x, int64_t now_ms)
{
    int64_t ms = now_ms - x->body_start_ms;
    return ms < UPLOAD_GRACE_MS ? UINT64_MAX : x->n_body / (uint64_t)ms;
}

/* Cuts the slowest of those that are slow. */
static bool make_room(http *h)
{
    http_peer *slowest = NULL;
    int64_t now_ms = clock_steady_ms();
    uint64_t least = UPLOAD_SLOW_BYTES;
    for (http_peer *peer = h->peers; peer; peer = peer->after) {
        const http_exchange *x = peer->exchange;
        if (!x || !x->upload || x->stage != HTTP_STAGE_UPLOAD || upload_rate(x, now_ms) >= least)
            continue;
        least = upload_rate(x, now_ms);
        slowest = peer;
    }
    if (slowest)
        http_exchange_cut(h, slowest);
    return slowest;
}

static bool open_upload(http_exchange *x)
{
    fail f;
    http *h = x->server;
    if (h->n_uploads >= UPLOADS_LIMIT && !make_room(h)) {
        fail_set(&f, FAIL_UNAVAILABLE, NULL,
                 "%d uploads are under way, as many as may be, and none is slow: try again.",
                 UPLOADS_LIMIT);
        return http_exchange_refuse(x, 0, &f);
    }
    if (!http_upload_open(x->connection, h->options.app->data_dir, x->content_type, &x->upload, &f))
        return http_exchange_refuse(x, 0, &f);
    h->n_uploads++;
    return true;
}

static bool pass_gate(http_exchange *x, const char *method, header_lines *lines,
                      http_gate_body *body)
{
    if (x->server->is_closing) {
        fail f;
        fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server is stopping.");
        return http_exchange_refuse(x, 0, &f);
    }
    if (!check_envelope(x, lines, body) || !find_target(x, method))
        return false;
    if (x->asset)
        return true; /* what comes with it, a body or a query, is of no interest */
    return check_caller(x, lines) && check_body(x, lines, body) && check_query(x) &&
           (!(x->row->flags & ROUTE_UPLOAD) || open_upload(x));
}

bool http_admit(http_exchange *x, const char *method, const char *version, bool *at_once)
{
    header_lines lines = {.unclean = -1};
    http_gate_body body = {0};
    read_header(x, method, version, &lines);
    bool passed = pass_gate(x, http_gate_find_method(method), &lines, &body);
    bool is_clear = !lines.header.is_broken &&
                    lines.n[H_CONTENT_LENGTH] + lines.n[H_TRANSFER_ENCODING] <= 1 &&
                    x->r.status != 501;
    x->is_preliminary_taken = strcmp(version, MHD_HTTP_VERSION_1_1) == 0;
    x->is_chunked = lines.n[H_TRANSFER_ENCODING] > 0;
    x->is_last = x->is_chunked || !is_clear;
    *at_once = !passed && (!is_clear || body.bytes > HTTP_DRAIN_LIMIT || lines.first[H_EXPECT] ||
                           x->server->is_closing);
    return passed;
}
