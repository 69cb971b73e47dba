/* Work that is interrupted goes on where it was, on a real store and with real training: paused
 * runs, and those of a service that stops. */
#include "tests/server/jobs_await.h"

/* About a millisecond an epoch, so that a run is met on the way. What a sanitizer slows down has
 * fewer of them. */
#define STEADY "\"dataset\":{\"name\":\"moons\",\"n\":2000},\"hidden\":[32,32],\"batch_size\":32"
#if defined __SANITIZE_THREAD__
enum { STEADY_EPOCHS = 30 };
#define STEADY_TEXT "30"
#elif defined __SANITIZE_ADDRESS__
enum { STEADY_EPOCHS = 100 };
#define STEADY_TEXT "100"
#else
enum { STEADY_EPOCHS = 400 };
#define STEADY_TEXT "400"
#endif

static const jobs_options ONE = {.n_workers = 1, .queue_limit = 50, .checkpoint_seconds = 0.05};
static const jobs_options TWO = {.n_workers = 2, .queue_limit = 50, .checkpoint_seconds = 0.05};

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
    const char *text = "{" STEADY ",\"epochs\":" STEADY_TEXT ",\"dropout\":0.3,\"repeats\":2}";
    CHECK_OR_RETURN(bench_submit(&b, text, &s));
    int n_pauses = 0;
    while (n_pauses < 3 && await_progress(&b, s.experiment_id) && pause_and_resume(&b, &s))
        n_pauses++;
    CHECK(n_pauses > 0);
    CHECK(await_completed(&b, s.experiment_id));
    CHECK_FAILS(jobs_resume_experiment(b.jobs, s.experiment_id, &f), f, FAIL_CONFLICT, "");
    CHECK_OR_RETURN(bench_submit(&b, text, &whole));
    CHECK(await_experiment(&b, whole.experiment_id, RUN_STATE_COMPLETED));
    for (int i = 0; i < 2; i++) {
        same_models(&b, s.run_ids[i], whole.run_ids[i]);
        curve one = curve_of(&b, s.run_ids[i]), other = curve_of(&b, whole.run_ids[i]);
        CHECK_EQUAL_INT(one.n, STEADY_EPOCHS + 1);
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
    const char *text = "{" STEADY ",\"epochs\":" STEADY_TEXT ",\"dropout\":0.3,\"repeats\":3}";
    CHECK_OR_RETURN(bench_submit(&b, text, &s));
    int n_stops = 0;
    while (n_stops < 3 && await_progress(&b, s.experiment_id)) {
        bench_stop(&b);
        CHECK_OR_RETURN(bench_start(&b));
        if (status_of(&b, s.experiment_id) == RUN_STATE_COMPLETED)
            break;
        n_stops++;
    }
    CHECK(n_stops > 0);
    CHECK(await_completed(&b, s.experiment_id));
    CHECK_OR_RETURN(bench_submit(&b, text, &whole));
    CHECK(await_experiment(&b, whole.experiment_id, RUN_STATE_COMPLETED));
    for (int i = 0; i < 3; i++) {
        same_models(&b, s.run_ids[i], whole.run_ids[i]);
        curve one = curve_of(&b, s.run_ids[i]);
        CHECK_EQUAL_INT(one.n, STEADY_EPOCHS + 1);
        CHECK(!one.has_gap);
    }
    free(s.run_ids);
    free(whole.run_ids);
    bench_close(&b);
}

CHECK_MAIN("jobs_resume", a_paused_experiment_goes_on_where_it_was,
           pausing_and_resuming_at_once_loses_nothing, a_stop_of_the_service_keeps_the_work)
