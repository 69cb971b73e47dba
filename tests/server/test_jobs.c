/* The state machine of runs on a real store and real training: every arrow, the refusals, and that
 * nothing is lost. */
#include "server/jobs/extend.h"
#include "server/jobs/files.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "tests/server/jobs_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <time.h>

#define QUICK "\"dataset\":{\"name\":\"moons\",\"n\":200},\"hidden\":[8],\"batch_size\":32"
/* About a millisecond an epoch: met on the way, unless the machine is very fast or this test very
 * late; then there is nothing to be met any more. */
#define STEADY "\"dataset\":{\"name\":\"moons\",\"n\":2000},\"hidden\":[32,32],\"batch_size\":32"
/* Minutes of work: to be stopped on the way. */
#define LONG "\"dataset\":{\"name\":\"moons\",\"n\":2000},\"hidden\":[64,64],\"epochs\":20000"

static const jobs_options ONE = {.n_workers = 1, .queue_limit = 50, .checkpoint_seconds = 0.05};
static const jobs_options FOUR = {.n_workers = 4, .queue_limit = 50, .checkpoint_seconds = 0.05};
static const jobs_options TWO = {.n_workers = 2, .queue_limit = 50, .checkpoint_seconds = 0.05};

/* Reads events until one says that the experiment is in this state. */
static bool await_experiment(bench *b, int64_t id, run_state status)
{
    told t;
    while (bench_next(b, &t))
        if (t.kind == EVENT_EXPERIMENT && t.experiment_id == id && t.status == status)
            return true;
    return false;
}

/* Until the experiment has recorded another epoch; false if it completes without. */
static bool await_progress(bench *b, int64_t id)
{
    told t;
    while (bench_next(b, &t)) {
        if (t.experiment_id == id && t.kind == EVENT_EPOCH)
            return true;
        if (t.experiment_id == id && t.kind == EVENT_EXPERIMENT && t.status == RUN_STATE_COMPLETED)
            return false;
    }
    return false;
}

/* The experiment as the store has it, however its events were told. */
static run_state status_of(bench *b, int64_t id)
{
    experiment e = {0};
    fail f;
    CHECK_OK(store_get_experiment(b->store, id, &e, &f), f);
    run_state status = e.status;
    experiment_close(&e);
    return status;
}

static bool await_completed(bench *b, int64_t id)
{
    told t;
    while (status_of(b, id) != RUN_STATE_COMPLETED)
        if (!bench_next(b, &t))
            return false;
    return true;
}

static bool await_epoch(bench *b, int64_t run_id, int64_t epoch)
{
    told t;
    while (bench_next(b, &t))
        if (t.kind == EVENT_EPOCH && t.run_id == run_id && t.epoch >= epoch)
            return true;
    return false;
}

static bool has_checkpoint(bench *b, int64_t run_id)
{
    char path[JOBS_PATH_BYTES];
    jobs_files files = {b->data_dir, b->identity};
    jobs_files_checkpoint(&files, run_id, path);
    return access(path, R_OK) == 0;
}

/* A worker removes it after the store has said that the run has ended. */
static bool keeps_checkpoint(bench *b, int64_t run_id)
{
    time_t end = time(NULL) + PATIENCE_MS / 1000;
    while (has_checkpoint(b, run_id) && time(NULL) < end)
        sched_yield();
    return has_checkpoint(b, run_id);
}

typedef enum place { NOWHERE, IN_ROW, IN_FILE } place;

static place model_of(bench *b, int64_t run_id)
{
    bool has = false;
    jobs_model model = {0};
    fail f;
    CHECK_OK(jobs_find_model(b->jobs, run_id, &has, &model, &f), f);
    place found = model.bytes ? IN_ROW : has ? IN_FILE : NOWHERE;
    if (found == IN_ROW)
        CHECK(access(model.path, F_OK) != 0);
    free(model.bytes);
    return found;
}

static void same_models(bench *b, int64_t one, int64_t other)
{
    char *x = NULL, *y = NULL;
    size_t n_x = 0, n_y = 0;
    fail f;
    CHECK_OK(jobs_load_model(b->jobs, one, &x, &n_x, &f), f);
    CHECK_OK(jobs_load_model(b->jobs, other, &y, &n_y, &f), f);
    CHECK(n_x > 100);
    CHECK_EQUAL_INT(n_x, n_y);
    if (x && y && n_x == n_y)
        CHECK_EQUAL_BYTES(x, y, n_x);
    free(x);
    free(y);
}

