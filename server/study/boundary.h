/* boundary — what a net makes of the plane while it trains: its answers on a regular grid over a
 * data set of two inputs, at some epochs of a run. The weights of epochs are not kept: the run's
 * training is done once more (core/train/replay), in one pass.
 *
 * 1. Cell (i, j) is number j * size + i: its centre is low + (i + 0.5) * (high - low) / size in the
 *    first input, the same with j in the second, in the data set's own units (stored bytes as 0 ..
 *    1).
 * 2. The range holds every sample of the set with BOUNDARY_AIR of its width on each side; it does
 *    not depend on the epochs.
 * 3. The same request gives the same bytes.
 * Memory: BOUNDARY_CELLS_LIMIT cells, besides that of the training. boundary_open() allocates,
 * boundary_close() frees. Threads: one for each; any number at once. */
#ifndef SERVER_STUDY_BOUNDARY_H
#define SERVER_STUDY_BOUNDARY_H

#include "core/base/fail.h"
#include "core/data/split.h"
#include "core/spec/spec.h"

enum {
    BOUNDARY_EPOCHS_LIMIT = 64,
    BOUNDARY_SIZE_LEAST = 4,
    BOUNDARY_SIZE_LIMIT = 128,
    BOUNDARY_CELLS_LIMIT = 500000, /* of all epochs together */
    BOUNDARY_POINTS_LIMIT = 400,   /* training samples to draw over it */
    BOUNDARY_SECONDS_LIMIT = 20    /* of work on a nominal processor */
};
#define BOUNDARY_AIR 0.1

typedef struct boundary_request {
    const train_spec *spec; /* resolved */
    const split *data;      /* of a set that boundary_check_set() let pass */
    size_t size;            /* cells along each side */
    size_t n_epochs;
    const int64_t *epochs; /* (n_epochs) increasing */
    void *context;
    bool (*is_stopped)(void *context); /* asked once per step of the training; may be NULL */
} boundary_request;

typedef struct boundary {
    const dataset *set; /* borrowed */
    size_t size, n_epochs;
    int64_t epochs[BOUNDARY_EPOCHS_LIMIT];
    double low[2], high[2];
    /* (n_epochs, size * size) the most probable, -1 where the answer is no number; NULL:
     * regression */
    int32_t *classes;
    float *values; /* the same shape: its probability, or the value predicted, in the
                    * set's own units */
    size_t n_points;
    float *points;   /* (n_points, 2) */
    int32_t *labels; /* (n_points) as trained on, label noise included; NULL: regression */
    float *targets;  /* (n_points); NULL: classification */
} boundary;

/* False (FAIL_CONFLICT) unless the set has two inputs, and classes or one target. */
FAIL_CHECKED bool boundary_check_set(const dataset *set, fail *f);

/* Reads "0,1,5" into epochs: increasing whole numbers from 0 to last. NULL gives 0, 1, 2, 5, 10,
 * 20, ... and last. The fault's field is "/query/epochs". */
FAIL_CHECKED bool boundary_read_epochs(const char *text, int64_t last,
                                       int64_t epochs[BOUNDARY_EPOCHS_LIMIT], size_t *n, fail *f);

/* Fewer epochs than asked for where the training diverged on the way. FAIL_INTERRUPTED; want of
 * memory. */
FAIL_CHECKED bool boundary_open(const boundary_request *r, boundary *out, fail *f);
void boundary_close(boundary *b); /* safe on a zeroed one */

#endif
