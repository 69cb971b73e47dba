#include "server/http/request.h"

#include "core/base/clock.h"
#include "server/api/app.h"
#include "server/events/events.h"
#include "server/http/admit.h"
#include "server/http/answer.h"
#include "server/http/stream.h"
#include "server/http/upload.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_LIMIT ((size_t)256 << 20)

/* ---- the body ---- */

/* What the handler says of answers that are kept. */
static void keep_body(http_exchange *x)
{
    const response *r = &x->r;
    const char *etag = NULL;
    if (r->forgotten_run)
        bodies_forget(x->server->bodies, r->forgotten_run < 0 ? 0 : r->forgotten_run);
    for (int i = 0; i < r->n_headers; i++)
        if (strcmp(r->headers[i].name, "ETag") == 0)
            etag = r->headers[i].value;
    if (!(x->row->flags & ROUTE_LASTING) || !r->lasting_run || r->status != 200 || !etag)
        return;
    bodies_keep(x->server->bodies, &(bodies_answer){.run_id = r->lasting_run,
                                                    .target = x->uri,
                                                    .content_type = r->content_type,
                                                    .etag = etag,
                                                    .is_csv = request_wants_csv(&x->q),
                                                    .bytes = r->body.data,
                                                    .n_bytes = r->body.n,
                                                    .age = x->bodies_age});
}

/* True where the answer has been kept: nobody has to write it. */
static bool find_body(http_exchange *x)
{
    if (!(x->row->flags & ROUTE_LASTING))
        return false;
    x->kept = bodies_find(x->server->bodies, x->uri, request_wants_csv(&x->q));
    if (!x->kept)
        return false;
    response_set(&x->r, 200, x->kept->content_type);
    return true;
}

/* The worker is done with the exchange: its connection goes on. */
static void resume(void *context)
{
    http_exchange *x = context;
    bool was_writing = x->stage == HTTP_STAGE_WRITING;
    if (!x->task.done) {
        fail f;
        fail_set(&f, FAIL_UNAVAILABLE, NULL, "The server is stopping.");
        http_exchange_refuse(x, 0, &f);
    }
    if (!was_writing)
        keep_body(x);
    if (!was_writing)
        x->stage = HTTP_STAGE_READY;
    else
        x->stage = x->r.status ? HTTP_STAGE_DRAIN : HTTP_STAGE_UPLOAD;
    http_exchange_expect(x, clock_steady_ms(), x->server->options.body_ms, 0);
    MHD_resume_connection(x->connection);
}

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

/* The answer, or its waiting: in the first call for the request, it begins at once. */
static enum MHD_Result answer(http_exchange *x, bool is_first_call)
{
    if (x->hold_ms == 0 || x->server->is_closing)
        return http_answer_queue(x);
    if (is_first_call)
        http_exchange_hold_at_once(x);
    else
        http_exchange_hold(x);
    return MHD_YES;
}

/* An answer in the first call closes the connection and leaves the body unread. */
static enum MHD_Result begin(http_exchange *x, const char *method, const char *version)
{
    bool at_once;
    bool passed = http_admit(x, method, version, &at_once);
    start_body(x, passed);
    return at_once ? answer(x, true) : MHD_YES;
}

static void write_upload(void *context)
{
    http_exchange *x = context;
    fail f;
    if (!http_upload_write(x->upload, &f))
        http_exchange_refuse(x, 0, &f);
}

static void take_upload(http_exchange *x, const char *data, size_t *n)
{
    size_t taken = http_upload_add(x->upload, data, *n);
    *n -= taken;
    x->n_body += taken;
    if (x->n_body > x->row->body_limit) {
        http_admit_refuse_size(x);
        x->stage = HTTP_STAGE_DRAIN;
    } else if (http_upload_is_full(x->upload)) {
        http_exchange_hand_over(x, HTTP_STAGE_WRITING, write_upload, resume);
    }
}

static void take_body(http_exchange *x, const char *data, size_t *n)
{
    buffer_add(&x->body, data, *n);
    x->n_body += *n;
    *n = 0;
    if (x->body.failed) {
        http_admit_refuse_size(x);
        buffer_close(&x->body);
        x->stage = HTTP_STAGE_DRAIN;
    }
}

/* Data that do not lie at the body's beginning in memory are the first of their chunk. */
static void check_chunk(http_exchange *x, const char *data)
{
    if (!x->is_chunked || x->stage == HTTP_STAGE_DRAIN || data <= x->body_at ||
        http_gate_is_chunk_line(x->body_at, data))
        return;
    fail f;
    fail_set(&f, FAIL_SYNTAX, NULL,
             "A chunk's size and its data must each end with CR LF, without controls between.");
    http_exchange_refuse(x, 0, &f);
    x->stage = HTTP_STAGE_DRAIN;
}

static enum MHD_Result take(http_exchange *x, const char *data, size_t *n)
{
    check_chunk(x, data);
    if (x->stage == HTTP_STAGE_DRAIN) {
        x->n_body += *n;
        *n = 0;
        uint64_t limit = HTTP_DRAIN_LIMIT + (x->row ? x->row->body_limit : 0);
        return x->n_body <= limit ? MHD_YES : MHD_NO;
    }
    if (x->stage == HTTP_STAGE_UPLOAD)
        take_upload(x, data, n);
    else if (x->stage == HTTP_STAGE_BODY)
        take_body(x, data, n);
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
        http_exchange_refuse(x, 0, &f);
    } else if (x->r.status == 0) {
        fail_set(&f, FAIL_INTERNAL, NULL, "The handler gave no answer.");
        http_exchange_refuse(x, 0, &f);
    }
}

