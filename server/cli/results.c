#include "server/cli/results.h"
#include "core/base/array.h"
#include "core/stats/stats.h"
#include "server/cli/table.h"
#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/study/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool cli_results_reserve(cli_results *r, size_t n)
{
    return array_reserve(&r->items, &r->capacity, r->n + n, ARRAY_BOUNDED_ELSEWHERE);
}

void cli_results_close(cli_results *r)
{
    free(r->items);
    *r = (cli_results){0};
}

/* Values of a metric over the seeds of one config; returns how many there are. */
static size_t list_values(const cli_results *r, int config, int m, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].config == config && r->items[i].is_completed &&
            !isnan(r->items[i].selected[m]))
            values[n++] = r->items[i].selected[m];
    return n;
}

/* The completed run of that config with the same seeds. A swept data_seed is the config's own. */
static const cli_outcome *find_pair(const cli_results *r, int config, const cli_outcome *other,
                                    bool by_data_seed)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].config == config && r->items[i].seed == other->seed &&
            (!by_data_seed || r->items[i].data_seed == other->data_seed) &&
            r->items[i].is_completed)
            return &r->items[i];
    return NULL;
}

static double pair_half_width(const cli_results *r, const grid *p, int config, int m, double *a,
                              double *b)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->items[i].config != config || !r->items[i].is_completed)
            continue;
        const cli_outcome *other = find_pair(r, p->baseline, &r->items[i], p->varies_data_seed);
        if (!other || !isfinite(other->selected[m]) || !isfinite(r->items[i].selected[m]))
            continue;
        a[n] = r->items[i].selected[m];
        b[n++] = other->selected[m];
    }
    stats_paired pair = stats_paired_of(a, b, n);
    return n < 2 ? INFINITY : (pair.difference.ci_high - pair.difference.ci_low) / 2;
}

double cli_results_half_width(const cli_results *r, const plan *p, int metric_index)
{
    double *values = malloc((2 * r->n + 1) * sizeof *values), widest = NAN;
    for (int c = 0; values && c < p->grid.n_configs; c++) {
        if (c != p->grid.baseline && list_values(r, c, metric_index, values) > 0)
            widest =
                fmax(widest, pair_half_width(r, &p->grid, c, metric_index, values, values + r->n));
    }
    free(values);
    return widest;
}

/* ---- the table ---- */

static const int SHOWN[] = {METRIC_VAL_LOSS,     METRIC_VAL_ACCURACY,    METRIC_VAL_R2,
                            METRIC_TEST_LOSS,    METRIC_TEST_ACCURACY,   METRIC_TEST_R2,
                            METRIC_MC_TEST_LOSS, METRIC_MC_TEST_ACCURACY};
enum { SHOWN_COUNT = sizeof SHOWN / sizeof *SHOWN };

static bool has_metric(const cli_results *r, int m)
{
    for (size_t i = 0; i < r->n; i++)
        if (!isnan(r->items[i].selected[m]))
            return true;
    return false;
}

static int list_shown(const cli_results *r, int shown[SHOWN_COUNT])
{
    int n = 0;
    for (int i = 0; i < SHOWN_COUNT; i++)
        if (has_metric(r, SHOWN[i]))
            shown[n++] = SHOWN[i];
    return n;
}

static void add_value(cli_table *t, const field *row, const train_spec *spec)
{
    buffer b;
    buffer_init(&b, 4096);
    if (field_applies(row, spec))
        codec_field_add(&b, row, spec);
    size_t n = b.n;
    bool is_text = n > 1 && b.data[0] == '"';
    cli_table_add(t, "%.*s", (int)(is_text ? n - 2 : n), b.data ? b.data + is_text : "");
    buffer_close(&b);
}

