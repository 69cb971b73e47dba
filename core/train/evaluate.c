#include "core/train/evaluate.h"

#include "core/spec/metric_score.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Evenly spaced validation samples: a file may be in order of its classes. */
static void choose_pairs(evaluation *e)
{
    size_t n = e->data->n[PART_VALIDATION];
    e->n_pairs = n < EVALUATE_ROWS ? n : EVALUATE_ROWS;
    for (size_t i = 0; i < e->n_pairs; i++)
        e->pair_positions[i] = (uint32_t)(i * n / e->n_pairs);
}

static void take_layers(evaluation *e, arena *a)
{
    choose_pairs(e);
    for (int i = 0; i < e->net->n_layers; i++) {
        size_t units = e->net->layers[i].outputs;
        e->layer_memory[i] = arena_take(a, diagnostics_bytes(units), 1);
        if (e->has_samples)
            e->pairs[i] = arena_take(a, e->n_pairs * units, sizeof(real));
    }
}

void evaluation_take(evaluation *e, arena *a, const train_spec *spec, const net *shape,
                     const split *data)
{
    *e = (evaluation){.spec = spec,
                      .net = shape,
                      .data = data,
                      .has_samples = regularization_is_sampled(spec),
                      .n_samples = regularization_samples(spec)};
    size_t n =
        largest(data->n_train_evaluation, largest(data->n[PART_VALIDATION], data->n[PART_TEST]));
    net_take_scratch(shape, a, EVALUATE_ROWS, &e->scratch);
    e->rows = sizeof(real) == sizeof(float)
                  ? (float *)(void *)e->scratch.a
                  : arena_take(a, EVALUATE_ROWS * shape->inputs, sizeof(float));
    e->predictions = arena_take(a, n * shape->outputs, sizeof(float));
    if (shape->task == TASK_CLASSIFICATION)
        e->labels = arena_take(a, n, sizeof(int32_t));
    else
        e->targets = arena_take(a, n * shape->outputs, sizeof(float));
    if (e->has_samples && e->n_samples > 0) {
        e->mean = arena_take(a, data->n[PART_TEST] * shape->outputs, sizeof(float));
        if (shape->task == TASK_CLASSIFICATION)
            e->log_sums = arena_take(a, data->n[PART_TEST], sizeof(double));
    }
    if (spec->record_layers)
        take_layers(e, a);
    if (e->has_samples && (spec->record_layers || e->n_samples > 0)) {
        net_take_work(shape, a, EVALUATE_ROWS, false, &e->sample_work);
        regularization_take(&e->sample, a, spec, shape, &e->sample_work, NULL, EVALUATE_ROWS, true);
    }
    regularization_fill_inference(spec, &e->inference);
}

/* Positions in the part of its rows first .. first + n - 1 as they are measured. */
static const uint32_t *positions_of(const evaluation *e, dataset_part part, size_t first)
{
    return part == PART_TRAIN ? e->data->train_evaluation + first : NULL;
}

static size_t count_of(const evaluation *e, dataset_part part)
{
    return part == PART_TRAIN ? e->data->n_train_evaluation : e->data->n[part];
}

/* n rows of a part: those at `positions`, or first, first + 1, ... where that is NULL. */
typedef struct chunk {
    dataset_part part;
    const uint32_t *positions;
    size_t first, n;
} chunk;

static chunk chunk_at(const evaluation *e, dataset_part part, size_t first)
{
    size_t left = count_of(e, part) - first;
    return (chunk){.part = part,
                   .positions = positions_of(e, part, first),
                   .first = first,
                   .n = left < EVALUATE_ROWS ? left : EVALUATE_ROWS};
}

/* `out` may be `rows` itself (they are the same where real is float). */
static void read_rows(const evaluation *e, const chunk *c, float *rows, real *out)
{
    split_read_inputs(e->data, c->part, c->positions, c->first, c->n, rows);
    if ((const void *)rows != (const void *)out)
        for (size_t i = 0; i < c->n * e->net->inputs; i++)
            out[i] = rows[i];
}

