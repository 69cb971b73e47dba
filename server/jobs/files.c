#include "server/jobs/files.h"

#include "core/base/digest.h"

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

enum { PIECE_BYTES = 1 << 18 };

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
                     const char *sha256, const char *suffix, char path[JOBS_PATH_BYTES])
{
    char name[192];
    snprintf(name, sizeof name, "%s-%" PRId64 "-%s%s", files->database, run_id, sha256, suffix);
    join(files->data_dir, folder, name, path);
}

void jobs_files_model(const jobs_files *files, int64_t run_id, const char *sha256,
                      char path[JOBS_PATH_BYTES])
{
    run_path(files, MODELS, run_id, sha256, MODEL_SUFFIX, path);
}

void jobs_files_checkpoint(const jobs_files *files, int64_t run_id, const char *sha256,
                           char path[JOBS_PATH_BYTES])
{
    run_path(files, CHECKPOINTS, run_id, sha256, CHECKPOINT_SUFFIX, path);
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

/* ---- what a file must be ---- */

void jobs_files_describe(const jobs_piece *pieces, int n_pieces, run_file *out)
{
    digest d;
    digest_init(&d);
    out->bytes = 0;
    for (int i = 0; i < n_pieces; i++) {
        digest_add(&d, pieces[i].bytes, pieces[i].n);
        out->bytes += (int64_t)pieces[i].n;
    }
    digest_write(&d, out->sha256);
}

static bool check_content(const run_file *found, const run_file *expected, const char *what,
                          fail *f)
{
    if (found->bytes == expected->bytes && strcmp(found->sha256, expected->sha256) == 0)
        return true;
    return fail_set(f, FAIL_DAMAGED, NULL,
                    "%s is damaged: %" PRId64 " bytes with SHA-256 %.16s... are there, %" PRId64
                    " with %.16s... were stored. Restore it from a backup, or make it again.",
                    what, found->bytes, found->sha256, expected->bytes, expected->sha256);
}

bool jobs_files_check_bytes(const void *bytes, size_t n, const run_file *expected, const char *what,
                            fail *f)
{
    run_file found;
    jobs_files_describe(&(jobs_piece){bytes, n}, 1, &found);
    return check_content(&found, expected, what, f);
}

static bool describe_open(int file, run_file *out)
{
    digest d;
    char *piece = malloc(PIECE_BYTES);
    ssize_t n = piece ? 1 : -1;
    digest_init(&d);
    out->bytes = 0;
    while (n > 0 || (n < 0 && piece && errno == EINTR)) {
        n = read(file, piece, PIECE_BYTES);
        if (n > 0) {
            digest_add(&d, piece, (size_t)n);
            out->bytes += n;
        }
    }
    digest_write(&d, out->sha256);
    int cause = errno;
    free(piece);
    errno = cause;
    return n == 0;
}

static bool lost(const char *what, const char *path, fail *f)
{
    return fail_set(f, FAIL_LOST, NULL,
                    "%s is lost: the file %s was stored and is not there any more. Restore it from "
                    "a backup, or make it again.",
                    what, path);
}

bool jobs_files_read_mark(const char *path, run_file *out, fail *f)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool is_read = file >= 0 && describe_open(file, out);
    if (!is_read)
        storage_fail(f, "read", path);
    if (file >= 0)
        close(file);
    return is_read;
}

bool jobs_files_check_file(const char *path, const run_file *expected, const char *what, fail *f)
{
    run_file found;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? lost(what, path, f) : storage_fail(f, "read", path);
    bool is_good = describe_open(file, &found) ? check_content(&found, expected, what, f)
                                               : storage_fail(f, "read", path);
    close(file);
    return is_good;
}

bool jobs_files_load_checked(const char *path, const run_file *expected, const char *what,
                             char **bytes, fail *f)
{
    size_t n;
    if (!jobs_files_load(path, bytes, &n, f))
        return false;
    if (!*bytes)
        return lost(what, path, f);
    if (jobs_files_check_bytes(*bytes, n, expected, what, f))
        return true;
    free(*bytes);
    *bytes = NULL;
    return false;
}

/* ---- removing ---- */

void jobs_files_remove_model(const jobs_files *files, int64_t run_id, const run_file *file)
{
    char path[JOBS_PATH_BYTES];
    jobs_files_model(files, run_id, file->sha256, path);
    if (file->bytes > 0)
        unlink(path);
}

