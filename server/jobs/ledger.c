#include "server/jobs/ledger.h"

#include "core/regularizer/regularizer.h"
#include "server/codec/resource.h"
#include "server/export/safetensors.h"
#include "server/store/files.h"
#include "server/store/runs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- start ---- */

static char *write_provenance(const report_started *started)
{
    run_provenance p = {.version = REGULAB_VERSION,
                        .blas = train_blas_name(),
                        .blas_core = train_blas_core(),
                        .memory_bytes = -1};
    if (started)
        p = (run_provenance){REGULAB_VERSION,
                             started->blas,
                             started->blas_core,
                             started->data_sha256,
                             (int64_t)started->memory_bytes,
                             *started->note ? started->note : NULL};
    buffer b;
    buffer_init(&b, 4096);
    shape_add(&b, &SHAPE_PROVENANCE, &p);
    char *text = b.failed ? NULL : buffer_take(&b, NULL);
    buffer_close(&b);
    return text;
}

void ledger_start(const ledger *l, int64_t run_id, const report_started *started)
{
    char *provenance = write_provenance(started);
    store_start_run(l->store, run_id, provenance ? provenance : "{}");
    free(provenance);
}

/* ---- on the way ---- */

/* The file first, then the row: a crash in between leaves the checkpoint before it, and a file that
 * the next start removes. */
static bool replace_checkpoint(const ledger *l, int64_t run_id, const report_checkpoint *c, fail *f)
{
    run_files kept;
    run_file file;
    bool moved = false;
    if (!store_get_files(l->store, run_id, &kept, f) ||
        !jobs_checkpoint_save(&l->files, run_id, c->blas_core, c->bytes, c->n_bytes, &file, f))
        return false;
    bool is_put = store_put_checkpoint(l->store, run_id, &file, &moved, f);
    if (strcmp(kept.checkpoint.sha256, file.sha256) != 0)
        jobs_files_remove_checkpoint(&l->files, run_id, is_put && moved ? &kept.checkpoint : &file);
    return is_put;
}

/* A checkpoint newer than the records on disk would leave a gap in the curve after a crash: so
 * these come first, however long the disk takes. */
void ledger_save_checkpoint(const ledger *l, int64_t run_id, const report_checkpoint *c)
{
    fail f;
    if (store_flush(l->store, NULL) && !replace_checkpoint(l, run_id, c, &f) &&
        f.code != FAIL_NOT_FOUND)
        (void)fprintf(stderr, "regulab: no checkpoint: %s\n", f.sentence);
}

bool ledger_load_checkpoint(const ledger *l, int64_t run_id, jobs_checkpoint *out, fail *f)
{
    run_files kept;
    *out = (jobs_checkpoint){.memory = NULL};
    return store_get_files(l->store, run_id, &kept, f) &&
           jobs_checkpoint_load(&l->files, run_id, &kept.checkpoint, out, f);
}

bool ledger_set_aside(const ledger *l, int64_t run_id, run_state to, fail *f)
{
    bool moved;
    return store_move_run(l->store, run_id, RUN_STATE_RUNNING, to, STOP_REASON_NONE, NULL, &moved,
                          f);
}

/* ---- what it ends as ---- */

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

static void read_result(train_result *result, ending *out)
{
    static const struct {
        run_state to;
        stop_reason reason;
    } ENDS[] = {
        [TRAIN_STOP_FINISHED] = {RUN_STATE_COMPLETED, STOP_REASON_FINISHED},
        [TRAIN_STOP_EARLY_STOPPED] = {RUN_STATE_COMPLETED, STOP_REASON_EARLY_STOPPED},
        [TRAIN_STOP_DIVERGED] = {RUN_STATE_FAILED, STOP_REASON_DIVERGED},
        [TRAIN_STOP_CANCELLED] = {RUN_STATE_CANCELLED, STOP_REASON_CANCELLED},
        [TRAIN_STOP_PAUSED] = {RUN_STATE_CANCELLED, STOP_REASON_CANCELLED},
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
    out->model = result->model;
    result->model = NULL;
}

static void read_fail(const fail *why, ending *out)
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

void ending_read(const report_ended *from, ending *out)
{
    if (from->result)
        read_result(from->result, out);
    else
        read_fail(from->why, out);
}

void ending_cancel(ending *e)
{
    run_metrics none;
    run_metrics_init(&none);
    memcpy(e->metrics.selected, none.selected, sizeof none.selected);
    e->metrics.selected_epoch = none.selected_epoch;
    e->to = RUN_STATE_CANCELLED;
    e->reason = STOP_REASON_CANCELLED;
    e->selected = "";
    *e->error = '\0';
    ending_close(e);
}

void ending_close(ending *e)
{
    free(e->model);
    e->model = NULL;
}

/* ---- end ---- */

static bool write_model(const model_shape *sizes, const float *model, buffer *out, fail *f)
{
    buffer_init(out, export_safetensors_model_bytes(sizes->spec, sizes->inputs, sizes->outputs));
    export_safetensors_add_model(out, sizes->spec, sizes->inputs, sizes->outputs, model);
    return !out->failed ||
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to write the model.");
}

static bool save_model(const ledger *l, int64_t run_id, const buffer *model, const run_file *file,
                       fail *f)
{
    char path[JOBS_PATH_BYTES];
    jobs_files_model(&l->files, run_id, file->sha256, path);
    /* The directory may have been replaced while this trained. */
    return jobs_files_check(l->files.data_dir, f) &&
           jobs_files_save(path, &(jobs_piece){model->data, model->n}, 1, JOBS_SYNC_LAST, f);
}

/* Into the row of the end, or into a file before it. */
static bool place_model(const ledger *l, int64_t run_id, const buffer *model, run_end *last,
                        fail *f)
{
    jobs_files_describe(&(jobs_piece){model->data, model->n}, 1, &last->model_file);
    if (model->n > STORE_MODEL_BYTES)
        return save_model(l, run_id, model, &last->model_file, f);
    last->model = model->data;
    last->model_bytes = model->n;
    return true;
}

static bool store_end(const ledger *l, int64_t run_id, const model_shape *sizes, const ending *e,
                      run_end *last, fail *f)
{
    bool moved;
    buffer model = {0};
    bool is_good = !e->model || (write_model(sizes, e->model, &model, f) &&
                                 place_model(l, run_id, &model, last, f));
    is_good = is_good && store_finish_run(l->store, run_id, last, &moved, f);
    buffer_close(&model);
    return is_good;
}

bool ledger_end(const ledger *l, int64_t run_id, const model_shape *sizes, const ending *e,
                void (*on_handed_over)(void *context), void *context, fail *f)
{
    run_end last = {.to = e->to,
                    .reason = e->reason,
                    .error = *e->error ? e->error : NULL,
                    .metrics = &e->metrics,
                    .samples_per_second = e->samples_per_second,
                    .selected_weights = e->selected,
                    .on_handed_over = on_handed_over,
                    .context = context};
    run_files kept;
    if (!store_get_files(l->store, run_id, &kept, f) || !store_end(l, run_id, sizes, e, &last, f))
        return false;
    jobs_files_remove_checkpoint(&l->files, run_id, &kept.checkpoint);
    return true;
}
