/* What an engine does with a lease: refusals before training, reports and commands, checkpoints,
 * and that a run stopped anywhere ends in the same bytes. */
#include "core/base/memory.h"
#include "server/jobs/checkpoint.h"
#include "server/jobs/ledger.h"
#include "server/jobs/work.h"
#include "server/plan/check.h"
#include "server/store/curves.h"
#include "server/store/experiments.h"
#include "server/store/files.h"
#include "server/store/runs.h"
#include "tests/check.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { RECORDS_LIMIT = 64, RUN_ID = 17 };

/* The last checkpoint, in a folder of its own. */
typedef struct shelf {
    char folder[64];
    jobs_files files;
    run_file kept;
} shelf;

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
    shelf *shelf;        /* where checkpoints are kept; NULL: nowhere */
    train_result result; /* of the last end */
    fail why;            /* where it could not be trained */
    int refuses_at;      /* the report with this number (1, 2, ...), and what follows; 0: none */
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

static void keep(shelf *s, const char *blas_core, const void *bytes, size_t n)
{
    fail f;
    jobs_files_remove_checkpoint(&s->files, RUN_ID, &s->kept);
    CHECK_OK(jobs_checkpoint_save(&s->files, RUN_ID, blas_core, bytes, n, &s->kept, &f), f);
}

static bool take_down(void *context, const lease *of, jobs_checkpoint *out, fail *f)
{
    const watcher *w = context;
    CHECK_EQUAL_INT(of->run_id, RUN_ID);
    return jobs_checkpoint_load(&w->shelf->files, of->run_id, &w->shelf->kept, out, f);
}

static bool hear(void *context, const report *r, command *answer, fail *f)
{
    watcher *w = context;
    w->n_reports++;
    CHECK_EQUAL_INT(r->lease.run_id, RUN_ID);
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
    else if (w->shelf)
        keep(w->shelf, r->checkpoint.blas_core, r->checkpoint.bytes, r->checkpoint.n_bytes);
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
    assignment a = {.lease = {.run_id = RUN_ID, .epoch = 5}, .spec = *spec, .threads = 1};
    if (w->shelf)
        owner.load_checkpoint = take_down;
    work_train(&a, &owner, NULL);
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

static void remove_folder(const char *folder)
{
    char command_line[96];
    snprintf(command_line, sizeof command_line, "rm -r '%s'", folder);
    CHECK(system(command_line) == 0);
}

static void make_shelf(shelf *s)
{
    fail f;
    *s = (shelf){.kept.bytes = 0};
    make_folder(s->folder);
    s->files = (jobs_files){s->folder, "own"};
    CHECK_OK(jobs_files_open(s->folder, &f), f);
}

static void path_of(const shelf *s, char path[JOBS_PATH_BYTES])
{
    jobs_files_checkpoint(&s->files, RUN_ID, s->kept.sha256, path);
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
    shelf kept;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    srand(20260131);
    for (int round = 0; round < 10; round++) {
        watcher w = {.stop = COMMAND_PAUSE, .shelf = &kept};
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
        kept.kept = (run_file){.bytes = 0};
    }
    train_result_close(&alone.result);
    remove_folder(kept.folder);
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
    shelf kept;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 50, .shelf = &kept};
    engine_owner owner = {.context = &w, .report = hear_called_off, .open_dataset = open_set};
    assignment a = {.lease = {.run_id = RUN_ID, .epoch = 5}, .spec = spec, .threads = 1};
    owner.load_checkpoint = take_down;
    work_train(&a, &owner, NULL);
    CHECK_EQUAL_INT(w.n_starts, 1);
    CHECK(w.n_ends > 1);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_FINISHED);
    same_model(&w, &alone);
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    remove_folder(kept.folder);
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
    assignment a = {.lease = {.run_id = RUN_ID, .epoch = 5}, .spec = spec, .threads = 1};
    a.progress_seconds = 3600;
    work_train(&a, &owner, NULL);
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

/* What lies there, and what the run is said to have been. */
static void starts_over(const train_spec *spec, const watcher *alone, shelf *kept, const char *note)
{
    watcher w = {.shelf = kept};
    train(spec, &w);
    CHECK(!w.was_resumed);
    CHECK_CONTAINS(w.note, note);
    CHECK_CONTAINS(w.note, "started over");
    same_model(&w, alone);
    same_curve(&w, alone);
    train_result_close(&w.result);
}

static void an_unusable_checkpoint_is_left_aside_and_said(void)
{
    static const char *const TEXTS[] = {"regulab", "not a checkpoint at all, but long enough for a "
                                                   "head of sixty-four bytes and some more"};
    train_spec spec;
    watcher alone;
    shelf kept;
    char path[JOBS_PATH_BYTES];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        jobs_files_describe(&(jobs_piece){TEXTS[i], strlen(TEXTS[i])}, 1, &kept.kept);
        path_of(&kept, path);
        write_text(path, TEXTS[i]);
        starts_over(&spec, &alone, &kept, "not readable");
    }
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void pause_somewhere(const train_spec *spec, shelf *kept)
{
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .shelf = kept};
    kept->kept = (run_file){.bytes = 0};
    train(spec, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_PAUSED);
    CHECK(kept->kept.bytes > 0);
}

