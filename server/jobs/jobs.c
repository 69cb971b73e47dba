#include "server/jobs/jobs.h"

#include "server/jobs/claim.h"
#include "server/jobs/clerk.h"
#include "server/jobs/lease.h"
#include "server/jobs/room.h"
#include "server/store/runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_LIMIT_LEAST = 1 };

/* ---- memory ---- */

static void jobs_free(jobs *j)
{
    if (j->options.memory)
        memory_budget_on_shortage(j->options.memory, NULL, NULL);
    jobs_desk_close(j);
    jobs_claim_close(j->claim);
    room_free(j->room);
    dataset_cache_close(&j->cache);
    jobs_queue_free(j->queue);
    free(j->seats);
    free(j->data_dir);
    free(j);
}

static jobs *jobs_new(const jobs_options *options)
{
    jobs *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->options = *options;
    j->claim = -1;
    j->is_tidying = j->is_untidy = true; /* until the clerk has been at it */
    dataset_cache_init(&j->cache);
    j->data_dir = strdup(options->data_dir);
    j->room =
        j->data_dir ? room_new(j->data_dir, options->data_quota, options->upload_quota) : NULL;
    j->queue = jobs_queue_new();
    j->seats = calloc((size_t)options->n_engines, sizeof *j->seats);
    if (!j->room || !j->queue || !j->seats || !jobs_desk_open(j)) {
        jobs_free(j);
        return NULL;
    }
    j->ledger =
        (ledger){.store = options->store, .files = {j->data_dir, store_identity(options->store)}};
    j->last_epoch = store_starts(options->store) * JOBS_EPOCHS_PER_START;
    return j;
}

/* ---- start ---- */

typedef struct filling {
    jobs_queue *queue;
    bool has_failed; /* no memory */
} filling;

static bool add_queued(void *context, int64_t run_id, int64_t experiment_id, int priority)
{
    filling *x = context;
    x->has_failed = !jobs_queue_add(x->queue, experiment_id, priority, &run_id, 1);
    return !x->has_failed;
}

static bool fill_queue(jobs *j, fail *f)
{
    filling x = {.queue = j->queue};
    if (!store_list_queued(j->options.store, add_queued, &x, f))
        return false;
    return !x.has_failed ||
           fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the queue.");
}

/* The engine may ask before it is known here how many places it has: it gets nothing then. */
static bool open_engine(jobs *j, const engine_kind *kind, fail *f)
{
    void *engine;
    int n_places;
    engine_seat *seat = &j->seats[j->n_seats];
    *seat = (engine_seat){.jobs = j, .kind = kind};
    engine_owner owner = {.context = seat,
                          .take = jobs_take,
                          .report = jobs_report,
                          .open_dataset = jobs_open_for_engine,
                          .load_checkpoint = jobs_load_checkpoint};
    engine_options options = {.n_workers = j->options.n_workers, .memory = j->options.memory};
    if (!kind->open(&owner, &options, &engine, &n_places, f))
        return false;
    jobs_lock(j);
    seat->engine = engine;
    seat->n_places = n_places;
    j->n_places += n_places;
    j->n_seats++;
    jobs_wake(j);
    jobs_unlock(j);
    return true;
}

static bool start(jobs *j, fail *f)
{
    if (!jobs_desk_start(j, jobs_clerk, f))
        return false;
    for (int i = 0; i < j->options.n_engines; i++)
        if (!open_engine(j, &j->options.engines[i], f))
            return false;
    return true;
}

bool jobs_open(const jobs_options *options, jobs **out, fail *f)
{
    jobs_options whole = *options;
    if (!whole.engines) {
        whole.engines = ENGINES;
        whole.n_engines = ENGINE_COUNT;
    }
    assert(options->n_workers > 0 && options->queue_limit >= QUEUE_LIMIT_LEAST);
    int claim;
    if (!jobs_files_open(options->data_dir, f) ||
        !jobs_claim_open(options->store, options->data_dir, &claim, f))
        return false;
    jobs *j = jobs_new(&whole);
    if (!j) {
        jobs_claim_close(claim);
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the workers.");
    }
    j->claim = claim;
    jobs_share_memory(j);
    jobs_files_clean(&j->ledger.files);
    jobs_clean_checkpoints(j, true);
    if (!fill_queue(j, f) || !start(j, f)) {
        jobs_close(j);
        return false;
    }
    *out = j;
    return true;
}

/* ---- end ---- */

void jobs_close(jobs *j)
{
    if (!j)
        return;
    jobs_lock(j);
    j->is_closing = true;
    jobs_call_clerk(j);
    jobs_tell_change(j);
    jobs_unlock(j);
    for (int i = 0; i < j->n_seats; i++)
        j->seats[i].kind->close(j->seats[i].engine);
    jobs_lock(j);
    j->is_closed = true;
    jobs_call_clerk(j);
    jobs_unlock(j);
    jobs_desk_join(j);
    jobs_free(j);
}
