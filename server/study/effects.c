#include "server/study/effects.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCATTER_LIMIT = 4 }; /* cells of the table per run: else the seeds hardly pair up */

/* ---- the design: factors, levels, the cell of each config ---- */

/* Index of the level, added if new; -1 when there are too many. */
static int find_level(effects_factor *factor, const char *level)
{
    for (int i = 0; i < factor->n_levels; i++)
        if (strcmp(factor->levels[i], level) == 0)
            return i;
    if (factor->n_levels == EFFECTS_LEVELS_LIMIT)
        return -1;
    factor->levels[factor->n_levels] = level;
    return factor->n_levels++;
}

/* Numbers by size, other values as they come: insertion keeps equal ones in order. */
static void sort_levels(effects_factor *factor)
{
    for (int i = 0; i < factor->n_levels; i++)
        if (strspn(factor->levels[i], "+-.0123456789eE") != strlen(factor->levels[i]))
            return;
    for (int i = 1; i < factor->n_levels; i++) {
        const char *level = factor->levels[i];
        int k = i;
        for (; k > 0 && strtod(factor->levels[k - 1], NULL) > strtod(level, NULL); k--)
            factor->levels[k] = factor->levels[k - 1];
        factor->levels[k] = level;
    }
}

/* False if the configs do not vary the same fields, or too many levels. */
static bool find_factors(effects *e, const effects_config *configs, size_t n)
{
    e->n_factors = n > 0 ? configs[0].n_factors : 0;
    for (size_t c = 0; c < n; c++) {
        if (configs[c].n_factors != e->n_factors)
            return false;
        for (int i = 0; i < e->n_factors; i++) {
            e->factors[i].name = configs[0].names[i];
            if (strcmp(configs[c].names[i], configs[0].names[i]) != 0 ||
                find_level(&e->factors[i], configs[c].levels[i]) < 0)
                return false;
        }
    }
    for (int i = 0; i < e->n_factors; i++)
        sort_levels(&e->factors[i]);
    return true;
}

static void find_references(effects *e, const effects_config *configs, size_t n,
                            const char *baseline_id)
{
    for (size_t c = 0; c < n; c++)
        for (int i = 0; i < e->n_factors && strcmp(configs[c].config_id, baseline_id) == 0; i++)
            e->factors[i].reference = find_level(&e->factors[i], configs[c].levels[i]);
}

/* Cells in mixed radix, the first factor slowest. */
static size_t cell_of(effects *e, const effects_config *config)
{
    size_t cell = 0;
    for (int i = 0; i < e->n_factors; i++)
        cell = cell * (size_t)e->factors[i].n_levels +
               (size_t)find_level(&e->factors[i], config->levels[i]);
    return cell;
}

static size_t count_cells(const effects *e, size_t most)
{
    size_t n = 1;
    for (int i = 0; i < e->n_factors && n <= most; i++)
        n *= (size_t)e->factors[i].n_levels;
    return n;
}

static int level_in(const effects *e, size_t cell, int factor)
{
    for (int i = e->n_factors - 1; i > factor; i--)
        cell /= (size_t)e->factors[i].n_levels;
    return (int)(cell % (size_t)e->factors[factor].n_levels);
}

/* ---- the table: a value for each cell and seed ---- */

typedef struct block { /* what pairs runs up */
    int64_t seed, data_seed;
} block;

typedef struct place { /* a config's cell */
    const char *config_id;
    size_t cell;
} place;

typedef struct table {
    size_t n_cells, n_blocks;
    block *blocks;     /* (n_blocks) sorted */
    place *places;     /* (n_cells) sorted by config_id */
    double *values;    /* (n_blocks, n_cells); NaN: none */
    double *weights;   /* (n_cells) of one contrast */
    double *contrasts; /* (n_blocks) */
    double *p, *adjusted;
    size_t *order; /* (EFFECTS_LIMIT) each: Holm's */
} table;

static int compare_blocks(const void *a, const void *b)
{
    const block *x = a, *y = b;
    if (x->seed != y->seed)
        return x->seed < y->seed ? -1 : 1;
    return (x->data_seed > y->data_seed) - (x->data_seed < y->data_seed);
}

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return strcmp(x->config_id, y->config_id);
}

static void close_table(table *t)
{
    free(t->blocks);
    free(t->places);
    free(t->values);
    free(t->weights);
    free(t->contrasts);
    free(t->p);
    free(t->adjusted);
    free(t->order);
}

