#include "server/jobs/study.h"

#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/jobs/study_records.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <stdlib.h>
#include <string.h>

static bool no_memory(fail *f)
{
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is not enough memory to compare the runs.");
}

/* ---- experiments ---- */

/* What one run takes while it is compared, about: its row, its values, its answer. */
enum { RUN_BYTES = 4096 };

static bool load_one(store *s, const caller *by, int64_t id, jobs_study *x, fail *f)
{
    size_t i = x->n_experiments;
    fail_list *faults = calloc(1, sizeof *faults);
    if (!faults)
        return no_memory(f);
    bool is_read = store_get_experiment(s, id, &x->experiments[i], f);
    if (is_read) {
        is_read = codec_read_stored_spec(&x->experiments[i], &x->specs[i], faults);
        if (!is_read) {
            *f = faults->items[0];
            experiment_close(&x->experiments[i]);
        }
    }
    free(faults);
    if (!is_read)
        return false;
    x->n_experiments++; /* its series is zeroed: it may be closed */
    size_t n_runs = (size_t)x->experiments[i].n_runs;
    return caller_begin(by, CALLER_RUNS, n_runs, f) && caller_grant(by, n_runs * RUN_BYTES, f) &&
           store_load_series(s, by, id, &x->all[i], f);
}

static bool load(store *s, const jobs_study_query *query, jobs_study *x, fail *f)
{
    x->experiments = calloc(query->n_ids, sizeof *x->experiments);
    x->specs = calloc(query->n_ids, sizeof *x->specs);
    x->all = calloc(query->n_ids, sizeof *x->all);
    x->places = calloc(query->n_ids, sizeof *x->places);
    x->n_runs_of = calloc(query->n_ids, sizeof *x->n_runs_of);
    if (!x->experiments || !x->specs || !x->all || !x->places || !x->n_runs_of)
        return no_memory(f);
    for (size_t i = 0; i < query->n_ids; i++)
        if (!load_one(s, query->by, query->ids[i], x, f))
            return false;
    return true;
}

/* ---- configs ---- */

static bool is_seed(const field *row)
{
    return strcmp(row->name, "seed") == 0 || strcmp(row->name, "data_seed") == 0;
}

static bool is_same_config(const train_spec *a, const train_spec *b, bool by_data_seed)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if ((!is_seed(&FIELDS[i]) || (by_data_seed && strcmp(FIELDS[i].name, "data_seed") == 0)) &&
            !field_equal(&FIELDS[i], a, b))
            return false;
    return true;
}

/* A swept data_seed is the config's own. */
static bool sweeps_data_seed(const jobs_study *x)
{
    int row = (int)(field_find("data_seed") - FIELDS);
    for (size_t i = 0; i < x->n_experiments; i++)
        if (sweep_origin(&x->specs[i], row) != QUESTION_FIXED)
            return true;
    return false;
}

/* The config of an earlier experiment that says the same; n_configs: there is none. */
static size_t find_same(const jobs_study *x, size_t n_before, const train_spec *spec)
{
    bool by_data_seed = sweeps_data_seed(x);
    for (size_t c = 0; c < n_before; c++)
        if (is_same_config(&x->configs[c], spec, by_data_seed))
            return c;
    return x->n_configs;
}

enum { CONFIG_STEPS = 1 << 14 }; /* to read one, for the pace */

static bool add_config(jobs_study *x, const series_config *c, size_t n_before, size_t *place,
                       fail *f)
{
    train_spec *spec = &x->configs[x->n_configs];
    if (!codec_read_config(c->config, strlen(c->config), spec, f))
        return false;
    *place = find_same(x, n_before, spec);
    if (*place < x->n_configs)
        return true;
    bool has_facts = codec_read_facts(c->data, &x->facts[x->n_configs]);
    x->given[x->n_configs] = (inquiry_config){.id = c->id,
                                              .label = c->label,
                                              .values = c->values,
                                              .spec = spec,
                                              .facts = has_facts ? &x->facts[x->n_configs] : NULL};
    x->sha256[x->n_configs++] = c->data_sha256;
    return true;
}

/* ---- runs ---- */

