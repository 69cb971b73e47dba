/* boundary — the grids of a decision boundary as JSON. */
#ifndef SERVER_CODEC_BOUNDARY_H
#define SERVER_CODEC_BOUNDARY_H

#include "server/codec/shape.h"
#include "server/study/boundary.h"

/* The answer of GET /runs/{id}/boundary, as server/api/runs_boundary.h says. Probabilities have
 * four decimals, predicted values and points six significant digits. */
extern const shape SHAPE_BOUNDARY;
void codec_add_boundary(buffer *b, int64_t run_id, const boundary *drawn);

#endif
