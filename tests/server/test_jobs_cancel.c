/* A cancel that comes while a run is being set aside for a pause, or while neither folder nor
 * database can be used: it is refused or not lost. And what a diverged run says. */
#include "server/jobs/files.h"
#include "server/store/curves.h"
#include "server/store/runs.h"
#include "tests/server/jobs_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

/* A checkpoint of some fifty megabytes: long enough in writing to be met there. */
#define LARGE                                                                                      \
    "{\"dataset\":{\"name\":\"moons\",\"n\":100},\"hidden\":[2048,2048],\"epochs\":1000,"          \
    "\"record_layers\":false}"

static const jobs_options ONE = {.n_workers = 1, .queue_limit = 50};

static bool is_of_run(const event_row *event)
{
    return event->kind == EVENT_RUN;
}

/* One with one run. */
static bool submit(bench *b, const char *text, int64_t *experiment_id, int64_t *run_id)
{
    submission s;
    if (!bench_submit(b, text, &s))
        return false;
    *experiment_id = s.experiment_id;
    *run_id = s.run_ids[0];
    free(s.run_ids);
    return true;
}

/* The next state of the run that is one of the two. */
static run_state await_either(bench *b, int64_t run_id, run_state one, run_state other)
{
    told t;
    while (bench_next(b, &t))
        if (t.run_id == run_id && (t.status == one || t.status == other))
            return t.status;
    return RUN_STATE_COUNT;
}

static int count_files(const char *folder)
{
    DIR *directory = opendir(folder);
    int n = 0;
    while (directory && readdir(directory))
        n++;
    if (directory)
        closedir(directory);
    return n - 2;
}

/* Until the checkpoint of the pause is being written, when the run has seen the pause and the store
 * has not; or has been, if this thread comes too late for that. */
static void await_checkpoint_begun(const bench *b)
{
    char folder[128];
    time_t end = time(NULL) + PATIENCE_MS / 1000;
    snprintf(folder, sizeof folder, "%s/checkpoints", b->data_dir);
    while (count_files(folder) == 0 && time(NULL) <= end)
        sched_yield();
    CHECK(time(NULL) <= end);
}

static void cancel_while_pausing(bool whole_experiment)
{
    bench b;
    int64_t experiment_id, run_id;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, is_of_run));
    CHECK_OR_RETURN(submit(&b, LARGE, &experiment_id, &run_id));
    await_either(&b, run_id, RUN_STATE_RUNNING, RUN_STATE_RUNNING);
    CHECK_OK(jobs_pause_experiment(b.jobs, experiment_id, &f), f);
    await_checkpoint_begun(&b);
    if (whole_experiment)
        CHECK_OK(jobs_cancel_experiment(b.jobs, experiment_id, &f), f);
    else
        CHECK_OK(jobs_cancel_run(b.jobs, run_id, &f), f);
    if (await_either(&b, run_id, RUN_STATE_PAUSED, RUN_STATE_CANCELLED) == RUN_STATE_PAUSED)
        CHECK_EQUAL_INT(bench_state(&b, run_id), RUN_STATE_CANCELLED);
    bench_close(&b);
}

static void a_run_that_is_going_aside_is_cancelled(void)
{
    cancel_while_pausing(false);
}

static void an_experiment_that_is_going_aside_is_cancelled(void)
{
    cancel_while_pausing(true);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static bool await_worker(bench *b)
{
    jobs_state state = {.n_running = 0};
    time_t end = time(NULL) + PATIENCE_MS / 1000;
    while (state.n_running == 0 && time(NULL) < end) {
        sched_yield();
        jobs_get_state(b->jobs, &state);
    }
    return state.n_running > 0;
}

static bool await_trouble(bench *b)
{
    time_t end = time(NULL) + PATIENCE_MS / 1000;
    while (store_is_healthy(b->store, NULL) && time(NULL) < end)
        sched_yield();
    return !store_is_healthy(b->store, NULL);
}

/* The worker has taken the run and cannot begin it. While the store cannot say so either, a cancel
 * is refused and changes nothing; then it is accepted, though the folder is still away. */
static void a_cancel_is_refused_or_kept(void)
{
    bench b;
    int64_t experiment_id, run_id;
    char away[128];
    run row = {0};
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, is_of_run));
    snprintf(away, sizeof away, "%s.away", b.data_dir);
    CHECK(rename(b.data_dir, away) == 0);
    CHECK_OR_RETURN(submit(&b, "{\"dataset\":\"moons\",\"epochs\":1}", &experiment_id, &run_id));
    CHECK(await_worker(&b));
    signal(SIGXFSZ, SIG_IGN);
    limit_files(4096);
    CHECK(!jobs_cancel_run(b.jobs, run_id, &f));
    CHECK_EQUAL_INT(f.code, FAIL_STORAGE);
    CHECK(await_trouble(&b));
    limit_files(RLIM_INFINITY);
    CHECK_OR_RETURN(store_get_run(b.store, run_id, &row, &f));
    CHECK_EQUAL_INT(row.status, RUN_STATE_QUEUED);
    run_close(&row);
    CHECK(jobs_cancel_run(b.jobs, run_id, &f));
    CHECK_EQUAL_INT(await_either(&b, run_id, RUN_STATE_CANCELLED, RUN_STATE_CANCELLED),
                    RUN_STATE_CANCELLED);
    CHECK(rename(away, b.data_dir) == 0);
    bench_close(&b);
}

static bool keep_epoch(void *context, const record *r)
{
    *(int64_t *)context = r->epoch;
    return true;
}

/* As the curve and the command line tell it. */
static void a_diverged_run_names_the_epoch_of_its_last_record(void)
{
    bench b;
    int64_t experiment_id, run_id, last = -1;
    run row = {0};
    char expected[64];
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, is_of_run));
    CHECK_OR_RETURN(submit(&b,
                           "{\"dataset\":\"sine\",\"hidden\":[16],\"optimizer\":\"sgd\","
                           "\"learning_rate\":1000,\"epochs\":10}",
                           &experiment_id, &run_id));
    await_either(&b, run_id, RUN_STATE_FAILED, RUN_STATE_FAILED);
    CHECK_OK(store_list_records(b.store, run_id, 0, keep_epoch, &last, &f), f);
    CHECK_OK(store_get_run(b.store, run_id, &row, &f), f);
    snprintf(expected, sizeof expected, "finite in epoch %" PRId64 " (", last);
    CHECK_CONTAINS(row.error, expected);
    run_close(&row);
    bench_close(&b);
}

CHECK_MAIN("jobs_cancel", a_run_that_is_going_aside_is_cancelled,
           an_experiment_that_is_going_aside_is_cancelled, a_cancel_is_refused_or_kept,
           a_diverged_run_names_the_epoch_of_its_last_record)