static bool pairs_by_data_seed(const jobs_study *x)
{
    bool varies = x->n_experiments > 1 && !sweeps_data_seed(x);
    for (size_t i = 0; i < x->n_experiments; i++)
        varies = varies || x->specs[i].repeat_varies_data_seed;
    return varies;
}

static metric_id r2_of(const measure *m)
{
    switch (estimand_part(m->name)) {
    case PART_TRAIN:
        return METRIC_TRAIN_R2;
    case PART_TEST:
        return METRIC_TEST_R2;
    default:
        return METRIC_VAL_R2;
    }
}

static study_run run_of(const jobs_study *x, const jobs_study_query *query, const series_run *r,
                        size_t config)
{
    const run_metrics *metrics = &r->metrics;
    study_run out = {.config = config,
                     .seed = r->seed,
                     .data_seed = pairs_by_data_seed(x) ? r->data_seed : 0,
                     .status = r->status,
                     .is_finished = r->reason == STOP_REASON_FINISHED};
    if (query->last && query->last->id == r->id) {
        out.status = query->last_metrics ? RUN_STATE_COMPLETED : RUN_STATE_FAILED;
        metrics = query->last_metrics ? query->last_metrics : metrics;
    }
    out.metric = measure_of_run(&x->measure, metrics);
    out.select = metrics->selected[query->select_by];
    out.test = metrics->selected[measure_test_metric(query->select_by)];
    out.r2 = metrics->selected[r2_of(&x->measure)];
    return out;
}

/* Has an earlier experiment trained it? */
static bool is_there(const jobs_study *x, size_t n_before, const study_run *r)
{
    for (size_t i = 0; i < n_before; i++)
        if (x->runs[i].config == r->config && x->runs[i].seed == r->seed &&
            x->runs[i].data_seed == r->data_seed)
            return true;
    return false;
}

static void add_runs_of(jobs_study *x, const jobs_study_query *query, size_t e)
{
    size_t n_before = x->n_runs;
    const series *all = &x->all[e];
    for (size_t i = 0; i < all->n_runs && caller_goes_on(&x->pace, 1 + n_before); i++) {
        study_run r = run_of(x, query, &all->runs[i], x->places[e][all->runs[i].config]);
        if (is_there(x, n_before, &r))
            continue;
        x->run_ids[x->n_runs] = all->runs[i].id;
        x->runs[x->n_runs++] = r;
    }
    x->n_runs_of[e] = x->n_runs - n_before;
}

static bool add_configs_of(jobs_study *x, size_t e, fail *f)
{
    const series *all = &x->all[e];
    size_t *places = calloc(all->n_configs + 1, sizeof *places), n_before = x->n_configs;
    bool is_added = places || no_memory(f);
    x->places[e] = places;
    for (size_t c = 0; is_added && c < all->n_configs; c++)
        is_added = add_config(x, &all->configs[c], n_before, &places[c], f) &&
                   (caller_goes_on(&x->pace, CONFIG_STEPS + (uint64_t)FIELD_COUNT * n_before) ||
                    caller_check_pace(&x->pace, f));
    return is_added;
}

static bool reserve(jobs_study *x, fail *f)
{
    size_t n_configs = 1, n_runs = 1;
    for (size_t i = 0; i < x->n_experiments; i++) {
        n_configs += x->all[i].n_configs;
        n_runs += x->all[i].n_runs;
    }
    if (x->n_experiments > 1 && n_runs > JOBS_STUDY_RUNS_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, "/query/experiments",
                        "These experiments have %zu runs; at most %d of several are compared.",
                        n_runs - 1, JOBS_STUDY_RUNS_LIMIT);
    x->configs = calloc(n_configs, sizeof *x->configs);
    x->facts = calloc(n_configs, sizeof *x->facts);
    x->sha256 = calloc(n_configs, sizeof *x->sha256);
    x->given = calloc(n_configs, sizeof *x->given);
    x->run_ids = calloc(n_runs, sizeof *x->run_ids);
    x->runs = calloc(n_runs, sizeof *x->runs);
    return (x->configs && x->facts && x->sha256 && x->given && x->run_ids && x->runs) ||
           no_memory(f);
}

