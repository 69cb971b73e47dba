/* spec — the configuration of one training run as a value, and FIELDS[], the one table of its
 * fields.
 *
 * 1. A train_spec owns no heap memory; it is copied by assignment.
 * 2. FIELDS[] is the truth: name, type, range, default, help and place in the struct of every field
 *    of a specification. Parsing, validation, JSON Schema, OpenAPI, form, SQL columns and help
 *    derive from it.
 * 3. A spec is used for training only after spec_resolve(): all defaults filled, all rules checked,
 *    and every field that does not apply (momentum with adam) at its default, so that equal
 *    configurations are equal.
 * Threads: everything here is pure; the tables are constant. */
#ifndef CORE_SPEC_SPEC_H
#define CORE_SPEC_SPEC_H

#include "core/base/fail.h"
#include "core/math/activation.h"

#include <stdint.h>

enum {
    SPEC_LAYERS_LIMIT = 16,                        /* hidden layers */
    SPEC_ALL_LAYERS_LIMIT = SPEC_LAYERS_LIMIT + 1, /* and the output layer */
    SPEC_NAME_LIMIT = 64,
    SPEC_FIELD_LIMIT = 128
};
#define SPEC_SEED_LIMIT                                                                            \
    9007199254740991LL /* 2^53 - 1, the largest integer that JSON carries exactly */

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
typedef enum { MONITOR_VAL_LOSS, MONITOR_VAL_ACCURACY } monitor_kind;
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
    int scaling; /* scaling_kind; -1: the set's own */
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

typedef enum field_type {
    FIELD_INTEGER,       /* int64_t */
    FIELD_NUMBER,        /* double */
    FIELD_BOOLEAN,       /* bool */
    FIELD_ENUM,          /* int, an index into `values` */
    FIELD_INTEGER_ARRAY, /* `hidden`: int64_t[], its count in the int at count_offset */
    /* `dropout`: a number (count 0) or an array, double[], its count at count_offset */
    FIELD_RATES,
    FIELD_DATASET, /* `dataset`: a string, or an object with "name" and the generator's options */
    FIELD_OBJECT,  /* a parent of dotted fields; nullable ones have a bool at offset: not null */
    FIELD_STRING,  /* experiment group only, as the next ones: no place in train_spec */
    FIELD_STRING_ARRAY,
    FIELD_STRUCTURE /* `sweep`, `repeats`, `baseline`: read by the codec with a function of its own */
} field_type;

typedef enum field_group {
    FIELD_GROUP_DATA,
    FIELD_GROUP_MODEL,
    FIELD_GROUP_REGULARIZERS,
    FIELD_GROUP_OPTIMIZATION,
    FIELD_GROUP_RECORDING,
    FIELD_GROUP_EXPERIMENT,
    FIELD_GROUP_COUNT
} field_group;

/* What other tools call the same thing, with this table's symbols; NULL where they have no such
 * thing. */
typedef struct field_equivalents {
    const char *pytorch, *keras, *scikit_learn;
} field_equivalents;

typedef struct field {
    const char *name; /* "dropout", "early_stopping.patience" */
    field_group group;
    field_type type;
    bool is_regularizer; /* at its default the regularizer is off: what a baseline sets back */
    bool nullable;
    bool exclusive_minimum, exclusive_maximum;
    double minimum, maximum;    /* numbers and integers; of each element for arrays */
    const char *const *values;  /* FIELD_ENUM: names, NULL-terminated, in the order of the C enum */
    const char *const *aliases; /* FIELD_ENUM: pairs alias, name, NULL-terminated; or NULL */
    /* numbers, integers, booleans, the index of an enum; NaN: see default_text */
    double default_number;
    /* JSON text of the default, or words where it depends on other fields */
    const char *default_text;
    const char *help;    /* what it does, in plain words: one to three sentences */
    const char *formula; /* its definition in symbols, UTF-8; NULL where there is none to give */
    field_equivalents equivalents;
    size_t offset, count_offset; /* in train_spec; offset -1: no place, count_offset 0: no count */
    bool (*applies)(const train_spec *spec); /* NULL: always */
} field;

extern const field FIELDS[];
extern const int FIELD_COUNT;
extern const char *const FIELD_GROUP_NAMES[FIELD_GROUP_COUNT];
extern const char
    FIELD_SYMBOLS[]; /* what the symbols of the formulas and the equivalents stand for */

/* Whether the field decides which epoch's weights are selected: early stopping and its members. */
bool field_selects_epoch(const field *row);

/* The row called `name` ("early_stopping.patience"), or NULL. */
const field *field_find(const char *name);

/* The known name that was probably meant (core/base/nearest.h), or NULL: the "did you mean". */
const char *field_nearest_name(const char *name);

/* The place of the field's value inside a spec. The field must have one (not of the experiment
 * group). */
void *field_value(const field *row, train_spec *spec);
const void *field_value_const(const field *row, const train_spec *spec);

/* Index of `text` among an enum field's names and aliases, or -1. */
int field_enum_index(const field *row, const char *text);

/* How many values stand at the field's place: the elements of an array, 1 for anything else. */
size_t field_value_count(const field *row, const train_spec *spec);

/* True where the field applies to this spec and so belongs into its resolved form. */
bool field_applies(const field *row, const train_spec *spec);

/* True when both specs hold the same value in this field. */
bool field_equal(const field *row, const train_spec *a, const train_spec *b);

/* Copies one field's value (and its is_set mark) from one spec to another. */
void field_copy(const field *row, const train_spec *from, train_spec *to);

/* Puts one field back to its default; one that depends on other fields becomes NaN, 0 or -1, for
 * spec_resolve() to fill. */
void field_set_default(const field *row, train_spec *spec);

/* *spec becomes the specification {} : nothing set, constant defaults filled, dependent ones not
 * yet. */
void spec_init(train_spec *spec);

/* Checks one number against the field's type and range: finite, whole for integers, inside the
 * bounds. On false *f names the range. `pointer` is the JSON pointer to report. */
FAIL_CHECKED bool field_check_number(const field *row, double value, const char *pointer, fail *f);

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
double spec_dropout_rate(const train_spec *spec, int i);

#endif
