/* files — what the files of runs must be, and which of them a database has. Threads and failure as
 * in server/store/store.h. */
#ifndef SERVER_STORE_FILES_H
#define SERVER_STORE_FILES_H

#include "server/model/run.h"
#include "server/store/store.h"

/* What a run has kept. */
typedef struct run_files {
    int64_t run_id;
    run_state status;
    bool left_model; /* by its row there must be one, whatever is known of it */
    bool in_row;     /* the model is a row of the database, not a file */
    run_file model, checkpoint;
} run_files;

/* FAIL_NOT_FOUND. */
FAIL_CHECKED bool store_get_files(store *s, int64_t run_id, run_files *out, fail *f);

typedef struct run_files_list {
    run_files *items; /* heap, for the caller to free */
    size_t n, capacity;
} run_files_list;

/* Every run of the experiment (0: of all) that has kept a file, by id. */
FAIL_CHECKED bool store_load_files(store *s, int64_t experiment_id, run_files_list *out, fail *f);

/* The checkpoint that a run is resumed from is that one now; *moved says whether the run is still
 * running. Waits for the commit, which is not before that of the records handed over before. */
FAIL_CHECKED bool store_put_checkpoint(store *s, int64_t run_id, const run_file *file, bool *moved,
                                       fail *f);

/* The greatest id that a run of this database ever had. */
FAIL_CHECKED bool store_last_run(store *s, int64_t *out, fail *f);

/* The model stored in the row, for the caller to free; *bytes is NULL and true where there is none.
 */
FAIL_CHECKED bool store_get_model(store *s, int64_t run_id, char **bytes, size_t *n, fail *f);

/* ---- stores of older versions, which did not say what a file must be ---- */

/* Whether a model, or a checkpoint, under an older name may be the run's: nothing is known of it,
 * and the run is in a state to have one. `is_nameless`: from before databases had names, so
 * that the run must be as old. */
typedef enum run_file_kind { RUN_FILE_MODEL, RUN_FILE_CHECKPOINT } run_file_kind;
FAIL_CHECKED bool store_wants_file(store *s, int64_t run_id, run_file_kind kind, bool is_nameless,
                                   bool *wants, fail *f);
/* Says what it is, where nothing is known yet. */
FAIL_CHECKED bool store_adopt_file(store *s, int64_t run_id, run_file_kind kind,
                                   const run_file *file, fail *f);

#endif