typedef struct curve {
    int64_t n;
    bool has_gap;
    double sum;
} curve;

static bool add_record(void *context, const record *r)
{
    curve *c = context;
    c->has_gap = c->has_gap || r->epoch != c->n;
    c->n++;
    c->sum += r->values[METRIC_VAL_LOSS];
    return true;
}

static curve curve_of(bench *b, int64_t run_id)
{
    curve c = {.n = 0};
    fail f;
    CHECK_OK(store_list_records(b->store, run_id, 0, add_record, &c, &f), f);
    return c;
}

/* ---- cases ---- */

static void a_run_is_trained_and_leaves_its_model(void)
{
    bench b;
    submission s;
    run row = {0};
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":5}", &s));
    CHECK_EQUAL_INT(s.n_run_ids, 1);
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    CHECK_OK(store_get_run(b.store, s.run_ids[0], &row, &f), f);
    CHECK_EQUAL_INT(row.status, RUN_STATE_COMPLETED);
    CHECK_EQUAL_INT(row.reason, STOP_REASON_FINISHED);
    CHECK_EQUAL_INT(row.epoch, 5);
    CHECK_EQUAL_INT(row.attempt, 1);
    CHECK_EQUAL_STRING(row.selected_weights, "last");
    CHECK_CONTAINS(row.provenance, "\"data_sha256\":\"");
    CHECK_CONTAINS(row.provenance, "\"blas_core\":\"");
    CHECK(isfinite(row.metrics.selected[METRIC_TEST_LOSS]));
    CHECK(row.samples_per_second > 0);
    run_close(&row);
    CHECK_EQUAL_INT(model_of(&b, s.run_ids[0]), IN_ROW);
    CHECK(!keeps_checkpoint(&b, s.run_ids[0]));
    CHECK_EQUAL_INT(curve_of(&b, s.run_ids[0]).n, 6);
    free(s.run_ids);
    bench_close(&b);
}

static void a_large_model_is_a_file(void)
{
    bench b;
    submission small, large;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &small));
    CHECK(await_experiment(&b, small.experiment_id, RUN_STATE_COMPLETED));
    CHECK_OR_RETURN(bench_submit(
        &b, "{\"dataset\":{\"name\":\"moons\",\"n\":200},\"hidden\":[90,90],\"epochs\":1}",
        &large));
    CHECK(await_experiment(&b, large.experiment_id, RUN_STATE_COMPLETED));
    CHECK_EQUAL_INT(model_of(&b, small.run_ids[0]), IN_ROW);
    CHECK_EQUAL_INT(model_of(&b, large.run_ids[0]), IN_FILE);
    CHECK_OK(jobs_delete_experiment(b.jobs, small.experiment_id, false, &f), f);
    CHECK_OK(jobs_delete_experiment(b.jobs, large.experiment_id, false, &f), f);
    CHECK_EQUAL_INT(model_of(&b, small.run_ids[0]), NOWHERE);
    CHECK_EQUAL_INT(model_of(&b, large.run_ids[0]), NOWHERE);
    free(small.run_ids);
    free(large.run_ids);
    bench_close(&b);
}

/* While the end of one is being written the next one trains, but the store never hears of more than
 * one that runs. */
static void one_place_runs_one_at_a_time(void)
{
    enum { RUNS = 40 };
    bench b;
    submission s;
    told t;
    int n_running = 0, n_most = 0, n_ended = 0;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1,\"repeats\":40}", &s));
    while (n_ended < RUNS && bench_next(&b, &t)) {
        if (t.kind != EVENT_RUN || t.status == RUN_STATE_QUEUED)
            continue;
        bool is_start = t.status == RUN_STATE_RUNNING;
        n_running += is_start ? 1 : -1;
        n_ended += !is_start;
        n_most = n_running > n_most ? n_running : n_most;
    }
    CHECK_EQUAL_INT(n_most, 1);
    CHECK_EQUAL_INT(n_running, 0);
    free(s.run_ids);
    bench_close(&b);
}

