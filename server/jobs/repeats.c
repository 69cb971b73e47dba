#include "server/jobs/repeats.h"

#include "server/codec/codec.h"
#include "server/jobs/extend.h"
#include "server/jobs/study.h"
#include "server/store/experiments.h"
#include "server/study/arms.h"
#include "server/text/member.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool have_others_ended(const series *all, const run *last)
{
    for (size_t i = 0; i < all->n_runs; i++)
        if (all->runs[i].id != last->id && !run_state_is_terminal(all->runs[i].status))
            return false;
    return true;
}

/* Repeats of the first config: each has as many. */
static int64_t count_repeats(const series *all)
{
    int64_t n = 0;
    for (size_t i = 0; i < all->n_runs; i++)
        n += all->runs[i].config == 0;
    return n;
}

/* What the rule asks for; the present number where the first stage is over. */
static int64_t count_wanted(const jobs_study *x)
{
    const experiment_spec *e = &x->specs[0];
    int64_t n = count_repeats(&x->all[0]);
    arms a;
    fail f;
    if (n != e->n_repeats || !arms_open(&x->inquiry.table, NULL, &a, &f))
        return n;
    int64_t wanted = (int64_t)arms_repeats_wanted(&a, e->until.half_width, (size_t)e->n_repeats,
                                                  (size_t)e->until.max);
    arms_close(&a);
    return wanted;
}

static void extend(jobs *j, int64_t experiment_id, const run *last, int64_t n_repeats)
{
    int64_t *run_ids, n_run_ids;
    fail_list faults = {.n = 0};
    jobs_extension more = {.n_seeds = n_repeats, .asking_run = last->id};
    if (jobs_extend_experiment(j, experiment_id, &more, &run_ids, &n_run_ids, &faults))
        free(run_ids);
    else if (faults.items[0].code != FAIL_INTERRUPTED)
        (void)fprintf(stderr, "regulab: experiment %" PRId64 " gets no more repeats: %s\n",
                      experiment_id, faults.items[0].sentence);
}

static void decide(jobs *j, store *s, const experiment *e, const char *metric_name, const run *last,
                   const run_metrics *metrics)
{
    const jobs_study_query query = {.ids = {e->id},
                                    .n_ids = 1,
                                    .measure = {metric_name, STUDY_AT_SELECTED, NULL, NAN},
                                    .select_by = METRIC_VAL_LOSS,
                                    .last = last,
                                    .last_metrics = metrics};
    jobs_study x;
    fail f;
    if (!jobs_study_open(s, &query, &x, &f))
        return;
    int64_t wanted = have_others_ended(&x.all[0], last) ? count_wanted(&x) : 0;
    bool is_more = wanted > count_repeats(&x.all[0]);
    jobs_study_close(&x);
    if (is_more)
        extend(j, e->id, last, wanted);
}

/* Most experiments do not: they are not read for this. */
static bool wants_more(const char *spec)
{
    const char *repeats, *until;
    size_t n;
    return json_member_find(spec, strlen(spec), "repeats", &repeats, &n) &&
           json_member_find(repeats, n, "until", &until, &n);
}

void jobs_repeats_extend(jobs *j, store *s, const run *last, const run_metrics *metrics)
{
    experiment e = {0};
    experiment_spec spec;
    fail_list faults = {.n = 0};
    fail f;
    if (!store_get_experiment(s, last->experiment_id, &e, &f))
        return;
    if (e.spec && wants_more(e.spec) && codec_read_stored_spec(&e, &spec, &faults)) {
        const char *metric_name = METRICS[spec.until.metric].name;
        bool is_wanted = spec.until.enabled;
        experiment_spec_close(&spec);
        if (is_wanted)
            decide(j, s, &e, metric_name, last, metrics);
    }
    experiment_close(&e);
}
