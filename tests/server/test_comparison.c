/* Comparisons of made-up runs: pairing, verdicts, order, selection, effects; curves over seeds. */
#include "server/codec/comparison.h"
#include "server/study/comparison.h"
#include "server/study/curves.h"
#include "tests/core/stats_reference.h"
#include "tests/server/comparison_rows.h"

/* Two arms with SciPy's answers, rows in any order. */
static void agrees_with_scipy(void)
{
    for (size_t i = 0; i < COUNT(PAIRED_REFERENCES); i++) {
        const paired_reference *r = &PAIRED_REFERENCES[i];
        comparison_row rows[24];
        size_t n = 0;
        for (size_t k = r->n; k-- > 0;)
            rows[n++] = row("other", (int64_t)k, r->a[k]);
        for (size_t k = 0; k < r->n; k++)
            rows[n++] = row("base", (int64_t)k, r->b[k]);
        comparison c;
        fail f;
        if (!CHECK_OK(comparison_open(rows, n, &BY_LOSS, &c, &f), f))
            return;
        const comparison_config *other = find(&c, "other");
        CHECK_NEAR(other->summary.mean, r->mean_a, 1e-13);
        CHECK_NEAR(other->summary.std, r->std_a, 1e-12);
        CHECK_NEAR(other->difference.difference.mean, r->mean, 1e-12);
        CHECK_NEAR(other->difference.difference.ci_low, r->ci_low, 1e-9);
        CHECK_NEAR(other->difference.difference.ci_high, r->ci_high, 1e-9);
        CHECK_NEAR(other->difference.p_value, r->p_value, 1e-10);
        CHECK_NEAR(other->p_adjusted, r->p_value, 1e-10);
        CHECK_NEAR(other->minimum_detectable, stats_detectable_effect(r->n) * r->std, 1e-10);
        CHECK(r->n >= COMPARISON_PAIRS_LEAST || other->verdict == COMPARISON_TOO_FEW_SEEDS);
        comparison_close(&c);
    }
}

static void verdicts_follow_direction_and_evidence(void)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    comparison c;
    fail f;
    CHECK_OR_RETURN(comparison_open(rows, n, &BY_LOSS, &c, &f));
    CHECK_EQUAL_STRING(c.configs[0].config_id, "good");
    CHECK_EQUAL_STRING(c.configs[3].config_id, "bad");
    CHECK_EQUAL_INT(find(&c, "good")->verdict, COMPARISON_BETTER);
    CHECK_EQUAL_INT(find(&c, "bad")->verdict, COMPARISON_WORSE);
    CHECK_EQUAL_INT(find(&c, "same")->verdict, COMPARISON_NO_EVIDENCE);
    CHECK_EQUAL_INT(find(&c, "base")->verdict, COMPARISON_BASELINE);
    CHECK_EQUAL_INT(c.n_tests, 3);
    CHECK(find(&c, "good")->p_adjusted > find(&c, "good")->difference.p_value);
    CHECK(c.baseline == find(&c, "base"));
    comparison_close(&c);

    comparison_options by_accuracy = BY_LOSS;
    by_accuracy.metric = by_accuracy.select_by = METRIC_VAL_ACCURACY;
    by_accuracy.test = METRIC_TEST_ACCURACY;
    CHECK_OR_RETURN(comparison_open(rows, n, &by_accuracy, &c, &f));
    CHECK_EQUAL_STRING(c.configs[0].config_id, "bad");
    CHECK_EQUAL_INT(find(&c, "bad")->verdict, COMPARISON_BETTER);
    CHECK_EQUAL_INT(find(&c, "good")->verdict, COMPARISON_WORSE);
    CHECK_EQUAL_STRING(c.selected->config_id, "bad");
    CHECK_NEAR(c.optimism, -0.01, 1e-9);
    comparison_close(&c);

    by_accuracy.metric = METRIC_WEIGHT_NORM;
    CHECK_OR_RETURN(comparison_open(rows, n, &by_accuracy, &c, &f));
    CHECK(COMPARISON_VERDICT_NAMES[find(&c, "good")->verdict] == NULL);
    comparison_close(&c);
}

