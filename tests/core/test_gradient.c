/* Every layer, activation, loss, normalization, penalty and mask against central finite
 * differences, in double precision: the build of the same source with `double` in place of
 * `float`. */
#include "tests/check.h"

#include "core/math/mat.h"
#include "core/regularizer/regularizer.h"
#include "core/spec/field.h"

#include <math.h>
#include <stdlib.h>

#ifndef REAL_DOUBLE
#error "gradients are checked in the build with -DREAL_DOUBLE"
#endif

enum { INPUTS = 7, OUTPUTS = 4, ROWS = 9, STEP = 3 };

typedef struct bench {
    train_spec spec;
    net net;
    arena arena;
    net_work work;
    regularization regularization;
    parallel *parallel;
    double *model;
    dataset_task task;
} bench;

static void take(bench *b, arena *a)
{
    b->model = arena_take(a, b->net.n_model, sizeof(real));
    net_take_work(&b->net, a, ROWS, true, &b->work);
    regularization_take(&b->regularization, a, &b->spec, &b->net, &b->work, NULL, ROWS, false);
}

static void open_bench(bench *b, const train_spec *spec, dataset_task task)
{
    fail f;
    *b = (bench){.spec = *spec, .task = task};
    fail_list faults = {0};
    if (!spec_resolve(&b->spec, &faults)) {
        printf("%s\n", faults.items[0].sentence);
        abort();
    }
    net_init(&b->net, &b->spec, INPUTS, OUTPUTS, task);
    arena counting = {0};
    take(b, &counting);
    if (!arena_open(&b->arena, counting.used, &f) || !parallel_new(1, &b->parallel, &f))
        abort();
    take(b, &b->arena);
    mat_setup();
    net_initialize(&b->net, &b->spec, b->model);
    /* Biases and normalization away from 0 and 1, so that their gradients are tried where they
     * matter. */
    rng_stream s = rng_stream_at(1, RNG_DATA, 0, 0, 0);
    for (size_t i = 0; i < b->net.n_trained; i++)
        b->model[i] += rng_uniform_between(&s, -0.2, 0.2);
}

static void close_bench(bench *b)
{
    parallel_free(b->parallel);
    arena_close(&b->arena);
}

static void fill_minibatch(bench *b)
{
    rng_stream s = rng_stream_at(7, RNG_DATA, 1, 0, 0);
    b->work.n = ROWS;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        b->work.input[i] = rng_uniform_between(&s, -1, 1);
    for (size_t i = 0; i < ROWS * OUTPUTS; i++)
        b->work.target[i] = b->task == TASK_REGRESSION ? rng_uniform_between(&s, -1, 1) : 0;
    for (size_t r = 0; b->task == TASK_CLASSIFICATION && r < ROWS; r++)
        b->work.target[r * OUTPUTS + rng_below(&s, OUTPUTS)] = 1;
}

/* The mean loss of the minibatch with the masks and noises of step STEP. */
static double loss(bench *b, bool gradient)
{
    net_hooks hooks = regularization_hooks(&b->regularization);
    fill_minibatch(b);
    regularization_start_epoch(&b->regularization, 0);
    net_use_model(&b->net, b->model, &b->work);
    regularization_start_step(&b->regularization, STEP, b->parallel);
    regularization_apply_batch(&b->regularization, b->parallel);
    net_forward(&b->net, &b->work, b->model, NET_TRAIN, &hooks, b->parallel);
    net_loss(&b->net, &b->work, gradient);
    double sum = 0;
    for (size_t r = 0; r < ROWS; r++)
        sum += b->work.losses[r];
    if (gradient)
        net_backward(&b->net, &b->work, &hooks, b->parallel, NULL, NULL);
    return sum / ROWS;
}

