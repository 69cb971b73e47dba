#include "server/study/checks.h"

#include "server/study/phrases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const CHECK_SEVERITY_NAMES[CHECK_SEVERITY_COUNT] = {"void", "caution", "note"};

enum { DETAIL_BYTES_LIMIT = 1 << 16, SKEW_PAIRS_LEAST = 6 };

/* ---- what a finding is made with ---- */

static void concern(check_finding *out, size_t config)
{
    out->n_configs += !out->is_concerned[config];
    out->is_concerned[config] = true;
}

static void concern_arm(check_finding *out, const arm *x)
{
    for (size_t i = 0; i < x->n_configs; i++)
        concern(out, x->configs[i]);
}

static const arm *baseline_of(const arms *a, const arm *x)
{
    return &a->items[a->contexts[x->context].baseline];
}

typedef bool arm_test(const arms *a, const arm *x);

/* Concerns the arms that pass, and names them between the two texts; false where none does. */
static bool tell_arms(const arms *a, arm_test *test, const char *before, const char *after,
                      check_finding *out)
{
    phrases_list list = {.n = 0};
    for (size_t i = 0; i < a->n_arms; i++) {
        if (!test(a, &a->items[i]))
            continue;
        concern_arm(out, &a->items[i]);
        phrases_list_add(a, i, &list);
    }
    if (list.n == 0)
        return false;
    buffer_add_text(&out->detail, before);
    phrases_add_list_in_contexts(a, &list, "and", &out->detail);
    buffer_add_text(&out->detail, after);
    return true;
}

static bool has_factor(const arms *a, const char *name)
{
    for (int i = 0; i < a->table->n_factors; i++)
        if (strcmp(a->table->factors[i].name, name) == 0)
            return true;
    return false;
}

/* Are there two arms in some context? */
static bool has_pairs_of_arms(const arms *a)
{
    return a->n_arms > a->n_contexts;
}

static bool is_tuned(const arms *a)
{
    return a->table->n_configs > a->n_arms;
}

/* ---- by_construction ---- */

static bool is_void(const arms *a, const arm *x)
{
    (void)a;
    return x->verdict == ARM_VOID;
}

static bool find_by_construction(const arms *a, check_finding *out)
{
    if (!tell_arms(
            a, is_void, "The validation split chose the epoch otherwise for ",
            " than for the baseline: on it one of them looks better by construction. Compare ",
            out))
        return false;
    phrases_add_metric_name(a->table->options.test_metric, &out->detail);
    buffer_add_text(&out->detail, ".");
    return true;
}

/* ---- still_improving ---- */

/* Over half of the runs that make the arm's values and trained all their epochs. */
static bool is_still_improving(const arms *a, const arm *x)
{
    size_t n_finished = 0, n_improving = 0;
    for (size_t i = 0; i < x->n_values; i++) {
        const study_run *r = &a->table->runs[x->values[i].run];
        n_finished += r->is_finished;
        n_improving += r->is_finished && r->progress == ESTIMAND_PROGRESS_IMPROVING;
    }
    return 2 * n_improving > n_finished;
}

static bool find_still_improving(const arms *a, check_finding *out)
{
    return tell_arms(a, is_still_improving,
                     "When training ended the validation loss was still falling by over 1 % in "
                     "most runs of ",
                     ": with more epochs the comparison may turn.", out);
}

/* ---- untuned, unequal_tuning, edge_of_grid ---- */

static bool find_untuned(const arms *a, check_finding *out)
{
    if (!has_pairs_of_arms(a) || has_factor(a, "learning_rate"))
        return false;
    buffer_add_text(&out->detail,
                    "Each arm was trained at one learning rate, which may suit one of them better "
                    "than another: sweep learning_rate, and each arm takes the one that suits it.");
    return true;
}

static bool is_tuned_unequally(const arms *a, const arm *x)
{
    return x->n_configs != baseline_of(a, x)->n_configs;
}

static bool find_unequal_tuning(const arms *a, check_finding *out)
{
    return tell_arms(a, is_tuned_unequally,
                     "The baseline chose among another number of configs than ",
                     ": the best of more is better by that alone.", out);
}

/* "least" or "greatest" where the tuned choice is that of at least two numbers tried, else NULL; 0
 * is no edge, beyond it there is nothing to try. */
static const char *edge_of(const arms *a, const arm *x, int factor)
{
    const study_level *chosen = arms_level_of(a, x, factor);
    double least = INFINITY, greatest = -INFINITY;
    if (!chosen || !isfinite(chosen->number) || chosen->number == 0)
        return NULL;
    for (size_t i = 0; i < x->n_configs; i++) {
        double number = a->table->configs[x->configs[i]].levels[factor].number;
        least = fmin(least, number);
        greatest = fmax(greatest, number);
    }
    if (!(least < greatest))
        return NULL;
    return chosen->number <= least ? "least" : chosen->number >= greatest ? "greatest" : NULL;
}

