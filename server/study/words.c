/* The words of a comparison: its summary and the notes on its method. */
#include "server/study/comparison.h"

#include <math.h>
#include <stdio.h>

static const char *metric_name(const comparison *c)
{
    return METRICS[c->options.metric].name;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* A number for a sentence: with true minus signs. */
static void add_number(double x, int digits, buffer *out)
{
    char text[40];
    snprintf(text, sizeof text, "%.*g", digits, x);
    for (const char *c = text; *c; c++)
        buffer_add_format(out, *c == '-' ? "−" : "%c", *c);
}

/* Significant digits that show both ends of the interval to two digits of its half, `least` or
 * more. */
static int interval_digits(const stats_summary *s, int least)
{
    double half = (s->ci_high - s->ci_low) / 2, size = fmax(fabs(s->ci_low), fabs(s->ci_high));
    if (!(half > 0) || !isfinite(half))
        return least;
    double digits = 2 + floor(log10(size)) - floor(log10(half));
    return digits < least ? least : digits > 9 ? 9 : (int)digits;
}

/* "95 % interval 0.4 to 0.42" */
static void add_interval(const stats_summary *s, int digits, buffer *out)
{
    buffer_add_text(out, "95 % interval ");
    add_number(s->ci_low, digits, out);
    buffer_add_text(out, " to ");
    add_number(s->ci_high, digits, out);
}

/* "0.4123 over 5 seeds (95 % interval 0.4 to 0.42)"; without an interval from one seed. */
static void add_mean(const stats_summary *s, buffer *out)
{
    int digits = interval_digits(s, 3);
    add_number(s->mean, digits < 4 ? 4 : digits, out);
    buffer_add_format(out, " over %zu seed%s", s->n, plural(s->n));
    if (s->n < 2)
        return;
    buffer_add_text(out, " (");
    add_interval(s, digits, out);
    buffer_add_text(out, ")");
}

/* Are the means of the config and of the baseline over the very runs that make the pairs? */
static bool has_same_seeds(const comparison *c, const comparison_config *config)
{
    size_t n = config->difference.difference.n;
    return config->summary.n == n && c->baseline->summary.n == n;
}

/* "0.05 lower than the baseline dropout=0 (95 % interval −0.07 to −0.03, p = 0.001 ...)". */
static void add_difference(const comparison *c, const comparison_config *config, buffer *out)
{
    const stats_summary *d = &config->difference.difference;
    int digits = d->n < 2 ? 2 : interval_digits(d, 2);
    if (d->mean == 0)
        buffer_add_format(out, "equal to the baseline %s", c->baseline->label);
    else {
        add_number(fabs(d->mean), digits, out);
        buffer_add_format(out, " %s than the baseline %s", d->mean < 0 ? "lower" : "higher",
                          c->baseline->label);
    }
    if (!has_same_seeds(c, config))
        buffer_add_format(out, " over the %zu seed%s that both have", d->n, plural(d->n));
    if (d->n < 2)
        return;
    buffer_add_text(out, " (");
    add_interval(d, digits, out);
    if (isnan(config->p_adjusted))
        buffer_add_text(out, ", the same for every seed)");
    else if (config->p_adjusted < 1e-4)
        buffer_add_format(out, ", p < 0.0001 after Holm for %zu test%s)", c->n_tests,
                          plural(c->n_tests));
    else
        buffer_add_format(out, ", p = %.2g after Holm for %zu test%s)", config->p_adjusted,
                          c->n_tests, plural(c->n_tests));
}

/* The power is that of one test alone; the verdict asks for more where there are several. */
static void add_power(const comparison *c, const comparison_config *config, buffer *out)
{
    if (!config || !(config->minimum_detectable > 0))
        return;
    buffer_add_text(out, " ");
    if (config != &c->configs[0] && c->n_configs > 2)
        buffer_add_format(out, "For %s, ", config->label);
    buffer_add_format(out, "%zu pairs of seeds find a difference of %.2g in four of five cases%s.",
                      config->difference.difference.n, config->minimum_detectable,
                      c->n_tests > 1 ? " at the 5 % level, before Holm's adjustment" : "");
}

/* How many configs beside `except` have this verdict; *first: the one with the best mean, or
 * NULL. */
static size_t count_verdict(const comparison *c, comparison_verdict verdict,
                            const comparison_config *except, const comparison_config **first)
{
    size_t n = 0;
    *first = NULL;
    for (size_t i = 0; i < c->n_configs; i++) {
        if (c->configs[i].verdict != verdict || &c->configs[i] == except)
            continue;
        *first = *first ? *first : &c->configs[i];
        n++;
    }
    return n;
}

static size_t count_valued(const comparison *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_configs; i++)
        n += c->configs[i].summary.n > 0;
    return n;
}

