#include "server/jobs/registered.h"

#include "core/data/import/register.h"
#include "server/jobs/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool storage_fail(fail *f, const char *action, const char *path)
{
    return fail_set(f, FAIL_STORAGE, NULL, "Cannot %s %s: %s.", action, path, strerror(errno));
}

/* ---- names ---- */

/* Calls `each` for every name with the SHA-256 that it links to ("": it is no such link), until it
 * is false. */
typedef bool each_name(void *context, const char *name, const char *sha256, fail *f);

static bool look_at(const char *data_dir, const char *name, each_name *each, void *context, fail *f)
{
    char sha256[DIGEST_TEXT_BYTES] = "";
    fail why;
    if (!dataset_read_sha256(name, data_dir, sha256, &why))
        sha256[0] = '\0';
    return each(context, name, sha256, f);
}

static bool list_names(const char *data_dir, each_name *each, void *context, fail *f)
{
    char path[JOBS_PATH_BYTES];
    snprintf(path, sizeof path, "%s/datasets", data_dir);
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT || storage_fail(f, "list", path);
    bool is_good = true;
    const struct dirent *entry;
    while (is_good && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            is_good = look_at(data_dir, entry->d_name, each, context, f);
    closedir(folder);
    return is_good;
}

/* ---- conflicts ---- */

static bool compare(void *context, const char *name, const char *sha256, fail *f)
{
    const char *to = context;
    char other[DIGEST_TEXT_BYTES];
    fail none;
    if (!*sha256 || !dataset_read_sha256(name, to, other, &none) || strcmp(sha256, other) == 0)
        return true;
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "The data directory %s has another data set called %s: name another "
                    "--data-dir, or remove that.",
                    to, name);
}

bool registered_check(const char *from, const char *to, fail *f)
{
    char other[JOBS_PATH_BYTES];
    snprintf(other, sizeof other, "%s", to);
    return list_names(from, compare, other, f);
}

/* ---- sharing ---- */

typedef struct sharing {
    const char *from, *to, *prefix;
    FILE *sums;
    registered_hear *hear;
    void *context;
    size_t *n;
} sharing;

static bool check_content(const char *path, const char *sha256, const char *name, fail *f)
{
    struct stat about;
    run_file expected = {.bytes = stat(path, &about) == 0 ? (int64_t)about.st_size : 0};
    char what[96];
    snprintf(expected.sha256, sizeof expected.sha256, "%s", sha256);
    snprintf(what, sizeof what, "The data set %s", name);
    return jobs_files_check_file(path, &expected, what, f);
}

/* *is_there false: it is damaged or gone, and has been told. */
static bool share_content(const sharing *s, const char *name, const char *sha256, bool *is_there,
                          fail *f)
{
    char from[JOBS_PATH_BYTES], to[JOBS_PATH_BYTES];
    snprintf(from, sizeof from, "%s/content/%s", s->from, sha256);
    snprintf(to, sizeof to, "%s/content/%s", s->to, sha256);
    *is_there = (!s->hear || check_content(from, sha256, name, f)) && jobs_files_share(from, to, f);
    if (!*is_there && f->code != FAIL_LOST && f->code != FAIL_DAMAGED)
        return false;
    if (!*is_there && s->hear)
        s->hear(s->context, f->sentence);
    if (*is_there && s->sums)
        (void)fprintf(s->sums, "%s  %s/content/%s\n", sha256, s->prefix, sha256);
    return true;
}

/* What the files of the set said; a set may have none. */
static bool share_origin(const sharing *s, const char *name, fail *f)
{
    char from[JOBS_PATH_BYTES], to[JOBS_PATH_BYTES];
    snprintf(from, sizeof from, "%s/origins/%s", s->from, name);
    snprintf(to, sizeof to, "%s/origins/%s", s->to, name);
    return access(from, F_OK) != 0 || jobs_files_share(from, to, f) || f->code == FAIL_LOST;
}

static bool share_name(void *context, const char *name, const char *sha256, fail *f)
{
    const sharing *s = context;
    char path[JOBS_PATH_BYTES], target[96];
    bool is_there;
    if (!*sha256)
        return true;
    if (!share_content(s, name, sha256, &is_there, f))
        return false;
    if (!is_there)
        return true;
    if (!share_origin(s, name, f))
        return false;
    snprintf(path, sizeof path, "%s/datasets/%s", s->to, name);
    snprintf(target, sizeof target, "../content/%s", sha256);
    if (symlink(target, path) != 0 && errno != EEXIST)
        return storage_fail(f, "make", path);
    (*s->n)++;
    return true;
}

static bool sync_folder(const char *data_dir, const char *name, fail *f)
{
    char path[JOBS_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", data_dir, name);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = folder >= 0 && fsync(folder) == 0;
    if (!is_synced)
        storage_fail(f, "sync", path);
    if (folder >= 0)
        close(folder);
    return is_synced;
}

static bool lock_content(const char *data_dir, int *lock, fail *f)
{
    char path[JOBS_PATH_BYTES];
    snprintf(path, sizeof path, "%s/content", data_dir);
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock >= 0 && flock(*lock, LOCK_EX) == 0)
        return true;
    if (*lock >= 0)
        close(*lock);
    return storage_fail(f, "lock", path);
}

/* The folders are made by the same function that makes them for sets that are added. */
bool registered_share(const char *from, const char *to, const char *prefix, FILE *sums,
                      registered_hear *hear, void *context, size_t *n, fail *f)
{
    sharing s = {from, to, prefix, sums, hear, context, n};
    int lock;
    *n = 0;
    if (!dataset_clean(to, f) || !lock_content(to, &lock, f))
        return false;
    bool is_shared = list_names(from, share_name, &s, f) && sync_folder(to, "content", f) &&
                     sync_folder(to, "origins", f) && sync_folder(to, "datasets", f);
    close(lock);
    return is_shared;
}

/* ---- checking ---- */

typedef struct verifying {
    const char *data_dir;
    registered_hear *hear;
    void *context;
    size_t *n;
} verifying;

static bool verify_name(void *context, const char *name, const char *sha256, fail *f)
{
    const verifying *v = context;
    char path[JOBS_PATH_BYTES], sentence[160];
    (*v->n)++;
    snprintf(path, sizeof path, "%s/content/%s", v->data_dir, sha256);
    snprintf(sentence, sizeof sentence, "The data set %.64s is no link to stored content.", name);
    if (!*sha256)
        v->hear(v->context, sentence);
    else if (!check_content(path, sha256, name, f))
        v->hear(v->context, f->sentence);
    return true;
}

bool registered_verify(const char *data_dir, registered_hear *hear, void *context, size_t *n,
                       fail *f)
{
    verifying v = {data_dir, hear, context, n};
    *n = 0;
    return list_names(data_dir, verify_name, &v, f);
}
