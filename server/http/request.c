#include "server/http/request.h"

#include "core/base/clock.h"
#include "server/api/app.h"
#include "server/api/session.h"
#include "server/events/events.h"
#include "server/http/answer.h"
#include "server/http/stream.h"
#include "server/http/upload.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Of a refused body, read and thrown away so that its sender gets to read why: many write all
     * of it before they look. */
    DRAIN_LIMIT = 16 * 1024 * 1024,
    UPLOADS_LIMIT = 8
};
#define ANSWER_LIMIT ((size_t)256 << 20)

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
} header_lines;

static enum MHD_Result read_line(void *context, enum MHD_ValueKind kind, const char *key,
                                 size_t n_key, const char *value, size_t n_value)
{
    (void)kind;
    (void)n_key;
    header_lines *lines = context;
    for (int i = 0; i < H_COUNT; i++) {
        if (strcasecmp(key, HEADER_NAMES[i]) != 0)
            continue;
        if (lines->n[i]++ == 0)
            lines->first[i] = value ? value : "";
        if (value && !http_gate_is_text(value, n_value))
            lines->unclean = i;
        break;
    }
    return MHD_YES;
}

static void keep_headers(http_exchange *x, const header_lines *lines)
{
    x->q.headers = x->headers;
    for (int i = 0; i < HTTP_KEPT_HEADERS; i++)
        if (lines->first[i])
            x->headers[x->q.n_headers++] = (message_pair){HEADER_NAMES[i], lines->first[i]};
}

/* ---- refusal ---- */

/* status 0: that of the fail's code. */
static bool refuse(http_exchange *x, int status, const fail *f)
{
    if (status)
        response_problem(&x->r, status, f);
    else
        response_fail(&x->r, f);
    return false;
}

/* ---- the gate ---- */

static bool check_envelope(http_exchange *x, const header_lines *lines, http_gate_body *body)
{
    fail f;
    int status = 0;
    http_gate_framing framing = {lines->n[H_CONTENT_LENGTH], lines->n[H_TRANSFER_ENCODING],
                                 lines->first[H_CONTENT_LENGTH], lines->first[H_TRANSFER_ENCODING]};
    if (!http_gate_read_framing(&framing, body, &status, &f) ||
        !http_gate_check_host(&x->server->hosts, lines->n[H_HOST], lines->first[H_HOST], &status,
                              &f) ||
        !http_gate_check_uri(x->uri, &status, &f) || !http_gate_read_path(x->uri, x->path, &f) ||
        !http_gate_read_query(x->uri, x->query_text, x->query, &x->q.n_query, &f))
        return refuse(x, status, &f);
    if (lines->unclean >= 0) {
        fail_set(&f, FAIL_SYNTAX, NULL, "The header %s is not clean UTF-8 text.",
                 HEADER_NAMES[lines->unclean]);
        return refuse(x, 0, &f);
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
    refuse(x, 0, &f);
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
    return refuse(x, 0, &f);
}

static bool check_caller(http_exchange *x, const header_lines *lines)
{
    fail f;
    if (strcmp(x->row->method, "GET") != 0 &&
        !http_gate_check_origin(lines->first[H_ORIGIN], lines->first[H_HOST], &f))
        return refuse(x, 0, &f);
    if (!(x->row->flags & ROUTE_OPEN) &&
        !api_session_check(x->server->options.app->token, lines->first[H_AUTHORIZATION],
                           lines->first[H_COOKIE])) {
        fail_set(&f, FAIL_UNAUTHORIZED, NULL,
                 "This needs the server's token: Authorization: Bearer TOKEN, or a session.");
        return refuse(x, 0, &f);
    }
    return true;
}

static bool refuse_size(http_exchange *x)
{
    fail f;
    fail_set(&f, FAIL_TOO_LARGE, NULL, "The body is larger than the %llu bytes allowed here.",
             (unsigned long long)x->row->body_limit);
    return refuse(x, 0, &f);
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
        return refuse(x, 0, &f);
    }
    if (!http_gate_takes_type(row->types, x->content_type)) {
        size_t n = strlen(row->types);
        if (n > 2 && strcmp(row->types + n - 2, " -") == 0)
            n -= 2;
        fail_set(&f, FAIL_UNSUPPORTED_MEDIA, NULL, "The Content-Type of the body must be %s%.*s.",
                 memchr(row->types, ' ', n) ? "one of " : "", (int)n, row->types);
        return refuse(x, 0, &f);
    }
    return body->bytes <= row->body_limit || refuse_size(x);
}

static bool check_query(http_exchange *x)
{
    fail f;
    return route_check_query(x->row, &x->q, &f) || refuse(x, 0, &f);
}

