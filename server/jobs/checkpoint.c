#include "server/jobs/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct checkpoint_head {
    char magic[16], blas_core[CHECKPOINT_CORE_BYTES];
} checkpoint_head;
static const char MAGIC[16] = "regulab state 1";

bool jobs_checkpoint_save(const jobs_files *files, int64_t run_id, const char *blas_core,
                          const void *bytes, size_t n_bytes, run_file *out, fail *f)
{
    char path[JOBS_PATH_BYTES];
    checkpoint_head head = {.blas_core = ""};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    snprintf(head.blas_core, sizeof head.blas_core, "%s", blas_core);
    jobs_piece pieces[] = {{&head, sizeof head}, {bytes, n_bytes}};
    jobs_files_describe(pieces, 2, out);
    jobs_files_checkpoint(files, run_id, out->sha256, path);
    return jobs_files_save(path, pieces, 2, JOBS_SYNC_FIRST, f);
}

bool jobs_checkpoint_load(const jobs_files *files, int64_t run_id, const run_file *expected,
                          jobs_checkpoint *out, fail *f)
{
    checkpoint_head head;
    char path[JOBS_PATH_BYTES], *memory;
    size_t n = (size_t)expected->bytes;
    *out = (jobs_checkpoint){.memory = NULL};
    if (n == 0)
        return true;
    jobs_files_checkpoint(files, run_id, expected->sha256, path);
    if (!jobs_files_load_checked(path, expected, "The checkpoint", &memory, f))
        return false;
    if (n < sizeof head || memcmp(memory, MAGIC, sizeof MAGIC) != 0) {
        free(memory);
        return fail_set(f, FAIL_SYNTAX, NULL, "The checkpoint %s is none that is known.", path);
    }
    memcpy(&head, memory, sizeof head);
    *out = (jobs_checkpoint){
        .memory = memory, .bytes = memory + sizeof head, .n_bytes = n - sizeof head};
    snprintf(out->blas_core, sizeof out->blas_core, "%.*s", (int)sizeof head.blas_core - 1,
             head.blas_core);
    return true;
}

void jobs_checkpoint_close(jobs_checkpoint *c)
{
    free(c->memory);
    *c = (jobs_checkpoint){.memory = NULL};
}
