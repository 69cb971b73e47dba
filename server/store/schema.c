#include "server/store/schema.h"

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/spec/field.h"
#include "server/model/model.h"
#include "server/store/columns.h"
#include "server/store/migrations.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 20 };

/* ---- identity ---- */

static bool read_integer(store_connection *c, const char *sql, int64_t *out, fail *f)
{
    bool row;
    sqlite3_stmt *statement = store_prepare(c, sql, f);
    if (!statement || !store_step(c, statement, &row, f))
        return false;
    *out = row ? store_column_integer(statement, 0) : 0;
    store_reset(statement);
    return true;
}

static const char GET_APPLICATION[] = "PRAGMA application_id";
static const char GET_VERSION[] = "PRAGMA user_version";
static const char COUNT_OBJECTS[] = "SELECT count(*) FROM sqlite_schema";
static const char HAS_MIGRATIONS[] =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'";
static const char GET_LAST_MIGRATION[] = "SELECT max(number) FROM schema_migrations";

/* The number of the last migration, by the mark of the file and by the table: whichever says
 * more. */
static bool read_version(store_connection *c, int64_t *version, fail *f)
{
    int64_t has_table, marked, recorded = 0;
    if (!read_integer(c, GET_VERSION, &marked, f) ||
        !read_integer(c, HAS_MIGRATIONS, &has_table, f) ||
        (has_table && !read_integer(c, GET_LAST_MIGRATION, &recorded, f)))
        return false;
    *version = recorded > marked ? recorded : marked;
    return true;
}

static bool check_identity(store_connection *c, int64_t *version, fail *f)
{
    int64_t application, n_objects;
    if (!read_integer(c, GET_APPLICATION, &application, f) ||
        !read_integer(c, COUNT_OBJECTS, &n_objects, f) || !read_version(c, version, f))
        return false;
    if (application != STORE_APPLICATION_ID && (application != 0 || n_objects > 0))
        return fail_set(f, FAIL_STORAGE, NULL,
                        "%s is a database of another program: name another file for Regulab's.",
                        c->path);
    if (*version > MIGRATION_COUNT)
        return fail_set(f, FAIL_STORAGE, NULL,
                        "The database %s was written by a newer Regulab (its schema has number "
                        "%lld, this program knows %d): use that version.",
                        c->path, (long long)*version, MIGRATION_COUNT);
    return true;
}

/* ---- migrations ---- */

/* content_sha256(BLOB): for migrations alone, since other programs do not have it. */
static void write_digest(sqlite3_context *context, int n, sqlite3_value **values)
{
    char text[DIGEST_TEXT_BYTES];
    (void)n;
    const void *bytes = sqlite3_value_blob(values[0]);
    digest_write_of(bytes ? bytes : "", (size_t)sqlite3_value_bytes(values[0]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static bool add_functions(store_connection *c, fail *f)
{
    return sqlite3_create_function(c->db, "content_sha256", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                   NULL, write_digest, NULL, NULL) == SQLITE_OK ||
           store_connection_fail(c, f);
}

static const char RECORD_MIGRATION[] =
    "INSERT INTO schema_migrations (number, name, applied_at) VALUES (?1, ?2, ?3)";

static bool run_migration(store_connection *c, const migration *m, fail *f)
{
    char now[CLOCK_DATE_BYTES];
    if (!store_execute(c, m->sql, f))
        return false;
    sqlite3_stmt *insert = store_prepare(c, RECORD_MIGRATION, f);
    if (!insert)
        return false;
    store_bind_integer(insert, 1, m->number);
    store_bind_text(insert, 2, m->name);
    store_bind_text(insert, 3, clock_date_write(clock_date_ms(), now));
    if (!store_done(c, insert, f))
        return false;
    buffer pragmas;
    buffer_init(&pragmas, 256);
    buffer_add_format(&pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                      STORE_APPLICATION_ID, m->number);
    bool is_marked = pragmas.failed ? fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "No memory.")
                                    : store_execute(c, pragmas.data, f);
    buffer_close(&pragmas);
    return is_marked;
}

/* Runs `change` between BEGIN and COMMIT; on false nothing of it is left. */
static bool in_transaction(store_connection *c,
                           bool (*change)(store_connection *, const void *, fail *),
                           const void *argument, fail *f)
{
    if (!store_execute(c, "BEGIN IMMEDIATE", f))
        return false;
    if (change(c, argument, f) && store_execute(c, "COMMIT", f))
        return true;
    if (!sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static bool migrate(store_connection *c, const void *argument, fail *f)
{
    return run_migration(c, argument, f);
}

/* ---- the table of fields ---- */

/* In config_fields: all but what stands in `experiments`. */
static bool has_column(const field *row)
{
    static const char *const others[] = {"name", "description", "tags", "priority"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(row->name, others[i]) == 0)
            return false;
    return true;
}

/* Seeds differ from run to run; they are columns of `runs`. */
static bool is_seed(const field *row)
{
    return strcmp(row->name, "seed") == 0 || strcmp(row->name, "data_seed") == 0;
}

/* "early_stopping.patience" -> early_stopping_patience */
static void add_column_name(buffer *b, const char *name)
{
    for (; *name; name++)
        buffer_add(b, *name == '.' ? "_" : name, 1);
}

static void add_fields_table(buffer *b)
{
    buffer_add_text(b, "CREATE TABLE config_fields (experiment_id INTEGER NOT NULL REFERENCES "
                       "experiments (id) ON DELETE CASCADE, config_id TEXT NOT NULL");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!has_column(&FIELDS[i]))
            continue;
        buffer_add_text(b, ", ");
        add_column_name(b, FIELDS[i].name);
    }
    buffer_add_text(b, ", PRIMARY KEY (experiment_id, config_id)) WITHOUT ROWID");
}

/* A data set with options is an object with its name. */
static void add_field_value(buffer *b, const field *row)
{
    if (row->group == FIELD_GROUP_EXPERIMENT) { /* as it was sent */
        buffer_add_format(b,
                          "(SELECT json_extract(s.spec, '$.%s') FROM experiment_specs s "
                          "WHERE s.experiment_id = r.experiment_id)",
                          row->name);
        return;
    }
    if (row->type == FIELD_DATASET)
        buffer_add_format(b, "coalesce(json_extract(r.config, '$.%s.name'), ", row->name);
    buffer_add_format(b, "json_extract(r.config, '$.%s')", row->name);
    if (row->type == FIELD_DATASET)
        buffer_add_text(b, ")");
}

static void add_fields_insert(buffer *b)
{
    buffer_add_text(b, "INSERT INTO config_fields SELECT r.experiment_id, r.config_id");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!has_column(&FIELDS[i]))
            continue;
        buffer_add_text(b, ", ");
        add_field_value(b, &FIELDS[i]);
    }
    buffer_add_text(b, " FROM configs c JOIN runs r ON r.id = c.first_run_id");
}