static void find_blocks(table *t, const comparison_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t->blocks[i] = (block){rows[i].seed, rows[i].data_seed};
    qsort(t->blocks, n, sizeof *t->blocks, compare_blocks);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || compare_blocks(&t->blocks[i], &t->blocks[t->n_blocks - 1]) != 0)
            t->blocks[t->n_blocks++] = t->blocks[i];
}

static bool open_table(table *t, const comparison_row *rows, size_t n_rows, size_t n_cells)
{
    *t = (table){.n_cells = n_cells,
                 .blocks = calloc(n_rows + 1, sizeof *t->blocks),
                 .places = calloc(n_cells + 1, sizeof *t->places),
                 .weights = calloc(n_cells + 1, sizeof *t->weights),
                 .p = calloc(EFFECTS_LIMIT, sizeof *t->p),
                 .adjusted = calloc(EFFECTS_LIMIT, sizeof *t->adjusted),
                 .order = calloc(EFFECTS_LIMIT, sizeof *t->order)};
    if (!t->blocks || !t->places || !t->weights || !t->p || !t->adjusted || !t->order)
        return false;
    find_blocks(t, rows, n_rows);
    t->values = calloc(t->n_blocks * n_cells + n_cells + 1, sizeof *t->values);
    t->contrasts = calloc(t->n_blocks + 1, sizeof *t->contrasts);
    return t->values && t->contrasts;
}

/* False if two configs share a cell; as there are as many as cells, each has its own else. */
static bool place_configs(table *t, effects *e, const effects_config *configs)
{
    for (size_t c = 0; c < t->n_cells; c++) {
        t->places[c] = (place){configs[c].config_id, cell_of(e, &configs[c])};
        if (t->values[t->places[c].cell]++ > 0)
            return false;
    }
    qsort(t->places, t->n_cells, sizeof *t->places, compare_places);
    return true;
}

static void fill_values(table *t, const comparison_row *rows, size_t n_rows)
{
    for (size_t i = 0; i < t->n_blocks * t->n_cells; i++)
        t->values[i] = NAN;
    for (size_t i = 0; i < n_rows; i++) {
        const place wanted = {.config_id = rows[i].config_id};
        const block own = {rows[i].seed, rows[i].data_seed};
        const place *p = bsearch(&wanted, t->places, t->n_cells, sizeof wanted, compare_places);
        const block *b = bsearch(&own, t->blocks, t->n_blocks, sizeof own, compare_blocks);
        if (p && b && rows[i].status == RUN_STATE_COMPLETED)
            t->values[(size_t)(b - t->blocks) * t->n_cells + p->cell] = rows[i].metric;
    }
}

/* ---- contrasts ---- */

/* +1 at the level, -1 at the factor's reference, 0 elsewhere. */
static double sign_of(const effects *e, size_t cell, int factor, int level)
{
    int here = level_in(e, cell, factor);
    return here == level ? 1 : here == e->factors[factor].reference ? -1 : 0;
}

static double weight_of(const effects *e, const effect *x, size_t cell)
{
    double weight = sign_of(e, cell, x->factor, x->level);
    return x->other_factor < 0 ? weight
                               : weight * sign_of(e, cell, x->other_factor, x->other_level);
}

/* The sign pattern of one effect, over the number of its averaged pairs. */
static void fill_weights(table *t, const effects *e, const effect *x)
{
    size_t n_averaged = t->n_cells / (size_t)e->factors[x->factor].n_levels;
    if (x->other_factor >= 0)
        n_averaged /= (size_t)e->factors[x->other_factor].n_levels;
    for (size_t cell = 0; cell < t->n_cells; cell++)
        t->weights[cell] = weight_of(e, x, cell) / (double)n_averaged;
}

/* One number per seed that has all the values wanted. *largest: the largest magnitude among those.
 */
static size_t fill_contrasts(table *t, double *largest)
{
    size_t n = 0;
    *largest = 0;
    for (size_t b = 0; b < t->n_blocks; b++) {
        const double *values = t->values + b * t->n_cells;
        double sum = 0, top = 0;
        for (size_t cell = 0; cell < t->n_cells; cell++) {
            if (fabs(t->weights[cell]) > 0) {
                sum += t->weights[cell] * values[cell];
                top = fmax(top, fabs(values[cell]));
            }
        }
        if (!isfinite(sum))
            continue;
        t->contrasts[n++] = sum;
        *largest = fmax(*largest, top);
    }
    return n;
}

