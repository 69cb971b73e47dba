#include "server/jobs/adopt.h"

#include "server/codec/codec.h"
#include "server/export/safetensors.h"
#include "server/store/files.h"
#include "server/store/runs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct adoption {
    store *store;
    const jobs_files *files;
    bool keeps_names;
    run_file_kind kind;
    int n_adopted;
} adoption;

/* ---- is it the run's? ---- */

static bool is_of_config(const char *bytes, size_t n, const char *config)
{
    train_spec spec;
    size_t inputs, outputs;
    float *model;
    fail f;
    if (!codec_read_config(config, strlen(config), &spec, &f) ||
        !export_safetensors_read_model(bytes, n, &spec, &inputs, &outputs, &model, &f))
        return false;
    free(model);
    return true;
}

static bool is_model_of(store *s, int64_t run_id, const char *bytes, size_t n)
{
    run row = {0};
    fail f;
    bool is_model = store_get_run(s, run_id, &row, &f) && is_of_config(bytes, n, row.config);
    run_close(&row);
    return is_model;
}

/* Whether a checkpoint is the run's is found out by whoever resumes from it. */
static bool is_fit(const adoption *a, int64_t run_id, const char *bytes, size_t n)
{
    return a->kind == RUN_FILE_CHECKPOINT || is_model_of(a->store, run_id, bytes, n);
}

/* ---- taking it in ---- */

static void new_path(const adoption *a, int64_t run_id, const run_file *file,
                     char path[JOBS_PATH_BYTES])
{
    if (a->kind == RUN_FILE_MODEL)
        jobs_files_model(a->files, run_id, file->sha256, path);
    else
        jobs_files_checkpoint(a->files, run_id, file->sha256, path);
}

static bool say(const char *path, const char *why)
{
    (void)fprintf(stderr, "regulab: %s is left aside: %s\n", path, why);
    return false;
}

/* What the row says by now, and that the file is that. */
static bool is_known(const adoption *a, int64_t run_id, const run_file *found)
{
    run_files kept;
    fail f;
    if (!store_get_files(a->store, run_id, &kept, &f))
        return false;
    const run_file *known = a->kind == RUN_FILE_MODEL ? &kept.model : &kept.checkpoint;
    return !(a->kind == RUN_FILE_MODEL && kept.in_row) && known->bytes == found->bytes &&
           strcmp(known->sha256, found->sha256) == 0;
}

static bool move_there(const adoption *a, int64_t run_id, const run_file *file, const char *path)
{
    char to[JOBS_PATH_BYTES];
    fail f;
    new_path(a, run_id, file, to);
    if (access(to, F_OK) == 0)
        return true;
    if (!a->keeps_names)
        return rename(path, to) == 0 || say(path, strerror(errno));
    return jobs_files_share(path, to, &f) || say(path, f.sentence);
}

static bool take_in(adoption *a, const jobs_file_name *name, const char *path, bool wants)
{
    char *bytes;
    size_t n;
    run_file file;
    fail f;
    if (!jobs_files_load(path, &bytes, &n, &f))
        return say(path, f.sentence);
    jobs_files_describe(&(jobs_piece){bytes ? bytes : "", n}, 1, &file);
    bool is_own = n > 0 && (!wants || is_fit(a, name->run_id, bytes, n));
    free(bytes);
    if (!is_own)
        return say(path, "it is none of that run's configuration");
    if (wants && !store_adopt_file(a->store, name->run_id, a->kind, &file, &f))
        return say(path, f.sentence);
    return is_known(a, name->run_id, &file) && move_there(a, name->run_id, &file, path);
}

/* A name with a digest is none of an older version. */
static void look_at(void *context, const jobs_file_name *name, const char *path)
{
    adoption *a = context;
    bool wants = false;
    run_files kept;
    fail f;
    if (*name->sha256 || !store_get_files(a->store, name->run_id, &kept, &f) ||
        !store_wants_file(a->store, name->run_id, a->kind, name->is_nameless, &wants, &f))
        return;
    const run_file *known = a->kind == RUN_FILE_MODEL ? &kept.model : &kept.checkpoint;
    char to[JOBS_PATH_BYTES];
    new_path(a, name->run_id, known, to);
    bool is_half_done = known->bytes > 0 && access(to, F_OK) != 0;
    if ((wants || is_half_done) && take_in(a, name, path, wants))
        a->n_adopted++;
}

void jobs_adopt(store *s, const jobs_files *files, const char *database)
{
    adoption a = {.store = s,
                  .files = files,
                  .keeps_names = strcmp(database, files->database) != 0,
                  .kind = RUN_FILE_MODEL};
    const jobs_files old = {files->data_dir, database};
    jobs_files_list_models(&old, look_at, &a);
    a.kind = RUN_FILE_CHECKPOINT;
    jobs_files_list_checkpoints(&old, look_at, &a);
    if (a.n_adopted > 0)
        (void)fprintf(stderr, "regulab: took in %d files that an older version has left in %s\n",
                      a.n_adopted, files->data_dir);
}
