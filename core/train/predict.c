#include "core/train/predict.h"

#include "core/math/mat.h"
#include "core/net/tensor.h"
#include "core/train/internal.h"

#include <stdlib.h>
#include <string.h>

struct predictor {
    net net;
    arena arena;
    parallel *parallel;
    const caller *by;
    real *model;
    size_t chunk; /* rows at once */
    net_scratch scratch;
    net_inference inference;
    net_work work;
    regularization regularization;
};

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

static void init(predictor *p, const predictor_input *in)
{
    size_t n = in->rows ? in->rows : 1;
    *p = (predictor){.chunk = n < EVALUATE_ROWS ? n : EVALUATE_ROWS, .by = in->by};
    net_init(&p->net, in->spec, in->inputs, in->outputs, in->task);
}

uint64_t predictor_products(const train_spec *spec, size_t inputs, size_t outputs)
{
    return tensor_model_size(spec, inputs, outputs);
}

size_t predictor_bytes(const predictor_input *in)
{
    predictor p;
    arena counting = {0};
    init(&p, in);
    take(&p, in->spec, in->samples, &counting);
    return counting.used;
}

static bool fill(predictor *p, const predictor_input *in, fail *f)
{
    arena counting = {0};
    init(p, in);
    take(p, in->spec, in->samples, &counting);
    if (!arena_open(&p->arena, counting.used, f))
        return false;
    take(p, in->spec, in->samples, &p->arena);
    if (!parallel_new(1, &p->parallel, f)) {
        arena_close(&p->arena);
        return false;
    }
    parallel_set_caller(p->parallel, in->by);
    mat_setup();
    for (size_t i = 0; i < p->net.n_model; i++)
        p->model[i] = in->model[i];
    p->inference.model = p->model;
    regularization_fill_inference(in->spec, &p->inference);
    if (in->samples)
        regularization_start_epoch(&p->regularization, in->epoch);
    return true;
}

bool predictor_open(const predictor_input *in, predictor **out, fail *f)
{
    predictor *p = malloc(sizeof *p);
    if (!p)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the answer.");
    if (!fill(p, in, f)) {
        free(p);
        return false;
    }
    *out = p;
    return true;
}

void predictor_close(predictor *p)
{
    if (!p)
        return;
    parallel_free(p->parallel);
    arena_close(&p->arena);
    free(p);
}

bool predictor_answer(predictor *p, const float *x, size_t n, float *out, fail *f)
{
    size_t inputs = p->net.inputs, outputs = p->net.outputs;
    for (size_t first = 0; first < n; first += p->chunk) {
        size_t rows = n - first < p->chunk ? n - first : p->chunk;
        for (size_t i = 0; i < rows * inputs; i++)
            p->scratch.a[i] = x[first * inputs + i];
        const real *y =
            net_infer(&p->net, &p->inference, p->scratch.a, rows, &p->scratch, p->parallel);
        for (size_t i = 0; i < rows * outputs; i++)
            out[first * outputs + i] = (float)y[i];
        if (!caller_check(p->by, f))
            return false;
    }
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

bool predictor_sample(predictor *p, const float *x, size_t n, uint32_t sample, float *out, fail *f)
{
    for (size_t first = 0; first < n; first += p->chunk) {
        sample_chunk(p, x, first, n - first < p->chunk ? n - first : p->chunk, sample, out);
        if (!caller_check(p->by, f))
            return false;
    }
    return true;
}

/* ---- one answer ---- */

bool train_predict(const train_spec *spec, const float *model, size_t inputs, size_t outputs,
                   dataset_task task, const float *x, size_t n, float *out, fail *f)
{
    const predictor_input in = {.spec = spec,
                                .model = model,
                                .inputs = inputs,
                                .outputs = outputs,
                                .task = task,
                                .rows = n};
    predictor *p;
    if (!predictor_open(&in, &p, f))
        return false;
    bool is_answered = predictor_answer(p, x, n, out, f);
    predictor_close(p);
    return is_answered;
}

bool train_predict_sample(const train_spec *spec, const float *model, size_t inputs, size_t outputs,
                          dataset_task task, const float *x, size_t n, uint32_t sample,
                          int64_t epoch, float *out, fail *f)
{
    const predictor_input in = {.spec = spec,
                                .model = model,
                                .inputs = inputs,
                                .outputs = outputs,
                                .task = task,
                                .rows = n,
                                .samples = true,
                                .epoch = epoch};
    predictor *p;
    if (!predictor_open(&in, &p, f))
        return false;
    bool is_answered = predictor_sample(p, x, n, sample, out, f);
    predictor_close(p);
    return is_answered;
}
