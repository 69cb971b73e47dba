/* What validation chooses: each arm's run per repeat, its tuned config and budget, the selected
 * config. */
#include "server/study/internal.h"

#include <math.h>
#include <stdlib.h>

/* ---- runs of a config ---- */

typedef double run_value(const study_run *r);

static double metric_of(const study_run *r)
{
    return r->metric;
}

static double select_of(const study_run *r)
{
    return r->select;
}

static double test_of(const study_run *r)
{
    return r->test;
}

/* A failed run may have left numbers behind; they do not count. */
static bool has_value(const study_run *r, run_value *value)
{
    return r->status == RUN_STATE_COMPLETED && isfinite(value(r));
}

/* The values of one config in the order of their repeats, in memory->contrast. */
static size_t gather(const arms *a, size_t config, run_value *value, double *largest)
{
    const struct arms_memory *m = a->memory;
    size_t n = 0;
    *largest = 0;
    for (size_t i = m->config_start[config]; i < m->config_start[config + 1]; i++) {
        const study_run *r = &a->table->runs[m->runs[i]];
        if (!has_value(r, value))
            continue;
        m->contrast[n++] = value(r);
        *largest = fmax(*largest, fabs(value(r)));
    }
    return n;
}

static void add_to_tally(const study_run *r, arms_tally *tally)
{
    tally->n_runs++;
    tally->n_failed += r->status == RUN_STATE_FAILED;
    tally->n_unfinished += !run_state_is_terminal(r->status);
    tally->n_without += r->status == RUN_STATE_COMPLETED && !isfinite(r->metric);
    tally->n_unreached += has_value(r, metric_of) && r->is_unreached;
}

static void add_tally(const arms_tally *from, arms_tally *to)
{
    to->n_runs += from->n_runs;
    to->n_failed += from->n_failed;
    to->n_unfinished += from->n_unfinished;
    to->n_without += from->n_without;
    to->n_unreached += from->n_unreached;
}

static stats_design design_of(const arms *a, double share)
{
    return (stats_design){.share = share, .n_first = a->table->options.n_first};
}

static void describe_config(arms *a, size_t c)
{
    const struct arms_memory *m = a->memory;
    arms_config *config = &a->configs[c];
    double largest;
    for (size_t i = m->config_start[c]; i < m->config_start[c + 1]; i++)
        add_to_tally(&a->table->runs[m->runs[i]], &config->tally);
    config->n_select = gather(a, c, select_of, &largest);
    config->select_mean = stats_mean(m->contrast, config->n_select);
    config->n_test = gather(a, c, test_of, &largest);
    config->test_mean = stats_mean(m->contrast, config->n_test);
    const stats_design design = design_of(a, a->table->configs[c].share);
    size_t n = gather(a, c, metric_of, &largest);
    config->summary = stats_estimate_of(m->contrast, n, largest, &design);
    add_tally(&config->tally, &a->tally);
}

bool arms_describe_configs(arms *a)
{
    struct arms_memory *m = a->memory;
    for (size_t c = 0; c < a->table->n_configs; c++) {
        describe_config(a, c);
        if (!caller_goes_on(&m->pace,
                            ARMS_ESTIMATE_STEPS + m->config_start[c + 1] - m->config_start[c]))
            return false;
    }
    return true;
}

/* ---- the values of an arm ---- */

static bool is_select_higher(const arms *a)
{
    return a->table->options.select_direction == METRIC_HIGHER_IS_BETTER;
}

/* Does the run x take the place of y in their repeat? */
static bool is_preferred(const arms *a, size_t x, size_t y)
{
    double own = a->table->runs[x].select, other = a->table->runs[y].select;
    if (own != other && !isnan(own) && !isnan(other))
        return (own > other) == is_select_higher(a);
    return x < y;
}

/* A choice among several configs needs something to choose by. */
static bool may_be_chosen(const arms *a, const arm *x, size_t index)
{
    const study_run *r = &a->table->runs[index];
    return r->status == RUN_STATE_COMPLETED && (x->n_configs == 1 || isfinite(r->select));
}

/* Takes one run into the arm's values, unless a better one of its repeat is there. place[repeat]:
 * one more than where that stands among them. */
