#include "server/study/arms.h"

#include "core/base/sort.h"
#include "server/study/internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const ARM_VERDICT_NAMES[ARM_VERDICT_COUNT] = {
    "baseline", "void", "too_few_seeds", "equivalent", "better", "worse", "no_evidence", NULL};

/* ---- memory ---- */

static void close_memory(struct arms_memory *m)
{
    if (!m)
        return;
    free(m->members);
    free(m->repeat_of);
    free(m->runs);
    free(m->config_start);
    free(m->values);
    free(m->budgets);
    free(m->counts);
    free(m->sums);
    free(m->tops);
    free(m->contrast);
    free(m->deltas);
    free(m->p);
    free(m->adjusted);
    free(m->order);
    free(m);
}

/* Repeats are at most as many as runs, arms and contexts as configs. */
static struct arms_memory *open_memory(const caller *by, size_t n_runs, size_t n_configs)
{
    struct arms_memory *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    *m = (struct arms_memory){.pace = {.by = by},
                              .members = calloc(n_configs + 1, sizeof *m->members),
                              .repeat_of = calloc(n_runs + 1, sizeof *m->repeat_of),
                              .runs = calloc(n_runs + 1, sizeof *m->runs),
                              .config_start = calloc(n_configs + 2, sizeof *m->config_start),
                              .values = calloc(n_runs + 1, sizeof *m->values),
                              .budgets = calloc(n_configs + 1, sizeof *m->budgets),
                              .counts = calloc(n_runs + 1, sizeof *m->counts),
                              .sums = calloc(n_runs + 1, sizeof *m->sums),
                              .tops = calloc(n_runs + 1, sizeof *m->tops),
                              .contrast = calloc(n_runs + 1, sizeof *m->contrast),
                              .deltas = calloc(n_runs + 1, sizeof *m->deltas),
                              .p = calloc(n_configs + 1, sizeof *m->p),
                              .adjusted = calloc(n_configs + 1, sizeof *m->adjusted),
                              .order = calloc(n_configs + 1, sizeof *m->order)};
    if (m->members && m->repeat_of && m->runs && m->config_start && m->values && m->budgets &&
        m->counts && m->sums && m->tops && m->contrast && m->deltas && m->p && m->adjusted &&
        m->order)
        return m;
    close_memory(m);
    return NULL;
}

/* ---- repeats, and the runs in their order ---- */

typedef struct placed_run {
    const study_run *run;
    size_t index, repeat;
} placed_run;

static int compare_repeats(const void *a, const void *b)
{
    const placed_run *x = a, *y = b;
    if (x->run->seed != y->run->seed)
        return x->run->seed < y->run->seed ? -1 : 1;
    if (x->run->data_seed != y->run->data_seed)
        return x->run->data_seed < y->run->data_seed ? -1 : 1;
    return 0;
}

static int compare_places(const void *a, const void *b)
{
    const placed_run *x = a, *y = b;
    if (x->run->config != y->run->config)
        return x->run->config < y->run->config ? -1 : 1;
    if (x->repeat != y->repeat)
        return x->repeat < y->repeat ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* They stand in the order of their repeats. */
static void number_repeats(arms *a, placed_run *placed, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_new = i == 0 || compare_repeats(&placed[i], &placed[i - 1]) != 0;
        a->n_repeats += is_new;
        placed[i].repeat = a->n_repeats - 1;
        a->memory->repeat_of[placed[i].index] = placed[i].repeat;
    }
}

static bool place_runs(arms *a)
{
    const study_table *t = a->table;
    struct arms_memory *m = a->memory;
    placed_run *placed = calloc(t->n_runs + 1, sizeof *placed);
    if (!placed)
        return false;
    for (size_t i = 0; i < t->n_runs; i++) {
        assert(t->runs[i].config < t->n_configs);
        placed[i] = (placed_run){.run = &t->runs[i], .index = i};
        m->config_start[t->runs[i].config + 1]++;
    }
    for (size_t c = 0; c < t->n_configs; c++)
        m->config_start[c + 1] += m->config_start[c];
    bool done = sort_items(placed, t->n_runs, sizeof *placed, compare_repeats, &m->pace);
    if (done)
        number_repeats(a, placed, t->n_runs);
    done = done && sort_items(placed, t->n_runs, sizeof *placed, compare_places, &m->pace);
    for (size_t i = 0; done && i < t->n_runs; i++)
        m->runs[i] = placed[i].index;
    free(placed);
    return done;
}

/* ---- contexts and arms ---- */

typedef struct placed_config {
    const study_table *table;
    size_t index;
    size_t context, arm; /* index of the first config of the same context, the same arm */
} placed_config;

