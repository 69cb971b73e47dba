/* baseline — the config that a plan's comparison compares against, and how many it compares.
 *
 * Threads: pure. */
#ifndef SERVER_PLAN_BASELINE_H
#define SERVER_PLAN_BASELINE_H

#include "server/study/sweep.h"

typedef struct plan_design {
    int baseline;              /* a config of the grid: the first of the first context's baseline */
    size_t n_arms, n_contexts; /* all but one arm of each context are compared */
} plan_design;

/* How the plan's configs will be compared (server/study/arms.h). A fault at "/baseline" where one
 * is given and no config has what it asks for, the treatments that it does not name at their
 * defaults. */
FAIL_CHECKED bool plan_find_design(const experiment_spec *e, const grid *g, plan_design *out,
                                   fail_list *faults);

#endif
