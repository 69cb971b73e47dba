#include "server/plan/plan.h"

#include "core/data/open.h"
#include "server/codec/codec.h"
#include "server/codec/comparison.h"
#include "server/plan/baseline.h"
#include "server/plan/facts.h"
#include "server/plan/fault.h"
#include "server/plan/rate.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BROKEN_CONFIGS_LIMIT = 8, /* after that many the same faults would only come again */
    TARGET_ROWS = 10000
};

/* Values generated for one plan: about ten seconds of work. */
#define GENERATED_VALUES_LIMIT ((uint64_t)1 << 28)

/* ---- checks ---- */

/* What one config trains on; kept while the next configs train on the same. */
typedef struct data_in_use {
    dataset *set;
    train_spec spec;
    estimand_facts facts; /* of the whole set */
    double target_deviation;
    bool lacks_part; /* one of the sets was stored without training, validation or test part */
} data_in_use;

static bool same_data(const train_spec *a, const train_spec *b)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (FIELDS[i].group == FIELD_GROUP_DATA && !field_equal(&FIELDS[i], a, b))
            return false;
    return true;
}

/* What all generated sets together cost: each of a swept setting is made to be checked, and for the
 * config_id. A set whose options are faulty costs nothing: that is told later. */
static uint64_t count_values(const grid *p, uint64_t *n_sets)
{
    uint64_t n_values = 0;
    *n_sets = 0;
    for (int c = 0; c < p->n_configs; c++) {
        const train_spec *spec = &p->configs[c].spec;
        dataset_cost cost;
        if (!dataset_find(spec->dataset) || (c > 0 && same_data(spec, &p->configs[c - 1].spec)) ||
            !dataset_find_cost(spec->dataset, &spec->dataset_options, NULL, &cost, NULL))
            continue;
        n_values += cost.n_values;
        ++*n_sets;
    }
    return n_values;
}

/* The sweep's field of data that comes first. */
static void find_data_axis(const experiment_spec *e, char pointer[128])
{
    snprintf(pointer, 128, "%s", e->n_axes > 0 ? "/sweep" : "/dataset");
    for (int a = e->n_axes - 1; a >= 0; a--)
        if (e->axes[a].row->group == FIELD_GROUP_DATA)
            snprintf(pointer, 128, "/sweep/%s", e->axes[a].row->name);
}

/* Before anything is generated. */
static bool begin_data(const plan_source *source, const plan *p, fail_list *faults)
{
    char pointer[128];
    uint64_t n_sets, n_values = count_values(&p->grid, &n_sets);
    fail f;
    if (n_values <= GENERATED_VALUES_LIMIT)
        return n_values == 0 || caller_begin(source->by, CALLER_VALUES, n_values, &f) ||
               plan_add_fault(faults, &f);
    find_data_axis(&p->spec, pointer);
    fail_set(&f, FAIL_OUT_OF_RANGE, pointer,
             "this sweep needs more generated data than the %llu values that one experiment may "
             "have: %llu data sets of %llu values together",
             (unsigned long long)GENERATED_VALUES_LIMIT, (unsigned long long)n_sets,
             (unsigned long long)n_values);
    return plan_add_fault(faults, &f);
}

/* Of the output that varies most; from evenly spaced rows of a large set, whose pages would all be
 * read otherwise. */
static double deviation_of_targets(const dataset *set)
{
    const dataset_rows *rows = &set->parts[PART_TRAIN];
    size_t n_rows = rows->n < TARGET_ROWS ? rows->n : TARGET_ROWS;
    double most = 0;
    for (size_t k = 0; rows->targets && k < set->k; k++) {
        double sum = 0, squares = 0, first = (double)rows->targets[k], n = (double)n_rows;
        for (size_t i = 0; i < n_rows; i++) {
            double x = (double)rows->targets[i * rows->n / n_rows * set->k + k] - first;
            sum += x;
            squares += x * x;
        }
        most = fmax(most, sqrt(fmax(0, squares / n - sum / n * (sum / n))));
    }
    return most;
}

static void note_targets(plan *p, double deviation)
{
    if (deviation > 0 &&
        (p->target_deviation == 0 || fabs(log(deviation)) > fabs(log(p->target_deviation))))
        p->target_deviation = deviation;
}

