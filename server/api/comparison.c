#include "server/api/comparison.h"

#include "server/api/api.h"
#include "server/api/methods.h"
#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/jobs/errand.h"
#include "server/jobs/study.h"
#include "server/store/arms.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAGRAPH_BYTES_LIMIT = 1 << 16 };

/* ---- the question ---- */

typedef struct comparison_query {
    measure_query measure;
    int select_by;           /* a metric_id */
    const char *experiments; /* NULL: the one of the path */
} comparison_query;

static bool may_select(int id)
{
    return measure_test_metric((metric_id)id) != METRIC_COUNT;
}

static const member QUESTION_ROWS[] = {
    {"metric", MEMBER_TEXT,
     "What is compared: any metric, one of a layer (layers.0.coadaptation), or epochs_to. If not "
     "given, that of the experiment's question.",
     MEMBER_OPTIONAL, AT(comparison_query, measure.metric), .describe = codec_describe_measure},
    {"at", MEMBER_NAME, "Which weights' value; if not given, the selected ones where they have it.",
     MEMBER_OPTIONAL, AT(comparison_query, measure.at), NAMES(MEASURE_AT_NAMES)},
    {"of", MEMBER_TEXT, "Of epochs_to: the curve; val_loss if not given.", MEMBER_OPTIONAL,
     AT(comparison_query, measure.of)},
    {"target", MEMBER_NUMBER, "Of epochs_to: the value to be reached.", MEMBER_OPTIONAL,
     AT(comparison_query, measure.target)},
    {"select_by", MEMBER_NAME, "The validation metric that chooses a config.", MEMBER_OPTIONAL,
     AT(comparison_query, select_by), NAMES_IN(METRICS, name, METRIC_COUNT),
     OTHERWISE(METRIC_VAL_LOSS), .is_taken = may_select,
     .refusal = "the validation split alone may select"},
};
const shape SHAPE_COMPARISON_QUERY = {BYTES_OF(comparison_query), MEMBERS(QUESTION_ROWS)};

static const member SEVERAL_ROWS[] = {
    {"experiments", MEMBER_INTEGER, "Ids, separated by commas; the first one's question is asked.",
     AT(comparison_query, experiments), RANGE(1, (double)SPEC_SEED_LIMIT), .depth = 1, .least = 1,
     .most = JOBS_STUDY_EXPERIMENTS_LIMIT},
    {.type = MEMBER_INCLUDED, ITSELF(comparison_query), .of = &SHAPE_COMPARISON_QUERY},
};
const shape SHAPE_SEVERAL_QUERY = {BYTES_OF(comparison_query), MEMBERS(SEVERAL_ROWS)};

/* Ids that are known to be ids; each counts once. */
static void read_ids(const char *text, jobs_study_query *out)
{
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int64_t id = strtoll(at, NULL, 10);
        bool is_there = false;
        for (size_t i = 0; i < out->n_ids; i++)
            is_there = is_there || out->ids[i] == id;
        if (!is_there)
            out->ids[out->n_ids++] = id;
    }
}

static bool read_query(const request *q, jobs_study_query *out, fail *f)
{
    comparison_query wanted = {.measure = {.at = -1, .target = NAN}};
    if (!request_read_query(q, &wanted, f))
        return false;
    *out = (jobs_study_query){.measure = wanted.measure, .select_by = (metric_id)wanted.select_by};
    if (wanted.experiments)
        read_ids(wanted.experiments, out);
    else
        out->ids[out->n_ids++] = q->ids[0];
    return true;
}

/* ---- comparison ---- */

/* How often test metrics were looked at, now too if they are. */
static bool count_looks(app *a, jobs_study *x, fail *f)
{
    char look[2 * QUESTION_METRIC_LIMIT];
    const study_options *o = &x->inquiry.table.options;
    int64_t total = 0;
    snprintf(look, sizeof look, "%s at %s by %s", o->metric, MEASURE_AT_NAMES[o->at], o->select_by);
    for (size_t i = 0; i < x->n_experiments; i++) {
        int64_t n, n_completed = x->experiments[i].runs[RUN_STATE_COMPLETED];
        bool is_look = n_completed > 0 && measure_is_of_test(&x->measure);
        if (!store_note_look(a->store, x->experiments[i].id, is_look ? look : NULL, n_completed, &n,
                             f))
            return false;
        total += n;
    }
    x->inquiry.table.options.n_test_asked = total;
    return true;
}

typedef struct labels { /* of the configs, on the heap */
    size_t n;
    char **texts;
    const char **values;
} labels;

static void close_labels(labels *l)
{
    for (size_t i = 0; l->texts && i < l->n; i++)
        free(l->texts[i]);
    free(l->texts);
    free(l->values);
}

/* Configs of one variant stand together or a few apart: the next one is looked for first. */
static bool is_alone(const jobs_study *x, size_t c)
{
    const char *label = x->given[c].label;
    for (size_t k = 1; label && k < x->n_configs; k++) {
        const char *other = x->given[(c + k) % x->n_configs].label;
        if (other && strcmp(other, label) == 0)
            return false;
    }
    return label;
}

