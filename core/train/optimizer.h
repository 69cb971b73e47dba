/* optimizer — OPTIMIZERS[], the one table of update rules, and the schedule of the learning rate.
 *
 * The rules are PyTorch's, with epsilon where PyTorch has it (core/math/kernel_update.c). Threads:
 * pure. */
#ifndef CORE_TRAIN_OPTIMIZER_H
#define CORE_TRAIN_OPTIMIZER_H

#include "core/math/kernel.h"
#include "core/spec/spec.h"

typedef struct optimizer {
    const char *name; /* as in the field `optimizer` */
    kernel_update_function *update;
    /* needs a first buffer as large as the parameters */
    bool (*has_momentum)(const train_spec *spec);
    bool has_squares; /* needs a second one */
} optimizer;

extern const optimizer OPTIMIZERS[]; /* by optimizer_kind */
extern const int OPTIMIZER_COUNT;

/* eta of one step (0-based) of an epoch (0-based), warm-up included. The schedules are those of the
 * field learning_rate_schedule; one_cycle is PyTorch's OneCycleLR with its defaults, epochs *
 * steps_per_epoch steps long. */
double optimizer_learning_rate(const train_spec *spec, int64_t epoch, int64_t step,
                               int64_t steps_per_epoch);

/* The constants of one step's fused pass, without penalties: step is 0-based, rate as above. */
kernel_update optimizer_step(const train_spec *spec, int64_t step, double rate);

#endif
