#include "server/jobs/run.h"

#include "core/regularizer/regularizer.h"
#include "server/codec/codec.h"
#include "server/export/safetensors.h"
#include "server/plan/rate.h"
#include "server/store/curves.h"
#include "server/store/runs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct running { /* one jobs_run_train() */
    const jobs_task *task;
    run row;
    train_spec spec;
    size_t inputs, outputs; /* 0 until training starts */
    bool is_resumed;
    double work;
} running;

typedef struct ending {
    run_state to;
    stop_reason reason;
    char error[512]; /* "": none */
    run_metrics metrics;
    double samples_per_second;
    const char *selected;
} ending;

/* ---- start ---- */

static char *write_provenance(const engine_start *start)
{
    buffer b;
    buffer_init(&b, 4096);
    buffer_add_text(&b, "{");
    json_add_key(&b, "version");
    json_add_string(&b, REGULAB_VERSION);
    json_add_key(&b, "blas");
    json_add_string(&b, train_blas_name());
    json_add_key(&b, "blas_core");
    json_add_string(&b, train_blas_core());
    if (start) {
        json_add_key(&b, "data_sha256");
        json_add_string(&b, start->data_sha256);
        json_add_key(&b, "memory_bytes");
        json_add_integer(&b, (int64_t)start->memory_bytes);
    }
    if (start && *start->note) {
        json_add_key(&b, "note");
        json_add_string(&b, start->note);
    }
    buffer_add_text(&b, "}");
    char *text = b.failed ? NULL : buffer_take(&b, NULL);
    buffer_close(&b);
    return text;
}

static void tell_start(const running *r, const engine_start *start)
{
    char *provenance = write_provenance(start);
    store_start_run(r->task->store, r->task->run_id, provenance ? provenance : "{}");
    r->task->on_told(r->task->context);
    free(provenance);
}

static void on_start(void *context, const engine_start *start)
{
    running *r = context;
    bool is_first = r->inputs == 0; /* not after a pause that was called off */
    r->inputs = start->inputs;
    r->outputs = start->outputs;
    r->is_resumed = start->is_resumed;
    r->work = rate_work(&r->spec, start->inputs, start->outputs, start->n);
    if (is_first)
        tell_start(r, start);
}

/* ---- on the way ---- */

static bool on_record(void *context, const record *line, fail *f)
{
    const running *r = context;
    (void)f;
    store_add_record(r->task->store, r->task->run_id, line);
    return true;
}

/* A checkpoint newer than the records on disk would leave a gap in the curve after a crash. */
static bool on_checkpoint(void *context, const void *bytes, size_t n_bytes, fail *f)
{
    const running *r = context;
    (void)bytes;
    (void)n_bytes;
    return store_flush(r->task->store, f);
}

static train_answer on_step(void *context, int64_t step, int64_t n_steps)
{
    const running *r = context;
    const jobs_task *task = r->task;
    task->on_step(task->context, step, n_steps);
    return (train_answer){.command = task->poll(task->context),
                          .threads = task->allowed(task->context)};
}

/* ---- end ---- */

/* A full disk is emptied, memory is freed, a lock is released; a run that was deleted does not come
 * back. */
static bool is_gone(const fail *f)
{
    return f->code == FAIL_NOT_FOUND;
}

static void read_metrics(const train_result *result, run_metrics *m)
{
    memcpy(m->last, result->last, sizeof m->last);
    memcpy(m->best, result->best, sizeof m->best);
    memcpy(m->selected, result->selected, sizeof m->selected);
    m->best_epoch = result->best_epoch > 0 ? result->best_epoch : -1;
    m->selected_epoch = result->model ? result->selected_epoch : -1;
}

static const char *selected_name(const train_result *result)
{
    if (!result->model)
        return "";
    if (result->selected_is_best)
        return "best";
    return result->selected_is_average ? "average" : "last";
}

