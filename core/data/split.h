/* split — what one run trains, validates and tests on: rows of a data set, scaled.
 *
 * 1. A `split` belongs to one configuration: which rows train, validate and test, with label noise
 *    and scaling fitted on the training rows alone. It keeps a reference to its dataset; it copies
 *    no inputs.
 * 2. Everything random derives from data_seed (core/math/rng.h, purposes 11 and 12).
 *
 * Draws of a split (RNG_SPLIT, step 0, row = class, 0 for regression): each is the permutation of
 * the rows of that class, in file order, by the address's stream; layer says which:
 *   0  stored training part: the test rows come first (if the set has no test part), then the
 *      validation rows (if it has no validation part), then the training rows: train_size leaves
 *      the other parts alone, and adds rows to those of a smaller one where the share of every
 *      class grows by a row or more (between closer sizes largest remainders may take one away)
 *   1  stored validation part: the first are kept      2  stored test part: the first are kept
 *   3  training part of the split, by the labels before label noise: the first are train_evaluation
 * How many of each class: largest remainders of proportional quotas; ties go to the lower class; a
 * class keeps at least one training row. Label noise (RNG_LABEL_NOISE, row 0, layer 0): the first
 * round(label_noise * n) of the permutation at step 0 of the positions 0 .. n-1 are changed; the
 * i-th of them becomes (label + 1 + below(k - 1)) mod k by word i of step 1. */
#ifndef CORE_DATA_SPLIT_H
#define CORE_DATA_SPLIT_H

#include "core/data/dataset.h"

typedef struct split {
    const dataset *set;
    size_t n[PART_COUNT];
    /* (n) increasing rows in the stored part that `source` names */
    const uint32_t *rows[PART_COUNT];
    dataset_part source[PART_COUNT]; /* the stored part that this one was drawn from */
    /* (n) classification, after label noise (training only), else NULL */
    const int32_t *labels[PART_COUNT];
    size_t n_train_evaluation;
    const uint32_t *train_evaluation; /* (n_train_evaluation) increasing positions in training */
    /* (d) x_scaled = x_raw * scale[j] + shift[j]; bytes are raw as stored, 0 .. 255 */
    const float *scale, *shift;
    const float *fill; /* (d) what stands, scaled, where an input is missing; NULL: nowhere */
    /* (k) each, of a regression whose targets are scaled, over the training rows: what is trained
     * on is (target - mean) / deviation. Else NULL. */
    const double *target_mean, *target_deviation;
    int scaling;     /* the one applied */
    bool is_uniform; /* all columns have the scale and shift of column 0 */
    void *memory;    /* private: one allocation */
} split;

/* Draws the split of a resolved spec. Faults (more rows wanted than there are, fewer training rows
 * than classes, label noise without classes, ...) name the field and the figures. Parts the set
 * does not have are drawn from the training part: without a test part
 * 60/20/20, without a validation part 10 % of it; validation_size and test_size take the place of
 * these shares. Scaling: `standard` (x - mean) / population deviation, `minmax` to 0 .. 1, `none`:
 * bytes / 255, floats as they are; over all inputs jointly for images. A column that is constant in
 * training becomes 0 (scale 0, shift 0). An input that is missing takes the mean that its column
 * has over the other training rows of this split. */
FAIL_CHECKED bool split_open(const dataset *set, const train_spec *spec, split **out, fail *f);
void split_close(split *s); /* NULL is fine */

/* Bytes that split_open() will allocate for this set and spec, and how many rows each part will
 * have; 0 where sizes or classes make it fail, which split_count() tells as split_open() would. */
size_t split_bytes(const dataset *set, const train_spec *spec);
FAIL_CHECKED bool split_count(const dataset *set, const train_spec *spec, size_t n[PART_COUNT],
                              fail *f);

/* Scaled inputs of the part's samples positions[0..n-1] (or first, first+1, ... where positions is
 * NULL): out (n, d). */
void split_read_inputs(const split *s, dataset_part part, const uint32_t *positions, size_t first,
                       size_t n, float *out);

/* Input c of a stored row in the set's own units, bytes as 0 .. 1; NaN where it is missing. And
 * what a net that was trained on the split takes for such a value. */
double split_own_input(const dataset *set, dataset_part stored, size_t row, size_t c);
float split_scale_input(const split *s, size_t c, double own);

/* Regression targets of the same samples as trained on: out (n, k). */
void split_read_targets(const split *s, dataset_part part, const uint32_t *positions, size_t first,
                        size_t n, float *out);

/* Target j of a stored row in the set's own units. */
double split_own_target(const dataset *set, dataset_part stored, size_t row, size_t j);

/* Those of samples first, first + 1, ... in the set's own units: out (n, k). */
void split_read_own_targets(const split *s, dataset_part part, size_t first, size_t n, double *out);

/* Output j of a net that was trained on the split, in the set's own units. */
double split_own_output(const split *s, size_t j, double output);

#endif