static void a_diverging_run_fails_and_is_tried_again(void)
{
    bench b;
    submission s;
    run row = {0};
    fail f;
    CHECK_OR_RETURN(bench_open(&b, TWO, NULL));
    CHECK_OR_RETURN(bench_submit(&b,
                                 "{\"dataset\":\"sine\",\"hidden\":[16],\"optimizer\":\"sgd\","
                                 "\"learning_rate\":1000,\"epochs\":10}",
                                 &s));
    int64_t id = s.run_ids[0];
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_FAILED));
    CHECK_OK(store_get_run(b.store, id, &row, &f), f);
    CHECK_EQUAL_INT(row.reason, STOP_REASON_DIVERGED);
    CHECK_CONTAINS(row.error, "no longer finite");
    run_close(&row);
    CHECK(curve_of(&b, id).n >= 1);
    CHECK_FAILS(jobs_cancel_run(b.jobs, id, &f), f, FAIL_CONFLICT, "");
    CHECK_OK(jobs_retry_run(b.jobs, id, &f), f);
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_FAILED));
    row = (run){0};
    CHECK_OK(store_get_run(b.store, id, &row, &f), f);
    CHECK_EQUAL_INT(row.attempt, 2);
    CHECK_EQUAL_INT(row.reason, STOP_REASON_DIVERGED);
    run_close(&row);
    free(s.run_ids);
    bench_close(&b);
}

static void queued_and_running_runs_are_cancelled(void)
{
    bench b;
    submission s;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" LONG ",\"repeats\":4}", &s));
    CHECK(await_epoch(&b, s.run_ids[0], 1));
    CHECK_OK(jobs_cancel_run(b.jobs, s.run_ids[3], &f), f);
    CHECK_EQUAL_INT(bench_state(&b, s.run_ids[3]), RUN_STATE_CANCELLED);
    CHECK_FAILS(jobs_cancel_run(b.jobs, s.run_ids[3], &f), f, FAIL_CONFLICT, "");
    CHECK_FAILS(jobs_retry_run(b.jobs, s.run_ids[0], &f), f, FAIL_CONFLICT, "");
    CHECK_FAILS(jobs_cancel_run(b.jobs, 4711, &f), f, FAIL_NOT_FOUND, "");
    CHECK_OK(jobs_cancel_run(b.jobs, s.run_ids[0], &f), f);
    CHECK(await_epoch(&b, s.run_ids[1], 1));
    CHECK_EQUAL_INT(bench_state(&b, s.run_ids[0]), RUN_STATE_CANCELLED);
    CHECK_OK(jobs_cancel_experiment(b.jobs, s.experiment_id, &f), f);
    CHECK_EQUAL_INT(bench_state(&b, s.run_ids[2]), RUN_STATE_CANCELLED);
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_CANCELLED));
    jobs_state state;
    jobs_get_state(b.jobs, &state);
    CHECK_EQUAL_INT(state.n_queued, 0);
    CHECK_FAILS(jobs_pause_experiment(b.jobs, s.experiment_id, &f), f, FAIL_CONFLICT, "");
    bench_stop(&b); /* what a worker tidies after its last word is done */
    for (int i = 0; i < 4; i++)
        CHECK(!keeps_checkpoint(&b, s.run_ids[i]));
    free(s.run_ids);
    CHECK(bench_start(&b));
    bench_close(&b);
}

static bool await_no_run(bench *b, int64_t id, run_state status)
{
    experiment e = {.runs = {[RUN_STATE_RUNNING] = 1}};
    told t;
    fail f;
    for (;;) {
        CHECK_OK(store_get_experiment(b->store, id, &e, &f), f);
        int64_t n = e.runs[status];
        experiment_close(&e);
        if (n == 0)
            return true;
        if (!bench_next(b, &t))
            return false;
    }
}

