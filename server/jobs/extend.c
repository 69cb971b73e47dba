#include "server/jobs/extend.h"

#include "core/base/array.h"
#include "server/codec/codec.h"
#include "server/codec/request.h"
#include "server/jobs/internal.h"
#include "server/plan/plan.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"
#include "server/text/member.h"

#include <stdlib.h>
#include <string.h>

/* ---- what there is ---- */

typedef struct cell {
    char config_id[CONFIG_ID_BYTES];
    int64_t seed, data_seed;
} cell;

typedef struct present_config {
    train_spec spec;                 /* resolved */
    const char *id, *values, *label; /* the series' */
} present_config;

typedef struct present { /* the runs of an experiment */
    series all;
    size_t n_configs;
    cell *cells;             /* (all.n_runs) sorted */
    present_config *configs; /* (n_configs) */
    int64_t n_seeds;         /* of the first config: each has as many */
} present;

static void present_close(present *p)
{
    free(p->cells);
    free(p->configs);
    series_close(&p->all);
}

static int compare_cells(const void *a, const void *b)
{
    const cell *x = a, *y = b;
    int order = strcmp(x->config_id, y->config_id);
    if (order == 0)
        order = (x->seed > y->seed) - (x->seed < y->seed);
    return order ? order : (x->data_seed > y->data_seed) - (x->data_seed < y->data_seed);
}

static void fill_cells(present *p)
{
    for (size_t i = 0; i < p->all.n_runs; i++) {
        const series_run *r = &p->all.runs[i];
        cell *c = &p->cells[i];
        *c = (cell){.seed = r->seed, .data_seed = r->data_seed};
        memcpy(c->config_id, p->all.configs[r->config].id, sizeof c->config_id);
        p->n_seeds += r->config == 0;
    }
    qsort(p->cells, p->all.n_runs, sizeof *p->cells, compare_cells);
}

/* Each is read from its first run, which is of the first repeat. */
static bool read_configs(present *p, fail *f)
{
    for (; p->n_configs < p->all.n_configs; p->n_configs++) {
        const series_config *c = &p->all.configs[p->n_configs];
        present_config *out = &p->configs[p->n_configs];
        out->id = c->id;
        out->values = c->values;
        out->label = c->label;
        if (!codec_read_config(c->config, strlen(c->config), &out->spec, f))
            return false;
    }
    return true;
}

static bool present_open(store *s, int64_t experiment_id, present *out, fail *f)
{
    present p = {.n_seeds = 0};
    if (!store_load_series(s, NULL, experiment_id, &p.all, f))
        return false;
    p.cells = calloc(p.all.n_runs + 1, sizeof *p.cells);
    p.configs = calloc(p.all.n_configs + 1, sizeof *p.configs);
    bool is_read = p.cells && p.configs ? read_configs(&p, f)
                                        : fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                                                   "There is no memory for the list of runs.");
    if (!is_read) {
        present_close(&p);
        return false;
    }
    fill_cells(&p);
    *out = p;
    return true;
}

static bool cell_exists(const void *context, const char *config_id, const train_spec *spec)
{
    const present *p = context;
    cell wanted = {.seed = spec->seed, .data_seed = spec->data_seed};
    memcpy(wanted.config_id, config_id, sizeof wanted.config_id);
    return bsearch(&wanted, p->cells, p->all.n_runs, sizeof *p->cells, compare_cells) != NULL;
}

/* ---- axes ---- */

static bool has_value(const sweep_axis *axis, const train_spec *spec)
{
    for (int i = 0; i < axis->n_values; i++)
        if (field_equal(axis->row, &axis->values[i], spec))
            return true;
    return false;
}

/* The values that the configs have on this axis become values of it: those of an earlier extension,
 * and of a range. */
