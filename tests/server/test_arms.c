/* Arms of made-up runs: who belongs together, what is paired, chosen and concluded. */
#include "tests/core/stats_reference.h"
#include "tests/server/arms_fixture.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- arms and contexts ---- */

static void an_arm_is_a_treatment_in_a_context(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "learning_rate", QUESTION_TUNE, 1e-3);
    fixture_factor(&x, "train_size", QUESTION_CONTEXT, 100);
    for (int size = 0; size < 2; size++)
        for (int rate = 0; rate < 3; rate++)
            for (int dropout = 0; dropout < 2; dropout++) {
                const double numbers[] = {dropout * 0.5, rate * 1e-3, 300 - 200 * size};
                fixture_run(&x, fixture_config(&x, numbers), 0, rate + dropout + size);
            }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.n_contexts, 2);
    CHECK_EQUAL_INT(a.n_arms, 4);
    /* Contexts come in order of submission: train_size 300 was first. */
    CHECK_EQUAL_STRING(arms_level_of(&a, &a.items[0], 2)->text, "300");
    for (size_t i = 0; i < a.n_arms; i++) {
        CHECK_EQUAL_INT(a.items[i].n_configs, 3);
        CHECK_EQUAL_INT(a.items[i].context, i / 2);
        for (size_t k = 1; k < 3; k++)
            CHECK(a.items[i].configs[k - 1] < a.items[i].configs[k]);
        for (size_t k = 0; k < 3; k++)
            CHECK_EQUAL_INT(a.configs[a.items[i].configs[k]].arm, i);
    }
    /* dropout 0 has the lower values, and comes first within each context. */
    CHECK_EQUAL_STRING(arms_level_of(&a, &a.items[0], 0)->text, "0");
    CHECK_EQUAL_STRING(arms_level_of(&a, &a.items[3], 0)->text, "0.5");
    arms_close(&a);
}

static void no_run_and_no_config_are_no_arms(void)
{
    fixture x;
    arms a;
    fixture_init(&x);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.n_arms, 0);
    CHECK(a.selected.config == ARMS_NONE);
    arms_close(&a);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_config_1(&x, 0);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.n_arms, 1);
    CHECK_EQUAL_INT(a.items[0].n_values, 0);
    CHECK_EQUAL_INT(a.items[0].tuned, 0);
    arms_close(&a);
}

/* Which arm is the baseline of three with dropout 0.5, 0, 0.9. */
static double baseline_of_three(fixture *x)
{
    arms a;
    if (!fixture_open(x, &a))
        return NAN;
    double number = arms_level_of(&a, &a.items[a.contexts[0].baseline], 0)->number;
    arms_close(&a);
    return number;
}

static void the_baseline_is_asked_for_or_default_or_first(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    for (int i = 0; i < 3; i++)
        fixture_run(&x, fixture_config_1(&x, i == 0 ? 0.5 : i == 1 ? 0 : 0.9), 0, i);
    CHECK_EQUAL_INT(10 * baseline_of_three(&x), 0); /* all treatments at their defaults */
    x.table.options.has_variants = true;
    CHECK_EQUAL_INT(10 * baseline_of_three(&x), 5); /* with variants the first */
    x.table.options.has_baseline = true;
    x.levels[2][0].is_baseline = true;
    CHECK_EQUAL_INT(10 * baseline_of_three(&x), 9); /* as `baseline` asks */
    x.levels[2][0].is_baseline = false;
    CHECK_EQUAL_INT(10 * baseline_of_three(&x), 0); /* asked for in vain: at its defaults */
    x.levels[1][0].is_default = false;
    CHECK_EQUAL_INT(10 * baseline_of_three(&x), 5); /* nor there: the first */
}

static void each_context_has_its_own_baseline(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "train_size", QUESTION_CONTEXT, 0);
    for (int size = 1; size <= 2; size++)
        for (int dropout = 0; dropout < 2; dropout++) {
            size_t c = fixture_config_2(&x, dropout * 0.5, size);
            for (int k = 0; k < 4; k++)
                fixture_run(&x, c, k, size * 10 + dropout + 0.01 * k * (dropout + 1));
        }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    for (size_t c = 0; c < 2; c++)
        CHECK_EQUAL_STRING(fixture_verdict(&a, 2 * c), "baseline");
    CHECK_WITHIN(fixture_arm(&a, 1)->difference.mean, 1.015, 1e-12);
    CHECK_WITHIN(fixture_arm(&a, 3)->difference.mean, 1.015, 1e-12);
    CHECK_EQUAL_INT(a.n_tests, 2); /* Holm's family is all arms of all contexts */
    CHECK_NEAR(fixture_arm(&a, 1)->p_adjusted, 2 * fixture_arm(&a, 1)->difference.p_value, 1e-12);
    arms_close(&a);
}

/* ---- pairs ---- */

