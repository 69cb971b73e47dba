/* Answers of a trained model: inference, and with sampled masks. Each call carves a small arena of
 * its own. */
#include "core/math/mat.h"
#include "core/train/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct predictor {
    net net;
    arena arena;
    parallel *parallel;
    real *model;
    size_t chunk; /* rows at once */
    net_scratch scratch;
    net_work work;
    regularization regularization;
} predictor;

void train_initial_model(const train_spec *spec, size_t inputs, size_t outputs, float *out)
{
    net n;
    net_init(&n, spec, inputs, outputs, TASK_CLASSIFICATION);
#ifdef REAL_DOUBLE
    double *model = malloc(n.n_model * sizeof *model);
    if (!model)
        abort(); /* the double build is for tests */
    net_initialize(&n, spec, model);
    for (size_t i = 0; i < n.n_model; i++)
        out[i] = (float)model[i];
    free(model);
#else
    net_initialize(&n, spec, out);
#endif
}

static void take(predictor *p, const train_spec *spec, bool samples, arena *a)
{
    p->model = arena_take(a, p->net.n_model, sizeof(real));
    net_take_scratch(&p->net, a, p->chunk, &p->scratch);
    if (!samples)
        return;
    net_take_work(&p->net, a, p->chunk, false, &p->work);
    regularization_take(&p->regularization, a, spec, &p->net, &p->work, NULL, p->chunk, true);
}

static bool predictor_open(predictor *p, const train_spec *spec, const float *model, size_t inputs,
                           size_t outputs, dataset_task task, size_t n, bool samples, fail *f)
{
    *p = (predictor){.chunk = n < EVALUATE_ROWS ? (n ? n : 1) : EVALUATE_ROWS};
    net_init(&p->net, spec, inputs, outputs, task);
    arena counting = {0};
    take(p, spec, samples, &counting);
    if (!arena_open(&p->arena, counting.used, f))
        return false;
    take(p, spec, samples, &p->arena);
    if (!parallel_new(1, &p->parallel, f)) {
        arena_close(&p->arena);
        return false;
    }
    mat_setup();
    for (size_t i = 0; i < p->net.n_model; i++)
        p->model[i] = model[i];
    return true;
}

static void predictor_close(predictor *p)
{
    parallel_free(p->parallel);
    arena_close(&p->arena);
}

bool train_predict(const train_spec *spec, const float *model, size_t inputs, size_t outputs,
                   dataset_task task, const float *x, size_t n, float *out, fail *f)
{
    predictor p;
    if (!predictor_open(&p, spec, model, inputs, outputs, task, n, false, f))
        return false;
    net_inference inference = {.model = p.model};
    regularization_fill_inference(spec, &inference);
    for (size_t first = 0; first < n; first += p.chunk) {
        size_t rows = n - first < p.chunk ? n - first : p.chunk;
        for (size_t i = 0; i < rows * inputs; i++)
            p.scratch.a[i] = x[first * inputs + i];
        const real *y = net_infer(&p.net, &inference, p.scratch.a, rows, &p.scratch, p.parallel);
        for (size_t i = 0; i < rows * outputs; i++)
            out[first * outputs + i] = (float)y[i];
    }
    predictor_close(&p);
    return true;
}

static void sample_chunk(predictor *p, const float *x, size_t first, size_t rows, uint32_t sample,
                         float *out)
{
    net_hooks hooks = regularization_hooks(&p->regularization);
    size_t inputs = p->net.inputs, outputs = p->net.outputs;
    p->work.n = rows;
    for (size_t i = 0; i < rows * inputs; i++)
        p->work.input[i] = x[first * inputs + i];
    net_use_model(&p->net, p->model, &p->work);
    regularization_start_sample(&p->regularization, RNG_MONTE_CARLO, sample, (uint32_t)first,
                                p->parallel);
    regularization_apply_batch(&p->regularization, p->parallel);
    net_forward(&p->net, &p->work, p->model, NET_SAMPLE, &hooks, p->parallel);
    real *y = p->work.states[p->net.n_layers - 1].out;
    if (p->net.task == TASK_CLASSIFICATION)
        kernel_softmax(y, rows, outputs, NULL, NULL);
    for (size_t i = 0; i < rows * outputs; i++)
        out[first * outputs + i] = (float)y[i];
}

bool train_predict_sample(const train_spec *spec, const float *model, size_t inputs, size_t outputs,
                          dataset_task task, const float *x, size_t n, uint32_t sample,
                          int64_t epoch, float *out, fail *f)
{
    predictor p;
    if (!predictor_open(&p, spec, model, inputs, outputs, task, n, true, f))
        return false;
    regularization_start_epoch(&p.regularization, epoch);
    for (size_t first = 0; first < n; first += p.chunk)
        sample_chunk(&p, x, first, n - first < p.chunk ? n - first : p.chunk, sample, out);
    predictor_close(&p);
    return true;
}
