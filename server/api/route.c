#include "server/api/route.h"

#include "core/base/nearest.h"
#include "server/api/submit.h"
#include "server/api/tokens.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding ---- */

static bool read_id(const char *text, size_t n, int64_t *out)
{
    if (n == 0 || n > 16 || strspn(text, "0123456789") < n || text[0] == '0')
        return false;
    *out = strtoll(text, NULL, 10);
    return *out <= 9007199254740991LL;
}

/* One path against one pattern, segment by segment. */
static bool matches(const char *pattern, const char *path, route_match *m)
{
    int n_ids = 0;
    m->name = NULL;
    while (*pattern && *path) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t n = strcspn(path, "/");
        if (strncmp(pattern, "{id}", 4) == 0) {
            assert(n_ids < MESSAGE_IDS_LIMIT);
            if (!read_id(path, n, &m->ids[n_ids++]))
                return false;
        } else {
            m->name = path;
            if (n == 0)
                return false;
        }
        pattern += strcspn(pattern, "}") + 1;
        path += n;
    }
    return !*pattern && !*path;
}

static void allow(route_match *m, const char *method)
{
    size_t n = strlen(m->allow);
    snprintf(m->allow + n, sizeof m->allow - n, "%s%s%s", n ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* What another method would have found. */
static void list_methods(const route_table *table, const char *path, route_match *out)
{
    route_match m;
    *out = (route_match){.row = NULL};
    for (int i = 0; i < table->n; i++)
        if (matches(table->rows[i].pattern, path, &m)) {
            out->path_known = true;
            allow(out, table->rows[i].method);
        }
}

/* Every request comes by here: nothing is written for rows that are not it. */
void route_find(const route_table *table, const char *method, const char *path, route_match *out)
{
    *out = (route_match){.row = NULL};
    for (const route *row = table->rows; row < table->rows + table->n; row++)
        if (strcmp(row->method, method) == 0 && matches(row->pattern, path, out)) {
            out->row = row;
            out->path_known = true;
            return;
        }
    list_methods(table, path, out);
}

/* ---- parameters ---- */

static bool refuse_parameter(const char *const *known, const char *name, fail *f)
{
    char pointer[128];
    const char *nearest = nearest_name(name, known);
    snprintf(pointer, sizeof pointer, "/query/%.60s", name);
    return fail_set(f, FAIL_UNKNOWN_FIELD, pointer, "There is no query parameter %.60s here%s%s%s",
                    name, nearest ? "; did you mean " : ".", nearest ? nearest : "",
                    nearest ? "?" : "");
}

static bool is_known(const char *const *known, const char *name)
{
    while (*known && strcmp(*known, name) != 0)
        known++;
    return *known;
}

static bool is_dry_run(const route *row, const request *q)
{
    const char *text = request_query(q, "dry_run");
    return row->query == &SHAPE_SUBMIT_QUERY && text && strcmp(text, "true") == 0;
}

errand_kind route_kind(const route *row)
{
    static const struct {
        int flag;
        errand_kind kind;
    } KINDS[] = {{ROUTE_PLAN, ERRAND_PLAN},       {ROUTE_SQL, ERRAND_SQL},
                 {ROUTE_PREDICT, ERRAND_PREDICT}, {ROUTE_UPLOAD, ERRAND_UPLOAD},
                 {ROUTE_COMPARE, ERRAND_COMPARE}, {ROUTE_CHANGE, ERRAND_CHANGE}};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (row->flags & KINDS[i].flag)
            return KINDS[i].kind;
    return ERRAND_QUICK;
}

int route_scope(const route *row)
{
    if (row->flags & ROUTE_OPEN)
        return 0;
    if (row->flags & ROUTE_WORKER)
        return ACCESS_WORKER;
    bool reads = strcmp(row->method, "GET") == 0 || row->flags & ROUTE_READ;
    return reads ? ACCESS_READ : ACCESS_WRITE;
}

int route_access(const route *row, const request *q)
{
    int scope = route_scope(row);
    return scope == ACCESS_WRITE && is_dry_run(row, q) ? ACCESS_READ : scope;
}

bool route_check_query(const route *row, const request *q, fail *f)
{
    const char *known[SHAPE_MEMBERS_LIMIT + 1] = {NULL};
    if (row->query)
        shape_list_names(row->query, known);
    for (int i = 0; i < q->n_query && !row->others; i++)
        if (!is_known(known, q->query[i].name))
            return refuse_parameter(known, q->query[i].name, f);
    return true;
}