/* False if all its runs ended before they could be paused. */
static bool pause_and_resume(bench *b, const submission *s)
{
    fail f;
    if (!jobs_pause_experiment(b->jobs, s->experiment_id, &f)) {
        CHECK_EQUAL_INT(f.code, FAIL_CONFLICT);
        return false;
    }
    CHECK(await_no_run(b, s->experiment_id, RUN_STATE_RUNNING));
    for (int i = 0; i < 2; i++) {
        run_state state = bench_state(b, s->run_ids[i]);
        CHECK(state == RUN_STATE_PAUSED || state == RUN_STATE_COMPLETED);
    }
    if (bench_state(b, s->run_ids[1]) == RUN_STATE_COMPLETED)
        return false;
    CHECK(has_checkpoint(b, s->run_ids[0]) || model_of(b, s->run_ids[0]) != NOWHERE);
    CHECK_OK(jobs_resume_experiment(b->jobs, s->experiment_id, &f), f);
    return true;
}

static void a_paused_experiment_goes_on_where_it_was(void)
{
    bench b;
    submission s, whole;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    const char *text = "{" STEADY ",\"epochs\":500,\"dropout\":0.3,\"repeats\":2}";
    CHECK_OR_RETURN(bench_submit(&b, text, &s));
    for (int i = 0; i < 3 && await_progress(&b, s.experiment_id); i++)
        if (!pause_and_resume(&b, &s))
            break;
    CHECK(await_completed(&b, s.experiment_id));
    CHECK_FAILS(jobs_resume_experiment(b.jobs, s.experiment_id, &f), f, FAIL_CONFLICT, "");
    CHECK_OR_RETURN(bench_submit(&b, text, &whole));
    CHECK(await_experiment(&b, whole.experiment_id, RUN_STATE_COMPLETED));
    for (int i = 0; i < 2; i++) {
        same_models(&b, s.run_ids[i], whole.run_ids[i]);
        curve one = curve_of(&b, s.run_ids[i]), other = curve_of(&b, whole.run_ids[i]);
        CHECK_EQUAL_INT(one.n, 501);
        CHECK(!one.has_gap);
        CHECK_NEAR(one.sum, other.sum, 0);
        CHECK(!keeps_checkpoint(&b, s.run_ids[i]));
    }
    free(s.run_ids);
    free(whole.run_ids);
    bench_close(&b);
}

static void pausing_and_resuming_at_once_loses_nothing(void)
{
    bench b;
    submission s;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, TWO, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":60,\"repeats\":12}", &s));
    for (int i = 0; i < 15; i++) {
        if (jobs_pause_experiment(b.jobs, s.experiment_id, &f))
            CHECK(jobs_resume_experiment(b.jobs, s.experiment_id, &f) || f.code == FAIL_CONFLICT);
        else
            CHECK_EQUAL_INT(f.code, FAIL_CONFLICT);
    }
    CHECK(await_completed(&b, s.experiment_id));
    for (int i = 0; i < 12; i++) {
        curve c = curve_of(&b, s.run_ids[i]);
        CHECK_EQUAL_INT(c.n, 61);
        CHECK(!c.has_gap);
        CHECK_EQUAL_INT(bench_state(&b, s.run_ids[i]), RUN_STATE_COMPLETED);
    }
    free(s.run_ids);
    bench_close(&b);
}

static void a_stop_of_the_service_keeps_the_work(void)
{
    bench b;
    submission s, whole;
    CHECK_OR_RETURN(bench_open(&b, TWO, NULL));
    const char *text = "{" STEADY ",\"epochs\":500,\"dropout\":0.3,\"repeats\":3}";
    CHECK_OR_RETURN(bench_submit(&b, text, &s));
    for (int i = 0; i < 3 && await_progress(&b, s.experiment_id); i++) {
        bench_stop(&b);
        CHECK_OR_RETURN(bench_start(&b));
        if (status_of(&b, s.experiment_id) == RUN_STATE_COMPLETED)
            break;
    }
    CHECK(await_completed(&b, s.experiment_id));
    CHECK_OR_RETURN(bench_submit(&b, text, &whole));
    CHECK(await_experiment(&b, whole.experiment_id, RUN_STATE_COMPLETED));
    for (int i = 0; i < 3; i++) {
        same_models(&b, s.run_ids[i], whole.run_ids[i]);
        curve one = curve_of(&b, s.run_ids[i]);
        CHECK_EQUAL_INT(one.n, 501);
        CHECK(!one.has_gap);
    }
    free(s.run_ids);
    free(whole.run_ids);
    bench_close(&b);
}