static void add_nothing_yet(const comparison *c, buffer *out)
{
    if (c->n_configs == 0)
        buffer_add_text(out, "The experiment has no run.");
    else if (c->n_unfinished > 0)
        buffer_add_format(out, "No finished run has a value of %s yet.", metric_name(c));
    else
        buffer_add_format(out, "No run has a value of %s.", metric_name(c));
}

static void add_one_config(const comparison *c, buffer *out)
{
    buffer_add_format(out, "%s is ", metric_name(c));
    add_mean(&c->configs[0].summary, out);
    buffer_add_text(out, "; there is one config only, so nothing is compared.");
}

static void add_one_valued(const comparison *c, buffer *out)
{
    buffer_add_format(out, "%s of %s is ", metric_name(c), c->configs[0].label);
    add_mean(&c->configs[0].summary, out);
    buffer_add_format(out, "; no other config has a value%s, so nothing is compared.",
                      c->n_unfinished > 0 ? " yet" : "");
}

static void add_undirected(const comparison *c, buffer *out)
{
    const comparison_config *first = &c->configs[0], *last = &c->configs[count_valued(c) - 1];
    if (first->summary.mean == last->summary.mean) {
        buffer_add_format(out, "%s is ", metric_name(c));
        add_number(first->summary.mean, 4, out);
        buffer_add_text(out, " on average in every config.");
        return;
    }
    buffer_add_format(out, "%s goes from ", metric_name(c));
    add_number(first->summary.mean, 4, out);
    buffer_add_format(out, " (%s) to ", first->label);
    add_number(last->summary.mean, 4, out);
    buffer_add_format(out, " (%s); neither more nor less of it is better.", last->label);
}

static void add_best_mean(const comparison *c, const comparison_config *best, buffer *out)
{
    buffer_add_format(out,
                      "%s%s has the best mean %s: ", best == c->baseline ? "The baseline " : "",
                      best->label, metric_name(c));
    add_mean(&best->summary, out);
}

/* Without the baseline there are no pairs, however many seeds the others have. */
static void add_baseline_missing(const comparison *c, buffer *out)
{
    const comparison_config *baseline = c->baseline;
    add_best_mean(c, &c->configs[0], out);
    buffer_add_text(out, "; ");
    if (baseline->n_failed == 1 && baseline->n_runs == 1)
        buffer_add_format(out, "the run of the baseline %s failed", baseline->label);
    else if (baseline->n_failed == baseline->n_runs)
        buffer_add_format(out, "all %zu runs of the baseline %s failed", baseline->n_runs,
                          baseline->label);
    else
        buffer_add_format(out, "the baseline %s has no value%s", baseline->label,
                          baseline->n_unfinished > 0 ? " yet" : "");
    buffer_add_text(out, ", so nothing is compared with it.");
}

/* ", and for 2 more." */
static void add_more(size_t n, buffer *out)
{
    if (n > 0)
        buffer_add_format(out, ", and for %zu more", n);
    buffer_add_text(out, ".");
}

/* The baseline leads: what the evidence says of the others, which over shared seeds may be the
 * contrary. */
