#include "core/train/replay.h"

#include "core/train/train.h"

#include <assert.h>

typedef struct replaying { /* one train_replay_run() */
    const train_replay *t;
    size_t n_told;
} replaying;

static bool on_model(void *context, int64_t epoch, const float *model, fail *f)
{
    replaying *r = context;
    const train_replay *t = r->t;
    if (r->n_told == t->n_epochs || t->epochs[r->n_told] != epoch)
        return true;
    if (!t->on_model(t->context, r->n_told, model, f))
        return false;
    r->n_told++;
    return true;
}

static train_answer on_step(void *context, int64_t step, int64_t n_steps)
{
    const replaying *r = context;
    (void)step;
    (void)n_steps;
    bool is_stopped = r->t->is_stopped && r->t->is_stopped(r->t->context);
    bool is_over = is_stopped || r->n_told == r->t->n_epochs;
    return (train_answer){.command = is_over ? TRAIN_CANCEL : TRAIN_GO_ON};
}

bool train_replay_run(const train_replay *t, size_t *n_reached, fail *f)
{
    assert(t->n_epochs > 0 && t->epochs[t->n_epochs - 1] <= t->spec->epochs);
    replaying r = {.t = t};
    train_hooks hooks = {.context = &r, .on_model = on_model, .on_step = on_step};
    train_input input = {.spec = t->spec, .data = t->data, .threads = 1, .only_weights = true};
    train_result result = {.model = NULL};
    if (!train_run(&input, &hooks, &result, f))
        return false;
    train_stop stop = result.stop;
    train_result_close(&result);
    if (stop == TRAIN_STOP_CANCELLED && r.n_told < t->n_epochs)
        return fail_set(f, FAIL_INTERRUPTED, NULL, "The training was given up before its end.");
    *n_reached = r.n_told;
    return true;
}
