/* curves — the records of runs as rows. Threads and failure as in server/store/store.h. */
#ifndef SERVER_STORE_CURVES_H
#define SERVER_STORE_CURVES_H

#include "server/store/store.h"

/* Appends one record (epoch row, layer rows). Does not wait; an (run, epoch) that is there already
 * is left as it is. */
void store_add_record(store *s, int64_t run_id, const record *r);
typedef bool record_callback(void *context, const record *r); /* layers not filled */
FAIL_CHECKED bool store_list_records(store *s, int64_t run_id, int64_t from_epoch,
                                     record_callback *each, void *context, fail *f);
typedef bool layer_callback(void *context, int64_t epoch, int layer,
                            const double values[LAYER_METRIC_COUNT]);
FAIL_CHECKED bool store_list_layers(store *s, int64_t run_id, layer_callback *each, void *context,
                                    fail *f);
/* One metric of all runs of an experiment, ordered by config, epoch, seed; epochs without a finite
 * value are left out. *last_event: the id of the last event that they have seen. */
typedef bool curve_callback(void *context, const char *config_id, int64_t run_id, int64_t seed,
                            int64_t epoch, double value);
FAIL_CHECKED bool store_list_curves(store *s, int64_t experiment_id, metric_id metric,
                                    curve_callback *each, void *context, int64_t *last_event,
                                    fail *f);

#endif
