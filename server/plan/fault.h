/* fault — everything that is wrong with a specification at once: the checks after a first
 * fault, as far as they do not hang on it.
 *
 * 1. Every fault is told once.
 * 2. After faults in fields the rest is judged with these at their defaults; what mentions a field
 *    that has a fault, or that a fault mentions, is not told: it may follow from that.
 * Threads: pure but for the data sets. */
#ifndef SERVER_PLAN_FAULT_H
#define SERVER_PLAN_FAULT_H

#include "server/plan/plan.h"

/* Adds a fault that is not in the list yet; false. */
bool plan_add_fault(fail_list *faults, const fail *f);

/* One reference to the data set of a spec; on false every fault of its name and options is added.
 * */
FAIL_CHECKED bool plan_open_set(const plan_source *source, const train_spec *spec, dataset **out,
                                fail_list *faults);
/* Adds the faults found in one config of `e`, each with its place there: sweep_point(). */
void plan_add_faults(const experiment_spec *e, const train_spec *spec, const fail_list *found,
                     fail_list *faults);
/* How many rows each part has; on false every size that the set cannot give is added. */
FAIL_CHECKED bool plan_count_parts(const dataset *set, const train_spec *spec, size_t n[PART_COUNT],
                                   fail_list *faults);

/* After `faults` in the fields of `e` (those are at their defaults), or in its grid: adds what is
 * wrong with the grid and with the base configuration on its data set. */
void plan_add_more(const plan_source *source, experiment_spec *e, fail_list *faults);

#endif