static int compare_levels(const placed_config *x, const placed_config *y, question_role role)
{
    const study_table *t = x->table;
    for (int i = 0; i < t->n_factors; i++) {
        if (t->factors[i].role != role)
            continue;
        int order =
            strcmp(t->configs[x->index].levels[i].text, t->configs[y->index].levels[i].text);
        if (order != 0)
            return order;
    }
    return 0;
}

static int compare_by_levels(const void *a, const void *b)
{
    const placed_config *x = a, *y = b;
    int order = compare_levels(x, y, QUESTION_CONTEXT);
    order = order != 0 ? order : compare_levels(x, y, QUESTION_TREATMENT);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int compare_by_submission(const void *a, const void *b)
{
    const placed_config *x = a, *y = b;
    if (x->context != y->context)
        return x->context < y->context ? -1 : 1;
    if (x->arm != y->arm)
        return x->arm < y->arm ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Contexts and arms are named after the first config of each, whatever order the levels have. */
static void name_contexts(placed_config *placed, size_t n)
{
    for (size_t start = 0, end; start < n; start = end) {
        size_t first = placed[start].index;
        for (end = start;
             end < n && compare_levels(&placed[start], &placed[end], QUESTION_CONTEXT) == 0; end++)
            first = placed[end].index < first ? placed[end].index : first;
        for (size_t i = start; i < end; i++)
            placed[i].context = first;
    }
}

static void name_arms(placed_config *placed, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_same = i > 0 && placed[i].context == placed[i - 1].context &&
                       compare_levels(&placed[i - 1], &placed[i], QUESTION_TREATMENT) == 0;
        placed[i].arm = is_same ? placed[i - 1].arm : placed[i].index;
    }
}

/* Turns configs in order of context and arm into both. */
static void make_arms(arms *a, const placed_config *placed)
{
    for (size_t i = 0; i < a->table->n_configs; i++) {
        bool is_new_context = i == 0 || placed[i].context != placed[i - 1].context;
        if (is_new_context)
            a->contexts[a->n_contexts++] = (arms_context){.first_arm = a->n_arms};
        arms_context *context = &a->contexts[a->n_contexts - 1];
        if (is_new_context || placed[i].arm != placed[i - 1].arm) {
            a->items[a->n_arms++] =
                (arm){.context = a->n_contexts - 1, .configs = &a->memory->members[i]};
            context->n_arms++;
        }
        a->items[a->n_arms - 1].n_configs++;
        a->memory->members[i] = placed[i].index;
    }
}

static bool group_configs(arms *a)
{
    const study_table *t = a->table;
    placed_config *placed = calloc(t->n_configs + 1, sizeof *placed);
    if (!placed)
        return false;
    for (size_t i = 0; i < t->n_configs; i++)
        placed[i] = (placed_config){.table = t, .index = i};
    caller_pace *pace = &a->memory->pace;
    bool done = sort_items(placed, t->n_configs, sizeof *placed, compare_by_levels, pace);
    if (done) {
        name_contexts(placed, t->n_configs);
        name_arms(placed, t->n_configs);
        done = sort_items(placed, t->n_configs, sizeof *placed, compare_by_submission, pace);
    }
    if (done)
        make_arms(a, placed);
    free(placed);
    return done;
}

/* ---- baselines ---- */

typedef bool level_test(const study_level *level);

static bool is_default(const study_level *level)
{
    return level->is_default;
}

static bool is_baseline(const study_level *level)
{
    return level->is_baseline;
}

/* The first arm of the context all of whose treatments pass; ARMS_NONE: none. */
static size_t find_arm(const arms *a, const arms_context *context, level_test *test)
{
    const study_table *t = a->table;
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++) {
        const study_level *levels = t->configs[a->items[i].configs[0]].levels;
        bool passes = true;
        for (int k = 0; k < t->n_factors && passes; k++)
            passes = t->factors[k].role != QUESTION_TREATMENT || test(&levels[k]);
        if (passes)
            return i;
    }
    return ARMS_NONE;
}

/* While the arms stand in order of submission. The baseline is known by its verdict until they are
 * sorted. */
static void mark_baselines(arms *a)
{
    const study_options *o = &a->table->options;
    for (size_t c = 0; c < a->n_contexts; c++) {
        size_t found = ARMS_NONE;
        if (o->has_baseline)
            found = find_arm(a, &a->contexts[c], is_baseline);
        if (found == ARMS_NONE && (o->has_baseline || !o->has_variants))
            found = find_arm(a, &a->contexts[c], is_default);
        if (found == ARMS_NONE)
            found = a->contexts[c].first_arm;
        for (size_t i = 0; i < a->contexts[c].n_arms; i++)
            a->items[a->contexts[c].first_arm + i].verdict = ARM_NO_DIRECTION;
        a->items[found].verdict = ARM_BASELINE;
    }
}