static void end_of(const train_result *result, ending *out)
{
    static const struct {
        run_state to;
        stop_reason reason;
    } ENDS[] = {
        [TRAIN_STOP_FINISHED] = {RUN_STATE_COMPLETED, STOP_REASON_FINISHED},
        [TRAIN_STOP_EARLY_STOPPED] = {RUN_STATE_COMPLETED, STOP_REASON_EARLY_STOPPED},
        [TRAIN_STOP_DIVERGED] = {RUN_STATE_FAILED, STOP_REASON_DIVERGED},
        [TRAIN_STOP_CANCELLED] = {RUN_STATE_CANCELLED, STOP_REASON_CANCELLED},
    };
    *out = (ending){.to = ENDS[result->stop].to,
                    .reason = ENDS[result->stop].reason,
                    .samples_per_second = result->samples_per_second,
                    .selected = selected_name(result)};
    read_metrics(result, &out->metrics);
    if (result->stop == TRAIN_STOP_DIVERGED)
        snprintf(out->error, sizeof out->error,
                 "The loss was no longer finite in epoch %" PRId64 " (step %" PRId64
                 "). A smaller learning_rate or a %s usually helps.",
                 result->epoch, result->step, regularizer_remedy());
}

static void end_with_fail(const fail *why, ending *out)
{
    *out = (ending){.to = RUN_STATE_FAILED,
                    .reason = STOP_REASON_ERROR,
                    .samples_per_second = NAN,
                    .selected = ""};
    run_metrics_init(&out->metrics);
    if (*why->field)
        snprintf(out->error, sizeof out->error, "%s: %.*s", why->field, 360, why->sentence);
    else
        snprintf(out->error, sizeof out->error, "%.*s", 500, why->sentence);
}

static bool write_model(const running *r, const train_result *result, buffer *out, fail *f)
{
    buffer_init(out, export_safetensors_model_bytes(&r->spec, r->inputs, r->outputs));
    export_safetensors_add_model(out, &r->spec, r->inputs, r->outputs, result->model);
    return !out->failed ||
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to write the model.");
}

static bool save_model(const jobs_task *task, const buffer *model, fail *f)
{
    char path[JOBS_PATH_BYTES];
    jobs_files_model(task->files, task->run_id, path);
    /* The directory may have been replaced while this trained. */
    return jobs_files_check(task->files->data_dir, f) &&
           jobs_files_save(path, &(jobs_piece){model->data, model->n}, 1, JOBS_SYNC_LAST, f);
}

static bool finish(const running *r, const train_result *result, const ending *end, fail *f)
{
    bool moved, has_model = result && result->model;
    buffer model = {0};
    run_end last = {.to = end->to,
                    .reason = end->reason,
                    .error = *end->error ? end->error : NULL,
                    .metrics = &end->metrics,
                    .samples_per_second = end->samples_per_second,
                    .selected_weights = end->selected,
                    .on_handed_over = r->task->on_handed_over,
                    .context = r->task->context};
    bool is_good = !has_model || write_model(r, result, &model, f);
    if (is_good && model.n <= STORE_MODEL_BYTES) {
        last.model = model.data;
        last.model_bytes = model.n;
    } else {
        is_good = is_good && save_model(r->task, &model, f);
    }
    is_good = is_good && store_finish_run(r->task->store, r->task->run_id, &last, &moved, f);
    buffer_close(&model);
    return is_good;
}

/* Without a model, and what was measured of it. */
static void make_cancelled(ending *end)
{
    run_metrics none;
    run_metrics_init(&none);
    memcpy(end->metrics.selected, none.selected, sizeof none.selected);
    end->metrics.selected_epoch = none.selected_epoch;
    end->to = RUN_STATE_CANCELLED;
    end->reason = STOP_REASON_CANCELLED;
    end->selected = "";
    *end->error = '\0';
}

/* Tries until it is stored, or the service ends: then the database finds the run `running` at its
 * next start. Who cancels a run that cannot be stored does without its model. */
static void finish_surely(const running *r, const train_result *result, ending *end)
{
    const jobs_task *task = r->task;
    fail f;
    if (task->before_end)
        task->before_end(task->context, &r->row, end->to, &end->metrics);
    while (!finish(r, result, end, &f)) {
        if (is_gone(&f))
            return;
        if (task->poll(task->context) == TRAIN_CANCEL && end->to != RUN_STATE_CANCELLED) {
            make_cancelled(end);
            result = NULL;
        } else if (!task->wait(task->context, &f)) {
            return;
        }
    }
    if (result && result->model)
        jobs_files_remove_checkpoint(task->files, task->run_id);
    else /* nor a model that a crash left of an attempt before */
        jobs_files_remove(task->files, task->run_id);
}

