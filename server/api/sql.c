#include "server/api/sql.h"

#include "server/api/app.h"
#include "server/console/answer.h"

#include <stdlib.h>
#include <string.h>

/* The statement's answer in the form that the client prefers. */
static bool answer(app *a, const request *q, const sql_request *sql, response *r, fail *f)
{
    int64_t most = a->sql_max_rows;
    const console_request wanted = {.database = store_path(a->store),
                                    .query = sql->query,
                                    .parameters = sql->parameters,
                                    .n_parameters = sql->n_parameters,
                                    .row_limit =
                                        sql->limit > 0 && sql->limit < most ? sql->limit : most,
                                    .time_limit_ms = a->sql_time_limit_ms};
    console_result result;
    if (!console_run(&wanted, &result, f))
        return false;
    bool is_csv = request_wants_csv(q);
    if (is_csv)
        console_add_csv(&r->body, &result);
    else
        console_add_json(&r->body, &result);
    response_set(r, 200, is_csv ? MESSAGE_CSV : MESSAGE_JSON);
    if (is_csv && result.truncated)
        response_add_header(r, "X-Truncated", "true");
    console_result_close(&result);
    return true;
}

void api_sql_post(app *a, const request *q, response *r)
{
    sql_request sql;
    fail f;
    fail_list *faults = calloc(1, sizeof *faults);
    if (!faults) {
        fail_set(&f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to read the request.");
        response_fail(r, &f);
        return;
    }
    if (!codec_read_sql(q->body, q->body_bytes, &sql, faults)) {
        response_fail_list(r, faults->items[0].sentence, faults);
    } else {
        if (!answer(a, q, &sql, r, &f))
            response_fail(r, &f);
        sql_request_close(&sql);
    }
    free(faults);
}

/* Everything in the query string but `query` and `limit` is a parameter of the statement. */
static bool read_link(const request *q, sql_request *out, fail *f)
{
    const char *query = request_query(q, "query");
    if (!query)
        return fail_set(f, FAIL_OUT_OF_RANGE, "/query/query",
                        "Give the statement as ?query=SELECT ...");
    if (!request_query_integer(q, "limit", 1, INT64_MAX, 0, &out->limit, f))
        return false;
    out->query = strdup(query);
    bool done = out->query != NULL;
    for (int i = 0; done && i < q->n_query; i++) {
        const message_pair *pair = &q->query[i];
        if (strcmp(pair->name, "query") == 0 || strcmp(pair->name, "limit") == 0)
            continue;
        if (out->n_parameters == SQL_PARAMETERS_LIMIT)
            return fail_set(f, FAIL_OUT_OF_RANGE, "/query",
                            "A statement has at most %d parameters.", SQL_PARAMETERS_LIMIT);
        done = codec_read_sql_parameter(pair->name, pair->value, out);
    }
    return done || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to read the request.");
}

void api_sql_get(app *a, const request *q, response *r)
{
    sql_request sql = {0};
    fail f;
    if (!read_link(q, &sql, &f) || !answer(a, q, &sql, r, &f))
        response_fail(r, &f);
    sql_request_close(&sql);
}
