/* Comparisons of made-up runs: pairing, verdicts, order, selection, words, JSON; curves over seeds.
 */
#include "core/math/rng.h"
#include "server/codec/comparison.h"
#include "server/study/comparison.h"
#include "server/study/curves.h"
#include "tests/check.h"
#include "tests/core/stats_reference.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const comparison_options BY_LOSS = {.metric = METRIC_VAL_LOSS,
                                           .select_by = METRIC_VAL_LOSS,
                                           .test = METRIC_TEST_LOSS,
                                           .baseline = "base"};

static comparison_row row(const char *config_id, int64_t seed, double value)
{
    return (comparison_row){.config_id = config_id,
                            .label = config_id,
                            .values = "{}",
                            .seed = seed,
                            .status = RUN_STATE_COMPLETED,
                            .metric = value,
                            .select = value,
                            .test = value + 0.01,
                            .r2 = NAN};
}

static const comparison_config *find(const comparison *c, const char *config_id)
{
    for (size_t i = 0; i < c->n_configs; i++)
        if (strcmp(c->configs[i].config_id, config_id) == 0)
            return &c->configs[i];
    return NULL;
}

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

/* base around 1, good 0.5 lower, bad 0.5 higher, same as base but for noise. */
static size_t four_arms(comparison_row rows[20])
{
    static const double noise[] = {0.01, -0.02, 0.015, 0.005, -0.012};
    size_t n = 0;
    for (int seed = 0; seed < 5; seed++) {
        double level = 1 + 0.1 * seed;
        rows[n++] = row("bad", seed, level + 0.5 + noise[seed]);
        rows[n++] = row("base", seed, level);
        rows[n++] = row("good", seed, level - 0.5 + noise[(seed + 1) % 5]);
        rows[n++] = row("same", seed, level + noise[(seed + 2) % 5]);
    }
    return n;
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

static char json[20000];

/* The whole answer as text. */
static const char *answer(const comparison_row *rows, size_t n, const comparison_options *options)
{
    comparison c;
    fail f;
    buffer b;
    json[0] = '\0';
    if (!CHECK_OK(comparison_open(rows, n, options, &c, &f), f))
        return json;
    buffer_init(&b, sizeof json - 1);
    codec_add_comparison(&b, &c, &(effects){.is_factorial = false});
    CHECK(!b.failed);
    if (!b.failed)
        memcpy(json, b.data, b.n + 1);
    buffer_close(&b);
    comparison_close(&c);
    return json;
}

static void answer_has_numbers_and_words(void)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, "{\"metric\":\"val_loss\",\"direction\":\"lower\",\"baseline\":\"base\",");
    CHECK_CONTAINS(json, "\"verdict\":\"better\"");
    CHECK_CONTAINS(json, "\"difference\":null,\"verdict\":\"baseline\"");
    CHECK_CONTAINS(json, "\"summary\":\"good has the best mean val_loss: 0.69");
    CHECK_CONTAINS(json, "lower than the baseline base");
    CHECK_CONTAINS(json, ": better than the baseline.\"}");
    CHECK_CONTAINS(json, "Holm's over 3 tests");
    CHECK_CONTAINS(json, "never used to select");
    CHECK(strstr(json, "Seeds were added") == NULL);

    comparison_options tested = BY_LOSS;
    tested.metric = METRIC_TEST_LOSS;
    tested.design.is_sequential = true;
    answer(rows, n, &tested);
    CHECK_CONTAINS(json, "test_loss is of the test split");
    CHECK_CONTAINS(json, "Seeds were added until");

    rows[0].status = RUN_STATE_FAILED;
    answer(rows, 4, &BY_LOSS); /* one seed */
    CHECK_CONTAINS(json, "1 run failed and is left out.");
    CHECK_CONTAINS(json, "\"verdict\":\"too_few_seeds\"");
    CHECK_CONTAINS(json, "\"p_value\":null");
    CHECK_CONTAINS(json, "allow no verdict");
    CHECK_CONTAINS(answer(NULL, 0, &BY_LOSS), "\"baseline\":null,\"selected\":null");
    CHECK_CONTAINS(json,
                   "\"configs\":[],\"effects\":null,\"summary\":\"The experiment has no run.\"");
}

