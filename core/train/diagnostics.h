/* diagnostics — what a layer's units do on the validation split: activity, co-adaptation, rank,
 * variance shift.
 *
 * 1. An accumulator reads the layer's outputs in chunks, in order, and keeps sums per unit and per
 * pair of units: memory does not grow with the number of samples. The caller gives the memory;
 * nothing is allocated.
 * 2. Everything is of all samples. Correlations are of at most METRIC_UNITS_LIMIT units and
 * eigenvalues of at most METRIC_RANK_LIMIT, evenly spaced: the one costs the square, the other the
 * cube of their number. The choice depends on the counts alone.
 * 3. Draws no random number: the masks of variance_shift are the caller's.
 * What the sums amount to is told by the rows of LAYER_METRICS[] (core/spec/metric_layer.c).
 * Threads: one accumulator, one thread at a time. */
#ifndef CORE_TRAIN_DIAGNOSTICS_H
#define CORE_TRAIN_DIAGNOSTICS_H

#include "core/math/kernel.h"
#include "core/spec/metric_moment.h"

#include <stddef.h>
#include <stdint.h>

typedef struct diagnostics {
    size_t n_samples;   /* of the split */
    metric_layer layer; /* what the rows of LAYER_METRICS[] read */
    real *shifted;      /* scratch: rows of n_kept outputs less their shift */
    /* (n_kept, n_kept), j >= i: sums over samples of x_i x_j, both shifted; diagnostics_finish()
     * leaves covariances */
    real *products;
} diagnostics;

/* Bytes of memory that an accumulator of a layer with this many units needs. */
size_t diagnostics_bytes(size_t units);

/* Starts anew on memory of diagnostics_bytes(units) bytes, aligned to 64, for a split of n_samples
 * samples. */
void diagnostics_init(diagnostics *d, void *memory, size_t units, size_t n_samples);

/* Adds the next n samples' outputs (n, units), evaluation mode, after activation and before
 * masks. */
void diagnostics_add(diagnostics *d, const real *outputs, size_t n);

/* Adds what the layer hands on after its masks for n samples in both modes: (n, units) each.
 * Which samples, and how many, is up to the caller. */
void diagnostics_add_pair(diagnostics *d, const real *evaluation, const real *training, size_t n);

/* To be called once, after all samples: the layer's sums and covariances, until the memory is used
 * anew; `number`, `inputs` and `weights` are the caller's to set. */
metric_layer diagnostics_finish(diagnostics *d);

#endif
