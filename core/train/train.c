#include "core/train/train.h"

#include "core/base/clock.h"
#include "core/train/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- one step ---- */

static void account(trainer *t)
{
    trainer_state *s = &t->state;
    metric_sums *sums = &s->sums;
    double sum = 0;
    for (size_t i = 0; i < t->work.n; i++)
        sum += t->work.losses[i];
    s->step++;
    s->samples += (int64_t)t->work.n;
    sums->n_steps++;
    sums->n_samples += (int64_t)t->work.n;
    sums->loss += sum;
    double loss = sum / (double)t->work.n, difference = loss - sums->loss_mean;
    sums->loss_mean += difference / (double)sums->n_steps;
    sums->loss_squares += difference * (loss - sums->loss_mean);
    sums->gradient_norm += t->update.norm;
    for (int i = 0; i < t->net.n_layers; i++)
        sums->layer_gradient_norms[i] += t->update.layer_norms[i];
}

static void train_step(trainer *t)
{
    net_hooks hooks = regularization_hooks(&t->regularization);
    minibatch_read(t, t->state.sums.n_steps);
    net_use_model(&t->net, t->model, &t->work);
    regularization_start_step(&t->regularization, (uint32_t)t->state.step, t->parallel);
    regularization_apply_batch(&t->regularization, t->parallel);
    net_forward(&t->net, &t->work, t->model, NET_TRAIN, &hooks, t->parallel);
    net_loss(&t->net, &t->work, true);
    double rate =
        optimizer_learning_rate(t->spec, t->state.epoch, t->state.step, t->steps_per_epoch);
    t->state.sums.learning_rate = rate;
    update_start_step(&t->update, t->state.step, rate);
    net_backward(&t->net, &t->work, &hooks, t->parallel, update_layer, &t->update);
    update_finish_step(&t->update, t->parallel);
    regularization_after_step(&t->regularization, t->model);
    account(t);
}

/* ---- one epoch ---- */

/* Tells the outside how far it is; what that wants. */
static train_command ask(const trainer *t)
{
    const train_hooks *h = t->hooks;
    train_answer answer = {.command = TRAIN_GO_ON};
    if (h && h->on_step)
        answer = h->on_step(h->context, t->state.step, t->spec->epochs * t->steps_per_epoch);
    parallel_set_active(t->parallel, answer.threads ? answer.threads : t->input->threads);
    return answer.command;
}

/* Trains to the end of the epoch under way. Returns false when the run is to stop in its midst:
 * t->stop says why. */
static bool train_epoch(trainer *t)
{
    double began = clock_steady_seconds();
    bool go_on = true;
    minibatch_shuffle(t, t->state.epoch);
    regularization_start_epoch(&t->regularization, t->state.epoch);
    while (go_on && t->state.sums.n_steps < t->steps_per_epoch) {
        train_step(t);
        train_command command = ask(t);
        if (!isfinite(t->state.sums.loss))
            t->stop = TRAIN_STOP_DIVERGED;
        else if (command != TRAIN_GO_ON)
            t->stop = command == TRAIN_CANCEL ? TRAIN_STOP_CANCELLED : TRAIN_STOP_PAUSED;
        go_on = t->stop == TRAIN_STOP_FINISHED;
    }
    double seconds = clock_steady_seconds() - began;
    t->state.sums.seconds += seconds;
    t->state.train_seconds += seconds;
    return go_on;
}

/* ---- records ---- */

static bool tell_record(const trainer *t, const record *line, fail *f)
{
    return !t->hooks || !t->hooks->on_record || t->hooks->on_record(t->hooks->context, line, f);
}

/* The weights that are measured, told and selected. */
static real *evaluated_model(const trainer *t)
{
    return regularization_evaluated_model(&t->regularization, t->model);
}

/* Whether no record after epoch 0 had a lower val_loss, or the same. */
static bool has_lowest_loss(trainer_state *s, const record *line)
{
    double loss = line->values[METRIC_VAL_LOSS];
    if (!isfinite(loss) || loss >= s->lowest_loss)
        return false;
    s->lowest_loss = loss;
    return true;
}

/* What follows from a record after epoch 0. */
static void judge(trainer *t, const record *line, const real *model)
{
    trainer_state *s = &t->state;
    bool is_best = has_lowest_loss(s, line);
    s->has_stopped_early = regularization_after_record(&t->regularization, line, &is_best);
    if (!is_best)
        return;
    s->best_epoch = line->epoch;
    memcpy(s->best, line->values, sizeof s->best);
    if (t->best_model)
        memcpy(t->best_model, model, t->net.n_model * sizeof(real));
}

/* Measures, takes the record into the state and tells the outside. */
static bool record_epoch(trainer *t, fail *f)
{
    record out;
    real *model = evaluated_model(t);
    bool is_finite = measure_epoch(t, model, &out);
    memcpy(t->state.last, out.values, sizeof t->state.last);
    if (out.epoch > 0)
        judge(t, &out, model);
    if (!is_finite)
        t->stop = TRAIN_STOP_DIVERGED;
    return tell_record(t, &out, f);
}

/* The epoch in which the loss stopped being a number: told as far as it came, so that the curve
 * shows where. */
static bool record_divergence(trainer *t, fail *f)
{
    record out;
    t->state.epoch++;
    measure_steps(t, &out);
    memcpy(t->state.last, out.values, sizeof t->state.last);
    return tell_record(t, &out, f);
}

