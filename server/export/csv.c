#include "server/text/csv.h"
#include "server/codec/codec.h"
#include "server/export/csv.h"

int export_csv_list_metrics(dataset_task task, int metrics[METRIC_EPOCH_COUNT])
{
    int n = 0;
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        if (task == TASK_CLASSIFICATION ? METRICS[m].classification : METRICS[m].regression)
            metrics[n++] = m;
    return n;
}

void export_csv_add_header(buffer *b, const int *metrics, int n_metrics)
{
    buffer_add_text(b, "epoch,step");
    for (int i = 0; i < n_metrics; i++) {
        buffer_add_text(b, ",");
        buffer_add_text(b, METRICS[metrics[i]].name);
    }
    buffer_add_text(b, "\n");
}

void export_csv_add_record(buffer *b, const int *metrics, int n_metrics, const record *r)
{
    json_add_integer(b, r->epoch);
    buffer_add_text(b, ",");
    json_add_integer(b, r->step);
    for (int i = 0; i < n_metrics; i++) {
        buffer_add_text(b, ",");
        csv_add_number(b, r->values[metrics[i]]);
    }
    buffer_add_text(b, "\n");
}
