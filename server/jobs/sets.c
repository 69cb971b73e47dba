/* The data sets that runs and plans share: opened by one, outside the lock, while the others
 * wait. */
#include "server/jobs/internal.h"

bool jobs_open_always(void *context, const train_spec *spec, dataset **out, fail *f)
{
    jobs *j = context;
    dataset_key key;
    if (!dataset_key_of(spec, j->data_dir, &key, f))
        return false;
    jobs_lock(j);
    dataset_cache_state state;
    while ((state = dataset_cache_find(&j->cache, &key, out)) == DATASET_CACHE_OPENING)
        jobs_wait_change(j);
    jobs_unlock(j);
    if (state == DATASET_CACHE_READY)
        return true;
    bool is_open =
        dataset_open(spec->dataset, &spec->dataset_options, spec->data_seed, j->data_dir, out, f);
    if (state == DATASET_CACHE_FULL)
        return is_open;
    jobs_lock(j);
    if (is_open)
        dataset_cache_put(&j->cache, &key, *out);
    else
        dataset_cache_drop(&j->cache, &key);
    jobs_tell_change(j);
    jobs_unlock(j);
    return is_open;
}

bool jobs_open_dataset(void *context, const train_spec *spec, dataset **out, fail *f)
{
    jobs *j = context;
    if (atomic_load(&j->is_leaving))
        return fail_set(f, FAIL_INTERRUPTED, NULL, "The service stops.");
    return jobs_open_always(j, spec, out, f);
}

void jobs_leave_requests(jobs *j)
{
    atomic_store(&j->is_leaving, true);
}
