#include "server/study/sweep.h"

#include "core/math/rng.h"
#include "server/study/config_table.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the draws of a random search lie among those of RNG_DATA: trial t, axis a is word 0 of (row
 * t, step a, this layer) under the experiment's `seed`; no generator uses layers above 0. More
 * trials or more axes leave the earlier draws as they are. */
#define SEARCH_LAYER 0xFFFFFFFFu

void experiment_spec_close(experiment_spec *e)
{
    free(e->name);
    free(e->description);
    free(e->tags);
    for (int i = 0; i < e->n_axes; i++)
        free(e->axes[i].values);
    for (int i = 0; i < e->n_variants; i++)
        free(e->variants[i].label);
    free(e->variants);
    *e = (experiment_spec){0};
}

void grid_close(grid *p)
{
    free(p->configs);
    *p = (grid){0};
}

/* ---- axes ---- */

static bool is_child_of(const field *child, const field *parent)
{
    size_t n = strlen(parent->name);
    return strncmp(child->name, parent->name, n) == 0 && child->name[n] == '.';
}

bool sweep_is_sweepable(const field *row)
{
    return row->group != FIELD_GROUP_EXPERIMENT && strcmp(row->name, "seed") != 0;
}

bool sweep_takes_range(const field *row)
{
    return row->type == FIELD_INTEGER || row->type == FIELD_NUMBER || row->type == FIELD_RATES;
}

void sweep_apply(const field *row, const train_spec *from, train_spec *to)
{
    if (field_has_place(row))
        field_copy(row, from, to);
    to->is_set[row - FIELDS] = from->is_set[row - FIELDS];
    for (int i = 0; row->type == FIELD_OBJECT && i < FIELD_COUNT; i++)
        if (is_child_of(&FIELDS[i], row))
            field_copy(&FIELDS[i], from, to);
}

/* Objects before their members. */
void sweep_apply_all(const train_spec *from, train_spec *to)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < FIELD_COUNT; i++)
            if (from->is_set[i] && (FIELDS[i].type == FIELD_OBJECT) == (pass == 0))
                sweep_apply(&FIELDS[i], from, to);
}

static const field *parent_of(const field *row)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (is_child_of(row, &FIELDS[i]))
            return &FIELDS[i];
    return NULL;
}

static bool is_named(const train_spec *named, int row)
{
    const field *parent = parent_of(&FIELDS[row]);
    return named->is_set[row] && !(parent && named->is_set[parent - FIELDS]);
}

question_origin sweep_origin(const experiment_spec *e, int row)
{
    for (int a = 0; a < e->n_axes; a++)
        if (e->axes[a].row == &FIELDS[row])
            return QUESTION_SWEPT;
    for (int v = 0; v < e->n_variants; v++)
        if (is_named(&e->variants[v].spec, row))
            return QUESTION_BY_VARIANT;
    return QUESTION_FIXED;
}

bool sweep_same_value(const field *row, const train_spec *a, const train_spec *b)
{
    bool is_same = !field_has_place(row) || field_equal(row, a, b);
    for (int i = 0; is_same && row->type == FIELD_OBJECT && i < FIELD_COUNT; i++)
        if (is_child_of(&FIELDS[i], row))
            is_same = field_equal(&FIELDS[i], a, b);
    return is_same;
}

/* A few digits less than a double has: 0.3 instead of 0.30000000000000004, and labels that can be
 * read. */
static double round_digits(double value, int digits, double low, double high)
{
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    double rounded = strtod(text, NULL);
    return rounded < low ? low : rounded > high ? high : rounded;
}

/* The place `at` in 0 .. 1 of the axis' range. */
static double range_value(const sweep_axis *axis, double at, int digits)
{
    double low = axis->minimum, high = axis->maximum;
    double value = axis->log_scale ? low * pow(high / low, at) : low + (high - low) * at;
    if (axis->row->type == FIELD_INTEGER)
        return fmin(fmax(round(value), low), high);
    return at <= 0 ? low : at >= 1 ? high : round_digits(value, digits, low, high);
}