static bool use_data(const plan_source *source, plan *p, int c, data_in_use *data,
                     fail_list *faults)
{
    const train_spec *spec = &p->grid.configs[c].spec;
    if (data->set && same_data(&data->spec, spec))
        return true;
    dataset_close(data->set);
    data->set = NULL;
    dataset *set;
    if (!plan_open_set(source, spec, &set, faults))
        return false;
    data->set = set;
    data->spec = *spec;
    plan_describe_set(set, &data->facts);
    for (int part = 0; part < PART_COUNT; part++)
        data->lacks_part = data->lacks_part || set->parts[part].n == 0;
    data->target_deviation = deviation_of_targets(set);
    return true;
}

static bool add_new_faults(fail_list *faults, const fail_list *more)
{
    for (int i = 0; i < more->n; i++)
        plan_add_fault(faults, &more->items[i]);
    return false;
}

static void note_memory(plan *p, const fail *f)
{
    if (!p->is_too_large)
        p->memory = *f;
    p->is_too_large = true;
}

static bool check_on_set(const plan_source *source, plan *p, const train_spec *spec,
                         const dataset *set, bool must_fit, fail_list *faults)
{
    fail_list found = {.n = 0};
    if (plan_check_set(spec, set, source->free_bytes, &found))
        return true;
    if (!must_fit && found.n == 1 && found.items[0].code == FAIL_OUT_OF_MEMORY) {
        note_memory(p, &found.items[0]);
        return true;
    }
    return add_new_faults(faults, &found);
}

/* What decides about more seeds must be measured in every config. */
static bool check_until(const plan *p, const dataset *set, fail_list *faults)
{
    const metric *m = &METRICS[p->spec.until.metric];
    bool is_class = set->task == TASK_CLASSIFICATION;
    if (!p->spec.until.enabled || (is_class ? m->classification : m->regression))
        return true;
    fail f;
    fail_set(&f, FAIL_INCOMPATIBLE, "/repeats/until/metric",
             "%s is a %s: it has no %s; use val_loss", set->name,
             is_class ? "classification" : "regression", m->name);
    return plan_add_fault(faults, &f);
}

static bool resolve_config(const plan_source *source, plan *p, int c, bool must_fit,
                           data_in_use *data, fail_list *faults)
{
    train_spec *spec = &p->grid.configs[c].spec;
    size_t n[PART_COUNT];
    fail f;
    if (!use_data(source, p, c, data, faults))
        return false;
    bool is_good = plan_count_parts(data->set, spec, n, faults);
    is_good = check_until(p, data->set, faults) && is_good;
    if (is_good && !plan_resolve(spec, data->set, &f))
        is_good = plan_add_fault(faults, &f);
    if (!check_on_set(source, p, spec, data->set, must_fit, faults) || !is_good)
        return false;
    if (spec->target_scaling != TARGET_SCALING_STANDARD)
        note_targets(p, data->target_deviation);
    plan_config *config = &p->configs[c];
    config->work = rate_work(spec, data->set->d, data->set->k, n);
    config->memory_bytes = plan_run_memory_bytes(spec, data->set);
    config->facts = data->facts;
    plan_describe_split(spec, n, &config->facts);
    codec_config_id(spec, data->set->sha256, plan_hides_data_seed(&p->spec), config->id);
    return true;
}

static bool check_config(const plan_source *source, plan *p, int c, bool must_fit,
                         data_in_use *data, fail_list *faults)
{
    const train_spec sent = p->grid.configs[c].spec; /* as the axes name its values */
    fail_list found = {.n = 0};
    bool is_good = resolve_config(source, p, c, must_fit, data, &found);
    plan_add_faults(&p->spec, &sent, &found, faults);
    return is_good;
}

/* Unless the specification says it: where a part is drawn or generated, each repeat draws its own,
 * so that a verdict is not about one split. */
static bool settle_repeats(plan *p, const data_in_use *data, fail_list *faults)
{
    experiment_spec *e = &p->spec;
    int64_t most = e->until.enabled ? e->until.max : e->n_repeats;
    if (e->is_repeat_varies_known)
        return true;
    bool is_free = sweep_origin(e, (int)(field_find("data_seed") - FIELDS)) == QUESTION_FIXED;
    e->repeat_varies_data_seed = p->grid.varies_data_seed = data->lacks_part && is_free;
    e->is_repeat_varies_known = true;
    return !e->repeat_varies_data_seed || p->grid.first_data_seed <= SPEC_SEED_LIMIT - (most - 1) ||
           fail_list_add(faults, FAIL_OUT_OF_RANGE, "/data_seed",
                         "the last repeat's data_seed would be above 2^53 - 1");
}

