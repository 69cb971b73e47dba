/* Main effects and interactions by the arms' values. */
#include "server/study/factorial.h"
#include "tests/server/arms_fixture.h"

enum { REPEATS = 5 };

static const double NOISE[] = {0.01, -0.02, 0.015, 0.005, -0.012};

/* dropout {0, 0.5} x augmentation {0, 1}: both help alone, and `both` is what they do together. */
static void two_by_two(fixture *x, double both)
{
    static const double gains[] = {0, -0.2, -0.15};
    fixture_init(x);
    fixture_factor(x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(x, "augmentation", QUESTION_TREATMENT, 0);
    for (int cell = 0; cell < 4; cell++) {
        size_t c = fixture_config_2(x, cell & 1 ? 0.5 : 0, cell & 2 ? 1 : 0);
        for (int k = 0; k < REPEATS; k++)
            fixture_run(x, c, k,
                        1 + 0.1 * k + (cell == 3 ? both : gains[cell]) + NOISE[(k + cell) % 5]);
    }
}

static bool open_both(const fixture *x, arms *a, factorial *e)
{
    fail f;
    return fixture_open(x, a) && CHECK_OK(factorial_open(a, e, &f), f);
}

static void close_both(arms *a, factorial *e)
{
    factorial_close(e);
    arms_close(a);
}

static double contrast_by_hand(const fixture *x, const double weights[4], int repeat)
{
    double sum = 0;
    for (size_t cell = 0; cell < 4; cell++)
        sum += weights[cell] * x->runs[cell * REPEATS + (size_t)repeat].metric;
    return sum;
}

static void contrasts_are_what_they_say(void)
{
    static const double weights[4][4] = {
        {-0.5, 0.5, -0.5, 0.5}, {-0.5, -0.5, 0.5, 0.5}, {1, -1, -1, 1}, {-1, 0, 0, 1}};
    fixture x;
    arms a;
    factorial e;
    two_by_two(&x, -0.25);
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    CHECK(e.is_complete);
    CHECK_EQUAL_INT(e.n_factors, 2);
    CHECK_EQUAL_INT(e.n, 3);
    for (size_t i = 0; i < 4; i++) {
        double values[REPEATS];
        for (int k = 0; k < REPEATS; k++)
            values[k] = contrast_by_hand(&x, weights[i], k);
        const stats_estimate *got = i < 3 ? &e.items[i].change : &e.items[2].together;
        CHECK_EQUAL_INT(got->n, REPEATS);
        CHECK_NEAR(got->mean, stats_mean(values, REPEATS), 1e-12);
        CHECK_NEAR(got->std, stats_std(values, REPEATS), 1e-10);
    }
    close_both(&a, &e);
}

static void both_cures_may_be_less_or_more_than_their_sum(void)
{
    static const struct {
        double both;
        const char *verdict;
    } cases[] = {{-0.05, "less_than_sum"}, {-0.35, "no_evidence"}, {-0.6, "more_than_sum"}};
    for (size_t i = 0; i < 3; i++) {
        fixture x;
        arms a;
        factorial e;
        two_by_two(&x, cases[i].both);
        CHECK_OR_RETURN(open_both(&x, &a, &e));
        CHECK_EQUAL_STRING(FACTORIAL_VERDICT_NAMES[e.items[2].verdict], cases[i].verdict);
        CHECK_WITHIN(e.items[2].together.mean, cases[i].both, 0.02);
        CHECK(FACTORIAL_VERDICT_NAMES[e.items[0].verdict] == NULL); /* a main effect has none */
        close_both(&a, &e);
    }
}

/* A gain is of the metric: what raises an accuracy by more than the sum. */
static void the_direction_says_what_gains(void)
{
    fixture x;
    arms a;
    factorial e;
    two_by_two(&x, 0.6);
    fixture_metric(&x, "val_accuracy", METRIC_HIGHER_IS_BETTER);
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    CHECK_EQUAL_INT(e.items[2].verdict, FACTORIAL_MORE_THAN_SUM);
    close_both(&a, &e);
    fixture_metric(&x, "weight_norm", METRIC_NEITHER);
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    CHECK_EQUAL_INT(e.items[2].verdict, FACTORIAL_NO_VERDICT);
    close_both(&a, &e);
}

static void two_repeats_are_no_evidence(void)
{
    const stats_estimate clear = {.n = 3, .mean = -1}, few = {.n = 2, .mean = -1};
    CHECK_EQUAL_INT(factorial_verdict_of(&clear, 0.001, METRIC_LOWER_IS_BETTER),
                    FACTORIAL_MORE_THAN_SUM);
    CHECK_EQUAL_INT(factorial_verdict_of(&few, 0.001, METRIC_LOWER_IS_BETTER),
                    FACTORIAL_NO_EVIDENCE);
    CHECK_EQUAL_INT(factorial_verdict_of(&clear, 0.05, METRIC_LOWER_IS_BETTER),
                    FACTORIAL_NO_EVIDENCE);
    CHECK_EQUAL_INT(factorial_verdict_of(&clear, NAN, METRIC_LOWER_IS_BETTER),
                    FACTORIAL_NO_EVIDENCE);
}

/* A context is a factor, a tuned field is none: its arms' values are tuned. */
static void contexts_count_and_tuned_fields_do_not(void)
{
    fixture x;
    arms a;
    factorial e;
    fixture_init(&x);
    fixture_factor(&x, "train_size", QUESTION_CONTEXT, 0);
    fixture_factor(&x, "learning_rate", QUESTION_TUNE, 1);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    for (int size = 0; size < 3; size++)
        for (int rate = 0; rate < 2; rate++)
            for (int dropout = 0; dropout < 2; dropout++) {
                const double numbers[] = {300 - 100 * size, rate, 0.5 * dropout};
                size_t c = fixture_config(&x, numbers);
                for (int k = 0; k < 4; k++)
                    fixture_run(&x, c, k, 1 + size + 0.5 * rate + 0.1 * dropout * k);
            }
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    CHECK(e.is_complete);
    CHECK_EQUAL_INT(e.n_factors, 2);
    CHECK_EQUAL_INT(e.factors[0].index, 0);
    CHECK_EQUAL_INT(e.factors[0].n_levels, 3);
    CHECK_EQUAL_STRING(e.factors[0].levels[0]->text, "100"); /* numbers by size */
    CHECK_EQUAL_INT(e.factors[0].reference, 2);              /* the first context's: 300 */
    CHECK_EQUAL_INT(e.factors[1].reference, 0);
    CHECK_EQUAL_INT(e.n, 5);                        /* 2 + 1 main effects, 2 interactions */
    CHECK_WITHIN(e.items[0].change.mean, 2, 1e-12); /* 100 against 300, at the better rate */
    CHECK_WITHIN(e.items[2].change.mean, 0.15, 1e-12);
    close_both(&a, &e);
}

static void a_hole_in_the_grid_is_no_factorial(void)
{
    fixture x;
    arms a;
    factorial e;
    two_by_two(&x, -0.3);
    x.table.n_configs = 3;
    x.table.n_runs = 3 * REPEATS;
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    CHECK(!e.is_complete);
    close_both(&a, &e);
    fixture_init(&x);
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    CHECK(!e.is_complete);
    close_both(&a, &e);
}

/* A repeat that lacks a cell is left out of the contrasts that need it. */
static void a_missing_run_costs_its_repeat(void)
{
    fixture x;
    arms a;
    factorial e;
    two_by_two(&x, -0.3);
    x.runs[3 * REPEATS + 1].status = RUN_STATE_FAILED;
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    for (size_t i = 0; i < e.n; i++)
        CHECK_EQUAL_INT(e.items[i].change.n, REPEATS - 1);
    CHECK_EQUAL_INT(e.items[2].together.n, REPEATS - 1);
    close_both(&a, &e);
}

static void resplits_share_rows_here_too(void)
{
    fixture x;
    arms a;
    factorial e;
    two_by_two(&x, -0.3);
    for (size_t c = 0; c < 4; c++)
        x.configs[c].share = 0.1 * (double)c;
    CHECK_OR_RETURN(open_both(&x, &a, &e));
    const stats_estimate *change = &e.items[0].change;
    CHECK_NEAR(change->error, change->std * sqrt(1 / 5.0 + 0.3), 1e-12); /* the largest share */
    close_both(&a, &e);
}

CHECK_MAIN("factorial", contrasts_are_what_they_say, both_cures_may_be_less_or_more_than_their_sum,
           the_direction_says_what_gains, two_repeats_are_no_evidence,
           contexts_count_and_tuned_fields_do_not, a_hole_in_the_grid_is_no_factorial,
           a_missing_run_costs_its_repeat, resplits_share_rows_here_too)
