#include "server/jobs/work.h"

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "server/plan/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STRIDE_MOST = 64 };

typedef struct work { /* one work_train() */
    const assignment *assignment;
    const engine_owner *owner;
    memory_budget *memory;
    size_t n_bytes; /* taken of it */
    dataset *set;
    split *data;
    command command; /* the last answer */
    bool is_dropped; /* the lease is over */
    bool has_record; /* one was reported: starting over would tell it twice */
    jobs_checkpoint checkpoint;
    char note[256];
    /* of progress: when it was told, when the clock was read, in how many steps it is read again */
    int64_t told_ns, read_ns;
    int stride, n_left;
} work;

/* ---- reports ---- */

static bool tell(work *w, report *r, fail *f)
{
    r->lease = w->assignment->lease;
    w->is_dropped = w->is_dropped || !w->owner->report(w->owner->context, r, &w->command, f);
    if (w->is_dropped)
        w->command = (command){.kind = COMMAND_CANCEL};
    return !w->is_dropped;
}

static void tell_started(work *w)
{
    const train_spec *spec = &w->assignment->spec;
    const split *data = w->data;
    fail f;
    report r = {
        .kind = REPORT_STARTED,
        .started = {.data_sha256 = data->set->sha256,
                    .blas = train_blas_name(),
                    .blas_core = train_blas_core(),
                    .inputs = data->set->d,
                    .outputs = data->set->k,
                    .n = {data->n[PART_TRAIN], data->n[PART_VALIDATION], data->n[PART_TEST]},
                    .memory_bytes = plan_run_memory_bytes(spec, data->set),
                    .n_steps = plan_step_count(spec, data->n[PART_TRAIN]),
                    .is_resumed = w->checkpoint.memory != NULL,
                    .note = w->note}};
    (void)tell(w, &r, &f); /* refused: the next step hears of it */
}

/* The lease is over, unless a pause was called off. */
static bool tell_ended(work *w, train_result *result, const fail *why)
{
    fail f;
    report r = {.kind = REPORT_ENDED, .ended = {.result = result, .why = why}};
    return !w->is_dropped && tell(w, &r, &f) && w->command.kind == COMMAND_GO;
}

/* ---- hooks ---- */

static bool on_record(void *context, const record *line, fail *f)
{
    work *w = context;
    report r = {.kind = REPORT_RECORD, .record = line};
    w->has_record = true;
    return tell(w, &r, f);
}

static bool on_checkpoint(void *context, const void *bytes, size_t n_bytes, fail *f)
{
    work *w = context;
    report r = {.kind = REPORT_CHECKPOINT,
                .checkpoint = {.blas_core = train_blas_core(), .bytes = bytes, .n_bytes = n_bytes}};
    return tell(w, &r, f);
}

/* The clock costs as much as a hundredth of a small step: it is read every so many steps as take
 * about a tenth of the time between reports. */
static bool is_due(work *w)
{
    int64_t between_ns = (int64_t)(w->assignment->progress_seconds * 1e9);
    if (--w->n_left > 0)
        return false;
    int64_t now_ns = clock_steady_ns();
    if (10 * (now_ns - w->read_ns) > between_ns)
        w->stride = w->stride > 1 ? w->stride / 2 : 1;
    else if (w->stride < STRIDE_MOST)
        w->stride *= 2;
    w->read_ns = now_ns;
    w->n_left = w->stride;
    bool is_due = now_ns - w->told_ns >= between_ns;
    if (is_due)
        w->told_ns = now_ns;
    return is_due;
}

static train_answer on_step(void *context, int64_t step, int64_t n_steps)
{
    static const train_command COMMANDS[] = {
        [COMMAND_GO] = TRAIN_GO_ON, [COMMAND_PAUSE] = TRAIN_PAUSE, [COMMAND_CANCEL] = TRAIN_CANCEL};
    work *w = context;
    fail f;
    report r = {.kind = REPORT_PROGRESS, .progress = {step, n_steps}};
    if (!w->is_dropped && is_due(w))
        (void)tell(w, &r, &f);
    return (train_answer){.command = COMMANDS[w->command.kind], .threads = w->command.threads};
}

/* ---- training ---- */

static void note_add(work *w, const char *sentence)
{
    size_t n = strlen(w->note);
    snprintf(w->note + n, sizeof w->note - n, "%s%s", n ? " " : "", sentence);
}

/* Told whoever runs the service, and with the run. */
static void note_unusable(work *w, const fail *why)
{
    const char *what = why->code == FAIL_LOST      ? "lost"
                       : why->code == FAIL_DAMAGED ? "damaged"
                                                   : "not readable";
    char sentence[96];
    (void)fprintf(stderr, "regulab: run %" PRId64 " starts over: %s\n", w->assignment->lease.run_id,
                  why->sentence);
    snprintf(sentence, sizeof sentence, "The checkpoint was %s: the run started over.", what);
    note_add(w, sentence);
}

