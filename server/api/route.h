/* route — one row of what can be called over HTTP, the search among rows, and what a row wants of a
 * request.
 *
 * 1. A row is the truth: the gate, the documentation (server/api/openapi) and the tests derive from
 *    it.
 * 2. A pattern's {id} takes a positive integer up to 2^53 - 1, {name} one path segment; all else is
 *    exact.
 * 3. HEAD goes wherever GET goes. A query parameter that the row does not name is refused, except
 *    where it has `others`.
 * Threads: pure, constant tables. */
#ifndef SERVER_API_ROUTE_H
#define SERVER_API_ROUTE_H

#include "server/api/message.h"
#include "server/codec/shape.h"
#include "server/jobs/errand.h"

typedef enum route_flag {
    ROUTE_INLINE = 1, /* the handler takes no time: it runs in the event loop */
    ROUTE_UPLOAD = 2, /* the body is streamed to files (request.files) */
    ROUTE_STREAM = 4, /* Server-Sent Events: the answer goes on with response.stream */
    ROUTE_OPEN = 8,   /* needs no token */
    ROUTE_CSV = 16,   /* also answers text/csv */
    ROUTE_SQL = 32,   /* the kind of errand that it is (server/jobs/errand.h), else a quick one */
    ROUTE_PLAN = 64,
    ROUTE_PREDICT = 1024,
    ROUTE_COMPARE = 2048,
    ROUTE_CHANGE = 4096,
    ROUTE_LASTING = 8192, /* its answer may be kept where response.lasting_run says so */
    ROUTE_READ = 128,     /* changes nothing, though it is no GET */
    ROUTE_WORKER = 256,   /* a call of workers elsewhere */
    ROUTE_OF_STATE = 512  /* a GET that what it names may not be ready for: 409 */
} route_flag;

typedef struct route {
    const char *method, *pattern;
    request_handler *handler;
    int flags;
    int status;           /* of success */
    const char *produces; /* content type of success, "" if it has no body */
    /* content types taken, separated by blanks, "-" among them: none named is fine; NULL: no body
     * wanted */
    const char *types;
    uint64_t body_limit; /* bytes */
    const char *tag, *summary;
    const shape *query;        /* the parameters; NULL: none */
    query_describer *others;   /* those of other names, which the handler checks; NULL: none */
    const shape *body;         /* of a JSON body */
    const shape *answer;       /* of success in JSON */
    const shape *other_answer; /* with status 200 where success has another; NULL: the same */
    const shape *item;         /* in place of answer: a list of such, {"items", "next_cursor"} */
} route;

typedef struct route_table {
    const route *rows;
    int n;
} route_table;

typedef struct route_match {
    const route *row; /* NULL: no route with this path and method */
    bool path_known;  /* some method is served here */
    char allow[64];   /* then: "GET, HEAD, POST" */
    int64_t ids[MESSAGE_IDS_LIMIT];
    const char *name; /* into `path`, or NULL */
} route_match;

/* Finds the row of a decoded path; `method` is never HEAD. */
void route_find(const route_table *table, const char *method, const char *path, route_match *out);

errand_kind route_kind(const route *row);

/* The ACCESS_ bit that the row wants as a rule, 0 if none: to read for GET and ROUTE_READ. */
int route_scope(const route *row);
/* The same of one request: a dry run reads. */
int route_access(const route *row, const request *q);

/* Every query parameter of the request is one of the row's, once. False with "/query/NAME" and the
 * nearest known name. */
FAIL_CHECKED bool route_check_query(const route *row, const request *q, fail *f);

#endif
