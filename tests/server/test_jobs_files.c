/* Models and checkpoints in the data directory: which there are, and which are removed. */
#include "server/store/files.h"
#include "tests/server/jobs_await.h"

static const jobs_options ONE = {.n_workers = 1, .queue_limit = 50, .checkpoint_seconds = 0.05};

static void a_large_model_is_a_file(void)
{
    bench b;
    submission small, large;
    fail f;
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &small));
    CHECK(await_experiment(&b, small.experiment_id, RUN_STATE_COMPLETED));
    CHECK_OR_RETURN(bench_submit(
        &b, "{\"dataset\":{\"name\":\"moons\",\"n\":200},\"hidden\":[90,90],\"epochs\":1}",
        &large));
    CHECK(await_experiment(&b, large.experiment_id, RUN_STATE_COMPLETED));
    CHECK_EQUAL_INT(model_of(&b, small.run_ids[0]), IN_ROW);
    CHECK_EQUAL_INT(model_of(&b, large.run_ids[0]), IN_FILE);
    CHECK_OK(jobs_delete_experiment(b.jobs, small.experiment_id, false, &f), f);
    CHECK_OK(jobs_delete_experiment(b.jobs, large.experiment_id, false, &f), f);
    CHECK_EQUAL_INT(model_of(&b, small.run_ids[0]), NOWHERE);
    CHECK_EQUAL_INT(model_of(&b, large.run_ids[0]), NOWHERE);
    free(small.run_ids);
    free(large.run_ids);
    bench_close(&b);
}

static void write_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK_OR_RETURN(file != NULL);
    (void)fclose(file);
}

static int count_files(const char *folder)
{
    DIR *directory = opendir(folder);
    int n = 0;
    while (directory && readdir(directory))
        n++;
    if (directory)
        closedir(directory);
    return n - 2;
}

static void write_own_file(const char *folder, const char *database, const char *name)
{
    char whole[160];
    snprintf(whole, sizeof whole, "%s-%s", database, name);
    write_file(folder, whole);
}

#define SOME_SHA256 "00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1ff00d1"

/* An experiment whose rows are gone as well as it. */
static int64_t train_and_delete(bench *b)
{
    submission s;
    run_files kept;
    fail f = {.code = FAIL_NONE};
    if (!bench_submit(b, "{" QUICK ",\"epochs\":1}", &s))
        return 0;
    int64_t run_id = s.run_ids[0];
    free(s.run_ids);
    CHECK(await_experiment(b, s.experiment_id, RUN_STATE_COMPLETED));
    CHECK_OK(jobs_delete_experiment(b->jobs, s.experiment_id, true, &f), f);
    CHECK_FAILS(store_get_files(b->store, run_id, &kept, &f), f, FAIL_NOT_FOUND, "");
    return run_id;
}

static void files_that_nobody_knows_are_removed_at_start(void)
{
    bench b;
    submission s;
    char models[128], checkpoints[128];
    CHECK_OR_RETURN(bench_open(&b, ONE, NULL));
    const char *own = b.identity;
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &s));
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    free(s.run_ids);
    CHECK_EQUAL_INT(train_and_delete(&b), 2);
    bench_stop(&b);
    snprintf(models, sizeof models, "%s/models", b.data_dir);
    snprintf(checkpoints, sizeof checkpoints, "%s/checkpoints", b.data_dir);
    write_own_file(models, own, "2.safetensors"); /* of an older version */
    write_own_file(models, own, "2-" SOME_SHA256 ".safetensors");
    write_own_file(models, own, "1-" SOME_SHA256 ".safetensors.part");
    write_file(models, "notes.txt");
    write_file(models, "another-2.safetensors"); /* another database's */
    write_file(models, "another-1.safetensors.part");
    /* Of a run that has not been yet: the directory is ahead of the database. */
    write_own_file(models, own, "999-" SOME_SHA256 ".safetensors");
    write_own_file(checkpoints, own, "1.checkpoint");
    write_own_file(checkpoints, own, "2-" SOME_SHA256 ".checkpoint");
    write_own_file(checkpoints, own, "999-" SOME_SHA256 ".checkpoint");
    write_file(checkpoints, "another-1.checkpoint");
    CHECK_OR_RETURN(bench_start(&b));
    CHECK_EQUAL_INT(count_files(checkpoints), 2);
    CHECK_OR_RETURN(bench_submit(&b, "{" QUICK ",\"epochs\":1}", &s)); /* the worker tidies first */
    CHECK(await_experiment(&b, s.experiment_id, RUN_STATE_COMPLETED));
    CHECK_EQUAL_INT(count_files(models), 4);
    free(s.run_ids);
    bench_close(&b);
}

CHECK_MAIN("jobs_files", a_large_model_is_a_file, files_that_nobody_knows_are_removed_at_start)