static void a_small_experiment_does_not_wait_for_a_big_one(void)
{
    bench b;
    submission first, big, small;
    told t;
    experiment e = {0};
    fail f;
    int n_big = 0, n_small = 0;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" LONG "}", &first)); /* until both others wait */
    CHECK(await_epoch(&b, first.run_ids[0], 0));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":30,\"repeats\":40}", &big));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":2,\"repeats\":2}", &small));
    CHECK_OK(jobs_cancel_experiment(b.jobs, first.experiment_id, &f), f);
    while (n_small < 2 && bench_next(&b, &t)) {
        bool is_done = t.kind == EVENT_RUN && t.status == RUN_STATE_COMPLETED;
        n_big += is_done && t.experiment_id == big.experiment_id;
        n_small += is_done && t.experiment_id == small.experiment_id;
    }
    /* They take turns, two of 40. The next run trains while the end of the last is being written:
     * one more or less may be told by then. */
    CHECK(n_big >= 1 && n_big <= 3);
    CHECK(jobs_remaining_seconds(b.jobs, big.experiment_id) >= 0);
    CHECK_OK(jobs_delete_experiment(b.jobs, big.experiment_id, true, &f), f);
    CHECK_FAILS(store_get_experiment(b.store, big.experiment_id, &e, &f), f, FAIL_NOT_FOUND, "");
    for (int64_t i = 0; i < big.n_run_ids; i++)
        CHECK(model_of(&b, big.run_ids[i]) == NOWHERE && !keeps_checkpoint(&b, big.run_ids[i]));
    free(first.run_ids);
    free(big.run_ids);
    free(small.run_ids);
    bench_close(&b);
}

static void the_queue_has_a_limit(void)
{
    bench b;
    submission s;
    fail_list faults = {.n = 0};
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" LONG ",\"repeats\":45}", &s));
    const char *text = "{" LONG ",\"repeats\":20}";
    submission none;
    CHECK(!api_submit(&b.app, text, strlen(text), NULL, &none, &faults));
    CHECK_EQUAL_INT(faults.items[0].code, FAIL_QUEUE_FULL);
    CHECK_CONTAINS(faults.items[0].sentence, "limit");
    CHECK(await_epoch(&b, s.run_ids[0], 1));
    CHECK_FAILS(jobs_delete_experiment(b.jobs, s.experiment_id, false, &f), f, FAIL_CONFLICT, "");
    CHECK_OK(jobs_delete_experiment(b.jobs, s.experiment_id, true, &f), f);
    CHECK_FAILS(jobs_delete_experiment(b.jobs, s.experiment_id, true, &f), f, FAIL_NOT_FOUND, "");
    free(s.run_ids);
    bench_close(&b);
}

static void the_same_key_gives_the_same_experiment(void)
{
    bench b;
    submission first, again, other;
    fail_list faults = {.n = 0};
    const char *text = "{" QUICK ",\"epochs\":2}", *changed = "{" QUICK ",\"epochs\":3}";
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(api_submit(&b.app, text, strlen(text), "key", &first, &faults));
    CHECK_OR_RETURN(api_submit(&b.app, text, strlen(text), "key", &again, &faults));
    CHECK_EQUAL_INT(again.experiment_id, first.experiment_id);
    CHECK_EQUAL_INT(again.run_ids[0], first.run_ids[0]);
    CHECK(!api_submit(&b.app, changed, strlen(changed), "key", &other, &faults));
    CHECK_EQUAL_INT(faults.items[0].code, FAIL_CONFLICT);
    CHECK(await_experiment(&b, first.experiment_id, RUN_STATE_COMPLETED));
    free(first.run_ids);
    free(again.run_ids);
    bench_close(&b);
}