static void summary_of_every_kind(void)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    comparison_options from_good = BY_LOSS;
    from_good.baseline = "good";
    CHECK_CONTAINS(answer(rows, n, &from_good), "The baseline good has the best mean val_loss");
    CHECK_CONTAINS(json, "the evidence shows every other config to be worse.");
    comparison_options norm = BY_LOSS;
    norm.metric = METRIC_WEIGHT_NORM;
    CHECK_CONTAINS(answer(rows, n, &norm), "neither more nor less of it is better");
    CHECK_CONTAINS(json, "\"direction\":\"none\"");
    comparison_row base[] = {row("base", 0, 0.25), row("base", 1, 0.75)};
    CHECK_CONTAINS(answer(base, 2, &BY_LOSS),
                   "val_loss is 0.5 over 2 seeds (95 % interval −2.68 to 3.68); there is one "
                   "config only");
    base[0].status = base[1].status = RUN_STATE_QUEUED;
    CHECK_CONTAINS(answer(base, 2, &BY_LOSS),
                   "No finished run has a value of val_loss yet. 2 runs are not finished yet.");
    base[0].status = base[1].status = RUN_STATE_FAILED;
    CHECK_CONTAINS(answer(base, 2, &BY_LOSS),
                   "No run has a value of val_loss. 2 runs failed and are left out.");
    base[0].status = base[1].status = RUN_STATE_COMPLETED;
    base[1].metric = NAN;
    CHECK_CONTAINS(answer(base, 2, &BY_LOSS), "1 run has no val_loss and is left out.");
    base[0].metric = NAN;
    CHECK_CONTAINS(answer(base, 2, &BY_LOSS), "\"summary\":\"No run has a value of val_loss.\"");
    comparison_row close[12];
    for (int seed = 0; seed < 6; seed++) {
        close[seed] = row("base", seed, 1 + 0.1 * (seed % 2));
        close[6 + seed] = row("near", seed, 1 + 0.1 * (seed % 3));
    }
    close[6].metric = 0.5;
    CHECK_CONTAINS(answer(close, 12, &BY_LOSS),
                   "which is no evidence of a difference. 6 pairs of seeds find");
}

static size_t add_arm(comparison_row *rows, size_t n, const char *config_id, const double *values,
                      size_t n_values)
{
    for (size_t seed = 0; seed < n_values; seed++) {
        rows[n] = row(config_id, (int64_t)seed, values[seed]);
        if (isnan(values[seed]))
            rows[n].status = RUN_STATE_FAILED;
        n++;
    }
    return n;
}

/* Means are over the seeds that each config has, verdicts over those that both have: where they
 * say the contrary, the words say what the verdict says. */
static void summary_agrees_with_verdicts_over_unlike_seeds(void)
{
    comparison_row rows[40];
    static const double high[] = {.9, .9, .9, .1, .1}, below[] = {.85, .84, .86};
    size_t n = add_arm(rows, 0, "base", high, 5);
    n = add_arm(rows, n, "a", below, 3);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, "\"verdict\":\"better\"");
    CHECK_CONTAINS(json, "The baseline base has the best mean val_loss: 0.58 over 5 seeds");
    CHECK_CONTAINS(json, ", but there is evidence for a, 0.05 lower than the baseline base over "
                         "the 3 seeds that both have (95 % interval");
    CHECK(strstr(json, "no evidence that") == NULL);

    static const double low[] = {.2, .2, .2, .9, .9}, above[] = {.25, .26, .24};
    n = add_arm(rows, 0, "base", low, 5);
    n = add_arm(rows, n, "a", above, 3);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, "\"verdict\":\"worse\"");
    CHECK_CONTAINS(json, "a has the best mean val_loss: 0.25 over 3 seeds");
    CHECK_CONTAINS(json,
                   ", but 0.05 higher than the baseline base over the 3 seeds that both have");
    CHECK_CONTAINS(json, ": worse than the baseline.");
    CHECK(strstr(json, "no evidence of") == NULL);
}

/* The summary of some rows with its verdicts, of one to four configs whose seeds fail or were not
 * run here and there. */
