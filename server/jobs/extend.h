/* extend — more seeds or more values for an experiment that exists: only the (config, seed)
 * cells that are missing are queued.
 *
 * 1. What the experiment has trained so far is read from its runs, so that one extension builds on
 *    another.
 * 2. The experiment is held meanwhile: two equal requests add nothing twice.
 * Threads: any. */
#ifndef SERVER_JOBS_EXTEND_H
#define SERVER_JOBS_EXTEND_H

#include "server/jobs/jobs.h"

typedef struct jobs_extension {
    const char *body; /* {"repeats", "sweep"} as JSON text; NULL: seeds alone */
    size_t body_bytes;
    int64_t n_seeds;    /* the new total where there is no body */
    const caller *by;   /* of a user's request; NULL: nobody */
    int64_t asking_run; /* 0: a user asks; else FAIL_INTERRUPTED once that run is told to cancel */
} jobs_extension;

/* Queues the missing cells; *run_ids (n, on the heap) are those of the new runs, none if nothing is
 * missing. The experiment has left its terminal state before this returns. A fault of the body has
 * its JSON pointer; FAIL_NOT_FOUND without the experiment, FAIL_CONFLICT if a data set of that name
 * has other content by now. */
FAIL_CHECKED bool jobs_extend_experiment(jobs *j, int64_t experiment_id,
                                         const jobs_extension *extension, int64_t **run_ids,
                                         int64_t *n_run_ids, fail_list *faults);

#endif