static bool open_upload(http_exchange *x)
{
    fail f;
    http *h = x->server;
    if (h->n_uploads >= UPLOADS_LIMIT) {
        fail_set(&f, FAIL_UNAVAILABLE, NULL, "%d uploads are under way, as many as may be.",
                 UPLOADS_LIMIT);
        return refuse(x, 0, &f);
    }
    if (!http_upload_open(x->connection, h->options.app->data_dir, x->content_type, &x->upload, &f))
        return refuse(x, 0, &f);
    h->n_uploads++;
    http_exchange_watch(x);
    return true;
}

static bool pass_gate(http_exchange *x, const char *method, const header_lines *lines,
                      http_gate_body *body)
{
    if (x->server->is_closing) {
        fail f;
        fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server is stopping.");
        return refuse(x, 0, &f);
    }
    if (!check_envelope(x, lines, body) || !find_target(x, method))
        return false;
    if (x->asset)
        return true; /* what comes with it, a body or a query, is of no interest */
    return check_caller(x, lines) && check_body(x, lines, body) && check_query(x) &&
           (!(x->row->flags & ROUTE_UPLOAD) || open_upload(x));
}

/* ---- the body ---- */

static void start_body(http_exchange *x, bool passed)
{
    x->body_start_ms = clock_steady_ms();
    http_exchange_expect(x, x->body_start_ms, x->server->options.body_ms, 0);
    if (!passed || x->asset)
        x->stage = HTTP_STAGE_DRAIN;
    else if (x->upload)
        x->stage = HTTP_STAGE_UPLOAD;
    else
        x->stage = HTTP_STAGE_BODY;
    if (x->stage == HTTP_STAGE_BODY)
        buffer_init(&x->body, (size_t)x->row->body_limit);
}

static enum MHD_Result begin(http_exchange *x, const char *sent_method)
{
    header_lines lines = {.unclean = -1};
    http_gate_body body = {0};
    const char *method = http_gate_find_method(sent_method);
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, read_line, &lines);
    bool passed = pass_gate(x, method, &lines, &body);
    bool ambiguous =
        lines.n[H_CONTENT_LENGTH] + lines.n[H_TRANSFER_ENCODING] > 1 || x->r.status == 501;
    /* An answer in the first call closes the connection and leaves the body unread: right for a
     * body that is long, or that has not been sent yet, or whose end is in doubt. */
    bool at_once = !passed && (ambiguous || body.bytes > DRAIN_LIMIT || lines.first[H_EXPECT] ||
                               x->server->is_closing);
    start_body(x, passed);
    return at_once ? http_answer_queue(x) : MHD_YES;
}

static void write_upload(void *context)
{
    http_exchange *x = context;
    fail f;
    if (!http_upload_write(x->upload, &f))
        refuse(x, 0, &f);
}

static void take_upload(http_exchange *x, const char *data, size_t *n)
{
    size_t taken = http_upload_add(x->upload, data, *n);
    *n -= taken;
    x->n_body += taken;
    if (x->n_body > x->row->body_limit) {
        refuse_size(x);
        x->stage = HTTP_STAGE_DRAIN;
    } else if (http_upload_is_full(x->upload) &&
               !http_exchange_hand_over(x, HTTP_STAGE_WRITING, write_upload, true)) {
        fail f;
        fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server is stopping.");
        refuse(x, 0, &f);
        x->stage = HTTP_STAGE_DRAIN;
    }
}

static void take_body(http_exchange *x, const char *data, size_t *n)
{
    buffer_add(&x->body, data, *n);
    x->n_body += *n;
    *n = 0;
    if (x->body.failed) {
        refuse_size(x);
        buffer_close(&x->body);
        x->stage = HTTP_STAGE_DRAIN;
    }
}

static enum MHD_Result take(http_exchange *x, const char *data, size_t *n)
{
    if (x->stage == HTTP_STAGE_DRAIN) {
        x->n_body += *n;
        *n = 0;
        uint64_t limit = DRAIN_LIMIT + (x->row ? x->row->body_limit : 0);
        return x->n_body <= limit ? MHD_YES : MHD_NO;
    }
    if (x->stage == HTTP_STAGE_UPLOAD)
        take_upload(x, data, n);
    else if (x->stage == HTTP_STAGE_BODY)
        take_body(x, data, n);
    if (x->stage != HTTP_STAGE_WRITING)
        http_exchange_expect(x, x->body_start_ms, x->server->options.body_ms, x->n_body);
    return MHD_YES;
}

/* ---- the handler ---- */

static void check_answer(http_exchange *x)
{
    fail f;
    if (x->r.body.failed) {
        fail_set(&f, FAIL_INTERNAL, NULL,
                 "The answer is larger than %zu MiB, or memory ran out: ask for less at a time.",
                 ANSWER_LIMIT >> 20);
        refuse(x, 0, &f);
    } else if (x->r.status == 0) {
        fail_set(&f, FAIL_INTERNAL, NULL, "The handler gave no answer.");
        refuse(x, 0, &f);
    }
}

