/* `regulab run`: trains a specification in this process, one run after the other; with --db through
 * the same messages as the service's engines, so that what is interrupted can go on there. */
#include "core/base/memory.h"
#include "core/math/parallel.h"
#include "core/regularizer/regularizer.h"
#include "server/cli/cli.h"
#include "server/cli/progress.h"
#include "server/cli/results.h"
#include "server/codec/codec.h"
#include "server/export/csv.h"
#include "server/export/directory.h"
#include "server/jobs/claim.h"
#include "server/jobs/ledger.h"
#include "server/jobs/repeats.h"
#include "server/jobs/work.h"
#include "server/plan/plan.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/runs.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CURVES_BYTES_LIMIT = 1 << 30 };
#define PROGRESS_SECONDS 0.01

typedef struct training { /* one call of `regulab run` */
    const char *data_dir, *export_dir;
    int threads;
    bool is_quiet;
    plan plan;
    cli_progress progress;
    cli_results results;
    store *store; /* NULL without --db */
    int64_t experiment_id, run_id;
    dataset *set; /* of the run before: most runs train on the same */
    train_spec set_spec;
    /* the run that trains */
    const new_run *row;
    train_spec spec;
    int config;
    dataset_task task;
    buffer curves;
    bool has_started;
    size_t inputs, outputs; /* once it has */
    fail run_fail;          /* why it could not be trained at all */
    bool has_result;        /* else: */
    train_stop stop;
    int64_t epoch, step;
    bool export_failed;
    fail export_fail;
} training;

/* ---- data sets ---- */

static bool same_data(const train_spec *a, const train_spec *b)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (FIELDS[i].group == FIELD_GROUP_DATA && !field_equal(&FIELDS[i], a, b))
            return false;
    return true;
}

static bool open_dataset(void *context, const train_spec *spec, dataset **out, fail *f)
{
    training *t = context;
    if (!t->set || !same_data(&t->set_spec, spec)) {
        dataset *set;
        if (!dataset_open(spec->dataset, &spec->dataset_options, spec->data_seed, t->data_dir, &set,
                          f))
            return false;
        dataset_close(t->set);
        t->set = set;
        t->set_spec = *spec;
    }
    t->task = t->set->task;
    *out = dataset_share(t->set);
    return true;
}

/* ---- export ---- */

static void add_to_curves(training *t, const record *r)
{
    int metrics[METRIC_EPOCH_COUNT], n = export_csv_list_metrics(t->task, metrics);
    if (t->export_dir)
        export_csv_add_record(&t->curves, metrics, n, r);
}

static bool add_stored_record(void *context, const record *r)
{
    add_to_curves(context, r);
    return true;
}

static bool fill_curves(training *t, fail *f)
{
    int metrics[METRIC_EPOCH_COUNT], n = export_csv_list_metrics(t->task, metrics);
    if (t->store) { /* a run that was resumed has records that this process has not seen */
        buffer_close(&t->curves);
        if (!store_flush(t->store, f) ||
            !store_list_records(t->store, t->run_id, 0, add_stored_record, t, f))
            return false;
    }
    buffer all;
    buffer_init(&all, CURVES_BYTES_LIMIT);
    export_csv_add_header(&all, metrics, n);
    buffer_add(&all, t->curves.data, t->curves.n);
    bool failed = all.failed || t->curves.failed;
    buffer_close(&t->curves);
    t->curves = all;
    return !failed || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the curves");
}

static bool save_export(training *t, const train_result *result, fail *f)
{
    export_run trained = {.spec = &t->spec,
                          .result = result,
                          .curves = &t->curves,
                          .peak_memory_bytes = memory_peak_bytes()};
    dataset *set;
    split *data;
    if (!fill_curves(t, f) || !open_dataset(t, &t->spec, &set, f))
        return false;
    bool ok = split_open(set, &t->spec, &data, f);
    if (ok) {
        trained.data = data;
        ok = export_directory_save(t->export_dir, &trained, f);
        split_close(data);
    }
    dataset_close(set);
    return ok;
}

static bool is_completed(train_stop stop)
{
    return stop == TRAIN_STOP_FINISHED || stop == TRAIN_STOP_EARLY_STOPPED;
}

