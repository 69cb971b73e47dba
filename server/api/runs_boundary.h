/* runs_boundary — the handler of GET /runs/{id}/boundary: how the answers of a run's net cover the
 * plane of a data set with two inputs, at some epochs of its training.
 *
 * Threads: any number at once, in workers; given up when the server stops (503). */
#ifndef SERVER_API_RUNS_BOUNDARY_H
#define SERVER_API_RUNS_BOUNDARY_H

#include "server/api/message.h"

extern const shape SHAPE_BOUNDARY_QUERY;

/* ?epochs=0,1,5 (increasing, at most 64, among those recorded; 0, 1, 2, 5, 10, ... and the last if
 * not given) &size=48 (cells along each side, 4 to 128). {"run", "task", "size", "inputs":
 * [{"name", "low", "high"}] (the range of the grid), "classes": [names] or null, "grids":
 * [{"epoch", "class": [index], "probability": [...]}] (of the most probable class; {"epoch",
 * "value": [...]} for a regression; cell j * size + i is the i-th in the first input and the j-th
 * in the second, both from low to high; null where the answer is no number), "points": {"x", "y",
 * "class" or "value"}} (at most 400 training samples, with the labels as trained on).
 *
 * The run is trained once more for it, so the weights are those that evaluation used after each
 * epoch. 400 for an epoch that is not recorded, for more than 500000 cells, and (code time_limit,
 * with the figures) where the training up to the last epoch would take more than 20 s of nominal
 * work; 409 without two inputs, and before the run has started. ETag: who has the answer gets 304
 * without any training. */
request_handler api_runs_boundary;

#endif
