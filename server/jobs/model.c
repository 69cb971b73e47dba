/* Where the model of a run lies. */
#include "server/jobs/files.h"
#include "server/jobs/internal.h"
#include "server/store/runs.h"

#include <unistd.h>

bool jobs_find_model(const jobs *j, int64_t run_id, bool *has, jobs_model *out, fail *f)
{
    if (!store_get_model(j->options.store, run_id, &out->bytes, &out->n_bytes, f))
        return false;
    jobs_files_model(&j->ledger.files, run_id, out->path);
    *has = out->bytes || access(out->path, R_OK) == 0;
    return true;
}

bool jobs_load_model(const jobs *j, int64_t run_id, char **bytes, size_t *n, fail *f)
{
    bool has;
    jobs_model model;
    if (!jobs_find_model(j, run_id, &has, &model, f))
        return false;
    *bytes = model.bytes;
    *n = model.n_bytes;
    return model.bytes || jobs_files_load(model.path, bytes, n, f);
}