size_t evaluation_read_rows(evaluation *e, dataset_part part, size_t first)
{
    chunk c = chunk_at(e, part, first);
    read_rows(e, &c, e->rows, e->scratch.a);
    return c.n;
}

void evaluation_read_truth(evaluation *e, dataset_part part)
{
    size_t n = count_of(e, part);
    const uint32_t *positions = positions_of(e, part, 0);
    e->n = n;
    if (e->targets)
        split_read_targets(e->data, part, positions, 0, n, e->targets);
    else
        for (size_t i = 0; i < n; i++)
            e->labels[i] = e->data->labels[part][positions ? positions[i] : i];
}

static metric_scores score(const metric_answers *a, const double *units)
{
    if (a->targets) {
        regression_scores r = metric_score_regression(a->outputs, a->targets, a->n, a->k, units);
        return (metric_scores){r.loss, NAN, r.rmse, r.r2, NAN, NAN};
    }
    classification_scores c = metric_score_classification(a->outputs, a->labels, a->n, a->k);
    return (metric_scores){c.loss, c.accuracy, NAN, NAN, c.ece, c.brier};
}

/* `loss`: of the logits, which know more than the probabilities; not of a regression. */
static metric_answers answers_of(const evaluation *e, const float *outputs, double loss)
{
    metric_answers a = {.n = e->n,
                        .k = e->net->outputs,
                        .outputs = outputs,
                        .labels = e->labels,
                        .targets = e->targets};
    a.scores = score(&a, e->data->target_deviation);
    if (e->labels && isfinite(a.scores.loss))
        a.scores.loss = loss;
    return a;
}

typedef struct observer {
    evaluation *e;
    dataset_part part;
    bool layers;  /* of the validation part */
    size_t first; /* sample number of the chunk's first row */
    double loss;  /* sum of the cross-entropies so far */
} observer;

/* Keeps what the layer hands on, of those of the n rows from `first` on that are chosen for the
 * pairs. */
static void keep_pairs(evaluation *e, int layer, const real *out, size_t first, size_t n)
{
    size_t units = e->net->layers[layer].outputs;
    double keep = layer < e->net->n_layers - 1 ? e->inference.keep[layer + 1] : 1;
    for (size_t i = 0; e->pairs[layer] && i < e->n_pairs; i++) {
        size_t position = e->pair_positions[i];
        real *pair = e->pairs[layer] + i * units;
        if (position < first || position >= first + n)
            continue;
        memcpy(pair, out + (position - first) * units, units * sizeof *out);
        if (keep < 1)
            kernel_scale(pair, units, (real)keep);
    }
}

static void observe(void *context, int layer, const real *out, size_t n)
{
    observer *o = context;
    size_t units = o->e->net->layers[layer].outputs;
    if (o->e->labels && layer == o->e->net->n_layers - 1)
        o->loss += kernel_cross_entropy(out, o->e->labels + o->first, n, units);
    if (o->e->watch && o->part == PART_TRAIN)
        o->e->watch(o->e->watch_context, layer, out, o->first, n);
    if (!o->layers)
        return;
    diagnostics_add(&o->e->layers[layer], out, n);
    keep_pairs(o->e, layer, out, o->first, n);
}

static void start_layers(evaluation *e, size_t n)
{
    for (int i = 0; i < e->net->n_layers; i++)
        diagnostics_init(&e->layers[i], e->layer_memory[i], e->net->layers[i].outputs, n);
}

metric_answers evaluation_run(evaluation *e, const real *model, dataset_part part, bool layers)
{
    size_t n = count_of(e, part), k = e->net->outputs;
    observer o = {.e = e, .part = part, .layers = layers};
    assert(!layers || part == PART_VALIDATION);
    net_inference inference = e->inference;
    inference.model = model;
    inference.observe = observe;
    inference.context = &o;
    evaluation_read_truth(e, part);
    if (layers)
        start_layers(e, n);
    for (; o.first < n; o.first += EVALUATE_ROWS) {
        size_t rows = evaluation_read_rows(e, part, o.first);
        const real *out =
            net_infer(e->net, &inference, e->scratch.a, rows, &e->scratch, e->parallel);
        for (size_t i = 0; i < rows * k; i++)
            e->predictions[o.first * k + i] = (float)out[i];
    }
    return answers_of(e, e->predictions, o.loss / (double)n);
}

