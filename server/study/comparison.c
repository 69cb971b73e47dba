#include "server/study/comparison.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const COMPARISON_AT_NAMES[COMPARISON_AT_COUNT] = {"selected", "best", "last"};

const char *const COMPARISON_VERDICT_NAMES[COMPARISON_VERDICT_COUNT] = {
    "baseline", "better", "worse", "no_evidence", "too_few_seeds", NULL};

metric_id comparison_test_metric(metric_id select_by)
{
    bool selects = METRICS[select_by].part == METRIC_OF_VALIDATION;
    return selects ? metric_of_part(select_by, METRIC_OF_TEST) : METRIC_COUNT;
}

bool comparison_check_metric(metric_id id, comparison_at at, fail *f)
{
    static const unsigned KEEPS[COMPARISON_AT_COUNT] = {[COMPARISON_AT_SELECTED] =
                                                            METRIC_KEEPS_SELECTED,
                                                        [COMPARISON_AT_BEST] = METRIC_KEEPS_BEST,
                                                        [COMPARISON_AT_LAST] = METRIC_KEEPS_LAST};
    if (METRICS[id].keeps & KEEPS[at])
        return true;
    if (at == COMPARISON_AT_SELECTED)
        return fail_set(f, FAIL_INCOMPATIBLE, "/query/at",
                        "%s belongs to an epoch, not to weights: ask for at=last or at=best.",
                        METRICS[id].name);
    return fail_set(f, FAIL_INCOMPATIBLE, "/query/at",
                    "%s is measured once, with the selected weights: ask for at=selected.",
                    METRICS[id].name);
}

double comparison_value(const run_metrics *metrics, metric_id id, comparison_at at)
{
    if (at == COMPARISON_AT_SELECTED)
        return metrics->selected[id];
    assert(id < METRIC_EPOCH_COUNT);
    return at == COMPARISON_AT_BEST ? metrics->best[id] : metrics->last[id];
}

/* ---- grouping: rows in the order of config, then of their pairing key ---- */

static int compare_rows(const void *a, const void *b)
{
    const comparison_row *x = a, *y = b;
    int order = strcmp(x->config_id, y->config_id);
    if (order != 0)
        return order;
    if (x->seed != y->seed)
        return x->seed < y->seed ? -1 : 1;
    if (x->data_seed != y->data_seed)
        return x->data_seed < y->data_seed ? -1 : 1;
    return 0;
}

typedef struct group { /* the rows of one config */
    const comparison_row *rows;
    size_t n;
} group;

/* What one comparison works with; freed as a whole. */
typedef struct workspace {
    comparison_row *order;
    group *groups;
    double *a, *b, *p, *adjusted;
    size_t *ranks;
    double *effects; /* by number of pairs; 0: not computed yet */
} workspace;

static void close_workspace(workspace *w)
{
    free(w->order);
    free(w->groups);
    free(w->a);
    free(w->b);
    free(w->p);
    free(w->adjusted);
    free(w->ranks);
    free(w->effects);
}

static bool open_workspace(workspace *w, size_t n, fail *f)
{
    size_t room = n + 1;
    *w = (workspace){.order = calloc(room, sizeof *w->order),
                     .groups = calloc(room, sizeof *w->groups),
                     .a = calloc(room, sizeof *w->a),
                     .b = calloc(room, sizeof *w->b),
                     .p = calloc(room, sizeof *w->p),
                     .adjusted = calloc(room, sizeof *w->adjusted),
                     .ranks = calloc(room, sizeof *w->ranks),
                     .effects = calloc(room, sizeof *w->effects)};
    if (w->order && w->groups && w->a && w->b && w->p && w->adjusted && w->ranks && w->effects)
        return true;
    close_workspace(w);
    fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %zu runs.", n);
    return false;
}

static size_t make_groups(workspace *w, const comparison_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w->order[i] = rows[i];
    qsort(w->order, n, sizeof *w->order, compare_rows);
    size_t n_groups = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(w->order[i].config_id, w->order[i - 1].config_id) != 0)
            w->groups[n_groups++] = (group){.rows = &w->order[i]};
        w->groups[n_groups - 1].n++;
    }
    return n_groups;
}

/* ---- one config ---- */

typedef double row_value(const comparison_row *row);

/* A failed run may have left numbers behind; they do not count. */
static double metric_of(const comparison_row *row)
{
    return row->status == RUN_STATE_COMPLETED ? row->metric : NAN;
}

