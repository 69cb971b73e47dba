#include "server/api/runs_evaluation.h"

#include "server/api/api.h"
#include "server/api/trained_run.h"
#include "server/codec/codec.h"
#include "server/codec/residuals.h"
#include "server/study/confusion.h"
#include "server/study/residuals.h"

#include "core/train/train.h"

#include <stdlib.h>

enum { CLASSES_LIMIT = 256, AREA_LIMIT = 128 * 128, ROWS_AT_ONCE = 1024, INPUTS_SHOWN = 12 };

/* ---- scoring ---- */

/* Takes the answers to n samples of the test split, from number `first` on. outputs: (n, k). */
typedef bool take_rows(void *to, const trained_run *s, const float *outputs, size_t first, size_t n,
                       fail *f);

static bool take_classes(void *to, const trained_run *s, const float *outputs, size_t first,
                         size_t n, fail *f)
{
    return evaluation_add(to, outputs, s->data->labels[PART_TEST] + first, n, f);
}

static bool take_numbers(void *to, const trained_run *s, const float *outputs, size_t first,
                         size_t n, fail *f)
{
    float *targets = calloc(n * s->set->k, sizeof *targets);
    if (!targets)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the targets.");
    split_read_targets(s->data, PART_TEST, NULL, first, n, targets);
    bool is_taken = residuals_add(to, outputs, targets, n, f);
    free(targets);
    return is_taken;
}

static bool score_rows(const trained_run *s, float *inputs, float *outputs, take_rows *take,
                       void *to, fail *f)
{
    size_t n_all = s->data->n[PART_TEST];
    for (size_t first = 0; first < n_all; first += ROWS_AT_ONCE) {
        size_t n = n_all - first < ROWS_AT_ONCE ? n_all - first : ROWS_AT_ONCE;
        split_read_inputs(s->data, PART_TEST, NULL, first, n, inputs);
        if (!train_predict(&s->spec, s->model, s->set->d, s->set->k, s->set->task, inputs, n,
                           outputs, f) ||
            !take(to, s, outputs, first, n, f))
            return false;
    }
    return true;
}

static bool score(const trained_run *s, take_rows *take, void *to, fail *f)
{
    float *inputs = calloc(ROWS_AT_ONCE * s->set->d, sizeof *inputs);
    float *outputs = calloc(ROWS_AT_ONCE * s->set->k, sizeof *outputs);
    bool is_scored = inputs && outputs ? score_rows(s, inputs, outputs, take, to, f)
                                       : fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                                                  "There is no memory for the predictions.");
    free(inputs);
    free(outputs);
    return is_scored;
}

/* ---- what is written ---- */

static void add_number(buffer *b, const char *key, double value)
{
    json_add_key(b, key);
    json_add_number(b, value);
}

static void add_count(buffer *b, const char *key, size_t n)
{
    json_add_key(b, key);
    json_add_integer(b, (int64_t)n);
}

static void add_classes(buffer *b, const dataset *set)
{
    char name[128];
    json_add_key(b, "classes");
    buffer_add_text(b, "[");
    for (size_t c = 0; c < set->k; c++) {
        dataset_write_class_name(set, c, name, sizeof name);
        json_add_separator(b);
        json_add_string(b, name);
    }
    buffer_add_text(b, "]");
}

static void add_confusion(buffer *b, const evaluation *e)
{
    json_add_key(b, "confusion");
    if (e->k > CLASSES_LIMIT) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "[");
    for (size_t label = 0; label < e->k; label++) {
        buffer_add_text(b, label ? ",[" : "[");
        for (size_t c = 0; c < e->k; c++) {
            json_add_separator(b);
            json_add_integer(b, (int64_t)e->confusion[label * e->k + c]);
        }
        buffer_add_text(b, "]");
    }
    buffer_add_text(b, "]");
}