static void check_random_summary(uint32_t trial)
{
    static const char *const ids[] = {"a", "b", "base", "c", "d"};
    comparison_row rows[40];
    size_t n = 0;
    rng_stream stream = rng_stream_at(trial, RNG_DATA, 0, 0, 0);
    double spread = rng_uniform(&stream), missing = rng_uniform(&stream);
    for (size_t i = 0; i < COUNT(ids); i++) {
        double level = 1 + 0.3 * rng_normal(&stream), keep = i == 2 ? 0.2 * missing : missing;
        for (int64_t seed = 0; seed < 6; seed++) {
            double value = level + spread * (double)(seed % 3) + 0.05 * rng_normal(&stream);
            rows[n] = row(ids[i], seed, value);
            if (rng_uniform(&stream) < keep)
                rows[n].status = seed % 2 ? RUN_STATE_FAILED : RUN_STATE_QUEUED;
            n++;
        }
    }
    answer(rows, n, &BY_LOSS);
    const char *summary = strstr(json, "\"summary\"");
    bool has_better = strstr(json, "\"verdict\":\"better\"") != NULL,
         has_worse = strstr(json, "\"verdict\":\"worse\"") != NULL,
         has_doubt = strstr(json, "\"verdict\":\"no_evidence\"") != NULL;
    CHECK_OR_RETURN(summary != NULL);
    bool says_better =
             strstr(summary, ": better than the baseline.") || strstr(summary, "evidence for "),
         says_worse =
             strstr(summary, ": worse than the baseline.") || strstr(summary, " to be worse");
    CHECK(says_better == has_better);
    CHECK(!says_worse || has_worse);
    CHECK(says_worse || !has_worse || strstr(summary, ": better than the baseline."));
    CHECK(!strstr(summary, "evidence that any other config differs") ||
          (!has_better && !has_worse));
    CHECK(!strstr(summary, "allow no verdict on the others.") ||
          !(has_better || has_worse || has_doubt));
    CHECK(!strstr(summary, "nothing is compared") || !(has_better || has_worse || has_doubt));
}

static void summary_never_denies_a_verdict(void)
{
    for (uint32_t trial = 0; trial < 500; trial++)
        check_random_summary(trial);
}

/* One config's lack of pairs says nothing of another that has them. */
static void summary_tells_every_config_by_its_own_pairs(void)
{
    comparison_row rows[40];
    static const double base[] = {1, 1.1, 1.2, 1.3, 1.4, 1, 1.1, 1.2, 1.3, 1.4};
    static const double worse[] = {2, 2.1, 2.2, 2.31, 2.4, 2, 2.1, 2.2, 2.3, 2.41};
    static const double better[] = {.5, .6, .7, .81, .9, .5, .6, .7, .8, .91};
    static const double few[] = {1.5, 1.6}, fewest[] = {.1};
    size_t n = add_arm(rows, 0, "base", base, 10);
    n = add_arm(rows, n, "few", few, 2);
    n = add_arm(rows, n, "bad", worse, 10);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, "the evidence shows 1 of the 2 other configs to be worse. Fewer than 3 "
                         "pairs of seeds allow no verdict on 1 of them.");
    CHECK_CONTAINS(answer(rows, 12, &BY_LOSS),
                   "; fewer than 3 pairs of seeds allow no verdict on the other.");

    n = add_arm(rows, 0, "base", base, 10);
    n = add_arm(rows, n, "few", fewest, 1);
    n = add_arm(rows, n, "good", better, 10);
    n = add_arm(rows, n, "bad", worse, 10);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, "few has the best mean val_loss: 0.1 over 1 seed; fewer than 3 pairs of "
                         "seeds allow no verdict on it");
    CHECK_CONTAINS(json, " There is evidence for good, 0.4");
    CHECK_CONTAINS(json, " The evidence shows 1 other config to be worse.");
}