static bool open_labels(jobs_study *x, labels *out)
{
    enum { LABEL_STEPS = 256 };
    out->texts = calloc(x->n_configs + 1, sizeof *out->texts);
    out->values = calloc(x->n_configs + 1, sizeof *out->values);
    bool done = out->texts && out->values;
    for (; done && out->n < x->n_configs && caller_goes_on(&x->pace, LABEL_STEPS); out->n++) {
        const inquiry_config *c = &x->given[out->n];
        out->values[out->n] = c->values;
        out->texts[out->n] = codec_config_label(c->label, is_alone(x, out->n), c->values);
        done = out->texts[out->n] != NULL;
    }
    return done;
}

static bool write_comparison(jobs_study *x, const arms *a, const char *paragraph, buffer *out,
                             fail *f)
{
    checks found;
    factorial effects;
    labels l = {.n = 0};
    if (!checks_open(a, &found, f))
        return false;
    bool done = factorial_open(a, &effects, f);
    if (done) {
        done = open_labels(x, &l) ||
               fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the answer.");
        done = done && caller_check_pace(&x->pace, f);
        if (done)
            shape_add(out, &SHAPE_COMPARISON,
                      &(comparison_answer){.a = a,
                                           .checks = &found,
                                           .effects = &effects,
                                           .labels = (const char *const *)l.texts,
                                           .values = l.values,
                                           .paragraph = paragraph,
                                           .is_sequential = x->specs[0].until.enabled});
        close_labels(&l);
        factorial_close(&effects);
    }
    checks_close(&found);
    return done;
}

static bool compare(app *a, const caller *by, jobs_study *x, bool is_csv, buffer *out, fail *f)
{
    arms found;
    if (!caller_check(by, f) || !count_looks(a, x, f) ||
        !arms_open(&x->inquiry.table, by, &found, f))
        return false;
    buffer paragraph;
    buffer_init(&paragraph, PARAGRAPH_BYTES_LIMIT);
    api_add_methods(a, x, &found, &paragraph);
    bool done =
        caller_check(by, f) &&
        (is_csv || write_comparison(x, &found, paragraph.n > 0 ? paragraph.data : NULL, out, f));
    if (done && is_csv)
        codec_add_comparison_csv(out, &found);
    done = done && caller_check(by, f);
    buffer_close(&paragraph);
    arms_close(&found);
    return done;
}

static void answer(app *a, const request *q, const jobs_study_query *query, response *r)
{
    jobs_study x;
    fail f;
    bool is_csv = request_wants_csv(q);
    bool done = jobs_study_open(a->store, query, &x, &f);
    if (done) {
        done = compare(a, query->by, &x, is_csv, &r->body, &f);
        jobs_study_close(&x);
    }
    if (done)
        api_send_tagged(q, is_csv ? MESSAGE_CSV : MESSAGE_JSON, r);
    else
        response_fail(r, &f);
}

void api_comparison_get(app *a, const request *q, response *r)
{
    jobs_study_query query;
    fail f;
    bool is_read = read_query(q, &query, &f);
    query.by = errand_caller(q->errand);
    if (is_read)
        answer(a, q, &query, r);
    else
        response_fail(r, &f);
}

void api_comparison_get_several(app *a, const request *q, response *r)
{
    api_comparison_get(a, q, r);
}

/* ---- curves ---- */

enum { POINTS_AT_ONCE = 4096 }; /* after so many the caller is asked */

typedef struct curve_writer {
    app *a;
    const caller *by;
    const experiment *e;
    metric_id metric;
    const series *all;
    size_t n_points;
    comparison_band band; /* of the config that is being read */
    char config_id[CONFIG_ID_BYTES];
    buffer *out;
    int64_t last_event_id;
    bool has_failed;
    fail *f;
} curve_writer;

static bool is_label_alone(const series *all, const series_config *config)
{
    size_t at = (size_t)(config - all->configs);
    for (size_t k = 1; k < all->n_configs; k++) {
        const char *other = all->configs[(at + k) % all->n_configs].label;
        if (other && strcmp(other, config->label) == 0)
            return false;
    }
    return true;
}

static void write_band(curve_writer *w)
{
    if (w->band.n == 0)
        return;
    const series_config *config = series_find_config(w->all, w->config_id);
    const char *values = config ? config->values : "{}";
    const char *variant = config ? config->label : NULL;
    char *label = codec_config_label(variant, variant && is_label_alone(w->all, config), values);
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
    w->has_failed = (w->n_points++ % POINTS_AT_ONCE == 0 && !caller_check(w->by, w->f)) ||
                    !comparison_band_add(&w->band, epoch, value, w->f);
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

static bool write_curves(app *a, const caller *by, const experiment *e, metric_id id, buffer *out,
                         fail *f)
{
    series all;
    if (!caller_begin(by, CALLER_RUNS, (uint64_t)e->n_runs, f) ||
        !store_load_series(a->store, by, e->id, &all, f))
        return false;
    curve_writer w = {.a = a, .by = by, .e = e, .metric = id, .all = &all, .f = f};
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
    bool done =
        request_read_query(q, &wanted, &f) && store_get_experiment(a->store, q->ids[0], &e, &f) &&
        write_curves(a, errand_caller(q->errand), &e, (metric_id)wanted.metric, &r->body, &f);
    experiment_close(&e);
    if (done)
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
}
