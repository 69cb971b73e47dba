/* engine_watch — trains an assignment and keeps what is reported; a shelf for its checkpoints. */
#ifndef TESTS_SERVER_ENGINE_WATCH_H
#define TESTS_SERVER_ENGINE_WATCH_H

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

CHECK_UNUSED static void hear_record(watcher *w, const record *r)
{
    if (w->n_records < RECORDS_LIMIT) {
        w->epochs[w->n_records] = r->epoch;
        w->val_loss[w->n_records++] = r->values[METRIC_VAL_LOSS];
    }
}

CHECK_UNUSED static void hear_start(watcher *w, const report_started *s)
{
    w->n_starts++;
    w->was_resumed = s->is_resumed;
    w->memory_bytes = s->memory_bytes;
    snprintf(w->note, sizeof w->note, "%s", s->note);
    CHECK_EQUAL_INT(strlen(s->data_sha256), 64);
}

CHECK_UNUSED static void hear_end(watcher *w, const report_ended *e)
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

CHECK_UNUSED static void keep(shelf *s, const char *blas_core, const void *bytes, size_t n)
{
    fail f;
    jobs_files_remove_checkpoint(&s->files, RUN_ID, &s->kept);
    CHECK_OK(jobs_checkpoint_save(&s->files, RUN_ID, blas_core, bytes, n, &s->kept, &f), f);
}

CHECK_UNUSED static bool take_down(void *context, const lease *of, jobs_checkpoint *out, fail *f)
{
    const watcher *w = context;
    CHECK_EQUAL_INT(of->run_id, RUN_ID);
    return jobs_checkpoint_load(&w->shelf->files, of->run_id, &w->shelf->kept, out, f);
}

CHECK_UNUSED static bool hear(void *context, const report *r, command *answer, fail *f)
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

CHECK_UNUSED static bool open_set(void *context, const train_spec *spec, dataset **out, fail *f)
{
    (void)context;
    return dataset_open(spec->dataset, &spec->dataset_options, spec->data_seed, NULL, out, f);
}

CHECK_UNUSED static void train(const train_spec *spec, watcher *w)
{
    engine_owner owner = {.context = w, .report = hear, .open_dataset = open_set};
    assignment a = {.lease = {.run_id = RUN_ID, .epoch = 5}, .spec = *spec, .threads = 1};
    if (w->shelf)
        owner.load_checkpoint = take_down;
    work_train(&a, &owner, NULL);
}

CHECK_UNUSED static void fill_spec(train_spec *spec)
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

CHECK_UNUSED static void make_folder(char path[64])
{
    snprintf(path, 64, "/tmp/regulab-test-engine-XXXXXX");
    CHECK(mkdtemp(path) != NULL);
}

CHECK_UNUSED static void remove_folder(const char *folder)
{
    char command_line[96];
    snprintf(command_line, sizeof command_line, "rm -r '%s'", folder);
    CHECK(system(command_line) == 0);
}

CHECK_UNUSED static void make_shelf(shelf *s)
{
    fail f;
    *s = (shelf){.kept.bytes = 0};
    make_folder(s->folder);
    s->files = (jobs_files){s->folder, "own"};
    CHECK_OK(jobs_files_open(s->folder, &f), f);
}

CHECK_UNUSED static void path_of(const shelf *s, char path[JOBS_PATH_BYTES])
{
    jobs_files_checkpoint(&s->files, RUN_ID, s->kept.sha256, path);
}

CHECK_UNUSED static void undisturbed(const train_spec *spec, watcher *w)
{
    *w = (watcher){.stop_after = 0};
    train(spec, w);
    CHECK_EQUAL_INT(w->result.stop, TRAIN_STOP_FINISHED);
    CHECK_EQUAL_INT(w->n_records, 13);
    CHECK_EQUAL_INT(w->n_starts, 1);
    CHECK_EQUAL_INT(w->n_ends, 1);
    CHECK(w->memory_bytes > 0);
}

CHECK_UNUSED static void same_model(const watcher *a, const watcher *b)
{
    CHECK_EQUAL_INT(a->result.n_model, b->result.n_model);
    CHECK_EQUAL_BYTES(a->result.model, b->result.model, b->result.n_model * sizeof(float));
}

CHECK_UNUSED static void same_curve(const watcher *a, const watcher *b)
{
    CHECK_EQUAL_INT(a->n_records, b->n_records);
    CHECK_EQUAL_BYTES(a->epochs, b->epochs, (size_t)b->n_records * sizeof *b->epochs);
    CHECK_EQUAL_BYTES(a->val_loss, b->val_loss, (size_t)b->n_records * sizeof *b->val_loss);
}

#endif
