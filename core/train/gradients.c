/* How far the gradients of minibatches lie from each other at the weights of a record. */
#include "core/math/kernel_diagnostics.h"
#include "core/train/internal.h"

#include <string.h>

enum { KEPT_LIMIT = 1 << 20 }; /* numbers; more would not stay in a cache */

static size_t probe_rows(const trainer *t)
{
    return (size_t)METRIC_GRADIENTS * (size_t)t->spec->batch_size;
}

/* Whether what a step computes forward is what the evaluation of all training rows computes, of as
 * many whole minibatches, from whose outputs the slopes can be told: max(0, x) is its own
 * argument. */
static bool can_keep(const trainer *t)
{
    size_t units = 0;
    for (int i = 0; i < t->net.n_layers; i++)
        units += t->net.layers[i].outputs;
    return t->net.normalization == NORMALIZATION_NONE && t->net.activation == ACTIVATION_RELU &&
           regularization_leaves_forward(t->spec) &&
           t->data->n_train_evaluation == t->data->n[PART_TRAIN] &&
           probe_rows(t) <= t->data->n[PART_TRAIN] && probe_rows(t) * units <= KEPT_LIMIT;
}

void gradients_take(trainer *t, arena *a)
{
    gradient_probe *probe = &t->probe;
    probe->mean = arena_take(a, t->net.n_trained, sizeof(real));
    probe->keeps = can_keep(t);
    if (!probe->keeps)
        return;
    probe->places = arena_take(a, t->data->n[PART_TRAIN], sizeof *probe->places);
    for (int i = 0; i < t->net.n_layers; i++)
        probe->kept[i] = arena_take(a, probe_rows(t) * t->net.layers[i].outputs, sizeof(real));
}

static void keep_rows(void *context, int layer, const real *out, size_t first, size_t n)
{
    trainer *t = context;
    size_t units = t->net.layers[layer].outputs;
    for (size_t i = 0; i < n; i++) {
        uint32_t place = t->probe.places[t->data->train_evaluation[first + i]];
        if (place > 0)
            memcpy(t->probe.kept[layer] + (place - 1) * units, out + i * units,
                   units * sizeof *out);
    }
}

void gradients_watch(trainer *t)
{
    uint32_t *places = t->probe.places;
    if (!t->probe.keeps)
        return;
    minibatch_shuffle(t, t->state.step / t->steps_per_epoch);
    memset(places, 0, t->data->n[PART_TRAIN] * sizeof *places);
    for (uint32_t i = 0; i < probe_rows(t); i++)
        places[t->spec->shuffle ? t->order[i] : i] = i + 1;
    t->evaluation.watch = keep_rows;
    t->evaluation.watch_context = t;
}

/* The forward pass of minibatch number `number` from what was kept. */
static void forward_kept(trainer *t, int64_t number)
{
    for (int i = 0; i < t->net.n_layers; i++) {
        net_state *state = &t->work.states[i];
        size_t n = t->work.n * state->outputs;
        const real *kept =
            t->probe.kept[i] + (size_t)(number * t->spec->batch_size) * state->outputs;
        bool is_output = i == t->net.n_layers - 1;
        memcpy(is_output ? state->out : state->z, kept, n * sizeof *kept);
        if (!is_output)
            kernel_activate(t->net.activation, state->z, state->out, n);
    }
}

static void leave_gradient(void *context, int layer, int part)
{
    (void)context, (void)layer, (void)part;
}

/* The gradient of the step that is `ahead` steps away, in t->work.gradient. */
static void read_gradient(trainer *t, real *model, int64_t ahead)
{
    int64_t step = t->state.step + ahead;
    net_hooks hooks = regularization_hooks(&t->regularization);
    /* those that were kept are of one epoch, in whose order the rows lie since */
    if (!t->probe.keeps && (step % t->steps_per_epoch == 0 || ahead == 0))
        minibatch_shuffle(t, step / t->steps_per_epoch);
    minibatch_read(t, step % t->steps_per_epoch);
    net_use_model(&t->net, model, &t->work);
    regularization_start_step(&t->regularization, (uint32_t)step, t->parallel);
    regularization_apply_batch(&t->regularization, t->parallel);
    if (t->probe.keeps)
        forward_kept(t, ahead);
    else
        net_forward(&t->net, &t->work, model, NET_PROBE, &hooks, t->parallel);
    net_loss(&t->net, &t->work, true);
    net_backward(&t->net, &t->work, &hooks, t->parallel, leave_gradient, NULL);
}

metric_gradients gradients_measure(trainer *t, real *model)
{
    metric_gradients g = {.n = METRIC_GRADIENTS};
    size_t n = t->net.n_trained;
    bool needs_whole = t->regularization.needs_whole_gradient;
    memset(t->probe.mean, 0, n * sizeof *t->probe.mean);
    t->regularization.needs_whole_gradient = true; /* nothing is left out of the products */
    for (int i = 0; i < g.n; i++) {
        read_gradient(t, model, i);
        /* Welford 1962: from the mean before, towards the mean after */
        g.scatter +=
            kernel_diagnostics_move_mean(t->probe.mean, t->work.gradient, n, i + 1) * i / (i + 1);
    }
    t->regularization.needs_whole_gradient = needs_whole;
    g.mean_squares = (double)kernel_sum_squares(t->probe.mean, n);
    return g;
}
