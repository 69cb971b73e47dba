#include "core/train/train.h"

#include "core/base/clock.h"
#include "core/math/mat.h"
#include "core/train/internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

bool run_keeps_best(const train_spec *spec)
{
    return spec->early_stopping.enabled && spec->early_stopping.restore_best_weights;
}

void run_take(run *r, arena *a)
{
    const train_spec *spec = r->spec;
    size_t batch = (size_t)spec->batch_size < r->data->n[PART_TRAIN] ? (size_t)spec->batch_size
                                                                     : r->data->n[PART_TRAIN];
    const optimizer *rule = &OPTIMIZERS[spec->optimizer];
    r->model = arena_take(a, r->net.n_model, sizeof(real));
    r->first = rule->has_momentum(spec) ? arena_take(a, r->net.n_trained, sizeof(real)) : NULL;
    r->second = rule->has_squares ? arena_take(a, r->net.n_trained, sizeof(real)) : NULL;
    r->best_model = run_keeps_best(spec) ? arena_take(a, r->net.n_model, sizeof(real)) : NULL;
    r->order = arena_take(a, r->data->n[PART_TRAIN], sizeof(uint32_t));
    r->rows =
        sizeof(real) == sizeof(float) ? NULL : arena_take(a, batch * r->net.inputs, sizeof(float));
    r->told = sizeof(real) == sizeof(float) ? NULL : arena_take(a, r->net.n_model, sizeof(float));
    net_take_work(&r->net, a, batch, true, &r->work);
    regularization_take(&r->regularization, a, spec, &r->net, &r->work, r->data, batch, false);
    update_take(&r->update, a, spec, &r->net, &r->work, &r->regularization);
    evaluation_take(&r->evaluation, a, spec, &r->net, r->data);
    r->checkpoint = arena_take(a, run_checkpoint_bytes(r), 1);
}

static void init_state(run *r)
{
    r->state = (run_state){0};
    stopping_init(&r->state.stopping);
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        r->state.last[i] = r->state.best[i] = NAN;
    net_initialize(&r->net, r->spec, r->model);
    if (r->regularization.average)
        memcpy(r->regularization.average, r->model, r->net.n_model * sizeof(real));
}

static bool run_open(run *r, const train_input *input, const train_hooks *hooks, fail *f)
{
    const dataset *set = input->data->set;
    *r = (run){.input = input,
               .spec = input->spec,
               .data = input->data,
               .hooks = hooks,
               .began = clock_steady_seconds()};
    net_init(&r->net, r->spec, set->d, set->k, set->task);
    r->steps_per_epoch =
        ((int64_t)r->data->n[PART_TRAIN] + r->spec->batch_size - 1) / r->spec->batch_size;
    arena counting = {0};
    run_take(r, &counting);
    if (!arena_open(&r->arena, counting.used, f))
        return false;
    run_take(r, &r->arena);
    mat_setup();
    if (!parallel_new(input->threads, &r->parallel, f)) {
        arena_close(&r->arena);
        return false;
    }
    r->evaluation.parallel = r->parallel;
    r->update.model = r->model;
    r->update.first = r->first;
    r->update.second = r->second;
    init_state(r);
    r->last_checkpoint = r->began;
    return true;
}

static void run_close(run *r)
{
    parallel_free(r->parallel);
    arena_close(&r->arena);
}

real *run_evaluated_model(const run *r)
{
    return r->regularization.average ? r->regularization.average : r->model;
}

/* ---- one step ---- */

static void one_hot(const run *r, const uint32_t *positions, size_t first, size_t n)
{
    const int32_t *labels = r->data->labels[PART_TRAIN];
    size_t k = r->net.outputs;
    memset(r->work.target, 0, n * k * sizeof(real));
    for (size_t i = 0; i < n; i++)
        r->work.target[i * k + (size_t)labels[positions ? positions[i] : first + i]] = 1;
}

typedef struct read_job {
    run *r;
    const uint32_t *positions;
    size_t first, n;
} read_job;