static void selected_is_chosen_by_validation(void)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    for (size_t i = 0; i < n; i++) {
        rows[i].select = strcmp(rows[i].config_id, "same") == 0 ? 0.2 : 0.9;
        rows[i].test =
            0.25 + (strcmp(rows[i].config_id, "same") == 0 ? 0.0 : 0.05 * (double)rows[i].seed);
    }
    comparison c;
    fail f;
    CHECK_OR_RETURN(comparison_open(rows, n, &BY_LOSS, &c, &f));
    CHECK_EQUAL_STRING(c.configs[0].config_id, "good");
    CHECK_EQUAL_STRING(c.selected->config_id, "same");
    CHECK_NEAR(c.optimism, 0.05, 1e-12);
    CHECK_NEAR(c.test_difference.difference.mean, -0.1, 1e-12);
    CHECK_EQUAL_INT(c.test_difference.difference.n, 5);
    comparison_close(&c);
}

/* The metric that is shown puts them in order; with equal validation values it must not choose. */
static void what_is_shown_does_not_choose(void)
{
    comparison_options shown = BY_LOSS;
    shown.metric = METRIC_TEST_LOSS;
    for (int turn = 0; turn < 2; turn++) {
        comparison_row rows[] = {row("a", 0, 1), row("b", 0, 1), row("c", 0, 1)};
        rows[0].metric = turn ? 1 : 3;
        rows[2].metric = turn ? 3 : 1;
        comparison c;
        fail f;
        shown.baseline = turn ? "b" : "c";
        if (!CHECK_OK(comparison_open(rows, COUNT(rows), &shown, &c, &f), f))
            return;
        CHECK_EQUAL_STRING(c.selected->config_id, shown.baseline);
        comparison_close(&c);
        for (size_t i = 0; i < COUNT(rows); i++)
            rows[i].select = rows[i].config_id[0] == shown.baseline[0] ? 2 : 1;
        if (!CHECK_OK(comparison_open(rows, COUNT(rows), &shown, &c, &f), f))
            return;
        CHECK_EQUAL_STRING(c.selected->config_id, "a");
        comparison_close(&c);
    }
}

static void only_finished_values_count(void)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].seed == 1 && strcmp(rows[i].config_id, "good") == 0)
            rows[i].status = RUN_STATE_FAILED; /* with a number left behind */
        if (rows[i].seed == 2 && strcmp(rows[i].config_id, "good") == 0)
            rows[i].metric = NAN;
        if (rows[i].seed == 3 && strcmp(rows[i].config_id, "base") == 0)
            rows[i].status = RUN_STATE_RUNNING;
        if (rows[i].seed == 4 && strcmp(rows[i].config_id, "bad") == 0)
            rows[i].status = RUN_STATE_CANCELLED;
    }
    comparison c;
    fail f;
    CHECK_OR_RETURN(comparison_open(rows, n, &BY_LOSS, &c, &f));
    const comparison_config *good = find(&c, "good"), *bad = find(&c, "bad");
    CHECK_EQUAL_INT(good->summary.n, 3);
    CHECK_EQUAL_INT(good->n_failed, 1);
    CHECK_EQUAL_INT(good->n_without, 1);
    CHECK_EQUAL_INT(good->difference.difference.n, 2);
    CHECK_EQUAL_INT(good->verdict, COMPARISON_TOO_FEW_SEEDS);
    CHECK_EQUAL_INT(bad->n_failed, 0);
    CHECK_EQUAL_INT(bad->summary.n, 4);
    CHECK_EQUAL_INT(bad->difference.difference.n, 3);
    CHECK_EQUAL_INT(find(&c, "base")->n_unfinished, 1);
    CHECK_EQUAL_INT(c.n_failed, 1);
    CHECK_EQUAL_INT(c.n_without, 1);
    CHECK_EQUAL_INT(c.n_unfinished, 1);
    comparison_close(&c);
}

