/* checkpoint — the file that a run is resumed from: the BLAS core that it was written on, then what
 * core said.
 *
 * The file is whole or absent: written beside its place, synced, renamed; its content is what the
 * row of its run says, or it is not taken. Threads: any. Failure: FAIL_STORAGE, with the path and
 * the cause. */
#ifndef SERVER_JOBS_CHECKPOINT_H
#define SERVER_JOBS_CHECKPOINT_H

#include "server/jobs/files.h"

enum { CHECKPOINT_CORE_BYTES = 48 };

typedef struct jobs_checkpoint {
    char *memory;      /* heap; NULL: there is none */
    const char *bytes; /* (n_bytes) in it: what core said */
    size_t n_bytes;
    char blas_core[CHECKPOINT_CORE_BYTES];
} jobs_checkpoint;

/* Under the name that follows from its content, which *out says. */
FAIL_CHECKED bool jobs_checkpoint_save(const jobs_files *files, int64_t run_id,
                                       const char *blas_core, const void *bytes, size_t n_bytes,
                                       run_file *out, fail *f);
/* True without one (expected->bytes 0), too. FAIL_LOST, FAIL_DAMAGED or FAIL_SYNTAX for one that
 * cannot be used. On false *out holds nothing. */
FAIL_CHECKED bool jobs_checkpoint_load(const jobs_files *files, int64_t run_id,
                                       const run_file *expected, jobs_checkpoint *out, fail *f);
void jobs_checkpoint_close(jobs_checkpoint *c);

#endif