static void handle(http_exchange *x)
{
    fail f;
    if (!caller_check(errand_caller(&x->errand), &f)) {
        http_exchange_refuse(x, 0, &f);
        return;
    }
    if (x->upload && !http_upload_finish(x->upload, &x->q.files, &x->q.n_files, &f)) {
        http_exchange_refuse(x, 0, &f);
        return;
    }
    x->row->handler(x->server->options.app, &x->q, &x->r);
    check_answer(x);
}

static void run_handler(void *context)
{
    http_exchange *x = context;
    handle(x);
    errand_end(&x->errand);
}

static enum MHD_Result dispatch(http_exchange *x)
{
    x->q.body = x->upload ? NULL : x->body.data ? x->body.data : "";
    x->q.body_bytes = x->body.n;
    if (find_body(x))
        return answer(x, false);
    x->bodies_age = bodies_age(x->server->bodies);
    errand_init(&x->errand, x->server->options.app->errands, route_kind(x->row), x->errand.client);
    x->q.errand = &x->errand;
    if (x->row->flags & ROUTE_INLINE) {
        run_handler(x);
        if (x->r.status == 401)
            http_admit_note_wrong(x);
        return answer(x, false);
    }
    http_exchange_hand_over(x, HTTP_STAGE_WORKING, run_handler, resume);
    return MHD_YES;
}

/* ---- the callbacks ---- */

static char *write_hex(uint32_t number, char *out)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *out++ = "0123456789abcdef"[number >> shift & 15];
    return out;
}

/* By hand: it takes a tenth of what snprintf() does, for each request. */
static void write_id(http *h, char id[MESSAGE_REQUEST_ID_BYTES])
{
    char *at = write_hex(h->id_prefix, id);
    *at++ = '-';
    *write_hex(h->id_count++, at) = '\0';
}

/* One that was used before, where there is: its size makes the allocator tidy up. */
static http_exchange *new_exchange(http *h)
{
    http_exchange *x = h->spare;
    if (!x)
        return calloc(1, sizeof *x);
    h->spare = x->due_after;
    h->n_spare--;
    *x = (http_exchange){.server = NULL};
    return x;
}

#ifdef __SANITIZE_ADDRESS__
enum { SPARE_LIMIT = 0 }; /* what is not freed is not seen to be used after that */
#else
enum { SPARE_LIMIT = 64 };
#endif

static void keep_exchange(http *h, http_exchange *x)
{
    if (h->n_spare == SPARE_LIMIT) {
        free(x);
        return;
    }
    x->due_after = h->spare;
    h->spare = x;
    h->n_spare++;
}

void http_request_free_spare(http *h)
{
    while (h->spare)
        free(new_exchange(h));
}

void *http_request_start(void *context, const char *uri, struct MHD_Connection *connection)
{
    http *h = context;
    size_t bytes = strlen(uri) + 1;
    http_exchange *x = new_exchange(h);
    char *texts = malloc(3 * bytes);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!x || !texts || !info || !info->socket_context) {
        if (x)
            keep_exchange(h, x);
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
    x->peer->exchange = x;
    http_admit_prepare(connection, uri);
    return x;
}

enum MHD_Result http_request_handle(void *context, struct MHD_Connection *connection,
                                    const char *url, const char *method, const char *version,
                                    const char *data, size_t *n_data, void **state)
{
    (void)context;
    (void)connection;
    (void)url;
    http_exchange *x = *state;
    if (!x)
        return MHD_NO;
    if (x->stage == HTTP_STAGE_NEW)
        return begin(x, method, version);
    if (*n_data > 0)
        return take(x, data, n_data);
    if (x->stage == HTTP_STAGE_BODY || x->stage == HTTP_STAGE_UPLOAD)
        return dispatch(x);
    if (x->stage == HTTP_STAGE_DRAIN || x->stage == HTTP_STAGE_READY)
        return answer(x, false);
    return MHD_YES;
}

static void free_exchange(http_exchange *x)
{
    http *h = x->server;
    assert(x->stage != HTTP_STAGE_WORKING && x->stage != HTTP_STAGE_WRITING);
    http_exchange_forget_due(x);
    if (x->hold_ms > 0)
        http_logins_answer(&h->logins, &x->peer->address);
    http_stream_close(x->stream);
    events_unsubscribe(x->r.stream);
    if (x->upload) {
        http_upload_close(x->upload);
        h->n_uploads--;
    }
    if (x->kept)
        bodies_release(x->kept);
    buffer_close(&x->body);
    response_close(&x->r);
    free(x->uri);
    keep_exchange(h, x);
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
    http_exchange_rest(x->peer, h->options.idle_ms);
    free_exchange(x);
}

void http_request_forget(http_peer *peer)
{
    if (peer->exchange)
        free_exchange(peer->exchange);
    peer->exchange = NULL;
}
