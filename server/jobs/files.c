#include "server/jobs/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MODELS "models"
#define CHECKPOINTS "checkpoints"
#define MODEL_SUFFIX ".safetensors"
#define CHECKPOINT_SUFFIX ".checkpoint"
#define TEMPORARY_SUFFIX ".part"

static bool storage_fail(fail *f, const char *action, const char *path)
{
    return fail_set(f, FAIL_STORAGE, NULL, "Cannot %s %s: %s.", action, path, strerror(errno));
}

static bool make_folder(const char *path, fail *f)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    return storage_fail(f, "make the folder", path);
}

/* mkdir -p */
static bool make_folders(const char *path, fail *f)
{
    char part[JOBS_PATH_BYTES];
    size_t n = strlen(path);
    if (n + 64 > sizeof part)
        return fail_set(f, FAIL_STORAGE, NULL, "The path of the data directory is too long: %s.",
                        path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (!make_folder(part, f))
            return false;
    }
    return true;
}

static void join(const char *data_dir, const char *folder, const char *name,
                 char path[JOBS_PATH_BYTES])
{
    snprintf(path, JOBS_PATH_BYTES, "%s/%s%s%s", data_dir, folder, *name ? "/" : "", name);
}

bool jobs_files_open(const char *data_dir, fail *f)
{
    return make_folders(data_dir, f) && jobs_files_check(data_dir, f);
}

static bool can_use(const char *path)
{
    return access(path, R_OK | W_OK | X_OK) == 0;
}

bool jobs_files_check(const char *data_dir, fail *f)
{
    static const char *const FOLDERS[] = {MODELS, CHECKPOINTS};
    for (int i = 0; i < 2; i++) {
        char path[JOBS_PATH_BYTES];
        join(data_dir, FOLDERS[i], "", path);
        if (can_use(path))
            continue;
        if (errno == ENOENT && !can_use(data_dir))
            return storage_fail(f, "use the data directory", data_dir);
        if (!make_folder(path, f))
            return false;
        if (!can_use(path))
            return storage_fail(f, "use the folder", path);
    }
    return true;
}

static void run_path(const jobs_files *files, const char *folder, int64_t run_id,
                     const char *suffix, char path[JOBS_PATH_BYTES])
{
    char name[96];
    snprintf(name, sizeof name, "%s-%" PRId64 "%s", files->database, run_id, suffix);
    join(files->data_dir, folder, name, path);
}

void jobs_files_model(const jobs_files *files, int64_t run_id, char path[JOBS_PATH_BYTES])
{
    run_path(files, MODELS, run_id, MODEL_SUFFIX, path);
}

void jobs_files_checkpoint(const jobs_files *files, int64_t run_id, char path[JOBS_PATH_BYTES])
{
    run_path(files, CHECKPOINTS, run_id, CHECKPOINT_SUFFIX, path);
}

static bool write_all(int file, const jobs_piece *pieces, int n_pieces)
{
    for (int i = 0; i < n_pieces; i++) {
        const char *at = pieces[i].bytes;
        size_t left = pieces[i].n;
        while (left > 0) {
            ssize_t n = write(file, at, left);
            if (n < 0 && errno != EINTR)
                return false;
            if (n > 0) {
                at += n;
                left -= (size_t)n;
            }
        }
    }
    return true;
}

/* Where syncing a file after its rename takes the rename along: ext4 and XFS commit both in one
 * transaction, Btrfs logs the new name. Elsewhere the folder has to be synced as well, which costs
 * another flush of the disk's cache. */
static bool syncs_names(int file)
{
    struct statfs info;
    if (fstatfs(file, &info) != 0)
        return false;
    return info.f_type == EXT4_SUPER_MAGIC || info.f_type == XFS_SUPER_MAGIC ||
           info.f_type == BTRFS_SUPER_MAGIC;
}