static void read_part(void *context, int part)
{
    const read_job *j = context;
    size_t row = (size_t)part * REGULARIZER_ROW_GROUP, left = j->n - row,
           n = left < REGULARIZER_ROW_GROUP ? left : REGULARIZER_ROW_GROUP;
    size_t at = row * j->r->net.inputs, count = n * j->r->net.inputs;
    float *to = j->r->rows ? j->r->rows + at : (float *)(void *)(j->r->work.input + at);
    split_read_inputs(j->r->data, PART_TRAIN, j->positions ? j->positions + row : NULL,
                      j->first + row, n, to);
    for (size_t i = 0; j->r->rows && i < count; i++)
        j->r->work.input[at + i] = to[i];
}

static void read_targets(run *r, const uint32_t *positions, size_t first, size_t n)
{
    if (r->net.task == TASK_CLASSIFICATION) {
        one_hot(r, positions, first, n);
        return;
    }
    if (sizeof(real) == sizeof(float)) {
        split_read_targets(r->data, PART_TRAIN, positions, first, n,
                           (float *)(void *)r->work.target);
        return;
    }
    enum { CHUNK = 64 };
    float chunk[CHUNK];
    size_t k = r->net.outputs;
    assert(k <= CHUNK);
    for (size_t i = 0; i < n; i++) {
        split_read_targets(r->data, PART_TRAIN, positions ? positions + i : NULL, first + i, 1,
                           chunk);
        for (size_t j = 0; j < k; j++)
            r->work.target[i * k + j] = (real)chunk[j];
    }
}

static void read_minibatch(run *r)
{
    size_t n_train = r->data->n[PART_TRAIN],
           first = (size_t)(r->state.steps_in_epoch * r->spec->batch_size);
    read_job j = {.r = r, .first = first};
    j.n = n_train - first < (size_t)r->spec->batch_size ? n_train - first
                                                        : (size_t)r->spec->batch_size;
    j.positions = r->spec->shuffle ? r->order + first : NULL;
    r->work.n = j.n;
    parallel_run(r->parallel, (int)((j.n + REGULARIZER_ROW_GROUP - 1) / REGULARIZER_ROW_GROUP),
                 read_part, &j);
    read_targets(r, j.positions, first, j.n);
}

static void account(run *r)
{
    run_state *s = &r->state;
    double sum = 0;
    for (size_t i = 0; i < r->work.n; i++)
        sum += r->work.losses[i];
    s->steps_in_epoch++;
    s->step++;
    s->samples += (int64_t)r->work.n;
    s->loss_sum += sum;
    double loss = sum / (double)r->work.n, difference = loss - s->loss_mean;
    s->loss_mean += difference / (double)s->steps_in_epoch;
    s->loss_squares += difference * (loss - s->loss_mean);
    s->norm_sum += r->update.norm;
    for (int i = 0; i < r->net.n_layers; i++)
        s->layer_norm_sums[i] += r->update.layer_norms[i];
}

static void train_step(run *r)
{
    uint32_t number = (uint32_t)r->state.step;
    net_hooks hooks = regularization_hooks(&r->regularization);
    read_minibatch(r);
    net_use_model(&r->net, r->model, &r->work);
    regularization_start_step(&r->regularization, RNG_DROPOUT, number, 0, true, r->parallel);
    regularization_apply_batch(&r->regularization, r->parallel);
    net_forward(&r->net, &r->work, r->model, NET_TRAIN, &hooks, r->parallel);
    net_loss(&r->net, &r->work, true);
    r->state.rate =
        optimizer_learning_rate(r->spec, r->state.epoch, r->state.step, r->steps_per_epoch);
    update_start_step(&r->update, r->state.step, r->state.rate);
    net_backward(&r->net, &r->work, &hooks, r->parallel, update_layer, &r->update);
    update_finish_step(&r->update, r->parallel);
    for (int i = 0; i < r->regularization.n_active; i++)
        if (r->regularization.active[i]->after_step)
            r->regularization.active[i]->after_step(&r->regularization, r->model);
    account(r);
}

/* ---- one epoch ---- */

static void shuffle(run *r)
{
    size_t n = r->data->n[PART_TRAIN];
    if (!r->spec->shuffle)
        return;
    for (uint32_t i = 0; i < n; i++)
        r->order[i] = i;
    rng_stream stream = rng_stream_at(r->spec->seed, RNG_ORDER, 0, (uint32_t)r->state.epoch, 0);
    rng_permute(&stream, r->order, n);
}

