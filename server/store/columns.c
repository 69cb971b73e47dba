#include "server/store/columns.h"

#include "server/model/metrics.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int store_columns_count(store_columns which)
{
    static const int COUNTS[] = {
        [STORE_EPOCH_COLUMNS] = METRIC_EPOCH_COUNT, [STORE_LAYER_COLUMNS] = LAYER_METRIC_COUNT};
    return which == STORE_RUN_COLUMNS ? run_metric_count() : COUNTS[which];
}

const char *store_columns_name(store_columns which, int i)
{
    if (which == STORE_RUN_COLUMNS)
        return run_metric_name(i);
    return which == STORE_EPOCH_COLUMNS ? METRICS[i].name : LAYER_METRICS[i].name;
}

static const metric *row_of(store_columns which, int i)
{
    if (which == STORE_RUN_COLUMNS)
        return run_metric_row(i);
    return which == STORE_EPOCH_COLUMNS ? &METRICS[i] : &LAYER_METRICS[i];
}

const char *store_columns_former(store_columns which, int i, char out[STORE_COLUMN_BYTES])
{
    const metric *row = row_of(which, i);
    const char *former = row ? metric_former_name(row) : NULL, *name = store_columns_name(which, i);
    if (!former)
        return NULL;
    int n_before = (int)(strlen(name) - strlen(row->name)); /* last_ or best_ */
    snprintf(out, STORE_COLUMN_BYTES, "%.*s%s", n_before, name, former);
    return out;
}

void store_columns_add(buffer *b, store_columns which, const char *before, const char *after)
{
    for (int i = 0; i < store_columns_count(which); i++)
        buffer_add_format(b, "%s%s%s", before, store_columns_name(which, i), after);
}

void store_columns_add_places(buffer *b, store_columns which)
{
    for (int i = 0; i < store_columns_count(which); i++)
        buffer_add_text(b, ", ?");
}

/* ---- what a database lacks ---- */

/* One table's columns of a prefix. */
typedef struct derived_table {
    const char *table, *prefix;
    store_columns which;
} derived_table;

static const derived_table PLACES[] = {
    {"epochs", "", STORE_EPOCH_COLUMNS},    {"layers", "", STORE_LAYER_COLUMNS},
    {"runs", "", STORE_RUN_COLUMNS},        {"configs", "mean_", STORE_RUN_COLUMNS},
    {"configs", "std_", STORE_RUN_COLUMNS},
};

enum { COLUMNS_LIMIT = 2 + METRIC_COUNT + 2 * METRIC_EPOCH_COUNT + LAYER_METRIC_COUNT };

static const char LIST_COLUMNS[] = "SELECT name FROM pragma_table_info(?1)";

typedef enum presence { IS_LACKING, HAS_FORMER_NAME, IS_THERE } presence;

static bool is_former(const derived_table *p, int i, const char *name)
{
    char former[STORE_COLUMN_BYTES];
    return store_columns_former(p->which, i, former) && strcmp(former, name) == 0;
}

static void mark(const derived_table *p, const char *column, presence present[COLUMNS_LIMIT])
{
    size_t n_prefix = strlen(p->prefix);
    if (strncmp(column, p->prefix, n_prefix) != 0)
        return;
    for (int i = 0; i < store_columns_count(p->which); i++)
        if (strcmp(column + n_prefix, store_columns_name(p->which, i)) == 0)
            present[i] = IS_THERE;
        else if (present[i] == IS_LACKING && is_former(p, i, column + n_prefix))
            present[i] = HAS_FORMER_NAME;
}

static bool read_present(store_connection *c, const derived_table *p,
                         presence present[COLUMNS_LIMIT], fail *f)
{
    bool row = true;
    sqlite3_stmt *list = store_prepare(c, LIST_COLUMNS, f);
    if (!list)
        return false;
    store_bind_text(list, 1, p->table);
    while (row) {
        if (!store_step(c, list, &row, f))
            return false;
        if (row)
            mark(p, (const char *)sqlite3_column_text(list, 0), present);
    }
    return true;
}

/* Of all that a run keeps, two are epochs. */
static const char *type_of(const derived_table *p, int i)
{
    bool is_epoch = p->which == STORE_RUN_COLUMNS && !*p->prefix && !run_metric_row(i);
    return is_epoch ? "INTEGER" : "REAL";
}

/* What gives the table its i-th column. */
static void add_change(buffer *b, const derived_table *p, int i, presence present)
{
    char former[STORE_COLUMN_BYTES];
    const char *name = store_columns_name(p->which, i);
    if (present == IS_LACKING)
        buffer_add_format(b, "ALTER TABLE %s ADD COLUMN %s%s %s;", p->table, p->prefix, name,
                          type_of(p, i));
    if (present == HAS_FORMER_NAME)
        buffer_add_format(b, "ALTER TABLE %s RENAME COLUMN %s%s TO %s%s;", p->table, p->prefix,
                          store_columns_former(p->which, i, former), p->prefix, name);
}

static bool complete(store_connection *c, const derived_table *p, buffer *add, fail *f)
{
    presence present[COLUMNS_LIMIT] = {IS_LACKING};
    assert(store_columns_count(p->which) <= COLUMNS_LIMIT);
    if (!read_present(c, p, present, f))
        return false;
    for (int i = 0; i < store_columns_count(p->which); i++)
        add_change(add, p, i, present[i]);
    return true;
}

bool store_columns_complete(store_connection *c, fail *f)
{
    buffer add;
    bool is_good = true;
    buffer_init(&add, 1 << 20);
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES && is_good; i++)
        is_good = complete(c, &PLACES[i], &add, f);
    if (is_good && add.failed)
        is_good = fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the columns.");
    if (is_good && add.n > 0)
        is_good = store_execute(c, add.data, f);
    buffer_close(&add);
    return is_good;
}
