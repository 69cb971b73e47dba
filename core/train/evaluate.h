/* evaluate — measures a model on a split: inference by default, sampled masks where asked.
 *
 * 1. Inference draws no random number. 2. All memory is carved from the run's arena.
 * Threads: products are split over the run's threads; the rest is the caller's. */
#ifndef CORE_TRAIN_EVALUATE_H
#define CORE_TRAIN_EVALUATE_H

#include "core/regularizer/regularizer.h"
#include "core/spec/metric_moment.h"
#include "core/train/diagnostics.h"

enum { EVALUATE_ROWS = 256 };

/* Told what a layer gives for rows [first, first + n) of the training part as they are measured
 * (those of train_evaluation), before its softmax: out (n, outputs). */
typedef void evaluation_watch(void *context, int layer, const real *out, size_t first, size_t n);

typedef struct evaluation {
    const train_spec *spec;
    const net *net;
    const split *data;
    parallel *parallel;
    net_inference inference;
    net_scratch scratch;
    float *rows;        /* inputs as the split gives them; also scratch.a where real is float */
    float *predictions; /* of the largest part: (n, outputs) */
    float *mean;        /* Monte-Carlo mean of the test part, or NULL */
    double *log_sums;   /* with it, of a classification: ln of the sum over samples of p(label) */
    int32_t *labels;    /* of the rows in predictions; also: */
    float *targets;
    size_t n;                /* rows in predictions */
    evaluation_watch *watch; /* the caller's; NULL: nobody */
    void *watch_context;
    /* diagnostics of layers */
    diagnostics layers[SPEC_ALL_LAYERS_LIMIT];
    void *layer_memory[SPEC_ALL_LAYERS_LIMIT];
    /* eval outputs of n_pairs evenly spaced validation samples: */
    real *pairs[SPEC_ALL_LAYERS_LIMIT];
    uint32_t pair_positions[EVALUATE_ROWS];
    size_t n_pairs;
    /* sampled masks */
    net_work sample_work;
    regularization sample;
    bool has_samples;  /* they differ from inference */
    int64_t n_samples; /* of the test part, at the end */
} evaluation;

/* Carves (or counts) the memory; `parallel` is then set by the caller. spec, shape and data are
 * borrowed for as long as e is used. */
void evaluation_take(evaluation *e, arena *a, const train_spec *spec, const net *shape,
                     const split *data);

/* The answers of `model` to a part (of the training part: train_evaluation) and their scores, until
 * the next evaluation; `layers`, of the validation part alone: fill e->layers on the way. */
metric_answers evaluation_run(evaluation *e, const real *model, dataset_part part, bool layers);

/* The truth of a part's rows into e->labels or e->targets, e->n of them; and the inputs of its rows
 * first, first + 1, ... into e->scratch.a: returns how many, EVALUATE_ROWS at most. */
void evaluation_read_truth(evaluation *e, dataset_part part);
size_t evaluation_read_rows(evaluation *e, dataset_part part, size_t first);

/* What the last evaluation_run(..., true) gathered of each layer: out[i] but for its weights.
 * variance_shift is of masks at the rates of `epoch` (0-based), over min(256, n) evenly spaced
 * validation samples, whose masks have the rows 0, 1, ... */
void evaluation_finish_layers(evaluation *e, real *model, int64_t epoch, metric_layer *out);

/* The mean answers (of probabilities, not of logits) over n_samples sampled predictions on the
 * test part, with the rates of `epoch` (0-based; Gal and Ghahramani 2016); those of inference
 * where nothing is sampled. The model is not changed. */
metric_answers evaluation_run_monte_carlo(evaluation *e, real *model, int64_t epoch);

#endif
