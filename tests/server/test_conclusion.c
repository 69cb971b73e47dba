/* Headline, summary and notes: what they say, and that they never contradict the numbers. */
#include "server/study/conclusion.h"
#include "tests/server/arms_fixture.h"

#include <ctype.h>
#include <stdlib.h>

enum { REPEATS = 6 };

static const double NONE[REPEATS];
static const double TINY[] = {0.001, -0.002, 0.0015, 0.0005, -0.001, -0.0012};
static const double OTHER[] = {-0.002, 0.001, 0.0005, -0.001, 0.0012, 0.001};
static const double VAGUE[] = {-0.1, 0.12, -0.29, 0.31, -0.1, 0.105};

static void start(fixture *x)
{
    fixture_init(x);
    fixture_factor(x, "dropout", QUESTION_TREATMENT, 0);
}

static void add_arm(fixture *x, double number, double level, const double *noise)
{
    size_t c = fixture_config_1(x, number);
    for (int k = 0; k < REPEATS; k++)
        fixture_run(x, c, k, level + 0.02 * k + noise[k]);
}

typedef void words_of(const arms *a, buffer *out);

/* The words; to be freed. */
static char *words(const fixture *x, words_of *add)
{
    arms a;
    buffer b;
    buffer_init(&b, 1 << 20);
    if (fixture_open(x, &a)) {
        add(&a, &b);
        arms_close(&a);
    }
    return buffer_take(&b, NULL);
}

static void check_headline(const fixture *x, const char *expected, const char *file, int line)
{
    char *text = words(x, conclusion_add_headline);
    check_string(text, expected, file, line, "headline");
    free(text);
}
#define HEADLINE(x, expected) check_headline(x, expected, __FILE__, __LINE__)

static void check_summary(const fixture *x, const char *part, const char *file, int line)
{
    char *text = words(x, conclusion_add_summary);
    check_contains(text, part, file, line, "summary");
    free(text);
}
#define SUMMARY(x, part) check_summary(x, part, __FILE__, __LINE__)

/* ---- what the interval is about ---- */

static void both_begin_with_what_the_interval_is_about(void)
{
    for (int about = 0; about < ESTIMAND_ABOUT_COUNT; about++) {
        fixture x;
        start(&x);
        add_arm(&x, 0, 1, NONE);
        add_arm(&x, 0.5, 0.7, TINY);
        x.configs[0].about = x.configs[1].about = (estimand_about)about;
        char *headline = words(&x, conclusion_add_headline);
        char *summary = words(&x, conclusion_add_summary);
        const char *begin = ESTIMAND_ABOUT_WORDS[about];
        CHECK(strncmp(headline, begin, strlen(begin)) == 0);
        CHECK(strncmp(summary, begin, strlen(begin)) == 0);
        free(headline);
        free(summary);
    }
    CHECK_EQUAL_STRING(ESTIMAND_ABOUT_WORDS[ESTIMAND_SPLIT], "On these rows");
    CHECK_EQUAL_STRING(ESTIMAND_ABOUT_WORDS[ESTIMAND_RESPLIT], "On other splits of this set");
    CHECK_EQUAL_STRING(ESTIMAND_ABOUT_WORDS[ESTIMAND_NEW_DATA], "On new data of this kind");
}

/* ---- headlines ---- */

static void the_best_is_named_with_what_is_tied(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.5, 0.7, TINY);
    HEADLINE(&x, "On new data of this kind, dropout 0.5 is better than no dropout on validation "
                 "loss.");
    add_arm(&x, 0.6, 0.7005, OTHER);
    add_arm(&x, 0.7, 0.8, TINY);
    add_arm(&x, 0.9, 1.5, TINY);
    HEADLINE(&x, "On new data of this kind, dropout 0.5 (tied with dropout 0.6) is better than no "
                 "dropout on validation loss, and dropout 0.9 is worse.");
    SUMMARY(&x, "dropout 0.6 and dropout 0.7 are better than the baseline too, dropout 0.6 0.2994 "
                "lower (95 % interval −0.3008 to −0.298, p < 0.0001 after Holm for 4 tests).");
    SUMMARY(&x, "Nothing shows that dropout 0.6 differs from dropout 0.5.");
}