/* The gradient of weight (row, column) of a layer, where the layer may have been gathered. */
static double weight_gradient(const bench *b, int layer, size_t row, size_t column)
{
    const net_state *s = &b->work.states[layer];
    size_t r = row, c = column;
    if (s->kept_outputs) {
        for (r = 0; r < s->outputs && s->kept_outputs[r] != row; r++)
            ;
        if (r == s->outputs)
            return 0;
    }
    if (s->kept_inputs) {
        for (c = 0; c < s->inputs && s->kept_inputs[c] != column; c++)
            ;
        if (c == s->inputs)
            return 0;
    }
    return b->work.gradient[b->net.layers[layer].weight + r * s->inputs + c];
}

static double difference(bench *b, size_t at)
{
    const double h = 1e-5;
    double kept = b->model[at];
    b->model[at] = kept + h;
    double above = loss(b, false);
    b->model[at] = kept - h;
    double below = loss(b, false);
    b->model[at] = kept;
    return (above - below) / (2 * h);
}

static void compare(bench *b, const char *what, size_t at, double analytic, double *largest)
{
    double numeric = difference(b, at), error = fabs(analytic - numeric),
           scale = fmax(1, fabs(numeric));
    if (error > 1e-6 * scale)
        printf("    %s: parameter %zu: %.10g, by differences %.10g\n", what, at, analytic, numeric);
    CHECK(error <= 1e-6 * scale);
    *largest = fmax(*largest, fabs(analytic));
}

/* Layers' vectors, whose gradient may be gathered too. */
static void compare_vector(bench *b, const char *what, int layer, size_t offset, bool is_bias,
                           double *largest)
{
    const net_state *s = &b->work.states[layer];
    for (size_t u = 0; offset != NET_NONE && u < b->net.layers[layer].outputs; u++) {
        size_t at = u;
        if (is_bias && s->kept_outputs)
            for (at = 0; at < s->outputs && s->kept_outputs[at] != u; at++)
                ;
        double analytic =
            is_bias && s->kept_outputs && at == s->outputs ? 0 : b->work.gradient[offset + at];
        compare(b, what, offset + u, analytic, largest);
    }
}

static void check_gradient(const char *what, const train_spec *spec, dataset_task task)
{
    bench b;
    double largest = 0;
    open_bench(&b, spec, task);
    loss(&b, true);
    double *gradient = malloc(b.net.n_trained * sizeof *gradient);
    if (!gradient)
        abort();
    memcpy(gradient, b.work.gradient, b.net.n_trained * sizeof *gradient);
    for (int layer = 0; layer < b.net.n_layers; layer++) {
        const net_layer *shape = &b.net.layers[layer];
        for (size_t i = 0; i < shape->inputs * shape->outputs; i++) {
            memcpy(b.work.gradient, gradient, b.net.n_trained * sizeof *gradient);
            compare(&b, what, shape->weight + i,
                    weight_gradient(&b, layer, i / shape->inputs, i % shape->inputs), &largest);
        }
        compare_vector(&b, what, layer, shape->bias, true, &largest);
        compare_vector(&b, what, layer, shape->norm_weight, false, &largest);
        compare_vector(&b, what, layer, shape->norm_bias, false, &largest);
    }
    CHECK(largest > 1e-3); /* a gradient of zeros would agree with anything flat */
    free(gradient);
    close_bench(&b);
}

static train_spec small_spec(void)
{
    train_spec s;
    spec_init(&s);
    s.n_hidden = 2;
    s.hidden[0] = 6;
    s.hidden[1] = 5;
    s.activation = ACTIVATION_TANH; /* smooth, where the activation is not the point */
    return s;
}

static void activations(void)
{
    const field *row = field_find("activation");
    for (int a = 0; row->values[a]; a++)
        for (int task = TASK_CLASSIFICATION; task <= TASK_REGRESSION; task++) {
            train_spec s = small_spec();
            s.activation = a;
            check_gradient(row->values[a], &s, task);
        }
}

