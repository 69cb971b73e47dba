/* list — reading experiments and runs: one, and pages of many. A page is a query for ids,
 * then a read of each row by its id: the sort then carries keys only. */
#include "server/store/columns.h"
#include "server/store/internal.h"
#include "server/store/page.h"
#include "server/store/schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one experiment ---- */

static const char GET_EXPERIMENT[] =
    "SELECT e.id, e.name, e.description, e.tags, s.spec, e.status, e.n_configs, e.n_runs,"
    " e.n_queued, e.n_running, e.n_paused, e.n_completed, e.n_failed, e.n_cancelled,"
    " CASE WHEN e.epochs_planned > 0 THEN CAST(e.epochs_done AS REAL) / e.epochs_planned"
    " ELSE 0.0 END, e.baseline_config_id, e.created_at, e.started_at, e.finished_at, e.priority "
    "FROM experiments e JOIN experiment_specs s ON s.experiment_id = e.id"
    " WHERE e.id = ?1" STORE_NOT_DELETED("e.id");

static bool read_experiment(sqlite3_stmt *row, experiment *e, fail *f)
{
    *e = (experiment){.id = store_column_integer(row, 0)};
    if (!store_column_text(row, 1, &e->name, f) || !store_column_text(row, 2, &e->description, f) ||
        !store_column_text(row, 3, &e->tags, f) || !store_column_text(row, 4, &e->spec, f)) {
        experiment_close(e);
        return false;
    }
    e->status =
        (run_state)store_column_name(row, 5, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    e->n_configs = store_column_integer(row, 6);
    e->n_runs = store_column_integer(row, 7);
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        e->runs[i] = store_column_integer(row, 8 + i);
    e->progress = store_column_number(row, 14);
    store_column_copy(row, 15, e->baseline_config_id, sizeof e->baseline_config_id);
    e->created_ms = store_column_time(row, 16);
    e->started_ms = store_column_time(row, 17);
    e->finished_ms = store_column_time(row, 18);
    e->priority = (int)store_column_integer(row, 19);
    return true;
}

static bool get_experiment(store_connection *c, int64_t id, experiment *out, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(c, GET_EXPERIMENT, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, id);
    if (!store_step(c, get, &row, f))
        return false;
    if (!row)
        return store_no_experiment(id, f);
    bool is_read = read_experiment(get, out, f);
    store_reset(get);
    return is_read;
}

bool store_get_experiment(store *s, int64_t id, experiment *out, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = get_experiment(c, id, out, f);
    store_give_back(s, c);
    return is_good;
}

/* ---- one run ---- */

static void write_get_run(buffer *b)
{
    buffer_add_text(b, "SELECT id, experiment_id, config_id, seed, status, stop_reason, error,"
                       " attempt, swept, config, epoch, epochs, samples_per_second, provenance,"
                       " selected_weights, created_at, started_at, finished_at, data_seed");
    store_columns_add(b, STORE_RUN_COLUMNS, ", ", "");
    buffer_add_text(b, " FROM runs WHERE id = ?1" STORE_NOT_DELETED("experiment_id"));
}
enum { FIRST_METRIC = 19 };

static bool read_run(sqlite3_stmt *row, run *r, fail *f)
{
    *r = (run){.id = store_column_integer(row, 0), .experiment_id = store_column_integer(row, 1)};
    if (!store_column_text(row, 6, &r->error, f) || !store_column_text(row, 8, &r->values, f) ||
        !store_column_text(row, 9, &r->config, f) ||
        !store_column_text(row, 13, &r->provenance, f)) {
        run_close(r);
        return false;
    }
    store_column_copy(row, 2, r->config_id, sizeof r->config_id);
    r->seed = store_column_integer(row, 3);
    r->status =
        (run_state)store_column_name(row, 4, RUN_STATE_NAMES, RUN_STATE_COUNT, RUN_STATE_QUEUED);
    r->reason = (stop_reason)store_column_name(row, 5, STOP_REASON_NAMES, STOP_REASON_COUNT,
                                               STOP_REASON_NONE);
    r->attempt = store_column_integer(row, 7);
    r->epoch = store_column_integer(row, 10);
    r->epochs = store_column_integer(row, 11);
    r->samples_per_second = store_column_number(row, 12);
    store_column_copy(row, 14, r->selected_weights, sizeof r->selected_weights);
    r->created_ms = store_column_time(row, 15);
    r->started_ms = store_column_time(row, 16);
    r->finished_ms = store_column_time(row, 17);
    r->data_seed = store_column_integer(row, 18);
    run_metrics_init(&r->metrics);
    for (int i = run_metric_count() - 1; i >= 0; i--)
        run_metric_set(&r->metrics, i, store_column_number(row, FIRST_METRIC + i));
    return true;
}

static bool get_run(store_connection *c, int64_t id, run *out, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare_written(c, write_get_run, f);
    if (!get)
        return false;
    store_bind_integer(get, 1, id);
    if (!store_step(c, get, &row, f))
        return false;
    if (!row)
        return store_no_run(id, f);
    bool is_read = read_run(get, out, f);
    store_reset(get);
    return is_read;
}

bool store_get_run(store *s, int64_t id, run *out, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = get_run(c, id, out, f);
    store_give_back(s, c);
    return is_good;
}

/* ---- a page ---- */

/* Gives one row out; *go_on becomes false when the callback has enough. */
typedef bool give_row(store_connection *c, int64_t id, const void *callback, void *context,
                      bool *go_on, fail *f);

static bool give_rows(const store_page *p, store_connection *c, sqlite3_stmt *ids, give_row *give,
                      const void *callback, void *context, char next_cursor[STORE_CURSOR_BYTES],
                      fail *f)
{
    int64_t last = 0;
    bool row = true, go_on = true;
    next_cursor[0] = '\0';
    for (int n = 0; go_on; n++) {
        if (!store_step(c, ids, &row, f))
            return false;
        if (!row)
            break;
        if (p->limit > 0 && n == p->limit) {
            store_page_write_cursor(p, last, next_cursor);
            break;
        }
        last = store_column_integer(ids, 0);
        if (!give(c, last, callback, context, &go_on, f))
            return false;
    }
    return true;
}

static const char BEGIN[] = "BEGIN";
static const char COMMIT[] = "COMMIT";

/* Reads ids and rows in one snapshot: a row of the page cannot vanish in between. */
static bool give_page(store *s, store_page *p, const char *cursor, give_row *give,
                      const void *callback, void *context, char next_cursor[STORE_CURSOR_BYTES],
                      fail *f)
{
    char next[STORE_CURSOR_BYTES];
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = store_run(c, BEGIN, f);
    sqlite3_stmt *ids = is_good ? store_page_prepare(p, c, cursor, f) : NULL;
    is_good = ids && give_rows(p, c, ids, give, callback, context, next, f);
    sqlite3_finalize(ids);
    if (!sqlite3_get_autocommit(c->db) && !store_run(c, COMMIT, is_good ? f : NULL))
        is_good = false;
    store_give_back(s, c);
    if (is_good && next_cursor)
        memcpy(next_cursor, next, sizeof next);
    return is_good;
}

static bool no_such_sort(const char *sort, fail *f)
{
    return fail_set(f, FAIL_OUT_OF_RANGE, "/query/sort", "There is no column \"%.64s\" to sort by.",
                    sort);
}

/* ---- experiments ---- */

static const struct {
    const char *name, *key; /* NULL: the id */
} EXPERIMENT_SORTS[] = {
    {"id", NULL},
    {"created_at", NULL}, /* ids are given in the order of creation */
    {"started_at", "e.started_at"},
    {"finished_at", "e.finished_at"},
    {"name", "e.name COLLATE NOCASE"},
    {"status", "e.status"},
    {"n_runs", "e.n_runs"},
    {"n_configs", "e.n_configs"},
    {"priority", "e.priority"},
    {"progress", "(CAST(e.epochs_done AS REAL) / max(e.epochs_planned, 1))"},
};

static bool sort_experiments(store_page *p, const char *sort, fail *f)
{
    p->sort = sort ? sort : "-created_at";
    p->descending = *p->sort == '-';
    const char *name = p->sort + p->descending;
    for (size_t i = 0; i < sizeof EXPERIMENT_SORTS / sizeof *EXPERIMENT_SORTS; i++) {
        if (strcmp(name, EXPERIMENT_SORTS[i].name) != 0)
            continue;
        if (EXPERIMENT_SORTS[i].key)
            buffer_add_text(&p->key, EXPERIMENT_SORTS[i].key);
        return true;
    }
    return no_such_sort(name, f);
}

/* %text% with the pattern's own signs escaped; the caller frees. */
static char *write_pattern(const char *text)
{
    char *pattern = malloc(2 * strlen(text) + 3), *at = pattern;
    if (!pattern)
        return NULL;
    *at++ = '%';
    for (; *text; text++) {
        if (*text == '%' || *text == '_' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at++ = '%';
    *at = '\0';
    return pattern;
}

static bool give_experiment(store_connection *c, int64_t id, const void *callback, void *context,
                            bool *go_on, fail *f)
{
    experiment e;
    experiment_callback *const *each = callback;
    if (!get_experiment(c, id, &e, f))
        return false;
    *go_on = (*each)(context, &e);
    experiment_close(&e);
    return true;
}

bool store_list_experiments(store *s, const experiment_query *q, experiment_callback *each,
                            void *context, char next_cursor[STORE_CURSOR_BYTES], fail *f)
{
    store_page p;
    char *pattern = q->text ? write_pattern(q->text) : NULL;
    if (q->text && !pattern)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to search.");
    store_page_init(&p, "experiments e", "e.id", q->limit);
    buffer_add_text(&p.where, STORE_NOT_DELETED("e.id"));
    if (q->status >= 0)
        store_page_add_text(&p, " AND e.status = ?", RUN_STATE_NAMES[q->status]);
    if (q->tag)
        store_page_add_text(&p, " AND EXISTS (SELECT 1 FROM json_each(e.tags) WHERE value = ?)",
                            q->tag);
    if (pattern)
        store_page_add_text(&p, " AND (e.name || char(10) || e.description) LIKE ? ESCAPE '\\'",
                            pattern);
    bool is_good = sort_experiments(&p, q->sort, f) &&
                   give_page(s, &p, q->cursor, give_experiment, &each, context, next_cursor, f);
    store_page_close(&p);
    free(pattern);
    return is_good;
}

/* ---- runs ---- */

static bool sort_runs(store_page *p, const char *sort, fail *f)
{
    store_column ignored;
    p->sort = sort ? sort : "id";
    p->descending = *p->sort == '-';
    const char *name = p->sort + p->descending;
    if (strcmp(name, "id") == 0 || strcmp(name, "run_id") == 0)
        return true;
    return store_schema_add_column(&p->key, name, &ignored) || no_such_sort(name, f);
}

static bool read_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return *text && strspn(text, "0123456789+-.eE") == strlen(text) && *end == '\0' &&
           isfinite(*out);
}

static bool no_such_value(const char *name, const char *value, const char *what, fail *f)
{
    char pointer[96];
    snprintf(pointer, sizeof pointer, "/query/%.64s", name);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer, "%.64s is %s: \"%.64s\" is none.", name, what,
                    value);
}

static bool is_column(const char *name)
{
    store_column ignored;
    buffer b;
    buffer_init(&b, 4096);
    bool is_known = store_schema_add_column(&b, name, &ignored);
    buffer_close(&b);
    return is_known;
}

static bool no_such_column(const char *name, fail *f)
{
    char pointer[96];
    const char *nearest = field_nearest_name(name);
    if (nearest && !is_column(nearest)) /* a field of the experiment */
        nearest = NULL;
    snprintf(pointer, sizeof pointer, "/query/%.64s", name);
    return fail_set(f, FAIL_OUT_OF_RANGE, pointer,
                    "There is no column \"%.64s\" to filter by%s%s%s", name,
                    nearest ? "; did you mean " : ".", nearest ? nearest : "", nearest ? "?" : "");
}

static bool add_name_filter(store_page *p, const char *name, const field *row, const char *value,
                            fail *f)
{
    char names[256] = "one of";
    int index = field_enum_index(row, value);
    if (index >= 0) {
        store_page_add_text(p, " = ?", row->values[index]);
        return true;
    }
    for (int i = 0; row->values[i]; i++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s %s", i ? "," : "", row->values[i]);
    }
    return no_such_value(name, value, names, f);
}

/* A column is compared as what it holds, and a value that it can never have is refused. */
static bool add_filter(store_page *p, const char *name, const char *value, fail *f)
{
    double number;
    store_column column;
    bool is_true = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    bool is_boolean = is_true || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
    buffer_add_text(&p->where, " AND ");
    if (!store_schema_add_column(&p->where, name, &column))
        return no_such_column(name, f);
    bool may_be_null = column.kind != STORE_COLUMN_TEXT || (column.row && column.row->nullable);
    if (may_be_null && strcmp(value, "null") == 0) {
        buffer_add_text(&p->where, " IS NULL");
        return true;
    }
    if (*value == '[' || *value == '{') { /* JSON is stored without blanks */
        store_page_add_text(p, " = replace(?, ' ', '')", value);
        return true;
    }
    switch (column.kind) {
    case STORE_COLUMN_BOOLEAN:
        if (!is_boolean)
            return no_such_value(name, value, "true or false", f);
        store_page_add_integer(p, " = ?", is_true);
        return true;
    case STORE_COLUMN_ENUM:
        return add_name_filter(p, name, column.row, value, f);
    case STORE_COLUMN_NUMBER:
    case STORE_COLUMN_RATES:
        if (!read_number(value, &number))
            return no_such_value(name, value, "a number", f);
        store_page_add_number(p, " = ?", number);
        return true;
    case STORE_COLUMN_TEXT:
        break;
    }
    store_page_add_text(p, " = ?", value);
    return true;
}

static bool filter_runs(store_page *p, const run_query *q, fail *f)
{
    if (q->experiment_id)
        store_page_add_integer(p, " AND r.experiment_id = ?", q->experiment_id);
    if (q->status >= 0)
        store_page_add_text(p, " AND r.status = ?", RUN_STATE_NAMES[q->status]);
    if (q->config_id)
        store_page_add_text(p, " AND r.config_id = ?", q->config_id);
    if (q->seed >= 0)
        store_page_add_integer(p, " AND r.seed = ?", q->seed);
    for (int i = 0; i < q->n_filters; i++)
        if (!add_filter(p, q->filters[i].column, q->filters[i].value, f))
            return false;
    return true;
}

static bool give_run(store_connection *c, int64_t id, const void *callback, void *context,
                     bool *go_on, fail *f)
{
    run r;
    run_callback *const *each = callback;
    if (!get_run(c, id, &r, f))
        return false;
    *go_on = (*each)(context, &r);
    run_close(&r);
    return true;
}

bool store_list_runs(store *s, const run_query *q, run_callback *each, void *context,
                     char next_cursor[STORE_CURSOR_BYTES], fail *f)
{
    store_page p;
    experiment e;
    if (q->experiment_id) {
        if (!store_get_experiment(s, q->experiment_id, &e, f))
            return false;
        experiment_close(&e);
    }
    store_page_init(&p,
                    "runs r LEFT JOIN config_fields k ON k.experiment_id = r.experiment_id"
                    " AND k.config_id = r.config_id",
                    "r.id", q->limit);
    if (!q->experiment_id) /* that one was looked for */
        buffer_add_text(&p.where, STORE_NOT_DELETED("r.experiment_id"));
    bool is_good = filter_runs(&p, q, f) && sort_runs(&p, q->sort, f) &&
                   give_page(s, &p, q->cursor, give_run, &each, context, next_cursor, f);
    store_page_close(&p);
    return is_good;
}

/* ---- the queue ---- */

static const char LIST_QUEUED[] =
    "SELECT r.id, r.experiment_id, e.priority FROM runs r JOIN experiments e"
    " ON e.id = r.experiment_id"
    " WHERE r.status = 'queued'" STORE_NOT_DELETED("r.experiment_id") " ORDER BY r.id";

static bool list_queued(store_connection *c, queued_callback *each, void *context, fail *f)
{
    bool row = true;
    sqlite3_stmt *list = store_prepare(c, LIST_QUEUED, f);
    if (!list)
        return false;
    while (row) {
        if (!store_step(c, list, &row, f))
            return false;
        if (row && !each(context, store_column_integer(list, 0), store_column_integer(list, 1),
                         (int)store_column_integer(list, 2))) {
            store_reset(list);
            break;
        }
    }
    return true;
}

bool store_list_queued(store *s, queued_callback *each, void *context, fail *f)
{
    store_connection *c = store_borrow(s, f);
    if (!c)
        return false;
    bool is_good = list_queued(c, each, context, f);
    store_give_back(s, c);
    return is_good;
}