static void equivalent_and_no_evidence_are_worded_apart(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.1, 1.1, VAGUE);
    HEADLINE(&x, "On new data of this kind, there is no evidence that dropout 0.1 differs from no "
                 "dropout on validation loss.");
    SUMMARY(&x, "There is no evidence that dropout 0.1 differs from the baseline. For dropout 0.1, "
                "6 pairs of repeats find a difference of 0.3 in four of five cases.");
    add_arm(&x, 0.2, 1.0005, TINY);
    add_arm(&x, 0.9, 1.5, TINY);
    HEADLINE(&x, "On new data of this kind, dropout 0.2 does as well as no dropout on validation "
                 "loss, and there is no evidence that dropout 0.1 differs from no dropout, and "
                 "dropout 0.9 is worse.");
    SUMMARY(&x, "dropout 0.2 is equivalent to the baseline, 0.0003 higher (90 % interval −0.00085 "
                "to 0.0014, p < 0.0001 against a difference that matters, after Holm for 3 tests): "
                "less than the 0.0105 that matters.");
}

static void a_sure_and_small_difference_has_its_own_words(void)
{
    static const double small[] = {1e-4, -1e-4, 2e-4, -2e-4, 0, 1e-4};
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.2, 1.003, small);
    HEADLINE(&x, "On new data of this kind, dropout 0.2 is reliably different from no dropout on "
                 "validation loss, by less than matters.");
    SUMMARY(&x, "dropout 0.2 is reliably different from the baseline, 0.00302 higher (90 % "
                "interval 0.0029 to 0.00314, p < 0.0001 against no difference and p < 0.0001 "
                "against one that matters, after Holm for 1 test): less than the 0.0105 that "
                "matters.");
}

static void what_cannot_be_judged_is_said(void)
{
    fixture x;
    start(&x);
    HEADLINE(&x, "There is no run.");
    add_arm(&x, 0, 1, NONE);
    HEADLINE(&x, "On new data of this kind, there is one arm and nothing to compare it with.");
    add_arm(&x, 0.2, 1.25, NONE); /* the same difference every time */
    HEADLINE(&x, "On new data of this kind, dropout 0.2 differs from no dropout on validation loss "
                 "by the same amount in every repeat, which no test can judge.");
    SUMMARY(&x, "0.25 higher, the same in every repeat.");
    x.configs[1].stopping = "{}";
    HEADLINE(&x, "On new data of this kind, dropout 0.2 cannot be compared with no dropout on "
                 "validation loss, because validation chose when to stop training.");
    add_arm(&x, 0.3, 1.25, TINY);
    for (size_t i = 0; i < x.table.n_runs; i++)
        if (x.runs[i].config == 2 && x.runs[i].seed > 1)
            x.runs[i].status = RUN_STATE_FAILED;
    HEADLINE(&x,
             "On new data of this kind, fewer than 3 repeats in common with no dropout allow no "
             "verdict on dropout 0.3, and dropout 0.2 cannot be compared with no dropout, "
             "because validation chose when to stop training.");
    SUMMARY(&x, "4 runs failed and are left out.");
    for (size_t i = 0; i < REPEATS; i++)
        x.runs[i].status = RUN_STATE_FAILED;
    HEADLINE(&x, "On new data of this kind, nothing can be compared with no dropout, of which no "
                 "run has a validation loss.");
    SUMMARY(&x, "all runs of the baseline no dropout failed, so that nothing is compared with it.");
    for (size_t i = 0; i < x.table.n_runs; i++)
        x.runs[i].status = RUN_STATE_RUNNING;
    HEADLINE(&x, "No finished run has a validation loss yet.");
}

static void neither_more_nor_less_is_better(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.5, 0.7, TINY);
    fixture_metric(&x, "layers.0.coadaptation", METRIC_NEITHER);
    HEADLINE(&x,
             "On new data of this kind, coadaptation of layer 0 goes from 0.75 (dropout 0.5) to "
             "1.05 (no dropout), and neither more nor less of it is better.");
}

static void unfinished_runs_make_it_so_far(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.5, 0.7, TINY);
    x.runs[8].status = RUN_STATE_RUNNING;
    HEADLINE(&x, "On new data of this kind, dropout 0.5 is better than no dropout on validation "
                 "loss, so far.");
    SUMMARY(&x, "0.3005 lower than the baseline no dropout over the 5 repeats that both have");
    SUMMARY(&x, "1 run is not finished yet.");
}

static void contexts(fixture *x, int n)
{
    start(x);
    fixture_factor(x, "train_size", QUESTION_CONTEXT, 0);
    for (int s = 0; s < n; s++)
        for (int d = 0; d < 2; d++) {
            size_t c = fixture_config_2(x, d * 0.5, 100 * (1 + s));
            for (int k = 0; k < REPEATS; k++)
                fixture_run(x, c, k,
                            1 + 0.02 * k + d * (0.3 * (s - 1) + (s == 1 ? VAGUE : TINY)[k]));
        }
}