/* As for paired differences, a deviation that rounding alone makes is no test. */
static void fill_effect(table *t, const effects *e, effect *x)
{
    double largest;
    fill_weights(t, e, x);
    size_t n = fill_contrasts(t, &largest);
    x->change = stats_summary_of(t->contrasts, n);
    x->p_value = NAN;
    if (n > 1 && x->change.std > 8 * DBL_EPSILON * largest)
        x->p_value =
            stats_t_two_sided(x->change.mean / (x->change.std / sqrt((double)n)), (double)(n - 1));
}

static void add_effect(effects *e, int factor, int level, int other_factor, int other_level)
{
    e->items[e->n++] = (effect){
        .factor = factor, .level = level, .other_factor = other_factor, .other_level = other_level};
}

static void list_main_effects(effects *e)
{
    for (int f = 0; f < e->n_factors; f++)
        for (int level = 0; level < e->factors[f].n_levels; level++)
            if (level != e->factors[f].reference)
                add_effect(e, f, level, -1, -1);
}

static void list_pair(effects *e, int first, int second)
{
    for (int i = 0; i < e->factors[first].n_levels; i++)
        for (int k = 0; k < e->factors[second].n_levels; k++)
            if (i != e->factors[first].reference && k != e->factors[second].reference)
                add_effect(e, first, i, second, k);
}

/* How many there are: main effects, and interactions too. */
static void count_effects(const effects *e, size_t *n_main, size_t *n_all)
{
    *n_main = *n_all = 0;
    for (int f = 0; f < e->n_factors; f++) {
        size_t more = (size_t)e->factors[f].n_levels - 1;
        *n_all += more + *n_main * more;
        *n_main += more;
    }
}

static void list_effects(effects *e, bool with_interactions)
{
    list_main_effects(e);
    for (int f = 0; with_interactions && f < e->n_factors; f++)
        for (int g = f + 1; g < e->n_factors; g++)
            list_pair(e, f, g);
}

static void test_effects(table *t, effects *e)
{
    for (size_t i = 0; i < e->n; i++) {
        fill_effect(t, e, &e->items[i]);
        t->p[i] = stats_holm_input(e->items[i].p_value, e->items[i].change.n);
    }
    stats_holm(t->p, e->n, t->order, t->adjusted);
    for (size_t i = 0; i < e->n; i++)
        e->items[i].p_adjusted = t->adjusted[i];
}

/* Is every combination of at least two varied factors there? A factor with one level changes
 * nothing. */
static bool is_grid(const effects *e, size_t n_configs)
{
    int n_varied = 0;
    for (int i = 0; i < e->n_factors; i++)
        n_varied += e->factors[i].n_levels > 1;
    return n_varied >= 2 && count_cells(e, n_configs) == n_configs;
}

/* The sweep is a grid: are its runs a table, not a scatter of seeds? Then its effects are listed
 * and tested. */
static bool fill_effects(effects *e, const comparison_row *rows, size_t n_rows,
                         const effects_config *configs, size_t n_configs)
{
    table t;
    size_t n_main, n_all;
    count_effects(e, &n_main, &n_all);
    e->items = calloc(EFFECTS_LIMIT, sizeof *e->items);
    bool done = open_table(&t, rows, n_rows, n_configs) && e->items;
    e->is_factorial = done && n_main <= EFFECTS_LIMIT &&
                      t.n_blocks * n_configs <= SCATTER_LIMIT * n_rows &&
                      place_configs(&t, e, configs);
    if (e->is_factorial) {
        fill_values(&t, rows, n_rows);
        list_effects(e, n_all <= EFFECTS_LIMIT);
        test_effects(&t, e);
    }
    close_table(&t);
    return done;
}

bool comparison_effects_open(const comparison_row *rows, size_t n_rows,
                             const effects_config *configs, size_t n_configs,
                             const char *baseline_id, effects *out, fail *f)
{
    effects e = {.is_factorial = false};
    bool is_wanted = n_rows > 0 && find_factors(&e, configs, n_configs) && is_grid(&e, n_configs);
    if (is_wanted)
        find_references(&e, configs, n_configs, baseline_id);
    if (is_wanted && !fill_effects(&e, rows, n_rows, configs, n_configs)) {
        comparison_effects_close(&e);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %zu runs.",
                        n_rows);
    }
    *out = e;
    return true;
}

void comparison_effects_close(effects *e)
{
    free(e->items);
    e->items = NULL;
    e->n = 0;
}
