/* schema — what the database consists of: its identity, migrations, views.
 *
 * 1. A database is ours if it is empty or carries our application id; another program's is refused,
 * not changed.
 * 2. Each migration runs once, in a transaction together with its record in schema_migrations;
 * PRAGMA user_version is the number of the last one. A database with a greater number is refused.
 * 3. From METRICS[] are derived, at each start: the columns that tables still lack
 * (server/store/columns.h). From FIELDS[]: the table config_fields (every field of a
 * configuration, and what the experiment was swept and repeated over, as a column; made anew from
 * the configurations' JSON when the fields have changed) and the views run_results and
 * config_results. Neither calls a function, so that any SQLite reads them, also one that does not
 * trust the schema. Threads: those of the connection. */
#ifndef SERVER_STORE_SCHEMA_H
#define SERVER_STORE_SCHEMA_H

#include "core/spec/field.h"
#include "server/store/runs.h"
#include "server/store/statement.h"
#include "server/text/buffer.h"

#define STORE_APPLICATION_ID 0x52474c42 /* "RGLB" */

/* Checks, migrates, switches to WAL and makes what is derived. */
FAIL_CHECKED bool store_schema_apply(store_connection *c, fail *f);

/* Adds the statement that fills config_fields for the configurations of experiment ?1 whose first
 * run is ?2 or later. */
void store_schema_add_insert(buffer *b);

/* Adds the SQL expression of a column of run_results to `b` (with `runs` called r and config_fields
 * k) and tells what it holds; "id" is run_id, a dot may stand for an underscore. False if there is
 * no such column. */
bool store_schema_add_column(buffer *b, const char *name, store_column *column);

#endif
