/* What the user should know of a plan before its runs start: plan_list_warnings(). */
#include "core/base/number.h"
#include "core/stats/stats.h"
#include "server/plan/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_BYTES = 512 };

typedef struct teller {
    const plan *p;
    plan_warning *each;
    void *context;
} teller;

static void warn_of_merged(const teller *t)
{
    const grid *p = &t->p->grid;
    char sentence[SENTENCE_BYTES];
    if (p->n_configs == p->n_cells)
        return;
    snprintf(sentence, sizeof sentence,
             "%" PRId64 " cells, %d distinct: cells that mean the same are trained once.",
             p->n_cells, p->n_configs);
    t->each(t->context, sentence);
}

static void warn_of_memory(const teller *t)
{
    if (t->p->is_too_large)
        t->each(t->context, t->p->memory.sentence);
}

static bool is_varied(const experiment_spec *e, const field *row)
{
    return sweep_origin(e, (int)(row - FIELDS)) != QUESTION_FIXED;
}

static bool applies_somewhere(const grid *p, const field *row)
{
    for (int c = 0; c < p->n_configs; c++)
        if (field_applies(row, &p->configs[c].spec))
            return true;
    return false;
}

/* With a sweep a field counts as without effect only if it has none in any config: momentum beside
 * a swept optimizer is fine. */
static void warn_of_no_effect(const teller *t)
{
    const experiment_spec *e = &t->p->spec;
    char sentence[SENTENCE_BYTES];
    bool varies = e->n_axes > 0 || e->n_variants > 0;
    for (int i = 0; !varies && spec_warning(&e->base, i, sentence, sizeof sentence); i++)
        t->each(t->context, sentence);
    for (int i = 0; varies && i < FIELD_COUNT; i++) {
        bool is_given = e->base.is_set[i] || is_varied(e, &FIELDS[i]);
        if (!is_given || applies_somewhere(&t->p->grid, &FIELDS[i]))
            continue;
        snprintf(sentence, sizeof sentence, "%s has no effect in any config of this sweep.",
                 FIELDS[i].name);
        t->each(t->context, sentence);
    }
}

/* The repeats with which the first of so many tests finds what one finds with n. */
static size_t repeats_for(size_t n, size_t n_tests)
{
    double wanted = stats_detectable_effect(n);
    size_t more = n;
    while (more < SPEC_REPEATS_LIMIT && !(stats_detectable_effect_among(more, n_tests) <= wanted))
        more++;
    return more;
}

/* What the design can find, in standard deviations. */
static void write_detectable(size_t n, size_t n_tests, char sentence[SENTENCE_BYTES])
{
    double alone = stats_detectable_effect(n), among = stats_detectable_effect_among(n, n_tests);
    int length = snprintf(sentence, SENTENCE_BYTES,
                          "%zu seeds per config: a true difference below %.2f standard deviations "
                          "(over seeds, of the paired differences) is missed more often than one "
                          "time in five.",
                          n, alone);
    if (n_tests < 2)
        return;
    char *rest = sentence + length;
    size_t room = SENTENCE_BYTES - (size_t)length;
    if (isinf(among))
        length = snprintf(rest, room,
                          " Of %zu comparisons, adjusted together, one alone can hardly be found",
                          n_tests);
    else
        length = snprintf(rest, room,
                          " Of %zu comparisons, adjusted together, one alone must differ by %.2f",
                          n_tests, among);
    snprintf(rest + length, room - (size_t)length, "; with %zu repeats by %.2f.",
             repeats_for(n, n_tests), alone);
}

static void warn_of_few_seeds(const teller *t)
{
    const grid *p = &t->p->grid;
    char sentence[SENTENCE_BYTES];
    if (p->n_configs < 2 && t->p->spec.until.enabled)
        t->each(t->context, "Seeds are added for differences to the baseline, and there is one "
                            "config only: the least number of seeds is trained.");
    if (p->n_configs < 2 || t->p->spec.until.enabled)
        return;
    if (p->n_seeds < 3)
        snprintf(sentence, sizeof sentence,
                 "%" PRId64 " seed%s per config: too few for a verdict, which needs 3 pairs. Set "
                 "repeats to 5 or more.",
                 p->n_seeds, p->n_seeds == 1 ? "" : "s");
    else
        write_detectable((size_t)p->n_seeds, t->p->design.n_arms - t->p->design.n_contexts,
                         sentence);
    t->each(t->context, sentence);
}

static void warn_of_one_rate(const teller *t)
{
    const experiment_spec *e = &t->p->spec;
    const field *swept = NULL;
    char sentence[SENTENCE_BYTES];
    for (int a = 0; a < e->n_axes && !swept; a++)
        if (e->axes[a].row->is_regularizer)
            swept = e->axes[a].row;
    if (!swept || t->p->grid.n_configs < 2 || is_varied(e, field_find("learning_rate")))
        return;
    char rate[NUMBER_BYTES];
    number_write(t->p->grid.configs[t->p->design.baseline].spec.learning_rate, rate);
    snprintf(sentence, sizeof sentence,
             "%s is compared at one learning rate (%s): the best rate may differ from value to "
             "value, often upwards with stronger regularization. Sweep learning_rate as well.",
             swept->name, rate);
    t->each(t->context, sentence);
}

/* Inputs are scaled, these targets are what they are: a loss is in their units. */
static void warn_of_targets(const teller *t)
{
    const double deviation = t->p->target_deviation, far = 10;
    char sentence[SENTENCE_BYTES];
    if (deviation == 0 || (deviation < far && deviation > 1 / far))
        return;
    snprintf(sentence, sizeof sentence,
             "The targets have a standard deviation of %.3g and are not scaled: a net starts with "
             "outputs of about 1 and may take very long to reach them. Set target_scaling to "
             "standard.",
             deviation);
    t->each(t->context, sentence);
}

static void warn_of_drawn_baseline(const teller *t)
{
    if (t->p->spec.random_search && !t->p->spec.has_baseline)
        t->each(t->context,
                "The baseline of a random search is the first config that is drawn, an arbitrary "
                "one: its differences rank configs, they do not say what a setting does.");
}

void plan_list_warnings(const plan *p, plan_warning *each, void *context)
{
    teller t = {p, each, context};
    warn_of_memory(&t);
    warn_of_merged(&t);
    warn_of_no_effect(&t);
    warn_of_few_seeds(&t);
    warn_of_one_rate(&t);
    warn_of_targets(&t);
    warn_of_drawn_baseline(&t);
}
