/* arms — what comparisons read besides the runs of an experiment, what they count, and the arms of
 * those that have ended. Threads and failure as in server/store/store.h. */
#ifndef SERVER_STORE_ARMS_H
#define SERVER_STORE_ARMS_H

#include "core/spec/metric.h"
#include "server/store/store.h"

/* val_loss at the last records of every run that trained all its epochs, those that decide whether
 * it was still improving (server/study/estimand.h) and perhaps one before; by run and epoch. */
typedef bool run_value_callback(void *context, int64_t run_id, double value);
FAIL_CHECKED bool store_list_tails(store *s, int64_t experiment_id, run_value_callback *each,
                                   void *context, fail *f);

/* A metric of one layer at the last record of every run that has it. */
FAIL_CHECKED bool store_list_layer_ends(store *s, int64_t experiment_id, int layer,
                                        layer_metric_id which, run_value_callback *each,
                                        void *context, fail *f);

/* Notes that test metrics were looked at: which question of how many completed runs. *n_looks: the
 * different ones so far, this one too; without a question (NULL) only counted. */
FAIL_CHECKED bool store_note_look(store *s, int64_t experiment_id, const char *question,
                                  int64_t n_completed, int64_t *n_looks, fail *f);

/* One row of the table `arms`; texts are borrowed; NaN and NULL: none. */
typedef struct arm_row {
    const char *metric, *about, *label, *treatment, *context, *tuned, *config_id, *verdict;
    int64_t n, n_failed, n_pairs;
    double mean, std, ci_low, ci_high;
    double difference, difference_ci_low, difference_ci_high;
    double p_value, p_adjusted, minimum_detectable, sign_flip_p, pairs_better;
    double equivalence_p_adjusted;
} arm_row;

/* The arms of the experiment from now on; one that is not there any more has none. */
FAIL_CHECKED bool store_put_arms(store *s, int64_t experiment_id, const arm_row *rows, size_t n,
                                 fail *f);

/* Experiments that have ended and have no arms, oldest first: of an earlier version, or of a
 * program that ended too early. */
typedef bool experiment_id_callback(void *context, int64_t experiment_id);
FAIL_CHECKED bool store_list_without_arms(store *s, experiment_id_callback *each, void *context,
                                          fail *f);

#endif
