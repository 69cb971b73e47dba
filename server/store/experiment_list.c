/* Reading experiments: one, pages of many, and how many there are. A page is a query for ids, then
 * a read of each row by its id: the sort then carries keys only. */
#include "server/store/experiments.h"
#include "server/store/internal.h"
#include "server/store/page.h"

#include <stdlib.h>
#include <string.h>

/* ---- one ---- */

static const char GET_EXPERIMENT[] =
    "SELECT e.id, e.name, e.description, e.tags, s.spec, e.status, e.n_configs, e.n_runs,"
    " e.n_queued, e.n_running, e.n_paused, e.n_completed, e.n_failed, e.n_cancelled,"
    " CASE WHEN e.epochs_planned > 0 THEN CAST(e.epochs_done AS REAL) / e.epochs_planned"
    " ELSE 0.0 END, e.baseline_config_id, e.created_at, e.started_at, e.finished_at, e.priority,"
    " coalesce(e.varies_data_seed, 0),"
    " (SELECT json_group_array(json(body)) FROM"
    " (SELECT body FROM extensions WHERE experiment_id = e.id ORDER BY number)) "
    "FROM experiments e JOIN experiment_specs s ON s.experiment_id = e.id"
    " WHERE e.id = ?1" STORE_NOT_DELETED("e.id");

static bool read_experiment(sqlite3_stmt *row, experiment *e, fail *f)
{
    *e = (experiment){.id = store_column_integer(row, 0)};
    if (!store_column_text(row, 1, &e->name, f) || !store_column_text(row, 2, &e->description, f) ||
        !store_column_text(row, 3, &e->tags, f) || !store_column_text(row, 4, &e->spec, f) ||
        !store_column_text(row, 21, &e->extensions, f)) {
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
    e->varies_data_seed = store_column_integer(row, 20) != 0;
    return true;
}

static bool get_experiment(store_connection *c, int64_t id, experiment *out, fail *f)
{
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, GET_EXPERIMENT, f), id, &row, f))
        return false;
    if (!row)
        return store_no_experiment(id, f);
    bool is_read = read_experiment(row, out, f);
    store_reset(row);
    return is_read;
}

typedef struct wanted_experiment {
    int64_t id;
    experiment *out;
} wanted_experiment;

static bool look_at_one(store_connection *c, void *arguments, fail *f)
{
    const wanted_experiment *in = arguments;
    return get_experiment(c, in->id, in->out, f);
}

bool store_get_experiment(store *s, int64_t id, experiment *out, fail *f)
{
    return store_read(s, look_at_one, &(wanted_experiment){id, out}, f);
}

/* ---- many ---- */

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

const char *store_experiment_sort(int i)
{
    int n = (int)(sizeof EXPERIMENT_SORTS / sizeof *EXPERIMENT_SORTS);
    return i < n ? EXPERIMENT_SORTS[i].name : NULL;
}

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
    return store_page_no_such_sort(name, f);
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

typedef struct experiment_list {
    const experiment_query *query;
    store_page page;
    experiment_callback *each;
    void *context;
    char *next_cursor; /* STORE_CURSOR_BYTES, or NULL */
} experiment_list;

static bool give_experiment(store_connection *c, int64_t id, void *context, bool *go_on, fail *f)
{
    experiment e;
    const experiment_list *list = context;
    if (!get_experiment(c, id, &e, f))
        return false;
    *go_on = list->each(list->context, &e);
    experiment_close(&e);
    return true;
}

static void filter_experiments(store_page *p, const experiment_query *q, const char *pattern)
{
    buffer_add_text(&p->where, STORE_NOT_DELETED("e.id"));
    if (q->status >= 0)
        store_page_add_text(p, " AND e.status = ?", RUN_STATE_NAMES[q->status]);
    if (q->tag)
        store_page_add_text(p, " AND EXISTS (SELECT 1 FROM json_each(e.tags) WHERE value = ?)",
                            q->tag);
    if (pattern)
        store_page_add_text(p, " AND (e.name || char(10) || e.description) LIKE ? ESCAPE '\\'",
                            pattern);
}

static bool look_at_page(store_connection *c, void *arguments, fail *f)
{
    experiment_list *in = arguments;
    return store_page_each(&in->page, c, in->query->cursor, give_experiment, in, in->next_cursor,
                           f);
}

bool store_list_experiments(store *s, const experiment_query *q, experiment_callback *each,
                            void *context, char next_cursor[STORE_CURSOR_BYTES], fail *f)
{
    experiment_list in = {.query = q, .each = each, .context = context, .next_cursor = next_cursor};
    char *pattern = q->text ? write_pattern(q->text) : NULL;
    if (q->text && !pattern)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory to search.");
    store_page_init(&in.page, "experiments e", "e.id", q->limit);
    filter_experiments(&in.page, q, pattern);
    bool is_good =
        sort_experiments(&in.page, q->sort, f) && store_read_at_once(s, look_at_page, &in, f);
    store_page_close(&in.page);
    free(pattern);
    return is_good;
}

/* ---- how many ---- */

static const char COUNT[] =
    "SELECT count(*), coalesce(sum(n_queued), 0), coalesce(sum(n_running), 0),"
    " coalesce(sum(n_paused), 0), coalesce(sum(n_completed), 0), coalesce(sum(n_failed), 0),"
    " coalesce(sum(n_cancelled), 0), coalesce(sum(epochs_trained), 0) FROM experiments"
    " WHERE 1" STORE_NOT_DELETED("id");

static bool look_at_counts(store_connection *c, void *arguments, fail *f)
{
    store_counts *out = arguments;
    sqlite3_stmt *row;
    if (!store_find(c, store_prepare(c, COUNT, f), 0, &row, f))
        return false;
    out->experiments = store_column_integer(row, 0);
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        out->runs[i] = store_column_integer(row, 1 + i);
    out->epochs = store_column_integer(row, 1 + RUN_STATE_COUNT);
    store_reset(row);
    return true;
}

bool store_count(store *s, store_counts *out, fail *f)
{
    return store_read(s, look_at_counts, out, f);
}