static void add_calibration(buffer *b, const evaluation *e)
{
    json_add_key(b, "calibration");
    buffer_add_text(b, "[");
    for (int i = 0; i < METRIC_ECE_BINS; i++) {
        buffer_add_text(b, i ? ",{" : "{");
        add_number(b, "low", i / (double)METRIC_ECE_BINS);
        add_number(b, "high", (i + 1) / (double)METRIC_ECE_BINS);
        add_count(b, "n", e->bins[i].n);
        add_number(b, "confidence", evaluation_bin_confidence(&e->bins[i]));
        add_number(b, "accuracy", evaluation_bin_accuracy(&e->bins[i]));
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
    add_number(b, "ece", evaluation_error(e));
}

/* One picture, channels averaged, from its least value (0) to its greatest (255). */
static void add_pixels(buffer *b, const dataset *set, const float *inputs)
{
    size_t area = set->height * set->width;
    float least = inputs[0], most = inputs[0];
    for (size_t j = 1; j < set->d; j++) {
        least = inputs[j] < least ? inputs[j] : least;
        most = inputs[j] > most ? inputs[j] : most;
    }
    double span = most > least ? (double)most - (double)least : 1;
    buffer_add_text(b, "[");
    for (size_t p = 0; p < area; p++) {
        double sum = 0;
        for (size_t c = 0; c < set->channels; c++)
            sum += (double)inputs[c * area + p] - (double)least;
        buffer_add_format(b, "%s%d", p ? "," : "",
                          (int)(255 * (sum / (double)set->channels / span) + 0.5));
    }
    buffer_add_text(b, "]");
}

static void add_picture(buffer *b, const trained_run *s, size_t index, float *inputs)
{
    bool is_shown = s->set->channels > 0 && s->set->height * s->set->width <= AREA_LIMIT;
    add_count(b, "height", s->set->height);
    add_count(b, "width", s->set->width);
    json_add_key(b, "pixels");
    if (!is_shown) {
        buffer_add_text(b, "null");
        return;
    }
    split_read_inputs(s->data, PART_TEST, NULL, index, 1, inputs);
    add_pixels(b, s->set, inputs);
}

static bool add_mistakes(buffer *b, const trained_run *s, const evaluation *e, fail *f)
{
    float *inputs = calloc(s->set->d, sizeof *inputs);
    if (!inputs)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the pictures.");
    json_add_key(b, "mistakes");
    buffer_add_text(b, "[");
    for (size_t i = 0; i < e->n_mistakes; i++) {
        const evaluation_mistake *m = &e->mistakes[i];
        buffer_add_text(b, i ? ",{" : "{");
        add_count(b, "index", m->index);
        add_count(b, "label", m->label);
        add_count(b, "predicted", m->predicted);
        json_add_key(b, "probability");
        json_add_float(b, m->probability);
        add_picture(b, s, m->index, inputs);
        buffer_add_text(b, "}");
    }
    buffer_add_text(b, "]");
    free(inputs);
    return true;
}

static double accuracy(const evaluation *e)
{
    size_t n_right = 0;
    for (int i = 0; i < METRIC_ECE_BINS; i++)
        n_right += e->bins[i].n_right;
    return (double)n_right / (double)e->n;
}

static void begin(buffer *b, int64_t id, const char *task)
{
    buffer_add_text(b, "{");
    json_add_member_integer(b, "run", id);
    json_add_member_text(b, "part", "test");
    json_add_member_text(b, "task", task);
}

static bool write_evaluation(buffer *b, int64_t id, const trained_run *s, const evaluation *e,
                             fail *f)
{
    begin(b, id, "classification");
    add_count(b, "n", e->n);
    add_classes(b, s->set);
    add_confusion(b, e);
    add_calibration(b, e);
    add_number(b, "accuracy", accuracy(e));
    if (!add_mistakes(b, s, e, f))
        return false;
    buffer_add_text(b, "}");
    return true;
}

static bool evaluate_classes(const trained_run *s, int64_t id, buffer *b, fail *f)
{
    evaluation e = {0};
    bool is_written = evaluation_open(s->set->k, &e, f) && score(s, take_classes, &e, f) &&
                      write_evaluation(b, id, s, &e, f);
    evaluation_close(&e);
    return is_written;
}

/* ---- residuals ---- */

/* The inputs of a test sample in the data set's own units: d floats. */
static void read_raw_inputs(const trained_run *s, size_t index, float *inputs)
{
    const dataset_rows *stored = &s->set->parts[s->data->source[PART_TEST]];
    size_t row = s->data->rows[PART_TEST][index], d = s->set->d;
    for (size_t c = 0; c < d; c++)
        inputs[c] =
            stored->bytes ? stored->bytes[row * d + c] / 255.0F : stored->floats[row * d + c];
}

static bool write_residuals(buffer *b, int64_t id, const trained_run *s, const residuals *r,
                            fail *f)
{
    float inputs[INPUTS_SHOWN];
    residuals_summary summary;
    bool are_shown = s->set->d <= INPUTS_SHOWN;
    if (!residuals_summarize(r, &summary, f))
        return false;
    begin(b, id, "regression");
    codec_add_residuals(b, r, &summary);
    json_add_key(b, "worst");
    buffer_add_text(b, "[");
    for (size_t i = 0; i < summary.n_worst; i++) {
        if (are_shown)
            read_raw_inputs(s, summary.worst[i] / r->k, inputs);
        codec_add_residual(b, r, summary.worst[i], are_shown ? inputs : NULL, s->set->d);
    }
    buffer_add_text(b, "]}");
    return true;
}

static bool evaluate_numbers(const trained_run *s, int64_t id, buffer *b, fail *f)
{
    residuals r = {0};
    bool is_written = residuals_open(s->data->n[PART_TEST], s->set->k, &r, f) &&
                      score(s, take_numbers, &r, f) && write_residuals(b, id, s, &r, f);
    residuals_close(&r);
    return is_written;
}

void api_runs_evaluation(app *a, const request *q, response *r)
{
    trained_run s;
    fail f;
    if (!trained_run_open(a, q->ids[0], &s, &f)) {
        response_fail(r, &f);
        return;
    }
    if (s.set->task == TASK_CLASSIFICATION ? evaluate_classes(&s, q->ids[0], &r->body, &f)
                                           : evaluate_numbers(&s, q->ids[0], &r->body, &f))
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
    trained_run_close(&s);
}
