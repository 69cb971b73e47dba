/* Experiments, runs, events, data sets and problems as JSON. */
#include "server/codec/codec.h"

#include <math.h>
#include <string.h>

static void add_json(buffer *b, const char *key, const char *json)
{
    json_add_key(b, key);
    json_add_json(b, json);
}

static void add_time(buffer *b, const char *key, int64_t ms)
{
    json_add_key(b, key);
    json_add_time(b, ms);
}

static void add_counts(buffer *b, const int64_t runs[RUN_STATE_COUNT])
{
    json_add_key(b, "runs");
    buffer_add_text(b, "{");
    for (int state = 0; state < RUN_STATE_COUNT; state++)
        json_add_member_integer(b, RUN_STATE_NAMES[state], runs[state]);
    buffer_add_text(b, "}");
}

static void add_times(buffer *b, int64_t created_ms, int64_t started_ms, int64_t finished_ms)
{
    add_time(b, "created_at", created_ms);
    add_time(b, "started_at", started_ms);
    add_time(b, "finished_at", finished_ms);
}

void codec_add_experiment(buffer *b, const experiment *e, const int64_t *run_ids, int64_t n_run_ids)
{
    buffer_add_text(b, "{");
    json_add_member_integer(b, "id", e->id);
    json_add_member_text(b, "name", e->name ? e->name : "");
    json_add_member_text(b, "description", e->description ? e->description : "");
    add_json(b, "tags", e->tags && *e->tags ? e->tags : "[]");
    json_add_member_text(b, "status", RUN_STATE_NAMES[e->status]);
    json_add_member_integer(b, "priority", e->priority);
    add_json(b, "spec", e->spec);
    json_add_member_text(b, "baseline", *e->baseline_config_id ? e->baseline_config_id : NULL);
    json_add_member_integer(b, "n_configs", e->n_configs);
    json_add_member_integer(b, "n_runs", e->n_runs);
    add_counts(b, e->runs);
    json_add_member_number(b, "progress", e->progress);
    add_times(b, e->created_ms, e->started_ms, e->finished_ms);
    if (run_ids) {
        json_add_key(b, "run_ids");
        buffer_add_text(b, "[");
        for (int64_t i = 0; i < n_run_ids; i++) {
            json_add_separator(b);
            json_add_integer(b, run_ids[i]);
        }
        buffer_add_text(b, "]");
    }
    buffer_add_text(b, "}");
}

/* What every run has in the end, of whatever task: a loss, or the gap between two. */
static bool is_of_every_run(const metric *row)
{
    return row && row->classification && row->regression && row->part != METRIC_OF_SAMPLED_TEST;
}

void codec_add_metrics(buffer *b, const run_metrics *metrics, bool with_missing)
{
    const char *name;
    double value;
    buffer_add_text(b, "{");
    for (int i = 0; run_metric_get(metrics, i, &name, &value); i++)
        if (!isnan(value) || (with_missing && is_of_every_run(run_metric_row(i))))
            json_add_member_number(b, name, value);
    buffer_add_text(b, "}");
}

void codec_add_run(buffer *b, const run *r)
{
    buffer_add_text(b, "{");
    json_add_member_integer(b, "id", r->id);
    json_add_member_integer(b, "experiment_id", r->experiment_id);
    json_add_member_text(b, "config_id", r->config_id);
    json_add_member_integer(b, "seed", r->seed);
    json_add_member_text(b, "status", RUN_STATE_NAMES[r->status]);
    json_add_member_text(b, "stop_reason", STOP_REASON_NAMES[r->reason]);
    json_add_member_text(b, "error", r->error);
    json_add_member_integer(b, "attempt", r->attempt);
    add_json(b, "values", r->values && *r->values ? r->values : "{}");
    add_json(b, "config", r->config);
    json_add_member_integer(b, "epoch", r->epoch);
    json_add_member_integer(b, "epochs", r->epochs);
    json_add_key(b, "metrics");
    codec_add_metrics(b, &r->metrics, r->reason == STOP_REASON_DIVERGED);
    json_add_member_number(b, "samples_per_second", r->samples_per_second);
    json_add_member_text(b, "selected_weights", *r->selected_weights ? r->selected_weights : NULL);
    add_json(b, "provenance", r->provenance);
    add_times(b, r->created_ms, r->started_ms, r->finished_ms);
    buffer_add_text(b, "}");
}

