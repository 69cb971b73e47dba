/* The words of a comparison: its summary and the notes on its method. */
#include "server/comparison.h"

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

/* Significant digits that show both ends of the interval to two digits of its half, `least` or more. */
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

static void add_power(const comparison_config *config, buffer *out)
{
    if (config->minimum_detectable > 0)
        buffer_add_format(out,
                          " %zu pairs of seeds find a difference of %.2g in four of five cases.",
                          config->difference.difference.n, config->minimum_detectable);
}

static size_t count_verdict(const comparison *c, comparison_verdict verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_configs; i++)
        n += c->configs[i].verdict == verdict;
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

static void add_undirected(const comparison *c, buffer *out)
{
    const comparison_config *first = &c->configs[0], *last = first;
    for (size_t i = 0; i < c->n_configs; i++)
        if (c->configs[i].summary.n > 0)
            last = &c->configs[i];
    buffer_add_format(
        out, "%s goes from %.4g (%s) to %.4g (%s); neither more nor less of it is better.",
        metric_name(c), first->summary.mean, first->label, last->summary.mean, last->label);
}

static void add_baseline_best(const comparison *c, buffer *out)
{
    const comparison_config *next = &c->configs[1];
    size_t n_worse = count_verdict(c, COMPARISON_WORSE);
    buffer_add_format(out, "The baseline %s has the best mean %s: ", c->baseline->label,
                      metric_name(c));
    add_mean(&c->baseline->summary, out);
    if (next->verdict == COMPARISON_TOO_FEW_SEEDS) {
        buffer_add_format(out, "; fewer than %d pairs of seeds allow no verdict on the others.",
                          COMPARISON_PAIRS_LEAST);
        return;
    }
    if (n_worse == c->n_configs - 1)
        buffer_add_text(out, "; the evidence shows every other config to be worse.");
    else if (n_worse == 0)
        buffer_add_text(out, "; there is no evidence that any other config differs.");
    else
        buffer_add_format(out, "; the evidence shows %zu of the %zu other configs to be worse.",
                          n_worse, c->n_configs - 1);
    if (n_worse < c->n_configs - 1)
        add_power(next, out);
}

static void add_other_best(const comparison *c, buffer *out)
{
    const comparison_config *best = &c->configs[0];
    buffer_add_format(out, "%s has the best mean %s: ", best->label, metric_name(c));
    add_mean(&best->summary, out);
    if (best->verdict == COMPARISON_TOO_FEW_SEEDS) {
        buffer_add_format(out,
                          "; fewer than %d pairs of seeds allow no verdict (10 are good for a "
                          "claim).",
                          COMPARISON_PAIRS_LEAST);
        return;
    }
    buffer_add_text(out, ", ");
    add_difference(c, best, out);
    size_t n_better = count_verdict(c, COMPARISON_BETTER);
    if (best->verdict == COMPARISON_BETTER) {
        buffer_add_text(out, ": better than the baseline.");
        return;
    }
    buffer_add_text(out, ", which is no evidence of a difference.");
    if (n_better > 0)
        buffer_add_format(out, " There is evidence for %zu other config%s.", n_better,
                          plural(n_better));
    else
        add_power(best, out);
}

static void add_left_out(const comparison *c, buffer *out)
{
    if (c->n_failed > 0)
        buffer_add_format(out, " %zu run%s failed and %s left out.", c->n_failed,
                          plural(c->n_failed), c->n_failed == 1 ? "is" : "are");
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
    if (c->n_configs == 0 || c->configs[0].summary.n == 0)
        add_nothing_yet(c, out);
    else if (c->n_configs == 1)
        add_one_config(c, out);
    else if (METRICS[c->options.metric].direction == METRIC_NEITHER)
        add_undirected(c, out);
    else if (c->baseline == &c->configs[0])
        add_baseline_best(c, out);
    else
        add_other_best(c, out);
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
                 "Differences to the baseline are paired by seed; p_value is the two-sided paired "
                 "t test, null when all differences are equal.");
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
                 "at the 5 %% level (noncentral t).");
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
        snprintf(sentence, sentence_bytes,
                 "Seeds were added until the intervals were narrow enough or `max` was reached: "
                 "the rule looked at the results, so p values are somewhat too small.");
        return c->options.is_sequential;
    default:
        return false;
    }
}
