/* Runs and what they measure as JSON. */
#include "server/codec/internal.h"
#include "server/codec/resource.h"

#include <math.h>

/* ---- final metrics ---- */

/* What every run has in the end, of whatever task: a loss, or the gap between two. */
static bool is_of_every_run(const metric *row)
{
    return row && row->classification && row->regression && row->part != METRIC_OF_SAMPLED_TEST;
}

static double final_metric(const void *object, const member *m)
{
    const run *r = object;
    const char *name;
    double value;
    return run_metric_get(&r->metrics, m->index, &name, &value) ? value : NAN;
}

/* What a run that diverged has lost is null; what it never had is not there. */
static bool has_metric(const void *object, const member *m)
{
    const run *r = object;
    return !isnan(final_metric(object, m)) ||
           (r->reason == STOP_REASON_DIVERGED && is_of_every_run(run_metric_row(m->index)));
}

static void add_metric(buffer *b, const void *object, const member *m)
{
    json_add_number(b, final_metric(object, m));
}

static bool derive_metric(int i, member *out)
{
    static const run_metrics NONE;
    double value;
    *out = (member){.flags = MEMBER_OPTIONAL | MEMBER_NULLABLE,
                    .index = i,
                    .is_there = has_metric,
                    .write = add_metric};
    if (!run_metric_get(&NONE, i, &out->name, &value))
        return false;
    const metric *row = run_metric_row(i);
    out->type = row ? MEMBER_NUMBER : MEMBER_INTEGER;
    out->help = row ? row->help : "An epoch.";
    return true;
}

const shape SHAPE_RUN_METRICS = {
    .name = "RunMetrics",
    .help = "What a run ends with. Plain names are of the selected weights, last_ and best_ of "
            "the last epoch and of the best one; null: not a finite number.",
    BYTES_OF(run),
    .derive = derive_metric};

/* ---- metrics of an epoch ---- */

/* As the store, which replays it, keeps no other. */
static bool has_value(const void *object, const member *m)
{
    return isfinite(((const record *)object)->values[m->index]);
}

static void add_value(buffer *b, const void *object, const member *m)
{
    json_add_number(b, ((const record *)object)->values[m->index]);
}

static bool derive_value(int i, member *out)
{
    if (i == METRIC_EPOCH_COUNT)
        return false;
    *out = (member){.name = METRICS[i].name,
                    .type = MEMBER_NUMBER,
                    .help = METRICS[i].help,
                    .flags = MEMBER_OPTIONAL,
                    .index = i,
                    .is_there = has_value,
                    .write = add_value};
    return true;
}

const shape SHAPE_RECORD_METRICS = {
    .name = "EpochMetrics", BYTES_OF(record), .derive = derive_value};

/* ---- runs ---- */

static bool is_measured(const void *object, const member *m)
{
    (void)m;
    return ((const run_provenance *)object)->memory_bytes >= 0;
}

static const member PROVENANCE_ROWS[] = {
    {"version", MEMBER_TEXT, "Of Regulab.", AT(run_provenance, version)},
    {"blas", MEMBER_TEXT, "The library that multiplies matrices.", AT(run_provenance, blas)},
    {"blas_core", MEMBER_TEXT, "What that was made for: another one rounds otherwise.",
     AT(run_provenance, blas_core)},
    {"data_sha256", MEMBER_TEXT, "Of the data set.", MEMBER_OPTIONAL,
     AT(run_provenance, data_sha256)},
    {"memory_bytes", MEMBER_INTEGER, "What training needs.", MEMBER_OPTIONAL,
     AT(run_provenance, memory_bytes), .is_there = is_measured},
    {"note", MEMBER_TEXT, "What else is to be known.", MEMBER_OPTIONAL, AT(run_provenance, note)},
};
const shape SHAPE_PROVENANCE = {.name = "Provenance",
                                .help = "What a run was trained with and on.",
                                BYTES_OF(run_provenance),
                                MEMBERS(PROVENANCE_ROWS)};

static const member RUN_ROWS[] = {
    {"id", MEMBER_INTEGER, "Its number.", AT(run, id)},
    {"experiment_id", MEMBER_INTEGER, "The experiment that it is of.", AT(run, experiment_id)},
    {"config_id", MEMBER_TEXT, "Short hash of its configuration, the seed left out.",
     AT(run, config_id)},
    {"seed", MEMBER_INTEGER, "Its seed.", AT(run, seed)},
    {"status", MEMBER_NAME, "What it is doing.", AT(run, status), NAMES(RUN_STATE_NAMES)},
    {"stop_reason", MEMBER_NAME, "Why it ended; null: it has not.", MEMBER_NULLABLE,
     AT(run, reason), NAMES(STOP_REASON_NAMES)},
    {"error", MEMBER_TEXT, "What went wrong, if anything.", MEMBER_NULLABLE, AT(run, error)},
    {"attempt", MEMBER_INTEGER, "How many times it was tried.", AT(run, attempt)},
    {"label", MEMBER_TEXT, "Of its variant; null: the experiment has none.", MEMBER_NULLABLE,
     AT(run, label)},
    {"values", MEMBER_OBJECT, "The swept fields of its configuration.", MEMBER_AS_JSON,
     AT(run, values), .of = &SHAPE_VALUES},
    {"config", MEMBER_OBJECT, "Its whole configuration.", MEMBER_AS_JSON, AT(run, config),
     .of = &SHAPE_CONFIG},
    {"epoch", MEMBER_INTEGER, "Epochs done.", AT(run, epoch)},
    {"epochs", MEMBER_INTEGER, "Epochs planned.", AT(run, epochs)},
    {"metrics", MEMBER_OBJECT, "What it ended with.", ITSELF(run), .of = &SHAPE_RUN_METRICS},
    {"samples_per_second", MEMBER_NUMBER, "How fast it was.", MEMBER_NULLABLE,
     AT(run, samples_per_second)},
    {"selected_weights", MEMBER_TEXT, "Which epoch's weights were kept: best, last or average.",
     MEMBER_NULLABLE, AT(run, selected_weights)},
    {"provenance", MEMBER_OBJECT, "What it was trained with; null: it has not started.",
     MEMBER_AS_JSON | MEMBER_NULLABLE, AT(run, provenance), .of = &SHAPE_PROVENANCE},
    {"created_at", MEMBER_TIME, "When it was queued.", AT(run, created_ms)},
    {"started_at", MEMBER_TIME, "When training began.", MEMBER_NULLABLE, AT(run, started_ms)},
    {"finished_at", MEMBER_TIME, "When it ended.", MEMBER_NULLABLE, AT(run, finished_ms)},
};
const shape SHAPE_RUN = {.name = "Run", BYTES_OF(run), MEMBERS(RUN_ROWS)};