static int edge_factor(const arms *a, const arm *x)
{
    for (int i = 0; i < a->table->n_factors; i++)
        if (a->table->factors[i].role == QUESTION_TUNE && edge_of(a, x, i))
            return i;
    return -1;
}

static bool has_edge(const arms *a, const arm *x)
{
    return edge_factor(a, x) >= 0;
}

static bool find_edge_of_grid(const arms *a, check_finding *out)
{
    const arm *first = NULL;
    for (size_t i = 0; i < a->n_arms; i++) {
        const arm *x = &a->items[i];
        if (!has_edge(a, x))
            continue;
        first = first ? first : x;
        concern(out, x->tuned);
    }
    if (!first)
        return false;
    int factor = edge_factor(a, first);
    phrases_add_level(&a->table->factors[factor], arms_level_of(a, first, factor), &out->detail);
    buffer_add_text(&out->detail, ", which validation chose for ");
    phrases_add_arm(a, first, &out->detail);
    if (out->n_configs > 1)
        buffer_add_format(&out->detail, " (and %zu more such choice%s)", out->n_configs - 1,
                          phrases_plural(out->n_configs - 1));
    buffer_add_format(&out->detail, ", is the %s tried: beyond it may be a better one.",
                      edge_of(a, first, factor));
    return true;
}

/* ---- chosen_by_validation, no_better_than_trivial ---- */

static bool find_chosen_by_validation(const arms *a, check_finding *out)
{
    if (!is_tuned(a) || !estimand_is_of_validation(a->table->options.metric))
        return false;
    buffer_add_text(&out->detail, "Validation chose each arm's config, which flatters its values "
                                  "there: ");
    phrases_add_metric_name(a->table->options.test_metric, &out->detail);
    buffer_add_text(&out->detail, " tells what the choice is worth.");
    return true;
}

/* NaN: not known. */
static double mean_r2(const arms *a, const arm *x)
{
    double sum = 0;
    for (size_t i = 0; i < x->n_values; i++)
        sum += a->table->runs[x->values[i].run].r2;
    return sum / (double)x->n_values;
}

/* 1: better than class shares or mean; 0: not; -1: not known. */
static int beats_trivial(const arms *a, const arm *x)
{
    double r2 = mean_r2(a, x), trivial = a->table->configs[x->configs[0]].trivial;
    if (x->n_values == 0 || a->table->options.direction == METRIC_NEITHER)
        return -1;
    if (!isnan(r2))
        return r2 > 0;
    if (isnan(trivial))
        return -1;
    return a->table->options.direction == METRIC_LOWER_IS_BETTER ? x->summary.mean < trivial
                                                                 : x->summary.mean > trivial;
}

static bool is_context_useless(const arms *a, const arms_context *context)
{
    size_t n_known = 0;
    for (size_t i = context->first_arm; i < context->first_arm + context->n_arms; i++) {
        int beats = beats_trivial(a, &a->items[i]);
        if (beats > 0)
            return false;
        n_known += beats == 0;
    }
    return n_known > 0;
}

static bool find_no_better_than_trivial(const arms *a, check_finding *out)
{
    size_t n = 0, first = 0;
    for (size_t c = 0; c < a->n_contexts; c++) {
        const arms_context *context = &a->contexts[c];
        if (!is_context_useless(a, context))
            continue;
        first = n++ ? first : c;
        for (size_t i = 0; i < context->n_arms; i++)
            concern_arm(out, &a->items[context->first_arm + i]);
    }
    if (n == 0)
        return false;
    buffer_add_text(&out->detail, "By ");
    phrases_add_metric(&a->table->options, &out->detail);
    buffer_add_text(&out->detail, " no arm ");
    if (a->n_contexts > 1)
        phrases_add_context(a, &a->contexts[first], &out->detail);
    if (n > 1)
        buffer_add_format(&out->detail, " (and in %zu more context%s)", n - 1,
                          phrases_plural(n - 1));
    buffer_add_format(&out->detail,
                      "%sdoes better than predicting %s every time: a comparison of nets of which "
                      "none is of use says little.",
                      a->n_contexts > 1 ? " " : "",
                      isnan(mean_r2(a, &a->items[a->contexts[first].first_arm]))
                          ? "the shares of the classes"
                          : "the mean of the targets");
    return true;
}

/* ---- one_split, skewed ---- */

static bool find_one_split(const arms *a, check_finding *out)
{
    for (size_t c = 0; c < a->n_contexts; c++) {
        if (a->contexts[c].about != ESTIMAND_SPLIT)
            continue;
        buffer_add_text(&out->detail,
                        "Every repeat measures the same rows: what holds on them need not hold on "
                        "others like them. repeat_varies with data_seed asks about those, where "
                        "the rows are drawn or generated.");
        return true;
    }
    return false;
}

