/* metric — METRICS[] and LAYER_METRICS[], the tables of what is measured, and the record of one
 * epoch.
 *
 * 1. A metric is a row (core/spec/metric_rows.h, core/spec/metric_layer_rows.h) with its function:
 *    columns of the database, members of answers and events, curves.csv and the catalogue follow.
 * 2. Its name is the same in C, JSON, SQL, CSV and the dashboard.
 * 3. A value that does not exist (accuracy of a regression, val_loss in an epoch without
 *    evaluation) is NaN.
 * Threads: constant tables, plain values. Losses are in nats (cross-entropy) or squared target
 * units. */
#ifndef CORE_SPEC_METRIC_H
#define CORE_SPEC_METRIC_H

#include "core/spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Per epoch first, in the order of curves.csv; then once, at the end, with the selected weights. */
typedef enum metric_id {
#define METRIC_EPOCH_ROW(id, ...) METRIC_##id,
#include "core/spec/metric_rows.h"
    METRIC_EPOCH_COUNT,
    METRIC_LAST_OF_EPOCHS = METRIC_EPOCH_COUNT - 1,
#define METRIC_END_ROW(id, ...) METRIC_##id,
#include "core/spec/metric_rows.h"
    METRIC_COUNT
} metric_id;

typedef enum layer_metric_id {
#define METRIC_LAYER_ROW(id, ...) LAYER_METRIC_##id,
#include "core/spec/metric_layer_rows.h"
    LAYER_METRIC_COUNT
} layer_metric_id;

typedef enum metric_direction {
    METRIC_LOWER_IS_BETTER,
    METRIC_HIGHER_IS_BETTER,
    METRIC_NEITHER
} metric_direction;

typedef enum metric_when { METRIC_PER_EPOCH, METRIC_AT_END, METRIC_PER_LAYER } metric_when;

/* What is measured; these are also the stages in which a moment becomes known, in this order. */
typedef enum metric_part {
    METRIC_OF_STEPS,        /* the optimizer steps of the epoch: known even where it diverged */
    METRIC_OF_TRAIN,        /* the training split, evaluation mode */
    METRIC_OF_VALIDATION,   /* the validation split, evaluation mode */
    METRIC_OF_ABLATION,     /* the validation split with units taken out: at the end alone */
    METRIC_OF_TEST,         /* the test split, evaluation mode: at the end alone */
    METRIC_OF_SAMPLED_TEST, /* the test split, mean answer over monte_carlo_samples masks */
    METRIC_OF_MODEL,        /* the weights, or metrics of several parts */
    METRIC_PART_COUNT
} metric_part;

/* Under which names a run keeps it: last_... and best_... of those epochs, its own name of the
 * selected weights. */
typedef enum metric_keeps {
    METRIC_KEEPS_NOTHING = 0,
    METRIC_KEEPS_LAST = 1,
    METRIC_KEEPS_BEST = 2,
    METRIC_KEEPS_SELECTED = 4
} metric_keeps;

struct metric_moment; /* core/spec/metric_moment.h */

typedef struct metric {
    const char *name, *unit, *help;
    metric_direction direction;
    metric_when when;
    metric_part part;
    unsigned keeps;                  /* metric_keeps, or-ed */
    bool is_test;                    /* of the test split: never used to select */
    bool classification, regression; /* the tasks that have it */
    /* The value from what is known at the moment of `when` and `part`: pure; NaN where that does
     * not tell it. */
    double (*measure)(const struct metric_moment *known);
} metric;

extern const metric METRICS[METRIC_COUNT];
/* What early stopping watches, by monitor_kind. */
extern const metric_id METRIC_OF_MONITOR[MONITOR_COUNT];
extern const metric LAYER_METRICS[LAYER_METRIC_COUNT];

/* Index of the metric called `name`, or -1. */
int metric_find(const char *name);

/* What the version before called it, or NULL: SQL views keep that name beside the new one until the
 * next version, and specifications that say it are read. */
const char *metric_former_name(const metric *row);

/* The metric that is the same of another part (val_loss of the test split: test_loss), or
 * METRIC_COUNT. */
metric_id metric_of_part(metric_id id, metric_part part);

/* One epoch's line of the learning curves. Epoch 0 is the state before training. */
typedef struct record {
    int64_t epoch, step; /* epochs and optimizer steps done */
    double values[METRIC_EPOCH_COUNT];
    int n_layers; /* 0 where layers are not recorded; else hidden layers + the output layer */
    double layers[SPEC_ALL_LAYERS_LIMIT][LAYER_METRIC_COUNT];
} record;

#endif
