/* The residuals of a regression as JSON. */
#include "server/codec/evaluation.h"
#include "server/codec/internal.h"

#include <string.h>

typedef struct quantile_answer {
    double share, residual;
} quantile_answer;

typedef struct residual_evaluation {
    int64_t run_id;
    const dataset *set;
    const split *data;
    const residuals *all;
    const residuals_summary *summary;
    quantile_answer quantiles[RESIDUALS_QUANTILES];
} residual_evaluation;

/* ---- the worst ---- */

typedef struct residual_answer {
    size_t index, output, d;
    double target, prediction, residual;
    const double *inputs; /* (d); NULL: too many */
} residual_answer;

static const member RESIDUAL_ROWS[] = {
    {"index", MEMBER_INTEGER, "Of the sample in the test split.", AT(residual_answer, index)},
    {"output", MEMBER_INTEGER, "Which number was to be predicted.", AT(residual_answer, output)},
    {"target", MEMBER_NUMBER, "What it is.", MEMBER_SHORT, AT(residual_answer, target)},
    {"prediction", MEMBER_NUMBER, "What was predicted.", MEMBER_SHORT,
     AT(residual_answer, prediction)},
    {"residual", MEMBER_NUMBER, "The target less the prediction.", AT(residual_answer, residual)},
    {"inputs", MEMBER_NUMBER,
     "In the data set's own units; null: too many, and in their place: missing.",
     MEMBER_NULLABLE | MEMBER_NULLABLE_ITEMS | MEMBER_SHORT, EACH(residual_answer, inputs, d)},
};
static const shape RESIDUAL = {
    .name = "Residual", BYTES_OF(residual_answer), MEMBERS(RESIDUAL_ROWS)};

/* The inputs of a test sample in the data set's own units: (d). */
static void read_raw_inputs(const split *data, size_t index, double *inputs)
{
    size_t row = data->rows[PART_TEST][index], d = data->set->d;
    for (size_t c = 0; c < d; c++) {
        double own = split_own_input(data->set, data->source[PART_TEST], row, c);
        inputs[c] = data->set->input_offsets ? own : (double)(float)own;
    }
}

static residual_answer answer_of(const residuals *r, size_t place)
{
    return (residual_answer){.index = place / r->k,
                             .output = place % r->k,
                             .target = r->targets[place],
                             .prediction = r->predictions[place],
                             .residual = r->targets[place] - r->predictions[place]};
}

static void add_worst(buffer *b, const void *object, const member *m)
{
    const residual_evaluation *e = object;
    double inputs[CODEC_INPUTS_SHOWN];
    size_t d = e->data->set->d;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < e->summary->n_worst; i++) {
        residual_answer answer = answer_of(e->all, e->summary->worst[i]);
        if (d <= CODEC_INPUTS_SHOWN) {
            read_raw_inputs(e->data, answer.index, inputs);
            answer.inputs = inputs;
            answer.d = d;
        }
        shape_add_item(b, m->of, &answer);
    }
    buffer_add_text(b, "]");
}

/* ---- points ---- */

/* Every so-manieth sample with all its outputs. */
static size_t count_samples(const residuals *r)
{
    size_t most = CODEC_RESIDUALS_POINTS / r->k, n = r->n < most ? r->n : most;
    return n > 0 ? n : 1;
}

static void add_points(buffer *b, const residuals *r, const double *values)
{
    size_t n = count_samples(r);
    buffer_add_text(b, "[");
    for (size_t p = 0; p < n; p++)
        for (size_t c = 0; c < r->k; c++) {
            json_add_separator(b);
            json_add_short(b, values[p * r->n / n * r->k + c]);
        }
    buffer_add_text(b, "]");
}

static void add_targets(buffer *b, const void *object, const member *m)
{
    const residuals *r = object;
    (void)m;
    add_points(b, r, r->targets);
}

static void add_predictions(buffer *b, const void *object, const member *m)
{
    const residuals *r = object;
    (void)m;
    add_points(b, r, r->predictions);
}

static void add_outputs(buffer *b, const void *object, const member *m)
{
    const residuals *r = object;
    (void)m;
    buffer_add_text(b, "[");
    for (size_t i = 0; i < count_samples(r) * r->k; i++) {
        json_add_separator(b);
        json_add_integer(b, (int64_t)(i % r->k));
    }
    buffer_add_text(b, "]");
}

static const member POINTS_ROWS[] = {
    {"target", MEMBER_NUMBER, "What they are.", .depth = 1, .write = add_targets},
    {"prediction", MEMBER_NUMBER, "What was predicted.", .depth = 1, .write = add_predictions},
    {"output", MEMBER_INTEGER, "Which number was to be predicted.", .depth = 1,
     .write = add_outputs},
};
static const shape POINTS = {.name = "ResidualPoints",
                             .help = "Some of the samples, in even steps.",
                             BYTES_OF(residuals),
                             MEMBERS(POINTS_ROWS)};

