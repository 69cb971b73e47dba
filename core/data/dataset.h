/* dataset — a data set as stored (bytes stay bytes), and DATASETS[], the built-in ones.
 *
 * 1. A `dataset` is const after it is opened and shared by all runs and threads that hold it;
 *    counted references.
 * 2. Everything random derives from data_seed (core/math/rng.h, purposes 10, 11 and 12).
 * 3. Labels are in 0 .. k-1 and floats are finite (inputs: or missing) in every dataset that
 * dataset_open() gave out. Inputs are rows of d numbers: bytes (0..255, read as value/255) or
 * float32. Images are (channels, height, width). What a run trains on is a split of it:
 * core/data/split.h. */
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
    const char *column_names; /* d such texts, or NULL */
    /* What was taken off every value before it was stored, (d) and (k) of a regression; NULL: 0. A
     * column whose spread is far below its size would lose it in float32. */
    const double *input_offsets, *target_offsets;
    bool has_missing; /* inputs may be NaN: a split puts the mean of its training rows there */
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
/* Of target j (j < k) of a regression: the label column's name, else "target", or "target 0", ...
 */
void dataset_write_target_name(const dataset *set, size_t j, char *text, size_t text_bytes);

#endif