/* Repeats that vary the data alone have one seed and many data seeds. */
static void data_seeds_pair_too(void)
{
    comparison_row rows[8];
    for (int i = 0; i < 4; i++) {
        rows[i] = row("base", 0, 1 + i);
        rows[7 - i] = row("other", 0, 1.5 + i + 0.01 * (i == 2));
        rows[i].data_seed = rows[7 - i].data_seed = i;
    }
    comparison c;
    fail f;
    CHECK_OR_RETURN(comparison_open(rows, 8, &BY_LOSS, &c, &f));
    CHECK_EQUAL_INT(find(&c, "other")->difference.difference.n, 4);
    CHECK_NEAR(find(&c, "other")->difference.difference.mean, 0.5025, 1e-12);
    CHECK_EQUAL_INT(find(&c, "other")->verdict, COMPARISON_WORSE);
    comparison_close(&c);
}

static void equal_runs_are_no_evidence(void)
{
    comparison_row rows[8];
    for (int seed = 0; seed < 4; seed++) {
        rows[seed] = row("base", seed, 1 + seed);
        rows[4 + seed] = row("other", seed, 1 + seed);
    }
    comparison c;
    fail f;
    CHECK_OR_RETURN(comparison_open(rows, 8, &BY_LOSS, &c, &f));
    const comparison_config *other = find(&c, "other");
    CHECK(isnan(other->difference.p_value) && isnan(other->p_adjusted));
    CHECK_EQUAL_INT(other->verdict, COMPARISON_NO_EVIDENCE);
    CHECK_WITHIN(other->minimum_detectable, 0, 0);
    CHECK_EQUAL_INT(c.n_tests, 1);
    comparison_close(&c);
}

static void little_is_compared_with_grace(void)
{
    comparison c;
    fail f;
    CHECK_OR_RETURN(comparison_open(NULL, 0, &BY_LOSS, &c, &f));
    CHECK(c.n_configs == 0 && !c.baseline && !c.selected);
    comparison_close(&c);
    comparison_row one = row("only", 3, 0.5);
    CHECK_OR_RETURN(
        comparison_open(&one, 1, &BY_LOSS, &c, &f)); /* the baseline named is not there */
    CHECK_EQUAL_STRING(c.baseline->config_id, "only");
    CHECK_EQUAL_INT(c.configs[0].verdict, COMPARISON_BASELINE);
    CHECK(isnan(c.configs[0].summary.std) && c.configs[0].summary.mean == 0.5);
    comparison_close(&c);
}

static void metrics_are_refused_where_they_are_not(void)
{
    fail f;
    CHECK(comparison_check_metric(METRIC_TEST_LOSS, COMPARISON_AT_SELECTED, &f));
    CHECK(comparison_check_metric(METRIC_VAL_LOSS, COMPARISON_AT_BEST, &f));
    CHECK_FAILS(comparison_check_metric(METRIC_TEST_LOSS, COMPARISON_AT_LAST, &f), f,
                FAIL_INCOMPATIBLE, "/query/at");
    CHECK_FAILS(comparison_check_metric(METRIC_SECONDS, COMPARISON_AT_SELECTED, &f), f,
                FAIL_INCOMPATIBLE, "/query/at");
    CHECK(comparison_check_metric(METRIC_SECONDS, COMPARISON_AT_LAST, &f));
    CHECK_EQUAL_INT(comparison_test_metric(METRIC_VAL_R2), METRIC_TEST_R2);
    CHECK_EQUAL_INT(comparison_test_metric(METRIC_TRAIN_LOSS), METRIC_COUNT);
    CHECK_EQUAL_INT(comparison_test_metric(METRIC_TEST_LOSS), METRIC_COUNT);
    run_metrics metrics = {0};
    metrics.best[METRIC_VAL_LOSS] = 1;
    metrics.last[METRIC_VAL_LOSS] = 2;
    metrics.selected[METRIC_VAL_LOSS] = 3;
    CHECK(comparison_value(&metrics, METRIC_VAL_LOSS, COMPARISON_AT_BEST) == 1);
    CHECK(comparison_value(&metrics, METRIC_VAL_LOSS, COMPARISON_AT_LAST) == 2);
    CHECK(comparison_value(&metrics, METRIC_VAL_LOSS, COMPARISON_AT_SELECTED) == 3);
}

