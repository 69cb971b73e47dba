/* A comparison of very many configs asks in each of its long parts whether it is still wanted. */
#include "server/study/arms.h"
#include "server/study/factorial.h"
#include "tests/server/arms_fixture.h"

#include <stdio.h>
#include <stdlib.h>

enum { FACTORS_LIMIT = 10, TEXT_BYTES = 12, LEVELS_LIMIT = 4000 };

typedef struct grid { /* every combination of so many levels, and runs of each */
    int n_factors, n_levels[FACTORS_LIMIT];
    question_role roles[FACTORS_LIMIT];
    size_t n_repeats;
    bool stops_apart; /* each level of the last factor stops early in its own way */
} grid;

typedef struct made {
    study_factor factors[FACTORS_LIMIT];
    char texts[LEVELS_LIMIT][TEXT_BYTES];
    study_level *levels;
    study_config *configs;
    study_run *runs;
    study_table table;
} made;

static study_config make_config(const grid *g, made *x, size_t c)
{
    study_level *levels = &x->levels[c * (size_t)g->n_factors];
    size_t rest = c, level = 0;
    for (int i = 0; i < g->n_factors; i++) {
        level = rest % (size_t)g->n_levels[i];
        rest /= (size_t)g->n_levels[i];
        levels[i] = (study_level){.text = x->texts[level],
                                  .plain = x->texts[level],
                                  .number = (double)level,
                                  .is_default = level == 0};
    }
    return (study_config){.config_id = x->texts[0],
                          .levels = levels,
                          .stopping = g->stops_apart ? x->texts[level] : "null",
                          .about = ESTIMAND_NEW_DATA,
                          .trivial = NAN};
}

static study_run make_run(size_t config, size_t repeat)
{
    double value = 0.5 + (double)((config * 7919 + repeat * 104729) % 1009) / 1009;
    return (study_run){.config = config,
                       .seed = (int64_t)repeat,
                       .status = RUN_STATE_COMPLETED,
                       .is_finished = true,
                       .metric = value,
                       .select = value,
                       .test = value,
                       .r2 = NAN};
}

static bool make(const grid *g, made *x)
{
    size_t n = 1;
    for (int i = 0; i < g->n_factors; i++)
        n *= (size_t)g->n_levels[i];
    x->levels = calloc(n * (size_t)g->n_factors, sizeof *x->levels);
    x->configs = calloc(n, sizeof *x->configs);
    x->runs = calloc(n * g->n_repeats, sizeof *x->runs);
    if (!x->levels || !x->configs || !x->runs)
        return false;
    for (int i = 0; i < LEVELS_LIMIT; i++)
        snprintf(x->texts[i], TEXT_BYTES, "%d", i);
    for (int i = 0; i < g->n_factors; i++)
        x->factors[i] = (study_factor){.name = x->texts[i], .role = g->roles[i]};
    for (size_t c = 0; c < n; c++) {
        x->configs[c] = make_config(g, x, c);
        for (size_t k = 0; k < g->n_repeats; k++)
            x->runs[c * g->n_repeats + k] = make_run(c, k);
    }
    x->table = (study_table){.n_factors = g->n_factors,
                             .factors = x->factors,
                             .n_configs = n,
                             .n_runs = n * g->n_repeats,
                             .configs = x->configs,
                             .runs = x->runs,
                             .options = FIXTURE_OPTIONS};
    return true;
}

static void destroy(made *x)
{
    free(x->levels);
    free(x->configs);
    free(x->runs);
}

typedef struct listener {
    long n_asked, leaves_at; /* 0: never */
} listener;

static bool is_asked(void *context)
{
    listener *l = context;
    l->n_asked++;
    return l->leaves_at > 0 && l->n_asked >= l->leaves_at;
}

/* True where the whole was wanted to its end. */
static bool compare(const study_table *t, listener *l, long *n_for_arms, fail *f)
{
    const caller by = {.context = l, .has_left = is_asked};
    arms a;
    factorial e;
    if (!arms_open(t, &by, &a, f))
        return false;
    *n_for_arms = l->n_asked;
    bool done = factorial_open(&a, &e, f);
    if (done)
        factorial_close(&e);
    arms_close(&a);
    return done;
}

/* It asks at least so often, and ends when it is told, wherever that is. */
static void check_asks(const grid *g, long for_arms, long for_factorial)
{
    static made x;
    listener patient = {0};
    fail f;
    long n_for_arms = 0;
    CHECK_OR_RETURN(make(g, &x));
    CHECK_OK(compare(&x.table, &patient, &n_for_arms, &f), f);
    printf("# asked %ld times for the arms, %ld for the effects\n", n_for_arms,
           patient.n_asked - n_for_arms);
    CHECK(n_for_arms >= for_arms);
    CHECK(patient.n_asked - n_for_arms >= for_factorial);
    for (long at = 1; at <= patient.n_asked; at += 1 + patient.n_asked / 6) {
        listener leaving = {.leaves_at = at};
        CHECK(!compare(&x.table, &leaving, &n_for_arms, &f));
        CHECK_EQUAL_INT(f.code, FAIL_INTERRUPTED);
        CHECK_EQUAL_INT(leaving.n_asked, at);
    }
    destroy(&x);
}

static void many_arms(void)
{
    check_asks(&(grid){1, {2000}, {QUESTION_TREATMENT}, 3, false}, 500, 0);
}

static void what_each_arm_may_choose_from(void)
{
    check_asks(&(grid){1, {4000}, {QUESTION_TUNE}, 1, false}, 38, 0);
}

static void ways_to_stop(void)
{
    check_asks(&(grid){2, {2, 2000}, {QUESTION_TREATMENT, QUESTION_TUNE}, 1, true}, 70, 0);
}

static void effects_of_many_cells(void)
{
    check_asks(
        &(grid){10,
                {2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
                {QUESTION_TREATMENT, QUESTION_CONTEXT, QUESTION_TREATMENT, QUESTION_TREATMENT,
                 QUESTION_TREATMENT, QUESTION_TREATMENT, QUESTION_TREATMENT, QUESTION_TREATMENT,
                 QUESTION_TREATMENT, QUESTION_TREATMENT},
                1,
                false},
        200, 5);
}

CHECK_MAIN("arms_stop", many_arms, what_each_arm_may_choose_from, ways_to_stop,
           effects_of_many_cells)
