/* activation — the functions that a layer may apply to what it computes; core/math/kernel.h has
 * them. */
#ifndef CORE_MATH_ACTIVATION_H
#define CORE_MATH_ACTIVATION_H

typedef enum {
    ACTIVATION_RELU,
    ACTIVATION_LEAKY_RELU,
    ACTIVATION_ELU,
    ACTIVATION_SELU,
    ACTIVATION_GELU,
    ACTIVATION_SILU,
    ACTIVATION_TANH,
    ACTIVATION_SIGMOID,
    ACTIVATION_IDENTITY
} activation_kind;

#endif