/* Takes the checkpoint if there is one; what cannot be used is left aside and said. */
static void load_checkpoint(work *w)
{
    fail f;
    char sentence[160];
    jobs_checkpoint *c = &w->checkpoint;
    if (!w->owner->load_checkpoint)
        return;
    if (!w->owner->load_checkpoint(w->owner->context, &w->assignment->lease, c, &f)) {
        note_unusable(w, &f);
        return;
    }
    if (!c->memory || strcmp(c->blas_core, train_blas_core()) == 0)
        return;
    snprintf(sentence, sizeof sentence,
             "Resumed on another BLAS core (%.47s) than it was begun on (%.47s).",
             train_blas_core(), c->blas_core);
    note_add(w, sentence);
}

static bool run(work *w, train_result *result, fail *f)
{
    const assignment *a = w->assignment;
    train_hooks hooks = {
        .context = w, .on_record = on_record, .on_checkpoint = on_checkpoint, .on_step = on_step};
    train_input input = {.spec = &a->spec,
                         .data = w->data,
                         .checkpoint = w->checkpoint.bytes,
                         .checkpoint_bytes = w->checkpoint.n_bytes,
                         .threads = a->threads,
                         .checkpoint_seconds = a->checkpoint_seconds};
    return train_run(&input, &hooks, result, f);
}

/* A checkpoint that core does not take for this run is no reason to give up: once more from the
 * start. */
static bool run_from_checkpoint(work *w, train_result *result, fail *f)
{
    bool is_trained = run(w, result, f);
    bool is_other = !is_trained && w->checkpoint.memory && !w->has_record && !w->is_dropped &&
                    f->code != FAIL_OUT_OF_MEMORY;
    if (is_other) {
        (void)fprintf(stderr, "regulab: the checkpoint of run %" PRId64 " was left aside: %s\n",
                      w->assignment->lease.run_id, f->sentence);
        jobs_checkpoint_close(&w->checkpoint);
        is_trained = run(w, result, f);
    }
    jobs_checkpoint_close(&w->checkpoint);
    return is_trained;
}

/* What is not needed any more must not be held while the end is stored. */
static void close_data(work *w)
{
    split_close(w->data);
    dataset_close(w->set);
    memory_budget_give_back(w->memory, w->n_bytes);
    w->n_bytes = 0;
    w->data = NULL;
    w->set = NULL;
}

/* To the end of the lease; a pause that was called off is only a checkpoint. */
static void train(work *w)
{
    bool goes_on = true, has_started = false;
    while (goes_on) {
        train_result result = {0};
        fail f;
        load_checkpoint(w);
        if (!has_started)
            tell_started(w);
        has_started = true;
        bool is_trained = run_from_checkpoint(w, &result, &f);
        bool is_paused = is_trained && result.stop == TRAIN_STOP_PAUSED;
        if (!is_paused)
            close_data(w);
        goes_on = tell_ended(w, is_trained ? &result : NULL, &f) && is_paused;
        train_result_close(&result);
    }
}

/* Of itself and its split; the set has its own. */
static bool take_memory(work *w, fail *f)
{
    size_t n_bytes = plan_run_memory_bytes(&w->assignment->spec, w->set);
    bool is_taken = memory_budget_take(w->memory, n_bytes, "The run", f);
    if (is_taken)
        w->n_bytes = n_bytes;
    return is_taken;
}

static bool open_data(work *w, fail *f)
{
    const train_spec *spec = &w->assignment->spec;
    size_t most = w->memory ? memory_budget_total(w->memory) : memory_available_bytes();
    fail_list faults = {.n = 0};
    if (!w->owner->open_dataset(w->owner->context, spec, &w->set, f))
        return false;
    if (plan_check_set(spec, w->set, most, &faults))
        return take_memory(w, f) && split_open(w->set, spec, &w->data, f);
    const fail *first = &faults.items[0];
    return fail_set(f, first->code, first->field, "%s", first->sentence);
}

void work_train(const assignment *a, const engine_owner *owner, memory_budget *memory)
{
    work w = {.assignment = a,
              .owner = owner,
              .memory = memory,
              .told_ns = INT64_MIN / 2, /* long ago: the first step is told */
              .stride = 1};
    fail f;
    bool is_open = open_data(&w, &f);
    if (is_open)
        train(&w);
    close_data(&w);
    if (!is_open)
        (void)tell_ended(&w, NULL, &f);
}