static bool check_configs(const plan_source *source, plan *p, bool must_fit, fail_list *faults)
{
    int n_broken = 0;
    data_in_use data = {.set = NULL};
    fail f;
    if (!begin_data(source, p, faults))
        return false;
    for (int c = 0; c < p->grid.n_configs && n_broken < BROKEN_CONFIGS_LIMIT; c++) {
        n_broken += !check_config(source, p, c, must_fit, &data, faults);
        if (!caller_check(source->by, &f)) {
            plan_add_fault(faults, &f);
            n_broken = BROKEN_CONFIGS_LIMIT;
        }
    }
    dataset_close(data.set);
    return n_broken == 0 && settle_repeats(p, &data, faults);
}

/* ---- merging ---- */

static int compare_ids(const void *a, const void *b, void *context)
{
    const plan_config *configs = context;
    int i = *(const int *)a, j = *(const int *)b;
    int order = strcmp(configs[i].id, configs[j].id);
    return order ? order : (i > j) - (i < j);
}

/* first[c]: the first config that is the same as c. */
static bool find_equal(const plan *p, int *first)
{
    int n = p->grid.n_configs;
    int *order = calloc((size_t)n, sizeof *order);
    if (!order)
        return false;
    for (int c = 0; c < n; c++)
        order[c] = c;
    qsort_r(order, (size_t)n, sizeof *order, compare_ids, p->configs);
    for (int i = 0; i < n; i++) {
        bool is_equal = i > 0 && strcmp(p->configs[order[i]].id, p->configs[order[i - 1]].id) == 0;
        first[order[i]] = is_equal ? first[order[i - 1]] : order[i];
    }
    free(order);
    return true;
}

/* Two cells may turn out equal only when the data set has filled in its own options and scaling. */
static bool merge_configs(plan *p)
{
    int n = p->grid.n_configs, n_kept = 0;
    assert(n > 0);
    int *first = calloc((size_t)n, sizeof *first);
    bool is_found = first && find_equal(p, first);
    if (is_found)
        p->design.baseline = first[p->design.baseline];
    for (int c = 0; is_found && c < n; c++) {
        if (first[c] != c)
            continue;
        if (p->design.baseline == c)
            p->design.baseline = n_kept;
        p->grid.configs[n_kept] = p->grid.configs[c];
        p->configs[n_kept++] = p->configs[c];
    }
    if (is_found)
        p->grid.n_configs = n_kept;
    free(first);
    return is_found;
}

/* ---- reading ---- */

static char *take_text(buffer *b)
{
    char *text = b->failed ? NULL : buffer_take(b, NULL);
    buffer_close(b);
    return text;
}

static bool write_texts(plan *p)
{
    for (int c = 0; c < p->grid.n_configs; c++) {
        plan_config *config = &p->configs[c];
        int variant = p->grid.configs[c].variant;
        buffer values, data;
        buffer_init(&values, 65536);
        buffer_init(&data, 65536);
        codec_add_values(&values, &p->spec, &p->grid.configs[c].spec);
        codec_add_facts(&data, &config->facts);
        config->values = take_text(&values);
        config->data = take_text(&data);
        config->label = variant < 0 ? NULL : p->spec.variants[variant].label;
        if (!config->values || !config->data)
            return false;
    }
    return true;
}

static bool no_memory(fail_list *faults)
{
    return fail_list_add(faults, FAIL_OUT_OF_MEMORY, NULL,
                         "There is no memory to plan this experiment.");
}

bool plan_take(const plan_source *source, experiment_spec *spec, bool must_fit, plan *out,
               fail_list *faults)
{
    plan p = {.spec = *spec};
    *spec = (experiment_spec){.name = NULL};
    if (!sweep_expand(&p.spec, &p.grid, faults)) {
        plan_add_more(source, &p.spec, faults);
        experiment_spec_close(&p.spec);
        return false;
    }
    p.configs = calloc((size_t)p.grid.n_configs, sizeof *p.configs);
    bool has_baseline = plan_find_design(&p.spec, &p.grid, &p.design, faults);
    bool is_planned = p.configs ? check_configs(source, &p, must_fit, faults) : no_memory(faults);
    is_planned = is_planned && has_baseline;
    if (is_planned && !(merge_configs(&p) && write_texts(&p)))
        is_planned = no_memory(faults);
    if (is_planned)
        *out = p;
    else
        plan_close(&p);
    return is_planned;
}