static void pairs_agree_with_scipy(void)
{
    for (size_t i = 0; i < COUNT(PAIRED_REFERENCES); i++) {
        const paired_reference *r = &PAIRED_REFERENCES[i];
        fixture x;
        fixture_init(&x);
        fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
        size_t base = fixture_config_1(&x, 0), other = fixture_config_1(&x, 0.5);
        for (size_t k = r->n; k-- > 0;)
            fixture_run(&x, other, (int64_t)k, r->a[k]);
        fixture_runs(&x, base, r->b, r->n);
        arms a;
        CHECK_OR_RETURN(fixture_open(&x, &a));
        const arm *o = fixture_arm(&a, other);
        CHECK_NEAR(o->summary.mean, r->mean_a, 1e-12);
        CHECK_NEAR(o->summary.std, r->std_a, 1e-12);
        CHECK_NEAR(o->difference.mean, r->mean, 1e-12);
        CHECK_NEAR(o->difference.ci_low, r->ci_low, 1e-9);
        CHECK_NEAR(o->difference.ci_high, r->ci_high, 1e-9);
        CHECK_NEAR(o->difference.p_value, r->p_value, 1e-10);
        CHECK_NEAR(o->minimum_detectable, stats_detectable_effect(r->n) * r->std, 1e-10);
        CHECK((r->n < ARMS_PAIRS_LEAST) == (o->verdict == ARM_TOO_FEW));
        arms_close(&a);
    }
}

/* Failed, missing, unfinished and valueless runs make no pair, and are counted. */
static void pairs_are_the_repeats_where_both_have_a_value(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    size_t base = fixture_config_1(&x, 0), other = fixture_config_1(&x, 0.5);
    for (int k = 0; k < 8; k++) {
        fixture_run(&x, base, k, 1 + 0.1 * k);
        if (k != 7)
            fixture_run(&x, other, k, 0.8 + 0.1 * k + 0.01 * (k % 3));
    }
    x.runs[0].status = RUN_STATE_FAILED;    /* base 0 */
    x.runs[3].status = RUN_STATE_RUNNING;   /* other 1 */
    x.runs[5].metric = NAN;                 /* other 2 */
    x.runs[7].status = RUN_STATE_CANCELLED; /* other 3 */
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    const arm *o = fixture_arm(&a, other);
    CHECK_EQUAL_INT(o->difference.n, 3); /* 4, 5, 6 */
    CHECK_EQUAL_INT(o->n_values, 4);     /* 0, 4, 5, 6 */
    CHECK_EQUAL_INT(fixture_arm(&a, base)->n_values, 7);
    CHECK_EQUAL_INT(fixture_arm(&a, base)->tally.n_failed, 1);
    CHECK_EQUAL_INT(o->tally.n_unfinished, 1);
    CHECK_EQUAL_INT(o->tally.n_without, 1);
    CHECK_EQUAL_INT(o->tally.n_runs, 7);
    CHECK_EQUAL_INT(a.tally.n_runs, 15);
    arms_close(&a);
}

/* One seed with two data seeds is two repeats. */
static void a_repeat_is_seed_and_data_seed(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    for (int c = 0; c < 2; c++) {
        size_t config = fixture_config_1(&x, 0.5 * c);
        for (int k = 0; k < 3; k++) {
            study_run *r = fixture_run(&x, config, 0, 1 + c + 0.1 * k * k);
            r->data_seed = c == 0 ? k : 2 - k;
        }
    }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.n_repeats, 3);
    const arm *o = fixture_arm(&a, 1);
    CHECK_EQUAL_INT(o->difference.n, 3);
    CHECK(fabs(o->difference.std) > 0.1); /* paired by data_seed, not by order */
    arms_close(&a);
}

static void resplits_share_rows(void)
{
    static const double d[] = {-0.05, -0.03, -0.06, -0.02, -0.045, -0.03};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    size_t base = fixture_config_1(&x, 0), other = fixture_config_1(&x, 0.5);
    for (int k = 0; k < 6; k++) {
        fixture_run(&x, base, k, 1 + 0.02 * k);
        fixture_run(&x, other, k, 1 + 0.02 * k + d[k]);
    }
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    stats_estimate alone = fixture_arm(&a, other)->difference;
    CHECK(fixture_arm(&a, other)->sign_flip_p < 0.05);
    arms_close(&a);
    for (size_t c = 0; c < 2; c++) {
        x.configs[c].about = ESTIMAND_RESPLIT;
        x.configs[c].share = 0.25;
    }
    CHECK_OR_RETURN(fixture_open(&x, &a));
    const arm *o = fixture_arm(&a, other);
    double factor = sqrt((1 / 6.0 + 0.25) * 6);
    CHECK_NEAR(o->difference.error, alone.error * factor, 1e-12);
    CHECK_NEAR(o->summary.error, o->summary.std * sqrt(1 / 6.0 + 0.25), 1e-12);
    CHECK_NEAR(o->minimum_detectable, stats_detectable_delta(5) * o->difference.error, 1e-12);
    CHECK(o->difference.p_value > alone.p_value);
    CHECK(isnan(o->sign_flip_p)); /* repeats that share rows are not exchangeable */
    CHECK_EQUAL_INT(a.contexts[0].about, ESTIMAND_RESPLIT);
    x.configs[1].share = NAN; /* of a set that is not known no interval can be given */
    arms_close(&a);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK(isnan(fixture_arm(&a, other)->difference.ci_low));
    CHECK_EQUAL_STRING(fixture_verdict(&a, other), "no_evidence");
    arms_close(&a);
}

