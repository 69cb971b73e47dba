/* The fair queue, the cost model and the rule of adaptive seeds: pure parts of the jobs. */
#include "server/jobs/queue.h"
#include "server/jobs/repeats.h"
#include "server/plan/rate.h"

#include "tests/check.h"

#include <stdlib.h>

static void add_with(jobs_queue *q, int64_t experiment_id, int priority, int64_t first, int n)
{
    int64_t ids[64];
    for (int i = 0; i < n; i++)
        ids[i] = first + i;
    CHECK(jobs_queue_add(q, experiment_id, priority, ids, (size_t)n));
}

static void add(jobs_queue *q, int64_t experiment_id, int64_t first, int n)
{
    add_with(q, experiment_id, 0, first, n);
}

static int64_t take(jobs_queue *q)
{
    int64_t experiment_id, run_id;
    return jobs_queue_take(q, NULL, NULL, &experiment_id, &run_id) ? run_id : -1;
}

static void one_experiment_is_served_oldest_first(void)
{
    jobs_queue *q = jobs_queue_new();
    add(q, 5, 100, 3);
    add(q, 5, 103, 2);
    CHECK_EQUAL_INT(jobs_queue_count(q), 5);
    CHECK_EQUAL_INT(jobs_queue_count_of(q, 5), 5);
    CHECK_EQUAL_INT(jobs_queue_count_of(q, 6), 0);
    for (int64_t id = 100; id < 105; id++)
        CHECK_EQUAL_INT(take(q), id);
    CHECK_EQUAL_INT(take(q), -1);
    CHECK_EQUAL_INT(jobs_queue_lane_count(q), 1);
    for (int i = 0; i < 5; i++)
        jobs_queue_finish(q, 5, 0);
    CHECK_EQUAL_INT(jobs_queue_lane_count(q), 0);
    jobs_queue_free(q);
}

static void experiments_take_turns(void)
{
    jobs_queue *q = jobs_queue_new();
    add(q, 1, 100, 6);
    add(q, 2, 200, 2);
    add(q, 3, 300, 1);
    static const int64_t ORDER[] = {100, 200, 300, 101, 201, 102, 103, 104, 105};
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        int64_t id = take(q);
        CHECK_EQUAL_INT(id, ORDER[i]);
        jobs_queue_finish(q, id / 100, 0);
    }
    CHECK_EQUAL_INT(jobs_queue_lane_count(q), 0);
    jobs_queue_free(q);
}

static void the_one_with_fewest_runs_at_work_comes_first(void)
{
    jobs_queue *q = jobs_queue_new();
    add(q, 1, 100, 6);
    CHECK_EQUAL_INT(take(q), 100);
    CHECK_EQUAL_INT(take(q), 101);
    add(q, 2, 200, 3);
    CHECK_EQUAL_INT(take(q), 200);
    CHECK_EQUAL_INT(take(q), 201);
    jobs_queue_finish(q, 1, 0);
    CHECK_EQUAL_INT(take(q), 102);
    jobs_queue_finish(q, 2, 0);
    CHECK_EQUAL_INT(take(q), 202);
    jobs_queue_free(q);
}

static void waiting_runs_are_taken_out(void)
{
    jobs_queue *q = jobs_queue_new();
    add(q, 1, 100, 4);
    add(q, 2, 200, 2);
    CHECK(jobs_queue_remove(q, 1, 101));
    CHECK(!jobs_queue_remove(q, 1, 101));
    CHECK(!jobs_queue_remove(q, 1, 200));
    CHECK(!jobs_queue_remove(q, 9, 100));
    CHECK_EQUAL_INT(jobs_queue_count(q), 5);
    CHECK_EQUAL_INT(jobs_queue_remove_all(q, 2), 2);
    CHECK_EQUAL_INT(jobs_queue_remove_all(q, 2), 0);
    CHECK_EQUAL_INT(take(q), 100);
    CHECK_EQUAL_INT(take(q), 102);
    CHECK(jobs_queue_remove(q, 1, 103));
    CHECK_EQUAL_INT(take(q), -1);
    add(q, 1, 104, 1);
    CHECK_EQUAL_INT(take(q), 104);
    CHECK_EQUAL_INT(jobs_queue_count(q), 0);
    jobs_queue_free(q);
}

