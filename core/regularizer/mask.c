#include "core/regularizer/mask.h"

#include "core/math/rng.h"

#include <math.h>

double mask_scheduled_rate(const train_spec *spec, double rate, int64_t epoch)
{
    double t = (double)epoch / (double)spec->dropout_schedule_epochs;
    switch ((dropout_schedule)spec->dropout_schedule) {
    case DROPOUT_SCHEDULE_CONSTANT:
        break;
    case DROPOUT_SCHEDULE_LINEAR:
        return t < 1 ? rate * t : rate;
    case DROPOUT_SCHEDULE_EARLY:
        return t < 1 ? rate * (1 - t) : 0;
    case DROPOUT_SCHEDULE_LATE:
        return t < 1 ? 0 : rate;
    case DROPOUT_SCHEDULE_CURRICULUM:
        return rate * (1 - exp(-10 * t));
    }
    return rate;
}

static double kept_part(uint32_t threshold)
{
    return 1 - (double)threshold / 65536;
}

static bool is_classic(const train_spec *spec)
{
    return spec->dropout_scaling == DROPOUT_SCALING_CLASSIC;
}

mask_rate mask_rate_of(const train_spec *spec, double rate, int64_t epoch)
{
    mask_rate m = {.rate = mask_scheduled_rate(spec, rate, epoch)};
    m.threshold = rng_threshold(m.rate);
    m.scale = is_classic(spec) ? 1 : (real)(1 / kept_part(m.threshold));
    return m;
}

double mask_inference_factor(const train_spec *spec, double rate)
{
    return is_classic(spec) ? kept_part(rng_threshold(rate)) : 1;
}

bool mask_is_of_batch(const train_spec *spec)
{
    return spec->dropout_scope == DROPOUT_SCOPE_BATCH;
}