/* Names of registered data sets stand for one content in all of them. */
static bool check_content(jobs_study *x, fail *f)
{
    for (size_t c = 0; c < x->n_configs && caller_goes_on(&x->pace, 1 + c); c++)
        for (size_t d = 0; x->n_experiments > 1 && d < c; d++)
            if (x->sha256[c] && x->sha256[d] && !dataset_find(x->configs[c].dataset) &&
                strcmp(x->configs[c].dataset, x->configs[d].dataset) == 0 &&
                strcmp(x->sha256[c], x->sha256[d]) != 0)
                return fail_set(f, FAIL_CONFLICT, "/query/experiments",
                                "The data set \"%s\" had other content for one of them.",
                                x->configs[c].dataset);
    return caller_check_pace(&x->pace, f);
}

static bool add_configs(jobs_study *x, fail *f)
{
    for (size_t i = 0; i < x->n_experiments; i++)
        if (!add_configs_of(x, i, f))
            return false;
    return check_content(x, f);
}

/* ---- the whole ---- */

/* Whether a user has added runs later than the first ones; those of a second stage are part of the
 * rule. */
static bool was_extended(const jobs_study *x)
{
    for (size_t i = 0; i < x->n_experiments; i++)
        for (size_t r = 1; !x->specs[i].until.enabled && r < x->all[i].n_runs; r++)
            if (x->all[i].runs[r].created_ms != x->all[i].runs[0].created_ms)
                return true;
    return false;
}

static inquiry_source source_of(const jobs_study *x)
{
    inquiry_source source = {.by = x->pace.by,
                             .spec = &x->specs[0],
                             .configs = x->given,
                             .n_configs = x->n_configs,
                             .is_of_several = x->n_experiments > 1};
    for (size_t i = 0; i < x->n_experiments; i++)
        source.varies_data_seed = source.varies_data_seed || x->specs[i].repeat_varies_data_seed;
    return source;
}

/* The configs are read first: what is asked by default depends on what they vary. */
static bool read_measure(const jobs_study_query *query, jobs_study *x, fail *f)
{
    measure_query wanted = query->measure;
    inquiry_question q;
    const inquiry_source source = source_of(x);
    inquiry_ask(&source, &q);
    if (!wanted.metric)
        wanted.metric = q.primary;
    return measure_read(&wanted, &x->measure, f);
}

static bool fill(store *s, const jobs_study_query *query, jobs_study *x, fail *f)
{
    if (!load(s, query, x, f) || !reserve(x, f) || !add_configs(x, f) || !read_measure(query, x, f))
        return false;
    for (size_t i = 0; i < x->n_experiments; i++)
        add_runs_of(x, query, i);
    if (!caller_check_pace(&x->pace, f))
        return false;
    const inquiry_source source = source_of(x);
    if (!study_records_read(s, x, f) ||
        !inquiry_open(&source, &x->measure, query->select_by, &x->inquiry, f))
        return false;
    x->inquiry.table.runs = x->runs;
    x->inquiry.table.n_runs = x->n_runs;
    x->inquiry.table.options.was_extended = was_extended(x);
    return true;
}

/* The table's options borrow the name of the measure: the study stays where it is. */
bool jobs_study_open(store *s, const jobs_study_query *query, jobs_study *out, fail *f)
{
    *out = (jobs_study){.pace = {.by = query->by}};
    if (fill(s, query, out, f))
        return true;
    jobs_study_close(out);
    return false;
}

void jobs_study_close(jobs_study *x)
{
    inquiry_close(&x->inquiry);
    for (size_t i = 0; i < x->n_experiments; i++) {
        experiment_close(&x->experiments[i]);
        experiment_spec_close(&x->specs[i]);
        series_close(&x->all[i]);
        free(x->places[i]);
    }
    free(x->experiments);
    free(x->specs);
    free(x->all);
    free(x->places);
    free(x->n_runs_of);
    free(x->configs);
    free(x->facts);
    free(x->sha256);
    free(x->given);
    free(x->run_ids);
    free(x->runs);
    *x = (jobs_study){.n_experiments = 0};
}