static void start_epoch_sums(run_state *s)
{
    s->steps_in_epoch = 0;
    s->loss_sum = s->loss_mean = s->loss_squares = s->norm_sum = s->epoch_seconds = 0;
    memset(s->layer_norm_sums, 0, sizeof s->layer_norm_sums);
}

/* What the outside wants after each step. */
static train_command ask(const run *r)
{
    const train_hooks *h = r->hooks;
    if (!h)
        return TRAIN_GO_ON;
    if (h->on_step)
        h->on_step(h->context, r->state.step, r->spec->epochs * r->steps_per_epoch);
    parallel_set_active(r->parallel, h->threads ? h->threads(h->context) : r->input->threads);
    return h->poll ? h->poll(h->context) : TRAIN_GO_ON;
}

/* Trains to the end of the epoch under way. Returns false when the run is to stop in its midst:
 * r->stop says why. */
static bool train_epoch(run *r)
{
    double began = clock_steady_seconds();
    bool go_on = true;
    shuffle(r);
    regularization_start_epoch(&r->regularization, r->state.epoch);
    while (go_on && r->state.steps_in_epoch < r->steps_per_epoch) {
        train_step(r);
        train_command command = ask(r);
        if (!isfinite(r->state.loss_sum))
            r->stop = TRAIN_STOP_DIVERGED;
        else if (command != TRAIN_GO_ON)
            r->stop = command == TRAIN_CANCEL ? TRAIN_STOP_CANCELLED : TRAIN_STOP_PAUSED;
        go_on = r->stop == TRAIN_STOP_FINISHED;
    }
    double seconds = clock_steady_seconds() - began;
    r->state.epoch_seconds += seconds;
    r->state.train_seconds += seconds;
    return go_on;
}

/* ---- records ---- */

static double weight_norm(const run *r, const real *model, int layer)
{
    const net_layer *shape = &r->net.layers[layer];
    return sqrt((double)kernel_sum_squares(model + shape->weight, shape->inputs * shape->outputs));
}

static void fill_training(const run *r, record *out)
{
    const run_state *s = &r->state;
    double steps = (double)s->steps_in_epoch,
           samples = fmin(steps * (double)r->spec->batch_size, (double)r->data->n[PART_TRAIN]);
    if (s->steps_in_epoch == 0)
        return;
    out->values[METRIC_BATCH_LOSS] = s->loss_sum / samples;
    out->values[METRIC_LEARNING_RATE] = s->rate;
    out->values[METRIC_GRADIENT_NORM] = s->norm_sum / steps;
    out->values[METRIC_GRADIENT_NOISE] = sqrt(s->loss_squares / steps);
    out->values[METRIC_SECONDS] = s->epoch_seconds;
}

static void fill_weights(const run *r, const real *model, record *out)
{
    double squares = 0;
    for (int i = 0; i < r->net.n_layers; i++)
        squares += weight_norm(r, model, i) * weight_norm(r, model, i);
    out->values[METRIC_WEIGHT_NORM] = sqrt(squares);
    out->values[METRIC_PENALTY] = regularization_penalty(&r->regularization, model);
}

static void fill_layers(run *r, real *model, record *out)
{
    int64_t epoch = r->state.epoch > 0 ? r->state.epoch - 1 : 0;
    out->n_layers = r->net.n_layers;
    for (int i = 0; i < out->n_layers; i++)
        for (int m = 0; m < LAYER_METRIC_COUNT; m++)
            out->layers[i][m] = NAN;
    evaluation_read_layers(&r->evaluation, model, epoch, out->layers);
    for (int i = 0; i < out->n_layers; i++) {
        out->layers[i][LAYER_METRIC_WEIGHT_NORM] = weight_norm(r, model, i);
        if (r->state.steps_in_epoch > 0)
            out->layers[i][LAYER_METRIC_GRADIENT_NORM] =
                r->state.layer_norm_sums[i] / (double)r->state.steps_in_epoch;
    }
}

static void fill_scores(const scores *train, const scores *validation,
                        double values[METRIC_EPOCH_COUNT])
{
    values[METRIC_TRAIN_LOSS] = train->loss;
    values[METRIC_TRAIN_ACCURACY] = train->accuracy;
    values[METRIC_TRAIN_RMSE] = train->rmse;
    values[METRIC_TRAIN_R2] = train->r2;
    values[METRIC_VAL_LOSS] = validation->loss;
    values[METRIC_VAL_ACCURACY] = validation->accuracy;
    values[METRIC_VAL_RMSE] = validation->rmse;
    values[METRIC_VAL_R2] = validation->r2;
}