/* ---- all of it ---- */

static const member COUNT_ROWS[] = {
    {"n", MEMBER_INTEGER, "Test samples.", AT(residuals, n)},
    {"outputs", MEMBER_INTEGER, "Numbers to be predicted for each.", AT(residuals, k)},
};
static const shape COUNTS = {BYTES_OF(residuals), MEMBERS(COUNT_ROWS)};

static const member SCORE_ROWS[] = {
    {"rmse", MEMBER_NUMBER, "Root of the mean square of the residuals.",
     AT(residuals_summary, rmse)},
    {"mae", MEMBER_NUMBER, "Mean of their sizes.", AT(residuals_summary, mae)},
    {"r2", MEMBER_NUMBER, "Explained variance; null: the targets are all one.", MEMBER_NULLABLE,
     AT(residuals_summary, r2)},
    {"bias", MEMBER_NUMBER, "Mean of the residuals.", AT(residuals_summary, bias)},
};
static const shape SCORES = {BYTES_OF(residuals_summary), MEMBERS(SCORE_ROWS)};

static const member QUANTILE_ROWS[] = {
    {"share", MEMBER_NUMBER, "Of the residuals.", AT(quantile_answer, share)},
    {"residual", MEMBER_NUMBER, "That so many are not above.", AT(quantile_answer, residual)},
};
static const shape QUANTILE = {
    .name = "Quantile", BYTES_OF(quantile_answer), MEMBERS(QUANTILE_ROWS)};

static const member HISTOGRAM_ROWS[] = {
    {"low", MEMBER_NUMBER, "Where the first bin begins.", AT(residuals_summary, low)},
    {"high", MEMBER_NUMBER, "Where the last bin ends.", AT(residuals_summary, high)},
    {"counts", MEMBER_INTEGER, "Residuals in bins of equal width.", ALL(residuals_summary, counts)},
};
static const shape HISTOGRAM = {
    .name = "Histogram", BYTES_OF(residuals_summary), MEMBERS(HISTOGRAM_ROWS)};

static void add_columns(buffer *b, const void *object, const member *m)
{
    const dataset *set = member_value(m, object);
    if (set->d <= CODEC_INPUTS_SHOWN)
        codec_write_column_names(b, object, m);
    else
        buffer_add_text(b, "null");
}

static const member EVALUATION_ROWS[] = {
    {"run", MEMBER_INTEGER, "The run.", AT(residual_evaluation, run_id)},
    {"part", MEMBER_NAME, "What it was tried on.", ONE_OF("test"), .write = member_add_only_name},
    {"task", MEMBER_NAME, "What was learned.", ONE_OF("regression"), .write = member_add_only_name},
    INCLUDE_FROM(residual_evaluation, all, COUNTS),
    INCLUDE_FROM(residual_evaluation, summary, SCORES),
    {"target_names", MEMBER_TEXT, "What the numbers to be predicted are called.", MEMBER_MULTILINE,
     TO(residual_evaluation, set), .depth = 1, .write = codec_write_target_names},
    {"columns", MEMBER_TEXT, "What the inputs are called; null: too many.",
     MEMBER_NULLABLE | MEMBER_MULTILINE, TO(residual_evaluation, set), .depth = 1,
     .write = add_columns},
    {"quantiles", MEMBER_OBJECT, "How the residuals are spread.",
     ALL(residual_evaluation, quantiles), .of = &QUANTILE},
    {"histogram", MEMBER_OBJECT, "How the residuals are spread.", TO(residual_evaluation, summary),
     .of = &HISTOGRAM},
    {"points", MEMBER_OBJECT, "Targets and predictions.", TO(residual_evaluation, all),
     .of = &POINTS},
    {"worst", MEMBER_OBJECT, "The largest residuals, the largest first.", .depth = 1,
     .of = &RESIDUAL, .write = add_worst},
};
const shape CODEC_RESIDUAL_EVALUATION = {.name = "ResidualEvaluation",
                                         .help = "How far the answers of a regression are off.",
                                         BYTES_OF(residual_evaluation),
                                         MEMBERS(EVALUATION_ROWS)};

void codec_add_residuals(buffer *b, int64_t run_id, const split *data, const residuals *all,
                         const residuals_summary *summary)
{
    residual_evaluation answer = {
        .run_id = run_id, .set = data->set, .data = data, .all = all, .summary = summary};
    for (int q = 0; q < RESIDUALS_QUANTILES; q++)
        answer.quantiles[q] = (quantile_answer){RESIDUALS_SHARES[q], summary->quantiles[q]};
    shape_add(b, &CODEC_RESIDUAL_EVALUATION, &answer);
}
