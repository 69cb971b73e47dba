/* check — what can be known of one run before it is trained: its faults, its memory, its steps.
 *
 * Threads: pure. */
#ifndef SERVER_PLAN_CHECK_H
#define SERVER_PLAN_CHECK_H

#include "core/base/fail.h"
#include "core/data/dataset.h"
#include "core/spec/spec.h"

/* Fills what only the data set, open for this spec, knows: its own scaling, the generator's own
 * options, the sizes of the parts. Idempotent. */
FAIL_CHECKED bool plan_resolve(train_spec *spec, const dataset *set, fail *f);

/* Everything that can be known before training: fields against the data set, memory against what is
 * free (bytes). Adds faults. */
FAIL_CHECKED bool plan_check_set(const train_spec *spec, const dataset *set, size_t free_bytes,
                                 fail_list *faults);

/* Bytes that one run will take, 0 where its split cannot be drawn. */
size_t plan_run_memory_bytes(const train_spec *spec, const dataset *set);

/* Optimizer steps of the whole run with n_train training samples. */
int64_t plan_step_count(const train_spec *spec, size_t n_train);

#endif