static void note_result(training *t, const train_result *result)
{
    cli_outcome *outcome = &t->results.items[t->results.n];
    t->has_result = true;
    t->stop = result->stop;
    t->epoch = result->epoch;
    t->step = result->step;
    outcome->is_completed = is_completed(result->stop);
    memcpy(outcome->selected, result->selected, sizeof outcome->selected);
    if (t->export_dir && (outcome->is_completed || t->stop == TRAIN_STOP_DIVERGED))
        t->export_failed = !save_export(t, result, &t->export_fail);
}

/* ---- reports: with --db in the same words to the same tables as the service writes ---- */

static ledger ledger_of(const training *t)
{
    return (ledger){.store = t->store, .files = {t->data_dir, store_identity(t->store)}};
}

static void store_started(training *t, const report_started *started)
{
    const ledger l = ledger_of(t);
    if (started) {
        t->inputs = started->inputs;
        t->outputs = started->outputs;
    }
    t->has_started = true;
    ledger_start(&l, t->run_id, started);
}

/* What a disk refuses is told, and left to the next start of the service. */
static void store_ended(training *t, const report_ended *ended)
{
    const ledger l = ledger_of(t);
    const model_shape sizes = {&t->spec, t->inputs, t->outputs};
    ending end;
    fail f;
    if (!t->has_started)
        store_started(t, NULL);
    bool is_paused = ended->result && ended->result->stop == TRAIN_STOP_PAUSED;
    ending_read(ended, &end);
    if (!(is_paused ? ledger_set_aside(&l, t->run_id, RUN_STATE_QUEUED, &f)
                    : ledger_end(&l, t->run_id, &sizes, &end, NULL, NULL, &f)))
        (void)cli_failed(&f);
    ending_close(&end);
}

static void take_ended(training *t, const report_ended *ended)
{
    if (ended->result)
        note_result(t, ended->result);
    else
        t->run_fail = *ended->why;
    if (t->store)
        store_ended(t, ended);
}

static bool take_report(void *context, const report *r, command *answer, fail *f)
{
    training *t = context;
    const ledger l = t->store ? ledger_of(t) : (ledger){.store = NULL};
    (void)f;
    switch (r->kind) {
    case REPORT_STARTED:
        if (t->store)
            store_started(t, &r->started);
        break;
    case REPORT_PROGRESS:
        cli_progress_step(&t->progress, r->progress.step, r->progress.n_steps);
        break;
    case REPORT_RECORD:
        add_to_curves(t, r->record);
        if (t->store)
            store_add_record(t->store, t->run_id, r->record);
        break;
    case REPORT_CHECKPOINT:
        if (t->store)
            ledger_save_checkpoint(&l, t->run_id, &r->checkpoint);
        break;
    default:
        take_ended(t, &r->ended);
    }
    command_kind stop = t->store ? COMMAND_PAUSE : COMMAND_CANCEL;
    *answer = (command){.kind = cli_is_interrupted() ? stop : COMMAND_GO};
    return true;
}

static bool load_checkpoint(void *context, const lease *of, jobs_checkpoint *out, fail *f)
{
    const ledger l = ledger_of(context);
    return ledger_load_checkpoint(&l, of->run_id, out, f);
}

/* ---- one run ---- */

/* False with *f where it could not be trained at all. */
static bool train(training *t, fail *f)
{
    engine_owner owner = {.context = t, .report = take_report, .open_dataset = open_dataset};
    assignment a = {.lease = {.run_id = t->run_id, .epoch = 1},
                    .spec = t->spec,
                    .progress_seconds = PROGRESS_SECONDS,
                    .threads = t->threads};
    if (t->store) {
        a.checkpoint_seconds = CLI_CHECKPOINT_SECONDS;
        owner.load_checkpoint = load_checkpoint;
        if (!jobs_files_check(t->data_dir, f))
            return false;
    }
    work_train(&a, &owner, NULL);
    if (!t->has_result)
        *f = t->run_fail;
    return t->has_result;
}

static int find_config(const training *t, const char *config_id)
{
    for (int c = 0; c < t->plan.grid.n_configs; c++)
        if (strcmp(t->plan.configs[c].id, config_id) == 0)
            return c;
    return 0;
}

