/* page — keyset pagination: the text of a page's query, and the cursor that leads to the
 * next.
 *
 * 1. A page is ordered by a key and then by id, so that its order is total; rows without the key
 * (NULL) come last.
 * 2. A cursor names the last row given; the next page starts behind that row as it is then. It fits
 * one order only.
 * 3. The text of a query is made of constants and of names checked against tables; values are
 * bound. */
#ifndef SERVER_STORE_PAGE_H
#define SERVER_STORE_PAGE_H

#include "server/store/statement.h"
#include "server/text/buffer.h"

enum { STORE_CURSOR_BYTES = 64, STORE_PARAMETERS_LIMIT = 24 };

typedef struct store_page {
    const char *table; /* "runs r": its alias qualifies key and id */
    const char *id;    /* "r.id" */
    const char *sort;  /* as the user gave it, for the cursor */
    buffer key;        /* SQL of the order's key; empty: the id itself */
    bool descending;
    buffer where;     /* " AND ..." pieces */
    int n_parameters; /* bound in the order of where: texts, integers or numbers */
    struct {
        enum { PARAMETER_TEXT, PARAMETER_INTEGER, PARAMETER_NUMBER } type;
        const char *text;
        int64_t integer;
        double number;
    } parameters[STORE_PARAMETERS_LIMIT];
    int limit; /* 0: no limit */
} store_page;

/* An empty page: all rows, by id. */
void store_page_init(store_page *p, const char *table, const char *id, int limit);
void store_page_close(store_page *p);

/* Adds a condition with one "?", like " AND r.status = ?". */
void store_page_add_text(store_page *p, const char *condition, const char *value);
void store_page_add_integer(store_page *p, const char *condition, int64_t value);
void store_page_add_number(store_page *p, const char *condition, double value);

/* The ids of the page, one more than its limit if there are more, as a statement to be finalized. A
 * cursor that is not one of this order: FAIL_OUT_OF_RANGE at /query/cursor. NULL with *f. */
sqlite3_stmt *store_page_prepare(store_page *p, const store_connection *c, const char *cursor,
                                 fail *f);

/* The cursor of a page that ends with the row `id`. */
void store_page_write_cursor(const store_page *p, int64_t id, char out[STORE_CURSOR_BYTES]);

/* Gives one row out; *go_on becomes false when the callback has enough. */
typedef bool store_page_give(store_connection *c, int64_t id, void *context, bool *go_on, fail *f);

/* Calls `give` for each row of the page, inside the caller's transaction: a row cannot vanish
 * between its id and its turn. next_cursor: "" when there is no more. */
FAIL_CHECKED bool store_page_each(store_page *p, store_connection *c, const char *cursor,
                                  store_page_give *give, void *context,
                                  char next_cursor[STORE_CURSOR_BYTES], fail *f);

/* "There is no column ... to sort by." */
bool store_page_no_such_sort(const char *sort, fail *f);

#endif
