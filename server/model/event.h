/* event — what happened, as it is told to whoever listens: plain values. */
#ifndef SERVER_MODEL_EVENT_H
#define SERVER_MODEL_EVENT_H

#include "core/spec/metric.h"
#include "server/model/state.h"

#include <stdint.h>

typedef enum event_kind { EVENT_EPOCH, EVENT_RUN, EVENT_EXPERIMENT, EVENT_KIND_COUNT } event_kind;
extern const char *const EVENT_KIND_NAMES[EVENT_KIND_COUNT]; /* in streams and in the database */

typedef struct event_row {
    int64_t id; /* global, increasing, never reused */
    event_kind kind;
    int64_t experiment_id, run_id;
    record record;                 /* EVENT_EPOCH: values of the epoch (no layers) */
    run_state status;              /* EVENT_RUN, EVENT_EXPERIMENT */
    stop_reason reason;            /* EVENT_RUN */
    int64_t epoch;                 /* EVENT_RUN */
    int64_t runs[RUN_STATE_COUNT]; /* EVENT_EXPERIMENT */
    double progress;               /* EVENT_EXPERIMENT */
} event_row;

#endif
