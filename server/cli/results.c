#include "server/cli/results.h"
#include "core/base/array.h"
#include "core/stats/stats.h"
#include "server/cli/table.h"
#include "server/codec/codec.h"
#include "server/plan/inquiry.h"
#include "server/study/conclusion.h"

#include <assert.h>
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
    if (p->spec.n_variants > 0)
        cli_table_add(t, "%s", p->configs[c].label);
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
    cli_table_init(&t, (p->spec.n_variants > 0) + p->spec.n_axes + 1 + n_shown);
    if (p->spec.n_variants > 0)
        cli_table_add(&t, "variant");
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

/* ---- the comparison ---- */

static study_run run_of(const cli_outcome *o, const plan *p, const measure *what)
{
    return (study_run){.config = (size_t)o->config,
                       .seed = o->seed,
                       .data_seed = p->grid.varies_data_seed ? o->data_seed : 0,
                       .status = o->is_completed ? RUN_STATE_COMPLETED : RUN_STATE_FAILED,
                       .metric = o->selected[what->metric],
                       .select = o->selected[METRIC_VAL_LOSS],
                       .test = o->selected[METRIC_TEST_LOSS],
                       .r2 = o->selected[METRIC_VAL_R2]};
}

/* The table of all that was trained; its runs are on the heap. */
static bool open_study(const cli_results *r, const plan *p, const measure *what, inquiry *out,
                       study_run **runs, fail *f)
{
    size_t n = (size_t)p->grid.n_configs;
    inquiry_config *configs = calloc(n, sizeof *configs);
    const inquiry_source source = {.spec = &p->spec,
                                   .configs = configs,
                                   .n_configs = n,
                                   .varies_data_seed = p->grid.varies_data_seed};
    *runs = calloc(r->n + 1, sizeof **runs);
    for (size_t c = 0; configs && c < n; c++)
        configs[c] = (inquiry_config){p->configs[c].id, p->configs[c].label, p->configs[c].values,
                                      &p->grid.configs[c].spec, &p->configs[c].facts};
    for (size_t i = 0; *runs && i < r->n; i++)
        (*runs)[i] = run_of(&r->items[i], p, what);
    bool is_open = configs && *runs ? inquiry_open(&source, what, METRIC_VAL_LOSS, out, f)
                                    : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory");
    free(configs);
    if (!is_open) {
        free(*runs);
        return false;
    }
    out->table.runs = *runs;
    out->table.n_runs = r->n;
    return true;
}

static bool print_words(const study_table *t, FILE *file)
{
    arms a;
    fail f;
    buffer b;
    if (!arms_open(t, NULL, &a, &f))
        return false;
    buffer_init(&b, 1 << 20);
    conclusion_add_headline(&a, &b);
    buffer_add_text(&b, "\n");
    conclusion_add_summary(&a, &b);
    bool done = !b.failed && fprintf(file, "\n%s\n", b.data) >= 0;
    buffer_close(&b);
    arms_close(&a);
    return done;
}

/* The question's metric; val_loss where a run of the command line keeps no such one. */
static void choose_measure(const plan *p, measure *out)
{
    inquiry_question q;
    fail ignored;
    const inquiry_source source = {.spec = &p->spec};
    inquiry_ask(&source, &q);
    const measure_query wanted[] = {{q.primary, -1, NULL, NAN}, {"val_loss", -1, NULL, NAN}};
    if (!measure_read(&wanted[0], out, &ignored) || out->kind != MEASURE_OF_RUN ||
        out->at != STUDY_AT_SELECTED) {
        bool is_read = measure_read(&wanted[1], out, &ignored);
        assert(is_read);
    }
}

bool cli_results_print_verdict(const cli_results *r, const plan *p, FILE *file)
{
    measure what;
    inquiry x;
    study_run *runs;
    fail f;
    if (p->grid.n_configs < 2 || r->n == 0)
        return true;
    choose_measure(p, &what);
    if (!open_study(r, p, &what, &x, &runs, &f))
        return false;
    bool done = print_words(&x.table, file);
    inquiry_close(&x);
    free(runs);
    return done;
}

int64_t cli_results_count_wanted(const cli_results *r, const plan *p)
{
    const experiment_spec *e = &p->spec;
    const metric *row = &METRICS[e->until.metric];
    measure what = {.metric = (metric_id)e->until.metric, .direction = row->direction};
    int64_t wanted = p->grid.n_seeds;
    inquiry x;
    study_run *runs;
    arms a;
    fail f;
    snprintf(what.name, sizeof what.name, "%s", row->name);
    if (!e->until.enabled || p->grid.n_configs < 2 || !open_study(r, p, &what, &x, &runs, &f))
        return wanted;
    if (arms_open(&x.table, NULL, &a, &f)) {
        wanted = (int64_t)arms_repeats_wanted(&a, e->until.half_width, (size_t)e->n_repeats,
                                              (size_t)e->until.max);
        arms_close(&a);
    }
    inquiry_close(&x);
    free(runs);
    return wanted;
}
