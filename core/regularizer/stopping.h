/* stopping — when to stop early, and which epoch is the best one.
 *
 * Criteria: patience as in Keras; gl and pq of Prechelt 1998 ("Early stopping - but when?"): GL =
 * 100*(E/E_best - 1); P = 1000*(mean/min - 1) of the training loss over a strip of 5 records; PQ =
 * GL/P, looked at at the end of each strip. Epoch 0 is never the best and is not watched. The state
 * is a plain value: it goes into checkpoints. */
#ifndef CORE_REGULARIZER_STOPPING_H
#define CORE_REGULARIZER_STOPPING_H

#include "core/spec/metric.h"
#include "core/spec/spec.h"

enum { STOPPING_STRIP = 5 };

typedef struct stopping {
    int64_t best_epoch; /* 0: none yet */
    double best;        /* the monitored value there */
    /* what patience compares with: moves only by improvements larger than min_delta */
    double reference;
    int64_t waited; /* records without improvement */
    int n_strip;
    double strip[STOPPING_STRIP]; /* training losses of the strip so far */
} stopping;

void stopping_init(stopping *s);

/* Takes the record of an epoch >= 1. *is_best: it is the best so far by the monitored metric
 * (val_loss without early stopping). Returns whether training should stop. A value that is not
 * finite is no improvement. */
bool stopping_add(stopping *s, const train_spec *spec, const record *r, bool *is_best);

#endif