static bool fill_axis(sweep_axis *axis, const present *p)
{
    if (axis->is_range)
        axis->n_values = 0;
    axis->is_range = false;
    size_t capacity = (size_t)axis->n_values;
    for (size_t c = 0; c < p->n_configs; c++) {
        const train_spec *spec = &p->configs[c].spec;
        if (!field_applies(axis->row, spec) || has_value(axis, spec))
            continue;
        if (!array_reserve(&axis->values, &capacity, (size_t)axis->n_values + 1,
                           ARRAY_BOUNDED_ELSEWHERE))
            return false;
        train_spec *value = &axis->values[axis->n_values++];
        spec_init(value);
        sweep_apply(axis->row, spec, value);
        value->is_set[axis->row - FIELDS] = 1;
    }
    return true;
}

static bool fill_axes(experiment_spec *spec, const present *p, fail *f)
{
    for (int i = 0; i < spec->n_axes; i++)
        if (!fill_axis(&spec->axes[i], p))
            return fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                            "There is no memory for the values of the sweep.");
    return true;
}

static int count_values(const experiment_spec *spec)
{
    int n = 0;
    for (int i = 0; i < spec->n_axes; i++)
        n += 1 + spec->axes[i].n_values;
    return n + spec->n_variants;
}

/* ---- the extended plan ---- */

static bool add_fail(fail_list *faults, const fail *f)
{
    return fail_list_add(faults, f->code, f->field, "%s", f->sentence);
}

/* The fields that earlier extensions brought in: what the values of the configs name beside the
 * axes. */
static void add_axes_of_before(const present *p, experiment_spec *spec)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        bool is_named = false, is_there = sweep_origin(spec, i) != QUESTION_FIXED;
        for (size_t c = 0; c < p->n_configs && !is_there && !is_named; c++) {
            const char *value;
            size_t n;
            is_named = json_member_find(p->configs[c].values, strlen(p->configs[c].values),
                                        FIELDS[i].name, &value, &n);
        }
        if (is_named && spec->n_axes < SWEEP_AXES_LIMIT)
            spec->axes[spec->n_axes++] = (sweep_axis){.row = &FIELDS[i]};
    }
}

/* Where no config says how its targets are scaled, the experiment is of before there was the field,
 * or has no regression: nothing is scaled in what comes, either. */
static void keep_target_scaling(const present *p, experiment_spec *spec)
{
    for (size_t c = 0; c < p->n_configs; c++)
        if (p->configs[c].spec.target_scaling >= 0)
            return;
    if (spec->base.target_scaling < 0)
        spec->base.target_scaling = TARGET_SCALING_NONE;
}

static bool apply_extension(const jobs_extension *extension, const present *p,
                            experiment_spec *spec, fail_list *faults)
{
    fail f;
    spec->n_repeats = p->n_seeds;
    keep_target_scaling(p, spec);
    if (!spec->random_search && extension->body)
        add_axes_of_before(p, spec); /* the grid is that of all values there have ever been */
    if (!spec->random_search && !fill_axes(spec, p, &f))
        return add_fail(faults, &f);
    if (!extension->body) {
        spec->n_repeats = extension->n_seeds;
        return true;
    }
    int n_values = count_values(spec);
    if (!codec_read_extension(extension->body, extension->body_bytes, spec, faults))
        return false;
    if (spec->random_search && count_values(spec) != n_values)
        return fail_list_add(faults, FAIL_INCOMPATIBLE, "/sweep",
                             "This experiment is a random search: its configs were drawn, and a "
                             "value more would draw others. Extend its repeats, or submit a new "
                             "experiment.");
    return true;
}

/* What a run decides about seeds must not be lost because the service stops. */
static jobs_set_source source_of(jobs *j, const jobs_extension *extension)
{
    return (jobs_set_source){.jobs = j, .by = extension->by, .always = extension->asking_run > 0};
}

static bool read_plan(jobs *j, experiment_spec *spec, const jobs_extension *extension,
                      const present *p, plan *out, fail_list *faults)
{
    jobs_set_source sets = source_of(j, extension);
    sets.is_counted = true;
    plan_source source = {.open_dataset = jobs_open_dataset,
                          .context = &sets,
                          .by = extension->by,
                          .free_bytes = memory_budget_total(j->options.memory)};
    return apply_extension(extension, p, spec, faults) &&
           plan_take(&source, spec, true, out, faults);
}

