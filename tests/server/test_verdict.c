/* Verdicts on made-up arms: each rule of their order, and the cases that a verdict on one split, at
 * one learning rate or by its own monitor got wrong. */
#include "tests/server/arms_fixture.h"

/* ---- tables ---- */

enum { BASE, OTHER };

/* Two arms, no dropout at 1 + 0.02 k and dropout 0.5 that many above it. */
static void pair_of_arms(fixture *x, const double *differences, int n)
{
    fixture_init(x);
    fixture_factor(x, "dropout", QUESTION_TREATMENT, 0);
    fixture_config_1(x, 0);
    fixture_config_1(x, 0.5);
    for (int k = 0; k < n; k++) {
        fixture_run(x, BASE, k, 1 + 0.02 * k);
        fixture_run(x, OTHER, k, 1 + 0.02 * k + differences[k]);
    }
}

static const char *verdict_on(const fixture *x, size_t config)
{
    arms a;
    if (!fixture_open(x, &a))
        return "";
    const char *verdict = fixture_verdict(&a, config);
    arms_close(&a);
    return verdict ? verdict : "null";
}

static const double CLEAR[] = {-0.1, -0.12, -0.09, -0.11, -0.1, -0.105};
static const double VAGUE[] = {-0.1, 0.12, -0.29, 0.31, -0.1, 0.105};
static const double TINY[] = {0.001, -0.002, 0.0015, 0.0005, -0.001, -0.0012};

/* ---- the order ---- */

static void direction_says_what_is_better(void)
{
    fixture x;
    pair_of_arms(&x, CLEAR, 6);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    CHECK_EQUAL_STRING(verdict_on(&x, BASE), "baseline");
    fixture_metric(&x, "val_accuracy", METRIC_HIGHER_IS_BETTER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "worse");
    fixture_metric(&x, "weight_norm", METRIC_NEITHER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "null");
    CHECK_EQUAL_STRING(verdict_on(&x, BASE), "baseline");
    pair_of_arms(&x, VAGUE, 6);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "no_evidence");
}

static void two_pairs_are_too_few(void)
{
    fixture x;
    pair_of_arms(&x, CLEAR, 2);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "too_few_seeds");
    pair_of_arms(&x, CLEAR, 3);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    fixture_metric(&x, "weight_norm", METRIC_NEITHER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "null");
}

/* Early stopping by val_loss, judged by val_loss: 12 better and 0 worse of 20 splits where the test
 * split says 0 and 4. */
static void what_its_own_monitor_judges_is_void(void)
{
    fixture x;
    pair_of_arms(&x, CLEAR, 6);
    x.configs[OTHER].stopping = "{\"patience\":5}";
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "void");
    fixture_metric(&x, "val_accuracy", METRIC_HIGHER_IS_BETTER); /* any val_ metric */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "void");
    fixture_metric(&x, "generalization_gap", METRIC_LOWER_IS_BETTER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "void");
    fixture_metric(&x, "test_loss", METRIC_LOWER_IS_BETTER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    fixture_metric(&x, "train_loss", METRIC_LOWER_IS_BETTER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    fixture_metric(&x, "val_loss", METRIC_LOWER_IS_BETTER);
    x.table.options.at = STUDY_AT_BEST;
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "void");
    x.table.options.at = STUDY_AT_LAST; /* where the choice of an epoch plays no part */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    x.table.options.at = STUDY_AT_SELECTED;
    x.configs[BASE].stopping = x.configs[OTHER].stopping; /* both stop alike */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    pair_of_arms(&x, CLEAR, 2);
    x.configs[OTHER].stopping = "{}"; /* void before too few */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "void");
}

