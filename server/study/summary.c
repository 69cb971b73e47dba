/* The summary of a comparison: a few plain sentences with the numbers. */
#include "server/study/conclusion.h"
#include "server/study/phrases.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONTEXTS_TOLD_LIMIT = 4 };

/* ---- numbers with their intervals ---- */

/* " (95 % interval 0.4 to 0.42" */
static void open_interval(double low, double high, int digits, const char *confidence, buffer *out)
{
    buffer_add_format(out, " (%s %% interval ", confidence);
    phrases_add_number(low, digits, out);
    buffer_add_text(out, " to ");
    phrases_add_number(high, digits, out);
}

/* "0.4123 over 5 repeats (95 % interval 0.4 to 0.42)"; without an interval from one. */
static void add_mean(const stats_estimate *s, buffer *out)
{
    int digits = phrases_interval_digits(s->ci_low, s->ci_high, 3);
    phrases_add_number(s->mean, digits < 4 ? 4 : digits, out);
    buffer_add_format(out, " over %zu repeat%s", s->n, phrases_plural(s->n));
    if (isnan(s->ci_low))
        return;
    open_interval(s->ci_low, s->ci_high, digits, "95", out);
    buffer_add_text(out, ")");
}

static const arm *baseline_of(const arms *a, const arm *x)
{
    return &a->items[a->contexts[x->context].baseline];
}

/* "p = 0.01 after Holm for 3 tests"; of equivalence also against what. */
static void add_adjusted_p(const arms *a, const arm *x, buffer *out)
{
    if (arms_differs_by_little(x)) {
        phrases_add_p(x->p_adjusted, out);
        buffer_add_text(out, " against no difference and ");
    }
    phrases_add_p(x->verdict == ARM_EQUIVALENT ? x->equivalence_p_adjusted : x->p_adjusted, out);
    if (x->verdict == ARM_EQUIVALENT)
        buffer_add_format(out, " against %s that matters,",
                          arms_differs_by_little(x) ? "one" : "a difference");
    buffer_add_format(out, " after Holm for %zu test%s", a->n_tests, phrases_plural(a->n_tests));
}

/* "0.05 lower than the baseline no dropout over the 4 repeats that both have"; the baseline by name
 * where the sentence has not told of it. */
static void add_amount(const arms *a, const arm *x, int digits, bool names_baseline, buffer *out)
{
    const arm *baseline = baseline_of(a, x);
    const stats_estimate *d = &x->difference;
    if (d->mean == 0) {
        buffer_add_text(out, d->error == 0 ? "in every repeat " : "");
        buffer_add_text(out, names_baseline ? "equal to" : "equal");
    } else {
        phrases_add_number(fabs(d->mean), digits, out);
        buffer_add_format(out, " %s%s", d->mean < 0 ? "lower" : "higher",
                          names_baseline ? " than" : "");
    }
    if (names_baseline) {
        buffer_add_text(out, " the baseline ");
        phrases_add_arm(a, baseline, out);
    }
    if (x->n_values != d->n || baseline->n_values != d->n)
        buffer_add_format(out, " over the %zu repeat%s that both have", d->n, phrases_plural(d->n));
}

/* The number as it is shown with so many digits. */
static double shown(double x, int digits)
{
    char text[40];
    snprintf(text, sizeof text, "%.*g", digits, x);
    return strtod(text, NULL);
}

/* As many digits as show ends inside the margin inside it, too. */
static int digits_within(double low, double high, double margin, int digits)
{
    double size = fmax(fabs(low), fabs(high));
    while (digits < 15 && size < margin && shown(size, digits) >= margin)
        digits++;
    return digits;
}

/* The amount with the interval that its verdict rests on: of equivalence the 90 % one, whose ends
 * are the two one-sided tests. */
static void add_difference(const arms *a, const arm *x, bool names_baseline, buffer *out)
{
    const stats_estimate *d = &x->difference;
    bool is_equivalent = x->verdict == ARM_EQUIVALENT;
    double half = stats_estimate_half_width(d, is_equivalent ? 0.9 : STATS_CONFIDENCE);
    double low = d->mean - half, high = d->mean + half;
    int digits = phrases_interval_digits(low, high, 2);
    if (is_equivalent)
        digits = digits_within(low, high, a->contexts[x->context].smallest_effect, digits);
    add_amount(a, x, digits, names_baseline, out);
    if (!(d->error > 0)) {
        if (d->error == 0 && d->mean != 0)
            buffer_add_text(out, ", the same in every repeat");
        return;
    }
    open_interval(low, high, digits, is_equivalent ? "90" : "95", out);
    buffer_add_text(out, ", ");
    add_adjusted_p(a, x, out);
    buffer_add_text(out, ")");
}

