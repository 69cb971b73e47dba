/* How far the gradients of minibatches lie from each other at the weights of a record. */
#include "core/math/kernel_diagnostics.h"
#include "core/train/internal.h"

#include <string.h>

static void leave_gradient(void *context, int layer, int part)
{
    (void)context, (void)layer, (void)part;
}

/* The gradient of the step that is `ahead` steps away, in t->work.gradient. */
static void read_gradient(trainer *t, real *model, int64_t ahead)
{
    int64_t step = t->state.step + ahead;
    net_hooks hooks = regularization_hooks(&t->regularization);
    if (step % t->steps_per_epoch == 0 || ahead == 0)
        minibatch_shuffle(t, step / t->steps_per_epoch);
    minibatch_read(t, step % t->steps_per_epoch);
    net_use_model(&t->net, model, &t->work);
    regularization_start_step(&t->regularization, (uint32_t)step, t->parallel);
    regularization_apply_batch(&t->regularization, t->parallel);
    net_forward(&t->net, &t->work, model, NET_PROBE, &hooks, t->parallel);
    net_loss(&t->net, &t->work, true);
    net_backward(&t->net, &t->work, &hooks, t->parallel, leave_gradient, NULL);
}

metric_gradients gradients_measure(trainer *t, real *model)
{
    metric_gradients g = {.n = METRIC_GRADIENTS};
    size_t n = t->net.n_trained;
    bool needs_whole = t->regularization.needs_whole_gradient;
    memset(t->mean_gradient, 0, n * sizeof *t->mean_gradient);
    t->regularization.needs_whole_gradient = true; /* nothing is left out of the products */
    for (int i = 0; i < g.n; i++) {
        read_gradient(t, model, i);
        /* Welford 1962: from the mean before, towards the mean after */
        g.scatter += kernel_diagnostics_move_mean(t->mean_gradient, t->work.gradient, n, i + 1) *
                     i / (i + 1);
    }
    t->regularization.needs_whole_gradient = needs_whole;
    g.mean_squares = (double)kernel_sum_squares(t->mean_gradient, n);
    return g;
}