static void contexts_are_told_one_by_one_or_counted(void)
{
    fixture x;
    contexts(&x, 2);
    HEADLINE(&x, "On new data of this kind, with train size 100 dropout 0.5 is better than no "
                 "dropout on validation loss; with train size 200 there is no evidence that "
                 "dropout 0.5 differs from no dropout.");
    contexts(&x, 5);
    HEADLINE(&x, "On new data of this kind, dropout 0.5 is better than no dropout with train size "
                 "100, worse in 3 of 5 contexts, undecided with train size 200, by validation "
                 "loss.");
    SUMMARY(&x, "And so on for 1 more context.");
    x.levels[1][0].text = "0.4"; /* another treatment there: only their number can be told */
    x.levels[3][0].is_default = true;
    x.levels[2][0].is_default = false;
    char *text = words(&x, conclusion_add_headline);
    CHECK_CONTAINS(text, "of 5 arms in 5 contexts 1 is better than the baseline, 3 are worse than "
                         "the baseline, 1 is undecided");
    free(text);
    contexts(&x, 2);
    x.configs[2].about = x.configs[3].about = ESTIMAND_RESPLIT;
    text = words(&x, conclusion_add_headline);
    CHECK_CONTAINS(text, "On the data of each context, ");
    free(text);
}

/* ---- summaries against their own intervals ---- */

static void what_holm_takes_back_is_told_with_the_tests(void)
{
    static const double weak[] = {-0.1, -0.02, -0.12, -0.05, -0.01, -0.08};
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.5, 1, weak);
    for (int i = 0; i < 7; i++)
        add_arm(&x, 0.6 + 0.01 * i, 1.1, VAGUE);
    SUMMARY(&x, "(95 % interval −0.11 to −0.017, p = 0.14 after Holm for 8 tests), which among 8 "
                "tests is no evidence of a difference.");
}

/* Over the seeds that both have the arm with the better mean may be the worse one. */
static void the_best_mean_may_be_the_worse_pair(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.5, 1.2, TINY);
    for (size_t i = 0; i < 3; i++)
        x.runs[i].metric += 9; /* where the other arm has failed */
    for (size_t i = REPEATS; i < REPEATS + 3; i++)
        x.runs[i].status = RUN_STATE_FAILED;
    SUMMARY(&x, "dropout 0.5 has the best mean validation loss: ");
    SUMMARY(&x, " 3 runs failed and are left out (3 of the 6 of dropout 0.5).");
    SUMMARY(&x, ", but 0.1994 higher than the baseline no dropout over the 3 repeats that both "
                "have");
    SUMMARY(&x, ": worse than the baseline.");
    HEADLINE(&x, "On new data of this kind, dropout 0.5 is worse than no dropout on validation "
                 "loss.");
}

static const char *after(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    return at ? at + strlen(part) : NULL;
}

/* Reads a number with a true minus sign; moves behind it. */
static double read_number(const char **text)
{
    static const char MINUS[] = "−";
    bool is_negative = strncmp(*text, MINUS, sizeof MINUS - 1) == 0;
    *text += is_negative ? sizeof MINUS - 1 : 0;
    double number = strtod(*text, NULL);
    *text += strspn(*text, "0123456789.e");
    return is_negative ? -number : number;
}

/* The interval of the difference that stands in the summary bears its verdict out. */
static void check_interval(const fixture *x, int n_seen[3])
{
    char *text = words(x, conclusion_add_summary);
    const char *at = after(text, "lower (90 % interval "), *wide = NULL;
    at = at ? at : after(text, "higher (90 % interval ");
    at = at ? at : after(text, "lower than the baseline no dropout (90 % interval ");
    wide = after(text, "lower than the baseline no dropout (95 % interval ");
    wide = wide ? wide : after(text, "higher (95 % interval ");
    if (at) {
        double low = read_number(&at);
        at += strlen(" to ");
        double high = read_number(&at);
        const char *margin = after(at, "less than the ");
        double matters = margin ? read_number(&margin) : NAN;
        CHECK(-matters < low && low <= high && high < matters);
        n_seen[0]++;
    } else if (wide) {
        double low = read_number(&wide);
        wide += strlen(" to ");
        double high = read_number(&wide);
        bool is_said = strstr(text, "better than the baseline") || strstr(text, "is worse than");
        CHECK(low <= high);
        CHECK_EQUAL_INT(low > 0 || high < 0, is_said);
        n_seen[1 + is_said]++;
    }
    free(text);
}

