/* update — one step's gradients into the parameters: penalties, the optimizer's rule and what
 * regularizers do before and after it, in as few passes as the specification allows.
 *
 * 1. Each part of a layer is updated as soon as its gradient is there, while it is in cache.
 * 2. Where a regularizer needs the whole gradient, that is measured first and updated afterwards.
 * 3. A gathered layer's dropped weights have a gradient of zero; they still move by momentum, decay
 *    and penalties.
 * Sums of squares are taken per part and added in order. */
#ifndef CORE_TRAIN_UPDATE_H
#define CORE_TRAIN_UPDATE_H

#include "core/regularizer/regularizer.h"
#include "core/train/optimizer.h"

typedef struct update {
    const train_spec *spec;
    const net *net;
    net_work *work;
    regularization *regularization;
    const optimizer *rule;
    bool is_deferred;
    real *model, *first, *second; /* parameters and the optimizer's buffers (may be NULL) */
    kernel_update weight_step, vector_step; /* of this step, for weight matrices and for vectors */
    int most_parts;                         /* of any layer */
    double *squares;                        /* (layers, most_parts): of the raw gradient */
    real *rows;                             /* (most_parts, widest): gathered rows, spread out */
    double layer_norms[SPEC_ALL_LAYERS_LIMIT], norm; /* of the last step's raw gradient */
} update;

/* Carves (or counts) the memory: squares and rows only; model, first and second are the
 * caller's. */
void update_take(update *u, arena *a, const train_spec *spec, const net *shape, net_work *work,
                 regularization *r);

/* The constants of step `step` (0-based) at learning rate `rate`. */
void update_start_step(update *u, int64_t step, double rate);

/* A net_layer_done: context is the update. */
void update_layer(void *context, int layer, int part);

/* What was deferred, and the norms. */
void update_finish_step(update *u, parallel *p);

#endif
