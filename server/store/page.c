#include "server/store/page.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_TEXT_LIMIT = 1 << 16 };

void store_page_init(store_page *p, const char *table, const char *id, int limit)
{
    *p = (store_page){.table = table, .id = id, .sort = "", .limit = limit};
    buffer_init(&p->key, PAGE_TEXT_LIMIT);
    buffer_init(&p->where, PAGE_TEXT_LIMIT);
}

void store_page_close(store_page *p)
{
    buffer_close(&p->key);
    buffer_close(&p->where);
}

/* ---- conditions ---- */

static void add_condition(store_page *p, const char *condition)
{
    assert(p->n_parameters < STORE_PARAMETERS_LIMIT);
    buffer_add_text(&p->where, condition);
}

void store_page_add_text(store_page *p, const char *condition, const char *value)
{
    add_condition(p, condition);
    p->parameters[p->n_parameters].type = PARAMETER_TEXT;
    p->parameters[p->n_parameters++].text = value;
}

void store_page_add_integer(store_page *p, const char *condition, int64_t value)
{
    add_condition(p, condition);
    p->parameters[p->n_parameters].type = PARAMETER_INTEGER;
    p->parameters[p->n_parameters++].integer = value;
}

void store_page_add_number(store_page *p, const char *condition, double value)
{
    add_condition(p, condition);
    p->parameters[p->n_parameters].type = PARAMETER_NUMBER;
    p->parameters[p->n_parameters++].number = value;
}

/* ---- cursor ---- */

/* FNV-1a of the order: a cursor of another one would give rows twice or never. */
static uint32_t hash_order(const store_page *p)
{
    uint32_t hash = 2166136261u;
    const char *parts[] = {p->table, p->sort};
    for (int i = 0; i < 2; i++)
        for (const char *c = parts[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash;
}

void store_page_write_cursor(const store_page *p, int64_t id, char out[STORE_CURSOR_BYTES])
{
    snprintf(out, STORE_CURSOR_BYTES, "%08" PRIx32 "%" PRIx64, hash_order(p), (uint64_t)id);
}

/* Only what store_page_write_cursor() would write again is a cursor. */
static bool read_cursor(const store_page *p, const char *cursor, int64_t *id, fail *f)
{
    char again[STORE_CURSOR_BYTES] = "";
    *id = 0;
    if (strlen(cursor) > 8 && strlen(cursor) <= 24) {
        *id = (int64_t)strtoull(cursor + 8, NULL, 16); /* what it makes of it is compared */
        store_page_write_cursor(p, *id, again);
    }
    return (*again && strcmp(again, cursor) == 0) ||
           fail_set(f, FAIL_OUT_OF_RANGE, "/query/cursor",
                    "This is not a cursor of this list in this order: take next_cursor as it was "
                    "answered, or leave it out to start at the beginning.");
}

/* ---- the query ---- */

static void bind_parameters(const store_page *p, sqlite3_stmt *statement)
{
    for (int i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].type == PARAMETER_TEXT)
            store_bind_text(statement, 1 + i, p->parameters[i].text);
        else if (p->parameters[i].type == PARAMETER_INTEGER)
            store_bind_integer(statement, 1 + i, p->parameters[i].integer);
        else
            store_bind_number(statement, 1 + i, p->parameters[i].number);
    }
}

/* The key of the row that the cursor names, to be finalized; NULL with *f. */
static sqlite3_stmt *find_key(const store_page *p, const store_connection *c, int64_t id, fail *f)
{
    bool row;
    buffer sql;
    buffer_init(&sql, PAGE_TEXT_LIMIT);
    buffer_add_format(&sql, "SELECT %s FROM %s WHERE %s = ?1", p->key.data, p->table, p->id);
    sqlite3_stmt *find = sql.failed ? NULL : store_prepare_once(c, sql.data, f);
    if (sql.failed)
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a page of the list.");
    buffer_close(&sql);
    if (!find)
        return NULL;
    store_bind_integer(find, 1, id);
    bool is_read = store_step(c, find, &row, f);
    if (is_read && row)
        return find;
    if (is_read)
        fail_set(f, FAIL_OUT_OF_RANGE, "/query/cursor",
                 "The row that the cursor names was deleted: start at the beginning.");
    sqlite3_finalize(find);
    return NULL;
}

