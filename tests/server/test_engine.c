/* What an engine does with a lease: refusals before training, reports and commands, checkpoints,
 * and that a run stopped anywhere ends in the same bytes. */
#include "core/base/memory.h"
#include "server/jobs/checkpoint.h"
#include "server/jobs/ledger.h"
#include "server/jobs/work.h"
#include "server/plan/check.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"

#include "tests/check.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { RECORDS_LIMIT = 64 };

typedef struct watcher {     /* an owner of one lease, and what it heard */
    int n_steps, stop_after; /* steps until the next stop; 0: never */
    command_kind stop;
    int n_records;
    int64_t epochs[RECORDS_LIMIT];
    double val_loss[RECORDS_LIMIT];
    int n_starts, n_ends;
    bool was_resumed;
    char note[256];
    size_t memory_bytes;
    const char *checkpoint; /* where it is kept; NULL: nowhere */
    train_result result;    /* of the last end */
    fail why;               /* where it could not be trained */
    int refuses_at;         /* the report with this number (1, 2, ...), and what follows; 0: none */
    int n_reports;
} watcher;

static void hear_record(watcher *w, const record *r)
{
    if (w->n_records < RECORDS_LIMIT) {
        w->epochs[w->n_records] = r->epoch;
        w->val_loss[w->n_records++] = r->values[METRIC_VAL_LOSS];
    }
}

static void hear_start(watcher *w, const report_started *s)
{
    w->n_starts++;
    w->was_resumed = s->is_resumed;
    w->memory_bytes = s->memory_bytes;
    snprintf(w->note, sizeof w->note, "%s", s->note);
    CHECK_EQUAL_INT(strlen(s->data_sha256), 64);
}

static void hear_end(watcher *w, const report_ended *e)
{
    w->n_ends++;
    train_result_close(&w->result);
    w->result = (train_result){0};
    if (e->result) {
        w->result = *e->result;
        e->result->model = NULL;
    } else {
        w->why = *e->why;
    }
}

static bool hear(void *context, const report *r, command *answer, fail *f)
{
    watcher *w = context;
    w->n_reports++;
    CHECK_EQUAL_INT(r->lease.run_id, 17);
    CHECK_EQUAL_INT(r->lease.epoch, 5);
    if (w->refuses_at && w->n_reports >= w->refuses_at)
        return fail_set(f, FAIL_CONFLICT, NULL, "The lease is over.");
    if (r->kind == REPORT_STARTED)
        hear_start(w, &r->started);
    else if (r->kind == REPORT_RECORD)
        hear_record(w, r->record);
    else if (r->kind == REPORT_PROGRESS)
        w->n_steps++;
    else if (r->kind == REPORT_ENDED)
        hear_end(w, &r->ended);
    else if (w->checkpoint)
        CHECK_OK(jobs_checkpoint_save(w->checkpoint, r->checkpoint.blas_core, r->checkpoint.bytes,
                                      r->checkpoint.n_bytes, f),
                 *f);
    bool is_over = w->stop_after && w->n_steps >= w->stop_after;
    *answer = (command){.kind = is_over ? w->stop : COMMAND_GO};
    return true;
}

static bool open_set(void *context, const train_spec *spec, dataset **out, fail *f)
{
    (void)context;
    return dataset_open(spec->dataset, &spec->dataset_options, spec->data_seed, NULL, out, f);
}

static void train(const train_spec *spec, watcher *w)
{
    engine_owner owner = {.context = w, .report = hear, .open_dataset = open_set};
    assignment a = {.lease = {.run_id = 17, .epoch = 5}, .spec = *spec, .threads = 1};
    if (w->checkpoint)
        snprintf(a.checkpoint_path, sizeof a.checkpoint_path, "%s", w->checkpoint);
    work_train(&a, &owner);
}

static void fill_spec(train_spec *spec)
{
    fail_list faults = {.n = 0};
    dataset *set;
    fail f;
    spec_init(spec);
    snprintf(spec->dataset, sizeof spec->dataset, "moons");
    spec->dataset_options.n = 300;
    spec->n_hidden = 2;
    spec->hidden[0] = spec->hidden[1] = 16;
    spec->dropout[0] = 0.3;
    spec->epochs = 12;
    spec->batch_size = 16;
    CHECK(spec_resolve(spec, &faults));
    CHECK_OK(dataset_open("moons", &spec->dataset_options, 0, NULL, &set, &f), f);
    CHECK_OK(plan_resolve(spec, set, &f), f);
    dataset_close(set);
}

