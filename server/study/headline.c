/* The headline of a comparison: one plain sentence. */
#include "server/study/conclusion.h"
#include "server/study/phrases.h"

#include <assert.h>
#include <string.h>

enum { CONTEXTS_NAMED_LIMIT = 3 };

/* ---- one context ---- */

typedef struct clause { /* a context's part of the sentence, made of parts of its own */
    const arms *a;
    const arms_context *context;
    const arm *baseline;
    bool names_metric; /* in its first part */
    size_t n_parts;
    buffer *out;
} clause;

static void start_part(clause *c)
{
    if (c->n_parts++ > 0)
        buffer_add_text(c->out, ", and ");
}

static void end_part(const clause *c)
{
    if (c->n_parts > 1 || !c->names_metric)
        return;
    buffer_add_text(c->out, " on ");
    phrases_add_metric(&c->a->table->options, c->out);
}

static void add_baseline(const clause *c)
{
    phrases_add_arm(c->a, c->baseline, c->out);
}

static void add_better(clause *c, const arm *leader)
{
    phrases_list tied = phrases_list_of_tied(c->a, c->context);
    start_part(c);
    phrases_add_arm(c->a, leader, c->out);
    if (tied.n > 0) {
        buffer_add_text(c->out, " (tied with ");
        phrases_add_list(c->a, &tied, "and", c->out);
        buffer_add_text(c->out, ")");
    }
    buffer_add_text(c->out, " is better than ");
    add_baseline(c);
    end_part(c);
}

/* "x and y are worse than z on validation loss"; a later part may leave the baseline's name out. */
static void add_part(clause *c, phrases_kind kind, const char *verb_of_one, const char *verb,
                     const char *than, const char *after)
{
    phrases_list list = phrases_list_of(c->a, c->context, kind, NULL);
    if (list.n == 0)
        return;
    start_part(c);
    phrases_add_list(c->a, &list, "and", c->out);
    buffer_add_format(c->out, " %s", list.n == 1 ? verb_of_one : verb);
    if (kind != PHRASES_WORSE || c->n_parts == 1) {
        buffer_add_format(c->out, " %s ", than);
        add_baseline(c);
    }
    end_part(c);
    buffer_add_text(c->out, after);
}

static void add_unclear(clause *c)
{
    phrases_list list = phrases_list_of(c->a, c->context, PHRASES_UNCLEAR, NULL);
    if (list.n == 0)
        return;
    start_part(c);
    buffer_add_text(c->out, "there is no evidence that ");
    phrases_add_list(c->a, &list, "or", c->out);
    buffer_add_text(c->out, " differs from ");
    add_baseline(c);
    end_part(c);
}

static void add_few(clause *c)
{
    phrases_list list = phrases_list_of(c->a, c->context, PHRASES_FEW, NULL);
    if (list.n == 0)
        return;
    start_part(c);
    buffer_add_format(c->out, "fewer than %d repeats in common with ", ARMS_PAIRS_LEAST);
    add_baseline(c);
    buffer_add_text(c->out, " allow no verdict on ");
    phrases_add_list(c->a, &list, "and", c->out);
}

/* Without the baseline there are no pairs, however many repeats the others have. */
static bool lacks_baseline(const clause *c)
{
    return c->baseline->n_values == 0;
}

static void add_context_clause(const arms *a, const arms_context *context, buffer *out)
{
    clause c = {.a = a,
                .context = context,
                .baseline = &a->items[context->baseline],
                .names_metric = context == a->contexts,
                .out = out};
    const arm *leader = context->leader == ARMS_NONE ? NULL : &a->items[context->leader];
    if (lacks_baseline(&c)) {
        buffer_add_text(out, "nothing can be compared with ");
        add_baseline(&c);
        buffer_add_text(out, ", of which no run has a ");
        phrases_add_metric(&a->table->options, out);
        return;
    }
    if (leader && leader->verdict == ARM_BETTER) {
        add_better(&c, leader);
    } else {
        add_part(&c, PHRASES_EQUAL, "does as well", "do as well", "as", "");
        add_part(&c, PHRASES_LITTLE, "is reliably different", "are reliably different", "from",
                 ", by less than matters");
        add_unclear(&c);
    }
    add_part(&c, PHRASES_UNTESTED, "differs", "differ", "from",
             " by the same amount in every repeat, which no test can judge");
    add_part(&c, PHRASES_WORSE, "is worse", "are worse", "than", "");
    add_few(&c);
    add_part(&c, PHRASES_VOID, "cannot be compared", "cannot be compared", "with",
             ", because validation chose when to stop training");
    if (c.n_parts == 0) {
        phrases_add_arm(a, c.baseline, out);
        buffer_add_text(out, " is the only arm");
    }
}

