/* Reports out of order: at every stage that can be met, while a disk refuses, and at random. */
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "tests/server/fake_engine.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void *say_ended(void *context)
{
    CHECK(say(context, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    return NULL;
}

static void *say_paused(void *context)
{
    CHECK(say(context, REPORT_ENDED, TRAIN_STOP_PAUSED, 0));
    return NULL;
}

static void *say_checkpoint(void *context)
{
    CHECK(say(context, REPORT_CHECKPOINT, 0, 0));
    return NULL;
}

/* ---- every stage that can be met ---- */

static void reports_to_a_run_that_was_given_and_that_trains(void)
{
    leased t;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_GIVEN));
    feed(&t);
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_TRAINING));
    feed(&t);
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    close_leased(&t);
}

static void reports_while_a_checkpoint_is_stored(void)
{
    leased t;
    pthread_t thread;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    block_at(EVENT_EPOCH);
    CHECK(say(&t, REPORT_RECORD, 0, 0));
    CHECK(pthread_create(&thread, NULL, say_checkpoint, &t) == 0);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_SAVING));
    feed(&t);
    unblock();
    pthread_join(thread, NULL);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_TRAINING));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK_EQUAL_INT(n_records(&t.b, t.a.lease.run_id), 1);
    close_leased(&t);
}

static void reports_while_a_run_goes_aside(void)
{
    leased t;
    pthread_t thread;
    fail f;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK_OK(jobs_pause_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    block_at(EVENT_RUN);
    CHECK(pthread_create(&thread, NULL, say_paused, &t) == 0);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_ASIDE));
    feed(&t);
    unblock();
    pthread_join(thread, NULL);
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_PAUSED);
    feed(&t);
    close_leased(&t);
}

/* The last one waits for the end of another, and nobody waits with it. */
static void reports_while_an_end_is_stored_and_to_the_last(void)
{
    leased t, last;
    pthread_t thread;
    assignment more;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS ",\"repeats\":2}"));
    last = t;
    CHECK_OR_RETURN(fake_take(t.x, &last.a));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(say(&last, REPORT_STARTED, 0, 0));
    CHECK_EQUAL_INT(n_records(&t.b, t.a.lease.run_id), 0);
    block_at(EVENT_RUN);
    CHECK(pthread_create(&thread, NULL, say_ended, &t) == 0);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_LEAVING));
    feed(&t);
    CHECK(say(&last, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK(await_stage(&t.b, last.a.lease.run_id, LEASE_LAST));
    feed(&last);
    jobs_state state;
    jobs_get_state(t.b.jobs, &state);
    CHECK_EQUAL_INT(state.n_running, 1);
    CHECK(!t.x->owner.take(t.x->owner.context, &more));
    unblock();
    pthread_join(thread, NULL);
    CHECK(await_stage(&t.b, last.a.lease.run_id, LEASE_OVER));
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_COMPLETED);
    CHECK_EQUAL_INT(bench_state(&t.b, last.a.lease.run_id), RUN_STATE_COMPLETED);
    close_leased(&t);
}

/* Four runs whose differences are far from known: more seeds are wanted. */
static void reports_while_more_seeds_are_asked_for(void)
{
    leased t;
    pthread_t thread;
    jobs_queue_hold hold;
    CHECK_OR_RETURN(open_leased(&t, &FAKE,
                                "{" MOONS ",\"sweep\":{\"dropout\":[0,0.5]},\"repeats\":{\"until\":"
                                "{\"half_width\":1e-9},\"min\":2,\"max\":3}}"));
    for (int i = 0; i < 3; i++) {
        train_result result = fake_result(&t.a, TRAIN_STOP_FINISHED, 0.2 * i * i);
        report r = {.lease = t.a.lease, .kind = REPORT_ENDED, .ended = {.result = &result}};
        command answer;
        fail f;
        CHECK(say(&t, REPORT_STARTED, 0, 0));
        CHECK_OK(t.x->owner.report(t.x->owner.context, &r, &answer, &f), f);
        train_result_close(&result);
        CHECK_OR_RETURN(fake_take(t.x, &t.a));
    }
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(jobs_hold(t.b.jobs, t.s.experiment_id, 0, &hold));
    CHECK(pthread_create(&thread, NULL, say_ended, &t) == 0);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_DECIDING));
    feed(&t);
    jobs_let_go(t.b.jobs, &hold);
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) {
        CHECK_OR_RETURN(fake_take(t.x, &t.a));
        CHECK(say(&t, REPORT_STARTED, 0, 0));
        CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    }
    experiment e = {0};
    fail f;
    CHECK_OK(store_get_experiment(t.b.store, t.s.experiment_id, &e, &f), f);
    CHECK_EQUAL_INT(e.status, RUN_STATE_COMPLETED);
    CHECK_EQUAL_INT(e.runs[RUN_STATE_COMPLETED], 6);
    experiment_close(&e);
    close_leased(&t);
}

