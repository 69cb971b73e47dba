#include "server/jobs/check_data.h"

#include "server/jobs/files.h"
#include "server/jobs/registered.h"
#include "server/store/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct data_check {
    const char *database;
    jobs_files files;
    void (*each)(void *context, const char *sentence);
    void *context;
    data_counts *counts;
} data_check;

/* What the row says now: a store in use may have replaced or deleted the file meanwhile. */
static bool is_as_before(const data_check *c, const run_files *before)
{
    store_snapshot *s;
    run_files_list list;
    fail f;
    bool is_same = false;
    if (!store_snapshot_open(c->database, &s, &f))
        return true;
    if (store_snapshot_load_files(s, &list, &f)) {
        for (size_t i = 0; i < list.n; i++)
            is_same = is_same ||
                      (list.items[i].run_id == before->run_id &&
                       strcmp(list.items[i].model.sha256, before->model.sha256) == 0 &&
                       strcmp(list.items[i].checkpoint.sha256, before->checkpoint.sha256) == 0);
        free(list.items);
    }
    store_snapshot_close(s);
    return is_same;
}

static void look_at(const data_check *c, const run_files *r, const char *path, const run_file *file,
                    const char *kind)
{
    char what[64];
    fail f;
    snprintf(what, sizeof what, "The %s of run %" PRId64, kind, r->run_id);
    if (!jobs_files_check_file(path, file, what, &f) && is_as_before(c, r))
        c->each(c->context, f.sentence);
}

static void check_run(const data_check *c, const run_files *r)
{
    char path[JOBS_PATH_BYTES];
    if (r->model.bytes > 0 && !r->in_row) {
        jobs_files_model(&c->files, r->run_id, r->model.sha256, path);
        look_at(c, r, path, &r->model, "model");
        c->counts->n_models++;
    }
    if (r->checkpoint.bytes > 0 && !run_state_is_terminal(r->status)) {
        jobs_files_checkpoint(&c->files, r->run_id, r->checkpoint.sha256, path);
        look_at(c, r, path, &r->checkpoint, "checkpoint");
        c->counts->n_checkpoints++;
    }
}

static bool check_runs(const data_check *c, store_snapshot *s, fail *f)
{
    run_files_list list;
    if (!store_snapshot_load_files(s, &list, f))
        return false;
    for (size_t i = 0; i < list.n; i++)
        check_run(c, &list.items[i]);
    free(list.items);
    return true;
}

bool jobs_check_data(const char *database, const char *data_dir,
                     void (*each)(void *context, const char *sentence), void *context,
                     data_counts *out, fail *f)
{
    store_snapshot *s;
    *out = (data_counts){.n_models = 0};
    if (!store_snapshot_open(database, &s, f))
        return false;
    const data_check c = {.database = database,
                          .files = {data_dir, store_snapshot_identity(s)},
                          .each = each,
                          .context = context,
                          .counts = out};
    bool is_checked = store_snapshot_check(s, each, context, f) && check_runs(&c, s, f);
    store_snapshot_close(s);
    return is_checked && registered_verify(data_dir, each, context, &out->n_sets, f);
}