/* ---- many contexts: in how many of them, or in which ---- */

static const struct {
    arm_verdict verdict;
    const char *than;  /* before the baseline's name; NULL: it is not compared with it */
    const char *words; /* alone */
} KINDS[] = {{ARM_BETTER, "better than", "better"},      {ARM_WORSE, "worse than", "worse"},
             {ARM_EQUIVALENT, "as good as", "as good"},  {ARM_NO_EVIDENCE, NULL, "undecided"},
             {ARM_TOO_FEW, NULL, "too seldom repeated"}, {ARM_VOID, NULL, "not comparable"}};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS, PLACES_NAMED_LIMIT = 2, TREATMENTS_LIMIT = 3 };

static bool has_same_treatment(const arms *a, const arm *x, const arm *y)
{
    for (int i = 0; i < a->table->n_factors; i++)
        if (a->table->factors[i].role == QUESTION_TREATMENT &&
            strcmp(arms_level_of(a, x, i)->text, arms_level_of(a, y, i)->text) != 0)
            return false;
    return true;
}

/* The contexts in which the arm's treatment has this verdict: the first few, and how many. */
static size_t find_places(const arms *a, const arm *x, arm_verdict verdict,
                          size_t places[PLACES_NAMED_LIMIT])
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_arms; i++) {
        if (a->items[i].verdict != verdict || !has_same_treatment(a, x, &a->items[i]))
            continue;
        if (n < PLACES_NAMED_LIMIT)
            places[n] = a->items[i].context;
        n++;
    }
    return n;
}

static void add_places(const arms *a, const size_t *places, size_t n, buffer *out)
{
    if (n > PLACES_NAMED_LIMIT) {
        buffer_add_format(out, "in %zu of %zu contexts", n, a->n_contexts);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        buffer_add_text(out, i > 0 ? " and " : "");
        phrases_add_context(a, &a->contexts[places[i]], out);
    }
}

/* "dropout 0.5 is better than no dropout in 5 of 8 contexts, worse with train size 100" */
static void add_treatment(const arms *a, const arm *x, buffer *out)
{
    const arm *baseline = &a->items[a->contexts[0].baseline];
    bool is_named = false;
    size_t n_told = 0;
    phrases_add_arm(a, x, out);
    buffer_add_text(out, " is ");
    for (int k = 0; k < KIND_COUNT; k++) {
        size_t places[PLACES_NAMED_LIMIT];
        size_t n = find_places(a, x, KINDS[k].verdict, places);
        if (n == 0)
            continue;
        bool names = KINDS[k].than && !is_named;
        buffer_add_format(out, "%s%s ", n_told++ ? ", " : "",
                          names ? KINDS[k].than : KINDS[k].words);
        if (names)
            phrases_add_arm(a, baseline, out);
        buffer_add_text(out, names ? " " : "");
        is_named = is_named || names;
        add_places(a, places, n, out);
    }
}

/* Every treatment of the first context by name. */
static void add_treatments(const arms *a, buffer *out)
{
    const arms_context *context = &a->contexts[0];
    for (size_t k = 0, n = 0; k < context->n_arms; k++) {
        size_t i = context->first_arm + k;
        if (i == context->baseline)
            continue;
        buffer_add_text(out, n++ ? "; " : "");
        add_treatment(a, &a->items[i], out);
    }
}