static void an_extension_trains_only_what_is_missing(void)
{
    bench b;
    submission s;
    int64_t *run_ids = NULL, n = 0;
    fail_list faults = {.n = 0};
    CHECK_OR_RETURN(bench_open(&b, TWO, NULL));
    CHECK_OR_RETURN(bench_submit(
        &b, "{" QUICK ",\"epochs\":2,\"repeats\":2,\"sweep\":{\"dropout\":[0,0.5]}}", &s));
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    static const struct {
        const char *body;
        int64_t n_runs;
    } STEPS[] = {{"{\"repeats\":3}", 2},
                 {"{\"repeats\":3}", 0},
                 {"{\"sweep\":{\"dropout\":[0.25,0.5]}}", 3},
                 {"{\"repeats\":4}", 3},
                 {"{\"repeats\":5,\"sweep\":{\"dropout\":[0.1]}}", 8},
                 {"{\"sweep\":{\"l2\":[0.001]}}", 20}};
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        jobs_extension extension = {.body = STEPS[i].body, .body_bytes = strlen(STEPS[i].body)};
        CHECK_OR_RETURN(
            jobs_extend_experiment(b.jobs, s.experiment_id, &extension, &run_ids, &n, &faults));
        CHECK_EQUAL_INT(n, STEPS[i].n_runs);
        free(run_ids);
        if (n > 0)
            CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    }
    experiment e = {0};
    fail f;
    CHECK_OK(store_get_experiment(b.store, s.experiment_id, &e, &f), f);
    CHECK_EQUAL_INT(e.n_runs, 40);
    CHECK_EQUAL_INT(e.n_configs, 8);
    experiment_close(&e);
    jobs_extension fewer = {.body = "{\"repeats\":2}", .body_bytes = 13};
    jobs_extension none = {.body = "{\"repeats\":9}", .body_bytes = 13};
    CHECK(!jobs_extend_experiment(b.jobs, s.experiment_id, &fewer, &run_ids, &n, &faults));
    CHECK_EQUAL_STRING(faults.items[0].field, "/repeats");
    faults.n = faults.n_found = 0;
    CHECK(!jobs_extend_experiment(b.jobs, 4711, &none, &run_ids, &n, &faults));
    CHECK_EQUAL_INT(faults.items[0].code, FAIL_NOT_FOUND);
    free(s.run_ids);
    bench_close(&b);
}

static int64_t runs_until(bench *b, const char *half_width, int least, int most)
{
    char text[512];
    submission s;
    told t;
    int n_completed = 0;
    snprintf(text, sizeof text,
             "{" QUICK ",\"epochs\":3,\"sweep\":{\"dropout\":[0,0.5]},\"repeats\":{\"until\":"
             "{\"metric\":\"val_loss\",\"half_width\":%s},\"min\":%d,\"max\":%d}}",
             half_width, least, most);
    if (!bench_submit(b, text, &s))
        return -1;
    free(s.run_ids);
    while (n_completed == 0 && bench_next(b, &t))
        n_completed += t.kind == EVENT_EXPERIMENT && t.experiment_id == s.experiment_id &&
                       t.status == RUN_STATE_COMPLETED;
    experiment e = {0};
    fail f;
    CHECK_OK(store_get_experiment(b->store, s.experiment_id, &e, &f), f);
    CHECK_EQUAL_INT(e.status, RUN_STATE_COMPLETED);
    CHECK_EQUAL_INT(e.runs[RUN_STATE_COMPLETED], e.n_runs);
    int64_t n_runs = e.n_runs;
    experiment_close(&e);
    return n_runs;
}

/* A slow disk: the next runs are trained while the end of one is still not said to be stored. */
static bool hear_slowly(const event_row *event)
{
    const struct timespec a_while = {.tv_nsec = 10 * 1000000};
    if (event->kind == EVENT_RUN && event->status == RUN_STATE_COMPLETED)
        nanosleep(&a_while, NULL);
    return true;
}

/* The rule looks at the same numbers, whoever trains them: an end that nobody looks at shows. */
static void seeds_are_added_until_the_interval_is_narrow(void)
{
    static const char *const WIDTHS[] = {"0.0022", "0.0023", "0.00245", "0.0026", "0.00275"};
    enum { N = 5 };
    bench b;
    int64_t n_by_one[N];
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    for (int i = 0; i < N; i++)
        n_by_one[i] = runs_until(&b, WIDTHS[i], 3, 24);
    bench_close(&b);
    CHECK(n_by_one[0] > 6);
    CHECK(n_by_one[0] < 48);
    CHECK_OR_RETURN(bench_open(&b, TWO, NULL));
    CHECK_EQUAL_INT(runs_until(&b, "100", 3, 10), 6);
    CHECK_EQUAL_INT(runs_until(&b, "1e-9", 3, 10), 20);
    for (int i = 0; i < N; i++)
        CHECK_EQUAL_INT(runs_until(&b, WIDTHS[i], 3, 24), n_by_one[i]);
    bench_close(&b);
    CHECK_OR_RETURN(bench_open(&b, FOUR, hear_slowly));
    for (int i = 0; i < N; i++)
        CHECK_EQUAL_INT(runs_until(&b, WIDTHS[i], 3, 24), n_by_one[i]);
    bench_close(&b);
}