/* ---- storing ---- */

/* Configs after the extension; each of those before has the first repeat. */
static int64_t count_configs(const plan *wanted, const present *p)
{
    int64_t n = (int64_t)p->n_configs;
    train_spec spec;
    for (int c = 0; c < wanted->grid.n_configs; c++) {
        grid_run_spec(&wanted->grid, c, 0, &spec);
        n += !cell_exists(p, wanted->configs[c].id, &spec);
    }
    return n;
}

/* Each config that is there still has its config_id, unless its data set has other content now: new
 * runs would be configs of their own, compared with the old ones on other data. */
static bool check_same_data(jobs_set_source *sets, const present *p, bool hides_data_seed, fail *f)
{
    for (size_t c = 0; c < p->n_configs; c++) {
        const present_config *config = &p->configs[c];
        char id[CONFIG_ID_BYTES];
        dataset *set;
        if (!jobs_open_dataset(sets, &config->spec, &set, f))
            return false;
        codec_config_id(&config->spec, set->sha256, hides_data_seed, id);
        dataset_close(set);
        if (strcmp(id, config->id) != 0)
            return fail_set(f, FAIL_CONFLICT, NULL,
                            "The data set \"%s\" has other content than when this experiment was "
                            "submitted: submit a new one.",
                            config->spec.dataset);
    }
    return true;
}

static int compare_config_ids(const void *a, const void *b)
{
    return strcmp(((const plan_config *)a)->id, ((const plan_config *)b)->id);
}

static bool grow(plan *wanted, size_t n)
{
    size_t n_specs = (size_t)wanted->grid.n_configs, n_configs = n_specs;
    return array_reserve(&wanted->grid.configs, &n_specs, n, n) &&
           array_reserve(&wanted->configs, &n_configs, n, n);
}

/* Adds to the plan, behind its own, the configs that are there and that the grid does not reach:
 * those of fields that an earlier extension brought in. They get their seeds, too. */
static bool keep_configs(const present *p, plan *wanted)
{
    size_t n = (size_t)wanted->grid.n_configs;
    plan_config *known = calloc(n, sizeof *known);
    bool is_kept = known && grow(wanted, n + p->n_configs);
    if (is_kept) {
        memcpy(known, wanted->configs, n * sizeof *known);
        qsort(known, n, sizeof *known, compare_config_ids);
    }
    for (size_t c = 0; is_kept && c < p->n_configs; c++) {
        plan_config *added = &wanted->configs[wanted->grid.n_configs];
        *added = (plan_config){.values = NULL};
        memcpy(added->id, p->configs[c].id, sizeof added->id);
        added->label = p->configs[c].label;
        if (bsearch(added, known, n, sizeof *known, compare_config_ids))
            continue;
        added->values = strdup(p->configs[c].values);
        wanted->grid.configs[wanted->grid.n_configs++].spec = p->configs[c].spec;
        is_kept = added->values != NULL;
    }
    free(known);
    return is_kept;
}

static bool write_values(const present *p, plan *wanted)
{
    experiment_spec shown = wanted->spec; /* its axes are looked at, nothing is owned */
    add_axes_of_before(p, &shown);
    for (int c = 0; c < wanted->grid.n_configs; c++) {
        buffer b;
        buffer_init(&b, 65536);
        codec_add_values(&b, &shown, &wanted->grid.configs[c].spec);
        char *values = b.failed ? NULL : buffer_take(&b, NULL);
        buffer_close(&b);
        if (!values)
            return false;
        free(wanted->configs[c].values);
        wanted->configs[c].values = values;
    }
    return true;
}

