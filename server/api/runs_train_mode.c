#include "server/api/runs_train_mode.h"

#include "server/codec/evaluation.h"

#include "core/spec/metric_score.h"
#include "core/train/predict.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS_AT_ONCE = 500 };

typedef struct scoring {
    const trained_run *s;
    predictor *p;
    size_t n, n_draws, d, k;
    float *inputs, *outputs, *sums, *targets; /* (ROWS_AT_ONCE, d), and (ROWS_AT_ONCE, k) each */
    evaluation_score *scores;                 /* (n_draws + 2): the draws, averaged, still */
} scoring;

/* Sums over the samples; divided in the end. */
static void add_scores(const scoring *x, const float *outputs, size_t first, size_t n,
                       evaluation_score *to)
{
    const split *data = x->s->data;
    double share = (double)n;
    if (x->s->set->task == TASK_CLASSIFICATION) {
        classification_scores c =
            metric_score_classification(outputs, data->labels[PART_TEST] + first, n, x->k);
        to->loss += c.loss * share;
        to->accuracy += c.accuracy * share;
        to->rmse = NAN;
        return;
    }
    regression_scores r =
        metric_score_regression(outputs, x->targets, n, x->k, data->target_deviation);
    to->loss += r.loss * share;
    to->rmse += r.rmse * r.rmse * share;
    to->accuracy = NAN;
}

static void divide(const scoring *x, evaluation_score *score)
{
    score->loss /= (double)x->n;
    score->accuracy /= (double)x->n;
    score->rmse = sqrt(score->rmse / (double)x->n);
}

/* Every piece has draws of its own: two samples at one place of it share no mask. */
static bool score_piece(const scoring *x, size_t first, size_t n, fail *f)
{
    size_t n_values = n * x->k;
    uint32_t base = (uint32_t)(first / ROWS_AT_ONCE * x->n_draws);
    split_read_inputs(x->s->data, PART_TEST, NULL, first, n, x->inputs);
    if (x->s->set->task == TASK_REGRESSION)
        split_read_targets(x->s->data, PART_TEST, NULL, first, n, x->targets);
    for (size_t i = 0; i < n_values; i++)
        x->sums[i] = 0;
    for (size_t draw = 0; draw < x->n_draws; draw++) {
        if (!predictor_sample(x->p, x->inputs, n, base + (uint32_t)draw, x->outputs, f))
            return false;
        add_scores(x, x->outputs, first, n, &x->scores[draw]);
        for (size_t i = 0; i < n_values; i++)
            x->sums[i] += x->outputs[i] / (float)x->n_draws;
    }
    add_scores(x, x->sums, first, n, &x->scores[x->n_draws]);
    if (!predictor_answer(x->p, x->inputs, n, x->outputs, f))
        return false;
    add_scores(x, x->outputs, first, n, &x->scores[x->n_draws + 1]);
    return true;
}

static bool score_all(const scoring *x, fail *f)
{
    for (size_t first = 0; first < x->n; first += ROWS_AT_ONCE) {
        size_t n = x->n - first < ROWS_AT_ONCE ? x->n - first : ROWS_AT_ONCE;
        if (!score_piece(x, first, n, f))
            return false;
    }
    for (size_t i = 0; i < x->n_draws + 2; i++)
        divide(x, &x->scores[i]);
    return true;
}

static bool open_scoring(const trained_run *s, size_t n_draws, scoring *x, fail *f)
{
    size_t n = s->data->n[PART_TEST], d = s->set->d, k = s->set->k;
    *x = (scoring){.s = s,
                   .n = n < TRAIN_MODE_ROWS_LIMIT ? n : TRAIN_MODE_ROWS_LIMIT,
                   .n_draws = n_draws,
                   .d = d,
                   .k = k,
                   .inputs = calloc(ROWS_AT_ONCE * (d + 3 * k), sizeof *x->inputs),
                   .scores = calloc(n_draws + 2, sizeof *x->scores)};
    if (!x->inputs || !x->scores)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the predictions.");
    x->outputs = x->inputs + ROWS_AT_ONCE * d;
    x->sums = x->outputs + ROWS_AT_ONCE * k;
    x->targets = x->sums + ROWS_AT_ONCE * k;
    return trained_run_begin(s, x->n * (uint64_t)(n_draws + 1), f) &&
           trained_run_open_predictor(s, ROWS_AT_ONCE, true, &x->p, f);
}

bool api_add_train_mode(const trained_run *s, int64_t run_id, size_t n_draws, buffer *b, fail *f)
{
    scoring x;
    bool is_scored = open_scoring(s, n_draws, &x, f) && score_all(&x, f);
    if (is_scored)
        codec_add_train_mode(b, &(train_mode_evaluation){.run_id = run_id,
                                                         .task = s->set->task,
                                                         .n = x.n,
                                                         .n_draws = n_draws,
                                                         .draws = x.scores,
                                                         .averaged = &x.scores[n_draws],
                                                         .still = &x.scores[n_draws + 1]});
    predictor_close(x.p);
    free(x.inputs);
    free(x.scores);
    return is_scored;
}
