#include "server/jobs/queue.h"

#include "core/base/array.h"
#include "core/spec/spec.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = SPEC_PRIORITY_MOST - SPEC_PRIORITY_LEAST + 1 };

typedef struct lane {
    int64_t experiment_id;
    int64_t *runs; /* those at first .. first + n - 1 wait, increasing */
    size_t first, n, capacity;
    int level; /* of its turn: priority - SPEC_PRIORITY_LEAST */
    int n_working;
    size_t n_timed; /* runs that took `seconds` together */
    double seconds;
    struct lane *before, *after; /* the turn, only while n > 0 */
} lane;

struct jobs_queue {
    lane **lanes; /* by experiment_id, increasing */
    size_t n_lanes, capacity;
    size_t n_waiting, n_working;
    struct {
        lane *head, *tail; /* the turn: head has waited longest */
    } turns[LEVELS];
    jobs_queue_hold *holds;
};

jobs_queue *jobs_queue_new(void)
{
    return calloc(1, sizeof(jobs_queue));
}

static void lane_free(lane *l)
{
    free(l->runs);
    free(l);
}

void jobs_queue_free(jobs_queue *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n_lanes; i++)
        lane_free(q->lanes[i]);
    free(q->lanes);
    free(q);
}

/* ---- lanes ---- */

