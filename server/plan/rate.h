/* rate — how long a run will take: a model of the work, corrected by what finished runs took.
 *
 * Work is in seconds of a nominal processor (75 GFLOP/s in products, 2.5 G weights/s in updates);
 * the correction is the exponentially weighted mean of measured over nominal seconds, 1 until a run
 * has finished.
 * Threads: none of its own; guarded by its owner's lock. */
#ifndef SERVER_PLAN_RATE_H
#define SERVER_PLAN_RATE_H

#include "core/data/dataset.h"
#include "core/spec/spec.h"

typedef struct rate {
    double correction; /* 0: nothing measured yet */
} rate;

/* Nominal seconds of the whole run on parts of these sizes. */
double rate_work(const train_spec *spec, size_t inputs, size_t outputs, const size_t n[PART_COUNT]);

/* The same of a replay (core/train/replay.h) of so many epochs, whose weights then answer n_answers
 * inputs. */
double rate_replay_work(const train_spec *spec, size_t inputs, size_t outputs, size_t n_train,
                        int64_t epochs, size_t n_answers);

/* What the run of this work is expected to take. */
double rate_seconds(const rate *r, double work);

/* A run of this work took that long on one thread. */
void rate_add(rate *r, double work, double seconds);

#endif
