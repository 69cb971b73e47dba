/* What a run measures: fills the moment of the rows of METRICS[] and LAYER_METRICS[], stage by
 * stage, and loops over them. No metric's name stands here. */
#include "core/train/internal.h"

#include <math.h>

static metric_moment start_moment(const trainer *t)
{
    return (metric_moment){.spec = t->spec,
                           .is_classification = t->net.task == TASK_CLASSIFICATION,
                           .sums = &t->state.sums,
                           .penalty = NAN};
}

/* Rates are moved by the epoch that is under way, 0-based; the record comes at its end. */
static int64_t rates_epoch(int64_t epoch)
{
    return epoch > 0 ? epoch - 1 : 0;
}

/* Returns whether the part's loss is finite. */
static bool measure_part(trainer *t, real *model, int64_t epoch, metric_moment *m, metric_when when,
                         metric_part part, double *values)
{
    static const dataset_part PARTS[METRIC_PART_COUNT] = {[METRIC_OF_TRAIN] = PART_TRAIN,
                                                          [METRIC_OF_VALIDATION] = PART_VALIDATION,
                                                          [METRIC_OF_TEST] = PART_TEST};
    bool layers =
        when == METRIC_PER_EPOCH && part == METRIC_OF_VALIDATION && t->spec->record_layers;
    metric_answers answers =
        part == METRIC_OF_SAMPLED_TEST
            ? evaluation_run_monte_carlo(&t->evaluation, model, rates_epoch(epoch))
            : evaluation_run(&t->evaluation, model, PARTS[part], layers);
    m->answers = &answers;
    metric_measure(m, when, part, values);
    m->answers = NULL;
    return isfinite(answers.scores.loss) != 0;
}

static void measure_model(const trainer *t, const real *model, metric_moment *m,
                          metric_layer *layers, metric_when when, double *values)
{
    for (int i = 0; i < t->net.n_layers; i++) {
        const net_layer *shape = &t->net.layers[i];
        layers[i].number = i;
        layers[i].inputs = shape->inputs;
        layers[i].units = shape->outputs;
        layers[i].weights = model + shape->weight;
    }
    m->n_layers = t->net.n_layers;
    m->layers = layers;
    metric_penalty penalties[REGULARIZERS_LIMIT];
    m->penalty = regularization_penalty(&t->regularization, model, penalties, &m->n_penalties);
    m->penalties = penalties;
    metric_measure(m, when, METRIC_OF_MODEL, values);
    m->penalties = NULL;
}

void measure_steps(const trainer *t, record *out)
{
    metric_moment m = start_moment(t);
    *out = (record){.epoch = t->state.epoch, .step = t->state.step};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        out->values[i] = NAN;
    metric_measure(&m, METRIC_PER_EPOCH, METRIC_OF_STEPS, out->values);
}

bool measure_epoch(trainer *t, real *model, record *out)
{
    metric_moment m = start_moment(t);
    metric_layer layers[SPEC_ALL_LAYERS_LIMIT] = {0};
    int64_t epoch = t->state.epoch;
    measure_steps(t, out);
    if (t->spec->record_layers)
        gradients_watch(t);
    bool is_finite =
        measure_part(t, model, epoch, &m, METRIC_PER_EPOCH, METRIC_OF_TRAIN, out->values);
    is_finite =
        measure_part(t, model, epoch, &m, METRIC_PER_EPOCH, METRIC_OF_VALIDATION, out->values) &&
        is_finite;
    metric_gradients gradients;
    if (t->spec->record_layers) {
        evaluation_finish_layers(&t->evaluation, model, rates_epoch(epoch), layers);
        regularization_start_epoch(&t->regularization, rates_epoch(epoch));
        gradients = gradients_measure(t, model);
        m.gradients = &gradients;
    }
    measure_model(t, model, &m, layers, METRIC_PER_EPOCH, out->values);
    out->n_layers = t->spec->record_layers ? m.n_layers : 0;
    for (int i = 0; i < out->n_layers; i++)
        metric_measure_layer(&m, &layers[i], out->layers[i]);
    return is_finite;
}

static void measure_ablation(trainer *t, const real *model, metric_moment *m, double *values)
{
    double scores[METRIC_ABLATION_COUNT];
    ablation_run(&t->ablation, model, scores);
    m->ablations = scores;
    metric_measure(m, METRIC_AT_END, METRIC_OF_ABLATION, values);
    m->ablations = NULL;
}

void measure_end(trainer *t, real *model, int64_t epoch, double selected[METRIC_COUNT])
{
    metric_moment m = start_moment(t);
    metric_layer layers[SPEC_ALL_LAYERS_LIMIT] = {0};
    for (int part = METRIC_OF_TRAIN; part <= METRIC_OF_SAMPLED_TEST; part++) {
        bool has_answers = part != METRIC_OF_ABLATION &&
                           (part != METRIC_OF_SAMPLED_TEST || t->evaluation.n_samples > 0);
        if (has_answers && metric_is_wanted(&m, METRIC_AT_END, (metric_part)part))
            measure_part(t, model, epoch, &m, METRIC_AT_END, (metric_part)part, selected);
    }
    measure_ablation(t, model, &m, selected);
    measure_model(t, model, &m, layers, METRIC_AT_END, selected);
}
