#include "server/api/comparison.h"

#include "core/base/array.h"
#include "server/api/api.h"
#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the question ---- */

typedef struct comparison_query {
    int metric, select_by; /* metric_ids */
    int at;                /* a comparison_at */
} comparison_query;

static bool may_select(int id)
{
    return comparison_test_metric((metric_id)id) != METRIC_COUNT;
}

static const member QUESTION_ROWS[] = {
    {"metric", MEMBER_NAME, "What is compared.", MEMBER_OPTIONAL, AT(comparison_query, metric),
     NAMES_IN(METRICS, name, METRIC_COUNT), OTHERWISE(METRIC_VAL_LOSS)},
    {"at", MEMBER_NAME, "Which weights' value.", MEMBER_OPTIONAL, AT(comparison_query, at),
     NAMES(COMPARISON_AT_NAMES), OTHERWISE(COMPARISON_AT_SELECTED)},
    {"select_by", MEMBER_NAME, "The validation metric that chooses a config.", MEMBER_OPTIONAL,
     AT(comparison_query, select_by), NAMES_IN(METRICS, name, METRIC_COUNT),
     OTHERWISE(METRIC_VAL_LOSS), .is_taken = may_select,
     .refusal = "the validation split alone may select"},
};
const shape SHAPE_COMPARISON_QUERY = {BYTES_OF(comparison_query), MEMBERS(QUESTION_ROWS)};

static bool read_options(const request *q, comparison_options *out, fail *f)
{
    comparison_query wanted;
    if (!request_read_query(q, &wanted, f) ||
        !comparison_check_metric((metric_id)wanted.metric, (comparison_at)wanted.at, f))
        return false;
    *out = (comparison_options){.metric = (metric_id)wanted.metric,
                                .at = (comparison_at)wanted.at,
                                .select_by = (metric_id)wanted.select_by,
                                .test = comparison_test_metric((metric_id)wanted.select_by)};
    return true;
}

static bool is_generated(const experiment_spec *spec)
{
    const field *row = field_find("dataset");
    bool is_built_in = dataset_find(spec->base.dataset) != NULL;
    for (int a = 0; a < spec->n_axes; a++)
        for (int i = 0; spec->axes[a].row == row && i < spec->axes[a].n_values; i++)
            is_built_in = is_built_in && dataset_find(spec->axes[a].values[i].dataset);
    return is_built_in;
}

static bool varies_selection(const experiment_spec *spec)
{
    for (int a = 0; a < spec->n_axes; a++)
        if (field_selects_epoch(spec->axes[a].row))
            return true;
    return false;
}

/* What the specification says of the runs. */
static comparison_design read_design(const experiment *e)
{
    experiment_spec spec;
    fail_list *faults = calloc(1, sizeof *faults);
    comparison_design d = {.is_sequential = false};
    if (faults && codec_read_experiment_spec(e->spec, strlen(e->spec), &spec, faults)) {
        d = (comparison_design){.is_sequential = spec.until.enabled,
                                .varies_data_seed = spec.repeat_varies_data_seed,
                                .keeps_seed = !spec.repeat_varies_seed,
                                .has_generated_data = is_generated(&spec),
                                .has_drawn_baseline = spec.random_search && !spec.has_baseline,
                                .compares_stopping = varies_selection(&spec)};
        experiment_spec_close(&spec);
    }
    free(faults);
    return d;
}

/* ---- the runs ---- */

/* The runs of a series as rows of a comparison, which borrow its texts. */
typedef struct run_table {
    series all;
    comparison_row *rows; /* (all.n_runs) */
} run_table;

static void close_table(run_table *t)
{
    free(t->rows);
    series_close(&t->all);
}

static bool fail_of_memory(const experiment *e, fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %lld runs.",
                    (long long)e->n_runs);
}

static comparison_row row_of(const series *all, const series_run *r,
                             const comparison_options *options)
{
    const series_config *config = &all->configs[r->config];
    return (comparison_row){.config_id = config->id,
                            .values = config->values,
                            .seed = r->seed,
                            .data_seed = options->design.varies_data_seed ? r->data_seed : 0,
                            .status = r->status,
                            .metric = comparison_value(&r->metrics, options->metric, options->at),
                            .select = r->metrics.selected[options->select_by],
                            .test = r->metrics.selected[options->test],
                            .r2 = r->metrics.selected[METRIC_VAL_R2]};
}

static bool open_table(app *a, const experiment *e, const comparison_options *options,
                       run_table *out, fail *f)
{
    run_table t = {.rows = NULL};
    if (!store_load_series(a->store, e->id, &t.all, f))
        return false;
    t.rows = calloc(t.all.n_runs + 1, sizeof *t.rows);
    if (!t.rows) {
        close_table(&t);
        return fail_of_memory(e, f);
    }
    for (size_t i = 0; i < t.all.n_runs; i++)
        t.rows[i] = row_of(&t.all, &t.all.runs[i], options);
    *out = t;
    return true;
}

/* Whether runs came later than the first ones. */
static bool was_extended(const series *all)
{
    for (size_t i = 1; i < all->n_runs; i++)
        if (all->runs[i].created_ms != all->runs[0].created_ms)
            return true;
    return false;
}

/* ---- comparison ---- */

/* Effects where the sweep is factorial; the configs' texts live until close_factors(). */
typedef struct factor_table {
    size_t n;
    effects_config *configs;
} factor_table;