static void make_folder(char path[64])
{
    snprintf(path, 64, "/tmp/regulab-test-engine-XXXXXX");
    CHECK(mkdtemp(path) != NULL);
}

static void undisturbed(const train_spec *spec, watcher *w)
{
    *w = (watcher){.stop_after = 0};
    train(spec, w);
    CHECK_EQUAL_INT(w->result.stop, TRAIN_STOP_FINISHED);
    CHECK_EQUAL_INT(w->n_records, 13);
    CHECK_EQUAL_INT(w->n_starts, 1);
    CHECK_EQUAL_INT(w->n_ends, 1);
    CHECK(w->memory_bytes > 0);
}

static void same_model(const watcher *a, const watcher *b)
{
    CHECK_EQUAL_INT(a->result.n_model, b->result.n_model);
    CHECK_EQUAL_BYTES(a->result.model, b->result.model, b->result.n_model * sizeof(float));
}

static void same_curve(const watcher *a, const watcher *b)
{
    CHECK_EQUAL_INT(a->n_records, b->n_records);
    CHECK_EQUAL_BYTES(a->epochs, b->epochs, (size_t)b->n_records * sizeof *b->epochs);
    CHECK_EQUAL_BYTES(a->val_loss, b->val_loss, (size_t)b->n_records * sizeof *b->val_loss);
}

static void a_run_stopped_at_random_steps_ends_in_the_same_bytes(void)
{
    train_spec spec;
    watcher alone;
    char folder[64], path[96];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    srand(20260131);
    for (int round = 0; round < 10; round++) {
        watcher w = {.stop = COMMAND_PAUSE, .checkpoint = path};
        int n_starts = 0;
        do {
            w.n_steps = 0;
            w.stop_after = 1 + rand() % 60;
            train(&spec, &w);
            CHECK_OR_RETURN(w.n_ends == n_starts + 1);
            CHECK_EQUAL_INT(w.was_resumed, n_starts > 0);
        } while (w.result.stop == TRAIN_STOP_PAUSED && ++n_starts < 500);
        CHECK(n_starts > 0);
        CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_FINISHED);
        same_model(&w, &alone);
        same_curve(&w, &alone);
        train_result_close(&w.result);
        unlink(path);
    }
    train_result_close(&alone.result);
    rmdir(folder);
}

/* Told to pause, and then that it is to go on after all: under the same lease. */
static bool hear_called_off(void *context, const report *r, command *answer, fail *f)
{
    watcher *w = context;
    bool is_paused = r->kind == REPORT_ENDED && r->ended.result->stop == TRAIN_STOP_PAUSED;
    bool is_heard = hear(w, r, answer, f);
    if (is_paused)
        w->n_steps = 0;
    answer->kind = is_paused ? COMMAND_GO : answer->kind;
    return is_heard;
}

static void a_pause_that_is_called_off_is_only_a_checkpoint(void)
{
    train_spec spec;
    watcher alone;
    char folder[64], path[96];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 50, .checkpoint = path};
    engine_owner owner = {.context = &w, .report = hear_called_off, .open_dataset = open_set};
    assignment a = {.lease = {.run_id = 17, .epoch = 5}, .spec = spec, .threads = 1};
    snprintf(a.checkpoint_path, sizeof a.checkpoint_path, "%s", path);
    work_train(&a, &owner);
    CHECK_EQUAL_INT(w.n_starts, 1);
    CHECK(w.n_ends > 1);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_FINISHED);
    same_model(&w, &alone);
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    unlink(path);
    rmdir(folder);
}

static void a_refused_report_is_the_last(void)
{
    train_spec spec;
    watcher whole = {.stop_after = 0};
    fill_spec(&spec);
    spec.epochs = 2;
    train(&spec, &whole);
    CHECK(whole.n_reports > 10);
    for (int at = 1; at <= whole.n_reports; at++) {
        watcher w = {.refuses_at = at};
        train(&spec, &w);
        CHECK_EQUAL_INT(w.n_reports, at);
        CHECK_EQUAL_INT(w.n_ends, 0);
    }
    train_result_close(&whole.result);
}