static void band_is_honest_about_who_is_left(void)
{
    static const double values[3][4] = {{1, 2, 3, 4}, {2, 4, NAN, 0}, {6, 0, 0, 0}};
    static const size_t lengths[] = {4, 3, 1};
    comparison_band band = {0};
    fail f;
    for (size_t epoch = 0; epoch < 4; epoch++)
        for (size_t arm = 0; arm < 3; arm++)
            if (epoch < lengths[arm])
                CHECK(comparison_band_add(&band, (int64_t)epoch * 5, values[arm][epoch], &f));
    CHECK_EQUAL_INT(band.n, 4);
    CHECK_NEAR(band.points[0].mean, 3, 1e-15);
    CHECK_NEAR(comparison_band_std(&band.points[0]), sqrt(7), 1e-15);
    CHECK(band.points[0].least == 1 && band.points[0].greatest == 6);
    CHECK_EQUAL_INT(band.points[1].n, 2);
    CHECK_EQUAL_INT(band.points[2].n, 1);
    CHECK(isnan(comparison_band_std(&band.points[2])));
    CHECK(comparison_band_add(&band, 20, NAN, &f));
    buffer b;
    buffer_init(&b, 1000);
    codec_add_band(&b, &(band_answer){"abc", "dropout=0", "{\"dropout\":0}", &band});
    CHECK_EQUAL_STRING(b.data,
                       "{\"config_id\":\"abc\",\"label\":\"dropout=0\",\"values\":{\"dropout\":0},"
                       "\"epoch\":[0,5,10,15,20],\"mean\":[3,3,3,4,null],"
                       "\"std\":[2.6457513110645907,1.4142135623730951,null,null,null],"
                       "\"min\":[1,2,3,4,null],\"max\":[6,4,3,4,null],\"n\":[3,2,1,1,0]}");
    buffer_close(&b);
    comparison_band_close(&band);
    CHECK(band.n == 0 && band.points == NULL);
}

/* dropout x l2 with known effects: value = 1 + d + w + d*w*2 + seed/10 + a little noise. */
static size_t factorial(comparison_row *rows, effects_config *configs, size_t n_seeds)
{
    static const char *const values[] = {"{\"dropout\":0,\"l2\":0}", "{\"dropout\":0.5,\"l2\":0}",
                                         "{\"dropout\":0,\"l2\":0.01}",
                                         "{\"dropout\":0.5,\"l2\":0.01}"};
    static const char *const ids[] = {"base", "dropout", "l2", "both"};
    static const double noise[] = {0.01, -0.01, 0.02, -0.02, 0.005, 0.003, -0.004, 0.012};
    size_t n = 0;
    for (size_t c = 0; c < 4; c++) {
        CHECK(codec_read_factors(ids[c], values[c], &configs[c]));
        for (size_t seed = 0; seed < n_seeds; seed++) {
            double d = c & 1 ? -0.3 : 0, w = c & 2 ? 0.1 : 0;
            double value = 1 + d + w + 2 * d * w + (double)seed / 10 + noise[(3 * c + seed) % 8];
            rows[n] = row(ids[c], (int64_t)seed, value);
            rows[n++].values = values[c];
        }
    }
    return n;
}