void store_schema_add_insert(buffer *b)
{
    add_fields_insert(b);
    buffer_add_text(b, " WHERE c.experiment_id = ?1 AND c.first_run_id >= ?2");
}

static const char GET_TABLE[] =
    "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'config_fields'";

static bool is_table_current(store_connection *c, const char *wanted, bool *current, fail *f)
{
    bool row;
    sqlite3_stmt *get = store_prepare(c, GET_TABLE, f);
    if (!get || !store_step(c, get, &row, f))
        return false;
    *current = row && strcmp((const char *)sqlite3_column_text(get, 0), wanted) == 0;
    store_reset(get);
    return true;
}

static void add_fields_remake(buffer *b, const char *create)
{
    buffer_add_format(b, "DROP TABLE IF EXISTS config_fields; %s;", create);
    buffer_add_text(b, "CREATE INDEX config_fields_dataset ON config_fields (dataset);");
    add_fields_insert(b);
}

/* ---- views ---- */

static void add_fields(buffer *b, const char *seeds_table, bool with_seed)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!has_column(&FIELDS[i]) || (!with_seed && strcmp(FIELDS[i].name, "seed") == 0))
            continue;
        buffer_add_format(b, ", %s.", is_seed(&FIELDS[i]) ? seeds_table : "k");
        add_column_name(b, FIELDS[i].name);
    }
}

/* What can change later is a column of its own table. */
static void add_experiment_columns(buffer *b)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (!has_column(&FIELDS[i]))
            buffer_add_format(b, ", e.%s", FIELDS[i].name);
}

/* The name of the version before, beside the new one. */
static void add_former(buffer *b, int i, const char *table, const char *prefix)
{
    char former[STORE_COLUMN_BYTES];
    if (store_columns_former(STORE_RUN_COLUMNS, i, former))
        buffer_add_format(b, ", %s.%s%s AS %s%s", table, prefix,
                          store_columns_name(STORE_RUN_COLUMNS, i), prefix, former);
}

static void add_metrics(buffer *b)
{
    store_columns_add(b, STORE_RUN_COLUMNS, ", r.", "");
    for (int i = 0; i < store_columns_count(STORE_RUN_COLUMNS); i++)
        add_former(b, i, "r", "");
}

/* Mean and standard deviation of each beside each other. */
static void add_statistics(buffer *b)
{
    for (int i = 0; i < store_columns_count(STORE_RUN_COLUMNS); i++) {
        const char *name = store_columns_name(STORE_RUN_COLUMNS, i);
        buffer_add_format(b, ", c.mean_%s, c.std_%s", name, name);
        add_former(b, i, "c", "mean_");
        add_former(b, i, "c", "std_");
    }
}