/* Small steps: most are told nothing of. */
static void progress_is_told_now_and_then(void)
{
    train_spec spec;
    watcher w = {.stop_after = 0};
    engine_owner owner = {.context = &w, .report = hear, .open_dataset = open_set};
    fill_spec(&spec);
    spec.epochs = 200;
    assignment a = {.lease = {.run_id = 17, .epoch = 5}, .spec = spec, .threads = 1};
    a.progress_seconds = 3600;
    work_train(&a, &owner);
    CHECK_EQUAL_INT(w.n_steps, 1); /* the first */
    train_result_close(&w.result);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK_OR_RETURN(file != NULL);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void an_unusable_checkpoint_is_left_aside_and_said(void)
{
    static const char *const TEXTS[] = {"", "regulab",
                                        "not a checkpoint at all, but long enough for a "
                                        "head of sixty-four bytes and some more"};
    train_spec spec;
    watcher alone;
    char folder[64], path[96];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        watcher w = {.checkpoint = path};
        write_text(path, TEXTS[i]);
        train(&spec, &w);
        CHECK(!w.was_resumed);
        CHECK_CONTAINS(w.note, "started over");
        same_model(&w, &alone);
        train_result_close(&w.result);
    }
    train_result_close(&alone.result);
    unlink(path);
    rmdir(folder);
}

static void a_checkpoint_of_another_run_is_left_aside(void)
{
    train_spec spec, other;
    watcher alone;
    char folder[64], path[96];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    other = spec;
    other.seed = 7;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .checkpoint = path};
    train(&other, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_PAUSED);
    CHECK(access(path, R_OK) == 0);
    w = (watcher){.checkpoint = path};
    train(&spec, &w);
    same_model(&w, &alone);
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    unlink(path);
    rmdir(folder);
}

static void a_checkpoint_of_another_core_is_resumed_from_and_said(void)
{
    train_spec spec;
    watcher alone;
    jobs_checkpoint c;
    char folder[64], path[96];
    fail f;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/run.checkpoint", folder);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .checkpoint = path};
    train(&spec, &w);
    CHECK_OR_RETURN(jobs_checkpoint_load(path, &c, &f));
    CHECK_EQUAL_STRING(c.blas_core, train_blas_core());
    CHECK_OK(jobs_checkpoint_save(path, "Antikythera", c.bytes, c.n_bytes, &f), f);
    jobs_checkpoint_close(&c);
    w.stop_after = 0;
    train(&spec, &w);
    CHECK(w.was_resumed);
    CHECK_CONTAINS(w.note, "than it was begun on (Antikythera).");
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    unlink(path);
    rmdir(folder);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static bool insert_run(store *s, int64_t *run_id)
{
    new_run row = {.config_id = "aaaaaaaaaaaa", .config = "{}", .values = "{}", .epochs = 3};
    new_experiment e = {.name = "",
                        .description = "",
                        .tags = "[]",
                        .spec = "{}",
                        .n_configs = 1,
                        .n_runs = 1,
                        .runs = &row,
                        .baseline_config_id = row.config_id};
    int64_t id;
    bool is_repeat;
    fail f;
    return CHECK_OK(store_insert_experiment(s, &e, &id, run_id, &is_repeat, &f), f);
}

static void no_checkpoint_is_written_before_the_records_are_durable(void)
{
    char folder[64], path[JOBS_PATH_BYTES], database[96], command_line[96];
    const report_checkpoint c = {.blas_core = "core", .bytes = "bytes", .n_bytes = 5};
    const record line = {.epoch = 1};
    int64_t run_id;
    ledger l;
    fail f;
    make_folder(folder);
    snprintf(database, sizeof database, "%s/regulab.db", folder);
    CHECK_OR_RETURN(jobs_files_open(folder, &f) && store_open(database, &l.store, &f));
    l.files = (jobs_files){folder, store_identity(l.store)};
    CHECK_OR_RETURN(insert_run(l.store, &run_id));
    jobs_files_checkpoint(&l.files, run_id, path);
    store_interrupt(l.store); /* else it waits for the disk */
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1024); /* the checkpoint would fit */
    store_add_record(l.store, run_id, &line);
    ledger_save_checkpoint(&l, run_id, &c);
    CHECK(access(path, F_OK) != 0);
    limit_files(RLIM_INFINITY);
    ledger_save_checkpoint(&l, run_id, &c);
    CHECK(access(path, F_OK) == 0);
    store_close(l.store);
    snprintf(command_line, sizeof command_line, "rm -r '%s'", folder);
    CHECK(system(command_line) == 0);
}

