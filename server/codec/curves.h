/* curves — the learning curves of one run, and the diagnostics of its layers, as JSON and CSV. */
#ifndef SERVER_CODEC_CURVES_H
#define SERVER_CODEC_CURVES_H

#include "core/spec/metric.h"
#include "server/codec/shape.h"

/* A column is a metric_id, or one of these. */
enum { CURVE_EPOCH = -2, CURVE_STEP = -1, CURVE_COLUMNS_LIMIT = METRIC_EPOCH_COUNT + 2 };
/* NULL where there is no such column. */
const char *codec_curve_column(int id);

typedef struct curve_line {
    int64_t epoch, step;
    double values[METRIC_EPOCH_COUNT];
} curve_line;

typedef struct curve_answer {
    int64_t run_id;
    size_t n;
    const curve_line *lines;
    int n_columns;
    const int *columns;
} curve_answer;
extern const shape SHAPE_CURVES; /* of a curve_answer */
/* The same as lines of text. */
void codec_add_curves_csv(buffer *b, const curve_answer *answer);

typedef struct layer_line {
    int64_t epoch;
    int layer;
    double values[LAYER_METRIC_COUNT];
} layer_line;

typedef struct layers_answer {
    int64_t run_id;
    size_t n;
    const layer_line *lines; /* by epoch */
    int n_layers;
} layers_answer;
extern const shape SHAPE_LAYERS; /* of a layers_answer */

#endif
