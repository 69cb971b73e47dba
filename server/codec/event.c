/* Events as JSON: the data lines of a stream. */
#include "server/codec/internal.h"
#include "server/codec/resource.h"

/* Their first names stay beside those that they share with everything else. */
#define EXPERIMENT_ID(name)                                                                        \
    {                                                                                              \
        name, MEMBER_INTEGER, "The experiment.", AT(event_row, experiment_id)                      \
    }
#define RUN_ID(name)                                                                               \
    {                                                                                              \
        name, MEMBER_INTEGER, "The run.", AT(event_row, run_id)                                    \
    }

static const member EPOCH_ROWS[] = {
    RUN_ID("run_id"),
    EXPERIMENT_ID("experiment_id"),
    RUN_ID("run"),
    EXPERIMENT_ID("experiment"),
    {"epoch", MEMBER_INTEGER, "Epochs done.", AT(event_row, record.epoch)},
    {"step", MEMBER_INTEGER, "Steps of the optimizer done.", AT(event_row, record.step)},
    {"metrics", MEMBER_OBJECT, "What was measured.", AT(event_row, record),
     .of = &SHAPE_RECORD_METRICS},
};
static const shape EPOCH_EVENT = {.name = "EpochEvent",
                                  .help = "An epoch of a run was recorded.",
                                  BYTES_OF(event_row),
                                  MEMBERS(EPOCH_ROWS)};

static const member RUN_ROWS[] = {
    RUN_ID("run_id"),
    EXPERIMENT_ID("experiment_id"),
    RUN_ID("run"),
    EXPERIMENT_ID("experiment"),
    {"status", MEMBER_NAME, "What it is doing now.", AT(event_row, status), NAMES(RUN_STATE_NAMES)},
    {"stop_reason", MEMBER_NAME, "Why it ended; null: it has not.", MEMBER_NULLABLE,
     AT(event_row, reason), NAMES(STOP_REASON_NAMES)},
    {"epoch", MEMBER_INTEGER, "Epochs done.", AT(event_row, epoch)},
};
static const shape RUN_EVENT = {.name = "RunEvent",
                                .help = "The state of a run has changed.",
                                BYTES_OF(event_row),
                                MEMBERS(RUN_ROWS)};

static const member EXPERIMENT_ROWS[] = {
    EXPERIMENT_ID("experiment_id"),
    EXPERIMENT_ID("experiment"),
    {"status", MEMBER_NAME, "What it is doing now.", AT(event_row, status), NAMES(RUN_STATE_NAMES)},
    {"progress", MEMBER_NUMBER, "Epochs done over epochs planned.", AT(event_row, progress),
     RANGE(0, 1)},
    {"runs", MEMBER_OBJECT, "Runs by state.", AT(event_row, runs), .of = &SHAPE_RUN_COUNTS},
};
static const shape EXPERIMENT_EVENT = {.name = "ExperimentEvent",
                                       .help = "The state of an experiment has changed.",
                                       BYTES_OF(event_row),
                                       MEMBERS(EXPERIMENT_ROWS)};

const shape *const CODEC_EVENT_SHAPES[EVENT_KIND_COUNT] = {
    [EVENT_EPOCH] = &EPOCH_EVENT, [EVENT_RUN] = &RUN_EVENT, [EVENT_EXPERIMENT] = &EXPERIMENT_EVENT};

void codec_add_event(buffer *b, const event_row *e)
{
    shape_add(b, CODEC_EVENT_SHAPES[e->kind], e);
}
