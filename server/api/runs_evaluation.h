/* runs_evaluation — the handler of GET /runs/{id}/evaluation: what a run's selected weights get
 * wrong on its test split.
 *
 * Threads: any number at once, in workers. */
#ifndef SERVER_API_RUNS_EVALUATION_H
#define SERVER_API_RUNS_EVALUATION_H

#include "server/api/message.h"

/* Of classes: {"run", "part": "test", "task": "classification", "n", "classes": [names],
 * "confusion": [[count]] (true class, predicted class; null with more than
 * 256 classes), "calibration": [{"low", "high", "n", "confidence", "accuracy"}] (15 bins, null
 * where a bin is empty), "ece", "accuracy", "mistakes": [{"index" (in the test split), "label",
 * "predicted", "probability", "height", "width", "pixels"}]}, the 24 most confident mistakes;
 * pixels: rows of 0..255, least to greatest value of the picture, channels averaged; null where the
 * inputs are no pictures or larger than 128 by 128.
 *
 * Of a regression: {"run", "part", "task": "regression", "n", "outputs", "rmse", "mae", "r2",
 * "bias", "quantiles", "histogram", "points", "worst": [{"index", "output", "target", "prediction",
 * "residual", "inputs"}]} (server/codec/evaluation.h): residuals are target - prediction; the 24
 * largest, with their inputs where there are no more than 12.
 *
 * With mode=train, `draws` times with masks and noise: {"run", "part", "mode": "train", "task",
 * "n", "still", "averaged", "draws": [{"loss", "accuracy", "rmse"}]}.
 *
 * 409 or 404 without a model. */
extern const shape SHAPE_EVALUATION_QUERY;
request_handler api_runs_evaluation;

#endif
