/* sql — the handlers of the SQL console: one read-only statement, answered as JSON or CSV.
 *
 * Every handler fills the response, a fail included. Threads: any number at once, in workers;
 * the console itself runs one statement at a time (server/console/console.h). */
#ifndef SERVER_API_SQL_H
#define SERVER_API_SQL_H

#include "server/api/message.h"

extern const shape SHAPE_SQL_QUERY;

/* POST /sql: {"query", "parameters", "limit"}. */
request_handler api_sql_post;

/* GET /sql?query=&limit=: a query as a link. Any other parameter NAME is bound to :NAME, as a
 * number where it reads as one, else as text. */
request_handler api_sql_get;
query_describer api_sql_describe_parameters;

#endif
