/* checkpoint — the file that a run is resumed from: the BLAS core that it was written on, then what
 * core said.
 *
 * The file is whole or absent: written beside its place, synced, renamed. Threads: any. Failure:
 * FAIL_STORAGE, with the path and the cause. */
#ifndef SERVER_JOBS_CHECKPOINT_H
#define SERVER_JOBS_CHECKPOINT_H

#include "core/base/fail.h"

#include <stddef.h>

enum { CHECKPOINT_CORE_BYTES = 48 };

typedef struct jobs_checkpoint {
    char *memory;      /* heap; NULL: there is none */
    const char *bytes; /* (n_bytes) in it: what core said */
    size_t n_bytes;
    char blas_core[CHECKPOINT_CORE_BYTES];
} jobs_checkpoint;

FAIL_CHECKED bool jobs_checkpoint_save(const char *path, const char *blas_core, const void *bytes,
                                       size_t n_bytes, fail *f);
/* True without a file, too. A file that is none of ours: FAIL_SYNTAX. On false *out holds
 * nothing. */
FAIL_CHECKED bool jobs_checkpoint_load(const char *path, jobs_checkpoint *out, fail *f);
void jobs_checkpoint_close(jobs_checkpoint *c);

#endif
