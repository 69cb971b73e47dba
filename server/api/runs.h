/* runs — the handlers of /runs: lists, curves, layers, models, predictions, cancel and retry.
 *
 * Every handler fills the response, a fail included.
 * Threads: any number at once, in workers. */
#ifndef SERVER_API_RUNS_H
#define SERVER_API_RUNS_H

#include "server/api/message.h"

extern const shape SHAPE_RUNS_QUERY, SHAPE_ALL_RUNS_QUERY, SHAPE_RUN_CURVES_QUERY,
    SHAPE_MODEL_QUERY;

/* GET /runs?experiment_id=&status=&config_id=&seed=&sort=&cursor=&limit=&COLUMN=value: any other
 * parameter is a column of run_results (a dot may stand for the underscore of a nested field). GET
 * /runs/{id}. */
request_handler api_runs_list;
query_describer api_runs_describe_filters;
request_handler api_runs_get;

/* The list with the experiment given (0: all). */
void api_runs_list_of(struct app *app, const request *q, int64_t experiment_id, response *r);

/* GET /runs/{id}/curves?metrics=a,b&from_epoch=&max_points=: columns of one length, JSON or CSV.
 * With max_points = m, m evenly spaced epochs of those there are, the first and the last always
 * among them. ETag, 304. */
request_handler api_runs_curves;

/* GET /runs/{id}/layers: {"run", "layers": [{"layer", "columns": {"epoch": [...], "weight_norm":
 * [...], ...}}]}. */
request_handler api_runs_layers;

/* GET /runs/{id}/model?format=safetensors&epoch=0; 409 while there is none. ETag: the file's
 * digest; 304 reads no file. */
request_handler api_runs_model;

/* POST /runs/{id}/predict: inputs in the data set's own units (pixels 0..1), scaled as the run's
 * training data were. */
request_handler api_runs_predict;

/* POST /runs/{id}/cancel, retry: 200 with the run as it is now. */
request_handler api_runs_cancel;
request_handler api_runs_retry;

#endif