/* ---- a disk that refuses ---- */

/* The lease that an engine has not got. */
static lease lease_of(const bench *b, int64_t run_id)
{
    jobs_lock(b->jobs);
    const leased_run *l = jobs_find(b->jobs, run_id);
    lease found = l ? l->lease : (lease){0};
    jobs_unlock(b->jobs);
    return found;
}

static void a_blocked_run_is_offered_again(void)
{
    leased t = {.x = &fakes[0]};
    char away[128];
    fail f;
    n_fakes = 0;
    CHECK_OR_RETURN(bench_open(&t.b, FAKE, block));
    snprintf(away, sizeof away, "%s.away", t.b.data_dir);
    CHECK(rename(t.b.data_dir, away) == 0);
    CHECK_OR_RETURN(bench_submit(&t.b, "{" MOONS ",\"repeats\":2}", &t.s));
    for (int i = 0; i < 2; i++) { /* once the clerk has tidied */
        while (!lease_of(&t.b, t.s.run_ids[i]).run_id)
            CHECK(!t.x->owner.take(t.x->owner.context, &t.a));
        t.a.lease = lease_of(&t.b, t.s.run_ids[i]);
        CHECK(await_stage(&t.b, t.s.run_ids[i], LEASE_BLOCKED));
        CHECK(!jobs_is_healthy(t.b.jobs, &f));
        feed(&t);
    }
    CHECK_OK(jobs_cancel_run(t.b.jobs, t.s.run_ids[1], &f), f);
    CHECK_EQUAL_INT(stage_of(&t.b, t.s.run_ids[1]), LEASE_OVER);
    CHECK(await_stage(&t.b, t.s.run_ids[0], LEASE_OFFERED));
    t.a.lease = lease_of(&t.b, t.s.run_ids[0]);
    feed(&t);
    CHECK(rename(away, t.b.data_dir) == 0);
    int64_t epoch = t.a.lease.epoch;
    CHECK_OR_RETURN(fake_take(t.x, &t.a));
    CHECK_EQUAL_INT(t.a.lease.epoch, epoch);
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK(jobs_is_healthy(t.b.jobs, &f));
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK_EQUAL_INT(bench_state(&t.b, t.s.run_ids[0]), RUN_STATE_COMPLETED);
    CHECK_EQUAL_INT(bench_state(&t.b, t.s.run_ids[1]), RUN_STATE_CANCELLED);
    close_leased(&t);
}

/* The engine is told that the lease is over, and does not wait. */
static void an_end_that_is_refused_is_stored_later(void)
{
    leased t;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK_EQUAL_INT(n_records(&t.b, t.a.lease.run_id), 0);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(4096);
    CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_FINISHED, 0));
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_REFUSED));
    feed(&t);
    jobs_state state;
    jobs_get_state(t.b.jobs, &state);
    CHECK_EQUAL_INT(state.n_running, 0);
    limit_files(RLIM_INFINITY);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_OVER));
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id), RUN_STATE_COMPLETED);
    close_leased(&t);
}

/* A pause that the disk refuses, and that is taken back before it recovers: the run is queued. */
static void a_pause_that_is_refused_is_stored_later(bool is_taken_back)
{
    leased t;
    fail f;
    CHECK_OR_RETURN(open_leased(&t, &FAKE, "{" MOONS "}"));
    CHECK(say(&t, REPORT_STARTED, 0, 0));
    CHECK_OK(jobs_pause_experiment(t.b.jobs, t.s.experiment_id, &f), f);
    CHECK_EQUAL_INT(n_records(&t.b, t.a.lease.run_id), 0);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(4096);
    CHECK_EQUAL_INT(answer_to(&t, REPORT_ENDED, TRAIN_STOP_PAUSED, 0), COMMAND_CANCEL);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_KEPT));
    feed(&t);
    if (is_taken_back) { /* as jobs_resume_experiment() does before the store */
        jobs_lock(t.b.jobs);
        jobs_find(t.b.jobs, t.a.lease.run_id)->wish = COMMAND_GO;
        jobs_unlock(t.b.jobs);
    }
    limit_files(RLIM_INFINITY);
    CHECK(await_stage(&t.b, t.a.lease.run_id, LEASE_OVER));
    CHECK_EQUAL_INT(bench_state(&t.b, t.a.lease.run_id),
                    is_taken_back ? RUN_STATE_QUEUED : RUN_STATE_PAUSED);
    if (is_taken_back) {
        CHECK_OR_RETURN(fake_take(t.x, &t.a));
        CHECK(say(&t, REPORT_ENDED, TRAIN_STOP_PAUSED, 0));
    }
    close_leased(&t);
}

