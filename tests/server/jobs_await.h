/* jobs_await — what tests of the queue wait for, and what a run has left: its curve, model and
 * its checkpoint. */
#ifndef TESTS_SERVER_JOBS_AWAIT_H
#define TESTS_SERVER_JOBS_AWAIT_H

#include "server/jobs/files.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "tests/server/jobs_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <time.h>

/* Trained in no time. */
#define QUICK "\"dataset\":{\"name\":\"moons\",\"n\":200},\"hidden\":[8],\"batch_size\":32"

/* Reads events until one says that the experiment is in this state. */
CHECK_UNUSED static bool await_experiment(bench *b, int64_t id, run_state status)
{
    told t;
    while (bench_next(b, &t))
        if (t.kind == EVENT_EXPERIMENT && t.experiment_id == id && t.status == status)
            return true;
    return false;
}

/* The experiment as the store has it, however its events were told. */
CHECK_UNUSED static run_state status_of(bench *b, int64_t id)
{
    experiment e = {0};
    fail f;
    CHECK_OK(store_get_experiment(b->store, id, &e, &f), f);
    run_state status = e.status;
    experiment_close(&e);
    return status;
}

CHECK_UNUSED static bool await_completed(bench *b, int64_t id)
{
    told t;
    while (status_of(b, id) != RUN_STATE_COMPLETED)
        if (!bench_next(b, &t))
            return false;
    return true;
}

CHECK_UNUSED static bool await_epoch(bench *b, int64_t run_id, int64_t epoch)
{
    told t;
    while (bench_next(b, &t))
        if (t.kind == EVENT_EPOCH && t.run_id == run_id && t.epoch >= epoch)
            return true;
    return false;
}

/* Under whatever digest. */
CHECK_UNUSED static bool has_checkpoint(bench *b, int64_t run_id)
{
    char folder[128], start[64];
    snprintf(folder, sizeof folder, "%s/checkpoints", b->data_dir);
    snprintf(start, sizeof start, "%s-%" PRId64 "-", b->identity, run_id);
    DIR *directory = opendir(folder);
    const struct dirent *entry = NULL;
    do
        entry = directory ? readdir(directory) : NULL;
    while (entry && strncmp(entry->d_name, start, strlen(start)) != 0);
    if (directory)
        closedir(directory);
    return entry != NULL;
}

/* A worker removes it after the store has said that the run has ended. */
CHECK_UNUSED static bool keeps_checkpoint(bench *b, int64_t run_id)
{
    time_t end = time(NULL) + PATIENCE_MS / 1000;
    while (has_checkpoint(b, run_id) && time(NULL) < end)
        sched_yield();
    return has_checkpoint(b, run_id);
}

typedef enum place { NOWHERE, IN_ROW, IN_FILE } place;

CHECK_UNUSED static place model_of(bench *b, int64_t run_id)
{
    bool has = false;
    jobs_model model = {0};
    fail f;
    if (!jobs_find_model(b->jobs, run_id, &has, &model, &f)) {
        CHECK_EQUAL_INT(f.code, FAIL_NOT_FOUND); /* it was deleted */
        return NOWHERE;
    }
    place found = model.bytes ? IN_ROW : has ? IN_FILE : NOWHERE;
    if (found == IN_ROW)
        CHECK(access(model.path, F_OK) != 0);
    free(model.bytes);
    return found;
}

typedef struct curve {
    int64_t n;
    bool has_gap;
    double sum;
} curve;

CHECK_UNUSED static bool add_record(void *context, const record *r)
{
    curve *c = context;
    c->has_gap = c->has_gap || r->epoch != c->n;
    c->n++;
    c->sum += r->values[METRIC_VAL_LOSS];
    return true;
}

CHECK_UNUSED static curve curve_of(bench *b, int64_t run_id)
{
    curve c = {.n = 0};
    fail f;
    CHECK_OK(store_list_records(b->store, run_id, 0, add_record, &c, &f), f);
    return c;
}

#endif
