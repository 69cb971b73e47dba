/* What a plan's runs will not be able to tell. */
#include "core/stats.h"
#include "server/sweep.h"

#include <stdio.h>
#include <string.h>

enum { SENTENCE_BYTES = 320 };

static void warn_of_merged(const plan *p, sweep_warning_callback *each, void *context)
{
    char sentence[SENTENCE_BYTES];
    if (p->n_configs == p->n_cells)
        return;
    snprintf(sentence, sizeof sentence, "%lld cells, %d distinct: cells that mean the same are trained once", (long long)p->n_cells,
             p->n_configs);
    each(context, sentence);
}

static bool is_axis(const experiment_spec *e, const field *row)
{
    for (int a = 0; a < e->n_axes; a++)
        if (e->axes[a].row == row)
            return true;
    return false;
}

static bool applies_somewhere(const plan *p, const field *row)
{
    for (int i = 0; i < p->n_configs; i++)
        if (field_applies(row, &p->configs[i].spec))
            return true;
    return false;
}

static void warn_of_no_effect(const experiment_spec *e, const plan *p, sweep_warning_callback *each, void *context)
{
    char sentence[SENTENCE_BYTES];
    for (int i = 0; e->n_axes == 0 && spec_warning(&e->base, i, sentence, sizeof sentence); i++)
        each(context, sentence);
    for (int i = 0; e->n_axes > 0 && i < FIELD_COUNT; i++) {
        if ((!e->base.is_set[i] && !is_axis(e, &FIELDS[i])) || applies_somewhere(p, &FIELDS[i]))
            continue;
        snprintf(sentence, sizeof sentence, "%s has no effect in any config of this sweep", FIELDS[i].name);
        each(context, sentence);
    }
}

static void warn_of_few_seeds(const experiment_spec *e, const plan *p, sweep_warning_callback *each, void *context)
{
    char sentence[SENTENCE_BYTES];
    long long n = (long long)p->n_seeds;
    if (p->n_configs < 2 || e->until.enabled)
        return;
    if (n < 3)
        snprintf(sentence, sizeof sentence, "%lld seed%s per config: too few for a verdict, which needs 3 pairs; say \"repeats\": 5 or more", n,
                 n == 1 ? "" : "s");
    else
        snprintf(sentence, sizeof sentence,
                 "%lld seeds per config: a true difference below %.2f standard deviations (over seeds, of the paired differences) is missed "
                 "more often than one time in five",
                 n, stats_detectable_effect((size_t)n));
    each(context, sentence);
}

static void warn_of_one_rate(const experiment_spec *e, const plan *p, sweep_warning_callback *each, void *context)
{
    const field *rate = field_find("learning_rate");
    char sentence[SENTENCE_BYTES];
    const field *swept = NULL;
    for (int a = 0; a < e->n_axes; a++) {
        if (e->axes[a].row == rate)
            return;
        if (!swept && e->axes[a].row->is_regularizer)
            swept = e->axes[a].row;
    }
    if (!swept || p->n_configs < 2)
        return;
    snprintf(sentence, sizeof sentence,
             "%s is compared at one learning rate (%g): the best rate may differ from value to value, often upwards with stronger "
             "regularization; sweep learning_rate as well",
             swept->name, *(const double *)field_value_const(rate, &p->configs[0].spec));
    each(context, sentence);
}

void sweep_list_warnings(const experiment_spec *e, const plan *p, sweep_warning_callback *each, void *context)
{
    warn_of_merged(p, each, context);
    warn_of_no_effect(e, p, each, context);
    warn_of_few_seeds(e, p, each, context);
    warn_of_one_rate(e, p, each, context);
}