static void a_refused_pause_is_kept(void)
{
    a_pause_that_is_refused_is_stored_later(false);
}

static void a_refused_pause_is_taken_back(void)
{
    a_pause_that_is_refused_is_stored_later(true);
}

/* ---- anything at any time ---- */

enum { TALKERS = 3, WORDS = 3000, RUNS = 24 };

typedef struct talker {
    leased *t;
    unsigned seed;
} talker;

/* A lease of its own, and now and then an old one of anybody; what it says is anything. */
static void *talk(void *context)
{
    static const train_stop STOPS[] = {TRAIN_STOP_FINISHED, TRAIN_STOP_PAUSED, TRAIN_STOP_CANCELLED,
                                       TRAIN_STOP_DIVERGED};
    talker *me = context;
    fake_engine *x = me->t->x;
    assignment own = me->t->a;
    bool has_own = false;
    for (int i = 0; i < WORDS || has_own; i++) {
        command answer;
        unsigned dice = (unsigned)rand_r(&me->seed);
        if (!has_own)
            has_own = x->owner.take(x->owner.context, &own);
        report_kind kind = i < WORDS ? dice / 16 % 20 : REPORT_ENDED;
        kind = kind < REPORT_KIND_COUNT ? kind : REPORT_PROGRESS;
        train_stop stop = STOPS[dice / 512 % 4];
        assignment said = own;
        if (dice % 16 == 0)
            said.lease.epoch -= 1 + dice / 4096 % 3;
        bool is_taken = fake_say(x, &said, kind, stop, dice % 4, &answer);
        bool is_over = kind == REPORT_ENDED && is_taken &&
                       !(stop == TRAIN_STOP_PAUSED && answer.kind == COMMAND_GO);
        if (is_over && said.lease.epoch == own.lease.epoch)
            has_own = false;
    }
    return NULL;
}

static void command_at_random(leased *t, unsigned dice)
{
    jobs *j = t->b.jobs;
    fail f = {.code = FAIL_NONE};
    int64_t run_id = t->s.run_ids[dice / 16 % RUNS];
    bool is_done = dice % 8 == 0   ? jobs_pause_experiment(j, t->s.experiment_id, &f)
                   : dice % 8 == 1 ? jobs_cancel_run(j, run_id, &f)
                   : dice % 8 < 5  ? jobs_resume_experiment(j, t->s.experiment_id, &f)
                                   : jobs_retry_run(j, run_id, &f);
    CHECK(is_done || f.code == FAIL_CONFLICT);
}

static void what_is_said_at_random_leaves_nothing_behind(void)
{
    leased t = {.x = &fakes[0]};
    pthread_t threads[TALKERS];
    talker talkers[TALKERS];
    char text[128];
    unsigned seed = 20260131;
    n_fakes = 0;
    CHECK_OR_RETURN(bench_open(&t.b, FAKE, hear_nothing));
    snprintf(text, sizeof text, "{" MOONS ",\"repeats\":%d}", RUNS);
    CHECK_OR_RETURN(bench_submit(&t.b, text, &t.s));
    for (int i = 0; i < TALKERS; i++) {
        talkers[i] = (talker){&t, (unsigned)i};
        CHECK(pthread_create(&threads[i], NULL, talk, &talkers[i]) == 0);
    }
    for (int i = 0; i < 300; i++)
        command_at_random(&t, (unsigned)rand_r(&seed));
    for (int i = 0; i < TALKERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < RUNS; i++)
        CHECK(await_stage(&t.b, t.s.run_ids[i], LEASE_OVER));
    jobs_state state;
    jobs_get_state(t.b.jobs, &state);
    CHECK_EQUAL_INT(state.n_running, 0);
    close_leased(&t);
}

CHECK_MAIN("jobs_report", reports_to_a_run_that_was_given_and_that_trains,
           reports_while_a_checkpoint_is_stored, reports_while_a_run_goes_aside,
           reports_while_an_end_is_stored_and_to_the_last, reports_while_more_seeds_are_asked_for,
           a_blocked_run_is_offered_again, an_end_that_is_refused_is_stored_later,
           a_refused_pause_is_kept, a_refused_pause_is_taken_back,
           what_is_said_at_random_leaves_nothing_behind)