static record start_record(const run *r)
{
    record out = {.epoch = r->state.epoch, .step = r->state.step};
    for (int i = 0; i < METRIC_EPOCH_COUNT; i++)
        out.values[i] = NAN;
    fill_training(r, &out);
    return out;
}

/* Measures, takes the record into the state and tells the outside. */
static bool record_epoch(run *r, fail *f)
{
    record out = start_record(r);
    real *model = run_evaluated_model(r);
    scores train = evaluation_run(&r->evaluation, model, PART_TRAIN, false);
    scores validation =
        evaluation_run(&r->evaluation, model, PART_VALIDATION, r->spec->record_layers);
    fill_scores(&train, &validation, out.values);
    fill_weights(r, model, &out);
    if (r->spec->record_layers)
        fill_layers(r, model, &out);
    memcpy(r->state.last, out.values, sizeof r->state.last);
    bool is_best = false;
    if (out.epoch > 0)
        r->state.has_stopped_early = stopping_add(&r->state.stopping, r->spec, &out, &is_best);
    if (is_best)
        memcpy(r->state.best, out.values, sizeof r->state.best);
    if (is_best && r->best_model)
        memcpy(r->best_model, model, r->net.n_model * sizeof(real));
    if (!isfinite(train.loss) || !isfinite(validation.loss))
        r->stop = TRAIN_STOP_DIVERGED;
    return !r->hooks || !r->hooks->on_record || r->hooks->on_record(r->hooks->context, &out, f);
}

/* The epoch in which the loss stopped being a number: told as far as it came, so that the curve
 * shows where. */
static bool record_divergence(run *r, fail *f)
{
    r->state.epoch++;
    record out = start_record(r);
    memcpy(r->state.last, out.values, sizeof r->state.last);
    return !r->hooks || !r->hooks->on_record || r->hooks->on_record(r->hooks->context, &out, f);
}

static bool tell_model(const run *r, fail *f)
{
    if (!r->hooks || !r->hooks->on_model)
        return true;
    const real *model = run_evaluated_model(r);
    for (size_t i = 0; r->told && i < r->net.n_model; i++)
        r->told[i] = (float)model[i];
    return r->hooks->on_model(r->hooks->context, r->state.epoch,
                              r->told ? r->told : (const float *)(const void *)model, f);
}

/* ---- the run ---- */

static bool save_checkpoint(run *r, fail *f)
{
    if (!r->hooks || !r->hooks->on_checkpoint)
        return true;
    run_write_checkpoint(r);
    bool ok = r->hooks->on_checkpoint(r->hooks->context, r->checkpoint, run_checkpoint_bytes(r), f);
    r->last_checkpoint = clock_steady_seconds();
    return ok;
}

static bool checkpoint_is_due(const run *r)
{
    return r->input->checkpoint_seconds > 0 &&
           clock_steady_seconds() - r->last_checkpoint >= r->input->checkpoint_seconds;
}

static bool record_is_due(const run *r)
{
    return r->state.epoch % r->spec->evaluate_every == 0 || r->state.epoch == r->spec->epochs;
}

/* Ends the epoch under way: record, decision, checkpoint. */
static bool finish_epoch(run *r, fail *f)
{
    r->state.epoch++;
    if (!tell_model(r, f) || (record_is_due(r) && !record_epoch(r, f)))
        return false;
    start_epoch_sums(&r->state);
    if (r->stop == TRAIN_STOP_FINISHED && r->state.has_stopped_early)
        r->stop = TRAIN_STOP_EARLY_STOPPED;
    return r->stop != TRAIN_STOP_FINISHED || !checkpoint_is_due(r) || save_checkpoint(r, f);
}

static bool is_stopped(const run *r)
{
    return r->stop != TRAIN_STOP_FINISHED || r->state.has_stopped_early;
}

