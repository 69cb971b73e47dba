/* What the differences of the arms to their baselines show: p, Holm, verdicts, ties. */
#include "server/study/internal.h"

#include <math.h>
#include <string.h>

/* ---- by construction ---- */

static bool stops_like_some(const arms *a, size_t config, const arm *other)
{
    const study_config *configs = a->table->configs;
    for (size_t i = 0; i < other->n_configs; i++)
        if (strcmp(configs[config].stopping, configs[other->configs[i]].stopping) == 0)
            return true;
    return false;
}

/* Each way to stop that one of them has, the other has too. */
static bool stop_alike(const arms *a, const arm *x, const arm *y)
{
    caller_pace *pace = &a->memory->pace;
    for (size_t i = 0; i < x->n_configs; i++)
        if (!caller_goes_on(pace, y->n_configs) || !stops_like_some(a, x->configs[i], y))
            return false;
    for (size_t i = 0; i < y->n_configs; i++)
        if (!caller_goes_on(pace, x->n_configs) || !stops_like_some(a, y->configs[i], x))
            return false;
    return true;
}

/* Early stopping takes the epoch that looks best on validation: there it is better by construction
 * than what does not stop, or stops otherwise. */
static bool holds_by_construction(const arms *a, const arm *x, const arm *baseline)
{
    const study_options *o = &a->table->options;
    return o->at != STUDY_AT_LAST && estimand_is_of_validation(o->metric) &&
           !stop_alike(a, x, baseline);
}

/* ---- differences ---- */

static double smallest_effect_of(const arms *a, const arms_context *context)
{
    const study_options *o = &a->table->options;
    if (strcmp(o->metric, o->primary) == 0 && !isnan(o->smallest_effect))
        return o->smallest_effect;
    return estimand_smallest_effect(o->metric, a->items[context->baseline].summary.mean);
}

static bool is_resplit(const arms *a, const arm *x)
{
    return a->table->configs[x->configs[0]].about == ESTIMAND_RESPLIT;
}

static double pairs_better_of(const arms *a, size_t n)
{
    double below = stats_share_below(a->memory->contrast, n);
    switch (a->table->options.direction) {
    case METRIC_LOWER_IS_BETTER:
        return below;
    case METRIC_HIGHER_IS_BETTER:
        return 1 - below;
    default:
        return NAN;
    }
}

/* With the sign flips of up to 20 pairs, for the pace. */
enum { DIFFERENCE_STEPS = 1 << 14 };

static void fill_difference(arms *a, size_t i, const arms_context *context)
{
    arm *x = &a->items[i];
    const size_t pair[] = {i, context->baseline};
    const double weights[] = {1, -1};
    double largest;
    size_t n = arms_contrast_fill(a, pair, weights, 2, &largest);
    const stats_design design = arms_contrast_design(a, pair, 2);
    x->difference = stats_estimate_of(a->memory->contrast, n, largest, &design);
    x->minimum_detectable = arms_minimum_detectable(a, &x->difference);
    x->pairs_better = pairs_better_of(a, n);
    bool is_exchangeable =
        design.n_first == 0 && !is_resplit(a, x) && !is_resplit(a, &a->items[context->baseline]);
    x->sign_flip_p = is_exchangeable ? stats_sign_flip_p(a->memory->contrast, n) : NAN;
    x->equivalence_p = stats_equivalence_p(&x->difference, context->smallest_effect);
}

static void fill_differences(arms *a)
{
    for (size_t c = 0; c < a->n_contexts; c++) {
        arms_context *context = &a->contexts[c];
        context->about = a->table->configs[a->items[context->baseline].configs[0]].about;
        context->smallest_effect = smallest_effect_of(a, context);
        for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++)
            if (i != context->baseline && caller_goes_on(&a->memory->pace, DIFFERENCE_STEPS))
                fill_difference(a, i, context);
    }
}

/* ---- adjustment ---- */

static bool is_baseline(const arms *a, size_t i)
{
    return a->contexts[a->items[i].context].baseline == i;
}

/* Both families count the same comparisons, those of two pairs or more. */
static void adjust(arms *a)
{
    struct arms_memory *m = a->memory;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < a->n_arms; i++) {
            const arm *x = &a->items[i];
            double p = pass == 0 ? x->difference.p_value : x->equivalence_p;
            m->p[i] = is_baseline(a, i) ? NAN : stats_holm_input(p, x->difference.n);
            a->n_tests += pass == 0 && !isnan(m->p[i]);
        }
        stats_holm(m->p, a->n_arms, m->order, m->adjusted);
        for (size_t i = 0; i < a->n_arms; i++)
            *(pass == 0 ? &a->items[i].p_adjusted : &a->items[i].equivalence_p_adjusted) =
                m->adjusted[i];
    }
}

