/* metrics — what a run ends with: the values of METRICS[] that a run keeps, under their public
 * names.
 *
 * Which of its epochs' and its weights' values a run keeps, each row of METRICS[] says. The names
 * are the columns of `runs` and run_results and the members of a run's `metrics`. Threads: plain
 * values, constant tables. */
#ifndef SERVER_MODEL_METRICS_H
#define SERVER_MODEL_METRICS_H

#include "core/spec/metric.h"

#include <stdint.h>

typedef struct run_metrics { /* NaN = none */
    double last[METRIC_EPOCH_COUNT], best[METRIC_EPOCH_COUNT];
    double selected[METRIC_COUNT]; /* with the selected weights: train_loss, ..., test_loss, ... */
    int64_t best_epoch, selected_epoch; /* -1: none */
} run_metrics;

/* All NaN and -1. */
void run_metrics_init(run_metrics *m);

/* The kept metrics in their order: best_epoch and selected_epoch, then in the order of METRICS[]
 * those of the selected weights under their own names, then last_..., then best_.... */
int run_metric_count(void);
/* The i-th of them, i = 0, 1, ...; false where there is none. An epoch of -1 gives NaN. */
bool run_metric_get(const run_metrics *m, int i, const char **name, double *value);
/* Sets the i-th of them, 0 <= i < run_metric_count(); NaN for an epoch becomes -1. */
void run_metric_set(run_metrics *m, int i, double value);
const char *run_metric_name(int i);
/* Its row of METRICS[]; NULL for the two epochs. */
const metric *run_metric_row(int i);
/* Index of the name, or -1. */
int run_metric_find(const char *name);

#endif