static void add_verdicts_on_others(const comparison *c, buffer *out)
{
    size_t n_others = c->n_configs - 1;
    const comparison_config *better, *worse, *unclear, *few;
    size_t n_better = count_verdict(c, COMPARISON_BETTER, NULL, &better);
    size_t n_worse = count_verdict(c, COMPARISON_WORSE, NULL, &worse);
    size_t n_few = count_verdict(c, COMPARISON_TOO_FEW_SEEDS, NULL, &few);
    (void)count_verdict(c, COMPARISON_NO_EVIDENCE, NULL, &unclear);
    if (n_few == n_others) {
        buffer_add_format(out, "; fewer than %d pairs of seeds allow no verdict on the other%s.",
                          COMPARISON_PAIRS_LEAST, plural(n_others));
        return;
    }
    if (n_better > 0) {
        buffer_add_format(out, ", but there is evidence for %s, ", better->label);
        add_difference(c, better, out);
        add_more(n_better - 1, out);
        if (n_worse > 0)
            buffer_add_format(out, " It shows %zu of the %zu other configs to be worse.", n_worse,
                              n_others);
    } else if (n_worse == n_others)
        buffer_add_text(out, "; the evidence shows every other config to be worse.");
    else if (n_worse == 0)
        buffer_add_text(out, "; there is no evidence that any other config differs.");
    else
        buffer_add_format(out, "; the evidence shows %zu of the %zu other configs to be worse.",
                          n_worse, n_others);
    if (n_few > 0)
        buffer_add_format(out, " Fewer than %d pairs of seeds allow no verdict on %zu of them.",
                          COMPARISON_PAIRS_LEAST, n_few);
    if (n_better == 0)
        add_power(c, unclear, out);
}

/* Another config leads, and that proves nothing: where the evidence is instead. */
static void add_evidence_elsewhere(const comparison *c, const comparison_config *best, buffer *out)
{
    const comparison_config *better, *worse;
    size_t n_better = count_verdict(c, COMPARISON_BETTER, best, &better);
    size_t n_worse = count_verdict(c, COMPARISON_WORSE, best, &worse);
    if (n_better > 0) {
        buffer_add_format(out, " There is evidence for %s, ", better->label);
        add_difference(c, better, out);
        add_more(n_better - 1, out);
    }
    if (n_worse > 0)
        buffer_add_format(out, " The evidence shows %zu other config%s to be worse.", n_worse,
                          plural(n_worse));
    if (n_better == 0 && best->verdict == COMPARISON_NO_EVIDENCE)
        add_power(c, best, out);
}

static bool is_paired_for_the_worse(const comparison *c, const comparison_config *config)
{
    double mean = config->difference.difference.mean;
    return METRICS[c->options.metric].direction == METRIC_LOWER_IS_BETTER ? mean > 0 : mean < 0;
}

static void add_verdict_on_best(const comparison *c, buffer *out)
{
    const comparison_config *best = &c->configs[0];
    if (best->verdict == COMPARISON_TOO_FEW_SEEDS) {
        buffer_add_format(
            out,
            "; fewer than %d pairs of seeds allow no verdict on it (10 are good for a "
            "claim).",
            COMPARISON_PAIRS_LEAST);
        add_evidence_elsewhere(c, best, out);
        return;
    }
    buffer_add_text(out, is_paired_for_the_worse(c, best) ? ", but " : ", ");
    add_difference(c, best, out);
    if (best->verdict == COMPARISON_BETTER) {
        buffer_add_text(out, ": better than the baseline.");
        return;
    }
    const stats_summary *d = &best->difference.difference;
    bool excludes_zero = d->ci_low > 0 || d->ci_high < 0;
    if (best->verdict == COMPARISON_WORSE)
        buffer_add_text(out, ": worse than the baseline.");
    else if (excludes_zero && c->n_tests > 1)
        buffer_add_format(out, ", which among %zu tests is no evidence of a difference.",
                          c->n_tests);
    else
        buffer_add_text(out, ", which is no evidence of a difference.");
    add_evidence_elsewhere(c, best, out);
}

/* "3 of the 5 of dropout=0.9": a config that is praised, though not all of its runs trained. */
static void add_failed_of(const comparison_config *config, size_t *n_named, buffer *out)
{
    buffer_add_format(out, "%s%zu of the %zu of %s", *n_named == 0 ? ", among them " : " and ",
                      config->n_failed, config->n_runs, config->label);
    ++*n_named;
}

