/* What is said of a comparison: summary, notes, labels, JSON. */
#include "core/math/rng.h"
#include "server/codec/comparison.h"
#include "tests/server/comparison_rows.h"

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

CHECK_MAIN("comparison_words", answer_has_numbers_and_words, summary_of_every_kind,
           summary_agrees_with_verdicts_over_unlike_seeds, summary_never_denies_a_verdict,
           summary_tells_every_config_by_its_own_pairs, summary_says_why_nothing_is_compared,
           summary_names_the_failures_of_who_is_praised, summary_says_of_which_test_the_power_is,
           summary_keeps_the_digits_of_narrow_intervals, labels_are_for_people,
           notes_say_what_the_repeats_are, notes_say_what_to_beware_of,
           summary_says_where_no_net_is_of_use)
