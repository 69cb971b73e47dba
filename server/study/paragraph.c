#include "server/study/paragraph.h"

#include "server/study/phrases.h"

#include <math.h>
#include <string.h>

/* ---- what was compared ---- */

static void add_arms(const arms *a, buffer *out)
{
    phrases_list list = {.n = 0};
    const arms_context *first = &a->contexts[0];
    for (size_t i = first->first_arm; i < first->first_arm + first->n_arms; i++)
        phrases_list_add(a, i, &list);
    buffer_add_format(out, "We compared %zu arm%s (", first->n_arms, phrases_plural(first->n_arms));
    phrases_add_list(a, &list, "and", out);
    buffer_add_text(out, ")");
    if (a->n_contexts > 1)
        buffer_add_format(out, " in each of %zu contexts", a->n_contexts);
    buffer_add_text(out, " by ");
    phrases_add_metric(&a->table->options, out);
    buffer_add_text(out, ". ");
}

/* ---- data ---- */

static void add_rows(const estimand_facts *facts, buffer *out)
{
    const size_t *n = facts->data.drawn;
    buffer_add_format(out, ", %zu training, %zu validation and %zu test rows", n[PART_TRAIN],
                      n[PART_VALIDATION], n[PART_TEST]);
}

static void add_data(const paragraph_source *s, buffer *out)
{
    bool is_generated = s->facts && s->facts->data.is_generated;
    if (!s->dataset)
        return;
    buffer_add_format(out, "Data: %s%s", s->has_several_sets ? "several sets, among them " : "",
                      s->dataset);
    if (s->data_sha256 && *s->data_sha256)
        buffer_add_format(out, " (SHA-256 %.16s%s)", s->data_sha256,
                          is_generated && s->varies_data_seed ? " in the first repeat" : "");
    if (s->facts)
        add_rows(s->facts, out);
    if (s->varies_data_seed)
        buffer_add_text(out, is_generated ? ", generated anew for each repeat"
                                          : ", the split drawn anew for each repeat");
    buffer_add_text(out, ". ");
}

/* ---- repeats and tuning ---- */

static void add_repeats(const arms *a, const paragraph_source *s, buffer *out)
{
    size_t n_first = a->table->options.n_first;
    buffer_add_format(out, "There were %zu repeat%s", a->n_repeats, phrases_plural(a->n_repeats));
    if (n_first > 0)
        buffer_add_format(out, ", as many as the deviation of the first %zu asked for (Stein 1945)",
                          n_first);
    buffer_add_format(out, "; a repeat has its own %s%s, the same for all arms. ",
                      s->varies_seed ? "initial weights, order of samples and noise" : "data",
                      s->varies_seed && s->varies_data_seed ? ", and its own data" : "");
    if (a->tally.n_failed > 0)
        buffer_add_format(out, "%zu run%s failed and %s left out. ", a->tally.n_failed,
                          phrases_plural(a->tally.n_failed), a->tally.n_failed == 1 ? "is" : "are");
}

static void add_tuning(const arms *a, buffer *out)
{
    size_t n = 0;
    for (int i = 0; i < a->table->n_factors; i++) {
        if (a->table->factors[i].role != QUESTION_TUNE)
            continue;
        buffer_add_format(out, "%s%s", n++ ? ", " : "In each repeat each arm chose its ",
                          a->table->factors[i].name);
    }
    if (n > 0)
        buffer_add_format(out,
                          " by %s of that repeat, among %zu configs (Bouthillier et al. 2021). ",
                          a->table->options.select_by, a->items[a->contexts[0].baseline].n_configs);
}

/* ---- tests ---- */

static void add_tests(const arms *a, buffer *out)
{
    const arms_context *first = &a->contexts[0];
    buffer_add_text(out, "Differences to ");
    phrases_add_arm(a, &a->items[first->baseline], out);
    buffer_add_format(out,
                      " are paired by repeat and tested by two-sided paired t tests at 5 %%%s, "
                      "adjusted by Holm over %zu comparison%s; intervals are 95 %% and not "
                      "adjusted. ",
                      first->about == ESTIMAND_RESPLIT
                          ? " with the variance of resampled splits (Nadeau and Bengio 2003)"
                          : "",
                      a->n_tests, phrases_plural(a->n_tests));
    if (isnan(first->smallest_effect))
        return;
    buffer_add_text(out, "Equivalence is shown by two one-sided tests (Schuirmann 1987), likewise "
                         "adjusted, against a smallest difference that matters of ");
    phrases_add_number(first->smallest_effect, 3, out);
    buffer_add_text(out, ". ");
}

static void add_program(const paragraph_source *s, buffer *out)
{
    if (s->version)
        buffer_add_format(out, "Trained with Regulab %s%s%s%s%s%s.", s->version,
                          s->blas ? ", " : "", s->blas ? s->blas : "", s->blas_core ? " (" : "",
                          s->blas_core ? s->blas_core : "", s->blas_core ? ")" : "");
}

void paragraph_add(const arms *a, const paragraph_source *source, buffer *out)
{
    if (a->n_arms == 0)
        return;
    add_arms(a, out);
    add_data(source, out);
    add_repeats(a, source, out);
    add_tuning(a, out);
    if (a->n_arms > a->n_contexts)
        add_tests(a, out);
    add_program(source, out);
}
