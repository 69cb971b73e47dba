/* The notes on the method of a comparison: a table of sentences, each with when it applies. */
#include "server/study/conclusion.h"
#include "server/study/phrases.h"

#include <string.h>

/* ---- when a note applies ---- */

static bool is_always(const arms *a)
{
    (void)a;
    return true;
}

static bool has_about(const arms *a, estimand_about about)
{
    for (size_t c = 0; c < a->n_contexts; c++)
        if (a->contexts[c].about == about)
            return true;
    return false;
}

static bool is_split(const arms *a)
{
    return has_about(a, ESTIMAND_SPLIT);
}

static bool is_resplit(const arms *a)
{
    return has_about(a, ESTIMAND_RESPLIT);
}

static bool is_new_data(const arms *a)
{
    return has_about(a, ESTIMAND_NEW_DATA);
}

static bool is_staged(const arms *a)
{
    return a->table->options.n_first > 0;
}

static bool has_sign_flips(const arms *a)
{
    for (size_t i = 0; i < a->n_arms; i++)
        if (a->items[i].sign_flip_p <= 1 && a->items[i].verdict != ARM_BASELINE)
            return true;
    return false;
}

static bool is_tuned(const arms *a)
{
    return a->table->n_configs > a->n_arms;
}

static bool is_of_test(const arms *a)
{
    return estimand_part(a->table->options.metric) == PART_TEST;
}

static bool is_not_of_test(const arms *a)
{
    return !is_of_test(a);
}

static bool has_failed(const arms *a)
{
    return a->tally.n_failed > 0;
}

static bool is_drawn(const arms *a)
{
    return a->table->options.is_drawn && !a->table->options.has_baseline;
}

static bool is_gap(const arms *a)
{
    return strcmp(a->table->options.metric, METRICS[METRIC_GENERALIZATION_GAP].name) == 0;
}

/* ---- notes with figures in them ---- */

static void add_means(const arms *a, buffer *out)
{
    static const char *const weights[STUDY_AT_COUNT] = {"with the selected weights of each run",
                                                        "at the best epoch of each run",
                                                        "at the last epoch of each run"};
    buffer_add_text(out, "Means and deviations are over repeats, of ");
    buffer_add_text(out, a->table->options.metric);
    buffer_add_format(out,
                      " %s; ci_low and ci_high are 95 %% Student t intervals, not adjusted "
                      "for the number of arms.",
                      weights[a->table->options.at]);
}

static void add_holm(const arms *a, buffer *out)
{
    buffer_add_format(out,
                      "p_adjusted is Holm's over %zu test%s, all arms of all contexts; better and "
                      "worse mean p_adjusted < 0.05, and want at least %d pairs.",
                      a->n_tests, phrases_plural(a->n_tests), ARMS_PAIRS_LEAST);
}

static void add_stages(const arms *a, buffer *out)
{
    buffer_add_format(
        out,
        "Repeats were added once, as many as the deviation of the first %zu asked for "
        "(Stein 1945): intervals and p have that deviation and its degrees of "
        "freedom, and hold whatever it asked for.",
        a->table->options.n_first);
}

static void add_selected(const arms *a, buffer *out)
{
    buffer_add_format(out,
                      "The selected config has the best mean %s with the selected weights; its "
                      "optimism is how much that flatters beside %s, less the mean of the same "
                      "over all configs.",
                      a->table->options.select_by, a->table->options.test_metric);
}

static void add_test_split(const arms *a, buffer *out)
{
    buffer_add_format(out,
                      "%s is of the test split: whoever chooses an arm by it has no test split "
                      "left.",
                      a->table->options.metric);
}

/* ---- the table ---- */

typedef struct note {
    bool (*applies)(const arms *a);
    const char *words;
    void (*add)(const arms *a, buffer *out); /* in place of words */
} note;

static const note NOTES[] = {
    {is_always, NULL, add_means},
    {is_always,
     "Differences to the baseline are paired by repeat; p_value is the two-sided paired t test, "
     "null when all differences are equal.",
     NULL},
    {is_always, NULL, add_holm},
    {is_always,
     "equivalent means that two one-sided t tests put the difference within the smallest that "
     "matters, after Holm's adjustment over the same arms (Schuirmann 1987); no_evidence says "
     "nothing of the kind.",
     NULL},
    {is_always,
     "minimum_detectable is the difference that this many pairs find with 80 % power at the 5 % "
     "level (noncentral t), before Holm's adjustment.",
     NULL},
    {has_sign_flips,
     "sign_flip_p is the paired sign-flip test on the mean, exact up to 20 pairs: it assumes no "
     "normal distribution, only that differences may have either sign.",
     NULL},
    {is_tuned,
     "An arm of several configs takes in each repeat the run that validation prefers there: tuning "
     "is part of what is repeated (Bouthillier et al. 2021), and judged on other rows by a test "
     "metric alone.",
     NULL},
    {is_always, NULL, add_selected},
    {is_of_test, NULL, add_test_split},
    {is_not_of_test, "The test split is never used to select.", NULL},
    {is_split,
     "Repeats measure the same rows: intervals and p are about training on these data, not about "
     "others like them. repeat_varies with data_seed asks about those.",
     NULL},
    {is_resplit,
     "Each repeat draws its rows anew from one set, so that repeats share rows: the variance of a "
     "mean is (1/n + n_measured/n_pool) s^2 in place of s^2/n (Nadeau and Bengio 2003).",
     NULL},
    {is_new_data,
     "Each repeat has generated data of its own: intervals and p are about data of this kind.",
     NULL},
    {is_staged, NULL, add_stages},
    {has_failed,
     "Failed runs are left out of means, pairs and the selection: where some of an arm's repeats "
     "failed, its numbers and its verdict are those of the others.",
     NULL},
    {is_drawn,
     "The baseline is the first config that the random search drew, an arbitrary one: differences "
     "to it do not say what a setting does.",
     NULL},
    {is_gap,
     "A smaller gap is not a better net: one that learns little has none. Look at val_loss as "
     "well.",
     NULL},
};

bool conclusion_add_note(const arms *a, int i, buffer *out)
{
    for (size_t k = 0; k < sizeof NOTES / sizeof *NOTES; k++) {
        if (!NOTES[k].applies(a) || i-- > 0)
            continue;
        if (NOTES[k].add)
            NOTES[k].add(a, out);
        else
            buffer_add_text(out, NOTES[k].words);
        return true;
    }
    return false;
}