/* Errors are told even with --quiet: a run of many may fail alone. */
static void tell_end(training *t, const fail *f)
{
    if (t->has_result && (is_completed(t->stop) || cli_is_interrupted()) && !t->export_failed)
        return;
    cli_progress_clear(&t->progress);
    (void)fprintf(stderr, "regulab: run with seed %" PRId64 "%s%s: ", t->row->seed,
                  t->plan.spec.n_axes ? " and " : "", t->plan.spec.n_axes ? t->row->values : "");
    if (!t->has_result)
        (void)fprintf(stderr, "%s%s%s\n", f->field, *f->field ? ": " : "", f->sentence);
    else if (t->export_failed)
        (void)fprintf(stderr, "%s\n", t->export_fail.sentence);
    else
        (void)fprintf(stderr,
                      "diverged: the loss was no longer finite in epoch %" PRId64 " (step %" PRId64
                      "); a smaller learning_rate or a %s usually helps\n",
                      t->epoch, t->step, regularizer_remedy());
}

/* True if the run has completed. */
static bool train_row(training *t, const new_run *row, int64_t run_id)
{
    fail f;
    t->row = row;
    t->run_id = run_id;
    t->config = find_config(t, row->config_id);
    t->has_result = t->has_started = t->export_failed = false;
    buffer_close(&t->curves);
    cli_outcome *outcome = &t->results.items[t->results.n];
    *outcome = (cli_outcome){.config = t->config, .seed = row->seed};
    for (int m = 0; m < METRIC_COUNT; m++)
        outcome->selected[m] = NAN;
    cli_progress_run(&t->progress, t->plan.configs[t->config].work);
    bool ok = codec_read_config(row->config, strlen(row->config), &t->spec, &f);
    outcome->data_seed = ok ? t->spec.data_seed : 0;
    ok = ok && train(t, &f);
    cli_progress_end_run(&t->progress);
    tell_end(t, &f);
    bool completed = ok && outcome->is_completed && !t->export_failed;
    if (!cli_is_interrupted() || completed)
        t->results.n++;
    return completed;
}

/* ---- all runs ---- */

static bool insert_runs(training *t, const char *text, const new_run *rows, int64_t n,
                        int64_t *run_ids, fail *f)
{
    const experiment_spec *e = &t->plan.spec;
    bool is_repeat;
    if (!t->store)
        return true;
    const new_extension more = {.n_runs = n, .n_configs = t->plan.grid.n_configs, .runs = rows};
    if (t->experiment_id)
        return store_extend_experiment(t->store, t->experiment_id, &more, run_ids, f);
    new_config *configs = plan_list_configs(&t->plan);
    if (!configs)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the configs");
    new_experiment added = {.name = e->name,
                            .description = e->description,
                            .tags = e->tags,
                            .priority = (int)e->priority,
                            .spec = text,
                            .n_configs = t->plan.grid.n_configs,
                            .n_runs = n,
                            .runs = rows,
                            .configs = configs,
                            .n_described = (size_t)t->plan.grid.n_configs,
                            .varies_data_seed = e->repeat_varies_data_seed,
                            .baseline_config_id = plan_baseline(&t->plan)};
    bool is_stored =
        store_insert_experiment(t->store, &added, &t->experiment_id, run_ids, &is_repeat, f);
    free(configs);
    return is_stored;
}

static bool was_trained(const void *context, const char *config_id, const train_spec *spec)
{
    const training *t = context;
    int config = find_config(t, config_id);
    for (size_t i = 0; i < t->results.n; i++)
        if (t->results.items[i].config == config && t->results.items[i].seed == spec->seed &&
            t->results.items[i].data_seed == spec->data_seed)
            return true;
    return false;
}

/* Trains the runs that are missing up to plan.n_seeds; false with *f where they could not even
 * begin. */
static bool train_missing(training *t, const char *text, bool *all_completed, fail *f)
{
    plan_runs runs;
    if (!plan_list_runs(&t->plan, was_trained, t, &runs, f))
        return false;
    int64_t *run_ids = calloc((size_t)runs.n + 1, sizeof *run_ids);
    bool ok = run_ids && cli_results_reserve(&t->results, (size_t)runs.n);
    if (!ok)
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "no memory for %" PRId64 " runs", runs.n);
    ok = ok && insert_runs(t, text, runs.rows, runs.n, run_ids, f);
    for (int64_t i = 0; ok && i < runs.n && !cli_is_interrupted(); i++)
        *all_completed = train_row(t, &runs.rows[i], run_ids[i]) && *all_completed;
    free(run_ids);
    plan_runs_close(&runs);
    return ok;
}

