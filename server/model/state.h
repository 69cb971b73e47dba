/* state — the states of a run, and why it ended: written once, here.
 *
 * The names are those of JSON, SQL and the dashboard. Threads: constant tables. */
#ifndef SERVER_MODEL_STATE_H
#define SERVER_MODEL_STATE_H

#include <stdbool.h>

typedef enum run_state {
    RUN_STATE_QUEUED,
    RUN_STATE_RUNNING,
    RUN_STATE_PAUSED,
    RUN_STATE_COMPLETED,
    RUN_STATE_FAILED,
    RUN_STATE_CANCELLED,
    RUN_STATE_COUNT
} run_state;
extern const char *const RUN_STATE_NAMES[RUN_STATE_COUNT]; /* also the states of an experiment */

typedef enum stop_reason {
    STOP_REASON_NONE,
    STOP_REASON_FINISHED,
    STOP_REASON_EARLY_STOPPED,
    STOP_REASON_DIVERGED,
    STOP_REASON_CANCELLED,
    STOP_REASON_ERROR,
    STOP_REASON_COUNT
} stop_reason;
extern const char *const STOP_REASON_NAMES[STOP_REASON_COUNT]; /* NULL for NONE */

/* Completed, failed, cancelled. */
bool run_state_is_terminal(run_state state);

#endif