static void put_number(const field *row, double value, train_spec *to)
{
    void *place = field_value(row, to);
    if (row->type == FIELD_INTEGER)
        *(int64_t *)place = (int64_t)value;
    else
        *(double *)place = value;
    if (row->type == FIELD_RATES)
        *(int *)(void *)((char *)to + row->count_offset) = 0;
    to->is_set[row - FIELDS] = 1;
}

static int axis_length(const sweep_axis *axis)
{
    return axis->is_range ? axis->count : axis->n_values;
}

static void apply_index(const sweep_axis *axis, int i, train_spec *to)
{
    if (!axis->is_range)
        sweep_apply(axis->row, &axis->values[i], to);
    else
        put_number(axis->row,
                   range_value(axis, axis->count > 1 ? (double)i / (axis->count - 1) : 0, 12), to);
}

static int apply_draw(const sweep_axis *axis, int64_t seed, int64_t trial, int index,
                      train_spec *to)
{
    rng_stream stream =
        rng_stream_at(seed, RNG_DATA, (uint32_t)trial, (uint32_t)index, SEARCH_LAYER);
    if (axis_length(axis) > 0) {
        int i = (int)rng_below(&stream, (uint32_t)axis_length(axis));
        apply_index(axis, i, to);
        return i;
    }
    put_number(axis->row, range_value(axis, rng_uniform(&stream), 6), to);
    return -1;
}

/* The axes in the order in which they are applied: objects before their members. */
static void order_axes(const experiment_spec *e, int order[SWEEP_AXES_LIMIT])
{
    int n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < e->n_axes; i++)
            if ((e->axes[i].row->type == FIELD_OBJECT) == (pass == 0))
                order[n++] = i;
}

/* Sweeping early_stopping.patience asks for early stopping, unless the specification says itself
 * when it is on. */
static void enable_parents(const experiment_spec *e, train_spec *base)
{
    for (int p = 0; p < FIELD_COUNT; p++) {
        const field *parent = &FIELDS[p];
        bool is_said = parent->type != FIELD_OBJECT || !parent->nullable || base->is_set[p],
             is_wanted = false;
        for (int i = 0; i < e->n_axes; i++) {
            is_said = is_said || e->axes[i].row == parent;
            is_wanted = is_wanted || is_child_of(e->axes[i].row, parent);
        }
        if (is_wanted && !is_said)
            *(bool *)field_value(parent, base) = true;
    }
}

/* ---- cells ---- */

typedef struct cells { /* what a plan is made from */
    const experiment_spec *e;
    int order[SWEEP_AXES_LIMIT];
    train_spec base;
    int64_t n, n_of_axes; /* n: times the variants */
} cells;

/* A member of an object that a variant names turns the object on. */
static void apply_variant(const train_spec *variant, train_spec *to)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const field *parent = parent_of(&FIELDS[i]);
        if (variant->is_set[i] && parent && parent->nullable && !to->is_set[parent - FIELDS])
            *(bool *)field_value(parent, to) = true;
    }
    sweep_apply_all(variant, to);
}

/* The unresolved spec of one cell; index[a] is the value's place on axis a, -1 where it was drawn
 * from a range. Variants vary slowest, the last axis fastest, as in nested loops; a random search
 * draws the same for each variant. */
static void make_cell(const cells *c, int64_t cell, train_spec *out, int index[SWEEP_AXES_LIMIT])
{
    *out = c->base;
    int64_t rest = cell % c->n_of_axes;
    if (c->e->n_variants > 0)
        apply_variant(&c->e->variants[cell / c->n_of_axes].spec, out);
    for (int a = c->e->n_axes - 1; a >= 0 && !c->e->random_search; a--) {
        int length = axis_length(&c->e->axes[a]);
        index[a] = (int)(rest % length);
        rest /= length;
    }
    for (int i = 0; i < c->e->n_axes; i++) {
        int a = c->order[i];
        if (c->e->random_search)
            index[a] = apply_draw(&c->e->axes[a], c->base.seed, cell % c->n_of_axes, a, out);
        else
            apply_index(&c->e->axes[a], index[a], out);
    }
}