static bool tell_model(const trainer *t, fail *f)
{
    if (!t->hooks || !t->hooks->on_model)
        return true;
    const real *model = evaluated_model(t);
    for (size_t i = 0; t->told && i < t->net.n_model; i++)
        t->told[i] = (float)model[i];
    return t->hooks->on_model(t->hooks->context, t->state.epoch,
                              t->told ? t->told : (const float *)(const void *)model, f);
}

/* ---- the run ---- */

static bool save_checkpoint(trainer *t, fail *f)
{
    if (!t->hooks || !t->hooks->on_checkpoint)
        return true;
    checkpoint_write(t);
    bool ok = t->hooks->on_checkpoint(t->hooks->context, t->checkpoint, checkpoint_bytes(t), f);
    t->last_checkpoint = clock_steady_seconds();
    return ok;
}

static bool checkpoint_is_due(const trainer *t)
{
    return t->input->checkpoint_seconds > 0 &&
           clock_steady_seconds() - t->last_checkpoint >= t->input->checkpoint_seconds;
}

static bool record_is_due(const trainer *t)
{
    bool is_last = t->state.epoch == t->spec->epochs;
    return !t->input->only_weights && (t->state.epoch % t->spec->evaluate_every == 0 || is_last);
}

/* What the outside is told of the epochs done. */
static bool tell_epoch(trainer *t, fail *f)
{
    return tell_model(t, f) && (!record_is_due(t) || record_epoch(t, f));
}

/* Ends the epoch under way: record, decision, checkpoint. */
static bool finish_epoch(trainer *t, fail *f)
{
    t->state.epoch++;
    if (!tell_epoch(t, f))
        return false;
    t->state.sums = (metric_sums){0};
    if (t->stop == TRAIN_STOP_FINISHED && t->state.has_stopped_early)
        t->stop = TRAIN_STOP_EARLY_STOPPED;
    return t->stop != TRAIN_STOP_FINISHED || !checkpoint_is_due(t) || save_checkpoint(t, f);
}

static bool is_stopped(const trainer *t)
{
    return t->stop != TRAIN_STOP_FINISHED || t->state.has_stopped_early;
}

static bool train_epochs(trainer *t, fail *f)
{
    if (t->state.epoch == 0 && t->state.step == 0 && !tell_epoch(t, f))
        return false;
    if (t->state.has_stopped_early)
        t->stop = TRAIN_STOP_EARLY_STOPPED;
    while (!is_stopped(t) && t->state.epoch < t->spec->epochs)
        if (train_epoch(t) && !finish_epoch(t, f))
            return false;
    if (t->stop == TRAIN_STOP_DIVERGED && t->state.sums.n_steps > 0)
        return record_divergence(t, f);
    return t->stop != TRAIN_STOP_PAUSED || save_checkpoint(t, f);
}

static bool fill_model(const trainer *t, const real *model, train_result *result, fail *f)
{
    result->model = malloc(t->net.n_model * sizeof *result->model);
    if (!result->model)
        return fail_set(f, FAIL_OUT_OF_MEMORY, "", "there is no memory for the trained weights");
    result->n_model = t->net.n_model;
    for (size_t i = 0; i < t->net.n_model; i++)
        result->model[i] = (float)model[i];
    return true;
}

static bool finish(trainer *t, train_result *result, fail *f)
{
    const trainer_state *s = &t->state;
    bool ended = t->stop == TRAIN_STOP_FINISHED || t->stop == TRAIN_STOP_EARLY_STOPPED;
    bool keep = ended || t->stop == TRAIN_STOP_DIVERGED;
    bool best = keep && t->best_model && s->best_epoch > 0;
    real *model = best ? t->best_model : evaluated_model(t);
    *result = (train_result){
        .stop = t->stop, .epoch = s->epoch, .step = s->step, .best_epoch = s->best_epoch};
    result->is_other_core = t->is_other_core;
    result->selected_epoch = best ? s->best_epoch : s->epoch;
    result->selected_is_best = best;
    result->selected_is_average = evaluated_model(t) != t->model;
    memcpy(result->last, s->last, sizeof result->last);
    memcpy(result->best, s->best, sizeof result->best);
    for (int i = 0; i < METRIC_COUNT; i++)
        result->selected[i] = i < METRIC_EPOCH_COUNT ? (best ? s->best[i] : s->last[i]) : NAN;
    if ((ended || best) && !t->input->only_weights)
        measure_end(t, model, result->selected_epoch, result->selected);
    result->train_seconds = s->train_seconds;
    result->samples_per_second = s->train_seconds > 0 ? (double)s->samples / s->train_seconds : NAN;
    result->memory_bytes = t->arena.size;
    if (keep && !fill_model(t, model, result, f))
        return false;
    result->wall_seconds = clock_steady_seconds() - t->began;
    return true;
}

bool train_run(const train_input *input, const train_hooks *hooks, train_result *result, fail *f)
{
    trainer t;
    if (!trainer_open(&t, input, hooks, f))
        return false;
    parallel_set_active(t.parallel, input->threads);
    bool ok =
        !input->checkpoint || checkpoint_read(&t, input->checkpoint, input->checkpoint_bytes, f);
    ok = ok && train_epochs(&t, f) && finish(&t, result, f);
    trainer_close(&t);
    return ok;
}

void train_result_close(train_result *result)
{
    free(result->model);
    result->model = NULL;
}
