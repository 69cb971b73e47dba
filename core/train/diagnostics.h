/* diagnostics — what a layer's units do on the validation split: activity, co-adaptation, rank,
 * variance shift.
 *
 * 1. An accumulator reads the layer's outputs in chunks, in order, and keeps sums per unit and per
 * pair of units: memory does not grow with the number of samples. The caller gives the memory;
 * nothing is allocated.
 * 2. Everything is of all samples. Correlations are of at most DIAGNOSTICS_UNITS_LIMIT units and
 * eigenvalues of at most DIAGNOSTICS_RANK_LIMIT, evenly spaced: the one costs the square, the other
 * the cube of their number. The choice depends on the counts alone.
 * 3. Draws no random number: the masks of variance_shift are the caller's.
 * Threads: one accumulator, one thread at a time. Results that are not defined are NaN. */
#ifndef CORE_TRAIN_DIAGNOSTICS_H
#define CORE_TRAIN_DIAGNOSTICS_H

#include "core/math/kernel.h"
#include "core/math/kernel_spectrum.h"
#include "core/spec/metric.h"

#include <stddef.h>
#include <stdint.h>

enum { DIAGNOSTICS_UNITS_LIMIT = 1024, DIAGNOSTICS_RANK_LIMIT = KERNEL_SPECTRUM_LIMIT };
#define DIAGNOSTICS_LIVE_STD 1e-6 /* a unit with a smaller deviation has no correlations */

/* Sums over samples of x - shift and of its square, per unit. */
typedef struct diagnostics_moments {
    size_t n;
    real *shift; /* near the mean: keeps the squares small */
    double *sum, *squares;
    uint32_t *zeros;
} diagnostics_moments;

typedef struct diagnostics {
    size_t units, n_samples; /* of the layer; of the split */
    diagnostics_moments outputs, evaluation,
        training;  /* the last two of the samples in diagnostics_add_pair() */
    size_t n_kept; /* units whose pairs are summed */
    real *shifted; /* scratch: rows of n_kept outputs less their shift */
    /* (n_kept, n_kept), j >= i: sums over samples of x_i x_j, both shifted; diagnostics_read()
     * leaves covariances */
    real *products;
    float *covariance; /* scratch of diagnostics_read() */
} diagnostics;

/* Bytes of memory that an accumulator of a layer with this many units needs. */
size_t diagnostics_bytes(size_t units);

/* Starts anew on memory of diagnostics_bytes(units) bytes, aligned to 64, for a split of n_samples
 * samples. */
void diagnostics_init(diagnostics *d, void *memory, size_t units, size_t n_samples);

/* Adds the next n samples' outputs (n, units), evaluation mode, after activation and before
 * dropout. */
void diagnostics_add(diagnostics *d, const real *outputs, size_t n);

/* Adds what the layer hands on after its dropout for n samples in both modes: (n, units) each.
 * Which samples, and how many, is up to the caller. */
void diagnostics_add_pair(diagnostics *d, const real *evaluation, const real *training, size_t n);

/* To be called once, after all samples. Fills values[] at LAYER_METRIC_ACTIVATION_MEAN,
 * _ACTIVATION_STD, _SPARSITY, _DEAD_FRACTION,
 * _COADAPTATION, _VARIANCE_SHIFT and _EFFECTIVE_RANK; leaves the others alone. coadaptation: mean
 * |corr_ij|, i < j, over live units (NaN with fewer than two). effective_rank: exp(-sum p ln p)
 * with p the eigenvalues of the covariance over their sum (Roy and Vetterli 2007; NaN if all units
 * stand still). variance_shift: var(evaluation) over var(training), each averaged over the
 * units; 1 if no pair was added: a layer that does the same in both modes. */
void diagnostics_read(diagnostics *d, double values[LAYER_METRIC_COUNT]);

#endif