/* "less than the 0.0041 that matters" */
static void add_margin(const arms *a, const arm *x, buffer *out)
{
    buffer_add_text(out, "less than the ");
    phrases_add_number(a->contexts[x->context].smallest_effect, 3, out);
    buffer_add_text(out, " that matters");
}

/* The power is that of one test alone; a verdict asks for more where there are several. */
static void add_power(const arms *a, const arm *x, buffer *out)
{
    if (!x || !(x->minimum_detectable > 0))
        return;
    buffer_add_text(out, " For ");
    phrases_add_arm(a, x, out);
    buffer_add_format(out, ", %zu pairs of repeats find a difference of ", x->difference.n);
    phrases_add_number(x->minimum_detectable, 2, out);
    buffer_add_format(out, " in four of five cases%s.",
                      a->n_tests > 1 ? " at the 5 % level, before Holm's adjustment" : "");
}

/* ---- the best mean ---- */

/* The first of the arms that may be called best. */
static const arm *best_of(const arms *a, const arms_context *context)
{
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++)
        if (a->items[i].n_values > 0 && a->items[i].verdict != ARM_VOID)
            return &a->items[i];
    return NULL;
}

static bool is_identical(const arm *x)
{
    return x->difference.mean == 0 && x->difference.error == 0;
}

static bool excludes_zero(const stats_estimate *d)
{
    return d->ci_low > 0 || d->ci_high < 0;
}

static void add_verdict(const arms *a, const arm *x, buffer *out)
{
    switch (x->verdict) {
    case ARM_BETTER:
        buffer_add_text(out, ": better than the baseline.");
        break;
    case ARM_WORSE:
        buffer_add_text(out, ": worse than the baseline.");
        break;
    case ARM_EQUIVALENT:
        if (is_identical(x)) {
            buffer_add_text(out, ".");
            break;
        }
        buffer_add_text(out, arms_differs_by_little(x) ? ": reliably different, by "
                                                       : ": equivalent, the difference is ");
        add_margin(a, x, out);
        buffer_add_text(out, ".");
        break;
    default:
        if (phrases_kind_of(x) == PHRASES_UNTESTED) {
            buffer_add_text(out, ", which no test can judge.");
            break;
        }
        buffer_add_text(out, ", which ");
        if (excludes_zero(&x->difference) && a->n_tests > 1)
            buffer_add_format(out, "among %zu tests ", a->n_tests);
        buffer_add_text(out, "is no evidence of a difference.");
    }
}

static bool is_paired_for_the_worse(const arms *a, const arm *x)
{
    double mean = x->difference.mean;
    return a->table->options.direction == METRIC_LOWER_IS_BETTER ? mean > 0 : mean < 0;
}

static void add_best(const arms *a, const arm *best, buffer *out)
{
    const arm *baseline = baseline_of(a, best);
    buffer_add_text(out, best == baseline ? "the baseline " : "");
    phrases_add_arm(a, best, out);
    buffer_add_text(out, " has the best mean ");
    phrases_add_metric(&a->table->options, out);
    buffer_add_text(out, ": ");
    add_mean(&best->summary, out);
    if (best == baseline) {
        buffer_add_text(out, ".");
    } else if (best->difference.n < ARMS_PAIRS_LEAST) {
        buffer_add_format(out, "; fewer than %d repeats in common with the baseline ",
                          ARMS_PAIRS_LEAST);
        phrases_add_arm(a, baseline, out);
        buffer_add_text(out, " allow no verdict on it (10 are good for a claim).");
    } else {
        buffer_add_text(out, is_paired_for_the_worse(a, best) ? ", but " : ", ");
        add_difference(a, best, true, out);
        add_verdict(a, best, out);
    }
}

/* ---- the other arms ---- */

static const arm *first_of(const arms *a, const phrases_list *list)
{
    return &a->items[list->named[0]];
}

/* " x and y are better than the baseline too, x 0.05 lower (95 % ...)." */
static void add_shown(const arms *a, const phrases_list *list, const char *words, buffer *out)
{
    if (list->n == 0)
        return;
    buffer_add_text(out, " ");
    phrases_add_list(a, list, "and", out);
    buffer_add_format(out, " %s %s, ", list->n == 1 ? "is" : "are", words);
    if (list->n > 1) {
        phrases_add_arm(a, first_of(a, list), out);
        buffer_add_text(out, " ");
    }
    add_difference(a, first_of(a, list), false, out);
    buffer_add_text(out, ".");
}

