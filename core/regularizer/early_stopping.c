/* When to stop early, and which epoch is then the best one.
 *
 * Criteria: patience as in Keras; gl and pq of Prechelt 1998 ("Early stopping - but when?"): GL =
 * 100*(E/E_best - 1); P = 1000*(mean/min - 1) of the training loss over a strip of 5 records; PQ =
 * GL/P, looked at at the end of each strip. A value that is not finite is no improvement. */
#include "core/regularizer/hooks.h"

#include <math.h>

enum { STRIP = 5 };

typedef struct stopping {
    double best; /* the monitored value of the best record */
    /* what patience compares with: moves only by improvements larger than min_delta */
    double reference;
    int64_t waited; /* records without improvement */
    int n_strip;
    double strip[STRIP]; /* training losses of the strip so far */
} stopping;

static bool is_active(const train_spec *spec)
{
    return spec->early_stopping.enabled;
}

static const metric *monitor_of(const train_spec *spec)
{
    return &METRICS[METRIC_OF_MONITOR[spec->early_stopping.monitor]];
}

static bool check(const train_spec *spec, const dataset *set, fail_list *faults)
{
    const metric *monitor = monitor_of(spec);
    bool is_regression = set->task == TASK_REGRESSION;
    return (is_regression ? monitor->regression : monitor->classification) ||
           fail_list_add(faults, FAIL_INCOMPATIBLE, "/early_stopping/monitor",
                         "%s is a %s: it has no %s; use val_loss", set->name,
                         is_regression ? "regression" : "classification", monitor->name);
}

static bool keeps_best(const train_spec *spec)
{
    return spec->early_stopping.restore_best_weights;
}

static void on_start(void *state, const regularization *r, const real *model)
{
    (void)r, (void)model;
    *(stopping *)state = (stopping){.best = NAN, .reference = NAN};
}

static bool improves(const train_spec *spec, double value, double best, double by)
{
    if (!isfinite(value))
        return false;
    if (isnan(best))
        return true;
    return monitor_of(spec)->direction == METRIC_LOWER_IS_BETTER ? value < best - by
                                                                 : value > best + by;
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

static bool quotient_is_over(stopping *s, const train_spec *spec, const record *made)
{
    s->strip[s->n_strip++] = made->values[METRIC_TRAIN_LOSS];
    if (s->n_strip < STRIP)
        return false;
    s->n_strip = 0;
    double sum = 0, least = s->strip[0];
    for (int i = 0; i < STRIP; i++) {
        sum += s->strip[i];
        least = s->strip[i] < least ? s->strip[i] : least;
    }
    double progress = 1000 * (sum / STRIP / least - 1),
           loss = generalization_loss(s, made->values[METRIC_VAL_LOSS]);
    return progress > 0 ? loss / progress > spec->early_stopping.threshold : loss > 0;
}

static bool after_record(void *state, const regularization *r, const record *made, bool *is_best)
{
    stopping *s = state;
    const train_spec *spec = r->spec;
    double value = made->values[METRIC_OF_MONITOR[spec->early_stopping.monitor]];
    *is_best =
        made->epoch > spec->early_stopping.start_from_epoch && improves(spec, value, s->best, 0);
    if (*is_best)
        s->best = value;
    if (made->epoch <= spec->early_stopping.start_from_epoch)
        return false;
    switch ((criterion_kind)spec->early_stopping.criterion) {
    case CRITERION_PATIENCE:
        return patience_is_over(s, spec, value);
    case CRITERION_GL:
        return generalization_loss(s, value) > spec->early_stopping.threshold;
    case CRITERION_PQ:
        return quotient_is_over(s, spec, made);
    }
    return false;
}

const regularizer REGULARIZER_EARLY_STOPPING = {.name = "early_stopping",
                                                .state_bytes = sizeof(stopping),
                                                .saves_state = true,
                                                .is_active = is_active,
                                                .check = check,
                                                .keeps_best = keeps_best,
                                                .on_start = on_start,
                                                .after_record = after_record};
