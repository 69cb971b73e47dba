/* Deleting an experiment: hidden in one small transaction; its rows go later. */
#include "server/store/experiments.h"
#include "server/store/internal.h"

typedef struct deletion {
    int64_t id;
    store_ids runs;
} deletion;

static const char LIST_RUN_IDS[] = "SELECT id FROM runs WHERE experiment_id = ?1 ORDER BY id";
static const char HIDE[] = "INSERT INTO deletions (experiment_id, next_event) VALUES (?1, ?2)";
/* The key can be used again. */
static const char FORGET_KEY[] = "UPDATE experiments SET idempotency_key = NULL WHERE id = ?1";

static bool change_delete(store_writer *w, void *arguments, fail *f)
{
    deletion *in = arguments;
    return store_check_experiment(&w->connection, in->id, f) &&
           store_ids_list(w, LIST_RUN_IDS, in->id, &in->runs, f) &&
           store_run_with_2(&w->connection, store_prepare(&w->connection, HIDE, f), in->id,
                            w->first_event, f) &&
           store_change_with(w, FORGET_KEY, in->id, f) && store_remove_slice(w, in->id, f) &&
           store_find_deletions(w, f);
}

bool store_delete_experiment(store *s, int64_t id, void (*each)(void *context, int64_t run_id),
                             void *context, fail *f)
{
    deletion in = {.id = id};
    bool is_deleted = store_write(s, change_delete, &in, f);
    store_ids_tell(&in.runs, is_deleted ? each : NULL, context);
    return is_deleted;
}