static void summary_says_why_nothing_is_compared(void)
{
    comparison_row rows[40];
    static const double failed[] = {NAN, NAN, NAN}, good[] = {.5, .6, .7};
    size_t n = add_arm(rows, 0, "base", failed, 3);
    n = add_arm(rows, n, "good", good, 3);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, "good has the best mean val_loss: 0.6 over 3 seeds");
    CHECK_CONTAINS(json,
                   "; all 3 runs of the baseline base failed, so nothing is compared with it.");
    CHECK(strstr(json, "allow no verdict") == NULL);
    for (int i = 0; i < 3; i++)
        rows[i].status = RUN_STATE_RUNNING;
    CHECK_CONTAINS(answer(rows, n, &BY_LOSS),
                   "; the baseline base has no value yet, so nothing is compared with it. 3 runs");

    n = add_arm(rows, 0, "base", good, 3);
    n = add_arm(rows, n, "other", failed, 3);
    CHECK_CONTAINS(answer(rows, n, &BY_LOSS), "val_loss of base is 0.6 over 3 seeds");
    CHECK_CONTAINS(json, "; no other config has a value, so nothing is compared. 3 runs failed");
}

/* Whoever leads or is selected may have left its worst seeds behind. */
static void summary_names_the_failures_of_who_is_praised(void)
{
    comparison_row rows[40];
    static const double base[] = {1, 1.1, 1.2, 1.3, 1.4}, some[] = {.5, .61, NAN, .8, NAN},
                        none[] = {2, 2.1, NAN, 2.3, 2.4};
    size_t n = add_arm(rows, 0, "base", base, 5);
    n = add_arm(rows, n, "some", some, 5);
    n = add_arm(rows, n, "none", none, 5);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json, ": better than the baseline. 3 runs failed and are left out, among them 2 "
                         "of the 5 of some.\"}");
    CHECK_CONTAINS(json, "lower than the baseline base over the 3 seeds that both have");
    CHECK_CONTAINS(json, "Failed runs are left out of means, pairs and the selection");
    for (size_t i = 0; i < n; i++)
        rows[i].select = strcmp(rows[i].config_id, "none") == 0 ? 0 : 1;
    CHECK_CONTAINS(answer(rows, n, &BY_LOSS),
                   "3 runs failed and are left out, among them 2 of the 5 of some and 1 of the 5 "
                   "of none.");
    CHECK(strstr(answer(rows, 5, &BY_LOSS), "Failed runs") == NULL);
}

/* The power is that of one test, the verdict is Holm's over all. */
static void summary_says_of_which_test_the_power_is(void)
{
    comparison_row rows[40];
    static const double base[] = {1, 1.1, 1.2, 1.3}, one[] = {1.02, 1.09, 1.21, 1.29},
                        two[] = {1.03, 1.1, 1.19, 1.32};
    size_t n = add_arm(rows, 0, "base", base, 4);
    n = add_arm(rows, n, "one", one, 4);
    n = add_arm(rows, n, "two", two, 4);
    answer(rows, n, &BY_LOSS);
    CHECK_CONTAINS(json,
                   "no evidence that any other config differs. For one, 4 pairs of seeds find");
    CHECK_CONTAINS(json, "in four of five cases at the 5 % level, before Holm's adjustment.");
    CHECK_CONTAINS(answer(rows, 8, &BY_LOSS), " differs. 4 pairs of seeds find a difference of");
    CHECK_CONTAINS(json, " in four of five cases.\"}");
}

/* The mean and both ends are told apart however narrow the interval is. */
static void summary_keeps_the_digits_of_narrow_intervals(void)
{
    comparison_row narrow[] = {row("base", 0, 0.97340), row("base", 1, 0.97342),
                               row("base", 2, 0.97344)};
    CHECK_CONTAINS(answer(narrow, 3, &BY_LOSS),
                   "val_loss is 0.97342 over 3 seeds (95 % interval 0.97337 to 0.97347)");
    comparison_row tiny[] = {row("base", 0, -1e-5), row("base", 1, -1e-5), row("base", 2, -1e-5)};
    CHECK_CONTAINS(answer(tiny, 3, &BY_LOSS), "val_loss is −1e−05 over 3 seeds");
}