static void add_failed(const comparison *c, buffer *out)
{
    const comparison_config *better, *named[] = {NULL, NULL, c->selected};
    size_t n_named = 0;
    (void)count_verdict(c, COMPARISON_BETTER, NULL, &better);
    named[0] = c->configs[0].summary.n > 0 ? &c->configs[0] : NULL;
    named[1] = better;
    buffer_add_format(out, " %zu run%s failed and %s left out", c->n_failed, plural(c->n_failed),
                      c->n_failed == 1 ? "is" : "are");
    for (int i = 0; c->n_configs > 1 && i < 3; i++) {
        bool is_told = (i > 0 && named[i] == named[0]) || (i > 1 && named[i] == named[1]);
        if (named[i] && named[i]->n_failed > 0 && !is_told)
            add_failed_of(named[i], &n_named, out);
    }
    buffer_add_text(out, ".");
}

/* A comparison of nets of which none is of any use says little. */
static void add_uselessness(const comparison *c, buffer *out)
{
    double best = -INFINITY;
    for (size_t i = 0; i < c->n_configs; i++)
        if (c->configs[i].r2.n > 0)
            best = fmax(best, c->configs[i].r2.mean);
    if (!isfinite(best) || best > 0)
        return;
    buffer_add_text(out, " No config predicts better than the mean of the targets would (val_r2 ");
    add_number(best, 2, out);
    buffer_add_text(out, " at best): train longer or faster, or bring targets of about unit size.");
}

static void add_left_out(const comparison *c, buffer *out)
{
    if (c->n_failed > 0)
        add_failed(c, out);
    if (c->n_without > 0 && c->configs[0].summary.n > 0)
        buffer_add_format(out, " %zu run%s %s no %s and %s left out.", c->n_without,
                          plural(c->n_without), c->n_without == 1 ? "has" : "have", metric_name(c),
                          c->n_without == 1 ? "is" : "are");
    if (c->n_unfinished > 0)
        buffer_add_format(out, " %zu run%s %s not finished yet.", c->n_unfinished,
                          plural(c->n_unfinished), c->n_unfinished == 1 ? "is" : "are");
}

void comparison_add_summary(const comparison *c, buffer *out)
{
    size_t n_valued = count_valued(c);
    if (n_valued == 0)
        add_nothing_yet(c, out);
    else if (c->n_configs == 1)
        add_one_config(c, out);
    else if (METRICS[c->options.metric].direction == METRIC_NEITHER && n_valued > 1)
        add_undirected(c, out);
    else if (c->baseline->summary.n == 0)
        add_baseline_missing(c, out);
    else if (n_valued == 1)
        add_one_valued(c, out);
    else {
        add_best_mean(c, &c->configs[0], out);
        if (c->baseline == &c->configs[0])
            add_verdicts_on_others(c, out);
        else
            add_verdict_on_best(c, out);
    }
    add_uselessness(c, out);
    add_left_out(c, out);
}

static const char *weights_of(comparison_at at)
{
    switch (at) {
    case COMPARISON_AT_BEST:
        return "at the best epoch of each run";
    case COMPARISON_AT_LAST:
        return "at the last epoch of each run";
    default:
        return "with the selected weights of each run";
    }
}

/* What tells repeats apart. */
static const char *repeat_name(const comparison *c)
{
    const comparison_design *d = &c->options.design;
    return d->varies_data_seed ? d->keeps_seed ? "data_seed" : "seed and data_seed" : "seed";
}