/* One pass with sampled mask number `mask`, whose rows count from c->first. */
static void sample_chunk(evaluation *e, real *model, const chunk *c, rng_purpose purpose,
                         uint32_t mask)
{
    net_work *work = &e->sample_work;
    net_hooks hooks = regularization_hooks(&e->sample);
    work->n = c->n;
    read_rows(e, c, sizeof(real) == sizeof(float) ? (float *)(void *)work->input : e->rows,
              work->input);
    net_use_model(e->net, model, work);
    regularization_start_sample(&e->sample, purpose, mask, (uint32_t)c->first, e->parallel);
    regularization_apply_batch(&e->sample, e->parallel);
    net_forward(e->net, work, model, NET_SAMPLE, &hooks, e->parallel);
}

void evaluation_finish_layers(evaluation *e, real *model, int64_t epoch, metric_layer *out)
{
    if (e->has_samples) {
        regularization_start_epoch(&e->sample, epoch);
        const chunk c = {.part = PART_VALIDATION, .positions = e->pair_positions, .n = e->n_pairs};
        sample_chunk(e, model, &c, RNG_DIAGNOSTICS, 0);
        for (int i = 0; i < e->net->n_layers; i++)
            diagnostics_add_pair(&e->layers[i], e->pairs[i], e->sample_work.states[i].out,
                                 e->n_pairs);
    }
    for (int i = 0; i < e->net->n_layers; i++)
        out[i] = diagnostics_finish(&e->layers[i]);
}

/* ln(exp(a) + exp(b)); a may be -infinity. */
static double log_add(double a, double b)
{
    double high = fmax(a, b);
    return high + log1p(exp(fmin(a, b) - high));
}

/* Takes one sampled answer to the chunk into the means. Of the labels' probabilities the logarithms
 * are summed as well: the probabilities themselves end where a float does, at 87 nats. */
static void add_sample(evaluation *e, const chunk *c, real *out)
{
    size_t k = e->net->outputs;
    if (e->log_sums) {
        for (size_t r = 0; r < c->n; r++) {
            double loss = kernel_cross_entropy(out + r * k, e->labels + c->first + r, 1, k);
            e->log_sums[c->first + r] = log_add(e->log_sums[c->first + r], -loss);
        }
        kernel_softmax(out, c->n, k, NULL, NULL);
    }
    for (size_t i = 0; i < c->n * k; i++)
        e->mean[c->first * k + i] += (float)out[i] / (float)e->n_samples;
}

static double loss_of_log_sums(const evaluation *e, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += e->log_sums[i];
    return log((double)e->n_samples) - sum / (double)n;
}

metric_answers evaluation_run_monte_carlo(evaluation *e, real *model, int64_t epoch)
{
    if (!e->has_samples) /* every sample would be the same */
        return evaluation_run(e, model, PART_TEST, false);
    size_t n = e->data->n[PART_TEST], k = e->net->outputs;
    evaluation_read_truth(e, PART_TEST);
    regularization_start_epoch(&e->sample, epoch);
    memset(e->mean, 0, n * k * sizeof *e->mean);
    for (size_t i = 0; e->log_sums && i < n; i++)
        e->log_sums[i] = -INFINITY;
    for (int64_t sample = 0; sample < e->n_samples; sample++)
        for (size_t first = 0; first < n; first += EVALUATE_ROWS) {
            chunk c = chunk_at(e, PART_TEST, first);
            sample_chunk(e, model, &c, RNG_MONTE_CARLO, (uint32_t)sample);
            add_sample(e, &c, e->sample_work.states[e->net->n_layers - 1].out);
        }
    return answers_of(e, e->mean, e->log_sums ? loss_of_log_sums(e, n) : NAN);
}