static bool count_cells(const experiment_spec *e, cells *out, fail_list *faults)
{
    int64_t n_variants = e->n_variants > 0 ? e->n_variants : 1;
    int64_t n = e->random_search ? e->trials : 1;
    for (int a = 0; a < e->n_axes && !e->random_search && n * n_variants <= SPEC_RUNS_LIMIT; a++)
        n *= axis_length(&e->axes[a]);
    if (n * n_variants > SPEC_RUNS_LIMIT)
        return fail_list_add(faults, FAIL_TOO_LARGE, "/sweep",
                             "the grid has more than %d cells; use fewer values or a random search",
                             SPEC_RUNS_LIMIT);
    out->n_of_axes = n;
    out->n = n * n_variants;
    return true;
}

static bool has_fault(const fail_list *list, const char *field_pointer, const char *sentence)
{
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->items[i].field, field_pointer) == 0 &&
            strcmp(list->items[i].sentence, sentence) == 0)
            return true;
    return false;
}

/* "/early_stopping/patience" is of early_stopping.patience. */
static bool is_of_field(const field *row, const char *pointer)
{
    if (*pointer++ != '/')
        return false;
    for (const char *name = row->name; *name; name++, pointer++)
        if (*pointer != (*name == '.' ? '/' : *name))
            return false;
    return !*pointer || *pointer == '/';
}

/* "/dropout/1" of a cell is "/sweep/dropout/2" of the specification where dropout is swept: the
 * third value. */
static void point_to_axis(const experiment_spec *e, const int index[SWEEP_AXES_LIMIT], int variant,
                          const char *pointer, char out[SWEEP_POINTER_BYTES])
{
    for (int i = 0; variant >= 0 && i < FIELD_COUNT; i++)
        if (is_named(&e->variants[variant].spec, i) && is_of_field(&FIELDS[i], pointer)) {
            snprintf(out, SWEEP_POINTER_BYTES, "/variants/%d%s", variant, pointer);
            return;
        }
    for (int a = 0; a < e->n_axes; a++) {
        size_t n = strlen(e->axes[a].row->name) + 1;
        if (!is_of_field(e->axes[a].row, pointer))
            continue;
        if (index[a] < 0 || e->axes[a].is_range)
            snprintf(out, SWEEP_POINTER_BYTES, "/sweep/%s", e->axes[a].row->name);
        else
            snprintf(out, SWEEP_POINTER_BYTES, "/sweep/%s/%d%s", e->axes[a].row->name, index[a],
                     pointer + n);
        return;
    }
    snprintf(out, SWEEP_POINTER_BYTES, "%s", pointer);
}

static int index_of(const sweep_axis *axis, const train_spec *spec)
{
    for (int i = 0; i < axis->n_values; i++)
        if (field_equal(axis->row, &axis->values[i], spec))
            return i;
    return -1;
}

/* Does the config have what the variant says? */
static bool is_variant_of(const train_spec *variant, const train_spec *spec)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (variant->is_set[i] && field_has_place(&FIELDS[i]) &&
            !field_equal(&FIELDS[i], variant, spec))
            return false;
    return true;
}

void sweep_point(const experiment_spec *e, const train_spec *spec, const char *pointer,
                 char out[SWEEP_POINTER_BYTES])
{
    int index[SWEEP_AXES_LIMIT], variant = e->n_variants - 1;
    for (int a = 0; a < e->n_axes; a++)
        index[a] = index_of(&e->axes[a], spec);
    while (variant >= 0 && !is_variant_of(&e->variants[variant].spec, spec))
        variant--;
    point_to_axis(e, index, variant, pointer, out);
}

/* Every fault once, however many cells have it. */
static void tell_faults(const cells *c, const int index[SWEEP_AXES_LIMIT], int variant,
                        const fail_list *found, fail_list *faults)
{
    for (int i = 0; i < found->n; i++) {
        char pointer[SWEEP_POINTER_BYTES];
        point_to_axis(c->e, index, variant, found->items[i].field, pointer);
        if (!has_fault(faults, pointer, found->items[i].sentence))
            fail_list_add(faults, found->items[i].code, pointer, "%s", found->items[i].sentence);
    }
}

/* ---- configs ---- */

