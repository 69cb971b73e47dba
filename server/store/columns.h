/* columns — the columns that follow from METRICS[] and LAYER_METRICS[]: their names in statements,
 * and what a database lacks of them.
 *
 * The migrations made those of their time; a metric that is younger gets its columns when the store
 * is opened. Their order in a table is the order of their coming, so statements name them. */
#ifndef SERVER_STORE_COLUMNS_H
#define SERVER_STORE_COLUMNS_H

#include "server/store/statement.h"
#include "server/text/buffer.h"

typedef enum store_columns {
    STORE_EPOCH_COLUMNS, /* METRICS[] per epoch, in their order */
    STORE_LAYER_COLUMNS, /* LAYER_METRICS[] */
    STORE_RUN_COLUMNS    /* what a run keeps: run_metric_name() */
} store_columns;

int store_columns_count(store_columns which);
const char *store_columns_name(store_columns which, int i);

/* What the version before called the i-th, written to out, or NULL: views have that name too. */
enum { STORE_COLUMN_BYTES = 64 };
const char *store_columns_former(store_columns which, int i, char out[STORE_COLUMN_BYTES]);

/* Adds `before` and `after` around each name: ", " and "" to select, "" and " = ?, " to set. */
void store_columns_add(buffer *b, store_columns which, const char *before, const char *after);

/* Adds n times ", ?". */
void store_columns_add_places(buffer *b, store_columns which);

/* Adds to epochs, layers, runs and configs (mean_..., std_...) the columns that they lack, or
 * renames those of the version before, inside the caller's transaction; no view may be there. In
 * the rows that are there a new one is NULL. */
FAIL_CHECKED bool store_columns_complete(store_connection *c, fail *f);

#endif
