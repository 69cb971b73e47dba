/* mask — what the kinds of dropout share: rates that follow dropout_schedule, decisions of 16 bits,
 * and the choice of scope and scaling.
 *
 * Threads: pure. */
#ifndef CORE_REGULARIZER_MASK_H
#define CORE_REGULARIZER_MASK_H

#include "core/math/kernel.h"
#include "core/spec/spec.h"

/* The rate of an epoch as masks see it: quantized to 1/65536. */
typedef struct mask_rate {
    double rate;        /* schedule applied, not quantized: gaussian takes no decisions */
    uint32_t threshold; /* of a decision */
    real scale;         /* of survivors in training: 1 with classic scaling */
} mask_rate;

/* `rate` in an epoch (0-based) under the field dropout_schedule. */
double mask_scheduled_rate(const train_spec *spec, double rate, int64_t epoch);

/* The same with what follows from it. */
mask_rate mask_rate_of(const train_spec *spec, double rate, int64_t epoch);

/* The factor that a trained model's inference takes for masks of this rate: 1 but with classic
 * scaling. */
double mask_inference_factor(const train_spec *spec, double rate);

/* One mask for the whole minibatch; else one per sample. */
bool mask_is_of_batch(const train_spec *spec);

#endif