static void labels_are_for_people(void)
{
    static const char *const cases[][2] = {
        {"{\"dropout\":0.5,\"hidden\":[64,64]}", "dropout=0.5, hidden=[64,64]"},
        {"{}", "only config"},
        {"{\"early_stopping\":null,\"shuffle\":true,\"optimizer\":\"sgd\"}",
         "early_stopping=none, shuffle=true, optimizer=sgd"},
        {"{\"dataset\":{\"name\":\"moons\",\"n\":400}}", "dataset={name=moons,n=400}"},
        {"{\"weight_decay\":0.0001}", "weight_decay=0.0001"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *label = codec_config_label(cases[i][0]);
        CHECK_EQUAL_STRING(label, cases[i][1]);
        free(label);
    }
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

/* The notes of `options` hold `words`. */
static bool notes_hold(const comparison_options *options, const char *words)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    return strstr(answer(rows, n, options), words) != NULL;
}

static void notes_say_what_the_repeats_are(void)
{
    comparison_options o = BY_LOSS;
    CHECK(notes_hold(&o, "paired by seed;"));
    CHECK(notes_hold(&o, "data and split are the same in all of them"));
    o.design.varies_data_seed = o.design.has_generated_data = true;
    CHECK(notes_hold(&o, "paired by seed and data_seed;"));
    CHECK(notes_hold(&o, "Each repeat has generated data of its own"));
    CHECK(!notes_hold(&o, "are the same in all"));
    o.design.keeps_seed = true;
    CHECK(notes_hold(&o, "paired by data_seed;"));
    o.design.has_generated_data = false;
    CHECK(notes_hold(&o, "Nadeau and Bengio 2003"));
}

static void notes_say_what_to_beware_of(void)
{
    comparison_options o = BY_LOSS;
    CHECK(!notes_hold(&o, "Runs were added later"));
    o.design.was_extended = true;
    CHECK(notes_hold(&o, "Runs were added later"));
    CHECK(!notes_hold(&o, "an arbitrary one"));
    o.design.has_drawn_baseline = true;
    CHECK(notes_hold(&o, "an arbitrary one"));
    CHECK(!notes_hold(&o, "by construction"));
    o.design.compares_stopping = true;
    CHECK(notes_hold(&o, "better by construction. Compare test_loss"));
    o.at = COMPARISON_AT_LAST;
    CHECK(!notes_hold(&o, "by construction"));
    o.at = COMPARISON_AT_SELECTED;
    o.metric = METRIC_TEST_LOSS;
    CHECK(!notes_hold(&o, "by construction"));
    CHECK(!notes_hold(&o, "A smaller gap"));
    o.metric = METRIC_GENERALIZATION_GAP;
    CHECK(notes_hold(&o, "A smaller gap is not a better net"));
}

static void summary_says_where_no_net_is_of_use(void)
{
    comparison_row rows[20];
    size_t n = four_arms(rows);
    CHECK(strstr(answer(rows, n, &BY_LOSS), "than the mean of the targets") == NULL);
    for (size_t i = 0; i < n; i++)
        rows[i].r2 = -11.9;
    CHECK_CONTAINS(
        answer(rows, n, &BY_LOSS),
        "No config predicts better than the mean of the targets would (val_r2 −12 at best)");
    rows[0].r2 = 80;
    CHECK(strstr(answer(rows, n, &BY_LOSS), "than the mean of the targets") == NULL);
}

CHECK_MAIN("comparison", agrees_with_scipy, verdicts_follow_direction_and_evidence,
           selected_is_chosen_by_validation, what_is_shown_does_not_choose,
           only_finished_values_count, data_seeds_pair_too, equal_runs_are_no_evidence,
           little_is_compared_with_grace, metrics_are_refused_where_they_are_not,
           answer_has_numbers_and_words, summary_of_every_kind,
           summary_agrees_with_verdicts_over_unlike_seeds, summary_never_denies_a_verdict,
           summary_tells_every_config_by_its_own_pairs, summary_says_why_nothing_is_compared,
           summary_names_the_failures_of_who_is_praised, summary_says_of_which_test_the_power_is,
           summary_keeps_the_digits_of_narrow_intervals, labels_are_for_people,
           effects_of_a_factorial_sweep, effects_are_measured_from_the_baseline,
           band_is_honest_about_who_is_left, notes_say_what_the_repeats_are,
           notes_say_what_to_beware_of, summary_says_where_no_net_is_of_use)
