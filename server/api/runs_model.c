/* Models and predictions: what a finished run knows, as a file and as answers. */
#include "server/api/api.h"
#include "server/api/runs.h"
#include "server/api/trained_run.h"
#include "server/codec/prediction.h"
#include "server/codec/request.h"
#include "server/export/safetensors.h"
#include "server/jobs/errand.h"
#include "server/store/files.h"

#include "core/net/tensor.h"
#include "core/train/predict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_TYPE "application/octet-stream"
#define ANSWERS_LIMIT 1000000 /* numbers in one answer */

/* ---- model ---- */

typedef struct model_query {
    int format;
    bool is_initial;
    int64_t epoch;
} model_query;

static const member MODEL_ROWS[] = {
    {"format", MEMBER_NAME, "How it is written.", MEMBER_OPTIONAL, AT(model_query, format),
     ONE_OF("safetensors"), OTHERWISE(0)},
    {"epoch", MEMBER_INTEGER, "0: the initial weights; without it, the selected ones.",
     MEMBER_OPTIONAL, AT(model_query, epoch), RANGE(0, 0), TELLS(model_query, is_initial)},
};
const shape SHAPE_MODEL_QUERY = {BYTES_OF(model_query), MEMBERS(MODEL_ROWS)};

static bool write_initial(app *a, const caller *by, const run *row, const train_spec *spec,
                          buffer *b, fail *f)
{
    dataset *set;
    if (!api_open_run_dataset(a, by, row, spec, &set, f))
        return false;
    size_t inputs = set->d, outputs = set->k;
    dataset_close(set);
    size_t n_model = tensor_model_size(spec, inputs, outputs);
    if (!caller_grant(by, 2 * n_model * sizeof(float), f))
        return false;
    float *model = calloc(n_model, sizeof *model);
    if (!model)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for this model.");
    train_initial_model(spec, inputs, outputs, model);
    export_safetensors_add_model(b, spec, inputs, outputs, model);
    free(model);
    return true;
}

static void send_file_name(response *r, int64_t id, const char *suffix)
{
    response_add_header(r, "Content-Disposition",
                        "attachment; filename=\"run-%" PRId64 "%s.safetensors\"", id, suffix);
}

/* True where the client has the model: no file is read. That of an ended run is known by its row,
 * the initial one by what it is drawn from. */
static bool has_model(app *a, const run *row, bool is_initial, const request *q, response *r)
{
    run_files kept;
    fail f;
    if (is_initial)
        return api_answer_lasting(a, row, q, r);
    return run_state_is_terminal(row->status) && store_get_files(a->store, row->id, &kept, &f) &&
           kept.model.bytes > 0 && api_answer_digest(kept.model.sha256, q, r);
}

static bool send_selected(app *a, const run *row, response *r, fail *f)
{
    jobs_model model = {0};
    if (!trained_run_find_model(a, row, &model, f))
        return false;
    if (model.bytes)
        buffer_add(&r->body, model.bytes, model.n_bytes);
    else
        snprintf(r->file_path, sizeof r->file_path, "%s", model.path);
    free(model.bytes);
    response_set(r, 200, MODEL_TYPE);
    return true;
}

static bool send_initial(app *a, const request *q, const run *row, const train_spec *spec,
                         response *r, fail *f)
{
    if (!write_initial(a, errand_caller(q->errand), row, spec, &r->body, f))
        return false;
    api_send_tagged(q, MODEL_TYPE, r);
    return true;
}

void api_runs_model(app *a, const request *q, response *r)
{
    run row = {0};
    train_spec spec;
    model_query wanted = {.is_initial = false};
    fail f;
    if (!request_read_query(q, &wanted, &f) || !trained_run_read(a, q->ids[0], &row, &spec, &f)) {
        response_fail(r, &f);
        return;
    }
    bool is_sent = has_model(a, &row, wanted.is_initial, q, r) ||
                   (wanted.is_initial ? send_initial(a, q, &row, &spec, r, &f)
                                      : send_selected(a, &row, r, &f));
    if (is_sent)
        send_file_name(r, row.id, wanted.is_initial ? "-initial" : "");
    else
        response_fail(r, &f);
    run_close(&row);
}

/* ---- prediction ---- */

static bool has_no_mean(size_t i, const trained_run *p, fail *f)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/inputs/%zu/%zu", i / p->inputs, i % p->inputs);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                    "A number is missing, but none was in training: nothing stands for it.");
}

/* From the data set's own units to what the net was trained on: x (n, inputs). */
static bool scale_inputs(const trained_run *p, const predict_request *wanted, float *x, fail *f)
{
    for (size_t i = 0; i < wanted->n * p->inputs; i++) {
        if (isnan(wanted->inputs[i]) && !p->data->fill)
            return has_no_mean(i, p, f);
        x[i] = split_scale_input(p->data, i % p->inputs, wanted->inputs[i]);
    }
    return true;
}

/* Mean and variance of every output over the samples, which lie one after the other: drawn
 * (samples, n_values). */
