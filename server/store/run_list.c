/* Reading runs: one, pages of many, and those that wait. A page is a query for ids, then a read of
 * each row by its id. */
#include "server/store/columns.h"
#include "server/store/internal.h"
#include "server/store/page.h"
#include "server/store/runs.h"
#include "server/store/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one ---- */

static void write_get_run(buffer *b)
{
    buffer_add_text(b, "SELECT id, experiment_id, config_id, seed, status, stop_reason, error,"
                       " attempt, swept, config, epoch, epochs, samples_per_second, provenance,"
                       " selected_weights, created_at, started_at, finished_at, data_seed,"
                       " data_sha256, (SELECT c.label FROM configs c WHERE c.experiment_id ="
                       " runs.experiment_id AND c.config_id = runs.config_id)");
    store_columns_add(b, STORE_RUN_COLUMNS, ", ", "");
    buffer_add_text(b, " FROM runs WHERE id = ?1" STORE_NOT_DELETED("experiment_id"));
}
enum { FIRST_METRIC = 21 };

static bool read_run(sqlite3_stmt *row, run *r, fail *f)
{
    *r = (run){.id = store_column_integer(row, 0), .experiment_id = store_column_integer(row, 1)};
    if (!store_column_text(row, 6, &r->error, f) || !store_column_text(row, 8, &r->values, f) ||
        !store_column_text(row, 9, &r->config, f) ||
        !store_column_text(row, 13, &r->provenance, f) ||
        !store_column_text(row, 20, &r->label, f)) {
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
    store_column_copy(row, 19, r->data_sha256, sizeof r->data_sha256);
    run_metrics_init(&r->metrics);
    for (int i = run_metric_count() - 1; i >= 0; i--)
        run_metric_set(&r->metrics, i, store_column_number(row, FIRST_METRIC + i));
    return true;
}

static bool get_run(store_connection *c, int64_t id, run *out, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare_written(c, write_get_run, f), id, &row, f))
        return false;
    if (!row)
        return store_no_run(id, f);
    bool is_read = read_run(row, out, f);
    store_reset(row);
    return is_read;
}

typedef struct wanted_run {
    int64_t id;
    run *out;
} wanted_run;

static bool look_at_one(store_connection *c, void *arguments, fail *f)
{
    const wanted_run *in = arguments;
    return get_run(c, in->id, in->out, f);
}

bool store_get_run(store *s, int64_t id, run *out, fail *f)
{
    return store_read(s, look_at_one, &(wanted_run){id, out}, f);
}

/* ---- what is asked for ---- */

static bool sort_runs(store_page *p, const char *sort, fail *f)
{
    store_column ignored;
    p->sort = sort ? sort : "id";
    p->descending = *p->sort == '-';
    const char *name = p->sort + p->descending;
    if (strcmp(name, "id") == 0 || strcmp(name, "run_id") == 0)
        return true;
    return store_schema_add_column(&p->key, name, &ignored) || store_page_no_such_sort(name, f);
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
    bool may_be_array = column.kind == STORE_COLUMN_TEXT || column.kind == STORE_COLUMN_RATES;
    if (store_column_may_be_null(&column) && strcmp(value, "null") == 0) {
        buffer_add_text(&p->where, " IS NULL");
        return true;
    }
    if (may_be_array && (*value == '[' || *value == '{')) { /* JSON is stored without blanks */
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

/* ---- many ---- */

typedef struct run_list {
    const run_query *query;
    store_page page;
    run_callback *each;
    void *context;
    char *next_cursor; /* STORE_CURSOR_BYTES, or NULL */
} run_list;

static bool give_run(store_connection *c, int64_t id, void *context, bool *go_on, fail *f)
{
    run r;
    const run_list *list = context;
    if (!get_run(c, id, &r, f))
        return false;
    *go_on = list->each(list->context, &r);
    run_close(&r);
    return true;
}

static bool look_at_page(store_connection *c, void *arguments, fail *f)
{
    run_list *in = arguments;
    const run_query *q = in->query;
    return (!q->experiment_id || store_check_experiment(c, q->experiment_id, f)) &&
           filter_runs(&in->page, q, f) && sort_runs(&in->page, q->sort, f) &&
           store_page_each(&in->page, c, q->cursor, give_run, in, in->next_cursor, f);
}

bool store_list_runs(store *s, const run_query *q, run_callback *each, void *context,
                     char next_cursor[STORE_CURSOR_BYTES], fail *f)
{
    run_list in = {.query = q, .each = each, .context = context, .next_cursor = next_cursor};
    store_page_init(&in.page,
                    "runs r LEFT JOIN config_fields k ON k.experiment_id = r.experiment_id"
                    " AND k.config_id = r.config_id",
                    "r.id", q->limit);
    if (!q->experiment_id) /* that one is looked for */
        buffer_add_text(&in.page.where, STORE_NOT_DELETED("r.experiment_id"));
    bool is_good = store_read_at_once(s, look_at_page, &in, f);
    store_page_close(&in.page);
    return is_good;
}

/* ---- those that wait ---- */

static const char LIST_QUEUED[] =
    "SELECT r.id, r.experiment_id, e.priority FROM runs r JOIN experiments e"
    " ON e.id = r.experiment_id"
    " WHERE r.status = 'queued'" STORE_NOT_DELETED("r.experiment_id") " ORDER BY r.id";

typedef struct queued_list {
    queued_callback *each;
    void *context;
} queued_list;

static bool give_queued(void *context, sqlite3_stmt *row, bool *go_on, fail *f)
{
    const queued_list *list = context;
    (void)f;
    *go_on = list->each(list->context, store_column_integer(row, 0), store_column_integer(row, 1),
                        (int)store_column_integer(row, 2));
    return true;
}

static bool look_at_queued(store_connection *c, void *arguments, fail *f)
{
    return store_each(c, store_prepare(c, LIST_QUEUED, f), give_queued, arguments, f);
}

bool store_list_queued(store *s, queued_callback *each, void *context, fail *f)
{
    return store_read(s, look_at_queued, &(queued_list){each, context}, f);
}
