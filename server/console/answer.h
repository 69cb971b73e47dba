/* answer — answers of the SQL console as JSON and CSV. */
#ifndef SERVER_CONSOLE_ANSWER_H
#define SERVER_CONSOLE_ANSWER_H

#include "server/codec/shape.h"
#include "server/console/console.h"

extern const shape SHAPE_SQL_RESULT;

/* {"columns": [...], "rows": [[...]], "truncated", "elapsed_ms"}; reads the result to its end. */
void console_add_json(buffer *b, console_result *result);

/* A line of names, then the rows (RFC 4180); NULL is an empty field. */
void console_add_csv(buffer *b, console_result *result);

#endif
