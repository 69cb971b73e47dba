/* Inserting, extending and changing experiments. */
#include "server/store/experiments.h"

#include "server/store/internal.h"
#include "server/store/schema.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- inserting ---- */

typedef struct insertion {
    const new_experiment *e;
    int64_t id;
    int64_t *run_ids;
    bool is_repeat;
} insertion;

static const char FIND_KEY[] =
    "SELECT id, idempotency_digest FROM experiments WHERE idempotency_key = ?1";

/* *id is the experiment of an earlier post with this key and digest of the body, 0 if the key is
 * new. */
static bool find_earlier(store_connection *c, const char *key, const char *of_body, int64_t *id,
                         fail *f)
{
    char earlier[128];
    bool found;
    *id = 0;
    sqlite3_stmt *find = store_prepare(c, FIND_KEY, f);
    if (!find)
        return false;
    store_bind_text(find, 1, key);
    if (!store_step(c, find, &found, f) || !found)
        return !found;
    *id = store_column_integer(find, 0);
    store_column_copy(find, 1, earlier, sizeof earlier);
    store_reset(find);
    if (strcmp(earlier, of_body ? of_body : "") == 0)
        return true;
    return fail_set(f, FAIL_CONFLICT, NULL,
                    "The Idempotency-Key was used before with another body, for experiment %" PRId64
                    ": choose a new key.",
                    *id);
}

typedef struct key_search {
    const char *key, *digest;
    int64_t id;
} key_search;

static bool look_for_key(store_connection *c, void *arguments, fail *f)
{
    key_search *in = arguments;
    return find_earlier(c, in->key, in->digest, &in->id, f);
}

bool store_find_experiment(store *s, const char *key, const char *of_body, int64_t *id, fail *f)
{
    key_search in = {.key = key, .digest = of_body};
    if (!store_read(s, look_for_key, &in, f))
        return false;
    *id = in.id;
    return true;
}

static const char GET_ACCEPTED[] =
    "SELECT coalesce(accepted_runs, n_runs), coalesce(accepted_configs, n_configs),"
    " coalesce(accepted_baseline, baseline_config_id) FROM experiments"
    " WHERE id = ?1" STORE_NOT_DELETED("id");

static const char FIRST_RUNS[] =
    "SELECT id FROM runs WHERE experiment_id = ?1 ORDER BY id LIMIT ?2";

typedef struct first_runs {
    int64_t n, *run_ids;
} first_runs;

static bool take_run_id(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    first_runs *out = context;
    (void)go_on;
    (void)f;
    out->run_ids[out->n++] = store_column_integer(row, 0);
    return true;
}

/* The ids of the first n runs; false also where there are fewer. */
static bool read_first_runs(store_connection *c, int64_t id, int64_t n, int64_t *run_ids, fail *f)
{
    first_runs out = {.run_ids = run_ids};
    sqlite3_stmt *list = store_prepare(c, FIRST_RUNS, f);
    if (list) {
        store_bind_integer(list, 1, id);
        store_bind_integer(list, 2, n);
    }
    return store_each(c, list, take_run_id, &out, f) && (out.n == n || store_no_experiment(id, f));
}

typedef struct acceptance {
    int64_t id;
    store_accepted *out;
} acceptance;

static bool look_at_accepted(store_connection *c, void *arguments, fail *f)
{
    const acceptance *in = arguments;
    store_accepted *out = in->out;
    sqlite3_stmt *row;
    *out = (store_accepted){0};
    if (!store_find(c, store_prepare(c, GET_ACCEPTED, f), in->id, &row, f))
        return false;
    if (!row)
        return store_no_experiment(in->id, f);
    out->n_runs = store_column_integer(row, 0);
    out->n_configs = store_column_integer(row, 1);
    store_column_copy(row, 2, out->baseline_config_id, sizeof out->baseline_config_id);
    store_reset(row);
    out->run_ids = calloc((size_t)out->n_runs + 1, sizeof *out->run_ids);
    if (!out->run_ids)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to list the runs.");
    if (read_first_runs(c, in->id, out->n_runs, out->run_ids, f))
        return true;
    free(out->run_ids);
    out->run_ids = NULL;
    return false;
}

bool store_get_accepted(store *s, int64_t id, store_accepted *out, fail *f)
{
    *out = (store_accepted){0};
    return store_read(s, look_at_accepted, &(acceptance){id, out}, f);
}

static const char INSERT_EXPERIMENT[] =
    "INSERT INTO experiments (name, description, tags, status, n_configs, baseline_config_id,"
    " idempotency_key, idempotency_digest, created_at, priority, accepted_runs,"
    " accepted_configs, accepted_baseline, varies_data_seed) "
    "VALUES (?1, ?2, json(?3), 'queued', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?4, ?5, ?11)";
static const char INSERT_SPEC[] =
    "INSERT INTO experiment_specs (experiment_id, spec) VALUES (?1, ?2)";