bool plan_read(const plan_source *source, const char *text, size_t n, bool must_fit, plan *out,
               fail_list *faults)
{
    experiment_spec spec;
    if (codec_read_experiment_spec(text, n, &spec, faults))
        return plan_take(source, &spec, must_fit, out, faults);
    if (codec_salvage_experiment_spec(text, n, &spec)) {
        plan_add_more(source, &spec, faults);
        experiment_spec_close(&spec);
    }
    return false;
}

void plan_close(plan *p)
{
    for (int c = 0; p->configs && c < p->grid.n_configs; c++) {
        free(p->configs[c].values);
        free(p->configs[c].data);
    }
    free(p->configs);
    grid_close(&p->grid);
    experiment_spec_close(&p->spec);
    *p = (plan){.configs = NULL};
}

/* ---- what it says ---- */

const char *plan_baseline(const plan *p)
{
    return p->configs[p->design.baseline].id;
}

bool plan_hides_data_seed(const experiment_spec *e)
{
    return e->is_repeat_varies_given && e->repeat_varies_data_seed;
}

double plan_work(const plan *p)
{
    double work = 0;
    for (int c = 0; c < p->grid.n_configs; c++)
        work += p->configs[c].work;
    return work * (double)p->grid.n_seeds;
}

size_t plan_memory_bytes(const plan *p)
{
    size_t most = 0;
    for (int c = 0; c < p->grid.n_configs; c++)
        if (p->configs[c].memory_bytes > most)
            most = p->configs[c].memory_bytes;
    return most;
}

/* ---- rows ---- */

new_config *plan_list_configs(const plan *p)
{
    new_config *configs = calloc((size_t)p->grid.n_configs + 1, sizeof *configs);
    for (int c = 0; configs && c < p->grid.n_configs; c++)
        configs[c] = (new_config){.config_id = p->configs[c].id,
                                  .values = p->configs[c].values,
                                  .label = p->configs[c].label,
                                  .data = p->configs[c].data};
    return configs;
}

static bool fill_run(const plan *p, int c, const train_spec *spec, plan_runs *out)
{
    buffer b;
    buffer_init(&b, 65536);
    codec_add_config(&b, spec, true);
    char *config = take_text(&b);
    if (!config)
        return false;
    new_run *row = &out->rows[out->n];
    *row = (new_run){.config = config,
                     .values = p->configs[c].values,
                     .seed = spec->seed,
                     .epochs = spec->epochs};
    memcpy(row->config_id, p->configs[c].id, sizeof row->config_id);
    out->configs[out->n++] = config;
    return true;
}

static bool list_runs(const plan *p, plan_cell_exists *exists, const void *context, plan_runs *out)
{
    train_spec spec;
    for (int64_t r = 0; r < p->grid.n_seeds; r++)
        for (int c = 0; c < p->grid.n_configs; c++) {
            grid_run_spec(&p->grid, c, r, &spec);
            if (exists && exists(context, p->configs[c].id, &spec))
                continue;
            if (!fill_run(p, c, &spec, out))
                return false;
        }
    return true;
}

bool plan_list_runs(const plan *p, plan_cell_exists *exists, const void *context, plan_runs *out,
                    fail *f)
{
    size_t n_most = (size_t)(p->grid.n_seeds * p->grid.n_configs);
    plan_runs runs = {.rows = calloc(n_most, sizeof *runs.rows),
                      .configs = calloc(n_most, sizeof *runs.configs)};
    if (!runs.rows || !runs.configs || !list_runs(p, exists, context, &runs)) {
        plan_runs_close(&runs);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the list of runs.");
    }
    *out = runs;
    return true;
}

void plan_runs_close(plan_runs *runs)
{
    for (int64_t i = 0; i < runs->n; i++)
        free(runs->configs[i]);
    free(runs->configs);
    free(runs->rows);
    *runs = (plan_runs){.n = 0};
}
