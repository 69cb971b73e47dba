/* csv — learning curves as CSV (RFC 4180, lines end with LF): columns epoch, step, then
 * metrics; a value that does not exist is an empty cell.
 *
 * Pure; `metrics` are indices into METRICS[], all below METRIC_EPOCH_COUNT. */
#ifndef SERVER_EXPORT_CSV_H
#define SERVER_EXPORT_CSV_H

#include "core/data/dataset.h"
#include "core/spec/metric.h"
#include "server/text/buffer.h"

/* The epoch metrics that a task has, in the order of METRICS[]; returns how many. */
int export_csv_list_metrics(dataset_task task, int metrics[METRIC_EPOCH_COUNT]);

void export_csv_add_header(buffer *b, const int *metrics, int n_metrics);
void export_csv_add_record(buffer *b, const int *metrics, int n_metrics, const record *r);

#endif