static void two_stages_keep_the_first_deviation(void)
{
    static const double d[] = {0.1, 0.2, 0.15, 0.12, 0.5, -0.4, 0.3, 0.9};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    size_t base = fixture_config_1(&x, 0), other = fixture_config_1(&x, 0.5);
    for (int k = 8; k-- > 0;) { /* whatever the order in which they came */
        fixture_run(&x, base, k, 1);
        fixture_run(&x, other, k, 1 + d[k]);
    }
    x.table.options.n_first = 4;
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    const arm *o = fixture_arm(&a, other);
    CHECK_EQUAL_INT(o->difference.df, 3);
    CHECK_NEAR(o->difference.spread, stats_std(d, 4), 1e-12);
    CHECK_NEAR(o->difference.std, stats_std(d, 8), 1e-12);
    CHECK(isnan(o->sign_flip_p));
    CHECK_EQUAL_INT(arms_repeats_wanted(&a, 0.01, 4, 1000),
                    stats_stein_total(stats_std(d, 4), 3, 0.01, 0, 4, 1000));
    CHECK_EQUAL_INT(arms_repeats_wanted(&a, 0.01, 4, 20), 20);
    CHECK_EQUAL_INT(arms_repeats_wanted(&a, 10, 4, 20), 4);
    arms_close(&a);
}

static void equal_pairs_count_half(void)
{
    static const double values[] = {0.9, 1, 1.1, 0.9};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    size_t base = fixture_config_1(&x, 0), other = fixture_config_1(&x, 0.5);
    fixture_runs(&x, base, (const double[]){1, 1, 1, 1}, 4);
    fixture_runs(&x, other, values, 4);
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_NEAR(fixture_arm(&a, other)->pairs_better, 0.625, 1e-15);
    arms_close(&a);
    fixture_metric(&x, "val_accuracy", METRIC_HIGHER_IS_BETTER);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_NEAR(fixture_arm(&a, other)->pairs_better, 0.375, 1e-15);
    arms_close(&a);
}

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
    CHECK_EQUAL_INT(o->values[0].value, 10); /* 0.4 of the second */
    CHECK_EQUAL_INT(o->values[1].value, 21); /* 0.2 of the third */
    CHECK_EQUAL_INT(o->values[2].value, 2);  /* a tie: the first submitted */
    CHECK_EQUAL_INT(o->tuned, 0);            /* means 0.4, 0.4 and 0.57: again a tie */
    x.table.options.select_direction = METRIC_HIGHER_IS_BETTER;
    arms_close(&a);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.items[0].values[0].value, 20);
    CHECK_EQUAL_INT(a.items[0].values[2].value, 22);
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
    CHECK_EQUAL_INT(o->values[0].value, 2);
    CHECK_EQUAL_INT(o->values[1].repeat, 2);
    CHECK_EQUAL_INT(o->values[1].value, 2);
    CHECK_EQUAL_INT(o->values[2].value, 1);
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

/* val and test of three configs: the chosen one flatters by 0.05 more than configs do on average. */
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

static void configs_come_best_first(void)
{
    static const double means[] = {0.4, 0.2, 0.3};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    for (int c = 0; c < 3; c++)
        fixture_run(&x, fixture_config_1(&x, c), 0, means[c]);
    fixture_config_1(&x, 7); /* without a run: last */
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    static const size_t expected[] = {1, 2, 0, 3};
    for (size_t i = 0; i < 4; i++)
        CHECK_EQUAL_INT(a.config_order[i], expected[i]);
    CHECK_EQUAL_INT(fixture_arm(&a, 3)->n_values, 0);
    CHECK(fixture_arm(&a, 3) == &a.items[3]);
    arms_close(&a);
}

CHECK_MAIN("arms", an_arm_is_a_treatment_in_a_context, no_run_and_no_config_are_no_arms,
           the_baseline_is_asked_for_or_default_or_first, each_context_has_its_own_baseline,
           pairs_agree_with_scipy, pairs_are_the_repeats_where_both_have_a_value,
           a_repeat_is_seed_and_data_seed, resplits_share_rows, two_stages_keep_the_first_deviation,
           equal_pairs_count_half, each_repeat_tunes_for_itself,
           what_is_chosen_counts_even_without_a_value, an_arm_of_one_config_needs_no_choice,
           best_is_compared_with_best, the_budget_is_the_mean_over_all_draws,
           optimism_is_beside_the_mean_gap, one_config_has_no_optimism, the_first_context_selects,
           configs_come_best_first)
