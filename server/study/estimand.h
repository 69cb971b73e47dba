/* estimand — what an interval is about, and what difference of a metric matters: everything that
 * follows from the metric's name and the data behind it.
 *
 * 1. A metric is known by its public name; what it is of follows from the beginning of the name
 *    (test_, mc_test_; train_, batch_; else validation), its scale from the end (_loss, ...).
 * 2. `split`: every repeat measures the same rows. `resplit`: each draws them anew from one set, so
 *    that repeats share rows. `new_data`: a generator draws new ones.
 * Threads: pure functions. */
#ifndef SERVER_STUDY_ESTIMAND_H
#define SERVER_STUDY_ESTIMAND_H

#include "core/data/dataset.h"
#include "core/spec/metric.h"

typedef enum estimand_about {
    ESTIMAND_SPLIT,
    ESTIMAND_RESPLIT,
    ESTIMAND_NEW_DATA,
    ESTIMAND_ABOUT_COUNT
} estimand_about;
extern const char *const ESTIMAND_ABOUT_NAMES[ESTIMAND_ABOUT_COUNT]; /* as in answers */
/* What headline and summary begin with: "On these rows", ... */
extern const char *const ESTIMAND_ABOUT_WORDS[ESTIMAND_ABOUT_COUNT];

typedef struct estimand_data { /* where the rows of one config come from */
    bool varies_data_seed;     /* over repeats */
    bool is_generated;
    size_t stored[PART_COUNT]; /* rows of the stored parts; 0: the set does not have it */
    size_t drawn[PART_COUNT];  /* rows of the split */
    size_t n_train_evaluation; /* training rows that train_... is measured on */
} estimand_data;

dataset_part estimand_part(const char *name);

/* val_... or the generalization gap: what a validation split chose, or stopped by, flatters. */
bool estimand_is_of_validation(const char *name);

estimand_about estimand_about_of(const estimand_data *data, const char *name);

/* n_measured / n_pool of the metric's part where that is drawn anew from a fixed set, else 0:
 * n_measured rows are measured; n_pool are the stored rows less the validation and test rows
 * drawn, those that training can draw from (Nadeau and Bengio 2003). NaN where that leaves none: of
 * a set that is not known no interval can be given. */
double estimand_share(const estimand_data *data, const char *name);

/* The least difference that matters by default, in the metric's unit, where the baseline has this
 * mean: 1 % of a loss, an RMSE, ECE or Brier score; 1 % of 1 - R2; 5 % of 1 - accuracy, at most
 * 0.005. NaN (nothing is equivalent) for other metrics and where that is not positive. */
double estimand_smallest_effect(const char *name, double baseline_mean);

/* The scores of which a value without learning is known. */
typedef enum estimand_score {
    ESTIMAND_LOSS,
    ESTIMAND_ACCURACY,
    ESTIMAND_BRIER,
    ESTIMAND_SCORE_COUNT
} estimand_score;

/* What a comparison has to know of the rows of one config, whatever becomes of the set. */
typedef struct estimand_facts {
    estimand_data data;
    double trivial[PART_COUNT][ESTIMAND_SCORE_COUNT]; /* estimand_trivial(); NaN: not known */
} estimand_facts;

/* The metric's value without learning, by its part and its scale; NaN for other metrics. */
double estimand_trivial_of(const estimand_facts *facts, const char *name);

/* What predicting the class shares of the measured rows gives: their entropy in nats as a loss,
 * the largest share as an accuracy, 1 - sum p^2 as a Brier score; NaN for other metrics. shares:
 * (k), sum 1. */
double estimand_trivial(const char *name, const double *shares, size_t k);

/* epochs_to: the first recorded epoch whose value is at or beyond the target (at most it where
 * lower is better, at least it where higher is); else the last epoch, with *is_reached false.
 * Values that are not there (NaN) are passed over. epochs, values: (n), n > 0, by epoch. */
double estimand_epochs_to(const int64_t *epochs, const double *values, size_t n, double target,
                          metric_direction direction, bool *is_reached);

/* The check of a run's learning: still improving where the mean of the last k = max(2, floor(R/10))
 * of R >= 2k records after epoch 0 is over 1 % below that of the k before. */
typedef enum estimand_progress {
    ESTIMAND_PROGRESS_UNKNOWN, /* too few records, or one of them is not a number */
    ESTIMAND_PROGRESS_SETTLED,
    ESTIMAND_PROGRESS_IMPROVING
} estimand_progress;
/* val_loss: (n) records after epoch 0. */
estimand_progress estimand_progress_of(const double *val_loss, size_t n);
/* How many of R = n records decide, the last 2 k; 0: R < 2 k. And the same from those alone. */
size_t estimand_progress_records(size_t n);
estimand_progress estimand_progress_of_tail(const double *val_loss, size_t n_tail);

#endif