void jobs_files_remove_checkpoint(const jobs_files *files, int64_t run_id, const run_file *file)
{
    char path[JOBS_PATH_BYTES];
    jobs_files_checkpoint(files, run_id, file->sha256, path);
    if (file->bytes > 0)
        unlink(path);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* Its name is that of a file of this database. */
static bool is_own(const jobs_files *files, const char *name)
{
    size_t n_own = strlen(files->database);
    return strncmp(name, files->database, n_own) == 0 && name[n_own] == '-';
}

/* False: not one of ours. */
static bool read_name(const jobs_files *files, const char *name, const char *suffix,
                      jobs_file_name *out)
{
    static const char DIGITS[] = "0123456789", HEX[] = "0123456789abcdef";
    out->is_nameless = strspn(name, DIGITS) == strcspn(name, ".");
    if (!out->is_nameless && !is_own(files, name))
        return false;
    const char *at = out->is_nameless ? name : name + strlen(files->database) + 1;
    char *end;
    errno = 0;
    out->run_id = strtoll(at, &end, 10);
    out->sha256[0] = '\0';
    if (errno != 0 || *at < '0' || *at > '9' || out->run_id <= 0)
        return false;
    if (*end == '-' && strspn(end + 1, HEX) == sizeof out->sha256 - 1) {
        memcpy(out->sha256, end + 1, sizeof out->sha256 - 1);
        out->sha256[sizeof out->sha256 - 1] = '\0';
        end += sizeof out->sha256;
    }
    return strcmp(end, suffix) == 0;
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
        if (is_own(files, entry->d_name) && ends_with(entry->d_name, TEMPORARY_SUFFIX))
            unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
}

void jobs_files_clean(const jobs_files *files)
{
    clean_temporary(files, MODELS);
    clean_temporary(files, CHECKPOINTS);
}

static void list_runs(const jobs_files *files, const char *folder, const char *suffix,
                      jobs_files_each *each, void *context)
{
    DIR *directory = open_folder(files->data_dir, folder);
    const struct dirent *entry;
    jobs_file_name name;
    char path[JOBS_PATH_BYTES];
    while (directory && (entry = readdir(directory)))
        if (read_name(files, entry->d_name, suffix, &name)) {
            join(files->data_dir, folder, entry->d_name, path);
            each(context, &name, path);
        }
    if (directory)
        closedir(directory);
}

void jobs_files_list_checkpoints(const jobs_files *files, jobs_files_each *each, void *context)
{
    list_runs(files, CHECKPOINTS, CHECKPOINT_SUFFIX, each, context);
}

void jobs_files_list_models(const jobs_files *files, jobs_files_each *each, void *context)
{
    list_runs(files, MODELS, MODEL_SUFFIX, each, context);
}

/* ---- sharing ---- */

static bool copy_bytes(int from, int to)
{
    char *piece = malloc(PIECE_BYTES);
    ssize_t n = piece ? 1 : -1;
    while (n > 0) {
        n = read(from, piece, PIECE_BYTES);
        if (n > 0 && !write_all(to, &(jobs_piece){piece, (size_t)n}, 1))
            n = -1;
    }
    int cause = errno;
    free(piece);
    errno = cause;
    return n == 0;
}

bool jobs_files_copy(const char *from, const char *to, fail *f)
{
    char temporary[JOBS_PATH_BYTES + sizeof TEMPORARY_SUFFIX];
    snprintf(temporary, sizeof temporary, "%s%s", to, TEMPORARY_SUFFIX);
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return storage_fail(f, "read", from);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool is_copied =
        file >= 0 && copy_bytes(source, file) && fsync(file) == 0 && rename(temporary, to) == 0;
    if (!is_copied) {
        storage_fail(f, "write", to);
        unlink(temporary);
    }
    if (file >= 0)
        close(file);
    close(source);
    return is_copied;
}

bool jobs_files_share(const char *from, const char *to, fail *f)
{
    if (link(from, to) == 0 || errno == EEXIST)
        return true;
    if (errno == ENOENT)
        return lost("A file", from, f);
    return jobs_files_copy(from, to, f);
}

bool jobs_files_sync(const char *data_dir, fail *f)
{
    char inside[JOBS_PATH_BYTES];
    static const char *const FOLDERS[] = {MODELS, CHECKPOINTS};
    for (int i = 0; i < 2; i++) {
        join(data_dir, FOLDERS[i], "x", inside);
        if (!sync_folder(inside))
            return storage_fail(f, "sync the folder of", inside);
    }
    return true;
}
