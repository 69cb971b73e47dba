/* spec — the configuration of one training run as a value.
 *
 * 1. A train_spec owns no heap memory; it is copied by assignment. core/spec/field.h has the table
 *    of its fields.
 * 2. A spec is used for training only after spec_resolve(): all defaults filled, all rules checked,
 *    and every field that does not apply (momentum with adam) at its default, so that equal
 *    configurations are equal.
 * Threads: everything here is pure. */
#ifndef CORE_SPEC_SPEC_H
#define CORE_SPEC_SPEC_H

#include "core/base/fail.h"
#include "core/math/activation.h"

#include <stdint.h>

enum {
    SPEC_LAYERS_LIMIT = 16,                        /* hidden layers */
    SPEC_ALL_LAYERS_LIMIT = SPEC_LAYERS_LIMIT + 1, /* and the output layer */
    SPEC_RUNS_LIMIT = 100000,                      /* of an experiment */
    SPEC_REPEATS_LIMIT = 1000,                     /* of a config */
    SPEC_PRIORITY_LEAST = -10,                     /* of an experiment */
    SPEC_PRIORITY_MOST = 10,
    SPEC_NAME_LIMIT = 64,
    SPEC_FIELD_LIMIT = 128
};
/* 2^53 - 1, the largest integer that JSON carries exactly */
#define SPEC_SEED_LIMIT 9007199254740991LL

typedef enum { NORMALIZATION_NONE, NORMALIZATION_BATCH, NORMALIZATION_LAYER } normalization_kind;
typedef enum { DROPOUT_AFTER_ACTIVATION, DROPOUT_BEFORE_NORMALIZATION } dropout_position;
typedef enum {
    INITIALIZATION_AUTO,
    INITIALIZATION_HE_NORMAL,
    INITIALIZATION_HE_UNIFORM,
    INITIALIZATION_GLOROT_NORMAL,
    INITIALIZATION_GLOROT_UNIFORM,
    INITIALIZATION_LECUN_NORMAL
} initialization_kind;
typedef enum {
    DROPOUT_BERNOULLI,
    DROPOUT_GAUSSIAN,
    DROPOUT_DROPCONNECT,
    DROPOUT_ALPHA
} dropout_kind;
typedef enum { DROPOUT_SCOPE_ELEMENT, DROPOUT_SCOPE_BATCH } dropout_scope;
typedef enum { DROPOUT_SCALING_INVERTED, DROPOUT_SCALING_CLASSIC } dropout_scaling;
typedef enum {
    DROPOUT_SCHEDULE_CONSTANT,
    DROPOUT_SCHEDULE_LINEAR,
    DROPOUT_SCHEDULE_EARLY,
    DROPOUT_SCHEDULE_LATE,
    DROPOUT_SCHEDULE_CURRICULUM
} dropout_schedule;
typedef enum { PENALTY_WEIGHTS, PENALTY_ALL } penalty_scope;
typedef enum { OPTIMIZER_SGD, OPTIMIZER_ADAM, OPTIMIZER_RMSPROP } optimizer_kind;
typedef enum {
    RATE_CONSTANT,
    RATE_STEP,
    RATE_EXPONENTIAL,
    RATE_COSINE,
    RATE_ONE_CYCLE
} rate_schedule;
typedef enum { SCALING_NONE, SCALING_STANDARD, SCALING_MINMAX } scaling_kind;
typedef enum { TARGET_SCALING_NONE, TARGET_SCALING_STANDARD } target_scaling_kind;
typedef enum {
#define MONITOR_ROW(id, name) MONITOR_##id,
#include "core/spec/monitor_rows.h"
    MONITOR_COUNT
} monitor_kind;
typedef enum { CRITERION_PATIENCE, CRITERION_GL, CRITERION_PQ } criterion_kind;

typedef struct dataset_options {
    int64_t n, classes, dimensions; /* 0: the generator's own */
    double noise;                   /* NaN: the generator's own */
} dataset_options;

typedef struct train_spec {
    uint8_t is_set[SPEC_FIELD_LIMIT]; /* by index in FIELDS[]: 1 where the user gave a value */
    /* data */
    char dataset[SPEC_NAME_LIMIT];
    dataset_options dataset_options;
    int64_t train_size, validation_size, test_size; /* 0: the set's own */
    double label_noise;
    int scaling;        /* scaling_kind; -1: the set's own */
    int target_scaling; /* target_scaling_kind; -1: the set's own, or none where none is told */
    int64_t data_seed;
    /* model */
    int n_hidden;
    int64_t hidden[SPEC_LAYERS_LIMIT];
    int activation, normalization, dropout_position, initialization;
    /* regularizers */
    int n_dropout; /* 0: one rate, dropout[0], for all hidden layers; else one per hidden layer */
    double dropout[SPEC_LAYERS_LIMIT];
    double input_dropout;
    int dropout_kind, dropout_scope, dropout_scaling, dropout_schedule;
    int64_t dropout_schedule_epochs;
    int64_t monte_carlo_samples;
    double weight_decay, l2, l1;
    int penalty_applies_to;
    double max_norm, label_smoothing, mixup;
    double input_noise, activation_noise, weight_noise, gradient_noise;
    struct {
        double shift, rotate, zoom, shear, cutout, elastic;
        bool flip;
    } augmentation;
    struct {
        bool enabled; /* false: null */
        int monitor, criterion;
        int64_t patience, start_from_epoch;
        double min_delta, threshold;
        bool restore_best_weights;
    } early_stopping;
    double gradient_clip, weight_average;
    /* optimization */
    int optimizer;
    double learning_rate, momentum, beta1, beta2, rho, epsilon;
    bool nesterov;
    int learning_rate_schedule;
    double decay_factor;
    int64_t decay_every, warmup_epochs, epochs, batch_size;
    bool shuffle;
    int64_t seed;
    /* recording */
    int64_t evaluate_every, train_evaluation_size;
    bool record_layers;
} train_spec;

/* *spec becomes the specification {} : nothing set, constant defaults filled, dependent ones not
 * yet. */
void spec_init(train_spec *spec);

/* Fills every default that depends on other fields, canonicalizes (fields that do not apply go back
 * to their default, equal rates become one rate) and checks all rules over several fields that need
 * no data set. Adds every fault found to `faults` (may hold some already); true when it added none.
 * Idempotent. */
FAIL_CHECKED bool spec_resolve(train_spec *spec, fail_list *faults);

/* What a specification sets that has no effect in it ("momentum is used only with sgd and
 * rmsprop"), one sentence per call: for i = 0, 1, ... until false. To be asked before
 * spec_resolve(). */
bool spec_warning(const train_spec *spec, int i, char *sentence, size_t sentence_bytes);

/* The dropout rate of hidden layer i (0-based), before schedule. */
static inline double spec_dropout_rate(const train_spec *spec, int i)
{
    return spec->n_dropout == 0 ? spec->dropout[0] : spec->dropout[i];
}

#endif
