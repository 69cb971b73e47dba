/* arms_fixture — tables of made-up runs for the tests of server/study/arms.h and what follows
 * from it: factors of numbers, configs by their numbers, a run per config and repeat. */
#ifndef TESTS_SERVER_ARMS_FIXTURE_H
#define TESTS_SERVER_ARMS_FIXTURE_H

#include "server/study/arms.h"
#include "tests/check.h"

#include <stdio.h>

enum { FIXTURE_FACTORS = 4, FIXTURE_CONFIGS = 64, FIXTURE_RUNS = 1024, FIXTURE_TEXT = 24 };

typedef struct fixture {
    study_factor factors[FIXTURE_FACTORS];
    study_level levels[FIXTURE_CONFIGS][FIXTURE_FACTORS];
    study_config configs[FIXTURE_CONFIGS];
    study_run runs[FIXTURE_RUNS];
    char ids[FIXTURE_CONFIGS][FIXTURE_TEXT];
    char texts[FIXTURE_CONFIGS][FIXTURE_FACTORS][FIXTURE_TEXT];
    double defaults[FIXTURE_FACTORS];
    study_table table;
} fixture;

/* A comparison by val_loss. */
#define FIXTURE_OPTIONS                                                                            \
    {                                                                                              \
        .metric = "val_loss", .direction = METRIC_LOWER_IS_BETTER,                                 \
        .select_direction = METRIC_LOWER_IS_BETTER, .select_by = "val_loss",                       \
        .test_metric = "test_loss", .primary = "val_loss", .smallest_effect = NAN                  \
    }

/* A comparison by val_loss over new data, without factors, configs and runs. */
CHECK_UNUSED static void fixture_init(fixture *x)
{
    *x = (fixture){.table = {.factors = x->factors,
                             .configs = x->configs,
                             .runs = x->runs,
                             .options = FIXTURE_OPTIONS}};
}

CHECK_UNUSED static void fixture_metric(fixture *x, const char *name, metric_direction direction)
{
    x->table.options.metric = x->table.options.primary = name;
    x->table.options.direction = direction;
}

/* A treatment of the name of a regularizer has 0 as its default, at which it is off. */
CHECK_UNUSED static int fixture_factor(fixture *x, const char *name, question_role role,
                                       double standard)
{
    int i = x->table.n_factors++;
    x->factors[i] = (study_factor){
        .name = name, .role = role, .is_regularizer = role == QUESTION_TREATMENT && standard == 0};
    x->defaults[i] = standard;
    return i;
}

/* A config with one number per factor. */
CHECK_UNUSED static size_t fixture_config(fixture *x, const double *numbers)
{
    size_t c = x->table.n_configs++;
    snprintf(x->ids[c], FIXTURE_TEXT, "config%zu", c);
    x->configs[c] = (study_config){.config_id = x->ids[c],
                                   .levels = x->levels[c],
                                   .stopping = "null",
                                   .about = ESTIMAND_NEW_DATA,
                                   .trivial = NAN};
    for (int i = 0; i < x->table.n_factors; i++) {
        snprintf(x->texts[c][i], FIXTURE_TEXT, "%.10g", numbers[i]);
        x->levels[c][i] = (study_level){.text = x->texts[c][i],
                                        .plain = x->texts[c][i],
                                        .number = numbers[i],
                                        .is_default = numbers[i] == x->defaults[i]};
    }
    return c;
}

CHECK_UNUSED static size_t fixture_config_1(fixture *x, double number)
{
    return fixture_config(x, &number);
}

CHECK_UNUSED static size_t fixture_config_2(fixture *x, double first, double second)
{
    const double numbers[] = {first, second};
    return fixture_config(x, numbers);
}

/* A completed run; its select is the metric, its test value 0.1 above. */
CHECK_UNUSED static study_run *fixture_run(fixture *x, size_t config, int64_t repeat, double value)
{
    study_run *r = &x->runs[x->table.n_runs++];
    *r = (study_run){.config = config,
                     .seed = repeat,
                     .data_seed = repeat,
                     .status = RUN_STATE_COMPLETED,
                     .is_finished = true,
                     .metric = value,
                     .select = value,
                     .test = value + 0.1,
                     .r2 = NAN};
    return r;
}

/* Repeats 0 .. n-1 with these values. */
CHECK_UNUSED static void fixture_runs(fixture *x, size_t config, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fixture_run(x, config, (int64_t)i, values[i]);
}

/* Opens the comparison; checks that it could. */
CHECK_UNUSED static bool fixture_open(const fixture *x, arms *a)
{
    fail f;
    return CHECK_OK(arms_open(&x->table, NULL, a, &f), f);
}

/* The arm that the config belongs to. */
CHECK_UNUSED static const arm *fixture_arm(const arms *a, size_t config)
{
    return &a->items[a->configs[config].arm];
}

CHECK_UNUSED static const char *fixture_verdict(const arms *a, size_t config)
{
    return ARM_VERDICT_NAMES[fixture_arm(a, config)->verdict];
}

#endif