static bool train_all(training *t, const char *text, bool *all_completed, fail *f)
{
    cli_progress_start(&t->progress, plan_work(&t->plan),
                       t->plan.grid.n_configs * t->plan.grid.n_seeds, t->is_quiet);
    bool ok = train_missing(t, text, all_completed, f);
    int64_t more = cli_results_count_wanted(&t->results, &t->plan) - t->plan.grid.n_seeds;
    if (ok && !cli_is_interrupted() && more > 0) {
        double work = plan_work(&t->plan) / (double)t->plan.grid.n_seeds;
        t->plan.grid.n_seeds += more;
        cli_progress_add(&t->progress, work * (double)more, t->plan.grid.n_configs * more);
        ok = train_missing(t, text, all_completed, f);
    }
    cli_progress_clear(&t->progress);
    return ok;
}

/* ---- the command ---- */

static int tell_all(const training *t, bool all_completed)
{
    fail f;
    if (!t->is_quiet && t->results.n &&
        !(cli_results_print(&t->results, &t->plan, stdout) &&
          cli_results_print_verdict(&t->results, &t->plan, stdout))) {
        fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "no memory for the results");
        return cli_failed(&f);
    }
    if (!cli_is_interrupted())
        return all_completed ? CLI_DONE : CLI_FAILED;
    (void)fprintf(
        stderr, t->store
                    ? "regulab: interrupted; `regulab serve` on this database trains what is left\n"
                    : "regulab: interrupted\n");
    return CLI_FAILED;
}

static int run_plan(training *t, const cli_arguments *a, const char *text)
{
    const char *database = cli_value(a, "--db", NULL);
    bool is_new = false, all_completed = true, ok = true;
    int claim = -1;
    fail f;
    if (t->export_dir &&
        (t->plan.grid.n_configs * t->plan.grid.n_seeds != 1 || t->plan.spec.until.enabled))
        return cli_usage(a->command, "--export writes one run; this specification has %" PRId64,
                         t->plan.grid.n_configs * t->plan.grid.n_seeds);
    if (t->export_dir)
        ok = export_directory_open(t->export_dir, &is_new, &f);
    if (ok && database)
        ok = jobs_files_open(t->data_dir, &f) && store_open(database, &t->store, &f) &&
             jobs_claim_open(t->store, t->data_dir, &claim, &f);
    ok = ok && train_all(t, text, &all_completed, &f);
    if (t->store)
        store_close(t->store);
    jobs_claim_close(claim);
    if (is_new && (!ok || !all_completed || cli_is_interrupted()))
        (void)rmdir(t->export_dir); /* made for an export that did not come to be; stays if
                                       something is in it */
    return ok ? tell_all(t, all_completed) : cli_failed(&f);
}

static bool read_plan(training *t, const buffer *text)
{
    plan_source source = {
        .open_dataset = open_dataset, .context = t, .free_bytes = memory_available_bytes()};
    fail_list faults;
    faults.n = faults.n_found = 0;
    if (plan_read(&source, text->data, text->n, true, &t->plan, &faults))
        return true;
    (void)cli_faulty(stderr, &faults);
    return false;
}

static void tell_warning(void *context, const char *sentence)
{
    (void)context;
    (void)fprintf(stderr, "warning: %s\n", sentence);
}

int cli_run(const cli_arguments *a)
{
    training t = {.data_dir = cli_value(a, "--data-dir", "regulab-data"),
                  .export_dir = cli_value(a, "--export", NULL),
                  .is_quiet = cli_has(a, "--quiet")};
    int64_t threads;
    buffer text;
    fail f;
    if (!cli_integer(a, "--threads", 1, PARALLEL_THREADS_LIMIT, cli_processors(), &threads))
        return CLI_USAGE;
    if (!cli_load(a->words[0], &text, &f))
        return cli_failed(&f);
    t.threads = (int)threads;
    buffer_init(&t.curves, CURVES_BYTES_LIMIT);
    cli_catch_signals();
    int status = CLI_USAGE;
    if (read_plan(&t, &text)) {
        if (!t.is_quiet)
            plan_list_warnings(&t.plan, tell_warning, NULL);
        status = run_plan(&t, a, text.data);
        plan_close(&t.plan);
    }
    cli_results_close(&t.results);
    buffer_close(&t.curves);
    buffer_close(&text);
    dataset_close(t.set);
    return status;
}
