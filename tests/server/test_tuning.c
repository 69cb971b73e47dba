/* What validation chooses: each arm's run per repeat, its tuned config and budget, the selected
 * config. */
#include "tests/server/arms_fixture.h"

/* ---- tuning ---- */

/* An arm of three learning rates: (select, metric) by repeat. */
static void each_repeat_tunes_for_itself(void)
{
    static const double select[3][3] = {{0.5, 0.3, 0.4}, {0.4, 0.4, 0.4}, {0.6, 0.2, 0.9}};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "learning_rate", QUESTION_TUNE, 1e-3);
    for (int c = 0; c < 3; c++) {
        size_t config = fixture_config_1(&x, c + 1);
        for (int k = 0; k < 3; k++)
            fixture_run(&x, config, k, 10 * c + k)->select = select[c][k];
    }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    const arm *o = &a.items[0];
    CHECK_EQUAL_INT(a.n_arms, 1);
    CHECK_EQUAL_INT(o->n_values, 3);
    CHECK_WITHIN(o->values[0].value, 10, 0); /* 0.4 of the second */
    CHECK_WITHIN(o->values[1].value, 21, 0); /* 0.2 of the third */
    CHECK_WITHIN(o->values[2].value, 2, 0);  /* a tie: the first submitted */
    CHECK_EQUAL_INT(o->tuned, 0);            /* means 0.4, 0.4 and 0.57: again a tie */
    x.table.options.select_direction = METRIC_HIGHER_IS_BETTER;
    arms_close(&a);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_WITHIN(a.items[0].values[0].value, 20, 0);
    CHECK_WITHIN(a.items[0].values[2].value, 22, 0);
    CHECK_EQUAL_INT(a.items[0].tuned, 2);
    arms_close(&a);
}

/* Failed runs are not chosen; a chosen one without the metric gives no value, not another's. */
static void what_is_chosen_counts_even_without_a_value(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "learning_rate", QUESTION_TUNE, 1e-3);
    for (int c = 0; c < 2; c++) {
        size_t config = fixture_config_1(&x, c + 1);
        for (int k = 0; k < 4; k++)
            fixture_run(&x, config, k, c + 1);
    }
    x.runs[0].status = RUN_STATE_FAILED; /* config 0, repeat 0 */
    x.runs[1].metric = NAN;              /* config 0, repeat 1: chosen, and without a value */
    x.runs[2].select = NAN;              /* config 0, repeat 2: nothing to choose it by */
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    const arm *o = &a.items[0];
    CHECK_EQUAL_INT(o->n_values, 3);
    CHECK_WITHIN(o->values[0].value, 2, 0);
    CHECK_EQUAL_INT(o->values[1].repeat, 2);
    CHECK_WITHIN(o->values[1].value, 2, 0);
    CHECK_WITHIN(o->values[2].value, 1, 0);
    CHECK_EQUAL_INT(o->tally.n_failed, 1); /* of all its configs */
    /* config 0 has the better mean of 2 values, config 1 has 4: the most values first. */
    CHECK_EQUAL_INT(o->tuned, 1);
    arms_close(&a);
}

/* An arm of one config needs no choice, and no validation value. */
static void an_arm_of_one_config_needs_no_choice(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    size_t c = fixture_config_1(&x, 0);
    for (int k = 0; k < 3; k++)
        fixture_run(&x, c, k, k)->select = NAN;
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.items[0].n_values, 3);
    CHECK_EQUAL_INT(a.items[0].tuned, c);
    CHECK_EQUAL_INT(a.items[0].n_budget, 0);
    arms_close(&a);
}

/* The case that asks for it: against the first learning rate dropout looks 2.6 times as good as it
 * is when both arms take the rate that suits them. */