/* Against a plain model: whatever the order of calls, nothing is lost and nothing is taken
 * twice. */
static void nothing_is_lost_or_taken_twice(void)
{
    enum { EXPERIMENTS = 7, RUNS = 3000 };
    jobs_queue *q = jobs_queue_new();
    static char taken[RUNS];
    int n_added = 0, n_taken = 0, n_working[EXPERIMENTS] = {0};
    srand(7);
    while (n_taken < RUNS) {
        int64_t experiment_id, run_id;
        int which = rand() % EXPERIMENTS;
        if (n_added < RUNS && rand() % 3 == 0) {
            int64_t ids[5];
            int n = 0;
            while (n < 1 + rand() % 5 && n < 5 && n_added < RUNS)
                ids[n++] = n_added++;
            CHECK(jobs_queue_add(q, which + 1, 0, ids, (size_t)n));
        } else if (n_working[which] && rand() % 2) {
            jobs_queue_finish(q, which + 1, 1.5);
            n_working[which]--;
        } else if (jobs_queue_take(q, NULL, NULL, &experiment_id, &run_id)) {
            CHECK(!taken[run_id]);
            taken[run_id] = 1;
            n_taken++;
            for (int i = 0; i < EXPERIMENTS; i++)
                if (jobs_queue_count_of(q, i + 1) > 0)
                    CHECK(n_working[experiment_id - 1] <= n_working[i]);
            n_working[experiment_id - 1]++;
        }
    }
    CHECK_EQUAL_INT(jobs_queue_count(q), 0);
    jobs_queue_free(q);
}

static void a_higher_priority_comes_first(void)
{
    jobs_queue *q = jobs_queue_new();
    add_with(q, 1, 0, 100, 2);
    add_with(q, 2, -10, 200, 1);
    add_with(q, 3, 10, 300, 2);
    add_with(q, 4, 0, 400, 1);
    CHECK_EQUAL_INT(take(q), 300);
    CHECK_EQUAL_INT(take(q), 301); /* whatever is at work of it */
    CHECK_EQUAL_INT(take(q), 100);
    CHECK_EQUAL_INT(take(q), 400); /* in turn among equals */
    jobs_queue_set_priority(q, 2, 1);
    jobs_queue_set_priority(q, 9, 1);
    CHECK_EQUAL_INT(take(q), 200);
    CHECK_EQUAL_INT(take(q), 101);
    add_with(q, 2, 1, 201, 1);
    add_with(q, 1, 2, 102, 1); /* of a lane that is there: its priority from now on */
    jobs_queue_set_priority(q, 1, 1);
    jobs_queue_set_priority(q, 1, 2);
    CHECK_EQUAL_INT(take(q), 102);
    CHECK_EQUAL_INT(take(q), 201);
    CHECK_EQUAL_INT(take(q), -1);
    jobs_queue_free(q);
}

static void nothing_is_taken_of_what_is_held(void)
{
    jobs_queue *q = jobs_queue_new();
    jobs_queue_hold one, other, again;
    add(q, 1, 100, 2);
    add(q, 2, 200, 1);
    jobs_queue_hold_lane(q, 1, &one);
    jobs_queue_hold_lane(q, 3, &other);
    jobs_queue_hold_lane(q, 1, &again);
    CHECK(jobs_queue_is_held(q, 1) && !jobs_queue_is_held(q, 2));
    add(q, 3, 300, 1); /* a lane that is new while it is held */
    CHECK_EQUAL_INT(take(q), 200);
    CHECK_EQUAL_INT(take(q), -1);
    CHECK_EQUAL_INT(jobs_queue_count(q), 3);
    jobs_queue_let_go(q, &one);
    CHECK_EQUAL_INT(take(q), -1);
    jobs_queue_let_go(q, &other);
    CHECK_EQUAL_INT(take(q), 300);
    jobs_queue_let_go(q, &again);
    CHECK_EQUAL_INT(take(q), 100);
    jobs_queue_free(q);
}

static bool is_this(void *context, int64_t run_id)
{
    return *(const int64_t *)context == run_id;
}

