/* dataset — a data set as stored (bytes stay bytes), its split for one run, and DATASETS[], the built-in ones.
 *
 * 1. A `dataset` is const after it is opened and shared by all runs and threads that hold it; counted references.
 * 2. A `split` belongs to one configuration: which rows train, validate and test, with label noise and scaling
 *    fitted on the training rows alone. It keeps a reference to its dataset; it copies no inputs.
 * 3. Everything random derives from data_seed (core/rng.h, purposes 10, 11 and 12).
 * Inputs are rows of d numbers: bytes (0..255, read as value/255) or float32. Classes are 0 .. k-1. */
#ifndef CORE_DATASET_H
#define CORE_DATASET_H

#include "core/fail.h"
#include "core/spec.h"

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
    char sha256[65]; /* of the content: the stored file's, or of the generated arrays */
    dataset_task task;
    size_t d;                      /* inputs per row */
    size_t k;                      /* classes, or regression outputs */
    size_t height, width, channels; /* images: d = channels*height*width, else 0 */
    int default_scaling;           /* scaling_kind */
    bool shared_scaling;           /* images: one mean and deviation for all inputs, not one per column */
    bool built_in;
    dataset_rows parts[PART_COUNT];
    struct dataset_storage *storage; /* private: arrays or mapping, reference count */
} dataset;

/* A built-in generator. */
typedef struct dataset_row {
    const char *name, *help;
    dataset_task task;
    int64_t default_n;
    double default_noise;
    int64_t default_classes, default_dimensions; /* 0: the option does not apply */
    int64_t maximum_classes, maximum_dimensions;
    const char *options_help;
    bool (*generate)(const dataset_options *options, int64_t data_seed, dataset *out, fail *f);
} dataset_row;

extern const dataset_row DATASETS[];
extern const int DATASET_COUNT;
const dataset_row *dataset_find(const char *name); /* built-in, or NULL */

/* The options as the generator will use them (defaults filled); faults name "/dataset/n" ... For a registered name
 * any option is a fault; an unknown name is FAIL_NOT_FOUND when `data_dir` has no such set. */
FAIL_CHECKED bool dataset_check(const char *name, const dataset_options *options, const char *data_dir, dataset_options *resolved, fail *f);

/* Opens a built-in set (generated from data_seed) or a registered one (mapped read-only from data_dir; data_seed plays no part).
 * On success *out holds one reference. */
FAIL_CHECKED bool dataset_open(const char *name, const dataset_options *options, int64_t data_seed, const char *data_dir,
                               dataset **out, fail *f);
dataset *dataset_share(const dataset *set); /* one more reference */
void dataset_close(dataset *set);           /* one less; NULL is fine */

/* What a run trains and measures on. */
typedef struct split {
    const dataset *set;
    size_t n[PART_COUNT];
    const uint32_t *rows[PART_COUNT];     /* (n) row in the stored part that `source` names */
    dataset_part source[PART_COUNT];      /* the stored part that this one was drawn from */
    const int32_t *labels[PART_COUNT];    /* (n) classification, after label noise (training only), else NULL */
    size_t n_train_evaluation;
    const uint32_t *train_evaluation;     /* (n_train_evaluation) increasing positions in the training part */
    const float *scale, *shift;           /* x_scaled = x_raw * scale[j] + shift[j]; length d (bytes: value as stored 0..255) */
    int scaling;                          /* the one applied */
    void *memory;                         /* private: one allocation */
} split;

/* Draws the split of a resolved spec. Faults (not enough rows for train_size, a class without a training sample, ...)
 * name the field. Stratified by class for classification. Parts the set does not have are drawn from the training part:
 * without a test part 60/20/20, without a validation part 10 % of the training part. Registered sets keep file order inside a part. */
FAIL_CHECKED bool split_open(const dataset *set, const train_spec *spec, split **out, fail *f);
void split_close(split *s);

/* Bytes that split_open() will allocate for this set and spec. */
size_t split_bytes(const dataset *set, const train_spec *spec);

/* Scaled inputs of the part's samples positions[0..n-1] (or first, first+1, ... where positions is NULL): out (n, d). */
void split_read_inputs(const split *s, dataset_part part, const uint32_t *positions, size_t first, size_t n, float *out);

/* Regression targets of the same samples: out (n, k). */
void split_read_targets(const split *s, dataset_part part, const uint32_t *positions, size_t first, size_t n, float *out);

#endif
