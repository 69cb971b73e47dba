/* Commands from several threads at once to runs that are being taken, trained and ended: no run is
 * left queued with nobody to take it, none is trained twice. */
#include "server/store/experiments.h"
#include "tests/server/jobs_fixture.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#define QUICK "\"dataset\":{\"name\":\"moons\",\"n\":100},\"hidden\":[4],\"batch_size\":50"

enum { RUNS = 12, THREADS = 4, COMMANDS = 150, RUNS_LIMIT = 4096 };

static atomic_int running[RUNS_LIMIT]; /* by run: started and not yet said to have stopped */
static atomic_int n_twice;

/* Every `running` is followed by another state before the next one. */
static bool watch(const event_row *event)
{
    bool is_running = event->status == RUN_STATE_RUNNING;
    if (event->kind == EVENT_RUN && event->run_id < RUNS_LIMIT)
        n_twice += atomic_exchange(&running[event->run_id], is_running) && is_running;
    return event->kind == EVENT_EXPERIMENT && run_state_is_terminal(event->status);
}

static jobs_options workers(int n)
{
    return (jobs_options){.n_workers = n, .queue_limit = 10000};
}

static bool open_watched(bench *b, int n_workers)
{
    n_twice = 0;
    memset(running, 0, sizeof running);
    return bench_open(b, workers(n_workers), watch);
}

static run_state state_of(bench *b, int64_t experiment_id, int64_t runs[RUN_STATE_COUNT])
{
    experiment e = {0};
    fail f;
    CHECK_OK(store_get_experiment(b->store, experiment_id, &e, &f), f);
    run_state status = e.status;
    memcpy(runs, e.runs, sizeof e.runs);
    experiment_close(&e);
    return status;
}

/* Until the store says that it has ended; each word of the listener is a reason to look. */
static bool await_end(bench *b, int64_t experiment_id)
{
    int64_t runs[RUN_STATE_COUNT];
    told t;
    while (!run_state_is_terminal(state_of(b, experiment_id, runs)))
        if (!bench_next(b, &t)) {
            printf("    queued %" PRId64 ", running %" PRId64 ", paused %" PRId64 "\n",
                   runs[RUN_STATE_QUEUED], runs[RUN_STATE_RUNNING], runs[RUN_STATE_PAUSED]);
            return false;
        }
    return true;
}

typedef struct commander {
    bench *b;
    const submission *s;
    unsigned seed;
} commander;

static void command(const commander *c, unsigned dice, int64_t run_id)
{
    jobs *j = c->b->jobs;
    fail f = {.code = FAIL_NONE};
    bool is_done;
    switch (dice) {
    case 0:
    case 1:
        is_done = jobs_pause_experiment(j, c->s->experiment_id, &f);
        break;
    case 2:
    case 3:
    case 4:
        is_done = jobs_resume_experiment(j, c->s->experiment_id, &f);
        break;
    case 5:
        is_done = jobs_cancel_run(j, run_id, &f);
        break;
    case 6:
        is_done = jobs_cancel_experiment(j, c->s->experiment_id, &f);
        break;
    default:
        is_done = jobs_retry_run(j, run_id, &f);
        break;
    }
    CHECK(is_done || f.code == FAIL_CONFLICT);
}

static void *give_commands(void *context)
{
    commander *c = context;
    for (int i = 0; i < COMMANDS; i++) {
        int64_t run_id = c->s->run_ids[(unsigned)rand_r(&c->seed) % (unsigned)c->s->n_run_ids];
        command(c, (unsigned)rand_r(&c->seed) % 12, run_id);
    }
    return NULL;
}

static void all_runs_end(bench *b, const submission *s)
{
    fail f;
    int64_t runs[RUN_STATE_COUNT], sum = 0;
    CHECK(jobs_resume_experiment(b->jobs, s->experiment_id, &f) || f.code == FAIL_CONFLICT);
    CHECK(await_end(b, s->experiment_id));
    for (int64_t i = 0; i < s->n_run_ids; i++) /* those that were cancelled */
        CHECK(jobs_retry_run(b->jobs, s->run_ids[i], &f) || f.code == FAIL_CONFLICT);
    CHECK(await_end(b, s->experiment_id));
    CHECK_EQUAL_INT(state_of(b, s->experiment_id, runs), RUN_STATE_COMPLETED);
    CHECK_EQUAL_INT(runs[RUN_STATE_COMPLETED], s->n_run_ids);
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        sum += runs[i];
    CHECK_EQUAL_INT(sum, s->n_run_ids);
    CHECK_EQUAL_INT(atomic_load(&n_twice), 0);
    jobs_state state;
    jobs_get_state(b->jobs, &state);
    CHECK_EQUAL_INT(state.n_queued, 0);
}