static void add_metric(cli_table *t, const double *values, size_t n)
{
    stats_summary s = stats_summary_of(values, n);
    if (n == 0)
        cli_table_add(t, "%s", "");
    else if (n == 1)
        cli_table_add(t, "%.5g", s.mean);
    else
        cli_table_add(t, "%.5g ± %.2g", s.mean, s.std);
}

static size_t count_runs(const cli_results *r, int config)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->items[i].config == config;
    return n;
}

static void add_config(cli_table *t, const cli_results *r, const plan *p, int c, const int *shown,
                       int n_shown, double *values)
{
    size_t n_runs = count_runs(r, c), n_completed = 0;
    for (size_t i = 0; i < r->n; i++)
        n_completed += r->items[i].config == c && r->items[i].is_completed;
    for (int a = 0; a < p->spec.n_axes; a++)
        add_value(t, p->spec.axes[a].row, &p->grid.configs[c].spec);
    if (n_completed == n_runs)
        cli_table_add(t, "%zu", n_runs);
    else
        cli_table_add(t, "%zu of %zu", n_completed, n_runs);
    for (int i = 0; i < n_shown; i++)
        add_metric(t, values, list_values(r, c, shown[i], values));
}

bool cli_results_print(const cli_results *r, const plan *p, FILE *file)
{
    int shown[SHOWN_COUNT], n_shown = list_shown(r, shown);
    double *values = malloc((r->n + 1) * sizeof *values);
    cli_table t;
    cli_table_init(&t, p->spec.n_axes + 1 + n_shown);
    for (int a = 0; a < p->spec.n_axes; a++)
        cli_table_add(&t, "%s", p->spec.axes[a].row->name);
    cli_table_add(&t, "seeds");
    for (int i = 0; i < n_shown; i++)
        cli_table_add(&t, "%s", METRICS[shown[i]].name);
    for (int c = 0; values && c < p->grid.n_configs; c++)
        if (count_runs(r, c) > 0)
            add_config(&t, r, p, c, shown, n_shown, values);
    bool ok = values && !t.failed;
    if (ok)
        cli_table_print(&t, file);
    cli_table_close(&t);
    free(values);
    return ok;
}

/* ---- the verdict ---- */

static comparison_row row_of(const cli_outcome *o, const plan *p)
{
    return (comparison_row){.config_id = p->configs[o->config].id,
                            .values = p->configs[o->config].values,
                            .seed = o->seed,
                            .data_seed = p->grid.varies_data_seed ? o->data_seed : 0,
                            .status = o->is_completed ? RUN_STATE_COMPLETED : RUN_STATE_FAILED,
                            .metric = o->selected[METRIC_VAL_LOSS],
                            .select = o->selected[METRIC_VAL_LOSS],
                            .test = o->selected[METRIC_TEST_LOSS],
                            .r2 = o->selected[METRIC_VAL_R2]};
}

static bool print_summary(comparison *c, FILE *file)
{
    buffer b;
    buffer_init(&b, 65536);
    bool done = codec_set_labels(c);
    if (done)
        comparison_add_summary(c, &b);
    done = done && !b.failed && fprintf(file, "\n%s\n", b.data ? b.data : "") >= 0;
    buffer_close(&b);
    return done;
}

bool cli_results_print_verdict(const cli_results *r, const plan *p, FILE *file)
{
    comparison_options options = {.metric = METRIC_VAL_LOSS,
                                  .select_by = METRIC_VAL_LOSS,
                                  .test = METRIC_TEST_LOSS,
                                  .baseline = plan_baseline(p)};
    comparison c;
    fail f;
    if (p->grid.n_configs < 2 || r->n == 0)
        return true;
    comparison_row *rows = calloc(r->n, sizeof *rows);
    if (!rows)
        return false;
    for (size_t i = 0; i < r->n; i++)
        rows[i] = row_of(&r->items[i], p);
    bool done = comparison_open(rows, r->n, &options, &c, &f);
    if (done) {
        done = print_summary(&c, file);
        comparison_close(&c);
    }
    free(rows);
    return done;
}
