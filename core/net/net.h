/* net — a dense network: its shape, the memory of a training step, forward and backward.
 *
 * A hidden layer is: dense, normalization, activation; the output layer is dense. All parameters
 * lie in one flat vector (core/net/tensor.h), all gradients in another of the same order, so that
 * optimizer, saving and averaging are one loop.
 * 1. Training (net_forward, net_backward) and inference (core/net/infer.h) are different
 *    functions: inference takes no hooks and draws no number.
 * 2. Hooks act on slices of a layer's matrix while it is in cache; the net knows no regularizer.
 * 3. Every phase is split into parts by shape alone (core/math/parallel.h): the bits do not depend
 *    on the number of threads.
 * Ownership: a net is a value; work lives in the caller's arena. */
#ifndef CORE_NET_NET_H
#define CORE_NET_NET_H

#include "core/data/dataset.h"
#include "core/math/arena.h"
#include "core/math/kernel.h"
#include "core/math/parallel.h"
#include "core/spec/spec.h"

#define NET_NONE ((size_t)-1)
#define NET_NORMALIZATION_EPSILON 1e-5
#define NET_RUNNING_MOMENTUM 0.1 /* weight of the new batch (PyTorch) */

typedef struct net_layer {
    size_t inputs, outputs;
    /* offsets in the flat vector, or NET_NONE */
    size_t weight, bias, norm_weight, norm_bias, running_mean, running_var;
} net_layer;

typedef struct net {
    int n_layers; /* hidden layers and the output layer */
    net_layer layers[SPEC_ALL_LAYERS_LIMIT];
    size_t inputs, outputs, n_trained, n_model, widest; /* widest: of all layers and the input */
    int activation, normalization;
    dataset_task task;
} net;

/* The shape of a resolved spec's net between `inputs` columns and `outputs` classes or targets:
 * sizes and offsets, no memory. */
void net_init(net *n, const train_spec *spec, size_t inputs, size_t outputs, dataset_task task);

/* Initial parameters (He et al. 2015, Glorot and Bengio 2010, LeCun et al. 1998; biases 0,
 * normalization 1 and 0, running 0 and 1) by spec->seed: model (n_model). */
void net_initialize(const net *n, const train_spec *spec, real *model);

/* One layer's matrices during a step. Matrices have `outputs` columns of this step and as many rows
 * as the minibatch. */
typedef struct net_state {
    /* the dense product; with normalization: x-hat afterwards; else the same memory as z */
    real *dense;
    real *z;     /* what the activation took, then its slope (kernel_activate) */
    real *out;   /* what the layer hands on */
    real *delta; /* gradient of `out`, turned into that of `dense` on the way back */
    /* batch: one per column; layer: inverse_deviation one per row */
    real *mean, *variance, *inverse_deviation;
    /* What this step computes with: all of the layer, or what a hook put there (noisy, masked or
     * gathered weights). */
    const real *weights, *bias;
    size_t inputs, outputs;
    /* Gathered: which units survive, increasing, `inputs` and `outputs` of them; NULL: all. */
    const uint32_t *kept_inputs, *kept_outputs;
} net_state;

typedef struct net_work {
    net_state states[SPEC_ALL_LAYERS_LIMIT];
    const real *model; /* of this step: normalization parameters are always read from here */
    real *input;       /* (batch, inputs): the minibatch */
    const real *x;     /* what the first layer reads: `input`, or its surviving columns */
    real *target;      /* (batch, outputs): one-hot or soft classes, or regression targets */
    double *losses;    /* (batch) */
    /* like the trained part of the model; gathered layers: their compact matrices at the layers'
     * places */
    real *gradient;
    size_t n; /* rows of this step */
} net_work;

/* Carves (or counts) the work of steps of up to `batch` rows. */
void net_take_work(const net *n, arena *a, size_t batch, bool backward, net_work *work);

/* Points every layer at its own parameters, whole. To be called at the start of a step, before
 * hooks change that. */
void net_use_model(const net *n, const real *model, net_work *work);

typedef enum net_stage {
    NET_STAGE_DENSE,
    NET_STAGE_OUTPUT
} net_stage; /* before normalization; after the activation */

typedef struct
    /* columns [column, column + columns) of rows [row, row + rows) of a matrix with `ld` columns */
    net_slice {
    size_t row, rows, column, columns, ld;
} net_slice;

typedef struct net_hooks { /* NULL members cost nothing; called from any thread, each slice once */
    void *context;
    void (*on_forward)(void *context, int layer, net_stage stage, const net_slice *s, real *x);
    void (*on_backward)(void *context, int layer, net_stage stage, const net_slice *s, real *delta);
    /* A layer whose dense product is not a matrix product (a mask per sample and weight). NULL:
     * mat_multiply(). */
    bool (*replaces_dense)(void *context, int layer);
    void (*dense_forward)(void *context, int layer, size_t row, const real *x, real *z);
    void (*dense_backward)(void *context, int layer, size_t row, const real *x, const real *delta,
                           real *weight_gradient, real *x_gradient);
    /* The gradient of rows [row, row + rows) of the layer's step weights is complete. */
    void (*on_weight_gradient)(void *context, int layer, size_t row, size_t rows, real *gradient);
} net_hooks;

typedef enum net_mode {
    NET_TRAIN, /* batch normalization by the minibatch; running statistics move */
    NET_PROBE, /* by the minibatch as well, but they stay: gradients that change nothing */
    NET_SAMPLE /* by the running statistics: sampled masks with a trained model */
} net_mode;

/* From work->input to the output layer's `out` (logits or regression outputs). model: the running
 * statistics are read and written. */
void net_forward(const net *n, net_work *work, real *model, net_mode mode, const net_hooks *hooks,
                 parallel *p);

/* Losses of the rows and, with `gradient`, their mean's gradient in the output layer's delta; out
 * becomes probabilities for classification. Cross-entropy with the (soft) targets, or the mean
 * squared error over outputs. */
void net_loss(const net *n, net_work *work, bool gradient);

/* Called when the gradients of part `part` of a layer's outputs of this step lie in work->gradient,
 * and nothing of the step needs the layer's weights any more: the place to update them. */
typedef void net_layer_done(void *context, int layer, int part);

/* Back from the output layer's delta. Layers from the last to the first; `done` is called for each
 * layer's parts, in parallel. */
void net_backward(const net *n, net_work *work, const net_hooks *hooks, parallel *p,
                  net_layer_done *done, void *context);

/* The split of `n` rows or columns: how many parts (at least 1, about 256 wide), and where part i
 * starts (part n_parts starts at n). */
int net_parts(size_t n);
size_t net_part_start(size_t n, int part);

/* The split of a minibatch's rows where work goes by rows: how many groups, and the rows of group
 * i. */
enum { NET_GROUP_ROWS = 16 };
typedef struct net_rows {
    size_t first, n;
} net_rows;
int net_groups(size_t n_rows);
net_rows net_group(size_t n_rows, int i);

#endif
