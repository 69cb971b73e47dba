#include "core/net/tensor.h"

#include <stdio.h>

static size_t width_of(const train_spec *spec, size_t inputs, size_t outputs, int layer)
{
    if (layer < 0)
        return inputs;
    return layer == spec->n_hidden ? outputs : (size_t)spec->hidden[layer];
}

static void name_tensor(tensor *t)
{
    static const char *const NAMES[] = {
        [TENSOR_WEIGHT] = "layers.%d.weight",
        [TENSOR_BIAS] = "layers.%d.bias",
        [TENSOR_NORM_WEIGHT] = "norms.%d.weight",
        [TENSOR_NORM_BIAS] = "norms.%d.bias",
        [TENSOR_RUNNING_MEAN] = "norms.%d.running_mean",
        [TENSOR_RUNNING_VAR] = "norms.%d.running_var",
    };
    char digits[8];
    snprintf(digits, sizeof digits, "%d", t->layer % 100);
    const char *pattern = NAMES[t->kind], *mark = pattern;
    while (*mark != '%')
        mark++;
    snprintf(t->name, sizeof t->name, "%.*s%s%s", (int)(mark - pattern), pattern, digits, mark + 2);
}

static bool layer_has(const train_spec *spec, int layer, tensor_kind kind)
{
    bool hidden = layer < spec->n_hidden;
    bool normalized = hidden && spec->normalization != NORMALIZATION_NONE;
    bool batch = hidden && spec->normalization == NORMALIZATION_BATCH;
    switch (kind) {
    case TENSOR_WEIGHT:
        return true;
    case TENSOR_BIAS:
        return !batch;
    case TENSOR_NORM_WEIGHT:
    case TENSOR_NORM_BIAS:
        return normalized;
    default:
        return batch;
    }
}

static bool find(const train_spec *spec, size_t inputs, size_t outputs, int wanted,
                 bool (*stop)(const tensor *), tensor *out)
{
    static const tensor_kind ORDER[2][4] = {
        {TENSOR_WEIGHT, TENSOR_BIAS, TENSOR_NORM_WEIGHT, TENSOR_NORM_BIAS},
        {TENSOR_RUNNING_MEAN, TENSOR_RUNNING_VAR, TENSOR_WEIGHT, TENSOR_WEIGHT},
    };
    static const int N_KINDS[2] = {4, 2};
    size_t offset = 0;
    int i = 0;
    for (int trained = 0; trained < 2; trained++)
        for (int layer = 0; layer <= spec->n_hidden; layer++)
            for (int kind = 0; kind < N_KINDS[trained]; kind++) {
                tensor t = {.kind = ORDER[trained][kind], .layer = layer, .offset = offset};
                if (!layer_has(spec, layer, t.kind))
                    continue;
                t.n_dimensions = t.kind == TENSOR_WEIGHT ? 2 : 1;
                t.shape[0] = width_of(spec, inputs, outputs, layer);
                t.shape[1] =
                    t.kind == TENSOR_WEIGHT ? width_of(spec, inputs, outputs, layer - 1) : 1;
                t.n = t.shape[0] * t.shape[1];
                offset += t.n;
                *out = t;
                if (i++ == wanted || (stop && stop(&t)))
                    return true;
            }
    return false;
}

bool tensor_get(const train_spec *spec, size_t inputs, size_t outputs, int i, tensor *out)
{
    tensor found;
    if (i < 0 || !find(spec, inputs, outputs, i, NULL, &found))
        return false;
    name_tensor(&found);
    *out = found;
    return true;
}

static bool is_statistic(const tensor *t)
{
    return t->kind == TENSOR_RUNNING_MEAN;
}

size_t tensor_model_size(const train_spec *spec, size_t inputs, size_t outputs)
{
    tensor last = {0};
    (void)find(spec, inputs, outputs, -1, NULL, &last);
    return last.offset + last.n;
}

size_t tensor_trained_size(const train_spec *spec, size_t inputs, size_t outputs)
{
    tensor last = {0};
    return find(spec, inputs, outputs, -1, is_statistic, &last) ? last.offset
                                                                : last.offset + last.n;
}