/* Place of the first lane with an id not below this one. */
static size_t place_of(const jobs_queue *q, int64_t experiment_id)
{
    size_t low = 0, high = q->n_lanes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (q->lanes[middle]->experiment_id < experiment_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static lane *find_lane(const jobs_queue *q, int64_t experiment_id)
{
    size_t place = place_of(q, experiment_id);
    bool is_there = place < q->n_lanes && q->lanes[place]->experiment_id == experiment_id;
    return is_there ? q->lanes[place] : NULL;
}

static lane *insert_lane(jobs_queue *q, int64_t experiment_id)
{
    lane *l = array_reserve(&q->lanes, &q->capacity, q->n_lanes + 1, ARRAY_BOUNDED_ELSEWHERE)
                  ? calloc(1, sizeof *l)
                  : NULL;
    if (!l)
        return NULL;
    l->experiment_id = experiment_id;
    l->level = -SPEC_PRIORITY_LEAST;
    size_t place = place_of(q, experiment_id);
    memmove(q->lanes + place + 1, q->lanes + place, (q->n_lanes - place) * sizeof *q->lanes);
    q->lanes[place] = l;
    q->n_lanes++;
    return l;
}

static void remove_lane_if_done(jobs_queue *q, lane *l)
{
    if (l->n > 0 || l->n_working > 0)
        return;
    size_t place = place_of(q, l->experiment_id);
    q->n_lanes--;
    memmove(q->lanes + place, q->lanes + place + 1, (q->n_lanes - place) * sizeof *q->lanes);
    lane_free(l);
}

/* ---- the turn ---- */

static void join_turn(jobs_queue *q, lane *l)
{
    lane *tail = q->turns[l->level].tail;
    l->before = tail;
    l->after = NULL;
    *(tail ? &tail->after : &q->turns[l->level].head) = l;
    q->turns[l->level].tail = l;
}

static void leave_turn(jobs_queue *q, lane *l)
{
    *(l->before ? &l->before->after : &q->turns[l->level].head) = l->after;
    *(l->after ? &l->after->before : &q->turns[l->level].tail) = l->before;
    l->before = l->after = NULL;
}

static void set_level(jobs_queue *q, lane *l, int priority)
{
    int level = priority - SPEC_PRIORITY_LEAST;
    assert(level >= 0 && level < LEVELS);
    if (l->level == level)
        return;
    if (l->n > 0)
        leave_turn(q, l);
    l->level = level;
    if (l->n > 0)
        join_turn(q, l);
}

void jobs_queue_set_priority(jobs_queue *q, int64_t experiment_id, int priority)
{
    lane *l = find_lane(q, experiment_id);
    if (l)
        set_level(q, l, priority);
}

/* ---- holds ---- */

void jobs_queue_hold_lane(jobs_queue *q, int64_t experiment_id, jobs_queue_hold *hold)
{
    *hold = (jobs_queue_hold){.experiment_id = experiment_id, .next = q->holds};
    q->holds = hold;
}

void jobs_queue_let_go(jobs_queue *q, jobs_queue_hold *hold)
{
    jobs_queue_hold **at = &q->holds;
    while (*at != hold)
        at = &(*at)->next;
    *at = hold->next;
}

bool jobs_queue_is_held(const jobs_queue *q, int64_t experiment_id)
{
    for (const jobs_queue_hold *hold = q->holds; hold; hold = hold->next)
        if (hold->experiment_id == experiment_id)
            return true;
    return false;
}

/* ---- runs ---- */

/* Behind the runs that wait; where there is little, they move over those that have gone, which is
 * as much as half of the room. */
static bool reserve_runs(lane *l, size_t more)
{
    if (l->first + l->n + more <= l->capacity)
        return true;
    if (l->n)
        memmove(l->runs, l->runs + l->first, l->n * sizeof *l->runs);
    l->first = 0;
    return array_reserve(&l->runs, &l->capacity, 2 * (l->n + more), ARRAY_BOUNDED_ELSEWHERE);
}

/* Place of the first waiting run with an id not below this one: 0 .. n. */
static size_t run_place(const lane *l, int64_t run_id)
{
    const int64_t *runs = l->runs + l->first;
    size_t low = l->n > 0 && runs[l->n - 1] < run_id ? l->n : 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (runs[middle] < run_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool waits_at(const lane *l, size_t place, int64_t run_id)
{
    return place < l->n && l->runs[l->first + place] == run_id;
}

/* There is room for it. */
static void insert_run(lane *l, int64_t run_id)
{
    size_t place = run_place(l, run_id);
    if (waits_at(l, place, run_id))
        return;
    int64_t *at = l->runs + l->first + place;
    memmove(at + 1, at, (l->n - place) * sizeof *at);
    *at = run_id;
    l->n++;
}

static void remove_at(jobs_queue *q, lane *l, size_t place)
{
    int64_t *at = l->runs + l->first + place;
    if (place == 0)
        l->first++;
    else
        memmove(at, at + 1, (l->n - place - 1) * sizeof *at);
    l->n--;
    q->n_waiting--;
    if (l->n == 0)
        leave_turn(q, l);
}

bool jobs_queue_add(jobs_queue *q, int64_t experiment_id, int priority, const int64_t *run_ids,
                    size_t n)
{
    if (n == 0)
        return true;
    lane *l = find_lane(q, experiment_id);
    if (!l)
        l = insert_lane(q, experiment_id);
    if (!l)
        return false;
    if (!reserve_runs(l, n)) {
        remove_lane_if_done(q, l);
        return false;
    }
    set_level(q, l, priority);
    size_t n_before = l->n;
    for (size_t i = 0; i < n; i++)
        insert_run(l, run_ids[i]);
    q->n_waiting += l->n - n_before;
    if (n_before == 0)
        join_turn(q, l);
    return true;
}

/* ---- taking ---- */

/* Place of the lane's first run that may be taken; n if there is none. */
static size_t free_place(const jobs_queue *q, const lane *l, jobs_queue_busy *is_busy,
                         void *context)
{
    size_t place = jobs_queue_is_held(q, l->experiment_id) ? l->n : 0;
    while (is_busy && place < l->n && is_busy(context, l->runs[l->first + place]))
        place++;
    return place;
}

/* The lane of this level with the fewest runs at work among those that have one to take. Only lanes
 * with runs at work, busy or held ones are looked past, so the walk is short. */
static lane *best_of_level(const jobs_queue *q, int level, jobs_queue_busy *is_busy, void *context)
{
    lane *best = NULL;
    for (lane *l = q->turns[level].head; l && !(best && best->n_working == 0); l = l->after)
        if ((!best || l->n_working < best->n_working) && free_place(q, l, is_busy, context) < l->n)
            best = l;
    return best;
}

bool jobs_queue_take(jobs_queue *q, jobs_queue_busy *is_busy, void *context, int64_t *experiment_id,
                     int64_t *run_id)
{
    lane *l = NULL;
    for (int level = LEVELS - 1; level >= 0 && !l; level--)
        l = best_of_level(q, level, is_busy, context);
    if (!l)
        return false;
    size_t place = free_place(q, l, is_busy, context);
    *experiment_id = l->experiment_id;
    *run_id = l->runs[l->first + place];
    l->n_working++;
    q->n_working++;
    remove_at(q, l, place);
    if (l->n > 0) { /* to the end of its turn */
        leave_turn(q, l);
        join_turn(q, l);
    }
    return true;
}

void jobs_queue_finish(jobs_queue *q, int64_t experiment_id, double seconds)
{
    lane *l = find_lane(q, experiment_id);
    assert(l && l->n_working > 0);
    l->n_working--;
    q->n_working--;
    if (seconds > 0) {
        l->n_timed++;
        l->seconds += seconds;
    }
    remove_lane_if_done(q, l);
}

bool jobs_queue_put_back(jobs_queue *q, int64_t experiment_id, int64_t run_id)
{
    const lane *l = find_lane(q, experiment_id);
    assert(l && l->n_working > 0);
    if (!jobs_queue_add(q, experiment_id, l->level + SPEC_PRIORITY_LEAST, &run_id, 1))
        return false;
    jobs_queue_finish(q, experiment_id, 0);
    return true;
}

double jobs_queue_mean_seconds(const jobs_queue *q, int64_t experiment_id)
{
    const lane *l = find_lane(q, experiment_id);
    return l && l->n_timed ? l->seconds / (double)l->n_timed : NAN;
}

bool jobs_queue_remove(jobs_queue *q, int64_t experiment_id, int64_t run_id)
{
    lane *l = find_lane(q, experiment_id);
    size_t place = l ? run_place(l, run_id) : 0;
    if (!l || !waits_at(l, place, run_id))
        return false;
    remove_at(q, l, place);
    remove_lane_if_done(q, l);
    return true;
}

size_t jobs_queue_remove_all(jobs_queue *q, int64_t experiment_id)
{
    lane *l = find_lane(q, experiment_id);
    if (!l || l->n == 0)
        return 0;
    size_t n = l->n;
    leave_turn(q, l);
    l->n = 0;
    q->n_waiting -= n;
    remove_lane_if_done(q, l);
    return n;
}

size_t jobs_queue_count(const jobs_queue *q)
{
    return q->n_waiting;
}

size_t jobs_queue_count_of(const jobs_queue *q, int64_t experiment_id)
{
    const lane *l = find_lane(q, experiment_id);
    return l ? l->n : 0;
}

size_t jobs_queue_count_working(const jobs_queue *q)
{
    return q->n_working;
}

size_t jobs_queue_lane_count(const jobs_queue *q)
{
    return q->n_lanes;
}
