#include "server/model/state.h"

#include <stddef.h>

const char *const RUN_STATE_NAMES[RUN_STATE_COUNT] = {
    [RUN_STATE_QUEUED] = "queued", [RUN_STATE_RUNNING] = "running",
    [RUN_STATE_PAUSED] = "paused", [RUN_STATE_COMPLETED] = "completed",
    [RUN_STATE_FAILED] = "failed", [RUN_STATE_CANCELLED] = "cancelled",
};

const char *const STOP_REASON_NAMES[STOP_REASON_COUNT] = {
    [STOP_REASON_NONE] = NULL,
    [STOP_REASON_FINISHED] = "finished",
    [STOP_REASON_EARLY_STOPPED] = "early_stopped",
    [STOP_REASON_DIVERGED] = "diverged",
    [STOP_REASON_CANCELLED] = "cancelled",
    [STOP_REASON_ERROR] = "error",
};

bool run_state_is_terminal(run_state state)
{
    return state == RUN_STATE_COMPLETED || state == RUN_STATE_FAILED ||
           state == RUN_STATE_CANCELLED;
}