static bool train_epochs(run *r, fail *f)
{
    if (r->state.epoch == 0 && r->state.step == 0 && (!tell_model(r, f) || !record_epoch(r, f)))
        return false;
    if (r->state.has_stopped_early)
        r->stop = TRAIN_STOP_EARLY_STOPPED;
    while (!is_stopped(r) && r->state.epoch < r->spec->epochs)
        if (train_epoch(r) && !finish_epoch(r, f))
            return false;
    if (r->stop == TRAIN_STOP_DIVERGED && r->state.steps_in_epoch > 0)
        return record_divergence(r, f);
    return r->stop != TRAIN_STOP_PAUSED || save_checkpoint(r, f);
}

static void measure_test(run *r, real *model, int64_t epoch, double selected[METRIC_COUNT])
{
    scores test = evaluation_run(&r->evaluation, model, PART_TEST, false);
    selected[METRIC_TEST_LOSS] = test.loss;
    selected[METRIC_TEST_ACCURACY] = test.accuracy;
    selected[METRIC_TEST_RMSE] = test.rmse;
    selected[METRIC_TEST_R2] = test.r2;
    selected[METRIC_TEST_ECE] = test.ece;
    selected[METRIC_TEST_BRIER] = test.brier;
    selected[METRIC_GENERALIZATION_GAP] = selected[METRIC_VAL_LOSS] - selected[METRIC_TRAIN_LOSS];
    if (r->spec->monte_carlo_samples == 0)
        return;
    scores sampled = evaluation_run_monte_carlo(&r->evaluation, model, epoch > 0 ? epoch - 1 : 0);
    selected[METRIC_MC_TEST_LOSS] = sampled.loss;
    selected[METRIC_MC_TEST_ACCURACY] = sampled.accuracy;
    selected[METRIC_MC_TEST_ECE] = sampled.ece;
    selected[METRIC_MC_TEST_RMSE] = sampled.rmse;
}

static bool fill_model(const run *r, const real *model, train_result *result, fail *f)
{
    result->model = malloc(r->net.n_model * sizeof *result->model);
    if (!result->model)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "", "there is no memory for the trained weights");
    result->n_model = r->net.n_model;
    for (size_t i = 0; i < r->net.n_model; i++)
        result->model[i] = (float)model[i];
    return true;
}

static bool finish(run *r, train_result *result, fail *f)
{
    const run_state *s = &r->state;
    bool ended = r->stop == TRAIN_STOP_FINISHED || r->stop == TRAIN_STOP_EARLY_STOPPED;
    bool keep = ended || r->stop == TRAIN_STOP_DIVERGED;
    bool best = keep && r->best_model && s->stopping.best_epoch > 0;
    real *model = best ? r->best_model : run_evaluated_model(r);
    *result = (train_result){
        .stop = r->stop, .epoch = s->epoch, .step = s->step, .best_epoch = s->stopping.best_epoch};
    result->is_other_core = r->is_other_core;
    result->selected_epoch = best ? s->stopping.best_epoch : s->epoch;
    result->selected_is_best = best;
    result->selected_is_average = r->regularization.average != NULL;
    memcpy(result->last, s->last, sizeof result->last);
    memcpy(result->best, s->best, sizeof result->best);
    for (int i = 0; i < METRIC_COUNT; i++)
        result->selected[i] = i < METRIC_EPOCH_COUNT ? (best ? s->best[i] : s->last[i]) : NAN;
    if (ended || best)
        measure_test(r, model, result->selected_epoch, result->selected);
    result->train_seconds = s->train_seconds;
    result->samples_per_second = s->train_seconds > 0 ? (double)s->samples / s->train_seconds : NAN;
    result->memory_bytes = r->arena.size;
    if (keep && !fill_model(r, model, result, f))
        return false;
    result->wall_seconds = clock_steady_seconds() - r->began;
    return true;
}

bool train_run(const train_input *input, const train_hooks *hooks, train_result *result, fail *f)
{
    run r;
    if (!run_open(&r, input, hooks, f))
        return false;
    parallel_set_active(r.parallel, input->threads);
    bool ok = !input->checkpoint ||
              run_read_checkpoint(&r, input->checkpoint, input->checkpoint_bytes, f);
    ok = ok && train_epochs(&r, f) && finish(&r, result, f);
    run_close(&r);
    return ok;
}

void train_result_close(train_result *result)
{
    free(result->model);
    result->model = NULL;
}
