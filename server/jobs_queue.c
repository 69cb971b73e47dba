#include "server/jobs_queue.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct lane {
    int64_t experiment_id;
    int64_t *runs; /* those at first .. first + n - 1 wait */
    size_t first, n, capacity;
    int n_working;
    size_t n_timed; /* runs that took `seconds` together */
    double seconds;
    struct lane *before, *after; /* the turn, only while n > 0 */
} lane;

struct jobs_queue {
    lane **lanes; /* by experiment_id, increasing */
    size_t n_lanes, capacity;
    size_t n_waiting;
    lane *head, *tail; /* the turn: head has waited longest */
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

static bool reserve_lane(jobs_queue *q)
{
    if (q->n_lanes < q->capacity)
        return true;
    size_t capacity = q->capacity ? 2 * q->capacity : 16;
    lane **lanes = realloc(q->lanes, capacity * sizeof *lanes);
    if (!lanes)
        return false;
    q->lanes = lanes;
    q->capacity = capacity;
    return true;
}

static lane *insert_lane(jobs_queue *q, int64_t experiment_id)
{
    lane *l = reserve_lane(q) ? calloc(1, sizeof *l) : NULL;
    if (!l)
        return NULL;
    l->experiment_id = experiment_id;
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
    l->before = q->tail;
    l->after = NULL;
    if (q->tail)
        q->tail->after = l;
    else
        q->head = l;
    q->tail = l;
}

static void leave_turn(jobs_queue *q, lane *l)
{
    if (l->before)
        l->before->after = l->after;
    else
        q->head = l->after;
    if (l->after)
        l->after->before = l->before;
    else
        q->tail = l->before;
    l->before = l->after = NULL;
}

/* Only lanes with runs at work are looked past, so the walk is as short as the workers are few. */
static lane *next_lane(const jobs_queue *q)
{
    lane *best = q->head;
    for (lane *l = q->head; l && best->n_working > 0; l = l->after)
        if (l->n_working < best->n_working)
            best = l;
    return best;
}

/* ---- runs ---- */

static bool reserve_runs(lane *l, size_t more)
{
    if (l->first + l->n + more <= l->capacity)
        return true;
    if (l->n)
        memmove(l->runs, l->runs + l->first, l->n * sizeof *l->runs);
    l->first = 0;
    size_t wanted = l->n + more;
    if (wanted <= l->capacity / 2)
        return true;
    int64_t *runs = realloc(l->runs, 2 * wanted * sizeof *runs);
    if (!runs)
        return false;
    l->runs = runs;
    l->capacity = 2 * wanted;
    return true;
}

bool jobs_queue_add(jobs_queue *q, int64_t experiment_id, const int64_t *run_ids, size_t n)
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
    memcpy(l->runs + l->first + l->n, run_ids, n * sizeof *run_ids);
    if (l->n == 0)
        join_turn(q, l);
    l->n += n;
    q->n_waiting += n;
    return true;
}

bool jobs_queue_take(jobs_queue *q, int64_t *experiment_id, int64_t *run_id)
{
    lane *l = next_lane(q);
    if (!l)
        return false;
    *experiment_id = l->experiment_id;
    *run_id = l->runs[l->first++];
    l->n--;
    l->n_working++;
    q->n_waiting--;
    leave_turn(q, l);
    if (l->n > 0)
        join_turn(q, l);
    return true;
}

void jobs_queue_finish(jobs_queue *q, int64_t experiment_id, double seconds)
{
    lane *l = find_lane(q, experiment_id);
    assert(l && l->n_working > 0);
    l->n_working--;
    if (seconds > 0) {
        l->n_timed++;
        l->seconds += seconds;
    }
    remove_lane_if_done(q, l);
}

double jobs_queue_mean_seconds(const jobs_queue *q, int64_t experiment_id)
{
    const lane *l = find_lane(q, experiment_id);
    return l && l->n_timed ? l->seconds / (double)l->n_timed : NAN;
}

bool jobs_queue_remove(jobs_queue *q, int64_t experiment_id, int64_t run_id)
{
    lane *l = find_lane(q, experiment_id);
    size_t i = 0;
    while (l && i < l->n && l->runs[l->first + i] != run_id)
        i++;
    if (!l || i == l->n)
        return false;
    int64_t *at = l->runs + l->first + i;
    memmove(at, at + 1, (l->n - i - 1) * sizeof *at);
    l->n--;
    q->n_waiting--;
    if (l->n == 0)
        leave_turn(q, l);
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

size_t jobs_queue_lane_count(const jobs_queue *q)
{
    return q->n_lanes;
}