static void cancelling_is_a_result(void)
{
    train_spec spec;
    watcher w = {.stop = COMMAND_CANCEL, .stop_after = 5};
    fill_spec(&spec);
    train(&spec, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_CANCELLED);
    CHECK_EQUAL_INT(w.n_steps, 5);
}

/* 64 GB: more than is free nearly everywhere; where it is not, at least the figure is right. */
static void what_does_not_fit_is_refused_with_the_figure(void)
{
    train_spec spec;
    watcher w = {.stop_after = 0};
    dataset *set;
    fail f;
    fill_spec(&spec);
    spec.n_hidden = 16;
    for (int i = 0; i < 16; i++)
        spec.hidden[i] = 16384;
    CHECK_OR_RETURN(dataset_open("moons", &spec.dataset_options, 0, NULL, &set, &f));
    size_t wanted = plan_run_memory_bytes(&spec, set);
    CHECK(wanted > (size_t)60000000000);
    dataset_close(set);
    if (wanted < memory_available_bytes())
        return;
    train(&spec, &w);
    CHECK_EQUAL_INT(w.why.code, FAIL_OUT_OF_MEMORY);
    CHECK_CONTAINS(w.why.sentence, " MB of memory");
    CHECK_EQUAL_INT(w.n_reports, 1);
}

static void an_unknown_data_set_is_not_trained_on(void)
{
    train_spec spec;
    watcher w = {.stop_after = 0};
    fill_spec(&spec);
    snprintf(spec.dataset, sizeof spec.dataset, "nonesuch");
    train(&spec, &w);
    CHECK_EQUAL_INT(w.why.code, FAIL_NOT_FOUND);
    CHECK_EQUAL_STRING(w.why.field, "/dataset");
    CHECK_EQUAL_INT(w.n_reports, 1);
}

/* Every row of the table can be opened and closed, and asks for work when it is offered some. */
static bool nothing_to_take(void *context, assignment *out)
{
    (void)out;
    atomic_fetch_add((atomic_int *)context, 1);
    return false;
}

static void every_engine_asks_when_it_is_offered_something(void)
{
    for (int i = 0; i < ENGINE_COUNT; i++) {
        const engine_kind *kind = &ENGINES[i];
        atomic_int n_asked = 0;
        engine_owner owner = {
            .context = &n_asked, .take = nothing_to_take, .report = hear, .open_dataset = open_set};
        engine_options options = {.n_workers = 3};
        void *engine;
        int n_places;
        fail f;
        CHECK(strlen(kind->name) > 0 && strlen(kind->help) > 0);
        CHECK_OR_RETURN(kind->open(&owner, &options, &engine, &n_places, &f));
        CHECK(n_places > 0);
        kind->offer(engine);
        while (atomic_load(&n_asked) == 0)
            sched_yield();
        kind->close(engine);
    }
    CHECK_EQUAL_STRING(ENGINES[0].name, "threads");
}

CHECK_MAIN("engine", a_run_stopped_at_random_steps_ends_in_the_same_bytes,
           a_pause_that_is_called_off_is_only_a_checkpoint, a_refused_report_is_the_last,
           progress_is_told_now_and_then, an_unusable_checkpoint_is_left_aside_and_said,
           a_checkpoint_of_another_run_is_left_aside,
           a_checkpoint_of_another_core_is_resumed_from_and_said,
           no_checkpoint_is_written_before_the_records_are_durable, cancelling_is_a_result,
           what_does_not_fit_is_refused_with_the_figure, an_unknown_data_set_is_not_trained_on,
           every_engine_asks_when_it_is_offered_something)
