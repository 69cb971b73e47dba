#include "core/data/import/register.h"

#include "core/data/container.h"
#include "core/data/import/load.h"
#include "core/data/internal.h"
#include "core/data/origin.h"
#include "core/data/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char TEMPORARY[] = ".new-";

/* ---- folders, lock, links ---- */

static bool storage_fault(const char *what, const char *path, fail *f)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The disk of the data directory is full: %s cannot be %s.", path, what);
    return fail_set(f, FAIL_STORAGE, NULL, "%s cannot be %s: %s.", path, what, strerror(errno));
}

static bool make_folders(const char *data_dir, fail *f)
{
    static const char *const folders[] = {"", "content", "datasets", "origins"};
    char path[DATASET_PATH_BYTES];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (!dataset_path_join(data_dir, folders[i], "", path, f))
            return false;
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return storage_fault("made", path, f);
    }
    return true;
}

static bool lock_folder(const char *data_dir, int *lock, fail *f)
{
    char path[DATASET_PATH_BYTES];
    if (!dataset_path_join(data_dir, "content", "", path, f))
        return false;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return storage_fault("opened", path, f);
    while (flock(folder, LOCK_EX) != 0)
        if (errno != EINTR) {
            storage_fault("locked", path, f);
            close(folder);
            return false;
        }
    *lock = folder;
    return true;
}

/* Makes names of the folder survive a power cut. */
static bool sync_folder(const char *data_dir, const char *folder, fail *f)
{
    char path[DATASET_PATH_BYTES];
    if (!dataset_path_join(data_dir, folder, "", path, f))
        return false;
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_good = descriptor >= 0 && fsync(descriptor) == 0;
    if (!is_good)
        storage_fault("synced", path, f);
    if (descriptor >= 0)
        close(descriptor);
    return is_good;
}

static int is_content_entry(const struct dirent *entry)
{
    return dataset_path_is_sha256(entry->d_name) ||
           strncmp(entry->d_name, TEMPORARY, sizeof TEMPORARY - 1) == 0;
}

/* Whether any name refers to the content. */
static bool find_reference(const char *data_dir, const char *sha256, bool *is_used, fail *f)
{
    struct dirent **entries;
    int n;
    if (!dataset_path_list(data_dir, "datasets", dataset_path_is_name_entry, &entries, &n, f))
        return false;
    *is_used = false;
    for (int i = 0; i < n && !*is_used; i++) {
        char found[DIGEST_TEXT_BYTES];
        fail ignored;
        *is_used = dataset_path_read_link(entries[i]->d_name, data_dir, found, &ignored) &&
                   strcmp(found, sha256) == 0;
    }
    dataset_path_close_list(entries, n);
    return true;
}

/* Removes content that no name refers to; the lock is held. */
static bool drop_content(const char *data_dir, const char *sha256, fail *f)
{
    char path[DATASET_PATH_BYTES];
    bool is_used;
    if (!find_reference(data_dir, sha256, &is_used, f) ||
        !dataset_path_join(data_dir, "content", sha256, path, f))
        return false;
    if (!is_used && unlink(path) != 0 && errno != ENOENT)
        return storage_fault("removed", path, f);
    return true;
}

/* ---- adding ---- */

/* A temporary file, locked while its writer lives. */
static bool open_temporary(const char *data_dir, char path[DATASET_PATH_BYTES], int *descriptor,
                           fail *f)
{
    int lock;
    if (!dataset_path_join(data_dir, "content", ".new-XXXXXX", path, f) ||
        !lock_folder(data_dir, &lock, f))
        return false;
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0)
        storage_fault("made", path, f);
    else
        (void)flock(file, LOCK_EX | LOCK_NB);
    close(lock);
    *descriptor = file;
    return file >= 0;
}

/* Writes the set to a temporary file, whole and synced; *descriptor keeps it locked until it is
 * closed. */
static bool write_temporary(const dataset *set, const caller *by, const char *data_dir,
                            char path[DATASET_PATH_BYTES], int *descriptor,
                            char sha256[DIGEST_TEXT_BYTES], fail *f)
{
    uint64_t n_bytes;
    if (!open_temporary(data_dir, path, descriptor, f))
        return false;
    if (container_write(set, by, *descriptor, sha256, &n_bytes, f)) {
        if (fchmod(*descriptor, 0644) == 0 && fsync(*descriptor) == 0)
            return true;
        storage_fault("synced", path, f);
    }
    unlink(path);
    close(*descriptor);
    return false;
}

/* Whether the name is free (*is_new), has this content already, or, a fault, another. */
static bool check_link(const char *name, const char *data_dir, const char *sha256, bool *is_new,
                       fail *f)
{
    char found[DIGEST_TEXT_BYTES];
    fail why = {0};
    *is_new = !dataset_path_read_link(name, data_dir, found, &why);
    if (*is_new && why.code != FAIL_NOT_FOUND) {
        *f = why;
        return false;
    }
    if (*is_new || strcmp(found, sha256) == 0)
        return true;
    return fail_set(f, FAIL_CONFLICT, "/name",
                    "There is a data set %s with other content; remove it first or take another "
                    "name.",
                    name);
}

