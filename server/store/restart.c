/* restart — what a process that ended left behind. */
#include "server/store/change.h"

static const char LIST_LEFT[] =
    "SELECT id FROM runs WHERE status = 'running' AND id > ?1 ORDER BY id";
static const char REQUEUE[] =
    "UPDATE runs SET status = coalesce(wanted_status, 'queued'),"
    " stop_reason = CASE WHEN wanted_status = 'cancelled' THEN 'cancelled' END,"
    " finished_at = CASE WHEN wanted_status = 'cancelled'"
    " THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now') END"
    " WHERE status = 'running' AND id > ?1";
/* Also one between two of its runs, see SETTLE. */
static const char LIST_UNSETTLED[] =
    "SELECT id FROM experiments WHERE status = 'running' AND id > ?1 ORDER BY id";
static const char UNSETTLE[] =
    "UPDATE experiments SET status = 'queued' WHERE status = 'running' AND id > ?1";

bool store_requeue_runs(store_writer *w, fail *f)
{
    store_ids runs = {0}, experiments = {0};
    bool is_good = store_ids_list(w, LIST_LEFT, 0, &runs, f) &&
                   store_ids_list(w, LIST_UNSETTLED, 0, &experiments, f) &&
                   store_change_with(w, REQUEUE, 0, f) && store_change_with(w, UNSETTLE, 0, f) &&
                   store_tell_runs(w, &runs, f);
    for (size_t i = 0; is_good && i < experiments.n; i++)
        is_good = store_settle_experiment(w, experiments.ids[i], f);
    store_ids_tell(&runs, NULL, NULL);
    store_ids_tell(&experiments, NULL, NULL);
    return is_good;
}
