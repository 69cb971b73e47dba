/* What a crash, or another program, has left between database and data directory. */
#include "core/data/import/register.h"
#include "server/jobs/files.h"
#include "server/jobs/internal.h"
#include "server/store/datasets.h"
#include "server/store/files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file whose run may come yet, if the directory is ahead of the database, is left alone, and so
 * is one of which nothing can be found out. */
typedef struct cleaning {
    const jobs *jobs;
    int64_t last_run;
    bool is_start; /* nothing is being written */
} cleaning;

static bool find_row(const cleaning *c, int64_t run_id, run_files *out, bool *is_gone)
{
    fail f;
    *is_gone = false;
    if (store_get_files(c->jobs->options.store, run_id, out, &f))
        return true;
    *is_gone = f.code == FAIL_NOT_FOUND && run_id <= c->last_run;
    return false;
}

/* At any other time than the start, one that its row does not name may be about to be named. */
static bool is_live(const cleaning *c, const jobs_file_name *name)
{
    run_files kept;
    bool is_gone;
    if (!find_row(c, name->run_id, &kept, &is_gone))
        return !is_gone;
    bool is_named = strcmp(name->sha256, kept.checkpoint.sha256) == 0;
    return !run_state_is_terminal(kept.status) && (is_named || !c->is_start);
}

static void clean_checkpoint(void *context, const jobs_file_name *name, const char *path)
{
    if (!name->is_nameless && !is_live(context, name))
        unlink(path);
}

static void clean_model(void *context, const jobs_file_name *name, const char *path)
{
    run_files kept;
    bool is_gone;
    if (!name->is_nameless && !find_row(context, name->run_id, &kept, &is_gone) && is_gone)
        unlink(path);
}

static bool begin_cleaning(const jobs *j, cleaning *out)
{
    fail f;
    *out = (cleaning){.jobs = j};
    return store_last_run(j->options.store, &out->last_run, &f);
}

void jobs_clean_checkpoints(jobs *j, bool is_start)
{
    cleaning c;
    if (!begin_cleaning(j, &c))
        return;
    c.is_start = is_start;
    jobs_files_list_checkpoints(&j->ledger.files, clean_checkpoint, &c);
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
    if (!jobs_open_dataset(&(jobs_set_source){.jobs = j}, &spec, &set, f))
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
    cleaning c;
    if (begin_cleaning(j, &c))
        jobs_files_list_models(&j->ledger.files, clean_model, &c);
    if (!dataset_list(j->data_dir, put_dataset, j, &f))
        (void)fprintf(stderr, "regulab: %s\n", f.sentence);
}