static void take_run(const arms *a, arm_value *values, size_t *n, size_t *place, size_t index)
{
    size_t repeat = a->memory->repeat_of[index];
    if (place[repeat] == 0) {
        values[*n] = (arm_value){.repeat = repeat, .run = index};
        place[repeat] = ++*n;
    } else if (is_preferred(a, index, values[place[repeat] - 1].run)) {
        values[place[repeat] - 1].run = index;
    }
}

static int compare_values(const void *a, const void *b)
{
    const arm_value *x = a, *y = b;
    return (x->repeat > y->repeat) - (x->repeat < y->repeat);
}

/* The chosen run of every repeat, also where it has no value of the metric; gives how many. */
static size_t choose_runs(const arms *a, const arm *x, arm_value *values)
{
    const struct arms_memory *m = a->memory;
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < x->n_configs; i++) {
            size_t start = m->config_start[x->configs[i]];
            size_t end = m->config_start[x->configs[i] + 1];
            for (size_t k = start; k < end; k++) {
                size_t index = m->runs[k];
                if (pass == 0)
                    m->counts[m->repeat_of[index]] = 0;
                else if (may_be_chosen(a, x, index))
                    take_run(a, values, &n, m->counts, index);
            }
        }
    if (n > 0)
        qsort(values, n, sizeof *values, compare_values);
    return n;
}

/* Fills the arm's values at `values`; gives how many runs it may have there. */
static size_t fill_values(arms *a, arm *x, arm_value *values)
{
    size_t n = choose_runs(a, x, values);
    double largest = 0;
    x->values = values;
    x->n_values = 0;
    for (size_t i = 0; i < n; i++) {
        double value = a->table->runs[values[i].run].metric;
        if (!isfinite(value))
            continue;
        values[x->n_values] = values[i];
        values[x->n_values].value = a->memory->contrast[x->n_values] = value;
        largest = fmax(largest, fabs(value));
        x->n_values++;
    }
    const stats_design design = design_of(a, a->table->configs[x->configs[0]].share);
    x->summary = stats_estimate_of(a->memory->contrast, x->n_values, largest, &design);
    return n;
}

/* ---- the tuned config, the budget ---- */

static size_t choose_config(const arms *a, const arm *x)
{
    if (x->n_configs == 1)
        return x->configs[0];
    size_t best = ARMS_NONE;
    for (size_t i = 0; i < x->n_configs; i++) {
        const arms_config *c = &a->configs[x->configs[i]];
        const arms_config *b = best == ARMS_NONE ? NULL : &a->configs[best];
        if (c->n_select == 0 || (b && c->n_select < b->n_select))
            continue;
        bool is_better = b && c->select_mean != b->select_mean &&
                         (c->select_mean > b->select_mean) == is_select_higher(a);
        if (!b || c->n_select > b->n_select || is_better)
            best = x->configs[i];
    }
    return best;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The expected best of k of the m values, best first: the i-th is the best of a draw in
 * C(m - i, k - 1) of the C(m, k) draws; the next one's share of draws follows from it. Shares only
 * fall: once what is left of them cannot change the sum, it is whole. */
static double expected_best(const double *best_first, size_t m, size_t k, caller_pace *pace)
{
    double largest = fmax(fabs(best_first[0]), fabs(best_first[m - 1]));
    double sum = 0, share = (double)k / (double)m;
    size_t i = 0;
    for (; i + k <= m && !(share * largest <= fabs(sum) * 0x1p-55); i++) {
        sum += share * best_first[i];
        share *= (double)(m - i - k) / (double)(m - i - 1);
    }
    (void)caller_goes_on(pace, i);
    return sum;
}

static void fill_budget(arms *a, arm *x, double *budget)
{
    double *means = a->memory->p; /* by config: as many as there can be */
    size_t m = 0;
    for (size_t i = 0; i < x->n_configs; i++)
        if (a->configs[x->configs[i]].n_select > 0)
            means[m++] = a->configs[x->configs[i]].select_mean * (is_select_higher(a) ? -1 : 1);
    if (m > 0)
        qsort(means, m, sizeof *means, compare_doubles);
    for (size_t i = 0; i < m; i++)
        means[i] *= is_select_higher(a) ? -1 : 1;
    for (size_t k = 1; k <= m && !a->memory->pace.has_left; k++)
        budget[k - 1] = expected_best(means, m, k, &a->memory->pace);
    x->budget = budget;
    x->n_budget = m;
}

bool arms_tune(arms *a)
{
    arm_value *values = a->memory->values;
    double *budget = a->memory->budgets;
    for (size_t i = 0; i < a->n_arms; i++) {
        arm *x = &a->items[i];
        values += fill_values(a, x, values);
        x->tuned = choose_config(a, x);
        fill_budget(a, x, budget);
        budget += x->n_budget;
        for (size_t k = 0; k < x->n_configs; k++)
            add_tally(&a->configs[x->configs[k]].tally, &x->tally);
        if (!caller_goes_on(&a->memory->pace, ARMS_ESTIMATE_STEPS + x->tally.n_runs))
            return false;
    }
    return true;
}

/* ---- the selected config ---- */

/* Of equals the one with more values, the baseline, then the first: never what the metric that is
 * shown, perhaps one of the test split, put first. */
static bool is_chosen_before(const arms *a, size_t x, size_t y)
{
    const arms_config *own = &a->configs[x], *other = &a->configs[y];
    if (own->select_mean != other->select_mean)
        return (own->select_mean > other->select_mean) == is_select_higher(a);
    if (own->n_select != other->n_select)
        return own->n_select > other->n_select;
    return x == a->selected.baseline || (y != a->selected.baseline && x < y);
}

static double gap_of(const arms *a, size_t config)
{
    double gap = a->configs[config].test_mean - a->configs[config].select_mean;
    return is_select_higher(a) ? -gap : gap;
}

/* gap of the chosen one, less the mean gap of all that have one. */
static double optimism_of(const arms *a)
{
    const arms_context *context = &a->contexts[0];
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < context->n_arms; i++) {
        const arm *x = &a->items[context->first_arm + i];
        for (size_t k = 0; k < x->n_configs; k++) {
            double gap = gap_of(a, x->configs[k]);
            sum += isfinite(gap) ? gap : 0;
            n += isfinite(gap);
        }
    }
    return n > 1 ? gap_of(a, a->selected.config) - sum / (double)n : NAN;
}

