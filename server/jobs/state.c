/* What jobs say of themselves: how much is going on, whether anything waits for a disk, how long it
 * will take. */
#include "core/base/clock.h"
#include "server/jobs/internal.h"

#include <math.h>

void jobs_get_state(jobs *j, jobs_state *out)
{
    int64_t now_ms = clock_steady_ms();
    jobs_lock(j);
    *out = (jobs_state){.n_workers = j->n_places,
                        .n_running = jobs_count_running(j),
                        .n_queued = (int64_t)jobs_queue_count(j->queue)};
    for (const leased_run *l = j->leased; l; l = l->next) {
        int64_t n_done = l->step - l->first_step;
        if (STAGES[l->stage].takes_place && now_ms > l->leased_ms && n_done > 0)
            out->steps_per_second += 1000.0 * (double)n_done / (double)(now_ms - l->leased_ms);
    }
    jobs_unlock(j);
}

bool jobs_is_healthy(jobs *j, fail *f)
{
    if (!jobs_files_check(j->data_dir, f))
        return false;
    bool is_well = true;
    jobs_lock(j);
    for (const leased_run *l = j->leased; l && is_well; l = l->next) {
        is_well = l->trouble.code == FAIL_NONE || l->trouble.code == FAIL_UNAVAILABLE; /* memory */
        if (!is_well)
            *f = l->trouble;
    }
    jobs_unlock(j);
    return is_well;
}

double jobs_estimate_seconds(jobs *j, double work, int64_t n_runs)
{
    jobs_lock(j);
    double seconds = rate_seconds(&j->rate, work);
    jobs_unlock(j);
    double n_lanes = (double)(n_runs < j->n_places ? n_runs : j->n_places);
    return n_lanes > 0 ? seconds / n_lanes : 0;
}

/* Of the whole run, by its own steps; NaN before the second that was told. */
static double projected_seconds(const leased_run *l, int64_t now_ms, double *left)
{
    if (l->first_step < 0 || l->step <= l->first_step || l->n_steps <= 0)
        return NAN;
    double per_step = (double)(now_ms - l->leased_ms) / 1000.0 / (double)(l->step - l->first_step);
    *left = per_step * (double)(l->n_steps - l->step);
    return per_step * (double)l->n_steps;
}

double jobs_remaining_seconds(jobs *j, int64_t experiment_id)
{
    int64_t now_ms = clock_steady_ms();
    jobs_lock(j);
    double mean = jobs_queue_mean_seconds(j->queue, experiment_id), sum = 0;
    double n_waiting = (double)jobs_queue_count_of(j->queue, experiment_id), n_working = 0;
    for (const leased_run *l = j->leased; l; l = l->next) {
        if (!STAGES[l->stage].takes_place || l->experiment_id != experiment_id)
            continue;
        double left = NAN, whole = projected_seconds(l, now_ms, &left);
        n_working++;
        if (isnan(mean))
            mean = whole;
        sum += isnan(whole) ? mean : left;
    }
    double n_lanes = (double)jobs_queue_lane_count(j->queue);
    jobs_unlock(j);
    double share = n_lanes > 0 ? (double)j->n_places / n_lanes : (double)j->n_places;
    share = fmin(fmax(share, fmax(n_working, 1)), fmax(n_waiting + n_working, 1));
    return (n_waiting > 0 ? sum + n_waiting * mean : sum) / share;
}