static bool complete(jobs_set_source *sets, const present *p, plan *wanted, fail *f)
{
    return check_same_data(sets, p, plan_hides_data_seed(&wanted->spec), f) &&
           ((keep_configs(p, wanted) && write_values(p, wanted)) ||
            fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the list of configs."));
}

static bool store_runs(jobs *j, const experiment *e, const plan *wanted, new_extension *more,
                       int64_t **run_ids, fail *f)
{
    int64_t n = more->n_runs;
    int64_t *ids = calloc(n ? (size_t)n : 1, sizeof *ids);
    new_config *configs = plan_list_configs(wanted);
    bool is_stored = ids && configs ? jobs_check_room(j, n, f)
                                    : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory.");
    more->configs = configs;
    more->n_described = (size_t)wanted->grid.n_configs;
    if (is_stored && n > 0)
        is_stored = store_extend_experiment(j->options.store, e->id, more, ids, f);
    free(configs);
    if (!is_stored) {
        free(ids);
        return false;
    }
    if (n > 0)
        jobs_add_held(j, e->id, e->priority, ids, n);
    *run_ids = ids;
    return true;
}

/* What an extension asks for, and where its answer goes. */
typedef struct extending {
    const jobs_extension *extension;
    bool keeps_baseline; /* it was given, or no config comes */
    int64_t **run_ids, *n_run_ids;
    fail_list *faults;
} extending;

static bool extend_plan(jobs *j, const experiment *e, const present *p, plan *wanted,
                        const extending *x)
{
    plan_runs runs;
    fail f;
    jobs_set_source sets = source_of(j, x->extension);
    int64_t n_configs = count_configs(wanted, p);
    bool is_listed =
        complete(&sets, p, wanted, &f) && plan_list_runs(wanted, cell_exists, p, &runs, &f);
    new_extension more = {.body = x->extension->body,
                          .n_configs = n_configs,
                          .baseline = x->keeps_baseline ? NULL : plan_baseline(wanted)};
    if (is_listed) {
        more.runs = runs.rows;
        more.n_runs = runs.n;
    }
    bool is_stored = is_listed && store_runs(j, e, wanted, &more, x->run_ids, &f);
    if (is_stored)
        *x->n_run_ids = runs.n;
    if (is_listed)
        plan_runs_close(&runs);
    if (!is_stored)
        return add_fail(x->faults, &f);
    return true;
}

static bool extend_spec(jobs *j, const experiment *e, experiment_spec *spec, const extending *x)
{
    present p;
    plan wanted;
    fail f;
    if (!present_open(j->options.store, e->id, &p, &f))
        return add_fail(x->faults, &f);
    bool is_extended = read_plan(j, spec, x->extension, &p, &wanted, x->faults);
    if (is_extended) {
        is_extended = extend_plan(j, e, &p, &wanted, x);
        plan_close(&wanted);
    }
    present_close(&p);
    return is_extended;
}

static bool extend_held(jobs *j, int64_t experiment_id, const extending *x)
{
    experiment e = {0};
    experiment_spec spec;
    fail f;
    if (!store_get_experiment(j->options.store, experiment_id, &e, &f))
        return add_fail(x->faults, &f);
    bool is_extended = codec_read_stored_spec(&e, &spec, x->faults);
    if (is_extended) {
        /* A given baseline was found when it named one config; it may fit several by now. */
        extending here = *x;
        here.keeps_baseline = spec.has_baseline || !x->extension->body;
        spec.has_baseline = false;
        is_extended = extend_spec(j, &e, &spec, &here);
        experiment_spec_close(&spec);
    }
    experiment_close(&e);
    return is_extended;
}

bool jobs_extend_experiment(jobs *j, int64_t experiment_id, const jobs_extension *extension,
                            int64_t **run_ids, int64_t *n_run_ids, fail_list *faults)
{
    jobs_queue_hold hold;
    extending x = {
        .extension = extension, .run_ids = run_ids, .n_run_ids = n_run_ids, .faults = faults};
    if (!jobs_hold(j, experiment_id, extension->asking_run, &hold))
        return fail_list_add(faults, FAIL_INTERRUPTED, NULL, "The experiment is cancelled.");
    bool is_extended = extend_held(j, experiment_id, &x);
    jobs_let_go(j, &hold);
    return is_extended;
}