/* Note number i of those that not every comparison has; false where there are no more. */
static bool add_occasional_note(const comparison *c, int i, char *sentence, size_t sentence_bytes)
{
    const comparison_design *d = &c->options.design;
    metric_id test = comparison_test_metric(c->options.metric);
    bool is_selected_by = test != METRIC_COUNT && c->options.at != COMPARISON_AT_LAST;
    const struct {
        bool applies;
        const char *words, *metric, *end;
    } notes[] = {
        {d->is_sequential,
         "Seeds were added until the intervals of all differences were narrow enough or `max` was "
         "reached: the rule looked at the results, so p values are somewhat too small.",
         "", ""},
        {d->was_extended,
         "Runs were added later. p values take the number of seeds as settled beforehand: whoever "
         "looks, and adds seeds until p < 0.05, finds that more often than in one case of twenty.",
         "", ""},
        {c->n_failed > 0,
         "Failed runs are left out of means, pairs and the selection: where some of a config's "
         "seeds failed, its numbers and its verdict are those of the others.",
         "", ""},
        {d->has_drawn_baseline,
         "The baseline is the first config that the random search drew, an arbitrary one: "
         "differences to it do not say what a setting does.",
         "", ""},
        {d->compares_stopping && is_selected_by,
         "Early stopping selects the epoch with the best validation value: by a validation metric "
         "it looks better by construction. Compare ",
         is_selected_by ? METRICS[test].name : "", "."},
        {c->options.metric == METRIC_GENERALIZATION_GAP,
         "A smaller gap is not a better net: one that learns little has none. Look at val_loss as "
         "well.",
         "", ""},
    };
    for (size_t k = 0; k < sizeof notes / sizeof *notes; k++)
        if (notes[k].applies && i-- == 0) {
            snprintf(sentence, sentence_bytes, "%s%s%s", notes[k].words, notes[k].metric,
                     notes[k].end);
            return true;
        }
    return false;
}

/* Which question the repeats answer. */
static const char *repeats_note(const comparison *c)
{
    const comparison_design *d = &c->options.design;
    if (!d->varies_data_seed)
        return "Repeats differ in their seed alone (initialization, order, masks): data and split "
               "are the same in all of them, so intervals and p values are about training on these "
               "data, not about others like them. repeat_varies with data_seed asks about those.";
    if (d->has_generated_data)
        return "Each repeat has generated data of its own: intervals and p values are about data "
               "of "
               "this kind.";
    return "Each repeat splits the same rows anew: training parts overlap, so p values are "
           "somewhat "
           "too small (Nadeau and Bengio 2003).";
}

bool comparison_method_note(const comparison *c, int i, char *sentence, size_t sentence_bytes)
{
    const char *test_note = "The test split is never used to select.";
    char asked[160];
    if (METRICS[c->options.metric].is_test) {
        snprintf(asked, sizeof asked,
                 "%s is of the test split: whoever chooses a config by it has no test split left.",
                 metric_name(c));
        test_note = asked;
    }
    switch (i) {
    case 0:
        snprintf(sentence, sentence_bytes,
                 "Means and deviations are over seeds, of %s %s; ci_low and ci_high are 95 %% "
                 "Student t intervals, not adjusted for the number of configs.",
                 metric_name(c), weights_of(c->options.at));
        return true;
    case 1:
        snprintf(sentence, sentence_bytes,
                 "Differences to the baseline are paired by %s; p_value is the two-sided paired "
                 "t test, null when all differences are equal.",
                 repeat_name(c));
        return true;
    case 2:
        snprintf(sentence, sentence_bytes,
                 "p_adjusted is Holm's over %zu test%s; better and worse mean p_adjusted < 0.05, "
                 "and want at least %d pairs.",
                 c->n_tests, plural(c->n_tests), COMPARISON_PAIRS_LEAST);
        return true;
    case 3:
        snprintf(sentence, sentence_bytes,
                 "minimum_detectable is the difference that this many pairs find with 80 %% power "
                 "at the 5 %% level (noncentral t), before Holm's adjustment.");
        return true;
    case 4:
        snprintf(sentence, sentence_bytes,
                 "The selected config has the best mean %s with the selected weights; its "
                 "optimism is how much that flatters beside %s.",
                 METRICS[c->options.select_by].name, METRICS[c->options.test].name);
        return true;
    case 5:
        snprintf(sentence, sentence_bytes, "%s", test_note);
        return true;
    case 6:
        snprintf(sentence, sentence_bytes, "%s", repeats_note(c));
        return true;
    default:
        return add_occasional_note(c, i - 7, sentence, sentence_bytes);
    }
}
