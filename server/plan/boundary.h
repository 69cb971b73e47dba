/* boundary — whether a decision boundary can be drawn in a short time: it takes the training once
 * more.
 *
 * Threads: pure. */
#ifndef SERVER_PLAN_BOUNDARY_H
#define SERVER_PLAN_BOUNDARY_H

#include "server/study/boundary.h"

/* False (FAIL_TIME_LIMIT, with the figures) where training up to the last epoch and asking at the
 * grids would take more than BOUNDARY_SECONDS_LIMIT; FAIL_OUT_OF_RANGE above
 * BOUNDARY_CELLS_LIMIT. */
FAIL_CHECKED bool plan_check_boundary(const boundary_request *r, fail *f);

#endif
