#include "server/study/factorial.h"

#include "server/study/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const FACTORIAL_VERDICT_NAMES[FACTORIAL_VERDICT_COUNT] = {
    "more_than_sum", "less_than_sum", "no_evidence", NULL};

/* ---- factors and their levels ---- */

static int find_level(const factorial_factor *factor, const study_level *level)
{
    for (int i = 0; i < factor->n_levels; i++)
        if (strcmp(factor->levels[i]->text, level->text) == 0)
            return i;
    return -1;
}

static void sort_levels(factorial_factor *factor)
{
    for (int i = 0; i < factor->n_levels; i++)
        if (isnan(factor->levels[i]->number))
            return;
    for (int i = 1; i < factor->n_levels; i++) {
        const study_level *level = factor->levels[i];
        int k = i;
        for (; k > 0 && factor->levels[k - 1]->number > level->number; k--)
            factor->levels[k] = factor->levels[k - 1];
        factor->levels[k] = level;
    }
}

/* Lists the levels in order of submission; false if they are too many, or nobody waits. */
static bool list_levels(const arms *a, factorial_factor *factor)
{
    for (size_t c = 0; c < a->table->n_configs; c++) {
        if (!caller_goes_on(&a->memory->pace, (uint64_t)factor->n_levels))
            return false;
        const study_level *level = &a->table->configs[c].levels[factor->index];
        if (find_level(factor, level) >= 0)
            continue;
        if (factor->n_levels == FACTORIAL_LEVELS_LIMIT)
            return false;
        factor->levels[factor->n_levels++] = level;
    }
    return true;
}

static bool find_factors(const arms *a, factorial *e)
{
    const arm *baseline = &a->items[a->contexts[0].baseline];
    for (int i = 0; i < a->table->n_factors; i++) {
        factorial_factor factor = {.index = i};
        if (a->table->factors[i].role == QUESTION_TUNE)
            continue;
        if (!list_levels(a, &factor))
            return false;
        if (factor.n_levels < 2)
            continue;
        if (e->n_factors == FACTORIAL_FACTORS_LIMIT)
            return false;
        sort_levels(&factor);
        factor.reference = find_level(&factor, arms_level_of(a, baseline, i));
        e->factors[e->n_factors++] = factor;
    }
    return true;
}

/* Arms differ in some factor: as many as there are cells, they are all of them. */
static bool fills_all_cells(const arms *a, const factorial *e)
{
    size_t n_cells = 1;
    for (int i = 0; i < e->n_factors && n_cells <= a->n_arms; i++)
        n_cells *= (size_t)e->factors[i].n_levels;
    return e->n_factors >= 2 && n_cells == a->n_arms;
}

/* ---- contrasts ---- */

enum { LEVEL_STEPS = 64 }; /* to find an arm's levels, for the pace */

typedef struct pattern { /* what one contrast is made with */
    int *levels;         /* (n_arms, n_factors) */
    size_t *which;       /* (n_arms) */
    double *weights;     /* (n_arms) */
} pattern;

static bool open_pattern(const arms *a, const factorial *e, pattern *p)
{
    *p = (pattern){.levels = calloc(a->n_arms * (size_t)e->n_factors + 1, sizeof *p->levels),
                   .which = calloc(a->n_arms + 1, sizeof *p->which),
                   .weights = calloc(a->n_arms + 1, sizeof *p->weights)};
    if (!p->levels || !p->which || !p->weights)
        return false;
    for (size_t i = 0; i < a->n_arms && caller_goes_on(&a->memory->pace, LEVEL_STEPS); i++)
        for (int k = 0; k < e->n_factors; k++)
            p->levels[i * (size_t)e->n_factors + (size_t)k] =
                find_level(&e->factors[k], arms_level_of(a, &a->items[i], e->factors[k].index));
    return !a->memory->pace.has_left;
}

static void close_pattern(pattern *p)
{
    free(p->levels);
    free(p->which);
    free(p->weights);
}

/* +1 at the level, -1 at the factor's reference, 0 elsewhere; 1 for no factor. */
static double sign_of(const factorial *e, const int *levels, int factor, int level)
{
    if (factor < 0)
        return 1;
    return levels[factor] == level ? 1 : levels[factor] == e->factors[factor].reference ? -1 : 0;
}

static double effect_weight(const factorial *e, const int *levels, const factorial_effect *x)
{
    return sign_of(e, levels, x->factor, x->level) *
           sign_of(e, levels, x->other_factor, x->other_level);
}

static double together_weight(const factorial *e, const int *levels, const factorial_effect *x)
{
    double one = sign_of(e, levels, x->factor, x->level);
    double other = sign_of(e, levels, x->other_factor, x->other_level);
    return one > 0 && other > 0 ? 1 : one < 0 && other < 0 ? -1 : 0;
}

typedef double cell_weight(const factorial *e, const int *levels, const factorial_effect *x);

