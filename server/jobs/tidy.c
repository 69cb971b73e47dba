/* What a crash, or another program, has left between database and data directory. */
#include "core/data/import/register.h"
#include "server/jobs/files.h"
#include "server/jobs/internal.h"
#include "server/store/datasets.h"
#include "server/store/runs.h"

#include <stdio.h>

static bool is_live(void *context, int64_t run_id)
{
    const jobs *j = context;
    run row = {0};
    fail f;
    bool is_there = store_get_run(j->options.store, run_id, &row, &f);
    bool lives = is_there ? !run_state_is_terminal(row.status) : f.code != FAIL_NOT_FOUND;
    run_close(&row);
    return lives;
}

void jobs_clean_checkpoints(jobs *j)
{
    jobs_files_clean_checkpoints(&j->ledger.files, is_live, j);
}

static bool is_known(void *context, int64_t run_id)
{
    const jobs *j = context;
    run row = {0};
    fail f;
    bool is_there = store_get_run(j->options.store, run_id, &row, &f);
    run_close(&row);
    return is_there || f.code != FAIL_NOT_FOUND;
}

void jobs_describe_dataset(const dataset_summary *s, dataset_info *out)
{
    *out = (dataset_info){.n_train = (int64_t)s->n[PART_TRAIN],
                          .n_validation = (int64_t)s->n[PART_VALIDATION],
                          .n_test = (int64_t)s->n[PART_TEST],
                          .inputs = (int64_t)s->d,
                          .outputs = (int64_t)s->k,
                          .bytes = (int64_t)s->bytes,
                          .created_ms = s->created_ms,
                          .built_in = s->built_in};
    snprintf(out->name, sizeof out->name, "%s", s->name);
    snprintf(out->sha256, sizeof out->sha256, "%s", s->sha256);
    snprintf(out->task, sizeof out->task, "%s",
             s->task == TASK_CLASSIFICATION ? "classification" : "regression");
}

/* Sets that the command line registered while no service ran. */
static bool put_dataset(void *context, const dataset_summary *summary)
{
    const jobs *j = context;
    dataset_info info;
    fail f;
    if (*summary->problem)
        return true;
    jobs_describe_dataset(summary, &info);
    return store_put_dataset(j->options.store, &info, &f);
}

/* So that runs of built-in sets join with `datasets` as well: by name, with the generator's own
 * options. */
static bool put_built_in(jobs *j, const char *name, fail *f)
{
    train_spec spec;
    dataset *set;
    dataset_summary summary;
    dataset_info info;
    spec_init(&spec);
    snprintf(spec.dataset, sizeof spec.dataset, "%s", name);
    if (!jobs_open_dataset(j, &spec, &set, f))
        return false;
    dataset_summarize(set, j->data_dir, &summary);
    dataset_close(set);
    jobs_describe_dataset(&summary, &info);
    return store_put_dataset(j->options.store, &info, f);
}

bool jobs_tidy_more(jobs *j)
{
    bool has = true;
    fail f;
    while (has && j->n_described < DATASET_COUNT) {
        const char *name = DATASETS[j->n_described++].name;
        if (!store_has_dataset(j->options.store, name, &has, &f) ||
            (!has && !put_built_in(j, name, &f)))
            (void)fprintf(stderr, "regulab: the row of data set %s waits for the next start: %s\n",
                          name, f.sentence);
    }
    return j->n_described < DATASET_COUNT;
}

void jobs_tidy(jobs *j)
{
    fail f;
    jobs_files_clean_models(&j->ledger.files, is_known, j);
    if (!dataset_list(j->data_dir, put_dataset, j, &f))
        (void)fprintf(stderr, "regulab: %s\n", f.sentence);
}
