#include "server/jobs/backup.h"

#include "core/base/digest.h"
#include "server/jobs/claim.h"
#include "server/jobs/files.h"
#include "server/jobs/registered.h"
#include "server/store/claims.h"
#include "server/store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE "regulab.db"
#define DATA "regulab-data"
#define SUMS "SHA256SUMS"

enum { TRIES = 5, SUFFIX_BYTES = 64 };

static bool storage_fail(fail *f, const char *action, const char *path)
{
    return fail_set(f, FAIL_STORAGE, NULL, "Cannot %s %s: %s.", action, path, strerror(errno));
}

static void inside(const char *dir, const char *name, char path[JOBS_PATH_BYTES])
{
    snprintf(path, JOBS_PATH_BYTES, "%.480s/%s", dir, name);
}

static bool check_length(const char *path, fail *f)
{
    return strlen(path) + SUFFIX_BYTES + 256 < JOBS_PATH_BYTES ||
           fail_set(f, FAIL_TOO_LARGE, NULL, "The path %.200s... is too long.", path);
}

static bool sync_path(const char *path, fail *f)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool is_synced = file >= 0 && fsync(file) == 0;
    if (!is_synced)
        storage_fail(f, "sync", path);
    if (file >= 0)
        close(file);
    return is_synced;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_folder(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- what is in it ---- */

typedef struct contents {
    const char *from, *to; /* data directories */
    const char *from_identity, *to_identity;
    FILE *sums; /* NULL: none are written */
    /* NULL: taken as it is; else a damaged file is told and left out */
    void (*hear)(void *context, const char *sentence);
    void *context;
    backup_counts *counts;
} contents;

typedef void naming(const jobs_files *files, int64_t run_id, const char *sha256,
                    char path[JOBS_PATH_BYTES]);

/* *is_there false: it was lost, or is damaged. */
static bool share_one(const contents *c, naming *name, int64_t run_id, const run_file *file,
                      const char *what, bool *is_there, fail *f)
{
    const jobs_files old = {c->from, c->from_identity}, new = {c->to, c->to_identity};
    char from[JOBS_PATH_BYTES], to[JOBS_PATH_BYTES], sentence[64];
    name(&old, run_id, file->sha256, from);
    name(&new, run_id, file->sha256, to);
    snprintf(sentence, sizeof sentence, "The %s of run %" PRId64, what, run_id);
    *is_there = (!c->hear || jobs_files_check_file(from, file, sentence, f)) &&
                jobs_files_share(from, to, f);
    if (!*is_there && f->code != FAIL_LOST && f->code != FAIL_DAMAGED)
        return false;
    if (!*is_there && c->hear)
        c->hear(c->context, f->sentence);
    if (*is_there && c->sums)
        (void)fprintf(c->sums, "%s  " DATA "%s\n", file->sha256, to + strlen(c->to));
    return true;
}

static bool share_of_run(const contents *c, const run_files *r, fail *f)
{
    bool is_there = true;
    if (r->model.bytes > 0 && !r->in_row) {
        if (!share_one(c, jobs_files_model, r->run_id, &r->model, "model", &is_there, f))
            return false;
        c->counts->n_models += is_there;
        c->counts->n_missing += !is_there;
    }
    if (r->checkpoint.bytes == 0 || run_state_is_terminal(r->status))
        return true;
    if (!share_one(c, jobs_files_checkpoint, r->run_id, &r->checkpoint, "checkpoint", &is_there, f))
        return false;
    c->counts->n_checkpoints += is_there;
    c->counts->n_missing += !is_there;
    return true;
}

static bool share_list(const contents *c, const run_files_list *list, fail *f)
{
    c->counts->n_models = c->counts->n_checkpoints = c->counts->n_missing = 0;
    for (size_t i = 0; i < list->n; i++)
        if (!share_of_run(c, &list->items[i], f))
            return false;
    return true;
}

static bool share_sets(const contents *c, fail *f)
{
    return registered_share(c->from, c->to, c->sums ? DATA : NULL, c->sums, c->hear, c->context,
                            &c->counts->n_sets, f);
}

/* ---- making it ---- */

static bool write_sum(FILE *sums, const char *path, const char *name, fail *f)
{
    run_file file;
    if (!jobs_files_read_mark(path, &file, f))
        return false;
    return fprintf(sums, "%s  %s\n", file.sha256, name) > 0 || storage_fail(f, "write", SUMS);
}

/* What was deleted between the moment of the database and this is missing: then of another
 * moment. */
static bool share_moment(const char *database, contents *c, const char *copy, bool is_last,
                         bool *is_whole, fail *f)
{
    store_snapshot *s;
    run_files_list list = {.n = 0};
    if (!store_snapshot_open(database, &s, f))
        return false;
    unlink(copy);
    c->from_identity = c->to_identity = store_snapshot_identity(s);
    rewind(c->sums);
    bool is_good = store_snapshot_copy(s, copy, f) && store_snapshot_load_files(s, &list, f) &&
                   ftruncate(fileno(c->sums), 0) == 0 && share_list(c, &list, f);
    *is_whole = c->counts->n_missing == 0 || is_last;
    free(list.items);
    store_snapshot_close(s);
    return is_good;
}

static bool fill(const char *database, const char *data_dir, const char *dir, FILE *sums,
                 backup_counts *out, fail *f)
{
    char copy[JOBS_PATH_BYTES], data[JOBS_PATH_BYTES];
    contents c = {.from = data_dir, .to = data, .sums = sums, .counts = out};
    bool is_whole = false;
    inside(dir, DATABASE, copy);
    inside(dir, DATA, data);
    if (!jobs_files_open(data, f))
        return false;
    for (int i = 1; !is_whole; i++)
        if (!share_moment(database, &c, copy, i == TRIES, &is_whole, f))
            return false;
    return share_sets(&c, f) && write_sum(sums, copy, DATABASE, f) && jobs_files_sync(data, f);
}

static bool fill_and_sum(const char *database, const char *data_dir, const char *dir,
                         backup_counts *out, fail *f)
{
    char path[JOBS_PATH_BYTES];
    inside(dir, SUMS, path);
    FILE *sums = fopen(path, "we");
    if (!sums)
        return storage_fail(f, "write", path);
    bool is_filled = fill(database, data_dir, dir, sums, out, f);
    bool is_written = fflush(sums) == 0 && fsync(fileno(sums)) == 0;
    (void)fclose(sums);
    if (is_filled && !is_written)
        return storage_fail(f, "write", path);
    return is_filled && sync_path(dir, f);
}

bool jobs_backup_make(const char *database, const char *data_dir, const char *dir,
                      backup_counts *out, fail *f)
{
    char part[JOBS_PATH_BYTES];
    *out = (backup_counts){.n_models = 0};
    if (!check_length(dir, f) || !check_length(data_dir, f))
        return false;
    if (access(dir, F_OK) == 0 && rmdir(dir) != 0)
        return fail_set(f, FAIL_CONFLICT, NULL,
                        "%s is there and not empty: name a folder that is to be made.", dir);
    snprintf(part, sizeof part, "%s.part-XXXXXX", dir);
    if (!mkdtemp(part))
        return storage_fail(f, "make the folder", part);
    bool is_made = fill_and_sum(database, data_dir, part, out, f);
    if (is_made && rename(part, dir) != 0)
        is_made = storage_fail(f, "make the folder", dir);
    if (!is_made)
        remove_folder(part);
    return is_made;
}

/* ---- making a store of it ---- */

/* The line of the database, which is the last. */
static bool check_sum(const char *dir, const char *copy, fail *f)
{
    char path[JOBS_PATH_BYTES], line[JOBS_PATH_BYTES], expected[DIGEST_TEXT_BYTES] = "";
    run_file found;
    inside(dir, SUMS, path);
    FILE *sums = fopen(path, "re");
    if (!sums)
        return fail_set(f, FAIL_NOT_FOUND, NULL, "%s is no backup: %s cannot be read: %s.", dir,
                        path, strerror(errno));
    while (fgets(line, sizeof line, sums))
        if (strlen(line) > DIGEST_TEXT_BYTES && strstr(line, "  " DATABASE "\n"))
            snprintf(expected, sizeof expected, "%.64s", line);
    (void)fclose(sums);
    if (!jobs_files_read_mark(copy, &found, f))
        return false;
    return strcmp(expected, found.sha256) == 0 ||
           fail_set(f, FAIL_DAMAGED, NULL,
                    "%s is damaged: its SHA-256 is not the one in %s. Use another backup.", copy,
                    path);
}

/* Left by a database of that name, a log would be taken for this one's. */
static bool check_place(const char *database, fail *f)
{
    static const char *const ENDINGS[] = {"", "-wal", "-shm", "-journal"};
    char path[JOBS_PATH_BYTES];
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        snprintf(path, sizeof path, "%s%s", database, ENDINGS[i]);
        if (access(path, F_OK) == 0)
            return fail_set(f, FAIL_CONFLICT, NULL,
                            "%s is there: nothing is restored over it. Name another --db, or move "
                            "it away.",
                            path);
    }
    return true;
}