/* " x is equivalent to the baseline, ...: less than the 0.004 that matters." */
static void add_equivalent(const arms *a, const phrases_list *list, const char *words, buffer *out)
{
    if (list->n == 0)
        return;
    buffer_add_text(out, " ");
    phrases_add_list(a, list, "and", out);
    buffer_add_format(out, " %s %s the baseline, ", list->n == 1 ? "is" : "are", words);
    if (list->n > 1) {
        phrases_add_arm(a, first_of(a, list), out);
        buffer_add_text(out, " ");
    }
    add_difference(a, first_of(a, list), false, out);
    if (!is_identical(first_of(a, list))) {
        buffer_add_text(out, ": ");
        add_margin(a, first_of(a, list), out);
    }
    buffer_add_text(out, ".");
}

static void add_listed(const arms *a, const phrases_list *list, const char *before,
                       const char *word, const char *after, buffer *out)
{
    if (list->n == 0)
        return;
    buffer_add_text(out, before);
    phrases_add_list(a, list, word, out);
    buffer_add_text(out, after);
}

static void add_verdict_on_few(const arms *a, const phrases_list *list, buffer *out)
{
    if (list->n == 0)
        return;
    buffer_add_format(out,
                      " Fewer than %d repeats in common with the baseline allow no verdict on ",
                      ARMS_PAIRS_LEAST);
    phrases_add_list(a, list, "and", out);
    buffer_add_text(out, ".");
}

static void add_others(const arms *a, const arms_context *context, const arm *best, buffer *out)
{
    phrases_list lists[PHRASES_KIND_COUNT];
    for (int kind = 0; kind < PHRASES_KIND_COUNT; kind++)
        lists[kind] = phrases_list_of(a, context, (phrases_kind)kind, best);
    const phrases_list *unclear = &lists[PHRASES_UNCLEAR];
    bool is_first_better = best && best->verdict == ARM_BETTER;
    add_shown(a, &lists[PHRASES_BETTER],
              is_first_better ? "better than the baseline too" : "better than the baseline", out);
    add_equivalent(a, &lists[PHRASES_EQUAL], "equivalent to", out);
    add_equivalent(a, &lists[PHRASES_LITTLE], "reliably different from", out);
    add_shown(a, &lists[PHRASES_WORSE], "worse than the baseline", out);
    add_listed(a, unclear, " There is no evidence that ", "or", " differs from the baseline.", out);
    add_shown(a, &lists[PHRASES_UNTESTED], "different by an amount that no test can judge", out);
    add_verdict_on_few(a, &lists[PHRASES_FEW], out);
    add_listed(a, &lists[PHRASES_VOID], " No verdict is given on ", "and",
               ", whose epoch the validation split chose otherwise than the baseline's.", out);
    if (best && best->verdict == ARM_NO_EVIDENCE)
        add_power(a, best, out);
    else if (unclear->n > 0)
        add_power(a, first_of(a, unclear), out);
}

/* The arms tied with a leader that the verdicts on them, all to the baseline, do not tell of. */
static void add_ties(const arms *a, const arms_context *context, buffer *out)
{
    if (context->leader == ARMS_NONE || a->items[context->leader].verdict != ARM_BETTER)
        return;
    const phrases_list tied = phrases_list_of_tied(a, context);
    if (tied.n == 0)
        return;
    buffer_add_text(out, " Nothing shows that ");
    phrases_add_list(a, &tied, "or", out);
    buffer_add_text(out, " differs from ");
    phrases_add_arm(a, &a->items[context->leader], out);
    buffer_add_text(out, ".");
}

/* ---- contexts ---- */

static void add_undirected(const arms *a, const arms_context *context, buffer *out)
{
    size_t n = 0;
    phrases_add_metric(&a->table->options, out);
    buffer_add_text(out, " is ");
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++) {
        const arm *x = &a->items[i];
        if (x->n_values == 0 || n == PHRASES_NAMES_LIMIT)
            continue;
        buffer_add_text(out, n++ ? "; " : "");
        add_mean(&x->summary, out);
        buffer_add_text(out, " for ");
        phrases_add_arm(a, x, out);
    }
    buffer_add_text(out, "; neither more nor less of it is better.");
}

