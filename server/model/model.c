#include "server/model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const RUN_STATE_NAMES[RUN_STATE_COUNT] = {
    [RUN_STATE_QUEUED] = "queued", [RUN_STATE_RUNNING] = "running",
    [RUN_STATE_PAUSED] = "paused", [RUN_STATE_COMPLETED] = "completed",
    [RUN_STATE_FAILED] = "failed", [RUN_STATE_CANCELLED] = "cancelled",
};

const char *const STOP_REASON_NAMES[STOP_REASON_COUNT] = {
    [STOP_REASON_NONE] = NULL,
    [STOP_REASON_FINISHED] = "finished",
    [STOP_REASON_EARLY_STOPPED] = "early_stopped",
    [STOP_REASON_DIVERGED] = "diverged",
    [STOP_REASON_CANCELLED] = "cancelled",
    [STOP_REASON_ERROR] = "error",
};

bool run_state_is_terminal(run_state state)
{
    return state == RUN_STATE_COMPLETED || state == RUN_STATE_FAILED ||
           state == RUN_STATE_CANCELLED;
}

void experiment_close(experiment *e)
{
    free(e->name);
    free(e->description);
    free(e->tags);
    free(e->spec);
    *e = (experiment){0};
}

void run_close(run *r)
{
    free(r->error);
    free(r->values);
    free(r->config);
    free(r->provenance);
    *r = (run){0};
}

/* ---- final metrics ---- */

/* Where one of them lies. The two epochs are integers, all others doubles. */
typedef struct run_metric {
    const char *name;
    size_t offset;
} run_metric;

#define RUN_METRIC_ROW(name, member) {#name, offsetof(run_metrics, member)},
static const run_metric RUN_METRIC_ROWS[] = {RUN_METRICS(RUN_METRIC_ROW)};

static bool is_epoch(const run_metric *row)
{
    return row->offset == offsetof(run_metrics, best_epoch) ||
           row->offset == offsetof(run_metrics, selected_epoch);
}

void run_metrics_init(run_metrics *m)
{
    for (int i = 0; i < RUN_METRIC_COUNT; i++)
        run_metric_set(m, i, NAN);
    for (int i = 0; i < METRIC_COUNT; i++)
        m->selected[i] = NAN;
}

bool run_metric_get(const run_metrics *m, int i, const char **name, double *value)
{
    if (i < 0 || i >= RUN_METRIC_COUNT)
        return false;
    const run_metric *row = &RUN_METRIC_ROWS[i];
    const char *place = (const char *)m + row->offset;
    *name = row->name;
    if (is_epoch(row)) {
        int64_t epoch;
        memcpy(&epoch, place, sizeof epoch);
        *value = epoch < 0 ? NAN : (double)epoch;
    } else {
        memcpy(value, place, sizeof *value);
    }
    return true;
}

void run_metric_set(run_metrics *m, int i, double value)
{
    const run_metric *row = &RUN_METRIC_ROWS[i];
    char *place = (char *)m + row->offset;
    if (is_epoch(row)) {
        int64_t epoch = isfinite(value) ? (int64_t)value : -1;
        memcpy(place, &epoch, sizeof epoch);
    } else {
        memcpy(place, &value, sizeof value);
    }
}

int run_metric_find(const char *name)
{
    for (int i = 0; i < RUN_METRIC_COUNT; i++)
        if (strcmp(RUN_METRIC_ROWS[i].name, name) == 0)
            return i;
    return -1;
}
