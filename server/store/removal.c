/* removal — the rows of deleted experiments, removed in slices, so that no other write waits long
 * however many there are. What is hidden is a row of `deletions`, which survives a restart; every
 * reader leaves out what belongs to it. */
#include "server/store/change.h"

enum {
    SLICE_ROWS = 2000,   /* removed in one slice, about; a few milliseconds */
    UNIT_EPOCHS = 100,   /* of one run at a time */
    UNIT_CONFIGS = 100,  /* their rows are wide */
    UNIT_EVENTS = 10000, /* looked through; they have no index */
};

/* The first column of the first row; *found says whether there is one. */
static bool get_integer(store_writer *w, const char *sql, int64_t id, bool *found, int64_t *out,
                        fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(&w->connection, store_prepare(&w->connection, sql, f), id, &row, f))
        return false;
    *found = row != NULL;
    if (row) {
        *out = store_column_integer(row, 0);
        store_reset(row);
    }
    return true;
}

static bool run_with_2(store_writer *w, const char *sql, int64_t a, int64_t b, fail *f)
{
    return store_run_with_2(&w->connection, store_prepare(&w->connection, sql, f), a, b, f);
}

static const char FIRST_RUN[] = "SELECT id FROM runs WHERE experiment_id = ?1 ORDER BY id LIMIT 1";
static const char FIRST_EPOCH[] =
    "SELECT epoch FROM epochs WHERE run_id = ?1 ORDER BY epoch LIMIT 1";
static const char DELETE_LAYERS[] = "DELETE FROM layers WHERE run_id = ?1 AND epoch < ?2";
static const char DELETE_EPOCHS[] = "DELETE FROM epochs WHERE run_id = ?1 AND epoch < ?2";
static const char DELETE_RUN[] = "DELETE FROM runs WHERE id = ?1";

/* Some epochs of the experiment's first run, or that run when it has none left. */
static bool delete_of_run(store_writer *w, int64_t id, bool *is_done, fail *f)
{
    bool has_run, has_epoch;
    int64_t run_id, epoch;
    if (!get_integer(w, FIRST_RUN, id, &has_run, &run_id, f))
        return false;
    *is_done = !has_run;
    if (!has_run)
        return true;
    if (!get_integer(w, FIRST_EPOCH, run_id, &has_epoch, &epoch, f))
        return false;
    if (!has_epoch)
        return store_change_with(w, DELETE_RUN, run_id, f);
    return run_with_2(w, DELETE_LAYERS, run_id, epoch + UNIT_EPOCHS, f) &&
           run_with_2(w, DELETE_EPOCHS, run_id, epoch + UNIT_EPOCHS, f);
}

static const char FIRST_CONFIG[] = "SELECT 1 FROM configs WHERE experiment_id = ?1 LIMIT 1";
static const char DELETE_FIELDS[] =
    "DELETE FROM config_fields WHERE experiment_id = ?1 AND config_id IN"
    " (SELECT config_id FROM configs WHERE experiment_id = ?1 ORDER BY config_id LIMIT ?2)";
static const char DELETE_CONFIGS[] =
    "DELETE FROM configs WHERE experiment_id = ?1 AND config_id IN"
    " (SELECT config_id FROM configs WHERE experiment_id = ?1 ORDER BY config_id LIMIT ?2)";

static bool delete_configs(store_writer *w, int64_t id, bool *is_done, fail *f)
{
    bool has_config;
    int64_t ignored;
    if (!get_integer(w, FIRST_CONFIG, id, &has_config, &ignored, f))
        return false;
    *is_done = !has_config;
    return !has_config || (run_with_2(w, DELETE_FIELDS, id, UNIT_CONFIGS, f) &&
                           run_with_2(w, DELETE_CONFIGS, id, UNIT_CONFIGS, f));
}

static const char DELETE_EXPERIMENT[] = "DELETE FROM experiments WHERE id = ?1";
static const char GET_NEXT_EVENT[] = "SELECT next_event FROM deletions WHERE experiment_id = ?1";
static const char GET_LAST_EVENT[] = "SELECT coalesce(max(id), 0) FROM events";
static const char DELETE_EVENTS[] = "DELETE FROM events WHERE experiment_id = ?1 AND id >="
                                    " (SELECT next_event FROM deletions WHERE experiment_id = ?1)"
                                    " AND id < ?2";
static const char SET_NEXT_EVENT[] =
    "UPDATE deletions SET next_event = ?2 WHERE experiment_id = ?1";
static const char FORGET[] = "DELETE FROM deletions WHERE experiment_id = ?1";

/* Events that are told of a hidden experiment do not come any more, so one look at each is enough.
 * */
static bool delete_events(store_writer *w, int64_t id, bool *is_done, fail *f)
{
    bool found;
    int64_t next = 0, last = 0;
    if (!get_integer(w, GET_NEXT_EVENT, id, &found, &next, f) ||
        !get_integer(w, GET_LAST_EVENT, 0, &found, &last, f))
        return false;
    *is_done = next > last;
    if (*is_done)
        return store_change_with(w, FORGET, id, f);
    return run_with_2(w, DELETE_EVENTS, id, next + UNIT_EVENTS, f) &&
           run_with_2(w, SET_NEXT_EVENT, id, next + UNIT_EVENTS, f);
}

/* One unit of what is left of the experiment, in the order that foreign keys want. *looked is what
 * it cost besides the rows that it removed. */
static bool remove_unit(store_writer *w, int64_t id, bool *is_done, int64_t *looked, fail *f)
{
    *looked = 0;
    if (!delete_of_run(w, id, is_done, f))
        return false;
    if (*is_done && !delete_configs(w, id, is_done, f))
        return false;
    if (!*is_done)
        return true;
    *looked = UNIT_EVENTS / 10;
    return store_change_with(w, DELETE_EXPERIMENT, id, f) && delete_events(w, id, is_done, f);
}

bool store_remove_slice(store_writer *w, int64_t id, fail *f)
{
    int64_t before = sqlite3_total_changes64(w->connection.db), looked, cost = 0;
    for (bool is_done = false; !is_done && cost < SLICE_ROWS; cost += looked) {
        if (!remove_unit(w, id, &is_done, &looked, f))
            return false;
        looked += sqlite3_total_changes64(w->connection.db) - before;
        before = sqlite3_total_changes64(w->connection.db);
    }
    return true;
}

static const char FIRST_DELETION[] = "SELECT experiment_id FROM deletions LIMIT 1";

bool store_find_deletions(store_writer *w, fail *f)
{
    int64_t ignored;
    return get_integer(w, FIRST_DELETION, 0, &w->has_deletions, &ignored, f);
}

bool store_remove_some(store_writer *w, void *arguments, fail *f)
{
    bool found;
    int64_t id;
    (void)arguments;
    if (!get_integer(w, FIRST_DELETION, 0, &found, &id, f))
        return false;
    return (!found || store_remove_slice(w, id, f)) && store_find_deletions(w, f);
}