static void run_handler(void *context)
{
    http_exchange *x = context;
    fail f;
    if (x->upload && !http_upload_finish(x->upload, &x->q.files, &x->q.n_files, &f)) {
        refuse(x, 0, &f);
        return;
    }
    x->row->handler(x->server->options.app, &x->q, &x->r);
    check_answer(x);
}

static enum MHD_Result dispatch(http_exchange *x)
{
    x->q.body = x->upload ? NULL : x->body.data ? x->body.data : "";
    x->q.body_bytes = x->body.n;
    if (x->row->flags & ROUTE_INLINE) {
        run_handler(x);
        return http_answer_queue(x);
    }
    if (http_exchange_hand_over(x, HTTP_STAGE_WORKING, run_handler, false))
        return MHD_YES;
    fail f;
    fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server has more requests than it can take.");
    refuse(x, 0, &f);
    return http_answer_queue(x);
}

void http_request_resume(http_exchange *x)
{
    bool was_writing = x->stage == HTTP_STAGE_WRITING;
    if (!x->task.done) {
        fail f;
        fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server is stopping.");
        refuse(x, 0, &f);
    }
    if (!was_writing)
        x->stage = HTTP_STAGE_READY;
    else
        x->stage = x->r.status ? HTTP_STAGE_DRAIN : HTTP_STAGE_UPLOAD;
    http_exchange_expect(x, clock_steady_ms(), x->server->options.body_ms, 0);
    MHD_resume_connection(x->connection);
}

/* ---- the callbacks ---- */

static void write_id(http *h, char id[MESSAGE_REQUEST_ID_BYTES])
{
    snprintf(id, MESSAGE_REQUEST_ID_BYTES, "%08x-%08x", h->id_prefix, h->id_count++);
}

void *http_request_start(void *context, const char *uri, struct MHD_Connection *connection)
{
    http *h = context;
    size_t bytes = strlen(uri) + 1;
    http_exchange *x = calloc(1, sizeof *x);
    char *texts = malloc(3 * bytes);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!x || !texts || !info || !info->socket_context) {
        free(x);
        free(texts);
        return NULL;
    }
    memcpy(texts, uri, bytes);
    x->server = h;
    x->connection = connection;
    x->peer = info->socket_context;
    x->uri = texts;
    x->path = texts + bytes;
    x->query_text = texts + 2 * bytes;
    x->path[0] = '\0';
    x->q.path = x->path;
    x->q.method = x->q.content_type = "";
    x->q.body = "";
    write_id(h, x->q.id);
    response_init(&x->r, ANSWER_LIMIT);
    http_exchange_expect(x, clock_steady_ms(), h->options.header_ms, 0);
    atomic_fetch_add(&h->n_requests, 1);
    h->n_exchanges++;
    x->peer->starting = x;
    return x;
}

enum MHD_Result http_request_handle(void *context, struct MHD_Connection *connection,
                                    const char *url, const char *method, const char *version,
                                    const char *data, size_t *n_data, void **state)
{
    (void)context;
    (void)connection;
    (void)url;
    (void)version;
    http_exchange *x = *state;
    if (!x)
        return MHD_NO;
    if (x->stage == HTTP_STAGE_NEW) {
        x->peer->starting = NULL;
        return begin(x, method);
    }
    if (*n_data > 0)
        return take(x, data, n_data);
    if (x->stage == HTTP_STAGE_BODY || x->stage == HTTP_STAGE_UPLOAD)
        return dispatch(x);
    if (x->stage == HTTP_STAGE_DRAIN || x->stage == HTTP_STAGE_READY)
        return http_answer_queue(x);
    return MHD_YES;
}

static void free_exchange(http_exchange *x)
{
    http *h = x->server;
    assert(x->stage != HTTP_STAGE_WORKING && x->stage != HTTP_STAGE_WRITING);
    http_exchange_unwatch(x);
    http_stream_close(x->stream);
    events_unsubscribe(x->r.stream);
    if (x->upload) {
        http_upload_close(x->upload);
        h->n_uploads--;
    }
    buffer_close(&x->body);
    response_close(&x->r);
    free(x->uri);
    free(x);
    h->n_exchanges--;
}

void http_request_end(void *context, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode why)
{
    (void)connection;
    (void)why;
    const http *h = context;
    http_exchange *x = *state;
    *state = NULL;
    if (!x)
        return;
    x->peer->starting = NULL;
    http_exchange_expect(x, clock_steady_ms(), h->options.idle_ms, 0);
    free_exchange(x);
}

void http_request_forget(http_peer *peer)
{
    if (peer->starting)
        free_exchange(peer->starting);
    peer->starting = NULL;
}
