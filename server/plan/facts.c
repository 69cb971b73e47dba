#include "server/plan/facts.h"

#include <math.h>
#include <stdlib.h>

static void forget_trivial(double out[ESTIMAND_SCORE_COUNT])
{
    for (int score = 0; score < ESTIMAND_SCORE_COUNT; score++)
        out[score] = NAN;
}

/* Shares of the classes among the rows that the part is drawn from. */
static bool count_shares(const dataset *set, dataset_part part, double *shares)
{
    const dataset_rows *rows = &set->parts[set->parts[part].n > 0 ? part : PART_TRAIN];
    for (size_t i = 0; rows->labels && i < rows->n; i++)
        shares[rows->labels[i]] += 1.0 / (double)rows->n;
    return rows->labels && rows->n > 0;
}

static void describe_classes(const dataset *set, dataset_part part,
                             double out[ESTIMAND_SCORE_COUNT])
{
    static const char *const names[ESTIMAND_SCORE_COUNT] = {
        [ESTIMAND_LOSS] = "_loss", [ESTIMAND_ACCURACY] = "_accuracy", [ESTIMAND_BRIER] = "_brier"};
    double *shares = calloc(set->k + 1, sizeof *shares);
    forget_trivial(out);
    if (shares && count_shares(set, part, shares))
        for (int score = 0; score < ESTIMAND_SCORE_COUNT; score++)
            out[score] = estimand_trivial(names[score], shares, set->k);
    free(shares);
}

void plan_describe_set(const dataset *set, estimand_facts *out)
{
    *out = (estimand_facts){.data = {.is_generated = set->built_in}};
    for (int part = 0; part < PART_COUNT; part++) {
        out->data.stored[part] = set->parts[part].n;
        if (set->task == TASK_CLASSIFICATION)
            describe_classes(set, (dataset_part)part, out->trivial[part]);
        else
            forget_trivial(out->trivial[part]);
    }
}

void plan_describe_split(const train_spec *spec, const size_t n[PART_COUNT], estimand_facts *out)
{
    size_t n_evaluated = (size_t)spec->train_evaluation_size;
    for (int part = 0; part < PART_COUNT; part++)
        out->data.drawn[part] = n[part];
    out->data.n_train_evaluation = n_evaluated < n[PART_TRAIN] ? n_evaluated : n[PART_TRAIN];
}
