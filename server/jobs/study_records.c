#include "server/jobs/study_records.h"

#include "core/base/array.h"
#include "core/base/sort.h"
#include "server/store/arms.h"
#include "server/store/curves.h"

#include <stdlib.h>

enum { RECORD_STEPS = 64 }; /* to read one, for the pace */

static bool no_memory(fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is not enough memory to compare the runs.");
}

/* ---- runs by their ids ---- */

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Runs of one experiment are in the order of their ids; n_runs: it is not there. */
typedef struct run_index {
    jobs_study *x;
    size_t first, n; /* those of the experiment that is read */
} run_index;

static study_run *find_run(const run_index *index, int64_t id)
{
    const int64_t *ids = index->x->run_ids + index->first,
                  *found = bsearch(&id, ids, index->n, sizeof *ids, compare_ids);
    return found ? &index->x->runs[found - index->x->run_ids] : NULL;
}

static bool goes_on(const run_index *index)
{
    return caller_goes_on(&index->x->pace, RECORD_STEPS);
}

/* ---- still improving? ---- */

typedef struct tail { /* the last records of one run after the other */
    run_index index;
    int64_t run_id;
    size_t n, capacity;
    double *values;
    bool has_failed;
} tail;

static size_t count_records(const train_spec *spec)
{
    int64_t every = spec->evaluate_every;
    return (size_t)((spec->epochs + every - 1) / every);
}

static void end_tail(tail *t)
{
    study_run *r = t->n > 0 ? find_run(&t->index, t->run_id) : NULL;
    if (!r)
        return;
    size_t n = estimand_progress_records(count_records(&t->index.x->configs[r->config]));
    if (n > 0 && n <= t->n)
        r->progress = estimand_progress_of_tail(t->values + t->n - n, n);
}

static bool add_to_tail(void *context, int64_t run_id, double value)
{
    tail *t = context;
    if (run_id != t->run_id) {
        end_tail(t);
        t->run_id = run_id;
        t->n = 0;
    }
    if (!array_reserve(&t->values, &t->capacity, t->n + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        t->has_failed = true;
        return false;
    }
    t->values[t->n++] = value;
    return goes_on(&t->index);
}

static bool read_progress(store *s, int64_t id, const run_index *index, fail *f)
{
    tail t = {.index = *index};
    bool is_read = store_list_tails(s, id, add_to_tail, &t, f);
    if (is_read && t.has_failed)
        is_read = no_memory(f);
    if (is_read)
        end_tail(&t);
    free(t.values);
    return is_read;
}

static bool set_metric(void *context, int64_t run_id, double value)
{
    study_run *r = find_run(context, run_id);
    if (r)
        r->metric = value;
    return goes_on(context);
}

/* ---- epochs to a target ---- */

typedef struct point {
    int64_t run_id, epoch;
    double value;
} point;

typedef struct point_list {
    const run_index *index;
    size_t n, capacity;
    point *items;
    bool has_failed;
} point_list;

static bool add_point(void *context, const char *config_id, int64_t run_id, int64_t seed,
                      int64_t epoch, double value)
{
    point_list *list = context;
    (void)config_id;
    (void)seed;
    if (!array_reserve(&list->items, &list->capacity, list->n + 1, ARRAY_BOUNDED_ELSEWHERE)) {
        list->has_failed = true;
        return false;
    }
    list->items[list->n++] = (point){run_id, epoch, value};
    return goes_on(list->index);
}

static int compare_points(const void *a, const void *b)
{
    const point *x = a, *y = b;
    if (x->run_id != y->run_id)
        return x->run_id < y->run_id ? -1 : 1;
    return (x->epoch > y->epoch) - (x->epoch < y->epoch);
}

static void measure_curve(const measure *m, const point *points, size_t n, int64_t *epochs,
                          double *values, study_run *r)
{
    bool is_reached;
    for (size_t i = 0; i < n; i++) {
        epochs[i] = points[i].epoch;
        values[i] = points[i].value;
    }
    r->metric =
        estimand_epochs_to(epochs, values, n, m->target, METRICS[m->metric].direction, &is_reached);
    r->is_unreached = !is_reached;
}

static bool measure_curves(const run_index *index, const point_list *list, fail *f)
{
    int64_t *epochs = calloc(list->n + 1, sizeof *epochs);
    double *values = calloc(list->n + 1, sizeof *values);
    bool is_there = (epochs && values) || no_memory(f);
    for (size_t i = 0, n; is_there && i < list->n; i += n) {
        for (n = 1; i + n < list->n && list->items[i + n].run_id == list->items[i].run_id;)
            n++;
        study_run *r = find_run(index, list->items[i].run_id);
        if (r)
            measure_curve(&index->x->measure, &list->items[i], n, epochs, values, r);
    }
    free(epochs);
    free(values);
    return is_there;
}

static bool read_epochs_to(store *s, int64_t id, const run_index *index, fail *f)
{
    point_list list = {.index = index};
    int64_t ignored;
    bool is_read =
        store_list_curves(s, id, index->x->measure.metric, add_point, &list, &ignored, f);
    if (is_read && list.has_failed)
        is_read = no_memory(f);
    is_read =
        is_read &&
        (sort_items(list.items, list.n, sizeof *list.items, compare_points, &index->x->pace) ||
         (caller_check_pace(&index->x->pace, f) && no_memory(f))) &&
        measure_curves(index, &list, f);
    free(list.items);
    return is_read;
}

bool study_records_read(store *s, jobs_study *x, fail *f)
{
    run_index index = {.x = x};
    bool is_read = true;
    for (size_t i = 0; is_read && i < x->n_experiments; i++, index.first += index.n) {
        int64_t id = x->experiments[i].id;
        index.n = x->n_runs_of[i];
        is_read = read_progress(s, id, &index, f);
        if (is_read && x->measure.kind == MEASURE_OF_LAYER)
            is_read = store_list_layer_ends(s, id, x->measure.layer, x->measure.layer_metric,
                                            set_metric, &index, f);
        if (is_read && x->measure.kind == MEASURE_EPOCHS_TO)
            is_read = read_epochs_to(s, id, &index, f);
        is_read = is_read && caller_check_pace(&x->pace, f);
    }
    return is_read;
}