/* Without the baseline there are no pairs, however many repeats the others have. */
static void add_baseline_missing(const arms *a, const arm *baseline, buffer *out)
{
    const arms_tally *t = &baseline->tally;
    if (t->n_failed > 0 && t->n_failed == t->n_runs)
        buffer_add_format(out, "%s of the baseline ", t->n_runs == 1 ? "the run" : "all runs");
    else
        buffer_add_text(out, "the baseline ");
    phrases_add_arm(a, baseline, out);
    if (t->n_failed > 0 && t->n_failed == t->n_runs)
        buffer_add_text(out, " failed");
    else
        buffer_add_text(out, t->n_unfinished > 0 ? " has no value yet" : " has no value");
    buffer_add_text(out, ", so that nothing is compared with it.");
}

static void add_context(const arms *a, const arms_context *context, buffer *out)
{
    const arm *best = best_of(a, context), *baseline = &a->items[context->baseline];
    phrases_add_context(a, context, out);
    buffer_add_text(out, a->n_contexts > 1 ? ": " : "");
    if (a->table->options.direction == METRIC_NEITHER && best) {
        add_undirected(a, context, out);
    } else if (baseline->n_values == 0) {
        add_baseline_missing(a, baseline, out);
    } else if (context->n_arms == 1) {
        phrases_add_metric(&a->table->options, out);
        buffer_add_text(out, " is ");
        add_mean(&baseline->summary, out);
        buffer_add_text(out, "; there is nothing to compare it with.");
    } else {
        assert(best); /* the baseline, if nothing else */
        add_best(a, best, out);
        add_others(a, context, best, out);
        add_ties(a, context, out);
    }
}

/* ---- what was left out ---- */

/* An arm that is praised, though not all of its runs trained. */
static bool is_praised(const arms *a, size_t i)
{
    const arms_context *context = &a->contexts[a->items[i].context];
    return context->n_arms > 1 && (a->items[i].verdict == ARM_BETTER || i == context->leader);
}

/* " 3 runs failed and are left out (2 of the 5 of dropout 0.9 with train size 100)." */
static void add_failed(const arms *a, buffer *out)
{
    size_t n_named = 0;
    buffer_add_format(out, " %zu run%s failed and %s left out", a->tally.n_failed,
                      phrases_plural(a->tally.n_failed), a->tally.n_failed == 1 ? "is" : "are");
    for (size_t i = 0; i < a->n_arms && n_named < PHRASES_NAMES_LIMIT; i++) {
        const arm *x = &a->items[i];
        if (!is_praised(a, i) || x->tally.n_failed == 0)
            continue;
        buffer_add_format(out, "%s%zu of the %zu of ", n_named++ ? ", " : " (", x->tally.n_failed,
                          x->tally.n_runs);
        phrases_add_arm(a, x, out);
        buffer_add_text(out, a->n_contexts > 1 ? " " : "");
        phrases_add_context(a, &a->contexts[x->context], out);
    }
    buffer_add_text(out, n_named > 0 ? ")." : ".");
}

static void add_left_out(const arms *a, buffer *out)
{
    const arms_tally *t = &a->tally;
    if (t->n_failed > 0)
        add_failed(a, out);
    if (t->n_without > 0) {
        buffer_add_format(out, " %zu run%s ended without a ", t->n_without,
                          phrases_plural(t->n_without));
        phrases_add_metric(&a->table->options, out);
        buffer_add_format(out, " and %s left out.", t->n_without == 1 ? "is" : "are");
    }
    if (t->n_unreached > 0)
        buffer_add_format(out,
                          " %zu run%s never reached the target and count%s as their last "
                          "epoch.",
                          t->n_unreached, phrases_plural(t->n_unreached),
                          t->n_unreached == 1 ? "s" : "");
    if (t->n_unfinished > 0)
        buffer_add_format(out, " %zu run%s %s not finished yet.", t->n_unfinished,
                          phrases_plural(t->n_unfinished), t->n_unfinished == 1 ? "is" : "are");
}

static bool has_value(const arms *a)
{
    for (size_t i = 0; i < a->n_arms; i++)
        if (a->items[i].n_values > 0)
            return true;
    return false;
}

void conclusion_add_summary(const arms *a, buffer *out)
{
    if (!has_value(a)) {
        conclusion_add_headline(a, out);
        add_left_out(a, out);
        return;
    }
    phrases_add_about(a, out);
    size_t n = a->n_contexts < CONTEXTS_TOLD_LIMIT ? a->n_contexts : CONTEXTS_TOLD_LIMIT;
    for (size_t c = 0; c < n; c++) {
        buffer_add_text(out, c > 0 ? " And " : "");
        add_context(a, &a->contexts[c], out);
    }
    if (n < a->n_contexts)
        buffer_add_format(out, " And so on for %zu more context%s.", a->n_contexts - n,
                          phrases_plural(a->n_contexts - n));
    add_left_out(a, out);
}
