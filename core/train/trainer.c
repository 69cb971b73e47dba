/* The memory of a training, and its state at the start. */
#include "core/base/clock.h"
#include "core/math/mat.h"
#include "core/train/internal.h"

#include <math.h>

void trainer_take(trainer *t, arena *a)
{
    const train_spec *spec = t->spec;
    size_t batch = (size_t)spec->batch_size < t->data->n[PART_TRAIN] ? (size_t)spec->batch_size
                                                                     : t->data->n[PART_TRAIN];
    const optimizer *rule = &OPTIMIZERS[spec->optimizer];
    t->model = arena_take(a, t->net.n_model, sizeof(real));
    t->first = rule->has_momentum(spec) ? arena_take(a, t->net.n_trained, sizeof(real)) : NULL;
    t->second = rule->has_squares ? arena_take(a, t->net.n_trained, sizeof(real)) : NULL;
    t->best_model =
        regularization_keeps_best(spec) ? arena_take(a, t->net.n_model, sizeof(real)) : NULL;
    t->order = arena_take(a, t->data->n[PART_TRAIN], sizeof(uint32_t));
    t->rows =
        sizeof(real) == sizeof(float) ? NULL : arena_take(a, batch * t->net.inputs, sizeof(float));
    t->told = sizeof(real) == sizeof(float) ? NULL : arena_take(a, t->net.n_model, sizeof(float));
    net_take_work(&t->net, a, batch, true, &t->work);
    regularization_take(&t->regularization, a, spec, &t->net, &t->work, t->data, batch, false);
    update_take(&t->update, a, spec, &t->net, &t->work, &t->regularization);
    if (!t->input->only_weights) {
        evaluation_take(&t->evaluation, a, spec, &t->net, t->data);
        ablation_take(&t->ablation, a, &t->evaluation);
    }
    if (spec->record_layers && !t->input->only_weights)
        gradients_take(t, a);
    t->checkpoint = arena_take(a, checkpoint_bytes(t), 1);
}

static void init_state(trainer *t)
{
    t->state = (trainer_state){.lowest_loss = NAN};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        t->state.last[i] = t->state.best[i] = NAN;
    net_initialize(&t->net, t->spec, t->model);
    regularization_start(&t->regularization, t->model);
}

bool trainer_open(trainer *t, const train_input *input, const train_hooks *hooks, fail *f)
{
    const dataset *set = input->data->set;
    *t = (trainer){.input = input,
                   .spec = input->spec,
                   .data = input->data,
                   .hooks = hooks,
                   .began = clock_steady_seconds()};
    net_init(&t->net, t->spec, set->d, set->k, set->task);
    t->steps_per_epoch =
        ((int64_t)t->data->n[PART_TRAIN] + t->spec->batch_size - 1) / t->spec->batch_size;
    arena counting = {0};
    trainer_take(t, &counting);
    if (!arena_open(&t->arena, counting.used, f))
        return false;
    trainer_take(t, &t->arena);
    mat_setup();
    if (!parallel_new(input->threads, &t->parallel, f)) {
        arena_close(&t->arena);
        return false;
    }
    t->evaluation.parallel = t->parallel;
    t->update.model = t->model;
    t->update.first = t->first;
    t->update.second = t->second;
    init_state(t);
    t->last_checkpoint = t->began;
    return true;
}

void trainer_close(trainer *t)
{
    parallel_free(t->parallel);
    arena_close(&t->arena);
}