static void find_baselines(arms *a)
{
    for (size_t i = 0; i < a->n_arms; i++)
        if (a->items[i].verdict == ARM_BASELINE)
            a->contexts[a->items[i].context].baseline = i;
}

/* ---- order ---- */

/* The better mean first, then more values; what has none comes last. */
static int compare_means(const stats_estimate *a, const stats_estimate *b, bool higher_first)
{
    if (a->n == 0 || b->n == 0)
        return (a->n == 0) - (b->n == 0);
    if (a->mean != b->mean)
        return (a->mean < b->mean) != higher_first ? -1 : 1;
    return (a->n < b->n) - (a->n > b->n);
}

static int compare_arms(const arm *x, const arm *y, bool higher_first)
{
    if (x->context != y->context)
        return x->context < y->context ? -1 : 1;
    int order = compare_means(&x->summary, &y->summary, higher_first);
    return order != 0 ? order : (x->configs > y->configs) - (x->configs < y->configs);
}

static int compare_lower_first(const void *a, const void *b)
{
    return compare_arms(a, b, false);
}

static int compare_higher_first(const void *a, const void *b)
{
    return compare_arms(a, b, true);
}

typedef struct ranked_config {
    const stats_estimate *summary;
    size_t index;
    bool higher_first;
} ranked_config;

static int compare_ranked(const void *a, const void *b)
{
    const ranked_config *x = a, *y = b;
    int order = compare_means(x->summary, y->summary, x->higher_first);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static bool order_configs(arms *a)
{
    ranked_config *ranked = calloc(a->table->n_configs + 1, sizeof *ranked);
    if (!ranked)
        return false;
    for (size_t i = 0; i < a->table->n_configs; i++)
        ranked[i] = (ranked_config){&a->configs[i].summary, i,
                                    a->table->options.direction == METRIC_HIGHER_IS_BETTER};
    bool done =
        sort_items(ranked, a->table->n_configs, sizeof *ranked, compare_ranked, &a->memory->pace);
    for (size_t i = 0; done && i < a->table->n_configs; i++)
        a->config_order[i] = ranked[i].index;
    free(ranked);
    return done;
}

/* ---- the whole ---- */

static bool sort_arms(arms *a)
{
    bool is_higher_first = a->table->options.direction == METRIC_HIGHER_IS_BETTER;
    if (!sort_items(a->items, a->n_arms, sizeof *a->items,
                    is_higher_first ? compare_higher_first : compare_lower_first, &a->memory->pace))
        return false;
    find_baselines(a);
    for (size_t i = 0; i < a->n_arms; i++)
        for (size_t k = 0; k < a->items[i].n_configs; k++)
            a->configs[a->items[i].configs[k]].arm = i;
    return true;
}

static bool compare(arms *a)
{
    if (!arms_describe_configs(a))
        return false;
    mark_baselines(a);
    if (!arms_tune(a) || !sort_arms(a) || !arms_judge(a))
        return false;
    arms_select(a);
    return true;
}

bool arms_open(const study_table *table, const caller *by, arms *out, fail *f)
{
    size_t room = table->n_configs + 1;
    arms a = {.table = table,
              .contexts = calloc(room, sizeof *a.contexts),
              .items = calloc(room, sizeof *a.items),
              .configs = calloc(room, sizeof *a.configs),
              .config_order = calloc(room, sizeof *a.config_order),
              .selected = {.config = ARMS_NONE, .baseline = ARMS_NONE, .optimism = NAN},
              .memory = open_memory(by, table->n_runs, table->n_configs)};
    bool done = a.contexts && a.items && a.configs && a.config_order && a.memory &&
                place_runs(&a) && group_configs(&a) && (a.n_arms == 0 || compare(&a)) &&
                order_configs(&a);
    if (done) {
        *out = a;
        return true;
    }
    if (!a.memory || caller_check_pace(&a.memory->pace, f))
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to compare %zu runs.",
                 table->n_runs);
    arms_close(&a);
    return false;
}

void arms_close(arms *a)
{
    free(a->contexts);
    free(a->items);
    free(a->configs);
    free(a->config_order);
    close_memory(a->memory);
    *a = (arms){0};
}

bool arms_are_wanted(const arms *a)
{
    enum { ANSWER_STEPS = 1024 }; /* to write one */
    return caller_goes_on(&a->memory->pace, ANSWER_STEPS);
}

const study_level *arms_level_of(const arms *a, const arm *x, int factor)
{
    bool is_tuned = a->table->factors[factor].role == QUESTION_TUNE;
    size_t config = is_tuned ? x->tuned : x->configs[0];
    return config == ARMS_NONE ? NULL : &a->table->configs[config].levels[factor];
}