static double select_of(const comparison_row *row)
{
    return row->status == RUN_STATE_COMPLETED ? row->select : NAN;
}

static double test_of(const comparison_row *row)
{
    return row->status == RUN_STATE_COMPLETED ? row->test : NAN;
}

static double r2_of(const comparison_row *row)
{
    return row->status == RUN_STATE_COMPLETED ? row->r2 : NAN;
}

static stats_summary summarize(const group *g, row_value *value, double *scratch)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        if (isfinite(value(&g->rows[i])))
            scratch[n++] = value(&g->rows[i]);
    return stats_summary_of(scratch, n);
}

static stats_paired pair_up(const group *g, const group *baseline, row_value *value, double *a,
                            double *b)
{
    size_t n = 0, i = 0, j = 0;
    while (i < g->n && j < baseline->n) {
        const comparison_row *x = &g->rows[i], *y = &baseline->rows[j];
        bool less = x->seed < y->seed || (x->seed == y->seed && x->data_seed < y->data_seed);
        bool equal = x->seed == y->seed && x->data_seed == y->data_seed;
        if (equal && isfinite(value(x)) && isfinite(value(y))) {
            a[n] = value(x);
            b[n++] = value(y);
        }
        i += equal || less;
        j += equal || !less;
    }
    return stats_paired_of(a, b, n);
}

static double detectable_effect(workspace *w, size_t n_pairs)
{
    if (w->effects[n_pairs] == 0)
        w->effects[n_pairs] = stats_detectable_effect(n_pairs);
    return w->effects[n_pairs];
}

static void fill_config(workspace *w, const group *g, const group *baseline, comparison_config *out)
{
    const comparison_row *first = &g->rows[0];
    *out = (comparison_config){.config_id = first->config_id,
                               .label = first->label,
                               .values = first->values,
                               .n_runs = g->n};
    for (size_t i = 0; i < g->n; i++) {
        run_state status = g->rows[i].status;
        out->n_failed += status == RUN_STATE_FAILED;
        out->n_without += status == RUN_STATE_COMPLETED && !isfinite(g->rows[i].metric);
        out->n_unfinished += !run_state_is_terminal(status);
    }
    out->summary = summarize(g, metric_of, w->a);
    out->select = summarize(g, select_of, w->a);
    out->r2 = summarize(g, r2_of, w->a);
    out->test = summarize(g, test_of, w->a);
    out->difference = pair_up(g, baseline, metric_of, w->a, w->b);
    out->minimum_detectable =
        detectable_effect(w, out->difference.difference.n) * out->difference.difference.std;
}

/* ---- all configs ---- */

static comparison_verdict verdict_of(const comparison_config *config, metric_direction direction)
{
    if (config->difference.difference.n < COMPARISON_PAIRS_LEAST)
        return COMPARISON_TOO_FEW_SEEDS;
    if (direction == METRIC_NEITHER)
        return COMPARISON_NO_DIRECTION;
    if (!(config->p_adjusted < STATS_LEVEL))
        return COMPARISON_NO_EVIDENCE;
    bool is_lower = config->difference.difference.mean < 0;
    return is_lower == (direction == METRIC_LOWER_IS_BETTER) ? COMPARISON_BETTER : COMPARISON_WORSE;
}

static void fill_verdicts(comparison *c, workspace *w, size_t baseline)
{
    metric_direction direction = METRICS[c->options.metric].direction;
    for (size_t i = 0; i < c->n_configs; i++) {
        const stats_paired *pair = &c->configs[i].difference;
        w->p[i] = i == baseline ? NAN : stats_holm_input(pair->p_value, pair->difference.n);
        c->n_tests += isnan(w->p[i]) ? 0 : 1;
    }
    stats_holm(w->p, c->n_configs, w->ranks, w->adjusted);
    for (size_t i = 0; i < c->n_configs; i++) {
        c->configs[i].p_adjusted = w->adjusted[i];
        c->configs[i].verdict =
            i == baseline ? COMPARISON_BASELINE : verdict_of(&c->configs[i], direction);
    }
}

/* a comes before b: the better mean, then more values, then the id. No value comes last. */
static int compare_means(const stats_summary *a, const stats_summary *b, bool higher_first)
{
    if (a->n == 0 || b->n == 0)
        return (a->n == 0) - (b->n == 0);
    if (a->mean != b->mean)
        return (a->mean < b->mean) != higher_first ? -1 : 1;
    return (a->n < b->n) - (a->n > b->n);
}

