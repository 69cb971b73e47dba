/* Every check of the table: when it stands there, how grave it is, whom it concerns. */
#include "server/study/checks.h"
#include "tests/server/arms_fixture.h"

enum { REPEATS = 6 };

static const double LEVELS[] = {1, 0.9, 1.1};

/* Dropout 0, 0.5, 0.9 over six repeats: a comparison that has the check `untuned` alone. */
static void three_arms(fixture *x)
{
    fixture_init(x);
    fixture_factor(x, "dropout", QUESTION_TREATMENT, 0);
    for (int c = 0; c < 3; c++) {
        size_t config = fixture_config_1(x, c == 0 ? 0 : c == 1 ? 0.5 : 0.9);
        for (int k = 0; k < REPEATS; k++)
            fixture_run(x, config, k, LEVELS[c] + 0.02 * k + 0.003 * ((k + c) % 4));
    }
}

/* Dropout 0, 0.5 and three learning rates each, with its own metric as the question's. */
static void tuned_arms(fixture *x, const char *name)
{
    fixture_init(x);
    fixture_factor(x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(x, "learning_rate", QUESTION_TUNE, 1e-3);
    for (int c = 0; c < 6; c++) {
        size_t config = fixture_config_2(x, c < 3 ? 0 : 0.5, 0.001 * (1 + c % 3));
        for (int k = 0; k < REPEATS; k++) /* the middle rate is the best */
            fixture_run(x, config, k,
                        1 + 0.02 * k + (c % 3 == 1 ? 0 : 0.2) + 0.003 * ((k + c) % 4));
    }
    fixture_metric(x, name, METRIC_LOWER_IS_BETTER);
}

/* The check in the comparison, or NULL; `c` holds it until checks_close(). */
static const check_result *find(const checks *c, const char *code)
{
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->items[i].row->code, code) == 0)
            return &c->items[i];
    return NULL;
}

/* "SEVERITY config0 config1: DETAIL" of one check, "" where it is not there. */
static const char *found(const fixture *x, const char *code, char out[2048])
{
    arms a;
    checks c;
    fail f;
    out[0] = '\0';
    if (!fixture_open(x, &a))
        return out;
    if (CHECK_OK(checks_open(&a, &c, &f), f)) {
        const check_result *item = find(&c, code);
        int n = item ? snprintf(out, 2048, "%s", CHECK_SEVERITY_NAMES[item->row->severity]) : 0;
        for (size_t i = 0; item && i < item->finding.n_configs; i++)
            n += snprintf(out + n, 2048 - (size_t)n, " %zu", item->finding.configs[i]);
        if (item)
            snprintf(out + n, 2048 - (size_t)n, ": %s", item->finding.detail.data);
        checks_close(&c);
    }
    arms_close(&a);
    return out;
}

static void the_table_is_whole(void)
{
    static const char *const codes[] = {"by_construction",
                                        "still_improving",
                                        "untuned",
                                        "unequal_tuning",
                                        "edge_of_grid",
                                        "chosen_by_validation",
                                        "no_better_than_trivial",
                                        "one_split",
                                        "skewed",
                                        "adaptive",
                                        "exploratory",
                                        "test_seen"};
    CHECK_EQUAL_INT(CHECK_COUNT, sizeof codes / sizeof *codes);
    for (int i = 0; i < CHECK_COUNT; i++) {
        CHECK_EQUAL_STRING(CHECKS[i].code, codes[i]);
        CHECK((CHECKS[i].severity == CHECK_VOID) == (i == 0));
    }
}

static void a_sound_comparison_has_none(void)
{
    fixture x;
    arms a;
    checks c;
    fail f;
    tuned_arms(&x, "test_loss");
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_OR_RETURN(checks_open(&a, &c, &f));
    CHECK_EQUAL_INT(c.n, 0);
    checks_close(&c);
    arms_close(&a);
    fixture_init(&x);
    CHECK_OR_RETURN(fixture_open(&x, &a));
    CHECK_OR_RETURN(checks_open(&a, &c, &f));
    CHECK_EQUAL_INT(c.n, 0);
    checks_close(&c);
    arms_close(&a);
}

static void by_construction(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_EQUAL_STRING(found(&x, "by_construction", text), "");
    x.configs[2].stopping = "{}";
    CHECK_EQUAL_STRING(found(&x, "by_construction", text),
                       "void 2: The validation split chose the epoch otherwise for dropout 0.9 "
                       "than for the baseline: on it one of them looks better by construction. "
                       "Compare test loss.");
    fixture_metric(&x, "test_loss", METRIC_LOWER_IS_BETTER);
    CHECK_EQUAL_STRING(found(&x, "by_construction", text), "");
}

