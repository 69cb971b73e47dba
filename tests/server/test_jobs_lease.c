/* Leases and reports, said by an engine that trains nothing: in order, under leases that are over,
 * and for another engine. */
#include "server/store/files.h"
#include "server/store/runs.h"
#include "tests/server/fake_engine.h"

static const jobs_options TWO_FAKES = {
    .n_workers = 1, .queue_limit = 500, .engines = FAKE_ENGINES, .n_engines = 2};

/* ---- in order ---- */

static void reports_in_order_make_a_run(void)
{
    leased t;
    run row = {0};
    fail f;
    char path[JOBS_PATH_BYTES];
    run_files kept;
    jobs_checkpoint c;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    int64_t run_id = t.s.run_ids[0];
    CHECK_EQUAL_INT(t.a.lease.run_id, run_id);
    CHECK_EQUAL_INT(bench_state(&t.b, run_id), RUN_STATE_QUEUED);
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(n_records(&t.b, run_id) == 0);
    CHECK_EQUAL_INT(bench_state(&t.b, run_id), RUN_STATE_RUNNING);
    for (int64_t epoch = 0; epoch < 4; epoch++) {
        CHECK_EQUAL_INT(answer_to(&t, REPORT_PROGRESS, 0, 10 * epoch), COMMAND_GO);
        CHECK_EQUAL_INT(answer_to(&t, REPORT_RECORD, 0, epoch), COMMAND_GO);
    }
    CHECK(say(&t, REPORT_CHECKPOINT, 0, 0));
    CHECK_OR_RETURN(store_get_files(t.b.store, run_id, &kept, &f));
    jobs_files_checkpoint(&t.b.jobs->ledger.files, run_id, kept.checkpoint.sha256, path);
    CHECK_OK(t.x->owner.load_checkpoint(t.x->owner.context, &t.a.lease, &c, &f), f);
    CHECK_EQUAL_INT(c.n_bytes, strlen("state"));
    jobs_checkpoint_close(&c);
    CHECK(access(path, R_OK) == 0);
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK_OR_RETURN(store_get_run(t.b.store, run_id, &row, &f));
    CHECK_EQUAL_INT(row.status, RUN_STATE_COMPLETED);
    CHECK_NEAR(row.metrics.selected[METRIC_VAL_LOSS], 0.5, 0);
    CHECK_CONTAINS(row.provenance, "\"blas\":\"abacus\"");
    run_close(&row);
    CHECK(access(path, R_OK) != 0);
    CHECK_EQUAL_INT(n_records(&t.b, run_id), 4);
    feed(&t); /* the lease is over */
    CHECK_EQUAL_INT(n_records(&t.b, run_id), 4);
    CHECK_EQUAL_INT(bench_state(&t.b, run_id), RUN_STATE_COMPLETED);
    close_leased(&t);
}

static void a_run_that_cannot_be_started_is_told_all_the_same(void)
{
    leased t;
    run row = {0};
    fail why, f;
    command answer;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    fail_set(&why, FAIL_OUT_OF_MEMORY, "/hidden", "It is too large.");
    report r = {.lease = t.a.lease, .kind = REPORT_ENDED, .ended = {.why = &why}};
    CHECK_OK(t.x->owner.report(t.x->owner.context, &r, &answer, &f), f);
    CHECK_OR_RETURN(store_get_run(t.b.store, t.a.lease.run_id, &row, &f));
    CHECK_EQUAL_INT(row.status, RUN_STATE_FAILED);
    CHECK_EQUAL_INT(row.attempt, 1);
    CHECK_EQUAL_STRING(row.error, "/hidden: It is too large.");
    run_close(&row);
    close_leased(&t);
}

static void a_lease_that_was_not_used_goes_back_to_the_queue(void)
{
    leased t;
    assignment again;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_PAUSED, 0));
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_QUEUED);
    CHECK_OR_RETURN(fake_take(t.x, &again));
    CHECK_EQUAL_INT(again.lease.run_id, t.a.lease.run_id);
    CHECK(again.lease.epoch > t.a.lease.epoch);
    for (report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        CHECK(!say(&t, kind, TRAIN_STOP_FINISHED, 1));
    t.a = again;
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_COMPLETED);
    close_leased(&t);
}

/* ---- commands ---- */

static void answers_are_what_users_wish(void)
{
    leased t;
    fail f;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK_EQUAL_INT(answer_to(&t, REPORT_STARTED, 0, 0), COMMAND_GO);
    CHECK_OK(jobs_pause_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_PROGRESS, 0, 1), COMMAND_PAUSE);
    CHECK_OK(jobs_resume_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_RECORD, 0, 0), COMMAND_GO);
    CHECK_OK(jobs_pause_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_CHECKPOINT, 0, 0), COMMAND_PAUSE);
    CHECK_OK(jobs_resume_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    /* It had paused by then, and goes on under the same lease. */
    CHECK_EQUAL_INT(answer_to(&t, REPORT_ENDED, TRAIN_STOP_PAUSED, 0), COMMAND_GO);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_RECORD, 0, 1), COMMAND_GO);
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_RUNNING);
    CHECK_OK(jobs_cancel_run(t.b.jobs, t.a.lease.run_id, &f), f);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_PROGRESS, 0, 2), COMMAND_CANCEL);
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_CANCELLED, 0));
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_CANCELLED);
    close_leased(&t);
}

static void a_run_that_paused_is_cancelled_where_that_is_wished(void)
{
    leased t;
    fail f;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK_OK(jobs_pause_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_PROGRESS, 0, 1), COMMAND_PAUSE);
    CHECK_OK(jobs_cancel_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_ENDED, TRAIN_STOP_PAUSED, 0), COMMAND_CANCEL);
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_CANCELLED);
    feed(&t);
    close_leased(&t);
}