/* One bit of its weights; they are still weights. */
static void flip_last_bit(const char *path)
{
    FILE *file = fopen(path, "r+");
    CHECK_OR_RETURN(file != NULL);
    CHECK(fseek(file, -2, SEEK_END) == 0);
    int byte = fgetc(file);
    CHECK(fseek(file, -2, SEEK_END) == 0);
    (void)fputc(byte ^ 1, file);
    (void)fclose(file);
}

static void a_checkpoint_that_is_not_what_was_kept_is_not_resumed_from(void)
{
    train_spec spec;
    watcher alone;
    shelf kept;
    char path[JOBS_PATH_BYTES];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    pause_somewhere(&spec, &kept);
    path_of(&kept, path);
    flip_last_bit(path);
    starts_over(&spec, &alone, &kept, "damaged");
    pause_somewhere(&spec, &kept);
    path_of(&kept, path);
    unlink(path);
    starts_over(&spec, &alone, &kept, "lost");
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void a_checkpoint_of_another_run_is_left_aside(void)
{
    train_spec spec, other;
    watcher alone;
    shelf kept;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    other = spec;
    other.seed = 7;
    make_shelf(&kept);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .shelf = &kept};
    train(&other, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_PAUSED);
    CHECK(kept.kept.bytes > 0);
    w = (watcher){.shelf = &kept};
    train(&spec, &w);
    same_model(&w, &alone);
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void a_checkpoint_of_another_core_is_resumed_from_and_said(void)
{
    train_spec spec;
    watcher alone;
    jobs_checkpoint c;
    shelf kept;
    fail f;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .shelf = &kept};
    train(&spec, &w);
    CHECK_OR_RETURN(jobs_checkpoint_load(&kept.files, RUN_ID, &kept.kept, &c, &f));
    CHECK_EQUAL_STRING(c.blas_core, train_blas_core());
    keep(&kept, "Antikythera", c.bytes, c.n_bytes);
    jobs_checkpoint_close(&c);
    w.stop_after = 0;
    train(&spec, &w);
    CHECK(w.was_resumed);
    CHECK_CONTAINS(w.note, "than it was begun on (Antikythera).");
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    remove_folder(kept.folder);
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

static int64_t kept_bytes(const ledger *l, int64_t run_id)
{
    run_files kept;
    fail f;
    return CHECK_OK(store_get_files(l->store, run_id, &kept, &f), f) ? kept.checkpoint.bytes : -1;
}

static void no_checkpoint_is_written_before_the_records_are_durable(void)
{
    char folder[64], database[96];
    const report_checkpoint c = {.blas_core = "core", .bytes = "bytes", .n_bytes = 5};
    const record line = {.epoch = 1};
    int64_t run_id;
    ledger l;
    jobs_checkpoint read;
    fail f;
    make_folder(folder);
    snprintf(database, sizeof database, "%s/regulab.db", folder);
    CHECK_OR_RETURN(jobs_files_open(folder, &f) && store_open(database, &l.store, &f));
    l.files = (jobs_files){folder, store_identity(l.store)};
    CHECK_OR_RETURN(insert_run(l.store, &run_id));
    store_start_run(l.store, run_id, "{}");
    CHECK_OK(store_flush(l.store, &f), f);
    store_interrupt(l.store); /* else it waits for the disk */
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1024); /* the checkpoint would fit */
    store_add_record(l.store, run_id, &line);
    ledger_save_checkpoint(&l, run_id, &c);
    CHECK_EQUAL_INT(kept_bytes(&l, run_id), 0);
    limit_files(RLIM_INFINITY);
    ledger_save_checkpoint(&l, run_id, &c);
    CHECK(kept_bytes(&l, run_id) > 5);
    CHECK_OK(ledger_load_checkpoint(&l, run_id, &read, &f), f);
    CHECK_EQUAL_INT(read.n_bytes, 5);
    jobs_checkpoint_close(&read);
    store_close(l.store);
    remove_folder(folder);
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
           a_checkpoint_that_is_not_what_was_kept_is_not_resumed_from,
           a_checkpoint_of_another_run_is_left_aside,
           a_checkpoint_of_another_core_is_resumed_from_and_said,
           no_checkpoint_is_written_before_the_records_are_durable, cancelling_is_a_result,
           what_does_not_fit_is_refused_with_the_figure, an_unknown_data_set_is_not_trained_on,
           every_engine_asks_when_it_is_offered_something)
