/* tensor — the names and shapes of a model's parts, in the order in which they lie in its flat
 * vector.
 *
 * The names are those of contract and safetensors: layers.0.weight [out, in], layers.0.bias [out],
 * norms.0.weight, norms.0.bias, norms.0.running_mean, norms.0.running_var. A dense layer followed
 * by batch normalization has no bias. Threads: pure. */
#ifndef CORE_NET_TENSOR_H
#define CORE_NET_TENSOR_H

#include "core/spec/spec.h"

#include <stddef.h>

typedef enum tensor_kind {
    TENSOR_WEIGHT,
    TENSOR_BIAS,
    TENSOR_NORM_WEIGHT,
    TENSOR_NORM_BIAS,
    TENSOR_RUNNING_MEAN, /* not trained by the optimizer */
    TENSOR_RUNNING_VAR
} tensor_kind;

typedef struct tensor {
    char name[32];
    tensor_kind kind;
    int layer;        /* 0-based: 0 .. n_hidden, the last is the output layer */
    int n_dimensions; /* 1 or 2 */
    size_t shape[2];
    size_t offset, n; /* place and count in floats: the flat vector is dense, without gaps */
} tensor;

/* Tensor number i of the net; false past the last. Trained tensors come first, running statistics
 * last. */
bool tensor_get(const train_spec *spec, size_t inputs, size_t outputs, int i, tensor *out);

/* Floats of the whole model, and of its trained part (which comes first). */
size_t tensor_model_size(const train_spec *spec, size_t inputs, size_t outputs);
size_t tensor_trained_size(const train_spec *spec, size_t inputs, size_t outputs);

#endif
