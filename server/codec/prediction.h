/* prediction — what a model answers as JSON. */
#ifndef SERVER_CODEC_PREDICTION_H
#define SERVER_CODEC_PREDICTION_H

#include "core/data/dataset.h"
#include "server/codec/shape.h"

typedef struct prediction_answer {
    bool is_train;
    size_t samples, n, k;
    const double *outputs;         /* (n, k) of mode eval, else NULL */
    const double *drawn;           /* (samples, n, k) of mode train, else NULL */
    const double *mean, *variance; /* (n, k) of mode train, else NULL */
    const dataset *set;            /* that was learned */
} prediction_answer;
extern const shape SHAPE_PREDICTION;

#endif
