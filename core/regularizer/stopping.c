#include "core/regularizer/stopping.h"

#include <math.h>

void stopping_init(stopping *s)
{
    *s = (stopping){.best = NAN, .reference = NAN};
}

static bool is_lower_better(const train_spec *spec)
{
    return !spec->early_stopping.enabled || spec->early_stopping.monitor == MONITOR_VAL_LOSS;
}

static bool improves(const train_spec *spec, double value, double best, double by)
{
    if (!isfinite(value))
        return false;
    if (isnan(best))
        return true;
    return is_lower_better(spec) ? value < best - by : value > best + by;
}

static bool patience_is_over(stopping *s, const train_spec *spec, double value)
{
    if (improves(spec, value, s->reference, spec->early_stopping.min_delta)) {
        s->reference = value;
        s->waited = 0;
        return false;
    }
    return ++s->waited >= spec->early_stopping.patience;
}

static double generalization_loss(const stopping *s, double value)
{
    return 100 * (value / s->best - 1);
}

static bool quotient_is_over(stopping *s, const train_spec *spec, const record *r)
{
    s->strip[s->n_strip++] = r->values[METRIC_TRAIN_LOSS];
    if (s->n_strip < STOPPING_STRIP)
        return false;
    s->n_strip = 0;
    double sum = 0, least = s->strip[0];
    for (int i = 0; i < STOPPING_STRIP; i++) {
        sum += s->strip[i];
        least = s->strip[i] < least ? s->strip[i] : least;
    }
    double progress = 1000 * (sum / STOPPING_STRIP / least - 1),
           loss = generalization_loss(s, r->values[METRIC_VAL_LOSS]);
    return progress > 0 ? loss / progress > spec->early_stopping.threshold : loss > 0;
}

bool stopping_add(stopping *s, const train_spec *spec, const record *r, bool *is_best)
{
    bool watches = spec->early_stopping.enabled, by_loss = is_lower_better(spec);
    double value = r->values[by_loss ? METRIC_VAL_LOSS : METRIC_VAL_ACCURACY];
    *is_best = false;
    if (watches && r->epoch <= spec->early_stopping.start_from_epoch)
        return false;
    *is_best = improves(spec, value, s->best, 0);
    if (*is_best) {
        s->best = value;
        s->best_epoch = r->epoch;
    }
    if (!watches)
        return false;
    switch ((criterion_kind)spec->early_stopping.criterion) {
    case CRITERION_PATIENCE:
        return patience_is_over(s, spec, value);
    case CRITERION_GL:
        return generalization_loss(s, value) > spec->early_stopping.threshold;
    case CRITERION_PQ:
        return quotient_is_over(s, spec, r);
    }
    return false;
}
