#include "core/data/profile.h"

#include "core/data/split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

/* One number of each row that is looked at. */
typedef struct column_values {
    const float *floats;  /* row-major, or: */
    const uint8_t *bytes; /* 0 .. 255 */
    size_t n, step;       /* rows, and how far apart */
    size_t width, at;     /* numbers in a row, and which it is */
    double offset;
} column_values;

static double value_of(const column_values *s, size_t i)
{
    size_t at = i * s->step * s->width + s->at;
    return s->bytes ? s->bytes[at] / 255.0 : (double)s->floats[at] + s->offset;
}

static void count_bins(const column_values *s, profile_column *c)
{
    double width = c->most - c->least;
    for (size_t i = 0; i < s->n; i++) {
        double x = value_of(s, i);
        size_t bin = width > 0 && !isnan(x) ? (size_t)((x - c->least) / width * PROFILE_BINS) : 0;
        if (!isnan(x))
            c->counts[bin < PROFILE_BINS ? bin : PROFILE_BINS - 1]++;
    }
}

/* In two passes, so that a large mean does not swallow a small deviation. */
static void measure_numbers(const column_values *s, profile_column *c)
{
    double sum = 0, squares = 0;
    c->least = INFINITY;
    c->most = -INFINITY;
    for (size_t i = 0; i < s->n; i++) {
        double x = value_of(s, i);
        if (isnan(x)) {
            c->n_missing++;
            continue;
        }
        sum += x;
        c->least = fmin(c->least, x);
        c->most = fmax(c->most, x);
    }
    double n = (double)(s->n - c->n_missing);
    c->mean = n > 0 ? sum / n : NAN;
    for (size_t i = 0; i < s->n; i++) {
        double x = value_of(s, i) - c->mean;
        squares += isnan(x) ? 0 : x * x;
    }
    c->deviation = n > 0 ? sqrt(squares / n) : NAN;
    if (n > 0)
        count_bins(s, c);
    else
        c->least = c->most = NAN;
}

/* ---- columns ---- */

static column_values input_values(const profile *p, size_t step, size_t input)
{
    const dataset_rows *rows = &p->set->parts[PART_TRAIN];
    return (column_values){.floats = rows->floats,
                           .bytes = rows->bytes,
                           .n = p->n,
                           .step = step,
                           .width = p->set->d,
                           .at = input,
                           .offset = p->set->input_offsets ? p->set->input_offsets[input] : 0};
}

static column_values target_values(const profile *p, size_t step, size_t target)
{
    return (column_values){.floats = p->set->parts[PART_TRAIN].targets,
                           .n = p->n,
                           .step = step,
                           .width = p->set->k,
                           .at = target,
                           .offset = p->set->target_offsets ? p->set->target_offsets[target] : 0};
}

static void count_categories(const profile *p, size_t step, profile_column *c)
{
    for (size_t k = 0; k < c->of->n_inputs; k++) {
        column_values s = input_values(p, step, c->of->first_input + k);
        for (size_t i = 0; i < s.n; i++)
            c->category_counts[k] += value_of(&s, i) > 0.5;
    }
    if (c->of->has_missing_category && c->of->n_inputs > 0)
        c->n_missing = c->category_counts[c->of->n_inputs - 1];
}

static void measure_column(const profile *p, size_t step, profile_column *c)
{
    if (c->kind == COLUMN_CATEGORY)
        count_categories(p, step, c);
    if (c->kind == COLUMN_NUMBER && c->of) {
        column_values s = input_values(p, step, c->of->first_input);
        measure_numbers(&s, c);
    }
    if (c->kind == COLUMN_LABEL && p->set->task == TASK_REGRESSION) {
        column_values s = target_values(p, step, 0);
        measure_numbers(&s, c);
    }
}

/* The columns of a table, as its file has them. */
static void measure_table(profile *p, size_t step, size_t *counts)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        const dataset_column *of = &p->set->origin->columns[i];
        profile_column *c = &p->columns[i];
        c->kind = of->kind;
        c->of = of;
        c->mean = c->deviation = c->least = c->most = NAN;
        snprintf(c->name, sizeof c->name, "%s", of->name);
        if (of->kind == COLUMN_CATEGORY) {
            c->category_counts = counts;
            counts += of->n_inputs;
        }
        measure_column(p, step, c);
    }
}

