/* store_schema — what the database consists of: its identity, migrations, views.
 *
 * 1. A database is ours if it is empty or carries our application id; another program's is refused, not changed.
 * 2. Each migration runs once, in a transaction together with its record in schema_migrations; PRAGMA user_version is the
 *    number of the last one. A database with a greater number is refused.
 * 3. The views run_results and config_results are made anew from FIELDS[] at each start. */
#ifndef SERVER_STORE_SCHEMA_H
#define SERVER_STORE_SCHEMA_H

#include "server/buffer.h"
#include "server/store_connection.h"

#define STORE_APPLICATION_ID 0x52474c42 /* "RGLB" */

/* Checks, migrates, switches to WAL and makes the views. */
FAIL_CHECKED bool store_schema_apply(store_connection *c, fail *f);

typedef enum store_column_kind {
    STORE_COLUMN_NUMBER,
    STORE_COLUMN_TEXT,
    STORE_COLUMN_BOOLEAN
} store_column_kind;

/* Adds the SQL expression of a column of run_results to `b` (with the table `runs` called r) and tells what it holds; "id" is
 * run_id, a dot may stand for an underscore. False if there is no such column. */
bool store_schema_add_column(buffer *b, const char *column, store_column_kind *kind);

#endif