/* Patience tuned in both arms alike is a fair comparison. */
static void stopping_tuned_alike_is_no_construction(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "early_stopping.patience", QUESTION_TUNE, 5);
    for (int c = 0; c < 4; c++) {
        size_t config = fixture_config_2(&x, c < 2 ? 0 : 0.5, c % 2);
        x.configs[config].stopping = c % 2 ? "a" : "b";
        for (int k = 0; k < 5; k++)
            fixture_run(&x, config, k, 1 + 0.1 * k + (c < 2 ? 0 : CLEAR[k]));
    }
    CHECK_EQUAL_STRING(verdict_on(&x, 2), "better");
    x.configs[3].stopping = "c";
    CHECK_EQUAL_STRING(verdict_on(&x, 2), "void");
}

/* ---- equivalence ---- */

static void a_nil_effect_is_equivalent(void)
{
    fixture x;
    pair_of_arms(&x, TINY, 6); /* of a loss of about 1: 0.01 matters */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "equivalent");
    pair_of_arms(&x, VAGUE, 6); /* no evidence is another thing */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "no_evidence");
}

static void small_and_sure_is_equivalent_first(void)
{
    static const double small[] = {0.003, 0.0031, 0.0029, 0.003, 0.0032, 0.0028};
    fixture x;
    arms a;
    pair_of_arms(&x, small, 6);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    const arm *o = fixture_arm(&a, OTHER);
    CHECK(o->p_adjusted < 0.001);
    CHECK_EQUAL_INT(o->verdict, ARM_EQUIVALENT);
    CHECK(arms_differs_by_little(o)); /* reliably different, by less than matters */
    arms_close(&a);
    x.table.options.smallest_effect = 0.002; /* what matters is for the question to say */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "worse");
    x.table.options.primary = "test_loss"; /* and only for its own metric */
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "equivalent");
}

static void without_a_margin_nothing_is_equivalent(void)
{
    fixture x;
    pair_of_arms(&x, TINY, 6);
    fixture_metric(&x, "generalization_gap", METRIC_LOWER_IS_BETTER);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "no_evidence");
    x.table.options.smallest_effect = 0.01;
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "equivalent");
}

static void equal_differences_are_equivalent_inside_the_margin(void)
{
    static const double same[] = {0.25, 0.25, 0.25, 0.25};
    static const double none[] = {0, 0, 0, 0};
    fixture x;
    arms a;
    pair_of_arms(&x, same, 4);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK(isnan(fixture_arm(&a, OTHER)->difference.p_value));
    CHECK(isnan(fixture_arm(&a, OTHER)->p_adjusted));
    CHECK_WITHIN(fixture_arm(&a, OTHER)->equivalence_p, 1, 0);
    CHECK_EQUAL_INT(a.n_tests, 1); /* no p, but a comparison like the others */
    CHECK_EQUAL_STRING(fixture_verdict(&a, OTHER), "no_evidence");
    arms_close(&a);
    pair_of_arms(&x, none, 4);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "equivalent");
}

/* ---- Holm ---- */

/* Eight arms beside one: what alone is evidence is none among so many; nor is equivalence. */
static void many_arms_ask_for_more(void)
{
    static const double weak[] = {-0.1, -0.02, -0.12, -0.05, -0.01, -0.08};
    static const double near[] = {0.004, -0.003, 0.009, 0.001, 0.006, 0.008};
    fixture x;
    for (int n_more = 0; n_more <= 8; n_more += 8) {
        for (int is_near = 0; is_near < 2; is_near++) {
            pair_of_arms(&x, is_near ? near : weak, 6);
            for (int c = 0; c < n_more; c++) {
                size_t config = fixture_config_1(&x, 0.6 + 0.01 * c);
                for (int k = 0; k < 6; k++)
                    fixture_run(&x, config, k, 1 + 0.02 * k + VAGUE[(k + c) % 6]);
            }
            const char *expected = n_more ? "no_evidence" : is_near ? "equivalent" : "better";
            CHECK_EQUAL_STRING(verdict_on(&x, OTHER), expected);
        }
    }
}

