/* residuals — residuals as JSON. */
#ifndef SERVER_CODEC_RESIDUALS_H
#define SERVER_CODEC_RESIDUALS_H

#include "server/study/residuals.h"
#include "server/text/buffer.h"

enum { CODEC_RESIDUALS_POINTS = 1000 };

/* Members of an object that the caller began: "n", "outputs", "rmse", "mae", "r2", "bias",
 * "quantiles": [{"share", "residual"}], "histogram": {"low", "high", "counts"}, "points":
 * {"target", "prediction", "output"}: at most CODEC_RESIDUALS_POINTS, in even steps through the
 * samples, but all outputs of one sample at least. */
void codec_add_residuals(buffer *b, const residuals *r, const residuals_summary *s);

/* {"index" (of the sample), "output", "target", "prediction", "residual", "inputs"}: one of the
 * worst; inputs (d) in the data set's own units, NULL: null. */
void codec_add_residual(buffer *b, const residuals *r, size_t place, const float *inputs, size_t d);

#endif
