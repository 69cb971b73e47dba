/* More runs for an experiment: extensions, and seeds until an interval is narrow. */
#include "server/jobs/extend.h"
#include "tests/server/jobs_await.h"

static const jobs_options ONE = {.n_workers = 1, .queue_limit = 50, .checkpoint_seconds = 0.05};
static const jobs_options TWO = {.n_workers = 2, .queue_limit = 50, .checkpoint_seconds = 0.05};
static const jobs_options FOUR = {.n_workers = 4, .queue_limit = 50, .checkpoint_seconds = 0.05};

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
static void repeats_are_added_in_one_second_stage(void)
{
    static const char *const WIDTHS[] = {"0.0027", "0.003", "0.0035", "0.004", "0.005"};
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

CHECK_MAIN("jobs_extend", an_extension_trains_only_what_is_missing,
           repeats_are_added_in_one_second_stage)