static void both_families_count_the_same_arms(void)
{
    fixture x;
    arms a;
    pair_of_arms(&x, CLEAR, 6);
    size_t single = fixture_config_1(&x, 0.6), tiny = fixture_config_1(&x, 0.7);
    fixture_run(&x, single, 0, 1); /* one pair: nothing was compared */
    for (int k = 0; k < 6; k++)
        fixture_run(&x, tiny, k, 1 + 0.02 * k + TINY[k]);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.n_tests, 2);
    CHECK(isnan(fixture_arm(&a, single)->p_adjusted));
    CHECK(isnan(fixture_arm(&a, single)->equivalence_p_adjusted));
    CHECK_NEAR(fixture_arm(&a, OTHER)->p_adjusted, 2 * fixture_arm(&a, OTHER)->difference.p_value,
               1e-12);
    CHECK_NEAR(fixture_arm(&a, tiny)->equivalence_p_adjusted,
               2 * fixture_arm(&a, tiny)->equivalence_p, 1e-12);
    arms_close(&a);
}

/* ---- one split is not the world ---- */

/* Wine, weight decay 0.1: one split's seeds agree that it is better, another's that it is worse,
 * and neither is known of other splits of the set. */
static void a_verdict_of_seeds_turns_and_one_of_splits_does_not(void)
{
    static const double one_split[] = {-0.012, -0.010, -0.013, -0.011, -0.012};
    static const double another[] = {0.011, 0.009, 0.012, 0.010, 0.013};
    static const double splits[] = {-0.012, 0.011, -0.03, 0.02, 0.009};
    static const struct {
        const double *differences;
        const char *verdict;
        bool is_resplit;
    } cases[] = {
        {one_split, "better", false}, {another, "worse", false}, {splits, "no_evidence", true}};
    for (size_t i = 0; i < 3; i++) {
        fixture x;
        pair_of_arms(&x, cases[i].differences, 5);
        for (size_t c = 0; c < 2; c++) {
            x.configs[c].about = cases[i].is_resplit ? ESTIMAND_RESPLIT : ESTIMAND_SPLIT;
            x.configs[c].share = cases[i].is_resplit ? 36 / 106.0 : 0;
        }
        CHECK_EQUAL_STRING(verdict_on(&x, OTHER), cases[i].verdict);
    }
}

/* What would be better over ten independent repeats is no evidence over splits that overlap. */
static void overlapping_splits_turn_the_verdict(void)
{
    static const double d[] = {-0.04, -0.05, 0.01, -0.06, 0.02, -0.03, -0.045, -0.02, 0.015, -0.05};
    fixture x;
    pair_of_arms(&x, d, 10);
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "better");
    for (size_t c = 0; c < 2; c++) {
        x.configs[c].about = ESTIMAND_RESPLIT;
        x.configs[c].share = 0.25;
    }
    CHECK_EQUAL_STRING(verdict_on(&x, OTHER), "no_evidence");
}

/* ---- leaders and ties ---- */

static void add_arm(fixture *x, double number, double level, const double *noise, int n)
{
    size_t config = fixture_config_1(x, number);
    for (int k = 0; k < n; k++)
        fixture_run(x, config, k, level + 0.02 * k + noise[k % 6]);
}

static void arms_that_nothing_tells_from_the_best_are_tied(void)
{
    static const double other_noise[] = {-0.002, 0.001, 0.0005, -0.001, 0.0012, 0.001};
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    add_arm(&x, 0, 1, (const double[6]){0}, 6);
    add_arm(&x, 0.5, 0.7, TINY, 6);
    add_arm(&x, 0.6, 0.7005, other_noise, 6); /* tied with 0.5 */
    add_arm(&x, 0.7, 0.8, TINY, 6);           /* better than none, and behind 0.5 */
    add_arm(&x, 0.9, 1.5, TINY, 6);           /* worse */
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.contexts[0].leader, a.configs[1].arm);
    static const bool is_tied[] = {false, false, true, false, false};
    for (size_t c = 0; c < 5; c++)
        CHECK_EQUAL_INT(fixture_arm(&a, c)->is_tied, is_tied[c]);
    arms_close(&a);
}