/* LEFT JOIN: left out by the planner where no field is asked for. */
static void add_views(buffer *b)
{
    buffer_add_text(b, "CREATE VIEW comparison_results AS SELECT a.experiment_id, "
                       "e.name AS experiment, a.number, a.metric, a.about, a.label, a.treatment, "
                       "a.context, a.tuned, a.config_id, a.n, a.n_failed, a.mean, a.std, a.ci_low, "
                       "a.ci_high, a.difference, a.difference_ci_low, a.difference_ci_high, "
                       "a.n_pairs, a.p_value, a.p_adjusted, a.minimum_detectable, a.sign_flip_p, "
                       "a.pairs_better, a.equivalence_p_adjusted, a.verdict "
                       "FROM arms a JOIN experiments e ON e.id = a.experiment_id "
                       "LEFT JOIN deletions d ON d.experiment_id = a.experiment_id "
                       "WHERE d.experiment_id IS NULL AND e.finished_at IS NOT NULL;"
                       "CREATE VIEW run_results AS SELECT r.id AS run_id, r.experiment_id, "
                       "e.name AS experiment, r.config_id, r.status, r.stop_reason, r.error, "
                       "r.attempt, r.epoch, r.samples_per_second, r.selected_weights, "
                       "r.created_at, r.started_at, r.finished_at, c.label");
    add_fields(b, "r", true);
    add_metrics(b);
    add_experiment_columns(b);
    buffer_add_text(b, " FROM runs r LEFT JOIN experiments e ON e.id = r.experiment_id "
                       "LEFT JOIN config_fields k ON k.experiment_id = r.experiment_id "
                       "AND k.config_id = r.config_id "
                       "LEFT JOIN configs c ON c.experiment_id = r.experiment_id "
                       "AND c.config_id = r.config_id "
                       "LEFT JOIN deletions d ON d.experiment_id = r.experiment_id "
                       "WHERE d.experiment_id IS NULL;"
                       "CREATE VIEW config_results AS SELECT c.experiment_id, "
                       "e.name AS experiment, c.config_id, c.label, c.n, c.n_failed");
    add_fields(b, "k", false);
    add_statistics(b);
    add_experiment_columns(b);
    buffer_add_text(b, " FROM configs c LEFT JOIN experiments e ON e.id = c.experiment_id "
                       "LEFT JOIN config_fields k ON k.experiment_id = c.experiment_id "
                       "AND k.config_id = c.config_id "
                       "LEFT JOIN deletions d ON d.experiment_id = c.experiment_id "
                       "WHERE d.experiment_id IS NULL;");
}

/* Before their columns are renamed. */
static const char DROP_VIEWS[] =
    "DROP VIEW IF EXISTS run_results; DROP VIEW IF EXISTS config_results;"
    "DROP VIEW IF EXISTS comparison_results";

static bool make_derived(store_connection *c, const void *argument, fail *f)
{
    (void)argument;
    bool current, is_made = false;
    if (!store_execute(c, DROP_VIEWS, f) || !store_columns_complete(c, f))
        return false;
    buffer create, all;
    buffer_init(&create, TEXT_LIMIT);
    buffer_init(&all, TEXT_LIMIT);
    add_fields_table(&create);
    if (create.failed || !is_table_current(c, create.data, &current, f))
        goto out;
    add_views(&all);
    if (!current)
        add_fields_remake(&all, create.data);
    is_made = !all.failed && store_execute(c, all.data, f);
out:
    if (create.failed || all.failed)
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for the views.");
    buffer_close(&create);
    buffer_close(&all);
    return is_made;
}

