#include "server/api_runs_evaluation.h"

#include "server/api.h"
#include "server/codec.h"
#include "server/evaluation.h"
#include "server/trained_run.h"

#include "core/train.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES_LIMIT = 256, AREA_LIMIT = 128 * 128, ROWS_AT_ONCE = 1024 };

static bool check_task(const dataset *set, int64_t id, fail *f)
{
    if (set->task == TASK_CLASSIFICATION)
        return true;
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "Run %" PRId64 " predicts numbers: confusion, calibration and mistakes are of "
                    "classes. test_rmse and test_r2 say how far off it is.",
                    id);
}

/* ---- scoring ---- */

static bool score_rows(const trained_run *s, float *inputs, float *outputs, evaluation *e, fail *f)
{
    size_t n_all = s->data->n[PART_TEST];
    for (size_t first = 0; first < n_all; first += ROWS_AT_ONCE) {
        size_t n = n_all - first < ROWS_AT_ONCE ? n_all - first : ROWS_AT_ONCE;
        split_read_inputs(s->data, PART_TEST, NULL, first, n, inputs);
        if (!train_predict(&s->spec, s->model, s->set->d, s->set->k, s->set->task, inputs, n,
                           outputs, f) ||
            !evaluation_add(e, outputs, s->data->labels[PART_TEST] + first, n, f))
            return false;
    }
    return true;
}

static bool score(const trained_run *s, evaluation *e, fail *f)
{
    float *inputs = calloc(ROWS_AT_ONCE * s->set->d, sizeof *inputs);
    float *outputs = calloc(ROWS_AT_ONCE * s->set->k, sizeof *outputs);
    bool is_scored = inputs && outputs ? score_rows(s, inputs, outputs, e, f)
                                       : fail_set(f, FAIL_OUT_OF_MEMORY, NULL,
                                                  "There is no memory for the predictions.");
    free(inputs);
    free(outputs);
    return is_scored;
}

/* ---- what is written ---- */

static void add_number(buffer *b, const char *key, double value)
{
    codec_add_key(b, key);
    codec_add_number(b, value);
}

static void add_count(buffer *b, const char *key, size_t n)
{
    codec_add_key(b, key);
    codec_add_integer(b, (int64_t)n);
}

static void add_classes(buffer *b, const dataset *set)
{
    char name[128];
    codec_add_key(b, "classes");
    buffer_add_text(b, "[");
    for (size_t c = 0; c < set->k; c++) {
        dataset_write_class_name(set, c, name, sizeof name);
        codec_add_separator(b);
        codec_add_string(b, name);
    }
    buffer_add_text(b, "]");
}

static void add_confusion(buffer *b, const evaluation *e)
{
    codec_add_key(b, "confusion");
    if (e->k > CLASSES_LIMIT) {
        buffer_add_text(b, "null");
        return;
    }
    buffer_add_text(b, "[");
    for (size_t label = 0; label < e->k; label++) {
        buffer_add_text(b, label ? ",[" : "[");
        for (size_t c = 0; c < e->k; c++) {
            codec_add_separator(b);
            codec_add_integer(b, (int64_t)e->confusion[label * e->k + c]);
        }
        buffer_add_text(b, "]");
    }
    buffer_add_text(b, "]");
}

static void add_calibration(buffer *b, const evaluation *e)
{
    codec_add_key(b, "calibration");
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
    codec_add_key(b, "pixels");
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
    codec_add_key(b, "mistakes");
    buffer_add_text(b, "[");
    for (size_t i = 0; i < e->n_mistakes; i++) {
        const evaluation_mistake *m = &e->mistakes[i];
        buffer_add_text(b, i ? ",{" : "{");
        add_count(b, "index", m->index);
        add_count(b, "label", m->label);
        add_count(b, "predicted", m->predicted);
        codec_add_key(b, "probability");
        codec_add_float(b, m->probability);
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

static bool write_evaluation(buffer *b, int64_t id, const trained_run *s, const evaluation *e,
                             fail *f)
{
    buffer_add_text(b, "{");
    codec_add_key(b, "run");
    codec_add_integer(b, id);
    codec_add_key(b, "part");
    codec_add_string(b, "test");
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

void api_runs_evaluation(app *a, const request *q, response *r)
{
    trained_run s;
    evaluation e = {0};
    fail f;
    if (!trained_run_open(a, q->ids[0], &s, &f)) {
        response_fail(r, &f);
        return;
    }
    if (check_task(s.set, q->ids[0], &f) && evaluation_open(s.set->k, &e, &f) &&
        score(&s, &e, &f) && write_evaluation(&r->body, q->ids[0], &s, &e, &f))
        api_send_tagged(q, MESSAGE_JSON, r);
    else
        response_fail(r, &f);
    evaluation_close(&e);
    trained_run_close(&s);
}