/* NaN compares as neither. */
static bool is_skewed(const arms *a, const arm *x)
{
    double t = x->difference.p_value, flip = x->sign_flip_p;
    if (x == baseline_of(a, x) || x->difference.n < SKEW_PAIRS_LEAST || isnan(t) || isnan(flip))
        return false;
    return (t < STATS_LEVEL) != (flip < STATS_LEVEL);
}

static bool find_skewed(const arms *a, check_finding *out)
{
    return tell_arms(a, is_skewed,
                     "The t test and the sign-flip test, which assumes no normal distribution, "
                     "disagree at the 5 % level about ",
                     ": a few repeats decide. More of them would tell.", out);
}

/* ---- adaptive, exploratory, test_seen ---- */

static bool find_adaptive(const arms *a, check_finding *out)
{
    if (!a->table->options.was_extended)
        return false;
    buffer_add_text(&out->detail,
                    "Runs were added after others had been seen: p takes their number as settled "
                    "beforehand, and whoever looks, and adds until p < 0.05, finds that more often "
                    "than in one case of twenty.");
    return true;
}

static bool find_exploratory(const arms *a, check_finding *out)
{
    const study_options *o = &a->table->options;
    if (strcmp(o->metric, o->primary) == 0)
        return false;
    buffer_add_text(&out->detail, "The question is about ");
    phrases_add_metric_name(o->primary, &out->detail);
    buffer_add_text(&out->detail, ": among many metrics one or other differs by chance, so that a "
                                  "finding on another is a suggestion for a new experiment.");
    return true;
}

static bool find_test_seen(const arms *a, check_finding *out)
{
    int64_t n = a->table->options.n_test_asked;
    if (n <= 0)
        return false;
    buffer_add_format(&out->detail,
                      "Test metrics of this experiment were asked for %lld time%s: whoever chooses "
                      "by them has no test split left.",
                      (long long)n, phrases_plural((size_t)n));
    return true;
}

/* ---- the table ---- */

const check CHECKS[] = {
    {"by_construction", CHECK_VOID, find_by_construction},
    {"still_improving", CHECK_CAUTION, find_still_improving},
    {"untuned", CHECK_CAUTION, find_untuned},
    {"unequal_tuning", CHECK_CAUTION, find_unequal_tuning},
    {"edge_of_grid", CHECK_CAUTION, find_edge_of_grid},
    {"chosen_by_validation", CHECK_CAUTION, find_chosen_by_validation},
    {"no_better_than_trivial", CHECK_CAUTION, find_no_better_than_trivial},
    {"one_split", CHECK_NOTE, find_one_split},
    {"skewed", CHECK_CAUTION, find_skewed},
    {"adaptive", CHECK_CAUTION, find_adaptive},
    {"exploratory", CHECK_CAUTION, find_exploratory},
    {"test_seen", CHECK_NOTE, find_test_seen},
};
const int CHECK_COUNT = (int)(sizeof CHECKS / sizeof *CHECKS);

static void close_finding(check_finding *finding)
{
    buffer_close(&finding->detail);
    free(finding->configs);
    free(finding->is_concerned);
}

static bool open_finding(const arms *a, check_finding *out)
{
    *out =
        (check_finding){.configs = calloc(a->table->n_configs + 1, sizeof *out->configs),
                        .is_concerned = calloc(a->table->n_configs + 1, sizeof *out->is_concerned)};
    buffer_init(&out->detail, DETAIL_BYTES_LIMIT);
    return out->configs && out->is_concerned;
}

static void list_configs(const arms *a, check_finding *finding)
{
    size_t n = 0;
    for (size_t i = 0; i < a->table->n_configs; i++)
        if (finding->is_concerned[i])
            finding->configs[n++] = i;
}

bool checks_open(const arms *a, checks *out, fail *f)
{
    checks c = {.items = calloc((size_t)CHECK_COUNT, sizeof *c.items)};
    bool done = c.items != NULL;
    for (int i = 0; done && i < CHECK_COUNT; i++) {
        check_result *item = &c.items[c.n];
        item->row = &CHECKS[i];
        done = open_finding(a, &item->finding);
        if (done && a->n_arms > 0 && CHECKS[i].find(a, &item->finding)) {
            list_configs(a, &item->finding);
            done = !item->finding.detail.failed;
            c.n++;
        } else {
            close_finding(&item->finding);
        }
    }
    if (done) {
        *out = c;
        return true;
    }
    checks_close(&c);
    return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to check %zu configs.",
                    a->table->n_configs);
}

void checks_close(checks *c)
{
    for (int i = 0; i < c->n; i++)
        close_finding(&c->items[i].finding);
    free(c->items);
    *c = (checks){0};
}