/* 200 samples: at 20 epochs dropout 0.5 looks bad (66.7 against 84.2 %), at 200 it is as good. */
static void still_improving(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    for (size_t i = REPEATS; i < REPEATS + 3; i++)
        x.runs[i].progress = ESTIMAND_PROGRESS_IMPROVING;
    CHECK_EQUAL_STRING(found(&x, "still_improving", text), ""); /* half is not over half */
    x.runs[REPEATS + 3].progress = ESTIMAND_PROGRESS_IMPROVING;
    CHECK_EQUAL_STRING(found(&x, "still_improving", text),
                       "caution 1: When training ended the validation loss was still falling by "
                       "over 1 % in most runs of dropout 0.5: with more epochs the comparison may "
                       "turn.");
    for (size_t i = REPEATS; i < REPEATS + 4; i++)
        x.runs[i].is_finished = false; /* stopped early: more epochs would change nothing */
    CHECK_EQUAL_STRING(found(&x, "still_improving", text), "");
}

/* Only the runs that make the arm's values count, not those of a rate that it did not choose. */
static void still_improving_is_of_the_chosen_runs(void)
{
    fixture x;
    char text[2048];
    tuned_arms(&x, "test_loss");
    for (size_t i = 0; i < x.table.n_runs; i++)
        if (x.runs[i].config % 3 != 1)
            x.runs[i].progress = ESTIMAND_PROGRESS_IMPROVING;
    CHECK_EQUAL_STRING(found(&x, "still_improving", text), "");
    for (size_t i = 0; i < x.table.n_runs; i++)
        if (x.runs[i].config == 1)
            x.runs[i].progress = ESTIMAND_PROGRESS_IMPROVING;
    CHECK_CONTAINS(found(&x, "still_improving", text), "caution 0 1 2: ");
}

static void untuned(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_CONTAINS(found(&x, "untuned", text),
                   "caution: Each arm was trained at one learning rate");
    x.table.n_configs = 1; /* one arm is no comparison */
    x.table.n_runs = REPEATS;
    CHECK_EQUAL_STRING(found(&x, "untuned", text), "");
    tuned_arms(&x, "test_loss");
    CHECK_EQUAL_STRING(found(&x, "untuned", text), "");
    fixture_init(&x); /* the learning rate itself is asked about */
    fixture_factor(&x, "learning_rate", QUESTION_TREATMENT, 1);
    fixture_run(&x, fixture_config_1(&x, 1), 0, 1);
    fixture_run(&x, fixture_config_1(&x, 2), 0, 1);
    CHECK_EQUAL_STRING(found(&x, "untuned", text), "");
}

static void unequal_tuning(void)
{
    fixture x;
    char text[2048];
    tuned_arms(&x, "test_loss");
    CHECK_EQUAL_STRING(found(&x, "unequal_tuning", text), "");
    x.table.n_configs = 5;
    x.table.n_runs = 5 * REPEATS;
    CHECK_EQUAL_STRING(found(&x, "unequal_tuning", text),
                       "caution 3 4: The baseline chose among another number of configs than "
                       "dropout 0.5: the best of more is better by that alone.");
}

/* The least or the greatest number tried, unless 0. */
static void edge_of_grid(void)
{
    static const double rates[][3] = {{0.001, 0.002, 0.003}, {0.003, 0.001, 0.004}};
    fixture x;
    char text[2048];
    tuned_arms(&x, "test_loss");
    CHECK_EQUAL_STRING(found(&x, "edge_of_grid", text), "");
    for (size_t c = 0; c < 6; c++) { /* the middle config is chosen: of the second arm the least */
        x.levels[c][1].number = rates[c / 3][c % 3];
        snprintf(x.texts[c][1], FIXTURE_TEXT, "%g", x.levels[c][1].number);
    }
    CHECK_EQUAL_STRING(found(&x, "edge_of_grid", text),
                       "caution 4: learning rate 0.001, which validation chose for dropout 0.5, is "
                       "the least tried: beyond it may be a better one.");
    x.levels[4][1].number = 0; /* below which there is nothing to try */
    CHECK_EQUAL_STRING(found(&x, "edge_of_grid", text), "");
    x.levels[4][1].number = 9;
    CHECK_CONTAINS(found(&x, "edge_of_grid", text), "is the greatest tried");
    for (size_t c = 3; c < 6; c++)
        x.levels[c][1].number = 9; /* one number is no grid */
    CHECK_EQUAL_STRING(found(&x, "edge_of_grid", text), "");
    x.levels[4][1].number = NAN; /* a name is no number */
    CHECK_EQUAL_STRING(found(&x, "edge_of_grid", text), "");
}

static void chosen_by_validation(void)
{
    fixture x;
    char text[2048];
    tuned_arms(&x, "val_loss");
    CHECK_CONTAINS(found(&x, "chosen_by_validation", text), "caution: Validation chose each arm's");
    tuned_arms(&x, "test_loss");
    CHECK_EQUAL_STRING(found(&x, "chosen_by_validation", text), "");
    three_arms(&x); /* nothing was tuned */
    CHECK_EQUAL_STRING(found(&x, "chosen_by_validation", text), "");
}

