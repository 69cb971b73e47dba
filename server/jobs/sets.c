/* The data sets that runs and plans share: opened by one, outside the lock, while the others
 * wait. */
#include "core/data/open.h"
#include "server/jobs/internal.h"

enum { ASK_MS = 50 }; /* between questions whether a set is still wanted */

static void give_back(void *context, size_t n_bytes)
{
    memory_budget_give_back(context, n_bytes);
}

/* A set of the cache that nobody uses makes room. */
static bool shrink(void *context)
{
    jobs *j = context;
    jobs_lock(j);
    bool has_shrunk = dataset_cache_shrink(&j->cache);
    jobs_unlock(j);
    return has_shrunk;
}

void jobs_share_memory(jobs *j)
{
    if (j->options.memory)
        memory_budget_on_shortage(j->options.memory, shrink, j);
}

/* A set has its memory from the budget until it is closed. */
static bool open_set(jobs *j, const caller *by, const train_spec *spec, size_t n_bytes,
                     dataset **out, fail *f)
{
    if (!memory_budget_take(j->options.memory, n_bytes, "The data set", f))
        return false;
    if (!dataset_open_for(by, spec->dataset, &spec->dataset_options, spec->data_seed, j->data_dir,
                          out, f)) {
        memory_budget_give_back(j->options.memory, n_bytes);
        return false;
    }
    dataset_on_close(*out, give_back, j->options.memory, n_bytes);
    return true;
}

/* With the lock held: waits while another opens it. False where it is not wanted any more. */
static bool find(jobs *j, const caller *by, const dataset_key *key, dataset_cache_state *state,
                 dataset **out, fail *f)
{
    while ((*state = dataset_cache_find(&j->cache, key, out)) == DATASET_CACHE_OPENING) {
        if (!caller_check(by, f))
            return false;
        jobs_wait_change_for(j, ASK_MS);
    }
    return true;
}

/* What is not in the cache is to be generated: said before anybody waits for it. */
static bool begin(const jobs_set_source *source, const dataset_key *key, const dataset_cost *cost,
                  fail *f)
{
    jobs *j = source->jobs;
    if (source->is_counted || cost->n_values == 0)
        return true;
    jobs_lock(j);
    bool is_there = dataset_cache_has(&j->cache, key);
    jobs_unlock(j);
    return is_there || caller_begin(source->by, CALLER_VALUES, cost->n_values, f);
}

static bool open_shared(const jobs_set_source *source, const train_spec *spec, dataset **out,
                        fail *f)
{
    jobs *j = source->jobs;
    const caller *by = source->by;
    dataset_key key;
    dataset_cost cost;
    dataset_cache_state state = DATASET_CACHE_FULL;
    if (!dataset_key_of(spec, j->data_dir, &key, f) ||
        !dataset_find_cost(spec->dataset, &spec->dataset_options, j->data_dir, &cost, f) ||
        !begin(source, &key, &cost, f))
        return false;
    jobs_lock(j);
    bool is_wanted = find(j, by, &key, &state, out, f);
    jobs_unlock(j);
    if (!is_wanted || state == DATASET_CACHE_READY)
        return is_wanted;
    bool is_open = open_set(j, by, spec, cost.n_bytes, out, f);
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

bool jobs_open_always(jobs *j, const train_spec *spec, dataset **out, fail *f)
{
    return open_shared(&(jobs_set_source){.jobs = j}, spec, out, f);
}

bool jobs_open_dataset(void *context, const train_spec *spec, dataset **out, fail *f)
{
    const jobs_set_source *source = context;
    jobs *j = source->jobs;
    if (source->always)
        return jobs_open_always(j, spec, out, f);
    if (atomic_load(&j->is_leaving))
        return fail_set(f, FAIL_INTERRUPTED, NULL, "The service stops.");
    return open_shared(source, spec, out, f);
}

void jobs_leave_requests(jobs *j)
{
    atomic_store(&j->is_leaving, true);
}
