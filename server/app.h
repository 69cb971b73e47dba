/* app — what the handlers share: a few pointers, no globals. main opens and closes each; handlers
 * borrow. */
#ifndef SERVER_APP_H
#define SERVER_APP_H

#include "server/jobs.h"
#include "server/store.h"

struct events;
struct http;

typedef struct app {
    store *store;
    jobs *jobs;
    struct events *events;
    struct http *http;
    const char *data_dir, *static_dir;
    const char *token; /* NULL: none is wanted */
    int sql_time_limit_ms, sql_max_rows;
    int64_t started_ms;
} app;

/* Takes work: the database takes writes and the data directory is there. False with what is wrong;
 * it recovers by itself. */
FAIL_CHECKED bool app_is_ready(const app *a, fail *f);

#endif