/* Rows as a program that knew more data sets left them. */
static void a_run_that_cannot_be_trained_fails_with_the_reason(void)
{
    bench b;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    new_run rows[] = {{.config_id = "aaaaaaaaaaaa",
                       .config = "{\"dataset\":\"gone\"}",
                       .values = "{}",
                       .epochs = 3},
                      {.config_id = "bbbbbbbbbbbb",
                       .config = "{\"dataset\":\"moons\",\"surprise\":1}",
                       .values = "{}",
                       .epochs = 3}};
    new_experiment e = {.name = "",
                        .description = "",
                        .tags = "[]",
                        .spec = "{}",
                        .n_configs = 2,
                        .n_runs = 2,
                        .runs = rows,
                        .baseline_config_id = "aaaaaaaaaaaa"};
    int64_t id, run_ids[2];
    bool is_repeat;
    CHECK_OR_RETURN(store_insert_experiment(b.store, &e, &id, run_ids, &is_repeat, &f));
    jobs_add(b.jobs, id, run_ids, 2);
    CHECK(await_experiment(&b, id, RUN_STATE_FAILED));
    for (int i = 0; i < 2; i++) {
        run row = {0};
        CHECK_OK(store_get_run(b.store, run_ids[i], &row, &f), f);
        CHECK_EQUAL_INT(row.reason, STOP_REASON_ERROR);
        CHECK_CONTAINS(row.error, i ? "surprise" : "gone");
        CHECK_CONTAINS(row.provenance, "\"blas\"");
        run_close(&row);
    }
    bench_close(&b);
}

static void write_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK_OR_RETURN(file != NULL);
    (void)fclose(file);
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

static void write_own_file(const char *folder, const char *database, const char *name)
{
    char whole[96];
    snprintf(whole, sizeof whole, "%s-%s", database, name);
    write_file(folder, whole);
}

static void files_that_nobody_knows_are_removed_at_start(void)
{
    bench b;
    submission s;
    char models[128], checkpoints[128];
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    const char *own = b.identity;
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &s));
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    free(s.run_ids);
    bench_stop(&b);
    snprintf(models, sizeof models, "%s/models", b.data_dir);
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", b.data_dir);
    write_own_file(models, own, "999.safetensors");
    write_own_file(models, own, "1.safetensors.part");
    write_file(models, "notes.txt");
    write_file(models, "another-999.safetensors"); /* another database's */
    write_file(models, "another-1.safetensors.part");
    write_own_file(checkpoints, own, "1.checkpoint");
    write_own_file(checkpoints, own, "999.checkpoint");
    write_file(checkpoints, "another-1.checkpoint");
    CHECK_OR_RETURN(bench_start(&b));
    CHECK_EQUAL_INT(count_files(checkpoints), 1);
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &s)); /* the worker tidies first */
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    CHECK_EQUAL_INT(count_files(models), 3);
    free(s.run_ids);
    bench_close(&b);
}

CHECK_MAIN("jobs", a_run_is_trained_and_leaves_its_model, a_large_model_is_a_file,
           one_place_runs_one_at_a_time, a_diverging_run_fails_and_is_tried_again,
           queued_and_running_runs_are_cancelled, a_paused_experiment_goes_on_where_it_was,
           pausing_and_resuming_at_once_loses_nothing, a_stop_of_the_service_keeps_the_work,
           a_small_experiment_does_not_wait_for_a_big_one, the_queue_has_a_limit,
           the_same_key_gives_the_same_experiment, an_extension_trains_only_what_is_missing,
           seeds_are_added_until_the_interval_is_narrow,
           a_run_that_cannot_be_trained_fails_with_the_reason,
           files_that_nobody_knows_are_removed_at_start)
