/* routes — ROUTES[], the one table of what can be called over HTTP, and the search in it.
 *
 * 1. A row is the truth: the gate, the documentation (server/api/openapi) and the tests derive from
 *    it.
 * 2. A pattern's {id} takes a positive integer up to 2^53 - 1, {name} one path segment; all else is
 *    exact.
 * 3. HEAD goes wherever GET goes. A query parameter that the row does not name is refused, except
 *    with ROUTE_ANY_QUERY.
 * Threads: pure, constant tables. */
#ifndef SERVER_API_ROUTES_H
#define SERVER_API_ROUTES_H

#include "server/api/message.h"

typedef enum route_flag {
    ROUTE_INLINE = 1,     /* the handler takes no time: it runs in the event loop */
    ROUTE_UPLOAD = 2,     /* the body is streamed to files (request.files) */
    ROUTE_STREAM = 4,     /* Server-Sent Events: the answer goes on with response.stream */
    ROUTE_OPEN = 8,       /* needs no token */
    ROUTE_ANY_QUERY = 16, /* the handler checks the names of query parameters itself */
    ROUTE_CSV = 32,       /* also answers text/csv */
    ROUTE_LIST = 64,      /* has the parameters `limit` and `cursor` */
    /* May take seconds: such have workers apart, so that the quick ones do not wait behind them. */
    ROUTE_SLOW = 128,
    ROUTE_PLAN = 256, /* the same for what plans a sweep: it may have to generate many data sets */
    ROUTE_READ = 512, /* changes nothing, though it is no GET */
    ROUTE_WORKER = 1024 /* a call of workers elsewhere */
} route_flag;

typedef struct route_parameter {
    const char *name, *help;
    const char *schema; /* JSON Schema, as JSON text */
} route_parameter;

enum { ROUTE_PARAMETERS_LIMIT = 8 };

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
    const char *body_schema; /* of a JSON body: JSON text, or "spec" for the field table's schema */
    route_parameter query[ROUTE_PARAMETERS_LIMIT]; /* up to the first without a name */
} route;

extern const route ROUTES[];
extern const int ROUTE_COUNT;

typedef struct route_match {
    const route *row; /* NULL: no route with this path and method */
    bool path_known;  /* some method is served here */
    char allow[64];   /* then: "GET, HEAD, POST" */
    int64_t ids[MESSAGE_IDS_LIMIT];
    const char *name; /* into `path`, or NULL */
} route_match;

/* Finds the route of a decoded path; `method` is never HEAD. */
void routes_find(const char *method, const char *path, route_match *out);

/* The same in any table: for tests. */
void routes_find_in(const route *rows, int n, const char *method, const char *path,
                    route_match *out);

/* Parameter i of the row, those of ROUTE_LIST included: for i = 0, 1, ... until NULL. */
const route_parameter *route_parameter_get(const route *row, int i);

/* The ACCESS_ bit that the request needs, 0 if none: to read for GET, ROUTE_READ and a dry run. */
int route_access(const route *row, const request *q);

/* Every query parameter of the request is one of the row's, once. False with "/query/NAME" and the
 * nearest known name. */
FAIL_CHECKED bool route_check_query(const route *row, const request *q, fail *f);

#endif
