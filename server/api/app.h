/* app — what the handlers share: a few pointers, no globals. main opens and closes each; handlers
 * borrow. */
#ifndef SERVER_API_APP_H
#define SERVER_API_APP_H

#include "server/jobs/jobs.h"
#include "server/store/store.h"

struct tokens;
struct events;

/* For /metrics. */
typedef struct app_traffic {
    uint64_t requests, answers[6];     /* by hundreds of the status: [2] is 2xx */
    uint64_t late;                     /* connections cut at a deadline */
    int connections, streams, waiting; /* now open, now streaming, waiting for a worker */
} app_traffic;

/* What handlers may ask the server that they answer through, from any thread; all NULL without
 * one. */
typedef struct app_front {
    const void *server;
    void (*get_traffic)(const void *server, app_traffic *out);
    /* It waits for its handlers to end: long work is to be given up. */
    bool (*is_stopping)(const void *server);
} app_front;

typedef struct app {
    store *store;
    jobs *jobs;
    struct events *events;
    app_front front; /* http_open() fills it */
    const char *data_dir, *static_dir;
    struct errands *errands;      /* NULL: nobody counts what requests cost */
    struct memory_budget *memory; /* NULL: as much as there is */
    struct tokens *tokens;        /* NULL: nobody is asked; the event loop's alone */
    int sql_time_limit_ms, sql_max_rows;
    int64_t started_ms;
} app;

/* Takes work: the database takes writes and the data directory is there. False with what is wrong;
 * it recovers by itself. */
FAIL_CHECKED bool app_is_ready(const app *a, fail *f);

/* The front's answers; nothing, and false, without one. */
void app_get_traffic(const app *a, app_traffic *out);
bool app_is_stopping(const app *a);

#endif