/* What the set's files said, or nothing in the place of what others said. */
static bool save_origin(const dataset *set, const char *data_dir, fail *f)
{
    char path[DATASET_PATH_BYTES];
    if (!dataset_path_join(data_dir, "origins", set->name, path, f))
        return false;
    if (set->origin)
        return origin_save(set->origin, set->sha256, path, f) &&
               sync_folder(data_dir, "origins", f);
    return unlink(path) == 0 || errno == ENOENT || storage_fault("removed", path, f);
}

/* Gives the temporary file its name, and the set its origin and its link; the lock is held. On
 * false the temporary file is still there, or gone and nothing refers to the content. */
static bool publish(const dataset *set, const char *data_dir, const char *temporary, bool *is_new,
                    fail *f)
{
    const char *name = set->name, *sha256 = set->sha256;
    char content[DATASET_PATH_BYTES], link_path[DATASET_PATH_BYTES], target[96];
    if (!check_link(name, data_dir, sha256, is_new, f) ||
        !dataset_path_join(data_dir, "content", sha256, content, f) ||
        !dataset_path_join(data_dir, "datasets", name, link_path, f))
        return false;
    if (rename(temporary, content) != 0)
        return storage_fault("made", content, f);
    snprintf(target, sizeof target, "../content/%s", sha256);
    if (sync_folder(data_dir, "content", f) && save_origin(set, data_dir, f)) {
        if (!*is_new)
            return true;
        if (symlink(target, link_path) == 0) {
            if (sync_folder(data_dir, "datasets", f))
                return true;
            unlink(link_path);
        } else {
            storage_fault("made", link_path, f);
        }
    }
    fail ignored;
    (void)drop_content(data_dir, sha256, &ignored);
    return false;
}

/* Reads back what was written, with every check of a set that is opened: a name refers to nothing
 * else. */
static bool read_back(const char *temporary, const char *sha256, const caller *by, const char *name,
                      dataset **out, fail *f)
{
    dataset *set = dataset_new();
    if (!set)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a data set.");
    snprintf(set->name, sizeof set->name, "%s", name);
    if (!container_open(temporary, sha256, by, set, f)) {
        dataset_close(set);
        return false;
    }
    *out = set;
    return true;
}

static bool publish_locked(const dataset *set, const char *data_dir, const char *temporary,
                           bool *is_new, fail *f)
{
    int lock;
    if (!lock_folder(data_dir, &lock, f))
        return false;
    bool is_published = publish(set, data_dir, temporary, is_new, f);
    close(lock);
    return is_published;
}

/* What was read of files and is being stored. */
typedef struct incoming {
    char path[DATASET_PATH_BYTES], sha256[DIGEST_TEXT_BYTES]; /* of the temporary file */
    int descriptor;                                           /* keeps it locked */
    char *origin;                                             /* heap; NULL: the set has none */
    size_t origin_bytes;
} incoming;

static bool read_origin(const incoming *a, dataset *set, fail *f)
{
    if (!a->origin)
        return true;
    if (!origin_read(a->origin, a->origin_bytes, set->d, &set->storage->origin, f))
        return false;
    set->origin = set->storage->origin;
    return true;
}

/* On true *out is open, but for its origin's texts, and after a dry run the temporary file is still
 * there. */
static bool store(const incoming *a, const dataset_add_options *options, const char *name,
                  const char *data_dir, dataset **out, bool *is_new, fail *f)
{
    dataset *stored = NULL;
    bool is_stored = read_back(a->path, a->sha256, options->by, name, &stored, f) &&
                     read_origin(a, stored, f) &&
                     (options->is_dry || publish_locked(stored, data_dir, a->path, is_new, f));
    if (is_stored)
        *out = stored;
    else
        dataset_close(stored);
    return is_stored;
}

static bool check_name(const char *name, fail *f)
{
    if (!dataset_path_is_new_name(name))
        return fail_set(f, FAIL_OUT_OF_RANGE, "/name",
                        "A data set's name is 1 to 63 of A-Z a-z 0-9 _ . - and begins with a "
                        "letter or digit; \"%.80s\" is not one.",
                        name);
    if (dataset_find(name))
        return fail_set(f, FAIL_CONFLICT, "/name", "%s is a built-in data set; its name is taken.",
                        name);
    return true;
}

static bool keep_origin(const dataset_origin *origin, incoming *a, fail *f)
{
    if (!origin)
        return true;
    a->origin_bytes = origin_bytes(origin);
    a->origin = malloc(a->origin_bytes);
    if (!a->origin)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu columns.",
                        origin->n_columns);
    origin_write(origin, a->origin);
    return true;
}

/* Reads the files and writes what they are; what was read is not needed any more when it is read
 * back. */
