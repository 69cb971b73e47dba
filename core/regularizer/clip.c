/* Clipping of the gradient's norm, as PyTorch's clip_grad_norm_. */
#include "core/regularizer/hooks.h"

static bool is_active(const train_spec *spec)
{
    return spec->gradient_clip > 0;
}

static void on_gradient(void *state, const regularization *r, double norm, real *gradient, size_t n)
{
    double factor = r->spec->gradient_clip / (norm + 1e-6);
    (void)state;
    if (factor < 1)
        kernel_scale(gradient, n, (real)factor);
}

const regularizer REGULARIZER_GRADIENT_CLIP = {.name = "gradient_clip",
                                               .needs_whole_gradient = true,
                                               .keeps_finite = true,
                                               .is_active = is_active,
                                               .on_gradient = on_gradient};