static bool insert_experiment(store_writer *w, const new_experiment *e, int64_t *id, fail *f)
{
    store_connection *c = &w->connection;
    sqlite3_stmt *row = store_prepare(c, INSERT_EXPERIMENT, f);
    sqlite3_stmt *spec = row ? store_prepare(c, INSERT_SPEC, f) : NULL;
    if (!spec)
        return false;
    store_bind_text(row, 1, e->name ? e->name : "");
    store_bind_text(row, 2, e->description ? e->description : "");
    store_bind_text(row, 3, e->tags ? e->tags : "[]");
    store_bind_integer(row, 4, e->n_configs);
    store_bind_text(row, 5, e->baseline_config_id ? e->baseline_config_id : "");
    store_bind_text(row, 6, e->idempotency_key);
    store_bind_text(row, 7, e->idempotency_digest);
    store_bind_text(row, 8, w->now);
    store_bind_integer(row, 9, e->priority);
    store_bind_integer(row, 10, e->n_runs);
    store_bind_integer(row, 11, e->varies_data_seed);
    if (!store_done(c, row, f))
        return false;
    *id = sqlite3_last_insert_rowid(c->db);
    store_bind_integer(spec, 1, *id);
    store_bind_text(spec, 2, e->spec ? e->spec : "{}");
    return store_done(c, spec, f);
}

static const char INSERT_RUN[] =
    "INSERT INTO runs (experiment_id, config_id, seed, data_seed, status, epochs, created_at,"
    " swept, config) VALUES (?1, ?2, ?3, json_extract(?7, '$.data_seed'), 'queued', ?4, ?5, ?6, "
    "?7)";
static const char INSERT_CONFIGS[] =
    "INSERT OR IGNORE INTO configs (experiment_id, config_id, first_run_id) "
    "SELECT experiment_id, config_id, min(id) FROM runs WHERE experiment_id = ?1 AND id >= ?2 "
    "GROUP BY config_id";
static const char COUNT_NEW_RUNS[] =
    "UPDATE experiments SET n_runs = n_runs + ?2, n_queued = n_queued + ?2,"
    " epochs_planned = epochs_planned + ?3 WHERE id = ?1";

/* Their configurations with fields, and their number. */
static bool count_runs(store_writer *w, int64_t experiment_id, int64_t first, int64_t n,
                       int64_t epochs, fail *f)
{
    store_connection *c = &w->connection;
    return store_run_with_2(c, store_prepare(c, INSERT_CONFIGS, f), experiment_id, first, f) &&
           store_run_with_2(c, store_prepare_written(c, store_schema_add_insert, f), experiment_id,
                            first, f) &&
           store_run_with_3(c, store_prepare(c, COUNT_NEW_RUNS, f), experiment_id, n, epochs, f);
}

/* Inserts the runs as queued with their configurations, and counts them. run_ids (n) are set. */
static bool insert_runs(store_writer *w, int64_t experiment_id, const new_run *runs, int64_t n,
                        int64_t *run_ids, fail *f)
{
    store_connection *c = &w->connection;
    int64_t epochs = 0;
    sqlite3_stmt *insert = store_prepare(c, INSERT_RUN, f);
    if (!insert)
        return false;
    for (int64_t i = 0; i < n; i++) {
        store_bind_integer(insert, 1, experiment_id);
        store_bind_text(insert, 2, runs[i].config_id);
        store_bind_integer(insert, 3, runs[i].seed);
        store_bind_integer(insert, 4, runs[i].epochs);
        store_bind_text(insert, 5, w->now);
        store_bind_text(insert, 6, runs[i].values ? runs[i].values : "{}");
        store_bind_text(insert, 7, runs[i].config);
        if (!store_done(c, insert, f))
            return false;
        run_ids[i] = sqlite3_last_insert_rowid(c->db);
        epochs += runs[i].epochs;
    }
    return n == 0 || count_runs(w, experiment_id, run_ids[0], n, epochs, f);
}

static const char DESCRIBE_CONFIG[] = "UPDATE configs SET label = ?3, data = coalesce(?4, data)"
                                      " WHERE experiment_id = ?1 AND config_id = ?2";

static bool describe_configs(store_writer *w, int64_t experiment_id, const new_config *configs,
                             size_t n, fail *f)
{
    sqlite3_stmt *describe = store_prepare(&w->connection, DESCRIBE_CONFIG, f);
    bool is_set = describe != NULL;
    for (size_t i = 0; is_set && i < n; i++) {
        store_bind_integer(describe, 1, experiment_id);
        store_bind_text(describe, 2, configs[i].config_id);
        store_bind_text(describe, 3, configs[i].label);
        store_bind_text(describe, 4, configs[i].data);
        is_set = store_done(&w->connection, describe, f);
    }
    return is_set;
}

static bool change_insert(store_writer *w, void *arguments, fail *f)
{
    insertion *in = arguments;
    const char *key = in->e->idempotency_key;
    if (key && !find_earlier(&w->connection, key, in->e->idempotency_digest, &in->id, f))
        return false;
    in->is_repeat = in->id != 0;
    if (in->is_repeat)
        return read_first_runs(&w->connection, in->id, in->e->n_runs, in->run_ids, f);
    return insert_experiment(w, in->e, &in->id, f) &&
           insert_runs(w, in->id, in->e->runs, in->e->n_runs, in->run_ids, f) &&
           describe_configs(w, in->id, in->e->configs, in->e->n_described, f) &&
           store_settle_experiment(w, in->id, f);
}