static void find_moments(const float *drawn, size_t n_values, size_t samples, float *mean,
                         float *variance)
{
    for (size_t i = 0; i < n_values; i++) {
        double sum = 0, squares = 0;
        for (size_t s = 0; s < samples; s++)
            sum += (double)drawn[s * n_values + i];
        double middle = sum / (double)samples;
        for (size_t s = 0; s < samples; s++)
            squares += pow((double)drawn[s * n_values + i] - middle, 2);
        mean[i] = (float)middle;
        variance[i] = (float)(squares / (samples > 1 ? (double)(samples - 1) : NAN));
    }
}

/* out: (samples + 2, n, k). */
static bool predict_train(const trained_run *t, predictor *p, const predict_request *wanted,
                          const float *x, float *out, fail *f)
{
    size_t samples = (size_t)wanted->samples, n_values = wanted->n * t->outputs;
    float *mean = out + samples * n_values;
    for (size_t s = 0; s < samples; s++)
        if (!predictor_sample(p, x, wanted->n, (uint32_t)s, out + s * n_values, f))
            return false;
    find_moments(out, n_values, samples, mean, mean + n_values);
    return true;
}

static bool answer_with(const trained_run *t, const predict_request *wanted, const float *x,
                        float *out, fail *f)
{
    predictor *p;
    if (!trained_run_open_predictor(t, wanted->n, wanted->is_train, &p, f))
        return false;
    bool is_answered = wanted->is_train ? predict_train(t, p, wanted, x, out, f)
                                        : predictor_answer(p, x, wanted->n, out, f);
    predictor_close(p);
    return is_answered;
}

/* out: as answer_with() fills it; own: the same in the data set's own units. */
static void restore(const trained_run *t, const predict_request *wanted, const float *out,
                    double *own, prediction_answer *answer)
{
    size_t k = t->outputs, n_values = wanted->n * k;
    size_t n_outputs = n_values * (wanted->is_train ? (size_t)wanted->samples + 1 : 1);
    for (size_t i = 0; i < n_outputs; i++)
        own[i] = split_own_output(t->data, i % k, (double)out[i]);
    answer->samples = (size_t)wanted->samples;
    if (!wanted->is_train) {
        answer->outputs = own;
        return;
    }
    for (size_t i = n_outputs; i < n_outputs + n_values; i++) {
        double unit = t->data->target_deviation ? t->data->target_deviation[i % k] : 1;
        own[i] = (double)(float)((double)out[i] * unit * unit);
    }
    answer->drawn = own;
    answer->mean = own + n_outputs - n_values;
    answer->variance = own + n_outputs;
}

/* Numbers that the answer is made of and from; 0 with *f where they are too many. */
static size_t count_numbers(const trained_run *p, const predict_request *wanted, fail *f)
{
    size_t samples = wanted->is_train ? (size_t)wanted->samples : 1;
    size_t n = wanted->n * samples * p->outputs;
    if (n <= ANSWERS_LIMIT)
        return n + 2 * wanted->n * p->outputs;
    fail_set(f, FAIL_TOO_LARGE, "/samples",
             "%zu rows with %zu samples of %zu outputs are %zu numbers; at most %d fit into one "
             "answer.",
             wanted->n, samples, p->outputs, n, ANSWERS_LIMIT);
    return 0;
}

static bool predict(const trained_run *p, const predict_request *wanted, buffer *b, fail *f)
{
    size_t n_numbers = count_numbers(p, wanted, f);
    uint64_t n_answers = wanted->n * (uint64_t)(wanted->is_train ? wanted->samples : 1);
    if (n_numbers == 0 || !trained_run_begin(p, n_answers, f))
        return false;
    size_t n_inputs = wanted->n * p->inputs;
    double *own = calloc(n_numbers * (sizeof *own + sizeof(float)) + n_inputs * sizeof(float), 1);
    float *out = (float *)(void *)(own + n_numbers), *x = out + n_numbers;
    if (!own)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the answer.");
    prediction_answer answer = {
        .is_train = wanted->is_train, .n = wanted->n, .k = p->outputs, .set = p->set};
    bool is_answered = scale_inputs(p, wanted, x, f) && answer_with(p, wanted, x, out, f);
    if (is_answered) {
        restore(p, wanted, out, own, &answer);
        shape_add(b, &SHAPE_PREDICTION, &answer);
    }
    free(own);
    return is_answered;
}

void api_runs_predict(app *a, const request *q, response *r)
{
    trained_run p;
    predict_request wanted = {.n = 0};
    fail f;
    if (!trained_run_open(a, errand_caller(q->errand), q->ids[0], &p, &f)) {
        response_fail(r, &f);
        return;
    }
    wanted.d = p.inputs;
    wanted.set = p.set;
    if (request_read_body(q, &wanted, r)) {
        if (predict(&p, &wanted, &r->body, &f))
            response_set(r, 200, MESSAGE_JSON);
        else
            response_fail(r, &f);
        shape_close(&SHAPE_PREDICT_REQUEST, &wanted);
    }
    trained_run_close(&p);
}
