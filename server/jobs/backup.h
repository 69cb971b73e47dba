/* backup — a store as a folder that stands by itself: made while the store is in use, and made a
 * store of again.
 *
 *   DIR/regulab.db      the database of one moment
 *   DIR/regulab-data    its models, checkpoints and data sets, by digest
 *   DIR/SHA256SUMS      what `sha256sum -c` checks
 *
 * 1. DIR is whole or not there: it is made under another name beside its place.
 * 2. Files that never change are links where the file system has such, else copies.
 * 3. What is restored has another identity than the store that was backed up: both can be used.
 * Threads: none but the caller's. */
#ifndef SERVER_JOBS_BACKUP_H
#define SERVER_JOBS_BACKUP_H

#include "core/base/fail.h"

/* How much of it there is. */
typedef struct backup_counts {
    size_t n_models, n_checkpoints, n_sets;
    size_t n_missing; /* files that the database names, and that were not there */
} backup_counts;

/* DIR must not be there, or be empty. */
FAIL_CHECKED bool jobs_backup_make(const char *database, const char *data_dir, const char *dir,
                                   backup_counts *out, fail *f);

/* `database` must not be there; data_dir may hold other databases' files. `each` hears of what is
 * damaged in the backup: that is not restored. */
FAIL_CHECKED bool jobs_backup_restore(const char *dir, const char *database, const char *data_dir,
                                      void (*each)(void *context, const char *sentence),
                                      void *context, backup_counts *out, fail *f);

#endif
