#include "server/api/runs_evaluation.h"

#include "server/api/api.h"
#include "server/api/runs_train_mode.h"
#include "server/api/trained_run.h"
#include "server/codec/evaluation.h"
#include "server/jobs/errand.h"
#include "server/study/confusion.h"
#include "server/study/residuals.h"

#include "core/train/predict.h"

#include <stdlib.h>

enum { ROWS_AT_ONCE = 1024 };

/* ---- scoring ---- */

/* Takes the answers to n samples of the test split, from number `first` on. outputs: (n, k). */
typedef bool take_rows(void *to, const trained_run *s, const float *outputs, size_t first, size_t n,
                       fail *f);

static bool take_classes(void *to, const trained_run *s, const float *outputs, size_t first,
                         size_t n, fail *f)
{
    return confusion_add(to, outputs, s->data->labels[PART_TEST] + first, n, f);
}

static bool take_numbers(void *to, const trained_run *s, const float *outputs, size_t first,
                         size_t n, fail *f)
{
    size_t k = s->set->k;
    double *targets = calloc(2 * n * k, sizeof *targets), *predictions = targets + n * k;
    if (!targets)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the targets.");
    split_read_own_targets(s->data, PART_TEST, first, n, targets);
    for (size_t i = 0; i < n * k; i++)
        predictions[i] = split_own_output(s->data, i % k, (double)outputs[i]);
    bool is_taken = residuals_add(to, predictions, targets, n, f);
    free(targets);
    return is_taken;
}

static bool score_rows(const trained_run *s, predictor *p, float *inputs, float *outputs,
                       take_rows *take, void *to, fail *f)
{
    size_t n_all = s->data->n[PART_TEST];
    for (size_t first = 0; first < n_all; first += ROWS_AT_ONCE) {
        size_t n = n_all - first < ROWS_AT_ONCE ? n_all - first : ROWS_AT_ONCE;
        split_read_inputs(s->data, PART_TEST, NULL, first, n, inputs);
        if (!predictor_answer(p, inputs, n, outputs, f) || !take(to, s, outputs, first, n, f))
            return false;
    }
    return true;
}

static bool score(const trained_run *s, take_rows *take, void *to, fail *f)
{
    predictor *p;
    if (!trained_run_begin(s, s->data->n[PART_TEST], f) ||
        !trained_run_open_predictor(s, ROWS_AT_ONCE, false, &p, f))
        return false;
    float *inputs = calloc(ROWS_AT_ONCE * s->set->d, sizeof *inputs);
    float *outputs = calloc(ROWS_AT_ONCE * s->set->k, sizeof *outputs);
    bool is_scored = inputs && outputs ? score_rows(s, p, inputs, outputs, take, to, f)
                                       : fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                                                  "There is no memory for the predictions.");
    free(inputs);
    free(outputs);
    predictor_close(p);
    return is_scored;
}

/* ---- answers ---- */

static bool evaluate_classes(const trained_run *s, int64_t id, buffer *b, fail *f)
{
    confusion e = {0};
    bool is_written = confusion_open(s->set->k, &e, f) && score(s, take_classes, &e, f) &&
                      codec_add_evaluation(b, id, s->data, &e, f);
    confusion_close(&e);
    return is_written;
}

static bool evaluate_numbers(const trained_run *s, int64_t id, buffer *b, fail *f)
{
    residuals r = {0};
    residuals_summary summary;
    bool is_known = residuals_open(s->data->n[PART_TEST], s->set->k, &r, f) &&
                    score(s, take_numbers, &r, f) && residuals_summarize(&r, &summary, f);
    if (is_known)
        codec_add_residuals(b, id, s->data, &r, &summary);
    residuals_close(&r);
    return is_known;
}

typedef struct evaluation_query {
    int is_train, draws;
} evaluation_query;

static const member QUERY_ROWS[] = {
    {"mode", MEMBER_NAME, "train: with masks and noise drawn, as if nobody had said otherwise.",
     MEMBER_OPTIONAL, AT(evaluation_query, is_train), ONE_OF("eval", "train"), OTHERWISE(0)},
    {"draws", MEMBER_INTEGER, "How often, of mode train.", MEMBER_OPTIONAL,
     AT(evaluation_query, draws), RANGE(1, TRAIN_MODE_DRAWS_LIMIT), OTHERWISE(100)},
};
const shape SHAPE_EVALUATION_QUERY = {BYTES_OF(evaluation_query), MEMBERS(QUERY_ROWS)};

static bool evaluate(const trained_run *s, int64_t id, const evaluation_query *wanted, buffer *b,
                     fail *f)
{
    if (wanted->is_train)
        return api_add_train_mode(s, id, (size_t)wanted->draws, b, f);
    return s->set->task == TASK_CLASSIFICATION ? evaluate_classes(s, id, b, f)
                                               : evaluate_numbers(s, id, b, f);
}

void api_runs_evaluation(app *a, const request *q, response *r)
{
    evaluation_query wanted;
    trained_run s;
    fail f;
    if (!request_read_query(q, &wanted, &f) ||
        !trained_run_open(a, errand_caller(q->errand), q->ids[0], &s, &f)) {
        response_fail(r, &f);
        return;
    }
    if (evaluate(&s, q->ids[0], &wanted, &r->body, &f))
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
    trained_run_close(&s);
}