static void best_is_compared_with_best(void)
{
    static const double noise[] = {0.004, -0.006, 0.002, -0.003, 0.005, -0.002};
    static const double level[2][3] = {{0.535, 0.452, 0.5}, {0.47, 0.42, 0.4}};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "learning_rate", QUESTION_TUNE, 1e-3);
    fixture_metric(&x, "test_loss", METRIC_LOWER_IS_BETTER);
    for (int dropout = 0; dropout < 2; dropout++)
        for (int rate = 0; rate < 3; rate++) {
            size_t c = fixture_config_2(&x, 0.5 * dropout, 1e-4 * pow(6, rate));
            for (int k = 0; k < 6; k++)
                fixture_run(&x, c, k, level[dropout][rate] + 0.01 * k + noise[((size_t)k + c) % 6]);
        }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.n_arms, 2);
    const arm *none = fixture_arm(&a, 0), *half = fixture_arm(&a, 3);
    CHECK_EQUAL_INT(none->tuned, 1);
    CHECK_EQUAL_INT(half->tuned, 5);
    CHECK_EQUAL_INT(none->verdict, ARM_BASELINE);
    CHECK_WITHIN(half->difference.mean, -0.052, 0.005);
    CHECK_EQUAL_STRING(fixture_verdict(&a, 3), "better");
    /* The config of the baseline is its tuned one, not the first value of the grid. */
    CHECK_EQUAL_INT(a.selected.baseline, 1);
    arms_close(&a);
}

static double brute_budget(const double *means, int m, int k)
{
    double sum = 0, n = 0;
    for (int set = 0; set < 1 << m; set++) {
        double best = INFINITY;
        int size = 0;
        for (int i = 0; i < m; i++)
            if (set >> i & 1) {
                best = fmin(best, means[i]);
                size++;
            }
        sum += size == k ? best : 0;
        n += size == k;
    }
    return sum / n;
}

static void the_budget_is_the_mean_over_all_draws(void)
{
    static const double means[] = {0.5, 0.2, 0.9, 0.4, 0.2, 0.7};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "learning_rate", QUESTION_TUNE, 1e-3);
    for (int c = 0; c < 6; c++)
        fixture_run(&x, fixture_config_1(&x, c + 1), 0, means[c]);
    fixture_run(&x, fixture_config_1(&x, 9), 0, 0.1)->status = RUN_STATE_FAILED;
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.items[0].n_budget, 6);
    for (int k = 1; k <= 6; k++)
        CHECK_NEAR(a.items[0].budget[k - 1], brute_budget(means, 6, k), 1e-13);
    arms_close(&a);
}

/* ---- the selected config ---- */

/* val and test of three configs: the chosen one flatters by 0.05 more than they do on average. */
static void optimism_is_beside_the_mean_gap(void)
{
    static const double val[] = {0.5, 0.3, 0.4}, test[] = {0.52, 0.4, 0.43};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    for (int c = 0; c < 3; c++) {
        size_t config = fixture_config_1(&x, 0.1 * c);
        for (int k = 0; k < 3; k++)
            fixture_run(&x, config, k, val[c] + 0.01 * k)->test = test[c] + 0.02 * k;
    }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.selected.config, 1);
    CHECK_EQUAL_INT(a.selected.baseline, 0);
    CHECK_NEAR(a.selected.optimism, 0.1 - (0.02 + 0.1 + 0.03) / 3, 1e-12);
    CHECK_EQUAL_INT(a.selected.test_difference.n, 3);
    CHECK_NEAR(a.selected.test_difference.mean, -0.12, 1e-12);
    arms_close(&a);
    x.table.options.select_direction = METRIC_HIGHER_IS_BETTER; /* then 0.5 is chosen */
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.selected.config, 0);
    CHECK_NEAR(a.selected.optimism, -0.02 + (0.02 + 0.1 + 0.03) / 3, 1e-12);
    arms_close(&a);
}

static void one_config_has_no_optimism(void)
{
    fixture x;
    fixture_init(&x);
    size_t c = fixture_config(&x, NULL);
    fixture_run(&x, c, 0, 1);
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.selected.config, 0);
    CHECK(isnan(a.selected.optimism));
    arms_close(&a);
}

/* `selected` is of the first context: a later one's configs, however good, are not chosen. */
static void the_first_context_selects(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "train_size", QUESTION_CONTEXT, 0);
    for (int size = 1; size <= 2; size++)
        for (int dropout = 0; dropout < 2; dropout++)
            fixture_run(&x, fixture_config_2(&x, 0.5 * dropout, size), 0,
                        1.0 / size - 0.1 * dropout);
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.selected.config, 1);
    CHECK_WITHIN(a.selected.optimism, 0, 1e-12);
    arms_close(&a);
}

CHECK_MAIN("tuning", each_repeat_tunes_for_itself, what_is_chosen_counts_even_without_a_value,
           an_arm_of_one_config_needs_no_choice, best_is_compared_with_best,
           the_budget_is_the_mean_over_all_draws, optimism_is_beside_the_mean_gap,
           one_config_has_no_optimism, the_first_context_selects)