static bool sync_folder(const char *path)
{
    char folder[JOBS_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = file >= 0 && fsync(file) == 0;
    int cause = errno;
    if (file >= 0)
        close(file);
    errno = cause;
    return is_synced;
}

static bool write_and_rename(int file, const char *temporary, const char *path,
                             const jobs_piece *pieces, int n_pieces, jobs_sync_order order)
{
    return write_all(file, pieces, n_pieces) && (order != JOBS_SYNC_FIRST || fsync(file) == 0) &&
           rename(temporary, path) == 0 &&
           (order != JOBS_SYNC_LAST ||
            (fsync(file) == 0 && (syncs_names(file) || sync_folder(path))));
}

bool jobs_files_save(const char *path, const jobs_piece *pieces, int n_pieces,
                     jobs_sync_order order, fail *f)
{
    char temporary[JOBS_PATH_BYTES + sizeof TEMPORARY_SUFFIX];
    snprintf(temporary, sizeof temporary, "%s%s", path, TEMPORARY_SUFFIX);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return storage_fail(f, "write", temporary);
    bool is_saved = write_and_rename(file, temporary, path, pieces, n_pieces, order);
    if (!is_saved) {
        storage_fail(f, "write", path);
        unlink(temporary);
    }
    close(file);
    return is_saved;
}

static bool read_all(int file, char *bytes, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t more = read(file, bytes + got, n - got);
        if (more == 0)
            errno = EIO;
        if (more == 0 || (more < 0 && errno != EINTR))
            return false;
        if (more > 0)
            got += (size_t)more;
    }
    return true;
}

bool jobs_files_load(const char *path, char **bytes, size_t *n, fail *f)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        *bytes = NULL;
        *n = 0;
        return true;
    }
    if (file < 0)
        return storage_fail(f, "read", path);
    struct stat info;
    char *content = NULL;
    bool is_read = fstat(file, &info) == 0 && (content = malloc((size_t)info.st_size + 1)) &&
                   read_all(file, content, (size_t)info.st_size);
    if (!is_read) {
        storage_fail(f, "read", path);
        free(content);
    } else {
        content[info.st_size] = '\0';
        *bytes = content;
        *n = (size_t)info.st_size;
    }
    close(file);
    return is_read;
}

void jobs_files_remove_checkpoint(const jobs_files *files, int64_t run_id)
{
    char path[JOBS_PATH_BYTES];
    jobs_files_checkpoint(files, run_id, path);
    unlink(path);
}

void jobs_files_remove(const jobs_files *files, int64_t run_id)
{
    char path[JOBS_PATH_BYTES];
    jobs_files_remove_checkpoint(files, run_id);
    jobs_files_model(files, run_id, path);
    unlink(path);
}

/* The run of this database that a file belongs to; 0: a temporary file of ours; -1: not one of
 * ours. */
static int64_t run_of(const jobs_files *files, const char *name, const char *suffix)
{
    size_t n_own = strlen(files->database), n = strlen(name),
           n_temporary = strlen(TEMPORARY_SUFFIX);
    if (strncmp(name, files->database, n_own) != 0 || name[n_own] != '-')
        return -1;
    if (n > n_temporary && strcmp(name + n - n_temporary, TEMPORARY_SUFFIX) == 0)
        return 0;
    char *end;
    errno = 0;
    long long id = strtoll(name + n_own + 1, &end, 10);
    return errno == 0 && id > 0 && strcmp(end, suffix) == 0 ? id : -1;
}

static DIR *open_folder(const char *data_dir, const char *folder)
{
    char path[JOBS_PATH_BYTES];
    join(data_dir, folder, "", path);
    return opendir(path);
}

static void clean_temporary(const jobs_files *files, const char *folder)
{
    DIR *directory = open_folder(files->data_dir, folder);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (run_of(files, entry->d_name, "") == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
}

static void clean_runs(const jobs_files *files, const char *folder, const char *suffix,
                       bool (*is_wanted)(void *context, int64_t run_id), void *context)
{
    DIR *directory = open_folder(files->data_dir, folder);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        int64_t id = run_of(files, entry->d_name, suffix);
        if (id > 0 && !is_wanted(context, id))
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory)
        closedir(directory);
}

void jobs_files_clean(const jobs_files *files)
{
    clean_temporary(files, MODELS);
    clean_temporary(files, CHECKPOINTS);
}

void jobs_files_clean_checkpoints(const jobs_files *files,
                                  bool (*is_live)(void *context, int64_t run_id), void *context)
{
    clean_runs(files, CHECKPOINTS, CHECKPOINT_SUFFIX, is_live, context);
}

void jobs_files_clean_models(const jobs_files *files,
                             bool (*is_known)(void *context, int64_t run_id), void *context)
{
    clean_runs(files, MODELS, MODEL_SUFFIX, is_known, context);
}
