/* jobs_fixture — a service without HTTP in a folder of its own, and what it tells: what the tests
 * of the queue share. */
#ifndef TESTS_SERVER_JOBS_FIXTURE_H
#define TESTS_SERVER_JOBS_FIXTURE_H

#include "server/api/submit.h"
#include "server/jobs/jobs.h"
#include "server/store/runs.h"
#include "tests/check.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE_MS = 120000 };

typedef struct told { /* an event, as it comes out of the pipe */
    event_kind kind;
    int64_t experiment_id, run_id, epoch;
    run_state status;
} told;

typedef struct bench {
    char folder[64], database[96], data_dir[96];
    char identity[32];    /* of the database: known, too, while it is closed */
    jobs_options options; /* as given; store and data_dir are the fixture's */
    /* Sees every event, in the store's writer; those that it wants come out of the pipe. NULL: all
     * come. */
    bool (*wants)(const event_row *event);
    int pipe[2];
    store *store;
    jobs *jobs;
    app app;
} bench;

static void bench_hear(void *context, const event_row *events, int n)
{
    const bench *b = context;
    for (int i = 0; i < n; i++) {
        const event_row *e = &events[i];
        told t = {e->kind, e->experiment_id, e->run_id,
                  e->kind == EVENT_EPOCH ? e->record.epoch : e->epoch, e->status};
        if (!b->wants || b->wants(e))
            CHECK(write(b->pipe[1], &t, sizeof t) == sizeof t);
    }
}

CHECK_UNUSED static bool bench_start(bench *b)
{
    fail f;
    if (!CHECK(pipe(b->pipe) == 0) || !CHECK_OK(store_open(b->database, &b->store, &f), f))
        return false;
    store_listen(b->store, bench_hear, b);
    snprintf(b->identity, sizeof b->identity, "%s", store_identity(b->store));
    b->options.store = b->store;
    b->options.data_dir = b->data_dir;
    bool is_open = CHECK_OK(jobs_open(&b->options, &b->jobs, &f), f);
    b->app = (app){.store = b->store, .jobs = b->jobs, .data_dir = b->data_dir};
    return is_open;
}

CHECK_UNUSED static void bench_stop(bench *b)
{
    jobs_close(b->jobs);
    store_close(b->store);
    close(b->pipe[0]);
    close(b->pipe[1]);
}

CHECK_UNUSED static bool bench_open(bench *b, jobs_options options,
                                    bool (*wants)(const event_row *event))
{
    *b = (bench){.folder = "/tmp/regulab-test-jobs-XXXXXX", .options = options, .wants = wants};
    if (!CHECK(mkdtemp(b->folder) != NULL))
        return false;
    snprintf(b->database, sizeof b->database, "%s/regulab.db", b->folder);
    snprintf(b->data_dir, sizeof b->data_dir, "%s/data", b->folder);
    return bench_start(b);
}

CHECK_UNUSED static void bench_close(bench *b)
{
    char remove[128];
    bench_stop(b);
    snprintf(remove, sizeof remove, "rm -r '%s'", b->folder);
    CHECK(system(remove) == 0);
}

CHECK_UNUSED static bool bench_submit(bench *b, const char *text, submission *out)
{
    fail_list faults = {.n = 0};
    bool is_made = CHECK(api_submit(&b->app, NULL, text, strlen(text), NULL, out, &faults));
    if (!is_made)
        printf("    %s: %s\n", faults.items[0].field, faults.items[0].sentence);
    return is_made;
}

CHECK_UNUSED static bool bench_next(bench *b, told *out)
{
    struct pollfd p = {.fd = b->pipe[0], .events = POLLIN};
    return CHECK(poll(&p, 1, PATIENCE_MS) == 1) &&
           CHECK(read(b->pipe[0], out, sizeof *out) == sizeof *out);
}

CHECK_UNUSED static run_state bench_state(bench *b, int64_t run_id)
{
    run row = {0};
    fail f;
    CHECK_OK(store_get_run(b->store, run_id, &row, &f), f);
    run_state status = row.status;
    run_close(&row);
    return status;
}

#endif