/* Stores what a paused run becomes; running and cancelled are left to the caller. */
static run_state set_aside(const running *r)
{
    const jobs_task *task = r->task;
    bool moved;
    fail f;
    for (;;) {
        run_state to = task->paused_as(task->context);
        if (to == RUN_STATE_RUNNING || to == RUN_STATE_CANCELLED ||
            store_move_run(task->store, task->run_id, RUN_STATE_RUNNING, to, STOP_REASON_NONE, NULL,
                           &moved, &f) ||
            is_gone(&f) || !task->wait(task->context, &f))
            return to;
    }
}

/* ---- the whole ---- */

static bool train(running *r, train_result *result, fail *f)
{
    const jobs_task *task = r->task;
    char path[JOBS_PATH_BYTES], sha256[65];
    jobs_files_checkpoint(task->files, task->run_id, path);
    engine_task work = {
        .spec = &r->spec,
        .data_dir = task->files->data_dir,
        .checkpoint_path = path,
        .threads = task->threads,
        .checkpoint_seconds = task->checkpoint_seconds,
        .hooks = {.context = r,
                  .on_record = on_record,
                  .on_checkpoint = on_checkpoint,
                  .on_step = on_step},
        .on_start = on_start,
        .open_dataset = task->open_dataset,
        .open_context = task->context,
    };
    return engine_train(&work, result, sha256, f);
}

static void end_untrained(running *r, const fail *why)
{
    ending end;
    if (r->inputs == 0)
        tell_start(r, NULL);
    end_with_fail(why, &end);
    finish_surely(r, NULL, &end);
}

/* Trains until the run ends or is set aside; a pause that was called off in the meantime is only a
 * checkpoint. */
static void train_and_end(running *r, jobs_outcome *out)
{
    const jobs_task *task = r->task;
    run_state to = RUN_STATE_RUNNING;
    train_result result = {0};
    fail f;
    while (to == RUN_STATE_RUNNING) {
        train_result_close(&result);
        result = (train_result){0};
        if (!train(r, &result, &f)) {
            end_untrained(r, &f);
            return;
        }
        to = result.stop == TRAIN_STOP_PAUSED ? set_aside(r) : RUN_STATE_COUNT;
    }
    if (to == RUN_STATE_CANCELLED)
        result.stop = TRAIN_STOP_CANCELLED;
    if (task->on_result)
        task->on_result(task->context, &result);
    if (result.stop != TRAIN_STOP_PAUSED) {
        ending end;
        end_of(&result, &end);
        finish_surely(r, &result, &end);
    }
    *out = (jobs_outcome){.is_finished = !r->is_resumed && result.stop == TRAIN_STOP_FINISHED,
                          .work = r->work,
                          .seconds = result.wall_seconds};
    train_result_close(&result);
}

/* The run's row, once database and data directory can be used; false: it is gone, no longer queued,
 * not to be begun, or the service ends. */
static bool get_row(running *r, jobs_outcome *out)
{
    const jobs_task *task = r->task;
    fail f;
    while (!task->may_begin || task->may_begin(task->context)) {
        bool is_usable = jobs_files_check(task->files->data_dir, &f);
        if (is_usable && store_get_run(task->store, task->run_id, &r->row, &f))
            return r->row.status == RUN_STATE_QUEUED;
        if ((is_usable && is_gone(&f)) || !task->wait(task->context, &f))
            return false;
    }
    out->is_left_queued = task->poll(task->context) != TRAIN_CANCEL;
    return false;
}

void jobs_run_train(const jobs_task *task, jobs_outcome *out)
{
    running r = {.task = task};
    *out = (jobs_outcome){.is_finished = false};
    fail f;
    if (get_row(&r, out)) {
        if (codec_read_config(r.row.config, strlen(r.row.config), &r.spec, &f))
            train_and_end(&r, out);
        else
            end_untrained(&r, &f);
    }
    run_close(&r.row);
}
