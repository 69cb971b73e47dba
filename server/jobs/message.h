/* message — what an engine and whoever it works for say to each other: a lease goes down with what
 * is to be trained, reports come up, and each is answered by a command.
 *
 * 1. A lease gives one run to one engine until `ended`. Its epoch is greater than that of every
 *    lease before it, whatever restarts lay between: a report under a lease that is over is refused
 *    and changes nothing, and the engine drops the run without another word.
 * 2. The order of reports: `started`; then `record` and `checkpoint`, as they come; `ended`, which
 *    may also come alone, for what could not be started. `progress` may come at any time between.
 *    One lease's reports come one at a time; what does not fit is refused.
 * 3. Commands are answers, so that an engine behind a network needs no way back to it: whoever
 *    wants to be asked soon is told of progress often.
 * 4. `ended` of a paused run that is to go on after all is answered with `go`: the engine goes on
 *    from its checkpoint, without another `started`. With any other answer the lease is over.
 * Plain structs that can be sent; texts and bytes are borrowed for the call. */
#ifndef SERVER_JOBS_MESSAGE_H
#define SERVER_JOBS_MESSAGE_H

#include "core/train/train.h"
#include "server/jobs/files.h"

typedef struct lease {
    int64_t run_id, epoch;
} lease;

/* What goes down with a lease. */
typedef struct assignment {
    lease lease;
    train_spec spec;           /* resolved */
    double checkpoint_seconds; /* least time between checkpoints, 0: none but at a pause */
    double progress_seconds;   /* least time between reports of progress, 0: at every step */
    int threads;               /* the most that a command will allow */
} assignment;

typedef enum command_kind { COMMAND_GO, COMMAND_PAUSE, COMMAND_CANCEL } command_kind;

typedef struct command {
    command_kind kind;
    int threads; /* that the run may use now; 0: all of its assignment */
} command;

typedef enum report_kind {
    REPORT_STARTED,
    REPORT_PROGRESS,
    REPORT_RECORD,
    REPORT_CHECKPOINT,
    REPORT_ENDED,
    REPORT_KIND_COUNT
} report_kind;
extern const char *const REPORT_NAMES[REPORT_KIND_COUNT];

/* What is known when training is about to begin. */
typedef struct report_started {
    const char *data_sha256, *blas, *blas_core;
    size_t inputs, outputs;
    size_t n[PART_COUNT];
    size_t memory_bytes; /* that the run and its split will take */
    int64_t n_steps;     /* of the whole run */
    bool is_resumed;     /* from a checkpoint */
    /* "", or what the user should know: an unusable checkpoint, another BLAS core */
    const char *note;
} report_started;

typedef struct report_progress {
    int64_t step, n_steps; /* done, of the whole run */
} report_progress;

/* Enough to resume from: only on the same spec. */
typedef struct report_checkpoint {
    const char *blas_core;
    const void *bytes;
    size_t n_bytes;
} report_checkpoint;

typedef struct report_ended {
    /* Also of a paused or cancelled run. Who accepts the report may take its model and leave NULL.
     * NULL: it could not be trained at all, and... */
    train_result *result;
    const fail *why;
} report_ended;

typedef struct report {
    lease lease;
    report_kind kind;
    union {
        report_started started;
        report_progress progress;
        const record *record;
        report_checkpoint checkpoint;
        report_ended ended;
    };
} report;

#endif