static void no_better_than_trivial(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_EQUAL_STRING(found(&x, "no_better_than_trivial", text), ""); /* not known */
    for (size_t c = 0; c < 3; c++)
        x.configs[c].trivial = 0.97; /* dropout 0.5 is at 0.95 */
    CHECK_EQUAL_STRING(found(&x, "no_better_than_trivial", text), "");
    for (size_t c = 0; c < 3; c++)
        x.configs[c].trivial = 0.94;
    CHECK_EQUAL_STRING(found(&x, "no_better_than_trivial", text),
                       "caution 0 1 2: By validation loss no arm does better than predicting the "
                       "shares of the classes every time: a comparison of nets of which none is of "
                       "use says little.");
    fixture_metric(&x, "val_accuracy", METRIC_HIGHER_IS_BETTER);
    CHECK_EQUAL_STRING(found(&x, "no_better_than_trivial", text), "");
    fixture_metric(&x, "val_loss", METRIC_LOWER_IS_BETTER);
    for (size_t i = 0; i < x.table.n_runs; i++)
        x.runs[i].r2 = 0.01; /* of a regression r2 says it */
    CHECK_EQUAL_STRING(found(&x, "no_better_than_trivial", text), "");
    for (size_t i = 0; i < x.table.n_runs; i++)
        x.runs[i].r2 = -0.01;
    CHECK_CONTAINS(found(&x, "no_better_than_trivial", text), "the mean of the targets");
}

static void one_split(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_EQUAL_STRING(found(&x, "one_split", text), "");
    x.configs[0].about = ESTIMAND_RESPLIT;
    CHECK_EQUAL_STRING(found(&x, "one_split", text), "");
    x.configs[0].about = ESTIMAND_SPLIT;
    CHECK_CONTAINS(found(&x, "one_split", text), "note: Every repeat measures the same rows");
}

/* t says 0.017, the flips say 0.0625: from six pairs on. */
static void skewed(void)
{
    static const double d[] = {0.1, 0.11, 0.09, 0.1, 0.105, -0.09, 0.11};
    fixture x;
    arms a;
    char text[2048];
    for (int n = 5; n <= 7; n++) {
        three_arms(&x);
        x.table.n_configs = 2;
        x.table.n_runs = 0;
        for (int k = 0; k < n; k++) {
            fixture_run(&x, 0, k, 1);
            fixture_run(&x, 1, k, 1 + (n == 6 ? d[k] + (k == 5 ? 0.07 : 0) : d[k]));
        }
        CHECK_OR_RETURN(fixture_open(&x, &a));
        const arm *o = fixture_arm(&a, 1);
        bool disagree = (o->difference.p_value < 0.05) != (o->sign_flip_p < 0.05);
        arms_close(&a);
        CHECK(disagree == (n != 7)); /* of five pairs flips never reach 0.05 */
        CHECK_EQUAL_INT(found(&x, "skewed", text)[0] != '\0', n == 6);
    }
}

static void adaptive(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_EQUAL_STRING(found(&x, "adaptive", text), "");
    x.table.options.was_extended = true;
    CHECK_CONTAINS(found(&x, "adaptive", text), "caution: Runs were added");
}

static void exploratory(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_EQUAL_STRING(found(&x, "exploratory", text), "");
    x.table.options.primary = "test_loss";
    CHECK_CONTAINS(found(&x, "exploratory", text), "caution: The question is about test loss");
}

static void test_seen(void)
{
    fixture x;
    char text[2048];
    three_arms(&x);
    CHECK_EQUAL_STRING(found(&x, "test_seen", text), "");
    x.table.options.n_test_asked = 3;
    CHECK_CONTAINS(found(&x, "test_seen", text), "note: Test metrics of this experiment were asked "
                                                 "for 3 times");
}

/* Arms of several contexts are named with theirs, and counted. */
static void findings_name_their_contexts(void)
{
    fixture x;
    char text[2048];
    fixture_init(&x);
    fixture_factor(&x, "dropout", QUESTION_TREATMENT, 0);
    fixture_factor(&x, "train_size", QUESTION_CONTEXT, 0);
    for (int size = 0; size < 3; size++)
        for (int dropout = 0; dropout < 2; dropout++)
            fixture_run(&x, fixture_config_2(&x, 0.5 * dropout, 100 + size), 0, 1)->progress =
                size > 0 ? ESTIMAND_PROGRESS_IMPROVING : ESTIMAND_PROGRESS_SETTLED;
    CHECK_CONTAINS(found(&x, "still_improving", text),
                   "caution 2 3 4 5: When training ended the validation loss was still falling by "
                   "over 1 % in most runs of no dropout and dropout 0.5 with train size 101 and in "
                   "1 other context:");
}

CHECK_MAIN("checks", the_table_is_whole, a_sound_comparison_has_none, by_construction,
           still_improving, still_improving_is_of_the_chosen_runs, untuned, unequal_tuning,
           edge_of_grid, chosen_by_validation, no_better_than_trivial, one_split, skewed, adaptive,
           exploratory, test_seen, findings_name_their_contexts)
