#include "core/train/optimizer.h"

#include <math.h>

static bool momentum_is_on(const train_spec *spec)
{
    return spec->momentum > 0;
}

static bool always(const train_spec *spec)
{
    (void)spec;
    return true;
}

const optimizer OPTIMIZERS[] = {
    [OPTIMIZER_SGD] = {"sgd", kernel_update_sgd, momentum_is_on, false},
    [OPTIMIZER_ADAM] = {"adam", kernel_update_adam, always, true},
    [OPTIMIZER_RMSPROP] = {"rmsprop", kernel_update_rmsprop, momentum_is_on, true},
};
const int OPTIMIZER_COUNT = (int)(sizeof OPTIMIZERS / sizeof OPTIMIZERS[0]);

static double cosine_between(double start, double end, double fraction)
{
    return end + (start - end) / 2 * (1 + cos(M_PI * fraction));
}

/* Smith and Topin 2018 as PyTorch's OneCycleLR: pct_start 0.3, div_factor 25, final_div_factor 1e4,
 * cosine. */
static double one_cycle(double peak, double step, double n_steps)
{
    double first = peak / 25, last = first / 1e4, top = 0.3 * n_steps - 1, end = n_steps - 1;
    if (step <= top)
        return cosine_between(first, peak, step / top);
    return cosine_between(peak, last, end > top ? (step - top) / (end - top) : 1);
}

double optimizer_learning_rate(const train_spec *spec, int64_t epoch, int64_t step,
                               int64_t steps_per_epoch)
{
    double rate = spec->learning_rate, e = (double)epoch;
    int64_t n_decays = epoch / spec->decay_every; /* whole ones only */
    switch ((rate_schedule)spec->learning_rate_schedule) {
    case RATE_CONSTANT:
        break;
    case RATE_STEP:
        rate *= pow(spec->decay_factor, (double)n_decays);
        break;
    case RATE_EXPONENTIAL:
        rate *= pow(spec->decay_factor, e);
        break;
    case RATE_COSINE:
        rate = rate / 2 * (1 + cos(M_PI * e / (double)spec->epochs));
        break;
    case RATE_ONE_CYCLE:
        return one_cycle(rate, (double)step, (double)(spec->epochs * steps_per_epoch));
    }
    int64_t warmup = spec->warmup_epochs * steps_per_epoch;
    return step + 1 < warmup ? rate * (double)(step + 1) / (double)warmup : rate;
}

kernel_update optimizer_step(const train_spec *spec, int64_t step, double rate)
{
    kernel_update u = {.rate = (real)rate, .nesterov = spec->nesterov};
    u.momentum = (real)(spec->optimizer == OPTIMIZER_ADAM ? 0 : spec->momentum);
    u.epsilon = (real)spec->epsilon;
    u.beta1 = (real)spec->beta1;
    u.beta2 = (real)spec->beta2;
    u.rho = (real)spec->rho;
    u.beta1_rest = (real)(1 - spec->beta1);
    u.beta2_rest = (real)(1 - spec->beta2);
    u.rho_rest = (real)(1 - spec->rho);
    double t = (double)step + 1;
    u.correction1 = (real)(1 - pow(spec->beta1, t));
    u.correction2 = (real)sqrt(1 - pow(spec->beta2, t));
    return u;
}
