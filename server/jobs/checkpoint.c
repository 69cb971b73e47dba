#include "server/jobs/checkpoint.h"

#include "server/jobs/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct checkpoint_head {
    char magic[16], blas_core[CHECKPOINT_CORE_BYTES];
} checkpoint_head;
static const char MAGIC[16] = "regulab state 1";

bool jobs_checkpoint_save(const char *path, const char *blas_core, const void *bytes,
                          size_t n_bytes, fail *f)
{
    checkpoint_head head = {.blas_core = ""};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    snprintf(head.blas_core, sizeof head.blas_core, "%s", blas_core);
    jobs_piece pieces[] = {{&head, sizeof head}, {bytes, n_bytes}};
    return jobs_files_save(path, pieces, 2, JOBS_SYNC_FIRST, f);
}

bool jobs_checkpoint_load(const char *path, jobs_checkpoint *out, fail *f)
{
    checkpoint_head head;
    char *memory;
    size_t n;
    *out = (jobs_checkpoint){.memory = NULL};
    if (!jobs_files_load(path, &memory, &n, f))
        return false;
    if (!memory)
        return true;
    if (n < sizeof head || memcmp(memory, MAGIC, sizeof MAGIC) != 0) {
        free(memory);
        return fail_set(f, FAIL_SYNTAX, NULL,
                        "The checkpoint was not readable: the run started over.");
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
