/* baseline — the config that a plan's comparison compares against.
 *
 * Threads: pure. */
#ifndef SERVER_PLAN_BASELINE_H
#define SERVER_PLAN_BASELINE_H

#include "server/study/sweep.h"

/* The first config of the first context's baseline arm (server/study/arms.h), as an index into the
 * grid. A fault at "/baseline" where one is given and no config has what it asks for, the
 * treatments that it does not name at their defaults. */
FAIL_CHECKED bool plan_find_baseline(const experiment_spec *e, const grid *g, int *out,
                                     fail_list *faults);

#endif
