/* Where the model of a run lies, and that it is the one that was kept. */
#include "server/jobs/files.h"
#include "server/jobs/internal.h"
#include "server/store/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WHAT_BYTES = 48 };

static void name_model(int64_t run_id, char what[WHAT_BYTES])
{
    snprintf(what, WHAT_BYTES, "The model of run %" PRId64, run_id);
}

/* Its row says that there is one, and an older version has not said more. */
static bool lost(int64_t run_id, const jobs *j, fail *f)
{
    return fail_set(f, FAIL_LOST, NULL,
                    "The model of run %" PRId64
                    " is lost: an older version stored it as a file that is not in %s/models.",
                    run_id, j->data_dir);
}

static bool read_row(const jobs *j, const run_files *kept, jobs_model *out, fail *f)
{
    char what[WHAT_BYTES];
    name_model(kept->run_id, what);
    if (!store_get_model(j->options.store, kept->run_id, &out->bytes, &out->n_bytes, f))
        return false;
    if (jobs_files_check_bytes(out->bytes ? out->bytes : "", out->n_bytes, &kept->model, what, f))
        return true;
    free(out->bytes);
    out->bytes = NULL;
    return false;
}

/* Finds out where it is; a file is not read yet. */
static bool find(const jobs *j, int64_t run_id, bool *has, run_files *kept, jobs_model *out,
                 fail *f)
{
    *out = (jobs_model){.bytes = NULL};
    if (!store_get_files(j->options.store, run_id, kept, f))
        return false;
    *has = kept->model.bytes > 0;
    if (!*has)
        return !kept->left_model || lost(run_id, j, f);
    if (kept->in_row)
        return read_row(j, kept, out, f);
    jobs_files_model(&j->ledger.files, run_id, kept->model.sha256, out->path);
    return jobs_files_check(j->data_dir, f); /* else it is not known to be lost */
}

bool jobs_find_model(const jobs *j, int64_t run_id, bool *has, jobs_model *out, fail *f)
{
    run_files kept;
    char what[WHAT_BYTES];
    name_model(run_id, what);
    return find(j, run_id, has, &kept, out, f) &&
           (!*has || out->bytes || jobs_files_check_file(out->path, &kept.model, what, f));
}

bool jobs_load_model(const jobs *j, int64_t run_id, char **bytes, size_t *n, fail *f)
{
    bool has;
    run_files kept;
    jobs_model model;
    char what[WHAT_BYTES];
    name_model(run_id, what);
    if (!find(j, run_id, &has, &kept, &model, f))
        return false;
    *bytes = model.bytes;
    *n = (size_t)kept.model.bytes;
    return !has || model.bytes || jobs_files_load_checked(model.path, &kept.model, what, bytes, f);
}