/* The test values of both configs, paired by repeat. */
static stats_estimate test_difference_of(const arms *a, size_t config, size_t baseline)
{
    const struct arms_memory *m = a->memory;
    const study_run *runs = a->table->runs;
    double largest = 0;
    size_t n = 0;
    for (size_t i = 0; i < a->n_repeats; i++)
        m->sums[i] = NAN;
    for (size_t i = m->config_start[baseline]; i < m->config_start[baseline + 1]; i++)
        if (has_value(&runs[m->runs[i]], test_of))
            m->sums[m->repeat_of[m->runs[i]]] = runs[m->runs[i]].test;
    for (size_t i = m->config_start[config]; i < m->config_start[config + 1]; i++) {
        double other = m->sums[m->repeat_of[m->runs[i]]];
        if (!has_value(&runs[m->runs[i]], test_of) || isnan(other))
            continue;
        m->contrast[n++] = runs[m->runs[i]].test - other;
        largest = fmax(largest, fmax(fabs(runs[m->runs[i]].test), fabs(other)));
    }
    const study_config *configs = a->table->configs;
    const stats_design design =
        design_of(a, arms_larger_share(configs[config].test_share, configs[baseline].test_share));
    return stats_estimate_of(m->contrast, n, largest, &design);
}

void arms_select(arms *a)
{
    arms_selected *s = &a->selected;
    const arms_context *context = &a->contexts[0];
    *s = (arms_selected){
        .config = ARMS_NONE, .baseline = a->items[context->baseline].tuned, .optimism = NAN};
    for (size_t i = 0; i < context->n_arms; i++) {
        const arm *x = &a->items[context->first_arm + i];
        for (size_t k = 0; k < x->n_configs; k++) {
            size_t c = x->configs[k];
            bool has_select = a->configs[c].n_select > 0;
            if (has_select && (s->config == ARMS_NONE || is_chosen_before(a, c, s->config)))
                s->config = c;
        }
    }
    if (s->config == ARMS_NONE)
        return;
    s->optimism = optimism_of(a);
    if (s->baseline != ARMS_NONE)
        s->test_difference = test_difference_of(a, s->config, s->baseline);
}