/* Where the baseline leads, the verdicts say what is tied with it. */
static void ties_with_the_baseline_are_verdicts(void)
{
    fixture x;
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    add_arm(&x, 0, 1, (const double[6]){0}, 6);
    add_arm(&x, 0.1, 1.1, VAGUE, 6);
    add_arm(&x, 0.2, 1.0005, TINY, 6);
    add_arm(&x, 0.9, 1.5, TINY, 6);
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.contexts[0].leader, a.contexts[0].baseline);
    static const bool is_tied[] = {false, true, true, false};
    static const char *const verdicts[] = {"baseline", "no_evidence", "equivalent", "worse"};
    for (size_t c = 0; c < 4; c++) {
        CHECK_EQUAL_STRING(fixture_verdict(&a, c), verdicts[c]);
        CHECK_EQUAL_INT(fixture_arm(&a, c)->is_tied, is_tied[c]);
    }
    arms_close(&a);
}

static void a_void_arm_never_leads(void)
{
    fixture x;
    pair_of_arms(&x, CLEAR, 6);
    x.configs[OTHER].stopping = "{}";
    arms a;
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_EQUAL_INT(a.configs[OTHER].arm, 0); /* the best mean */
    CHECK_EQUAL_INT(a.contexts[0].leader, a.contexts[0].baseline);
    CHECK(!fixture_arm(&a, OTHER)->is_tied);
    arms_close(&a);
}

/* A verdict and the interval beside it never disagree, whatever the numbers. */
static void verdicts_agree_with_their_intervals(void)
{
    unsigned state = 1;
    int n_seen[ARM_VERDICT_COUNT] = {0};
    for (int trial = 0; trial < 400; trial++) {
        double d[6];
        double shift = trial % 3 ? 0.001 * (trial % 11) : 0;
        for (int k = 0; k < 6; k++) {
            state = state * 1664525u + 1013904223u;
            d[k] = shift + 0.006 * ((double)(state >> 8) / (1 << 24) - 0.5);
        }
        fixture x;
        arms a;
        pair_of_arms(&x, d, 6);
        CHECK_OR_RETURN(fixture_open(&x, &a));
        const arm *o = fixture_arm(&a, OTHER);
        const stats_estimate *e = &o->difference;
        double half = stats_estimate_half_width(e, 0.9), margin = a.contexts[0].smallest_effect;
        n_seen[o->verdict]++;
        if (o->verdict == ARM_BETTER)
            CHECK(e->ci_high < 0);
        else if (o->verdict == ARM_WORSE)
            CHECK(e->ci_low > 0);
        else if (o->verdict == ARM_EQUIVALENT)
            CHECK(e->mean - half > -margin && e->mean + half < margin);
        else
            CHECK(e->ci_low <= 0 && e->ci_high >= 0);
        arms_close(&a);
    }
    CHECK(n_seen[ARM_WORSE] > 10 && n_seen[ARM_EQUIVALENT] > 10);
}

CHECK_MAIN("verdict", direction_says_what_is_better, two_pairs_are_too_few,
           what_its_own_monitor_judges_is_void, stopping_tuned_alike_is_no_construction,
           a_nil_effect_is_equivalent, small_and_sure_is_equivalent_first,
           without_a_margin_nothing_is_equivalent,
           equal_differences_are_equivalent_inside_the_margin, many_arms_ask_for_more,
           both_families_count_the_same_arms, a_verdict_of_seeds_turns_and_one_of_splits_does_not,
           overlapping_splits_turn_the_verdict, arms_that_nothing_tells_from_the_best_are_tied,
           ties_with_the_baseline_are_verdicts, a_void_arm_never_leads,
           verdicts_agree_with_their_intervals)