static void summaries_never_contradict_their_intervals(void)
{
    unsigned state = 7;
    int n_seen[3] = {0};
    for (int trial = 0; trial < 600; trial++) {
        double d[REPEATS], shift = 0.0012 * (trial % 31 - 15);
        for (int k = 0; k < REPEATS; k++) {
            state = state * 1664525u + 1013904223u;
            d[k] = shift + (trial % 2 ? 0.06 : 0.015) * ((double)(state >> 8) / (1 << 24) - 0.5);
        }
        fixture x;
        start(&x);
        add_arm(&x, 0, 1, NONE);
        add_arm(&x, 0.5, 1, d);
        check_interval(&x, n_seen);
    }
    for (int i = 0; i < 3; i++)
        CHECK(n_seen[i] > 20);
}

/* A headline is one sentence without p and without field syntax. */
static void headlines_are_plain(void)
{
    unsigned state = 3;
    for (int trial = 0; trial < 200; trial++) {
        fixture x;
        contexts(&x, 1 + trial % 6);
        for (size_t i = 0; i < x.table.n_runs; i++) {
            state = state * 1664525u + 1013904223u;
            x.runs[i].metric += 0.2 * ((double)(state >> 8) / (1 << 24) - 0.5);
            if (state % 11 == 0)
                x.runs[i].status = RUN_STATE_FAILED;
        }
        char *text = words(&x, conclusion_add_headline);
        size_t n = strlen(text);
        CHECK(n > 30 && text[n - 1] == '.' && isupper((unsigned char)text[0]));
        CHECK(!strpbrk(text, "=_{}[]<>") && !strstr(text, " p ") && !strstr(text, ". "));
        free(text);
    }
}

/* ---- long lists, notes ---- */

static void long_lists_are_cut(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    for (int i = 1; i < 7; i++)
        add_arm(&x, 0.1 * i, 1.2 + 0.01 * i, TINY);
    HEADLINE(&x,
             "On new data of this kind, dropout 0.1, dropout 0.2 and 4 others are worse than no "
             "dropout on validation loss.");
}

static bool has_note(const fixture *x, const char *part)
{
    arms a;
    bool is_found = false;
    if (!fixture_open(x, &a))
        return false;
    for (int i = 0;; i++) {
        buffer b;
        buffer_init(&b, 4096);
        bool is_there = conclusion_add_note(&a, i, &b);
        is_found = is_found || (is_there && strstr(b.data, part));
        buffer_close(&b);
        if (!is_there)
            break;
    }
    arms_close(&a);
    return is_found;
}

static void notes_say_how_the_figures_were_made(void)
{
    fixture x;
    start(&x);
    add_arm(&x, 0, 1, NONE);
    add_arm(&x, 0.5, 0.7, TINY);
    CHECK(has_note(&x, "paired by repeat") && has_note(&x, "Holm's over 1 test"));
    CHECK(has_note(&x, "Schuirmann") && has_note(&x, "sign-flip"));
    CHECK(has_note(&x, "generated data of its own"));
    CHECK(has_note(&x, "The test split is never used to select."));
    CHECK(!has_note(&x, "Nadeau") && !has_note(&x, "Stein") && !has_note(&x, "Bouthillier"));
    x.configs[0].about = x.configs[1].about = ESTIMAND_RESPLIT;
    CHECK(has_note(&x, "Nadeau and Bengio 2003") && !has_note(&x, "sign-flip"));
    x.table.options.n_first = 4;
    CHECK(has_note(&x, "the first 4 asked for (Stein 1945)"));
    x.runs[0].status = RUN_STATE_FAILED;
    CHECK(has_note(&x, "Failed runs are left out"));
    x.factors[0].role = QUESTION_TUNE;
    CHECK(has_note(&x, "Bouthillier"));
    fixture_metric(&x, "test_loss", METRIC_LOWER_IS_BETTER);
    CHECK(has_note(&x, "test_loss is of the test split"));
    fixture_metric(&x, "generalization_gap", METRIC_LOWER_IS_BETTER);
    CHECK(has_note(&x, "A smaller gap is not a better net"));
    x.table.options.is_drawn = true;
    CHECK(has_note(&x, "the random search drew"));
}

CHECK_MAIN("conclusion", both_begin_with_what_the_interval_is_about,
           the_best_is_named_with_what_is_tied, equivalent_and_no_evidence_are_worded_apart,
           a_sure_and_small_difference_has_its_own_words, what_cannot_be_judged_is_said,
           neither_more_nor_less_is_better, unfinished_runs_make_it_so_far,
           contexts_are_told_one_by_one_or_counted, what_holm_takes_back_is_told_with_the_tests,
           the_best_mean_may_be_the_worse_pair, summaries_never_contradict_their_intervals,
           headlines_are_plain, long_lists_are_cut, notes_say_how_the_figures_were_made)