static void a_busy_run_waits_where_it_is(void)
{
    jobs_queue *q = jobs_queue_new();
    int64_t busy = 100, experiment_id, run_id;
    add(q, 1, 100, 2);
    add(q, 2, 200, 1);
    CHECK(jobs_queue_take(q, is_this, &busy, &experiment_id, &run_id));
    CHECK_EQUAL_INT(run_id, 101);
    CHECK(jobs_queue_take(q, is_this, &busy, &experiment_id, &run_id));
    CHECK_EQUAL_INT(run_id, 200);
    CHECK(!jobs_queue_take(q, is_this, &busy, &experiment_id, &run_id));
    CHECK_EQUAL_INT(jobs_queue_count_of(q, 1), 1);
    busy = 0;
    CHECK(jobs_queue_take(q, is_this, &busy, &experiment_id, &run_id));
    CHECK_EQUAL_INT(run_id, 100);
    jobs_queue_free(q);
}

static void a_lane_is_a_set_in_order(void)
{
    jobs_queue *q = jobs_queue_new();
    add(q, 1, 105, 3);
    add(q, 1, 100, 3);
    add(q, 1, 101, 6);
    CHECK_EQUAL_INT(jobs_queue_count(q), 8);
    CHECK_EQUAL_INT(take(q), 100);
    CHECK(jobs_queue_put_back(q, 1, 100));
    CHECK_EQUAL_INT(jobs_queue_count(q), 8);
    for (int64_t id = 100; id < 108; id++)
        CHECK_EQUAL_INT(take(q), id);
    CHECK_EQUAL_INT(take(q), -1);
    for (int i = 0; i < 8; i++)
        jobs_queue_finish(q, 1, 0);
    CHECK_EQUAL_INT(jobs_queue_lane_count(q), 0);
    jobs_queue_free(q);
}

static void seconds_of_finished_runs_are_averaged(void)
{
    jobs_queue *q = jobs_queue_new();
    add(q, 1, 100, 3);
    CHECK(isnan(jobs_queue_mean_seconds(q, 1)));
    (void)take(q);
    (void)take(q);
    jobs_queue_finish(q, 1, 2.0);
    jobs_queue_finish(q, 1, 0);
    CHECK_NEAR(jobs_queue_mean_seconds(q, 1), 2.0, 0);
    (void)take(q);
    add(q, 1, 103, 1);
    jobs_queue_finish(q, 1, 4.0);
    CHECK_NEAR(jobs_queue_mean_seconds(q, 1), 3.0, 0);
    jobs_queue_free(q);
}

static void work_grows_with_what_there_is_to_do(void)
{
    static const size_t N[PART_COUNT] = {1000, 100, 100};
    fail_list faults = {.n = 0};
    train_spec spec, other;
    spec_init(&spec);
    CHECK(spec_resolve(&spec, &faults));
    double base = rate_work(&spec, 256, 10, N);
    CHECK(base > 0);
    other = spec;
    other.epochs *= 2;
    CHECK_WITHIN(rate_work(&other, 256, 10, N) / base, 2, 0.05);
    other = spec;
    other.hidden[0] *= 4;
    CHECK(rate_work(&other, 256, 10, N) > 2 * base);
    rate measured = {.correction = 0};
    CHECK_NEAR(rate_seconds(&measured, base), base, 0);
    rate_add(&measured, base, 3 * base);
    CHECK_NEAR(rate_seconds(&measured, base), 3 * base, 1e-12);
    rate_add(&measured, base, base);
    CHECK_NEAR(rate_seconds(&measured, base), 2.6 * base, 1e-12);
    rate_add(&measured, 0, 1);
    CHECK_NEAR(rate_seconds(&measured, base), 2.6 * base, 1e-12);
}

CHECK_MAIN("jobs_queue", one_experiment_is_served_oldest_first, experiments_take_turns,
           the_one_with_fewest_runs_at_work_comes_first, waiting_runs_are_taken_out,
           nothing_is_lost_or_taken_twice, a_higher_priority_comes_first,
           nothing_is_taken_of_what_is_held, a_busy_run_waits_where_it_is, a_lane_is_a_set_in_order,
           seconds_of_finished_runs_are_averaged, work_grows_with_what_there_is_to_do)