static bool make_configs(const cells *c, grid *p, fail_list *faults)
{
    config_table table;
    if (!config_table_open(&table, c->n))
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, "/sweep", "no memory for %lld configs",
                             (long long)c->n);
    bool ok = true;
    for (int64_t cell = 0; cell < c->n && faults->n < FAIL_LIST_LIMIT; cell++) {
        train_spec spec;
        int index[SWEEP_AXES_LIMIT];
        fail_list found; /* its items are large: not zeroed for every cell */
        found.n = found.n_found = 0;
        int variant = c->e->n_variants > 0 ? (int)(cell / c->n_of_axes) : -1;
        make_cell(c, cell, &spec, index);
        if (spec_resolve(&spec, &found)) {
            config_table_add(&table, &(grid_config){spec, variant}, p);
        } else {
            tell_faults(c, index, variant, &found, faults);
            ok = false;
        }
    }
    config_table_close(&table);
    return ok;
}

/* ---- variants ---- */

/* Two variants that say the same of the base would be one config with two labels. */
static bool check_variants(const cells *c, fail_list *faults)
{
    for (int v = 1; v < c->e->n_variants; v++) {
        train_spec own = c->base;
        apply_variant(&c->e->variants[v].spec, &own);
        for (int w = 0; w < v; w++) {
            train_spec other = c->base;
            char pointer[SWEEP_POINTER_BYTES];
            apply_variant(&c->e->variants[w].spec, &other);
            snprintf(pointer, sizeof pointer, "/variants/%d", v);
            if (config_table_same(&own, &other))
                return fail_list_add(faults, FAIL_INCOMPATIBLE, pointer,
                                     "variant %d says the same as variant %d (from 0 on)", v, w);
        }
    }
    return true;
}

/* ---- the plan ---- */

static bool check_size(const experiment_spec *e, const grid *p, fail_list *faults)
{
    int64_t most = e->until.enabled ? e->until.max : e->n_repeats;
    if (p->n_configs * most > SPEC_RUNS_LIMIT)
        return fail_list_add(
            faults, FAIL_TOO_LARGE, "/sweep",
            "%d configs with up to %lld seeds are %lld runs; an experiment has at most %d",
            p->n_configs, (long long)most, (long long)(p->n_configs * most), SPEC_RUNS_LIMIT);
    if (p->varies_seed && p->first_seed > SPEC_SEED_LIMIT - (most - 1))
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/seed",
                             "the last repeat's seed would be above 2^53 - 1");
    if (p->varies_data_seed && p->first_data_seed > SPEC_SEED_LIMIT - (most - 1))
        return fail_list_add(faults, FAIL_OUT_OF_RANGE, "/data_seed",
                             "the last repeat's data_seed would be above 2^53 - 1");
    return true;
}

bool sweep_expand(const experiment_spec *e, grid *out, fail_list *faults)
{
    cells c = {.e = e, .base = e->base};
    if (!count_cells(e, &c, faults))
        return false;
    grid p = {.n_cells = c.n,
              .n_seeds = e->n_repeats,
              .first_seed = e->base.seed,
              .first_data_seed = e->base.data_seed,
              .varies_seed = e->repeat_varies_seed,
              .varies_data_seed = e->repeat_varies_data_seed};
    p.configs = malloc((size_t)c.n * sizeof *p.configs);
    if (!p.configs)
        return fail_list_add(faults, FAIL_OUT_OF_MEMORY, "/sweep", "no memory for %lld configs",
                             (long long)c.n);
    order_axes(e, c.order);
    enable_parents(e, &c.base);
    if (check_variants(&c, faults) && make_configs(&c, &p, faults) && check_size(e, &p, faults)) {
        *out = p;
        return true;
    }
    grid_close(&p);
    return false;
}

void grid_run_spec(const grid *p, int c, int64_t r, train_spec *out)
{
    assert(c >= 0 && c < p->n_configs && r >= 0);
    *out = p->configs[c].spec;
    if (p->varies_seed)
        out->seed = p->first_seed + r;
    if (p->varies_data_seed)
        out->data_seed = p->first_data_seed + r;
}
