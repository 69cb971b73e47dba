/* Moving all runs of an experiment at once: cancel, pause, resume. */
#include "server/store/experiments.h"
#include "server/store/internal.h"

typedef struct bulk {
    int64_t id;
    const char *list, *move; /* the runs to be moved, and how */
    const char *mark;        /* what else is changed in the experiment, or NULL */
    const char *want;        /* what is noted at those that are running */
    const char *list_after;  /* the runs to be told, or NULL: those that were moved */
    store_ids told;
} bulk;

static bool change_all(store_writer *w, void *arguments, fail *f)
{
    bulk *in = arguments;
    if (!store_check_experiment(&w->connection, in->id, f) ||
        !store_ids_list(w, in->list, in->id, &in->told, f))
        return false;
    if ((in->mark && !store_change_with(w, in->mark, in->id, f)) ||
        !store_change_with(w, in->want, in->id, f))
        return false;
    if (in->told.n > 0 &&
        (!store_change_with(w, in->move, in->id, f) || !store_tell_runs(w, &in->told, f) ||
         !store_settle_experiment(w, in->id, f)))
        return false;
    return !in->list_after || store_ids_list(w, in->list_after, in->id, &in->told, f);
}

static bool move_all(store *s, bulk *in, void (*each)(void *context, int64_t run_id), void *context,
                     fail *f)
{
    bool is_moved = store_write(s, change_all, in, f);
    store_ids_tell(&in->told, is_moved ? each : NULL, context);
    return is_moved;
}

#define WANT(status, condition)                                                                    \
    "UPDATE runs SET wanted_status = " status                                                      \
    " WHERE experiment_id = ?1 AND status = 'running' AND wanted_status " condition

static const char LIST_RUNNING[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status = 'running' ORDER BY id";
static const char LIST_WAITING[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status IN ('queued', 'paused') ORDER BY id";
static const char CANCEL_WAITING[] =
    "UPDATE runs SET status = 'cancelled', stop_reason = 'cancelled',"
    " finished_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') "
    "WHERE experiment_id = ?1 AND status IN ('queued', 'paused')";
static const char MARK_CANCELLED[] = "UPDATE experiments SET is_cancelled = 1 WHERE id = ?1";

bool store_cancel_experiment(store *s, int64_t id, void (*running)(void *context, int64_t run_id),
                             void *context, fail *f)
{
    bulk in = {.id = id,
               .list = LIST_WAITING,
               .move = CANCEL_WAITING,
               .mark = MARK_CANCELLED,
               .want = WANT("'cancelled'", "IS NOT 'cancelled'"),
               .list_after = LIST_RUNNING};
    return move_all(s, &in, running, context, f);
}

static const char LIST_QUEUED[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status = 'queued' ORDER BY id";
static const char PAUSE[] =
    "UPDATE runs SET status = 'paused' WHERE experiment_id = ?1 AND status = 'queued'";

bool store_pause_experiment(store *s, int64_t id, fail *f)
{
    bulk in = {.id = id, .list = LIST_QUEUED, .move = PAUSE, .want = WANT("'paused'", "IS NULL")};
    return move_all(s, &in, NULL, NULL, f);
}

static const char LIST_PAUSED[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 AND status = 'paused' ORDER BY id";
static const char RESUME[] =
    "UPDATE runs SET status = 'queued' WHERE experiment_id = ?1 AND status = 'paused'";

bool store_resume_experiment(store *s, int64_t id, void (*queued)(void *context, int64_t run_id),
                             void *context, fail *f)
{
    bulk in = {.id = id, .list = LIST_PAUSED, .move = RESUME, .want = WANT("NULL", "= 'paused'")};
    return move_all(s, &in, queued, context, f);
}
