/* dataset — a data set as stored (bytes stay bytes), its split for one run, and DATASETS[], the
 * built-in ones.
 *
 * 1. A `dataset` is const after it is opened and shared by all runs and threads that hold it;
 *    counted references.
 * 2. A `split` belongs to one configuration: which rows train, validate and test, with label noise
 *    and scaling fitted on the training rows alone. It keeps a reference to its dataset; it copies
 *    no inputs.
 * 3. Everything random derives from data_seed (core/math/rng.h, purposes 10, 11 and 12).
 * 4. Labels are in 0 .. k-1 and floats are finite (inputs: or missing, see core/data/origin.h) in
 *    every dataset that dataset_open() gave out.
 * Inputs are rows of d numbers: bytes (0..255, read as value/255) or float32. Images are (channels,
 * height, width).
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
#ifndef CORE_DATA_DATASET_H
#define CORE_DATA_DATASET_H

#include "core/base/caller.h"
#include "core/base/digest.h"
#include "core/base/fail.h"
#include "core/spec/spec.h"

#include <stddef.h>
#include <stdint.h>

typedef enum dataset_task { TASK_CLASSIFICATION, TASK_REGRESSION } dataset_task;
typedef enum dataset_part { PART_TRAIN, PART_VALIDATION, PART_TEST, PART_COUNT } dataset_part;

typedef struct dataset_rows { /* one part as stored; n = 0 where the set does not have it */
    size_t n;
    const uint8_t *bytes;  /* (n, d) row-major, or NULL */
    const float *floats;   /* (n, d) row-major, or NULL; exactly one of the two when n > 0 */
    const int32_t *labels; /* (n) classification, else NULL */
    const float *targets;  /* (n, k) regression, else NULL */
} dataset_rows;

typedef struct dataset {
    char name[SPEC_NAME_LIMIT];
    char sha256[DIGEST_TEXT_BYTES]; /* of the file that it is, or would be, stored in */
    dataset_task task;
    size_t d;                       /* inputs per row */
    size_t k;                       /* classes, or regression outputs */
    size_t height, width, channels; /* images: d = channels*height*width, else 0 */
    int default_scaling;            /* scaling_kind */
    bool shared_scaling; /* images: one mean and deviation for all inputs, not one per column */
    bool built_in;
    /* k texts one after the other, each with its NUL; NULL: the numbers 0 .. k-1 */
    const char *class_names;
    const char *column_names;            /* d such texts, or NULL */
    const struct dataset_origin *origin; /* core/data/origin.h; NULL: generated, or long stored */
    dataset_rows parts[PART_COUNT];
    struct dataset_storage *storage; /* private: arrays or mapping, reference count */
} dataset;

typedef struct dataset_row { /* a built-in generator */
    const char *name, *help;
    dataset_task task;
    int64_t default_n;
    double default_noise;
    int64_t default_classes, default_dimensions; /* 0: the option does not apply */
    int64_t inputs;                              /* of a row where it has no option dimensions */
    int64_t maximum_classes, maximum_dimensions;
    double maximum_noise; /* noise is in 0 .. maximum_noise */
    const char *options_help;
    /* Fills task, d, k, shape, scaling and one stored part; `options` are resolved. */
    bool (*generate)(const dataset_options *options, int64_t data_seed, const caller *by,
                     dataset *out, fail *f);
} dataset_row;

extern const dataset_row DATASETS[];
extern const int DATASET_COUNT;
const dataset_row *dataset_find(const char *name); /* built-in, or NULL */

/* The options as the generator will use them (defaults filled; those that do not apply 0 or NaN);
 * faults name "/dataset/n" ... For a registered name any option is a fault; FAIL_NOT_FOUND
 * ("/dataset") when `data_dir` (may be NULL: none) has no such set. */
FAIL_CHECKED bool dataset_check(const char *name, const dataset_options *options,
                                const char *data_dir, dataset_options *resolved, fail *f);

/* Opens a built-in set (generated from data_seed; unset options filled) or a registered one (mapped
 * read-only from data_dir, its SHA-256 verified; no data_seed). *out holds one reference. */
FAIL_CHECKED bool dataset_open(const char *name, const dataset_options *options, int64_t data_seed,
                               const char *data_dir, dataset **out, fail *f);
/* One reference to the data set of a spec: how whoever trains is told where sets come from. */
typedef bool dataset_opener(void *context, const train_spec *spec, dataset **out, fail *f);

dataset *dataset_share(const dataset *set); /* one more reference */
void dataset_close(const dataset *set);     /* one less; NULL is fine */

/* Name of class c (c < k), or of column c (c < d); "7" for a set without names. Written to text,
 * cut if it does not fit. */
void dataset_write_class_name(const dataset *set, size_t c, char *text, size_t text_bytes);
void dataset_write_column_name(const dataset *set, size_t c, char *text, size_t text_bytes);

/* What a run trains and measures on. */
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
 * training becomes 0 (scale 0, shift 0). */
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

/* Regression targets of the same samples as trained on: out (n, k). */
void split_read_targets(const split *s, dataset_part part, const uint32_t *positions, size_t first,
                        size_t n, float *out);

/* Those of samples first, first + 1, ... in the set's own units: out (n, k). */
void split_read_own_targets(const split *s, dataset_part part, size_t first, size_t n, double *out);

/* Output j of a net that was trained on the split, in the set's own units. */
double split_own_output(const split *s, size_t j, double output);

#endif