static void effects_of_a_factorial_sweep(void)
{
    comparison_row rows[32];
    effects_config configs[4];
    size_t n = factorial(rows, configs, 6);
    effects e;
    fail f;
    CHECK_OR_RETURN(comparison_effects_open(rows, n, configs, 4, "base", &e, &f));
    CHECK_OR_RETURN(e.is_factorial);
    CHECK_EQUAL_INT(e.n, 3);
    CHECK_EQUAL_STRING(e.factors[e.items[0].factor].name, "dropout");
    CHECK_EQUAL_STRING(e.factors[0].levels[e.items[0].level], "0.5");
    double expected[6];
    for (size_t s = 0; s < 6; s++)
        expected[s] =
            (rows[6 + s].metric - rows[s].metric + rows[18 + s].metric - rows[12 + s].metric) / 2;
    stats_summary summary = stats_summary_of(expected, 6);
    CHECK_NEAR(e.items[0].change.mean, summary.mean, 1e-12);
    CHECK_NEAR(e.items[0].change.ci_low, summary.ci_low, 1e-9);
    CHECK(e.items[0].p_value < 1e-4 && e.items[0].p_adjusted >= e.items[0].p_value);
    for (size_t s = 0; s < 6; s++)
        expected[s] =
            rows[18 + s].metric - rows[12 + s].metric - rows[6 + s].metric + rows[s].metric;
    CHECK_NEAR(e.items[2].change.mean, stats_mean(expected, 6), 1e-10);
    CHECK_EQUAL_INT(e.items[2].other_factor, 1);
    CHECK_WITHIN(e.items[2].change.mean, -0.06, 0.03);
    buffer b;
    buffer_init(&b, 100000);
    comparison c;
    CHECK_OR_RETURN(comparison_open(rows, n, &BY_LOSS, &c, &f));
    codec_add_comparison(&b, &c, &e);
    CHECK_CONTAINS(
        b.data,
        "\"effects\":{\"factors\":[{\"field\":\"dropout\",\"levels\":[0,0.5],\"reference\":0},");
    CHECK_CONTAINS(
        b.data,
        "{\"field\":\"dropout\",\"level\":0.5,\"with\":{\"field\":\"l2\",\"level\":0.01},\"n\":6,");
    buffer_close(&b);
    comparison_close(&c);
    comparison_effects_close(&e);
    /* One failed run costs its seed; a missing config the whole. */
    rows[7].status = RUN_STATE_FAILED;
    CHECK_OR_RETURN(comparison_effects_open(rows, n, configs, 4, "base", &e, &f));
    CHECK_EQUAL_INT(e.items[0].change.n, 5);
    comparison_effects_close(&e);
    CHECK_OR_RETURN(comparison_effects_open(rows, 18, configs, 3, "base", &e, &f));
    CHECK(!e.is_factorial && e.n == 0);
    comparison_effects_close(&e);
    for (int i = 0; i < 4; i++)
        codec_factors_close(&configs[i]);
}

/* The reference is the baseline's level, wherever it stands. */
static void effects_are_measured_from_the_baseline(void)
{
    comparison_row rows[32];
    effects_config configs[4];
    size_t n = factorial(rows, configs, 3);
    effects from_base, from_both;
    fail f;
    CHECK_OR_RETURN(comparison_effects_open(rows, n, configs, 4, "base", &from_base, &f));
    CHECK_OR_RETURN(comparison_effects_open(rows, n, configs, 4, "both", &from_both, &f));
    for (size_t i = 0; i < 2; i++) {
        CHECK_NEAR(from_both.items[i].change.mean, -from_base.items[i].change.mean, 1e-12);
        CHECK_NEAR(from_both.items[i].p_value, from_base.items[i].p_value, 1e-9);
    }
    CHECK_NEAR(from_both.items[2].change.mean, from_base.items[2].change.mean, 1e-9);
    comparison_effects_close(&from_base);
    comparison_effects_close(&from_both);
    for (int i = 0; i < 4; i++)
        codec_factors_close(&configs[i]);
}

CHECK_MAIN("comparison", agrees_with_scipy, verdicts_follow_direction_and_evidence,
           selected_is_chosen_by_validation, what_is_shown_does_not_choose,
           only_finished_values_count, data_seeds_pair_too, equal_runs_are_no_evidence,
           little_is_compared_with_grace, metrics_are_refused_where_they_are_not,
           effects_of_a_factorial_sweep, effects_are_measured_from_the_baseline,
           band_is_honest_about_who_is_left)