static void close_factors(factor_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        codec_factors_close(&t->configs[i]);
    free(t->configs);
}

static bool read_factors(const comparison *c, factor_table *out)
{
    out->configs = calloc(c->n_configs + 1, sizeof *out->configs);
    bool done = out->configs != NULL;
    for (; done && out->n < c->n_configs; out->n++)
        done = codec_read_factors(c->configs[out->n].config_id, c->configs[out->n].values,
                                  &out->configs[out->n]);
    return done;
}

static bool write_comparison(const experiment *e, const run_table *table, comparison *c,
                             buffer *out, fail *f)
{
    factor_table factors = {0};
    effects found = {.is_factorial = false};
    const char *baseline = c->baseline ? c->baseline->config_id : "";
    bool done = codec_set_labels(c) && read_factors(c, &factors);
    if (!done)
        fail_of_memory(e, f);
    done = done && comparison_effects_open(table->rows, table->all.n_runs, factors.configs,
                                           factors.n, baseline, &found, f);
    if (done)
        codec_add_comparison(out, c, &found);
    comparison_effects_close(&found);
    close_factors(&factors);
    return done;
}

static bool compare(app *a, const experiment *e, comparison_options *options, buffer *out, fail *f)
{
    comparison_design *d = &options->design;
    run_table table;
    comparison c;
    *d = read_design(e);
    options->baseline = e->baseline_config_id;
    if (!open_table(a, e, options, &table, f))
        return false;
    d->was_extended = !d->is_sequential && was_extended(&table.all);
    bool done = comparison_open(table.rows, table.all.n_runs, options, &c, f);
    if (done) {
        done = write_comparison(e, &table, &c, out, f);
        comparison_close(&c);
    }
    close_table(&table);
    return done;
}

void api_comparison_get(app *a, const request *q, response *r)
{
    comparison_options options = {0};
    experiment e = {0};
    fail f;
    bool done = read_options(q, &options, &f) && store_get_experiment(a->store, q->ids[0], &e, &f);
    done = done && compare(a, &e, &options, &r->body, &f);
    experiment_close(&e);
    if (done)
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
}

/* ---- curves ---- */

typedef struct curve_writer {
    app *a;
    const experiment *e;
    metric_id metric;
    const series *all;
    comparison_band band; /* of the config that is being read */
    char config_id[CONFIG_ID_BYTES];
    buffer *out;
    int64_t last_event_id;
    bool has_failed;
    fail *f;
} curve_writer;

static void write_band(curve_writer *w)
{
    if (w->band.n == 0)
        return;
    const series_config *config = series_find_config(w->all, w->config_id);
    const char *values = config ? config->values : "{}";
    char *label = codec_config_label(values);
    codec_add_band(w->out, &(band_answer){w->config_id, label, values, &w->band});
    free(label);
    comparison_band_close(&w->band);
}

static bool add_point(void *context, const char *config_id, int64_t run_id, int64_t seed,
                      int64_t epoch, double value)
{
    curve_writer *w = context;
    (void)run_id;
    (void)seed;
    if (strcmp(config_id, w->config_id) != 0) {
        write_band(w);
        snprintf(w->config_id, sizeof w->config_id, "%s", config_id);
    }
    w->has_failed = !comparison_band_add(&w->band, epoch, value, w->f);
    return !w->has_failed;
}

static void add_bands(void *context, buffer *b)
{
    curve_writer *w = context;
    w->out = b;
    if (!store_list_curves(w->a->store, w->e->id, w->metric, add_point, w, &w->last_event_id, w->f))
        w->has_failed = true;
    if (!w->has_failed)
        write_band(w);
    comparison_band_close(&w->band);
}

static bool write_curves(app *a, const experiment *e, metric_id id, buffer *out, fail *f)
{
    series all;
    if (!store_load_series(a->store, e->id, &all, f))
        return false;
    curve_writer w = {.a = a, .e = e, .metric = id, .all = &all, .f = f};
    shape_add(out, &SHAPE_BANDS,
              &(bands_answer){.experiment_id = e->id,
                              .metric = (int)id,
                              .configs = {add_bands, &w},
                              .last_event_id = &w.last_event_id});
    series_close(&all);
    return !w.has_failed;
}

typedef struct curves_query {
    int metric; /* a metric_id */
} curves_query;

static bool has_curve(int id)
{
    return id < METRIC_EPOCH_COUNT;
}

static const member CURVES_ROWS[] = {
    {"metric", MEMBER_NAME, "What the curves are of.", MEMBER_OPTIONAL, AT(curves_query, metric),
     NAMES_IN(METRICS, name, METRIC_COUNT), OTHERWISE(METRIC_VAL_LOSS), .is_taken = has_curve,
     .refusal = "it is measured once, at the end, and has no curve"},
};
const shape SHAPE_CURVES_QUERY = {BYTES_OF(curves_query), MEMBERS(CURVES_ROWS)};

void api_comparison_curves(app *a, const request *q, response *r)
{
    curves_query wanted;
    experiment e = {0};
    fail f;
    bool done = request_read_query(q, &wanted, &f) &&
                store_get_experiment(a->store, q->ids[0], &e, &f) &&
                write_curves(a, &e, (metric_id)wanted.metric, &r->body, &f);
    experiment_close(&e);
    if (done)
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
}
