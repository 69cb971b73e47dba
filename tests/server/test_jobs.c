/* The state machine of runs on a real store and real training: every arrow, the refusals, and that
 * nothing is lost. */
#include "server/store/runs.h"
#include "tests/server/jobs_await.h"

#include <inttypes.h>

/* Minutes of work: to be stopped on the way. */
#define LONG "\"dataset\":{\"name\":\"moons\",\"n\":2000},\"hidden\":[64,64],\"epochs\":20000"

static const jobs_options ONE = {.n_workers = 1, .queue_limit = 50, .checkpoint_seconds = 0.05};
static const jobs_options TWO = {.n_workers = 2, .queue_limit = 50, .checkpoint_seconds = 0.05};

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
    CHECK(!api_submit(&b.app, NULL, text, strlen(text), NULL, &none, &faults));
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
    CHECK_OR_RETURN(api_submit(&b.app, NULL, text, strlen(text), "key", &first, &faults));
    CHECK_OR_RETURN(api_submit(&b.app, NULL, text, strlen(text), "key", &again, &faults));
    CHECK_EQUAL_INT(again.experiment_id, first.experiment_id);
    CHECK_EQUAL_INT(again.run_ids[0], first.run_ids[0]);
    CHECK(!api_submit(&b.app, NULL, changed, strlen(changed), "key", &other, &faults));
    CHECK_EQUAL_INT(faults.items[0].code, FAIL_CONFLICT);
    CHECK(await_experiment(&b, first.experiment_id, RUN_STATE_COMPLETED));
    free(first.run_ids);
    free(again.run_ids);
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

CHECK_MAIN("jobs", a_run_is_trained_and_leaves_its_model, one_place_runs_one_at_a_time,
           a_diverging_run_fails_and_is_tried_again, queued_and_running_runs_are_cancelled,
           a_small_experiment_does_not_wait_for_a_big_one, the_queue_has_a_limit,
           the_same_key_gives_the_same_experiment,
           a_run_that_cannot_be_trained_fails_with_the_reason)