void codec_add_record_metrics(buffer *b, const record *r)
{
    buffer_add_text(b, "{");
    for (int m = 0; m < METRIC_EPOCH_COUNT; m++)
        if (isfinite(r->values[m])) /* as the store, which replays it, keeps no other */
            json_add_member_number(b, METRICS[m].name, r->values[m]);
    buffer_add_text(b, "}");
}

static void add_epoch_event(buffer *b, const event_row *e)
{
    json_add_member_integer(b, "run", e->run_id);
    json_add_member_integer(b, "experiment", e->experiment_id);
    json_add_member_integer(b, "epoch", e->record.epoch);
    json_add_member_integer(b, "step", e->record.step);
    json_add_key(b, "metrics");
    codec_add_record_metrics(b, &e->record);
}

static void add_run_event(buffer *b, const event_row *e)
{
    json_add_member_integer(b, "run", e->run_id);
    json_add_member_integer(b, "experiment", e->experiment_id);
    json_add_member_text(b, "status", RUN_STATE_NAMES[e->status]);
    json_add_member_text(b, "stop_reason", STOP_REASON_NAMES[e->reason]);
    json_add_member_integer(b, "epoch", e->epoch);
}

static void add_experiment_event(buffer *b, const event_row *e)
{
    json_add_member_integer(b, "experiment", e->experiment_id);
    json_add_member_text(b, "status", RUN_STATE_NAMES[e->status]);
    json_add_member_number(b, "progress", e->progress);
    add_counts(b, e->runs);
}

void codec_add_event(buffer *b, const event_row *e)
{
    buffer_add_text(b, "{");
    if (e->kind == EVENT_EPOCH)
        add_epoch_event(b, e);
    else if (e->kind == EVENT_RUN)
        add_run_event(b, e);
    else
        add_experiment_event(b, e);
    buffer_add_text(b, "}");
}

void codec_add_dataset(buffer *b, const dataset_info *d)
{
    bool is_classification = strcmp(d->task, "classification") == 0;
    buffer_add_text(b, "{");
    json_add_member_text(b, "name", d->name);
    json_add_member_text(b, "sha256", *d->sha256 ? d->sha256 : NULL);
    json_add_member_text(b, "task", d->task);
    json_add_key(b, "built_in");
    json_add_boolean(b, d->built_in);
    json_add_member_integer(b, "n_train", d->n_train);
    json_add_member_integer(b, "n_validation", d->n_validation);
    json_add_member_integer(b, "n_test", d->n_test);
    json_add_member_integer(b, "inputs", d->inputs);
    json_add_member_integer(b, "outputs", d->outputs);
    json_add_key(b, "classes");
    if (is_classification)
        json_add_integer(b, d->outputs);
    else
        buffer_add_text(b, "null");
    json_add_member_integer(b, "bytes", d->bytes);
    add_time(b, "created_at", d->created_ms);
    buffer_add_text(b, "}");
}

void codec_add_fault(buffer *b, const fail *f)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "pointer", f->field);
    json_add_member_text(b, "code", fail_code_name(f->code));
    json_add_member_text(b, "detail", f->sentence);
    buffer_add_text(b, "}");
}

void codec_add_problem(buffer *b, int status, const char *title, const char *detail,
                       const fail_list *faults)
{
    buffer_add_text(b, "{");
    json_add_member_text(b, "type", "about:blank");
    json_add_member_text(b, "title", title);
    json_add_member_integer(b, "status", status);
    json_add_member_text(b, "detail", detail);
    if (faults) {
        json_add_key(b, "errors");
        buffer_add_text(b, "[");
        for (int i = 0; i < faults->n; i++) {
            json_add_separator(b);
            codec_add_fault(b, &faults->items[i]);
        }
        buffer_add_text(b, "]");
        if (faults->n_found > faults->n)
            json_add_member_integer(b, "errors_found", faults->n_found);
    }
    buffer_add_text(b, "}");
}
