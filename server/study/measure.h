/* measure — which number of a run is compared: a metric of its weights or of an epoch, a metric of
 * a layer at the last record, or how many epochs a curve took to a target.
 *
 * Public names: those of METRICS[]; "layers.0.coadaptation"; "epochs_to".
 * Threads: pure functions over plain values. */
#ifndef SERVER_STUDY_MEASURE_H
#define SERVER_STUDY_MEASURE_H

#include "core/base/fail.h"
#include "server/model/model.h"
#include "server/study/table.h"

#define MEASURE_EPOCHS_TO_NAME "epochs_to"

typedef enum measure_kind { MEASURE_OF_RUN, MEASURE_OF_LAYER, MEASURE_EPOCHS_TO } measure_kind;

typedef struct measure {
    measure_kind kind;
    char name[QUESTION_METRIC_LIMIT]; /* public */
    metric_id metric;                 /* of a run, or the curve of epochs_to */
    study_at at;
    int layer;
    layer_metric_id layer_metric;
    double target; /* of epochs_to */
    metric_direction direction;
} measure;

extern const char *const MEASURE_AT_NAMES[STUDY_AT_COUNT]; /* as in JSON */

/* Is this a public name? False with *f at `pointer`, and the name that was probably meant. */
FAIL_CHECKED bool measure_check_name(const char *name, const char *pointer, fail *f);

/* What a query asks for. */
typedef struct measure_query {
    const char *metric; /* a public name */
    int at;             /* a study_at; -1: not said, where the metric has a value */
    const char *of;     /* of epochs_to: a curve; NULL: val_loss */
    double target;      /* NaN: not said */
} measure_query;

/* False with *f at "/query/NAME": no such name, or it has no value there. */
FAIL_CHECKED bool measure_read(const measure_query *query, measure *out, fail *f);

/* Do runs keep the metric there? */
bool measure_is_kept(metric_id id, study_at at);

/* The value among those that a run keeps (MEASURE_OF_RUN); NaN: none. */
double measure_of_run(const measure *m, const run_metrics *metrics);

/* The test metric that belongs to a validation metric ("val_loss": test_loss), or METRIC_COUNT.
 * Only metrics that have one may select. */
metric_id measure_test_metric(metric_id select_by);

/* Is it of the test split? */
bool measure_is_of_test(const measure *m);

/* Puts what an answer says of the measure into the options, which borrow its name. */
void measure_fill_options(const measure *m, metric_id select_by, study_options *out);

#endif
