#include "server/jobs/repeats.h"

#include "core/stats/stats.h"
#include "server/codec/codec.h"
#include "server/jobs/extend.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "server/text/member.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct result {
    const char *config_id; /* the series' */
    int64_t repeat; /* what pairs runs up: the seed, or the data_seed where that alone varies */
    double value;   /* of the metric that the rule looks at; NaN: none */
} result;

typedef struct results {
    const run *last; /* stored as running still: its value is `last_value` */
    double last_value;
    int metric;
    bool by_data_seed;
    size_t n;
    result *items;
} results;

static result result_of(const results *all, const series *runs, const series_run *r)
{
    result out = {.config_id = runs->configs[r->config].id,
                  .repeat = all->by_data_seed ? r->data_seed : r->seed,
                  .value = NAN};
    if (r->id == all->last->id)
        out.value = all->last_value;
    else if (r->status == RUN_STATE_COMPLETED)
        out.value = r->metrics.selected[all->metric];
    return out;
}

/* False where another run has not ended, or there is no memory. */
static bool fill_results(const series *runs, results *all)
{
    for (size_t i = 0; i < runs->n_runs; i++)
        if (runs->runs[i].id != all->last->id && !run_state_is_terminal(runs->runs[i].status))
            return false;
    all->items = calloc(runs->n_runs + 1, sizeof *all->items);
    for (size_t i = 0; all->items && i < runs->n_runs; i++)
        all->items[all->n++] = result_of(all, runs, &runs->runs[i]);
    return all->items != NULL;
}

static int compare_results(const void *a, const void *b)
{
    const result *x = a, *y = b;
    int order = strcmp(x->config_id, y->config_id);
    return order ? order : (x->repeat > y->repeat) - (x->repeat < y->repeat);
}

/* One config's results among the sorted ones. */
typedef struct config_results {
    const result *items;
    size_t n;
} config_results;

static config_results config_results_at(const results *all, size_t first)
{
    config_results a = {&all->items[first], 1};
    while (first + a.n < all->n &&
           strcmp(all->items[first + a.n].config_id, a.items->config_id) == 0)
        a.n++;
    return a;
}

static bool config_results_find(const results *all, const char *config_id, config_results *out)
{
    for (size_t i = 0; i < all->n; i += out->n) {
        *out = config_results_at(all, i);
        if (strcmp(out->items->config_id, config_id) == 0)
            return true;
    }
    return false;
}

/* Half width of the interval of the paired differences; NaN where the config never came to a value,
 * infinite below two pairs. */
static double half_width_of(const config_results *baseline, const config_results *other,
                            double *differences)
{
    size_t n = 0, n_values = 0;
    for (size_t i = 0, b = 0; i < other->n; i++) {
        n_values += isfinite(other->items[i].value) != 0;
        while (b < baseline->n && baseline->items[b].repeat < other->items[i].repeat)
            b++;
        bool is_pair = b < baseline->n && baseline->items[b].repeat == other->items[i].repeat;
        double difference = is_pair ? other->items[i].value - baseline->items[b].value : NAN;
        if (isfinite(difference))
            differences[n++] = difference;
    }
    if (n_values == 0)
        return NAN;
    return n < 2 ? INFINITY : stats_half_width(stats_std(differences, n), n);
}

/* The widest interval of all differences to the baseline; NaN where there is nothing to compare. */
static double widest(const results *all, const char *baseline_id)
{
    config_results baseline;
    double *differences = calloc(all->n + 1, sizeof *differences), most = NAN;
    if (differences && config_results_find(all, baseline_id, &baseline)) {
        config_results other;
        for (size_t i = 0; i < all->n; i += other.n) {
            other = config_results_at(all, i);
            if (other.items != baseline.items)
                most = fmax(most, half_width_of(&baseline, &other, differences));
        }
    }
    free(differences);
    return most;
}

int64_t jobs_repeats_next(int64_t n, double half_width, double wanted, int64_t most)
{
    if (!(half_width > wanted))
        return n;
    double ratio = half_width / wanted, enough = ceil((double)n * ratio * ratio);
    int64_t next = enough < 2.0 * (double)n ? (int64_t)enough : 2 * n;
    if (next <= n)
        next = n + 1;
    return next < most ? next : most;
}

static int64_t count_seeds(const results *all, const char *config_id)
{
    config_results a;
    return config_results_find(all, config_id, &a) ? (int64_t)a.n : 0;
}

static void extend(jobs *j, const experiment *e, const experiment_spec *spec, results *all)
{
    qsort(all->items, all->n, sizeof *all->items, compare_results);
    int64_t n = count_seeds(all, all->last->config_id);
    double half_width = widest(all, e->baseline_config_id);
    int64_t next = jobs_repeats_next(n, half_width, spec->until.half_width, spec->until.max);
    if (next <= n)
        return;
    int64_t *run_ids, n_run_ids;
    fail_list faults = {.n = 0};
    jobs_extension more = {.n_seeds = next, .asking_run = all->last->id};
    if (jobs_extend_experiment(j, e->id, &more, &run_ids, &n_run_ids, &faults))
        free(run_ids);
    else if (faults.items[0].code != FAIL_INTERRUPTED)
        (void)fprintf(stderr, "regulab: experiment %" PRId64 " gets no more seeds: %s\n", e->id,
                      faults.items[0].sentence);
}

static void decide(jobs *j, store *s, const experiment *e, const run *last,
                   const run_metrics *metrics)
{
    experiment_spec spec;
    fail_list faults = {.n = 0};
    fail f;
    if (!codec_read_experiment_spec(e->spec, strlen(e->spec), &spec, &faults))
        return;
    series runs;
    if (spec.until.enabled && store_load_series(s, e->id, &runs, &f)) {
        results all = {.last = last,
                       .last_value = metrics ? metrics->selected[spec.until.metric] : NAN,
                       .metric = spec.until.metric,
                       .by_data_seed = !spec.repeat_varies_seed};
        if (fill_results(&runs, &all))
            extend(j, e, &spec, &all);
        free(all.items);
        series_close(&runs);
    }
    experiment_spec_close(&spec);
}

/* Most experiments do not: they are not read for this. */
static bool wants_more(const char *spec)
{
    const char *repeats, *until;
    size_t n;
    return json_member_find(spec, strlen(spec), "repeats", &repeats, &n) &&
           json_member_find(repeats, n, "until", &until, &n);
}

void jobs_repeats_extend(jobs *j, store *s, const run *last, const run_metrics *metrics)
{
    experiment e = {0};
    fail f;
    if (!store_get_experiment(s, last->experiment_id, &e, &f))
        return;
    if (e.spec && wants_more(e.spec))
        decide(j, s, &e, last, metrics);
    experiment_close(&e);
}