bool store_insert_experiment(store *s, const new_experiment *e, int64_t *experiment_id,
                             int64_t *run_ids, bool *is_repeat, fail *f)
{
    insertion in = {.e = e, .run_ids = run_ids};
    if (!store_write(s, change_insert, &in, f))
        return false;
    *experiment_id = in.id;
    *is_repeat = in.is_repeat;
    return true;
}

/* ---- extending ---- */

typedef struct extension {
    int64_t experiment_id;
    const new_extension *e;
    int64_t *run_ids;
} extension;

static const char EXTEND[] =
    "UPDATE experiments SET n_configs = ?2, is_cancelled = 0,"
    " baseline_config_id = coalesce(?3, baseline_config_id) WHERE id = ?1" STORE_NOT_DELETED("id");

static const char SET_VALUES[] = "UPDATE runs SET swept = ?3 WHERE experiment_id = ?1"
                                 " AND config_id = ?2 AND swept <> ?3";

static const char ADD_BODY[] =
    "INSERT INTO extensions (experiment_id, number, body) SELECT ?1, coalesce(max(number), 0) + 1,"
    " ?2 FROM extensions WHERE experiment_id = ?1";

static bool add_body(store_writer *w, const extension *in, fail *f)
{
    if (!in->e->body)
        return true;
    sqlite3_stmt *add = store_prepare(&w->connection, ADD_BODY, f);
    if (!add)
        return false;
    store_bind_integer(add, 1, in->experiment_id);
    store_bind_text(add, 2, in->e->body);
    return store_done(&w->connection, add, f);
}

static bool set_values(store_writer *w, const extension *in, fail *f)
{
    sqlite3_stmt *set = store_prepare(&w->connection, SET_VALUES, f);
    bool is_set = set != NULL;
    for (size_t i = 0; is_set && i < in->e->n_described; i++) {
        store_bind_integer(set, 1, in->experiment_id);
        store_bind_text(set, 2, in->e->configs[i].config_id);
        store_bind_text(set, 3, in->e->configs[i].values);
        is_set = store_done(&w->connection, set, f);
    }
    return is_set;
}

/* They are not those of the larger experiment. */
static const char DELETE_ARMS[] = "DELETE FROM arms WHERE experiment_id = ?1";

static bool change_extend(store_writer *w, void *arguments, fail *f)
{
    extension *in = arguments;
    int64_t id = in->experiment_id;
    sqlite3_stmt *extend = store_prepare(&w->connection, EXTEND, f);
    if (!extend)
        return false;
    store_bind_integer(extend, 1, id);
    store_bind_integer(extend, 2, in->e->n_configs);
    store_bind_text(extend, 3, in->e->baseline);
    if (!store_done(&w->connection, extend, f))
        return false;
    if (sqlite3_changes(w->connection.db) == 0)
        return store_no_experiment(id, f);
    return add_body(w, in, f) && store_change_with(w, DELETE_ARMS, id, f) && set_values(w, in, f) &&
           insert_runs(w, id, in->e->runs, in->e->n_runs, in->run_ids, f) &&
           describe_configs(w, id, in->e->configs, in->e->n_described, f) &&
           store_settle_experiment(w, id, f);
}

bool store_extend_experiment(store *s, int64_t experiment_id, const new_extension *e,
                             int64_t *run_ids, fail *f)
{
    extension in = {experiment_id, e, run_ids};
    return store_write(s, change_extend, &in, f);
}

/* ---- changing ---- */

typedef struct updating {
    int64_t id;
    const experiment_change *change;
} updating;

static const char UPDATE[] =
    "UPDATE experiments SET name = coalesce(?2, name), description = coalesce(?3, description),"
    " tags = coalesce(json(?4), tags), priority = coalesce(?5, priority)"
    " WHERE id = ?1" STORE_NOT_DELETED("id");

static bool change_update(store_writer *w, void *arguments, fail *f)
{
    const updating *in = arguments;
    sqlite3_stmt *update = store_prepare(&w->connection, UPDATE, f);
    if (!update)
        return false;
    store_bind_integer(update, 1, in->id);
    store_bind_text(update, 2, in->change->name);
    store_bind_text(update, 3, in->change->description);
    store_bind_text(update, 4, in->change->tags);
    if (in->change->priority)
        store_bind_integer(update, 5, *in->change->priority);
    if (!store_done(&w->connection, update, f))
        return false;
    if (sqlite3_changes(w->connection.db) == 0)
        return store_no_experiment(in->id, f);
    return store_tell_experiment(w, in->id, f);
}

bool store_update_experiment(store *s, int64_t id, const experiment_change *change, fail *f)
{
    updating in = {id, change};
    return store_write(s, change_update, &in, f);
}
