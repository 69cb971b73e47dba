#include "server/api/sql.h"

#include "server/api/app.h"
#include "server/codec/shape_schema.h"
#include "server/console/answer.h"
#include "server/jobs/errand.h"
#include "server/text/json.h"

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
                                    .time_limit_ms = a->sql_time_limit_ms,
                                    .by = errand_caller(q->errand)};
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
    sql_request sql = {.query = NULL};
    fail f;
    if (!request_read_body(q, &sql, r))
        return;
    if (!answer(a, q, &sql, r, &f))
        response_fail(r, &f);
    shape_close(&SHAPE_SQL_REQUEST, &sql);
}

enum { LINK_LIMIT = 8000 }; /* characters: an address has at most 8192 bytes */

typedef struct sql_query {
    const char *query;
    int64_t limit; /* 0: not given */
} sql_query;

static const member QUERY_ROWS[] = {
    {"query", MEMBER_TEXT, "The statement, as ?query=SELECT ...", MEMBER_MULTILINE,
     AT(sql_query, query), RANGE(1, LINK_LIMIT), .media_type = SQL_MEDIA_TYPE},
    {"limit", MEMBER_INTEGER, "At most so many rows; the server has a limit of its own.",
     MEMBER_OPTIONAL, AT(sql_query, limit), RANGE(1, 1e9)},
};
const shape SHAPE_SQL_QUERY = {BYTES_OF(sql_query), MEMBERS(QUERY_ROWS)};

/* A name as SQLite has it behind the colon, and a text as an address can hold it. */
void api_sql_describe_parameters(buffer *b, const shape *own)
{
    (void)own;
    json_add_member_text(b, "type", "object");
    json_add_member_integer(b, "maxProperties", SQL_PARAMETERS_LIMIT);
    json_add_key(b, "propertyNames");
    buffer_add_text(b, "{\"pattern\":\"^[A-Za-z_][A-Za-z0-9_]*$\"}");
    json_add_key(b, "additionalProperties");
    member_add_schema(b, &(member){.type = MEMBER_TEXT, .flags = MEMBER_MULTILINE}, true);
}

/* Everything in the query string but `query` and `limit` is a parameter of the statement. */
static bool read_parameters(const request *q, sql_request *out, fail *f)
{
    for (int i = 0; i < q->n_query; i++) {
        const message_pair *pair = &q->query[i];
        if (strcmp(pair->name, "query") == 0 || strcmp(pair->name, "limit") == 0)
            continue;
        if (out->n_parameters == SQL_PARAMETERS_LIMIT)
            return fail_set(f, FAIL_OUT_OF_RANGE, "/query",
                            "A statement has at most %d parameters.", SQL_PARAMETERS_LIMIT);
        if (!codec_read_sql_parameter(pair->name, pair->value, out, f))
            return false;
    }
    return true;
}

static bool read_link(const request *q, sql_request *out, fail *f)
{
    sql_query wanted = {.query = NULL};
    if (!request_read_query(q, &wanted, f))
        return false;
    out->limit = wanted.limit;
    out->query = strdup(wanted.query);
    return out->query
               ? read_parameters(q, out, f)
               : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "Not enough memory to read the request.");
}

void api_sql_get(app *a, const request *q, response *r)
{
    sql_request sql = {0};
    fail f;
    if (!read_link(q, &sql, &f) || !answer(a, q, &sql, r, &f))
        response_fail(r, &f);
    shape_close(&SHAPE_SQL_REQUEST, &sql);
}