/* What lies behind the cursor's row; :key and :id are bound. */
static void add_continuation(store_page *p, bool by_key, bool key_is_null)
{
    const char *key = p->key.data, *sign = p->descending ? "<" : ">";
    if (!by_key)
        buffer_add_format(&p->where, " AND %s %s :id", p->id, sign);
    else if (key_is_null)
        buffer_add_format(&p->where, " AND %s IS NULL AND %s %s :id", key, p->id, sign);
    else
        buffer_add_format(&p->where, " AND (%s %s :key OR (%s = :key AND %s %s :id) OR %s IS NULL)",
                          key, sign, key, p->id, sign, key);
}

static void add_query(const store_page *p, buffer *sql)
{
    const char *direction = p->descending ? " DESC" : "";
    buffer_add_format(sql, "SELECT %s FROM %s WHERE 1%s ORDER BY ", p->id, p->table,
                      p->where.data ? p->where.data : "");
    if (p->key.n > 0)
        buffer_add_format(sql, "%s IS NULL, %s%s, ", p->key.data, p->key.data, direction);
    buffer_add_format(sql, "%s%s", p->id, direction);
    if (p->limit > 0)
        buffer_add_format(sql, " LIMIT %d", p->limit + 1);
}

static sqlite3_stmt *prepare_query(const store_page *p, const store_connection *c, fail *f)
{
    buffer sql;
    buffer_init(&sql, PAGE_TEXT_LIMIT);
    add_query(p, &sql);
    sqlite3_stmt *list = NULL;
    if (sql.failed || p->where.failed || p->key.failed)
        fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for a page of the list.");
    else
        list = store_prepare_once(c, sql.data, f);
    buffer_close(&sql);
    if (list)
        bind_parameters(p, list);
    return list;
}

static sqlite3_stmt *prepare_after(store_page *p, const store_connection *c, int64_t id, fail *f)
{
    sqlite3_stmt *key = NULL;
    bool by_key = p->key.n > 0;
    if (by_key && !(key = find_key(p, c, id, f)))
        return NULL;
    add_continuation(p, by_key, by_key && sqlite3_column_type(key, 0) == SQLITE_NULL);
    sqlite3_stmt *list = prepare_query(p, c, f);
    int at = list ? sqlite3_bind_parameter_index(list, ":key") : 0;
    if (list)
        store_bind_integer(list, sqlite3_bind_parameter_index(list, ":id"), id);
    if (at > 0 && sqlite3_bind_value(list, at, sqlite3_column_value(key, 0)) != SQLITE_OK) {
        store_connection_fail(c, f);
        sqlite3_finalize(list);
        list = NULL;
    }
    sqlite3_finalize(key);
    return list;
}

sqlite3_stmt *store_page_prepare(store_page *p, const store_connection *c, const char *cursor,
                                 fail *f)
{
    int64_t id;
    if (!cursor || !*cursor)
        return prepare_query(p, c, f);
    return read_cursor(p, cursor, &id, f) ? prepare_after(p, c, id, f) : NULL;
}

/* ---- the rows ---- */

static bool give_rows(const store_page *p, store_connection *c, sqlite3_stmt *ids,
                      store_page_give *give, void *context, char next_cursor[STORE_CURSOR_BYTES],
                      fail *f)
{
    int64_t last = 0;
    bool row, go_on = true;
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
        if (!give(c, last, context, &go_on, f))
            return false;
    }
    return true;
}

bool store_page_each(store_page *p, store_connection *c, const char *cursor, store_page_give *give,
                     void *context, char next_cursor[STORE_CURSOR_BYTES], fail *f)
{
    char next[STORE_CURSOR_BYTES];
    sqlite3_stmt *ids = store_page_prepare(p, c, cursor, f);
    bool is_good = ids && give_rows(p, c, ids, give, context, next, f);
    sqlite3_finalize(ids);
    if (is_good && next_cursor)
        memcpy(next_cursor, next, sizeof next);
    return is_good;
}

bool store_page_no_such_sort(const char *sort, fail *f)
{
    return fail_set(f, FAIL_OUT_OF_RANGE, "/query/sort", "There is no column \"%.64s\" to sort by.",
                    sort);
}
