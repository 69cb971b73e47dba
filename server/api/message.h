/* message — one HTTP request as the handlers see it, and the answer they fill. Knows nothing of
 * libmicrohttpd.
 *
 * 1. A request is const and valid until its handler returns; every text in it is checked UTF-8,
 *    NUL-terminated, decoded once.
 * 2. A handler always fills the response: a status with a body, or a fail turned into
 *    application/problem+json.
 * 3. Handlers run in a worker (never in the event loop) unless their route says
 *    ROUTE_INLINE. */
#ifndef SERVER_API_MESSAGE_H
#define SERVER_API_MESSAGE_H

#include "core/base/fail.h"
#include "server/codec/shape.h"
#include "server/text/buffer.h"

#include <stdint.h>

struct app;
struct errand;
struct route;

typedef struct message_pair {
    const char *name, *value;
} message_pair; /* header names in lower case */

typedef struct message_file { /* an uploaded body or multipart part, streamed to disk */
    const char *path;         /* temporary file, removed after the handler returns unless renamed */
    const char *file_name;    /* as the client named it, "" if not */
    const char *content_type;
    uint64_t bytes;
} message_file;

enum { MESSAGE_IDS_LIMIT = 2, MESSAGE_HEADERS_LIMIT = 8, MESSAGE_REQUEST_ID_BYTES = 40 };

typedef struct request {
    const struct route *route;      /* its row: what query and body are read by */
    const struct errand *errand;    /* NULL: nobody counts */
    const char *method, *path;      /* "GET" also for HEAD */
    int64_t ids[MESSAGE_IDS_LIMIT]; /* the {id}s of the route's pattern, in order */
    const char *name;               /* its {name}, or NULL */
    int n_query, n_headers, n_files;
    const message_pair *query, *headers;
    const message_file *files; /* of a ROUTE_UPLOAD route */
    const char *content_type;  /* lower case, without parameters; "" if none */
    const char *body;          /* NUL-terminated; NULL for uploads */
    size_t body_bytes;
    char id[MESSAGE_REQUEST_ID_BYTES]; /* X-Request-Id */
} request;

typedef struct response {
    int status;               /* 0 until filled */
    const char *content_type; /* constant text */
    buffer body;
    int n_headers;
    struct {
        const char *name;
        char value[256];
    } headers[MESSAGE_HEADERS_LIMIT];
    /* It is of this finished run and stays as it is until that is forgotten: may be kept; 0: not */
    int64_t lasting_run;
    int64_t forgotten_run;             /* what was kept of this run is over; of all (-1) */
    char file_path[512];               /* not "": send this file instead of the body */
    struct event_subscription *stream; /* of a ROUTE_STREAM route: what follows the body; owned */
} response;

typedef void request_handler(struct app *app, const request *q, response *r);

/* Writes the members of the JSON Schema of an object: parameters of a query that are not rows of
 * the route's own shape. */
typedef void query_describer(buffer *b, const shape *own);

/* Query parameter / header by name (header in lower case), or NULL. */
const char *request_query(const request *q, const char *name);
const char *request_header(const request *q, const char *name);

/* Reads the query's parameters by the route's shape into its struct, which holds what it is to have
 * where nothing is said; texts are borrowed. False with *f at "/query/NAME". */
FAIL_CHECKED bool request_read_query(const request *q, void *out, fail *f);
/* A body that nobody reads would be lost without a word: it must be empty, or {}. False with the
 * sentence. */
FAIL_CHECKED bool request_check_no_body(const request *q, const char *sentence, fail *f);
/* Reads the JSON body by the route's shape, whose shape_close() frees it. False: the response tells
 * every fault. */
FAIL_CHECKED bool request_read_body(const request *q, void *out, response *r);

/* True if the client's If-None-Match names this tag (quoted): 304 will do. */
bool request_has_etag(const request *q, const char *etag);

/* True if the client prefers text/csv to JSON by its Accept header. */
bool request_wants_csv(const request *q);

/* A handler fills the body through r->body and then calls this. */
void response_set(response *r, int status, const char *content_type);
void response_add_header(response *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Turns a fail (or a list of a specification's faults) into problem+json with the status of its
 * code: the one place for that. */
void response_fail(response *r, const fail *f);
void response_fail_list(response *r, const char *detail, const fail_list *faults);

/* The same with a status of its own, where the code alone does not say it (414, 421, 501). */
void response_problem(response *r, int status, const fail *f);

/* Starts anew: empty, and with room for answers up to `body_limit` bytes. */
void response_init(response *r, size_t body_limit);
void response_close(response *r);        /* frees the body; the stream is for its owner */
const char *response_reason(int status); /* "Not Found"; "Unknown" */

#define MESSAGE_JSON "application/json"
#define MESSAGE_PROBLEM "application/problem+json"
#define MESSAGE_CSV "text/csv; charset=utf-8"

#endif