static int compare_lower_first(const void *a, const void *b)
{
    const comparison_config *x = a, *y = b;
    int order = compare_means(&x->summary, &y->summary, false);
    return order != 0 ? order : strcmp(x->config_id, y->config_id);
}

static int compare_higher_first(const void *a, const void *b)
{
    const comparison_config *x = a, *y = b;
    int order = compare_means(&x->summary, &y->summary, true);
    return order != 0 ? order : strcmp(x->config_id, y->config_id);
}

static bool is_higher_better(metric_id id)
{
    return METRICS[id].direction == METRIC_HIGHER_IS_BETTER;
}

static const comparison_config *find_config(const comparison *c, const char *config_id)
{
    for (size_t i = 0; i < c->n_configs; i++)
        if (strcmp(c->configs[i].config_id, config_id) == 0)
            return &c->configs[i];
    return NULL;
}

/* Of equals the baseline, then the least id: never what the metric that is shown, perhaps one of
 * the test split, put first. */
static bool is_chosen_before(const comparison *c, const comparison_config *a,
                             const comparison_config *b)
{
    int order = compare_means(&a->select, &b->select, is_higher_better(c->options.select_by));
    if (order != 0)
        return order < 0;
    if (a == c->baseline || b == c->baseline)
        return a == c->baseline;
    return strcmp(a->config_id, b->config_id) < 0;
}

static const comparison_config *select_config(const comparison *c)
{
    const comparison_config *best = NULL;
    for (size_t i = 0; i < c->n_configs; i++)
        if (c->configs[i].select.n > 0 && (!best || is_chosen_before(c, &c->configs[i], best)))
            best = &c->configs[i];
    return best;
}

/* Index of the group with this id; `otherwise` if there is none. */
static size_t find_group(const group *groups, size_t n, const char *config_id, size_t otherwise)
{
    for (size_t i = 0; i < n; i++)
        if (config_id && strcmp(groups[i].rows[0].config_id, config_id) == 0)
            return i;
    return otherwise;
}

static void fill_selected(comparison *c, workspace *w, const char *baseline_id)
{
    c->selected = select_config(c);
    if (!c->selected)
        return;
    double gap = c->selected->test.mean - c->selected->select.mean;
    c->optimism = is_higher_better(c->options.select_by) ? -gap : gap;
    const group *selected =
        &w->groups[find_group(w->groups, c->n_configs, c->selected->config_id, 0)];
    const group *baseline = &w->groups[find_group(w->groups, c->n_configs, baseline_id, 0)];
    c->test_difference = pair_up(selected, baseline, test_of, w->a, w->b);
}

static void compare_groups(comparison *c, workspace *w, const comparison_row *rows)
{
    size_t first = find_group(w->groups, c->n_configs, rows[0].config_id, 0);
    size_t baseline = find_group(w->groups, c->n_configs, c->options.baseline, first);
    for (size_t i = 0; i < c->n_configs; i++) {
        fill_config(w, &w->groups[i], &w->groups[baseline], &c->configs[i]);
        c->n_failed += c->configs[i].n_failed;
        c->n_without += c->configs[i].n_without;
        c->n_unfinished += c->configs[i].n_unfinished;
    }
    fill_verdicts(c, w, baseline);
    const char *baseline_id = c->configs[baseline].config_id;
    qsort(c->configs, c->n_configs, sizeof *c->configs,
          is_higher_better(c->options.metric) ? compare_higher_first : compare_lower_first);
    c->options.baseline = baseline_id;
    c->baseline = find_config(c, baseline_id);
    fill_selected(c, w, baseline_id);
}

bool comparison_open(const comparison_row *rows, size_t n, const comparison_options *options,
                     comparison *out, fail *f)
{
    workspace w;
    if (!open_workspace(&w, n, f))
        return false;
    comparison c = {.options = *options, .optimism = NAN, .test_difference = {.p_value = NAN}};
    c.n_configs = make_groups(&w, rows, n);
    c.configs = calloc(c.n_configs + 1, sizeof *c.configs);
    bool done = c.configs != NULL;
    if (!done) {
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %zu runs.", n);
    } else {
        if (n > 0)
            compare_groups(&c, &w, rows);
        *out = c;
    }
    close_workspace(&w);
    return done;
}

void comparison_close(comparison *c)
{
    for (size_t i = 0; c->labels && i < c->n_configs; i++)
        free(c->labels[i]);
    free(c->labels);
    free(c->configs);
    c->labels = NULL;
    c->configs = NULL;
    c->n_configs = 0;
}
