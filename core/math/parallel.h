/* parallel — runs the parts of a job over threads; what a part computes does not depend on which
 * thread takes it.
 *
 * 1. A job is n parts, each run exactly once, in any order, by any thread: parts write to places of
 *    their own, and every sum over parts is taken afterwards, in the order of the parts. So the
 *    result is the same bytes for any number of threads.
 * 2. With one active thread parallel_run() is a plain loop: no lock, no atomic operation.
 * 3. Helpers spin for some microseconds between jobs, since those of one training step follow each
 *    other closely, then sleep.
 * Threads: one caller at a time; the caller takes part. */
#ifndef CORE_MATH_PARALLEL_H
#define CORE_MATH_PARALLEL_H

#include "core/base/caller.h"
#include "core/base/fail.h"

enum { PARALLEL_THREADS_LIMIT = 256 };

typedef struct parallel parallel;
typedef void parallel_part(void *context, int part);

/* Starts up to most_threads - 1 helpers, at least 1 thread and at most PARALLEL_THREADS_LIMIT in
 * all; fewer where the system gives no more. FAIL_OUT_OF_MEMORY. Freed by parallel_free() (NULL is
 * fine), when no job runs. */
FAIL_CHECKED bool parallel_new(int most_threads, parallel **out, fail *f);
void parallel_free(parallel *p);

/* How many threads (the caller's included) take part from the next job on; cut to 1 ..
 * most_threads. */
void parallel_set_active(parallel *p, int n_threads);

/* For work that may be called off: once the caller has left, the parts that have not begun are left
 * out, and what the job was to make is not to be used. NULL: nobody leaves. */
void parallel_set_caller(parallel *p, const caller *by);

/* Runs part(context, 0 .. n_parts - 1) and returns when all are done. */
void parallel_run(parallel *p, int n_parts, parallel_part *part, void *context);

#endif
