/* Arms of made-up runs: who belongs together, who is the baseline, what is paired. */
#include "tests/core/stats_reference.h"
#include "tests/server/arms_fixture.h"

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
    CHECK_WITHIN(10 * baseline_of_three(&x), 0, 1e-9); /* all treatments at their defaults */
    x.table.options.has_variants = true;
    CHECK_WITHIN(10 * baseline_of_three(&x), 5, 1e-9); /* with variants the first */
    x.table.options.has_baseline = true;
    x.levels[2][0].is_baseline = true;
    CHECK_WITHIN(10 * baseline_of_three(&x), 9, 1e-9); /* as `baseline` asks */
    x.levels[2][0].is_baseline = false;
    CHECK_WITHIN(10 * baseline_of_three(&x), 0, 1e-9); /* asked for in vain: at its defaults */
    x.levels[1][0].is_default = false;
    CHECK_WITHIN(10 * baseline_of_three(&x), 5, 1e-9); /* nor there: the first */
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
    CHECK_WITHIN(o->difference.df, 3, 0);
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

/* ---- order ---- */

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
           equal_pairs_count_half, configs_come_best_first)