static void commands_at_once(int n_workers, int n_epochs)
{
    bench b;
    submission s;
    char text[256];
    pthread_t threads[THREADS];
    commander commanders[THREADS];
    CHECK_OR_RETURN(open_watched(&b, n_workers));
    snprintf(text, sizeof text, "{" QUICK ",\"epochs\":%d,\"repeats\":%d}", n_epochs, RUNS);
    CHECK_OR_RETURN(bench_submit(&b, text, &s));
    for (int i = 0; i < THREADS; i++) {
        commanders[i] = (commander){&b, &s, (unsigned)(7 * i + n_workers)};
        CHECK(pthread_create(&threads[i], NULL, give_commands, &commanders[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    all_runs_end(&b, &s);
    free(s.run_ids);
    bench_close(&b);
}

static void one_worker_short_runs(void)
{
    commands_at_once(1, 1);
}

static void two_workers_short_runs(void)
{
    commands_at_once(2, 1);
}

static void three_workers_longer_runs(void)
{
    commands_at_once(3, 40);
}

/* Submitting, cancelling and deleting cross each other. */
typedef struct submitter {
    bench *b;
    atomic_int is_over;
    int n_runs;
} submitter;

static bool cancel_or_pause(void *context, const experiment *e)
{
    bench *b = context;
    fail f;
    if (run_state_is_terminal(e->status))
        return true;
    switch (e->id % 4) {
    case 0:
        CHECK(jobs_pause_experiment(b->jobs, e->id, &f) || f.code == FAIL_CONFLICT);
        CHECK(jobs_resume_experiment(b->jobs, e->id, &f) || f.code == FAIL_CONFLICT);
        break;
    case 1:
        CHECK(jobs_cancel_experiment(b->jobs, e->id, &f));
        break;
    case 2:
        CHECK(jobs_delete_experiment(b->jobs, e->id, true, &f));
        break;
    default:
        break;
    }
    return true;
}

/* Whatever it sees, as soon as it can be seen. */
static void *interfere(void *context)
{
    submitter *x = context;
    char cursor[64];
    fail f;
    while (!atomic_load(&x->is_over)) {
        experiment_query q = {.status = -1, .sort = "-id", .limit = 3};
        CHECK_OK(store_list_experiments(x->b->store, &q, cancel_or_pause, x->b, cursor, &f), f);
    }
    return NULL;
}

static void a_submission_is_commanded_before_it_is_queued(void)
{
    bench b;
    enum { N = 60 };
    pthread_t thread;
    submission s[N];
    CHECK_OR_RETURN(open_watched(&b, 2));
    submitter x = {.b = &b};
    CHECK(pthread_create(&thread, NULL, interfere, &x) == 0);
    for (int i = 0; i < N; i++)
        CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1,\"repeats\":4}", &s[i]));
    atomic_store(&x.is_over, 1);
    pthread_join(thread, NULL);
    for (int i = 0; i < N; i++) {
        experiment e = {0};
        fail f;
        bool is_there = store_get_experiment(b.store, s[i].experiment_id, &e, &f);
        CHECK(is_there || (s[i].experiment_id % 4 == 2 && f.code == FAIL_NOT_FOUND));
        experiment_close(&e);
        if (is_there)
            CHECK(await_end(&b, s[i].experiment_id));
        free(s[i].run_ids);
    }
    CHECK_EQUAL_INT(atomic_load(&n_twice), 0);
    bench_close(&b);
}

/* The rule that adds seeds runs while a run ends; a cancel that crosses it is the last word. */
static void a_cancelled_experiment_gets_no_more_seeds(void)
{
    bench b;
    enum { N = 15, SEEDS_MOST = 1000 };
    int64_t runs[RUN_STATE_COUNT];
    CHECK_OR_RETURN(open_watched(&b, 2));
    for (int i = 0; i < N; i++) {
        submission s;
        fail f;
        CHECK_OR_RETURN(bench_submit(&b,
                                     "{" QUICK
                                     ",\"epochs\":1,\"sweep\":{\"dropout\":[0,0.5]},\"repeats\":"
                                     "{\"until\":{\"half_width\":1e-12},\"min\":2,\"max\":1000}}",
                                     &s));
        for (int n = 0; n < 2 * i; n++) /* a little later each time */
            (void)state_of(&b, s.experiment_id, runs);
        CHECK_OK(jobs_cancel_experiment(b.jobs, s.experiment_id, &f), f);
        CHECK(await_end(&b, s.experiment_id));
        run_state status = state_of(&b, s.experiment_id, runs);
        CHECK(status == RUN_STATE_CANCELLED || status == RUN_STATE_COMPLETED);
        CHECK(runs[RUN_STATE_COMPLETED] < 2 * SEEDS_MOST);
        free(s.run_ids);
    }
    CHECK_EQUAL_INT(atomic_load(&n_twice), 0);
    bench_close(&b);
}

/* The store says that the run has ended a moment before its worker has left it. */
static void what_is_seen_as_completed_can_be_deleted(void)
{
    bench b;
    enum { N = 40 };
    int64_t runs[RUN_STATE_COUNT];
    CHECK_OR_RETURN(open_watched(&b, 2));
    for (int i = 0; i < N; i++) {
        submission s;
        fail f;
        CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &s));
        while (state_of(&b, s.experiment_id, runs) != RUN_STATE_COMPLETED)
            sched_yield();
        CHECK_OK(jobs_delete_experiment(b.jobs, s.experiment_id, false, &f), f);
        free(s.run_ids);
    }
    CHECK_EQUAL_INT(atomic_load(&n_twice), 0);
    bench_close(&b);
}

/* The service stops while commands come: the next start finds everything. */
static void a_stop_in_between_loses_nothing(void)
{
    bench b;
    submission s;
    CHECK_OR_RETURN(open_watched(&b, 2));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":30,\"repeats\":12}", &s));
    for (int i = 0; i < 12; i++) {
        commander c = {&b, &s, (unsigned)i};
        command(&c, (unsigned)i % 5, s.run_ids[i]);
        bench_stop(&b);
        memset(running, 0, sizeof running);
        CHECK_OR_RETURN(bench_start(&b));
    }
    all_runs_end(&b, &s);
    free(s.run_ids);
    bench_close(&b);
}

CHECK_MAIN("jobs_race", one_worker_short_runs, two_workers_short_runs, three_workers_longer_runs,
           a_submission_is_commanded_before_it_is_queued, a_cancelled_experiment_gets_no_more_seeds,
           what_is_seen_as_completed_can_be_deleted, a_stop_in_between_loses_nothing)