/* The contrast of the sign pattern, over the number of cells that are averaged. */
static stats_estimate estimate(const arms *a, const factorial *e, pattern *p,
                               const factorial_effect *x, cell_weight *weight)
{
    size_t n = 0, n_averaged = a->n_arms / (size_t)e->factors[x->factor].n_levels;
    if (x->other_factor >= 0)
        n_averaged /= (size_t)e->factors[x->other_factor].n_levels;
    for (size_t i = 0; i < a->n_arms; i++) {
        double sign = weight(e, p->levels + i * (size_t)e->n_factors, x);
        if (!(fabs(sign) > 0))
            continue;
        p->which[n] = i;
        p->weights[n++] = sign / (double)n_averaged;
    }
    return arms_contrast(a, p->which, p->weights, n);
}

/* ---- the list ---- */

static void add_effect(factorial *e, int factor, int level, int other_factor, int other_level)
{
    e->items[e->n++] = (factorial_effect){.factor = factor,
                                          .level = level,
                                          .other_factor = other_factor,
                                          .other_level = other_level,
                                          .verdict = FACTORIAL_NO_VERDICT};
}

static void list_main_effects(factorial *e)
{
    for (int f = 0; f < e->n_factors; f++)
        for (int level = 0; level < e->factors[f].n_levels; level++)
            if (level != e->factors[f].reference)
                add_effect(e, f, level, -1, -1);
}

static void list_pair(factorial *e, int first, int second)
{
    for (int i = 0; i < e->factors[first].n_levels; i++)
        for (int k = 0; k < e->factors[second].n_levels; k++)
            if (i != e->factors[first].reference && k != e->factors[second].reference)
                add_effect(e, first, i, second, k);
}

static void count_effects(const factorial *e, size_t *n_main, size_t *n_all)
{
    *n_main = *n_all = 0;
    for (int f = 0; f < e->n_factors; f++) {
        size_t more = (size_t)e->factors[f].n_levels - 1;
        *n_all += more + *n_main * more;
        *n_main += more;
    }
}

factorial_verdict factorial_verdict_of(const stats_estimate *interaction, double p_adjusted,
                                       metric_direction direction)
{
    if (direction == METRIC_NEITHER)
        return FACTORIAL_NO_VERDICT;
    if (interaction->n < ARMS_PAIRS_LEAST || !(p_adjusted < STATS_LEVEL))
        return FACTORIAL_NO_EVIDENCE;
    bool gains = (interaction->mean < 0) == (direction == METRIC_LOWER_IS_BETTER);
    return gains ? FACTORIAL_MORE_THAN_SUM : FACTORIAL_LESS_THAN_SUM;
}

static bool test_effects(const arms *a, factorial *e, pattern *p)
{
    double raw[FACTORIAL_EFFECTS_LIMIT], adjusted[FACTORIAL_EFFECTS_LIMIT];
    size_t order[FACTORIAL_EFFECTS_LIMIT];
    for (size_t i = 0; i < e->n && !a->memory->pace.has_left; i++) {
        factorial_effect *x = &e->items[i];
        x->change = estimate(a, e, p, x, effect_weight);
        raw[i] = stats_holm_input(x->change.p_value, x->change.n);
        if (x->other_factor >= 0)
            x->together = estimate(a, e, p, x, together_weight);
    }
    if (a->memory->pace.has_left)
        return false;
    stats_holm(raw, e->n, order, adjusted);
    for (size_t i = 0; i < e->n; i++) {
        factorial_effect *x = &e->items[i];
        x->p_adjusted = adjusted[i];
        if (x->other_factor >= 0)
            x->verdict = factorial_verdict_of(&x->change, adjusted[i], a->table->options.direction);
    }
    return true;
}

static bool fill_effects(const arms *a, factorial *e)
{
    size_t n_main, n_all;
    count_effects(e, &n_main, &n_all);
    e->is_complete = n_main <= FACTORIAL_EFFECTS_LIMIT;
    if (!e->is_complete)
        return true;
    pattern p;
    e->items = calloc(FACTORIAL_EFFECTS_LIMIT, sizeof *e->items);
    bool done = open_pattern(a, e, &p) && e->items;
    if (done) {
        list_main_effects(e);
        for (int f = 0; n_all <= FACTORIAL_EFFECTS_LIMIT && f < e->n_factors; f++)
            for (int g = f + 1; g < e->n_factors; g++)
                list_pair(e, f, g);
        done = test_effects(a, e, &p);
    }
    close_pattern(&p);
    return done;
}

bool factorial_open(const arms *a, factorial *out, fail *f)
{
    factorial e = {.is_complete = false};
    bool is_wanted = a->n_arms > 0 && find_factors(a, &e) && fills_all_cells(a, &e);
    bool done = !is_wanted || fill_effects(a, &e);
    if (done && !a->memory->pace.has_left) {
        *out = e;
        return true;
    }
    factorial_close(&e);
    return caller_check_pace(&a->memory->pace, f) &&
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %zu arms.",
                    a->n_arms);
}

void factorial_close(factorial *e)
{
    free(e->items);
    e->items = NULL;
    e->n = 0;
}
