/* files — the files that belong to runs: DATA_DIR/checkpoints/<database>-<run>.checkpoint and,
 * for a model that is too large for a row, DATA_DIR/models/<database>-<run>.safetensors.
 *
 * 1. A file is whole or absent, whenever this program is killed: written under a temporary name,
 *    then renamed.
 * 2. Files of runs that the database does not know are orphans and are removed at start; those of
 *    other databases in the same directory are left alone.
 * Threads: pure but for the file system. Failure: FAIL_STORAGE, with the path and the cause. */
#ifndef SERVER_JOBS_FILES_H
#define SERVER_JOBS_FILES_H

#include "core/base/fail.h"

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

void jobs_files_model(const jobs_files *files, int64_t run_id, char path[JOBS_PATH_BYTES]);
void jobs_files_checkpoint(const jobs_files *files, int64_t run_id, char path[JOBS_PATH_BYTES]);

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

/* The whole file, for the caller to free; *bytes is NULL and true where there is none. */
FAIL_CHECKED bool jobs_files_load(const char *path, char **bytes, size_t *n, fail *f);

/* Removes what the run left; a file that is not there is fine. */
void jobs_files_remove(const jobs_files *files, int64_t run_id);
void jobs_files_remove_checkpoint(const jobs_files *files, int64_t run_id);

/* Removes temporary files: at start, before anything is written. */
void jobs_files_clean(const jobs_files *files);

/* Removes checkpoints of runs that `is_live` does not know; at any time. */
void jobs_files_clean_checkpoints(const jobs_files *files,
                                  bool (*is_live)(void *context, int64_t run_id), void *context);

/* Removes models of runs that `is_known` does not know; at any time. */
void jobs_files_clean_models(const jobs_files *files,
                             bool (*is_known)(void *context, int64_t run_id), void *context);

#endif