static void add_counts(const arms *a, buffer *out)
{
    size_t n_told = 0;
    buffer_add_format(out, "of %zu arms in %zu contexts ", a->n_arms - a->n_contexts,
                      a->n_contexts);
    for (int k = 0; k < KIND_COUNT; k++) {
        size_t n = 0;
        for (size_t i = 0; i < a->n_arms; i++)
            n += a->items[i].verdict == KINDS[k].verdict;
        if (n > 0)
            buffer_add_format(out, "%s%zu %s %s%s", n_told++ ? ", " : "", n, n == 1 ? "is" : "are",
                              KINDS[k].than ? KINDS[k].than : KINDS[k].words,
                              KINDS[k].than ? " the baseline" : "");
    }
}

/* Do all contexts have a baseline of one treatment, and few others, so that they can be named? */
static bool can_be_named(const arms *a)
{
    const arm *baseline = &a->items[a->contexts[0].baseline];
    for (size_t c = 1; c < a->n_contexts; c++)
        if (!has_same_treatment(a, baseline, &a->items[a->contexts[c].baseline]) ||
            a->contexts[c].n_arms > a->contexts[0].n_arms)
            return false;
    return a->contexts[0].n_arms <= TREATMENTS_LIMIT + 1;
}

static void add_regimes(const arms *a, buffer *out)
{
    if (can_be_named(a))
        add_treatments(a, out);
    else
        add_counts(a, out);
    buffer_add_text(out, ", by ");
    phrases_add_metric(&a->table->options, out);
}

static void add_contexts(const arms *a, buffer *out)
{
    for (size_t c = 0; c < a->n_contexts; c++) {
        buffer_add_text(out, c > 0 ? "; " : "");
        phrases_add_context(a, &a->contexts[c], out);
        buffer_add_text(out, a->n_contexts > 1 ? " " : "");
        add_context_clause(a, &a->contexts[c], out);
    }
}

/* ---- the sentence ---- */

/* A metric of which neither more nor less is better: only what it goes from and to. */
static void add_undirected(const arms *a, buffer *out)
{
    const arm *least = NULL, *greatest = NULL;
    for (size_t i = 0; i < a->n_arms; i++) {
        const arm *x = &a->items[i];
        if (x->n_values == 0)
            continue;
        least = !least || x->summary.mean < least->summary.mean ? x : least;
        greatest = !greatest || x->summary.mean > greatest->summary.mean ? x : greatest;
    }
    assert(least && greatest); /* something has a value */
    phrases_add_metric(&a->table->options, out);
    buffer_add_text(out, " goes from ");
    phrases_add_number(least->summary.mean, 3, out);
    buffer_add_text(out, " (");
    phrases_add_arm(a, least, out);
    buffer_add_text(out, ") to ");
    phrases_add_number(greatest->summary.mean, 3, out);
    buffer_add_text(out, " (");
    phrases_add_arm(a, greatest, out);
    buffer_add_text(out, "), and neither more nor less of it is better");
}

static size_t count_valued(const arms *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_arms; i++)
        n += a->items[i].n_values > 0;
    return n;
}

void conclusion_add_headline(const arms *a, buffer *out)
{
    if (a->n_arms == 0 || count_valued(a) == 0) {
        buffer_add_text(out, a->n_arms == 0 ? "There is no run." : "No finished run has a ");
        if (a->n_arms > 0) {
            phrases_add_metric(&a->table->options, out);
            buffer_add_text(out, a->tally.n_unfinished > 0 ? " yet." : ".");
        }
        return;
    }
    phrases_add_about(a, out);
    if (a->n_arms == a->n_contexts)
        buffer_add_text(out, "there is one arm and nothing to compare it with");
    else if (a->table->options.direction == METRIC_NEITHER)
        add_undirected(a, out);
    else if (a->n_contexts > CONTEXTS_NAMED_LIMIT)
        add_regimes(a, out);
    else
        add_contexts(a, out);
    buffer_add_text(out, a->tally.n_unfinished > 0 ? ", so far." : ".");
}
