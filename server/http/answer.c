#include "server/http/answer.h"

#include "core/base/clock.h"
#include "server/api/app.h"
#include "server/events/events.h"
#include "server/http/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char POLICY[] =
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

typedef struct MHD_Response mhd_response;

/* NULL: it is not there. */
static const char *find_header(const response *r, const char *name)
{
    for (int i = 0; i < r->n_headers; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return NULL;
}

static const char *etag_of(const http_exchange *x)
{
    return x->asset ? x->asset->etag : x->kept ? x->kept->etag : find_header(&x->r, "ETag");
}

/* ---- the body ---- */

static mhd_response *answer_text(response *r, uint64_t *n_bytes)
{
    if (r->body.n == 0)
        return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    size_t n;
    char *data = buffer_take(&r->body, &n);
    mhd_response *answer = MHD_create_response_from_buffer(n, data, MHD_RESPMEM_MUST_FREE);
    if (!answer)
        free(data);
    *n_bytes = n;
    return answer;
}

static void release(void *kept)
{
    bodies_release(kept);
}

static mhd_response *answer_kept(kept_body *kept, uint64_t *n_bytes)
{
    mhd_response *answer = MHD_create_response_from_buffer_with_free_callback_cls(
        kept->n_bytes, kept->bytes, release, kept);
    if (answer)
        kept->n_references++;
    *n_bytes = kept->n_bytes;
    return answer;
}

static mhd_response *answer_file(response *r, uint64_t *n_bytes)
{
    struct stat about;
    int fd = open(r->file_path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
        mhd_response *answer = MHD_create_response_from_fd64((uint64_t)about.st_size, fd);
        if (!answer)
            close(fd);
        *n_bytes = (uint64_t)about.st_size;
        return answer;
    }
    if (fd >= 0)
        close(fd);
    fail f;
    fail_set(&f, FAIL_STORAGE, NULL, "The file cannot be read: %s.", strerror(errno));
    response_fail(r, &f);
    return answer_text(r, n_bytes);
}

static mhd_response *answer_stream(http_exchange *x, uint64_t *n_bytes)
{
    const http *h = x->server;
    if (atomic_load(&h->n_streams) < h->options.streams && !h->is_closing) {
        response_add_header(&x->r, "X-Accel-Buffering", "no");
        return http_stream_open(x);
    }
    fail f;
    fail_set(&f, FAIL_UNAVAILABLE, NULL, "%d event streams are open, as many as may be.",
             h->options.streams);
    response_fail(&x->r, &f);
    return answer_text(&x->r, n_bytes);
}

static ssize_t read_nothing(void *context, uint64_t position, char *out, size_t limit)
{
    (void)context;
    (void)position;
    (void)out;
    (void)limit;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* No body and no word of its length: libmicrohttpd writes Content-Length, 0 as well, wherever it
 * knows a size, and a client may take that for the length of what it has. The price is the
 * connection: without a length, and not in chunks, it promises its end. */
static mhd_response *answer_not_modified(void)
{
    mhd_response *answer =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1, read_nothing, NULL, NULL);
    if (answer)
        (void)MHD_set_response_options(answer, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return answer;
}

static mhd_response *answer_asset(const asset *a, response *r, uint64_t *n_bytes)
{
    response_set(r, 200, a->content_type);
    *n_bytes = a->n_bytes;
    return MHD_create_response_from_buffer(a->n_bytes, a->bytes, MHD_RESPMEM_PERSISTENT);
}

static bool is_not_modified(const http_exchange *x)
{
    const char *etag = x->asset || x->r.status == 200 ? etag_of(x) : NULL;
    return etag && request_has_etag(&x->q, etag);
}

static mhd_response *answer_body(http_exchange *x, uint64_t *n_bytes)
{
    response *r = &x->r;
    if (r->status == 304 || is_not_modified(x)) {
        response_set(r, 304, NULL);
        return answer_not_modified();
    }
    if (x->asset)
        return answer_asset(x->asset, r, n_bytes);
    if (r->stream && r->status == 200)
        return answer_stream(x, n_bytes);
    if (x->kept)
        return answer_kept(x->kept, n_bytes);
    if (r->file_path[0])
        return answer_file(r, n_bytes);
    return answer_text(r, n_bytes);
}

/* ---- the headers ---- */

static bool add_headers(mhd_response *answer, const http_exchange *x)
{
    const response *r = &x->r;
    const char *etag = etag_of(x);
    bool ok = MHD_add_response_header(answer, "X-Request-Id", x->q.id) &&
              MHD_add_response_header(answer, "X-Content-Type-Options", "nosniff") &&
              MHD_add_response_header(answer, "Referrer-Policy", "no-referrer") &&
              MHD_add_response_header(answer, "Cross-Origin-Resource-Policy", "same-origin") &&
              MHD_add_response_header(answer, "Content-Security-Policy", POLICY);
    if (x->is_last)
        ok = ok && MHD_add_response_header(answer, "Connection", "close");
    if (r->content_type && r->content_type[0])
        ok = ok && MHD_add_response_header(answer, "Content-Type", r->content_type);
    if (!find_header(r, "Cache-Control"))
        ok = ok && MHD_add_response_header(answer, "Cache-Control", etag ? "no-cache" : "no-store");
    if (etag && !x->asset)
        ok = ok && MHD_add_response_header(answer, "Vary", "Accept");
    if (x->asset || x->kept)
        ok = ok && MHD_add_response_header(answer, "ETag", etag);
    for (int i = 0; i < r->n_headers; i++) /* an empty value is refused, and is nothing to tell */
        if (r->headers[i].value[0])
            ok = ok && MHD_add_response_header(answer, r->headers[i].name, r->headers[i].value);
    return ok;
}

static void note(http_exchange *x)
{
    const response *r = &x->r;
    atomic_fetch_add(&x->server->n_answers[r->status / 100 % 6], 1);
    if (r->status == 500)
        fprintf(stderr, "%s %s: status 500, request %s\n", x->q.method, x->q.path, x->q.id);
}

enum MHD_Result http_answer_queue(http_exchange *x)
{
    uint64_t n_bytes = 0;
    mhd_response *answer = answer_body(x, &n_bytes);
    enum MHD_Result result = MHD_NO;
    note(x);
    if (answer && add_headers(answer, x))
        result = MHD_queue_response(x->connection, (unsigned int)x->r.status, answer);
    if (answer)
        MHD_destroy_response(answer);
    x->stage = HTTP_STAGE_ANSWERED;
    if (x->stream)
        http_exchange_relax(x);
    else
        http_exchange_expect(x, clock_steady_ms(), x->server->options.answer_ms, n_bytes);
    return result;
}
