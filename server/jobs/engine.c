#include "server/jobs/engine.h"

#include "core/base/memory.h"
#include "server/jobs/files.h"
#include "server/plan/check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands before the engine's own bytes in a checkpoint file. */
typedef struct checkpoint_head {
    char magic[16], blas_core[48];
} checkpoint_head;
static const char MAGIC[16] = "regulab state 1";

typedef struct training { /* one engine_train() */
    const engine_task *task;
    checkpoint_head head;
    char *checkpoint; /* the file's bytes, head included; NULL: none */
    size_t checkpoint_bytes;
    char note[256];
    bool told; /* a record was handed on: starting over would tell it twice */
} training;

/* ---- checkpoints ---- */

static void note_add(training *t, const char *sentence)
{
    size_t n = strlen(t->note);
    snprintf(t->note + n, sizeof t->note - n, "%s%s", n ? " " : "", sentence);
}

static void checkpoint_close(training *t)
{
    free(t->checkpoint);
    t->checkpoint = NULL;
    t->checkpoint_bytes = 0;
}

/* Reads the file if there is one; what cannot be used is left aside and said. */
static void checkpoint_load(training *t)
{
    fail f;
    const char *path = t->task->checkpoint_path;
    if (!path)
        return;
    if (!jobs_files_load(path, &t->checkpoint, &t->checkpoint_bytes, &f)) {
        note_add(t, f.sentence);
        return;
    }
    if (!t->checkpoint)
        return;
    checkpoint_head head;
    if (t->checkpoint_bytes < sizeof head || memcmp(t->checkpoint, MAGIC, sizeof MAGIC) != 0) {
        note_add(t, "The checkpoint was not readable: the run started over.");
        checkpoint_close(t);
        return;
    }
    memcpy(&head, t->checkpoint, sizeof head);
    if (memcmp(head.blas_core, t->head.blas_core, sizeof head.blas_core) == 0)
        return;
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "Resumed on another BLAS core (%.47s) than it was begun on (%.47s).",
             t->head.blas_core, head.blas_core);
    note_add(t, sentence);
}

/* Keeps what it can: a failure leaves the checkpoint before it in place, and the run goes on. */
static bool save_checkpoint(void *context, const void *bytes, size_t n_bytes, fail *f)
{
    training *t = context;
    const train_hooks *told = &t->task->hooks;
    (void)f;
    if (!t->task->checkpoint_path)
        return true;
    if (told->on_checkpoint && !told->on_checkpoint(told->context, bytes, n_bytes, NULL))
        return true;
    jobs_piece pieces[] = {{&t->head, sizeof t->head}, {bytes, n_bytes}};
    fail why;
    if (!jobs_files_save(t->task->checkpoint_path, pieces, 2, JOBS_SYNC_FIRST, &why))
        (void)fprintf(stderr, "regulab: no checkpoint: %s\n", why.sentence);
    return true;
}

/* ---- hooks ---- */

static bool pass_record(void *context, const record *r, fail *f)
{
    training *t = context;
    t->told = true;
    return t->task->hooks.on_record(t->task->hooks.context, r, f);
}

static train_answer pass_step(void *context, int64_t step, int64_t n_steps)
{
    const training *t = context;
    return t->task->hooks.on_step(t->task->hooks.context, step, n_steps);
}

static train_hooks hooks_of(training *t)
{
    const train_hooks *told = &t->task->hooks;
    return (train_hooks){
        .context = t,
        .on_record = told->on_record ? pass_record : NULL,
        .on_checkpoint = save_checkpoint,
        .on_step = told->on_step ? pass_step : NULL,
    };
}

/* ---- training ---- */

static bool run(training *t, const split *data, train_result *result, fail *f)
{
    const engine_task *task = t->task;
    train_hooks hooks = hooks_of(t);
    train_input input = {.spec = task->spec,
                         .data = data,
                         .threads = task->threads,
                         .checkpoint_seconds =
                             task->checkpoint_path ? task->checkpoint_seconds : 0};
    if (t->checkpoint) {
        input.checkpoint = t->checkpoint + sizeof(checkpoint_head);
        input.checkpoint_bytes = t->checkpoint_bytes - sizeof(checkpoint_head);
    }
    return train_run(&input, &hooks, result, f);
}

static void tell_start(const training *t, const split *data, size_t memory_bytes)
{
    const engine_task *task = t->task;
    if (!task->on_start)
        return;
    engine_start start = {
        .data_sha256 = data->set->sha256,
        .inputs = data->set->d,
        .outputs = data->set->k,
        .n = {data->n[PART_TRAIN], data->n[PART_VALIDATION], data->n[PART_TEST]},
        .memory_bytes = memory_bytes,
        .n_steps = plan_step_count(task->spec, data->n[PART_TRAIN]),
        .is_resumed = t->checkpoint != NULL,
        .note = t->note,
    };
    task->on_start(task->hooks.context, &start);
}

/* A checkpoint that the engine does not take for this run is no reason to give up: once more from
 * the start. */
static bool train(training *t, const split *data, size_t memory_bytes, train_result *result,
                  fail *f)
{
    checkpoint_load(t);
    tell_start(t, data, memory_bytes);
    bool is_trained = run(t, data, result, f);
    if (!is_trained && t->checkpoint && !t->told && f->code != FAIL_OUT_OF_MEMORY) {
        (void)fprintf(stderr, "regulab: the checkpoint %s was left aside: %s\n",
                      t->task->checkpoint_path, f->sentence);
        checkpoint_close(t);
        is_trained = run(t, data, result, f);
    }
    checkpoint_close(t);
    return is_trained;
}

static bool first_fault(const fail_list *faults, fail *f)
{
    const fail *first = &faults->items[0];
    return fail_set(f, first->code, first->field, "%s", first->sentence);
}

static bool train_on(training *t, const dataset *set, train_result *result, fail *f)
{
    const train_spec *spec = t->task->spec;
    fail_list faults = {.n = 0};
    if (!plan_check_set(spec, set, memory_available_bytes(), &faults))
        return first_fault(&faults, f);
    size_t memory_bytes = plan_run_memory_bytes(spec, set);
    split *data;
    if (!split_open(set, spec, &data, f))
        return false;
    bool is_trained = train(t, data, memory_bytes, result, f);
    split_close(data);
    return is_trained;
}

bool engine_train(const engine_task *task, train_result *result, char data_sha256[65], fail *f)
{
    training t = {.task = task};
    memcpy(t.head.magic, MAGIC, sizeof MAGIC);
    snprintf(t.head.blas_core, sizeof t.head.blas_core, "%s", train_blas_core());
    const train_spec *spec = task->spec;
    dataset *set;
    bool is_open = task->open_dataset ? task->open_dataset(task->open_context, spec, &set, f)
                                      : dataset_open(spec->dataset, &spec->dataset_options,
                                                     spec->data_seed, task->data_dir, &set, f);
    if (!is_open)
        return false;
    bool is_trained = train_on(&t, set, result, f);
    if (is_trained)
        memcpy(data_sha256, set->sha256, 65);
    dataset_close(set);
    return is_trained;
}