/* Inputs, then targets. */
static void measure_arrays(profile *p, size_t step)
{
    size_t d = p->set->d;
    for (size_t i = 0; i < p->n_columns; i++) {
        profile_column *c = &p->columns[i];
        c->kind = i < d ? COLUMN_NUMBER : COLUMN_LABEL;
        column_values s = i < d ? input_values(p, step, i) : target_values(p, step, i - d);
        if (i < d)
            dataset_write_column_name(p->set, i, c->name, sizeof c->name);
        else
            dataset_write_target_name(p->set, i - d, c->name, sizeof c->name);
        measure_numbers(&s, c);
    }
}

static bool is_table(const dataset *set)
{
    return set->origin && set->origin->n_columns > 0;
}

static size_t count_columns(const dataset *set)
{
    size_t n = is_table(set) ? set->origin->n_columns
                             : set->d + (set->task == TASK_REGRESSION ? set->k : 0);
    if (set->height > 0)
        return 0;
    return n < PROFILE_COLUMNS_LIMIT ? n : PROFILE_COLUMNS_LIMIT;
}

static size_t count_inputs(const dataset *set, size_t n_columns)
{
    size_t n = 0;
    for (size_t i = 0; is_table(set) && i < n_columns; i++)
        n += set->origin->columns[i].n_inputs;
    return n;
}

/* ---- parts ---- */

/* Of predicting the means; rows NULL: all n of them. */
static double rmse_of_means(const dataset *set, dataset_part source, const uint32_t *rows, size_t n)
{
    const float *targets = set->parts[source].targets;
    double total = 0;
    for (size_t j = 0; j < set->k; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)targets[(rows ? rows[i] : i) * set->k + j];
        for (size_t i = 0; i < n; i++)
            squares += pow((double)targets[(rows ? rows[i] : i) * set->k + j] - sum / (double)n, 2);
        total += squares / (double)n;
    }
    return n > 0 ? sqrt(total / (double)set->k) : NAN;
}

static void describe_part(const dataset *set, const split *s, int part, profile_part *out)
{
    dataset_part source = s ? s->source[part] : (dataset_part)part;
    const uint32_t *rows = s ? s->rows[part] : NULL;
    const int32_t *labels = set->parts[source].labels;
    out->n = s ? s->n[part] : set->parts[part].n;
    out->is_drawn = (int)source != part;
    out->rmse = NAN;
    for (size_t i = 0; out->counts && i < out->n; i++)
        out->counts[labels[rows ? rows[i] : i]]++;
    if (set->task == TASK_REGRESSION)
        out->rmse = rmse_of_means(set, source, rows, out->n);
}

static bool describe_parts(profile *p, size_t *counts, fail *f)
{
    train_spec spec;
    split *s = NULL;
    spec_init(&spec);
    if (!split_open(p->set, &spec, &s, f) && f->code == FAIL_OUT_OF_MEMORY)
        return false;
    for (int part = 0; part < PART_COUNT; part++) {
        if (p->set->task == TASK_CLASSIFICATION)
            p->parts[part].counts = counts + (size_t)part * p->set->k;
        describe_part(p->set, s, part, &p->parts[part]);
    }
    split_close(s);
    return true;
}

/* ---- the whole ---- */

bool profile_open(const dataset *set, profile *out, fail *f)
{
    profile p = {.set = set, .n = set->parts[PART_TRAIN].n, .n_columns = count_columns(set)};
    size_t n_values = p.n * (set->d + set->k), n_classes = PART_COUNT * set->k;
    size_t step = 1 + n_values / PROFILE_VALUES_LIMIT;
    p.n = (p.n + step - 1) / step;
    p.columns = calloc(p.n_columns + 1, sizeof *p.columns);
    size_t *counts = calloc(n_classes + count_inputs(set, p.n_columns), sizeof *counts);
    p.counts = counts;
    bool is_open = p.columns && counts
                       ? describe_parts(&p, counts, f)
                       : fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                                  "There is no memory for the columns of %s.", set->name);
    if (!is_open) {
        profile_close(&p);
        return false;
    }
    if (is_table(set))
        measure_table(&p, step, counts + n_classes);
    else
        measure_arrays(&p, step);
    *out = p;
    return true;
}

void profile_close(profile *p)
{
    free(p->columns);
    free(p->counts);
    *p = (profile){.n = 0};
}
