/* ledger — what a run's reports become in database and files, whoever makes them.
 *
 * 1. Records are handed to the store as they come; before a checkpoint file replaces another, they
 *    are on disk. The row of the run says which checkpoint is the last; the one before is removed
 *    after that.
 * 2. The model is on disk before the store says that the run has ended; its checkpoint goes after
 *    that.
 * Nothing here waits for a disk to recover but what store_flush() waits: a refusal is the caller's
 * to try again. Threads: any; one at a time for one run. */
#ifndef SERVER_JOBS_LEDGER_H
#define SERVER_JOBS_LEDGER_H

#include "server/jobs/checkpoint.h"
#include "server/jobs/message.h"
#include "server/model/run.h"
#include "server/store/store.h"

typedef struct ledger {
    store *store;
    jobs_files files;
} ledger;

/* What a run ends as. */
typedef struct ending {
    run_state to;
    stop_reason reason;
    char error[512]; /* "": none */
    run_metrics metrics;
    double samples_per_second;
    const char *selected; /* static */
    float *model;         /* heap, as train_result has it; NULL: none */
} ending;

/* Of an `ended`; takes the model of its result. A pause reads as a cancel: what else becomes of it
 * is ledger_set_aside()'s. */
void ending_read(const report_ended *from, ending *out);
/* It is cancelled after all: without its model, and what was measured of that. */
void ending_cancel(ending *e);
void ending_close(ending *e);

/* The store hears that the run is running; NULL for one that cannot be started. */
void ledger_start(const ledger *l, int64_t run_id, const report_started *started);

/* Keeps what it can: a failure is said on standard error and leaves the checkpoint before it in
 * place. */
void ledger_save_checkpoint(const ledger *l, int64_t run_id, const report_checkpoint *c);
/* The last that was kept; otherwise as engine_owner's load_checkpoint. */
FAIL_CHECKED bool ledger_load_checkpoint(const ledger *l, int64_t run_id, jobs_checkpoint *out,
                                         fail *f);

/* What the model's tensors are named by. */
typedef struct model_shape {
    const train_spec *spec;
    size_t inputs, outputs;
} model_shape;

/* Stores the end and tidies up after it; of a run that is gone: FAIL_NOT_FOUND. `on_handed_over`
 * (may be NULL) is called once the end is the store's to write, before all that it is asked from
 * then on. */
FAIL_CHECKED bool ledger_end(const ledger *l, int64_t run_id, const model_shape *sizes,
                             const ending *e, void (*on_handed_over)(void *context), void *context,
                             fail *f);

/* A paused run becomes paused or queued; cancelled if that was noted meanwhile. */
FAIL_CHECKED bool ledger_set_aside(const ledger *l, int64_t run_id, run_state to, fail *f);

#endif