static bool import_files(const dataset_file *files, size_t n_files,
                         const dataset_add_options *options, const char *data_dir, incoming *a,
                         fail *f)
{
    dataset_load load = {.by = options->by};
    dataset set = {0};
    bool is_written =
        dataset_read_files(files, n_files, options, &load, f) &&
        dataset_load_finish(&load, options->task, &set, f) && keep_origin(set.origin, a, f) &&
        make_folders(data_dir, f) &&
        write_temporary(&set, load.by, data_dir, a->path, &a->descriptor, a->sha256, f);
    dataset_load_close(&load);
    if (!is_written)
        free(a->origin);
    return is_written;
}

bool dataset_add(const char *name, const dataset_file *files, size_t n_files,
                 const dataset_add_options *options, const char *data_dir, dataset_summary *out,
                 dataset **set, bool *is_new, fail *f)
{
    incoming a = {.origin = NULL};
    dataset *stored = NULL;
    bool is_added = false;
    if (!check_name(name, f) || !import_files(files, n_files, options, data_dir, &a, f))
        return false;
    bool is_stored = store(&a, options, name, data_dir, &stored, &is_added, f);
    if (!is_stored || options->is_dry)
        unlink(a.path);
    close(a.descriptor);
    if (!is_stored) {
        free(a.origin);
        return false;
    }
    stored->storage->origin_text = a.origin;
    dataset_summarize(stored, data_dir, out);
    if (options->is_dry)
        out->created_ms = 0;
    if (set)
        *set = stored;
    else
        dataset_close(stored);
    *is_new = is_added;
    return true;
}

/* ---- removing ---- */

/* A link that is damaged can be removed as well; *sha256 is then empty. */
static bool read_removable(const char *name, const char *data_dir, const char *path,
                           char sha256[DIGEST_TEXT_BYTES], fail *f)
{
    struct stat status;
    fail why = {0};
    if (dataset_path_read_link(name, data_dir, sha256, &why))
        return true;
    sha256[0] = '\0';
    if (why.code == FAIL_STORAGE && lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
        return true;
    *f = why;
    return false;
}

static bool remove_locked(const char *name, const char *data_dir, fail *f)
{
    char path[DATASET_PATH_BYTES], sha256[DIGEST_TEXT_BYTES];
    if (!dataset_path_join(data_dir, "datasets", name, path, f) ||
        !read_removable(name, data_dir, path, sha256, f))
        return false;
    if (unlink(path) != 0)
        return storage_fault("removed", path, f);
    if (dataset_path_join(data_dir, "origins", name, path, f))
        unlink(path);
    return sync_folder(data_dir, "datasets", f) && (!*sha256 || drop_content(data_dir, sha256, f));
}

bool dataset_remove(const char *name, const char *data_dir, fail *f)
{
    int lock;
    char sha256[DIGEST_TEXT_BYTES];
    fail why = {0};
    if (dataset_find(name))
        return fail_set(f, FAIL_FORBIDDEN, "/name", "%s is built in and cannot be removed.", name);
    if (!dataset_path_read_link(name, data_dir, sha256, &why) && why.code == FAIL_NOT_FOUND) {
        *f = why;
        return false;
    }
    if (!lock_folder(data_dir, &lock, f))
        return false;
    bool is_removed = remove_locked(name, data_dir, f);
    close(lock);
    return is_removed;
}

/* A temporary file whose writer is gone. */
static void drop_temporary(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        unlink(path);
    close(file);
}

static int is_origin_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* What a writer has left that is gone: origins of names that are not there. */
static bool clean_origins(const char *data_dir, fail *f)
{
    struct dirent **entries;
    int n;
    if (!dataset_path_list(data_dir, "origins", is_origin_entry, &entries, &n, f))
        return false;
    for (int i = 0; i < n; i++) {
        char path[DATASET_PATH_BYTES], sha256[DIGEST_TEXT_BYTES];
        fail why = {0};
        if (!dataset_path_read_link(entries[i]->d_name, data_dir, sha256, &why) &&
            why.code == FAIL_NOT_FOUND &&
            dataset_path_join(data_dir, "origins", entries[i]->d_name, path, &why))
            unlink(path);
    }
    dataset_path_close_list(entries, n);
    return true;
}

static bool clean_locked(const char *data_dir, fail *f)
{
    struct dirent **entries;
    int n;
    if (!dataset_path_list(data_dir, "content", is_content_entry, &entries, &n, f))
        return false;
    bool is_good = true;
    for (int i = 0; is_good && i < n; i++) {
        char path[DATASET_PATH_BYTES];
        is_good = dataset_path_join(data_dir, "content", entries[i]->d_name, path, f);
        if (is_good && entries[i]->d_name[0] == '.')
            drop_temporary(path);
        else if (is_good)
            is_good = drop_content(data_dir, entries[i]->d_name, f);
    }
    dataset_path_close_list(entries, n);
    return is_good && clean_origins(data_dir, f);
}

bool dataset_clean(const char *data_dir, fail *f)
{
    int lock;
    if (!make_folders(data_dir, f) || !lock_folder(data_dir, &lock, f))
        return false;
    bool is_good = clean_locked(data_dir, f);
    close(lock);
    return is_good;
}