static void normalizations(void)
{
    const field *row = field_find("normalization");
    for (int n = NORMALIZATION_BATCH; row->values[n]; n++)
        for (int position = DROPOUT_AFTER_ACTIVATION; position <= DROPOUT_BEFORE_NORMALIZATION;
             position++)
            for (int rate = 0; rate < 2; rate++) {
                train_spec s = small_spec();
                s.normalization = n;
                s.dropout_position = position;
                s.dropout[0] = 0.3 * rate;
                check_gradient(row->values[n], &s, TASK_CLASSIFICATION);
            }
}

static void masks(void)
{
    const field *kinds = field_find("dropout_kind");
    for (int kind = 0; kinds->values[kind]; kind++)
        for (int scope = DROPOUT_SCOPE_ELEMENT; scope <= DROPOUT_SCOPE_BATCH; scope++)
            for (int scaling = DROPOUT_SCALING_INVERTED; scaling <= DROPOUT_SCALING_CLASSIC;
                 scaling++) {
                train_spec s = small_spec();
                s.dropout[0] = 0.4;
                s.input_dropout = 0.2;
                s.dropout_kind = kind;
                s.dropout_scope = kind == DROPOUT_ALPHA ? DROPOUT_SCOPE_ELEMENT : scope;
                s.dropout_scaling = scaling;
                check_gradient(kinds->values[kind], &s, TASK_CLASSIFICATION);
            }
}

static void masks_of_normalized_layers(void)
{
    for (int kind = DROPOUT_BERNOULLI; kind <= DROPOUT_ALPHA; kind++)
        for (int n = NORMALIZATION_BATCH; n <= NORMALIZATION_LAYER; n++) {
            train_spec s = small_spec();
            s.normalization = n;
            s.dropout[0] = 0.4;
            s.dropout_kind = kind;
            s.dropout_scope = kind == DROPOUT_ALPHA ? DROPOUT_SCOPE_ELEMENT : DROPOUT_SCOPE_BATCH;
            check_gradient("normalized", &s, TASK_REGRESSION);
        }
}

static void noises_and_targets(void)
{
    train_spec s = small_spec();
    s.input_noise = s.activation_noise = s.weight_noise = 0.1;
    check_gradient("noise", &s, TASK_CLASSIFICATION);
    s.label_smoothing = 0.1;
    s.mixup = 0.4;
    check_gradient("soft targets", &s, TASK_CLASSIFICATION);
    s.dropout[0] = 0.3;
    s.dropout_scope = DROPOUT_SCOPE_BATCH;
    check_gradient("gathered noise", &s, TASK_CLASSIFICATION);
}

static void a_linear_model(void)
{
    train_spec s = small_spec();
    s.n_hidden = 0;
    check_gradient("linear", &s, TASK_CLASSIFICATION);
    s.input_dropout = 0.3;
    s.dropout_scope = DROPOUT_SCOPE_BATCH;
    check_gradient("linear, gathered", &s, TASK_REGRESSION);
}

/* penalty() against the constants that add_gradient() gives the update. */
static void penalties(void)
{
    for (int i = 0; i < REGULARIZER_COUNT; i++) {
        if (!REGULARIZERS[i]->penalty)
            continue;
        train_spec s = small_spec();
        *(double *)field_value(field_find(REGULARIZERS[i]->name), &s) = 0.3;
        for (double w = -1.3; w < 2; w += 0.7) {
            double h = 1e-5, above = w + h, below = w - h;
            double numeric = (REGULARIZERS[i]->penalty(&s, &above, 1) -
                              REGULARIZERS[i]->penalty(&s, &below, 1)) /
                             (2 * h);
            kernel_update u = {.rate = 1};
            double moved = w, gradient = 0;
            REGULARIZERS[i]->add_gradient(&s, &u);
            kernel_update_sgd(&u, &moved, &gradient, NULL, NULL,
                              1); /* rate 1, no momentum: moves by the gradient */
            CHECK_NEAR(w - moved, numeric, 1e-6);
            CHECK(fabs(numeric) > 1e-3);
        }
    }
}

CHECK_MAIN("gradient", activations, normalizations, masks, masks_of_normalized_layers,
           noises_and_targets, a_linear_model, penalties)