static bool fill_store(store *s, const contents *c, fail *f)
{
    char identity[JOBS_IDENTITY_BYTES];
    run_files_list list;
    if (!jobs_claim_new_identity(identity, f) || !store_load_files(s, 0, &list, f))
        return false;
    contents own = *c;
    own.from_identity = store_identity(s);
    own.to_identity = identity;
    bool is_good = share_list(&own, &list, f) && jobs_files_sync(c->to, f) &&
                   store_change_identity(s, identity, f);
    free(list.items);
    return is_good;
}

static bool restore_into(const char *part, const contents *c, fail *f)
{
    store *s;
    int claim = -1;
    if (!registered_check(c->from, c->to, f) || !jobs_files_open(c->to, f) ||
        !store_open(part, &s, f))
        return false;
    /* Else a copy that is served first would be taken for it. */
    bool is_good = fill_store(s, c, f) && jobs_claim_open(s, c->to, &claim, f);
    store_close(s);
    jobs_claim_close(claim);
    return is_good && share_sets(c, f);
}

static void remove_part(const char *part)
{
    static const char *const ENDINGS[] = {"", "-wal", "-shm"};
    char path[JOBS_PATH_BYTES];
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        snprintf(path, sizeof path, "%s%s", part, ENDINGS[i]);
        unlink(path);
    }
}

bool jobs_backup_restore(const char *dir, const char *database, const char *data_dir,
                         void (*each)(void *context, const char *sentence), void *context,
                         backup_counts *out, fail *f)
{
    char copy[JOBS_PATH_BYTES], data[JOBS_PATH_BYTES], part[JOBS_PATH_BYTES];
    *out = (backup_counts){.n_models = 0};
    if (!check_length(dir, f) || !check_length(database, f) || !check_length(data_dir, f) ||
        !check_place(database, f))
        return false;
    inside(dir, DATABASE, copy);
    inside(dir, DATA, data);
    snprintf(part, sizeof part, "%s.part", database);
    const contents c = {
        .from = data, .to = data_dir, .hear = each, .context = context, .counts = out};
    remove_part(part);
    bool is_restored =
        check_sum(dir, copy, f) && jobs_files_copy(copy, part, f) && restore_into(part, &c, f);
    if (is_restored && rename(part, database) != 0)
        is_restored = storage_fail(f, "make", database);
    if (!is_restored)
        remove_part(part);
    return is_restored;
}
