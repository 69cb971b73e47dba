/* files — the files that belong to runs: DATA_DIR/checkpoints/<database>-<run>-<digest>.checkpoint
 * and, for a model that is too large for a row, DATA_DIR/models/<database>-<run>-<digest>
 * .safetensors. The digest is the SHA-256 of the content.
 *
 * 1. A file is whole or absent, whenever this program is killed: written under a temporary name,
 *    then renamed. It never changes afterwards: another content has another name.
 * 2. The row of a run says which content is its: nothing else is read for it, whatever lies there.
 * 3. Files of runs that the database has deleted are orphans and are removed at start; those of
 *    runs that it has not reached yet, and of other databases in the same directory, are left
 *    alone.
 * Threads: pure but for the file system. Failure: FAIL_STORAGE, with the path and the cause. */
#ifndef SERVER_JOBS_FILES_H
#define SERVER_JOBS_FILES_H

#include "core/base/fail.h"
#include "server/model/file.h"

#include <stddef.h>
#include <stdint.h>

enum { JOBS_PATH_BYTES = 512 };

/* Where, and whose. Both texts are borrowed. */
typedef struct jobs_files {
    const char *data_dir;
    const char *database; /* store_identity() */
} jobs_files;

/* Makes DATA_DIR with its folders, and checks that this program may write there. */
FAIL_CHECKED bool jobs_files_open(const char *data_dir, fail *f);

/* DATA_DIR is there and can be used? It may have vanished since. If it was replaced by an empty
 * one, its folders are made again; it itself is not: it may be the place of a disk that is not
 * mounted. */
FAIL_CHECKED bool jobs_files_check(const char *data_dir, fail *f);

void jobs_files_model(const jobs_files *files, int64_t run_id, const char *sha256,
                      char path[JOBS_PATH_BYTES]);
void jobs_files_checkpoint(const jobs_files *files, int64_t run_id, const char *sha256,
                           char path[JOBS_PATH_BYTES]);

/* When a file is synced. A crash of the machine
 *   JOBS_SYNC_FIRST  leaves the file that was there before, or the new one, whole: for what
 *                    replaces another. The new name may be lost.
 *   JOBS_SYNC_LAST   before the return leaves perhaps an unfinished file under its final name,
 *                    after it the whole file: content and name are on disk. For what nobody reads
 *                    until more has been stored. Mostly one wait, while syncing before the rename
 *                    and the folder after it would be two. */
typedef enum jobs_sync_order { JOBS_SYNC_FIRST, JOBS_SYNC_LAST } jobs_sync_order;

/* The pieces one after the other become the whole content of `path`. */
typedef struct jobs_piece {
    const void *bytes;
    size_t n;
} jobs_piece;
FAIL_CHECKED bool jobs_files_save(const char *path, const jobs_piece *pieces, int n_pieces,
                                  jobs_sync_order order, fail *f);
/* What the file would be. */
void jobs_files_describe(const jobs_piece *pieces, int n_pieces, run_file *out);

/* The whole file, for the caller to free; *bytes is NULL and true where there is none. */
FAIL_CHECKED bool jobs_files_load(const char *path, char **bytes, size_t *n, fail *f);

/* The bytes are what was kept? `what` names them: "The model of run 7". FAIL_DAMAGED. */
FAIL_CHECKED bool jobs_files_check_bytes(const void *bytes, size_t n, const run_file *expected,
                                         const char *what, fail *f);
/* The file is what was kept? FAIL_LOST where there is none, FAIL_DAMAGED. */
FAIL_CHECKED bool jobs_files_check_file(const char *path, const run_file *expected,
                                        const char *what, fail *f);
/* The content of it, checked as it is read; for the caller to free. Fails likewise. */
FAIL_CHECKED bool jobs_files_load_checked(const char *path, const run_file *expected,
                                          const char *what, char **bytes, fail *f);

/* Removes one file, where `file` says that there is one; a file that is not there is fine. */
void jobs_files_remove_model(const jobs_files *files, int64_t run_id, const run_file *file);
void jobs_files_remove_checkpoint(const jobs_files *files, int64_t run_id, const run_file *file);

/* Removes temporary files: at start, before anything is written. */
void jobs_files_clean(const jobs_files *files);

/* A file of this database by its name: of a run, with a digest; older versions have none, and the
 * oldest not even the database's (is_nameless). */
typedef struct jobs_file_name {
    int64_t run_id;
    char sha256[DIGEST_TEXT_BYTES]; /* "" */
    bool is_nameless;
} jobs_file_name;

/* Every model, checkpoint, of this database, and nameless ones; `each` may rename it. */
typedef void jobs_files_each(void *context, const jobs_file_name *name, const char *path);
void jobs_files_list_models(const jobs_files *files, jobs_files_each *each, void *context);
void jobs_files_list_checkpoints(const jobs_files *files, jobs_files_each *each, void *context);

/* Another name for the same content: a link where the file system has such, else a copy that is on
 * disk at the return. FAIL_LOST where there is nothing. Its name is on disk after
 * jobs_files_sync(). */
FAIL_CHECKED bool jobs_files_share(const char *from, const char *to, fail *f);
/* A file of its own that is on disk at the return, for what will change. */
FAIL_CHECKED bool jobs_files_copy(const char *from, const char *to, fail *f);
/* What the file is. */
FAIL_CHECKED bool jobs_files_read_mark(const char *path, run_file *out, fail *f);
/* The names of all models and checkpoints. */
FAIL_CHECKED bool jobs_files_sync(const char *data_dir, fail *f);

#endif