/* A pause waits at the store; the engine may leave. */
static void places_lend_their_threads(void)
{
    leased t;
    assignment other;
    command answer;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS ",\"repeats\":2}"));
    CHECK_EQUAL_INT(t.a.threads, FAKE_PLACES);
    CHECK(fake_say(t.x, &t.a, REPORT_STARTED, 0, 0, &answer));
    CHECK_OR_RETURN(fake_take(t.x, &other));
    CHECK(fake_say(t.x, &t.a, REPORT_PROGRESS, 0, 1, &answer));
    int n = answer.threads;
    CHECK(fake_say(t.x, &other, REPORT_STARTED, 0, 0, &answer));
    CHECK_EQUAL_INT(n + answer.threads, FAKE_PLACES);
    CHECK(fake_say(t.x, &other, REPORT_ENDED, TRAIN_STOP_FINISHED, 0, &answer));
    CHECK(fake_say(t.x, &t.a, REPORT_PROGRESS, 0, 2, &answer));
    CHECK_EQUAL_INT(answer.threads, FAKE_PLACES);
    CHECK(fake_say(t.x, &t.a, REPORT_ENDED, TRAIN_STOP_FINISHED, 0, &answer));
    close_leased(&t);
}

/* ---- stale epochs, other engines ---- */

static void a_report_under_a_lease_that_is_over_changes_nothing(void)
{
    leased t, stale;
    fail f;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    stale = t;
    int64_t run_id = t.a.lease.run_id;
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(say(&t, REPORT_RECORD, 0, 0));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_DIVERGED, 0));
    CHECK_OK(jobs_retry_run(t.b.jobs, run_id, &f), f);
    CHECK_OR_RETURN(fake_take(t.x, &t.a));
    CHECK(t.a.lease.epoch > stale.a.lease.epoch);
    CHECK(!say(&stale, REPORT_STARTED, 0, 0));
    CHECK_EQUAL_INT(bench_state(&t.b, run_id), RUN_STATE_QUEUED);
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    for (report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        CHECK(!say(&stale, kind, TRAIN_STOP_FINISHED, 1));
    CHECK_EQUAL_INT(stage_of(&t.b, run_id), LEASE_TRAINING);
    CHECK_EQUAL_INT(n_records(&t.b, run_id), 0);
    CHECK(say(&t, REPORT_RECORD, 0, 0));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK_EQUAL_INT(n_records(&t.b, run_id), 1);
    CHECK_EQUAL_INT(bench_state(&t.b, run_id), RUN_STATE_COMPLETED);
    close_leased(&t);
}

/* As a worker on another machine would that has not heard of the restart. */
static void epochs_go_on_after_a_restart(void)
{
    leased t;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    assignment first = t.a;
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_PAUSED, 0)); /* not started: nothing tells of it */
    bench_stop(&t.b);
    CHECK_OR_RETURN(bench_start(&t.b));
    CHECK_OR_RETURN(fake_take(t.x, &t.a));
    CHECK_EQUAL_INT(t.a.lease.run_id, first.lease.run_id);
    CHECK(t.a.lease.epoch > first.lease.epoch);
    leased stale = t;
    stale.a = first;
    for (report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        CHECK(!say(&stale, kind, TRAIN_STOP_FINISHED, 1));
    CHECK_EQUAL_INT(stage_of(&t.b, first.lease.run_id), LEASE_GIVEN);
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    close_leased(&t);
}

static void an_engine_does_not_speak_for_another(void)
{
    leased t;
    CHECK_OR_RETURN(open_leased(&t, &TWO_FAKES, "{" MOONS ",\"repeats\":2}"));
    leased other = t;
    other.x = &fakes[1];
    for (report_kind kind = 0; kind < REPORT_KIND_COUNT; kind++)
        CHECK(!say(&other, kind, TRAIN_STOP_FINISHED, 1));
    CHECK_OR_RETURN(fake_take(other.x, &other.a));
    CHECK(other.a.lease.run_id != t.a.lease.run_id);
    CHECK(say(&other, REPORT_STARTED, 0, 0));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(say(&other, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    jobs_state state;
    jobs_get_state(t.b.jobs, &state);
    CHECK_EQUAL_INT(state.n_workers, 2 * FAKE_PLACES);
    CHECK_EQUAL_INT(state.n_running, 0);
    close_leased(&t);
}

static void an_engine_has_no_more_leases_than_places(void)
{
    leased t;
    assignment all[FAKE_PLACES], more;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS ",\"repeats\":5}"));
    all[0] = t.a;
    for (int i = 1; i < FAKE_PLACES; i++)
        CHECK_OR_RETURN(fake_take(t.x, &all[i]));
    CHECK(!t.x->owner.take(t.x->owner.context, &more));
    for (int i = 0; i < FAKE_PLACES; i++) {
        t.a = all[i];
        CHECK(say(&t, REPORT_STARTED, 0, 0));
        CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    }
    for (int i = FAKE_PLACES; i < 5; i++) {
        CHECK_OR_RETURN(fake_take(t.x, &t.a));
        CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_CANCELLED, 0));
    }
    CHECK(!t.x->owner.take(t.x->owner.context, &more));
    close_leased(&t);
}

CHECK_MAIN("jobs_lease", reports_in_order_make_a_run,
           a_run_that_cannot_be_started_is_told_all_the_same,
           a_lease_that_was_not_used_goes_back_to_the_queue, answers_are_what_users_wish,
           a_run_that_paused_is_cancelled_where_that_is_wished, places_lend_their_threads,
           a_report_under_a_lease_that_is_over_changes_nothing, epochs_go_on_after_a_restart,
           an_engine_does_not_speak_for_another, an_engine_has_no_more_leases_than_places)