/* ---- verdicts ---- */

static arm_verdict verdict_of(const arms *a, const arm *x, const arm *baseline)
{
    metric_direction direction = a->table->options.direction;
    if (x == baseline)
        return ARM_BASELINE;
    if (direction == METRIC_NEITHER)
        return ARM_NO_DIRECTION;
    if (holds_by_construction(a, x, baseline))
        return ARM_VOID;
    if (x->difference.n < ARMS_PAIRS_LEAST)
        return ARM_TOO_FEW;
    if (x->equivalence_p_adjusted < STATS_LEVEL)
        return ARM_EQUIVALENT;
    if (!(x->p_adjusted < STATS_LEVEL))
        return ARM_NO_EVIDENCE;
    bool is_lower = x->difference.mean < 0;
    return is_lower == (direction == METRIC_LOWER_IS_BETTER) ? ARM_BETTER : ARM_WORSE;
}

bool arms_differs_by_little(const arm *x)
{
    return x->verdict == ARM_EQUIVALENT && x->p_adjusted < STATS_LEVEL;
}

/* ---- who leads, and who is tied with it ---- */

static size_t find_leader(const arms *a, const arms_context *context)
{
    size_t best = ARMS_NONE;
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++) {
        const arm *x = &a->items[i];
        if (x->verdict == ARM_BETTER)
            return i;
        if (best == ARMS_NONE && x->n_values > 0 && x->verdict != ARM_VOID)
            best = i;
    }
    return best;
}

/* Nothing shows a difference to the baseline. */
static bool is_tied_with_baseline(const arm *x)
{
    return x->verdict == ARM_NO_EVIDENCE ||
           (x->verdict == ARM_EQUIVALENT && !arms_differs_by_little(x));
}

/* The p of the difference to the leader for Holm's; NaN where there is nothing to compare. Arms
 * that differ by the same amount every time have no p, and are not tied. */
static double leader_p(const arms *a, size_t i, size_t leader, bool *is_tied)
{
    const size_t pair[] = {i, leader};
    const double weights[] = {1, -1};
    *is_tied = false;
    if (i == leader || a->items[i].verdict == ARM_VOID)
        return NAN;
    stats_estimate d = arms_contrast(a, pair, weights, 2);
    if (d.n < ARMS_PAIRS_LEAST)
        return NAN;
    *is_tied = !isnan(d.p_value) || !(fabs(d.mean) > 0);
    return stats_holm_input(d.p_value, d.n);
}

/* The verdicts say what is tied with the baseline, be it the leader itself; of others Holm's over
 * the context's comparisons with the leader, so that no arm is said to be behind by chance. What is
 * worse than the baseline is not tied with what is better. */
static void find_ties(arms *a, const arms_context *context)
{
    struct arms_memory *m = a->memory;
    const arm *leader = &a->items[context->leader];
    for (size_t k = 0; k < context->n_arms; k++) {
        size_t i = context->first_arm + k;
        if (!caller_goes_on(&m->pace, ARMS_ESTIMATE_STEPS + a->items[i].n_values))
            return;
        m->p[k] = leader_p(a, i, context->leader, &a->items[i].is_tied);
    }
    stats_holm(m->p, context->n_arms, m->order, m->adjusted);
    for (size_t k = 0; k < context->n_arms; k++) {
        arm *x = &a->items[context->first_arm + k];
        if (x != leader && leader->verdict == ARM_BASELINE)
            x->is_tied = is_tied_with_baseline(x);
        else if (x != leader && x->verdict == ARM_BASELINE)
            x->is_tied = is_tied_with_baseline(leader);
        else if (m->adjusted[k] < STATS_LEVEL ||
                 (leader->verdict == ARM_BETTER && x->verdict == ARM_WORSE))
            x->is_tied = false;
    }
}

bool arms_judge(arms *a)
{
    fill_differences(a);
    if (a->memory->pace.has_left)
        return false;
    adjust(a);
    for (size_t c = 0; c < a->n_contexts; c++) {
        arms_context *context = &a->contexts[c];
        for (size_t k = 0; k < context->n_arms; k++) {
            arm *x = &a->items[context->first_arm + k];
            x->verdict = verdict_of(a, x, &a->items[context->baseline]);
        }
        context->leader = find_leader(a, context);
        if (context->leader != ARMS_NONE)
            find_ties(a, context);
    }
    return !a->memory->pace.has_left;
}