bool store_schema_apply(store_connection *c, fail *f)
{
    int64_t version;
    /* auto_vacuum: of a file that is not there yet; others: store_compact(). */
    if (!check_identity(c, &version, f) ||
        !store_execute(c, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL", f) ||
        !add_functions(c, f))
        return false;
    for (; version < MIGRATION_COUNT; version++)
        if (!in_transaction(c, migrate, &MIGRATIONS[version], f))
            return false;
    return in_transaction(c, make_derived, NULL, f);
}

/* ---- columns by name ---- */

/* Columns of run_results that are neither fields nor final metrics. */
static const struct {
    const char *name, *column;
    store_column_kind kind;
} RUN_COLUMNS[] = {
    {"id", "r.id", STORE_COLUMN_NUMBER},
    {"run_id", "r.id", STORE_COLUMN_NUMBER},
    {"experiment_id", "r.experiment_id", STORE_COLUMN_NUMBER},
    {"config_id", "r.config_id", STORE_COLUMN_TEXT},
    {"seed", "r.seed", STORE_COLUMN_NUMBER},
    {"status", "r.status", STORE_COLUMN_TEXT},
    {"stop_reason", "r.stop_reason", STORE_COLUMN_TEXT},
    {"error", "r.error", STORE_COLUMN_TEXT},
    {"attempt", "r.attempt", STORE_COLUMN_NUMBER},
    {"epoch", "r.epoch", STORE_COLUMN_NUMBER},
    {"epochs", "r.epochs", STORE_COLUMN_NUMBER},
    {"samples_per_second", "r.samples_per_second", STORE_COLUMN_NUMBER},
    {"selected_weights", "r.selected_weights", STORE_COLUMN_TEXT},
    {"created_at", "r.created_at", STORE_COLUMN_TEXT},
    {"started_at", "r.started_at", STORE_COLUMN_TEXT},
    {"finished_at", "r.finished_at", STORE_COLUMN_TEXT},
};

/* The column's name equals the field's, dots and underscores taken as the same. */
static bool is_same_name(const char *column, const char *name)
{
    while (*column && (*column == *name || (*column == '_' && *name == '.'))) {
        column++;
        name++;
    }
    return *column == '\0' && *name == '\0';
}

static store_column_kind kind_of(const field *row)
{
    switch (row->type) {
    case FIELD_BOOLEAN:
        return STORE_COLUMN_BOOLEAN;
    case FIELD_INTEGER:
    case FIELD_NUMBER:
        return STORE_COLUMN_NUMBER;
    case FIELD_RATES:
        return STORE_COLUMN_RATES;
    case FIELD_ENUM:
        return STORE_COLUMN_ENUM;
    default:
        return STORE_COLUMN_TEXT;
    }
}

static bool add_field_column(buffer *b, const char *name, store_column *column)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!has_column(&FIELDS[i]) || !is_same_name(name, FIELDS[i].name))
            continue;
        buffer_add_text(b, is_seed(&FIELDS[i]) ? "r." : "k.");
        add_column_name(b, FIELDS[i].name);
        *column = (store_column){kind_of(&FIELDS[i]), &FIELDS[i]};
        return true;
    }
    return false;
}

bool store_schema_add_column(buffer *b, const char *name, store_column *column)
{
    for (size_t i = 0; i < sizeof RUN_COLUMNS / sizeof *RUN_COLUMNS; i++) {
        if (strcmp(name, RUN_COLUMNS[i].name) != 0)
            continue;
        buffer_add_text(b, RUN_COLUMNS[i].column);
        *column = (store_column){.kind = RUN_COLUMNS[i].kind};
        return true;
    }
    if (add_field_column(b, name, column))
        return true;
    if (run_metric_find(name) < 0)
        return false;
    buffer_add_format(b, "r.%s", name);
    *column = (store_column){.kind = STORE_COLUMN_NUMBER};
    return true;
}

/* It is told by RUN_COLUMNS. */
static bool is_told(const field *row)
{
    for (size_t i = 0; i < sizeof RUN_COLUMNS / sizeof *RUN_COLUMNS; i++)
        if (strcmp(row->name, RUN_COLUMNS[i].name) == 0)
            return true;
    return false;
}

/* The column i among those of fields; *i is counted on where it is behind them. */
static bool find_field_column(int *i, char name[STORE_COLUMN_NAME_BYTES], store_column *column)
{
    for (int k = 0; k < FIELD_COUNT; k++) {
        if (!has_column(&FIELDS[k]) || is_told(&FIELDS[k]) || (*i)-- > 0)
            continue;
        snprintf(name, STORE_COLUMN_NAME_BYTES, "%s", FIELDS[k].name);
        for (char *c = name; *c; c++)
            *c = *c == '.' ? '_' : *c;
        *column = (store_column){kind_of(&FIELDS[k]), &FIELDS[k]};
        return true;
    }
    return false;
}

bool store_run_column(int i, char name[STORE_COLUMN_NAME_BYTES], store_column *column)
{
    const int n = (int)(sizeof RUN_COLUMNS / sizeof *RUN_COLUMNS);
    if (i < n) {
        snprintf(name, STORE_COLUMN_NAME_BYTES, "%s", RUN_COLUMNS[i].name);
        *column = (store_column){.kind = RUN_COLUMNS[i].kind};
        return true;
    }
    i -= n;
    if (find_field_column(&i, name, column))
        return true;
    if (i >= store_columns_count(STORE_RUN_COLUMNS))
        return false;
    snprintf(name, STORE_COLUMN_NAME_BYTES, "%s", store_columns_name(STORE_RUN_COLUMNS, i));
    *column = (store_column){.kind = STORE_COLUMN_NUMBER};
    return true;
}

bool store_column_may_be_null(const store_column *column)
{
    return column->kind != STORE_COLUMN_TEXT || (column->row && column->row->nullable);
}
