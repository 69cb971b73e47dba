/* Experiments as JSON. */
#include "server/codec/internal.h"
#include "server/codec/resource.h"

/* ---- runs by state ---- */

static void add_count(buffer *b, const void *object, const member *m)
{
    const int64_t *counts = object;
    json_add_integer(b, counts[m->index]);
}

static bool derive_count(int i, member *out)
{
    if (i == RUN_STATE_COUNT)
        return false;
    *out = (member){.name = RUN_STATE_NAMES[i],
                    .type = MEMBER_INTEGER,
                    .help = "Runs in this state.",
                    .index = i,
                    .write = add_count};
    return true;
}

const shape SHAPE_RUN_COUNTS = {
    .name = "RunCounts", .bytes = RUN_STATE_COUNT * sizeof(int64_t), .derive = derive_count};

/* ---- experiments ---- */

static const member ROW_ROWS[] = {
    {"id", MEMBER_INTEGER, "Its number.", AT(experiment, id)},
    {"name", MEMBER_TEXT, AT(experiment, name), .field = "name"},
    {"description", MEMBER_TEXT, AT(experiment, description), .field = "description"},
    TAGS_ROW(experiment, tags, 0),
    {"status", MEMBER_NAME, "What its runs are doing, all in all.", AT(experiment, status),
     NAMES(RUN_STATE_NAMES)},
    {"priority", MEMBER_INTEGER, AT(experiment, priority), .field = "priority"},
    {"spec", MEMBER_OBJECT, "The specification as it was sent, with what was added since.",
     MEMBER_AS_JSON, AT(experiment, spec), .of = &SHAPE_SPECIFICATION},
    {"baseline", MEMBER_TEXT, "The config_id that a comparison compares against.", MEMBER_NULLABLE,
     AT(experiment, baseline_config_id)},
    {"n_configs", MEMBER_INTEGER, "Configurations.", AT(experiment, n_configs)},
    {"n_runs", MEMBER_INTEGER, "Runs: configurations times repeats.", AT(experiment, n_runs)},
    {"runs", MEMBER_OBJECT, "Runs by state.", AT(experiment, runs), .of = &SHAPE_RUN_COUNTS},
    {"progress", MEMBER_NUMBER, "Epochs done over epochs planned; a run that has ended is done.",
     AT(experiment, progress), RANGE(0, 1)},
    {"created_at", MEMBER_TIME, "When it was accepted.", AT(experiment, created_ms)},
    {"started_at", MEMBER_TIME, "When its first run started.", MEMBER_NULLABLE,
     AT(experiment, started_ms)},
    {"finished_at", MEMBER_TIME, "When its last run ended.", MEMBER_NULLABLE,
     AT(experiment, finished_ms)},
};
static const shape ROW = {BYTES_OF(experiment), MEMBERS(ROW_ROWS)};

static const member ANSWER_ROWS[] = {
    INCLUDE_FROM(experiment_answer, row, ROW),
    {"run_ids", MEMBER_INTEGER, "The runs that were queued by this request.", MEMBER_OPTIONAL,
     EACH(experiment_answer, run_ids, n_run_ids)},
    {"remaining_seconds", MEMBER_NUMBER, "How long it is expected to take still.", MEMBER_NULLABLE,
     AT(experiment_answer, remaining_seconds)},
};
const shape SHAPE_EXPERIMENT = {
    .name = "Experiment", BYTES_OF(experiment_answer), MEMBERS(ANSWER_ROWS)};
